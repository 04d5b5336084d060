"""Features of a frozen text encoder, kept on disk.

`<folder>/<fingerprint, 32 hex digits>/` holds pairs of append-only files, one pair for each process that wrote:
`segment-<random>.bin` (float32, little-endian, one text's (T, D) after the other) and `segment-<random>.jsonl`, one
line a text: the hash of the text, byte offset, T, D and a checksum. The line is written after the features, so a
process killed between the two leaves bytes that no line names; a torn line is not read; what a power cut lost fails
its checksum and is computed again. Processes never write into each other's files and read them all.

float32, not float16: 30 kB a sentence of a Base model is little, and halving it would cost about 1e-3 of each value.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import orjson

from signllm.errors import DataError, OutputError
from signllm.inputs import check_regular, read_whole

_DTYPE = np.dtype("<f4")


class _Entry(NamedTuple):
    """Where one text's features lie."""

    segment: Path
    offset: int
    tokens: int
    width: int
    checksum: int

    @property
    def end(self) -> int:
        return self.offset + self.tokens * self.width * _DTYPE.itemsize


@dataclass
class _Writer:
    """The pair of files that this process appends to; a forked child must open its own."""

    pid: int
    data: BinaryIO
    index: BinaryIO


@dataclass
class _Features:
    """What is known of one encoder's folder."""

    folder: Path
    entries: dict[str, list[_Entry]] = field(default_factory=dict)  # more than one where two processes wrote a text
    read_bytes: dict[Path, int] = field(default_factory=dict)
    maps: dict[Path, np.ndarray] = field(default_factory=dict)
    writer: _Writer | None = None


def _key(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


class FeatureCache:
    """Text features by encoder fingerprint and text, in `folder`; any number of processes may read and write at once.

    Can be pickled and forked: only the folder travels, and the copy opens files of its own.
    """

    def __init__(self, folder: Path | str):
        self.folder = Path(folder)
        self._by_fingerprint: dict[str, _Features] = {}

    def __reduce__(self) -> tuple:
        return FeatureCache, (self.folder,)

    def read(self, fingerprint: str, texts: Sequence[str], width: int | None = None) -> list[np.ndarray | None]:
        """Return the features (T, D) float32 of each text, None where there are none yet. The arrays are read-only.

        What is not finite, or not of the given `width`, was not written here, and counts as not there.
        """
        known = self._known(fingerprint)
        keys = [_key(text) for text in texts]
        if any(key not in known.entries for key in keys):
            self._read_indexes(known)
        return [self._features(known, key, width) for key in keys]

    def write(self, fingerprint: str, texts: Sequence[str], features: Sequence[np.ndarray]) -> None:
        """Keep the features (T, D) of each text. Raises OutputError when the folder cannot be written."""
        known = self._known(fingerprint)
        try:
            writer = self._writer(known)
            for text, feature_TD in zip(texts, features, strict=True):
                self._append(writer, text, feature_TD)
            writer.index.flush()
        except OSError as error:
            self._drop_writer(known)
            raise OutputError(
                f"{known.folder}: text features cannot be kept here ({error.strerror or error}); make room or rights,"
                ' or set "cache_features": false under model.text_encoder'
            ) from error

    def close(self) -> None:
        """Close the files; the cache opens them again when it is used."""
        for known in self._by_fingerprint.values():
            self._drop_writer(known)
        self._by_fingerprint.clear()

    def _known(self, fingerprint: str) -> _Features:
        name = fingerprint[:32]
        if name not in self._by_fingerprint:
            self._by_fingerprint[name] = _Features(self.folder / name)
        return self._by_fingerprint[name]

    @staticmethod
    def _read_indexes(known: _Features) -> None:
        """Take in the lines that were added since the last look; an unfinished last line waits for the next look."""
        for index in sorted(known.folder.glob("segment-*.jsonl")):
            start = known.read_bytes.get(index, 0)
            try:
                lines = read_whole(index, start=start)
            except DataError:  # someone empties the cache meanwhile
                continue
            whole = lines[: lines.rfind(b"\n") + 1]
            known.read_bytes[index] = start + len(whole)
            segment = index.with_suffix(".bin")
            for line in whole.splitlines():
                try:
                    key, *numbers = orjson.loads(line)
                    offset, tokens, width, checksum = numbers
                    if type(key) is not str or any(type(n) is not int or n < 0 for n in numbers) or not tokens * width:
                        raise ValueError("not a line of this cache")
                    known.entries.setdefault(key, []).append(_Entry(segment, offset, tokens, width, checksum))
                except (TypeError, ValueError):  # a block that a power cut left empty: its text is computed again
                    continue

    @staticmethod
    def _features(known: _Features, key: str, width: int | None) -> np.ndarray | None:
        """Return the first whole copy of the features; damaged ones are forgotten."""
        entries = known.entries.get(key, [])
        while entries:
            entry = entries[0]
            data = known.maps.get(entry.segment)
            if data is None or data.size < entry.end:
                try:
                    check_regular(entry.segment)
                    data = known.maps[entry.segment] = np.memmap(entry.segment, np.uint8, "r").view(np.ndarray)
                except (DataError, OSError, ValueError):  # removed, or empty after a power cut
                    data = np.empty(0, np.uint8)
            stored = data[entry.offset : entry.end]
            if stored.size == entry.end - entry.offset and zlib.crc32(stored.data) == entry.checksum:
                features_TD = stored.view(_DTYPE).reshape(entry.tokens, entry.width)
                if entry.width == (width or entry.width) and np.isfinite(features_TD).all():
                    return features_TD
            entries.pop(0)
        known.entries.pop(key, None)
        return None

    @staticmethod
    def _writer(known: _Features) -> _Writer:
        writer = known.writer
        if writer is not None and writer.pid == os.getpid():
            return writer
        known.folder.mkdir(parents=True, exist_ok=True)
        segment = known.folder / f"segment-{secrets.token_hex(8)}.bin"
        data = open(segment, "xb", buffering=0)
        known.writer = _Writer(os.getpid(), data, open(segment.with_suffix(".jsonl"), "xb"))
        return known.writer

    @staticmethod
    def _append(writer: _Writer, text: str, feature_TD: np.ndarray) -> None:
        tokens, width = feature_TD.shape
        stored = np.ascontiguousarray(feature_TD, _DTYPE).tobytes()
        offset = writer.data.tell()
        written = writer.data.write(stored)
        if written != len(stored):
            raise OSError(f"only {written} of {len(stored)} bytes could be written")
        writer.index.write(orjson.dumps([_key(text), offset, tokens, width, zlib.crc32(stored)]) + b"\n")

    @staticmethod
    def _drop_writer(known: _Features) -> None:
        if known.writer is not None and known.writer.pid == os.getpid():
            writer, known.writer = known.writer, None
            with contextlib.suppress(OSError):  # lines that do not fit on a full disk are only lost time
                writer.index.close()
            writer.data.close()
