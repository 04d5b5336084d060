"""From a configuration to a trainer: opens the data, makes or loads the model, and checks that they fit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from signllm.config import Config
from signllm.data.dataset import SignDataset
from signllm.data.gloss_pairs import GlossPairs, open_gloss_pairs
from signllm.data.names import meant_split
from signllm.data.store import Store
from signllm.errors import CheckpointError, ConfigError, DataError
from signllm.languages import LANGUAGES, resolve_language
from signllm.learning.seeding import seed_everything
from signllm.models.checkpoint import Checkpoint, load_checkpoint
from signllm.models.feature_cache import FeatureCache
from signllm.models.known_words import KnownWords
from signllm.models.sign_model import MLSF, SignModel, create_model
from signllm.outputs import check_folder
from signllm.training.data_warnings import data_warnings
from signllm.training.distributed import Ranks
from signllm.training.gloss_phase import GlossPhase
from signllm.training.joining import join
from signllm.training.policy import Policy
from signllm.training.pose_phase import PosePhase
from signllm.training.repair import repair
from signllm.training.reporting import Listener, Reporter
from signllm.training.run import Run
from signllm.training.run_folder import RunFolder
from signllm.training.targets import align_targets
from signllm.training.trainer import Trainer

NORMALIZER_CLIPS = 2000  # clips a language that its statistics are taken from, spread evenly


@dataclass(frozen=True)
class Experiment:
    """The parts of a run before it starts."""

    config: Config
    model: SignModel
    train_set: SignDataset
    eval_set: SignDataset
    train_pairs: GlossPairs | None = None
    eval_pairs: GlossPairs | None = None


def open_data(config: Config) -> tuple[SignDataset, SignDataset]:
    """The training and the evaluation clips. Raises DataError, with the remedy, when a split is missing."""
    data = config.data
    store = Store(data.dataset_path)
    codes = [resolve_language(name).code for name in config.training.only_languages or config.model.languages]
    check_training_split(config, store, codes)
    shared: dict[str, Any] = {"fps": data.fps, "max_samples": data.max_samples, "seed": config.training.seed}
    names = ("max_frames", "trim_rest_s", "time_warp", "duration_warp")
    changes: dict[str, Any] = {name: getattr(data, name) for name in names}
    train_set = SignDataset(store, data.train_split, languages=codes, draw_texts=True, **changes, **shared)
    if data.align:
        align_targets(train_set, data.cache_dir)
    with_eval = [code for code in train_set.languages if data.eval_split in store.splits(code)]
    if not with_eval:
        raise DataError(
            f"{data.dataset_path}: no split '{data.eval_split}' for {', '.join(train_set.languages)} to evaluate on; "
            + _other_split(store, train_set.languages, "eval")
        )
    return train_set, SignDataset(store, data.eval_split, languages=with_eval, **shared)


def _other_split(store: Store, codes: Sequence[str], job: str) -> str:
    """The remedy for a missing split, with the one that may be meant."""
    meant = meant_split(job, {name for code in codes for name in store.splits(code)})
    offer = f"there is '{meant}': set data.{job}_split={meant}, or " if meant else ""
    return f"{offer}convert it, or name another in data.{job}_split"


def check_training_split(config: Config, store: Store, codes: Sequence[str]) -> None:
    """Raise DataError unless each language, or where none is named some language, has the split to train on."""
    split, only = config.data.train_split, config.training.only_languages
    having = [code for code in store.languages() if split in store.splits(code)]
    missing = [code for code in codes if code not in having]
    if having and not missing:
        return
    there = ", ".join(f"{code}/{name}" for code in store.languages() for name in store.splits(code)) or "none"
    if missing and having and not only:
        usable = [code for code in codes if code in having] or having
        names = ",".join(f'"{code}"' for code in usable)
        remedy = f"set model.languages=[{names}], or [] for all that are there, or convert the missing ones"
    else:
        remedy = _other_split(store, missing or store.languages(), "train")
    of = f" for {', '.join(missing)}" if missing else ""
    raise DataError(f"{config.data.dataset_path}: no split '{split}'{of} to train on; there are: {there}; {remedy}")


def open_pairs(
    config: Config, train_set: SignDataset, eval_set: SignDataset
) -> tuple[GlossPairs, GlossPairs] | tuple[None, None]:
    """The pairs of text and gloss to train and to evaluate the gloss part on; (None, None) when that is not asked."""
    options, data = config.training.gloss_pairs, config.data
    if not options.epochs and not options.mixed:
        return None, None
    return open_gloss_pairs(
        data.gloss_tables, data.gloss_eval_tables, train_set, eval_set, options, config.training.seed, data.max_samples
    )


def new_model(config: Config, train_set: SignDataset, pairs: GlossPairs | None = None) -> SignModel:
    """An untrained model for the languages of the data, with its statistics and vocabularies taken from it.

    Texts and glosses of `pairs` are learnt as well.
    """
    seed_everything(config.training.seed)
    corpus = train_set.texts(lambda text, code: [phrasing.format(text=text) for phrasing in LANGUAGES[code].prompts])
    glosses = [train_set.gloss(index)[0] for index in range(len(train_set))]
    if pairs:
        corpus = list(dict.fromkeys([*corpus, *pairs.texts()]))
        glosses += [pair.gloss for pair in pairs.pairs]
    model = create_model(config.model, train_set.languages, corpus, glosses)
    model.fit_normalizers({code: train_set.clips(code, NORMALIZER_CLIPS) for code in train_set.languages})
    model.known_words = training_words(train_set, pairs, model.writes_gloss)
    return model


def training_words(train_set: SignDataset, pairs: GlossPairs | None = None, prompts: bool = False) -> KnownWords:
    """The words of each language's training texts, and with `prompts` of what is asked around them."""
    texts: dict[str, list[str]] = {code: [] for code in train_set.languages}
    for record in map(train_set.record, range(len(train_set))):
        texts[record.language] += [*record.texts, record.prompt or ""] if prompts else record.texts
    for pair in pairs.pairs if pairs else ():
        texts.setdefault(pair.language, []).append(pair.text)
    if prompts:
        for code, lines in texts.items():
            lines += [phrasing.replace("{text}", " ") for phrasing in LANGUAGES[code].prompts]
    return KnownWords.of(texts)


