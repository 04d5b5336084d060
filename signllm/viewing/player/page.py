"""The page of the player: code, style and poses in one file that opens from the disk with the network off.

Its content security policy lets nothing run but our own code, which it knows by its digest, and nothing be fetched.
What comes from the data stands in the page as JSON and is shown as text.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import orjson

from signllm.errors import ConfigError
from signllm.fsutil import write_text
from signllm.viewing.pages import render
from signllm.viewing.player.avatars import PageAvatar
from signllm.viewing.player.packing import pack_scene, pack_show
from signllm.viewing.player.scenes import Figure, PlayerScene, Segment

__all__ = ["Figure", "PageAvatar", "PlayerScene", "Segment", "frame_of", "page_of", "player_page", "write_player"]

_FRAME_HEIGHT = 560  # pixels


def write_player(
    path: str | Path, scenes: Sequence[PlayerScene], title: str = "SignLLM", avatar: PageAvatar | None = None
) -> Path:
    """Write one HTML file in which scenes are watched, compared and turned; returns the path.

    avatar: a person who signs in place of skeletons, if the reader wants. Raises ConfigError for no scene, and for
    scenes of different skeletons; OutputError where the file cannot be written.
    """
    path = Path(path)
    write_text(path, player_page(scenes, title, avatar))
    return path


def player_page(scenes: Sequence[PlayerScene], title: str = "SignLLM", avatar: PageAvatar | None = None) -> str:
    """The page as text. It begins to play by itself, unless the reader wants no motion. It raises as `write_player`."""
    if not scenes:
        raise ConfigError("there is no clip to play; give at least one")
    skeletons = {figure.pose.skeleton.name: figure.pose.skeleton for scene in scenes for figure in scene.figures}
    if len(skeletons) > 1:
        raise ConfigError("clips of different skeletons do not fit on one page; write one for each")
    (skeleton,) = skeletons.values()
    return page_of(pack_show([pack_scene(scene, avatar=avatar) for scene in scenes], skeleton, True, avatar), title)


def page_of(show: dict[str, Any], title: str) -> str:
    """The page of what `pack_show` gives."""
    script, style = _asset("player.js"), _asset("player.css")
    return render(
        "player.html",
        title=title,
        script=script,
        script_digest=_digest(script),
        style=style,
        style_digest=_digest(style),
        data=_inside_script(orjson.dumps(show).decode()),
    )


def frame_of(page: str, title: str, height_px: int = _FRAME_HEIGHT) -> str:
    """A page as an element of another page or of a notebook; it cannot touch what is around it."""
    style = f"width:100%;height:{height_px}px;border:0;border-radius:10px"
    title, page = (escape(text, quote=True) for text in (title, page))
    return f'<iframe sandbox="allow-scripts" title="{title}" style="{style}" srcdoc="{page}"></iframe>'


@cache
def _asset(name: str) -> str:
    return files("signllm.viewing.player").joinpath(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _inside_script(json: str) -> str:
    """JSON that can stand in a script element: nothing in it ends the element or opens a comment."""
    return json.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
