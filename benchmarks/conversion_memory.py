"""Peak memory and time of a conversion for 100 to 100,000 clips: it streams, so only the lists of clips may grow.

    python benchmarks/conversion_memory.py
    python benchmarks/conversion_memory.py --clips 100 1000 --sources lines "csv and .npz" --workers 1 2
    python benchmarks/conversion_memory.py --clips 100 100000 --only_open
    python benchmarks/conversion_memory.py --clips 1000 100000 --check
    python benchmarks/conversion_memory.py --list

Each row is a conversion in a process of its own, of clips that are made by code: a few dozen different ones, which come
again and again (lines are repeated, files are hard links). `peak` is that process's peak resident memory, `worker` that
of the largest one that reads clips; `grown` is what the first has grown since the row above, for each clip more. `open`
is the time to open the finished store and its last clip, or to make the doctor's page. Poses of a few frames each are
small: a row shows what a clip costs beside its poses. With `--only_open` the source is opened and read from its
beginning to its end as conversion does, and no pose is: what a clip costs is the same, and 100,000 take a minute. With
`--check` the source is looked at as `final_convert_data.py --check` does, and nothing is written. Times are those of
processors: what else runs on the machine does not count.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from signllm.pose.formats import write_clips
from signllm.pose.formats.skels import format_line
from tests.helpers.sources import clip, holistic_rows, sentence_rows

FRAMES, DIFFERENT = 4, 40
_MOST_LINKS = 30_000  # to one file; ext4 allows 65,000


def _links(folder: Path, make: Callable[[Path], object], clips: int, suffix: str) -> Iterator[str]:
    """The names of so many files in folders of a thousand, all with the content that `make` writes."""
    for number in range(clips):
        inside = folder / f"part{number // 1000:03}"
        inside.mkdir(parents=True, exist_ok=True)
        path = inside / f"clip{number:06}{suffix}"
        if number % _MOST_LINKS == 0:
            first = path
            make(path)
        else:
            os.link(first, path)
        yield f"part{number // 1000:03}/clip{number:06}{suffix}"


def _table(folder: Path, rows: Iterator[str], header: str = "file,text") -> None:
    with open(folder / "train.csv", "w") as file:
        file.write(f"{header}\n")
        file.writelines(f"{row}\n" for row in rows)


def _said(names: Iterator[str]) -> Iterator[str]:
    return (f"{name},Das ist der Satz mit der Nummer {n}" for n, name in enumerate(names))


def _lines(folder: Path, clips: int) -> None:
    lines = [format_line(clip(n, FRAMES)) for n in range(DIFFERENT)]
    with open(folder / "train.skels", "wb") as file:
        file.writelines(lines[n % DIFFERENT] for n in range(clips))
    for suffix, word in ((".files", "train/clip{:06}"), (".text", "Das ist der Satz mit der Nummer {}")):
        (folder / f"train{suffix}").write_text("".join(f"{word.format(n)}\n" for n in range(clips)))


def _points_json(path: Path) -> None:
    rows = sentence_rows(FRAMES).reshape(FRAMES, 67, 2) * (1280, 720)
    parts = {"pose_keypoints_2d": slice(0, 25), "hand_left_keypoints_2d": slice(25, 46)}
    parts["hand_right_keypoints_2d"] = slice(46, 67)
    points = np.concatenate([rows, np.ones((FRAMES, 67, 1))], axis=-1)
    frames = [{"people": [{key: f[part].ravel().tolist() for key, part in parts.items()}]} for f in points]
    path.write_text(json.dumps({"frames": frames}))


def _arrays(path: Path) -> None:
    np.savez(path, keypoints=sentence_rows(FRAMES), fps=np.array([25.0]))


def _npz_files(folder: Path, clips: int) -> None:
    _table(folder, _said(_links(folder, _arrays, clips, ".npz")))


def _pose_files(folder: Path, clips: int) -> None:
    def make(path: Path) -> None:
        write_clips(path, [(path.stem, clip(3, FRAMES))])

    _table(folder, _said(_links(folder, make, clips, ".pose")))


def _json_files(folder: Path, clips: int) -> None:
    _table(folder, _said(_links(folder, _points_json, clips, ".json")))


def _segments(folder: Path, clips: int) -> None:
    """Recordings of a minute, each cut into the clips of 100 rows."""
    names = [f"recording{n}" for n in range(-(-clips // 100))]
    for n, name in enumerate(names):
        if n < DIFFERENT:
            np.savez(folder / f"{name}.npz", keypoints=sentence_rows(15 * 100), fps=np.array([25.0]))
        else:
            os.link(folder / f"recording{n % DIFFERENT}.npz", folder / f"{name}.npz")
    rows = (f"{names[n // 100]},{n % 100 * 0.6:.2f},{n % 100 * 0.6 + 0.16:.2f},Satz {n}" for n in range(clips))
    _table(folder, rows, "file,start,end,text")


def _one_npz(folder: Path, clips: int) -> None:
    """A file of this toolkit that holds all clips, and a line of text for each."""
    write_clips(folder / "train.npz", ((f"clip{n:06}", clip(n % DIFFERENT, FRAMES)) for n in range(clips)))
    (folder / "train.text").write_text("".join(f"Das ist der Satz mit der Nummer {n}\n" for n in range(clips)))


def _array_a_clip(folder: Path, clips: int) -> None:
    np.savez(folder / "all.npz", **{f"clip{n:06}": sentence_rows(FRAMES) for n in range(clips)})
    _table(folder, (f"clip{n:06},Das ist der Satz mit der Nummer {n}" for n in range(clips)), "name,text")


def _labels(folder: Path, clips: int) -> None:
    """`clips.npz`: twenty clips of each word."""
    each = 20
    np.savez(folder / "clips.npz", **{f"wort{n}": holistic_rows(each, FRAMES) for n in range(-(-clips // each))})


def _hdf5(folder: Path, clips: int) -> None:
    import h5py

    with h5py.File(folder / "train.h5", "w") as file:
        for n in range(clips):
            group = file.create_group(f"clip{n:06}")
            group["keypoints"] = sentence_rows(FRAMES)
            group["text"] = f"Das ist der Satz mit der Nummer {n}"


def _parquet(folder: Path, clips: int) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    frames = sentence_rows(FRAMES).tolist()
    kinds = pa.schema([("id", pa.string()), ("text", pa.string()), ("keypoints", pa.list_(pa.list_(pa.float32())))])
    path, plain = folder / "train-00000-of-00001.parquet", {"compression": "none", "use_dictionary": False}
    with pq.ParquetWriter(path, kinds, **plain) as writer:  # packed, clips that come again would be a bomb
        for start in range(0, clips, 1000):
            numbers = range(start, min(clips, start + 1000))
            rows = {"id": [f"clip{n:06}" for n in numbers], "text": [f"Satz mit der Nummer {n}" for n in numbers]}
            writer.write_table(pa.table({**rows, "keypoints": [frames for _ in numbers]}, schema=kinds))


def _clip_folders(folder: Path, clips: int) -> None:
    first = folder / "first.json"
    first.write_text(json.dumps({"fps": 25, "poses": (clip(3, FRAMES).coordinates / 3).reshape(FRAMES, 150).tolist()}))
    for n in range(clips):
        inside = folder / "train" / f"clip{n:06}"
        inside.mkdir(parents=True)
        if n % _MOST_LINKS == 0:
            first = first.rename(inside / "pose.json") if n == 0 else Path(inside / "pose.json")
            first.write_bytes(first.read_bytes() if n == 0 else (folder / "train/clip000000/pose.json").read_bytes())
        else:
            os.link(first, inside / "pose.json")
        (inside / "text.txt").write_text(f"Das ist der Satz mit der Nummer {n}")


SOURCES: dict[str, Callable[[Path, int], None]] = {
    "lines": _lines,
    "csv and .npz": _npz_files,
    "csv and .pose": _pose_files,
    "csv and .json": _json_files,
    "csv of segments": _segments,
    "one .npz of ours": _one_npz,
    "an array a clip": _array_a_clip,
    "clips.npz": _labels,
    "clip folders": _clip_folders,
    ".h5": _hdf5,
    ".parquet": _parquet,
}


def child(folder: Path, workers: int) -> None:
    """Convert what is in the folder and print what it took, as JSON."""
    from signllm.data.convert import ConvertOptions, convert
    from signllm.data.store import Store

    options = ConvertOptions(
        folder / "source", folder / "store", "GSL", splits=["train"], workers=workers, held_out=0.0
    )
    began = processor_seconds()
    (report,) = convert(options)
    seconds, peak = processor_seconds() - began, peak_mib()
    if report.faults:
        raise SystemExit(f"{folder}: {report.faults[:3]}")
    began = processor_seconds()
    split = Store(folder / "store").split("GSL", "train")
    split.pose(report.clips - 1)
    print(json.dumps({"seconds": seconds, "peak": peak, "clips": report.clips, "open": processor_seconds() - began}))


def open_alone(folder: Path) -> None:
    """Open what is in the folder as conversion does, and print what it took, as JSON."""
    from signllm.data.convert import ConvertOptions, fingerprint
    from signllm.data.dealing import wanted_splits

    began = processor_seconds()
    source = wanted_splits(folder / "source", "GSL", ["train"], None, 0.0)["train"]()
    if source.faults or source.missing:
        raise SystemExit(f"{folder}: {source.faults[:3]} {source.missing[:3]}")
    seconds = processor_seconds() - began
    began = processor_seconds()
    fingerprint(source, ConvertOptions(folder / "source", folder / "store", "GSL"))
    names = {entry.name for entry in source.entries}
    read = processor_seconds() - began
    print(json.dumps({"seconds": seconds, "peak": peak_mib(), "clips": len(names), "open": read}))


def check_alone(folder: Path, workers: int) -> None:
    """Let the doctor see what is in the folder, make its page, and print what it took, as JSON."""
    from signllm.data.checking.doctor import check
    from signllm.data.checking.options import CheckOptions
    from signllm.viewing.check_page import check_page

    began = processor_seconds()
    checkup = check(CheckOptions(folder / "source", "GSL", splits=["train"], workers=workers, held_out=0.0))
    seconds, clips = processor_seconds() - began, len(checkup.splits[0])
    began = processor_seconds()
    check_page(checkup)
    print(json.dumps({"seconds": seconds, "clips": clips, "open": processor_seconds() - began, "peak": peak_mib()}))


def processor_seconds() -> float:
    """Of this process and the ones that it waited for: other load on the machine does not count."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def peak_mib() -> float:
    """Peak resident memory of this process: without what the one that started it had, where the system says it."""
    status = Path("/proc/self/status")
    if status.is_file():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1024  # type: ignore[index]
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def largest_child(process: subprocess.Popen) -> float:
    """The peak memory of the largest process that a running one has started, in MiB, looked at until it ends."""
    largest = 0.0
    while process.poll() is None:
        for path in Path("/proc").iterdir() if Path("/proc/self/status").is_file() else ():
            with suppress(OSError, TypeError):  # a process may end meanwhile, and not all folders are processes
                status = (path / "status").read_text()
                if int(re.search(r"PPid:\s+(\d+)", status)[1]) == process.pid:  # type: ignore[index]
                    largest = max(largest, int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024)  # type: ignore[index]
        time.sleep(0.2)
    return largest


