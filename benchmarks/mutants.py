"""Do the tests see? Put single faults into the code by chance, run the tests that could notice, count those caught.

    python benchmarks/mutants.py --seed 0 --count 100

The default rooms are those whose numbers nobody can check by eye: poses, metrics, batches and training. One run of the
tests under coverage tells which tests run which lines; each fault is then put into a copy of the repository, and these
tests run first, quick ones before slow ones. A fault that none of them sees meets all tests of the folder that mirrors
its own and all that import its module. Exit code 1 when fewer than --least percent are caught.
"""

from __future__ import annotations

import argparse
import json
import queue
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from mutation.faults import Fault, draw
from mutation.reach import Reach, files_of_tests, measure_reach
from mutation.trial import Bench, Verdict

from signllm.cli.common import command
from signllm.errors import ConfigError

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("signllm/pose", "signllm/metrics", "signllm/data/batching.py", "signllm/training")


def build_parser() -> argparse.ArgumentParser:
    """The flags of the script."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = flags.add_argument
    add("--rooms", nargs="+", default=list(ROOMS), metavar="PATH", help="folders and files (default: %(default)s)")
    add("--count", type=int, default=100, help="how many faults (default: 100)")
    add("--seed", type=int, default=0, help="other seeds draw other faults (default: 0)")
    add("--jobs", type=int, default=2, help="tests that run at once (default: 2)")
    add("--least", type=float, default=90.0, help="percent that must be caught (default: 90)")
    add("--list", action="store_true", help="print the faults and run nothing")
    add("--output", type=Path, metavar="FILE", help="write every fault and what became of it as JSON")
    return flags


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Draw, run, print; return the exit code."""
    args = build_parser().parse_args(argv)
    faults = [f"--rooms {room}: no such folder or file" for room in args.rooms if not (ROOT / room).exists()]
    if args.count < 1 or args.jobs < 1:
        faults.append(f"--count {args.count} --jobs {args.jobs}: each must be at least 1")
    if faults:
        raise ConfigError(faults)
    drawn = draw(ROOT, args.rooms, args.count, args.seed)
    if args.list:
        print(*drawn, sep="\n")
        return 0
    started = time.monotonic()
    paths = sorted({fault.path for fault in drawn})
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        benches = [Bench(ROOT, Path(folder) / f"copy-{job}") for job in range(args.jobs)]
        root = benches[0].copy  # the repository itself may be worked on meanwhile
        reach = measure_reach(root, paths, files_of_tests(root, paths), args.jobs, Path(folder) / "reach")
        print(f"{len(reach.seconds)} tests measured in {time.monotonic() - started:.0f} s", flush=True)
        verdicts = try_all(drawn, reach, benches)
    if args.output:
        rows = [{**asdict(v.fault), "source": None, "caught": v.caught, "by": v.by} for v in verdicts]
        args.output.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return report(verdicts, args.least, time.monotonic() - started)


def try_all(faults: Sequence[Fault], reach: Reach, benches: Sequence[Bench]) -> list[Verdict]:
    """The verdicts in the order of the faults, each on a copy of the repository that nothing else uses meanwhile."""
    idle: queue.Queue[Bench] = queue.Queue()
    for bench in benches:
        idle.put(bench)

    def try_one(fault: Fault) -> Verdict:
        bench = idle.get()
        try:
            verdict = bench.try_fault(fault, reach)
        finally:
            idle.put(bench)
        print(f"{'caught  ' if verdict.caught else 'SURVIVED'} {fault}  [{verdict.by}]", flush=True)
        return verdict

    with ThreadPoolExecutor(len(benches)) as pool:
        return list(pool.map(try_one, faults))


def report(verdicts: Sequence[Verdict], least: float, seconds: float) -> int:
    """Print what survived and the share that was caught; 1 when it is too small."""
    survived = [verdict.fault for verdict in verdicts if not verdict.caught]
    if survived:
        print("\nNo test sees:", *survived, sep="\n  ")
    caught = len(verdicts) - len(survived)
    share = 100 * caught / len(verdicts)
    print(f"\n{caught} of {len(verdicts)} faults caught ({share:.0f} %) in {seconds / 60:.1f} minutes")
    return int(share < least)


if __name__ == "__main__":
    raise SystemExit(main())
