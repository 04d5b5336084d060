"""The installed `signllm` command: one verb a script, with the script's own flags."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import signllm
from signllm.cli.common import USER_ERROR, called_as_verb
from signllm.errors import did_you_mean


@dataclass(frozen=True)
class Verb:
    """A verb, the module of `signllm.cli` whose `main(argv)` does it, and what it does in both languages."""

    name: str
    module: str
    english: str
    chinese: str


VERBS = {
    verb.name: verb
    for verb in (
        Verb("quick", "quick_train", "try everything: data, a small model, a video", "快速体验：数据、小模型、视频"),
        Verb("convert", "convert", "pose files into the store that training reads", "把姿态文件转换为训练数据集"),
        Verb("train", "start_training", "train, by a named configuration or a file", "按内置配置或配置文件训练"),
        Verb("sign", "inference", "sign texts with a trained model", "用训练好的模型由文本生成手语"),
        Verb("serve", "serve", "a page that signs what is typed, and a JSON interface", "网页演示与 JSON 接口"),
        Verb("evaluate", "evaluation", "score a model or clips", "评估模型或片段"),
        Verb("export", "export", "write a trained model as a folder to share", "把模型导出为可分享的文件夹"),
        Verb("view", "visualize", "clips as videos, a data set's statistics as plots", "把片段画成视频，把统计画成图"),
    )
}


def help_text() -> str:
    """What `signllm --help` prints."""
    width = max(map(len, VERBS)) + 2
    lines = [f"  {verb.name:<{width}}{verb.english} / {verb.chinese}" for verb in VERBS.values()]
    return "\n".join(
        (
            "usage: signllm COMMAND [flags]",
            "",
            f"SignLLM {signllm.__version__}: from text to signing, in eight sign languages.",
            "由文本生成手语动作，支持八种手语。",
            "",
            "commands / 命令:",
            *lines,
            "",
            "signllm COMMAND --help shows the flags of a command / 查看某个命令的参数",
            "signllm --version shows the version / 查看版本",
        )
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Hand the flags to the verb's module, which is imported only then; return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    if given[:1] in (["--help"], ["-h"]):
        print(help_text())
        return 0
    if given[:1] == ["--version"]:
        print(f"signllm {signllm.__version__}")
        return 0
    if not given:
        print(help_text(), file=sys.stderr)
        return USER_ERROR
    name, *flags = given
    if name not in VERBS:
        print(f"signllm: no command '{name}'{did_you_mean(name, VERBS)}; there are {', '.join(VERBS)}", file=sys.stderr)
        return USER_ERROR
    with called_as_verb():
        return importlib.import_module(f"signllm.cli.{VERBS[name].module}").main(flags)
