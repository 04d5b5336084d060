"""Long sequences in little memory: what is said of a hundred thousand clips, at a few dozen bytes each.

The items of a long sequence lie pickled and compressed in blocks; one block is unpacked when it is read. Names, paths
and texts of a corpus repeat each other, so a block is a tenth to a thirtieth of what its items are as objects. Nothing
here is ever written to a file or read from one.
"""

from __future__ import annotations

import pickle
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, TypeVar, overload

T = TypeVar("T")
FEW = 2048
"""Fewer items than this are a tuple."""
_BLOCK = 256


def packed(items: Iterable[T]) -> Sequence[T]:
    """The items as a sequence that does not change: a tuple of a few, a `Packed` of many; they must be picklable.

    Reading it from beginning to end costs microseconds an item. An item that is read twice is two equal objects.
    """
    if isinstance(items, Packed):
        return items
    items = iter(items)
    first = tuple(islice(items, FEW))
    return first if len(first) < FEW else Packed(chain(first, items))


def packed_as(like: Sequence[T], items: Iterable[T]) -> Sequence[T]:
    """The items as `like` holds its own: a tuple may hold what cannot be pickled."""
    return packed(items) if isinstance(like, Packed) else tuple(items)


class Packed(Sequence[T]):
    """Items in compressed blocks. Two are equal where all items are, in order."""

    __hash__ = None  # type: ignore[assignment]  # as that of a list

    def __init__(self, items: Iterable[T]):
        self._blocks: list[bytes] = []
        self._count = 0
        self._last: tuple[int, Sequence[T]] = (-1, ())
        items = iter(items)
        while block := list(islice(items, _BLOCK)):
            self._blocks.append(zlib.compress(pickle.dumps(block, pickle.HIGHEST_PROTOCOL), 1))
            self._count += len(block)

    def __len__(self) -> int:
        return self._count

    def _block(self, number: int) -> Sequence[T]:
        last = self._last
        if last[0] != number:
            last = self._last = number, pickle.loads(zlib.decompress(self._blocks[number]))
        return last[1]

    def __iter__(self) -> Iterator[T]:
        for number in range(len(self._blocks)):  # its own block: others may read elsewhere meanwhile
            yield from pickle.loads(zlib.decompress(self._blocks[number]))

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...

    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if isinstance(index, slice):
            numbers = range(self._count)[index]
            if numbers.step == 1:
                return packed(islice(self, numbers.start, numbers.stop))
            return packed(self[number] for number in numbers)
        number = range(self._count)[index]
        return self._block(number // _BLOCK)[number % _BLOCK]

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(one == two for one, two in zip(self, other, strict=True))

    def __reduce__(self) -> tuple:
        return _of_blocks, (self._blocks, self._count)


def _of_blocks(blocks: list[bytes], count: int) -> Packed:
    made: Packed = Packed(())
    made._blocks, made._count = blocks, count
    return made
