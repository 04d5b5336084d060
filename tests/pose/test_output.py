"""What every clip can do: save itself in each format, show itself, and say in a line what it is."""

import json
import re
import sys
from html import unescape
from types import SimpleNamespace

import numpy as np
import pytest

from signllm.data.clips import open_clips
from signllm.errors import ConfigError
from signllm.pose import PoseSequence
from signllm.pose.formats import WRITERS
from signllm.pose.output import Captioned, ClipOutput
from signllm.retargeting.reading import OURS
from signllm.suffixes import names
from tests.helpers.clips import signing

SUFFIXES = ("mp4", "gif", "webp", "png", "html", "glb", "vrma", "bvh", "npz", "skels", "pose", "csv", "json")


class Greeting(ClipOutput):
    def captioned(self):
        return Captioned(signing(0, 5), "ASL: <hello> & more", "HELLO")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_clip_saves_itself_in_every_format(suffix, tmp_path):
    path = signing(0, 5).save(tmp_path / f"clip.{suffix}", size=64)
    assert path == tmp_path / f"clip.{suffix}"
    assert path.stat().st_size > 100
    if suffix in ("npz", "skels", "pose", "csv", "json"):
        ((name, read),) = open_clips(path).items()
        assert name == "clip"
        np.testing.assert_allclose(read.coordinates, signing(0, 5).coordinates, atol=1e-3)


def test_words_about_a_clip_stand_on_its_pictures(tmp_path):
    bare = signing(0, 5).save(tmp_path / "bare.gif", size=64).read_bytes()
    assert Greeting().save(tmp_path / "greeting.gif", size=64).read_bytes() != bare


def test_the_formats_are_those_that_are_offered():
    assert names() == SUFFIXES
    assert {f".{name}" for name in SUFFIXES} >= set(WRITERS)


def test_an_unknown_suffix_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"saved as '\.mp5' \(did you mean '\.mp4'\?\)") as refused:
        signing(0, 2).save(tmp_path / "clip.mp5")
    assert all(suffix in str(refused.value) for suffix in SUFFIXES)
    assert not list(tmp_path.iterdir())


def scene_of(page):
    (scene,) = json.loads(re.search(r'id="signllm-data">(.*?)</script>', page)[1])["scenes"]
    return scene


def test_in_a_notebook_a_clip_is_a_player_with_its_words():
    frame = Greeting()._repr_html_()
    assert frame.startswith('<iframe sandbox="allow-scripts" title="ASL: &lt;hello&gt; &amp; more"')
    scene = scene_of(unescape(re.search(r'srcdoc="(.*?)"', frame, re.DOTALL)[1]))
    assert (scene["text"], scene["gloss"]) == ("ASL: <hello> & more", "HELLO")
    assert scene["clips"][0]["frames"] == 5


def test_show_displays_in_a_notebook(monkeypatch):
    shown = []
    notebook = SimpleNamespace(get_ipython=lambda: object(), display=SimpleNamespace(display=shown.append))
    monkeypatch.setitem(sys.modules, "IPython", notebook)
    monkeypatch.setitem(sys.modules, "IPython.display", notebook.display)
    clip = signing(0, 3)
    clip.show()
    assert shown == [clip]


def test_show_opens_a_browser_elsewhere(monkeypatch, tmp_path):
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: None))
    Greeting().show()
    (page,) = tmp_path.iterdir()
    assert opened == [page.as_uri()]
    assert scene_of(page.read_text(encoding="utf-8"))["gloss"] == "HELLO"


def test_a_clip_is_one_short_line():
    clip = signing(0, 50)
    assert repr(clip) == "PoseSequence(50 frames, 2.00 s at 25 fps, 3D, signllm-50 in shoulder_widths)"
    valid = np.ones((50, 50), bool)
    valid[:, 25:] = False
    assert repr(PoseSequence(clip.coordinates, valid, 25)).endswith(", 50% of the joints missing)")


def test_a_person_stands_in_files_that_show_one_and_in_no_others(tmp_path):
    clip = signing(0, 3)
    clip.save(tmp_path / "clip.html", avatar="ours")
    page = (tmp_path / "clip.html").read_text(encoding="utf-8")
    assert json.loads(re.search(r'id="signllm-data">(.*?)</script>', page)[1])["avatar"]["file"]
    own = tmp_path / "own.glb"
    own.write_bytes(OURS.path.read_bytes().replace(b'"figure"', b'"myself"'))
    for path, expected in {"a.glb": b'"figure"', "b.glb": b'"myself"'}.items():
        clip.save(tmp_path / path, avatar=own if path == "b.glb" else None)
        assert expected in (tmp_path / path).read_bytes()
    clip.save(tmp_path / "with.npz", avatar="ours")
    assert (tmp_path / "with.npz").read_bytes() == clip.save(tmp_path / "with" / "with.npz").read_bytes()
