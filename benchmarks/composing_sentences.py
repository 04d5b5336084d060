"""Sentences of real people, composed of signs that other sentences hold: cross-validation over sentences.

    python benchmarks/composing_sentences.py SENTENCES GLOSSES --language GSL [--folds 5] [--seeds 0 1 2] [--output F]

SENTENCES is a store of sentences with glosses, GLOSSES one of the single signs that were cut from them. Sentences are
dealt to folds. In each round one fold is tested; the recogniser learns from the signs of the next fold, lexicon and
nearest text from the others. Which sentence a sign was cut from is found by its motion, whatever it is called, so no
sign of a tested sentence and none of the recogniser's is in the lexicon. Systems:

- recording: the tested sentence itself, the recogniser's ceiling;
- nearest text: the sentence of the lexicon's folds with the most similar text;
- compose, glosses: composed of the sentence's own glosses, as far as the lexicon has them: signing without translation;
- compose, text: composed of its text, with what the lexicon's folds teach of words;
- frozen: the first frame of the lexicon's most typical sign, as long as compose.

The recogniser compares each sign of a sentence with each sign of its own fold (DTW, around the wrists and the neck) and
ranks glosses by their nearest sign. Signs are read where they are: in recordings where they were cut, in composed
clips where they were put. Only glosses that the recogniser, the lexicon and the tested sentence all have can be read,
with at least three frames in the recording.
Figures are means over rounds (and seeds), ± their standard deviation over rounds; ratios are to the recordings.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.aligning.dtw import dtw_pairs
from signllm.cli.tables import print_lines, print_table
from signllm.composing.building import LONGEST_GAP_S, Recording, of_recordings
from signllm.composing.glossing import Glossing
from signllm.composing.learnt import LearntWording, glosses_of
from signllm.composing.lexicon import FPS, base_form, sign_name
from signllm.composing.signer import LexiconSigner, Slot
from signllm.data.store import ClipRecord, Store, StoreSplit
from signllm.evaluation.baselines import NearestText
from signllm.evaluation.cut_clips import find_cuts
from signllm.languages import LANGUAGES, resolve_language
from signllm.metrics.summary import score_pairs
from signllm.metrics.text_scores import score_glosses
from signllm.pose import PoseSequence, Skeleton
from signllm.pose.cleaning.steps import fill_gaps

METRICS = ("dtw-mje", "total-distance", "path-ratio", "velocity-ratio", "jerk-ratio", "duration", "bone-length-ratio")
FIGURES = {
    "dtw_score": "DTW",
    "total_distance": "wrist",
    "path_ratio_hands": "finger",
    "velocity_ratio_body": "speed",
    "jerk_ratio": "jerk",
    "duration_median": "median U/T",
    "duration_total": "total U/T",
    "bone_length_ratio_fingers": "bones",
}
SHORTEST = 3  # frames of a sign that is read


@dataclass
class Sentences:
    """All sentences of a store, and the single signs that were cut from each. It stands for a split of a store."""

    records: list[ClipRecord]
    poses: list[PoseSequence]
    signs: dict[int, list[Recording]] = field(default_factory=dict)
    orphans: int = 0

    @property
    def skeleton(self) -> Skeleton:
        """Its joints."""
        return self.poses[0].skeleton

    @property
    def unit(self) -> str:
        """Of coordinates."""
        return self.poses[0].unit

    def __len__(self) -> int:
        return len(self.records)

    def pose(self, index: int) -> PoseSequence:
        """Sentence `index`."""
        return self.poses[index]

    def only(self, rows: Sequence[int]) -> Sentences:
        """Some of them."""
        return Sentences([self.records[row] for row in rows], [self.poses[row] for row in rows])


def read(sentences: Path, glosses: Path, code: str) -> Sentences:
    """Everything of both stores; each sign goes to the sentence that it is a part of."""
    found = Sentences([], [])
    for split in _splits(sentences, code):
        found.records += [record for record in split.records if record.gloss]
        found.poses += [split.pose(n) for n, record in enumerate(split.records) if record.gloss]
    signs = []
    for split in _splits(glosses, code):
        for n, record in enumerate(split.records):
            pose = fill_gaps(split.pose(n).resampled(FPS), LONGEST_GAP_S)[0]
            signs.append(Recording(record.id, code, record.gloss or record.text, (), record.signer, pose))
    row_of = {record.id: row for row, record in enumerate(found.records)}
    cut = find_cuts([(sign.id, sign.pose) for sign in signs], found, range(len(found)))
    for sign in signs:
        if sign.id in cut:
            found.signs.setdefault(row_of[cut[sign.id]], []).append(sign)
        else:
            found.orphans += 1
    return found


def _splits(root: Path, code: str) -> list[StoreSplit]:
    store = Store(root)
    return [store.split(code, name) for name in store.splits(code) if "@" not in name]


def form(gloss: str) -> str:
    """A gloss without the marks of small deviations: `ICH1*` is `ICH1`, another sign than `ICH2`."""
    return sign_name(gloss.rstrip("*^"))


def _forms(glosses: str) -> str:
    return " ".join(form(gloss).replace(" ", "-") for gloss in glosses.split())


class Recogniser:
    """Ranks glosses for a sign by the nearest of its own signs."""

    def __init__(self, signs: Sequence[Recording]):
        signs = [sign for sign in signs if len(sign.pose) >= SHORTEST]
        self.labels = [form(sign.label) for sign in signs]
        self._poses = [_centred(sign.pose) for sign in signs]

    def ranking(self, sign: PoseSequence) -> list[str]:
        """Its glosses, the most likely first."""
        one = _centred(sign)
        ways = dtw_pairs([pair for own in self._poses for pair in ((one, own), (own, one))], threads=1)
        cost_N = np.array([way.mean_cost for way in ways]).reshape(-1, 2).mean(1)
        order = np.argsort(np.where(np.isfinite(cost_N), cost_N, np.inf), kind="stable")
        return list(dict.fromkeys(self.labels[n] for n in order))


def _centred(pose: PoseSequence) -> PoseSequence:
    return pose.in_shoulder_widths(strict=False)


Answer = tuple[PoseSequence, list[tuple[str, int, int]]]
"""A clip, and of it the gloss, first frame and end of each sign."""


class Round:
    """One round: what is tested, and what answers."""

    def __init__(self, every: Sentences, fold_N: np.ndarray, test: int, code: str):
        judged = (test + 1) % (fold_N.max() + 1)
        learnt = [int(row) for row in np.flatnonzero((fold_N != test) & (fold_N != judged))]
        self.rows = [int(row) for row in np.flatnonzero(fold_N == test)]
        self.every, self.code = every, code
        self.lexicon = of_recordings([sign for row in learnt for sign in every.signs.get(row, [])])
        self.recogniser = Recogniser(
            [sign for row in np.flatnonzero(fold_N == judged) for sign in every.signs.get(int(row), [])]
        )
        training = every.only(learnt)
        pairs = [(record.text, (record.gloss or "").split()) for record in training.records]
        glossing = Glossing.learn(pairs, LANGUAGES[code].spoken)
        self.wording = LearntWording(self.lexicon, code, glossing)
        self.nearest = NearestText(training, FPS)
        self.signer = LexiconSigner(self.lexicon)
        of_lexicon = {form(sign.label) for sign in self.lexicon}
        self.readable = of_lexicon & set(self.recogniser.labels)
        glosses = [gloss for row in self.rows for gloss in (every.records[row].gloss or "").split()]
        written = [" ".join(glosses_of(self.wording.of_text(every.records[row].text))) for row in self.rows]
        references = [every.records[row].gloss or "" for row in self.rows]
        self.text_scores = score_glosses([_forms(one) for one in written], [_forms(one) for one in references])
        self.coverage = {
            "the same form": np.mean([form(gloss) in of_lexicon for gloss in glosses]),
            "the same sign": np.mean([bool(self._signs(gloss)) for gloss in glosses]),
            "readable": np.mean([form(gloss) in self.readable for gloss in glosses]),
        }

    def _signs(self, gloss: str) -> list:
        """Those of the same form first, as near to the gloss as there are."""
        found = [*self.lexicon.find(self.code, gloss), *self.lexicon.find(self.code, gloss.rstrip("*^"))]
        same = [sign for sign in self.lexicon.find(self.code, base_form(gloss)) if form(sign.label) == form(gloss)]
        return (found or same) or self.lexicon.find(self.code, base_form(gloss))

    def answers(self, seed: int) -> Mapping[str, list[Answer | None]]:
        """Each system's clip of each tested sentence; None where it has no sign for it."""
        records = [self.every.records[row] for row in self.rows]
        found: dict[str, list[Answer | None]] = {
            "recording": [self._recorded(row) for row in self.rows],
            "nearest text": [(pose, []) for pose in self.nearest.generate(records)],
            "compose, glosses": [
                self._composed([Slot(s) for g in (r.gloss or "").split() if (s := self._signs(g))], seed)
                for r in records
            ],
            "compose, text": [
                self._composed([Slot(signs) for word in self.wording.of_text(r.text) for signs in word.signs], seed)
                for r in records
            ],
        }
        still = next(unit.read() for sign in self.lexicon for unit in sign.units)[:1]
        found["frozen"] = [one and (still.at_moments(np.zeros(len(one[0]))), []) for one in found["compose, glosses"]]
        return found

    def _recorded(self, row: int) -> Answer:
        """The sentence, with its signs as they were cut."""
        return self.every.poses[row].resampled(FPS), []

    def _composed(self, slots: Sequence[Slot], seed: int) -> Answer | None:
        if not slots:
            return None
        pose, places = self.signer.compose_timed(slots, seed)
        labels = [slot.signs[0].label for slot in slots]
        return pose, [(label, first, end) for label, (first, end) in zip(labels, places, strict=True)]

    def read(self, name: str, answers: Sequence[Answer | None]) -> dict[str, float]:
        """How often the recogniser ranks the gloss first, and among its first five, where it can."""
        ranks = []
        for row, answer in zip(self.rows, answers, strict=True):
            if name == "recording":
                signs = [(sign.label, sign.pose) for sign in self.every.signs.get(row, [])]
            else:
                signs = [(label, answer[0][first:end]) for label, first, end in answer[1]] if answer else []
            recorded = self.every.signs.get(row, [])
            meant = {form(sign.label) for sign in recorded if len(sign.pose) >= SHORTEST} & self.readable
            for label, pose in signs:
                if form(label) in meant and len(pose) >= SHORTEST:
                    ranks.append(self.recogniser.ranking(pose).index(form(label)))
        if not ranks:
            return {}
        return {"read": len(ranks), **{f"top-{n}": 100 * float(np.mean([rank < n for rank in ranks])) for n in (1, 5)}}

    def measure(self, seed: int) -> dict[str, dict[str, float]]:
        """All figures of all systems, on the sentences that every system answers."""
        answers = self.answers(seed)
        both = [n for n in range(len(self.rows)) if all(own[n] for own in answers.values())]
        references = [answers["recording"][n][0] for n in both]  # type: ignore[index]
        found = {}
        for name, own in answers.items():
            scores = score_pairs([own[n][0] for n in both], references, METRICS)  # type: ignore[index]
            figures = {title: scores[key] for key, title in FIGURES.items()}
            reads = self.read(name, own) if any(one and one[1] for one in own) or name == "recording" else {}
            found[name] = {**figures, **reads, "answered": float(len(both))}
        return found


