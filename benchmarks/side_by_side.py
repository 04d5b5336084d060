"""Reference | model | model | ... side by side for chosen clips: videos, sheets of moments, and how the models move.

    python benchmarks/side_by_side.py --data datasets/signllm_data_complete --language ASL --num_clips 10 \\
        --models progressive=checkpoints/a/best_model.pth parallel=checkpoints/b/best_model.pth

Writes <clip>.mp4 and <clip>.png for each clip, with its text as the title. The sheet's moments are spread over each
clip by itself: 50 % is the middle of the reference in the first row and the middle of the model's clip below it. The
models get text and language and nothing else.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.cli.common import command
from signllm.cli.visualize import safe_name
from signllm.data.store import Store, StoreSplit
from signllm.errors import ConfigError, did_you_mean
from signllm.languages import resolve_language
from signllm.pose import PoseSequence
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
    add("--frames", type=int, default=8, help="moments of a sheet (default: 8)")
    add("--size", type=int, default=320, help="pixels a panel is wide (default: 320)")
    add("--view", choices=list(VIEWS), default="front", help="front or side (default: front)")
    add("--device", default="auto", help="auto, cpu, cuda (default: auto)")
    return flags


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Draw; return the exit code."""
    from signllm.inference import Generator
    from signllm.metrics import score_pairs

    args = build_parser().parse_args(argv)
    paths = labelled(args.models)
    if args.num_clips < 1 or args.frames < 1:
        raise ConfigError(f"--num_clips {args.num_clips} --frames {args.frames}: each must be at least 1")
    models = {label: Generator.from_checkpoint(path, args.device) for label, path in paths.items()}
    store = Store(args.data)
    codes = languages(args.language, store, args.split, {label: model.languages for label, model in models.items()})
    answers: dict[str, list[PoseSequence]] = {label: [] for label in models}
    references: list[PoseSequence] = []
    for code in codes:
        split = store.split(code, args.split)
        chosen = choose(split, args.clip, args.num_clips)
        texts = [split.records[index].text for index in chosen]
        made = {label: model.generate(texts, code, seed=args.seed) for label, model in models.items()}
        recorded = [split.pose(index) for index in chosen]
        for place, index in enumerate(chosen):
            panels = [("reference", recorded[place]), *((label, clips[place]) for label, clips in made.items())]
            draw(args, f"{code}_{split.records[index].id}", panels, caption(split, index))
        references += recorded
        for label, clips in made.items():
            answers[label] += clips
    print(f"of these {len(references)} clips, over the references':")
    for label, model in models.items():
        figures = score_pairs(answers[label], [clip.resampled(model.fps) for clip in references], FIGURES)
        print(f"  {label}: " + ", ".join(f"{name} {value:.3f}" for name, value in figures.items()))
    return 0


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
    """Places of the wanted clips, or of `count` clips of different texts, spread over the split."""
    if not wanted:
        first_of_text = {record.text: place for place, record in reversed(list(enumerate(split.records)))}
        places = sorted(first_of_text.values())
        return [places[index] for index in spread(len(places), count)]
    place_of = {record.id: place for place, record in enumerate(split.records)}
    place_of |= {str(place): place for place in range(len(split)) if str(place) not in place_of}
    missing = [word for word in wanted if word not in place_of]
    if missing:
        raise ConfigError(f"{split.path}: no clip '{word}'{did_you_mean(word, place_of)}" for word in missing)
    return [place_of[word] for word in wanted]


def caption(split: StoreSplit, index: int) -> str:
    """The text, and the gloss where there is one that says more."""
    record = split.records[index]
    more = record.gloss and record.gloss.lower() != record.text.lower()
    return f"{record.text}   ({record.gloss})" if more else record.text


def draw(args: argparse.Namespace, name: str, panels: list, title: str) -> None:
    """The video and the sheet of one clip."""
    from signllm.viewing.video import write_contact_sheet, write_video

    path = args.output / f"{safe_name(name)}.mp4"
    write_video(path, panels, title, args.size, args.view)
    sheet = path.with_suffix(".png")
    write_contact_sheet(sheet, panels, args.frames, title, max(64, args.size // 2), args.view, relative=True)
    print(f"wrote {path} and {sheet.name}: {title}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
