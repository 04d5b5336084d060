"""What a run or a conversion left on the disk, without what a clock wrote: equal outcomes are equal values."""

import json
from pathlib import Path

from signllm.fsutil import file_sha256
from signllm.models.checkpoint import load_checkpoint
from tests.helpers.runs import without_clock

CLOCKS = {"training/frames_per_second"}


def strays(root):
    """Every hidden file and folder: a finished command leaves none."""
    return sorted(str(path.relative_to(root)) for path in Path(root).rglob(".*"))


def digests(root):
    """The content of every file of a folder."""
    return {str(path.relative_to(root)): file_sha256(path) for path in sorted(Path(root).rglob("*")) if path.is_file()}


def scalars(logs):
    """Every scalar of TensorBoard by tag: the steps and values that a reader sees after all restarts."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(logs), size_guidance={"scalars": 0})
    events.Reload()
    tags = sorted(set(events.Tags()["scalars"]) - CLOCKS)
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in tags}


def checkpoint(path):
    """All of a checkpoint but for the times of training and the places of its files."""
    found = load_checkpoint(path)
    config = found.config.model_dump(mode="json")
    places = {"data": ("dataset_path", "cache_dir"), "training": ("checkpoint_dir", "log_dir")}
    for section, keys in places.items():
        for key in keys:
            config[section].pop(key)
    state = {key: value for key, value in without_clock(found.training["state"]).items() if key != "gloss_seconds"}
    training = {**found.training, "state": state}
    return {"config": config, "extra": found.extra, "weights": found.weights, "averaged": found.averaged, **training}


def run_outcome(checkpoints, logs):
    """The checkpoints, the statistics and the scalars of a run."""
    stats = without_clock(json.loads((checkpoints / "training_stats.json").read_text()))
    stats.pop("gloss_seconds")
    found = {path.name: checkpoint(path) for path in sorted(checkpoints.glob("*.pth"))}
    found |= {"training_stats.json": stats, "scalars": scalars(logs), "strays": strays(checkpoints) + strays(logs)}
    if (logs / "gloss_pairs").is_dir():
        found["scalars of the gloss part"] = scalars(logs / "gloss_pairs")
    return found


def differences(first, second, tolerance=0.0):
    """The names under which two outcomes differ; `tolerance` as `equal` has it."""
    from tests.helpers.runs import equal

    return [
        name
        for name in sorted(first.keys() | second.keys())
        if name not in first or name not in second or not equal(first[name], second[name], tolerance)
    ]
