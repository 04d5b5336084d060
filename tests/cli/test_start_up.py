"""Signing starts fast: what a model trained from scratch has no need of is not imported."""

import subprocess
import sys
from pathlib import Path

from signllm.models.checkpoint import Checkpoint, save_checkpoint
from signllm.training.setup import build_experiment

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("transformers", "numba", "scipy", "matplotlib", "tensorboard", "rich", "pose_format", "sacrebleu")
SLOW += ("jinja2", "signllm.viewing.player.page", "signllm.retargeting.animation")


def test_from_text_to_mp4_without_slow_imports(make_config, tmp_path):
    experiment = build_experiment(make_config("data.max_frames=10"))
    path = tmp_path / "best_model.pth"
    save_checkpoint(path, Checkpoint(experiment.config, experiment.model.extra_state(), experiment.model.state_dict()))
    flags = ["--model_path", str(path), "--text", "hello", "--language", "ASL", "--format", "mp4"]
    code = (
        "import gc, sys\nfrom signllm.cli.inference import main\n"
        f"print(main({[*flags, '--output', str(tmp_path)]}), gc.isenabled())\n"
        f"print([name for name in {SLOW} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-2:] == ["0 True", "[]"]
    assert (tmp_path / "001_ASL_hello.mp4").stat().st_size > 1000
