"""Files that `torch.save` wrote, read without running their code, and without taking more memory than they are long."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.errors import CheckpointError, DataError
from signllm.inputs import open_regular

if TYPE_CHECKING:
    from torch import Tensor

_SPARE_BYTES = 2**20
_MOST_MEMBERS = 200_000


def read_tensors(path: Path, what: str, mapped: bool = False) -> object:
    """What `torch.save` wrote, onto the CPU, without running code of the file (`weights_only`).

    `mapped`: tensors are read from the file when they are used, so that what stands beside them costs no more than its
    own size. Raises CheckpointError, which calls the file torn or not `what`, when PyTorch cannot read it, and where it
    would unpack to more than its size: such files are stored, not packed.
    """
    import torch  # 2 s that whoever reads no such file should not pay

    try:
        with open_regular(path) as file, warnings.catch_warnings(category=UserWarning, action="ignore"):
            size = file.seek(0, 2)
            with zipfile.ZipFile(file) as archive:
                members = archive.infolist()
            if len(members) > _MOST_MEMBERS or sum(member.file_size for member in members) > size:
                raise CheckpointError("it unpacks to more than its size")
            content = torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
            tensors = list(_tensors(content))
            stored = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors}
            if sum(stored.values()) > size + _SPARE_BYTES:
                raise CheckpointError("its tensors are larger than the file")
            if any(tensor.nbytes > tensor.untyped_storage().nbytes() for tensor in tensors):
                raise CheckpointError("a tensor in it is larger than its numbers")
            return content
    except DataError as error:
        raise CheckpointError(error.faults) from None
    except Exception as error:  # arbitrary bytes, taken for a pickle, fail in arbitrary ways
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CheckpointError(f"{path}: torn, or not {what} ({reason})") from None


def _tensors(content: object) -> Iterator[Tensor]:
    """All tensors in nested dicts, lists and tuples."""
    from torch import Tensor

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
