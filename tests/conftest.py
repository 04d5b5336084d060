"""Small fixtures made by code: a demo store of two languages and a configuration that trains on it in seconds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from signllm.config import Config, parse_config
from signllm.config.loading import apply_overrides
from signllm.data.demo import generate_demo_corpus

# Tests run in several processes: one thread each, or the processes' threads spin waiting for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


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
        values = {
            "run_name": "tiny",
            "model": {
                "text_encoder": {
                    "model_name": "from-scratch",
                    "scratch": {"vocab_size": 300, "hidden_size": 16, "num_layers": 1, "num_heads": 2},
                },
                "language_encoder": {"num_layers": 1},
                "pose_decoder": {"num_layers": 2, "hidden_size": 16, "num_heads": 2, "ff_size": 32},
                "gloss_decoder": {"num_layers": 1, "vocab_size": 300, "max_length": 24},
            },
            "data": {
                "dataset_path": str(demo_root),
                "batch_size": 4,
                "max_frames": 200,
                "cache_dir": str(tmp_path / "cache"),
            },
            "training": {
                "num_epochs": 1,
                "learning_rate": 1e-3,
                "warmup_steps": 2,
                "precision": "fp32",
                "eval_samples": 2,
                "sample_videos": 0,
                "checkpoint_dir": str(tmp_path / "checkpoints"),
                "log_dir": str(tmp_path / "logs"),
            },
        }
        return parse_config(apply_overrides(values, list(overrides)))

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
