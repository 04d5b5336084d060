"""`final_convert_data.py --check`: say what a source is and what is wrong with it, and write no store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signllm.cli.common import as_called
from signllm.cli.tables import print_lines, print_table
from signllm.errors import ConfigError

if TYPE_CHECKING:
    from signllm.data.checking.doctor import Checkup
    from signllm.data.checking.findings import Finding

UNSOUND = 1
REPORT_KINDS = (".json", ".html")
_SHOWN_CLIPS = 4
_AXES = ("x", "y", "z")


def run_check(given: Mapping[str, Any], progress: Callable[[str, int], Callable[[int], None]]) -> int:
    """Check what the flags name and print it; 0 where training can begin, 1 where there is an error."""
    from signllm.data.checking.doctor import check
    from signllm.data.checking.options import CheckOptions
    from signllm.outputs import check_files

    reports = _report_files(given["report"])
    check_files(reports)
    checkup = check(CheckOptions(**{f.name: given[f.name] for f in fields(CheckOptions) if f.init}), progress)
    _print(checkup)
    for path in reports:
        _write(path, checkup)
        print(f"report: {path}")
    return 0 if checkup.sound else UNSOUND


def _report_files(paths: Sequence[Path] | None) -> list[Path]:
    """The files to write; ConfigError for a kind that is not known."""
    faults = [
        f"--report {path}: expected a name that ends in {' or '.join(REPORT_KINDS)}"
        for path in paths or ()
        if path.suffix.lower() not in REPORT_KINDS
    ]
    if faults:
        raise ConfigError(faults)
    return list(dict.fromkeys(paths or ()))


def _write(path: Path, checkup: Checkup) -> None:
    from signllm.data.checking.summary import summary_of
    from signllm.fsutil import write_json, write_text

    if path.suffix.lower() == ".json":
        write_json(path, summary_of(checkup))
        return
    from signllm.viewing.check_page import check_page

    write_text(path, check_page(checkup))


def _print(checkup: Checkup) -> None:
    from signllm.data.checking.summary import split_summary

    splits = {split.label: split_summary(split) for split in checkup.splits}
    print_lines([f"{checkup.options.data_dir}"])
    for line in _recognised(splits):
        print_lines([line])
    print_table(*_counts(splits), title="clips")
    print_table(*_poses(splits), title="poses")
    print_table(*_ranges(splits), title="joints, in shoulder widths from the neck")
    print_table(*_texts(splits), title="texts")
    print_lines(line for finding in checkup.findings for line in _lines(finding))
    print_lines([verdict(checkup)])


def _recognised(splits: Mapping[str, dict]) -> list[str]:
    """Table, reader and steps of each split; of splits that were recognised alike once."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for label, split in splits.items():
        found = split["recognised"]
        steps = [f"{step['name']} {step['value']}: {step['why']}" for step in found["steps"]]
        layouts = ", ".join(f"{name} ({count})" for name, count in found["layouts"].items())
        table = f"table: {found['table']}" + f"; poses: {found['reader']}" * bool(found["reader"])
        table += f"; layout of a sample: {layouts}" * bool(layouts)
        alike.setdefault((table, *steps), []).append(label)
    lines = []
    for (first, *others), labels in alike.items():
        lines += [f"{', '.join(labels)}: {first}", *(f"  - {step}" for step in others)]
    return lines


def _counts(splits: Mapping[str, dict]) -> tuple[Sequence[str], list[tuple]]:
    columns = ("split", "clips", "left out", "frames", "seconds", "5 %", "median", "95 %", "longest", "fps")
    rows = []
    for label, split in splits.items():
        spread = split["duration_s"] or {}
        lengths = [f"{spread[name]:.2f} s" if spread else "-" for name in ("p05", "median", "p95", "max")]
        counts = (split["clips"], split["left_out"], split["frames"], f"{split['seconds']:.1f}")
        rates = ", ".join(list(split["fps"])[:4]) + ", ..." * (len(split["fps"]) > 4)
        rows.append((label, *counts, *lengths, rates or "-"))
    return columns, rows


def _poses(splits: Mapping[str, dict]) -> tuple[Sequence[str], list[tuple]]:
    columns = ("split", "", "scale", "sides", "no body", "no left hand", "no right hand", "frozen", "jumps", "swapped")
    rows = []
    for label, split in splits.items():
        found, frames = split["recognised"], split["share_of_frames"]
        read = "scale" in found
        missing = [f"{split['missing_share'][part]:.1%}" for part in ("body", "left_hand", "right_hand")]
        shares = (frames["frozen"], split["jumping_joints"], frames["swapped"])
        rows.append(
            (
                label,
                f"{found['dimensions']}D" if read else "-",
                f"{found['scale']:.4g}" if read else "-",
                ("exchanged" if found["sides_exchanged"] else "as they are") if read else "-",
                *(missing if split["clips"] else ["-"] * 3),
                *((f"{share:.2%}" for share in shares) if split["clips"] else ["-"] * 3),
            )
        )
    return columns, rows


def _ranges(splits: Mapping[str, dict]) -> tuple[Sequence[str], list[tuple]]:
    rows = []
    for label, split in splits.items():
        for part, axes in split["range"].items():
            cells = [f"{axes[axis][0]:.2f} to {axes[axis][1]:.2f}" if axis in axes else "-" for axis in _AXES]
            rows.append((f"{label} {part.replace('_', ' ')}", *cells))
    return ("part", *_AXES), rows


def _texts(splits: Mapping[str, dict]) -> tuple[Sequence[str], list[tuple]]:
    columns = ("split", "texts", "different", "words", "vocabulary", "once", "glosses", "signers")
    keys = ("with_text", "different", "words", "vocabulary", "words_that_come_once", "with_gloss", "signers")
    return columns, [(label, *(split["texts"][key] or "-" for key in keys)) for label, split in splits.items()]


def _lines(finding: Finding) -> list[str]:
    clips = ", ".join(map(str, finding.clips[:_SHOWN_CLIPS])) + ", ..." * (len(finding.clips) > _SHOWN_CLIPS)
    return [
        f"{finding.severity}: {finding.where}: {finding.message[0]}",
        *([f"    clips: {clips}"] if clips else []),
        as_called(f"    -> {finding.remedy[0]}"),
    ]


def verdict(checkup: Checkup) -> str:
    """The last line: whether training can begin."""
    from signllm.data.checking.findings import Severity, counted

    counts = ", ".join(counted(checkup.count(severity), str(severity)) for severity in Severity)
    return f"{counts}: " + ("training can begin" if checkup.sound else "training would fail or suffer; see the errors")
