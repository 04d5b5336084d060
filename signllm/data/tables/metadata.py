"""The text of one pose file in a JSON file beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from signllm.data.tables.values import gloss_of, text_of
from signllm.errors import DataError
from signllm.fsutil import read_json

SPOKEN_NAMES = {
    "english": "en", "german": "de", "french": "fr", "italian": "it", "spanish": "es", "korean": "ko", "turkish": "tr",
}  # fmt: skip
_TEXT_KEYS, _GLOSS_KEYS = ("text", "sentence"), ("gloss", "glosses")


@dataclass(frozen=True)
class Metadata:
    """What the file says; `texts` by the code of the spoken language where it says the text in several."""

    path: Path
    text: str | None = None
    gloss: str | None = None
    texts: dict[str, str] = field(default_factory=dict)


def metadata_path(pose_file: Path) -> Path | None:
    """`x.json`, or for `x_original.pose` also `x_metadata.json`; None where there is none."""
    first = pose_file.stem.rpartition("_")[0]
    names = [f"{pose_file.stem}.json", f"{pose_file.stem}_metadata.json"] + [f"{first}_metadata.json"] * bool(first)
    return next((path for path in map(pose_file.with_name, names) if path != pose_file and path.is_file()), None)


def read_metadata(path: Path) -> Metadata:
    """`{"text" or "sentence": text, "gloss": text or list}`, or the same inside the object `sentence`.

    There the text is under the names of spoken languages in English, such as `german`. Raises DataError for another
    content, naming every value of another type; keys that are not known are passed over.
    """
    row = read_json(path)
    if not isinstance(row, dict):
        raise DataError(f'{path}: expected {{"text": ..., "gloss": ...}}')
    inner = row.get("sentence")
    row = inner if isinstance(inner, dict) else row
    faults: list[str] = []
    gloss = next((row[key] for key in _GLOSS_KEYS if key in row), None)
    gloss = gloss.get("gloss") if isinstance(gloss, dict) else gloss
    found = Metadata(
        path,
        text=next((text_of(row, key, str(path), faults) for key in _TEXT_KEYS if key in row), None),
        gloss=gloss_of({"gloss": gloss}, "gloss", str(path), faults),
        texts={code: text for name, code in SPOKEN_NAMES.items() if (text := text_of(row, name, str(path), faults))},
    )
    if faults:
        raise DataError(faults)
    return found