def add_training_words(model: SignModel, train_set: SignDataset, pairs: GlossPairs | None = None) -> None:
    """Note the words of a training that goes on from other weights.

    Nothing is noted for a language of a checkpoint that has no record: what it was trained on before is not known.
    """
    words = training_words(train_set, pairs, model.writes_gloss)
    recorded = {code: own for code, own in words.languages.items() if code in model.known_words.languages}
    model.known_words = model.known_words.joined(KnownWords(recorded))


def attach_cache(model: SignModel, config: Config) -> None:
    """Give a frozen text encoder its on-disk cache, when the configuration wants one.

    Raises OutputError where it cannot be written.
    """
    if model.text_encoder.frozen and config.model.text_encoder.cache_features:
        folder = Path(config.data.cache_dir) / "text_features"
        check_folder(folder)
        model.feature_cache = FeatureCache(folder)


def initial_checkpoint(config: Config, path: str) -> Checkpoint:
    """The checkpoint that `training.init_from` names, with the amplitude that this configuration sets.

    Raises CheckpointError when it holds another model.
    """
    checkpoint = load_checkpoint(path)
    own = checkpoint.config.model
    # older configurations set the amplitude by hand; it is no weight, and generation alone uses it
    decoder = own.pose_decoder.model_copy(update={"amplitude": config.model.pose_decoder.amplitude})
    own = own.model_copy(update={"pose_decoder": decoder})
    # a run may train on some of the languages
    differing = [f"model.{name}" for name in config.model.differing(own, ("languages",))]
    if differing:
        raise CheckpointError(
            f"training.init_from = {path}: its model differs from this configuration's in {', '.join(differing)}; copy"
            " the section `model` of config_used.json beside it, or train anew without init_from"
        )
    return replace(checkpoint, config=checkpoint.config.model_copy(update={"model": own}))


def build_experiment(config: Config, checkpoint: Checkpoint | None = None) -> Experiment:
    """Everything for a run: new, from the averaged weights of `training.init_from`, or going on from a checkpoint.

    Raises CheckpointError when the data hold languages that the checkpoint's model does not know.
    """
    train_set, eval_set = open_data(config)
    train_pairs, eval_pairs = open_pairs(config, train_set, eval_set)
    only = [resolve_language(name).code for name in config.training.only_languages]
    if checkpoint is not None:
        model = checkpoint.build_model(averaged=False)
    elif only:
        raise ConfigError(
            f"training.only_languages = {only}: a new model must be trained whole; set it to [], or add a language"
            " to a trained checkpoint: --add_language CODE --from CHECKPOINT"
        )
    elif config.training.init_from is not None:
        model = initial_checkpoint(config, config.training.init_from).build_model(averaged=True)
    else:
        model = new_model(config, train_set, train_pairs)
    unknown = sorted(set(train_set.languages) - set(model.languages))
    if unknown:
        raise CheckpointError(
            f"the data hold {', '.join(unknown)}, the checkpoint's model knows {', '.join(model.languages)};"
            " name the languages to train in model.languages, or add one with --add_language"
        )
    if checkpoint is not None or config.training.init_from is not None:
        add_training_words(model, train_set, train_pairs)
    if only and isinstance(model, MLSF):  # the configuration allows it in no other mode
        model.train_only(only)
    attach_cache(model, config)
    return Experiment(config, model, train_set, eval_set, train_pairs, eval_pairs)


