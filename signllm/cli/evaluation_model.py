"""`evaluation.py --model_path`: a trained model and the baselines on a split of a store, with cache and journal."""

from __future__ import annotations

import zlib
from argparse import Namespace
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from signllm.cli.evaluation_prompts import need_gloss_mode, prompts_of

MODEL = "model"
SHOWN_CLIPS = 6


class LazyModel:
    """The trained model; its weights are read when it first has to sign, what it says of itself is cached.

    `load(path, device)` gives the Generator. Raises what that raises.
    """

    def __init__(self, path: Path, device: str, load: Callable, cache: Path | None):
        from signllm.fsutil import file_sha256

        self._path, self._device, self._load = path, device, load
        self.checkpoint = file_sha256(path) if path.is_file() else None
        self.cache = cache if self.checkpoint else None  # nothing to call results by without a file
        self._facts = self._read_facts()

    def _read_facts(self) -> dict:
        import orjson

        from signllm.evaluation.journal import code_key
        from signllm.fsutil import write_json

        place = self.cache / f"model-{self.checkpoint[:24]}-{code_key()}.json" if self.cache else None
        if place and place.is_file():
            return orjson.loads(place.read_bytes())
        data = self._generator.config.data
        facts = {
            "languages": list(self._generator.languages),
            "fps": self._generator.fps,
            "reward_models": list(self._generator.reward_models),
            **{name: str(getattr(data, name)) for name in ("dataset_path", "train_split", "eval_split")},
        }
        if place:
            write_json(place, facts)
        return facts

    @cached_property
    def _generator(self):
        return self._load(self._path, self._device)

    def __getattr__(self, name: str):
        try:
            return self.__dict__["_facts"][name]
        except KeyError:
            raise AttributeError(name) from None

    def generate(
        self, texts: Sequence[str], language: str, seed: Sequence[int], batch_size: int, phrasings: str | None = None
    ) -> list:
        """Poses, as Generator.generate; with `phrasings` of prompts that leave the language to be read from them."""
        if not phrasings:
            return self._generator.generate(texts, language, seed=seed, batch_size=batch_size)
        need_gloss_mode(self._generator)
        prompts = prompts_of(texts, language, phrasings)
        return self._generator.generate(prompts, None, seed=seed, batch_size=batch_size)


