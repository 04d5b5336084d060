"""What a conversion is asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signllm.data.dealing import HELD_OUT, check_name
from signllm.data.engines import PROCESSES, engine_faults
from signllm.errors import ConfigError
from signllm.languages import resolve_language
from signllm.pose.cleaning import Cleaning
from signllm.pose.formats.hints import Hints
from signllm.pose.tracking.tracked import Tracking


def limit_faults(max_samples: int | None, fps: float | None, held_out: float) -> list[str]:
    """What is wrong with how much of a source is taken, at which frame rate."""
    faults = []
    if max_samples is not None and max_samples < 1:
        faults.append(f"--max_samples is {max_samples}; expected at least 1, or no such flag for every clip")
    if fps is not None and not 0 < fps < 1e4:
        faults.append(f"--fps is {fps}; expected a positive number of frames a second")
    if not 0 <= held_out < 1:
        faults.append(f"--held_out is {held_out}; expected a share of the clips, such as {HELD_OUT}")
    return faults


@dataclass(frozen=True)
class ConvertOptions:
    """What to convert and how; `splits` None means all there are, `max_samples` None means every clip.

    `data_dir`: whatever `signllm.data.clips.open_clips` opens. `fps`: frames a second of the source; None means what
    the source says, else 25. Frames are kept as they are.
    `held_out`: the share of clips that goes to dev in a source without splits. `hints`: what is said of the files
    instead of found, the layout included. `columns`: which columns of a table say what.
    `name`: of the source, where a split has several: they become parts of it (`signllm.data.store_split`).
    `lift`: clips without depth become 3D by `signllm.lifting`; clips with depth stay as they are.
    `engine`, `workers`: where clips are read (`signllm.data.engines`), and in how many processes, 0 for one a core;
    `ray_address` is the cluster's for 'ray'. What is written does not depend on them.
    `clean`: the steps of cleaning as `signllm.pose.cleaning.Cleaning.parse` takes them.
    `tracking`: how videos are tracked, None for how this process does it.
    `inherited`: for splits, what was once found of the splits before them (see `signllm.data.convert_record`), where
    it shall not be found again.
    """

    data_dir: Path
    output_dir: Path
    language: str
    splits: list[str] | None = None
    max_samples: int | None = None
    layout: str = "auto"
    fps: float | None = None
    workers: int | None = None
    overwrite: bool = False
    skip_bad: bool = False
    held_out: float = HELD_OUT
    hints: Hints | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    lift: bool = False
    name: str | None = None
    clean: Sequence[str] = ()
    inherited: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    engine: str = PROCESSES
    ray_address: str | None = None
    tracking: Tracking | None = None
    cleaning: Cleaning = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "language", resolve_language(self.language).code)
        faults = limit_faults(self.max_samples, self.fps, self.held_out)
        if self.name is not None:
            faults += check_name(self.name)
        faults += engine_faults(self.engine, self.workers, self.ray_address)
        try:
            object.__setattr__(self, "hints", self.hints or Hints(self.layout))
        except ConfigError as error:
            faults += error.faults
        try:
            object.__setattr__(self, "cleaning", Cleaning.parse(self.clean))
        except ConfigError as error:
            faults += error.faults
        if faults:
            raise ConfigError(faults)
