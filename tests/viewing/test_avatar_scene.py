"""A person on pictures: where the clip has its joints, in the colours of its file, in every format and view."""

import math
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from signllm.errors import DataError
from signllm.pose import PoseSequence
from signllm.retargeting import quaternions as q
from signllm.retargeting.reading import OURS, AvatarFile
from signllm.viewing import avatar_scene as scenes
from signllm.viewing import person as persons
from signllm.viewing.avatar_scene import avatar_scene
from signllm.viewing.drawing import BACKGROUND
from signllm.viewing.person import Person
from signllm.viewing.planes import plane_pictures
from signllm.viewing.scene import Scene, contact_sheet
from signllm.viewing.video import write_video
from tests.helpers import rigs
from tests.helpers.clips import signing

SIZE = 128
PARTS = ("Hand", "LowerArm", "IndexIntermediate", "MiddleDistal", "ThumbDistal", "LittleProximal")


def scene_of(*poses, size=SIZE, view="front", avatar=OURS):
    return avatar_scene(Scene.of([(f"clip {n}", pose) for n, pose in enumerate(poses)], "title", size, view), avatar)


def panel(scene, frame, index=0):
    x, y = scene.corner(index)
    return scene.picture(frame)[y : y + scene.size_px, x : x + scene.size_px].astype(int)


def seen_at(scene, frame, role):
    """Where the bone with a role begins on the panel, by the formula of a camera that looks from the front or side."""
    _, motion = scene._motion(0, 0)
    return on_panel(scene, motion.bone_positions()[frame, motion.rig.roles[role]])


def on_panel(scene, points):
    """Pixels of points (..., 3) in the space of the person's file."""
    body = scene.person.body
    point = np.moveaxis(q.rotate(q.inverse(body.turn), points - body.neck) / body.shoulder_width, -1, 0)
    depth = float(np.median(scene.panels[0][1].coordinates[..., 2]))
    x, y, z = {"front": (point[0], -point[1], point[2] - depth), "side": (point[2], -point[1], -point[0])}[scene.view]
    box = scene.box
    distance = box.side / 2 / math.tan(math.radians(13)) + 0.15 * box.shoulder_width
    focal = scene.size_px / 2 / math.tan(math.radians(13))
    middle = np.array([x - box.left - box.side / 2, y - box.top - box.side / 2])
    return np.moveaxis(scene.size_px / 2 + middle * focal / (distance - z), 0, -1)


@pytest.mark.parametrize("view", ["front", "side"])
def test_the_figure_is_where_the_bones_are(view):
    scene = scene_of(signing(3, 12), view=view)
    for frame in (0, 7, 11):
        figure = (np.abs(panel(scene, frame) - BACKGROUND) > 20).any(-1)
        assert 0.05 < figure.mean() < 0.6
        for side in ("left", "right"):
            for part in PARTS:
                x, y = np.floor(seen_at(scene, frame, side + part)).astype(int)
                assert 1 <= min(x, y) <= max(x, y) < SIZE - 1
                assert figure[y - 1 : y + 2, x - 1 : x + 2].any(), (frame, side, part)
    assert not figure[0].any()  # the crown is whole, with air above


@pytest.mark.parametrize("view", ["front", "side"])
def test_the_figure_reaches_as_far_as_its_vertices(view):
    scene = scene_of(signing(5, 6), view=view)
    (_, motion), mesh = scene._motion(0, 0), scene.person.mesh
    matrices_V34 = np.einsum("vk,vkij->vij", mesh.weights, mesh.matrices(motion.rig, *motion.posed())[4][mesh.places])
    pixels = on_panel(scene, np.einsum("vij,vj->vi", matrices_V34[..., :3], mesh.positions) + matrices_V34[..., 3])
    rows, columns = np.nonzero((np.abs(panel(scene, 4) - BACKGROUND) > 8).any(-1))
    ends = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
    expected = np.clip([*pixels.min(0), *pixels.max(0)], 0, SIZE)
    np.testing.assert_allclose(ends, expected, atol=1.2)


