"""Where clips come from: the splits of a data folder, each clip with its names and texts, and what is wrong with them.

Two layouts are read: `{split}.skels` with `.text`, `.files` and optionally `.gloss`, a clip a line; and
`<split>/<clip>/pose.json` with `text.txt` and optionally `gloss.txt` (see `signllm.pose.formats.clip_folder`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from signllm.errors import DataError, did_you_mean
from signllm.fsutil import read_lines
from signllm.pose.formats import clip_folder, skels
from signllm.pose.formats.conventions import RawClip

Loaded = tuple[RawClip | None, list[str]]


@dataclass(frozen=True)
class ClipEntry:
    """One clip of a source. `load()` reads it; `faults` are those of its names and texts, without the place."""

    id: str
    place: str
    load: Callable[[], Loaded]
    num_bytes: int
    text: str = ""
    gloss: str | None = None
    source: str | None = None
    faults: tuple[str, ...] = ()


@dataclass(frozen=True)
class SourceSplit:
    """One split as found on disk. `faults` make pairing clips with texts impossible and cannot be skipped.

    `held_out`: the share of clips dealt to dev, where the source has no splits of its own.
    """

    split: str
    files: tuple[Path, ...]
    entries: tuple[ClipEntry, ...]
    faults: tuple[str, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    held_out: float | None = None


def find_splits(data_dir: Path) -> dict[str, Callable[[int | None], SourceSplit]]:
    """Split name -> function that opens it (its argument: the most clips, or None for all), in the usual order.

    Raises DataError when there is no such folder, nothing to convert in it, or both layouts of one split.
    """
    if not data_dir.is_dir():
        raise DataError(f"{data_dir}: no such folder; --data_dir is the folder that holds train.skels, train.text, ...")
    lines = {path.stem: partial(_open_skels, path) for path in data_dir.glob("*.skels")}
    folders = {
        path.parent.parent.name: partial(_open_folders, path.parent.parent)
        for path in data_dir.glob(f"*/*/{clip_folder.POSE_FILE}")
    }
    for path in data_dir.glob(f"*/*/{clip_folder.TEXT_FILE}"):
        folders.setdefault(path.parent.parent.name, partial(_open_folders, path.parent.parent))
    both = sorted(set(lines) & set(folders))
    if both:
        raise DataError(
            [f"{data_dir}: both {name}.skels and clip folders in {name}/ are here; move one away" for name in both]
        )
    found = {**lines, **folders}
    if not found:
        raise DataError(
            f"{data_dir}: nothing to convert; expected {{split}}.skels with {{split}}.text and {{split}}.files, or"
            f" {{split}}/{{clip}}/{clip_folder.POSE_FILE} with {clip_folder.TEXT_FILE}, or manifest.json with"
            " motion/{id}.npz, or clips.npz, or landmarks/{word}.json"
        )
    usual = ("train", "dev", "test")
    order = sorted(found, key=lambda name: (usual.index(name) if name in usual else len(usual), name))
    return {name: found[name] for name in order}


def choose_splits(
    data_dir: Path, found: dict[str, Callable[[int | None], SourceSplit]], wanted: list[str] | None
) -> dict[str, Callable[[int | None], SourceSplit]]:
    """Of the splits `found` those in `wanted` (all when None); DataError names every one that is not there."""
    if wanted is None:
        return found
    missing = [
        f"{data_dir}: no split '{name}'{did_you_mean(name, found)}; there are: {', '.join(found)}"
        for name in wanted
        if name not in found
    ]
    if missing:
        raise DataError(missing)
    return {name: found[name] for name in dict.fromkeys(wanted)}


def clip_id(name: str, split: str) -> str:
    """The clip's id: its name in `.files` without a leading `<split>/`."""
    return name.removeprefix(f"{split}/")


