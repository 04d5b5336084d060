"""All presets by name; a new metric is one Preset in one of the modules listed here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from signllm.errors import ConfigError, did_you_mean
from signllm.metrics import handshape_metrics, motion_metrics, part_metrics, path_metrics
from signllm.metrics.preset import Preset

if TYPE_CHECKING:
    from signllm.metrics.frechet import ClipEncoder

PRESETS: dict[str, Preset] = {
    preset.name: preset
    for module in (path_metrics, handshape_metrics, part_metrics, motion_metrics)
    for preset in module.PRESETS
}

FGD = "fgd"  # not among the others, because it needs an encoder

PANEL = (
    "coverage",
    "dtw-mje",
    "pose-similarity",
    "handshape-similarity",
    "motion-smoothness",
    "jerk-ratio",
    "total-distance",
    "duration",
    "velocity-ratio",
    "displacement-ratio",
    "variance-ratio",
    "bone-length-ratio",
    "bone-length-variation",
)
"""What a trainer looks at in each evaluation: all that is cheap."""


def find_presets(names: Iterable[str], fgd_encoder: ClipEncoder | None = None) -> list[Preset]:
    """The presets of these names; ConfigError lists every unknown one with its nearest neighbour.

    `pck@τ` is known for every τ > 0 in shoulder widths. `fgd` needs its encoder (signllm.judges.fgd_encoder).
    """
    found: list[Preset] = []
    faults: list[str] = []
    known = [*PRESETS, FGD]
    for name in names:
        preset = PRESETS.get(name) or _pck(name)
        if preset is None and name == FGD and fgd_encoder is not None:
            from signllm.metrics.frechet import fgd_preset

            preset = fgd_preset(fgd_encoder)
        if preset is not None:
            found.append(preset)
        elif name == FGD:
            faults.append(
                f"metric '{FGD}': needs the file of an encoder trained on reference clips (train_fgd_encoder)"
            )
        else:
            faults.append(f"unknown metric '{name}'{did_you_mean(name, known)}; known: {', '.join(known)}")
    if faults:
        raise ConfigError(faults)
    return found


def _pck(name: str) -> Preset | None:
    """The preset of pck@<shoulder widths>; None when the name is not of that form."""
    match = re.fullmatch(r"pck@(\d*\.?\d+)", name)
    return path_metrics.pck_preset(float(match[1])) if match and float(match[1]) > 0 else None
