"""One clip into a file of any format, or into a page: the hook behind `PoseSequence.save` and notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from signllm.errors import ConfigError, did_you_mean
from signllm.pose.formats import WRITERS, write_clips
from signllm.pose.formats.json_clip import write_clip
from signllm.pose.output import Captioned
from signllm.retargeting.reading import OURS, AvatarFile
from signllm.suffixes import AVATARS, CLIPS, PAGE, VIDEOS
from signllm.viewing.video import write_video

if TYPE_CHECKING:
    from signllm.viewing.player.page import PlayerScene


def write(
    path: Path,
    shown: Captioned,
    size: int = 480,
    view: str = "front",
    avatar: str | Path | None = None,
    avatar_map: str | Path | None = None,
) -> None:
    """Write a clip in the format of the suffix: a pose file named as the path, a drawing, a page, or an avatar's.

    Raises ConfigError for an unknown suffix, size or view, DataError where the format cannot hold the clip,
    OutputError where the file cannot be written.
    """
    suffix = path.suffix.lower()
    person = AvatarFile.named(avatar, avatar_map) if avatar or avatar_map else None
    if suffix == ".json":
        write_clip(path, shown.pose, shown.told)
    elif suffix in WRITERS:
        write_clips(path, [(path.stem, shown.pose)])
    elif suffix in VIDEOS:
        write_video(path, [(shown.label, shown.pose)], shown.title, size, view, person)
    elif suffix == PAGE:
        from signllm.viewing.player.page import PageAvatar, write_player  # a video needs none of it

        shown_by = PageAvatar.read(person) if person else None
        write_player(path, [_scene(shown)], shown.title or path.stem, shown_by)
    elif suffix in AVATARS:
        from signllm.retargeting.animation import write_avatar

        write_avatar(path, shown.pose, shown.title, person or OURS)
    else:
        hint = did_you_mean(suffix, CLIPS)
        raise ConfigError(f"{path}: a clip cannot be saved as '{suffix}'{hint}; known: {', '.join(CLIPS)}")


def html(shown: Captioned) -> str:
    """The player, as an element that holds everything itself: it plays wherever the page around it is opened."""
    from signllm.viewing.player.page import frame_of, player_page

    title = shown.title or "SignLLM"
    return frame_of(player_page([_scene(shown)], title), title)


def _scene(shown: Captioned) -> PlayerScene:
    from signllm.viewing.player.page import Figure, PlayerScene

    return PlayerScene(shown.title, [Figure("", shown.pose)], shown.title, shown.label or None, note=shown.note)
