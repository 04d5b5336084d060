"""A small store of signs performed alone and of sentences made of others, and a model composed of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from signllm.config import parse_config
from signllm.config.loading import apply_overrides
from signllm.data.store import ClipRecord, StoreWriter
from signllm.pose import PoseSequence
from tests.helpers.lexicons import performance, recordings

WAYS = {"BOOK": 0, "READ": 1, "I": 2, "TODAY": 3}
SENTENCES = (
    ("I read the book today.", "TODAY I BOOK READ"),
    ("Today I read.", "TODAY I READ"),
    ("The book, today!", "TODAY BOOK"),
    ("I read the book.", "I BOOK READ"),
)
AT_REST = 9  # frames
NIGHT = ("The night today.", "TODAY NIGHT")  # a sign that no clip shows alone


def sentence(glosses: str, seed: int = 0) -> tuple[PoseSequence, list[list[int]]]:
    """Signs one after the other, and the frames of each."""
    parts = [
        performance(WAYS.get(gloss, 4), 40, wobble=0.02, seed=seed + 7 * n)[10:30]
        for n, gloss in enumerate(glosses.split())
    ]
    frames = [[20 * n, 20 * n + 20] for n in range(len(parts))]
    return _joined(parts), frames


def _joined(parts: list[PoseSequence]) -> PoseSequence:
    whole = {name: np.concatenate([getattr(part, name) for part in parts]) for name in ("coordinates", "valid")}
    return parts[0].replace(**whole)


def write_signs(root: Path, split: str = "train", spoken: tuple = SENTENCES, people: int = 2) -> Path:
    """`root`, with single signs of people and sentences with glosses in a split of ASL."""
    with StoreWriter(root, "ASL", split) as writer:
        for one in recordings(WAYS, people):
            writer.add(
                ClipRecord(one.id, one.label.lower(), "ASL", 25.0, len(one.pose), one.label, signer=one.signer),
                one.pose,
            )
        for number, (text, glosses) in enumerate(spoken):
            pose, _ = sentence(glosses, number)
            writer.add(ClipRecord(f"sentence{number}", text, "ASL", 25.0, len(pose), glosses), pose)
        pose, frames = sentence(NIGHT[1], 50)
        still = np.zeros(AT_REST)  # before the first sign and after the last one
        waits = [part.at_moments(still) for part in (pose[:1], pose[-1:])]
        pose = pose.replace(
            **{
                name: np.concatenate([getattr(part, name) for part in (waits[0], pose, waits[1])])
                for name in ("coordinates", "valid")
            }
        )
        frames = [[first + AT_REST, end + AT_REST] for first, end in frames]
        writer.add(ClipRecord("night", NIGHT[0], "ASL", 25.0, len(pose), NIGHT[1], extra={"sign_frames": frames}), pose)
        writer.finish({})
    return root


def compose_config(root: Path, folder: Path, *overrides: str):
    """The configuration of a composed model of a store, whose run lies in `folder`."""
    places = [
        f"data.dataset_path={root}",
        "run_name=people",
        "training.rl_variant=off",
        f"training.checkpoint_dir={folder / 'checkpoints'}",
        f"training.log_dir={folder / 'logs'}",
    ]
    return parse_config(apply_overrides({}, [*places, "model.pose_decoder.type=compose", *overrides]))
