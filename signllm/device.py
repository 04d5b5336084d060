"""Choosing the device and the arithmetic."""

from __future__ import annotations

import functools
import time

import torch

from signllm.errors import ConfigError

_PROBE_GAIN = 1.3  # bf16 must be this much faster than fp32 in the probe to be worth its rounding
_PROBE_PRODUCTS = 8
_PROBE_S = 0.05  # a product takes 2 ms, but 400 ms in bf16 on a CPU that cannot do it


def resolve_device(name: str) -> torch.device:
    """'auto' is CUDA where there is one, else the CPU. Raises ConfigError for a device that is not there."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ConfigError(f"device '{name}': expected auto, cpu, cuda or cuda:N") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise ConfigError(f"device '{name}': PyTorch sees no CUDA device here; use auto or cpu")
    return device


def resolve_precision(name: str, device: torch.device) -> str:
    """'auto' is bf16 where it gains: on CUDA when supported, on a CPU when a short probe is clearly faster."""
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if _bf16_gains_on_cpu() else "fp32"


@functools.cache
def _bf16_gains_on_cpu() -> bool:
    """One answer for a process: all that it trains uses the same arithmetic."""
    return _matmul_time(torch.float32) > _PROBE_GAIN * _matmul_time(torch.bfloat16)


def _matmul_time(dtype: torch.dtype) -> float:
    """Best of a few matrix products of a transformer's size, at least two, in seconds."""
    a, b = torch.ones(512, 512, dtype=dtype), torch.ones(512, 1024, dtype=dtype)
    seconds: list[float] = []
    while len(seconds) < 2 or (len(seconds) < _PROBE_PRODUCTS and sum(seconds) < _PROBE_S):
        start = time.perf_counter()
        _ = a @ b
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which the model runs."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
