"""Check the environment and the data, train a small model, and generate a sign."""

from signllm.cli.quick_train import main

if __name__ == "__main__":
    raise SystemExit(main())
