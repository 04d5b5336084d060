"""Numbers and bytes as the page's code reads them."""

from __future__ import annotations

import base64

MOST_INT16 = 32767
"""The largest whole number of 16 bits."""


def base64_of(data: bytes) -> str:
    """What the page's `bytes` reads."""
    return base64.b64encode(data).decode()
