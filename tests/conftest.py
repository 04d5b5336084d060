"""Small fixtures made by code: a demo store of two languages and a configuration that trains on it in seconds."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from signllm.config import Config, parse_config
from signllm.config.loading import apply_overrides
from signllm.data.demo import generate_demo_corpus
from tests.helpers import fork_server
from tests.helpers.tiny import TINY

# Tests run in several processes: one thread each, or the processes' threads spin waiting for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtestloop(session):
    """The server of `forked` is forked when everything is imported and no test has run; only where a test wants it."""
    wanted = any("forked" in getattr(item, "fixturenames", ()) for item in getattr(session, "items", ()))
    server = fork_server.start() if wanted and fork_server.AVAILABLE else None
    try:
        return (yield)
    finally:
        if server:
            fork_server.stop(*server)


@pytest.fixture
def forked(monkeypatch):
    """Python processes of the test start without importing anything again, where the system can: see fork_server."""
    if fork_server.AVAILABLE:
        monkeypatch.setattr(subprocess, "Popen", fork_server.Forked)


@pytest.fixture(scope="session")
def demo_root(tmp_path_factory) -> Path:
    """A store of 10 training, 3 dev and 2 test clips in each of two languages; do not write to it."""
    root = tmp_path_factory.mktemp("demo") / "store"
    generate_demo_corpus(root, train=10, dev=3, test=2, languages=["ASL", "GSL"])
    return root


@pytest.fixture
def make_config(demo_root, tmp_path):
    """make_config("model.mode=mlsf", ...) gives a tiny configuration whose files stay under tmp_path."""

    def make(*overrides: str) -> Config:
        places = (
            f"data.dataset_path={demo_root}",
            f"data.cache_dir={tmp_path / 'cache'}",
            f"training.checkpoint_dir={tmp_path / 'checkpoints'}",
            f"training.log_dir={tmp_path / 'logs'}",
        )
        return parse_config(apply_overrides(TINY, [*places, *overrides]))

    return make


@pytest.fixture
def use(monkeypatch):
    """use(stand_in) puts it where evaluation loads checkpoints, and returns it; `loaded` counts how often."""
    from signllm.evaluation import trained_model

    def put(generator):
        generator.loaded = 0

        def load(path, device):
            generator.loaded += 1
            return generator

        monkeypatch.setattr(trained_model, "load_generator", load)
        return generator

    return put
