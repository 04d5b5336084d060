"""`evaluation.py VERB`: score models, clips, glosses and prompts, compare reports, and train what judges them."""

from __future__ import annotations

import importlib
import shlex
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass
from types import ModuleType

from signllm.cli.common import as_called, command, parser
from signllm.errors import ConfigError, did_you_mean

SCRIPT = "evaluation.py"
USUAL = "model"


@dataclass(frozen=True)
class Verb:
    """One job of the command, in a module of its own with `add_flags(parser)` and `run(args, command)`."""

    name: str
    english: str
    chinese: str

    @property
    def module(self) -> ModuleType:
        """Where the job's flags and its call stand."""
        return importlib.import_module(f"signllm.cli.evaluation_{self.name.replace('-', '_')}")

    def parser(self) -> ArgumentParser:
        """The verb's own flags."""
        flags = parser(f"{SCRIPT} {self.name}", self.english, self.chinese)
        self.module.add_flags(flags)
        return flags


VERBS = {
    verb.name: verb
    for verb in (
        Verb(
            "model",
            "Score a trained model per language, beside baselines that need no model.",
            "按语种评估训练好的模型，并与无需模型的基线对比。",
        ),
        Verb(
            "clips",
            "Score any clips against references, without a model.",
            "把任意片段与参考比较，无需模型。",
        ),
        Verb(
            "compare",
            "Test whether two reports on the same clips differ.",
            "配对检验同一批片段的两份报告是否有差异。",
        ),
        Verb(
            "glosses",
            "Score text to gloss on a table of texts and glosses: of a Prompt2LangGloss model, or of a file.",
            "在文本与 gloss 的表格上评估文本到 gloss：评估模型，或评估文件。",
        ),
        Verb(
            "prompts",
            "Count which languages and glosses a Prompt2LangGloss model reads from prompts.",
            "评估 Prompt2LangGloss 模型从提示中读出的语种与 gloss。",
        ),
        Verb(
            "train-judge",
            "Train a judge on recordings: it reads text from poses, and --judge scores with it.",
            "用真实录像训练评判模型：它从姿态读出文本，供 --judge 评分。",
        ),
        Verb(
            "train-fgd",
            "Train the encoder for the Fréchet distance on recordings, for --fgd_encoder.",
            "用真实录像训练弗雷歇距离所需的编码器，供 --fgd_encoder 使用。",
        ),
    )
}

# The spellings of the time before there were verbs. The first one that is given names the verb.
FORMER = {
    "--train_back_translation": "train-judge --data STORE --output JUDGE.pth",
    "--train_fgd_encoder": "train-fgd --data STORE --output ENCODER.pt",
    "--compare": "compare A.json B.json",
    "--gloss_references": "glosses --references TABLE.csv",
    "--gloss_predictions": "glosses --references TABLE.csv --predictions FILE",
    "--prompts": "prompts --model_path MODEL.pth --phrasings held_out",
    "--compare_systems": "compare A.json B.json --systems A B",
    "--judge_share": "train-judge --share 0.5",
    "--judge_seed": "train-judge --share_seed 0",
    "--predictions": "clips --predictions A --references B",
    "--references": "clips --predictions A --references B",
}


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Do what the verb says; without a verb, `model`."""
    argv = list(sys.argv[1:] if argv is None else argv)
    if argv and argv[0] in ("-h", "--help"):
        _overview().print_help()
        raise SystemExit(0)  # as argparse does
    verb, rest = _split(argv)
    flags = verb.parser()
    _refuse_foreign(verb, flags, rest)
    return verb.module.run(flags.parse_args(rest), shlex.join([*as_called(SCRIPT).split(), *argv]))


def _split(argv: Sequence[str]) -> tuple[Verb, list[str]]:
    """The verb and its flags. ConfigError for an unknown verb, and for no question at all."""
    if not argv:
        raise ConfigError(
            f"what to evaluate? Give --model_path checkpoint.pth, or one of the verbs {', '.join(VERBS)};"
            f" `{SCRIPT} --help` explains them"
        )
    if argv[0].startswith("-"):
        return VERBS[USUAL], list(argv)
    if argv[0] not in VERBS:
        raise ConfigError(f"{argv[0]}: no such verb{did_you_mean(argv[0], VERBS)}; there are: {', '.join(VERBS)}")
    return VERBS[argv[0]], list(argv[1:])


def _refuse_foreign(verb: Verb, flags: ArgumentParser, argv: Sequence[str]) -> None:
    """Raise ConfigError that names every flag which this verb does not have, and the verb that has it."""
    own = flags._option_string_actions
    given = dict.fromkeys(word.split("=")[0] for word in argv if word.startswith("--") and len(word) > 2)
    foreign = [flag for flag in given if flag not in own]
    others = {name: other.parser()._option_string_actions for name, other in VERBS.items() if foreign}
    having = {flag: [name for name, known in others.items() if flag in known] for flag in foreign}
    former = next((flag for flag in FORMER if flag in foreign and (verb.name == USUAL or not having[flag])), None)
    if former:
        raise ConfigError(f"{former}: this is now `{SCRIPT} {FORMER[former]}`")
    faults = []
    for flag, names in having.items():
        hint = f"; it is a flag of {', '.join(names)}" if names else did_you_mean(flag, own)
        faults.append(f"{flag}: `{SCRIPT} {verb.name}` has no such flag{hint}")
    if faults:
        raise ConfigError(faults)


def _overview() -> ArgumentParser:
    """What `--help` shows: the verbs, and a line on each."""
    lines = "\n".join(f"  {verb.name:<12} {verb.english}\n{'':15}{verb.chinese}" for verb in VERBS.values())
    return parser(
        SCRIPT,
        "Score models, clips, glosses and prompts, compare reports, and train what judges them.",
        "评估模型、片段、gloss 与提示，比较报告，并训练评分所用的模型。",
        usage=f"{SCRIPT} [VERB] [flags]",
        add_help=False,
        epilog=f"verbs / 子命令:\n{lines}\n\n"
        f"`{SCRIPT} VERB --help` lists the flags of a verb. Without a verb, `{USUAL}` is meant:\n"
        f"{SCRIPT} --model_path checkpoints/my_signs/best_model.pth\n"
        f"`{SCRIPT} VERB --help` 列出各子命令的参数；省略子命令时即为 `{USUAL}`。",
    )
