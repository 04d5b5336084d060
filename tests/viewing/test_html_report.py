"""The report's page: nothing from elsewhere, both languages, charts that show the numbers, clips that play."""

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import numpy as np
import orjson
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.evaluation.examples import Example
from signllm.evaluation.leakage import Leakage
from signllm.evaluation.measurements import Measurements, evaluate
from signllm.evaluation.report import make_report
from signllm.metrics.registry import find_presets
from signllm.pose import PoseSequence
from signllm.viewing import html_report
from signllm.viewing.html_report import make_html

VOID = {"meta", "input", "br", "img"}


def wave(seed, frames=20):
    rng = np.random.default_rng(seed)
    time = np.arange(frames)[:, None, None] / 25
    pose = rng.normal(size=(1, 50, 3)) * 0.4 + 0.3 * np.sin(5 * time + rng.uniform(0, 6, (1, 50, 3)))
    return PoseSequence.all_valid(pose, 25)


@pytest.fixture(scope="module")
def measurements(tmp_path_factory):
    found = Measurements(find_presets(["dtw-mje", "total-distance", "bone-length-variation", "variance-ratio"]))
    root = tmp_path_factory.mktemp("store")
    for language in ("ASL", "GSL"):
        with StoreWriter(root, language, "dev") as writer:
            for number in range(6):
                writer.add(ClipRecord(f"c{number}", "text", language, 25.0, 20), wave(number))
            split = writer.finish({})
        systems = {
            "model": lambda records: [wave(int(record.id[1:]) * 7 + 50) for record in records],
            "frozen_mean": lambda records: [wave(9)[:1] for _ in records],
        }
        evaluate(found, language, split, systems, 25)
    return found


@pytest.fixture(scope="module")
def report(measurements):
    leaked = Leakage(9, (3, 0, 1, 0, 0, 0), (0,) * 6, ("a", None, "b", *[None] * 3), (None,) * 6)
    facts = {"model": "<b>m.pth", "split": "dev", "seeds": [0], "notes": ["a <note>"], "command": "x"}
    return make_report(
        measurements, "signllm-50", "shoulder_widths", 25, {"ASL": leaked}, versions={"numpy": "2"}, **facts
    )


class Checker(HTMLParser):
    """Collects what a page asks for and checks that its elements nest."""

    def __init__(self, page):
        super().__init__()
        self.open, self.sources, self.text, self.tags, self.ids = [], [], {"en": "", "zh": "", None: ""}, [], []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.tags.append(tag)
        self.ids += [attrs["id"]] if "id" in attrs else []
        self.sources += [value for name, value in attrs.items() if name in ("src", "href", "data", "xlink:href")]
        if tag not in VOID:
            self.open.append((tag, attrs.get("class")))

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        inside = next((name for _, name in reversed(self.open) if name in ("en", "zh")), None)
        self.text[inside] += data


def shown(text="algebra"):
    poses = (lambda: wave(1), lambda: wave(2, 30))
    return [Example("ASL", "best", "c0", text, "ALGEBRA", 0.25, *poses, lambda name, make: make())]


def scenes_of(page):
    frame = unescape(re.search(r'srcdoc="(.*?)"', page, re.DOTALL)[1])
    return json.loads(re.search(r'id="signllm-data">(.*?)</script>', frame)[1])["scenes"]


def test_the_page_nests_and_needs_nothing_from_elsewhere(report):
    page = make_html(report, shown())
    checked = Checker(page)
    assert all(source.startswith("#") for source in checked.sources)
    assert {source for source in checked.sources if source[0] == "#"} <= {f"#{name}" for name in checked.ids}
    assert not re.search(r"https?://(?!www\.w3\.org/)|@import|url\(", re.sub(r"<iframe.*?</iframe>", "", page))
    assert not {"link", "img", "object"} & set(checked.tags)
    assert checked.tags.count("iframe") == 1
    assert 'sandbox="allow-scripts"' in page


def test_both_languages_say_the_same_number_of_things(report):
    page = make_html(report, shown())
    assert page.count('class="en"') == page.count('class="zh"') > 50
    text = Checker(page).text
    assert "DTW score" in text["en"]
    assert "DTW 得分" in text["zh"]
    assert "最好与最差的片段" in text["zh"]
    assert not re.search("[一-鿿]", text["en"])


def test_names_cannot_break_the_page(report):
    """Texts, file names, notes, ids and the systems and languages in charts are all shown as they are."""
    evil = '<script>alert("x")</script>'
    bad = orjson.loads(orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY))
    bad["languages"] = {f"{code}{evil}": part for code, part in bad["languages"].items()}
    for part in (*bad["languages"].values(), bad["overall"]):
        part["systems"][evil] = part["systems"]["frozen_mean"]
    page = make_html(bad, [replace(clip, id=evil, language=evil) for clip in shown(evil)])
    assert "<script>alert" not in page
    assert "<b>m.pth" not in page
    assert "a <note>" not in page
    assert "&lt;script&gt;alert(&#34;x" in page
    assert scenes_of(page)[0]["text"] == evil
    assert Checker(page).tags.count("script") == 1


def test_numbers_of_the_report_stand_on_the_page_also_when_read_from_the_file(report):
    page = make_html(report)
    value = report["languages"]["GSL"]["systems"]["model"]["dtw_score"]
    assert f"{value['value']:.3f}<small>{value['low']:.3f} – {value['high']:.3f}</small>" in page
    assert "Scores without texts that stand in training (4 clips)" in page
    again = orjson.loads(orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY))
    assert make_html(again) == page


def test_undefined_figures_are_dashes(report):
    again = orjson.loads(orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY))
    for part in (*again["languages"].values(), again["overall"]):
        for figures in part["systems"].values():
            figures["dtw_score"].update(value=None, low=None, high=None)
    page = make_html(again)
    assert ">–</td>" in page
    assert "nan" not in page.casefold().split("</style>")[1].split("<details>")[0]


def test_the_clips_play_beside_their_references():
    bare = {"languages": {}, "overall": {"clips": 0, "systems": {}}, "presets": {}, "clips": {}, "fps": 25}
    worst = replace(shown("worse")[0], rank="worst", score=1.5)
    best, last = scenes_of(make_html(bare, [*shown(), worst]))
    assert [(clip["name"], clip["role"], clip["frames"]) for clip in best["clips"]] == [
        ("reference", "reference", 20),
        ("model", "system", 30),
    ]
    assert len(best["clips"][1]["aligned"]) == 20
    assert (best["text"], best["gloss"], best["language"]) == ("algebra", "ALGEBRA", "ASL")
    assert best["group"] == {"en": "best", "zh": "最好"}
    assert last["group"] == {"en": "worst", "zh": "最差"}
    assert last["name"] == "1.500  worse"
    assert "<iframe" not in make_html(bare)


def test_what_was_packed_before_is_taken_from_there_and_what_has_no_room_is_counted(report, monkeypatch):
    kept = {}

    def remembered(name, make):
        return kept.setdefault(name, make())

    (first,) = (replace(clip, remembered=remembered) for clip in shown())
    page = make_html(report, [first])

    def gone():
        raise AssertionError("the model signs again")

    assert make_html(report, [replace(first, remembered=lambda name, make: kept[name], hypothesis=gone)]) == page
    monkeypatch.setattr(html_report, "MOST_CLIP_BYTES", len(next(iter(kept.values()))))
    fuller = make_html(report, [first, first, first])
    assert len(scenes_of(fuller)) == 1
    assert "2 more are too long" in fuller
