"""Any clips against any others, made by whom- and whatever; baselines come from a store where one is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from signllm.data.clips import ClipCollection
from signllm.data.store import Store
from signllm.errors import DataError, SignLLMError
from signllm.evaluation.clip_sets import Conversion, open_clip_set
from signllm.evaluation.journal import content_key
from signllm.evaluation.language_run import EvaluatedSystem, LanguageRun, score_languages
from signllm.evaluation.options import ClipsOptions
from signllm.evaluation.pairing import (
    ClipFormat,
    Pair,
    PairedSplit,
    TrainingView,
    by_language,
    check_contents,
    evenly,
    pair_clips,
)
from signllm.evaluation.progress import Progress, stage
from signllm.evaluation.report import Report, make_report
from signllm.evaluation.report_name import clips_stem, tagged
from signllm.evaluation.scoring import add_judge_section, asked_presets, open_judge
from signllm.fsutil import file_sha256

PREDICTIONS = "predictions"
TRAINING = "train"


def evaluate_clips(options: ClipsOptions, progress: Progress | None = None) -> Report:
    """Score predictions against references, with the report that `evaluate_model` gives.

    Raises DataError that lists every clip of either side that cannot be compared, before anything is measured;
    ConfigError for unknown metrics or languages.
    """
    judge = open_judge(options)
    presets = asked_presets(options, judge)
    convert = Conversion(options.resample, options.drop_z, options.rescale)
    predictions, references = _open_both(options)
    paired = by_language(pair_clips(predictions, references, options.pair_by))
    pairs = {code: evenly(found, options.max_samples) for code, found in paired.items()}
    chosen = [pair for found in pairs.values() for pair in found]
    if judge:
        _check_texts(chosen, references)
    common = check_contents(
        predictions, references, chosen, convert, stage(progress, "checking", len(chosen))
    )  # fmt: skip
    training, notes = _find_training(options, list(pairs), common)
    notes += [*common.notes, *_notes(predictions, references, convert)]

    content = _content(predictions, references, convert, options)
    splits = {code: PairedSplit(predictions, references, found, convert, common) for code, found in pairs.items()}
    runs = [_language_run(code, split, common, training.get(code), content, options) for code, split in splits.items()]
    scores = score_languages(runs, presets, progress)
    for run in runs:
        notes += run.notes
    data = make_report(
        scores.measurements,
        common.skeleton_name,
        common.unit,
        common.fps,
        scores.leakage,
        predictions=str(options.predictions),
        references=str(options.references),
        pair_by=options.pair_by,
        conversions=convert.described(),
        data=str(options.data) if options.data else None,
        split=_split_name(references),
        seeds=list(options.seeds),
        max_samples=options.max_samples,
        notes=notes,
    )
    # A judge knows the recordings it learnt from by their content, so it is shown them unconverted.
    as_they_are = {
        code: PairedSplit(predictions, references, found, Conversion(), common) for code, found in pairs.items()
    }
    originals = {code: view.original for code, view in training.items()}
    add_judge_section(data, judge, scores.measurements, as_they_are, originals)
    said = [(entry.name, entry.text, entry.gloss) for entry in references.entries]  # may lie in other files
    name = tagged(options.references, [_checksums(references), said])
    stem = clips_stem(options, name, _data_name(options, training))
    return Report(data, options.predictions.absolute().parent, stem, scores.examples)


def _language_run(
    code: str,
    split: PairedSplit,
    common: ClipFormat,
    training: TrainingView | None,
    content: Mapping,
    options: ClipsOptions,
) -> LanguageRun:
    said = [(record.id, record.texts, record.gloss) for record in split.records]  # baselines and judges read it
    return LanguageRun(
        code=code,
        split=split,
        indices=range(len(split)),
        fps=common.fps,
        system=EvaluatedSystem(PREDICTIONS, lambda records, seed: split.answer(records), lambda seed: {}),
        facts={**content, "language": code, "pairs": split.indices, "said": content_key(said)},
        training=training,
        seeds=options.seeds,
        cache=options.cache,
        has_texts=split.has_texts,
    )


def _open_both(options: ClipsOptions) -> tuple[ClipCollection, ClipCollection]:
    """Both sets; DataError with what is wrong with either."""
    sets, faults = [], []
    for path in (options.predictions, options.references):
        try:
            said = (options.fps, options.layout, options.hints, options.columns)
            sets.append(open_clip_set(path, options.languages, options.split, *said))
        except SignLLMError as error:
            faults += error.faults
    if faults:
        raise DataError(dict.fromkeys(faults))
    return sets[0], sets[1]


def _check_texts(pairs: Sequence[Pair], references: ClipCollection) -> None:
    silent = [pair.entry.name for pair in pairs if not (pair.entry.text or "").strip()]
    if silent:
        raise DataError(
            f"{references.path}: {len(silent)} of {len(pairs)} clips have no text, e.g. {silent[0]}; a judge compares"
            " what it reads with the texts: give a store, or put a .text file with a line a clip beside the pose file"
        )


def _find_training(
    options: ClipsOptions, codes: Sequence[str], common: ClipFormat
) -> tuple[dict[str, TrainingView], list[str]]:
    """The training split in `data` of each language that has one, and notes on those without."""
    if options.data is None:
        return {}, ["no baselines and no leakage audit: give --data STORE, whose training split they are made of"]
    store, found, notes = Store(options.data), {}, []
    for code in codes:
        if TRAINING in store.splits(code):
            found[code] = TrainingView(store.split(code, TRAINING), common.dimensions)
        else:
            told = "" if store.splits(code) else " (say the language of files with --language)"
            notes.append(f"{code}: no baselines, because {store.root} has no split {code}/{TRAINING}{told}")
    return found, notes


def _notes(predictions: ClipCollection, references: ClipCollection, convert: Conversion) -> list[str]:
    notes = [f"converted: {phrase}" for phrase in convert.described()]
    for clips in (predictions, references):
        if clips.assumed_fps:
            notes.append(f"{clips.path}: {clips.assumed_fps:g} fps assumed, the files do not say; --fps overrides it")
    return list(dict.fromkeys(notes))


def _content(
    predictions: ClipCollection, references: ClipCollection, convert: Conversion, options: ClipsOptions
) -> dict:
    """Everything that the numbers depend on, for the cache."""
    if options.cache is None:
        return {}
    sides = {"predictions": _checksums(predictions), "references": _checksums(references)}
    return {**sides, "convert": asdict(convert), "fps": options.fps, "layout": options.layout, **_said(options)}


def _said(options: ClipsOptions) -> dict:
    """What the user said of files beside the layout; empty where it was nothing."""
    facts = {"hints": options.hints.facts if options.hints else {}, "columns": dict(options.columns)}
    return {name: said for name, said in facts.items() if said}


def _checksums(clips: ClipCollection) -> list[str]:
    return [file_sha256(file) for file in clips.files]


def _data_name(options: ClipsOptions, training: Mapping[str, TrainingView]) -> str:
    """What names the store of the baselines; empty without one."""
    if options.data is None:
        return ""
    return tagged(options.data, {code: view.info["checksums"] for code, view in training.items()})


def _split_name(references: ClipCollection) -> str:
    return ", ".join(references.splits) if references.is_store else references.path.name
