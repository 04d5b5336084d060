"""`evaluation.py glosses`: text to gloss on a table of texts and glosses, such as PHOENIX-2014T's."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from signllm.cli.bars import Bars
from signllm.cli.evaluation_flags import PHRASINGS, add_choice_flags, add_model_flags, check_report
from signllm.cli.tables import print_lines, print_table


def add_flags(flags: ArgumentParser) -> None:
    """The flags of the verb."""
    add = flags.add_argument
    add(
        "--references",
        type=Path,
        required=True,
        metavar="TABLE.csv",
        help="columns id|annotation|translation / 参考 gloss 表，列为 id|annotation|translation",
    )
    add_model_flags(flags, required=False)
    add(
        "--predictions",
        type=Path,
        metavar="FILE",
        help="instead of a model's: one line of glosses a row of the table / 预测的 gloss，每行一句",
    )
    add(
        "--phrasings",
        "--prompts",
        dest="phrasings",
        choices=PHRASINGS,
        help="put the texts into prompts in these phrasings, from which the model must read the language"
        " / 用这些句式的提示，语种由模型自行判断",
    )
    add_choice_flags(flags, "the table's, where the model signs several / gloss 表的语种")
    add("--output", type=Path, help="write a report there: a .json, or a folder / 报告文件或目录")


def run(args: Namespace, command: str) -> int:
    """Score, print the table, and write the report where --output says."""
    from signllm.evaluation.glosses import SYSTEM, evaluate_glosses
    from signllm.evaluation.options import GlossOptions
    from signllm.fsutil import write_json

    options = GlossOptions(
        references=args.references,
        model_path=args.model_path,
        predictions=args.predictions,
        phrasings=args.phrasings,
        device=args.device,
        languages=args.language,
        max_samples=args.max_samples,
    )
    if args.output:
        check_report(args.output, args.references, ("json",))
    with Bars("text") as bars:
        report = evaluate_glosses(options, bars)
    data = report.data
    rows = [
        [f"{name} {'↓' if name.endswith('wer') else '↑'}", *(_cell(part[name]) for part in data["systems"].values())]
        for name in data["systems"][SYSTEM]
    ]
    print_table(["figure (%)", *data["systems"]], rows, f"text-to-gloss: {data['clips']} sentences")
    print_lines(data["presets"].values())
    if args.phrasings:
        print(f"{args.phrasings} phrasings; language read from the prompt: {data['language_accuracy']:.2f} %")
    if args.output:
        path = report.file("json", args.output)
        write_json(path, {**data, "command": command})
        print(f"report: {path}")
    return 0


def _cell(entry: dict) -> str:
    return f"{entry['value']:.2f} ±{(entry['high'] - entry['low']) / 2:.2f}"
