"""The avatar in a real browser: bones where the retargeted clip has them, and a person on the canvas."""

import numpy as np
import pytest

from signllm.retargeting import quaternions as q
from signllm.retargeting.reading import OURS, read_rig
from signllm.retargeting.retarget import retarget
from signllm.viewing.avatar_scene import avatar_scene
from signllm.viewing.drawing import BACKGROUND, view_box, with_head
from signllm.viewing.painting import new_canvases
from signllm.viewing.player.avatars import PageAvatar
from signllm.viewing.player.page import Figure, PlayerScene, write_player
from signllm.viewing.scene import Scene
from tests.helpers.clips import signing
from tests.helpers.pages import picture, wait_until

BONES = ("leftHand", "rightHand", "rightIndexDistal", "leftThumbDistal")


@pytest.fixture(scope="module")
def avatar_file(tmp_path_factory):
    scene = PlayerScene("one", [Figure("clip", signing(1, 20)), Figure("other", signing(2, 20))], "hello")
    return write_player(tmp_path_factory.mktemp("avatar") / "avatar.html", [scene], avatar=PageAvatar.read())


def skin(image):
    """How many pixels are brown."""
    red, green, blue = np.moveaxis(image, -1, 0)
    return int(((red > green + 20) & (green > blue + 5) & (red > 60)).sum())


def test_the_avatar_signs_what_was_retargeted(open_page, avatar_file):
    page = open_page(avatar_file)
    wait_until(page, "signllmPlayer.state.figure === 'avatar'")
    assert skin(picture(page)) > 300
    rig, placed = read_rig(), PageAvatar.read().packed()
    clip = retarget(signing(1, 20), rig)
    expected_FB3 = placed["scale"] * q.rotate(np.array(placed["turn"]), clip.bone_positions()) + placed["origin"]
    for frame in (0, 13):
        page.get_by_role("slider").fill(str(frame))
        for role in BONES:
            node = int(rig.nodes[rig.roles[role]])
            found = page.evaluate("([panel, node]) => signllmPlayer.bone(panel, node)", [0, node])
            assert found == pytest.approx(expected_FB3[frame, rig.roles[role]], abs=2e-3), (frame, role)


def test_trails_are_where_the_avatars_hands_were(open_page, avatar_file):
    page = open_page(avatar_file)
    wait_until(page, "signllmPlayer.state.hasAvatar")
    page.keyboard.press("t")
    rig = read_rig()
    for hand, role in enumerate(("rightMiddleProximal", "leftMiddleProximal")):
        node = int(rig.nodes[rig.roles[role]])
        were = []
        for frame in (18, 8):
            page.get_by_role("slider").fill(str(frame))
            were.append(page.evaluate("([panel, node]) => signllmPlayer.bone(panel, node)", [0, node]))
        page.get_by_role("slider").fill("18")
        trail = page.evaluate("(hand) => signllmPlayer.trail(0, hand)", hand)
        assert trail[0] == pytest.approx(were[0], abs=1e-4)
        lengths = np.linalg.norm(np.array(trail) - were[1], axis=1)
        # A piece is 25/24 of a frame, so an end of one is within half a piece of where the hand was ten frames before.
        assert lengths.min() < 0.6 * np.linalg.norm(np.diff(trail, axis=0), axis=1).max()
        assert np.linalg.norm(np.subtract(*were)) > 0.02


def test_skeleton_and_avatar_change_places(open_page, avatar_file):
    page = open_page(avatar_file)
    wait_until(page, "signllmPlayer.state.hasAvatar")
    person = picture(page)
    page.get_by_role("button", name="Skeleton").click()
    assert skin(picture(page)) < skin(person) / 2
    page.keyboard.press("f")
    assert page.evaluate("signllmPlayer.state.figure") == "avatar"
    assert np.abs(picture(page) - person).mean() < 0.01
    page.keyboard.press("m")
    assert np.abs(picture(page) - person).mean() > 0.3


def test_videos_show_what_the_browser_shows(open_page, tmp_path):
    """Two programs draw the same frame: three.js, and the compiled code that draws videos of avatars."""
    clip = signing(1, 20)
    scene = PlayerScene("one", [Figure("clip", clip)])
    page = open_page(write_player(tmp_path / "one.html", [scene], avatar=PageAvatar.read()))
    wait_until(page, "signllmPlayer.state.figure === 'avatar'")
    page.get_by_role("slider").fill("13")
    shown_HW3 = picture(page)
    size = shown_HW3.shape[0]
    video = avatar_scene(Scene.of([("clip", clip)], size_px=size), OURS)
    video.__dict__["box"] = with_head(view_box([clip]))  # videos make room for longer arms
    drawn_FHW4 = new_canvases(1, size, BACKGROUND)
    video.draw_panels(drawn_FHW4, 0, [13])
    left = (shown_HW3.shape[1] - size) // 2
    away_HW = np.abs(shown_HW3[:, left : left + size] - drawn_FHW4[0, ..., :3]).max(-1)
    figure_HW = (np.abs(drawn_FHW4[0, ..., :3].astype(int) - BACKGROUND) > 20).any(-1)
    assert figure_HW.mean() > 0.1
    assert np.median(away_HW[figure_HW]) <= 2
    assert (away_HW[figure_HW] > 30).mean() < 0.06  # edges, where a pixel of one is half a pixel of the other
