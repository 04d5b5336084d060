"""The files of the page, read once when the server starts: no path of a request ever leads to the disk."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "glb": "model/gltf-binary",
}
_PAGE = ("index.html", "login.html", "app.css", "login.css", "docs.css", "icon.svg")
_SCRIPTS = ("app.js", "api.js", "composer.js", "stage.js", "history.js", "words.js", "dom.js")
_PLAYER = ("player.js", "player.css")


@dataclass(frozen=True)
class Asset:
    """A file as it is sent: plain and packed, with a tag that tells it from what it was before."""

    media_type: str
    data: bytes
    packed: bytes
    tag: str

    @classmethod
    def of(cls, name: str, data: bytes) -> Asset:
        """Pack it."""
        tag = f'"{hashlib.sha256(data).hexdigest()[:20]}"'
        return cls(_TYPES[name.rpartition(".")[2]], data, gzip.compress(data, 6, mtime=0), tag)


def load_assets(avatar: bytes | None) -> dict[str, Asset]:
    """Every file of the page by its name."""
    page, player = files("signllm.serving").joinpath("page"), files("signllm.viewing.player")
    found = {name: page.joinpath(name).read_bytes() for name in (*_PAGE, *_SCRIPTS)}
    found |= {name: player.joinpath(name).read_bytes() for name in _PLAYER}
    if avatar is not None:
        found["avatar.glb"] = avatar
    return {name: Asset.of(name, data) for name, data in found.items()}
