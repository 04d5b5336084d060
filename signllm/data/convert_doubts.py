"""What a conversion says of a split beside its clips: doubts about what was found, and differences to other splits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from signllm.data.source import SourcePart
from signllm.data.store import Store
from signllm.data.store_split import PART
from signllm.pose.formats.conventions import UNKNOWN, Conventions


class ConvertedSplit(Protocol):
    """What is compared of a report."""

    split: str
    status: str
    source_scale: float
    sides_swapped: bool
    warnings: list[str]


def doubts_of(source: SourcePart, conventions: Conventions, has_counter: bool) -> list[str]:
    """Warnings about what was detected."""
    doubts, name = list(source.warnings), source.files[0].name
    low, high = conventions.scale_range
    if high > 1.25 * low:
        doubts.append(
            f"{name}: shoulder widths of clips range from {low:.4g} to {high:.4g} (5th to 95th percentile); one scale"
            f" ({conventions.scale:.4g}) is used for all, so sizes of signers will differ"
        )
    if has_counter and conventions.counter == UNKNOWN:
        doubts.append(f"{name}: the last column is no counter that is known (i/T, (i+1)/T or i/(T-1)); it is not used")
    if conventions.other_side_share > 0.1:
        doubts.append(
            f"{name}: in {conventions.other_side_share:.0%} of the clips the arms lie the other way round than"
            f" {'left' if conventions.sides_swapped else 'right'}-first; see --layout"
        )
    return doubts


def compare_splits(root: Path, language: str, reports: Sequence[ConvertedSplit]) -> None:
    """Warn where a split was read otherwise than the language's other splits in the store at `root`."""
    if not root.is_dir():
        return
    store = Store(root)
    infos = {name: store.split(language, name).info for name in store.folders(language)}
    for report in reports:
        for name, info in infos.items():
            if report.status != "converted" or name == report.split or "source_scale" not in info:
                continue
            if name.partition(PART)[2] != report.split.partition(PART)[2]:  # another source
                continue
            if abs(report.source_scale / info["source_scale"] - 1) > 0.02:
                report.warnings.append(
                    f"{report.split}: scale {report.source_scale:.4g}, but {info['source_scale']:.4g} in {name}"
                )
            if report.sides_swapped != info.get("sides_swapped", report.sides_swapped):
                report.warnings.append(
                    f"{report.split}: sides are swapped in one of {report.split}, {name} only; see --layout"
                )
