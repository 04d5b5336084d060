"""Convert pose files into the store that training reads."""

from signllm.cli.convert import main

if __name__ == "__main__":
    raise SystemExit(main())
