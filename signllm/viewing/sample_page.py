"""The page of a training run: what was generated at its evaluations beside the recordings, playable.

Each evaluation leaves its clips, packed, in a file of its own; the page is made anew of as many of these as it may
hold. So a run that is continued, by another process too, keeps what came before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from signllm.errors import DataError
from signllm.fsutil import read_json, write_atomically, write_text
from signllm.pose import Skeleton
from signllm.viewing.player.packing import pack_scene, pack_show
from signllm.viewing.player.page import page_of
from signllm.viewing.player.scenes import PlayerScene

PAGE = "index.html"
_MOST_BYTES = 5_000_000  # of clips; with the player's own code a page stays below 6 MB


def add_samples(folder: Path, step: int, scenes: Sequence[PlayerScene], title: str) -> Path:
    """Add the clips of an evaluation after `step` steps to the page in `folder`; returns the page's path.

    The newest evaluation comes first. Where all are too much, as many as fit are shown, spread evenly from the first to
    the newest. Files of this step are replaced. Raises ConfigError for figures of different skeletons, OutputError
    where a file cannot be written.
    """
    packed = [pack_scene(scene) for scene in scenes]
    skeleton = scenes[0].figures[0].pose.skeleton
    record = {"step": step, "skeleton": skeleton.name, "scenes": packed}
    write_atomically(folder / f"step_{step:06d}.json", lambda file: file.write(orjson.dumps(record)))
    write_text(folder / PAGE, page_of(pack_show(_shown(folder, skeleton), skeleton, True), title))
    return folder / PAGE


def _shown(folder: Path, skeleton: Skeleton) -> list[dict[str, Any]]:
    """The packed scenes of the evaluations that the page shows, the newest first."""
    records = [record for path in sorted(folder.glob("step_*.json")) if (record := _read(path, skeleton))]
    records.sort(key=lambda record: record["step"])
    sizes = [len(orjson.dumps(record["scenes"])) for record in records]
    most = len(records)
    while most > 1 and sum(sizes[index] for index in _spread_to_last(len(records), most)) > _MOST_BYTES:
        most -= 1
    return [scene for index in reversed(_spread_to_last(len(records), most)) for scene in records[index]["scenes"]]


def _spread_to_last(count: int, most: int) -> list[int]:
    """`most` of `count` indices, evenly spread, the last among them."""
    return [count - 1 - round(place * (count - 1) / max(1, most - 1)) for place in reversed(range(most))]


def _read(path: Path, skeleton: Skeleton) -> dict[str, Any] | None:
    """What an evaluation left; None for what is damaged or of another skeleton, which the page then does without."""
    try:
        record = read_json(path)
    except DataError:
        return None
    if not isinstance(record, dict) or record.get("skeleton") != skeleton.name:
        return None
    return record if isinstance(record.get("step"), int) and isinstance(record.get("scenes"), list) else None
