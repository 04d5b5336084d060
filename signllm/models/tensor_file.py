"""Files that `torch.save` wrote, read without running their code, and without taking more memory than they are long."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from signllm.errors import CheckpointError, DataError
from signllm.inputs import open_regular

_SPARE_BYTES = 2**20
_MOST_MEMBERS = 200_000


def read_tensors(path: Path, what: str) -> object:
    """What `torch.save` wrote, onto the CPU, without running code of the file (`weights_only`).

    Raises CheckpointError, which calls the file torn or not `what`, when PyTorch cannot read it, and where it would
    unpack to more than its size: such files are stored, not packed.
    """
    try:
        with open_regular(path) as file, warnings.catch_warnings(category=UserWarning, action="ignore"):
            size = file.seek(0, 2)
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
            if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > size:
                raise CheckpointError("it unpacks to more than its size")
            content = torch.load(path, map_location="cpu", weights_only=True)
            if _stored_bytes(content) > size + _SPARE_BYTES:
                raise CheckpointError("its tensors are larger than the file")
            return content
    except DataError as error:
        raise CheckpointError(error.faults) from None
    except Exception as error:  # arbitrary bytes, taken for a pickle, fail in arbitrary ways
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CheckpointError(f"{path}: torn, or not {what} ({reason})") from None


def _stored_bytes(content: object) -> int:
    """The memory of all tensors in nested dicts, lists and tuples, each storage once."""
    return sum({tensor.untyped_storage().data_ptr(): _bytes(tensor) for tensor in _tensors(content)}.values())


def _bytes(tensor: Tensor) -> int:
    return tensor.untyped_storage().nbytes()


def _tensors(content: object) -> Iterator[Tensor]:
    waiting, seen = [content], set()
    while waiting:
        value = waiting.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list | tuple | set):
            waiting += value
