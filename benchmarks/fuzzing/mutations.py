"""Damage: to the bytes of a file, and to the values of what is in it."""

from __future__ import annotations

import copy
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

ODD_NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63), 10**9, 10**7, 10**30, 0.5, -0.0, 1e308)
ODD_TEXTS = (
    "",
    "..",
    "../../outside",
    "/etc/passwd",
    "\x00",
    "a" * 5000,
    "\ud7ff",
    "NaN",
    "1e9",
    "ASL",
    "-1",
    "\n",
    "🤟",
)
BYTES = (b"99999999999", b'"', b"\n", b"-1", b"\xff\xff\xff\x7f", b"nan", b"}")
ODD = (*ODD_NUMBERS, *ODD_TEXTS, None, True, False, [], {}, [[]], {"": None}, [None] * 3, {"a": {"b": [1]}})


def bytes_damaged(data: bytes, rng: random.Random) -> bytes:
    """One to four of: bits turned, bytes cut out, doubled, set to zero or to text, the end cut off, noise put in."""
    spoilt = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        at, length = rng.randrange(len(spoilt) + 1), rng.choice((1, 1, 2, 8, 64, 1024))
        kind = rng.randrange(8)
        if kind == 0 and at < len(spoilt):
            spoilt[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del spoilt[at : at + length]
        elif kind == 2:
            spoilt[at:at] = spoilt[at : at + length]
        elif kind == 3:
            spoilt[at : at + length] = b"\0" * len(spoilt[at : at + length])
        elif kind == 4:
            del spoilt[at:]
        elif kind == 5:
            spoilt[at:at] = rng.randbytes(length)
        elif kind == 6:
            spoilt[at : at + length] = rng.choice(
                (b"99999999999", b'"', b"\n", b"-1", b"\xff\xff\xff\x7f", b"nan", b"}")
            )
        else:
            head = min(len(spoilt), 512)  # headers decide most
            if head:
                spoilt[rng.randrange(head)] = rng.randrange(256)
    return bytes(spoilt)


def tree_damaged(value: Any, odd: Callable[[], Any], rng: random.Random) -> Any:
    """The values with one to three places replaced by odd ones, taken away, doubled, or put elsewhere."""
    value = copy.deepcopy(value)
    for _ in range(rng.randint(1, 3)):
        places = list(_places(value))
        if not places:
            return odd()
        owner, key = rng.choice(places)
        if key not in owner if isinstance(owner, dict) else key >= len(owner):
            continue
        kind = rng.randrange(6)
        if kind == 0:
            del owner[key]
        elif kind == 1:
            other, from_key = rng.choice(places)
            if other is not owner and (from_key in other if isinstance(other, dict) else from_key < len(other)):
                owner[key] = copy.deepcopy(other[from_key])
        elif kind == 2 and isinstance(owner, dict):
            owner[rng.choice(ODD_TEXTS)] = odd()
        else:
            owner[key] = odd()
    return value


def _places(value: Any) -> Any:
    """(dict or list, key) of every value below."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield value, key
        yield from _places(below)


def put_special(path: Path, kind: str) -> None:
    """Put something that is no file, or a strange one, in the place of a file."""
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "circle":
        path.symlink_to(path.name)
    elif kind == "endless device":
        path.symlink_to("/dev/zero")
    elif kind == "100 GB of nothing":
        path.touch()
        os.truncate(path, 100 * 10**9)
    elif kind == "empty":
        path.touch()
    elif kind == "dangling":
        path.symlink_to("nowhere")


SPECIAL = ("pipe", "folder", "circle", "endless device", "100 GB of nothing", "empty", "dangling")
