"""The judge's part of a report: its figures, its ceiling on the recordings, and how far it can be trusted."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from signllm.data.split import Split
from signllm.data.store import Store
from signllm.errors import ConfigError
from signllm.evaluation.back_translation import BackTranslation, chance, score_back_translation
from signllm.evaluation.measurements import REFERENCE, Measurements
from signllm.judges.judge import Judge, LanguageJudge
from signllm.judges.model import Recogniser

FEW_SENTENCES = 2_000
FEW_SEEN = 0.1
CEILING_SPLITS = ("dev", "test")
COPYING = ("random_clip", "nearest_text", "mean_clip", "gloss_clips")
SHOWN_RATIOS = ("bt_top_1", "bt_top_5", "bt_bleu_1", "bt_bleu_4", "bt_chrf", "bt_wer", "bt_gloss_wer")


class JudgeSection:
    """A judge in an evaluation: presets to add to the others, and what a reader of the report must know.

    Raises CheckpointError when the file cannot be read.
    """

    def __init__(self, path: Path):
        self.path = path
        self._reader = BackTranslation(Judge.load(path))
        self.presets = self._reader.presets

    @property
    def digest(self) -> str:
        """What names the judge in signatures."""
        return self._reader.judge.digest

    def refuse_as_reward(self, reward_models: Sequence[str], model: Path) -> None:
        """Raise ConfigError when this judge rewarded the model in training (by the file's digest)."""
        if self.digest in reward_models:
            raise ConfigError(
                f"{self.path}: this judge ({self.digest}) was the reward model of {model}; its figures would only say"
                " how well the reward was maximised. Train another on other recordings, or with another share_seed"
            )

    def describe(self, measurements: Measurements, splits: Mapping[str, Split], training: Mapping[str, Split]) -> dict:
        """The JSON-ready section of the report.

        `splits` and `training` are the evaluated and the training split by language, the latter where there is one.
        """
        languages: dict[str, dict[str, object]] = {}
        for code, split in splits.items():
            known = self._reader.language(code)
            if known is None:
                languages[code] = {"of_ceiling": {}, "warnings": ["the judge does not read this language"]}
                continue
            reader = self._reader.judge[known]
            rows = {
                system: {preset.name: measurements.rows(code, system, preset.name) for preset in self.presets}
                for system in measurements.numbers[code]
            }
            languages[code] = {
                "judge": describe(reader),
                "of_ceiling": self._reader.of_ceiling(code, rows),
                "several_texts": sum(len(record.texts) > 1 for record in split.records),
                "warnings": seen_warnings(reader, split, training.get(code), list(rows)),
            }
        return {"judge": str(self.path), "digest": self.digest, "languages": languages}


def section_lines(section: Mapping) -> list[str]:
    """The section as notes for tables and files."""
    lines = []
    for code, part in section["languages"].items():
        if "judge" in part:
            lines.append(f"{code}: back-translation by {section['digest']}: {part['judge']}")
        for system, figures in part["of_ceiling"].items():
            ratios = [
                f"{name} {entry['value']:.2f} ({entry['low']:.2f} to {entry['high']:.2f})"
                for name, entry in figures.items()
                if math.isfinite(entry["value"]) and name in SHOWN_RATIOS
            ]
            if ratios:
                lines.append(f"{code}: {system.replace('_', ' ')} / recordings: {', '.join(ratios)}")
        if part.get("several_texts"):
            lines.append(f"{code}: {part['several_texts']} clips have several texts, each of which is a reference")
        lines += [f"{code}: ! {warning}" for warning in part["warnings"]]
    return lines


def describe(reader: LanguageJudge) -> str:
    """One line on a judge: its kind, what it learnt from, what chance scores, and how far it can be trusted."""
    facts = reader.training
    learnt = f"{len(facts['clips'])} clips of '{facts['split']}'"
    if facts["share"] < 1:
        learnt += f" (share {facts['share']:g}, seed {facts['share_seed']})"
    corpus = f"; it took the corpus for one of {facts['corpus']}" if "corpus" in facts else ""  # older files: unknown
    if isinstance(reader.network, Recogniser):
        blind = chance(reader)
        words = f"{len(reader.network.words)} words"
        return (
            f"recogniser of {words} from {learnt}; chance {blind['bt_top_1']:.1f} / {blind['bt_top_5']:.1f} %{corpus}"
        )
    line = f"translator from {learnt}, {len(reader.network.glosses)} glosses{corpus}"
    if len(facts["clips"]) < FEW_SENTENCES and not facts["demo"]:
        line += (
            "; so few sentences teach little beyond frequent phrases: trust differences only where the ceiling is high"
        )
    return line


def seen_warnings(reader: LanguageJudge, split: Split, training: Split | None, systems: Iterable[str]) -> list[str]:
    """What biases scores of this judge: it learnt from the references, or from clips that a system copies."""
    found = []
    share = reader.share_seen(split)
    if share:
        what = "train one on another split" if share > FEW_SEEN else "the scores of unseen clips leave them out"
        found.append(
            f"the judge learnt from {100 * share:.0f} % of the recordings it is asked about: the ceiling is too high,"
            f" {what}"
        )
    share = reader.share_seen(training) if training is not None else 0.0
    if 0 < share <= FEW_SEEN:
        found.append(
            f"{100 * share:.0f} % of the training clips stand, number for number, among those the judge learnt from"
        )
    elif share:
        copying = [name.replace("_", " ") for name in COPYING if name in systems]
        who = f"{', '.join(copying)} and every model trained on them" if copying else "every model trained on them"
        found.append(
            f"the judge learnt from {100 * share:.0f} % of the training clips: it flatters {who}; a judge of share 0.5"
            " with a model trained on the rest (--share, --rest_store) does not"
        )
    return found


def ceilings(judge: Judge, store: Store, language: str, learnt_split: str) -> dict[str, tuple[int, dict[str, float]]]:
    """By dev and test split: (number of recordings, figures of what the judge reads from them).

    The split that the judge learnt from is left out, and so are splits that the store does not have.
    """
    found = {}
    for name in CEILING_SPLITS:
        if name == learnt_split or name not in store.splits(language):
            continue
        split = store.split(language, name)
        clips = {REFERENCE: [split.pose(index) for index in range(len(split))]}
        texts, glosses = [record.texts for record in split.records], [record.gloss for record in split.records]
        found[name] = (len(split), score_back_translation(clips, texts, glosses, judge, language)[REFERENCE])
    return found
