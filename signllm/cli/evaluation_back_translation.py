"""`evaluation.py --train_back_translation` and `--back_translation`: judges that read text from poses."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

FEW_SENTENCES = 2_000
FEW_SEEN = 0.1
CEILING_SPLITS = ("dev", "test")


def add_back_translation_flags(flags: ArgumentParser) -> None:
    """The flags about judges."""
    group = flags.add_argument_group("back-translation / 回译")
    group.add_argument(
        "--back_translation",
        type=Path,
        metavar="JUDGE.pth",
        help="also score what this judge reads from the clips / 用该回译模型评分",
    )
    group.add_argument(
        "--train_back_translation",
        action="store_true",
        help="train a judge on the recordings of --data (--split, default train; --language) and save it to --output"
        " (default: back_translation.pth) / 在真实数据上训练回译模型",
    )
    group.add_argument(
        "--max_minutes",
        type=float,
        default=6.0,
        help="for all languages together (default: 6) / 训练总时长上限（分钟）",
    )
    group.add_argument(
        "--judge_share",
        type=float,
        default=1.0,
        help="share of the clips to learn from, e.g. 0.5, so that generators can learn from the others (default: 1)"
        " / 回译模型使用的训练片段比例",
    )
    group.add_argument("--judge_seed", type=int, default=0, help="which clips these are (default: 0) / 片段划分种子")
    group.add_argument(
        "--rest_store",
        type=Path,
        metavar="FOLDER",
        help="with --judge_share: write a store of the other clips, to train generators on / 将其余片段写成数据集",
    )


def back_translation_faults(args: Namespace) -> list[str]:
    """What is wrong with how these flags go together."""
    if args.train_back_translation:
        faults = [] if args.data else ["--train_back_translation: which recordings? Give --data STORE"]
        if args.rest_store and args.judge_share >= 1:
            faults.append("--rest_store: a judge that learns from all clips leaves none; give --judge_share 0.5")
        asked = ("model_path", "predictions", "references", "compare", "back_translation")
        faults += [f"--{name}: not with --train_back_translation" for name in asked if getattr(args, name)]
        return faults
    defaults = {"max_minutes": 6.0, "judge_share": 1.0, "judge_seed": 0, "rest_store": None}
    return [
        f"--{name} is for --train_back_translation, which is not given"
        for name, default in defaults.items()
        if getattr(args, name) != default
    ]


def train_back_translation(args: Namespace) -> int:
    """Train, save, and print the ceiling: what the judge reads from recordings that it did not learn from."""
    from signllm.data.store import Store
    from signllm.judges.rest_store import write_rest_store
    from signllm.judges.training import JudgePlan, train_judge
    from signllm.languages import resolve_language

    store, split = Store(args.data), args.split or "train"
    asked = [resolve_language(name).code for name in args.language or []]
    languages = list(dict.fromkeys(asked)) or [code for code in store.languages() if split in store.splits(code)]
    plan = JudgePlan(
        max_minutes=args.max_minutes, share=args.judge_share, share_seed=args.judge_seed, seed=args.seeds[0]
    )
    path = _judge_path(args.output)
    judge = train_judge(store, languages, split, plan, _Bars())
    judge.save(path)
    for code in languages:
        _print_ceiling(judge, store, code, split)
    print(f"judge: {path} ({judge.digest})")
    if args.rest_store:
        counts = write_rest_store(store, languages, split, args.judge_share, args.judge_seed, args.rest_store)
        print(f"rest: {args.rest_store} ({', '.join(f'{code} {count} clips' for code, count in counts.items())})")
    return 0


def _judge_path(output: Path | None) -> Path:
    if output is None:
        return Path("back_translation.pth")
    return output if output.suffix == ".pth" else output / "back_translation.pth"


class _Bars:
    """A progress bar a language."""

    def __init__(self) -> None:
        self._language, self._bar = None, None

    def __call__(self, progress) -> None:
        from tqdm import tqdm

        if progress.language != self._language:
            self._language = progress.language
            self._bar = tqdm(total=progress.steps, desc=progress.language, unit="step", disable=None, leave=False)
        self._bar.update(progress.step - self._bar.n)
        self._bar.set_postfix(loss=f"{progress.training_loss:.3f}", held_out=f"{progress.held_out_loss:.3f}")


def _print_ceiling(judge, store, code: str, split: str) -> None:
    from signllm.evaluation.back_translation import score_back_translation
    from signllm.evaluation.measurements import REFERENCE

    print(f"{code}: {describe(judge[code])}")
    course = judge[code].training["course"]
    steps = f"{course['steps']} of {course['planned_steps']} steps in {course['seconds']:.0f} s"
    print(f"{code}: {steps}, loss on held-out training clips {course['held_out_loss']:.3f}")
    if course["hurried"]:
        print(f"{code}: ! --max_minutes hurried the training: another run will differ; more time reads better")
    for name in CEILING_SPLITS:
        if name == split or name not in store.splits(code):
            continue
        other = store.split(code, name)
        clips = {REFERENCE: [other.pose(index) for index in range(len(other))]}
        texts, glosses = [r.text for r in other.records], [r.gloss for r in other.records]
        figures = score_back_translation(clips, texts, glosses, judge, code)[REFERENCE]
        shown = ", ".join(f"{figure} {value:.1f}" for figure, value in figures.items() if math.isfinite(value))
        print(f"{code}: ceiling on the {len(other)} recordings of '{name}': {shown}")


def describe(reader) -> str:
    """One line on a judge: its kind, what it learnt from, what chance scores, and how far it can be trusted."""
    from signllm.evaluation.back_translation import chance

    facts = reader.training
    learnt = f"{len(facts['clips'])} clips of '{facts['split']}'"
    if facts["share"] < 1:
        learnt += f" (share {facts['share']:g}, seed {facts['share_seed']})"
    corpus = f"; it took the corpus for one of {facts['corpus']}" if "corpus" in facts else ""  # older files: unknown
    if reader.kind == "recogniser":
        blind = chance(reader)
        words = f"{len(reader.network.words)} words"
        return (
            f"recogniser of {words} from {learnt}; chance {blind['bt_top_1']:.1f} / {blind['bt_top_5']:.1f} %{corpus}"
        )
    line = f"translator from {learnt}, {len(reader.network.glosses)} glosses{corpus}"
    if len(facts["clips"]) < FEW_SENTENCES and not facts["demo"]:
        line += (
            "; so few sentences teach little beyond frequent phrases: trust differences only where the ceiling is high"
        )
    return line


class BackTranslationPart:
    """The judge's part in an evaluation: presets to add to the others, and what a reader of the report must know."""

    def __init__(self, path: Path):
        from signllm.evaluation.back_translation import BackTranslation
        from signllm.judges.judge import Judge

        self.path = path
        self._reader = BackTranslation(Judge.load(path))
        self.presets = self._reader.presets

    def refuse_as_reward(self, reward_models: Sequence[str], model: Path) -> None:
        """Raise ConfigError when this judge rewarded the model in training (by the file's digest)."""
        from signllm.errors import ConfigError

        if self._reader.judge.digest in reward_models:
            raise ConfigError(
                f"--back_translation {self.path}: this judge ({self._reader.judge.digest}) was the reward model of"
                f" {model}; its figures would only say how well the reward was maximised. Train another on other"
                " recordings or with another --judge_seed and --judge_share"
            )

    def add_to(self, report: dict, measurements, splits: Mapping, training: Mapping) -> None:
        """Put the section `back_translation` into the report and its essence among the notes.

        splits, training: the evaluated and the training split by language, the latter where there is one.
        """
        languages = {}
        for code, split in splits.items():
            known = self._reader.language(code)
            if known is None:
                languages[code] = {"of_ceiling": {}, "warnings": ["the judge does not read this language"]}
                continue
            judge = self._reader.judge[known]
            rows = {
                system: {preset.name: measurements.rows(code, system, preset.name) for preset in self.presets}
                for system in measurements.numbers[code]
            }
            languages[code] = {
                "judge": describe(judge),
                "of_ceiling": self._reader.of_ceiling(code, rows),
                "warnings": seen_warnings(judge, split, training.get(code), list(rows)),
            }
        section = {"judge": str(self.path), "digest": self._reader.judge.digest, "languages": languages}
        report["back_translation"] = section
        report["notes"] = [*report.get("notes", []), *section_lines(section)]


