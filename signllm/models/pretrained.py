"""Bringing in a pretrained text model: from a local folder, from the hub's cache on this machine, or from the hub.

Nothing here falls back to another model. Where the hub cannot be reached the error comes within seconds.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.errors import ConfigError
from signllm.models.hub import ask_hub

if TYPE_CHECKING:
    from tokenizers import Tokenizer
    from transformers import PreTrainedModel

PLACE = "model.text_encoder.model_name"
WAYS_ON = (
    'give the folder of a downloaded model, or set "model_name": "from-scratch" for a small text encoder trained on the'
    " corpus"
)
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
_TOKENIZERS = (
    ("tokenizer.json",),
    ("vocab.txt",),
    ("vocab.json", "merges.txt"),
    ("sentencepiece.bpe.model",),
    ("spiece.model",),
)

log = logging.getLogger(__name__)


@dataclass
class Pretrained:
    """A text model with its tokenizer; `name` is the hub's name or the folder's last part, never a whole path."""

    model: PreTrainedModel
    tokenizer: Tokenizer
    pad_id: int
    pad_token: str
    name: str


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the progress bars, load reports and retry warnings of the model libraries; put the levels back after."""
    from transformers.utils import logging as transformers_logging

    bars = transformers_logging.is_progress_bar_enabled()
    loggers = [logging.getLogger(name) for name in ("transformers", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    transformers_logging.disable_progress_bar()
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
        if bars:
            transformers_logging.enable_progress_bar()


def load_pretrained(model_name: str) -> Pretrained:
    """Load a model by local folder or hub name. Raises ConfigError with place, value and the ways on."""
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    folder = Path(model_name).expanduser()
    with quiet():
        if model_name and folder.is_dir():
            _check_folder(folder, model_name)
            return _load(str(folder), model_name, folder.resolve().name, local=True)
        try:
            validate_repo_id(model_name)
        except HFValidationError:
            raise ConfigError(f"{PLACE}: there is no folder '{model_name}' on this machine; {WAYS_ON}") from None
        cached = _hub_is_needless(model_name)
        if not cached:
            _require_hub(model_name)
            log.info("fetching the text model '%s' from the hub", model_name)
        return _load(model_name, model_name, model_name, local=cached)


def _check_folder(folder: Path, model_name: str) -> None:
    """Raise ConfigError that lists everything the folder lacks."""

    def has(*names: str) -> bool:
        return all((folder / name).is_file() for name in names)

    missing = []
    if not has("config.json"):
        missing.append("config.json")
    if not any(has(name) for name in _WEIGHTS):
        missing.append("the weights (model.safetensors or pytorch_model.bin)")
    if not any(has(*names) for names in _TOKENIZERS):
        missing.append("the tokenizer (tokenizer.json or vocab.txt)")
    if missing:
        raise ConfigError(
            [
                f"{PLACE}: the folder '{model_name}' lacks {part}; complete it from the model's page, or {WAYS_ON}"
                for part in missing
            ]
        )


def _hub_is_needless(model_name: str) -> bool:
    """Whether config, weights and tokenizer lie in the hub's cache on this machine."""
    from huggingface_hub import try_to_load_from_cache

    def has(name: str) -> bool:
        return isinstance(try_to_load_from_cache(model_name, name), str)

    return (
        has("config.json")
        and any(has(name) for name in _WEIGHTS)
        and any(all(has(name) for name in names) for names in _TOKENIZERS)
    )


def _require_hub(model_name: str) -> None:
    """Raise ConfigError unless the hub answers in time and has the model."""
    head, answer = f"{PLACE}: '{model_name}'", ask_hub(model_name)
    if answer.refused:
        raise ConfigError(
            f"{head} is neither a folder here nor a model that the hub gives out without a login ({answer.fault});"
            f" check the name, or {WAYS_ON}"
        )
    if answer.fault:
        raise ConfigError(f"{head} is not in the hub's cache on this machine, and {answer.fault}; {WAYS_ON}")


def _load(source: str, model_name: str, name: str, local: bool) -> Pretrained:
    """Load model and tokenizer; weights that the files do not hold are refused rather than drawn at random."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    head = f"{PLACE}: '{model_name}'"
    options = {"local_files_only": local, "trust_remote_code": False}
    try:
        model, report = AutoModel.from_pretrained(
            source, dtype=torch.float32, output_loading_info=True, weights_only=True, **options
        )
        tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True, **options)
    except pickle.UnpicklingError as error:
        raise ConfigError(
            f"{head}: its pytorch_model.bin is damaged or holds code beside its numbers, and is not loaded; get the"
            f" model as model.safetensors, or {WAYS_ON}"
        ) from error
    except Exception as error:  # third-party code over the user's files: any type may come
        reason = " ".join(str(error).split())[:300]
        raise ConfigError(f"{head} cannot be loaded ({type(error).__name__}: {reason}); {WAYS_ON}") from error
    faults = []
    missing = sorted(key for key in report["missing_keys"] if not key.startswith("pooler."))
    if missing:
        faults.append(
            f"{head}: its weight files lack {len(missing)} of the model's tensors (such as {missing[0]}), which would"
            f" stay random; {WAYS_ON}"
        )
    fast = getattr(tokenizer, "backend_tokenizer", None)
    if fast is None:
        faults.append(f"{head}: its tokenizer has no tokenizer.json form, which a checkpoint needs; {WAYS_ON}")
    size = getattr(model.get_input_embeddings(), "num_embeddings", None)
    if fast is not None and size is not None and fast.get_vocab_size() > size:
        faults.append(
            f"{head}: its tokenizer has {fast.get_vocab_size()} pieces and its weights have {size}: they are not of one"
            f" model; {WAYS_ON}"
        )
    if tokenizer.pad_token_id is None:
        faults.append(f"{head}: its tokenizer has no padding token, so it is no encoder for batches; {WAYS_ON}")
    if faults or fast is None:
        raise ConfigError(faults)
    return Pretrained(model, fast, tokenizer.pad_token_id, tokenizer.pad_token, name)
