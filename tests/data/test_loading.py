"""Clips that other processes read: no process outlives the one that started it."""

import os
import signal
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.helpers.processes import alive, all_end, marked, wait_for
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
