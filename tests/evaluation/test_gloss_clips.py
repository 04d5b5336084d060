"""The baseline that strings clips of single glosses together: whose glosses, which frames, what stands between."""

import numpy as np
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.evaluation.baselines import GlossClips, joined
from tests.helpers.clips import signing, with_missing

FPS = 20.0


def numbered(start, frames):
    """A clip in which frame n stands at start + n."""
    pose = signing(0, frames, FPS)
    return pose.replace(coordinates=np.broadcast_to(start + np.arange(frames)[:, None, None], pose.coordinates.shape))


def make_split(root, clips):
    with StoreWriter(root, "GSL", "train") as writer:
        for number, (text, gloss, pose, extra) in enumerate(clips):
            record = ClipRecord(f"clip{number}", text, "GSL", FPS, len(pose), gloss=gloss, extra=extra)
            writer.add(record, pose)
        return writer.finish({})


def asked(text, gloss=None):
    return [ClipRecord("test", text, "GSL", FPS, 1, gloss=gloss)]


def starts(clip, frames):
    """The height of each piece's first frame, with four frames of moving in between."""
    at = np.cumsum([0, *(count + 4 for count in frames[:-1])])
    assert len(clip) == sum(frames) + 4 * (len(frames) - 1)
    return clip.coordinates[at, 0, 0].tolist()


def test_the_nearest_texts_glosses_are_signed_by_clips_of_these_alone_first(tmp_path):
    training = make_split(
        tmp_path,
        [
            ("rain today", "TODAY RAIN", numbered(0, 20), {"sign_frames": [[2, 6], [9, 15]]}),
            ("rain", "RAIN", numbered(100, 7), {}),
            ("snow in the north", "NORTH SNOW WHITE", numbered(200, 9), {}),
            ("no gloss here", None, numbered(300, 5), {}),
        ],
    )
    baseline = GlossClips(training, FPS)
    (clip,) = baseline.generate(asked("Rain today!"))
    assert starts(clip, [4, 7]) == [2, 100], "TODAY from the frames that the corpus gives, RAIN from its own clip"
    (clip,) = baseline.generate(asked("snow in the north?"))
    assert starts(clip, [3, 3, 3]) == [200, 203, 206], "equal shares where nothing is given"
    (clip,) = baseline.generate(asked("no gloss here"))
    assert clip.coordinates[0, 0, 0] == 300
    ours, theirs = (baseline.generate(asked("rain", gloss))[0] for gloss in (None, "SNOW"))
    assert np.array_equal(ours.coordinates, theirs.coordinates), "the asked record's gloss is not looked at"


def test_glosses_longer_than_the_clip_still_give_a_frame_each(tmp_path):
    training = make_split(tmp_path, [("a", "A B C D E", numbered(0, 3), {"sign_frames": [[0, 9]] * 2})])
    (clip,) = GlossClips(training, FPS).generate(asked("a"))
    assert starts(clip, [1] * 5) == [0, 0, 1, 1, 2]


def test_joining_moves_on_straight_lines_and_keeps_missing_joints_missing():
    a, b = numbered(0, 3), with_missing(numbered(7, 2), 0.5)
    clip = joined([a, b])
    seen = b.valid[0]
    assert len(clip) == 3 + 4 + 2
    assert clip.coordinates[3:7, seen, 0] == pytest.approx(np.repeat([[3.0], [4], [5], [6]], seen.sum(), axis=1))
    assert (clip.valid[3:7] == seen).all()
    assert not seen.all()
    assert len(joined([a])) == 3


def test_it_is_left_out_where_it_says_nothing_new(tmp_path):
    words = make_split(tmp_path / "w", [("rain", "RAIN", numbered(0, 3), {}), ("snow", "SNOW", numbered(0, 3), {})])
    assert "nearest text" in GlossClips.left_out(words)
    none = make_split(tmp_path / "n", [("rain", None, numbered(0, 3), {})])
    assert "no gloss" in GlossClips.left_out(none)
    some = make_split(tmp_path / "s", [("rain", None, numbered(0, 3), {}), ("x", "A B", numbered(0, 3), {})])
    assert GlossClips.left_out(some) is None
