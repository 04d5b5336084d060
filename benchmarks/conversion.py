"""How fast pose files become numbers, and a store: against what people do today, within one run.

    python benchmarks/conversion.py                              corpora that are made by code
    python benchmarks/conversion.py --formats pose npz --clips 100
    python benchmarks/conversion.py --openpose DIR --pose DIR --npz DIR --skels train.skels --language GSL    real ones

For each format:
- reading alone: each clip's numbers as they stand in its file, which must be the same numbers;
- a store: the whole conversion, which finds conventions, checks, cleans, and writes a mask and checksums; against a
  plain script that reads in the usual way, picks the 50 joints, centres and scales them and saves an array a clip;
- two processes against one.

`frames/s` counts processor seconds of one core, so that other load on the machine does not count; the wall clock is
for the scaling alone. The ways take turns, and the best of the rounds counts.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from converting.kinds import KINDS, Kind

from signllm.data.convert import ConvertOptions, convert
from signllm.data.dealing import wanted_splits
from signllm.data.source import ClipEntry
from signllm.errors import SignLLMError

NECK, SHOULDERS = 1, (2, 5)
OURS, SCRIPT = "ours", "plain script"


def plain_script(kind: Kind, entries: Sequence[ClipEntry], folder: Path) -> None:
    """What a loader of a few lines does: joints in shoulder widths round the neck, an array a clip."""
    read = next(iter(kind.theirs.values()))
    folder.mkdir()
    for number, entry in enumerate(entries):
        joints_FJC = kind.joints(read(entry), entry)[..., :3]
        width = np.median(np.linalg.norm(joints_FJC[:, SHOULDERS[0], :2] - joints_FJC[:, SHOULDERS[1], :2], axis=-1))
        neck_C = np.median(joints_FJC[:, NECK], axis=0)
        np.save(folder / f"{number:06}.npy", ((joints_FJC - neck_C) / width).astype(np.float32))


def best(rounds: int, ways: dict[str, Callable[[], object]]) -> dict[str, tuple[float, float]]:
    """(processor seconds, wall seconds) of each way, the least of each over the rounds, in which they take turns."""
    found = dict.fromkeys(ways, (np.inf, np.inf))
    for _ in range(rounds):
        for name, work in ways.items():
            begun = time.process_time(), time.perf_counter()
            work()
            spent = time.process_time() - begun[0], time.perf_counter() - begun[1]
            found[name] = min(found[name][0], spent[0]), min(found[name][1], spent[1])
    return found


def usable(source: Path, language: str) -> list[ClipEntry]:
    """The clips of a source that can be converted."""
    parts = [part() for part in wanted_splits(source, language, None, None).values()]
    return [entry for part in parts for entry in part.entries if entry.has_pose and not entry.faults]


def compare(name: str, source: Path, language: str, rounds: int, workers: int, work: Path) -> bool:
    """Print the rows of one format; returns whether all ways gave the same numbers."""
    kind, entries = KINDS[name], usable(source, language)
    if not entries:
        raise SystemExit(f"{source}: no clip of it can be converted")
    frames, differing = _compared(kind, entries)
    print(f"{kind.title}: {len(entries)} clips, {frames:,} frames", flush=True)

    ways: dict[str, Callable[[], object]] = {
        way: lambda read=read: [read(entry) for entry in entries] for way, read in kind.theirs.items()
    }
    found = best(rounds, {**ways, OURS: lambda: [entry.load() for entry in entries]})
    _print("reading", frames, {way: cpu for way, (cpu, _) in found.items()}, differing)

    def script() -> None:
        shutil.rmtree(work / "arrays", ignore_errors=True)
        plain_script(kind, entries, work / "arrays")

    def whole(processes: int) -> Callable[[], None]:
        options = ConvertOptions(
            source, work / f"store{processes}", language, overwrite=True, skip_bad=True, workers=processes
        )
        return lambda: _converted(options)

    found = best(rounds, {SCRIPT: script, OURS: whole(1), "several": whole(workers)})
    _print("a store", frames, {way: found[way][0] for way in (SCRIPT, OURS)}, [])
    one, several = found[OURS][1], found["several"][1]
    print(
        f"  {workers} processes  {several:.2f} s of the wall clock, one {one:.2f} s: {one / several:.2f} x", flush=True
    )
    return not differing


def _compared(kind: Kind, entries: Sequence[ClipEntry]) -> tuple[int, list[str]]:
    """The frames of all clips, and the ways of reading that give other numbers than the usual one."""
    frames, differing = 0, set()
    for entry in entries:
        usual, *others = ((way, read(entry)) for way, read in kind.theirs.items())
        frames += len(usual[1])
        differing |= {way for way, numbers in others if not np.array_equal(numbers, usual[1])}
        if not kind.same(usual[1], entry.load(), entry):
            differing.add(OURS)
    return frames, sorted(differing)


def _print(what: str, frames: int, seconds: dict[str, float], differing: Sequence[str]) -> None:
    usual = next(iter(seconds.values()))
    for way, spent in seconds.items():
        note = "  DIFFERENT NUMBERS" if way in differing else ""
        print(f"  {what:8} {way:28} {frames / spent:12,.0f} frames/s {usual / spent:7.2f} x{note}", flush=True)
        what = ""


def _converted(options: ConvertOptions) -> None:
    try:
        reports = convert(options)
    except SignLLMError as error:
        raise SystemExit("\n".join(error.faults)) from None
    for report in reports:
        if report.status != "converted":
            raise SystemExit("\n".join(report.faults[:3]))


def build_parser() -> argparse.ArgumentParser:
    """The flags of the script."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--formats", nargs="+", choices=KINDS, help="only these (default: all, or those that are given)")
    for name, kind in KINDS.items():
        flags.add_argument(f"--{name}", type=Path, metavar="SOURCE", help=f"real {kind.title} instead of made ones")
    flags.add_argument("--language", default="GSL", help="of the real ones (default: %(default)s)")
    flags.add_argument("--clips", type=int, default=60, help="clips that are made (default: %(default)s)")
    flags.add_argument("--frames", type=int, default=100, help="frames of each (default: %(default)s)")
    flags.add_argument("--rounds", type=int, default=3, help="the best of so many counts (default: %(default)s)")
    flags.add_argument("--workers", type=int, default=2, help="processes against one (default: %(default)s)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Print a block of rows for each format; 1 where a way of reading gave other numbers."""
    args = build_parser().parse_args(argv)
    warnings.simplefilter("ignore", DeprecationWarning)
    given = {name: path for name in KINDS if (path := getattr(args, name)) is not None}
    same = True
    for name in args.formats or given or KINDS:
        with tempfile.TemporaryDirectory() as temporary:
            work = Path(temporary)
            source = given.get(name)
            if source is None:
                source = work / "source"
                source.mkdir()
                KINDS[name].make(source, args.clips, args.frames)
            same &= compare(name, source, args.language, args.rounds, args.workers, work)
    return 0 if same else 1


if __name__ == "__main__":
    raise SystemExit(main())
