"""Adding a language to a trained MLSF checkpoint: a new group, trained alone, beside groups that stay as they are.

The old groups and the text encoder go into the new run with their averaged weights, the ones that generation uses, and
are not trained, so what the new run's checkpoints generate for the old languages is what the old one's do, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass

from signllm.config import Config
from signllm.config.schema import FROM_SCRATCH
from signllm.errors import CheckpointError, ConfigError, SignLLMError
from signllm.languages import resolve_language
from signllm.learning.seeding import seed_everything
from signllm.models.checkpoint import Checkpoint
from signllm.models.sign_model import MLSF, MODES
from signllm.models.text_encoder import TextEncoder
from signllm.training.setup import NORMALIZER_CLIPS, Experiment, attach_cache, open_data, training_words

_SHOWN = 3  # examples in a message


@dataclass(frozen=True)
class Addition:
    """What to add: language codes, and the checkpoint's path for messages."""

    code: str
    warm_start_from: str | None
    source: str

    @classmethod
    def check(cls, language: str, warm_start_from: str | None, checkpoint: Checkpoint, source: str) -> Addition:
        """Resolve the names. Raises an error with every reason why this checkpoint cannot take this language."""
        faults: list[str] = []
        codes: dict[str, str | None] = {"--add_language": None, "--warm_start_from": None}
        for flag, name in zip(codes, (language, warm_start_from), strict=True):
            try:
                codes[flag] = resolve_language(name).code if name else None
            except SignLLMError as error:
                faults += [f"{flag}: {fault}" for fault in error.faults]
        there = checkpoint.extra["languages"]
        code, start = codes.values()
        mode = checkpoint.config.model.mode
        if not issubclass(MODES[mode], MLSF):
            faults.append(
                f"{source}: a checkpoint of mode '{mode}': its languages share all parameters and one vocabulary, so a"
                " language cannot be added without changing the others; train it anew with all languages, or add to a"
                " checkpoint of mode 'mlsf'"
            )
        elif code in there:
            faults.append(
                f"--add_language {code}: {source} signs {', '.join(there)} already; go on training it with --resume"
            )
        if start is not None and start not in there:
            faults.append(f"--warm_start_from {start}: {source} has groups for {', '.join(there)} only")
        if faults or code is None:
            raise ConfigError(faults)
        return cls(code, start, source)

    def config(self, wanted: Config, checkpoint: Checkpoint, run_name: str | None = None) -> Config:
        """The new run's configuration: data and training of `wanted`, the checkpoint's model with one language more.

        The run is called `run_name`, or after the checkpoint's run and the language.
        Raises CheckpointError when `wanted` describes another model.
        """
        saved = checkpoint.config.model
        languages = [*checkpoint.extra["languages"], self.code]
        changed = wanted.model.differing(saved, ("languages",))
        if changed:
            raise CheckpointError(
                f"{self.source}: the configuration builds another model than the checkpoint holds (differs in"
                f" {', '.join('model.' + name for name in changed)}); a group is added to the model as it is, whose"
                " configuration is in config_used.json beside the checkpoint"
            )
        return wanted.model_copy(
            update={
                "run_name": run_name or f"{checkpoint.config.run_name}_{self.code}",
                "model": saved.model_copy(update={"languages": languages}),
                "training": wanted.training.model_copy(update={"only_languages": [self.code]}),
            }
        )

    def experiment(self, config: Config, checkpoint: Checkpoint) -> Experiment:
        """The run before it starts. Raises ConfigError when the text encoder cannot tell the language's texts apart."""
        train_set, eval_set = open_data(config)
        model = checkpoint.build_model(averaged=True)
        assert isinstance(model, MLSF), "`check` refuses checkpoints of other modes"
        check_texts(model.text_encoder, train_set.texts(), self.code, self.source)
        seed_everything(config.training.seed)
        model.add_language(self.code, train_set.clips(self.code, NORMALIZER_CLIPS), self.warm_start_from)
        model.known_words = model.known_words.joined(training_words(train_set))
        model.train_only([self.code])
        attach_cache(model, config)
        return Experiment(config, model, train_set, eval_set)


def check_texts(encoder: TextEncoder, texts: list[str], code: str, source: str) -> None:
    """Raise ConfigError when different texts read as the same tokens, because of unknown letters.

    The vocabulary must stay as it is, or the other languages' outputs would change.
    """
    alike = encoder.lost_texts(texts)
    if not alike:
        return
    lost = sum(len(group) for group in alike)
    examples = ", ".join(f"'{text}'" for text in max(alike, key=len)[:_SHOWN])
    remedy = (
        "train the first checkpoint with model.text_encoder.scratch.reserve_letters = true, which keeps the letters of"
        " all eight languages in the vocabulary, or with a pretrained multilingual encoder in"
        " model.text_encoder.model_name"
        if encoder.name == FROM_SCRATCH
        else "train the first checkpoint with a text encoder that reads this script, in model.text_encoder.model_name"
    )
    raise ConfigError(
        f"--add_language {code}: the text encoder of {source} cannot tell {lost} of {len(texts)} texts apart:"
        f" {examples} read as the same tokens, because their letters are not in its vocabulary; {remedy}"
    )