class LanguageRun:
    """One language's split, the systems that answer it, and where their numbers are kept."""

    def __init__(self, store, code: str, split_name: str, model: LazyModel, args: Namespace):
        from signllm.evaluation.baselines import choose_baselines
        from signllm.sampling import spread

        self.code, self.model, self.args = code, model, args
        self.split = store.split(code, split_name)
        self.indices = spread(len(self.split), args.max_samples)
        self.chunk_size = max(64, args.batch_size)
        self.notes: list[str] = []
        self.training = None
        if model.train_split not in store.splits(code):
            self.notes.append(f"{code}: no baselines, because {store.root} has no split {code}/{model.train_split}")
        elif model.train_split == split_name:
            self.notes.append(f"{code}: no baselines, because '{split_name}' is the training split")
        else:
            self.training = store.split(code, model.train_split)
        self._baselines, left_out = choose_baselines(self.training)
        self.notes += [f"{code}: {note}" for note in left_out]
        self._latest: tuple = (None, None)  # the chunk that was answered last: clips to show are often in it

    @property
    def answers(self) -> int:
        """How many times a clip is answered, by all systems and seeds and the reference."""
        return len(self.indices) * ((1 + len(self._baselines)) * len(self.args.seeds) + 1)

    def systems(self, seed: int) -> dict:
        """Every system's answer to test records with this seed; a baseline is made when it first has to answer."""
        return {
            MODEL: lambda records: self.answer(records, seed),
            **{name: _Later(kind, self.training, self.model.fps, seed) for name, kind in self._baselines.items()},
        }

    def answer(self, records: Sequence, seed: int) -> list:
        """The model's clips for some records; each record has noise of its own, whichever are answered beside it."""
        place = self._places[records[0].id]
        if self._latest[0] != (place, seed):
            texts = [record.text for record in records]  # text and language are all that generation is given
            seeds = [zlib.crc32(f"{seed}/{record.id}".encode()) for record in records]
            clips = self.model.generate(texts, self.code, seeds, self.args.batch_size, self.args.sign_prompts)
            self._latest = ((place, seed), clips)
        return self._latest[1]

    @cached_property
    def _places(self) -> dict[str, int]:
        return {self.split.records[index].id: place for place, index in enumerate(self.indices)}

    def journals(self, seed: int) -> dict:
        """Where each system's numbers are kept."""
        from signllm.evaluation.journal import Journal
        from signllm.evaluation.measurements import REFERENCE

        facts = {name: self._baseline_facts(name, seed) for name in self._baselines}
        facts |= {REFERENCE: self._common, MODEL: self._model_facts(seed)}
        return {name: Journal(self.model.cache, about) for name, about in facts.items()}

    @cached_property
    def _common(self) -> dict:
        return {"language": self.code, "split": self.split.info["checksums"], "fps": self.model.fps}

    def _baseline_facts(self, name: str, seed: int) -> dict:
        return {**self._common, "baseline": name, "training": self.training.info["checksums"], "seed": seed}

    def _model_facts(self, seed: int) -> dict:
        from importlib.metadata import version

        from signllm.evaluation.journal import content_key

        how = {"batch": self.args.batch_size, "device": self.args.device, "torch": version("torch"), "seed": seed}
        how["prompts"] = self.args.sign_prompts
        chosen = content_key(self.indices)  # a chunk's noise depends on its place among them
        return {**self._common, "checkpoint": self.model.checkpoint, "chosen": chosen, **how}

    def leakage(self, progress: Callable[[int], None]):
        """The audit of this split against the training split, or None where there is none."""
        import orjson

        from signllm.evaluation.journal import code_key, content_key
        from signllm.evaluation.leakage import Leakage, audit
        from signllm.fsutil import write_json

        if self.training is None:
            return None
        facts = [self._common, self.training.info["checksums"], self.indices, code_key()]
        place = self.model.cache / f"leakage-{content_key(facts)}.json" if self.model.cache else None
        if place and place.is_file():
            return Leakage.from_json(orjson.loads(place.read_bytes()))
        found = audit(self.split, self.training, self.indices, progress)
        if place:
            write_json(place, found.to_json())
        return found

    def clips_to_show(self, measurements, count: int) -> list:
        """The model's best and worst clips beside their references; drawn again only when not in the cache."""
        from dataclasses import replace

        import numpy as np

        from signllm.evaluation.journal import Journal
        from signllm.viewing.animation import LOOK
        from signllm.viewing.html_report import ShownClip, best_and_worst

        seed, shown = self.args.seeds[0], {}
        kept = Journal(self.model.cache, {**self._model_facts(seed), "animations": LOOK})
        chosen = best_and_worst(measurements, self.code, MODEL, seed, count)
        for rank, place, score in sorted(chosen, key=lambda item: item[1]):  # a chunk's clips one after the other
            record = self.split.records[self.indices[place]]
            reference = self.split.pose(self.indices[place]).resampled(self.model.fps)
            clip = ShownClip(self.code, rank, record.id, record.text, score, reference, reference)
            found = kept.find(str(place), ["image"])
            if found is None:
                image = replace(clip, hypothesis=self._answer_again(place)).animation()
                found = {"image": np.frombuffer(image, np.uint8)}
                kept.add(str(place), found)
            shown[place] = replace(clip, image=found["image"].tobytes())
        return [shown[place] for _, place, _ in chosen]

    def _answer_again(self, place: int):
        """The model's clip for the record at a place, with the noise of its chunk."""
        first = place - place % self.chunk_size
        records = [self.split.records[index] for index in self.indices[first : first + self.chunk_size]]
        return self.answer(records, self.args.seeds[0])[place - first]


class _Later:
    """A baseline that is made of the training split when the first chunk is not in the journal."""

    def __init__(self, kind, *arguments):
        self._kind, self._arguments, self._made = kind, arguments, None

    def __call__(self, records: Sequence) -> list:
        self._made = self._made or self._kind(*self._arguments)
        return self._made.generate(records)


