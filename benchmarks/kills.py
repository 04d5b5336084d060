"""Kills conversions, trainings and evaluations at random instants, lets them go on, and compares what they leave.

    python benchmarks/kills.py            # 200 kills of conversion, 150 of training, 40 of the others
    python benchmarks/kills.py --conversion 20 --training 20 --others 6 --seed 3
    python benchmarks/kills.py --only MLSF,lines --conversion 5 --training 5 --output outputs/kills

A scenario is first run once without a kill. Then, in a fresh folder, it is killed one to four times: by SIGKILL,
SIGTERM or SIGINT, at a random time or at a random one of its operations on files (a write, a renaming, a removal), so
that the end of an epoch and the end of a split are hit as often as what takes long. After each kill no process of it
may live on, and no file may be torn. Then it is repeated (training: resumed) until it ends, and everything must be as
without the kills: the store byte for byte; checkpoints, training_stats.json and scalars bit for bit but for clocks;
and no hidden file left.

Processes are forked from this one, which has imported everything: a kill costs a second, not ten. Linux only. Exits
with 1 if anything is lost, torn, different, stray or alive.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process that is forked must have no threads
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

GROUPS = {"conversion": 200, "training": 150, "others": 40}


def build_parser() -> argparse.ArgumentParser:
    """The flags of the script."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for group, kills in GROUPS.items():
        flags.add_argument(f"--{group}", type=int, default=kills, metavar="N", help=f"kills (default: {kills})")
    flags.add_argument("--only", default="", metavar="NAME,...", help="these scenarios (default: all; see --list)")
    flags.add_argument("--list", action="store_true", help="name the scenarios, and kill nothing")
    flags.add_argument("--seed", type=int, default=0, help="of what is drawn (default: 0)")
    flags.add_argument("--output", type=Path, help="keep everything in this folder (default: a temporary one)")
    return flags


def main(argv: Sequence[str] | None = None) -> int:
    """Kill, print the table; return the exit code."""
    args = build_parser().parse_args(argv)
    from killing.scenarios import SCENARIOS  # not above: a worker of a conversion imports this file again
    from killing.trial import COLUMNS, Trial

    only = [name for name in args.only.split(",") if name]
    unknown = set(only) - {scenario.name for scenario in SCENARIOS}
    if args.list or unknown:
        print("\n".join(f"{scenario.group:<11} {scenario.name}" for scenario in SCENARIOS))
        return 2 if unknown else 0
    chosen = [scenario for scenario in SCENARIOS if not only or scenario.name in only]
    rows, started = [], time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        root = (args.output or Path(scratch)).resolve()
        print("  ".join(f"{name:>{width}}" for name, width in COLUMNS.items()), flush=True)
        for group in GROUPS:
            scenarios = [scenario for scenario in chosen if scenario.group == group]
            for number, scenario in enumerate(scenarios):
                kills = (getattr(args, group) + number) // len(scenarios)  # they add up to what was asked for
                trial = Trial(
                    scenario, root / scenario.name.replace(" ", "_"), random.Random(f"{args.seed} {scenario.name}")
                )
                rows.append(trial.run(kills) if kills else {})
                if kills:
                    print("  ".join(f"{rows[-1][name]:>{width}}" for name, width in COLUMNS.items()), flush=True)
                    print(
                        "\n".join(f"    {line}" for line in trial.faults), end="\n" if trial.faults else "", flush=True
                    )
    faults = sum(row[name] for row in rows for name in ("torn", "alive", "stray", "lost") if row)
    print(f"{sum(row['kills'] for row in rows if row)} kills, {faults} faults, {time.monotonic() - started:.0f} s")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
