"""What decoders gain from training clips in step and from a calibrated amplitude: cross-validation over single signs.

    python benchmarks/aligned_training.py STORE --language ASL [--rounds 2] [--steps 1000] [--output FILE]

Folds, judges and figures are those of benchmarks/composing.py: one fold is tested, the judge learns from the next one,
models from the others, so no clip serves twice and no test clip chooses anything. Systems of one round are trained with
the same number of steps and the same seed, and the last weights are scored:

- random clip: a training clip of the word, as recorded;
- before: clips as they are, without rest, and `amplitude` 1.3, as the configuration had it;
- calibrated: the same clips, whole, with the amplitude calibrated on the training clips;
- aligned: clips on a common time axis as well;
- residual_flow: the same, with a drawn detail; once more with slow waves drawn as well.

All systems draw lengths by the present rule. `spread` is the mean DTW distance between three clips that are drawn for
one word with different seeds, divided by that between recordings of one word in the fold that is tested; 0 where the
decoder draws nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.composing import FIGURES, Clip, all_clips, cell, deal, label_of, learn_judge, measure
from signllm.aligning.dtw import dtw_pairs
from signllm.cli.tables import print_lines, print_table
from signllm.config import load_config
from signllm.data.store import Store, StoreWriter
from signllm.inference import DecoderOptions, Generator
from signllm.judges.judge import Judge, LanguageJudge
from signllm.judges.training import JudgePlan
from signllm.languages import resolve_language
from signllm.pose import PoseSequence
from signllm.training.amplitude import calibrate
from signllm.training.setup import build_experiment, make_trainer

BEFORE = ["data.align=false", "data.trim_rest_s=0.0", "model.pose_decoder.amplitude=1.3"]
CALIBRATED = ["data.align=false", "data.trim_rest_s=null", "model.pose_decoder.amplitude=null"]
ALIGNED = ["data.align=true", *CALIBRATED[1:]]
SYSTEMS = {
    "before": BEFORE,
    "calibrated": CALIBRATED,
    "aligned": ALIGNED,
    "residual_flow": [*ALIGNED, "model.pose_decoder.type=residual_flow"],
}
SEEDS = (0, 1, 2)  # that a spread is measured over
DEV_CLIPS = 8  # of the training clips: a run needs something to evaluate, and nothing is chosen by it


def train(
    clips: Sequence[Clip], code: str, config: Path, settings: Sequence[str], folder: Path
) -> Iterator[tuple[str, Generator]]:
    """A model of these clips, with the weights of its last step, and what to add to its name.

    One that draws comes a second time, drawing slow waves too, with the amplitude that this asks for.
    """
    for split, part in (("train", clips), ("dev", clips[:DEV_CLIPS])):
        with StoreWriter(folder / "store", code, split) as writer:
            for record, pose in part:
                writer.add(record, pose)
            writer.finish({})
    places = {"data.dataset_path": "store", "data.cache_dir": "cache"}
    places |= {f"training.{name}": name for name in ("checkpoint_dir", "log_dir")}
    own = [f"{key}={folder / name}" for key, name in places.items()]
    trainer, _ = make_trainer(build_experiment(load_config(config, [*settings, *own])), [])
    trainer.fit()
    generator = Generator.from_checkpoint(trainer.run.folder.last)
    yield "", generator
    if generator.draws:
        with DecoderOptions(slow_temperature=1.0).applied(generator.model):
            data = generator.config.data
            calibrate(generator.model, trainer.poses.train_set, data.max_frames, data.batch_size)
            yield ", slow waves too", generator


def answer(generator: Generator, clips: Sequence[Clip], code: str, seed: int = 0) -> list[PoseSequence]:
    """A clip for the text of each test clip."""
    texts = [record.text for record, _ in clips]
    return generator.generate(texts, [code] * len(texts), seed=seed)


def copied(tested: Sequence[Clip], learnt: Sequence[Clip]) -> list[PoseSequence]:
    """For each test clip a training clip of its word, the one that its name draws."""
    known: dict[str, list[PoseSequence]] = {}
    for record, pose in learnt:
        known.setdefault(label_of(record), []).append(pose)
    own = [(known[label_of(record)], zlib.crc32(record.id.encode())) for record, _ in tested]
    return [poses[draw % len(poses)] for poses, draw in own]


def spread(generator: Generator, clips: Sequence[Clip], code: str) -> float:
    """How far clips of one word differ that are drawn with other seeds, relative to recordings of one word."""
    groups: dict[str, list[Clip]] = {}
    for clip in clips:
        groups.setdefault(label_of(clip[0]), []).append(clip)
    several = [own for own in groups.values() if len(own) > 1]
    drawn = [answer(generator, [own[0] for own in several], code, seed) for seed in SEEDS]
    pairs = [pair for versions in zip(*drawn, strict=True) for pair in combinations(versions, 2)]
    recorded = [(one, other) for own in several for (_, one), (_, other) in combinations(own, 2)]
    ours, theirs = (np.mean([way.mean_cost for way in dtw_pairs(p, threads=1)]) for p in (pairs, recorded))
    return float(ours / theirs)


def judge_of(clips: Sequence[Clip], code: str, plan: JudgePlan, kept: Path | None) -> LanguageJudge:
    """A judge of these clips, from the file where it is kept."""
    if kept is not None and kept.exists():
        return Judge.load(kept)[code]
    judge = learn_judge(clips, code, plan)
    if kept is not None:
        Judge({code: judge}).save(kept)
    return judge


def main() -> int:
    """Run the rounds and print the table."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("store", type=Path)
    flags.add_argument("--language", default="ASL")
    flags.add_argument("--config", type=Path, default=Path("configs/asl_words_config.json"))
    flags.add_argument("--set", action="append", default=[], help="configuration of all systems, as key=value")
    flags.add_argument("--systems", nargs="*", default=list(SYSTEMS), choices=list(SYSTEMS))
    flags.add_argument("--folds", type=int, default=5)
    flags.add_argument("--rounds", type=int, nargs="+", default=[0, 1], help="the folds that are tested, from 0")
    flags.add_argument("--steps", type=int, default=1000)
    flags.add_argument("--judge_minutes", type=float, default=90.0)
    flags.add_argument("--judges", type=Path, help="a folder that judges are kept in")
    flags.add_argument("--seed", type=int, default=0)
    flags.add_argument("--output", type=Path)
    args = flags.parse_args()
    code = resolve_language(args.language).code
    clips = all_clips(Store(args.store), code)
    fold_N = deal(clips, args.folds)
    plan = JudgePlan(max_minutes=args.judge_minutes)
    found: dict[str, list[dict[str, float]]] = {}
    for test in args.rounds:
        parts = [[clip for clip, fold in zip(clips, fold_N, strict=True) if fold == n] for n in range(args.folds)]
        judged = (test + 1) % args.folds
        learnt = [clip for n, part in enumerate(parts) if n not in (test, judged) for clip in part]
        known = {label_of(record) for record, _ in learnt}
        tested = [clip for clip in parts[test] if label_of(clip[0]) in known]
        kept = args.judges / f"judge{test}.pth" if args.judges else None
        judge = judge_of(parts[judged], code, plan, kept)
        for name, poses in (("recording", [pose for _, pose in tested]), ("random clip", copied(tested, learnt))):
            found.setdefault(name, []).append({**measure(poses, tested, judge), "spread": 1.0})
        for name in args.systems:
            own = [f"training.max_steps={args.steps}", f"training.seed={args.seed}", f"run_name={name}"]
            own += ["training.eval_every=1000", "training.save_every=1000", "training.sample_videos=0"]
            with tempfile.TemporaryDirectory() as folder:
                settings = [*own, *SYSTEMS[name], *args.set]
                for way, generator in train(learnt, code, args.config, settings, Path(folder)):
                    figures = measure(answer(generator, tested, code), tested, judge)
                    figures["spread"] = spread(generator, tested, code) if generator.draws else 0.0
                    found.setdefault(name + way, []).append(figures)
                    amplitude = generator.model.amplitude_of(code)
                    print_lines([f"round {test}, {name}{way}: amplitude {amplitude}, {json.dumps(figures)}"])
        if args.output:
            args.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    columns = ["top-1", "top-5", *FIGURES.values(), "spread"]
    print_table(
        ("system", *columns),
        [(name, *(cell([one[c] for one in rounds]) for c in columns)) for name, rounds in found.items()],
    )
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