def evaluate_model(args: Namespace, load: Callable) -> tuple[dict, list]:
    """Evaluate `args.model_path`; return the report, without what says how it was asked for, and clips to show."""
    from tqdm import tqdm

    from signllm.cli.evaluation_back_translation import open_judge
    from signllm.cli.evaluation_fgd import asked_presets
    from signllm.data.store import Store
    from signllm.evaluation.measurements import Measurements, evaluate
    from signllm.evaluation.report import make_report

    judge = open_judge(args)
    presets = asked_presets(args) + (judge.presets if judge else [])
    model = LazyModel(args.model_path, args.device, load, None if args.no_cache else args.cache_dir)
    if judge:
        judge.refuse_as_reward(model.reward_models, args.model_path)
    store = Store(args.data or model.dataset_path)
    split_name = args.split or model.eval_split
    languages, notes = choose_languages(args.language, model.languages, store, split_name)
    if args.sign_prompts:
        notes.append(f"the model signed prompts in {args.sign_prompts} phrasings, and was not told the language")
    measurements, leakage, shown, runs = Measurements(presets), {}, [], {}
    for code in languages:
        run = runs[code] = LanguageRun(store, code, split_name, model, args)
        if run.training is not None:
            total = len(run.training) + len(run.indices)
            with tqdm(total=total, desc=f"{code} leakage", unit="clip", disable=None, leave=False) as bar:
                leakage[code] = run.leakage(bar.update)
        with tqdm(total=run.answers, desc=code, unit="clip", disable=None, leave=False) as bar:
            for seed in args.seeds:
                evaluate(
                    measurements,
                    code,
                    run.split,
                    run.systems(seed),
                    model.fps,
                    run.indices,
                    run.chunk_size,
                    bar.update,
                    run.journals(seed),
                    seed,
                )
        notes += run.notes + _seed_notes(measurements, code, args.seeds)
        if "html" in args.formats and "dtw-mje" in measurements.numbers[code][MODEL][args.seeds[0]]:
            shown += run.clips_to_show(measurements, max(1, SHOWN_CLIPS // (2 * len(languages))))
    report = make_report(
        measurements,
        run.split.skeleton.name,
        run.split.unit,
        model.fps,
        leakage,
        model=str(args.model_path),
        checkpoint_sha256=model.checkpoint,
        data=str(store.root),
        split=split_name,
        seeds=args.seeds,
        max_samples=args.max_samples,
        notes=notes,
    )
    if judge:
        splits = {code: run.split for code, run in runs.items()}
        training = {code: run.training for code, run in runs.items() if run.training is not None}
        judge.add_to(report, measurements, splits, training)
    return report, shown


def _seed_notes(measurements, code: str, seeds: Sequence[int]) -> list[str]:
    if len(seeds) < 2 or len(measurements.seeds(code, MODEL)) == len(seeds):
        return []
    return [f"{code}: the model's clips do not depend on the seed; it was evaluated once"]


def choose_languages(asked, known: Sequence[str], store, split: str) -> tuple[list[str], list[str]]:
    """The languages to evaluate, and notes on those left out; ConfigError when one asked for cannot be."""
    from signllm.errors import ConfigError
    from signllm.languages import resolve_language

    stored = [code for code in store.languages() if split in store.splits(code)]
    if asked:
        codes = list(dict.fromkeys(resolve_language(name).code for name in asked))
        faults = [f"{code}: the model signs {', '.join(known)}" for code in codes if code not in known]
        faults += [f"{code}: {store.root} has no split {code}/{split}" for code in codes if code not in stored]
        if faults:
            raise ConfigError(faults)
        return codes, []
    codes = [code for code in stored if code in known]
    if not codes:
        raise ConfigError(
            f"nothing to evaluate: the model signs {', '.join(known)}; {store.root} has the split '{split}' for"
            f" {', '.join(stored) or 'no language'}; choose others with --data or --split"
        )
    return codes, [f"{code}: left out, the model does not sign it" for code in stored if code not in known]