def make_trainer(
    experiment: Experiment,
    listeners: list[Listener],
    checkpoint: Checkpoint | None = None,
    ranks: Ranks | None = None,
) -> tuple[Trainer, Path | None]:
    """The trainer of an experiment, and where an older run of the same name was put aside (None: nowhere).

    It holds the run's folders until its `fit` ends. Raises LockedError, with everything as it was, where another
    process trains there. All `ranks` make one each, and only the first writes.
    """
    ranks = ranks or Ranks()
    with ExitStack() as stack:
        with ranks.agreeing():
            folder, set_aside = RunFolder(experiment.config), None
            if ranks.first:
                stack.enter_context(folder.held())
                set_aside = folder.set_aside_older_run() if checkpoint is None else None
                folder.prepare(experiment.config)
            reporter = Reporter(experiment.config, folder, listeners if ranks.first else [], silent=not ranks.first)
            stack.callback(reporter.close)
            run, poses, glosses = _make_phases(experiment, folder, reporter, checkpoint, ranks)
        if ranks.size > 1:
            join(run, len(poses.eval_set))
        return Trainer(run, poses, glosses, stack.pop_all()), set_aside


def _make_phases(
    experiment: Experiment, folder: RunFolder, reporter: Reporter, checkpoint: Checkpoint | None, ranks: Ranks
) -> tuple[Run, PosePhase, GlossPhase | None]:
    """A run and its phases, where the checkpoint stands; what was doubtful is in the log."""
    config, train_set = experiment.config, experiment.train_set
    fingerprint = data_fingerprint(train_set, experiment.train_pairs)
    run = Run(config, experiment.model, folder, reporter, fingerprint, ranks)
    train_pairs, eval_pairs = experiment.train_pairs, experiment.eval_pairs
    glosses = GlossPhase(run, train_pairs, eval_pairs) if train_pairs and eval_pairs else None
    poses = PosePhase(run, train_set, experiment.eval_set, glosses)
    if checkpoint is not None:
        run.resume(checkpoint)
        poses.go_on()
        for note in repair(folder, checkpoint) if ranks.first else ():
            reporter.warn(note)
    pseudo = sum(train_set.gloss(index)[1] for index in range(len(train_set)))
    for warning in data_warnings(config, experiment.model, train_set, experiment.eval_set, train_pairs):
        reporter.warn(warning)
    if experiment.model.writes_gloss and pseudo:
        reporter.warn(
            f"{pseudo} of {len(train_set)} training clips have no gloss; their text stands in as pseudo-gloss"
        )
    invented = sum(pair.pseudo for pair in eval_pairs.pairs) if eval_pairs else 0
    if eval_pairs and invented:
        reporter.warn(
            f"{invented} of {len(eval_pairs)} held-out pairs are pseudo-gloss: scores of glosses leave them out"
        )
    if poses.policy is not None:
        untrained = checkpoint is None and config.training.init_from is None
        _warn_of_policy(poses.policy, reporter, train_set, untrained)
    return run, poses, glosses


def data_fingerprint(clips: SignDataset, pairs: GlossPairs | None = None) -> str:
    """Identifies clips and pairs and their order: resuming on others is not the same run."""
    aligned = " aligned" if clips.axes else ""
    digest = hashlib.sha256(f"{clips.fps} {clips.max_frames} {len(clips)}{aligned}".encode())
    for code, split in clips.splits.items():
        digest.update(f"{code} {sorted(split.info['checksums'].items())}".encode())
    return digest.hexdigest()[:16] + (f"-{pairs.fingerprint}" if pairs else "")


def _warn_of_policy(policy: Policy, reporter: Reporter, train_set: SignDataset, untrained: bool) -> None:
    """Say what makes RL useless. Raises ConfigError when the reward model can read none of the training texts."""
    if untrained:
        reporter.warn(
            "policy_gradient starts from random weights, which its KL term holds it to; name a trained checkpoint in"
            " training.init_from"
        )
    reader = policy.reader
    if reader is None:
        return
    records = [train_set.record(index) for index in range(len(train_set))]
    unread = reader.unreadable([(record.text, record.language) for record in records])
    if unread == len(records):
        raise ConfigError(
            f"training.policy.reward_model = {reader.path}: knows none of the texts of the {len(records)} training"
            " clips; train it on recordings of the same words (evaluation.py train-judge)"
        )
    if unread:
        reporter.warn(
            f"the reward model knows no word for {unread} of {len(records)} training clips: their reading is no reward"
        )
