"""Damaged inputs of a target, drawn by hypothesis: of bytes, of values inside, and things that are no files."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from fuzzing.mutations import ODD, SPECIAL, bytes_damaged, put_special
from fuzzing.target import Target
from fuzzing.values import UNWRITABLE, WAYS, way_into

JSON_VALUES = st.recursive(
    st.sampled_from(ODD) | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=6), below, max_size=4),
    max_leaves=8,
)


def spoil(draw: Any, target: Target, folder: Path) -> str:
    """Damage one file of a target's in its folder; return what was done."""
    path = draw(st.sampled_from(target.files(folder)))
    rng = random.Random(draw(st.integers(0, 2**32)))
    odd = draw(st.lists(JSON_VALUES, min_size=4, max_size=4))
    inside = way_into(path)
    way = rng.choice(["bytes", "bytes", "special", *([inside] * 4 if inside else [])])
    where = path.relative_to(folder)
    if way == "special":
        kind = rng.choice(SPECIAL)
        put_special(path, kind)
        return f"{where}: {kind}"
    if way == "bytes":
        path.write_bytes(bytes_damaged(path.read_bytes(), rng))
        return f"{where}: bytes"
    try:
        WAYS[way](path, lambda: rng.choice(odd), rng)
    except UNWRITABLE as error:
        path.write_bytes(bytes_damaged(path.read_bytes() if path.is_file() else b"", rng))
        return f"{where}: bytes, for its values could not be written ({type(error).__name__})"
    return f"{where}: {way}"


def fresh(whole: Path, folder: Path) -> None:
    """The whole files again."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
