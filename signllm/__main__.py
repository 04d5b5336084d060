"""`python -m signllm`: the same as the installed `signllm` command."""

from signllm.cli.main import main

if __name__ == "__main__":
    raise SystemExit(main())
