"""What to do about files that hold no points, by their suffixes and first bytes, and about points without hands."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from signllm.errors import DataError
from signllm.inputs import open_regular

_PICKLES = (
    "pickled Python objects, such as {name}, can run any code and are never opened: save the arrays as .npz where they"
    " were made, numpy.savez(file, **dict_of_arrays), and the texts as a table"
)
PICKLES = (".pkl", ".pickle", ".p", ".joblib")
_STEPS: dict[str, tuple[str, ...]] = {
    "archives are not looked into: unpack {name} and open the folder that comes out": (
        *(".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst"),
    ),
    _PICKLES: PICKLES,
    "motion of an avatar's bones, such as {name}, has rotations and no points: export the positions of its joints as"
    " arrays (frames, joints, 3) in one of the known layouts": (".bvh", ".fbx", ".vrma", ".amc", ".c3d"),
    "pictures, such as {name}, hold no poses: make a video of each clip, or give what a tracker found in them": (
        *(".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff"),
    ),
    "texts, such as {name}, are here without poses: put {{split}}.skels, or the pose files that they belong to, beside"
    " them": (".text", ".gloss", ".files"),
    "{name} is a workbook: save its sheet as .csv": (".xlsx", ".xls", ".ods"),
    "{name} holds MATLAB's variables: save the points as .npz": (".mat",),
}
_GZIP, _PICKLE = b"\x1f\x8b", b"\x80"
_SHEETS = (".xlsx", ".xls", ".ods")
_WITHOUT_HANDS = {
    17: "a body without hands (COCO, Human3.6M, YOLO-pose)", 18: "OpenPose's body without hands",
    21: "one hand without a body", 22: "SMPL's body without hands", 24: "SMPL's body without hands",
    25: "OpenPose's body without hands, or a Kinect's", 26: "Halpe's body without hands",
    27: "a choice of points for recognition, without most of the fingers", 29: "a choice of points for recognition",
    32: "a body without hands", 33: "MediaPipe's body without hands", 42: "two hands without a body",
}  # fmt: skip
_WIDE = 512
"""Numbers of a row from which on it holds features of a network rather than points, where they are a power of two."""


def step_for(items: Iterable[Path]) -> str | None:
    """What to do about files none of which holds poses; None for kinds of which nothing is known."""
    suffixes = {item.suffix.lower(): item for item in items}
    for step, known in _STEPS.items():
        item = next((suffixes[suffix] for suffix in known if suffix in suffixes), None)
        if item is not None:
            return step.format(name=item.name)
    pickled = next((item for item in suffixes.values() if is_pickle(item)), None)
    return _PICKLES.format(name=pickled.name) if pickled is not None else None


def is_pickle(path: Path) -> bool:
    """Whether a file of unknown suffix begins as a pickle does, packed by gzip or not: Sign Language Transformers' data
    are called `phoenix14t.pami0.train`."""
    try:
        with open_regular(path) as file:
            head = file.read(2)
            if head == _GZIP:
                import gzip

                file.seek(0)
                head = gzip.GzipFile(fileobj=file).read(2)
    except (DataError, OSError, EOFError, ValueError):
        return False
    return head[:1] == _PICKLE and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05")


def workbooks(items: Iterable[Path]) -> list[Path]:
    """The files that are sheets of a spreadsheet's own format."""
    return [item for item in items if item.suffix.lower() in _SHEETS]


def said_of(points: int) -> str:
    """', which is a body without hands; ...' of a number of points that is known to be too little; else empty."""
    what = _WITHOUT_HANDS.get(points)
    if what is None:
        return ""
    return f": {points} points are {what}, and signs need both; use a tracker of the whole body, such as MediaPipe"


def said_of_shape(shape: tuple[int, ...]) -> str:
    """What an array that is no clip seems to be, as ': ...', or empty."""
    if len(shape) == 5:
        return ": it is a batch for a graph network (clips, numbers, frames, points, people); save each clip's points"
    if len(shape) in (3, 4):
        return said_of(shape[-2]) or (said_of(shape[-1]) if shape[-2] in (2, 3, 4) else "")
    if len(shape) == 2:
        width = shape[1]
        if width >= _WIDE and width & (width - 1) == 0:
            return f": {width} numbers a frame look like features of a video network, which hold no points"
        return next(
            (said_of(width // numbers) for numbers in (3, 2) if width % numbers == 0 and said_of(width // numbers)), ""
        )
    return ""
