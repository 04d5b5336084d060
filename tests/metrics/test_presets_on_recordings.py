"""The same comparison with the literal implementations, on recorded signing in 3D, in 2D, and with missing hands."""

from pathlib import Path

import numpy as np
import pytest

from signllm.metrics import score_pairs
from signllm.metrics.registry import PRESETS
from signllm.pose import PoseSequence
from tests.helpers.literal_metrics import LITERAL

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def skels(path, rows):
    """Some clips of a file with 151 numbers a frame, shoulder width 1/3."""
    with open(path) as file:
        lines = [line for _, line in zip(range(max(rows) + 1), file, strict=False)]
    numbers = [np.array(lines[row].split(), dtype=np.float32).reshape(-1, 151)[:, :150] for row in rows]
    return [PoseSequence.all_valid(frames.reshape(-1, 50, 3) * 3, 25) for frames in numbers]


def openpose(paths):
    """Clips of 25 + 21 + 21 keypoints in 0..1 of a 16:9 image, (0, 0) where missing; the neck becomes the origin."""
    clips = []
    for path in paths:
        with np.load(path, allow_pickle=False) as file:
            points = file["keypoints"].reshape(-1, 67, 2) * [16 / 9, 1]
        points = points[:, [*range(8), *range(25, 67)]]
        valid = (points != 0).any(-1)
        width = np.median(np.abs(points[:, 2, 0] - points[:, 5, 0]))
        clips.append(PoseSequence((points - points[:, 1:2]) / width, valid, 50))
    return clips


def recordings(name):
    """Two hypotheses and two references, each of 10 to 18 frames taken evenly from the whole clip."""
    if name == "dgs_sentences":
        clips = openpose(SHARED / name / "motion" / f"seg_{number}.npz" for number in ("0438", "0211", "0394", "0387"))
    else:
        clips = skels(SHARED / name / "dev.skels", range(4))
    clips = [clip[:: len(clip) // count] for clip, count in zip(clips, (10, 14, 15, 12), strict=True)]
    return clips[:2], clips[2:]


@pytest.mark.skipif(not SHARED.is_dir(), reason="the shared recordings are not on this machine")
@pytest.mark.parametrize("name", ["phoenix_skels", "asl_words", "dgs_sentences"])
def test_every_figure_equals_the_literal_implementation(name):
    hypotheses, references = recordings(name)
    assert all(9 < len(clip) < 19 for clip in hypotheses + references)
    assert all(clip.valid.all() != (name == "dgs_sentences") for clip in hypotheses + references)
    found = score_pairs(hypotheses, references, PRESETS)
    for (_, figure), literal in LITERAL.items():
        assert found[figure] == pytest.approx(literal(hypotheses, references), rel=1e-4, abs=1e-6), figure
