"""The arithmetic that 'auto' stands for on a CPU: bf16 where it is clearly faster, measured once and never for long."""

import functools

import pytest
import torch

from signllm import device

CPU = torch.device("cpu")


@pytest.fixture
def products(monkeypatch):
    """products(fp32=seconds, bf16=seconds): what a matrix product takes; the list of those that are made."""
    made, seconds = [], {}

    class Clock:
        now = 0.0

        def perf_counter(self):
            return self.now

    clock = Clock()

    def ones(*shape, dtype):
        class Matrix:
            def __matmul__(self, other):
                made.append(dtype)
                clock.now += seconds[dtype]

        return Matrix()

    monkeypatch.setattr(device, "time", clock)
    monkeypatch.setattr(device.torch, "ones", ones)
    monkeypatch.setattr(device, "_bf16_gains_on_cpu", functools.cache(device._bf16_gains_on_cpu.__wrapped__))

    def take(fp32, bf16):
        seconds.update({torch.float32: fp32, torch.bfloat16: bf16})
        return made

    return take


@pytest.mark.parametrize(("bf16", "chosen"), [(0.001, "bf16"), (0.0016, "fp32"), (0.4, "fp32")])
def test_bf16_is_taken_where_it_is_clearly_faster(products, bf16, chosen):
    products(fp32=0.002, bf16=bf16)
    assert device.resolve_precision("auto", CPU) == chosen


def test_it_is_measured_once_and_a_slow_product_twice(products):
    made = products(fp32=0.002, bf16=0.4)
    for _ in range(3):
        device.resolve_precision("auto", CPU)
    assert (made.count(torch.float32), made.count(torch.bfloat16)) == (8, 2)


def test_what_is_asked_for_is_taken_unmeasured(products):
    made = products(fp32=1, bf16=1)
    assert [device.resolve_precision(name, CPU) for name in ("fp32", "bf16")] == ["fp32", "bf16"]
    assert not made
