"""Arrays and JSON of every tracker become the same person; what fits two layouts is refused with both names."""

import json

import numpy as np
import pytest

from signllm.data.clips import open_clips
from signllm.errors import ConfigError, DataError
from signllm.pose.formats.hints import Hints
from signllm.pose.formats.point_layouts import ARRAY_LAYOUTS, CONFIDENCE, LAYOUTS
from signllm.pose.formats.raw_points import forms_of_points, forms_of_width
from tests.helpers.people import assert_same_person, person, points_of

NAMES = [layout.name for layout in ARRAY_LAYOUTS if layout.name != "signllm-50"]


def with_confidence(points, layout):
    """The third number that the layout's tracker writes."""
    if LAYOUTS[layout].third == CONFIDENCE:
        return np.concatenate([points[..., :2], np.full((*points.shape[:2], 1), 0.9)], -1)
    return points


@pytest.mark.parametrize("layout", NAMES)
@pytest.mark.parametrize("flat", [True, False])
def test_arrays_of_every_layout_show_the_same_person(tmp_path, layout, flat):
    joints = person()
    points = with_confidence(points_of(layout, joints), layout).astype(np.float32)
    np.save(tmp_path / "a.npy", points.reshape(len(points), -1) if flat else points)
    (pose,) = open_clips(tmp_path / "a.npy")
    assert_same_person(pose, joints)


@pytest.mark.parametrize("layout", NAMES)
def test_xy_alone_is_enough(tmp_path, layout):
    joints = person(dims=2)
    np.savez(tmp_path / "a.npz", keypoints=points_of(layout, joints).astype(np.float32), fps=30)
    (pose,) = open_clips(tmp_path / "a.npz")
    assert (pose.fps, pose.coordinates.shape[2]) == (30, 2)
    assert_same_person(pose, joints)


@pytest.mark.parametrize(
    ("width", "layout"),
    [(134, "openpose-67"), (150, "signllm-50"), (201, "openpose-67"), (225, "mediapipe-75"), (258, "mediapipe-75"),
     (384, "dwpose-128"), (411, "openpose-137"), (1662, "mediapipe-543")],
)  # fmt: skip
def test_widths_that_are_passed_on_are_known(width, layout):
    assert layout in {form.layout for form in forms_of_width(width)}


def test_counts_of_points_that_are_passed_on_are_known():
    for count in (50, 67, 133, 134, 135, 137, 178, 543, 576, 586):
        assert forms_of_points(count, 2)
        assert forms_of_points(count, 3)
    assert forms_of_points(77, 3) == forms_of_width(7) == ()


def test_mediapipe_rows_with_a_visibility_of_the_body(tmp_path):
    joints = person()
    points = points_of("mediapipe-75", joints)
    body = np.concatenate([points[:, :33], np.ones((len(points), 33, 1))], -1)
    body[3, 16, 3] = 0.2
    np.save(tmp_path / "a.npy", np.concatenate([body.reshape(12, -1), points[:, 33:].reshape(12, -1)], 1))
    (pose,) = open_clips(tmp_path)
    assert np.argwhere(~pose.valid).tolist() == [[3, 4]]


def test_what_no_layout_makes_a_person_of_is_refused_with_the_names_that_fit(tmp_path):
    np.save(tmp_path / "a.npy", np.random.default_rng(0).normal(size=(9, 543, 3)))
    with pytest.raises(DataError, match=r"mediapipe-543.*mediapipe-asl-signs.*--layout"):
        list(open_clips(tmp_path))
    with pytest.raises(DataError, match=r"--layout dwpose-134 does not fit; these points are mediapipe-543"):
        list(open_clips(tmp_path, layout="dwpose-134"))


def test_a_named_layout_is_taken_beside_the_sides(tmp_path):
    np.save(tmp_path / "a.npy", points_of("openpose-137", person(dims=2)))
    plain, swapped = (
        next(iter(open_clips(tmp_path, layout=name))) for name in ("openpose-137", "openpose-137,left-first")
    )
    np.testing.assert_array_equal(plain.with_sides_swapped().coordinates, swapped.coordinates)


def test_hints_say_everything_that_is_wrong_at_once():
    with pytest.raises(ConfigError) as caught:
        Hints("openpose-68", axes="x,y", aspect="wide", third="z", mirror="maybe", depth="deep")
    assert len(caught.value.faults) == 6
    assert "did you mean 'openpose-67'" in caught.value.faults[0]


