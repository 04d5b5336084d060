"""Building a network of what a file says: no larger than its weights, and with one kind of error for all that fails.

A file of a kilobyte can claim a billion hidden numbers or ten million layers. So what is made while a network is built
is counted, and building stops before memory or time is taken that the file's weights cannot fill.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from signllm.errors import CheckpointError, SignLLMError, first_faults

Network = TypeVar("Network", bound=nn.Module)
_SPARE_VALUES = 2**25  # tables, and parts that are made and thrown away: 128 MB
_SPARE_TENSORS = 4096
_MOST_FAULTS = 6
_BY_SIZE = {torch.empty, torch.zeros, torch.ones, torch.rand, torch.randn, torch.full}


class _Budget(TorchFunctionMode):
    """Counts what torch makes."""

    def __init__(self, num_values: int, num_tensors: int):
        super().__init__()
        self.num_values, self.num_tensors = num_values, num_tensors

    def __torch_function__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        kwargs = kwargs or {}
        if func in _BY_SIZE:
            self._take(_size(args, kwargs))
        elif func is torch.arange:
            self._take(int(max((abs(n) for n in args if isinstance(n, int | float)), default=0)))
        return func(*args, **kwargs)

    def _take(self, values: int) -> None:
        self.num_values, self.num_tensors = self.num_values - values, self.num_tensors - 1
        if self.num_values < 0 or self.num_tensors < 0:
            raise CheckpointError("describes a larger model than its weights are of")


def _size(args: tuple, kwargs: dict) -> int:
    """The number of values that `torch.empty(*args, **kwargs)` and the like will have."""
    sizes = args[0] if args and not isinstance(args[0], int) else kwargs.get("size", args)
    values = 1
    for size in sizes:
        values *= int(size) if isinstance(size, int) else 1
    return abs(values)


def build(source: str, weights: Mapping[str, Tensor], make: Callable[[], Network]) -> Network:
    """The network of `make`, with the file's weights. Raises CheckpointError about `source` where they do not fit.

    All weights that are missing, unknown, of another shape or of another kind are named at once, up to six.
    """
    num_values = sum(tensor.untyped_storage().nbytes() // max(1, tensor.element_size()) for tensor in weights.values())
    try:
        with _Budget(2 * num_values + _SPARE_VALUES, 2 * len(weights) + _SPARE_TENSORS):
            network = make()
        faults = _differences(network.state_dict(), weights)
        if not faults:
            network.load_state_dict(dict(weights))
            return network
    except SignLLMError as error:
        raise type(error)(f"{source}: {fault}" for fault in error.faults) from error
    except Exception as error:  # constructors and third-party code over a file's content: any type may come
        said = str(error).splitlines()[0][:200] if str(error) else ""
        raise CheckpointError(f"{source}: cannot be built ({type(error).__name__}: {said})") from error
    shown = first_faults(faults, _MOST_FAULTS)
    raise CheckpointError(f"{source}: its weights are not of the model that it describes: {fault}" for fault in shown)


def _differences(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> list[str]:
    faults = [f"{name} is not there" for name in expected if name not in found]
    faults += [f"{name} is unknown" for name in found if name not in expected]
    for name, tensor in expected.items():
        other = found.get(name)
        if other is not None and other.shape != tensor.shape:
            faults.append(f"{name} has shape {tuple(other.shape)}, expected {tuple(tensor.shape)}")
        elif other is not None and (other.is_floating_point(), other.is_complex()) != (
            tensor.is_floating_point(),
            tensor.is_complex(),
        ):
            faults.append(f"{name} holds {other.dtype}, expected {tensor.dtype}")
    return faults
