"""Damaged inputs of a target, drawn by hypothesis: of bytes, of values inside, and things that are no files."""

from __future__ import annotations

import json
import random
import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from fuzzing.mutations import ODD, SPECIAL, bytes_damaged, put_special, tree_damaged
from fuzzing.targets import Target, reseal

JSON_VALUES = st.recursive(
    st.sampled_from(ODD) | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=6), below, max_size=4),
    max_leaves=8,
)


def spoil(draw: Any, target: Target, folder: Path) -> str:
    """Damage one file of a target's in its folder; return what was done."""
    path = draw(st.sampled_from(target.files(folder)))
    rng = random.Random(draw(st.integers(0, 2**32)))
    inside = _inside(path)
    ways = ["bytes", "bytes", "special", *([inside] * 4 if inside else [])]
    way = draw(st.sampled_from(ways))
    where = path.relative_to(folder)
    if way == "special":
        kind = draw(st.sampled_from(SPECIAL))
        put_special(path, kind)
        return f"{where}: {kind}"
    if way == "bytes":
        path.write_bytes(bytes_damaged(path.read_bytes(), rng))
        return f"{where}: bytes"
    try:
        _WAYS[way](path, lambda: draw(JSON_VALUES), rng)
    except (ValueError, TypeError, OverflowError, KeyError, UnicodeError, RuntimeError, AttributeError) as error:
        path.write_bytes(bytes_damaged(path.read_bytes() if path.is_file() else b"", rng))
        return f"{where}: bytes, for its values could not be written ({type(error).__name__})"
    return f"{where}: {way}"


def _inside(path: Path) -> str | None:
    """How the values of a file can be reached."""
    suffix = path.suffix
    if suffix == ".jsonl":
        return "journal" if path.read_bytes()[:1] not in b"{[" else "lines"
    return {".json": "json", ".npz": "arrays", ".npy": "array", ".pth": "tensors", ".pt": "tensors"}.get(suffix)


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def _json(path: Path, odd: Any, rng: random.Random) -> None:
    path.write_bytes(_dump(tree_damaged(json.loads(path.read_bytes()), odd, rng)))


def _lines(path: Path, odd: Any, rng: random.Random) -> None:
    rows = tree_damaged([json.loads(line) for line in path.read_bytes().splitlines()], odd, rng)
    path.write_bytes(b"".join(_dump(row) + b"\n" for row in (rows if isinstance(rows, list) else [rows])))


def _sealed(path: Path, odd: Any, rng: random.Random) -> None:
    """Lines whose checksums are right and whose content is not."""
    lines = []
    for line in path.read_bytes().splitlines():
        body = json.loads(line.partition(b" ")[2])
        lines.append(reseal(b"x " + _dump(tree_damaged(body, odd, rng))))
    path.write_bytes(b"\n".join(lines) + b"\n")


def _odd_array(array: np.ndarray, rng: random.Random) -> np.ndarray:
    kind = rng.randrange(7)
    if kind == 0:
        return array.reshape(-1)
    if kind == 1:
        return array.reshape(-1)[:0]
    if kind == 2:
        return array.astype(rng.choice((np.float16, np.int8, np.complex64, np.float64, "U3", bool)))
    if kind == 3 and array.dtype.kind == "f" and array.size:
        spoilt = array.copy()
        spoilt.flat[rng.randrange(array.size)] = rng.choice((np.nan, np.inf, 1e30, -1e9))
        return spoilt
    if kind == 4:
        return array[None]
    if kind == 5:
        return np.array(rng.choice((0, -1, 2**40, 1.5)))
    return np.concatenate([array, array]) if array.ndim else array


def _arrays(path: Path, odd: Any, rng: random.Random) -> None:
    with np.load(path) as archive:
        arrays = dict(archive)
    name = rng.choice(sorted(arrays))
    kind = rng.randrange(6)
    if kind == 0:
        del arrays[name]
    elif kind == 1:
        _bomb(path, name)
        return
    else:
        arrays[name] = _odd_array(arrays[name], rng)
    np.savez_compressed(path, **arrays)


def _bomb(path: Path, name: str) -> None:
    """1.6 GB of zeros in place of an array, a megabyte in the file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(f"{name}.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (60, 25_839, 258)})
        block = bytes(1 << 22)
        for _ in range(60 * 25_839 * 258 * 4 // len(block) + 1):
            file.write(block)


def _array(path: Path, odd: Any, rng: random.Random) -> None:
    array = np.load(path)
    if rng.random() < 0.3:  # a header that claims more than there is
        with open(path, "r+b") as file:
            shape = (rng.choice((2**40, 10**6)), *array.shape[1:])
            np.lib.format.write_array_header_1_0(
                file, {"descr": array.dtype.str, "fortran_order": False, "shape": shape}
            )
        return
    np.save(path, _odd_array(array, rng))


class _Program:
    """What a pickle would run."""

    def __reduce__(self) -> tuple:
        return (eval, ("open('executed', 'w').close()",))


def _tensors(path: Path, odd: Any, rng: random.Random) -> None:
    content = torch.load(path, weights_only=True)
    kind = rng.randrange(8)
    if kind == 0:
        content["extra" if "extra" in content else "hash"] = _Program()
    elif kind == 1:
        weights = next(value for value in _below(content) if isinstance(value, dict) and _is_weights(value))
        name = rng.choice(sorted(weights))
        weights[name] = torch.from_numpy(np.array(_odd_array(weights[name].numpy(), rng)))
    elif kind == 2:
        weights = next(value for value in _below(content) if isinstance(value, dict) and _is_weights(value))
        weights[rng.choice(sorted(weights))] = torch.zeros(1).expand(10**6, 10**6)
    else:
        for _ in range(20):  # of all values few decide: damage those outside of the weights
            spoilt = tree_damaged(content, odd, rng)
            if isinstance(spoilt, dict):
                break
        content = spoilt
    torch.save(content, path)


def _below(value: Any) -> list[Any]:
    found = [value]
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        found += _below(part)
    return found


def _is_weights(value: dict) -> bool:
    return bool(value) and all(isinstance(part, torch.Tensor) for part in value.values())


_WAYS = {"json": _json, "lines": _lines, "journal": _sealed, "arrays": _arrays, "array": _array, "tensors": _tensors}


def fresh(whole: Path, folder: Path) -> None:
    """The whole files again."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
