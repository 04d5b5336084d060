"""The page holds everything, lets nothing else in, and shows what comes from outside as text only."""

import base64
import hashlib
import json
import re
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest

from signllm.errors import ConfigError, OutputError
from signllm.pose import PoseSequence
from signllm.viewing.player.page import Figure, PlayerScene, frame_of, player_page, write_player
from tests.helpers.clips import rest_pose

NASTY = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)> & \" ' \u2028 手语"


def scene(text="hello", name="one"):
    pose = PoseSequence.all_valid(np.repeat(rest_pose()[None], 3, axis=0), 25)
    return PlayerScene(name, [Figure(text, pose)], text, text, note=text, group=text)


class Elements(HTMLParser):
    """Every element, with its attributes and its text."""

    def __init__(self, page):
        super().__init__()
        self.found, self._open = [], None
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self._open = (tag, dict(attrs), [])
        self.found.append(self._open)

    def handle_data(self, data):
        if self._open:
            self._open[2].append(data)

    def handle_endtag(self, tag):
        self._open = None

    def of(self, tag):
        return [(attributes, "".join(text)) for name, attributes, text in self.found if name == tag]


def test_what_comes_from_outside_is_data_and_never_markup():
    elements = Elements(player_page([scene(NASTY, NASTY)], title=NASTY))
    scripts = elements.of("script")
    assert len(scripts) == 2
    (told,) = json.loads(scripts[0][1])["scenes"]
    assert scripts[0][0]["type"] == "application/json"
    assert not set("<>&") & set(scripts[0][1])
    for key in ("name", "text", "gloss"):
        assert told[key] == NASTY
    assert told["note"] == told["group"] == {"en": NASTY, "zh": NASTY}
    assert elements.of("title")[0][1] == NASTY
    assert not elements.of("img")


def test_the_policy_allows_this_script_and_this_style_and_nothing_from_elsewhere():
    elements = Elements(player_page([scene()]))
    policy = next(a["content"] for a, _ in elements.of("meta") if a.get("http-equiv") == "Content-Security-Policy")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    for rule, tag in (("script-src", "script"), ("style-src", "style")):
        digest = hashlib.sha256(elements.of(tag)[-1][1].encode()).digest()
        assert rules[rule] == f"'sha256-{base64.b64encode(digest).decode()}'"
    assert rules["default-src"] == rules["base-uri"] == rules["form-action"] == "'none'"
    allowed = {"'none'", "data:", "blob:", rules["script-src"], rules["style-src"]}
    assert {word for rule in rules.values() for word in rule.split()} == allowed


def test_nothing_on_the_page_points_elsewhere():
    page = player_page([scene()])
    attributes = [attribute for _, found, _ in Elements(page).found for attribute in found]
    assert not {"src", "href", "style", "onclick"} & set(attributes)
    assert not re.search(r"@import|url\(", page.split("</style>")[0])


def test_in_another_page_it_is_shut_in():
    frame = frame_of(player_page([scene(NASTY)], NASTY), NASTY)
    ((attributes, _),) = Elements(frame).of("iframe")
    assert attributes["sandbox"] == "allow-scripts"
    assert attributes["title"] == NASTY
    assert attributes["srcdoc"] == player_page([scene(NASTY)], NASTY)
    assert frame.count("<") == 2
    assert unescape(frame) != frame


def test_the_file_appears_whole_or_not_at_all(tmp_path):
    path = write_player(tmp_path / "new" / "clip.html", [scene("你好")])
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert [found.name for found in path.parent.iterdir()] == ["clip.html"]
    assert path.stat().st_size < 1_000_000
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write_player(tmp_path / "file" / "clip.html", [scene()])


def test_a_page_without_clips_is_refused():
    with pytest.raises(ConfigError, match="no clip"):
        player_page([])
