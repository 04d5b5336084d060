"""Rows of separated values, with one bound for the length of a field and one kind of error."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

from signllm.errors import DataError

MOST_FIELD_CHARS = 1 << 20
"""A longer field is no text to sign; most often a quotation mark is missing."""


def separated_rows(
    path: object, lines: Iterable[str], first: int = 1, **format_: Any
) -> Iterator[tuple[int, list[str]]]:
    """(number of its last line, fields) of each row, where `first` is the number of the first line.

    `format_`: as csv.reader takes it. Raises DataError naming `path` and the line at which no row can be read.
    """
    csv.field_size_limit(MOST_FIELD_CHARS)  # of the whole process
    reader = csv.reader(lines, **format_)
    while True:
        try:
            fields = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            number = first - 1 + reader.line_num
            raise DataError(f"{path}:{number}: not a row of a table ({error}); is a quotation mark missing?") from None
        yield first - 1 + reader.line_num, fields
