"""The score that chooses checkpoints: frozen and jittering skeletons must lose to plausible motion."""

from pathlib import Path

import numpy as np
import pytest

from signllm.metrics import panel_scores, selection_score
from signllm.pose import PoseSequence
from tests.helpers.clips import frozen, jittered, signing

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"


def score(hypotheses, references):
    figures = panel_scores(hypotheses, references)
    return selection_score(figures), figures


def test_frozen_and_jittering_lose_although_frozen_has_the_better_dtw():
    references = [signing(seed) for seed in range(6)]
    plausible, good = score([signing(seed + 100) for seed in range(6)], references)
    still, static = score([frozen(clip) for clip in references], references)
    trembling, _ = score([jittered(frozen(clip), 0.02) for clip in references], references)
    shaking, shaky = score([jittered(clip, 0.05) for clip in references], references)
    assert static["dtw_score"] < good["dtw_score"]
    assert shaky["dtw_score"] < good["dtw_score"]
    assert still < 1e-6
    assert max(trembling, shaking) < 0.9 * plausible
    assert plausible < 1


@pytest.mark.parametrize("hide", ["hands", "fingertips", "every fourth frame", "end"])
@pytest.mark.parametrize("fault", ["jitter", "lively", "wrong"])
def test_a_model_gains_nothing_by_hiding_what_it_does_wrong(hide, fault):
    references = [signing(seed) for seed in range(4)]
    mean = [clip.coordinates.mean(0, keepdims=True) for clip in references]
    shown = {
        "jitter": [jittered(clip, 0.1) for clip in references],
        "lively": [
            clip.replace(coordinates=place + 3 * (clip.coordinates - place))
            for clip, place in zip(references, mean, strict=True)
        ],
        "wrong": [signing(seed + 100) for seed in range(4)],
    }[fault]
    valid = np.ones((40, 50), bool)
    joints, frames = {
        "hands": (slice(8, 50), slice(None)),
        "fingertips": ([12, 16, 20, 24, 28, 33, 37, 41, 45, 49], slice(None)),
        "every fourth frame": (slice(8, 50), slice(0, None, 4)),
        "end": (slice(2, 50), slice(30, None)),
    }[hide]
    valid[frames, joints] = False
    hiding, _ = score([clip.replace(valid=valid) for clip in shown], references)
    assert hiding < score(shown, references)[0]


def test_the_reference_scores_1_and_closer_is_better():
    references = [signing(seed) for seed in range(4)]
    assert score(references, references)[0] == pytest.approx(1)
    shifted = [clip.replace(coordinates=clip.coordinates + np.float32(0.1)) for clip in references]
    further = [clip.replace(coordinates=clip.coordinates + np.float32(0.3)) for clip in references]
    assert 1 > score(shifted, references)[0] > score(further, references)[0] > 0


def test_livelier_is_better_up_to_the_reference_and_worse_beyond():
    references = [signing(seed) for seed in range(4)]

    def scaled(clip, k):
        mean = clip.coordinates.mean(0, keepdims=True)
        return clip.replace(coordinates=mean + k * (clip.coordinates - mean))

    values = [score([scaled(clip, k) for clip in references], references)[0] for k in (0.1, 0.5, 1.0, 2.0, 4.0)]
    assert values[0] < values[1] < values[2] > values[3] > values[4]


def test_undefined_figures_are_left_out_and_no_dtw_is_worth_nothing():
    figures = panel_scores([signing(1)], [signing(2)])
    for name in ("displacement_ratio_left_hand", "variance_ratio_left_hand", "handshape_similarity", "dtw_skill"):
        figures[name] = float("nan")
    assert 0 < selection_score(figures) < 1
    assert selection_score({**figures, "dtw_score": float("nan")}) == 0


def test_jerk_beyond_the_reference_costs_and_smoothness_does_not():
    figures = panel_scores([signing(1)], [signing(2)])
    values = [selection_score({**figures, "jerk_ratio": jerk}) for jerk in (0.2, 1.0, 9.0)]
    assert values[0] == values[1] > values[2]


def test_the_skill_is_1_for_the_recordings_0_for_their_mean_pose_and_less_for_what_is_further_away():
    references = [signing(seed, frames) for seed, frames in ((1, 30), (2, 50))]
    hidden = references[0].valid.copy()
    hidden[:, 12] = False
    references[0] = references[0].replace(valid=hidden)
    seen = [clip.valid[..., None] for clip in references]
    total = sum((clip.coordinates * mask).sum(0) for clip, mask in zip(references, seen, strict=True))
    mean = total / sum(mask.sum(0) for mask in seen)
    statues = [PoseSequence.all_valid(np.repeat(mean[None], len(clip), axis=0), 25) for clip in references]
    assert panel_scores(references, references)["dtw_skill"] == 1
    assert panel_scores(statues, references)["dtw_skill"] == pytest.approx(0, abs=1e-4)
    away = [clip.replace(coordinates=clip.coordinates + np.float32(0.5)) for clip in statues]
    assert panel_scores(away, references)["dtw_skill"] < -0.5
    assert np.isnan(panel_scores(references[:1], [frozen(references[0])])["dtw_skill"])


