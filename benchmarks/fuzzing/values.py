"""Odd values in the place of right ones, inside of files of every kind, with headers and checksums that fit them."""

from __future__ import annotations

import json
import random
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError

from fuzzing.mutations import ODD_NUMBERS, ODD_TEXTS, tree_damaged


def _dump(value: Any) -> bytes:
    return json.dumps(value).encode()


def _json(path: Path, odd: Any, rng: random.Random) -> None:
    if rng.random() < 0.05:
        depth = 10 ** rng.randint(2, 6)
        path.write_bytes(b"[" * depth + b"]" * depth)
        return
    path.write_bytes(_dump(tree_damaged(json.loads(path.read_bytes()), odd, rng)))


def _lines(path: Path, odd: Any, rng: random.Random) -> None:
    rows = tree_damaged([json.loads(line) for line in path.read_bytes().splitlines()], odd, rng)
    path.write_bytes(b"".join(_dump(row) + b"\n" for row in (rows if isinstance(rows, list) else [rows])))


def _resealed(line: bytes) -> bytes:
    """A journal's line with the checksum of its damaged content."""
    body = line.partition(b" ")[2]
    return f"{zlib.crc32(body):08x} ".encode() + body


def _sealed(path: Path, odd: Any, rng: random.Random) -> None:
    """Lines whose checksums are right and whose content is not."""
    lines = []
    for line in path.read_bytes().splitlines():
        body = json.loads(line.partition(b" ")[2])
        lines.append(_resealed(b"x " + _dump(tree_damaged(body, odd, rng))))
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
        path.write_bytes(_bomb(name))
        return
    else:
        arrays[name] = _odd_array(arrays[name], rng)
    np.savez_compressed(path, **arrays)


@cache
def _bomb(name: str) -> bytes:
    """An archive of 1.6 GB of zeros, a megabyte when packed; made once."""
    content, shape = BytesIO(), (60, 25_839, 258)
    with (
        zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open(f"{name}.npy", "w") as file,
    ):
        np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": shape})
        for _ in range(shape[0]):
            file.write(bytes(4 * shape[1] * shape[2]))
    return content.getvalue()


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
    elif kind in (1, 2):
        owner, name = rng.choice(list(_tensors_in(content)))
        odd_one = torch.from_numpy(np.array(_odd_array(owner[name].numpy(), rng)))
        owner[name] = odd_one if kind == 1 else torch.zeros(1).expand(10**6, 10**6)
    else:
        for _ in range(20):  # of all values few decide: damage those outside of the weights
            spoilt = tree_damaged(content, odd, rng)
            if isinstance(spoilt, dict):
                break
        content = spoilt
    torch.save(content, path)


def _tensors_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """(dict or list, key) of every tensor below."""
    for key, below in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        if isinstance(below, torch.Tensor):
            yield value, key
        else:
            yield from _tensors_in(below)


def _safetensors(path: Path, odd: Any, rng: random.Random) -> None:
    """A header of odd values and of the right length, or other tensors."""
    if rng.random() < 0.5:
        data = path.read_bytes()
        length = int.from_bytes(data[:8], "little")
        header = _dump(tree_damaged(json.loads(data[8 : 8 + length]), odd, rng))
        path.write_bytes(len(header).to_bytes(8, "little") + header + data[8 + length :])
        return
    from safetensors.numpy import load, save

    tensors = load(path.read_bytes())
    name = rng.choice(sorted(tensors))
    tensors[name] = _odd_array(tensors[name], rng)
    path.write_bytes(save({key: np.ascontiguousarray(value) for key, value in tensors.items()}))


def _cells(path: Path, odd: Any, rng: random.Random) -> None:
    """Lines of a table or of numbers with fields of odd content, too many, too few, or twice."""
    data = path.read_bytes()
    encoding = "utf-16" if data[:2] == b"\xff\xfe" else "utf-8"
    rows = data.decode(encoding).split("\n")
    for _ in range(rng.randint(1, 3)):
        at = rng.randrange(len(rows))
        separator = max(",;|\t ", key=rows[at].count)
        fields = rows[at].split(separator)
        place, kind = rng.randrange(len(fields)), rng.randrange(6)
        if kind == 0:
            del fields[place]
        elif kind == 1:
            fields.insert(place, str(odd()))
        elif kind == 2:
            rows.insert(at, rows[at])
        else:
            fields[place] = str(rng.choice((*ODD_NUMBERS, *ODD_TEXTS, '"', "nan", "inf", "1e400", fields[0])))
        rows[at] = separator.join(fields)
    path.write_bytes("\n".join(rows).encode(encoding, "surrogatepass"))


