"""Clips of several models beside the recordings: pose files, what `visualize_skeleton_data.py` makes of them, figures.

    python benchmarks/side_by_side.py --data datasets/signllm_data_complete --language ASL --num_clips 10 \\
        --models progressive=checkpoints/a/best_model.pth parallel=checkpoints/b/best_model.pth

Each model generates the texts of the chosen clips into <output>/<LANG>/<label>.npz; text and language are all it gets.
`visualize_skeleton_data.py --mode compare` then draws recording | model | ... as a video and a sheet of moments.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.cli.common import command
from signllm.cli.tables import print_table
from signllm.cli.visualize import main as visualize
from signllm.data.store import Store, StoreSplit
from signllm.errors import ConfigError, did_you_mean
from signllm.languages import resolve_language
from signllm.pose import PoseSequence
from signllm.pose.formats import write_clips
from signllm.sampling import spread
from signllm.viewing.drawing import VIEWS

FIGURES = ("dtw-mje", "duration", "total-distance", "path-ratio", "jerk-ratio", "bone-length-ratio")


def build_parser() -> argparse.ArgumentParser:
    """The flags of the script."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = flags.add_argument
    add("--models", nargs="+", required=True, metavar="LABEL=CHECKPOINT", help="one panel each, in this order")
    add("--data", type=Path, required=True, help="the store whose recordings are the references")
    add("--split", default="dev", help="default: dev")
    add("--language", nargs="+", default=[], help="default: all that the split and every model have")
    add("--clip", nargs="+", default=[], metavar="ID", help="clips by id or by position from 0")
    add("--num_clips", type=int, default=10, help="without --clip: so many of different texts a language (default: 10)")
    add("--output", type=Path, default=Path("outputs/side_by_side"), help="folder (default: %(default)s)")
    add("--seed", type=int, default=0, help="of the models' noise (default: 0)")
    add("--size", type=int, default=320, help="pixels a panel is wide (default: 320)")
    add("--view", choices=list(VIEWS), default="front", help="front or side (default: front)")
    add("--device", default="auto", help="auto, cpu, cuda (default: auto)")
    return flags


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Draw; return the exit code."""
    from signllm.inference.opening import open_model
    from signllm.metrics import score_pairs

    args = build_parser().parse_args(argv)
    paths = labelled(args.models)
    if args.num_clips < 1:
        raise ConfigError(f"--num_clips {args.num_clips}: must be at least 1")
    models = {label: open_model(path, args.device) for label, path in paths.items()}
    store = Store(args.data)
    codes = languages(args.language, store, args.split, {label: model.languages for label, model in models.items()})
    answers: dict[str, list[PoseSequence]] = {label: [] for label in models}
    references: list[PoseSequence] = []
    for code in codes:
        split = store.split(code, args.split)
        chosen = choose(split, args.clip, args.num_clips)
        texts, ids = zip(*((split.records[index].text, split.records[index].id) for index in chosen), strict=True)
        files = []
        for label, model in models.items():
            clips = model.generate(list(texts), code, seed=args.seed)
            files.append(args.output / code / f"{label}.npz")
            write_clips(files[-1], zip(ids, clips, strict=True))
            answers[label] += clips
        references += [split.pose(index) for index in chosen]
        draw(args, split, ids, files)
    scores = {
        label: score_pairs(answers[label], [clip.resampled(model.fps) for clip in references], FIGURES)
        for label, model in models.items()
    }
    print_table(
        ("figure", *scores),
        [(name, *(f"{found[name]:.3f}" for found in scores.values())) for name in next(iter(scores.values()))],
        f"{len(references)} clips against their recordings",
    )
    return 0


def draw(args: argparse.Namespace, split: StoreSplit, ids: Sequence[str], files: Sequence[Path]) -> None:
    """Videos and sheets of the recordings beside the clips in `files`, and how all of them move."""
    flags = ["--input", split.path, "--compare_with", *files, "--clip", *ids, "--output", files[0].parent]
    flags += ["--format", "mp4,png", "--size", args.size, "--view", args.view]
    visualize(["--mode", "compare", *map(str, flags)])


def labelled(words: Sequence[str]) -> dict[str, Path]:
    """LABEL=CHECKPOINT as a dictionary; ConfigError names every word that is not one, and labels given twice."""
    faults, found = [], {}
    for word in words:
        label, equals, path = word.partition("=")
        if not equals or not label or not path:
            faults.append(f"--models {word}: expected LABEL=CHECKPOINT, such as flow=checkpoints/flow/best_model.pth")
        elif label in found:
            faults.append(f"--models {word}: the label '{label}' is given twice")
        found[label] = Path(path)
    if faults:
        raise ConfigError(faults)
    return found


def languages(asked: Sequence[str], store: Store, split: str, known: dict[str, list[str]]) -> list[str]:
    """The languages asked for, or all that the split and every model have; ConfigError where one is missing."""
    there = [code for code in store.languages() if split in store.splits(code)]
    codes = list(dict.fromkeys(resolve_language(name).code for name in asked))
    if not codes:
        codes = [code for code in there if all(code in signed for signed in known.values())]
        if not codes:
            raise ConfigError(f"{store.root}: no language with a split '{split}' that every model signs")
    faults = [f"{code}: {store.root} has no split {code}/{split}" for code in codes if code not in there]
    faults += [
        f"{code}: {label} signs {', '.join(signed)}" for label, signed in known.items() for code in codes
        if code not in signed
    ]  # fmt: skip
    if faults:
        raise ConfigError(faults)
    return codes


def choose(split: StoreSplit, wanted: Sequence[str], count: int) -> list[int]:
    """Indices of the wanted clips, or of `count` clips of different texts, spread over the split."""
    if not wanted:
        first_of_text = {record.text: index for index, record in reversed(list(enumerate(split.records)))}
        firsts = sorted(first_of_text.values())
        return [firsts[number] for number in spread(len(firsts), count)]
    index_of = {record.id: index for index, record in enumerate(split.records)}
    index_of |= {str(index): index for index in range(len(split)) if str(index) not in index_of}
    missing = [word for word in wanted if word not in index_of]
    if missing:
        raise ConfigError(f"{split.path}: no clip '{word}'{did_you_mean(word, index_of)}" for word in missing)
    return [index_of[word] for word in wanted]


if __name__ == "__main__":
    raise SystemExit(main())