def open_judge(args: Namespace) -> BackTranslationPart | None:
    """The judge that --back_translation names, if any."""
    return BackTranslationPart(args.back_translation) if args.back_translation else None


COPYING = ("random_clip", "nearest_text", "mean_clip", "gloss_clips")


def seen_warnings(judge, split, training, systems: Sequence[str]) -> list[str]:
    """What makes scores of this judge unfair: it learnt from the references, or from clips that a system copies."""
    found = []
    share = judge.share_seen(split)
    if share:
        what = "train one on another split" if share > FEW_SEEN else "the scores of unseen clips leave them out"
        found.append(
            f"the judge learnt from {100 * share:.0f} % of the recordings it is asked about: the ceiling is too high,"
            f" {what}"
        )
    share = judge.share_seen(training) if training is not None else 0.0
    if 0 < share <= FEW_SEEN:
        found.append(
            f"{100 * share:.0f} % of the training clips stand, number for number, among those the judge learnt from"
        )
    elif share:
        copying = [name.replace("_", " ") for name in COPYING if name in systems]
        who = f"{', '.join(copying)} and every model trained on them" if copying else "every model trained on them"
        found.append(
            f"the judge learnt from {100 * share:.0f} % of the training clips: it flatters {who}; a judge of"
            " --judge_share 0.5 with a model trained on its --rest_store does not"
        )
    return found


def section_lines(section: Mapping) -> list[str]:
    """The section as notes for tables and files."""
    lines = []
    for code, part in section["languages"].items():
        if "judge" in part:
            lines.append(f"{code}: back-translation by {section['digest']}: {part['judge']}")
        for system, figures in part["of_ceiling"].items():
            ratios = [
                f"{name} {entry['value']:.2f} ({entry['low']:.2f} to {entry['high']:.2f})"
                for name, entry in figures.items()
                if math.isfinite(entry["value"]) and name in SHOWN_RATIOS
            ]
            if ratios:
                lines.append(f"{code}: {system.replace('_', ' ')} / recordings: {', '.join(ratios)}")
        lines += [f"{code}: ! {warning}" for warning in part["warnings"]]
    return lines


SHOWN_RATIOS = ("bt_top_1", "bt_top_5", "bt_bleu_1", "bt_bleu_4", "bt_chrf", "bt_wer", "bt_gloss_wer")
