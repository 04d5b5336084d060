"""Making a trained model a folder to share: its weights, and a card with its data and its scores."""

from __future__ import annotations

from pathlib import Path

from signllm.config import Config
from signllm.data.store import Store
from signllm.errors import DataError
from signllm.evaluation.markdown import figures_table
from signllm.evaluation.summary import leakage_lines, legend, remarks
from signllm.fsutil import file_sha256, read_json
from signllm.models.card import model_card
from signllm.models.checkpoint import load_checkpoint
from signllm.models.folder import check_target, write_folder

_NO_SCORES = "No evaluation of this checkpoint was found beside it: `signllm evaluate model` makes one."


def export_model(model_path: str | Path, folder: str | Path, overwrite: bool = False) -> Path:
    """Write the model of a checkpoint, with its averaged weights, into a folder; return the folder.

    Its card names the training data as far as they are on this machine, and holds the scores of every evaluation report
    beside the checkpoint that was made of this very file. `Generator.from_pretrained` reads the folder.
    Raises CheckpointError for a checkpoint that cannot be read, ConfigError for a folder that must not be replaced.
    """
    model_path, folder = Path(model_path), Path(folder)
    check_target(folder, overwrite)
    checkpoint = load_checkpoint(model_path)
    weights = {**checkpoint.weights, **checkpoint.averaged}
    sections = [
        "\n".join(["## Training data", "", *_data_lines(checkpoint.config, checkpoint.training)]),
        "\n".join(["## Scores", "", *_score_lines(model_path)]),
    ]
    card = model_card(checkpoint.config, checkpoint.extra, weights, sections)
    write_folder(folder, checkpoint.config, checkpoint.extra, weights, card, overwrite)
    return folder


def _data_lines(config: Config, training: dict) -> list[str]:
    """The data set's name and what of it is here, without the path; and how long the model was trained."""
    root = Path(config.data.dataset_path)
    lines = [f"- data set `{root.name}`, split `{config.data.train_split}`"]
    try:
        store = Store(root)
        for code in store.languages():
            if config.data.train_split in store.splits(code):
                split = store.split(code, config.data.train_split)
                invented = ", invented signs of the demo corpus" if split.info.get("demo") else ""
                lines.append(f"- {code}: {len(split)} clips{invented}")
    except DataError:
        lines.append("- it was not on the machine that made this card: *fill in how many clips, of whom, from where*")
    state = training.get("state", {})
    if state.get("step"):
        lines.append(f"- steps: {state['step']}, epochs: {state.get('epoch', 0)}")
    return lines


def _score_lines(model_path: Path) -> list[str]:
    """Tables of all reports of this file, each with what must not be overlooked, and with the signatures."""
    digest = file_sha256(model_path) if model_path.is_file() else None
    lines = []
    for path in sorted(model_path.parent.glob("evaluation_*.json")):
        try:
            report = read_json(path)
        except DataError:
            continue
        if isinstance(report, dict) and digest and report.get("checkpoint_sha256") == digest:
            try:
                lines += _report_lines(report)
            except (AttributeError, LookupError, TypeError, ValueError):
                lines += [f"- `{path.name}` is damaged; evaluate again", ""]
    return lines or [_NO_SCORES]


def _report_lines(report: dict) -> list[str]:
    name = f"{Path(report['data']).name}, split {report['split']}"
    lines = []
    for code, part in report["languages"].items():
        lines += [f"### {code}: {part['clips']} clips of {name}", "", *figures_table(report, part["systems"]), ""]
        lines += [f"> {remark}" for remark in remarks(part["systems"])]
    lines += [f"- {line}" for line in leakage_lines(report)]
    return [*lines, "", "Signatures:", "", *(f"- {line}" for line in legend(report)), ""]
