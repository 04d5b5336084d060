"""Before the first step of several ranks: are they about to train the same thing?"""

from __future__ import annotations

import hashlib
import json
import platform
from pathlib import Path

import numpy as np
import torch

import signllm
from signllm.fsutil import code_sha256
from signllm.models.sign_model import SignModel
from signllm.training.run import Run

_SHOWN = 12  # characters of a digest


def join(run: Run, num_eval_clips: int) -> None:
    """Let the ranks go on together from what they have built, each by itself.

    Raises ConfigError that names what differs between them: code, packages, configuration, data, model.
    """
    ranks = run.ranks
    ranks.check_alike(
        {
            "code": code_digest(),
            "packages": f"Python {platform.python_version()}, torch {torch.__version__}, numpy {np.__version__}",
            "configuration": _digest(json.dumps(run.config.model_dump(), sort_keys=True).encode()),
            "training data": run.state.data_fingerprint,
            "evaluation data": f"{num_eval_clips} clips",
            "device": run.device.type,
            "model": model_digest(run.model),
        }
    )
    ranks.use(run.device)
    run.state.precision = ranks.from_first(run.state.precision)  # a probe may have found another here
    run.state.launch = ranks.launch


def code_digest() -> str:
    """Identifies the source of this package."""
    root = Path(signllm.__file__).parent
    return code_sha256(root, sorted(root.rglob("*.py")))[:_SHOWN]


def model_digest(model: SignModel) -> str:
    """Identifies weights, vocabularies and statistics."""
    digest = hashlib.sha256(json.dumps(model.extra_state(), sort_keys=True, default=str).encode())
    for name, value in model.state_dict().items():
        digest.update(name.encode())
        digest.update(value.detach().cpu().contiguous().view(torch.uint8).numpy().data)
    return digest.hexdigest()[:_SHOWN]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:_SHOWN]
