"""Sources cut from real recordings, where `../shared/data` is there: the bytes that their trackers wrote."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[3] / "shared" / "data"
_FEW = 2


def _lines(name: str, split: str, suffixes: tuple[str, ...], folder: Path) -> None:
    """The first lines of a split."""
    folder.mkdir(parents=True)
    for suffix in suffixes:
        rows = (ROOT / name / f"{split}{suffix}").read_bytes().splitlines(keepends=True)
        (folder / f"{split}{suffix}").write_bytes(b"".join(rows[:_FEW]))


def _files(name: str, pattern: str, folder: Path, few: int = _FEW, tables: str = "") -> None:
    """The first files of a pattern, and the first lines of tables."""
    for path in sorted((ROOT / name).glob(pattern))[:few]:
        target = folder / path.relative_to(ROOT / name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    for path in (ROOT / name).glob(tables) if tables else ():
        rows = path.read_bytes().splitlines(keepends=True)
        (folder / path.name).write_bytes(b"".join(rows[: 4 * _FEW]))


def _openpose(folder: Path) -> None:
    clip = sorted((ROOT / "openpose_json" / "json").iterdir())[0].name
    _files("openpose_json", f"json/{clip}/*.json", folder, 3)
    (folder / "dev.files").write_text(f"{clip}\n")
    (folder / "dev.text").write_text("So good.\n")


def _label_arrays(folder: Path) -> None:
    folder.mkdir(parents=True)
    with np.load(ROOT / "ksl_mediapipe" / "clips.npz") as archive:
        names = sorted(archive.files)[:_FEW]
        np.savez(folder / "clips.npz", **{name: archive[name][:_FEW] for name in names})


def _pose_files(folder: Path) -> None:
    _files("pose_files", "dgs/*", folder, 2 * _FEW)
    for path in (folder / "dgs").iterdir():
        path.rename(folder / path.name)
    (folder / "dgs").rmdir()


_MAKERS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "lifted lines": ("phoenix_skels", partial(_lines, "phoenix_skels", "dev", (".skels", ".text", ".gloss", ".files"))),
    "flat lines": ("asl_words", partial(_lines, "asl_words", "dev", (".skels", ".text", ".files"))),
    "DWPose lines": ("dwpose_skels", partial(_lines, "dwpose_skels", "sample", (".skels", ".gloss", ".files"))),
    "OpenPose JSON": ("openpose_json", _openpose),
    "label arrays": ("ksl_mediapipe", _label_arrays),
    "landmarks": ("tsl_words", partial(_files, "tsl_words", "landmarks/*.json", tables="*.csv")),
    "glosses": ("dgs_glosses", partial(_files, "dgs_glosses", "clips/*.npz", few=8, tables="manifest.csv")),
    ".pose": ("pose_files", _pose_files),
}
RECORDINGS = {f"real {name}": make for name, (folder, make) in _MAKERS.items() if (ROOT / folder).is_dir()}
"""As `TRACKED`; empty where the recordings are not there."""
