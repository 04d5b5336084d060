"""Errors that a user can act on; the command line prints them without a traceback and exits with 2."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class SignLLMError(Exception):
    """A fault in what the user gave. `faults` lists every one found, each with place, value and remedy."""

    heading = "error"

    def __init__(self, faults: str | Iterable[str]):
        self.faults: list[str] = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))


class ConfigError(SignLLMError):
    """The configuration, a flag or a request cannot be used as it stands."""

    heading = "configuration error"


class DataError(SignLLMError):
    """A data file or store cannot be read or does not fit."""

    heading = "data error"


class CheckpointError(SignLLMError):
    """A checkpoint is missing, torn or of another format."""

    heading = "checkpoint error"


class OutputError(SignLLMError):
    """What was to be written cannot be: a full disk, missing rights, a file where a folder is needed."""

    heading = "output error"


class LockedError(SignLLMError):
    """Another process is writing what was to be written."""

    heading = "in use"


class WorkerError(SignLLMError):
    """A process that did a part of the work is gone, or none can be had."""

    heading = "worker error"


class ToldElsewhereError(SignLLMError):
    """Another process of the same work prints what is wrong; this one only ends."""


def first_faults(faults: list[str], most: int, kind: str = "") -> list[str]:
    """The first ones of many, and how many more there are: "and 3 more" and the words of `kind`."""
    return faults[:most] + [f"and {len(faults) - most} more{kind}"] * (len(faults) > most)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """Return " (did you mean 'x'?)" for the nearest candidate, or an empty string."""
    near = difflib.get_close_matches(word, list(candidates), n=1, cutoff=0.5)
    return f" (did you mean '{near[0]}'?)" if near else ""
