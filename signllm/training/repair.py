"""What a kill at the end of an epoch kept from being written, or left half done, is made good when the run goes on.

`last_model.pth` is what a run goes on from, so it is written first; `best_model.pth` and `epoch_N.pth` have the same
content where they are due, and are written from it when a kill came between.
"""

from __future__ import annotations

import os
from pathlib import Path

from signllm.errors import CheckpointError
from signllm.models.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from signllm.training.run_folder import RunFolder


def repair(folder: RunFolder, checkpoint: Checkpoint) -> list[str]:
    """Make the other checkpoints of a run's folder those that belong to the one that it goes on from.

    Returns what there is to warn of: a best model of later steps, which is kept under another name, or one that cannot
    be found again.
    """
    state = checkpoint.training["state"]
    if _epoch_is_due(checkpoint) and _state(folder.epoch(state["epoch"])) != state:
        save_checkpoint(folder.epoch(state["epoch"]), checkpoint)
    return _repair_best(folder, checkpoint)


def _epoch_is_due(checkpoint: Checkpoint) -> bool:
    state = checkpoint.training["state"]
    return state["epoch"] > 0 and state["batch"] == 0 and state["epoch"] % checkpoint.config.training.save_every == 0


def _repair_best(folder: RunFolder, checkpoint: Checkpoint) -> list[str]:
    state, found = checkpoint.training["state"], _state(folder.best)
    if state["best_score"] is None or _is_best_of(found, state):
        return []
    source = _find_best(folder, checkpoint)
    if source is None:
        return [
            f"{folder.best}: the best model until step {state['step']}, that of step {state['best_step']}, is not in"
            " this folder; the next better one is written there"
        ]
    notes = []
    if found and found["step"] > state["step"]:
        kept = folder.checkpoints / f"best_model_step_{found['step']}.pth"
        os.replace(folder.best, kept)
        notes.append(f"the best model of step {found['step']}, after the step that the run goes on from, is now {kept}")
    save_checkpoint(folder.best, source)
    return notes


def _is_best_of(found: dict | None, state: dict) -> bool:
    """Whether a checkpoint's state is that of the model which `state` calls the best."""
    keys = ("best_step", "best_score")
    return found is not None and found["step"] == state["best_step"] and all(found[key] == state[key] for key in keys)


def _find_best(folder: RunFolder, checkpoint: Checkpoint) -> Checkpoint | None:
    """A checkpoint with the content of the best model: the given one, or that of an epoch."""
    state = checkpoint.training["state"]
    if _is_best_of(state, state):
        return checkpoint
    for path in sorted(folder.checkpoints.glob("epoch_*.pth")):
        if _is_best_of(_state(path), state):
            return load_checkpoint(path)
    return None


def _state(path: Path) -> dict | None:
    """The training state in a checkpoint; None where there is none that can be read."""
    try:
        return load_checkpoint(path, mapped=True).training.get("state")
    except CheckpointError:
        return None
