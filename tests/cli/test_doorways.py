"""The seven scripts at the top: they show help fast, in two languages, and do nothing at import."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = (
    "quick_train.py", "start_training.py", "train_signllm.py", "inference_signllm.py", "evaluation.py",
    "final_convert_data.py", "visualize_skeleton_data.py",
)  # fmt: skip


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_is_shown_in_english_and_chinese_without_loading_torch(script):
    code = (
        f"import sys, runpy; sys.argv = ['{script}', '--help']\n"
        f"try: runpy.run_path('{script}', run_name='__main__')\n"
        "except SystemExit as end: print('exit', end.code, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("exit 0 False")
    assert f"usage: {script}" in done.stdout
    assert any("\u4e00" <= letter <= "\u9fff" for letter in done.stdout)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_doorway_is_only_a_doorway(script):
    lines = [line for line in (ROOT / script).read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 6


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "10000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, None)],
)
def test_waiting_threads_soon_sleep_unless_the_user_says_otherwise(given, expected):
    clean = {key: value for key, value in os.environ.items() if key not in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT")}
    code = "import signllm.cli.start_training, os; print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=clean | given, capture_output=True, text=True)
    assert done.stdout.strip() == str(expected)
