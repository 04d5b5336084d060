"""A trained model and the baselines on a split of a store."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from signllm.data.store import ClipRecord, Store
from signllm.errors import ConfigError
from signllm.evaluation.cut_clips import find_cuts
from signllm.evaluation.journal import content_key
from signllm.evaluation.language_run import CHUNK, EvaluatedSystem, LanguageRun, score_languages
from signllm.evaluation.measurements import Measurements
from signllm.evaluation.options import ModelOptions
from signllm.evaluation.progress import Progress, stage
from signllm.evaluation.report import Report, make_report
from signllm.evaluation.report_name import model_stem, tagged
from signllm.evaluation.scoring import add_judge_section, asked_presets, open_judge
from signllm.evaluation.trained_model import TrainedModel
from signllm.pose import PoseSequence
from signllm.sampling import spread
from signllm.text.words import first_few

MODEL = "model"


def evaluate_model(options: ModelOptions, progress: Progress | None = None) -> Report:
    """Score the averaged weights of a checkpoint, beside references and baselines.

    Raises CheckpointError for a file that cannot be read, ConfigError for what does not go together (languages, split,
    metrics, a judge that rewarded the model), DataError for clips that cannot be compared.
    """
    judge = open_judge(options)
    presets = asked_presets(options, judge)
    model = TrainedModel(options.model_path, options.device, options.cache)
    if judge:
        judge.refuse_as_reward(model.facts.reward_models, options.model_path)
    store = Store(options.data or model.facts.dataset_path)
    split_name = options.split or model.facts.eval_split
    codes, notes = choose_languages(options.languages, model.facts.languages, store, split_name)
    cuts = leave_out_cuts(model, store, split_name, codes, options.max_samples, progress)
    runs = [_language_run(code, store, split_name, model, options, cuts.get(code, {})) for code in codes]
    scores = score_languages(runs, presets, progress)
    if options.sign_prompts:
        notes.append(f"the model signed prompts in {options.sign_prompts} phrasings, and was not told the language")
    for run in runs:
        notes += run.notes + _seed_notes(scores.measurements, run.code, options.seeds)
    data = make_report(
        scores.measurements,
        runs[-1].split.skeleton.name,
        runs[-1].split.unit,
        model.facts.fps,
        scores.leakage,
        model=str(options.model_path),
        checkpoint_sha256=model.sha256,
        data=str(store.root),
        split=split_name,
        seeds=list(options.seeds),
        max_samples=options.max_samples,
        sign_prompts=options.sign_prompts,
        left_out=cuts,
        notes=notes,
    )
    training = {run.code: run.training for run in runs if run.training is not None}
    add_judge_section(data, judge, scores.measurements, {run.code: run.split for run in runs}, training)
    usual, _ = choose_languages((), model.facts.languages, store, split_name)
    stem = model_stem(options, split_name, _other_data(store, model, runs), set(codes) != set(usual))
    return Report(data, options.model_path.parent, stem, scores.examples)


def leave_out_cuts(
    model: TrainedModel,
    store: Store,
    split_name: str,
    codes: Sequence[str],
    max_samples: int | None = None,
    progress: Progress | None = None,
) -> dict[str, dict[str, str]]:
    """Let a model that is made of recordings sign without those that were cut out of the tested clips.

    Returns them by language: the recording's id, and the id of the clip that it is a part of. A network has none.
    """
    if not model.facts.of_recordings:
        return {}
    found = {}
    for code in codes:
        split = store.split(code, split_name)
        indices = spread(len(split), max_samples)
        advance = stage(progress, f"{code} cut out of them", len(indices))
        found[code] = find_cuts(model.generator.recordings(code), split, indices, advance)
    if leave_out := [name for cuts in found.values() for name in cuts]:
        model.leave_out(leave_out)
    return found


def _language_run(
    code: str, store: Store, split_name: str, model: TrainedModel, options: ModelOptions, cuts: Mapping[str, str]
) -> LanguageRun:
    split, notes, training = store.split(code, split_name), _cut_notes(code, cuts), None
    train_split = model.facts.train_split
    if train_split not in store.splits(code):
        notes.append(f"{code}: no baselines, because {store.root} has no split {code}/{train_split}")
    elif train_split == split_name:
        notes.append(f"{code}: no baselines, because '{split_name}' is the training split")
    else:
        training = store.split(code, train_split)
    indices = spread(len(split), options.max_samples)
    if model.facts.of_recordings:
        notes += model.generator.remarks([split.records[index].text for index in indices], code)

    def facts(seed: int) -> dict:
        chosen = content_key(indices)  # padding depends on the clips beside one, and rounding on padding
        how = {"batch": options.batch_size, "device": options.device, "torch": version("torch")}
        asked = {"chosen": chosen, "seed": seed, "prompts": options.sign_prompts}
        without = {"without": content_key(sorted(cuts))} if cuts else {}
        return {"checkpoint": model.sha256, **how, **asked, **without}

    return LanguageRun(
        code=code,
        split=split,
        indices=indices,
        fps=model.facts.fps,
        system=EvaluatedSystem(MODEL, _Answers(model, code, options), facts),
        facts={"language": code, "split": split.info["checksums"], "fps": model.facts.fps},
        training=training,
        seeds=options.seeds,
        cache=model.cache,
        chunk_size=max(CHUNK, options.batch_size),
        notes=notes,
    )


def _cut_notes(code: str, cuts: Mapping[str, str]) -> list[str]:
    """What was left out of the model, and why."""
    if not cuts:
        return []
    examples = first_few((f"{recording} from {clip}" for recording, clip in cuts.items()), 3)
    clips = len(set(cuts.values()))
    return [
        f"{code}: {len(cuts)} recordings of the model are parts of {clips} tested clips; the model was made again"
        f" without them before it was tested: {examples}"
    ]


class _Answers:
    """The model's clips of one language. Those of the last chunk are kept, because examples are often among them."""

    def __init__(self, model: TrainedModel, language: str, options: ModelOptions):
        self._model, self._language, self._options = model, language, options
        self._last: tuple[object, list[PoseSequence]] = (None, [])

    def __call__(self, records: Sequence[ClipRecord], seed: int) -> list[PoseSequence]:
        """A clip a record; each has noise of its own, whichever are answered beside it."""
        asked = [record.id for record in records], seed
        if self._last[0] != asked:
            texts = [record.text for record in records]  # text and language are all that generation is given
            seeds = [zlib.crc32(f"{seed}/{record.id}".encode()) for record in records]
            how = self._options.batch_size, self._options.sign_prompts
            self._last = asked, self._model.generate(texts, self._language, seeds, *how)
        return self._last[1]


