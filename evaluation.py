"""Score a trained model against reference clips and baselines."""

from signllm.cli.evaluation import main

if __name__ == "__main__":
    raise SystemExit(main())
