"""Poses whose parts lie in folders of their own: `pose/x.npy`, `left_hand/x.npy`, `right_hand/x.npy`, perhaps `face/`.

So are LSFB's landmarks passed on. The clip is called by the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from signllm.errors import DataError
from signllm.pose.formats.array_files import NPY, npy_shape
from signllm.pose.formats.reader import Loaded
from signllm.pose.formats.row_arrays import part_of, read_arrays

_NEEDED = {"body", "left", "right"}


def part_folders(folders: Iterable[Path]) -> dict[str, Path]:
    """The folder of each part among folders beside one another; empty where body and both hands are not there."""
    found = {part: folder for folder in folders if (part := part_of(folder.name)) is not None}
    return {part: found[part] for part in sorted(_NEEDED)} if found.keys() >= _NEEDED else {}


def load_parts(folders: Mapping[str, Path], name: str) -> Loaded:
    """The clip of one `.npy` file in each folder, or what speaks against it."""
    try:
        arrays = {}
        for part, folder in folders.items():
            path = folder / f"{name}{NPY}"
            if not path.is_file():
                return None, [f"its {part} is missing: there is no {folder.name}/{path.name}"]
            npy_shape(path)  # refuses what is damaged or pickled
            arrays["pose" if part == "body" else f"{part}_hand"] = np.load(path, allow_pickle=False)
        return read_arrays(arrays), []
    except DataError as error:
        return None, error.faults
    except (OSError, ValueError) as error:
        return None, [f"cannot be read as .npy ({error})"]
