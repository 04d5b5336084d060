"""`evaluation.py --predictions ... --references ...`: score any clips against any others, without a model."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signllm.evaluation.clip_sets import ClipSet, Conversion
    from signllm.evaluation.pairing import PairedSplit, Terms

SYSTEM = "predictions"
TRAINING = "train"
SHOWN_CLIPS = 6
CHUNK = 64
_ONLY_HERE = {"pair_by": None, "resample": None, "drop_z": False, "rescale": False, "fps": None, "layout": None}


def add_clip_set_flags(flags: ArgumentParser) -> None:
    """The flags that name two sets of clips and say how to bring them together."""
    group = flags.add_argument_group("two sets of clips, instead of a model / 比较两组片段，无需模型")
    add = group.add_argument
    place = "a store (or a language's or split's folder in it), a .skels, .npz or .pose file, or a folder of them"
    add("--predictions", type=Path, help=f"the clips to score: {place} / 待评估的片段：数据集、姿态文件或其文件夹")
    add("--references", type=Path, help="what they should be like, likewise / 参考片段，形式同上")
    add(
        "--pair_by",
        choices=["name", "order"],
        help="which prediction belongs to which reference (default: name) / 按名称或顺序配对",
    )
    add("--resample", type=float, metavar="FPS", help="bring both sets to this frame rate / 重采样到该帧率")
    add("--drop_z", action="store_true", help="compare x and y only / 只比较 x、y 坐标")
    add(
        "--rescale",
        action="store_true",
        help="divide clips in another unit by their own shoulder width / 按自身肩宽缩放其他单位的片段",
    )
    add("--fps", type=float, help="frame rate of .skels files, which do not say it (default: 25) / .skels 的帧率")
    add("--layout", help="sides in .skels files: auto, right-first, left-first (default: auto) / .skels 左右手布局")


def clip_set_faults(args: Namespace) -> list[str]:
    """What is wrong with how these flags go together."""
    faults = []
    asked = bool(args.predictions or args.references)
    if asked and not (args.predictions and args.references):
        faults.append("--predictions and --references belong together; give both")
    if asked and args.model_path:
        faults.append("--model_path scores a model, --predictions clips that are there already; give one of them")
    if not asked:
        faults += [
            f"--{name} is for --predictions and --references, which are not given"
            for name, default in _ONLY_HERE.items()
            if getattr(args, name) != default
        ]
    faults += [
        f"--{name} {getattr(args, name):g}: must be above 0 and finite"
        for name in ("resample", "fps")
        if getattr(args, name) is not None and not 0 < getattr(args, name) < float("inf")
    ]
    return faults


class LanguagePairs:
    """The pairs of one language, the systems that answer them, and where their numbers are kept."""

    def __init__(self, code: str, split: PairedSplit, terms: Terms, training, content: dict, args: Namespace):
        from signllm.evaluation.baselines import choose_baselines
        from signllm.evaluation.journal import content_key

        self.code, self.split, self.fps, self.training, self.args = code, split, terms.fps, training, args
        self._cache = None if args.no_cache else args.cache_dir
        said = [(record.id, record.text, record.gloss) for record in split.records]  # baselines and judges read it
        self._content = {**content, "language": code, "places": split.places, "said": content_key(said)}
        self._baselines, left_out = choose_baselines(training, split.has_texts)
        self.notes: list[str] = [f"{code}: {note}" for note in left_out]

    @property
    def answers(self) -> int:
        """How many times a clip is answered, by all systems and seeds and the reference."""
        return len(self.split) * ((1 + len(self._baselines)) * len(self.args.seeds) + 1)

    def systems(self, seed: int) -> dict:
        """Every system's answer to records."""
        made = {name: _once(kind, self.training, self.fps, seed) for name, kind in self._baselines.items()}
        return {SYSTEM: self.split.answer, **made}

    def journals(self, seed: int) -> dict:
        """Where each system's numbers are kept, by all that they depend on."""
        from signllm.evaluation.journal import Journal
        from signllm.evaluation.measurements import REFERENCE

        about = {name: {"system": name, **self._content} for name in (REFERENCE, SYSTEM)}
        for name in self._baselines:
            training = self.training.info["checksums"]
            about[name] = {"system": name, "training": training, "seed": seed, **self._content}
        return {name: Journal(self._cache, facts) for name, facts in about.items()}

    def leakage(self, progress: Callable[[int], None]):
        """The audit of these references against the training split; None without one, or without texts."""
        import orjson

        from signllm.evaluation.journal import code_key, content_key
        from signllm.evaluation.leakage import Leakage, audit
        from signllm.fsutil import write_json

        if self.training is None or not self.split.has_texts:
            return None
        facts = ["leakage", self._content, self.training.info["checksums"], code_key()]
        place = self._cache / f"leakage-{content_key(facts)}.json" if self._cache else None
        if place and place.is_file():
            return Leakage.from_json(orjson.loads(place.read_bytes()))
        found = audit(self.split, self.training, range(len(self.split)), progress)
        if place:
            write_json(place, found.to_json())
        return found

    def clips_to_show(self, measurements, count: int) -> list:
        """The best and the worst predictions beside their references."""
        from signllm.viewing.html_report import ShownClip, best_and_worst

        shown = []
        for rank, place, score in best_and_worst(measurements, self.code, SYSTEM, self.args.seeds[0], count):
            record = self.split.records[place]
            (pose,) = self.split.answer([record])
            shown.append(ShownClip(self.code, rank, record.id, record.text, score, self.split.pose(place), pose))
        return shown


