"""`evaluation.py --gloss_references`: text-to-gloss on a table of texts and glosses, such as PHOENIX-2014T's."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

CAPITALS = "text in capitals"
SYSTEM = "glosses"
BATCH = 32


def add_gloss_flags(flags: ArgumentParser) -> None:
    """The flags about glosses without poses."""
    group = flags.add_argument_group("text-to-gloss / 文本到词目")
    group.add_argument(
        "--gloss_references",
        type=Path,
        metavar="TABLE.csv",
        help="score glosses against this table, columns id|annotation|translation: those that --model_path"
        " (Prompt2LangGloss) writes for its texts, or --gloss_predictions / 参考词目表",
    )
    group.add_argument(
        "--gloss_predictions",
        type=Path,
        metavar="FILE",
        help="one line of glosses a row of the table / 预测词目，每行一句",
    )


def gloss_faults(args: Namespace) -> list[str]:
    """What is wrong with how these flags go together."""
    faults = []
    if args.gloss_predictions and not args.gloss_references:
        faults.append("--gloss_predictions: scored against what? Give --gloss_references TABLE.csv")
    if args.gloss_references and bool(args.model_path) == bool(args.gloss_predictions):
        faults.append("--gloss_references: whose glosses? Give either --model_path or --gloss_predictions")
    return faults


def evaluate_glosses(args: Namespace, load: Callable) -> int:
    """Score, print the table, and write it where --output says; `load(path, device)` gives the Generator."""
    from signllm.data.dataset import pseudo_gloss
    from signllm.data.text_gloss import read_text_gloss
    from signllm.errors import ConfigError
    from signllm.evaluation.intervals import figures_of_systems
    from signllm.fsutil import write_json
    from signllm.languages import resolve_language
    from signllm.metrics.text_scores import gloss_presets, measure_texts
    from signllm.sampling import spread

    rows = read_text_gloss(args.gloss_references)
    asked = [resolve_language(name).code for name in args.language or []]
    if len(asked) > 1:
        raise ConfigError(f"--language {' '.join(args.language)}: a table of glosses is in one language")
    if args.gloss_predictions:
        written = _read_lines(args.gloss_predictions, len(rows))
    chosen = spread(len(rows), args.max_samples)
    rows = [rows[place] for place in chosen]
    if args.gloss_predictions:
        written = [written[place] for place in chosen]
    else:
        written, right = write_glosses(load(args.model_path, args.device), [r.text for r in rows], asked, args.prompts)
    references, presets = [row.gloss for row in rows], gloss_presets()
    said = {SYSTEM: written, CAPITALS: [pseudo_gloss(row.text, asked[0] if asked else "GSL") for row in rows]}
    numbers = {system: measure_texts(glosses, references, presets) for system, glosses in said.items()}
    figures = figures_of_systems(presets, {system: [part[p.name] for p in presets] for system, part in numbers.items()})
    signatures = {preset.name: preset.signature() for preset in presets}
    _print(figures, signatures, len(rows))
    extra = {}
    if args.prompts:
        extra = {"phrasings": args.prompts, "language_accuracy": right}
        print(f"{args.prompts} phrasings; language read from the prompt: {right:.2f} %")
    if args.output:
        path = args.output if args.output.suffix == ".json" else args.output / "evaluation_gloss.json"
        texts = [{"id": r.id, "reference": r.gloss, "written": w} for r, w in zip(rows, written, strict=True)]
        source = str(args.gloss_predictions or args.model_path)
        write_json(
            path,
            {"glosses": source, **extra, "presets": signatures, "clips": len(rows), "systems": figures, "texts": texts},
        )
        print(f"report: {path}")
    return 0


def write_glosses(
    generator, texts: Sequence[str], languages: Sequence[str], phrasings: str | None = None
) -> tuple[list[str], float]:
    """(glosses of each text, per cent of texts in the right language) that a Prompt2LangGloss model writes.

    Without `phrasings` the language is given to the model and the texts stand in its first phrasing; with it they
    stand in these in turn, and the language is read. ConfigError for a model that writes no glosses.
    """
    from tqdm import tqdm

    from signllm.cli.evaluation_prompts import need_gloss_mode, prompts_of, read_prompts
    from signllm.errors import ConfigError

    need_gloss_mode(generator, "writes glosses")
    if not languages and len(generator.languages) > 1:
        raise ConfigError(f"which language are the glosses? Give --language; it signs {', '.join(generator.languages)}")
    language = (languages or generator.languages)[0]
    if phrasings:
        generator.model.known_languages([language])
        found = read_prompts(generator, prompts_of(texts, language, phrasings))
        right = sum(code == language for code, _ in found)
        return [gloss for _, gloss in found], 100 * right / len(found)
    written = []
    for first in tqdm(range(0, len(texts), BATCH), unit="batch", disable=None, leave=False):
        requests = [generator.request(text, language) for text in texts[first : first + BATCH]]
        prompts, codes = zip(*requests, strict=True)
        written += [gloss for _, gloss in generator.model.translate(prompts, codes)]
    return written, 100.0


def _read_lines(path: Path, count: int) -> list[str]:
    from signllm.errors import DataError

    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error})") from None
    if len(lines) != count:
        raise DataError(f"{path}: {len(lines)} lines for a table of {count} rows; write one line a row, in its order")
    return lines


def _print(figures: dict, signatures: dict[str, str], count: int) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"text-to-gloss: {count} sentences", title_justify="left")
    table.add_column("figure (%)")
    for system in figures:
        table.add_column(system, justify="right")
    for name in figures[SYSTEM]:
        mark = "↓" if name.endswith("wer") else "↑"
        cells = [
            f"{part[name]['value']:.2f} ±{(part[name]['high'] - part[name]['low']) / 2:.2f}"
            for part in figures.values()
        ]
        table.add_row(f"{name} {mark}", *cells)
    console = Console(width=None if sys.stdout.isatty() else 140)
    console.print(table)
    for signature in signatures.values():
        console.print(signature, highlight=False, markup=False, soft_wrap=True)
