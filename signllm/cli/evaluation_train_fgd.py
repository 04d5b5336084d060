"""`evaluation.py train-fgd`: train the autoencoder that the Fréchet distance needs, on recordings."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, cast

from signllm.cli.bars import Bars
from signllm.cli.evaluation_flags import add_training_flags, output_file, training_languages
from signllm.outputs import check_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signllm.pose import PoseSequence

DEFAULT_FILE = "fgd_encoder.pt"
STEPS = 600


def add_flags(flags: ArgumentParser) -> None:
    """The flags of the verb."""
    add_training_flags(flags, DEFAULT_FILE)


def run(args: Namespace, command: str) -> int:
    """Train and save."""
    from signllm.data.store import Store
    from signllm.evaluation.progress import stage
    from signllm.fsutil import hold
    from signllm.judges.fgd_encoder import StoredClips, train_fgd_encoder

    path = output_file(args.output, DEFAULT_FILE)
    check_file(path)
    store = Store(args.data)
    languages = training_languages(args, store)
    clips = cast("Sequence[PoseSequence]", StoredClips(store, languages, args.split))
    with hold(path), Bars("step") as bars:
        advance = stage(bars, "fgd encoder", STEPS)
        encoder = train_fgd_encoder(clips, seed=args.seed, steps=STEPS, progress=lambda loss: advance(1))
        encoder.save(path)
    print(f"encoder: {path} ({encoder.hash()}, {len(clips)} clips of {', '.join(languages)} at {encoder.fps:g} fps)")
    return 0
