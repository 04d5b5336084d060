"""Trainings of several ranks on this machine, over gloo, each rank a process."""

import json
import os
import socket
import subprocess
import sys

from signllm.config import parse_config
from signllm.training.distributed import launched_ranks
from signllm.training.setup import build_experiment, make_trainer
from tests.conftest import ROOT

_TRAIN = "import json, sys; from tests.helpers.ranks import train; train(json.loads(sys.argv[1]))"


def train(configs):
    """What each rank does: one training after the other."""
    with launched_ranks() as ranks:
        for config in configs:
            trainer, _ = make_trainer(build_experiment(parse_config(config)), [], ranks=ranks)
            trainer.fit()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(size, words, port=None, others=None, **more):
    """The processes of `size` ranks of Python with these words, as torchrun would start them; `others`: of rank 1."""
    port = port or free_port()
    environment = {**os.environ, "WORLD_SIZE": str(size), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **more}
    piped = {"cwd": ROOT, "text": True, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    processes = []
    for rank in range(size):
        own = others if others and rank == 1 else words
        numbers = {"RANK": str(rank), "LOCAL_RANK": str(rank)}
        processes.append(subprocess.Popen([sys.executable, *own], env={**environment, **numbers}, **piped))
    return processes


def ended(processes, within_s=120):
    """(exit codes, what each wrote on stdout and stderr)"""
    written = [process.communicate(timeout=within_s) for process in processes]
    return [process.returncode for process in processes], written


def train_in_ranks(size, *configs):
    """Let `size` ranks train these configurations, and wait for them."""
    codes, written = ended(start(size, ["-c", _TRAIN, json.dumps([config.model_dump() for config in configs])]))
    assert codes == [0] * size, written


_COMMAND = "import sys; from signllm.cli.start_training import main; raise SystemExit(main(sys.argv[1:]))"


def command(path, *sets):
    """The words of start_training.py with a configuration file."""
    return ["-c", _COMMAND, "--config", str(path), *(word for each in sets for word in ("--set", each))]
