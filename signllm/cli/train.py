"""What start_training.py and train_signllm.py share: flags, the dry run, resuming, and the run itself."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from signllm.cli.common import INTERRUPTED
from signllm.config import Config, load_config, parse_config
from signllm.config.loading import apply_overrides
from signllm.errors import CheckpointError, ConfigError

if TYPE_CHECKING:
    from types import FrameType

    from signllm.models.checkpoint import Checkpoint
    from signllm.training.adding import Addition
    from signllm.training.distributed import Ranks
    from signllm.training.setup import Experiment
    from signllm.training.trainer import Trainer

DEBUG_SAMPLES = 64  # --debug: clips a language and split
DEBUG_EPOCHS = 10
CONFIG_HELP = (
    "a configuration by name, such as asl_words, or a file (JSON, // comments allowed)"
    " / 配置：内置配置的名称，或配置文件（可含 // 注释）"
)


def add_training_flags(parser: argparse.ArgumentParser) -> None:
    """--debug, --dry_run, --resume, --add_language with --from and --warm_start_from, and --set."""
    parser.add_argument(
        "--debug", action="store_true",
        help=f"part of the data ({DEBUG_SAMPLES} clips a language and split), at most {DEBUG_EPOCHS} epochs, in a run"
        " of its own named <run>_debug / 调试：部分数据、较少轮次，单独的运行目录 <run>_debug",
    )  # fmt: skip
    parser.add_argument(
        "--dry_run", action="store_true",
        help="check everything with one batch forward and backward, train nothing / 只检查，不训练",
    )  # fmt: skip
    parser.add_argument(
        "--resume", metavar="CHECKPOINT", type=Path,
        help="go on from this .pth, exactly where it stopped / 从检查点恢复训练",
    )  # fmt: skip
    parser.add_argument(
        "--add_language", metavar="CODE",
        help="MLSF: add a group for this language to the checkpoint of --from and train it alone, in a new run;"
        " the other languages stay bit-identical / 给已训练的检查点增加一种手语，只训练新的一组",
    )  # fmt: skip
    parser.add_argument(
        "--from", metavar="CHECKPOINT", dest="base", type=Path,
        help="the trained .pth that --add_language adds to / --add_language 所用的检查点",
    )  # fmt: skip
    parser.add_argument(
        "--warm_start_from", metavar="CODE",
        help="the new group starts as a copy of this language's group (default: from scratch)"
        " / 新的一组从该语言的一组复制而来，默认从头开始",
    )  # fmt: skip
    parser.add_argument(
        "--set", metavar="KEY=VALUE", dest="overrides", action="append", default=[],
        help="override a key, such as training.learning_rate=3e-4; may be repeated / 覆盖任意配置项，可重复",
    )  # fmt: skip


def for_debugging(config: Config) -> Config:
    """The configuration of --debug: fewer clips and epochs, and folders of its own."""
    few = min(DEBUG_SAMPLES, config.data.max_samples or DEBUG_SAMPLES)
    pairs = config.training.gloss_pairs
    pairs = pairs.model_copy(update={"epochs": min(DEBUG_EPOCHS, pairs.epochs)})
    return config.model_copy(
        update={
            "run_name": f"{config.run_name}_debug",
            "data": config.data.model_copy(update={"max_samples": few}),
            "training": config.training.model_copy(
                update={"num_epochs": min(DEBUG_EPOCHS, config.training.num_epochs), "gloss_pairs": pairs}
            ),
        }
    )


def train(config_path: str | None, default_config: str, args: argparse.Namespace) -> int:
    """Run training as the flags say, alone or as one of the ranks of torchrun; return the exit code."""
    from signllm.training.distributed import launched_ranks

    _check_flags(args)
    with launched_ranks() as ranks:
        with ranks.agreeing():
            plan = _plan_added(config_path, args) if args.add_language else _plan(config_path, default_config, args)
        return _carry_out(_after_restart(plan, ranks), args.dry_run, ranks)


@dataclass(frozen=True)
class Plan:
    """What is to be trained: a configuration, and the checkpoint to go on from or the language to add to one."""

    config: Config
    checkpoint: Checkpoint | None = None
    addition: Addition | None = None
    base: Checkpoint | None = None

    def experiment(self) -> Experiment:
        """The run before it starts."""
        from signllm.training.setup import build_experiment

        if self.addition is not None and self.base is not None:
            return self.addition.experiment(self.config, self.base)
        return build_experiment(self.config, self.checkpoint)


def _plan(config_path: str | None, default_config: str, args: argparse.Namespace) -> Plan:
    """A new run, or one that is resumed."""
    from signllm.models.checkpoint import load_checkpoint

    if args.resume:
        checkpoint = load_checkpoint(args.resume)
        return Plan(_config_of_resumed_run(checkpoint.config, config_path, args), checkpoint)
    config = load_config(config_path or default_config, args.overrides)
    return Plan(for_debugging(config) if args.debug else config)


def _after_restart(plan: Plan, ranks: Ranks) -> Plan:
    """The plan, or where torchrun has started the ranks again, the last checkpoint that they left in this launch."""
    from signllm.models.checkpoint import load_checkpoint
    from signllm.training.run_folder import RunFolder

    last = RunFolder(plan.config).last
    left = False
    if ranks.restarts and ranks.first:
        with suppress(CheckpointError):
            left = load_checkpoint(last, mapped=True).training["state"].get("launch") == ranks.launch
    if not ranks.from_first(left):
        return plan
    if ranks.first:
        print(f"started again by torchrun, time {ranks.restarts}: goes on from {last}", flush=True)
    with ranks.agreeing():
        return Plan(plan.config, load_checkpoint(last))


def _check_flags(args: argparse.Namespace) -> None:
    """Raise ConfigError for flags that do not go together."""
    faults = []
    if args.add_language and not args.base:
        faults.append("--add_language: which checkpoint is the language added to? Give --from CHECKPOINT")
    for flag, value in (("--from", args.base), ("--warm_start_from", args.warm_start_from)):
        if value and not args.add_language:
            faults.append(f"{flag} {value}: goes with --add_language CODE only")
    if args.add_language and args.resume:
        faults.append(
            "--add_language with --resume: add the language first; its run is resumed by --resume alone and goes on"
            " training the new group only"
        )
    if faults:
        raise ConfigError(faults)


def _plan_added(config_path: str | None, args: argparse.Namespace) -> Plan:
    """A new run that trains one more group; data and training are those of --config, or the checkpoint's own."""
    from signllm.models.checkpoint import load_checkpoint
    from signllm.training.adding import Addition

    checkpoint = load_checkpoint(args.base)
    addition = Addition.check(args.add_language, args.warm_start_from, checkpoint, str(args.base))
    if config_path:
        wanted = load_config(config_path, args.overrides)
    else:
        wanted = parse_config(apply_overrides(checkpoint.config.model_dump(), args.overrides), str(args.base))
    named = any(override.partition("=")[0].strip() == "run_name" for override in args.overrides)
    config = addition.config(wanted, checkpoint, wanted.run_name if named else None)
    config = for_debugging(config) if args.debug else config
    return Plan(config, addition=addition, base=checkpoint)