def test_what_is_nearer_than_a_statue_counts_for_more_and_the_rest_still_ranks():
    def at(skill):
        return selection_score({**AS_RECORDED, "dtw_skill": skill, "dtw_score": 0.6 * (1 - skill)})

    values = [at(skill) for skill in (-0.3, -0.1, 0.0, 0.1, 0.3)]
    assert values == sorted(values)
    assert at(0.03) / at(-0.03) == pytest.approx(np.exp(1.2 * 0.06) / 0.7, rel=0.05)
    assert at(-0.1) / at(-0.3) == pytest.approx(np.exp(1.2 * 0.2), rel=0.01)


def test_bent_fingers_lose_although_the_hands_go_where_they_should():
    references = [signing(seed) for seed in range(4)]

    def bent(clip):
        places = clip.coordinates.copy()
        for part, wrist in clip.skeleton.wrists.items():
            joints = list(clip.skeleton.parts[part])
            places[:, joints] = places[:, [wrist]] + (places[:, joints] - places[:, [wrist]]) * np.float32([-1, 1, -1])
        return clip.replace(coordinates=places)

    straight, crooked = score(references, references), score([bent(clip) for clip in references], references)
    assert crooked[1]["dtw_score"] < 0.3
    assert crooked[0] < 0.9 * straight[0] * np.exp(-2 * crooked[1]["dtw_score"])


PARTS = ("body", "right_hand", "left_hand")
RATIOS = [
    "duration",
    "bone_length_ratio_fingers",
    *(f"{name}_{part}" for name in ("displacement_ratio", "variance_ratio") for part in PARTS),
]
AS_RECORDED = {
    **dict.fromkeys(RATIOS, 1.0),
    **{"dtw_score": 0.25, "dtw_skill": 0.5, "jerk_ratio": 1.0, "handshape_similarity": 1.0, "coverage": 1.0},
}


@pytest.mark.parametrize("figure", RATIOS)
def test_each_ratio_costs_alone_and_alike_on_both_sides_of_1(figure):
    best = selection_score(AS_RECORDED)
    less, more = (selection_score({**AS_RECORDED, figure: value}) for value in (1 / 8, 8.0))
    assert less == pytest.approx(more)
    assert less < 0.95 * best
    assert selection_score({**AS_RECORDED, figure: 0.0}) == 0


def test_equals_the_documented_combination():
    displacements, variances = (
        dict(zip(PARTS, (0.5, 2.0, 0.8), strict=True)),
        dict(zip(PARTS, (0.3, 1.5, 4.0), strict=True)),
    )
    figures = {
        **{"dtw_score": 0.4, "dtw_skill": 0.02, "duration": 0.9, "jerk_ratio": 1.5, "coverage": 0.5},
        **{"handshape_similarity": 0.64, "bone_length_ratio_fingers": 1.25},
        **{f"displacement_ratio_{part}": value for part, value in displacements.items()},
        **{f"variance_ratio_{part}": value for part, value in variances.items()},
    }
    displacement, variance = (0.5 * 0.5 * 0.8) ** (1 / 3), (0.3 * (1 / 1.5) * 0.25) ** (1 / 3)
    likeness = (0.9 * displacement * variance**0.5 * (1 / 1.5) * 0.8 * 0.8) ** (1 / 6)
    closeness = np.exp(-0.8) * (0.7 + 0.3 / (1 + np.exp(-2)))
    assert selection_score(figures) == pytest.approx(closeness * likeness * 0.25)
    assert selection_score({**figures, "handshape_similarity": -0.1}) == 0


def read_words(split):
    """(texts, clips in shoulder widths) of the ASL words: 151 numbers a frame, shoulder width 1/3."""
    folder = SHARED / "asl_words"
    texts = (folder / f"{split}.text").read_text(encoding="utf-8").splitlines()
    rows = (folder / f"{split}.skels").read_text().splitlines()
    return texts, rows


def parse(row):
    frames = np.array(row.split(), dtype=np.float32).reshape(-1, 151)[:, :150]
    return PoseSequence.all_valid(frames.reshape(-1, 50, 3) * 3, 25)


@pytest.mark.skipif(not (SHARED / "asl_words").is_dir(), reason="the shared ASL word clips are not on this machine")
def test_on_recorded_words_another_signers_clip_beats_frozen_and_jittered():
    train_texts, train_rows = read_words("train")
    dev_texts, dev_rows = read_words("dev")
    first_of = {text: index for index, text in reversed(list(enumerate(train_texts)))}
    chosen = [index for index, text in enumerate(dev_texts) if text in first_of][::6]
    references = [parse(dev_rows[index]) for index in chosen]
    plausible = [parse(train_rows[first_of[dev_texts[index]]]) for index in chosen]
    mean = np.concatenate([clip.coordinates for clip in plausible]).mean(0)
    still = [PoseSequence.all_valid(np.repeat(mean[None], len(clip), axis=0), 25) for clip in references]
    good, figures = score(plausible, references)
    lost, static = score(still, references)
    shaky = score([jittered(clip, 0.05) for clip in plausible], references)[0]
    trembling = score([jittered(clip, 0.02) for clip in still], references)[0]
    assert len(references) > 20
    assert figures["total_distance"] > 0.5
    assert static["dtw_score"] < figures["dtw_score"] + 0.1
    assert lost == 0
    assert good > 1.2 * max(shaky, trembling)