@pytest.mark.parametrize("fps", ["fast", 0, 2e4, [], [[30.0]]])
def test_a_frame_rate_beside_the_points_counts_where_it_is_one(tmp_path, fps):
    np.savez(tmp_path / "a.npz", keypoints=points_of("openpose-67", person(dims=2)), fps=fps)
    (pose,) = open_clips(tmp_path / "a.npz")
    assert pose.fps == (30 if fps == [[30.0]] else 25)


def test_rows_of_several_clips_in_one_array(tmp_path):
    joints = [person(seed=seed) for seed in range(3)]
    np.save(tmp_path / "a.npy", np.stack([points_of("mediapipe-75", clip).reshape(12, -1) for clip in joints]))
    clips = open_clips(tmp_path / "a.npy")
    assert clips.names == ["a_00000", "a_00001", "a_00002"]
    for pose, wanted in zip(clips, joints, strict=True):
        assert_same_person(pose, wanted)


def test_pickled_arrays_are_refused_and_never_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{"x": 1}], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "b.npz", person_0=np.array({"body": 1}, dtype=object))
    for name in "ab":
        with pytest.raises(DataError, match=r"pickled Python objects.*never opened"):
            list(open_clips(next(tmp_path.glob(f"{name}.*"))))


def test_sizes_are_checked_before_memory_is_taken(tmp_path):
    with open(tmp_path / "a.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**9, 134)})
    with pytest.raises(DataError, match=r"a\.npy: cut off"):
        list(open_clips(tmp_path / "a.npy"))


def openpose_people(joints, others=()):
    """The value of one OpenPose file a frame; `others` are bystanders as (scale, origin)."""
    frames = []
    everyone = [points_of("openpose-67", joints)]
    everyone += [points_of("openpose-67", np.repeat(joints[:1], len(joints), 0), *other) for other in others]
    for frame in range(len(joints)):
        people = []
        for points in everyone:
            flat = np.concatenate([points[frame, :, :2], np.full((67, 1), 0.8)], -1)
            parts = {"pose": flat[:25], "hand_left": flat[25:46], "hand_right": flat[46:]}
            people.append({f"{name}_keypoints_2d": part.ravel().tolist() for name, part in parts.items()})
        frames.append({"version": 1.3, "people": people[::-1] if frame % 2 else people})
    return frames


@pytest.mark.parametrize("others", [(), ((60.0, (1200.0, 200.0)),)])
def test_openpose_a_file_a_frame_is_the_one_who_signs(tmp_path, others):
    joints = person(dims=2)
    for number, frame in enumerate(openpose_people(joints, others)):
        path = tmp_path / "clip_a" / f"clip_a_{number:012d}_keypoints.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(frame))
    (pose,) = open_clips(tmp_path)
    assert_same_person(pose, joints)


def test_a_frame_without_people_is_missing(tmp_path):
    frames = openpose_people(person(dims=2))
    frames[4]["people"] = []
    (tmp_path / "a.json").write_text(json.dumps(frames))
    (pose,) = open_clips(tmp_path)
    assert not pose.valid[4].any()
    assert pose.valid[5].any()


def _alphapose(joints):
    points = with_confidence(points_of("coco-wholebody-133", joints), "coco-wholebody-133")
    return [{"image_id": f"{n}.jpg", "category_id": 1, "keypoints": row.ravel().tolist(), "score": 2.0}
            for n, row in enumerate(points)]  # fmt: skip


def _mmpose(joints):
    points = points_of("coco-wholebody-133", joints)
    rows = [{"keypoints": row.tolist(), "keypoint_scores": [0.9] * 133} for row in points]
    frames = [{"frame_id": n + 1, "instances": [row]} for n, row in enumerate(rows)]
    return {"meta_info": {}, "instance_info": frames}


def _mediapipe(joints):
    points = points_of(
        "mediapipe-75", np.concatenate([joints, np.zeros((*joints.shape[:2], 1))], -1), 0.2, (0.5, 0.4), 0.1
    )

    def marks(part):
        return {
            "landmark": [dict(zip(("x", "y", "z"), point, strict=True), visibility=0.99) for point in part.tolist()]
        }

    return [
        {"pose_landmarks": marks(p[:33]), "left_hand_landmarks": marks(p[33:54]), "right_hand_landmarks": marks(p[54:])}
        for p in points
    ]


@pytest.mark.parametrize("write", [_alphapose, _mmpose, _mediapipe])
def test_json_of_other_trackers(tmp_path, write):
    joints = person(dims=2)
    (tmp_path / "a.json").write_text(json.dumps(write(joints)))
    (pose,) = open_clips(tmp_path, hints=Hints(aspect="1:1"))
    assert_same_person(pose, joints)


@pytest.mark.parametrize("body", [17, 18, 25])
@pytest.mark.parametrize("numbers", [2, 3])
def test_json_whose_numbers_stand_in_a_row(tmp_path, body, numbers):
    joints, layout = person(dims=2), {17: "coco-59", 18: "openpose-coco-60", 25: "openpose-67"}[body]
    points = with_confidence(points_of(layout, joints), layout)[..., :numbers]
    ends = {"pose": (0, body), "left_hand": (body, body + 21), "right_hand": (body + 21, body + 42)}
    frames = [{f"{name}_landmarks": row[first:end].ravel().tolist() for name, (first, end) in ends.items()}
              for row in points]  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps(frames))
    (pose,) = open_clips(tmp_path, hints=Hints(aspect="1:1"))
    assert_same_person(pose, joints)


