"""Making a composed model of a training split: an index of signs and a count of words, in seconds, not by steps."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from signllm.composing.building import LONGEST_GAP_S, Recording, label_of, of_recordings
from signllm.composing.glossing import Glossing
from signllm.composing.lexicon import FPS
from signllm.composing.model import BEGIN, END, WAYS, ComposedModel
from signllm.config import Config
from signllm.data.records import ClipRecord
from signllm.data.split import Split
from signllm.data.store import Store
from signllm.errors import ConfigError, DataError
from signllm.fsutil import write_json
from signllm.languages import LANGUAGES, resolve_language
from signllm.pose import PoseSequence
from signllm.pose.cleaning.steps import fill_gaps
from signllm.sampling import spread
from signllm.training.run_folder import RunFolder
from signllm.training.setup import check_training_split

NEAR = 0.1  # shoulder widths from where a hand rests
SHORTEST = 2  # frames at FPS, of a sign cut out of a sentence

Progress = Callable[[int, int], None]
"""Called with how many clips of how many are read."""


@dataclass(frozen=True)
class Composed:
    """What was made, and of what. path: the model's folder; set_aside: an older run that was renamed."""

    path: Path
    model: ComposedModel
    clips: int
    cut: int
    seconds: float
    notes: tuple[str, ...]
    set_aside: Path | None = None


@dataclass
class _Found:
    """What the clips of a split give."""

    recordings: list[Recording] = field(default_factory=list)
    pairs: dict[str, list[tuple[str, list[str]]]] = field(default_factory=dict)
    clips: int = 0
    cut: int = 0
    uncut: list[str] = field(default_factory=list)


def compose(config: Config, dry: bool = False, progress: Progress | None = None) -> Composed:
    """Make the model and write it below the run's name; with `dry` nothing is written.

    Signs are the clips of one gloss, or of one text without gloss, and the parts of sentences whose signs' frames are
    known (`sign_frames`). Sentences with glosses teach which words become which signs. Raises ConfigError for what
    cannot be composed, DataError for a split without signs, LockedError and OutputError as any run does.
    """
    check_config(config)
    folder = RunFolder(config)
    if dry:
        folder.check()
        return _composed(config, folder, progress)
    with folder.held():
        made = _composed(config, folder, progress)
        set_aside = folder.set_aside_older_run()
        folder.prepare(config)
        made.model.save(folder.composed, Path(config.data.dataset_path).name)
        facts = {"clips": made.clips, "cut": made.cut, "signs": made.model.num_signs, "seconds": round(made.seconds, 2)}
        write_json(folder.stats, {**facts, "notes": list(made.notes)})
    return Composed(folder.composed, made.model, made.clips, made.cut, made.seconds, made.notes, set_aside)


def check_config(config: Config) -> None:
    """Raise ConfigError for keys that ask for steps of training, which there are none of."""
    faults = []
    if config.data.fps != FPS:
        faults.append(f"data.fps = {config.data.fps:g} with 'compose': recordings are joined at {FPS:g}; set it so")
    for name, value in (
        ("init_from", config.training.init_from),
        ("only_languages", config.training.only_languages),
        ("gloss_pairs.epochs", config.training.gloss_pairs.epochs),
        ("plc.enabled", config.training.plc.enabled),
    ):
        if value:
            faults.append(f"training.{name} = {value} with 'compose': no weights are trained; leave it out")
    if faults:
        raise ConfigError(faults)


def _composed(config: Config, folder: RunFolder, progress: Progress | None) -> Composed:
    started = time.perf_counter()
    data, store = config.data, Store(config.data.dataset_path)
    asked = [resolve_language(name).code for name in config.model.languages]
    check_training_split(config, store, asked)
    having = [code for code in store.languages() if data.train_split in store.splits(code)]
    splits = [store.split(code, data.train_split) for code in asked or having]
    found, done, total = _Found(), 0, sum(min(len(split), data.max_samples or len(split)) for split in splits)
    for split in splits:
        for index in spread(len(split), data.max_samples):
            _read(split, index, found)
            done += 1
            if progress:
                progress(done, total)
    place = f"{data.dataset_path}, split {data.train_split}"
    if not found.recordings:
        raise DataError(
            f"{place}: no clip of a single sign, and no sentence whose signs' frames are known; 'compose' needs clips"
            " with one gloss each: add some with `final_convert_data.py --name`, or choose another decoder"
        )
    notes = []
    if found.uncut:
        notes.append(
            f"{len(found.uncut)} clips of several signs do not say when each is signed, so none was cut out of them"
        )
    glossing = {code: Glossing.learn(pairs, LANGUAGES[code].spoken) for code, pairs in found.pairs.items()}
    model = ComposedModel(of_recordings(found.recordings, notes), glossing, config)
    seconds = time.perf_counter() - started
    return Composed(folder.composed, model, found.clips, found.cut, seconds, tuple(notes))


def _read(split: Split, index: int, found: _Found) -> None:
    """Add what clip `index` gives: a sign, or several, and a text with glosses."""
    record = split.records[index]
    found.clips += 1
    glosses = (record.gloss or "").split()
    if len(glosses) > 1:
        found.pairs.setdefault(record.language, []).extend((text, glosses) for text in record.texts)
        cut = list(_cut(split, index, record, glosses))
        found.cut += sum(one.label not in WAYS for one in cut)
        found.recordings += cut
        if not cut:
            found.uncut.append(record.id)
    elif label := label_of(record.gloss, record.text):
        words = tuple(text for text in record.texts if text and text != label)
        pose = fill_gaps(split.pose(index).resampled(FPS), LONGEST_GAP_S)[0]
        found.recordings.append(Recording(record.id, record.language, label, words, record.signer, pose))


def _cut(split: Split, index: int, record: ClipRecord, glosses: Sequence[str]) -> Iterator[Recording]:
    """The signs of a sentence, where the corpus says the frames of each, and how it begins and ends at rest."""
    spans = record.extra.get("sign_frames") or []
    if len(spans) != len(glosses):
        return
    pose = split.pose(index)
    named = [*zip(glosses, spans, strict=True), (BEGIN, (0, spans[0][0])), (END, (spans[-1][1], len(pose)))]
    for number, (gloss, (first, end)) in enumerate(named):
        first, end = max(0, int(first)), min(int(end), len(pose))
        if first >= end:
            continue
        part = pose[first:end].resampled(FPS)
        if gloss in WAYS:
            part = part[_resting(part, gloss == END)]
        if len(part) >= SHORTEST:
            part = fill_gaps(part, LONGEST_GAP_S)[0]
            yield Recording(f"{record.id}/{number}", record.language, gloss, (), record.signer, part)


def _resting(pose: PoseSequence, at_end: bool) -> slice:
    """The frames at the beginning, or the end, before a hand leaves its place: the way itself is a transition's."""
    frames = slice(None, None, -1 if at_end else 1)
    wrists = list(pose.skeleton.wrists.values())
    place_FWC, seen_FW = pose.coordinates[frames, wrists], pose.valid[frames, wrists]
    gone_F = ((np.linalg.norm(place_FWC - place_FWC[0], axis=-1) > NEAR) & seen_FW & seen_FW[0]).any(axis=1)
    count = max(1, int(gone_F.argmax())) if gone_F.any() else len(pose)
    return slice(len(pose) - count, None) if at_end else slice(0, count)
