"""Damage every kind of file that the toolkit reads, and see that nothing but a clear error comes of it.

    python benchmarks/fuzz.py --count 500

For each kind (pose files, tables, stores, checkpoints, shared models, judges, journals, caches, configurations,
reports) whole files are made by code. Hypothesis then draws inputs from --seed: damaged bytes, odd values inside of
JSON, arrays and checkpoints (with right checksums), zip bombs, programs in pickles, and pipes, devices, links in a
circle and 100 GB of nothing in the place of a file. Each is read in this process. Findings are: an error that is no
SignLLMError, more than 5 s, more than 500 MB, a write outside of the folder, an executed pickle. Exit code 1 when
there is one.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fuzzing.inputs import fresh, spoil
from fuzzing.targets import TARGETS, Target
from fuzzing.watch import Watch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from signllm.cli.common import command
from signllm.errors import ConfigError


def fuzz(target: Target, count: int, seed: int, work: Path, watch: Watch) -> None:
    """Read `count` damaged inputs of a target, below the folder `work`."""
    whole, folder = work / "whole", work / "damaged"
    whole.mkdir(parents=True)
    target.make(whole)
    fresh(whole, folder)
    target.read(folder)  # whole files are read without an error

    @seeded(seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def one(data: st.DataObject) -> None:
        fresh(whole, folder)
        name = spoil(data.draw, target, folder)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            watch.run(target.name, name, lambda: target.read(folder))

    one()


def build_parser() -> argparse.ArgumentParser:
    """The flags of the script."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = flags.add_argument
    add("--count", type=int, default=500, help="inputs of each kind (default: 500)")
    add("--seed", type=int, default=0, help="other seeds draw other inputs (default: 0)")
    add("--only", nargs="+", default=[], metavar="KIND", help="kinds whose name holds one of these")
    add("--output", type=Path, metavar="FILE", help="write the findings as JSON")
    return flags


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Fuzz, print, and return the exit code."""
    args = build_parser().parse_args(argv)
    chosen = [t for t in TARGETS if not args.only or any(part in t.name for part in args.only)]
    if not chosen:
        raise ConfigError(f"--only {' '.join(args.only)}: the kinds are {', '.join(t.name for t in TARGETS)}")
    faulthandler.enable()
    logging.disable(logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        os.chdir(scratch)
        tempfile.tempdir = scratch  # what readers unpack goes there, too
        watch = Watch([Path(scratch)])
        for number, target in enumerate(chosen):
            before = len(watch.findings)
            fuzz(target, args.count, args.seed, Path(scratch) / str(number), watch)
            found = watch.findings[before:]
            print(
                f"{target.name}: {watch.inputs[target.name]} inputs, {watch.refused.get(target.name, 0)} refused,"
                f" {len(found)} findings",
                flush=True,
            )
            for told in dict.fromkeys(f"  {finding.kind}: {finding.told} ({finding.input})" for finding in found):
                print(told, flush=True)
            if (Path(scratch) / "executed").exists():
                raise SystemExit(f"{target.name}: a pickle was executed")
    print(f"{sum(watch.inputs.values())} inputs, {len(watch.findings)} findings")
    if args.output:
        args.output.write_text(json.dumps([asdict(finding) for finding in watch.findings], indent=1))
    return 1 if watch.findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
