"""A split of a store, opened: the clips of one folder, or those of several that are parts of one split.

A part is a source of its own, such as a lexicon beside a corpus of sentences: the folder `train@lexicon` is the part
`lexicon` of the split `train`. Each part is converted, replaced and checked alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache, cached_property
from pathlib import Path

import numpy as np

from signllm.data.records import DESCRIPTION, INDEX, ClipRecord, read_description, read_index
from signllm.errors import DataError
from signllm.fsutil import file_identity
from signllm.inputs import map_array
from signllm.pose import PoseSequence, Skeleton
from signllm.pose.skeleton import SKELETONS

PART = "@"


class StoreSplit:
    """One split of one language: `len`, `records[i]`, `pose(i)`. Opening maps files and reads the index only.

    Raises DataError when the folder is not a finished split of this format version, and, from whatever reads it, when
    it was converted anew since it was opened.
    """

    def __init__(self, path: Path):
        self.path = Path(path)
        try:
            self._content = file_identity(self.path / DESCRIPTION)
        except FileNotFoundError:
            raise DataError(
                f"{self.path}: no {DESCRIPTION} here; run final_convert_data.py to make this split"
            ) from None
        self.info: dict = read_description(self.path / DESCRIPTION)
        self.skeleton: Skeleton = SKELETONS[self.info["skeleton"]]
        self.unit: str = self.info["unit"]

    @cached_property
    def records(self) -> list[ClipRecord]:
        """The clips, in the order of the source."""
        with self._unchanged():
            records = read_index(self.path / INDEX)
        found = {"clips": len(records), "frames": sum(record.frames for record in records)}
        if found != {name: self.info[name] for name in found}:
            raise DataError(
                f"{self.path}: {INDEX} has {found['clips']} clips of {found['frames']} frames, {DESCRIPTION} says"
                f" {self.info['clips']} of {self.info['frames']}; convert this split again"
            )
        return records

    @contextmanager
    def _unchanged(self) -> Iterator[None]:
        """For reading a file of the split: DataError where it may be one of another conversion."""
        yield
        try:
            same = file_identity(self.path / DESCRIPTION) == self._content
        except OSError:
            same = False
        if not same:
            raise DataError(f"{self.path}: this split was replaced while it was read; start again")

    @cache  # noqa: B019 - a split lives as long as its maps
    def _shard(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        paths = [self.path / f"{kind}-{number:05d}.npy" for kind in ("poses", "valid")]
        try:
            with self._unchanged():
                poses, valid = (map_array(path) for path in paths)
        except DataError as error:
            raise DataError(f"{fault}; convert this split again" for fault in error.faults) from None
        joints = self.skeleton.num_joints
        expected = ((poses, (joints, 3), "<f4"), (valid, ((joints + 7) // 8,), "|u1"))
        if poses.shape[:1] != valid.shape[:1] or any(
            a.shape[1:] != shape or a.dtype != dtype for a, shape, dtype in expected
        ):
            raise DataError(
                f"{self.path}: shard {number} holds {poses.dtype} {poses.shape} and {valid.dtype} {valid.shape}, which"
                f" are not clips of {self.skeleton.name}; convert this split again"
            )
        return poses, valid

    def __len__(self) -> int:
        return len(self.records)

    def pose(self, index: int) -> PoseSequence:
        """Clip `index` as a PoseSequence whose coordinates are a view of the memory map where nothing is missing."""
        record = self.records[index]
        poses, valid = self._shard(record.shard)
        if record.first_frame + record.frames > len(poses):
            raise DataError(
                f"{self.path}: clip {record.id} ends at frame {record.first_frame + record.frames} of shard"
                f" {record.shard}, which has {len(poses)}; convert this split again"
            )
        frames = slice(record.first_frame, record.first_frame + record.frames)
        mask = np.unpackbits(valid[frames], axis=-1, count=self.skeleton.num_joints).astype(bool)
        return PoseSequence(poses[frames], mask, record.fps, self.skeleton, self.unit)

    def __iter__(self) -> Iterator[tuple[ClipRecord, PoseSequence]]:
        for index, record in enumerate(self.records):
            yield record, self.pose(index)


class JoinedSplit(StoreSplit):
    """Several folders of one language as one split, in their order.

    `info` has the sums, the checksums of all files by folder, what all parts agree on, and `parts`: clips by folder.
    Raises DataError where the parts differ in skeleton or unit, or share an id.
    """

    def __init__(self, path: Path, parts: Sequence[StoreSplit]):
        self.path, self.parts = path, list(parts)
        infos = [part.info for part in self.parts]
        for key in ("skeleton", "unit"):
            if len({info[key] for info in infos}) > 1:
                there = ", ".join(f"{part.path.name} {part.info[key]}" for part in self.parts)
                raise DataError(f"{path}: its parts differ in {key}: {there}; convert one of them again")
        shared = {key: value for key, value in infos[0].items() if all(info.get(key) == value for info in infos)}
        self.info = shared | {
            "split": path.name,
            "parts": {part.path.name: part.info["clips"] for part in self.parts},
            **{key: sum(info[key] for info in infos) for key in ("clips", "frames", "seconds")},
            "fps": sorted({rate for info in infos for rate in info["fps"]}),
            "demo": any(info.get("demo") for info in infos),
            "checksums": {
                f"{part.path.name}/{name}": checksum
                for part in self.parts
                for name, checksum in part.info["checksums"].items()
            },
        }
        self.skeleton, self.unit = self.parts[0].skeleton, self.parts[0].unit

    @cached_property
    def records(self) -> list[ClipRecord]:
        """The clips of all parts, one part after the other."""
        records = [record for part in self.parts for record in part.records]
        twice = [name for name, count in Counter(record.id for record in records).items() if count > 1]
        if twice:
            raise DataError(f"{self.path}: the clip {twice[0]} stands in two of its parts; give one another --name")
        return records

    @cached_property
    def _places(self) -> list[tuple[StoreSplit, int]]:
        return [(part, number) for part in self.parts for number in range(len(part))]

    def pose(self, index: int) -> PoseSequence:
        """Clip `index`, from its part."""
        part, number = self._places[index]
        return part.pose(number)


def split_of_folder(folder: str) -> str:
    """The split that a folder holds, or holds a part of: `train` for `train@lexicon`."""
    return folder.partition(PART)[0]
