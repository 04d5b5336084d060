"""The numbers of each clip inside a JSON report: small enough for 10,000 clips, exact enough to compare two systems.

Numbers keep 12 bits after the leading one (a relative error below 1.3e-4, that of a clip, not of the figure) and are
stored byte by byte in planes, deflated, as base64: about 3 characters a number.
"""

from __future__ import annotations

import base64
import binascii
import zlib

import numpy as np

from signllm.errors import DataError

_KEPT_BITS = 12
_MOST_COLUMNS = 64


def pack(rows_NK: np.ndarray) -> str | None:
    """(N, K) numbers as text; None for a preset of more than 64 numbers a clip, which is too much for a report."""
    if rows_NK.shape[1] > _MOST_COLUMNS:
        return None
    dropped = 23 - _KEPT_BITS
    bits = np.asarray(rows_NK.T, np.float32).reshape(-1).view(np.uint32).astype(np.uint64)
    rounded = ((bits + (1 << (dropped - 1))) >> dropped << dropped).astype("<u4")
    planes = rounded.view(np.uint8).reshape(-1, 4).T
    return base64.b64encode(zlib.compress(np.ascontiguousarray(planes).tobytes(), 6)).decode()


def unpack(text: str, N: int) -> np.ndarray:
    """The inverse of `pack`: (N, K) float64. Raises DataError when the text is damaged."""
    try:
        most = 4 * _MOST_COLUMNS * N
        content = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), most + 1)
        if len(content) > most:
            raise ValueError(f"more than {_MOST_COLUMNS} numbers a clip")
        planes = np.frombuffer(content, np.uint8).reshape(4, -1)
        columns_KN = np.ascontiguousarray(planes.T).view("<f4").reshape(-1, N)
    except (ValueError, binascii.Error, zlib.error) as error:
        raise DataError(f"the numbers of single clips are damaged ({error}); evaluate again") from None
    return columns_KN.T.astype(np.float64)
