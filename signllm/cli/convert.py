"""`final_convert_data.py`: convert pose files into the store that training reads."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from signllm.cli.common import (
    USER_ERROR,
    add_reading_flags,
    add_video_flags,
    columns_of,
    command,
    hints_of,
    parser,
    tracking_of,
)
from signllm.cli.convert_check import run_check
from signllm.cli.tables import print_table
from signllm.errors import ConfigError

MOST_PRINTED = 50
DEFAULT_OUTPUT = "datasets/signllm_data_complete"
COLUMNS = ("split", "status", "clips", "frames", "seconds", "scale", "counter", "sides", "rejected")


def build_parser() -> argparse.ArgumentParser:
    """The flags of final_convert_data.py."""
    flags = parser(
        "final_convert_data.py",
        "Convert {split}.skels/.text/.files (and .gloss), .pose or .npz files with a table (csv, tsv, json) or .text"
        " files beside them, folders with pose.json and text.txt, or OpenPose or MediaPipe points"
        " (motion/*.npz, clips.npz, landmarks/*.json), into the pose store.",
        "把 {split}.skels/.text/.files（以及 .gloss），带有表格（csv、tsv、json）或 .text 文件的 .pose 或 .npz 文件，"
        "含 pose.json 与 text.txt 的文件夹，或 OpenPose、MediaPipe 关键点"
        "（motion/*.npz、clips.npz、landmarks/*.json），转换为训练数据集。",
    )
    flags.add_argument(
        "--data_dir", type=Path, required=True, help="the source files: a folder or one file / 源数据目录或文件"
    )
    flags.add_argument(
        "--output_dir", type=Path, default=Path(DEFAULT_OUTPUT), help="the store (default: %(default)s) / 输出目录"
    )
    flags.add_argument(
        "--splits", nargs="+", help="e.g. train dev, or train,dev (default: every split found) / 要转换的划分，默认全部"
    )
    flags.add_argument(
        "--language",
        help="sign language, e.g. ASL, GSL; with --check only where it must be said"
        " / 手语语种，例如 ASL、GSL；用 --check 时通常可省略",
    )
    flags.add_argument(
        "--name",
        help="name of this source, if a language has several in one store / 数据源名称，用于同语种多个数据源",
    )
    flags.add_argument("--max_samples", type=int, help="only the first N clips of a split / 每个划分只取前 N 条")
    flags.add_argument(
        "--fps", type=float, help="frame rate of the source (default: what it says, else 25) / 源数据帧率，默认 25"
    )
    flags.add_argument(
        "--held_out",
        type=float,
        default=0.15,
        help="share of the clips that goes to dev, for sources without splits (default: %(default)s)"
        " / 没有划分的数据源中归入 dev 的比例",
    )
    flags.add_argument(
        "--lift",
        action="store_true",
        help="give clips without depth a fitted one / 为没有深度的片段拟合深度（2D 转 3D）",
    )
    flags.add_argument(
        "--clean",
        nargs="+",
        metavar="STEP",
        help="steps of cleaning: outliers (on by default), swaps, jumps, torn, gaps, smooth, trim, resample, each with"
        " =VALUE or =off; recommended; none / 清洗步骤，可带 =数值 或 =off；recommended 为推荐步骤，none 为全部关闭",
    )
    flags.add_argument(
        "--like",
        type=Path,
        metavar="STORE",
        help="take all settings from the record of this store, its folder or dataset.json; flags given here go first"
        " / 按该数据集（或其文件夹、dataset.json）的记录设置全部选项，命令行参数优先",
    )
    flags.add_argument(
        "--workers",
        type=int,
        help="processes that read clips, and videos tracked at once; 0: one for each core (default: 1, on Ray all)"
        " / 读取片段的进程数，也是同时处理的视频数，0 表示每个核心一个",
    )
    flags.add_argument(
        "--engine",
        default="processes",
        help="where clips are read: processes of this machine, or ray (pip install -r requirements-ray.txt)"
        " / 在何处读取片段：本机进程或 Ray 集群",
    )
    flags.add_argument(
        "--ray_address",
        help="the Ray cluster (default: RAY_ADDRESS, else one that is started on this machine)"
        " / Ray 集群地址，默认取 RAY_ADDRESS，否则在本机启动",
    )
    flags.add_argument("--overwrite", action="store_true", help="replace splits that are there / 覆盖已有的划分")
    flags.add_argument(
        "--skip_bad",
        action="store_true",
        help="leave faulty clips out and list them in rejected.json / 跳过有错误的片段，并写入 rejected.json",
    )
    add_check_flags(flags)
    add_reading_flags(flags)
    add_video_flags(flags)
    return flags


def add_check_flags(flags: argparse.ArgumentParser) -> None:
    """Looking instead of converting."""
    group = flags.add_argument_group("look at the data and write no store / 只检查数据，不写数据集")
    group.add_argument(
        "--check",
        action="store_true",
        help="say what the data is and what is wrong with it; exit code 1 where a finding is an error, that is, where"
        " training would fail or suffer, else 0"
        " / 说明识别结果与数据问题；有“错误”级问题（训练会失败或受损）时退出码为 1，否则为 0",
    )
    group.add_argument(
        "--report",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="with --check: write it to FILE.json, FILE.html or both / 与 --check 合用：写入 JSON、HTML 报告",
    )


@command
def main(argv: Sequence[str] | None = None) -> int:
    """Convert; 0 when every split is in the store, 2 when one was refused. With --check see `run_check`."""
    given = _given(list(sys.argv[1:] if argv is None else argv))
    from signllm.data.convert import ConvertOptions, convert

    given["hints"] = hints_of(given)
    given["columns"] = columns_of(given["columns"])
    given["clean"] = given["clean"] or ()
    given["tracking"] = tracking_of(given)
    if given.pop("check"):
        return run_check(given, _progress_bar)
    del given["report"]
    options = ConvertOptions(**given)
    reports = convert(options, _progress_bar)
    _print_table(reports)
    for report in reports:
        name = f"{report.language}/{report.split}"
        if report.dimensions and not report.faults:
            print(f"{name}: {report.dimensions}D")
        _print_capped(f"{name}: read with these steps", report.steps, sys.stdout, None)
        _print_capped(f"{name}: cleaned by these steps", [] if report.faults else report.cleaned, sys.stdout, None)
        _print_capped(f"{name}: warnings", report.warnings, sys.stdout, None)
        if report.status == "already converted":
            print(f"{report.language}/{report.split}: already converted, nothing to do (--overwrite converts it again)")
        if report.resumed:
            print(f"{report.language}/{report.split}: went on after {report.resumed} clips of an interrupted run")
        if report.lifted:
            print(f"{report.language}/{report.split}: {report.lifted} clips without depth lifted to 3D")
        if report.rejected and not report.faults:
            folder = options.output_dir / report.language / report.split
            print(f"{report.language}/{report.split}: {report.rejected} clips left out, see {folder / 'rejected.json'}")
    return _print_faults(reports, options.output_dir)


def _given(argv: list[str]) -> dict[str, Any]:
    """The flags by name; with `--like`, what they leave open is filled in from the record."""
    flags = build_parser()
    given = vars(flags.parse_args(argv))
    like, splits = given.pop("like"), _names(given["splits"])
    if like is not None:
        from signllm.data.convert_record import read_recorded
        from signllm.languages import resolve_language

        language = given["language"] and resolve_language(given["language"]).code
        recorded = read_recorded(like, language, splits, given["name"])
        unknown = sorted(recorded.options.keys() - given.keys())
        if unknown:
            raise ConfigError(f"--like {like}: unknown options {', '.join(unknown)}; was it made by a newer version?")
        given = vars(flags.parse_args([*recorded.flags, *argv]))
        del given["like"]
        splits, given["inherited"] = splits or recorded.splits, recorded.inherited
        print(f"as {like}: {' '.join(recorded.flags)}")
        _print_capped("made by other versions", recorded.notes, sys.stdout, None)
    if given["language"] is None and not given["check"]:
        flags.error("--language or --like is required")
    if given["report"] and not given["check"]:
        raise ConfigError("--report goes with --check, which is missing")
    return given | {"splits": splits}


def _names(words: list[str] | None) -> list[str] | None:
    return None if words is None else [name for group in words for name in group.split(",") if name]


def _progress_bar(name: str, size: int) -> Callable[[int], None]:
    from tqdm import tqdm

    bar = tqdm(total=size, desc=name, unit="B", unit_scale=True, file=sys.stderr, disable=None)

    def tell(done: int) -> None:
        bar.update(done)
        if bar.n >= size:
            bar.close()

    return tell


def _print_table(reports: list) -> None:
    rows = []
    for report in reports:
        known = report.source_scale > 0
        rows.append(
            (
                f"{report.language}/{report.split}",
                report.status,
                report.clips,
                report.frames,
                f"{report.seconds:.1f}",
                f"{report.source_scale:.4g}" if known else "-",
                report.counter,
                ("swapped" if report.sides_swapped else "as they are") if known else "-",
                report.rejected,
            )
        )
    print_table(COLUMNS, rows)


def _print_capped(heading: str, lines: list[str], file: TextIO, full_list: Path | None) -> None:
    if not lines:
        return
    print(f"{heading} ({len(lines)}):", file=file)
    for line in lines[:MOST_PRINTED]:
        print(f"  - {line}", file=file)
    if len(lines) > MOST_PRINTED:
        where = (
            f"; full list in {full_list}" if full_list else "; see dataset.json, and index.jsonl for each clip's own"
        )
        print(f"  and {len(lines) - MOST_PRINTED} more{where}", file=file)


def _print_faults(reports: list, output_dir: Path) -> int:
    """Print what is wrong, split by split; a long list goes whole into `<output_dir>/<LANG>/<split>_faults.json`."""
    from signllm.fsutil import write_json

    for report in reports:
        full_list = output_dir / report.language / f"{report.split}_faults.json"
        if len(report.faults) > MOST_PRINTED:
            write_json(full_list, report.faults)
        else:
            full_list.unlink(missing_ok=True)
        _print_capped(
            f"data error in {report.language}/{report.split}, not converted", report.faults, sys.stderr, full_list
        )
    refused = [report for report in reports if report.faults]
    if any(report.rejected for report in refused):
        print("--skip_bad converts the sound clips and writes the others to rejected.json", file=sys.stderr)
    return USER_ERROR if refused else 0
