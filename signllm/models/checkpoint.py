"""Checkpoint files: weights, resolved config, vocabularies and training state in one file that stands alone.

Read with `weights_only=True`, so a file from elsewhere cannot run code. Written beside, synced and renamed,
so a file under its final name is whole. It lies below `inference`, which must read it without a trainer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

import signllm
from signllm.config import Config, parse_config
from signllm.errors import CheckpointError
from signllm.fsutil import write_atomically
from signllm.models.checkpoint_types import Content, Training
from signllm.models.folder import is_composed, is_model_folder, read_folder
from signllm.models.sign_model import SignModel, model_from_state
from signllm.tensor_file import read_tensors
from signllm.typed import checked

KIND = "signllm-checkpoint"
FORMAT_VERSION = 2


@dataclass(frozen=True)
class Checkpoint:
    """`weights`: the trained ones; `averaged`: their moving average (trainable parameters only, may be empty).

    `source`: the file, for messages.
    """

    config: Config
    extra: dict
    weights: dict[str, Tensor]
    averaged: dict[str, Tensor] = field(default_factory=dict)
    training: dict = field(default_factory=dict)
    source: str = "the checkpoint"

    def build_model(self, averaged: bool) -> SignModel:
        """The model with its trained weights, or with the averaged ones where there are any.

        Raises CheckpointError where the weights are not those of the model that configuration and extra describe.
        """
        weights = {**self.weights, **self.averaged} if averaged else self.weights
        return model_from_state(self.config.model, self.extra, weights, self.source)


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Write atomically."""
    content = {
        "kind": KIND,
        "format_version": FORMAT_VERSION,
        "signllm_version": signllm.__version__,
        "config": checkpoint.config.model_dump(),
        "extra": checkpoint.extra,
        "weights": checkpoint.weights,
        "averaged": checkpoint.averaged,
        "training": checkpoint.training,
    }
    write_atomically(path, lambda file: torch.save(content, file))


def load_checkpoint(path: str | Path, mapped: bool = False) -> Checkpoint:
    """Read a checkpoint, or a model's folder, onto the CPU. A folder holds nothing to go on training from.

    `mapped`: weights are read from the file when they are used, for callers who look at something else.
    Raises CheckpointError when it is missing, torn, foreign or of another format, ConfigError for a configuration that
    no model can be built from.
    """
    path = Path(path)
    if is_composed(path):
        raise CheckpointError(
            f"{path}: a model composed of recordings has no weights to go on from or to export; it is made anew in"
            " seconds, and is shared by copying its folder (it holds people's motion)"
        )
    if is_model_folder(path):
        return Checkpoint(*read_folder(path), source=str(path))
    if not path.exists():
        siblings = sorted(p.name for p in path.parent.glob("*.pth")) if path.parent.is_dir() else []
        there = f"; there are: {', '.join(siblings)}" if siblings else ""
        raise CheckpointError(f"{path}: no such checkpoint{there}")
    content = read_tensors(path, "a checkpoint; use another .pth of the run", mapped)
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise CheckpointError(f"{path}: not a SignLLM checkpoint")
    if content.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: checkpoint format {content.get('format_version')} written by SignLLM"
            f" {content.get('signllm_version')}; this version ({signllm.__version__}) reads {FORMAT_VERSION}"
        )
    checked(Content, content, path, CheckpointError, "use another .pth of the run")
    if content["training"]:
        place = f"{path}: training"
        checked(Training, content["training"], place, CheckpointError, "use another .pth of the run")
    unknown = sorted(content["averaged"].keys() - content["weights"].keys())
    if unknown:
        raise CheckpointError(f"{path}: averages of {unknown[0]}, which has no weight; use another .pth of the run")
    return Checkpoint(
        config=parse_config(content["config"], str(path)),
        extra=content["extra"],
        weights=content["weights"],
        averaged=content["averaged"],
        training=content["training"],
        source=str(path),
    )