def _once(kind, *arguments):
    """A baseline's answers; it is made when it is first asked, which a second run never does."""
    from functools import cache

    make = cache(lambda: kind(*arguments))
    return lambda records: make().generate(records)


def evaluate_clip_sets(args: Namespace) -> tuple[dict, list]:
    """Score --predictions against --references; return the report and the clips to show, as evaluate_model does."""
    from tqdm import tqdm

    from signllm.cli.evaluation_back_translation import open_judge
    from signllm.cli.evaluation_fgd import asked_presets
    from signllm.evaluation.clip_sets import Conversion
    from signllm.evaluation.measurements import Measurements
    from signllm.evaluation.pairing import NAME, PairedSplit, by_language, check_contents, evenly, pair_clips
    from signllm.evaluation.report import make_report

    judge = open_judge(args)
    presets = asked_presets(args) + (judge.presets if judge else [])
    convert = Conversion(args.resample, args.drop_z, args.rescale)
    predictions, references = _open_both(args)
    paired = pair_clips(predictions, references, args.pair_by or NAME)
    languages = {code: evenly(pairs, args.max_samples) for code, pairs in by_language(paired).items()}
    chosen = [pair for pairs in languages.values() for pair in pairs]
    if judge:
        _check_texts(chosen, references)
    with tqdm(total=len(chosen), desc="checking", unit="clip", disable=None, leave=False) as bar:
        terms = check_contents(predictions, references, chosen, convert, bar.update)
    training, notes = _find_training(args, languages, terms)
    notes += [*terms.notes, *_notes(predictions, references, convert)]

    content = _content(predictions, references, convert, args)
    measurements, leakage, shown = Measurements(presets), {}, []
    for code, pairs in languages.items():
        split = PairedSplit(predictions, references, pairs, convert, terms)
        run = LanguagePairs(code, split, terms, training.get(code), content, args)
        _measure(run, measurements, leakage)
        notes += run.notes
        if "html" in args.formats and "dtw-mje" in measurements.numbers[code][SYSTEM][args.seeds[0]]:
            shown += run.clips_to_show(measurements, max(1, SHOWN_CLIPS // (2 * len(languages))))
    report = make_report(
        measurements,
        terms.skeleton_name,
        terms.unit,
        terms.fps,
        leakage,
        predictions=str(args.predictions),
        references=str(args.references),
        pair_by=args.pair_by or NAME,
        conversions=convert.described(),
        data=str(args.data) if args.data else None,
        split=_split_name(references),
        seeds=args.seeds,
        max_samples=args.max_samples,
        notes=notes,
    )
    if judge:
        # A judge knows the recordings it learnt from by their content, so it is shown them unconverted.
        as_they_are = {
            code: PairedSplit(predictions, references, pairs, Conversion(), terms) for code, pairs in languages.items()
        }
        judge.add_to(report, measurements, as_they_are, {code: view.original for code, view in training.items()})
    return report, shown


def _check_texts(pairs: list, references: ClipSet) -> None:
    from signllm.errors import DataError

    silent = [pair.entry.name for pair in pairs if not (pair.entry.text or "").strip()]
    if silent:
        raise DataError(
            f"{references.path}: {len(silent)} of {len(pairs)} clips have no text, e.g. {silent[0]}; --back_translation"
            " compares what it reads with the texts: give a store, or put a .text file with a line a clip beside the"
            " pose file"
        )


def default_output(args: Namespace) -> tuple[Path, str]:
    """Folder and name of the report's files: beside the predictions, called after them."""
    path = args.predictions.absolute()
    return path.parent, f"evaluation_{path.stem if path.is_file() else path.name}"


def _open_both(args: Namespace) -> tuple[ClipSet, ClipSet]:
    """Both sets; DataError with what is wrong with either."""
    from signllm.errors import DataError, SignLLMError
    from signllm.evaluation.clip_sets import open_clip_set
    from signllm.languages import resolve_language

    codes = list(dict.fromkeys(resolve_language(name).code for name in args.language or ()))
    sets, faults = [], []
    for path in (args.predictions, args.references):
        try:
            sets.append(open_clip_set(path, codes, args.split, args.fps, args.layout or "auto"))
        except SignLLMError as error:
            faults += error.faults
    if faults:
        raise DataError(dict.fromkeys(faults))
    return sets[0], sets[1]


def _find_training(args: Namespace, languages: dict, terms: Terms) -> tuple[dict, list[str]]:
    """The training split in --data of each language that has one, and notes on those without."""
    from signllm.data.store import Store
    from signllm.evaluation.pairing import TrainingView

    if args.data is None:
        return {}, ["no baselines and no leakage audit: give --data STORE, whose training split they are made of"]
    store, found, notes = Store(args.data), {}, []
    for code in languages:
        if TRAINING in store.splits(code):
            found[code] = TrainingView(store.split(code, TRAINING), terms.dimensions)
        else:
            told = "" if store.splits(code) else " (say the language of files with --language)"
            notes.append(f"{code}: no baselines, because {store.root} has no split {code}/{TRAINING}{told}")
    return found, notes


def _notes(predictions: ClipSet, references: ClipSet, convert: Conversion) -> list[str]:
    notes = [f"converted: {phrase}" for phrase in convert.described()]
    for clips in (predictions, references):
        if clips.assumed_fps:
            notes.append(
                f"{clips.path}: {clips.assumed_fps:g} fps assumed, .skels files do not say; --fps overrides it"
            )
    return list(dict.fromkeys(notes))


def _content(predictions: ClipSet, references: ClipSet, convert: Conversion, args: Namespace) -> dict:
    """Everything that the numbers depend on, for the cache."""
    from dataclasses import asdict

    from signllm.fsutil import file_sha256

    if args.no_cache:
        return {}
    hashes = {
        side: [file_sha256(file) for file in clips.files]
        for side, clips in (("predictions", predictions), ("references", references))
    }
    return {**hashes, "convert": asdict(convert), "fps": args.fps, "layout": args.layout}


def _measure(run: LanguagePairs, measurements, leakage: dict) -> None:
    """Measure one language with every seed, and audit its leakage where there is a training split."""
    from tqdm import tqdm

    from signllm.evaluation.measurements import evaluate

    total = len(run.training or ()) + len(run.split)
    with tqdm(total=total, desc=f"{run.code} leakage", unit="clip", disable=None, leave=False) as bar:
        audited = run.leakage(bar.update)
    if audited is not None:
        leakage[run.code] = audited
    with tqdm(total=run.answers, desc=run.code, unit="clip", disable=None, leave=False) as bar:
        for seed in run.args.seeds:
            systems, journals = run.systems(seed), run.journals(seed)
            evaluate(
                measurements, run.code, run.split, systems, run.fps, None, CHUNK, bar.update, journals, seed
            )  # fmt: skip


def _split_name(references: ClipSet) -> str:
    from signllm.evaluation.clip_sets import SplitsSet

    if isinstance(references, SplitsSet):
        return ", ".join(dict.fromkeys(split.path.name for split in references.splits))
    return references.path.name
