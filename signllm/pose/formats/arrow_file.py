"""Parquet and arrow files through pyarrow: their columns, and single rows without the whole file in memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import file_identity
from signllm.inputs import check_regular
from signllm.pose.formats.archives import Member, refuse_bombs
from signllm.pose.formats.extras import pyarrow

SUFFIXES = (".parquet", ".arrow")


def _refuse_bomb(path: Path, metadata: Any) -> None:
    """Raise DataError where a column would unpack to more than its file could honestly hold."""
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    columns = [group.column(place) for group in groups for place in range(group.num_columns)]
    counts: dict[str, int] = {}
    for column in columns:
        counts[column.path_in_schema] = counts.get(column.path_in_schema, 0) + column.num_values
    size = path.stat().st_size
    refuse_bombs(
        path, {name: Member((count,), _NUMBER, count * _NUMBER.itemsize, size) for name, count in counts.items()}
    )


_NUMBER = np.dtype(np.float64)


def schema_of(path: Path) -> Any:
    """The pyarrow schema. Raises DataError where pyarrow is missing or the file cannot be read."""
    return _opened(path, file_identity(path)).schema


def column_names(path: Path) -> list[str]:
    """The names of the columns. Raises as `schema_of`."""
    return list(schema_of(path).names)


def simple_rows(path: Path) -> Iterator[dict[str, Any]]:
    """A mapping a row, of the columns that hold text, numbers or lists of texts; poses stay where they are."""
    types = pyarrow(path).types
    names = [field.name for field in schema_of(path) if _is_simple(field.type, types)]
    table = _opened(path, file_identity(path)).select(names)
    for batch in table.to_batches(max_chunksize=1024):
        yield from batch.to_pylist()


def _is_simple(kind: Any, types: Any) -> bool:
    if types.is_list(kind) or types.is_large_list(kind):
        return bool(types.is_string(kind.value_type) or types.is_large_string(kind.value_type))
    return not (types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind))


def cell(path: Path, column: str, row: int) -> Any:
    """One value as Python lists and numbers. Raises DataError."""
    return _opened(path, file_identity(path)).column(column)[row].as_py()


def columns_of(path: Path, names: Sequence[str]) -> list[np.ndarray]:
    """Whole columns as arrays. Raises DataError."""
    table = _opened(path, file_identity(path))
    return [table.column(name).to_numpy() for name in names]


@lru_cache(8)
def _opened(path: Path, content: tuple[int, ...]) -> Any:
    """The file as a table, mapped where its kind allows it."""
    arrow = pyarrow(path)
    check_regular(path)
    try:
        source = arrow.memory_map(str(path))  # by its name, a path with a colon would be taken for an address
        if path.suffix.lower() == ".parquet":
            file = arrow.parquet.ParquetFile(source)
            _refuse_bomb(path, file.metadata)
            return file.read()
        try:
            return arrow.ipc.open_file(source).read_all()
        except arrow.ArrowInvalid:
            return arrow.ipc.open_stream(arrow.memory_map(str(path))).read_all()
    except (arrow.ArrowException, OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as {path.suffix[1:]} ({error})") from None
