"""What to check, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signllm.data.convert_options import limit_faults
from signllm.data.dealing import HELD_OUT
from signllm.data.engines import PROCESSES, engine_faults
from signllm.errors import ConfigError
from signllm.languages import resolve_language
from signllm.pose.cleaning import Cleaning
from signllm.pose.formats.hints import Hints
from signllm.pose.tracking.tracked import Tracking


@dataclass(frozen=True)
class CheckOptions:
    """What to look at. `language` None: what the source says, if it says it. The rest is as in ConvertOptions."""

    data_dir: Path
    language: str | None = None
    splits: list[str] | None = None
    max_samples: int | None = None
    fps: float | None = None
    workers: int | None = None
    engine: str = PROCESSES
    ray_address: str | None = None
    skip_bad: bool = False
    held_out: float = HELD_OUT
    hints: Hints = field(default_factory=Hints)
    columns: Mapping[str, str] = field(default_factory=dict)
    clean: Sequence[str] = ()
    tracking: Tracking | None = None
    cleaning: Cleaning = field(init=False)

    def __post_init__(self) -> None:
        if self.language is not None:
            object.__setattr__(self, "language", resolve_language(self.language).code)
        faults = limit_faults(self.max_samples, self.fps, self.held_out)
        faults += engine_faults(self.engine, self.workers, self.ray_address)
        try:
            object.__setattr__(self, "cleaning", Cleaning.parse(self.clean))
        except ConfigError as error:
            faults += error.faults
        if faults:
            raise ConfigError(faults)
