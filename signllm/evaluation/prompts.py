"""What a Prompt2LangGloss model reads from prompts: the language, and the glosses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.data.store import Store
from signllm.evaluation import trained_model
from signllm.evaluation.options import PromptOptions
from signllm.evaluation.phrasings import PHRASINGS, check_writes_gloss
from signllm.evaluation.progress import Progress, stage
from signllm.evaluation.report import Report, versions
from signllm.evaluation.report_name import prompt_stem, tagged
from signllm.languages import LANGUAGES, make_prompt

if TYPE_CHECKING:
    from signllm.inference.interface import SigningModel

BATCH = 32


@dataclass(frozen=True)
class ReadPrompt:
    """A prompt, what it stands for, and what the model read from it. `gloss` is empty where the corpus has none."""

    prompt: str
    language: str
    gloss: str
    read_language: str
    read_gloss: str


def evaluate_prompts(options: PromptOptions, progress: Progress | None = None) -> Report:
    """Put every text of a split into every phrasing, and count what was read right.

    `figures` are those of each language and of `all`, `texts` every prompt with what was read from it. Raises
    ConfigError for a model that reads no prompts or does not sign a language, DataError when no language has the split.
    """
    generator = trained_model.load_generator(options.model_path, options.device)
    check_writes_gloss(generator)
    store = Store(options.data or generator.config.data.dataset_path)
    split = options.split or generator.config.data.eval_split
    usual = [code for code in generator.languages if split in store.splits(code)] or generator.languages
    generator.check_languages(options.languages)
    codes = list(options.languages or usual)
    asked = _all_prompts(generator, store, split, codes, options)
    found = read_prompts(generator, [prompt for prompt, _, _ in asked], progress)
    rows = [ReadPrompt(*one, *read) for one, read in zip(asked, found, strict=True)]
    languages = list(dict.fromkeys(row.language for row in rows))
    figures = {code: figures_of([row for row in rows if row.language == code]) for code in languages}
    data = {
        "model": str(options.model_path),
        "data": str(store.root),
        "split": split,
        "phrasings": options.phrasings,
        "max_samples": options.max_samples,
        "versions": versions(),
        "figures": {**figures, "all": figures_of(rows)},
        "texts": [vars(row) for row in rows],
    }
    own = store.root.resolve() == Path(generator.config.data.dataset_path).resolve()
    checksums = [store.split(code, split).info["checksums"] for code in languages]
    stem = prompt_stem(options, split, "" if own else tagged(store.root, checksums), set(codes) != set(usual))
    return Report(data, options.model_path.parent, stem)


def _all_prompts(
    generator: SigningModel, store: Store, split: str, codes: Sequence[str], options: PromptOptions
) -> list[tuple[str, str, str]]:
    """(prompt, language, gloss) of every text in every phrasing. Raises DataError when no language has the split."""
    from signllm.data.dataset import SignDataset

    clips = SignDataset(store, split, generator.fps, codes, max_samples=options.max_samples)
    held_out = PHRASINGS[options.phrasings]
    prompts = []
    for index in range(len(clips)):
        record = clips.record(index)
        language = LANGUAGES[record.language]
        for number in range(len(language.held_out_prompts if held_out else language.prompts)):
            prompts.append(
                (make_prompt(record.text, record.language, number, held_out), record.language, record.gloss or "")
            )
    return prompts


def read_prompts(
    generator: SigningModel, prompts: Sequence[str], progress: Progress | None = None
) -> list[tuple[str, str]]:
    """(language, glosses) that the model reads from each prompt; ConfigError for a model that writes no glosses."""
    check_writes_gloss(generator)
    advance = stage(progress, "prompts", len(prompts))
    found: list[tuple[str, str]] = []
    for first in range(0, len(prompts), BATCH):
        part = list(prompts[first : first + BATCH])
        found += generator.translate(part, [None] * len(part))
        advance(len(part))
    return found


def figures_of(rows: Sequence[ReadPrompt]) -> dict:
    """Number of prompts, per cent with the right language, what was read instead, and gloss figures in per cent.

    Gloss figures are those of prompts whose clip has a gloss, and there are none where no clip has: the words of a text
    are no truth.
    """
    from signllm.metrics.text_scores import score_glosses

    wrong = Counter(row.read_language for row in rows if row.read_language != row.language)
    told = [row for row in rows if row.gloss]
    glosses = score_glosses([row.read_gloss for row in told], [row.gloss for row in told]) if told else {}
    return {
        "prompts": len(rows),
        "with_gloss": len(told),
        "language_accuracy": 100 * (1 - wrong.total() / len(rows)),
        "read_instead": dict(wrong),
        **glosses,
    }
