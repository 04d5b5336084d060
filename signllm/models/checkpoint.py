"""Checkpoint files: weights, resolved config, vocabularies and training state in one file that stands alone.

Read with `weights_only=True`, so a file from elsewhere cannot run code. Written beside, synced and renamed,
so a file under its final name is whole. It lies below `inference`, which must read it without a trainer.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor

import signllm
from signllm.config import Config, parse_config
from signllm.errors import CheckpointError
from signllm.fsutil import write_atomically
from signllm.models.folder import is_model_folder, read_folder
from signllm.models.sign_model import SignModel, model_from_state

KIND = "signllm-checkpoint"
FORMAT_VERSION = 2


@dataclass(frozen=True)
class Checkpoint:
    """`weights`: the trained ones; `averaged`: their moving average (trainable parameters only, may be empty)."""

    config: Config
    extra: dict
    weights: dict[str, Tensor]
    averaged: dict[str, Tensor] = field(default_factory=dict)
    training: dict = field(default_factory=dict)

    def build_model(self, averaged: bool) -> SignModel:
        """The model with its trained weights, or with the averaged ones where there are any."""
        weights = {**self.weights, **self.averaged} if averaged else self.weights
        return model_from_state(self.config.model, self.extra, weights)


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


def read_tensors(path: Path, what: str) -> object:
    """What `torch.save` wrote, onto the CPU, without running code of the file (`weights_only`).

    Raises CheckpointError, which calls the file torn or not `what`, when PyTorch cannot read it.
    """
    try:
        with warnings.catch_warnings(category=UserWarning, action="ignore"):  # about the pickle that garbage looks like
            return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # arbitrary bytes, taken for a pickle, fail in arbitrary ways
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise CheckpointError(f"{path}: torn, or not {what} ({reason})") from None


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint, or a model's folder, onto the CPU. A folder holds nothing to go on training from.

    Raises CheckpointError when it is missing, torn, foreign or of another format.
    """
    path = Path(path)
    if is_model_folder(path):
        return Checkpoint(*read_folder(path))
    if not path.is_file():
        siblings = sorted(p.name for p in path.parent.glob("*.pth")) if path.parent.is_dir() else []
        there = f"; there are: {', '.join(siblings)}" if siblings else ""
        raise CheckpointError(f"{path}: no such checkpoint{there}")
    content = read_tensors(path, "a checkpoint; use another .pth of the run")
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise CheckpointError(f"{path}: not a SignLLM checkpoint")
    if content["format_version"] != FORMAT_VERSION:
        raise CheckpointError(
            f"{path}: checkpoint format {content['format_version']} written by SignLLM {content['signllm_version']};"
            f" this version ({signllm.__version__}) reads {FORMAT_VERSION}"
        )
    return Checkpoint(
        config=parse_config(content["config"], str(path)),
        extra=content["extra"],
        weights=content["weights"],
        averaged=content["averaged"],
        training=content["training"],
    )
