"""start_training.py: train with the default or a given configuration."""

from __future__ import annotations

from collections.abc import Sequence

from signllm.cli.common import command, parser
from signllm.cli.train import CONFIG_HELP, add_training_flags, train

DEFAULT_CONFIG = "signllm_your_data"


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Parse the flags and train; return the exit code."""
    arguments = parser(
        "start_training.py",
        "Train SignLLM with configs/signllm_your_data_config.json, or with --config.",
        "训练 SignLLM：默认使用 configs/signllm_your_data_config.json，或用 --config 指定配置。",
    )
    arguments.add_argument("--config", metavar="NAME|FILE", help=CONFIG_HELP)
    add_training_flags(arguments)
    args = arguments.parse_args(argv)
    return train(args.config, DEFAULT_CONFIG, args)
