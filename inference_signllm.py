"""Generate signing from text with a trained model."""

from signllm.cli.inference import main

if __name__ == "__main__":
    raise SystemExit(main())