def _open_skels(path: Path, most: int | None) -> SourceSplit:
    """Pair the lines of `{split}.skels` with those of its sibling files."""
    split = path.stem
    faults: list[str] = []
    spans = skels.line_spans(path)
    columns: dict[str, list[str] | None] = {}
    for suffix in (".text", ".files", ".gloss"):
        sibling = path.with_suffix(suffix)
        columns[suffix] = None
        if sibling.is_file():
            try:
                columns[suffix] = read_lines(sibling)
            except DataError as error:
                faults += error.faults
        elif suffix != ".gloss":
            faults.append(f"{sibling}: no such file; every clip needs a line in it")
    rows: dict[str, list] = {".skels": spans} | {key: rows for key, rows in columns.items() if rows is not None}
    _drop_blank_ends(path, rows)
    if not rows[".skels"]:
        faults.append(f"{path}: the file holds no clip")
    if len({len(row) for row in rows.values()}) > 1:
        counts = ", ".join(f"{split}{suffix} {len(row)}" for suffix, row in rows.items())
        faults.append(
            f"{path.parent}: files of {split} have different numbers of lines: {counts}; a clip is one line in each"
        )
        rows = {".skels": rows[".skels"]}
    entries = _skels_entries(path, rows, most)
    files = tuple(path.with_suffix(suffix) for suffix in (".skels", ".text", ".files", ".gloss"))
    return SourceSplit(split, tuple(f for f in files if f.is_file()), entries, tuple(faults))


def _drop_blank_ends(path: Path, rows: dict[str, list]) -> None:
    """Cut blank lines at the end of a file that is longer than the shortest of its siblings."""
    shortest = min(len(row) for row in rows.values())
    for suffix, row in rows.items():
        while len(row) > shortest:
            last = skels.read_span(path, row[-1]) if suffix == ".skels" else row[-1]
            if last.strip():
                break
            row.pop()


def _skels_entries(path: Path, rows: dict[str, list], most: int | None) -> tuple[ClipEntry, ...]:
    split, entries, seen = path.stem, [], {}
    for index, span in enumerate(rows[".skels"][:most]):
        number = index + 1
        name = rows[".files"][index] if ".files" in rows else ""
        faults = []
        if ".files" in rows and not name:
            faults.append(f"no name: line {number} of {split}.files is empty")
        if ".text" in rows and not rows[".text"][index]:
            faults.append(f"no text: line {number} of {split}.text is empty")
        identity = clip_id(name, split)
        if identity and identity in seen:
            faults.append(f"the name already stands in line {seen[identity]} of {split}.files")
        seen.setdefault(identity, number)
        entries.append(
            ClipEntry(
                id=identity,
                place=f"{path.name}:{number}" + (f" (clip {identity})" if identity else ""),
                load=partial(load_line, path, span),
                num_bytes=span[1] - span[0],
                text=rows[".text"][index] if ".text" in rows else "",
                gloss=(rows[".gloss"][index] or None) if ".gloss" in rows else None,
                source=name or None,
                faults=tuple(faults),
            )
        )
    return tuple(entries)


def load_line(path: Path, span: tuple[int, int]) -> Loaded:
    """Read one line of a `.skels` file."""
    return skels.parse_line(skels.read_span(path, span))


def _open_folders(folder: Path, most: int | None) -> SourceSplit:
    """Clip folders in alphabetical order; a folder with neither file is not a clip."""
    entries, files = [], []
    for clip in sorted(p for p in folder.iterdir() if p.is_dir()):
        pose_file, text_file, gloss_file = (
            clip / name for name in (clip_folder.POSE_FILE, clip_folder.TEXT_FILE, clip_folder.GLOSS_FILE)
        )
        if not pose_file.is_file() and not text_file.is_file():
            continue
        if most is not None and len(entries) == most:
            break
        texts, faults = {}, []
        for path, needed in ((text_file, True), (gloss_file, False)):
            if path.is_file():
                try:
                    texts[path] = " ".join(line for line in read_lines(path) if line)
                except DataError as error:
                    faults += error.faults
            if needed and not texts.get(path) and not faults:
                faults.append(f"no text: {path.name} is empty or not there")
        files += [path for path in (pose_file, text_file, gloss_file) if path.is_file()]
        entries.append(
            ClipEntry(
                id=clip.name,
                place=f"{folder.name}/{clip.name}/{clip_folder.POSE_FILE}",
                load=partial(clip_folder.read_raw, clip),
                num_bytes=pose_file.stat().st_size if pose_file.is_file() else 0,
                text=texts.get(text_file, ""),
                gloss=texts.get(gloss_file) or None,
                source=f"{folder.name}/{clip.name}",
                faults=tuple(faults),
            )
        )
    return SourceSplit(folder.name, tuple(files), tuple(entries))
