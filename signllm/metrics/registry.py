"""All presets by name; a new metric is one Preset in one of the modules listed here."""

from __future__ import annotations

from collections.abc import Iterable

from signllm.errors import ConfigError, did_you_mean
from signllm.metrics import motion_metrics, path_metrics
from signllm.metrics.preset import Preset

PRESETS: dict[str, Preset] = {
    preset.name: preset for module in (path_metrics, motion_metrics) for preset in module.PRESETS
}

PANEL = (
    "dtw-mje",
    "pose-similarity",
    "motion-smoothness",
    "total-distance",
    "duration",
    "velocity-ratio",
    "variance-ratio",
    "bone-length-variation",
)
"""What a trainer looks at in each evaluation: all that is cheap."""


def find_presets(names: Iterable[str]) -> list[Preset]:
    """The presets of these names; ConfigError lists every unknown one with its nearest neighbour."""
    names = list(names)
    faults = [
        f"unknown metric '{name}'{did_you_mean(name, PRESETS)}; known: {', '.join(PRESETS)}"
        for name in names
        if name not in PRESETS
    ]
    if faults:
        raise ConfigError(faults)
    return [PRESETS[name] for name in names]