def main() -> int:
    """Run all rounds and print the table."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("sentences", type=Path)
    flags.add_argument("glosses", type=Path)
    flags.add_argument("--language", default="GSL")
    flags.add_argument("--folds", type=int, default=5)
    flags.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    flags.add_argument("--rounds", type=int, nargs="+", help="only these, from 1 (default: all)")
    flags.add_argument("--output", type=Path)
    args = flags.parse_args()
    code = resolve_language(args.language).code
    every = read(args.sentences, args.glosses, code)
    signs = sum(len(own) for own in every.signs.values())
    print(
        f"{len(every)} sentences, {signs} signs cut from {len(every.signs)} of them, {every.orphans} of none",
        flush=True,
    )
    fold_N = np.random.default_rng(0).permutation(len(every)) % args.folds
    found: dict[str, list[dict[str, float]]] = {}
    coverage: list[dict[str, float]] = []
    texts: list[dict[str, float]] = []
    for test in (number - 1 for number in args.rounds or range(1, args.folds + 1)):
        this = Round(every, fold_N, test, code)
        coverage.append(this.coverage)
        texts.append(this.text_scores)
        rounds = [this.measure(seed) for seed in args.seeds]
        for name in rounds[0]:
            keys = rounds[0][name]
            found.setdefault(name, []).append({key: float(np.mean([one[name][key] for one in rounds])) for key in keys})
        print(f"round {test + 1}: {len(this.rows)} sentences, {this.lexicon}, {len(this.readable)} glosses", flush=True)
        if args.output:
            args.output.write_text(
                json.dumps({"systems": found, "coverage": coverage, "texts": texts}, indent=1) + "\n", encoding="utf-8"
            )
    columns = [*FIGURES.values(), "top-1", "top-5", "read", "answered"]
    print_table(
        ("system", *columns), [(name, *(_cell(own, column) for column in columns)) for name, own in found.items()]
    )
    print_lines(
        [f"glosses of which the lexicon has {kind}: {np.mean([c[kind] for c in coverage]):.0%}" for kind in coverage[0]]
    )
    told = (
        f"{name} {np.mean([one[name] for one in texts]):.1f}" for name in ("gloss_bleu_1", "gloss_bleu_4", "gloss_wer")
    )
    print_lines([f"text to gloss, by form: {', '.join(told)}"])
    return 0


def _cell(rounds: Sequence[Mapping[str, float]], column: str) -> str:
    values = [one[column] for one in rounds if column in one]
    if not values:
        return ""
    digits = 1 if max(values) > 5 else 3 if column == "DTW" else 2
    return f"{np.mean(values):.{digits}f} ±{np.std(values):.{digits}f}"


if __name__ == "__main__":
    raise SystemExit(main())
