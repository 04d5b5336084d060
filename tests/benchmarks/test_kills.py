"""The benchmark that kills: a short, seeded form of it finds no fault, and a fault is found."""

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are counted in /proc")


def kills(*flags):
    command = [sys.executable, str(ROOT / "benchmarks" / "kills.py"), "--seed", "1", *flags]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def test_a_few_kills_lose_and_tear_nothing(forked):
    done = kills("--only", "label arrays,overwrite,MLSF", "--conversion", "8", "--training", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "10 kills, 0 faults" in done.stdout
    assert kills("--only", "nothing of this name").returncode == 2
