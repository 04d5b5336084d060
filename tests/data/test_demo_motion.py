"""The demo corpus as motion: a body that could exist, signs that can be told apart, hands that rest."""

import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from signllm.data.demo import animate
from signllm.data.demo import kinematics as kin
from signllm.data.demo.handshapes import HANDSHAPES
from signllm.data.demo.lexicon import CONCEPTS, MIN_CONTRAST, gloss_of, sign_form
from signllm.data.demo.performance import perform
from signllm.data.demo.phonology import contrast
from signllm.data.demo.signers import SIGNERS_PER_LANGUAGE, signer_named
from signllm.errors import ConfigError
from signllm.languages import CODES
from signllm.pose import SKELETON_50

REPOSITORY = Path(__file__).resolve().parents[2]
HANDS = slice(8, 50)


def sentence(code, concepts=("TOMORROW", "MOTHER", "SOUP", "COOK", "NOT")):
    return [gloss_of(concept, code) for concept in concepts]


@pytest.mark.parametrize("code", CODES)
def test_bones_keep_their_length_and_shoulders_are_one_apart(code):
    for signer in (0, 7):
        clip = animate(sentence(code), code, signer=signer, seed=5)
        parent, child = SKELETON_50.bones.T
        lengths = np.linalg.norm(clip.coordinates[:, child] - clip.coordinates[:, parent], axis=-1)
        assert np.ptp(lengths, axis=0).max() < 1e-5
        assert lengths.min() > 0.03
        assert clip.shoulder_width() == pytest.approx(1.0, abs=1e-5)
        assert not clip.coordinates[:, 1].any()
        assert clip.valid.all()


def test_sides_and_axes_are_the_toolkit_s():
    clip = animate(sentence("ASL", ("YOU",)), "ASL", signer=0).coordinates
    assert (clip[:, 2, 0] < 0).all()
    assert (clip[:, 5, 0] > 0).all()
    assert (clip[:, 0, 1] < 0).all()  # the nose is above the neck, y grows downwards
    assert (clip[:, [4, 7], 2] > 0.1).all()  # hands are in front of the body, towards the viewer


def test_hands_rest_at_both_ends():
    for code in CODES:
        clip = animate(sentence(code), code, signer=2, seed=1).coordinates
        for end in (clip[:4], clip[-4:]):
            assert (end[:, [4, 7], 1] > 0.8).all()
            assert np.linalg.norm(np.diff(end[:, [4, 7]], axis=0), axis=-1).max() * 25 < 0.6
        assert clip[:, [4, 7], 1].min() < 0.5


def test_speeds_are_those_of_people():
    for code in CODES:
        for signer in range(0, 8, 3):
            clip = animate(sentence(code), code, signer=signer, seed=signer).coordinates
            speed = np.linalg.norm(np.diff(clip, axis=0), axis=-1) * 25
            assert speed[:, [4, 7]].max() < 9.5  # 99 % of real frames are below 5.5 to 7.5 shoulder widths a second
            assert speed[:, [3, 6]].max() < 11
            assert speed[:, HANDS].max() < 17
            assert 0.3 < speed[:, [4, 7]].mean() < 2.5


def test_fingers_bend_towards_the_palm():
    for name, shape in HANDSHAPES.items():
        joints = kin.hand_joints(shape[None])[0]
        for finger in range(1, 5):
            knuckle, tip = joints[1 + 4 * finger], joints[4 + 4 * finger]
            assert tip[2] > knuckle[2] - 1e-9, name  # z points out of the palm
        assert joints[1, 0] > 0, name  # the thumb is on its side


def test_elbows_point_down_or_outside_and_wrists_reach_their_goal():
    rng = np.random.default_rng(0)
    wrist = rng.uniform([-0.8, -0.9, 0.45], [0.2, 0.5, 0.7], (500, 3))
    body = kin.Body()
    shoulder = np.broadcast_to(body.shoulder, wrist.shape)
    wrist = wrist[np.linalg.norm(wrist - shoulder, axis=-1) > 0.7]
    elbow, reached = kin.solve_elbow(shoulder[: len(wrist)], wrist, body)
    assert np.abs(reached - wrist).max() < 0.01
    assert np.linalg.norm(elbow - shoulder[0], axis=-1) == pytest.approx(body.upper_arm)
    assert np.linalg.norm(elbow - reached, axis=-1) == pytest.approx(body.forearm)
    middle = (shoulder[: len(wrist)] + reached) / 2
    assert ((elbow[:, 1] < middle[:, 1]) | (elbow[:, 0] < middle[:, 0])).all()


def test_half_turns_interpolate_the_short_way_without_a_break():
    start = np.eye(3)[None]
    for axis in np.eye(3):
        end = kin.rotation_about(axis, np.array([np.pi]))
        half = kin.rotation_between(start, end, np.array([0.5]))
        assert kin.rotation_between(start, end, np.array([1.0])) == pytest.approx(end, abs=1e-6)
        assert np.trace(half[0]) == pytest.approx(1.0, abs=1e-6)  # a quarter turn


