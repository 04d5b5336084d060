"""What every script shares: error printing, exit codes, and the two-language help."""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable, Sequence

from signllm.errors import SignLLMError

USER_ERROR = 2
INTERRUPTED = 130

Main = Callable[[Sequence[str] | None], int]


def command(main: Main) -> Main:
    """Turn a SignLLMError into a message on stderr and exit code 2, and Ctrl-C into exit code 130."""

    @functools.wraps(main)
    def wrapped(argv: Sequence[str] | None = None) -> int:
        try:
            return main(argv)
        except SignLLMError as error:
            count = f" ({len(error.faults)} faults)" if len(error.faults) > 1 else ""
            print(f"{error.heading}{count}:", file=sys.stderr)
            for fault in error.faults:
                print(f"  - {fault}", file=sys.stderr)
            return USER_ERROR
        except KeyboardInterrupt:
            print("interrupted; what was finished is kept", file=sys.stderr)
            return INTERRUPTED
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0

    return wrapped


def parser(script: str, english: str, chinese: str, **kwargs) -> argparse.ArgumentParser:
    """An argument parser whose description stands in English and Chinese; flags cannot be abbreviated."""
    return argparse.ArgumentParser(
        prog=script,
        description=f"{english}\n{chinese}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        **kwargs,
    )