def _hdf5(path: Path, odd: Any, rng: random.Random) -> None:
    import h5py

    with h5py.File(path, "r+") as file:
        places: list[str] = []
        file.visit(places.append)
        name = rng.choice(places)
        kind, at = rng.randrange(6), file[name]
        if kind == 0:
            del file[name]
        elif kind == 1:
            file["again"] = h5py.SoftLink(f"/{rng.choice((*places, 'again', 'nowhere'))}")
        elif kind == 2:
            file[f"{name}/circle" if isinstance(at, h5py.Group) else "circle"] = file["/"]
        elif kind == 3:
            file["outside"] = h5py.ExternalLink("/etc/passwd", "/")
        elif isinstance(at, h5py.Group):
            at.attrs["text"] = rng.choice((*ODD_NUMBERS[:6], "", "a" * 5000, [1, 2], b"\xff", np.nan))
        elif at.dtype.kind != "f":
            del file[name]
            file[name] = rng.choice((1, b"\xff", [b"a", b"b"], 1.5))
        else:
            values = _odd_array(at[()], rng)
            del file[name]
            if rng.random() < 0.2:  # 400 GB that were never written
                file.create_dataset(name, (10**7, 75, 3), "f4", chunks=(100, 75, 3))
            else:
                file[name] = values


def _columns(path: Path, odd: Any, rng: random.Random) -> None:
    import pyarrow
    import pyarrow.ipc
    import pyarrow.parquet

    if path.suffix == ".parquet":
        table = pyarrow.parquet.read_table(path, memory_map=False)
    else:
        table = pyarrow.ipc.open_stream(path.read_bytes()).read_all()
    rows = table.to_pydict()
    name = rng.choice(sorted(rows))
    count, kind = table.num_rows, rng.randrange(5)
    if kind == 0:
        del rows[name]
    elif kind == 1:
        rows[name] = [rng.choice((*ODD_NUMBERS[:4], 10**9))] * count
    elif kind == 2:
        rows[name] = [rng.choice(ODD_TEXTS[:4])] * count
    elif kind == 3:
        rows[name] = [None, *rows[name][1:]]
    else:
        rows[name] = tree_damaged(rows[name], lambda: rng.choice((None, 1e30, [], [1.0])), rng)
    spoilt = pyarrow.table(rows)
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(spoilt, path)
        return
    with pyarrow.OSFile(str(path), "wb") as file, pyarrow.ipc.new_stream(file, spoilt.schema) as writer:
        writer.write_table(spoilt)


WAYS: dict[str, Callable[[Path, Any, random.Random], None]] = {
    "json": _json, "lines": _lines, "journal": _sealed, "arrays": _arrays, "array": _array, "tensors": _tensors,
    "safetensors": _safetensors, "cells": _cells, "hdf5": _hdf5, "columns": _columns,
}  # fmt: skip
"""How the values in a file are damaged; each raises one of UNWRITABLE where odd values cannot be written."""

UNWRITABLE = (
    *(ValueError, TypeError, OverflowError, KeyError, RuntimeError, AttributeError, IndexError, OSError),
    SafetensorError,
)
_SUFFIXES = {
    ".json": "json", ".npz": "arrays", ".npy": "array", ".pth": "tensors", ".pt": "tensors", ".h5": "hdf5",
    ".safetensors": "safetensors", ".parquet": "columns", ".arrow": "columns",
    **dict.fromkeys((".csv", ".tsv", ".txt", ".text", ".files", ".gloss", ".skels"), "cells"),
}  # fmt: skip


def way_into(path: Path) -> str | None:
    """How the values of a file can be reached, a key of WAYS."""
    if path.suffix == ".jsonl":
        return "journal" if path.read_bytes()[:1] not in b"{[" else "lines"
    return _SUFFIXES.get(path.suffix)
