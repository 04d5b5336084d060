"""The player in a real browser, opened from the disk with the network off."""

from pathlib import Path

import numpy as np
import pytest

from tests.helpers.pages import picture, wait_until

AXE = Path(__file__).resolve().parents[2] / "player" / "node_modules" / "axe-core" / "axe.min.js"


def state(page):
    return page.evaluate("signllmPlayer.state")


def joint(page, panel, name):
    return page.evaluate("([panel, name]) => signllmPlayer.joint(panel, name)", [panel, name])


def wait(page, condition):
    wait_until(page, f"(() => {{ const s = signllmPlayer.state; return {condition} }})()")


def blueish(image):
    """How many pixels have the colour of the right side."""
    return int((image[..., 2] > image[..., 0] + 60).sum())


def test_the_signer_is_seen_and_moves(open_page, player_file):
    page = open_page(player_file)
    first = picture(page)
    assert blueish(first) > 200
    assert len(np.unique(first.reshape(-1, 3), axis=0)) > 200
    before = joint(page, 0, "right_wrist")
    page.get_by_role("button", name="Play", exact=True).click()
    wait(page, "s.playing && s.frame > 5")
    page.get_by_role("button", name="Pause", exact=True).click()
    assert np.abs(np.subtract(joint(page, 0, "right_wrist"), before)).max() > 0.02
    assert np.abs(picture(page) - first).max() > 60
    assert not state(page)["playing"]


def test_it_plays_by_itself_where_motion_is_welcome(open_page, player_file):
    page = open_page(player_file, reduced_motion="no-preference")
    wait(page, "s.playing && s.frame > 2")


def test_scrubbing_and_frame_steps_show_that_very_frame(open_page, player_file):
    page = open_page(player_file)
    slider = page.get_by_role("slider", name="Position in the clip")
    slider.fill("23")
    assert state(page)["frame"] == 23
    shown = joint(page, 0, "right_index_4")
    page.get_by_role("button", name="Next frame").click()
    assert state(page)["frame"] == 24
    assert joint(page, 0, "right_index_4") != shown
    page.get_by_role("button", name="Previous frame").click()
    assert joint(page, 0, "right_index_4") == shown
    assert slider.get_attribute("aria-valuetext") == "0.92 s, frame 24 of 40, BOOK"


def test_a_missing_joint_is_missing_and_says_so(open_page, player_file):
    page = open_page(player_file)
    assert joint(page, 0, "left_index_4") is None
    assert joint(page, 0, "right_index_4") is not None
    assert page.get_by_text("21 joints missing").is_visible()


def test_the_gloss_of_the_moment_is_lit_and_leads_there(open_page, player_file):
    page = open_page(player_file)
    lit = page.locator(".segments [aria-current]")
    assert lit.count() == 0
    page.get_by_role("button", name="BOOK").click()
    assert state(page)["frame"] == 20
    assert lit.all_inner_texts() == ["BOOK"]


def test_without_a_graphics_card_edges_are_smoothed_while_the_picture_stands_still(open_page, player_file):
    page = open_page(player_file)
    pixels = "document.querySelector('canvas').width / document.querySelector('canvas').clientWidth"
    wait_until(page, f"Math.abs({pixels} - 2) < 0.01")
    page.keyboard.press(" ")
    wait_until(page, f"Math.abs({pixels} - 1) < 0.01")
    page.keyboard.press(" ")
    wait_until(page, f"Math.abs({pixels} - 2) < 0.01")


def test_views_mirror_and_trails_change_the_picture(open_page, player_file):
    page = open_page(player_file)
    page.get_by_role("slider").fill("30")
    front = picture(page)
    for name in ("Side", "Top"):
        page.get_by_role("button", name=name, exact=True).click()
        assert np.abs(picture(page) - front).mean() > 1
    page.get_by_role("button", name="Front", exact=True).click()
    assert np.abs(picture(page) - front).mean() < 0.01
    right = page.evaluate("signllmPlayer.onPage(0, 'right_shoulder').x")
    left = page.evaluate("signllmPlayer.onPage(0, 'left_shoulder').x")
    page.get_by_role("button", name="Mirror").click()
    picture(page)
    assert right < left
    assert page.evaluate("signllmPlayer.onPage(0, 'right_shoulder').x") == pytest.approx(left, abs=3)
    page.get_by_role("button", name="Mirror").click()
    page.get_by_role("button", name="Trails").click()
    assert np.abs(picture(page) - front).max() > 40


def test_the_mouse_turns_zooms_and_names_joints(open_page, player_file):
    page = open_page(player_file)
    front = picture(page)
    at = page.evaluate("signllmPlayer.onPage(0, 'right_index_2')")
    page.mouse.move(at["x"], at["y"])
    tip = page.locator(".tip")
    tip.wait_for()
    assert tip.inner_text().startswith("right index finger 2")
    box = page.locator("canvas").bounding_box()
    x, y = box["x"] + 60, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    tip.wait_for(state="hidden")
    page.mouse.down()
    page.mouse.move(x + 160, y + 20, steps=4)
    page.mouse.up()
    assert state(page)["view"] is None
    turned = picture(page)
    assert np.abs(turned - front).mean() > 1
    page.mouse.wheel(0, -400)
    assert blueish(picture(page)) > 1.15 * blueish(turned)


