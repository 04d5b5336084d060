"""The files of a run, by the guide's names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from signllm.config import Config
from signllm.fsutil import hold, sweep, write_json
from signllm.outputs import check_folder, writing


class RunFolder:
    """`checkpoints/<run>/` and `logs/<run>/`."""

    def __init__(self, config: Config):
        self.checkpoints = Path(config.training.checkpoint_dir) / config.run_name
        self.logs = Path(config.training.log_dir) / config.run_name
        self.best = self.checkpoints / "best_model.pth"
        self.last = self.checkpoints / "last_model.pth"
        self.composed = self.checkpoints / "composed_model"
        self.stats = self.checkpoints / "training_stats.json"
        self.train_log = self.logs / "train.log"
        self.samples = self.logs / "samples"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let no other process train into these folders, or rename them, until the block ends.

        Raises LockedError that says which process does, OutputError where nothing can be written.
        """
        self.check()
        with hold(self.checkpoints), hold(self.logs):
            yield

    def check(self) -> None:
        """Raise OutputError where nothing can be written. For the logs, which a run can do without, room may lack."""
        check_folder(self.checkpoints)
        check_folder(self.logs, full=True)

    def epoch(self, number: int) -> Path:
        """The checkpoint kept after epoch `number` (from 1)."""
        return self.checkpoints / f"epoch_{number}.pth"

    def set_aside_older_run(self) -> Path | None:
        """Rename an older run of this name to `<run>.1` (or the next free number); return where it went, or None.

        The checkpoints go last: a kill before that leaves logs of this number without them, and they follow.
        """
        if not any(self.checkpoints.glob("*.pth")) and not self.composed.exists():
            return None
        self.sweep()
        there = [folder for folder in (self.logs, self.checkpoints) if folder.exists()]
        number = 1
        while any(folder.with_name(f"{folder.name}.{number}").exists() for folder in there):
            number += 1
        for folder in there:
            with writing(folder):
                folder.rename(folder.with_name(f"{folder.name}.{number}"))
        return self.checkpoints.with_name(f"{self.checkpoints.name}.{number}")

    def sweep(self) -> None:
        """Remove the temporary files of killed runs."""
        for folder in (self.checkpoints, self.logs, self.samples):
            sweep(folder)

    def prepare(self, config: Config) -> None:
        """Make the folders and write `config_used.json`."""
        for folder in (self.checkpoints, self.logs, self.samples):
            with writing(folder):
                folder.mkdir(parents=True, exist_ok=True)
        self.sweep()
        write_json(self.checkpoints / "config_used.json", config.model_dump())
