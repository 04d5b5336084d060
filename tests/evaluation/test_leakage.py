"""Leaked texts and clips: what counts as standing in training, and what is left without it."""

import numpy as np
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.evaluation.leakage import ClipIndex, Leakage, audit, find_texts
from tests.helpers.clips import jittered, signing, with_missing

TEXTS = ["Am Montag regnet es im Norden.", "Schnee!", "good morning"]


def write_split(root, split, clips):
    with StoreWriter(root, "GSL", split) as writer:
        for number, (text, pose) in enumerate(clips):
            writer.add(ClipRecord(f"{split}{number}", text, "GSL", pose.fps, len(pose)), pose)
        return writer.finish({})


@pytest.fixture(scope="module")
def training(tmp_path_factory):
    return write_split(tmp_path_factory.mktemp("store"), "train", [(text, signing(n)) for n, text in enumerate(TEXTS)])


@pytest.mark.parametrize(
    ("text", "level", "row"),
    [
        ("Schnee!", 3, 1),
        (" good morning ", 3, 2),
        ("GOOD, morning", 2, 2),
        ("Am Montag regnet es im Norden noch", 1, 0),
        ("Am Freitag scheint die Sonne.", 0, None),
        ("schneebedeckt", 0, None),
        ("", 0, None),
        ("好", 0, None),
    ],
)
def test_texts_leak_at_the_strictest_level_that_holds(text, level, row):
    assert find_texts([text, "x"], TEXTS) == ([level, 0], [row, None])


def test_near_text_is_the_dice_coefficient_of_character_trigrams():
    def dice(a, b):
        grams = [{f" {text} "[at : at + 3] for at in range(len(text))} for text in (a, b)]
        return 2 * len(grams[0] & grams[1]) / (len(grams[0]) + len(grams[1]))

    base = "abcdefghijklmnop"
    for cut in range(1, 12):
        assert find_texts([base[:-cut]], [base])[0] == [int(dice(base[:-cut], base) >= 0.8)]


def test_clips_leak_when_copied_even_moved_scaled_resampled_or_noisy(training):
    index = ClipIndex(training)
    clip = signing(1)
    copies = {
        "itself": clip,
        "noisy": jittered(clip, 0.005),
        "elsewhere": clip.replace(coordinates=clip.coordinates * 1.4 + 0.3),
        "slower": clip.resampled(20.0),
        "gappy": with_missing(clip, 0.1),
    }
    found = {name: index.find(copy) for name, copy in copies.items()}
    assert found.pop("itself") == (2, 1)
    assert set(found.values()) == {(1, 1)}, found


def test_other_recordings_do_not_leak(training):
    index = ClipIndex(training)
    others = [signing(1, phase=0.3), jittered(signing(1), 0.08), signing(1, frames=60), signing(77), signing(2)[:20]]
    assert [index.find(other)[0] for other in others] == [0] * 5


def test_the_audit_counts_and_masks(training, tmp_path):
    clips = [
        ("Schnee!", signing(50)),
        ("Regen", signing(0)),
        ("Sonne", signing(51)),
        ("schnee", jittered(signing(1), 0.004)),
    ]
    split = write_split(tmp_path, "dev", clips)
    ticks = []
    found = audit(split, training, progress=ticks.append)
    assert sum(ticks) == 3 + 4
    assert found.texts == (3, 0, 0, 2)
    assert found.clips == (0, 2, 0, 1)
    assert found.text_twins == ("train1", None, None, "train1")
    assert found.clip_twins == (None, "train0", None, "train1")
    counts = found.counts()
    assert counts["texts"] == {"near": 0, "normalised": 1, "exact": 1}
    assert counts["clips"] == {"near": 1, "identical": 1}
    masks = {name: mask.tolist() for name, mask in found.subsets().items()}
    assert masks["unseen_texts"] == [False, True, True, False]
    assert masks["unseen_clips"] == [True, False, True, False]
    assert masks["unseen_texts_and_clips"] == [False, False, True, False]
    assert audit(split, training, [2, 1]).clips == (0, 2)
    assert Leakage.from_json(found.to_json()) == found


def test_a_clip_that_shares_no_joint_is_no_copy(training):
    clip = signing(1)
    valid = np.zeros_like(clip.valid)
    valid[:, :3] = True
    assert ClipIndex(training).find(clip.replace(valid=valid)) == (0, None)
