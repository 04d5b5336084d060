"""Annotation files, one for each recording: subtitles (`.vtt`, `.srt`), ELAN (`.eaf`), and JSON of Korean corpora.

| file | a clip is | text, gloss |
|---|---|---|
| `.vtt`, `.srt` | a cue | its words; `x.en.vtt` and `x_de.srt` say their language |
| `.eaf` | an annotation of a tier of translations | that; the glosses of the tiers of signs below it |
| `x_morpheme.json` (AI Hub) | the recording | the names of its signs |
| `.json` with `krlgg_sntenc` (NIASL2021) | the recording | `koreanText`; the signs of the stronger hand |

Poses are found by the files' names without language or `_morpheme`, in any folder below the one that was opened. Where
lines begin with the letter of who signs (`A: ...`, tier `..._A`), as in the Public DGS Corpus, poses of his own camera
(`x_a1`) are taken where there are any.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from signllm.data.source import ClipEntry, Columns, FoundPart, Table
from signllm.data.tables.below import files_below
from signllm.data.tables.cues import Cue, elan_cues, subtitle_cues
from signllm.data.tables.pose_finder import PoseFinder
from signllm.data.tables.posed import PosedTable
from signllm.data.tables.rows import Row
from signllm.data.tables.table_file import parts_of
from signllm.errors import DataError
from signllm.fsutil import parse_json
from signllm.inputs import open_regular, read_whole
from signllm.languages import LANGUAGES
from signllm.packed import packed
from signllm.sampling import spread

_SUBTITLES, _ELAN, _JSON = (".vtt", ".srt"), ".eaf", ".json"
_MORPHEME = "_morpheme"
_SENTENCE = b'"krlgg_sntenc"'
_HEAD = 1 << 14
_SAMPLE = 16
_OF_A_CUE = dict.fromkeys(("file", "signer", "start_s", "end_s", "fps"))
_LANGUAGE = re.compile(r"(.+)[._-]([a-z]{2})(?:-[A-Za-z0-9]+)?")


def find(path: Path, columns: Columns) -> list[FoundPart]:
    """One part of all annotation files below the folder some of whose recordings have poses."""
    if not path.is_dir():
        return []
    files = [file for folder in files_below(path, (*_SUBTITLES, _ELAN, _JSON)) for file in _annotations_in(folder)]
    if not files:
        return []
    finder = PoseFinder(path)
    rows: dict[tuple[object, ...], Row] = {}
    for file in files:
        for where, row in _rows_of(file, columns):
            key = tuple(row.get(kind) for kind in _OF_A_CUE)
            if key in rows and (row.keys() & rows[key][1].keys()) - _OF_A_CUE.keys():
                key = (*key, str(file), len(rows))  # another text of the same time in the same language
            rows[key] = (where, {**rows[key][1], **row}) if key in rows else (where, row)
    found = packed(rows.values())
    poses = packed(_poses(row, finder) for _, row in found)
    if not any(pose is not None for pose in poses):
        return []
    return parts_of([PosedTable(files[0], found, poses, (), tuple(files[1:]))], columns, ())


def _annotations_in(files: list[Path]) -> list[Path]:
    """Those of a folder's files that annotate recordings; where none of a sample does, no other is looked into."""
    some = [files[index] for index in spread(len(files), _SAMPLE)]
    return [file for file in files if _annotates(file)] if any(map(_annotates, some)) else []


def _annotates(file: Path) -> bool:
    if file.suffix.lower() != _JSON:
        return True
    if file.stem.endswith(_MORPHEME):
        return True
    try:
        with open_regular(file) as head:
            return _SENTENCE in head.read(_HEAD)
    except DataError:
        return False


def _poses(row: Mapping[str, object], finder: PoseFinder) -> ClipEntry | None:
    """The poses of who signs, by the names that his camera has in the Public DGS Corpus, else the recording's."""
    name, who = str(row["file"]), str(row.get("signer", "")).rpartition("_")[2].lower()
    names = [f"{name}_{camera}" for camera in (f"{who}1", f"1{who}1", who)] if who else []
    return next((entry for word in (*names, name) if (entry := finder.of({"file": word})) is not None), None)


def _rows_of(file: Path, columns: Columns) -> Iterator[Row]:
    suffix = file.suffix.lower()
    if suffix == _JSON:
        yield str(file), _of_json(file)
        return
    name, language = _name_and_language(file.stem) if suffix in _SUBTITLES else (file.stem, None)
    cues = subtitle_cues(file) if suffix in _SUBTITLES else elan_cues(file)
    fps = {"fps": float(columns["fps"])} if columns.get("fps", "").replace(".", "", 1).isdecimal() else {}
    for number, cue in enumerate(cues, 1):
        times: dict[str, object] = {"file": name, "start_s": cue.start, "end_s": cue.end, **fps}
        yield f"{file}, cue {number}", times | _said(cue, name, language)


def _said(cue: Cue, name: str, language: str | None) -> dict[str, object]:
    words: dict[str, object] = {f"text {cue.language or language}" if cue.language or language else "text": cue.text}
    words |= {"gloss": cue.gloss} if cue.gloss else {}
    return words | ({"signer": f"{name}_{cue.signer}"} if cue.signer else {})


def _name_and_language(stem: str) -> tuple[str, str | None]:
    match = _LANGUAGE.fullmatch(stem)
    known = {language.spoken for language in LANGUAGES.values()}
    return (match.group(1), match.group(2)) if match and match.group(2) in known else (stem, None)


def _of_json(file: Path) -> dict[str, object]:
    """The recording's name, text and glosses. Raises DataError where they are not what such a file holds."""
    value = parse_json(read_whole(file), file)
    try:
        if file.stem.endswith(_MORPHEME):
            return {"file": file.stem.removesuffix(_MORPHEME), "gloss": _morphemes(value)}
        assert isinstance(value, dict)
        signs = value.get("sign_script", {}).get("sign_gestures_strong") or []
        gloss = " ".join(str(sign["gloss_id"]) for sign in sorted(signs, key=lambda sign: float(sign["start"])))
        text = {"text": str(value["krlgg_sntenc"]["koreanText"]).strip()}
        return {"file": file.stem, **text, **({"gloss": gloss} if gloss else {})}
    except (AssertionError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise DataError(f"{file}: not what a file of annotations holds ({type(error).__name__}: {error})") from None


def _morphemes(value: object) -> str:
    assert isinstance(value, dict)
    signs: Sequence[dict] = sorted(value["data"], key=lambda sign: float(sign["start"]))
    return " ".join(str(attribute["name"]) for sign in signs for attribute in sign["attributes"])


TABLE = Table(".vtt, .srt, .eaf or JSON annotations of recordings", find)