@pytest.mark.parametrize("view", ["front", "side"])
def test_a_tall_head_is_not_cut_off(view):
    ours = Person.read(OURS)
    positions = ours.mesh.positions.copy()
    above = positions[:, 1] > 1.5
    positions[above, 1] += positions[above, 1] - 1.5
    tall = Person(replace(ours.mesh, positions=positions), ours.body)
    assert tall.crown == pytest.approx(
        ours.crown + (positions[:, 1].max() - 1.5) / 2 / ours.body.shoulder_width, rel=1e-3
    )
    scene = scene_of(signing(3, 4), view=view)
    taller = replace(scene, person=tall)
    figures = [(np.abs(panel(s, 1) - BACKGROUND) > 20).any(-1) for s in (scene, taller)]
    assert not figures[1][0].any()
    assert taller.box.top < scene.box.top


def test_skin_and_shirt_have_their_colours():
    scene = scene_of(signing(3, 3))
    picture = panel(scene, 1)
    x, y = np.floor(seen_at(scene, 1, "rightHand")).astype(int)
    red, green, blue = picture[y, x]
    assert red > green + 20 > blue + 20
    x, y = np.floor(
        seen_at(scene, 1, "chest") if "chest" in scene.person.body.rig.roles else (SIZE / 2, SIZE / 2)
    ).astype(int)
    assert picture[y, x, 2] > picture[y, x, 0]
    assert picture[y, x].max() < 110


def test_edges_are_smooth():
    picture = panel(scene_of(signing(3, 3)), 1)
    away = np.abs(picture - BACKGROUND).sum(-1)
    partly = (away > 15) & (away < 250)
    assert partly.sum() > 0.2 * np.sqrt((away > 250).sum()) * 4


def test_planes_are_those_of_the_pictures_and_an_ended_clip_is_dimmed():
    scene = scene_of(signing(1, 5), signing(2, 8), size=96)
    height = scene.shape[0]
    for picture_HW4, planes in zip(scene, plane_pictures(scene), strict=True):
        frame = av.VideoFrame.from_ndarray(picture_HW4, format="rgba").reformat(format="yuv420p")
        away = np.abs(frame.to_ndarray().astype(int) - planes)
        assert away[:height].max() <= 1
        assert away[height:].mean() < 0.3
    contrast = [np.abs(panel(scene, frame) - BACKGROUND).sum() for frame in (4, 5, 7)]
    assert 0.2 * contrast[0] < contrast[1] < 0.4 * contrast[0]
    assert contrast[1] == contrast[2]
    assert contact_sheet(scene, 3).width > 3 * 96


def test_clips_of_other_units_and_without_depth(monkeypatch):
    pose = signing(2, 4)
    pixels = pose.replace(coordinates=200 * pose.coordinates, unit="pixels")
    same, other = scene_of(pose), scene_of(pixels)
    assert np.abs(panel(same, 2) - panel(other, 2)).mean() < 1
    monkeypatch.setattr(scenes, "with_depth", lambda clip: clip if clip.coordinates.shape[2] == 3 else pose)
    flat = pose.replace(coordinates=pose.coordinates[..., :2])
    np.testing.assert_array_equal(panel(scene_of(flat, view="side"), 2), panel(scene_of(pose, view="side"), 2))


def test_of_a_long_clip_parts_are_retargeted_one_after_the_other(monkeypatch):
    pose = signing(4, 50)
    whole = scene_of(pose)._matrices(0, np.arange(50))
    monkeypatch.setattr(persons, "WINDOW", 16)
    monkeypatch.setattr(persons, "_MARGIN", 8)
    monkeypatch.setattr(scenes, "WINDOW", 16)
    monkeypatch.setattr(persons, "spread", lambda count, most: np.arange(count))  # tells how large the signer is
    scene, lengths = scene_of(pose), []
    motion = Person.motion
    monkeypatch.setattr(Person, "motion", lambda self, *a: lengths.append(len(motion(self, *a)[1])) or motion(self, *a))
    parts = np.concatenate([scene._matrices(0, np.arange(first, min(first + 10, 60))) for first in range(0, 60, 10)])
    np.testing.assert_allclose(parts[:50], whole, atol=1e-4)
    np.testing.assert_array_equal(parts[50:], np.repeat(parts[49:50], 10, axis=0))
    assert lengths == [24, 32, 26, 10]


