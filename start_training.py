"""Train with the default configuration or a given one; --debug, --dry_run, --resume."""

from signllm.cli.start_training import main

if __name__ == "__main__":
    raise SystemExit(main())
