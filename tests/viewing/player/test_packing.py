"""What the page's code reads is the clip: positions to a known error, missing joints missing, two clips in step."""

import base64

import numpy as np
import pytest

from signllm.errors import ConfigError
from signllm.pose import PoseSequence
from signllm.viewing.player.packing import pack_pose, pack_scene
from signllm.viewing.player.scenes import Figure, PlayerScene, Segment, aligned_frames
from tests.helpers.clips import rest_pose


def moving(frames=12, dimensions=3, fps=25.0):
    """A person whose right hand goes up, faster and faster, and whose left index finger is lost in frame 3."""
    pose_FJ3 = np.repeat(rest_pose()[None], frames, axis=0).astype(np.float32)
    pose_FJ3[:, [4, *range(29, 50)], 1] -= np.linspace(0, 1, frames)[:, None] ** 2
    valid = np.ones((frames, 50), bool)
    valid[3, 13:17] = False
    return PoseSequence(pose_FJ3[..., :dimensions], valid, fps)


def unpack(packed):
    """(F, J, C) coordinates and (F, J) mask, as player/src/show.js reads them."""
    whole = np.frombuffer(base64.b64decode(packed["poses"]), "<i2")
    coordinates = whole.reshape(packed["frames"], -1, packed["dimensions"]) * packed["step"]
    bits = np.unpackbits(np.frombuffer(base64.b64decode(packed["missing"] or ""), np.uint8))
    return coordinates, ~bits[: coordinates[..., 0].size].reshape(coordinates.shape[:2]).astype(bool)


def test_positions_come_back_to_the_stated_error_and_missing_joints_stay_missing():
    pose = moving()
    packed = pack_pose(pose)
    coordinates, valid = unpack(packed)
    off = np.abs(coordinates - pose.coordinates)[pose.valid].max()
    assert off == pytest.approx(packed["error"], abs=1e-9)
    assert 0 < off <= 0.5001 * packed["step"] < 5e-5  # shoulder widths
    np.testing.assert_array_equal(valid, pose.valid)


@pytest.mark.parametrize("flat", ["two coordinates", "depth of zero"])
def test_a_clip_without_depth_says_so(flat):
    pose = moving(dimensions=2)
    if flat == "depth of zero":
        pose = pose.replace(coordinates=np.concatenate([pose.coordinates, np.zeros((12, 50, 1))], axis=-1))
    packed = pack_pose(pose)
    assert packed["dimensions"] == 2
    assert unpack(packed)[0].shape == (12, 50, 2)


def test_a_clip_that_shows_nothing_is_packed():
    nothing = PoseSequence(np.zeros((2, 50, 3)), np.zeros((2, 50), bool), 25)
    assert pack_pose(nothing)["error"] == 0
    assert pack_scene(PlayerScene("x", [Figure("a", nothing)]))["depth"] == 0


def test_aligned_frames_follow_the_reference():
    reference = moving(20)
    assert aligned_frames(reference, reference) == list(range(20))
    slower = reference.stretched(39)
    assert aligned_frames(slower, reference)[::3] == pytest.approx(np.arange(0, 39, 6), abs=1.5)


def test_where_one_clip_has_no_depth_that_of_the_other_does_not_count():
    clip = moving(20)
    flat = clip.stretched(31).replace(coordinates=clip.stretched(31).coordinates[..., :2])
    deep = clip.coordinates + np.sin(np.arange(20))[:, None, None] * [0, 0, 3]
    assert aligned_frames(flat, clip.replace(coordinates=deep)) == aligned_frames(flat, clip)


def test_a_scene_has_everything_that_is_shown():
    recording, model = moving(20), moving(10, fps=50.0)
    scene = PlayerScene(
        "one",
        [Figure("recording", recording, "reference"), Figure("model", model)],
        "Guten Tag",
        "GUT TAG",
        "GSL",
        [Segment("GUT", 0.1, 0.3)],
    )
    told = pack_scene(scene)
    assert (told["text"], told["textLanguage"], told["gloss"]) == ("Guten Tag", "de", "GUT TAG")
    assert told["segments"] == [{"text": "GUT", "start": 0.1, "end": 0.3}]
    assert "aligned" not in told["clips"][0]
    assert len(told["clips"][1]["aligned"]) == 20
    assert max(told["clips"][1]["aligned"]) <= 9
    assert [clip["fps"] for clip in told["clips"]] == [25, 50]
    assert told["error"] == max(clip["error"] for clip in told["clips"])
    without = pack_scene(scene, align=False)
    assert all("aligned" not in clip for clip in without["clips"])


def test_clips_of_other_units_are_brought_to_shoulder_widths():
    pose = moving()
    pixels = pose.replace(coordinates=200 * pose.coordinates, unit="pixels")
    packed = pack_scene(PlayerScene("x", [Figure("a", pose), Figure("b", pixels)]))
    one, other = (unpack(clip)[0] for clip in packed["clips"])
    scale = np.ptp(one[..., 0]) / np.ptp(other[..., 0])
    assert scale == pytest.approx(pose.shoulder_width(), rel=1e-3)


def test_scenes_that_cannot_be_shown_are_refused_with_all_faults():
    clip = moving(4)
    five = [Figure(str(number), clip, "reference") for number in range(5)]
    with pytest.raises(ConfigError) as refused:
        PlayerScene("x", five, segments=[Segment("A", 1.0, 0.5)])
    assert len(refused.value.faults) == 3
