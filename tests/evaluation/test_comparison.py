"""Comparing two reports: the paired test against a t-test, what is refused, and the size of what makes it possible."""

import copy

import numpy as np
import orjson
import pytest
from scipy import stats

from signllm.errors import DataError
from signllm.evaluation.comparison import COLUMNS, compare, compare_reports, comparison_rows, read_report
from signllm.evaluation.measurements import Measurements
from signllm.evaluation.packing import pack, unpack
from signllm.evaluation.report import make_report
from signllm.metrics.registry import find_presets

N = 300


def mean_rows(values):
    return np.stack([values, np.ones(len(values))], axis=1)


def report_of(duration, dtw=None, languages=("ASL",), **changes):
    presets = find_presets(["dtw-mje", "duration"])
    measurements = Measurements(presets)
    for code in languages:
        measurements.clips[code] = [f"c{n}" for n in range(len(duration))]
        measurements.digests[code] = [np.arange(len(duration), dtype=np.uint64)]
        for system in ("reference", "model", "random_clip"):
            frames = np.tile(mean_rows(duration), 2)  # every reference has one frame
            rows = {"duration": frames, "dtw-mje": mean_rows(duration if dtw is None else dtw)}
            measurements.add(code, system, rows)
    report = make_report(measurements, "signllm-50", "shoulder_widths", 25, split="dev", model="m.pth", notes=[])
    # As it is read back from the file.
    return {**orjson.loads(orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY)), **changes}


def rows_of(comparison, part="ASL"):
    return {row["figure"]: row for row in comparison["parts"][part]}


def test_a_report_does_not_differ_from_itself():
    report = report_of(np.random.default_rng(0).uniform(0.5, 1.5, N))
    for row in rows_of(compare_reports(report, report)).values():
        assert row["difference"] == row["low"] == row["high"] == 0
        assert row["p"] == row["p_holm"] == 1
        assert row["verdict"] == "no difference shown"


@pytest.mark.parametrize("shift", [0.0, 0.01, 0.02, 0.1])
def test_the_paired_test_agrees_with_a_paired_t_test(shift):
    rng = np.random.default_rng(3)
    a = rng.uniform(0.3, 0.9, N)
    b = a + shift + rng.normal(0, 0.1, N)
    row = rows_of(compare_reports(report_of(np.ones(N), a), report_of(np.ones(N), b)))["dtw_score"]
    expected, error = stats.ttest_rel(b, a), (b - a).std() / np.sqrt(N)
    assert row["difference"] == pytest.approx((b - a).mean(), abs=1e-4)
    assert row["low"] == pytest.approx((b - a).mean() - 1.96 * error, abs=0.3 * error)
    assert row["high"] == pytest.approx((b - a).mean() + 1.96 * error, abs=0.3 * error)
    assert row["p"] == pytest.approx(expected.pvalue, abs=0.04)


def test_verdicts_know_where_good_lies():
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.02, N)
    far, near = report_of(0.6 + noise, 0.5 + noise), report_of(1.2 - noise, 0.3 + noise)
    rows = rows_of(compare_reports(far, near))
    assert rows["dtw_score"]["verdict"] == "B is better"
    assert rows["duration"]["verdict"] == "B is better", "0.2 above 1 is nearer than 0.4 below"
    assert rows["duration"]["difference"] == pytest.approx((1 - 1 / 1.2) - (1 - 0.6), abs=0.01)
    assert rows["duration"]["a"] == pytest.approx(0.6, abs=0.01)
    assert {row["verdict"] for row in rows_of(compare_reports(near, far)).values()} == {"A is better"}
    assert all(row["p"] < 0.001 and row["p_holm"] >= row["p"] for row in rows.values())


def test_nothing_is_farther_from_1_than_what_does_not_move():
    noise = np.random.default_rng(1).normal(0, 0.001, N)
    rows = rows_of(compare_reports(report_of(3 + noise), report_of(np.full(N, 1e-9))))
    assert rows["duration"]["difference"] == pytest.approx(1 / 3, abs=0.01)
    assert rows["duration"]["verdict"] == "A is better"