def _config_of_resumed_run(saved: Config, config_path: str | None, args: argparse.Namespace) -> Config:
    """The checkpoint's own configuration, or the given one where it builds the same model; --set applies."""
    if args.debug:
        raise ConfigError("--debug with --resume: a debug run has folders of its own; resume it without --debug")
    if config_path:
        given = load_config(config_path, args.overrides)
        wanted = given.model_copy(update={"run_name": saved.run_name})
    else:
        wanted = parse_config(apply_overrides(saved.model_dump(), args.overrides), str(args.resume))
    changed = [f"model.{name}" for name in wanted.model.differing(saved.model)]
    if wanted.training.only_languages != saved.training.only_languages:
        changed.append("training.only_languages")
    if changed:
        raise CheckpointError(
            f"{args.resume}: the configuration builds another model than the checkpoint holds (differs in"
            f" {', '.join(changed)}); resume with the model of the checkpoint,"
            " whose configuration is in config_used.json beside it"
        )
    return wanted


def _carry_out(plan: Plan, dry: bool, ranks: Ranks) -> int:
    """Build the experiment and train it, or only try it when `dry`; return the exit code. The first rank speaks."""
    from signllm.models.decoders import is_network

    config = plan.config
    if ranks.first:
        print(f"run {config.run_name}: mode {config.model.mode}, data {config.data.dataset_path}", flush=True)
    if not is_network(config.model.pose_decoder):
        with ranks.agreeing():
            return _compose(config, dry) if ranks.first else 0
    with ExitStack() as held:
        with ranks.agreeing():
            if ranks.first:
                held.enter_context(_held(config, dry))
            experiment = plan.experiment()
        sets = experiment.train_set, experiment.eval_set
        clips = f"{len(sets[0])} training clips, {len(sets[1])} to evaluate on"
        if ranks.first:
            print(f"{', '.join(sets[0].languages)}: {clips}", flush=True)
        if dry:
            return _print_dry_run(experiment, ranks)
        return _run(experiment, plan.checkpoint, ranks)


