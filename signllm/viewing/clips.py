"""One clip into a file of any format, or into a page: the hook behind `PoseSequence.save` and notebooks."""

from __future__ import annotations

from html import escape
from pathlib import Path

from signllm.errors import ConfigError, did_you_mean
from signllm.pose import PoseSequence
from signllm.pose.formats import WRITERS, write_clips
from signllm.viewing.animation import animated_webp, data_address
from signllm.viewing.video import SUFFIXES, write_video

_PAGE_SIZE = 320  # pixels
_PAGE_QUALITY = 70


def write(path: Path, pose: PoseSequence, label: str, title: str, size: int, view: str) -> None:
    """Write a clip in the format of the suffix: a pose file that names it as the path, or a drawing.

    Raises ConfigError for an unknown suffix, size or view, DataError where the format cannot hold the clip,
    OutputError where the file cannot be written.
    """
    suffix = path.suffix.lower()
    if suffix in WRITERS:
        write_clips(path, [(path.stem, pose)])
    elif suffix in SUFFIXES:
        write_video(path, [(label, pose)], title, size, view)
    else:
        known = (*SUFFIXES, *WRITERS)
        hint = did_you_mean(suffix, known)
        raise ConfigError(f"{path}: a clip cannot be saved as '{suffix}'{hint}; known: {', '.join(known)}")


def html(pose: PoseSequence, label: str, title: str) -> str:
    """An animation, with its caption, that holds its own pictures: it plays wherever the page is opened."""
    image = data_address(animated_webp([(label, pose)], size_px=_PAGE_SIZE, quality=_PAGE_QUALITY))
    caption = f"<figcaption>{escape(title)}</figcaption>" if title else ""
    return f'<figure style="margin: 0"><img src="{image}" alt="{escape(title or label, quote=True)}">{caption}</figure>'
