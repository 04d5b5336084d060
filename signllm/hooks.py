"""Hooks: what a lower room needs of a higher one, by name and never by import.

Every clip can save itself as a video and show itself in a notebook, but drawing lies high above poses; and a model
composed of recordings is opened as any other, but lies above what signs with models. All hooks are
listed here; the module behind one is imported when it is first needed.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

MODULES = {"clip files": "signllm.viewing.clips", "composed models": "signllm.composing.model"}


def hook(name: str) -> ModuleType:
    """The module behind a hook."""
    return import_module(MODULES[name])
