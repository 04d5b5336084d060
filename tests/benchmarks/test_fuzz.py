"""The short form of benchmarks/fuzz.py: a few damaged files of each kind, and that its watch sees what goes wrong."""

import pickle
import sys

import pytest

from signllm.errors import DataError
from tests.conftest import ROOT

sys.path.append(str(ROOT / "benchmarks"))

import fuzz
from fuzzing import watch as watching
from fuzzing.targets import TARGETS
from fuzzing.watch import Watch

FEW, MORE = 3, 10
EVERY = 3  # of the other kinds made by code; the benchmark takes all
QUICK = ("journal", "text features", "kept leakage", "configuration", "report", "gloss table", "texts file")


OTHERS = [target for target in TARGETS if target.name not in QUICK and "real" not in target.name]
SAMPLE = [target for target in TARGETS if target.name in QUICK] + OTHERS[::EVERY]


@pytest.fixture(scope="module")
def watch(tmp_path_factory):
    return Watch([tmp_path_factory.getbasetemp()])


@pytest.mark.parametrize("target", SAMPLE, ids=lambda target: target.name)
def test_nothing_but_a_clear_error_comes_of_damaged_files(target, watch, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fuzz.tempfile, "tempdir", str(tmp_path))
    fuzz.fuzz(target, MORE if target.name in QUICK else FEW, 1, tmp_path / "work", watch)
    assert [finding for finding in watch.findings if finding.target == target.name] == []
    assert not (tmp_path / "executed").exists()


def _refuse():
    raise DataError("no")


def _write():
    open("/tmp/signllm-fuzz-elsewhere", "ab").close()


@pytest.mark.parametrize(
    ("read", "kind"),
    [
        (lambda: 1 / 0, "traceback"),
        (lambda: pickle.loads(pickle.dumps(DataError)), "pickle"),
        (_write, "write elsewhere"),
        (lambda: fuzz.Path("/proc/self/none").read_text(), "traceback"),
        (lambda: watching.time.sleep(0.05), "hang"),
        (lambda: bytearray(600 << 20), "memory"),
        (_refuse, None),
    ],
)
def test_the_watch_sees_what_goes_wrong(tmp_path, monkeypatch, read, kind):
    monkeypatch.setattr(watching, "LONGEST_S", 0.04 if kind == "hang" else 60)
    seen = Watch([tmp_path])
    seen.run("a", "b", read)
    assert [finding.kind for finding in seen.findings] == ([kind] if kind else [])
