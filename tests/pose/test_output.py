"""What every clip can do: save itself in each format, show itself, and say in a line what it is."""

import base64
import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from signllm.data.clips import open_clips
from signllm.errors import ConfigError
from signllm.pose import PoseSequence
from signllm.pose.output import Captioned, ClipOutput
from tests.helpers.clips import signing

SUFFIXES = ("mp4", "gif", "png", "npz", "skels", "pose")


class Greeting(ClipOutput):
    def captioned(self):
        return Captioned(signing(0, 5), "ASL: <hello> & more", "HELLO")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_clip_saves_itself_in_every_format(suffix, tmp_path):
    path = signing(0, 5).save(tmp_path / f"clip.{suffix}", size=64)
    assert path == tmp_path / f"clip.{suffix}"
    assert path.stat().st_size > 100
    if suffix in ("npz", "skels", "pose"):
        ((name, read),) = open_clips(path).items()
        assert name == "clip"
        np.testing.assert_allclose(read.coordinates, signing(0, 5).coordinates, atol=1e-3)


def test_words_about_a_clip_stand_on_its_pictures(tmp_path):
    bare = signing(0, 5).save(tmp_path / "bare.gif", size=64).read_bytes()
    assert Greeting().save(tmp_path / "greeting.gif", size=64).read_bytes() != bare


def test_an_unknown_suffix_names_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"saved as '\.mp5' \(did you mean '\.mp4'\?\)") as refused:
        signing(0, 2).save(tmp_path / "clip.mp5")
    assert all(suffix in str(refused.value) for suffix in SUFFIXES)
    assert not list(tmp_path.iterdir())


def test_in_a_notebook_a_clip_is_an_animation_with_its_words():
    page = Greeting()._repr_html_()
    (image,) = re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    assert base64.b64decode(image)[8:12] == b"WEBP"
    assert "<figcaption>ASL: &lt;hello&gt; &amp; more</figcaption>" in page


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
    assert "data:image/webp" in Path(page).read_text(encoding="utf-8")


def test_a_clip_is_one_short_line():
    clip = signing(0, 50)
    assert repr(clip) == "PoseSequence(50 frames, 2.00 s at 25 fps, 3D, signllm-50 in shoulder_widths)"
    valid = np.ones((50, 50), bool)
    valid[:, 25:] = False
    assert repr(PoseSequence(clip.coordinates, valid, 25)).endswith(", 50% of the joints missing)")
