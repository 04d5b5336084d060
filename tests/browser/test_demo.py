"""The demo in a real browser, served by this process over loopback: every visitor's way through it."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from signllm.config import parse_config
from signllm.config.loading import apply_overrides
from tests.helpers.lexicons import small_lexicon
from tests.helpers.pages import picture, wait_until
from tests.helpers.serving import listening, tiny_generator
from tests.helpers.tiny import TINY

AXE = Path(__file__).resolve().parents[2] / "player" / "node_modules" / "axe-core" / "axe.min.js"
TOKEN = "a-token-of-24-characters"


def make_app(access=None, limits=None):
    import torch

    from signllm.serving.app import make_app as make
    from signllm.serving.batching import Batcher
    from signllm.serving.guard import Access
    from signllm.serving.models import Models, ServedModel
    from signllm.viewing.player.avatars import PageAvatar

    torch.manual_seed(0)
    served = []
    for name, kind in (("one", "parallel"), ("two", "progressive"), ("drawn", "flow")):
        overrides = [f"model.pose_decoder.type={kind}", "data.max_frames=30"]
        generator = tiny_generator(parse_config(apply_overrides(TINY, overrides)))
        served.append(ServedModel(name, generator, Batcher(generator)))
    return make(Models(served), access or Access(), limits, PageAvatar.read())


@pytest.fixture(scope="module")
def app():
    pytest.importorskip("fastapi", reason="no FastAPI: pip install -r requirements-serve.txt")
    return make_app()


@pytest.fixture(scope="module")
def address(app):
    with listening(app) as (host, port):
        yield f"http://{host}:{port}/"


@pytest.fixture
def open_demo(chromium):
    """Open the demo; every error on the page, breach of its policy and request to elsewhere fails the test."""
    contexts, faults = [], []

    def open_at(address, width=1000, height=700, locale="en-US", touch=False, scheme="light", expect=()):
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            reduced_motion="reduce",
            color_scheme=scheme,
            has_touch=touch,
            is_mobile=touch,
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))

        def hear(message):
            if message.type == "error" and not any(words in message.text for words in expect):
                faults.append(message.text)

        page.on("console", hear)
        own = (address.split("/?")[0].rstrip("/"), "data:", "blob:")
        page.on("request", lambda request: request.url.startswith(own) or faults.append(request.url))
        page.goto(address)
        return page

    yield open_at
    for context in contexts:
        context.close()
    assert faults == []


def ready(page):
    wait_until(page, "window.signllmDemo?.player?.state.drawn > 0 && signllmDemo.player.state.figure === 'avatar'")
    return page


def sign(page, text):
    page.get_by_label("What should be signed?").fill(text)
    page.get_by_role("button", name="Sign", exact=True).click()
    signed(page, text)


def signed(page, text):
    page.wait_for_timeout(20)
    wait_until(page, f"!signllmDemo.running && signllmDemo.shown === {json.dumps(text)}")


def state(page):
    return page.evaluate("signllmDemo.player.state")


def joint(page, panel, name):
    return page.evaluate("([panel, name]) => signllmDemo.player.joint(panel, name)", [panel, name])


def bone(page, panel, node):
    return page.evaluate("([panel, node]) => signllmDemo.player.bone(panel, node)", [panel, node])


def hand_node():
    from signllm.retargeting.reading import read_rig

    rig = read_rig()
    return int(rig.nodes[rig.roles["rightHand"]])


def test_a_sentence_is_typed_and_watched(open_demo, address, app):
    page = ready(open_demo(address))
    idle = picture(page)
    assert len(np.unique(idle.reshape(-1, 3), axis=0)) > 200
    sign(page, "the zebra")
    clip = app.app.state.serving.store._clips[next(reversed(app.app.state.serving.store._clips))]
    assert state(page)["frames"] == len(clip.pose) > 5
    slider = page.get_by_role("slider", name="Position in the clip")
    hand, seen, pictures = hand_node(), [], []
    for frame in (0, len(clip.pose) - 1):
        slider.fill(str(frame))
        place = joint(page, 0, "right_wrist")
        assert place == pytest.approx(clip.pose.coordinates[frame, 4], abs=1e-6)
        seen.append(bone(page, 0, hand))
        pictures.append(picture(page))
    assert np.abs(np.subtract(*seen)).max() > 0.01
    assert np.abs(pictures[0] - pictures[1]).max() > 60
    assert page.get_by_role("heading", name="the zebra").is_visible()
    assert "zebra" in page.get_by_role("region", name="What the model does not know").inner_text()
    page.get_by_role("button", name="Play", exact=True).click()
    wait_until(page, "signllmDemo.player.state.playing")


def test_a_paragraph_stands_on_the_line_of_time(open_demo, address):
    page = ready(open_demo(address))
    sign(page, "the book. it will rain.")
    page.get_by_role("button", name="it will rain.", exact=True).click()
    first = state(page)["segments"][1]["start"]
    assert state(page)["frame"] == round(first * 25)
    assert page.locator(".segments [aria-current]").inner_text() == "it will rain."


def test_two_models_sign_side_by_side(open_demo, address):
    page = ready(open_demo(address))
    page.get_by_label("Side by side with").select_option("two")
    sign(page, "the book")
    assert [panel["name"] for panel in state(page)["panels"]] == ["one", "two"]
    page.get_by_role("slider", name="Position in the clip").fill("3")
    assert joint(page, 0, "right_wrist") != joint(page, 1, "right_wrist")
    assert bone(page, 1, hand_node()) is not None
    assert page.get_by_role("group", name="Download · two").is_visible()
    page.locator("#past button").first.click()
    assert len(state(page)["panels"]) == 2


def test_options_are_those_of_the_model_and_reach_it(open_demo, address):
    page = ready(open_demo(address))
    page.get_by_text("Options", exact=True).click()
    assert not page.get_by_label("Seed").is_visible()
    page.locator("#model").select_option("drawn")
    page.get_by_label("Seed").fill("7")
    page.get_by_label("steps").fill("2")
    page.get_by_label("Sign language").select_option("GSL")
    with page.expect_request("**/api/sign") as asked:
        sign(page, "das Buch")
    sent = asked.value.post_data_json
    assert sent == {
        "text": "das Buch",
        "model": "drawn",
        "language": "GSL",
        "seed": 7,
        "avatar": True,
        "options": {"steps": 2},
    }
    page.get_by_label("steps").fill("99")
    page.get_by_label("What should be signed?").fill("das Buch")


def test_what_is_wrong_is_said_at_the_text(open_demo, address):
    page = ready(open_demo(address, expect=("422",)))
    text = page.get_by_label("What should be signed?")
    page.get_by_role("button", name="Sign", exact=True).click()
    alert = page.get_by_role("alert")
    assert alert.inner_text() == "Please type a text to sign."
    assert text.get_attribute("aria-invalid") == "true"
    text.fill("x" * 2001)
    page.get_by_role("button", name="Sign", exact=True).click()
    assert "2001 characters" in alert.inner_text()
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Refuse words").check()
    text.fill("the zebra")
    page.keyboard.press("Control+Enter")
    wait_until(page, "!document.getElementById('fault').hidden && !signllmDemo.running")
    assert "zebra" in alert.inner_text()
    assert page.evaluate("document.activeElement.id") == "text"


def test_a_full_server_says_when_to_come_again(open_demo, address, app):
    page = ready(open_demo(address, expect=("429",)))
    places = app.app.state.serving.places
    before, places.taken = places.taken, places.count
    try:
        page.get_by_label("What should be signed?").fill("the book")
        page.get_by_role("button", name="Sign", exact=True).click()
        wait_until(page, "!signllmDemo.running")
        assert "try again in 1 s" in page.locator("#status").inner_text()
    finally:
        places.taken = before


def test_what_is_typed_is_never_markup(open_demo, address):
    page = ready(open_demo(address))
    text = "<img src=x onerror=alert(1)>"
    sign(page, text)
    assert page.get_by_role("heading", name=text).is_visible()
    assert page.locator("#said img, #past img, #notes img").count() == 0


def readers(tmp_path):
    """How a file of each format is opened again: what it holds, as a number of frames or None."""
    import av
    from PIL import Image

    from signllm.data.clips import open_clips
    from signllm.retargeting.glb import Glb

    def frames_of(path):
        ((_, clip),) = open_clips(path).items()
        return len(clip)

    def video(path):
        with av.open(str(path)) as file:
            return sum(1 for _ in file.decode(video=0))

    return {
        "npz": frames_of, "skels": frames_of, "pose": frames_of, "mp4": video,
        "gif": lambda path: Image.open(path).n_frames,
        "png": lambda path: Image.open(path).width and None,
        "glb": lambda path: len(Glb.read(path).content["animations"]) and None,
        "json": lambda path: json.loads(path.read_text(encoding="utf-8"))["frames"],
    }  # fmt: skip


def test_every_format_is_downloaded_and_opened_again(open_demo, open_page, address, tmp_path):
    page = ready(open_demo(address))
    sign(page, "the book")
    frames, how = state(page)["frames"], readers(tmp_path)
    buttons = page.get_by_role("group", name="Download").get_by_role("button")
    formats = buttons.all_inner_texts()
    assert set(how) | {"html"} <= set(formats)
    for name in formats:
        with page.expect_download() as got:
            page.locator(f"[data-format={name}]").click()
        path = tmp_path / got.value.suggested_filename
        got.value.save_as(path)
        assert path.name == f"ASL_the-book.{name}"
        assert path.stat().st_size > 100
        counted = how[name](path) if name in how else None
        assert counted in (frames, None) or (name == "gif" and counted > 1), name
    shown = open_page(tmp_path / "ASL_the-book.html")
    assert shown.evaluate("signllmPlayer.state.frames") == frames


def test_by_keyboard_alone(open_demo, address):
    page = ready(open_demo(address))
    wait_until(page, "document.activeElement.id === 'text'")
    page.keyboard.type("the book")
    page.keyboard.press("Tab")
    for _ in range(12):
        if page.evaluate("document.activeElement.id") == "go":
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    signed(page, "the book")
    for _ in range(8):
        if page.evaluate("document.activeElement.tagName") == "CANVAS":
            break
        page.keyboard.press("Tab")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    assert state(page)["frame"] == 3
    page.keyboard.press("m")
    assert state(page)["switches"]["mirror"]
    page.keyboard.press("f")
    assert state(page)["figure"] == "skeleton"
    page.get_by_label("What should be signed?").focus()
    page.keyboard.type("fml")
    assert state(page)["figure"] == "skeleton"  # typing is typing


def test_on_a_phone(open_demo, address):
    page = ready(open_demo(address, width=390, height=800, touch=True))
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.locator("#examples button").first.tap()
    wait_until(page, "signllmDemo.shown && !signllmDemo.running")
    wait_until(page, "document.querySelector('canvas').getBoundingClientRect().top < innerHeight * 0.6")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for button in page.locator("button:visible").all():
        box = button.bounding_box()
        assert min(box["height"], box["width"]) >= 24, button.inner_text()


def test_in_chinese_and_in_the_dark(open_demo, address):
    page = ready(open_demo(address, locale="zh-CN", scheme="dark"))
    assert page.evaluate("document.documentElement.lang") == "zh"
    assert page.get_by_role("button", name="生成手语").is_visible()
    assert picture(page, {"x": 4, "y": 400, "width": 4, "height": 4}).max() < 60
    page.get_by_role("button", name="浅色").click()
    assert picture(page, {"x": 4, "y": 400, "width": 4, "height": 4}).min() > 200
    page.get_by_role("button", name="English").click()
    assert page.get_by_role("button", name="Mirror").is_visible()
    page.reload()
    ready(page)
    assert page.evaluate("[document.documentElement.lang, document.documentElement.dataset.theme]") == ["en", "light"]


def breaches(page):
    if not AXE.exists():
        pytest.skip("no axe-core: run `make player`")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [(rule["id"], node["html"][:150]) for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessibility_rules_of_axe(open_demo, address, scheme):
    page = ready(open_demo(address, scheme=scheme))
    assert breaches(page) == []
    page.get_by_text("Options", exact=True).click()
    page.get_by_label("Side by side with").select_option("drawn")
    sign(page, "the zebra. it will rain.")
    assert breaches(page) == []
    page.get_by_role("button", name="Skeleton").click()
    page.get_by_role("button", name="High contrast").click()
    assert breaches(page) == []
    page.goto(address + "docs")
    assert breaches(page) == []


def test_the_token_is_asked_for_once(open_demo):
    from signllm.serving.guard import Access

    with listening(make_app(Access(token=TOKEN))) as (host, port):
        address = f"http://{host}:{port}/"
        page = open_demo(address, expect=("401",))
        assert breaches(page) == []
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Open").click()
        page.get_by_text("not the right one").wait_for()
        page.get_by_label("Token").fill(TOKEN)
        page.get_by_role("button", name="Open").click()
        ready(page)
        sign(page, "the book")
        assert re.fullmatch(rf"{re.escape(address)}(#wrong)?", page.url)
        again = ready(open_demo(f"{address}?token={TOKEN}"))
        assert TOKEN not in again.url


def test_a_lexicon_signs_on_the_page_and_what_is_missing_is_not_drawn(open_demo, fastapi_app_of_signs, monkeypatch):
    from signllm.aligning.values import Values

    plain = Values.pose

    def without_a_hand(self, fps):
        pose = plain(self, fps)
        valid = np.ones(pose.valid.shape, bool)
        valid[:, 8:29] = False
        return replace(pose, valid=valid)

    monkeypatch.setattr(Values, "pose", without_a_hand)
    with listening(fastapi_app_of_signs) as (host, port):
        page = ready(open_demo(f"http://{host}:{port}/"))
        sign(page, "good zebra")
        clip = fastapi_app_of_signs.app.state.serving.store._clips
        pose = clip[next(reversed(clip))].pose
        page.get_by_role("slider", name="Position in the clip").fill("9")
        assert joint(page, 0, "right_wrist") == pytest.approx(pose.coordinates[9, 4], abs=1e-6)
        assert joint(page, 0, "left_index_1") is None
        assert "zebra" in page.get_by_role("region", name="What the model does not know").inner_text()


@pytest.fixture
def fastapi_app_of_signs():
    pytest.importorskip("fastapi", reason="no FastAPI: pip install -r requirements-serve.txt")
    from signllm.composing.signer import LexiconSigner
    from signllm.serving.app import make_app as make
    from signllm.serving.batching import Batcher
    from signllm.serving.guard import Access
    from signllm.serving.lexicons import LexiconModel
    from signllm.serving.models import Models, ServedModel
    from signllm.viewing.player.avatars import PageAvatar

    model = LexiconModel(LexiconSigner(small_lexicon()))
    return make(Models([ServedModel("signs", model, Batcher(model))]), Access(), None, PageAvatar.read())