def test_a_file_of_tensors_that_is_none_says_why_in_one_line(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"no tensors")
    with pytest.raises(DataError, match=r"a\.pt: torn, or not tensors alone; .* never opened \(.+\)") as caught:
        list(open_clips(tmp_path / "a.pt"))
    assert "\n" not in str(caught.value)


def test_dwpose_arrays_a_frame(tmp_path):
    joints = person(dims=2)
    (tmp_path / "signer").mkdir()
    for number, row in enumerate(points_of("dwpose-134", joints)):
        np.savez(tmp_path / "signer" / f"{number:08d}.npz", keypoints=row, scores=np.full(134, 0.7))
    (pose,) = open_clips(tmp_path)
    assert_same_person(pose, joints)


def test_parts_of_a_body_in_arrays_of_their_own(tmp_path):
    joints = person(dims=2)
    points = points_of("coco-59", joints)
    scores = np.full((12, 21), 0.9)
    scores[2] = 0.1
    np.savez(
        tmp_path / "a.npz", body_keypoints=points[:, :17], left_hand_keypoints=points[:, 17:38],
        right_hand_keypoints=points[:, 38:], body_scores=np.ones((12, 17)), left_hand_scores=scores,
        right_hand_scores=np.ones((12, 21)),
    )  # fmt: skip
    (pose,) = open_clips(tmp_path)
    assert not pose.valid[2, 8:29].any()
    assert pose.valid[2, 29:].all()


@pytest.mark.parametrize(
    ("layout", "counter"),
    [("dwpose-134", True), ("dwpose-134", False), ("mediapipe-75", False), ("signllm-50", False)],
)
def test_lines_of_other_widths_are_read(tmp_path, layout, counter):
    joints = person(dims=2 if layout != "signllm-50" else 3)
    points = points_of(layout, joints, 1 / 3, (0, 0), 0.05) if layout == "signllm-50" else points_of(layout, joints)
    rows = points.reshape(12, -1)
    rows = np.concatenate([rows, np.arange(1, 13)[:, None] / 12], 1) if counter else rows
    (tmp_path / "a.skels").write_text(" ".join(f"{value:.5f}" for value in rows.ravel()) + "\n")
    (pose,) = open_clips(tmp_path / "a.skels")
    assert_same_person(pose, joints)


def test_hdf5_holds_a_clip_a_group_or_an_array(tmp_path):
    h5py = pytest.importorskip("h5py", reason="h5py, an extra, is not installed")
    joints = person(dims=2)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["train/one/keypoints"] = points_of("openpose-137", joints)
        file["train/two/keypoints"] = points_of("openpose-137", joints)[:5]
        file["train/two/fps"] = 30.0
    clips = open_clips(tmp_path)
    assert clips.names == ["train/one", "train/two"] or clips.names == ["one", "two"]
    assert_same_person(clips[0], joints)
    assert (len(clips[1]), clips[1].fps) == (5, 30)


def test_a_missing_extra_says_what_to_install(tmp_path, monkeypatch):
    (tmp_path / "a.h5").write_bytes(b"x")
    monkeypatch.setitem(__import__("sys").modules, "h5py", None)
    with pytest.raises(DataError, match=r"a\.h5: \.h5 files are read through the package h5py.*pip install h5py"):
        list(open_clips(tmp_path / "a.h5"))
