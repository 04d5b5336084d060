"""What a report's files are called: everything that sets it apart from the plain evaluation, and nothing else.

The plain evaluation of a checkpoint is that of `best_model.pth` on the data that it was trained with. The same question
gives the same name; two data sets of one name are told apart by a hash of their content.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from signllm.evaluation.journal import content_key
from signllm.evaluation.options import ClipsOptions, GlossOptions, ModelOptions, PromptOptions, ScoringOptions
from signllm.fsutil import file_sha256
from signllm.languages import in_order

PLAIN_CHECKPOINT = "best_model"
_DIGITS, _MOST_METRICS = 6, 3
_LONGEST_BYTES, _KEPT = 200, 45  # file systems take 255 bytes; a character has at most 4


def model_stem(options: ModelOptions, split: str, data: str, others: bool) -> str:
    """The name of a model's report; `data` names another store than the model's own, else it is empty.

    `others`: whether the languages asked for are others than those that would be evaluated without asking.
    """
    return _joined(
        "evaluation",
        split,
        *([options.model_path.stem] if options.model_path.stem != PLAIN_CHECKPOINT else []),
        *(_languages(options.languages) if others else []),
        *_samples(options.max_samples),
        *_seeds(options.seeds),
        *([f"{options.sign_prompts}_prompts"] if options.sign_prompts else []),
        *_metrics(options),
        data,
    )


def clips_stem(options: ClipsOptions, references: str, data: str) -> str:
    """The name of a report on clips; `references` and `data` name these with a hash of their content."""
    path = options.predictions
    asked = {
        f"by_{options.pair_by}": options.pair_by != "name",
        f"{options.resample or 0:g}fps": options.resample,
        "xy": options.drop_z,
        "rescaled": options.rescale,
        f"skels_{options.fps or 0:g}fps": options.fps,
        f"skels_{options.layout}": options.layout != "auto",
    }
    said = [options.hints.facts if options.hints else {}, dict(options.columns)]
    asked |= {f"read-{content_key(said)[:_DIGITS]}": any(said)}
    return _joined(
        "evaluation",
        path.stem if path.is_file() else path.absolute().name,
        "vs",
        references,
        options.split or "",
        *_languages(options.languages),
        *_samples(options.max_samples),
        *_seeds(options.seeds),
        *(name for name, chosen in asked.items() if chosen),
        *_metrics(options),
        *([f"baselines_{data}"] if data else []),
    )


def gloss_stem(options: GlossOptions) -> str:
    """The name of a report on glosses."""
    source = options.predictions or options.model_path
    return _joined(
        "evaluation_glosses",
        source.stem if source and source.stem != PLAIN_CHECKPOINT else "",
        tagged(options.references, file_sha256(options.references)),
        options.phrasings or "",
        *_languages(options.languages),
        *_samples(options.max_samples),
    )


def prompt_stem(options: PromptOptions, split: str, data: str, others: bool) -> str:
    """The name of a report on prompts; as `model_stem`."""
    return _joined(
        "evaluation_prompts",
        options.phrasings,
        split,
        *([options.model_path.stem] if options.model_path.stem != PLAIN_CHECKPOINT else []),
        *(_languages(options.languages) if others else []),
        *_samples(options.max_samples),
        data,
    )


def tagged(path: Path, content: object) -> str:
    """A file's or folder's name with a short hash of its content, which may be any JSON-ready description of it."""
    path = path.absolute()
    return f"{path.stem if path.is_file() else path.name}-{content_key(content)[:_DIGITS]}"


def _languages(codes: Sequence[str]) -> list[str]:
    return in_order(codes)


def _samples(most: int | None) -> list[str]:
    return [] if most is None else [f"max{most}"]


def _seeds(seeds: Sequence[int]) -> list[str]:
    return [] if tuple(seeds) == (0,) else [f"seed{'-'.join(map(str, sorted(seeds)))}"]


def _metrics(options: ScoringOptions) -> list[str]:
    """What was measured, where it is not every metric; and by which models."""
    names = sorted(set(options.metrics))
    found = names if len(names) <= _MOST_METRICS else [f"{len(names)}metrics-{content_key(names)[:_DIGITS]}"]
    for kind, path in (("judge", options.judge), ("fgd", options.fgd_encoder)):
        found += [f"{kind}-{file_sha256(path)[:_DIGITS]}"] if path else []
    return found


def _joined(*parts: str) -> str:
    """The parts that say something, as one name that every file system takes."""
    name = re.sub(r"[^\w.+@-]+", "-", "_".join(part for part in parts if part))
    if len(name.encode()) <= _LONGEST_BYTES:
        return name
    return f"{name[:_KEPT]}-{content_key(name)[:_DIGITS]}"
