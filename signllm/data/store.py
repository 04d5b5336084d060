"""The pose store: memory-mapped shards of frames with one index a split.

`<root>/<LANG>/<split>/` holds `poses-00000.npy` (frames, J, 3) float32, `valid-00000.npy` (frames, ceil(J/8))
uint8 packed bits, `index.jsonl` (one ClipRecord a line) and `dataset.json`. A shard holds at most 512 MB.
Reading copies nothing: a clip is a view into the map. Writing goes to `<root>/<LANG>/.<split>.partial/`; `finish`
renames it, so a split either is whole or is not there, and an interrupted writer continues where it stopped. A split
that is replaced is the old or the new one at every instant; who opened the old one is told when it is gone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from signllm.data.names import check_split_names
from signllm.data.records import (
    DESCRIPTION,
    FORMAT_VERSION,
    INDEX,
    ClipRecord,
    Totals,
    index_line,
    read_index,
    read_lines_of,
)
from signllm.data.store_split import JoinedSplit, StoreSplit, split_of_folder
from signllm.errors import DataError, LockedError, did_you_mean
from signllm.fsutil import (
    file_sha256,
    hold,
    replace_folder,
    restore_folder,
    write_atomically,
    write_json,
    write_text,
)
from signllm.languages import LANGUAGES
from signllm.outputs import writing
from signllm.pose import SKELETON_50, PoseSequence, Skeleton
from signllm.pose.geometry import with_depth
from signllm.pose.sequence import SHOULDER_WIDTHS

MAX_SHARD_BYTES = 512 * 1024**2
FINGERPRINT = "fingerprint"
_HEADER_BYTES = 128  # what numpy's own writer pads the header of these shapes to


class Store:
    """All languages and splits under one root folder."""

    def __init__(self, root: str | Path):
        self.root = Path(root)
        if not self.root.is_dir():
            raise DataError(
                f"{self.root}: no such folder; convert your data with"
                f" `python final_convert_data.py --data_dir ... --output_dir {self.root} --language ASL`,"
                " or run `python quick_train.py`, which makes a demo corpus"
            )
        for old in self.root.glob("*/.*.old"):  # a kill while a split was replaced, where that takes two steps
            split = old.with_name(old.name.removeprefix(".").removesuffix(".old"))
            with suppress(LockedError, OSError), hold(split):
                restore_folder(split)

    def languages(self) -> list[str]:
        """The codes that have at least one finished split, in the order of `signllm.languages`."""
        return [code for code in LANGUAGES if self.splits(code)]

    def folders(self, language: str) -> list[str]:
        """The finished folders of a language, sorted; `train` and `train@lexicon` are parts of one split."""
        folder = self.root / language
        return sorted(p.parent.name for p in folder.glob(f"*/{DESCRIPTION}") if not p.parent.name.startswith("."))

    def splits(self, language: str) -> list[str]:
        """What `split` opens, sorted: the splits, and the parts of those that have several sources."""
        folders = self.folders(language)
        return sorted({*folders, *map(split_of_folder, folders)})

    def split(self, language: str, split: str) -> StoreSplit:
        """Open a split with all its parts, or one part by its folder's name; DataError names what there is if none."""
        parts = [name for name in self.folders(language) if split in (name, split_of_folder(name))]
        if not parts:
            there = [f"{code}/{name}" for code in self.languages() for name in self.splits(code)]
            hint = did_you_mean(f"{language}/{split}", [name for name in there if name.startswith(f"{language}/")])
            raise DataError(f"{self.root}: no split {language}/{split}{hint}; there are: {', '.join(there) or 'none'}")
        opened = [StoreSplit(self.root / language / name) for name in parts]
        return opened[0] if len(opened) == 1 else JoinedSplit(self.root / language / split, opened)


@contextmanager
def hold_splits(root: str | Path, names: Iterable[tuple[str, str]]) -> Iterator[None]:
    """Let no other process write these (language, split) until the block ends; tidy up what killed writers left.

    Raises LockedError that says who writes one of them, DataError for what cannot be the name of a folder.
    """
    names = list(names)
    check_split_names(split for _, split in names)
    with ExitStack() as stack:
        for language, split in names:
            target = Path(root) / language / split
            stack.enter_context(hold(target))
            with writing(target):
                restore_folder(target)
            if not (_partial(target) / FINGERPRINT).is_file():  # half removed, or the older split after an exchange
                shutil.rmtree(_partial(target), ignore_errors=True)
        yield


