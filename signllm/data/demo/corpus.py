"""Writes the demo corpus: a store of generated signing in eight sign languages, for a machine without data."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import orjson

from signllm.data.demo.grammar import Sentence, split_sentences
from signllm.data.demo.lexicon import gloss_of
from signllm.data.demo.performance import perform, signer_name
from signllm.data.demo.signers import SIGNERS_PER_LANGUAGE
from signllm.data.records import DESCRIPTION, read_description
from signllm.data.store import ClipRecord, Store, StoreWriter, drop_unfinished, hold_splits
from signllm.errors import ConfigError, DataError, LockedError
from signllm.languages import CODES, make_prompt, resolve_language

VERSION = 2
SOURCE = "demo corpus"


def generate_demo_corpus(
    root: str | Path,
    train: int = 64,
    dev: int = 12,
    test: int = 12,
    languages: list[str] | None = None,
    seed: int = 0,
    fps: float = 25.0,
    progress: Callable[[int, int, str], None] | None = None,
) -> None:
    """Write `root/<LANG>/{train,dev,test}` for all eight languages, or for those named.

    train, dev, test: clips a language; a split of 0 clips is not written. The result depends on the arguments only.
    A finished split made with the same arguments and version is kept, an interrupted one continued.
    progress(done, total, "ASL/train") is called after each clip and for each kept split.

    Raises ConfigError for impossible sizes or unknown languages, DataError where a split of other data stands,
    LockedError where another process writes one of the splits.
    """
    root = Path(root)
    sizes = {"train": train, "dev": dev, "test": test}
    _check_sizes(sizes, seed, fps)
    codes = list(dict.fromkeys(resolve_language(name).code for name in (languages if languages is not None else CODES)))
    settings = {"source": SOURCE, "demo": True, "version": VERSION, "seed": seed, "fps_made": fps, "sizes": sizes}
    with hold_splits(root, [(code, split) for code in codes for split in sizes if sizes[split]]):
        foreign = [
            f"{folder}: this split does not come from the demo corpus and is not overwritten; choose another folder"
            for folder in (root / code / split for code in codes for split in sizes if sizes[split])
            if (info := _finished_info(folder)) is not None and not info.get("demo")
        ]
        if foreign:
            raise DataError(foreign)
        _write_splits(root, {code: split_sentences(code, train, dev, test, seed) for code in codes}, settings, progress)


def _write_splits(
    root: Path,
    chosen: dict[str, dict[str, list[Sentence]]],
    settings: dict,
    progress: Callable[[int, int, str], None] | None,
) -> None:
    """Write the splits of each language, but for those that are there with the same settings."""
    total = sum(len(sentences) for splits in chosen.values() for sentences in splits.values())
    done = 0
    for code, splits in chosen.items():
        for split, sentences in splits.items():
            if not sentences:
                continue
            info = _finished_info(root / code / split) or {}
            if all(info.get(key) == value for key, value in settings.items()):
                drop_unfinished(root, code, split)
                done += len(sentences)
                if progress:
                    progress(done, total, f"{code}/{split}")
                continue
            for _ in _write_split(root, code, split, sentences, settings):
                done += 1
                if progress:
                    progress(done, total, f"{code}/{split}")


def _check_sizes(sizes: dict[str, int], seed: int, fps: float) -> None:
    faults = [f"demo corpus: {name} is {count}, expected 0 or more clips" for name, count in sizes.items() if count < 0]
    if sizes["train"] == 0 and (sizes["dev"] or sizes["test"]):
        faults.append("demo corpus: train is 0, so dev and test could hold no known sign; ask for at least 12 clips")
    if not sum(sizes.values()):
        faults.append("demo corpus: all splits are empty; ask for some clips")
    if seed < 0:
        faults.append(f"demo corpus: seed is {seed}, expected 0 or more")
    if not 5 <= fps <= 240:
        faults.append(f"demo corpus: fps is {fps}, expected 5 to 240 frames a second")
    if faults:
        raise ConfigError(faults)


def _finished_info(folder: Path) -> dict | None:
    if not (folder / DESCRIPTION).exists():
        return None
    try:
        return read_description(folder / DESCRIPTION)
    except DataError:
        return {"demo": False}


def _write_split(root: Path, code: str, split: str, sentences: list[Sentence], settings: dict) -> Iterator[str]:
    """Write one split; yields after each clip."""
    fingerprint = orjson.dumps([settings, code, split], option=orjson.OPT_SORT_KEYS).decode()
    number = CODES.index(code)
    split_number = ("train", "dev", "test").index(split)
    with StoreWriter(root, code, split, fingerprint=fingerprint) as writer:
        for place, sentence in enumerate(sentences):
            clip_id = f"{code}-{split}-{place:05d}"
            if clip_id not in writer.done:
                rng = np.random.default_rng([settings["seed"], number, split_number, place])
                signer = int(rng.random() * SIGNERS_PER_LANGUAGE)
                clip_seed = int(rng.random() * 2**32)
                pose, spans = perform(list(sentence.concepts), code, signer, clip_seed, settings["fps_made"])
                record = ClipRecord(
                    id=clip_id,
                    text=sentence.text,
                    language=code,
                    fps=pose.fps,
                    frames=len(pose),
                    gloss=" ".join(gloss_of(concept, code) for concept in sentence.concepts),
                    prompt=make_prompt(sentence.text, code, place, held_out=split != "train"),
                    source=SOURCE,
                    signer=signer_name(code, signer),
                    extra={"sign_frames": spans},
                )
                writer.add(record, pose)
            yield clip_id
        writer.finish(settings)


def remove_demo_corpus(store: Store) -> list[str]:
    """Delete the generated splits of a store, which can be made again at any time; return what to tell of it."""
    removed, told = [], []
    for code in store.languages():
        for name in store.folders(code):
            folder = store.root / code / name
            if not read_description(folder / DESCRIPTION).get("demo"):
                continue
            try:
                with hold_splits(store.root, [(code, name)]):
                    shutil.rmtree(folder)
                removed.append(f"{code}/{name}")
            except LockedError as error:
                told += [f"{fault}: this split of the demo corpus could not be removed" for fault in error.faults]
            with suppress(OSError):  # not empty: other splits are there
                folder.parent.rmdir()
    if removed:
        told.append(
            f"{store.root}: the demo corpus that quick_train.py made there was removed"
            f" ({', '.join(removed)}): invented signs must not be trained on beside real ones"
        )
    return told
