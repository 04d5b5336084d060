"""Drawing: missing joints leave no trace, sides have their colours, an outlier does not shrink the signer."""

import numpy as np
import pytest

from signllm.errors import ConfigError
from signllm.pose import SKELETON_50, PoseSequence
from signllm.viewing import drawing, fonts
from signllm.viewing.drawing import (
    BACKGROUND,
    FINGER_COLORS,
    SIDE_COLORS,
    draw_frames,
    project,
    view_box,
)
from signllm.viewing.painting import new_canvases

SIZE = 200


def signer(frames=4, fps=25.0):
    """A still signer with spread fingers, in shoulder widths."""
    joints_J3 = np.zeros((50, 3), np.float32)
    body = [(0, -0.6), (0, 0), (-0.5, 0.1), (-0.7, 0.8), (-0.5, 1.2), (0.5, 0.1), (0.7, 0.8), (0.5, 1.2)]
    joints_J3[:8, :2] = body
    for first, wrist in ((8, 7), (29, 4)):
        joints_J3[first] = joints_J3[wrist]
        for finger in range(5):
            for k in range(4):
                offset = (0.1 * (finger - 2), 0.1 * (k + 1), 0.05 * k)
                joints_J3[first + 1 + 4 * finger + k] = joints_J3[wrist] + offset
    return PoseSequence.all_valid(np.repeat(joints_J3[None], frames, axis=0), fps)


def without(pose, joints):
    valid = pose.valid.copy()
    valid[:, joints] = False
    return pose.replace(valid=valid)


def drawn(pose, frame=0, box=None):
    box = box or view_box([pose])
    points_FJ2 = box.to_pixels(project(pose, "front")[frame : frame + 1], SIZE)
    canvas_FHW4 = new_canvases(1, SIZE, BACKGROUND)
    draw_frames(canvas_FHW4, points_FJ2, pose.valid[frame : frame + 1], pose.skeleton, SIZE / box.side)
    return canvas_FHW4[0, ..., :3]


def count(canvas, color, tolerance=3):
    return int((np.abs(canvas.astype(int) - color).max(axis=-1) <= tolerance).sum())


def test_right_hand_is_blue_and_left_hand_orange():
    canvas = drawn(signer())
    middle = SIZE // 2
    assert count(canvas[:, :middle], SIDE_COLORS["right"]) > 50
    assert count(canvas[:, middle:], SIDE_COLORS["left"]) > 50
    assert count(canvas[:, :middle], SIDE_COLORS["left"]) == 0
    for color in FINGER_COLORS["right"]:
        assert count(canvas, color) > 5


def test_a_missing_joint_and_its_bones_are_not_drawn():
    whole = signer()
    box = view_box([whole])
    right_hand = list(SKELETON_50.parts["right_hand"])
    canvas = drawn(without(whole, right_hand), box=box)
    for color in FINGER_COLORS["right"]:
        assert count(canvas, color) == 0
    assert count(canvas, SIDE_COLORS["right"]) > 50  # the arm stays
    # Where nothing of the hand overlaps the arm the picture is empty, and the rest is untouched.
    below = int(box.to_pixels(np.array([[0, 1.3]], np.float32), SIZE)[0, 1])
    assert (canvas[below:, : SIZE // 2] == BACKGROUND).all()
    assert (canvas[:, SIZE // 2 + 30 :] == drawn(whole, box=box)[:, SIZE // 2 + 30 :]).all()


def test_missing_joints_draw_nothing_at_the_origin():
    everything_but_neck = [j for j in range(50) if j != 1]
    pose = without(signer(), everything_but_neck)
    only_neck = drawn(pose, box=view_box([signer()]))
    changed = np.argwhere((only_neck != BACKGROUND).any(axis=-1))
    assert len(changed) < 60  # the neck's own dot
    nothing = drawn(without(signer(), list(range(50))), box=view_box([signer()]))
    assert (nothing == BACKGROUND).all()


def test_an_outlier_does_not_widen_the_box():
    pose = signer(frames=60)
    coordinates = pose.coordinates.copy()
    coordinates[7, 40] = (400, -300, 0)
    coordinates[8:12, 12] = (3.5, -3.0, 0)
    spoilt = view_box([pose.replace(coordinates=coordinates)])
    clean = view_box([pose])
    assert spoilt.side == pytest.approx(clean.side, rel=0.02)
    assert spoilt.left == pytest.approx(clean.left, abs=0.02)
    drawn(pose.replace(coordinates=coordinates), frame=7)  # far outside of the canvas: painted without a fault


def test_the_box_holds_every_clip_whole_at_any_scale():
    raised = signer().coordinates.copy()
    raised[:, [7, *range(8, 29)], 1] -= 2.2
    poses = [signer(), PoseSequence.all_valid(raised, 25)]
    box = view_box(poses)
    for pose in poses:
        pixels = box.to_pixels(project(pose, "front"), SIZE)
        assert pixels.min() > 0
        assert pixels.max() < SIZE
    pixel_units = [pose.replace(coordinates=300 * pose.coordinates + 500, unit="pixels") for pose in poses]
    assert view_box(pixel_units).side == pytest.approx(300 * box.side, rel=1e-3)


def test_of_a_long_clip_some_frames_are_looked_at(monkeypatch):
    pose = signer(frames=60)
    coordinates = pose.coordinates.copy()
    coordinates[:, 5:8, 0] += np.linspace(0, 1, 60)[:, None]
    pose = pose.replace(coordinates=coordinates)
    whole = view_box([pose])
    monkeypatch.setattr(drawing, "_MOST_BOX_FRAMES", 20)
    read = []
    monkeypatch.setattr(drawing, "project", lambda part, view: read.append(len(part)) or project(part, view))
    assert view_box([pose]).side == pytest.approx(whole.side, rel=0.02)
    assert read == [20]


def test_a_clip_without_any_joint_has_a_box():
    assert view_box([without(signer(), list(range(50)))]).side > 0


def test_unknown_view_is_refused():
    with pytest.raises(ConfigError, match="front, side"):
        view_box([signer()], "above")


def test_long_texts_are_wrapped_and_cut_to_the_width():
    text = "Rindfleischetikettierungsüberwachungsaufgabe " * 8
    lines = fonts.wrap(text, 14, 300, lines=2)
    assert len(lines) == 2
    assert lines[1].endswith("…")
    assert all(fonts.text_width(line, 14) <= 300 for line in lines)
    assert fonts.wrap("x" * 400, 14, 300, lines=2)[1].endswith("…")
    assert fonts.wrap("kurz", 14, 300, lines=2) == ["kurz"]
    assert fonts.wrap("", 14, 300, lines=2) == []