def choose_languages(
    asked: Sequence[str], known: Sequence[str], store: Store, split: str
) -> tuple[list[str], list[str]]:
    """The languages to evaluate, and notes on those left out; ConfigError when one asked for cannot be."""
    stored = [code for code in store.languages() if split in store.splits(code)]
    if asked:
        faults = [f"{code}: the model signs {', '.join(known)}" for code in asked if code not in known]
        faults += [f"{code}: {store.root} has no split {code}/{split}" for code in asked if code not in stored]
        if faults:
            raise ConfigError(faults)
        return list(asked), []
    codes = [code for code in stored if code in known]
    if not codes:
        raise ConfigError(
            f"nothing to evaluate: the model signs {', '.join(known)}; {store.root} has the split '{split}' for"
            f" {', '.join(stored) or 'no language'}; choose others with --data or --split"
        )
    return codes, [f"{code}: left out, the model does not sign it" for code in stored if code not in known]


def _seed_notes(measurements: Measurements, code: str, seeds: Sequence[int]) -> list[str]:
    if len(seeds) < 2 or len(measurements.seeds(code, MODEL)) == len(seeds):
        return []
    return [f"{code}: the model's clips do not depend on the seed; it was evaluated once"]


def _other_data(store: Store, model: TrainedModel, runs: Sequence[LanguageRun]) -> str:
    """What names the data in the report's file name; empty for the data that the model was trained with."""
    if store.root.resolve() == Path(model.facts.dataset_path).resolve():
        return ""
    return tagged(store.root, [[run.facts, run.training and run.training.info["checksums"]] for run in runs])
