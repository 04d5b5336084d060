"""The one rule by which clips are called, whatever they come from, so that they are found again elsewhere.

A name is in Unicode's composed form, has no file suffix, and loses the folder of its own split: `dev/x.mp4` of dev is
`x`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from signllm.errors import DataError
from signllm.pose.tracking.decoding import SUFFIXES as VIDEO_SUFFIXES

USUAL_SPLITS = ("train", "dev", "test")
_SUFFIXES = {
    ".skels",
    ".npz",
    ".npy",
    ".pose",
    ".json",
    ".h5",
    ".hdf5",
    ".pt",
    ".parquet",
    *VIDEO_SUFFIXES,
}


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC), without blanks around it: two spellings of 'ü' are one."""
    return unicodedata.normalize("NFC", text).strip()


def clip_name(name: str, splits: Collection[str] = USUAL_SPLITS) -> str:
    """The clip's name by the rule above; `splits` are those whose folder may stand before it."""
    return split_and_name(name, splits)[1]


def split_and_name(name: str, splits: Collection[str] = USUAL_SPLITS) -> tuple[str | None, str]:
    """(the split whose folder stands before the name, else None; the clip's name by the rule above)."""
    name = composed(name)
    stem, dot, suffix = name.rpartition(".")
    if stem and dot + suffix.lower() in _SUFFIXES:
        name = stem
    folder, slash, rest = name.partition("/")
    return (folder, rest) if slash and rest and folder in splits else (None, name)


def file_in_address(told: str) -> str:
    """What the file of a web address is called where it lies here; any other text as it is.

    That is the last part of its path. A video of a site is called by its code, as download programs do it:
    `https://www.youtube.com/watch?v=CODE` is `CODE`.
    """
    if "://" not in told and not told.startswith("www."):
        return told
    try:
        address = urlsplit(told if "://" in told else f"//{told}")
        code = parse_qs(address.query).get("v")
    except ValueError:  # no address after all
        return told
    last = unquote(address.path.rstrip("/").rpartition("/")[2])
    return code[0] if code and last == "watch" else last or told


class Named(Protocol):
    """Something with a name that may be of a split."""

    @property
    def name(self) -> str: ...

    @property
    def split(self) -> str | None: ...


def matching_names(sets: Sequence[Sequence[Named]]) -> list[list[str]]:
    """For each set the names by which its clips are found in the others: those of the rule above.

    Whatever split is known to one set may stand before a name in any of them. Where all sets are of the same several
    splits, the split stays before the name: `train/x` is not `dev/x`.
    """
    splits = [{clip.split for clip in clips} for clips in sets]
    folders = {*USUAL_SPLITS, *(split for own in splits for split in own if split is not None)}
    apart = all(own == splits[0] and None not in own and len(own) > 1 for own in splits)
    return [[f"{clip.split}/" * apart + clip_name(clip.name, folders) for clip in clips] for clips in sets]


def counting_order(name: str) -> list[tuple[int, str]]:
    """A sort key by which 2_x stands before 10_x: clips paired by order must stand as they were numbered."""
    parts = re.split(r"(\d+)", name)
    return [(int(part), part) if part.isdecimal() else (-1, part) for part in parts]


def usual_order(split: str | None) -> tuple[int, list[tuple[int, str]]]:
    """A sort key for splits: train, dev, test, then the others by name, and last what has no split."""
    if split in USUAL_SPLITS:
        return USUAL_SPLITS.index(split), []
    return (4, []) if split is None else (3, counting_order(split))


_SPLITS = {
    "training": "train", "val": "dev", "valid": "dev", "validation": "dev", "development": "dev", "testing": "test",
    "训练": "train", "训练集": "train", "验证": "dev", "验证集": "dev", "测试": "test", "测试集": "test",
}  # fmt: skip


def usual_split(name: str) -> str:
    """The split by the name that training uses: `val` is `dev`; other names stay."""
    return _SPLITS.get(name.casefold(), name)


_SPLIT = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]{0,99}")


def check_split_names(names: Iterable[str]) -> None:
    """Raise DataError for names that no folder of a split can have, or that lead out of the store."""
    unfit = [name for name in names if not _SPLIT.fullmatch(name)]
    if unfit:
        raise DataError(
            f"{name!r:.60} cannot be the name of a split, which is that of a folder; use letters, digits, '-' and '_'"
            for name in unfit
        )


def split_in(name: str) -> str | None:
    """The split that a table's name tells, such as 'dev' in `how2sign_realigned_val`; None where it tells not one."""
    words = re.split(r"[^a-z0-9]+", name.casefold())
    told = {_SPLITS.get(word, word) for word in words} & set(USUAL_SPLITS)
    return told.pop() if len(told) == 1 else None


_OTHER_SPLITS = {"train": ("training",), "eval": ("dev", "val", "valid", "validation", "eval", "test")}


def meant_split(job: str, there: Collection[str]) -> str | None:
    """The split that may be meant to train on or to evaluate on ('train', 'eval') where the usual one is missing."""
    return next((name for name in _OTHER_SPLITS[job] if name in there), None)
