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
def _scan(
    text: np.ndarray, powers: np.ndarray, out: np.ndarray, slow: np.ndarray
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Fill `out` with the numbers of `text` and `slow` with (index, start, end) of tokens left to Python.

    `text` is uint8 and ends with a space, so that no loop below needs to look for the end.
    Returns (numbers, slow tokens); the second may exceed the room in `slow`, then call again with more.
    """
    count = 0
    num_slow = 0
    at = 0
    while at < text.size:
        char = text[at]
        if char == 32 or 9 <= char <= 13:
            at += 1
            continue
        start = at
        negative = char == 45
        if negative or char == 43:
            at += 1
        first = at
        mantissa = np.int64(0)
        digit = np.int64(text[at]) - 48
        while 0 <= digit <= 9:
            mantissa = mantissa * 10 + digit
            at += 1
            digit = np.int64(text[at]) - 48
        digits = at - first
        exponent = 0
        if digit == -2:  # a point
            at += 1
            first = at
            digit = np.int64(text[at]) - 48
            while 0 <= digit <= 9:
                mantissa = mantissa * 10 + digit
                at += 1
                digit = np.int64(text[at]) - 48
            exponent = first - at
            digits -= exponent
        known = 0 < digits < 19
        char = text[at]
        if char == 101 or char == 69:
            at += 1
            minus = text[at] == 45
            if minus or text[at] == 43:
                at += 1
            first = at
            power = 0
            digit = np.int64(text[at]) - 48
            while 0 <= digit <= 9:
                power = min(power * 10 + int(digit), 10000)
                at += 1
                digit = np.int64(text[at]) - 48
            known = known and at > first
            exponent += -power if minus else power
            char = text[at]
        while not (char == 32 or 9 <= char <= 13):  # something else in the token
            known = False
            at += 1
            char = text[at]
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

    `nan` and `inf` are numbers here; whoever forbids them checks for them. The result is a view into a larger buffer:
    copy what is to be kept.
    """
    text = np.frombuffer(line + b" ", dtype=np.uint8)
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
