"""Packages that only some inputs need, imported when such an input is read: `pip install -r requirements-data.txt`."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

from signllm.errors import DataError


def pyarrow(path: Path) -> ModuleType:
    """pyarrow with its modules `ipc`, `parquet` and `types`; DataError says what to install where it is missing."""
    try:
        import pyarrow.ipc
        import pyarrow.parquet
        import pyarrow.types
    except ImportError:
        raise _missing("pyarrow", path) from None
    return pyarrow


def h5py(path: Path) -> ModuleType:
    """h5py; DataError says what to install where it is missing."""
    try:
        import h5py
    except ImportError:
        raise _missing("h5py", path) from None
    return h5py


def _missing(package: str, path: Path) -> DataError:
    return DataError(
        f"{path}: {path.suffix} files are read through the package {package}, which is not installed:"
        f" pip install {package}, or -r requirements-data.txt"
    )