def _compose(config: Config, dry: bool) -> int:
    """Make a model of recordings, which takes no steps; return the exit code."""
    from signllm.cli.bars import Bars
    from signllm.composing.training import compose

    with Bars("clip") as bars:
        made = compose(config, dry, lambda done, total: bars("signs", done, total))
    if made.set_aside:
        print(f"an older run of this name was kept as {made.set_aside}")
    for note in made.notes:
        print(f"note: {note}", file=sys.stderr)
    of_them = f", {made.cut} signs cut out of sentences" if made.cut else ""
    print(
        f"{sum(made.model.num_signs.values())} signs of {', '.join(made.model.languages)}: {made.clips} clips{of_them}"
    )
    if dry:
        print("dry run passed; nothing was written / 检查通过，未写入任何文件")
    else:
        print(f"model: {made.path} ({made.seconds:.1f} s)")
    return 0


def _held(config: Config, dry: bool) -> AbstractContextManager[None]:
    """Hold the run's folders before the data is opened, which may take minutes; a dry run only looks at them."""
    from signllm.training.run_folder import RunFolder

    folder = RunFolder(config)
    if dry:
        folder.check()
    return nullcontext() if dry else folder.held()


def _run(experiment: Experiment, checkpoint: Checkpoint | None, ranks: Ranks) -> int:
    """Train a built experiment; return the exit code."""
    from signllm.cli.watching import ProgressBar, SamplePage, SampleVideos
    from signllm.training.setup import make_trainer

    trainer, set_aside = make_trainer(experiment, [ProgressBar(), SampleVideos(), SamplePage()], checkpoint, ranks)
    if set_aside:
        print(f"an older run of this name was kept as {set_aside}")
    _stop_on_signals(trainer)
    state = trainer.fit()
    folder, stopped = trainer.run.folder, trainer.run.stop_requested
    if stopped and ranks.first:
        print(f"stopped at step {state.step}; go on with --resume {folder.last}", file=sys.stderr)
    elif ranks.first:
        print(f"best checkpoint (step {state.best_step}, selection {state.best_score:.4f}): {folder.best}")
        print(f"log: {folder.train_log}   samples: {folder.samples}   TensorBoard: tensorboard --logdir {folder.logs}")
    return INTERRUPTED if stopped else 0


def _stop_on_signals(trainer: Trainer) -> None:
    """Let Ctrl-C and SIGTERM end the run after the current step, on all ranks, with last_model.pth written."""
    run = trainer.run
    asked = threading.Event()

    def stop(number: int, _frame: FrameType | None) -> None:
        if asked.is_set() and run.ranks.size == 1:  # a second Ctrl-C does not wait; launchers send several signals
            raise KeyboardInterrupt
        asked.set()
        run.request_stop()

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, stop)


def _print_dry_run(experiment: Experiment, ranks: Ranks) -> int:
    import tempfile

    from signllm.cli.watching import Messages
    from signllm.training.dry_run import dry_run
    from signllm.training.setup import make_trainer

    with tempfile.TemporaryDirectory() as own:  # a dry run must not touch the run's own folders
        scratch = ranks.from_first(own)
        training = experiment.config.training.model_copy(update={"checkpoint_dir": scratch, "log_dir": scratch})
        trying = replace(experiment, config=experiment.config.model_copy(update={"training": training}))
        trainer, _ = make_trainer(trying, [Messages()], ranks=ranks)
        with trainer.held, ranks.agreeing():
            found = dry_run(trying, trainer)
    if not ranks.first:
        return 0
    minutes = found.total_s / 60
    print(f"parameters: {found.num_parameters:,} ({found.num_trainable:,} trained)")
    print(f"steps: {found.steps_per_epoch} an epoch, {found.total_steps} in all")
    if found.num_gloss_steps:
        print(f"gloss part before: {found.num_gloss_steps} steps, about {found.gloss_total_s / 60:,.1f} min")
    print(
        f"largest batch: {found.num_batch_clips} clips, {found.num_batch_frames} frames, on {found.device},"
        f" {found.precision}"
    )
    print("losses: " + ", ".join(f"{name} {value:.4f}" for name, value in found.losses.items()))
    print(f"estimated memory: {found.memory_mb:,.0f} MB")
    print(f"estimated time: {minutes:,.1f} min ({found.step_s:.3f} s a step), evaluations not counted")
    print("dry run passed; nothing was trained / 检查通过，未进行训练")
    return 0
