"""Parquet and arrow files through pyarrow: their columns, and single rows without the whole file in memory."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

from signllm.errors import DataError
from signllm.fsutil import file_identity
from signllm.inputs import check_regular
from signllm.pose.formats.archives import Member, refuse_bombs
from signllm.pose.formats.extras import pyarrow

SUFFIXES = (".parquet", ".arrow")
_BATCH_ROWS = 1024
_GROUPS = 8
"""Row groups that are kept: clips of several columns need as many at once."""


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
    opened = _opened(path, file_identity(path))
    return opened.schema_arrow if _is_parquet(path) else opened.schema


def column_names(path: Path) -> list[str]:
    """The names of the columns. Raises as `schema_of`."""
    return list(schema_of(path).names)


def num_rows(path: Path) -> int:
    """How many rows there are. Raises as `schema_of`."""
    opened = _opened(path, file_identity(path))
    return int(opened.metadata.num_rows if _is_parquet(path) else opened.num_rows)


def simple_rows(path: Path) -> Iterator[dict[str, Any]]:
    """A mapping a row, of the columns that hold text, numbers or lists of texts; poses stay where they are."""
    types = pyarrow(path).types
    names = [field.name for field in schema_of(path) if _is_simple(field.type, types)]
    opened = _opened(path, file_identity(path))
    with _reading(path):
        if _is_parquet(path):
            batches = opened.iter_batches(_BATCH_ROWS, columns=names)
        else:
            batches = opened.select(names).to_batches(max_chunksize=_BATCH_ROWS)
        for batch in batches:
            yield from batch.to_pylist()


def _is_simple(kind: Any, types: Any) -> bool:
    if types.is_list(kind) or types.is_large_list(kind):
        return bool(types.is_string(kind.value_type) or types.is_large_string(kind.value_type))
    return not (types.is_nested(kind) or types.is_binary(kind) or types.is_large_binary(kind))


def cell(path: Path, column: str, row: int) -> Any:
    """One value as Python lists and numbers. Raises DataError."""
    content = file_identity(path)
    if not _is_parquet(path):
        return _opened(path, content).column(column)[row].as_py()
    ends = _group_ends(path, content)
    group = bisect_right(ends, row)
    return _group(path, content, group, column)[row - (ends[group - 1] if group else 0)].as_py()


def columns_of(path: Path, names: Sequence[str]) -> list[np.ndarray]:
    """Whole columns as arrays. Raises DataError."""
    opened = _opened(path, file_identity(path))
    with _reading(path):
        table = opened.read(columns=list(names)) if _is_parquet(path) else opened
        return [table.column(name).to_numpy() for name in names]


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() == ".parquet"


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Whatever pyarrow raises for a damaged file, as a DataError."""
    arrow = pyarrow(path)
    try:
        yield
    except (arrow.ArrowException, OSError, KeyError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as {path.suffix[1:]} ({error})") from None


@lru_cache(8)
def _opened(path: Path, content: tuple[int, ...]) -> Any:
    """A parquet file, of which row groups are read; another one as a table, mapped where its kind allows it."""
    arrow = pyarrow(path)
    check_regular(path)
    with _reading(path):
        source = arrow.memory_map(str(path))  # by its name, a path with a colon would be taken for an address
        if _is_parquet(path):
            file = arrow.parquet.ParquetFile(source)
            _refuse_bomb(path, file.metadata)
            return file
        try:
            return arrow.ipc.open_file(source).read_all()
        except arrow.ArrowInvalid:
            return arrow.ipc.open_stream(arrow.memory_map(str(path))).read_all()


@lru_cache(8)
def _group_ends(path: Path, content: tuple[int, ...]) -> list[int]:
    """The rows before the end of each row group of a parquet file."""
    metadata = _opened(path, content).metadata
    return list(accumulate(metadata.row_group(number).num_rows for number in range(metadata.num_row_groups)))


@lru_cache(_GROUPS)
def _group(path: Path, content: tuple[int, ...], group: int, column: str) -> Any:
    """One column of one row group: the clips of a file are mostly read one after the other."""
    with _reading(path):
        return _opened(path, content).read_row_group(group, columns=[column]).column(column)
