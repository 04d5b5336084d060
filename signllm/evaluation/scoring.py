"""What the evaluations of a model and of clips share: their presets, and the part of a judge."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from signllm.data.split import Split
from signllm.evaluation.measurements import Measurements
from signllm.evaluation.options import ScoringOptions
from signllm.metrics.preset import Preset
from signllm.metrics.registry import FGD, PRESETS, find_presets
from signllm.metrics.text_scores import TextPreset

if TYPE_CHECKING:
    from signllm.evaluation.judge_section import JudgeSection


def open_judge(options: ScoringOptions) -> JudgeSection | None:
    """The judge that the options name, if any."""
    if options.judge is None:
        return None
    from signllm.evaluation.judge_section import JudgeSection

    return JudgeSection(options.judge)


def asked_presets(options: ScoringOptions, judge: JudgeSection | None = None) -> list[Preset | TextPreset]:
    """The presets of `metrics`, or all; with an encoder fgd too, and with a judge those of its readings."""
    names, encoder = list(options.metrics or PRESETS), None
    if options.fgd_encoder:
        from signllm.judges.fgd_encoder import load_fgd_encoder

        names += [FGD] if FGD not in names else []
        encoder = load_fgd_encoder(options.fgd_encoder)
    return [*find_presets(names, encoder), *(judge.presets if judge else [])]


def add_judge_section(
    data: dict,
    judge: JudgeSection | None,
    measurements: Measurements,
    splits: Mapping[str, Split],
    training: Mapping[str, Split],
) -> None:
    """Put the judge's section into a report's data, and its essence among the notes; nothing without a judge."""
    if judge is None:
        return
    from signllm.evaluation.judge_section import section_lines

    data["back_translation"] = judge.describe(measurements, splits, training)
    data["notes"] = [*data["notes"], *section_lines(data["back_translation"])]