def build_parser() -> argparse.ArgumentParser:
    """The flags of the script."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    flags.add_argument("--clips", type=int, nargs="+", default=[100, 1_000, 10_000, 100_000])
    flags.add_argument("--sources", nargs="+", choices=SOURCES, default=list(SOURCES), metavar="NAME")
    flags.add_argument("--workers", type=int, nargs="+", default=[1])
    flags.add_argument("--only_open", action="store_true", help="open the sources, and read no pose")
    flags.add_argument("--check", action="store_true", help="let the doctor see the sources, and convert nothing")
    flags.add_argument("--list", action="store_true", help="name the sources, and convert nothing")
    flags.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Print a row for each source and number of clips."""
    args = build_parser().parse_args(argv)
    if args.child:
        if args.only_open:
            open_alone(args.child)
        else:
            (check_alone if args.check else child)(args.child, args.workers[0])
        return 0
    if args.list:
        print("\n".join(SOURCES))
        return 0
    print("source             workers   clips  seconds  ms a clip  peak MiB  worker MiB  grown B a clip  open ms")
    for name in args.sources:
        for workers in args.workers:
            chosen = {"--only_open": args.only_open, "--check": args.check}
            measure(name, workers, args.clips, [flag for flag, given in chosen.items() if given])
    return 0


