"""Train directly from a configuration file."""

from signllm.cli.train_signllm import main

if __name__ == "__main__":
    raise SystemExit(main())
