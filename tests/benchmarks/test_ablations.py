"""The ablation command: a small matrix is trained, judged, tabled, resumed; and its plan and table by themselves."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import orjson
import pytest

from tests.conftest import ROOT
from tests.helpers.processes import all_end, holding, kill, marked, wait_for

sys.path.append(str(ROOT / "benchmarks"))

import ablations
from ablation.jobs import best_checkpoint, plan, same_job
from ablation.matrix import Bound, load_matrix
from ablation.table import Spread, _mean
from ablation.work import run_all, run_job

from signllm.config.loading import all_keys
from signllm.errors import ConfigError, DataError, LockedError

TARGETS = {
    "bt_gloss_wer": {"of": "reference", "most": 1.2, "trust_at_most": 15},
    "duration": {"least": 0.0},
    "dtw_score": {"most": 0},
}
METRICS = ["dtw-mje", "duration", "jerk-ratio"]


@pytest.fixture
def write_matrix(make_config, tmp_path, monkeypatch):
    """write_matrix(key=value, ...) writes a matrix of two variants on the demo store and returns its path."""
    monkeypatch.chdir(tmp_path)

    def write(**changes):
        values = make_config("training.max_steps=2").model_dump(mode="json")
        (tmp_path / "base_config.json").write_text(json.dumps(values))
        matrix = {
            "base": "base_config.json",
            "store": values["data"]["dataset_path"],
            "seeds": [0, 1],
            "metrics": METRICS,
            "targets": TARGETS,
            "variants": {"rolled out": {}, "at once": {"set": ["model.pose_decoder.type=parallel"]}},
        }
        (tmp_path / "small.json").write_text(json.dumps(matrix | changes))
        return tmp_path / "small.json"

    return write


def finished(root):
    return {path.parent.name: path.stat().st_mtime_ns for path in (root / "cells").glob("*/cell.json")}


def test_a_matrix_is_trained_judged_tabled_and_not_done_twice(write_matrix, tmp_path, capsys, forked):
    variants = {
        "rolled out": {},
        "at once": {"set": ["model.pose_decoder.type=parallel"]},
        "broken": {"set": ["training.device=cuda:9"]},
        "composed": {"set": ["model.pose_decoder.type=compose"]},
    }
    path = write_matrix(judge={"share": 0.5, "steps": 3}, seeds=[0], variants=variants)
    out = tmp_path / "out"
    assert ablations.main([str(path), "--output", str(out), "--jobs", "2"]) == 1
    said = capsys.readouterr().out
    assert "broken seed 0: failed with exit code 2" in said
    assert "cuda:9" in said
    table = orjson.loads((out / "ablations.json").read_bytes())
    assert list(table["variants"]) == ["rolled out", "at once", "composed"]
    assert [table["variants"][name]["steps"] for name in ("at once", "composed")] == [[2], [0]]
    assert {"reference", "frozen_mean", "nearest_text", "rolled out", "at once", "composed"} <= set(table["systems"])
    assert set(table["languages"]) == {"ASL", "GSL"}
    # Three steps make a judge that reads nothing: neither its praise nor its blame counts.
    assert table["targets"]["at once"] == {"bt_gloss_wer": None, "duration": True, "dtw_score": False}
    figures = table["systems"]["at once"]
    assert figures["dtw_score"]["low"] < figures["dtw_score"]["value"] < figures["dtw_score"]["high"]
    assert figures["bt_gloss_wer"]["value"] > 50
    assert table["systems"]["nearest_text"]["jerk_ratio"]["value"] > 0.1
    text = (out / "ablations.md").read_text()
    for part in ("| rolled out |", "*nearest text*", "## GSL", "- Not run or failed: broken seed 0.", "says nothing"):
        assert part in text
    (rest,) = (out / "judges").glob("*/rest/ASL/train/index.jsonl")
    assert len(rest.read_text().splitlines()) == 5  # the judge has the other five: they are disjoint
    before = finished(out)
    again = [str(path), "--output", str(out), "--only", "at once", "rolled out"]
    assert ablations.main(again) == 0
    assert finished(out) == before
    capsys.readouterr()
    assert ablations.main([*again, "--list"]) == 0
    assert "to do" not in capsys.readouterr().out


def test_other_metrics_evaluate_again_but_do_not_train_again(write_matrix, tmp_path):
    def at_once(path):
        (cell,) = plan(load_matrix(path), tmp_path / "out", ["at once"], seeds=[0])
        return cell.job

    job = at_once(write_matrix())
    assert run_job(job.write_spec()) == 0
    assert job.read()
    weights = best_checkpoint(job.folder).stat().st_mtime_ns
    again = at_once(write_matrix(metrics=["pose-similarity"]))
    assert again.folder == job.folder
    assert again.read() is None
    assert run_job(again.write_spec()) == 0
    assert list(again.read()["report"]["presets"]) == ["pose-similarity"]
    assert best_checkpoint(job.folder).stat().st_mtime_ns == weights


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are counted in /proc, which is not here")
def test_cells_end_with_their_runner_and_are_gone_on_with(write_matrix, tmp_path):
    path = write_matrix(seeds=[0], set=["training.max_steps=100000", "training.num_epochs=100000"])
    command = [sys.executable, str(ROOT / "benchmarks" / "ablations.py"), str(path), "--output", str(tmp_path / "out")]
    with marked() as (mark, environment):
        runner = subprocess.Popen([*command, "--only", "at once"], stdout=subprocess.DEVNULL, env=environment)
        wait_for(lambda: list(tmp_path.glob("out/cells/*/logs/run/events*")), runner)
        kill(runner)
        assert all_end(mark, within_s=60)
    assert list(tmp_path.glob("out/cells/*/checkpoints/run/last_model.pth"))


def test_a_cell_that_another_runner_works_on_is_left_to_it(write_matrix, tmp_path, capsys):
    job = plan(load_matrix(write_matrix()), tmp_path)[0].job
    with holding(job.folder) as process:
        with pytest.raises(LockedError):
            run_job(job.folder / "spec.json" if job.folder.exists() else job.write_spec())
        said = []
        assert run_all([job], ROOT / "benchmarks" / "ablations.py", 1, 1, said.append) == [job]
    assert f"process {process.pid} on" in said[0]


def test_a_run_under_another_default_is_put_aside(write_matrix, tmp_path):
    job = plan(load_matrix(write_matrix()), tmp_path)[0].job
    path = job.write_spec()
    path.with_name("kept").touch()
    job.write_spec()
    assert path.with_name("kept").exists()
    older = json.loads(path.read_bytes())
    older["config"]["training"]["warmup_steps"] = 77
    path.write_text(json.dumps(older))
    job.write_spec()
    assert not path.with_name("kept").exists()
    assert job.folder.with_name(f"{job.folder.name}.1").joinpath("kept").exists()


def test_a_killed_cell_goes_on_where_it_stood_and_equals_one_that_was_not_killed(write_matrix, tmp_path, forked):
    steps = ["training.max_steps=40", "training.num_epochs=40", "training.eval_every=40", "training.save_every_steps=1"]
    path = write_matrix(seeds=[0], set=steps)
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    (cell,) = plan(load_matrix(path), whole, ["at once"])
    assert run_job(cell.job.write_spec()) == 0
    command = [sys.executable, str(ROOT / "benchmarks" / "ablations.py"), str(path), "--output", str(parts)]
    process = subprocess.Popen([*command, "--only", "at once"], stdout=subprocess.DEVNULL, start_new_session=True)
    deadline = time.monotonic() + 600
    while not list(parts.glob("cells/*/checkpoints/run/last_model.pth")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGTERM)
    assert process.wait(600) == 130
    assert not finished(parts)
    assert ablations.main([str(path), "--output", str(parts), "--only", "at once"]) == 0
    (log,) = parts.glob("cells/*/cell.log")
    begun = [int(line.split()[3]) for line in log.read_text().splitlines() if line.startswith("trained from")]
    assert begun[0] == 0
    assert begun[-1] > 0
    (other,) = plan(load_matrix(path), parts, ["at once"])
    for what in ("steps", "best_step", "losses"):
        assert cell.job.read()[what] == other.job.read()[what]
    assert cell.job.read()["report"]["clips"] == other.job.read()["report"]["clips"]


def test_the_plan_names_cells_by_what_their_result_depends_on(write_matrix, tmp_path):
    def folders(path, out="out", **kwargs):
        return [cell.job.folder.name for cell in plan(load_matrix(path), tmp_path / out, **kwargs)]

    plain = folders(write_matrix())
    assert len(set(plain)) == 4
    assert folders(write_matrix(), "elsewhere") == plain
    assert not set(folders(write_matrix(set=["training.learning_rate=2e-3"]))) & set(plain)
    assert not set(folders(write_matrix(judge={"share": 0.4}))) & set(plain)
    assert folders(write_matrix(metrics=["duration"])) == plain
    assert len(folders(write_matrix(judge={"split_seeds": [0, 1]}))) == 8
    assert folders(write_matrix(), only=["at once"], seeds=[1]) == [plain[3]]


def test_a_key_that_came_later_voids_nothing_and_a_changed_default_does(write_matrix, tmp_path):
    spec = plan(load_matrix(write_matrix()), tmp_path)[0].job.spec
    older = json.loads(json.dumps(spec))
    del older["config"]["training"]["weight_decay"]
    assert same_job(spec, older)
    older["config"]["training"]["warmup_steps"] = 77
    assert not same_job(spec, older)


def test_a_key_that_is_a_constant_now_voids_what_another_value_made(write_matrix, tmp_path):
    spec = plan(load_matrix(write_matrix()), tmp_path)[0].job.spec
    older = json.loads(json.dumps(spec))
    older["config"]["training"]["plc"]["floor"] = 0.1
    assert same_job(spec, older)
    older["config"]["training"]["plc"]["floor"] = 0.2
    assert not same_job(spec, older)


def test_variants_that_start_from_others_come_after_them(write_matrix, tmp_path):
    variants = {"tuned": {"init_from": "first"}, "first": {}}
    matrix = load_matrix(write_matrix(variants=variants))
    assert matrix.order() == ["first", "tuned"] == matrix.order(["tuned"])
    if "training.init_from" not in all_keys():
        with pytest.raises(ConfigError, match=r"variant tuned: .*init_from"):
            plan(matrix, tmp_path)
        return
    first, tuned = plan(matrix, tmp_path, seeds=[0])
    assert tuned.job.needs == (first.job,)
    assert tuned.job.spec["config"]["training"]["init_from"].startswith(str(first.job.folder))


def test_faults_of_a_matrix_are_named_all_at_once(write_matrix, tmp_path):
    with pytest.raises(ConfigError) as error:
        load_matrix(write_matrix(seeds="0", sets=[]))
    assert len(error.value.faults) == 2
    with pytest.raises(ConfigError, match=r"no such variant .did you mean 'first'"):
        load_matrix(write_matrix(variants={"tuned": {"init_from": "frist"}, "first": {}}))
    with pytest.raises(ConfigError, match="starts from itself: a <- b <- a"):
        load_matrix(write_matrix(variants={"a": {"init_from": "b"}, "b": {"init_from": "a"}}))
    with pytest.raises(ConfigError, match=r"--only at onec: no such variant .did you mean 'at once'"):
        plan(load_matrix(write_matrix()), tmp_path, only=["at onec"])
    wrong = {"a": {"set": ["training.learning_rat=1"]}, "b": {"set": ["model.pose_decoder.num_heads=3"]}}
    with pytest.raises(ConfigError) as error:
        plan(load_matrix(write_matrix(variants=wrong)), tmp_path)
    assert [fault.split(":")[0] for fault in error.value.faults] == ["variant a", "variant b"]
    with pytest.raises(DataError):
        plan(load_matrix(write_matrix(store=str(tmp_path / "nothing"))), tmp_path)


def test_means_deviations_intervals_and_bounds():
    cells = [{"x": Spread(1.0, np.linspace(0, 2, 1001))}, {"x": Spread(3.0, np.linspace(2, 4, 1001))}]
    found = _mean(cells)["x"]
    assert found["value"] == 2
    assert found["sd"] == pytest.approx(2**0.5)
    assert (found["low"], found["high"]) == pytest.approx((1.05, 2.95))
    ratio = Spread(3.0, np.array([3.0, 4.0])).over(Spread(2.0, np.array([1.0, 0.0])))
    assert ratio.value == 1.5
    assert ratio.resampled_R[0] == 3
    assert np.isnan(ratio.resampled_R[1])
    assert Bound(least=0.9, most=1.1).holds(1.0)
    assert not Bound(least=0.9).holds(0.8)
    assert not Bound(most=1).holds(1.2)
    assert Bound(most=1.2, of="reference").holds(2.4, 2.0)
    assert not Bound(most=1.2, of="reference").holds(0.1, 0.0)


@pytest.mark.parametrize("path", sorted((ROOT / "configs" / "ablations").glob("*.json")), ids=lambda path: path.stem)
def test_every_matrix_that_is_shipped_can_be_planned(path, demo_root, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    matrix = load_matrix(path, {"store": str(demo_root)})
    assert len(plan(matrix, tmp_path)) == len(matrix.variants) * len(matrix.seeds) >= 9
