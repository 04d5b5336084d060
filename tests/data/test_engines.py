"""Work in other processes: results in order, few chunks under way, and no process that outlives who started it."""

import os
import signal
import subprocess
import sys

import pytest

from signllm.data.engines import open_engine
from signllm.data.engines.mapping import in_order
from signllm.errors import WorkerError
from tests.conftest import ROOT
from tests.helpers.processes import alive, all_end, double, marked, wait_for
from tests.helpers.sources import write_lines


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are counted in /proc, which is not here")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_a_killed_conversion(tmp_path, number):
    write_lines(tmp_path / "d", [f"clip{n}" for n in range(2000)])
    flags = ["--data_dir", str(tmp_path / "d"), "--output_dir", str(tmp_path / "o"), "--language", "ASL"]
    with marked() as (mark, environment):
        process = subprocess.Popen(
            [sys.executable, "final_convert_data.py", *flags, "--workers", "2"],
            cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        index = tmp_path / "o" / "ASL" / ".dev.partial" / "index.jsonl"
        wait_for(lambda: index.is_file() and index.stat().st_size, process)
        assert len(alive(mark)) >= 3
        process.send_signal(number)
        process.wait()
        assert all_end(mark, within_s=10)


def test_only_a_few_chunks_are_under_way():
    begun = []
    results = in_order(lambda chunk: begun.append(chunk) or chunk, sum, ([n] for n in range(1000)), most=4)
    assert [next(results) for _ in range(10)] == list(range(10))
    assert len(begun) == 13
    assert sum(results) == sum(range(10, 1000))


@pytest.mark.parametrize("workers", [1, 2])
def test_results_come_in_the_order_of_the_chunks(workers):
    with open_engine("processes", workers) as engine:
        found = list(engine.map(double, 2, ([n, n] for n in range(12))))
    assert found == [[2 * n, 2 * n] for n in range(12)]


def test_a_worker_that_is_killed_is_said_with_the_way_on():
    said = r"2 worker processes was killed.*goes on where it stopped"
    with pytest.raises(WorkerError, match=said), open_engine("processes", 2) as engine:
        list(engine.map(double, 2, ([n] for n in range(20))))
