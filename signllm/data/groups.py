"""Dealing clips without splits to train and dev, so that nothing of dev is in train: signers, recordings, texts.

A rule says what may not be in both splits. Clips that share it make a group, and a group goes to dev by the hash of its
name: the same on every machine, and the same when clips are added. The strictest rule that meets the share is taken.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from signllm.data.source import ClipEntry
from signllm.data.texts import corpus_kind, normalised_text
from signllm.errors import DataError
from signllm.fsutil import file_sha256
from signllm.inputs import open_regular

BY_NAME = "name"
SIGNER, RECORDING, TEXT, COPY = "signer", "recording", "text", "copy"
LEAST_SIGNERS = 3
_WITHIN = (0.5, 2.0)  # of the share that is asked for
_BLOCK = 4096


@dataclass(frozen=True)
class Rule:
    """`apart`: what may not be in both splits. `recur`: every text of dev must be in train, too."""

    apart: tuple[str, ...]
    recur: bool = False


SENTENCES = (Rule((SIGNER, RECORDING, TEXT)), Rule((RECORDING, TEXT)), Rule((RECORDING,)))
WORDS = (Rule((SIGNER, RECORDING), recur=True), Rule((RECORDING,), recur=True), Rule((RECORDING,)))


@dataclass(frozen=True)
class Deal:
    """Which clips go to dev, the rule that dealt them ('name': each by its name alone), and what it is worth."""

    dev: frozenset[int]
    rule: str
    why: str


def hash_share(name: str) -> float:
    """A number from 0 to 1 that depends on the name only, evenly spread over names."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") / 2**64


def deal_clips(entries: Sequence[ClipEntry], held_out: float) -> Deal:
    """Deal clips to train and dev, of which about the share `held_out` should be dev."""
    alone = frozenset(n for n, entry in enumerate(entries) if hash_share(entry.name) < held_out)
    texts = [normalised_text(entry.text or "") for entry in entries]
    keys = {RECORDING: [entry.recording or entry.name for entry in entries], TEXT: texts, COPY: _copies(entries)}
    further = [[normalised_text(text) for text in entry.references] for entry in entries]
    if all(entry.signer for entry in entries) and len({entry.signer for entry in entries}) >= LEAST_SIGNERS:
        keys[SIGNER] = [entry.signer or "" for entry in entries]
    for rule in WORDS if corpus_kind(texts).is_words else SENTENCES:
        if held_out and set(rule.apart) <= keys.keys():
            dev = _dealt(rule, keys, further if TEXT in rule.apart else [], held_out)
            if _is_met(len(dev), len(entries), held_out):
                name = BY_NAME if dev == alone else ",".join(rule.apart)
                return Deal(dev, name, _why(rule.apart, dev, entries, texts))
    return Deal(alone, BY_NAME, _why((), alone, entries, texts))


def _dealt(rule: Rule, keys: dict[str, list[str]], further: list[list[str]], held_out: float) -> frozenset[int]:
    groups = _groups([keys[kind] for kind in (*rule.apart, COPY)], further, keys[rule.apart[0]])
    chosen = {name for name in groups if hash_share(name) < held_out}
    size = sum(len(group) for group in groups.values())
    if not _is_met(sum(len(groups[name]) for name in chosen), size, held_out):
        chosen = _nearest(groups, held_out * size)
    if rule.recur:
        chosen = _with_known_texts(groups, chosen, keys[TEXT])
    return frozenset(clip for name in chosen for clip in groups[name])


