"""Numbers in text, fast: a line of decimal numbers becomes float32 at some hundred megabytes a second.

The compiled scanner reads plain and exponent notation and gives bit for bit what `np.float32(float(token))`
gives; a token it does not know for certain (19 or more digits, huge exponents, `nan`, words) goes to Python's `float`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

_POWERS_OF_TEN = 10.0 ** np.arange(23)  # every one of them is exact in float64
_MAX_EXACT = 2**53


@dataclass(frozen=True)
class BadNumber:
    """A token that is not a number: its position in the line, from 0, and its text."""

    index: int
    token: str


@numba.njit(cache=True, nogil=True)
def _scan(text, powers, out, slow):  # pragma: no cover - compiled
    """Fill `out` with the numbers of `text` (uint8) and `slow` with (index, start, end) of tokens left to Python.

    Returns (numbers, slow tokens); the second may exceed the room in `slow`, then call again with more.
    """
    count = 0
    num_slow = 0
    at = 0
    size = text.size
    while True:
        while at < size and (text[at] == 32 or 9 <= text[at] <= 13):
            at += 1
        if at >= size:
            break
        start = at
        negative = text[at] == 45
        if negative or text[at] == 43:
            at += 1
        mantissa = np.int64(0)
        digits = 0
        decimals = 0
        while at < size and 48 <= text[at] <= 57:
            mantissa = mantissa * 10 + (text[at] - 48)
            digits += 1
            at += 1
        if at < size and text[at] == 46:
            at += 1
            first = at
            while at < size and 48 <= text[at] <= 57:
                mantissa = mantissa * 10 + (text[at] - 48)
                at += 1
            decimals = at - first
            digits += decimals
        known = 0 < digits < 19
        exponent = 0
        if at < size and (text[at] == 101 or text[at] == 69):
            at += 1
            minus = at < size and text[at] == 45
            if at < size and (minus or text[at] == 43):
                at += 1
            first = at
            while at < size and 48 <= text[at] <= 57:
                if exponent < 10000:
                    exponent = exponent * 10 + (text[at] - 48)
                at += 1
            known = known and at > first
            if minus:
                exponent = -exponent
        exponent -= decimals
        if at < size and not (text[at] == 32 or 9 <= text[at] <= 13):
            known = False
            while at < size and not (text[at] == 32 or 9 <= text[at] <= 13):
                at += 1
        if known and mantissa < _MAX_EXACT and -22 <= exponent <= 22:
            # One exact integer and one exact power of ten: a single rounding, so the same double as Python's float.
            value = np.float64(mantissa)
            value = value / powers[-exponent] if exponent < 0 else value * powers[exponent]
            out[count] = -value if negative else value
        else:
            if num_slow < len(slow):
                slow[num_slow, 0], slow[num_slow, 1], slow[num_slow, 2] = count, start, at
            num_slow += 1
            out[count] = np.nan
        count += 1
    return count, num_slow


def parse_numbers(line: bytes) -> tuple[np.ndarray, list[BadNumber]]:
    """The numbers of a line, float32, and the tokens that are none (their values are NaN).

    `nan` and `inf` are numbers here; whoever forbids them checks with `np.isfinite`.
    """
    text = np.frombuffer(line, dtype=np.uint8)
    out = np.empty(len(text) // 2 + 1, np.float32)
    slow = np.empty((64, 3), np.int64)
    count, num_slow = _scan(text, _POWERS_OF_TEN, out, slow)
    if num_slow > len(slow):
        slow = np.empty((num_slow, 3), np.int64)
        _scan(text, _POWERS_OF_TEN, out, slow)
    bad = []
    for index, start, end in slow[:num_slow].tolist():
        token = line[start:end]
        try:
            if b"_" in token:  # float("1_0") is 10.0 to Python
                raise ValueError
            with np.errstate(over="ignore"):
                out[index] = np.float32(float(token))
        except ValueError:
            bad.append(BadNumber(index, token.decode("utf-8", "replace")))
    return out[:count], bad
