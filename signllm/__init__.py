"""SignLLM: sign language production, from text to 3D skeleton sequences (arXiv 2405.10718).

    from signllm import Generator, PoseSequence, open_clips

Importing the package costs nothing: each name is fetched when it is first used. Their types stand in `__init__.pyi`.
"""

from importlib import import_module
from typing import Any

__version__ = "0.2.0"

_MODULE_OF = {
    "ClipCollection": "signllm.data.clips",
    "GeneratedClip": "signllm.inference",
    "Generator": "signllm.inference",
    "PoseSequence": "signllm.pose",
    "open_clips": "signllm.data.clips",
}
__all__ = [*_MODULE_OF, "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'signllm' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(_MODULE_OF[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