def drop_unfinished(root: str | Path, language: str, split: str) -> None:
    """Remove what a killed writer left of a split; its caller holds the split."""
    shutil.rmtree(_partial(Path(root) / language / split), ignore_errors=True)


def _partial(target: Path) -> Path:
    return target.with_name(f".{target.name}.partial")


class StoreWriter:
    """Writes one split: `with StoreWriter(root, "ASL", "dev") as writer: writer.add(record, pose); writer.finish({})`.

    It holds the split until the `with` block is left, and raises LockedError where another process does. A writer that
    finds an unfinished folder with the same `fingerprint` (what is being converted, and how) keeps its
    clips: `done` holds the ids of what is written, in order; skip those. With another fingerprint it starts afresh.
    Leaving the `with` block without `finish` keeps the unfinished folder for the next run; readers never see it.
    Everything raises OutputError where the system lets nothing be written.
    """

    def __init__(
        self,
        root: str | Path,
        language: str,
        split: str,
        fingerprint: str = "",
        skeleton: Skeleton = SKELETON_50,
        unit: str = SHOULDER_WIDTHS,
        max_shard_bytes: int = MAX_SHARD_BYTES,
    ):
        self.target = Path(root) / language / split
        self.partial = _partial(self.target)
        self.language, self.skeleton, self.unit = language, skeleton, unit
        self._frame_shape = (skeleton.num_joints, 3)
        self._mask_bytes = (skeleton.num_joints + 7) // 8
        self._max_frames = max(1, max_shard_bytes // (4 * skeleton.num_joints * 3))
        self._held = ExitStack()
        self._held.enter_context(hold_splits(root, [(language, split)]))
        try:
            with writing(self.target):
                self._begin(fingerprint)
        except BaseException:
            self._held.close()
            raise

    def _begin(self, fingerprint: str) -> None:
        """Go on with the unfinished folder, or make an empty one."""
        mark = self.partial / FINGERPRINT
        if fingerprint and mark.is_file() and mark.read_bytes() == fingerprint.encode():
            records = self._recover()
        else:
            shutil.rmtree(self.partial, ignore_errors=True)
            self.partial.mkdir(parents=True)
            write_text(mark, fingerprint)
            records = []
        self.done: dict[str, None] = dict.fromkeys(record.id for record in records)
        self._totals = Totals.of(records)
        self._shard_number = records[-1].shard if records else 0
        self._shard_frames = records[-1].first_frame + records[-1].frames if records else 0
        self._index = open(self.partial / INDEX, "ab")
        self._open_shard()

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> None:
        try:
            for file in (self._poses, self._valid, self._index):
                with writing(self.target) if kind is None else suppress(OSError):  # the first error is the one to tell
                    file.close()
        finally:
            self._held.close()

    def _paths(self, number: int) -> tuple[Path, Path]:
        return self.partial / f"poses-{number:05d}.npy", self.partial / f"valid-{number:05d}.npy"

    def _sizes(self, frames: int) -> tuple[int, int]:
        return (
            _HEADER_BYTES + frames * int(np.prod(self._frame_shape)) * 4,
            _HEADER_BYTES + frames * self._mask_bytes,
        )

    def _recover(self) -> list[ClipRecord]:
        """The clips whose frames are all on disk; what follows them is cut off, and other files are removed."""
        index = self.partial / INDEX
        kept, end_frames = [], {}
        try:
            records = read_index(index)
        except DataError:  # not there yet, or damaged: nothing of it is sure
            records = []
        for record in records:
            end = record.first_frame + record.frames
            on_disk = [p.stat().st_size if p.is_file() else 0 for p in self._paths(record.shard)]
            if any(have < need for have, need in zip(on_disk, self._sizes(end), strict=True)):
                break
            kept.append(record)
            end_frames[record.shard] = end
        write_atomically(index, lambda file: file.writelines(index_line(record) for record in kept))
        shards = {path: n for number in end_frames for n, path in enumerate(self._paths(number), 2 * number)}
        for path in self.partial.iterdir():
            if path in shards:
                number, is_valid = divmod(shards[path], 2)
                os.truncate(path, self._sizes(end_frames[number])[is_valid])
            elif path.name not in (INDEX, FINGERPRINT):
                path.unlink()
        return kept

    def _open_shard(self) -> None:
        self._poses, self._valid = (open(path, "ab") for path in self._paths(self._shard_number))
        for file in (self._poses, self._valid):
            if file.tell() == 0:
                file.write(b"\0" * _HEADER_BYTES)

    def add(self, record: ClipRecord, pose: PoseSequence) -> None:
        """Append a clip; its place in the shards is filled in here. Raises DataError when skeleton or unit differ."""
        with writing(self.target):
            self._add(record, pose)

    def _add(self, record: ClipRecord, pose: PoseSequence) -> None:
        if pose.skeleton != self.skeleton or pose.unit != self.unit:
            raise DataError(
                f"clip {record.id}: skeleton {pose.skeleton.name} in {pose.unit}, the store holds"
                f" {self.skeleton.name} in {self.unit}"
            )
        if record.id in self.done:
            raise DataError(f"clip {record.id}: this name stands twice; names must be unique in a split")
        if self._shard_frames and self._shard_frames + len(pose) > self._max_frames:
            self._close_shard()
            self._shard_number, self._shard_frames = self._shard_number + 1, 0
            self._open_shard()
        placed = replace(
            record,
            language=self.language,
            fps=pose.fps,
            frames=len(pose),
            shard=self._shard_number,
            first_frame=self._shard_frames,
        )
        coordinates = with_depth(pose.coordinates)
        self._poses.write(np.ascontiguousarray(coordinates, dtype="<f4").data)
        self._valid.write(np.ascontiguousarray(np.packbits(pose.valid, axis=-1)).data)
        self._shard_frames += len(pose)
        self.done[record.id] = None
        self._totals.add(placed)
        self._index.write(index_line(placed))
        if len(self.done) % 256 == 0:
            self.flush()

    def written(self) -> Iterator[ClipRecord]:
        """What is known of each clip that is written, read back from the index one by one."""
        self.flush()
        return read_lines_of(self.partial / INDEX)

    def flush(self) -> None:
        """Hand what was added to the operating system, frames before index, so that a kill keeps it."""
        for file in (self._poses, self._valid, self._index):
            file.flush()

    def _close_shard(self) -> None:
        for file, path, width in zip(
            (self._poses, self._valid),
            self._paths(self._shard_number),
            ((self._frame_shape, "<f4"), ((self._mask_bytes,), "|u1")),
            strict=True,
        ):
            file.flush()
            os.fsync(file.fileno())
            file.close()
            shape, dtype = width
            with open(path, "r+b") as again:
                header = {"descr": dtype, "fortran_order": False, "shape": (self._shard_frames, *shape)}
                np.lib.format.write_array_header_1_0(again, header)
                if again.tell() != _HEADER_BYTES:
                    raise AssertionError(
                        f"numpy wrote a header of {again.tell()} bytes, {_HEADER_BYTES} were kept free"
                    )

    def finish(self, info: dict) -> StoreSplit:
        """Write headers and `dataset.json` (`info` plus counts and checksums), rename to the final name, open it.

        An older split of this name is replaced. Raises DataError when no clip was added.
        """
        if not self.done:
            raise DataError(f"{self.target}: no clip to write")
        with writing(self.target):
            self._finish(info)
        return StoreSplit(self.target)

    def _finish(self, info: dict) -> None:
        self._close_shard()
        self._index.flush()
        os.fsync(self._index.fileno())
        write_json(
            self.partial / DESCRIPTION,
            {
                "format_version": FORMAT_VERSION,
                "language": self.language,
                "split": self.target.name,
                "skeleton": self.skeleton.name,
                "joints": self.skeleton.joints,
                "unit": self.unit,
                **self._totals.facts(),
                **info,
                "checksums": {
                    p.name: file_sha256(p) for p in sorted(self.partial.iterdir()) if p.suffix in (".npy", ".jsonl")
                },
            },
        )
        (self.partial / FINGERPRINT).unlink()
        replace_folder(self.partial, self.target)
