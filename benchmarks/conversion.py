"""How fast `.skels` text becomes numbers, and a store: each method against `float()` per value, within one run.

python benchmarks/conversion.py                      generated clips
python benchmarks/conversion.py --skels train.skels  a real file (with its .text and .files for the whole conversion)
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from unittest.mock import patch

import numpy as np
import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.data.convert import ConvertOptions, convert
from signllm.pose import PoseSequence
from signllm.pose.formats import number_text, write_clips
from signllm.pose.formats.number_text import parse_numbers

ROUNDS = 3


def by_float(line: bytes) -> np.ndarray:
    """What most loaders do."""
    return np.array([float(value) for value in line.split()], np.float32)


METHODS: dict[str, Callable[[bytes], np.ndarray]] = {
    "float() per value": by_float,
    "np.array(line.split())": lambda line: np.array(line.split(), np.float32),
    "np.fromstring (deprecated)": lambda line: np.fromstring(line, sep=" ", dtype=np.float32),
    "np.loadtxt": lambda line: np.loadtxt([line.decode()], dtype=np.float32, ndmin=1),
    "orjson after commas": lambda line: np.array(orjson.loads(b"[" + line.replace(b" ", b",") + b"]"), np.float32),
    "parse_numbers (ours)": lambda line: parse_numbers(line)[0],
}


def generate(folder: Path, clips: int, frames: int) -> Path:
    """A random corpus of clips about as long as sentences; values are noise, the text is as long as real data's."""
    rng = np.random.default_rng(0)
    path = folder / "train.skels"
    rest_JC = rng.normal(0, 0.5, (50, 3))
    rest_JC[[1, 2, 5]] = [[0, 0, 0], [-0.5, 0.1, 0], [0.5, 0.1, 0]]
    shake_FJC = np.where(np.isin(np.arange(50), [1, 2, 5])[:, None], 0, rng.normal(0, 0.05, (frames, 50, 3)))
    write_clips(path, ((f"clip{n:05d}", PoseSequence.all_valid(rest_JC + shake_FJC, 25)) for n in range(clips)))
    path.with_suffix(".text").write_text("".join(f"sentence {n}\n" for n in range(clips)))
    return path


def best_seconds(work: Callable[[], object]) -> float:
    """The fastest of a few rounds: other load on the machine only ever adds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return min(times)


def convert_with_float(options: ConvertOptions) -> None:
    """The same conversion, its numbers read one by one."""
    with patch.object(number_text, "parse_numbers", lambda line: (by_float(line), [])):
        convert(options)


def main() -> int:
    """Print one line a method: megabytes of text a second, and how many times the first method's."""
    flags = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    flags.add_argument("--skels", type=Path, help="a real file instead of generated clips")
    flags.add_argument("--clips", type=int, default=150, help="generated clips (default: %(default)s)")
    flags.add_argument("--frames", type=int, default=100, help="frames of each (default: %(default)s)")
    args = flags.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        path = args.skels or generate(folder, args.clips, args.frames)
        lines = path.read_bytes().splitlines()
        megabytes = sum(map(len, lines)) / 1e6
        print(f"{path.name}: {len(lines)} clips, {megabytes:.1f} MB of text, one process, best of {ROUNDS}")
        parse_numbers(lines[0])  # compiling is not measured
        seconds = {
            name: best_seconds(lambda parse=parse: [parse(line) for line in lines]) for name, parse in METHODS.items()
        }
        wrong = [name for name, parse in METHODS.items() if not np.array_equal(parse(lines[0]), by_float(lines[0]))]
        if path.with_suffix(".text").is_file():
            options = ConvertOptions(path.parent, folder / "store", "ASL", [path.stem], overwrite=True)
            seconds["whole conversion, float()"] = best_seconds(lambda: convert_with_float(options))
            seconds["whole conversion (ours)"] = best_seconds(lambda: convert(options))
            ratio = seconds["whole conversion, float()"] / seconds["whole conversion (ours)"]
        base = seconds["float() per value"]
        for name, spent in seconds.items():
            note = "  DIFFERENT NUMBERS" if name in wrong else ""
            print(f"  {name:28} {megabytes / spent:7.1f} MB/s  {base / spent:6.2f} x{note}")
        if path.with_suffix(".text").is_file():
            print(f"whole conversion, checks and checksums included: {ratio:.2f} x the one with float() per value")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
