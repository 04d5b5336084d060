"""Baselines: what they answer, that they are repeatable, and that they look at no test pose."""

import numpy as np
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.evaluation.baselines import BASELINES, FrozenMean, MeanClip, NearestText, RandomClip, normalised_text
from tests.helpers.clips import signing, with_missing

TEXTS = ["Good morning", "rain in the north", "Rain in the south!", "snow tomorrow", "good  MORNING"]


def make_split(root, texts, fps=25.0, split="train"):
    with StoreWriter(root, "GSL", split) as writer:
        for number, text in enumerate(texts):
            pose = with_missing(signing(number, 10 + 4 * number, fps), 0.2, number)
            writer.add(ClipRecord(f"clip{number}", text, "GSL", fps, len(pose)), pose)
        return writer.finish({})


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return make_split(tmp_path_factory.mktemp("store"), TEXTS)


def asked(*texts):
    return [ClipRecord(f"test{number}", text, "GSL", 25.0, 1) for number, text in enumerate(texts)]


def test_frozen_mean_is_the_masked_mean_for_the_mean_duration(training):
    (clip,) = FrozenMean(training, 25).generate(asked("x"))
    assert len(clip) == round(np.mean([10 + 4 * n for n in range(5)]))
    shown = [pose.coordinates[f, 20] for _, pose in training for f in range(len(pose)) if pose.valid[f, 20]]
    assert clip.coordinates[0, 20] == pytest.approx(np.mean(shown, axis=0), abs=1e-5)
    assert (clip.coordinates == clip.coordinates[0]).all()
    assert len(FrozenMean(training, 50).generate(asked("x"))[0]) == 2 * len(clip)


def test_frozen_mean_keeps_joints_that_nobody_shows_missing(tmp_path):
    with StoreWriter(tmp_path, "GSL", "train") as writer:
        valid = np.ones((8, 50), bool)
        valid[:, 40] = False
        pose = signing(1, 8).replace(valid=valid)
        writer.add(ClipRecord("a", "a", "GSL", 25.0, 8), pose)
        (clip,) = FrozenMean(writer.finish({}), 25).generate(asked("x"))
    assert not clip.valid[:, 40].any()
    assert clip.valid.sum(1).tolist() == [49] * 8


def test_nearest_text_finds_same_then_similar_texts(training):
    nearest = NearestText(training, 25)
    same = [nearest.nearest([record])[0] for record in asked(*["good morning."] * 12)]
    assert set(same) == {0, 4}
    assert nearest.nearest(asked("rain, heavy rain in the south", "snow today", "rain north")) == [2, 3, 1]
    assert nearest.nearest(asked("好"))[0] in range(5)


def test_mean_clip_is_the_mean_of_the_clips_of_a_text_at_one_length(tmp_path):
    """Two clips of one motion, the slower one one shoulder width higher: the same motion half as high, in between."""
    quick = signing(1, 30).replace(valid=np.ones((30, 50), bool))
    quick = quick.replace(coordinates=quick.coordinates.copy())
    slow = quick.stretched(60)
    slow = slow.replace(coordinates=slow.coordinates + [0, 1, 0])
    lame = slow.valid.copy()
    lame[:, 7] = False
    with StoreWriter(tmp_path, "GSL", "train") as writer:
        for name, text, pose in (("a", "Hi", quick), ("b", "hi!", slow.replace(valid=lame)), ("c", "other", quick)):
            writer.add(ClipRecord(name, text, "GSL", 25.0, len(pose)), pose)
        split = writer.finish({})
    assert MeanClip.left_out(split) is None
    (clip,) = MeanClip(split, 25).generate(asked("hi"))
    assert len(clip) == 40
    assert clip.valid.all()
    middle = quick.stretched(40).coordinates + [0, 0.5, 0]
    middle[:, 7] -= [0, 0.5, 0]
    assert clip.coordinates == pytest.approx(middle, abs=0.1)


def test_mean_clip_is_left_out_where_no_text_is_signed_twice(tmp_path):
    assert "no text has two clips" in MeanClip.left_out(make_split(tmp_path, TEXTS[:2]))


@pytest.mark.parametrize("kind", BASELINES.values())
def test_a_record_gets_the_same_clip_whatever_stands_beside_it(training, kind):
    records = asked("snow", "good morning", "rain", "xyz")
    whole = kind(training, 12.5, seed=4).generate(records)
    one_by_one = [kind(training, 12.5, seed=4).generate([record])[0] for record in records]
    for a, b in zip(whole, one_by_one, strict=True):
        assert a.fps == 12.5
        assert (a.coordinates == b.coordinates).all()


def test_the_seed_changes_the_draw(training):
    records = asked(*"abcdefghijkl")
    lengths = {seed: tuple(map(len, RandomClip(training, 25, seed).generate(records))) for seed in range(3)}
    assert len(set(lengths.values())) == 3
    assert len(set(lengths[0])) > 2


def test_normalised_text():
    assert normalised_text("  Grüß  Gott,\tWelt! ") == "grüss gott welt"
