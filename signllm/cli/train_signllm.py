"""train_signllm.py: the trainer itself, from a configuration file."""

from __future__ import annotations

from collections.abc import Sequence

from signllm.cli.common import command, parser
from signllm.cli.train import CONFIG_HELP, add_training_flags, train


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Parse the flags and train; return the exit code."""
    arguments = parser(
        "train_signllm.py",
        "Train SignLLM from a configuration file.",
        "直接使用训练器，按配置文件训练 SignLLM。",
    )
    arguments.add_argument("--config", metavar="NAME|FILE", required=True, help=CONFIG_HELP)
    add_training_flags(arguments)
    args = arguments.parse_args(argv)
    return train(args.config, args.config, args)
