"""Statistics on clips whose numbers are known by construction."""

import json

import numpy as np
import pytest

from signllm.pose import SKELETON_50, PoseSequence
from signllm.viewing.plots import write_statistics
from signllm.viewing.sources import Clip, ClipSource
from signllm.viewing.statistics import SPACE_EDGES_X, SPACE_EDGES_Y, ClipStatistics, both_wrists, wrist_motion
from signllm.viewing.survey import survey

RIGHT_WRIST, LEFT_WRIST = SKELETON_50.wrists["right_hand"], SKELETON_50.wrists["left_hand"]


def moving(frames=11, fps=20.0, right_step=0.1, left_step=0.0):
    """Shoulders at x -0.5 and 0.5, y 0; wrists that start at (∓0.5, 1) and move up by a step a frame."""
    pose_FJ3 = np.zeros((frames, 50, 3), np.float32)
    pose_FJ3[:, 2, 0], pose_FJ3[:, 5, 0] = -0.5, 0.5
    for wrist, x, step in ((RIGHT_WRIST, -0.5, right_step), (LEFT_WRIST, 0.5, left_step)):
        pose_FJ3[:, wrist, 0] = x
        pose_FJ3[:, wrist, 1] = 1 - step * np.arange(frames)
    return PoseSequence.all_valid(pose_FJ3, fps)


def masked(pose, frames, joint):
    valid = pose.valid.copy()
    valid[frames, joint] = False
    return pose.replace(valid=valid)


class Listed(ClipSource):
    def __init__(self, name, clips, page=None):
        self.name, self.page, self.clips = name, page or name, clips

    def __iter__(self):
        return iter(self.clips)


def test_wrist_motion_counts_path_and_speed_in_the_image_plane():
    motion = wrist_motion(moving(), "right_hand")
    assert motion.path == pytest.approx(1.0, rel=1e-5)
    assert motion.mean_speed == pytest.approx(2.0, rel=1e-5)
    assert wrist_motion(moving(), "left_hand").path == 0
    path, speed = both_wrists(moving(left_step=0.3))
    assert path == pytest.approx(4.0, rel=1e-5)
    assert speed == pytest.approx(4.0, rel=1e-5)


def test_steps_over_a_gap_do_not_count_as_motion():
    gap = masked(moving(), slice(4, 6), RIGHT_WRIST)
    motion = wrist_motion(gap, "right_hand")
    assert motion.path == pytest.approx(0.7, rel=1e-5)  # three of ten steps touch the gap
    assert motion.max_speed == pytest.approx(2.0, rel=1e-5)
    assert np.isnan(wrist_motion(masked(moving(), slice(None), RIGHT_WRIST), "right_hand").mean_speed)


def test_the_unit_does_not_change_the_motion():
    pose = moving()
    pixels = pose.replace(coordinates=pose.coordinates * 250 + 400, unit="pixels")
    assert wrist_motion(pixels, "right_hand").path == pytest.approx(1.0, rel=1e-3)


def test_counts_lengths_texts_and_missing_joints():
    group = ClipStatistics("ASL/dev", SKELETON_50)
    group.add("a", masked(moving(10), slice(0, 5), 12), "good morning", "GOOD MORNING")
    group.add("b", moving(30), "good night everyone", "GOOD NIGHT")
    summary = group.summary()
    assert summary["clips"] == 2
    assert summary["frames"] == 40
    assert summary["seconds"] == 2.0
    assert summary["duration_s"]["min"] == 0.5
    assert summary["duration_s"]["max"] == 1.5
    assert summary["words_per_text"]["mean"] == 2.5
    assert summary["vocabulary_words"] == 4
    assert summary["most_frequent_glosses"] == {"GOOD": 2, "MORNING": 1, "NIGHT": 1}
    assert summary["missing_share_of_joint"][SKELETON_50.joints[12]] == pytest.approx(5 / 40)
    assert summary["missing_share"] == pytest.approx(5 / (40 * 50), abs=1e-6)
    assert summary["clips_without_depth"] == 2
    assert summary["shoulder_width"]["median"] == 1.0
    assert summary["outliers"]["longest"][0] == {"clip": "b", "value": 1.5}
    assert summary["outliers"]["shortest"][0] == {"clip": "a", "value": 0.5}
    assert [row["clip"] for row in summary["outliers"]["most_missing"]] == ["a"]


