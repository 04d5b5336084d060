"""The page, its files, the files of clips, and the documentation."""

import io
import re
from pathlib import Path

import numpy as np
import pytest

import signllm.serving
from signllm.pose.formats import load_clip
from signllm.serving.assets import load_assets
from signllm.serving.limits import Limits
from signllm.suffixes import names
from tests.helpers.serving import events_of

PAGE = Path(signllm.serving.__file__).parent / "page"


def signed(client, text="the book"):
    return events_of(client.post("/api/sign", json={"text": text, "language": "ASL"}).text)[-1]


@pytest.mark.parametrize("suffix", ["npz", "pose"])
def test_a_downloaded_pose_file_is_the_clip(serve, make_generator, tmp_path, suffix):
    generator = make_generator()
    client = serve(generators={"it": generator})
    answer = client.get(signed(client)["files"][suffix])
    name = re.search(r'filename="(.*?)"', answer.headers["content-disposition"])[1]
    assert name == f"ASL_the-book.{suffix}"
    (tmp_path / name).write_bytes(answer.content)
    clip, faults = load_clip(tmp_path / name)
    assert not faults
    expected = generator("the book", "ASL").pose.coordinates
    assert np.abs(np.asarray(clip.coordinates) - expected).max() < 1e-2


def test_every_format_of_the_toolkit_can_be_downloaded(serve):
    client = serve()
    done = signed(client)
    assert set(done["files"]) == set(names())
    assert client.get(done["files"]["json"]).json()["text"] == "the book"
    assert client.get(done["files"]["html"]).text.startswith("<!doctype html>")
    from PIL import Image

    assert Image.open(io.BytesIO(client.get(done["files"]["png"]).content)).width > 100
    assert client.get(f"/api/clips/{done['id']}/exe").status_code == 404
    assert client.get(f"/api/clips/{done['id']}").json()["frames"] == done["frames"]


def test_a_text_in_any_script_makes_a_file_name(serve):
    client = serve()
    answer = client.get(signed(client, '明天"\r\nX: y')["files"]["json"])
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].isascii()
    assert "x" not in answer.headers


def test_old_clips_make_room_for_new_ones(serve):
    client = serve(Limits(kept_clips=2))
    first, second, third = (signed(client)["id"] for _ in range(3))
    assert [client.get(f"/api/clips/{one}").status_code for one in (first, second, third)] == [404, 200, 200]
    assert "sign the text again" in client.get(f"/api/clips/{first}").json()["message"]


def test_files_wait_for_a_place(serve):
    client = serve(Limits(max_files=1))
    done = signed(client)
    serving = client.app.app.state.serving
    serving.file_places.take(0)
    answer = client.get(done["files"]["json"])
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
    serving.file_places.free()
    assert client.get(done["files"]["json"]).status_code == 200


def test_the_pages_files_are_packed_and_kept(serve):
    client = serve()
    answer = client.get("/assets/app.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text == (PAGE / "app.js").read_text(encoding="utf-8")
    again = client.get("/assets/app.js", headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_every_file_of_the_page_is_served_and_nothing_else_is_loaded():
    served = set(load_assets(None))
    assert {path.name for path in PAGE.iterdir()} - {"docs.html"} <= served
    for path in PAGE.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r'(?:src|href)="/assets/(.*?)"', text)) <= served
        assert not re.search(r"https?://(?!127\.0\.0\.1)|<script>|<style|style=|\son\w+=", text), path.name
    for path in PAGE.glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert {name.removeprefix("./") for name in re.findall(r'from "(.*?)"', text)} <= served
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|Function\(", text), (
            path.name
        )


def test_everything_the_page_says_stands_in_both_languages():
    words = (PAGE / "words.js").read_text(encoding="utf-8")
    english, chinese = (
        dict(re.findall(r'^    (\w+):\s+"(.*)",$', block, re.MULTILINE))
        for block in re.search(r"  en: \{\n(.*?)\n  \},\n  zh: \{\n(.*?)\n  \},\n", words, re.DOTALL).groups()
    )
    assert english.keys() == chinese.keys()
    assert len(english) > 30
    for key in english:
        assert sorted(re.findall(r"\{\w+\}", english[key])) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
    used = "".join(
        p.read_text(encoding="utf-8") for p in PAGE.iterdir() if p.suffix in (".js", ".html") and p.name != "words.js"
    )
    assert all(f'"{key}"' in used for key in english)


def test_the_documentation_names_every_operation_and_field(serve):
    client = serve()
    page, described = client.get("/docs").text, client.get("/openapi.json").json()
    for path in described["paths"]:
        assert f"<code>{path}</code>" in page
    for name in ("SignRequest", "Options", "ClipOut", "Refusal"):
        assert f'id="{name}"' in page
        for field in described["components"]["schemas"][name]["properties"]:
            assert f"<code>{field}</code>" in page
    assert "<script" not in page
    assert {"/api/sign", "/api/models", "/api/clips/{id}", "/api/clips/{id}/{format}"} == set(described["paths"])


def test_the_page_begins_with_a_signer_and_what_can_be_chosen(serve):
    client = serve()
    start = client.get("/api/page").json()
    assert start["models"][0]["examples"]["ASL"]
    assert start["avatar"] is None
    assert start["rest"]["motion"] is None
    assert len(start["skeleton"]["joints"]) == 50
    assert "npz" in start["formats"]
