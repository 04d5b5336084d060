"""Prompts in the phrasings that a model was trained with, and in those that it never saw."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from signllm.errors import ConfigError
from signllm.languages import make_prompt

if TYPE_CHECKING:
    from signllm.inference.interface import SigningModel

PHRASINGS = {"training": False, "held_out": True}
"""Kinds of phrasings; the value says whether `make_prompt` is asked for a held-out one."""


def prompts_of(texts: Sequence[str], language: str, phrasings: str) -> list[str]:
    """The texts in the phrasings of the sign language's spoken language, one after the other in turn."""
    return [make_prompt(text, language, number, PHRASINGS[phrasings]) for number, text in enumerate(texts)]


def check_writes_gloss(model: SigningModel, does: str = "reads prompts") -> None:
    """Raise ConfigError for a model that does not go through glosses, and so does not do what is asked."""
    if not model.writes_gloss:
        raise ConfigError(f"the model's mode is {model.mode}: only prompt2langgloss {does}")
