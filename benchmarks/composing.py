"""What signs composed of people are worth on clips that chose nothing: cross-validation over a store of single signs.

    python benchmarks/composing.py STORE --language ASL [--folds 5] [--judge_minutes 6] [--output FILE]

Clips are dealt to folds by sign; identical clips stay together. In each round one fold is tested, the judge learns from
the next one, and the lexicon from the others, so no clip serves twice. Every system answers the same test clips, and
one judge reads all of them. Systems:

- recording: the test clip itself, the judge's ceiling;
- random clip: a clip of the sign from the lexicon; medoid: its most typical clip, as recorded;
- average: the mean in step, amplified as calibrated; compose: the default; compose, seed 1: signed by other people.

Figures are means over the rounds, ± their standard deviation. Distances are in shoulder widths; ratios are to the
recordings. The last lines say how far the length of a sign can be told from its label at all (analysis of variance).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.aligning.lengths import variances
from signllm.cli.tables import print_lines, print_table
from signllm.composing.building import Recording, of_recordings
from signllm.composing.lexicon import FPS, Lexicon, sign_name
from signllm.composing.signer import LexiconSigner, Slot
from signllm.data.store import ClipRecord, Store, StoreWriter
from signllm.data.texts import normalised_text
from signllm.judges.judge import LanguageJudge
from signllm.judges.training import JudgePlan, train_judge
from signllm.languages import resolve_language
from signllm.metrics.summary import score_pairs
from signllm.pose import PoseSequence

METRICS = ("dtw-mje", "total-distance", "path-ratio", "jerk-ratio", "duration", "bone-length-ratio")
FIGURES = {
    "dtw_score": "DTW",
    "total_distance": "wrist",
    "path_ratio_hands": "finger",
    "jerk_ratio": "jerk",
    "duration_median": "median U/T",
    "duration_total": "total U/T",
    "bone_length_ratio_fingers": "bones",
}
Clip = tuple[ClipRecord, PoseSequence]
System = Callable[[Sequence[Clip]], list[PoseSequence]]


def all_clips(store: Store, code: str) -> list[Clip]:
    """The clips of all splits of a language, at the lexicon's frame rate."""
    splits = [store.split(code, name) for name in store.splits(code)]
    return [(record, split.pose(n).resampled(FPS)) for split in splits for n, record in enumerate(split.records)]


def label_of(record: ClipRecord) -> str:
    """What a clip shows."""
    return sign_name(record.gloss or record.text)


def deal(clips: Sequence[Clip], folds: int) -> np.ndarray:
    """The fold of each clip: those of a sign are dealt one by one, identical ones together."""
    rng, fold_N = np.random.default_rng(0), np.zeros(len(clips), int)
    twins: dict[tuple[str, bytes], list[int]] = {}
    for index, (record, pose) in enumerate(clips):
        twins.setdefault((label_of(record), pose.coordinates.tobytes()), []).append(index)
    next_fold = 0
    for sign in sorted({label for label, _ in twins}):
        groups = [indices for (label, _), indices in twins.items() if label == sign]
        for group in rng.permutation(len(groups)):
            fold_N[groups[group]] = next_fold % folds
            next_fold += 1
    return fold_N


def learn_judge(clips: Sequence[Clip], code: str, plan: JudgePlan) -> LanguageJudge:
    """A judge of these clips."""
    with tempfile.TemporaryDirectory() as folder:
        with StoreWriter(folder, code, "train") as writer:
            for record, pose in clips:
                writer.add(record, pose)
            writer.finish({})
        return train_judge(Store(folder), [code], "train", plan)[code]


def systems_of(lexicon: Lexicon, code: str) -> dict[str, System]:
    """What answers the test clips, by name."""

    def recorded(choose: Callable[[ClipRecord, int], int]) -> System:
        def answer(clips: Sequence[Clip]) -> list[PoseSequence]:
            units = [lexicon.find(code, label_of(record))[0].units for record, _ in clips]
            return [own[choose(record, len(own))].read() for (record, _), own in zip(clips, units, strict=True)]

        return answer

    def composed(detail: float, seed: int) -> System:
        signer = LexiconSigner(lexicon, detail=detail)
        return lambda clips: [signer.compose([Slot(lexicon.find(code, label_of(r)))], seed) for r, _ in clips]

    return {
        "recording": lambda clips: [pose for _, pose in clips],
        "random clip": recorded(lambda record, count: zlib.crc32(record.id.encode()) % count),
        "medoid": recorded(lambda record, count: 0),
        "average": composed(0.0, 0),
        "compose": composed(1.0, 0),
        "compose, seed 1": composed(1.0, 1),
    }


