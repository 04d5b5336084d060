"""Draw pose clips as videos, and statistics of a data set as plots."""

from signllm.cli.visualize import main

if __name__ == "__main__":
    raise SystemExit(main())
