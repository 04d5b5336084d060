"""Opening a model that signs texts, whatever it is made of."""

from __future__ import annotations

from pathlib import Path

from signllm.hooks import hook
from signllm.inference.generator import Generator
from signllm.inference.interface import SigningModel
from signllm.models.folder import is_composed


def open_model(path: str | Path, device: str = "auto") -> SigningModel:
    """A checkpoint, a shared model's folder, or a model composed of recordings, ready to sign.

    Raises CheckpointError, or DataError for the recordings of a composed model, where it cannot be read.
    """
    if is_composed(Path(path)):
        return hook("composed models").ComposedModel.read(Path(path))
    return Generator.from_checkpoint(path, device)
