"""The clips that a judge did not learn from, as a store to train generators on: judge and generator stay disjoint."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from signllm.data.store import Store, StoreWriter
from signllm.errors import DataError
from signllm.judges.training_examples import choose_share


def write_rest_store(
    store: Store, languages: Sequence[str], split: str, share: float, share_seed: int, target: str | Path
) -> dict[str, int]:
    """Write the clips of `split` that a judge of this share and seed leaves to others, and copy the other splits whole.

    Returns the number of clips by language. Raises DataError when nothing is left, or `target` is the store itself.
    """
    target = Path(target)
    if target.resolve() == store.root.resolve():
        raise DataError(f"{target}: is the store that the judge learns from; name another folder for the rest")
    counts = {}
    for code in languages:
        source = store.split(code, split)
        _, left = choose_share(source.records, share, share_seed)
        if not left:
            raise DataError(f"{code}: a judge of share {share:g} leaves no clip of '{split}' to others; give less")
        facts = {key: source.info[key] for key in ("source", "demo") if key in source.info}
        judge = {"share": share, "seed": share_seed, "of": source.info["checksums"]}
        with StoreWriter(target, code, split, skeleton=source.skeleton, unit=source.unit) as writer:
            for index in left:
                writer.add(source.records[index], source.pose(index))
            writer.finish({**facts, "left_by_judge": judge})
        counts[code] = len(left)
        for other in store.splits(code):
            if other != split:
                _copy_split(store.root / code / other, target / code / other)
    return counts


def _copy_split(source: Path, target: Path) -> None:
    """Copy beside and rename, so that a split under its name is whole."""
    partial = target.with_name(f".{target.name}.copying")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(source, partial)
    shutil.rmtree(target, ignore_errors=True)
    os.replace(partial, target)
