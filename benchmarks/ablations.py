"""A matrix of variants x seeds, trained and judged alike, in one table: what helps, and by how much.

    python benchmarks/ablations.py configs/ablations/asl_words.json --jobs 2
    python benchmarks/ablations.py configs/ablations/asl_words.json --only flow progressive --seeds 0 --list

Each cell (variant, seed) is trained and evaluated in a process of its own with signllm's own trainer and evaluation,
beside baselines of the same training clips, by a judge that learnt from other clips. A cell is kept in a folder named
after the hash of its configuration and clips: what is done is not done again, what was interrupted goes on where it
stood, and a changed variant is another cell. The table (ablations.md, ablations.json) is written after each run, of the
cells that are done.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ablation.jobs import Cell, Job, plan
from ablation.matrix import Matrix, load_matrix
from ablation.table import make_markdown, summarise
from ablation.work import end_with_runner, run_all, run_job

from signllm.cli.common import command
from signllm.errors import ConfigError
from signllm.fsutil import write_atomically, write_json

FAILED = 1


def build_parser() -> argparse.ArgumentParser:
    """The flags of the script."""
    flags = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = flags.add_argument
    add("matrix", type=Path, nargs="?", help="the matrix file, e.g. configs/ablations/asl_words.json")
    add("--output", type=Path, help="folder of cells and table (default: outputs/ablations/<name of the matrix>)")
    add("--only", nargs="+", default=[], metavar="VARIANT", help="these variants, and those that they start from")
    add("--seeds", nargs="+", type=int, default=[], help="these seeds instead of the matrix's")
    add("--store", help="another store than the matrix's")
    add("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE", help="a key for all cells")
    add("--jobs", type=int, default=1, help="processes at once (default: 1)")
    add("--threads", type=int, default=1, help="threads of each (default: 1)")
    add("--list", action="store_true", help="say what would be run, and run nothing")
    add("--table_only", action="store_true", help="write the table of what is done, and run nothing")
    add("--job", type=Path, help=argparse.SUPPRESS)  # how a cell's own process is started
    return flags


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Run what is not done yet, write the table; return the exit code."""
    args = build_parser().parse_args(argv)
    if args.job:
        if argv is None:  # a process of its own
            end_with_runner()
        return run_job(args.job)
    if args.matrix is None:
        raise ConfigError("which matrix? Give a file, such as configs/ablations/asl_words.json")
    if args.jobs < 1 or args.threads < 1:
        raise ConfigError(f"--jobs {args.jobs} --threads {args.threads}: each must be at least 1")
    matrix = load_matrix(args.matrix, {"store": args.store} if args.store else None)
    output = args.output or Path("outputs/ablations") / args.matrix.stem
    cells = plan(matrix, output, args.only, args.seeds, args.overrides)
    jobs = all_jobs(cells)
    if args.list:
        for job in jobs:
            print(f"{'done' if job.read() else 'to do':>5}  {job.name}  {job.folder}")
        return 0
    failed = [] if args.table_only else run_all(jobs, Path(__file__).resolve(), args.jobs, args.threads, say)
    write_table(matrix, cells, output, args.matrix.stem)
    return FAILED if failed else 0


def all_jobs(cells: Sequence[Cell]) -> list[Job]:
    """The cells' jobs, each after those that it needs."""
    found: dict[Path, Job] = {}
    for cell in cells:
        for job in (*cell.job.needs, cell.job):
            found.setdefault(job.folder, job)
    return list(found.values())


def write_table(matrix: Matrix, cells: Sequence[Cell], output: Path, title: str) -> None:
    """Write ablations.json and ablations.md of the cells that are done, and print the latter."""
    results = {cell.job.folder.name: found for cell in cells if (found := cell.job.read())}
    if not results:
        raise ConfigError(f"{output}: no cell of this matrix is done, so there is no table")
    table = summarise(matrix, cells, results)
    text = make_markdown(matrix, table, title)
    write_json(output / "ablations.json", {"matrix": matrix.model_dump(), **table})
    write_atomically(output / "ablations.md", lambda file: file.write(text.encode()))
    print(text)
    print(f"table: {output / 'ablations.md'}, {output / 'ablations.json'}")


def say(line: str) -> None:
    """A line of progress with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
