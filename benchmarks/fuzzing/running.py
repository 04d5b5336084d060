"""What trainings and evaluations read back: a run that goes on, facts of a model, a folder of a pretrained BERT."""

from __future__ import annotations

from pathlib import Path

from fuzzing.target import Target
from signllm.config import Config, parse_config
from signllm.config.loading import apply_overrides
from signllm.data.demo import generate_demo_corpus
from signllm.evaluation.trained_model import TrainedModel
from signllm.models.checkpoint import load_checkpoint
from signllm.models.text_encoder import TextEncoder
from signllm.models.wordpiece import train_wordpiece
from signllm.training.setup import build_experiment, make_trainer
from tests.helpers.tiny import TINY

_TEXTS = ["hello there", "das Buch", "thank you"]


def _tiny(folder: Path) -> Config:
    places = [
        f"data.dataset_path={folder / 'store'}",
        f"data.cache_dir={folder / 'cache'}",
        f"training.checkpoint_dir={folder / 'checkpoints'}",
        f"training.log_dir={folder / 'logs'}",
        "model.mode=prompt2langgloss",
        "training.plc.enabled=true",
        "training.save_every=1",
    ]
    return parse_config(apply_overrides(TINY, places))


def _run(folder: Path) -> None:
    generate_demo_corpus(folder / "store", train=4, dev=2, test=0, languages=["ASL"])
    trainer, _ = make_trainer(build_experiment(_tiny(folder)), [])
    trainer.fit()


def _resume(folder: Path) -> None:
    """Go on from last_model.pth until the first step would come, in the folders of this copy of the run."""
    checkpoint = load_checkpoint(folder / "checkpoints" / "tiny" / "last_model.pth")
    saved, own = checkpoint.config, _tiny(folder)
    places = {
        "data": saved.data.model_copy(update={key: getattr(own.data, key) for key in ("dataset_path", "cache_dir")}),
        "training": saved.training.model_copy(
            update={key: getattr(own.training, key) for key in ("checkpoint_dir", "log_dir")}
        ),
    }
    trainer, _ = make_trainer(build_experiment(saved.model_copy(update=places), checkpoint), [], checkpoint)
    trainer.held.close()


def _facts(folder: Path) -> None:
    """The facts of a model, as an evaluation keeps them; the model itself is not damaged."""
    from fuzzing.targets import make_checkpoint

    make_checkpoint(folder, "mlsf")
    _ = TrainedModel(folder / "model.pth", "cpu", folder / "cache").facts


def _bert(folder: Path) -> None:
    """A pretrained model as the hub hands it out."""
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = train_wordpiece(_TEXTS * 10, 200)
    names = {f"{name}_token": f"[{name.upper()}]" for name in ("pad", "unk", "cls", "sep", "mask")}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names).save_pretrained(folder / "bert")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    options = BertConfig(vocab_size=tokenizer.get_vocab_size(), max_position_embeddings=64, **sizes)
    BertModel(options).save_pretrained(folder / "bert")


def _encode(folder: Path) -> None:
    config = _tiny(folder).model.text_encoder.model_copy(update={"model_name": str(folder / "bert"), "max_length": 32})
    TextEncoder.create(config, _TEXTS).encode(_TEXTS)


RUNNING = [
    Target("resumed run", _run, _resume, skip=(".log", ".0", ".npy", ".jsonl")),
    Target(
        "facts of a model",
        _facts,
        lambda folder: TrainedModel(folder / "model.pth", "cpu", folder / "cache").facts,
        skip=(".pth",),
    ),
    Target("pretrained text model", _bert, _encode),
]