def test_bone_lengths_and_their_variation():
    pose_FJ3 = moving(4, right_step=0).coordinates.copy()
    pose_FJ3[:, 0, 1] = [-0.5, -0.7, -0.5, -0.7]  # the neck-nose bone: mean 0.6, deviation 0.1
    group = ClipStatistics("x", SKELETON_50)
    group.add("a", PoseSequence.all_valid(pose_FJ3, 25))
    group.add("b", PoseSequence.all_valid(pose_FJ3 * [1, 2, 1], 25))
    bone = group.summary()["bones"]["neck-nose"]
    assert bone == {"mean": 0.9, "between_clips": 0.3, "cv": pytest.approx(1 / 6, abs=1e-4)}


def test_space_is_relative_to_the_middle_of_the_shoulders():
    still = moving(5, right_step=0)
    group = ClipStatistics("x", SKELETON_50)
    group.add("a", still.replace(coordinates=still.coordinates + np.float32(0.75)))
    counts = group.space_counts["right_hand"]
    x, y = np.argwhere(counts)[0]
    assert counts[x, y] == counts.sum() == 5
    assert SPACE_EDGES_X[x] <= -0.5 + 1e-6 <= SPACE_EDGES_X[x + 1] + 1e-6
    assert SPACE_EDGES_Y[y] <= 1.0 + 1e-6 <= SPACE_EDGES_Y[y + 1] + 1e-6


def test_the_more_active_hand():
    group = ClipStatistics("x", SKELETON_50)
    for clip_id, right, left in (("r", 0.1, 0.01), ("l", 0.01, 0.1), ("b", 0.1, 0.1), ("still", 0.0, 0.0)):
        group.add(clip_id, moving(right_step=right, left_step=left))
    assert group.summary()["more_active_hand"] == {"right": 1, "left": 1, "both": 1, "none": 1}
    assert group.mean_speed("right_hand") == pytest.approx(20 * (0.1 + 0.01 + 0.1) / 4, abs=1e-3)


def test_implausible_clips_and_a_wrong_scale_are_pointed_out():
    group = ClipStatistics("x", SKELETON_50)
    group.add("fine", moving())
    assert group.warnings() == []
    group.add("jump", moving(right_step=3.0))
    text = "\n".join(group.warnings())
    assert "clip jump reaches 60.0 shoulder widths a second" in text
    small = ClipStatistics("small", SKELETON_50)
    small.add("third", moving().replace(coordinates=moving().coordinates / 3))
    assert "median shoulder width is 0.333" in small.warnings()[0]


def test_memory_of_rows_is_bounded_and_the_sample_is_pinned_by_the_seed():
    def held(seed):
        group = ClipStatistics("x", SKELETON_50, keep=10, seed=seed)
        for i in range(100):
            group.add(str(i), moving(2))
        assert group.clips == 100
        return [row.id for row in group.rows]

    first = held(0)
    assert len(first) == 10
    assert first == held(0) != held(1)
    assert any(int(name) >= 50 for name in first)  # not just the first ones


def test_a_survey_pools_the_splits_of_a_language():
    dev = Listed("ASL/dev", [Clip("1", moving(), "yes")], page="ASL")
    train = Listed("ASL/train", [Clip("2", moving(), "no"), Clip("3", moving(), "yes")], page="ASL")
    other = Listed("KSL/dev", [Clip("4", moving())], page="KSL")
    found = survey([dev, train, other])
    assert [(g.name, g.clips) for g in found.groups] == [("ASL/dev", 1), ("ASL/train", 2), ("KSL/dev", 1)]
    assert [(p.name, p.clips) for p in found.pages] == [("ASL", 3), ("KSL/dev", 1)]


def test_plots_and_numbers_are_written(tmp_path):
    group = ClipStatistics("ASL/dev", SKELETON_50)
    group.add("a", moving(), "good morning", None)
    unseen = PoseSequence(np.zeros((1, 50, 3), np.float32), np.zeros((1, 50), bool), 25)
    empty = ClipStatistics("비어 $x$", SKELETON_50)
    empty.add("nothing", unseen)
    written = write_statistics(tmp_path, [group, empty], notes=["a note"])
    assert [p.name for p in written] == [
        "statistics.json",
        "overview.png",
        "ASL_dev_joints.png",
        "ASL_dev_motion.png",
        "비어 $x$_joints.png",
        "비어 $x$_motion.png",
    ]
    assert all(p.stat().st_size > 500 for p in written)
    report = json.loads((tmp_path / "statistics.json").read_text())
    assert report["notes"] == ["a note"]
    assert report["groups"]["ASL/dev"]["wrist_mean_speed"] == {"right_hand": 2.0, "left_hand": 0.0}
    assert report["groups"]["비어 $x$"]["wrist_mean_speed"]["right_hand"] is None
