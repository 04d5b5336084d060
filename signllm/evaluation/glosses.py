"""Text to gloss on a table of texts and glosses, such as PHOENIX-2014T's."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.data.text_gloss import read_text_gloss
from signllm.errors import ConfigError, DataError
from signllm.evaluation import trained_model
from signllm.evaluation.intervals import figures_of_systems
from signllm.evaluation.options import GlossOptions
from signllm.evaluation.phrasings import check_writes_gloss, prompts_of
from signllm.evaluation.progress import Progress, stage
from signllm.evaluation.prompts import BATCH, read_prompts
from signllm.evaluation.report import Report, versions
from signllm.evaluation.report_name import gloss_stem
from signllm.fsutil import read_lines
from signllm.metrics.text_scores import gloss_presets, measure_texts
from signllm.sampling import spread

if TYPE_CHECKING:
    from signllm.inference.interface import SigningModel

CAPITALS = "text in capitals"
SYSTEM = "glosses"
WITHOUT_LANGUAGE = "GSL"  # the rules by which a text without a known language becomes glosses


def evaluate_glosses(options: GlossOptions, progress: Progress | None = None) -> Report:
    """Score glosses, beside the text in capitals, which every system should beat.

    Raises DataError for a table or predictions that cannot be read, ConfigError for a model that writes no glosses.
    """
    from signllm.data.dataset import pseudo_gloss

    rows = read_text_gloss(options.references)
    given = _read_lines(options.predictions, len(rows)) if options.predictions else []
    chosen = spread(len(rows), options.max_samples)
    rows = [rows[index] for index in chosen]
    asked, extra = options.languages, {}
    if options.model_path:
        generator = trained_model.load_generator(options.model_path, options.device)
        texts = [row.text for row in rows]
        written, right = write_glosses(generator, texts, asked, options.phrasings, progress)
        extra = {"phrasings": options.phrasings, "language_accuracy": right} if options.phrasings else {}
    else:
        written = [given[index] for index in chosen]
    references, presets = [row.gloss for row in rows], gloss_presets()
    said = {SYSTEM: written, CAPITALS: [pseudo_gloss(row.text, [*asked, WITHOUT_LANGUAGE][0]) for row in rows]}
    numbers = {system: measure_texts(glosses, references, presets) for system, glosses in said.items()}
    systems = {system: [part[preset.name] for preset in presets] for system, part in numbers.items()}
    data = {
        "glosses": str(options.predictions or options.model_path),
        "references": str(options.references),
        **extra,
        "versions": versions(),
        "presets": {preset.name: preset.signature() for preset in presets},
        "clips": len(rows),
        "systems": figures_of_systems(presets, systems),
        "texts": [{"id": r.id, "reference": r.gloss, "written": w} for r, w in zip(rows, written, strict=True)],
    }
    source = options.predictions or options.model_path or Path()
    return Report(data, source.parent, gloss_stem(options))


def write_glosses(
    generator: SigningModel,
    texts: Sequence[str],
    languages: Sequence[str],
    phrasings: str | None = None,
    progress: Progress | None = None,
) -> tuple[list[str], float]:
    """(glosses of each text, per cent of texts in the right language) that a Prompt2LangGloss model writes.

    Without `phrasings` the language is given to the model and the texts stand in its first phrasing; with it they
    stand in these in turn, and the language is read. ConfigError for a model that writes no glosses.
    """
    check_writes_gloss(generator, "writes glosses")
    if not languages and len(generator.languages) > 1:
        raise ConfigError(f"which language are the glosses? Give --language; it signs {', '.join(generator.languages)}")
    language = (languages or generator.languages)[0]
    if phrasings:
        generator.check_languages([language])
        found = read_prompts(generator, prompts_of(texts, language, phrasings), progress)
        right = sum(code == language for code, _ in found)
        return [gloss for _, gloss in found], 100 * right / len(found)
    written, advance = [], stage(progress, "texts", len(texts))
    for first in range(0, len(texts), BATCH):
        requests = [generator.request(text, language) for text in texts[first : first + BATCH]]
        prompts, codes = [prompt for prompt, _ in requests], [code for _, code in requests]
        written += [gloss for _, gloss in generator.translate(prompts, codes)]
        advance(len(prompts))
    return written, 100.0


def _read_lines(path: Path, count: int) -> list[str]:
    lines = read_lines(path)
    if len(lines) != count:
        raise DataError(f"{path}: {len(lines)} lines for a table of {count} rows; write one line a row, in its order")
    return lines
