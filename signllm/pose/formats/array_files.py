"""`.npy`, and `.npz` that this toolkit did not write, as clips of tracked points. Pickled objects are never opened.

A `.npz` holds one clip (`keypoints`, or parts, with scores and fps beside them), or a clip an array.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from signllm.errors import DataError
from signllm.inputs import open_regular
from signllm.pose.formats import archives
from signllm.pose.formats.archives import array_names, array_shapes, pickled_arrays, reading
from signllm.pose.formats.raw_points import known_widths
from signllm.pose.formats.reader import ListedClip, Loaded, PoseReader
from signllm.pose.formats.row_arrays import FPS, SCORES, is_batch_shape, is_pose_shape, part_of, read_arrays, rows_of

NPY, NPZ = ".npy", ".npz"
PICKLED = (
    "holds pickled Python objects, which can run any code and are never opened; save it again as plain arrays where it"
    " was made: numpy.savez(file, **dict_of_arrays)"
)


def npy_shape(path: Path) -> tuple[tuple[int, ...], np.dtype]:
    """Shape and type of a `.npy` file from its head. Raises DataError for a damaged or pickled one."""
    try:
        with open_regular(path) as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(file)
            room = path.stat().st_size - file.tell()
    except DataError:
        raise
    except Exception as error:  # arbitrary bytes, taken for a header, fail in arbitrary ways
        raise DataError(f"{path}: cannot be read as .npy ({type(error).__name__}: {error})") from None
    if dtype.hasobject:
        raise DataError(f"{path}: {PICKLED}")
    if int(np.prod(shape, dtype=object)) * dtype.itemsize > room:
        raise DataError(f"{path}: cut off: {shape} numbers do not fit into {room} bytes; copy it again")
    return shape, dtype


def _list_npy(path: Path) -> list[ListedClip]:
    shape, _ = npy_shape(path)
    if is_batch_shape(shape):
        size = path.stat().st_size // max(shape[0], 1)
        return [ListedClip(f"{path.stem}_{index:05d}", (index,), f"[{index}]", size) for index in range(shape[0])]
    return [ListedClip(path.stem, num_bytes=path.stat().st_size)]


def _load_npy(path: Path, index: int | None = None) -> Loaded:
    try:
        npy_shape(path)
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        return rows_of(np.array(array if index is None else array[index])), []
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]
    except (OSError, ValueError) as error:
        return None, [f"cannot be read as .npy ({error})"]


def _groups(shapes: dict[str, tuple[int, ...]]) -> dict[str, tuple[str, ...]] | None:
    """The arrays of each clip by its name; the empty name for one clip of the whole file; None where nothing fits."""
    poses = [name for name, shape in shapes.items() if is_pose_shape(shape) and not SCORES.fullmatch(name)]
    if len({part_of(name) for name in shapes} - {None}) > 1 or len(poses) == 1:
        return {"": tuple(shapes)}
    others = [name for name in shapes if name not in poses and not FPS.fullmatch(name)]
    return {name: (name,) for name in poses} if poses and not others else None


_SHAPE = {"betas", "shape", "smplx_shape"}
_ROTATIONS = {"poses", "body_pose", "global_orient", "root_pose", "smplx_body_pose", "pose_body", "left_hand_pose"}


def _parameters(names: Iterable[str]) -> list[str]:
    """The arrays that are parameters of a body model, which has both a shape and rotations."""
    there = {name.casefold() for name in names}
    return sorted(there & (_SHAPE | _ROTATIONS)) if there & _SHAPE and there & _ROTATIONS else []


def _matches(path: Path) -> bool:
    if path.suffix.lower() != NPZ or not path.is_file():
        return False
    names = array_names(path)
    if not names or "coordinates" in names:
        return False
    if _parameters(names):
        return True
    try:
        return bool(pickled_arrays(path)) or _groups(array_shapes(path)) is not None
    except DataError:
        return False


def _list_npz(path: Path) -> list[ListedClip]:
    if pickled := pickled_arrays(path):
        raise DataError(f"{path}: {', '.join(pickled)} {PICKLED}")
    if parameters := _parameters(array_names(path)):
        raise DataError(
            f"{path}: {', '.join(parameters)} are parameters of a body model (SMPL-X), rotations and no points; compute"
            " its joints with the smplx package and save them as an array (frames, 127 or 144, 3)"
        )
    groups = _groups(array_shapes(path))
    if groups is None:
        raise DataError(f"{path}: no array of a known shape; known are {known_widths()}")
    if "" in groups:
        return [ListedClip(path.stem, (groups[""],), num_bytes=path.stat().st_size)]
    size = path.stat().st_size // len(groups)
    return [ListedClip(name, (arrays,), f"['{name}']", size) for name, arrays in groups.items()]


def _load_npz(path: Path, names: tuple[str, ...]) -> Loaded:
    try:
        with reading(path):
            return read_arrays(archives.read_arrays(path, list(names))), []
    except DataError as error:
        return None, [fault.removeprefix(f"{path}: ") for fault in error.faults]


NPY_READER = PoseReader(
    "arrays of points, .npy", lambda path: path.suffix.lower() == NPY and path.is_file(), _list_npy, _load_npy, False
)
NPZ_READER = PoseReader("arrays of points, .npz", _matches, _list_npz, _load_npz, False)
