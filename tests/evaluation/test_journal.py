"""The journal: a second run reads instead of measuring, a killed run continues, damage is measured again."""

import signal
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest

from signllm.data.store import ClipRecord, StoreSplit, StoreWriter
from signllm.evaluation.journal import Journal, content_key
from signllm.evaluation.measurements import Measurements, evaluate
from signllm.metrics.registry import find_presets
from tests.conftest import ROOT
from tests.helpers.clips import signing

METRICS = ["duration", "total-distance"]


@pytest.fixture
def split(tmp_path):
    with StoreWriter(tmp_path / "store", "ASL", "dev") as writer:
        for number in range(7):
            pose = signing(number, 20 + number)
            writer.add(ClipRecord(f"c{number}", f"text {number}", "ASL", 25.0, len(pose)), pose)
        return writer.finish({})


class System:
    """Answers with other clips and remembers what it was asked."""

    def __init__(self):
        self.asked = []

    def __call__(self, records):
        self.asked += [record.id for record in records]
        return [signing(50 + int(record.id[1:]), 25) for record in records]


def run(split, journals, metrics=METRICS, **kwargs):
    measurements, system = Measurements(find_presets(metrics)), System()
    evaluate(measurements, "ASL", split, {"model": system}, 25, chunk_size=2, journals=journals, **kwargs)
    return measurements, system.asked


def test_arrays_come_back_and_names_that_are_missing_are_a_miss(tmp_path):
    rows = np.array([[1.5, np.pi], [0, -1]])
    Journal(tmp_path, {"a": 1}).add("chunk", {"x": rows, "ids": np.array([2**63 + 1], np.uint64)})
    again = Journal(tmp_path, {"a": 1})
    found = again.find("chunk", ["x", "ids"])
    assert np.array_equal(found["x"], rows)
    assert found["ids"].tolist() == [2**63 + 1]
    assert again.find("chunk", ["x", "y"]) is None
    assert again.find("other", ["x"]) is None
    assert Journal(tmp_path, {"a": 2}).find("chunk", ["x"]) is None
    assert content_key({"a": 1, "b": 2}) == content_key({"b": 2, "a": 1})


def test_without_a_folder_nothing_is_kept(tmp_path):
    journal = Journal(None, {"a": 1})
    journal.add("chunk", {"x": np.zeros(1)})
    assert journal.find("chunk", ["x"]) is None


def test_a_second_run_asks_nothing_and_gives_the_same(split, tmp_path):
    def journals():
        return {name: Journal(tmp_path / "cache", name) for name in ("reference", "model")}

    first, asked = run(split, journals())
    assert len(asked) == 7
    second, asked = run(split, journals())
    assert asked == []
    for preset in METRICS:
        assert np.array_equal(first.rows("ASL", "model", preset), second.rows("ASL", "model", preset))
    assert first.digest("ASL") == second.digest("ASL")
    before = journals()["model"].path.stat().st_size
    more, asked = run(split, journals(), [*METRICS, "motion-smoothness"])
    assert len(asked) == 7, "a metric that was not measured needs the clips again"
    assert np.array_equal(more.rows("ASL", "model", "duration"), first.rows("ASL", "model", "duration"))
    assert journals()["model"].path.stat().st_size < 2 * before, "only the new metric is measured and written"
    _, asked = run(split, journals(), ["motion-smoothness"])
    assert asked == []


@pytest.mark.parametrize(
    "foreign",
    [
        np.zeros((2, 99)),
        np.zeros((5, 1)),
        np.zeros(2),
        np.zeros((2, 1), np.float32),
    ],
)
def test_whole_lines_of_foreign_content_are_measured_again(split, tmp_path, foreign):
    first, _ = run(split, {"model": Journal(tmp_path / "cache", "model")})
    journal = Journal(tmp_path / "cache", "model")
    for chunk in list(journal._known):
        journal.add(chunk, dict.fromkeys(journal.known(chunk), foreign))
    again, asked = run(split, {"model": Journal(tmp_path / "cache", "model")})
    assert len(asked) == len(split)
    for name in METRICS:
        np.testing.assert_array_equal(again.rows("ASL", "model", name), first.rows("ASL", "model", name))


@pytest.mark.parametrize(
    "entry",
    [
        b"[]",
        b'{"chunk":"a"}',
        b'{"chunk":"a","arrays":{"x":["|O",[1],"eJwDAAAAAAE="]}}',
        b'{"chunk":"a","arrays":{"x":["<f8",[-1],"eJwDAAAAAAE="]}}',
        b'{"chunk":"a","arrays":{"x":["<f8",[1000000000000],"eJwDAAAAAAE="]}}',
        b'{"chunk":"a","arrays":{"x":["<f8",[3],"eJwDAAAAAAE="]}}',
        b'{"chunk":"a","arrays":{"x":["<f8",[3],"not packed"]}}',
    ],
)
def test_entries_that_lie_are_passed_over(tmp_path, entry):
    journal = Journal(tmp_path, "facts")
    journal.path.write_bytes(f"{zlib.crc32(entry):08x} ".encode() + entry + b"\n")
    assert Journal(tmp_path, "facts").known("a") == {}


