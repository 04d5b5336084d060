"""Choosing the device and the arithmetic."""

from __future__ import annotations

import time

import torch

from signllm.errors import ConfigError

_PROBE_GAIN = 1.3  # bf16 must be this much faster than fp32 in the probe to be worth its rounding


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
    return "bf16" if _matmul_time(torch.float32) > _PROBE_GAIN * _matmul_time(torch.bfloat16) else "fp32"


def _matmul_time(dtype: torch.dtype) -> float:
    """Best of a few matrix products of a transformer's size, in seconds."""
    a, b = torch.ones(512, 512, dtype=dtype), torch.ones(512, 1024, dtype=dtype)
    best = float("inf")
    for _ in range(8):
        start = time.perf_counter()
        _ = a @ b
        best = min(best, time.perf_counter() - start)
    return best


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The context in which the model runs."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
