"""Each script says before its work that it cannot write, in one message and with exit code 2; nothing changes."""

import importlib
import os
import subprocess
import sys

import pytest

from signllm.pose.formats import write_clips
from tests.helpers.disks import FULL_KB, fill, make_read_only, mounted, tree
from tests.helpers.sources import clip

STORE, MODEL = "{store}", "{work}/no_model.pth"
WRITING = {
    "convert": ["--data_dir", "{source}", "--language", "ASL", "--output_dir", "{out}"],
    "start_training": ["--config", "quick_train", "--set", "data.dataset_path={store}",
                       "--set", "training.checkpoint_dir={out}"],
    "train_signllm": ["--config", "quick_train", "--set", "data.dataset_path={store}",
                      "--set", "training.log_dir={out}"],
    "quick_train": ["--set", "data.dataset_path={store}", "--set", "training.checkpoint_dir={out}"],
    "inference": ["--model_path", MODEL, "--text", "hello", "--output", "{out}"],
    "evaluation": ["model", "--model_path", MODEL, "--output", "{out}"],
    "visualize": ["--input", STORE, "--output", "{out}"],
    "export": ["--model_path", MODEL, "--to", "{out}/model"],
}  # fmt: skip
MORE = {
    "statistics": ("visualize", ["--mode", "statistics", "--input", STORE, "--output", "{out}"]),
    "clips": ("evaluation", ["clips", "--predictions", STORE, "--references", STORE, "--output", "{out}"]),
    "cache": ("evaluation", ["clips", "--predictions", STORE, "--references", STORE, "--output", "{work}/reports",
                             "--cache_dir", "{out}"]),
    "cache of a model": ("evaluation", ["model", "--model_path", MODEL, "--output", "{work}/reports",
                                        "--cache_dir", "{out}"]),
    "glosses": ("evaluation", ["glosses", "--references", "{work}/t.csv", "--predictions", "{work}/p.txt",
                               "--output", "{out}"]),
    "compare": ("evaluation", ["compare", "{work}/a.json", "{work}/b.json", "--output", "{out}"]),
    "prompts": ("evaluation", ["prompts", "--phrasings", "training", "--model_path", MODEL, "--output", "{out}"]),
    "train-judge": ("evaluation", ["train-judge", "--data", STORE, "--output", "{out}/judge.pth"]),
    "train-fgd": ("evaluation", ["train-fgd", "--data", STORE, "--output", "{out}/fgd.pt"]),
}  # fmt: skip
ALL = {name: (name, flags) for name, flags in WRITING.items()} | MORE


def run(name, out, demo_root, tmp_path, capsys):
    """Exit code and what was printed to stderr of the command that writes to `out`."""
    module, flags = ALL[name]
    source = tmp_path / "source"
    if not source.exists():
        source.mkdir()
        write_clips(source / "dev.skels", [("one", clip())])
        (source / "dev.text").write_text("hello\n")
    filled = [f.format(out=out, store=demo_root, work=tmp_path, source=source) for f in flags]
    code = importlib.import_module(f"signllm.cli.{module}").main(filled)
    return code, capsys.readouterr().err


@pytest.mark.parametrize("name", ALL)
def test_a_file_where_a_folder_is_needed(name, demo_root, tmp_path, capsys):
    (tmp_path / "file").write_text("mine")
    before = tree(demo_root)
    code, printed = run(name, tmp_path / "file" / "below", demo_root, tmp_path, capsys)
    assert code == 2
    assert printed.startswith("output error:\n")
    assert f"{tmp_path / 'file'}" in printed
    assert printed.count("  - ") == 1
    assert "a file stands where a folder is needed" in printed
    assert (tmp_path / "file").read_bytes() == b"mine"
    assert tree(demo_root) == before


@pytest.mark.parametrize("name", [name for name in ALL if name != "train_signllm"])  # logs may lack room
def test_a_full_disk(name, demo_root, tmp_path, capsys):
    with mounted(tmp_path / "disk", f"size={FULL_KB}k") as disk:
        (disk / "mine").write_bytes(b"mine")
        fill(disk)
        before = tree(disk)
        code, printed = run(name, disk / "out", demo_root, tmp_path, capsys)
        assert (code, printed.splitlines()[0]) == (2, "output error:")
        assert "No space left on device" in printed
        assert tree(disk) == before


@pytest.mark.parametrize("name", ALL)
def test_a_read_only_disk(name, demo_root, tmp_path, capsys):
    with mounted(tmp_path / "disk", f"size={FULL_KB}k") as disk:
        (disk / "mine").write_bytes(b"mine")
        make_read_only(disk)
        code, printed = run(name, disk / "out", demo_root, tmp_path, capsys)
        assert (code, printed.splitlines()[0]) == (2, "output error:")
        assert "that disk is read-only" in printed


def test_a_full_disk_under_the_printed_lines_is_told():
    """`> /dev/full`: the message goes to stderr, and Python ends without a second one."""
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full")
    script = """
from signllm.cli.common import command

@command
def main(argv=None):
    print("x" * 100)
    return 0

raise SystemExit(main())
"""
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 2
    assert done.stderr == "the operating system refused:\n  - No space left on device\n"