def test_torn_and_changed_lines_are_measured_again(split, tmp_path):
    journal = Journal(tmp_path, "model")
    run(split, {"model": journal})
    lines = journal.path.read_bytes().splitlines(keepends=True)
    lines[1] = lines[1].replace(b"A", b"B", 1)  # the second chunk changed on disk, the last was torn by a kill
    journal.path.write_bytes(b"".join(lines)[:-5])
    again = Journal(tmp_path, "model")
    _, asked = run(split, {"model": again})
    assert asked == ["c2", "c3", "c6"]
    _, asked = run(split, {"model": Journal(tmp_path, "model")})
    assert asked == []


KILLED = """
import os, signal, sys
sys.path[:0] = {paths}
from test_journal import METRICS, Journal, Measurements, StoreSplit, System, evaluate, find_presets
from pathlib import Path

class Dies(System):
    def __call__(self, records):
        if len(self.asked) == 4:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(records)

journals = {{name: Journal(Path({cache!r}), name) for name in ("reference", "model")}}
evaluate(Measurements(find_presets(METRICS)), "ASL", StoreSplit(Path({split!r})), {{"model": Dies()}}, 25,
         chunk_size=2, journals=journals)
"""


def test_a_run_killed_with_signal_9_continues_and_ends_with_the_same_numbers(split, tmp_path):
    paths = [str(Path(__file__).parent), str(Path(__file__).resolve().parents[2])]
    code = KILLED.format(paths=paths, cache=str(tmp_path / "cache"), split=str(split.path))
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    journals = {name: Journal(tmp_path / "cache", name) for name in ("reference", "model")}
    continued, asked = run(StoreSplit(split.path), journals)
    assert asked == ["c4", "c5", "c6"]
    straight, _ = run(split, {})
    for preset in METRICS:
        for system in ("reference", "model"):
            assert np.array_equal(continued.rows("ASL", system, preset), straight.rows("ASL", system, preset))


class Sampling(System):
    """Its answers depend on the seed."""

    def __init__(self, seed):
        super().__init__()
        self.seed = seed

    def __call__(self, records):
        self.asked += [record.id for record in records]
        return [signing(90 + self.seed, 20 + self.seed) for _ in records]


def test_seeds_are_averaged_and_systems_without_chance_are_asked_once(split):
    measurements = Measurements(find_presets(["duration"]))
    still, sampling = System(), {seed: Sampling(seed) for seed in (0, 1, 2)}
    ticks = []
    for seed in (0, 1, 2):
        systems = {"still": still, "sampling": sampling[seed]}
        evaluate(measurements, "ASL", split, systems, 25, chunk_size=2, seed=seed, progress=ticks.append)
    assert measurements.seeds("ASL", "still") == [0]
    assert measurements.seeds("ASL", "sampling") == [0, 1, 2]
    assert still.asked == [*(f"c{n}" for n in range(7)), "c0", "c1", "c0", "c1"]
    assert sum(ticks) == 7 * (1 + 2 * 3)
    frames = np.arange(20, 27)
    assert measurements.rows("ASL", "sampling", "duration")[:, 0] == pytest.approx(21 / frames)
    assert measurements.rows("ASL", "sampling", "duration", 2)[:, 0] == pytest.approx(22 / frames)
    assert len(measurements.clips["ASL"]) == 7


WRITER = """
import sys
from pathlib import Path
import subprocess
import sys

import numpy as np
from signllm.evaluation.journal import Journal
journal = Journal(Path(sys.argv[1]), "facts")
print("ready", flush=True)
sys.stdin.readline()
rng = np.random.default_rng(int(sys.argv[2]))
for chunk in range(60):
    journal.add(f"{sys.argv[2]}-{chunk}", {"numbers": rng.normal(size=3000)})
"""


def test_two_processes_that_write_at_once_tear_no_line(tmp_path):
    command = [sys.executable, "-c", WRITER, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    writers = [subprocess.Popen([*command, str(n)], cwd=ROOT, **pipes) for n in range(2)]
    for writer in writers:
        writer.stdout.readline()
    for writer in writers:
        writer.stdin.write(b"go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate()
    journal = Journal(tmp_path, "facts")
    assert all(journal.find(f"{n}-{chunk}", ["numbers"]) for n in range(2) for chunk in range(60))