def test_several_signers_go_in_step(open_page, player_file):
    page = open_page(player_file)
    page.get_by_role("button", name="Next clip").click()
    assert page.get_by_role("heading").inner_text() == "compared"
    assert [panel["name"] for panel in state(page)["panels"]] == ["recording", "model", "other"]
    assert state(page)["frames"] == 60
    page.get_by_role("slider").fill("45")
    frames = [panel["frame"] for panel in state(page)["panels"]]
    assert frames == [39, 45, 29]
    assert [panel["ended"] for panel in state(page)["panels"]] == [True, False, True]
    box = page.locator("canvas").bounding_box()
    for panel in range(3):
        third = box["width"] / 3
        part = {**box, "x": box["x"] + panel * third, "width": third}
        assert blueish(picture(page, part)) > 100


def test_aligned_clips_follow_the_reference(open_page, player_file):
    page = open_page(player_file)
    page.keyboard.press("PageDown")
    page.get_by_role("button", name="Aligned").click()
    assert state(page)["frames"] == 40
    page.get_by_role("slider").fill("26")
    assert joint(page, 1, "right_wrist") == pytest.approx(joint(page, 0, "right_wrist"), abs=0.05)
    page.get_by_role("button", name="Aligned").click()
    page.get_by_role("slider").fill("26")
    assert joint(page, 1, "right_wrist") != pytest.approx(joint(page, 0, "right_wrist"), abs=0.05)


def test_a_flat_clip_is_called_flat(open_page, player_file):
    page = open_page(player_file)
    page.get_by_role("combobox", name="Clip").select_option("2")
    assert page.get_by_text("2D", exact=True).is_visible()
    assert "no depth" in page.locator(".facts").inner_text()


def test_it_speaks_english_and_chinese(open_page, player_file):
    page = open_page(player_file)
    assert page.locator("html").get_attribute("lang") == "en"
    page.get_by_role("button", name="中文").click()
    assert page.locator("html").get_attribute("lang") == "zh"
    assert page.get_by_role("button", name="播放", exact=True).is_visible()
    assert "备注" in page.locator(".facts").inner_text()
    chinese = open_page(player_file, locale="zh-CN")
    assert chinese.get_by_role("button", name="俯视").is_visible()


def test_text_from_the_data_is_text(open_page, player_file):
    page = open_page(player_file)
    assert page.get_by_role("heading").inner_text() == "the <b>book</b>"
    assert page.locator("b:text('book')").count() == 0


def test_by_keyboard_alone(open_page, player_file):
    page = open_page(player_file)
    press = page.keyboard.press
    press("ArrowRight")
    assert state(page)["frame"] == 1
    press("End")
    assert state(page)["frame"] == 39
    press("Home")
    press("ArrowLeft")
    assert state(page)["frame"] == 39  # in a loop
    press("2")
    assert state(page)["view"] == "side"
    press("Shift+ArrowLeft")
    assert state(page)["view"] is None
    for key, name in (("m", "mirror"), ("l", "loop"), ("s", "smooth"), ("t", "trails")):
        before = state(page)["switches"][name]
        press(key)
        assert state(page)["switches"][name] is not before
    press("]")
    assert state(page)["speed"] == 1.5
    press("PageDown")
    press("a")
    assert state(page)["switches"]["aligned"]
    press("c")
    assert page.locator("html").get_attribute("data-contrast") == "high"
    press(" ")
    wait(page, "s.playing && s.frame > 1")
    press("?")
    assert page.get_by_role("dialog").is_visible()
    press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_every_button_is_reached_and_pressed_by_the_tabulator(open_page, player_file):
    page = open_page(player_file)
    reached = set()
    for _ in range(30):
        page.keyboard.press("Tab")
        label = "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent"
        reached.add(page.evaluate(label))
    assert {"Next clip", "High contrast", "Keys and gestures", "Play", "Next frame"} <= reached
    assert {"Side", "Mirror", "Trails"} <= reached
    page.get_by_role("button", name="Mirror").focus()
    page.keyboard.press(" ")
    assert state(page)["switches"]["mirror"]
    assert not state(page)["playing"]


def test_at_the_end_it_stops_where_it_does_not_loop(open_page, player_file):
    page = open_page(player_file)
    page.keyboard.press("l")
    page.get_by_role("slider").fill("36")
    page.get_by_role("button", name="Play", exact=True).click()
    wait(page, "!s.playing")
    assert state(page)["frame"] == 39


def test_on_a_telephone(open_page, player_file):
    page = open_page(player_file, 390, 740, touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.documentElement.scrollHeight") <= 740
    assert blueish(picture(page)) > 100
    front = picture(page)
    box = page.locator("canvas").bounding_box()
    touch = page.context.new_cdp_session(page)
    x, y = box["x"] + 40, box["y"] + box["height"] / 2
    for kind, points in (("Start", [(x, y)]), ("Move", [(x + 70, y)]), ("Move", [(x + 120, y)]), ("End", [])):
        places = [{"x": x, "y": y} for x, y in points]
        touch.send("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": places})
    assert np.abs(picture(page) - front).mean() > 1
    page.get_by_role("button", name="Next clip").tap()
    wait(page, "s.panels.length === 3")
    for button in page.get_by_role("button").all():
        found = button.bounding_box()
        assert found is None or found["height"] >= 24


@pytest.mark.parametrize("contrast", ["normal", "high"])
def test_accessibility_rules_of_axe(open_page, player_file, contrast):
    if not AXE.exists():
        pytest.skip("no axe-core: run `make player`")
    page = open_page(player_file)
    if contrast == "high":
        page.get_by_role("button", name="High contrast").click()
    page.get_by_role("button", name="BOOK").click()
    page.evaluate(AXE.read_text(encoding="utf-8"))
    for _ in range(2):
        found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
        told = [(rule["id"], node["html"]) for rule in found["violations"] for node in rule["nodes"]]
        assert told == []
        page.keyboard.press("?")
