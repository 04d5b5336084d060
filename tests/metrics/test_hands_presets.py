"""`ndtw-p` and `dtw-p`: nDTWp and DTWp of pose-evaluation, against what its own pipeline computes."""

import math

import numpy as np
import pytest
from dtaidistance import dtw_ndim

from signllm.metrics import score_pairs
from signllm.metrics.part_kernels import trajectory_distances
from signllm.metrics.registry import PRESETS
from tests.helpers.clips import signing, with_missing

NAMES = ["ndtw-p", "dtw-p"]
LEFT_HAND, RIGHT_HAND = slice(8, 29), slice(29, 50)


def raised(clip, first, last):
    """The clip with the right hand above the elbow from one frame to another, and below it before and after."""
    coordinates = clip.coordinates.copy()
    coordinates[first : last + 1, [4, *range(29, 50)], 1] -= 0.9
    return clip.replace(coordinates=coordinates)


def without(clip, joints, frames=slice(None)):
    valid = clip.valid.copy()
    valid[frames, joints] = False
    return clip.replace(valid=valid)


def in_pixels(clip):
    return clip.replace(coordinates=clip.coordinates[..., :2] * 180 + [640, 360])


H, R = raised(signing(1, 24), 9, 15), raised(signing(2, 31), 8, 25)
# The figures were made by pose-format 0.15 (normalisation, choice of the hands), spoken-to-signed 0.4 (trimming) and
# dtaidistance 2.5.1, called in the order of pose-evaluation's notebook (nDTWp) and README (DTWp).
CASES = {
    "rest before and after": (H, R, (2.198163636516441, 1.9550027557483802)),
    "in pixels, joints hidden at random": (
        in_pixels(with_missing(H, 0.2, 1)),
        in_pixels(with_missing(R, 0.1, 2)),
        (2.469622584510791, 1195.2275128828269),
    ),
    "a hand that the reference lacks": (H, without(R, LEFT_HAND), (3.579058670285314, 44.17499036918447)),
    "a hand that the hypothesis lacks": (
        without(H, RIGHT_HAND, slice(5, 14)),
        R,
        (3.5195533149000733, 26.347526956662662),
    ),
    "wrist and elbow hidden": (
        without(without(H, 4, slice(0, 7)), 3, slice(13, 16)),
        without(R, 4, slice(25, 31)),
        (2.198163636516441, 1.913389533571916),
    ),
    "no hand raised": (signing(1, 24), signing(2, 31), (2.0214457354420277, 2.0214457354420277)),
    "no shoulders": (without(H, 2), R, (7.805291335709094, 1.9550027557483802)),
}


@pytest.mark.parametrize("case", CASES)
def test_equals_the_pipeline_of_its_authors(case):
    h, r, expected = CASES[case]
    found = score_pairs([h], [r], NAMES)
    assert (found["ndtw_p"], found["dtw_p"]) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize(("frames", "others"), [(1, 1), (1, 5), (7, 1), (12, 15)])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_the_distance_of_a_trajectory_is_that_of_dtaidistance(frames, others, dimensions):
    rng = np.random.default_rng(frames)
    h, r = rng.normal(size=(4, frames, dimensions)), rng.normal(size=(4, others, dimensions))
    expected = [dtw_ndim.distance(*pair) for pair in zip(h, r, strict=True)]
    assert trajectory_distances(h, r) == pytest.approx(expected, rel=1e-12)


def test_only_the_normalised_one_sees_neither_place_nor_size():
    moved = H.replace(coordinates=2.5 * H.coordinates + [3, 4, 5])
    found = score_pairs([moved], [H], NAMES)
    assert found["ndtw_p"] == pytest.approx(0, abs=1e-5)
    assert found["dtw_p"] > 10


def test_only_the_other_one_leaves_out_rest():
    found = score_pairs([H[4:21]], [H], NAMES)
    assert found["dtw_p"] == 0
    assert found["ndtw_p"] > 0
    assert score_pairs([H[5:21]], [H], ["dtw-p"])["dtw_p"] > 0
    assert score_pairs([H[4:20]], [H], ["dtw-p"])["dtw_p"] > 0


def test_the_body_counts_only_for_scale_and_trimming():
    elsewhere = H.coordinates.copy()
    elsewhere[:, 0] += 3
    found = score_pairs([H.replace(coordinates=elsewhere)], [H], NAMES)
    assert found == {"ndtw_p": 0, "dtw_p": 0}


def test_a_reference_without_shoulders_has_no_scale():
    assert math.isnan(score_pairs([H], [without(R, 2)], ["ndtw-p"])["ndtw_p"])
    heap = R.coordinates.copy()
    heap[:, 2] = heap[:, 5]
    assert math.isnan(score_pairs([H], [R.replace(coordinates=heap)], ["ndtw-p"])["ndtw_p"])


def test_signatures_say_what_sets_the_two_apart():
    signatures = [PRESETS[name].signature("signllm-50", "shoulder_widths", 25) for name in NAMES]
    assert signatures == [
        "ndtw-p|skeleton:signllm-50|unit:shoulder_widths|fps:25|joints:hands|scale:shoulders|trim:none|masks:filled-1|version:1",
        "dtw-p|skeleton:signllm-50|unit:shoulder_widths|fps:25|joints:hands|scale:as-given|trim:raised|masks:filled-10|version:1",
    ]
