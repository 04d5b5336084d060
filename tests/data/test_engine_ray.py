"""Conversion on a Ray cluster of two processes: what is killed is done again, and the store is that of one process."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

from signllm.cli.convert import main
from signllm.data.convert import ConvertOptions, convert
from signllm.data.engines.on_ray import on_ray
from signllm.errors import WorkerError
from tests.conftest import ROOT
from tests.helpers.outcomes import digests
from tests.helpers.processes import alive, all_end, marked, wait_for
from tests.helpers.sources import write_lines

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed: requirements-ray.txt")


def working(mark):
    """The processes of the cluster that do tasks; Ray names them by what they do."""
    found = []
    for pid in alive(mark):
        with suppress(OSError):
            if Path(f"/proc/{pid}/cmdline").read_bytes().startswith((b"ray::_in_folder", b"ray::IDLE")):
                found.append(pid)
    return found


@needs_ray
@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="processes are counted in /proc, which is not here")
def test_a_worker_that_is_killed_loses_nothing(tmp_path):
    write_lines(tmp_path / "d", [f"clip{n}" for n in range(1500)])
    flags = ["--data_dir", str(tmp_path / "d"), "--output_dir", str(tmp_path / "o"), "--language", "GSL"]
    with marked() as (mark, environment):
        process = subprocess.Popen(
            [sys.executable, "final_convert_data.py", *flags, "--engine", "ray", "--workers", "2"],
            cwd=ROOT, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        index = tmp_path / "o" / "GSL" / ".dev.partial" / "index.jsonl"
        wait_for(lambda: index.is_file() and index.stat().st_size, process)
        killed = working(mark)
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        assert process.wait() == 0
        assert killed
        assert all_end(mark, within_s=20)
    convert(ConvertOptions(tmp_path / "d", tmp_path / "straight", "GSL"))
    assert digests(tmp_path / "o") == digests(tmp_path / "straight")


@needs_ray
def test_a_cluster_that_is_not_there_is_said_with_the_way_on(tmp_path, capsys):
    write_lines(tmp_path / "d")
    flags = ["--data_dir", str(tmp_path / "d"), "--output_dir", str(tmp_path / "o"), "--language", "GSL"]
    assert main([*flags, "--engine", "ray", "--ray_address", "127.0.0.1:1"]) == 2
    assert "no Ray cluster answers at 127.0.0.1:1" in capsys.readouterr().err


class FakeRay(ModuleType):
    """A Ray that starts or connects only after so many failures."""

    def __init__(self, failures):
        super().__init__("ray")
        self.failures, self.asked, self.shut_down = failures, [], 0

    def is_initialized(self):
        return False

    def init(self, **options):
        self.asked.append(options["address"])
        if len(self.asked) <= self.failures:
            raise Exception("The current node timed out during startup.\nThis could happen")  # a bare one, as Ray's own

    def cluster_resources(self):
        return {"CPU": 2.0}

    def shutdown(self):
        self.shut_down += 1


@pytest.fixture
def fake_ray(monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)

    def install(failures):
        fake = FakeRay(failures)
        monkeypatch.setitem(sys.modules, "ray", fake)
        return fake

    return install


def test_ray_that_does_not_start_in_its_30_seconds_is_started_again(fake_ray):
    ray = fake_ray(2)
    with on_ray(2):
        assert ray.shut_down == 2
    assert ray.asked == ["local"] * 3  # never a cluster that happens to run here
    assert ray.shut_down == 3
    ray = fake_ray(3)
    says = r"did not start on this machine in 3 attempts \(The current node timed out during startup\.\); it may be too"
    with pytest.raises(WorkerError, match=says), on_ray(2):
        pytest.fail("it has started")
    assert len(ray.asked) == 3


def test_a_cluster_that_is_named_is_connected_to_once(fake_ray, monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "auto")
    ray = fake_ray(1)
    with pytest.raises(WorkerError, match="no Ray cluster answers at auto"), on_ray(2):
        pytest.fail("it has started")
    ray.failures = 0
    with on_ray(2, "ray-head"):
        assert ray.asked == ["auto", "ray-head"]


@pytest.mark.skipif(find_spec("ray") is not None, reason="Ray is installed")
def test_without_ray_the_error_says_what_to_install(tmp_path, capsys):
    write_lines(tmp_path / "d")
    flags = ["--data_dir", str(tmp_path / "d"), "--output_dir", str(tmp_path / "o"), "--language", "GSL"]
    assert main([*flags, "--engine", "ray"]) == 2
    assert "pip install -r requirements-ray.txt" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_the_address_of_a_cluster_is_refused_where_no_cluster_is_asked_for(tmp_path, capsys):
    flags = ["--data_dir", str(tmp_path), "--output_dir", str(tmp_path / "o"), "--language", "GSL"]
    assert main([*flags, "--ray_address", "10.0.0.1:6379"]) == 2
    assert "--ray_address 10.0.0.1:6379 is for --engine ray" in capsys.readouterr().err