def test_medians_are_compared_by_the_same_draws_and_exchanges():
    rng = np.random.default_rng(5)
    a = rng.uniform(0.4, 0.6, N)
    b = a.copy()
    b[: N // 3] += 3.0  # a third of the clips far too long: the mean falls for it, the median hardly
    rows = rows_of(compare_reports(report_of(a), report_of(b)))
    assert rows["duration"]["b"] == pytest.approx(b.mean(), rel=1e-3)
    assert rows["duration_median"]["a"] == pytest.approx(np.median(a), rel=1e-3)
    assert rows["duration_median"]["b"] == pytest.approx(np.median(b), rel=1e-3)
    assert rows["duration_median"]["p"] < 0.01
    assert rows["duration_median"]["low"] < rows["duration_median"]["difference"] < rows["duration_median"]["high"] < 0
    same = rows_of(compare_reports(report_of(a), report_of(a[::-1])))["duration_median"]
    assert (same["difference"], same["verdict"]) == (0, "no difference shown")
    alike = rows_of(compare_reports(report_of(a), report_of(rng.uniform(0.4, 0.6, N))))["duration_median"]
    assert alike["difference"] != 0
    assert alike["p"] > 0.05


def test_values_on_both_sides_of_one_differ_without_a_better_one():
    noise = np.random.default_rng(4).normal(0, 0.3, N)
    row = rows_of(compare_reports(report_of(0.97 + noise), report_of(1.03 + noise)))["duration"]
    assert row["p_holm"] < 0.01
    assert row["low"] < 0 < row["high"]
    assert row["verdict"] == "differ, unclear which is better"


def test_languages_are_compared_apart_and_together_and_any_system_can_be_named():
    rng = np.random.default_rng(2)
    a, b = (report_of(rng.uniform(0.5, 1, 40), languages=("ASL", "GSL")) for _ in range(2))
    comparison = compare_reports(a, b, ["model", "random_clip"])
    assert list(comparison["parts"]) == ["ASL", "GSL", "all languages"]
    assert comparison["systems"] == {"A": "model", "B": "random_clip"}
    assert rows_of(comparison, "all languages")["duration"]["clips"] == 80
    table = comparison_rows(comparison["parts"]["ASL"])
    assert [row[0] for row in table] == ["dtw_score ↓", "duration →1", "duration_median →1", "duration_total →1"]
    assert {len(row) for row in table} == {len(COLUMNS)}
    orjson.dumps(comparison)


def test_refuses_what_is_not_about_the_same_clips_with_all_reasons():
    a = report_of(np.ones(5))
    b = copy.deepcopy(a)
    b["fps"] = 20
    b["clips"]["ASL"]["ids"][0] = "other"
    b["presets"]["duration"]["signature"] += "x"
    with pytest.raises(DataError) as caught:
        compare_reports(a, b, ["model", "nobody"])
    faults = "\n".join(caught.value.faults)
    assert len(caught.value.faults) == 4
    for expected in ("fps is 25 in A, 20 in B", "4 are the same", "duration: signature", "B has no system 'nobody'"):
        assert expected in faults
    b = copy.deepcopy(a)
    b["clips"]["ASL"]["references"] = "0"
    with pytest.raises(DataError, match="the reference poses of A and B differ"):
        compare_reports(a, b)
    with pytest.raises(DataError, match="A has ASL, B has GSL"):
        compare_reports(a, report_of(np.ones(5), languages=("GSL",)))


def test_two_files_are_compared_by_their_paths(tmp_path):
    rng = np.random.default_rng(2)
    for name in "ab":
        (tmp_path / f"{name}.json").write_bytes(orjson.dumps(report_of(rng.uniform(0.5, 1, 20))))
    report = compare(tmp_path / "a.json", tmp_path / "b.json", ["model", "random_clip"])
    assert report.stem == "comparison_a_b"
    assert report.data["systems"] == {"A": "model", "B": "random_clip"}


def test_reading_a_report_refuses_other_files(tmp_path):
    path = tmp_path / "r.json"
    with pytest.raises(DataError, match="no such report"):
        read_report(path)
    path.write_text("{")
    with pytest.raises(DataError, match="not a JSON report"):
        read_report(path)
    path.write_text('{"report_version": 1}')
    with pytest.raises(DataError, match="evaluate again"):
        read_report(path)


def test_packed_numbers_are_small_and_nearly_exact():
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.lognormal(0, 3, (10_000, 6)), np.ones((10_000, 6)), np.zeros((10_000, 4))], axis=1)
    rows[0] = [1e-30, 1e30, -2.5, *range(13)]
    text = pack(rows)
    assert len(text) < 3.3 * 10_000 * 6, "columns that never change cost nothing"
    back = unpack(text, 10_000)
    assert np.abs(back - rows).max(where=rows == 0, initial=0) == 0
    assert (np.abs(back - rows) <= 1.3e-4 * np.abs(rows)).all()
    assert back[:, 6:].tolist() == rows[:, 6:].tolist(), "counts are exact"
    assert pack(np.ones((3, 65))) is None
    with pytest.raises(DataError, match="damaged"):
        unpack(text[:100], 10_000)


def test_a_report_with_other_values_names_them_all(tmp_path):
    report = report_of(np.array([1.0, 2.0]))
    report["clips"]["ASL"]["ids"] = [1, 2]
    report["presets"] = {"duration": {"signature": None}}
    (tmp_path / "a.json").write_bytes(orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY))
    with pytest.raises(DataError) as caught:
        read_report(tmp_path / "a.json")
    told = "\n".join(caught.value.faults)
    for place in ("clips.ASL.ids.0", "clips.ASL.ids.1", "presets.duration.signature", "presets.duration.figures"):
        assert f"a.json: {place}: " in told