def measure(made: Sequence[PoseSequence], tested: Sequence[Clip], judge: LanguageJudge) -> dict[str, float]:
    """All figures of one system in one round."""
    scores = score_pairs(made, [pose for _, pose in tested], METRICS)
    rankings = [[normalised_text(word) for word in reading.ranking] for reading in judge.read(made)]
    meant = [normalised_text(record.text) for record, _ in tested]
    tops = {
        f"top-{n}": 100 * float(np.mean([word in ranking[:n] for word, ranking in zip(meant, rankings, strict=True)]))
        for n in (1, 5)
    }
    return {**tops, **{name: scores[key] for key, name in FIGURES.items()}}


def label_share(clips: Sequence[Clip]) -> tuple[float, float]:
    """(F of the analysis of variance of log lengths by sign, share of their variance that the sign explains, >= 0)."""
    groups: dict[str, list[float]] = {}
    for record, pose in clips:
        groups.setdefault(label_of(record), []).append(float(np.log(len(pose))))
    between, within, statistic = variances([np.array(own) for own in groups.values()])
    return statistic, between / (between + within)


def main() -> int:
    """Run all rounds and print the table."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("store", type=Path)
    flags.add_argument("--language", default="ASL")
    flags.add_argument("--folds", type=int, default=5)
    flags.add_argument("--judge_minutes", type=float, default=6.0)
    flags.add_argument("--seed", type=int, default=0, help="of the judges")
    flags.add_argument("--output", type=Path)
    args = flags.parse_args()
    code = resolve_language(args.language).code
    clips = all_clips(Store(args.store), code)
    fold_N = deal(clips, args.folds)
    plan = JudgePlan(max_minutes=args.judge_minutes, seed=args.seed)
    found: dict[str, list[dict[str, float]]] = {}
    for test in range(args.folds):
        judged = (test + 1) % args.folds
        learnt = [clip for clip, fold in zip(clips, fold_N, strict=True) if fold not in (test, judged)]
        lexicon = of_recordings([Recording(r.id, code, label_of(r), (), r.signer, pose) for r, pose in learnt], ())
        tested = [clip for clip, fold in zip(clips, fold_N, strict=True) if fold == test]
        tested = [clip for clip in tested if lexicon.has(code, label_of(clip[0]))]
        judge = learn_judge([clip for clip, fold in zip(clips, fold_N, strict=True) if fold == judged], code, plan)
        for name, system in systems_of(lexicon, code).items():
            found.setdefault(name, []).append(measure(system(tested), tested, judge))
        course = judge.training["course"]
        print(f"round {test + 1}: {len(tested)} clips tested, {lexicon}, judge {course['steps']} steps", flush=True)
        if args.output:
            args.output.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    columns = list(next(iter(found.values()))[0])
    rows = [(name, *(cell([one[c] for one in rounds]) for c in columns)) for name, rounds in found.items()]
    print_table(("system", *columns), rows)
    for n in (1, 5):
        ratios = [c[f"top-{n}"] / r[f"top-{n}"] for c, r in zip(found["compose"], found["random clip"], strict=True)]
        total = sum(c[f"top-{n}"] for c in found["compose"]) / sum(r[f"top-{n}"] for r in found["random clip"])
        print_lines(
            [f"top-{n} of compose / of a random clip: {total:.2f} (by round {min(ratios):.2f} to {max(ratios):.2f})"]
        )
    statistic, share = label_share(clips)
    print_lines([f"length: F = {statistic:.2f}; the sign explains {share:.0%} of the variance of log lengths"])
    return 0


def cell(values: Sequence[float]) -> str:
    """Mean and standard deviation."""
    digits = 1 if max(values) > 5 else 2
    return f"{np.mean(values):.{digits}f} ±{np.std(values):.{digits}f}"


if __name__ == "__main__":
    raise SystemExit(main())