def descriptor(clip, span):
    """The hands' path over a sign at 12 moments, on the active side whichever hand that is."""
    coordinates = clip.coordinates[span[0] : span[1]]
    moments = np.linspace(0, len(coordinates) - 1, 12).round().astype(int)
    hands = coordinates[moments][:, [4, 7, *range(8, 50)]]
    return hands.ravel()


def sign_descriptors(code, signer, seed):
    found = []
    for number, concept in enumerate(CONCEPTS):
        before, after = CONCEPTS[(number * 7 + seed) % len(CONCEPTS)], CONCEPTS[(number * 5 + seed) % len(CONCEPTS)]
        clip, spans = perform([before, concept, after], code, signer, seed, 25.0)
        found.append(descriptor(clip, spans[1]))
    return np.stack(found)


@pytest.mark.parametrize("code", ["ASL", "KSL"])
def test_signs_in_context_are_recognised_across_signers(code):
    known = sign_descriptors(code, signer=0, seed=1)
    for signer, seed in ((1, 2), (4, 3)):
        probe = sign_descriptors(code, signer, seed)
        distance = np.linalg.norm(probe[:, None] - known[None], axis=-1)
        correct = (distance.argmin(1) == np.arange(len(CONCEPTS))).mean()
        assert correct > 0.85  # chance is 1 in 37


def test_signs_of_a_language_differ_and_languages_have_their_own_forms():
    shared = {}
    for code in CODES:
        forms = [sign_form(concept, code) for concept in CONCEPTS]
        assert min(contrast(a, b) for i, a in enumerate(forms) for b in forms[:i]) >= MIN_CONTRAST
        for other in CODES:
            shared[code, other] = np.mean([sign_form(c, code) == sign_form(c, other) for c in CONCEPTS])
    others = {pair: part for pair, part in shared.items() if pair[0] != pair[1]}
    assert max(others, key=others.get) in (("GSL", "DSGS"), ("DSGS", "GSL"))
    assert 0.4 < shared["GSL", "DSGS"] < 0.9
    assert shared["ASL", "KSL"] < 0.3


def test_the_same_concept_moves_differently_in_unrelated_languages():
    clips = [perform(["FRIEND"], code, 0, 0, 25.0) for code in ("KSL", "TSL")]
    a, b = (descriptor(clip, spans[0]) for clip, spans in clips)
    again = perform(["FRIEND"], "KSL", 3, 9, 25.0)
    assert np.linalg.norm(a - b) > 2 * np.linalg.norm(a - descriptor(again[0], again[1][0]))


def test_one_signer_in_eight_is_left_handed_and_leads_with_the_left():
    assert [signer_named("ASL", n).left_handed for n in range(SIGNERS_PER_LANGUAGE)].count(True) == 1
    for signer, (lead, other) in ((0, (4, 7)), (7, (7, 4))):
        clip = animate(sentence("ASL", ("EAT",)), "ASL", signer=signer).coordinates
        travel = np.linalg.norm(np.diff(clip, axis=0), axis=-1).sum(0)
        assert travel[lead] > 3 * travel[other]


def test_signs_start_from_where_the_last_one_ended():
    first = perform(["MOTHER", "READ"], "ASL", 0, 0, 25.0)
    other = perform(["WIND", "READ"], "ASL", 0, 0, 25.0)
    starts = [clip.coordinates[spans[1][0], 4] for clip, spans in (first, other)]
    assert np.linalg.norm(starts[0] - starts[1]) > 0.02


def test_animation_is_the_same_in_every_process():
    code = (
        "import zlib; from signllm.data.demo import animate;"
        "print(zlib.crc32(animate(['MORGEN', 'ICH', 'LESEN'], 'GSL', 3, 11).coordinates.tobytes()))"
    )
    here = zlib.crc32(animate(["MORGEN", "ICH", "LESEN"], "GSL", 3, 11).coordinates.tobytes())
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "77"},
        cwd=REPOSITORY,
    )
    assert int(run.stdout) == here


def test_frame_rate_changes_the_frames_not_the_motion():
    slow, fast = (animate(sentence("LSA"), "LSA", 1, 2, fps) for fps in (25, 50))
    assert fast.duration_s == pytest.approx(slow.duration_s, abs=0.05)
    frames = min(len(slow), (len(fast) + 1) // 2)
    assert np.abs(fast.coordinates[::2][:frames] - slow.coordinates[:frames]).max() < 1e-2


def test_unknown_signs_and_signers_are_all_named():
    with pytest.raises(ConfigError) as caught:
        animate(["MORGN", "ICH", "FLUGZEUG"], "GSL")
    assert len(caught.value.faults) == 2
    assert "did you mean 'MORGEN'" in caught.value.faults[0]
    with pytest.raises(ConfigError, match="signer 12"):
        animate(["ICH"], "GSL", signer=12)
    with pytest.raises(ConfigError, match="empty"):
        animate([], "GSL")
    by_name = animate(["ICH"], "DGS", signer="GSL-signer-03")
    assert np.array_equal(by_name.coordinates, animate(["ICH"], "GSL", signer=3).coordinates)
