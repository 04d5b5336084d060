"""A model as a folder that can be shared: what the Hugging Face ecosystem expects, and nothing that can hold code.

    model.safetensors     the averaged weights, the text encoder's among them; no optimiser
    config.json           model configuration, languages, frame rate
    tokenizer.json        of the text encoder
    gloss_tokenizer.json  the gloss vocabulary, where the model writes glosses
    README.md             the model card

Paths of the machine that trained it are left out. The folder appears whole or not at all.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
from torch import Tensor

import signllm
from signllm.config import Config, parse_config
from signllm.errors import CheckpointError, ConfigError, DataError, OutputError
from signllm.fsutil import read_json, read_text, whole_folder, write_text
from signllm.models.checkpoint_types import Extra, FolderContent
from signllm.outputs import check_folder
from signllm.typed import checked

MODEL_TYPE = "signllm"
FORMAT_VERSION = 1
WEIGHTS, CONFIG, TOKENIZER, GLOSSES, CARD = (
    "model.safetensors",
    "config.json",
    "tokenizer.json",
    "gloss_tokenizer.json",
    "README.md",
)
FILES = [CONFIG, WEIGHTS, TOKENIZER, GLOSSES, CARD]


COMPOSED = "composed.json"  # of a model that is no network, see `signllm.composing.model`


def is_composed(path: Path) -> bool:
    """Whether a path is a folder that may hold a model composed of recordings."""
    return (path / COMPOSED).is_file()


def is_model_folder(path: Path) -> bool:
    """Whether a path is a folder that may hold a shared model."""
    return (path / CONFIG).is_file()


def check_target(folder: Path, overwrite: bool) -> None:
    """Raise ConfigError unless a model may be written to `folder`, OutputError where the system does not let it.

    With `overwrite` the folder may hold an earlier model, and nothing else.
    """
    check_folder(folder.parent)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ConfigError(f"{folder}: this is a file; name a folder for the model")
    there = sorted(path.name for path in folder.iterdir())
    if not there:
        return
    if not overwrite:
        raise ConfigError(
            f"{folder}: the folder is not empty; name another, or allow the model in it to be replaced (overwrite)"
        )
    others = [name for name in there if name not in FILES]
    if others or not is_model_folder(folder):
        raise ConfigError(
            f"{folder}: only an exported model is overwritten, and this folder holds"
            f" {', '.join(others[:5] or there)}; name another folder, or move these away"
        )


def write_folder(
    folder: Path, config: Config, extra: dict, weights: dict[str, Tensor], card: str, overwrite: bool = False
) -> None:
    """Write a model: `extra` as of `SignModel.extra_state`, `weights` as of `state_dict`, `card` in Markdown.

    An earlier model is there until the new one is. Raises ConfigError and OutputError as `check_target` does,
    LockedError where another process writes the folder.
    """
    check_target(folder, overwrite)
    kept = {key: value for key, value in extra.items() if key not in ("gloss_vocabulary", "text_encoder")}
    encoder = {key: value for key, value in extra["text_encoder"].items() if key != "tokenizer"}
    described = {
        "model_type": MODEL_TYPE,
        "format_version": FORMAT_VERSION,
        "signllm_version": signllm.__version__,
        "config": _published(config, encoder["meta"]["name"]),
        "extra": {**kept, "text_encoder": encoder},
    }
    texts = {
        CONFIG: orjson.dumps(described, option=orjson.OPT_INDENT_2).decode() + "\n",
        TOKENIZER: extra["text_encoder"]["tokenizer"],
        CARD: card,
    }
    if "gloss_vocabulary" in extra:
        texts[GLOSSES] = extra["gloss_vocabulary"]
    with whole_folder(folder) as beside:
        _write_weights(beside / WEIGHTS, weights)
        for name, text in texts.items():
            write_text(beside / name, text)


def _write_weights(path: Path, weights: dict[str, Tensor]) -> None:
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in weights.items()}
    try:
        save_file(tensors, path, metadata={"format": "pt"})
    except SafetensorError as error:  # what the system said is in its text only
        raise OutputError(f"{path.parent.parent}: {path.name} cannot be written there ({error}); make room") from error


def _published(config: Config, text_encoder: str) -> dict[str, Any]:
    """What of the configuration generation needs, with the text encoder's name in place of a path to it."""
    model = config.model.model_dump()
    model["text_encoder"]["model_name"] = text_encoder
    data = {"fps": config.data.fps, "max_frames": config.data.max_frames}
    return {"run_name": config.run_name, "model": model, "data": data}


def read_folder(folder: Path) -> tuple[Config, dict, dict[str, Tensor]]:
    """Configuration, extra state and weights of a model that `write_folder` wrote.

    Raises CheckpointError for a folder that lacks files, is damaged, or is no model of this toolkit.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    missing = [name for name in (CONFIG, WEIGHTS, TOKENIZER) if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(f"{folder}: no shared model, it lacks {', '.join(missing)}; see signllm export")
    try:
        described = read_json(folder / CONFIG)
        texts = {name: read_text(folder / name) for name in (TOKENIZER, GLOSSES) if (folder / name).exists()}
    except DataError as error:
        raise CheckpointError(error.faults) from None
    if not isinstance(described, dict) or described.get("model_type") != MODEL_TYPE:
        raise CheckpointError(f"{folder / CONFIG}: not a SignLLM model")
    if described.get("format_version") != FORMAT_VERSION:
        raise CheckpointError(
            f"{folder}: format {described.get('format_version')} written by SignLLM {described.get('signllm_version')};"
            f" this version ({signllm.__version__}) reads {FORMAT_VERSION}"
        )
    checked(FolderContent, described, folder / CONFIG, CheckpointError, "it is damaged; export or fetch it again")
    extra, encoder = dict(described["extra"]), described["extra"].get("text_encoder")
    extra["text_encoder"] = {**encoder, "tokenizer": texts[TOKENIZER]} if isinstance(encoder, dict) else encoder
    if GLOSSES in texts:
        extra["gloss_vocabulary"] = texts[GLOSSES]
    checked(Extra, extra, f"{folder / CONFIG}: extra", CheckpointError, "it is damaged; export or fetch it again")
    try:
        weights = load_file(folder / WEIGHTS)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{folder}: damaged ({error}); export or fetch it again") from None
    return parse_config(described["config"], str(folder / CONFIG)), extra, weights
