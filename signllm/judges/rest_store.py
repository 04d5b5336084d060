"""The clips that a judge did not learn from, as a store to train generators on: judge and generator stay disjoint."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import orjson

from signllm.data.store import Store, StoreWriter, hold_splits
from signllm.data.store_split import split_of_folder
from signllm.errors import DataError
from signllm.fsutil import replace_folder
from signllm.judges.training_examples import choose_share
from signllm.outputs import writing


def write_rest_store(
    store: Store, languages: Sequence[str], split: str, share: float, share_seed: int, target: str | Path
) -> dict[str, int]:
    """Write the clips of `split` that a judge of this share and seed leaves to others, and copy the other splits whole.

    Returns the number of clips by language. Raises DataError when nothing is left, or `target` is the store itself,
    LockedError where another process writes it.
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
        mark = orjson.dumps([code, split, judge], option=orjson.OPT_SORT_KEYS).decode()
        with StoreWriter(target, code, split, mark, source.skeleton, source.unit) as writer:
            for index in (index for index in left if source.records[index].id not in writer.done):
                writer.add(source.records[index], source.pose(index))
            writer.finish({**facts, "left_by_judge": judge})
        counts[code] = len(left)
        for other in store.folders(code):
            if split not in (other, split_of_folder(other)):
                _copy_split(store.root / code / other, target / code / other)
    return counts


def _copy_split(source: Path, target: Path) -> None:
    """Copy beside and rename, so that a split under its name is whole."""
    with hold_splits(target.parents[1], [(target.parent.name, target.name)]), writing(target):
        partial = target.with_name(f".{target.name}.copying")
        shutil.rmtree(partial, ignore_errors=True)
        shutil.copytree(source, partial)
        replace_folder(partial, target)
