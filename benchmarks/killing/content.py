"""Whether what stands under its final name is whole."""

from __future__ import annotations

import json
from pathlib import Path

from signllm.data.store import Store
from signllm.errors import SignLLMError
from signllm.fsutil import file_sha256
from signllm.models.checkpoint import load_checkpoint


def store_faults(root: Path) -> list[str]:
    """What is wrong with the finished splits of a store: checksums, the index, clips that cannot be read."""
    faults: list[str] = []
    if not root.is_dir():
        return faults
    store = Store(root)
    for code in store.languages():
        for name in store.splits(code):
            try:
                split = store.split(code, name)
                faults += [
                    f"{split.path / file}: another checksum"
                    for file, checksum in split.info["checksums"].items()
                    if file_sha256(split.path / file) != checksum
                ]
                if len(split) != split.info["clips"]:
                    faults.append(f"{split.path}: {len(split)} clips in the index, {split.info['clips']} were written")
                for index in range(len(split)):
                    split.pose(index)
            except (SignLLMError, OSError, ValueError) as error:
                faults.append(f"{code}/{name}: {error}")
    return faults


def training_faults(root: Path) -> list[str]:
    """The checkpoints and JSON files below a folder that cannot be read."""
    faults = []
    for path in (path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")):
        try:
            if path.suffix == ".pth" and "judges" not in path.parts:
                load_checkpoint(path)
            elif path.suffix == ".json":
                json.loads(path.read_bytes())
        except (SignLLMError, ValueError) as error:
            faults.append(f"{path.relative_to(root)}: {error}")
    return faults
