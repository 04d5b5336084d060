"""Streaming evaluation and the report: chunks do not change figures, intervals cover, remarks warn."""

import numpy as np
import pytest

from signllm.data.store import ClipRecord, StoreWriter
from signllm.errors import DataError
from signllm.evaluation.intervals import bootstrap_sums, figures_of_systems
from signllm.evaluation.measurements import Measurements, evaluate
from signllm.evaluation.report import Report, make_report
from signllm.evaluation.summary import figure_rows, legend, remarks
from signllm.metrics.registry import PRESETS, find_presets
from signllm.metrics.summary import score_pairs
from tests.helpers.clips import frozen, jittered, signing


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    with StoreWriter(tmp_path_factory.mktemp("store"), "ASL", "dev") as writer:
        for number in range(7):
            pose = signing(number, 20 + number)
            writer.add(ClipRecord(f"c{number}", f"text {number}", "ASL", 25.0, len(pose)), pose)
        return writer.finish({})


def other(records):
    return [signing(50 + int(record.id[1:]), 25) for record in records]


def measured(split, chunk_size, systems, metrics=("dtw-mje", "total-distance", "velocity-ratio")):
    measurements = Measurements(find_presets(metrics))
    ticks = []
    evaluate(measurements, "ASL", split, systems, 25, chunk_size=chunk_size, progress=ticks.append)
    assert sum(ticks) == len(split) * (len(systems) + 1)
    return measurements


def report_of(measurements, **facts):
    return make_report(measurements, "signllm-50", "shoulder_widths", 25, **facts)


def test_figures_do_not_depend_on_the_chunks_and_equal_score_pairs(split):
    reports = [report_of(measured(split, size, {"model": other})) for size in (1, 3, 100)]
    assert reports[0] == reports[1] == reports[2]
    figures = reports[0]["languages"]["ASL"]["systems"]["model"]
    references = [pose for _, pose in split]
    expected = score_pairs(other(split.records), references, ["dtw-mje", "total-distance", "velocity-ratio"])
    assert {name: entry["value"] for name, entry in figures.items()} == pytest.approx(expected)
    assert reports[0]["overall"]["systems"]["model"] == figures
    ceiling = reports[0]["languages"]["ASL"]["systems"]["reference"]
    assert ceiling["dtw_score"] == {"value": 0, "low": 0, "high": 0}


def test_references_are_resampled_and_systems_see_no_poses(split):
    seen = []

    def slow(records):
        seen.extend(records)
        return [signing(1, 10, 12.5) for _ in records]

    measurements = Measurements(find_presets(["duration"]))
    evaluate(measurements, "ASL", split, {"model": slow}, 12.5, indices=[0, 6])
    assert [record.id for record in seen] == ["c0", "c6"] == measurements.clips["ASL"]
    assert all(isinstance(record, ClipRecord) for record in seen)
    assert measurements.rows("ASL", "model", "duration")[:, 0] == pytest.approx([10 / 10, 10 / 13])


def test_a_wrong_frame_rate_names_the_clip(split):
    with pytest.raises(DataError, match="clip ASL/c0: frame rate 50"):
        measured(split, 10, {"model": lambda records: [signing(1, 10, 50.0) for _ in records]})


def test_bootstrap_agrees_with_the_standard_error_of_a_mean():
    values = np.random.default_rng(0).normal(3, 2, 400)
    rows = np.stack([values, np.ones(400)], axis=1)
    figures = figures_of_systems([PRESETS["dtw-mje"]], {"model": [rows]})["model"]["dtw_score"]
    error = values.std() / 20
    assert figures["value"] == pytest.approx(values.mean())
    assert figures["low"] == pytest.approx(values.mean() - 1.96 * error, abs=0.3 * error)
    assert figures["high"] == pytest.approx(values.mean() + 1.96 * error, abs=0.3 * error)
    assert (bootstrap_sums(rows)[:, 1] == 400).all()


def test_a_median_has_the_interval_of_a_median():
    values = np.random.default_rng(0).normal(3, 0.5, 400)
    rows = np.stack([values, np.ones(400), values, np.ones(400)], axis=1)
    figures = figures_of_systems([PRESETS["duration"], PRESETS["duration"]], {"model": [rows, rows]})["model"]
    found, error = figures["duration_median"], np.sqrt(np.pi / 2) * values.std() / 20
    assert found["value"] == pytest.approx(np.median(values))
    assert found["high"] - found["low"] == pytest.approx(2 * 1.96 * error, rel=0.3)
    assert figures["duration_total"]["value"] == figures["duration"]["value"]
    assert found["high"] - found["low"] > figures["duration"]["high"] - figures["duration"]["low"]


def test_the_report_names_every_choice(split):
    report = report_of(measured(split, 10, {"model": other}), command="evaluation.py x", notes=["n"])
    assert report["command"] == "evaluation.py x"
    assert report["languages"]["ASL"]["clips"] == report["overall"]["clips"] == 7
    assert report["presets"]["dtw-mje"]["signature"].startswith("dtw-mje|skeleton:signllm-50|")
    assert len(legend(report)) == 4
    rows = figure_rows(report, report["overall"]["systems"])
    assert [row[0] for row in rows][:2] == ["dtw_score ↓", "total_distance →1"]
    assert {len(row) for row in rows} == {3}
    assert len(rows) == 5
    assert rows[0][1] == "0.000 ±0.000"


def test_files_go_to_the_reports_own_place_or_where_they_are_told_to(tmp_path):
    report = Report({}, tmp_path / "run", "evaluation_dev_v1.2")
    assert report.file("json") == tmp_path / "run" / "evaluation_dev_v1.2.json"
    assert report.file("md", tmp_path / "out") == tmp_path / "out" / "evaluation_dev_v1.2.md"
    assert report.file("md", tmp_path / "mine.json") == tmp_path / "mine.md"
    assert report.file("json", tmp_path / "v1.2") == tmp_path / "v1.2" / "evaluation_dev_v1.2.json"


def test_remarks_warn_of_frozen_and_jittery_models(split):
    systems = {
        "model": lambda records: [frozen(clip) for clip in other(records)],
        "nearest_text": lambda records: [split.pose(int(record.id[1:])) for record in records],
    }
    found = remarks(report_of(measured(split, 10, systems))["overall"]["systems"])
    assert any("frozen mean pose" in remark for remark in found)
    assert any("no closer to the reference than 'nearest text'" in remark for remark in found)
    trembling = {"model": lambda records: [jittered(frozen(clip), 0.02) for clip in other(records)]}
    measurements = measured(split, 10, trembling, ("total-distance", "variance-ratio"))
    found = remarks(report_of(measurements)["overall"]["systems"])
    assert len(found) == 1
    assert "trembles about a mean pose" in found[0]
    shaking = {"model": lambda records: [jittered(clip, 0.1) for clip in other(records)]}
    found = remarks(report_of(measured(split, 10, shaking, ("motion-smoothness",)))["overall"]["systems"])
    assert len(found) == 1
    assert "jitters" in found[0]
    assert remarks({"reference": {}}) == []
