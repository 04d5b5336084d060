"""Bytes as text."""

from __future__ import annotations

import base64


def base64_of(data: bytes) -> str:
    """What the page's `bytes` reads."""
    return base64.b64encode(data).decode()