def _groups(
    keys: Sequence[Sequence[str]], further: Sequence[Sequence[str]], names: Sequence[str]
) -> dict[str, list[int]]:
    """Clips that share a key of any kind, or are joined by others that do, by the first of their `names`.

    `further`: of each clip more keys that may be like those of any kind, its further texts.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    clips, nodes = len(names), len(names)
    edges: list[tuple[int, int]] = []
    for kind in keys:
        node_of: dict[str, int] = {}
        told = [(clip, key) for clip, key in enumerate(kind) if key]
        told += [(clip, key) for clip, own in enumerate(further) for key in own]
        for clip, key in told:
            edges.append((clip, node_of.setdefault(key, nodes + len(node_of))))
        nodes += len(node_of)
    ends = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    graph = coo_array((np.ones(len(edges), np.int8), (ends[0], ends[1])), shape=(nodes, nodes))
    _, label_N = connected_components(graph, directed=False)
    members: dict[int, list[int]] = defaultdict(list)
    for clip in range(clips):
        members[int(label_N[clip])].append(clip)
    return {min(names[clip] for clip in group): group for group in members.values()}


def _is_met(dev: int, clips: int, held_out: float) -> bool:
    low, high = (factor * held_out * clips for factor in _WITHIN)
    return low <= dev <= high and dev < clips


def _nearest(groups: dict[str, list[int]], wanted: float) -> set[str]:
    """Groups in the order of their hashes, each that brings the number of clips nearer to the wanted one."""
    chosen, clips = set(), 0
    for name in sorted(groups, key=hash_share):
        if abs(clips + len(groups[name]) - wanted) < abs(clips - wanted):
            chosen.add(name)
            clips += len(groups[name])
    return chosen


def _with_known_texts(groups: dict[str, list[int]], chosen: set[str], texts: Sequence[str]) -> set[str]:
    """The chosen groups, without those that hold all clips of some text; the last by their hashes are let go first."""
    chosen = set(chosen)
    left = Counter(texts[clip] for name, group in groups.items() if name not in chosen for clip in group)
    for name in sorted(chosen, key=hash_share, reverse=True):
        own = [texts[clip] for clip in groups[name]]
        if any(not left[text] for text in own):
            chosen.remove(name)
            left.update(own)
    return chosen


def _why(apart: Sequence[str], dev: frozenset[int], entries: Sequence[ClipEntry], texts: Sequence[str]) -> str:
    """What the deal gives, in a sentence."""
    known = [kind for kind in apart if kind != RECORDING or any(entry.recording for entry in entries)]
    told = [f"{len(dev)} of {len(texts)} clips to dev ({len(dev) / max(1, len(texts)):.1%})"]
    if known:
        told.append(f"no {' or '.join(filter(None, [', '.join(known[:-1]), known[-1]]))} is in both splits")
    else:
        told.append("each clip by its own name")
    if TEXT not in apart:
        trained = {text for clip, text in enumerate(texts) if clip not in dev}
        new = sum(texts[clip] not in trained for clip in dev)
        told.append(f"{new} clips of dev have a text that train does not have" if new else "all texts of dev in train")
    return "; ".join(told)


def _copies(entries: Sequence[ClipEntry]) -> list[str]:
    """For each clip alone in its file what the file holds, where another file holds the same; else nothing.

    Files are read only as far as they are alike: their sizes, their ends, all of them.
    """
    files = Counter(entry.path for entry in entries)
    single = {clip: entry.path for clip, entry in enumerate(entries) if files[entry.path] == 1}
    alike = [list(single)]
    told: Callable[[Path], object]
    for told in (_size, _ends, file_sha256):
        alike = [same for group in alike for same in _same(group, single, told)]
    digests = [""] * len(entries)
    for group in alike:
        for clip in group:
            digests[clip] = entries[group[0]].name
    return digests


def _same(clips: Sequence[int], paths: dict[int, Path], told: Callable[[Path], object]) -> Iterator[list[int]]:
    """Those of the clips' files that are alike in what is told of them, two or more."""
    found: dict[object, list[int]] = defaultdict(list)
    for clip in clips:
        try:
            found[told(paths[clip])].append(clip)
        except (OSError, DataError):  # said where the clip is read
            continue
    yield from (group for group in found.values() if len(group) > 1)


def _size(path: Path) -> int:
    if not path.is_file():
        raise DataError(f"{path}: no file")
    return path.stat().st_size


def _ends(path: Path) -> bytes:
    with open_regular(path) as file:
        head = file.read(_BLOCK)
        file.seek(max(0, path.stat().st_size - _BLOCK))
        return head + file.read(_BLOCK)
