"""What a report carries besides figures: scores without leaks, seeds, single clips; and the Markdown of all that."""

import numpy as np
import orjson
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.evaluation.leakage import Leakage
from signllm.evaluation.markdown import make_markdown
from signllm.evaluation.measurements import Measurements, evaluate
from signllm.evaluation.packing import unpack
from signllm.evaluation.report import make_report
from signllm.evaluation.summary import leakage_lines
from signllm.metrics.registry import find_presets
from tests.helpers.clips import signing

METRICS = ["dtw-mje", "duration"]
LEAKAGE = Leakage(9, (3, 0, 1, 0, 0), (0, 0, 2, 0, 0), ("a", None, "b", None, None), (None, None, "b", None, None))


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    with StoreWriter(tmp_path_factory.mktemp("store"), "ASL", "dev") as writer:
        for number in range(5):
            pose = signing(number, 20 + number)
            writer.add(ClipRecord(f"c{number}", f"a|b <i> {number}", "ASL", 25.0, len(pose)), pose)
        return writer.finish({})


def answers(seed):
    return lambda records: [signing(50 + int(record.id[1:]) + 10 * seed, 22 + seed) for record in records]


def report_of(split, indices=None, leakage=None, seeds=(0,)):
    measurements = Measurements(find_presets(METRICS))
    for seed in seeds:
        evaluate(measurements, "ASL", split, {"model": answers(seed)}, 25, indices, seed=seed)
    facts = {"split": "dev", "model": "m|x.pth", "notes": ["n"], "command": "evaluation.py"}
    return make_report(measurements, "signllm-50", "shoulder_widths", 25, leakage, **facts)


def test_scores_without_leaks_are_those_of_the_clips_that_are_left(split):
    part = report_of(split, leakage={"ASL": LEAKAGE})["languages"]["ASL"]
    left = report_of(split, [1, 3, 4])["languages"]["ASL"]["systems"]
    subsets = part["subsets"]
    assert subsets["unseen_texts"] == {"clips": 3, "systems": left}
    assert subsets["unseen_clips"]["clips"] == 4
    assert subsets["unseen_clips"]["systems"] == report_of(split, [0, 1, 3, 4])["languages"]["ASL"]["systems"]
    assert subsets["unseen_texts_and_clips"] == {"clips": 3}, "the same clips as without leaked texts"
    assert part["leakage"]["texts"] == {"near": 1, "normalised": 0, "exact": 1}
    assert part["leakage"]["clips"] == {"near": 0, "identical": 1}


def test_leaks_are_put_in_words(split):
    (line,) = leakage_lines(report_of(split, leakage={"ASL": LEAKAGE}))
    assert line.startswith("ASL: 2 of 5 texts (40.0%: 1 exact, 1 near) and 1 of 5 clips (20.0%: 1 identical)")
    assert "3 clips are free of both" in line
    assert leakage_lines(report_of(split)) == []


def test_seeds_give_the_pooled_figure_their_values_and_their_spread(split):
    entries = report_of(split, seeds=(0, 1, 2))["overall"]["systems"]["model"]
    single = [report_of(split, seeds=(seed,))["overall"]["systems"]["model"] for seed in (0, 1, 2)]
    for figure in ("dtw_score", "duration"):
        values = [entry[figure]["value"] for entry in single]
        assert entries[figure]["seeds"] == pytest.approx(values)
        assert entries[figure]["value"] == pytest.approx(np.mean(values))
        assert entries[figure]["sd"] == pytest.approx(np.std(values, ddof=1))
    medians = [entry["duration_median"]["value"] for entry in single]
    assert entries["duration_median"]["seeds"] == pytest.approx(medians)
    assert "seeds" not in single[0]["duration"]


def test_the_numbers_of_single_clips_give_the_figures_again(split):
    report = orjson.loads(orjson.dumps(report_of(split), option=orjson.OPT_SERIALIZE_NUMPY))
    clips = report["clips"]["ASL"]
    assert clips["ids"] == [f"c{n}" for n in range(5)]
    (preset,) = find_presets(["dtw-mje"])
    rows = unpack(clips["numbers"]["model"]["dtw-mje"], 5)
    value = report["overall"]["systems"]["model"]["dtw_score"]["value"]
    assert preset.conclude(rows.sum(0))[0] == pytest.approx(value, rel=1e-4)
    assert clips["references"] != report_of(split, [0, 1, 2, 3])["clips"]["ASL"]["references"]


def test_a_report_of_ten_thousand_clips_stays_small():
    rng = np.random.default_rng(0)
    measurements = Measurements(find_presets(["duration", "dtw-mje", "total-distance", "velocity-ratio"]))
    measurements.clips["ASL"] = [f"clip-{n:05d}" for n in range(10_000)]
    widths = {"duration": 4, "dtw-mje": 2, "total-distance": 8, "velocity-ratio": 12}
    for system in ("reference", "model"):
        measurements.add("ASL", system, {name: rng.lognormal(size=(10_000, k)) for name, k in widths.items()})
    report = make_report(measurements, "signllm-50", "shoulder_widths", 25)
    size = len(orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY))
    assert size < 3.3 * 10_000 * sum(widths.values()) + 20 * 10_000, f"{size / 1e6:.2f} MB"


def test_markdown_has_every_figure_and_cannot_be_broken_by_names(split):
    report = report_of(split, leakage={"ASL": LEAKAGE}, seeds=(0, 1))
    text = make_markdown(report)
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in tables} == {4}
    value = report["overall"]["systems"]["model"]["dtw_score"]
    assert f"{value['value']:.3f} [{value['low']:.3f}, {value['high']:.3f}] (seeds: sd {value['sd']:.3f})" in text
    for expected in ("DTW 得分", "Leakage / 数据泄漏", "without clips that stand in training", "dtw-mje\\|skeleton"):
        assert expected in text
    assert "Leakage" not in make_markdown(report_of(split))