@pytest.mark.parametrize("suffix", [".mp4", ".gif", ".webp", ".png"])
def test_every_format_of_pictures(tmp_path, suffix):
    clips = {"person": OURS, "bones": None}
    pictures = {}
    for name, avatar in clips.items():
        path = write_video(tmp_path / f"{name}{suffix}", [("a", signing(1, 6, 100))], size=64, avatar=avatar)
        if suffix == ".mp4":
            with av.open(str(path)) as container:
                found = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
            assert len(found) == 6
            pictures[name] = found[0].astype(int)
        else:
            with Image.open(path) as picture:
                assert getattr(picture, "n_frames", 1) == {".gif": 3, ".webp": 6, ".png": 1}[suffix]
                pictures[name] = np.asarray(picture.convert("RGB")).astype(int)
    dark = {name: (picture.sum(-1) < 200).mean() for name, picture in pictures.items()}
    assert dark["person"] > 3 * dark["bones"]  # the shirt


def test_a_clip_is_saved_with_a_person_of_ones_own(tmp_path):
    """A red square that hangs from the head, and nothing else, in a file with unknown names and their map."""
    red = {"pbrMetallicRoughness": {"baseColorFactor": [1, 0, 0, 1]}, "doubleSided": True}
    glb = rigs.glb_with(material=red, node={"scale": [0.2, 0.2, 0.2]})
    del glb.content["nodes"][-1]["skin"]
    head = next(node for node in glb.content["nodes"] if node["name"] == "head")
    head.setdefault("children", []).append(len(glb.content["nodes"]) - 1)
    (tmp_path / "own.glb").write_bytes(glb.packed())
    clip = signing(1, 4)
    clip.save(tmp_path / "a.png", size=96, avatar=tmp_path / "own.glb")
    clip.save(tmp_path / "b.png", size=96, avatar="ours")
    reds = []
    for name in ("a", "b"):
        picture = np.asarray(Image.open(tmp_path / f"{name}.png").convert("RGB")).astype(int)
        reds.append(((picture[..., 0] > 100) & (picture[..., 1:] < 60).all(-1)).mean())
    assert reds[0] > 0.003
    assert reds[1] < 0.0005
    nameless = rigs.glb_of(rigs.rig_of(rigs.t_pose(), 1))
    (tmp_path / "bare.glb").write_bytes(nameless.packed())
    with pytest.raises(DataError, match="no triangles in it"):
        clip.save(tmp_path / "c.mp4", avatar=tmp_path / "bare.glb")
    assert not (tmp_path / "c.mp4").exists()


def test_a_person_is_read_once_for_many_clips_and_anew_when_the_file_changes(tmp_path):
    path = tmp_path / "own.glb"
    path.write_bytes(OURS.path.read_bytes())
    first = Person.read(AvatarFile(path))
    assert Person.read(AvatarFile(path)) is first
    path.write_bytes(rigs.glb_with().packed())
    assert len(Person.read(AvatarFile(path)).mesh.positions) == 4


def test_a_joint_that_is_missing_leaves_the_person_whole():
    pose = signing(1, 6)
    valid = pose.valid.copy()
    valid[2:4, 29:] = False
    valid[5] = False
    scene = scene_of(PoseSequence(pose.coordinates, valid, 25))
    shares = [(np.abs(panel(scene, frame) - BACKGROUND) > 20).any(-1).mean() for frame in range(6)]
    assert min(shares) > 0.9 * max(shares)