def measure(name: str, workers: int, numbers: Sequence[int], flags: Sequence[str] = ()) -> None:
    """Print the rows of one source; `flags` go to the process that is measured."""
    last: tuple[int, float] | None = None
    for clips in numbers:
        with tempfile.TemporaryDirectory() as temporary:
            folder = Path(temporary)
            (folder / "source").mkdir()
            try:
                SOURCES[name](folder / "source", clips)
            except ImportError as error:
                print(f"{name:18} left out: {error}", flush=True)
                return
            command = [sys.executable, __file__, "--child", str(folder), "--workers", str(workers), *flags]
            process = subprocess.Popen(command, stdout=subprocess.PIPE)
            worker = largest_child(process)
            answer, _ = process.communicate()
            if process.returncode:
                raise SystemExit(f"{name}: the conversion of {clips} clips failed")
        row = json.loads(answer)
        grown = (row["peak"] - last[1]) * 2**20 / (row["clips"] - last[0]) if last else float("nan")
        last = row["clips"], row["peak"]
        print(
            f"{name:18} {workers:7} {row['clips']:7} {row['seconds']:8.1f} {row['seconds'] / row['clips'] * 1e3:10.2f}"
            f" {row['peak']:9.0f} {worker:11.0f} {grown:15.0f} {row['open'] * 1e3:8.1f}",
            flush=True,
        )


if __name__ == "__main__":
    raise SystemExit(main())
