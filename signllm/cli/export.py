"""`signllm export`: a trained model as a folder to share."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from signllm.cli.common import command, parser


def build_parser() -> argparse.ArgumentParser:
    """The flags."""
    arguments = parser(
        "signllm export",
        "Write a trained model as a folder to share: safetensors weights, configuration, tokenizers and a model card.\n"
        "Generator.from_pretrained and --model_path read it.",
        "把训练好的模型导出为可分享的文件夹：safetensors 权重、配置、分词器与模型卡；\n"
        "可用 Generator.from_pretrained 或 --model_path 读取。",
    )
    add = arguments.add_argument
    add("--model_path", type=Path, required=True, help="checkpoint, e.g. best_model.pth / 检查点")
    add("--to", type=Path, required=True, metavar="FOLDER", help="the folder to make / 导出目录")
    add("--overwrite", action="store_true", help="replace an exported model that is there / 覆盖已导出的模型")
    return arguments


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Export, and say what is in the folder and what is left to do; return the exit code."""
    args = build_parser().parse_args(argv)
    from signllm.sharing import export_model

    folder = export_model(args.model_path, args.to, args.overwrite)
    for path in sorted(folder.iterdir()):
        print(f"{path}  {path.stat().st_size / 1e6:,.2f} MB")
    print(f'in Python / 在 Python 中: Generator.from_pretrained("{folder}")')
    print(f"to do / 待办: fill in the licences in {folder / 'README.md'} / 在模型卡中填写许可证")
    return 0
