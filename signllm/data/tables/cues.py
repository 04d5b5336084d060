"""What is said from when to when in a recording: cues of subtitles, and annotations of ELAN."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from signllm.data.tables.values import clock_seconds
from signllm.errors import DataError
from signllm.fsutil import read_bytes, read_text

_TIMES = re.compile(r"\s*([\d:.,]+)\s*-->\s*([\d:.,]+).*")
_TAG = re.compile(r"<[^>]*>|\{\\[^}]*\}")
_WHO = re.compile(r"([A-Z]):\s+(.+)", re.DOTALL)
_SPEAKER_MARK = re.compile(r"^(>>|-)\s*")
_TEXT_TIER = re.compile("transl|übersetz|uebersetz|ubersetz|tradu|sentence|satz|phrase|utterance", re.IGNORECASE)
_GLOSS_TIER = re.compile("gloss|lexem|glosa|gebärde|gebaerde|sign", re.IGNORECASE)
_TIER_WHO = re.compile(r".*[_\s]([A-Z])")
_TIER_LANGUAGE = {"deutsch": "de", "german": "de", "english": "en", "englisch": "en", "franç": "fr", "french": "fr"}


@dataclass(frozen=True)
class Cue:
    """A text from `start` to `end` in seconds; its glosses, who signs it and its spoken language where that is said."""

    start: float
    end: float
    text: str
    gloss: str | None = None
    signer: str | None = None
    language: str | None = None


def subtitle_cues(file: Path) -> Iterator[Cue]:
    """The cues of a `.vtt` or `.srt` file, without tags and empty ones. Raises DataError for a time that is none."""
    times: tuple[float, float] | None = None
    words: list[str] = []
    lines = read_text(file).split("\n")
    for number, line in enumerate([*lines, ""], 1):
        match = _TIMES.fullmatch(line)
        if match:
            yield from _cue(times, words[:-1] if words and words[-1].isdecimal() else words)
            start, end = (clock_seconds(word) for word in match.groups())
            if start is None or end is None:
                raise DataError(f"{file}:{number}: '{line.strip()[:60]}' holds no times such as 00:01:02.500")
            times, words = (start, end), []
        elif line.strip():
            words.append(line.strip())
        else:
            yield from _cue(times, words)
            times, words = None, []


def _cue(times: tuple[float, float] | None, words: Sequence[str]) -> Iterator[Cue]:
    text = " ".join(" ".join(html.unescape(_TAG.sub("", word)) for word in words).split())
    text = _SPEAKER_MARK.sub("", text)
    if times is None or not text or not times[0] < times[1]:
        return
    who = _WHO.fullmatch(text)
    yield Cue(*times, who.group(2) if who else text, signer=who.group(1) if who else None)


def elan_cues(file: Path) -> list[Cue]:
    """The annotations of the tiers of translations, with the glosses that begin during each.

    Without such tiers the glosses themselves are the texts. Raises DataError for what is no ELAN document.
    """
    tiers = _tiers(file)
    texts = {name: rows for name, rows in tiers.items() if _TEXT_TIER.search(name) and rows}
    glosses = {name: rows for name, rows in tiers.items() if name not in texts and _GLOSS_TIER.search(name) and rows}
    if not texts and not glosses:
        raise DataError(
            f"{file}: none of its tiers is one of translations or signs by its name; there are: {', '.join(tiers)}"
        )
    cues = []
    for name, rows in (texts or glosses).items():
        who = match.group(1) if (match := _TIER_WHO.fullmatch(name)) else None
        language = next((code for word, code in _TIER_LANGUAGE.items() if word in name.casefold()), None)
        own = _glosses_of(who, glosses) if texts else []
        for start, end, text in rows:
            gloss = " ".join(word for first, _, word in own if start <= first < end) or None
            cues.append(Cue(start, end, text, gloss if texts else text, who, language if texts else None))
    return sorted(cues, key=lambda cue: (cue.start, cue.end))


Annotation = tuple[float, float, str]


def _glosses_of(who: str | None, tiers: dict[str, list[Annotation]]) -> list[Annotation]:
    """The signs of one person in order of time; a sign of both hands, which stands in a tier of each, comes once."""
    mine = [rows for name, rows in tiers.items() if who is None or _tier_of(who, name)]
    return sorted(dict.fromkeys(row for rows in mine for row in rows))


def _tier_of(who: str, name: str) -> bool:
    match = _TIER_WHO.fullmatch(name)
    return match is not None and match.group(1) == who


def _tiers(file: Path) -> dict[str, list[Annotation]]:
    """(start, end in seconds, value) of the annotations of each tier that have times; those of others take their
    parent's."""
    data = read_bytes(file)
    if b"<!ENTITY" in data or b"<!DOCTYPE" in data:
        raise DataError(f"{file}: it declares entities, which no ELAN document does; it is not opened")
    try:
        root = ElementTree.fromstring(data)
    except ElementTree.ParseError as error:
        raise DataError(f"{file}: not an ELAN document ({error})") from None
    slots = {slot.get("TIME_SLOT_ID"): slot.get("TIME_VALUE") for slot in root.iter("TIME_SLOT")}
    times: dict[str | None, tuple[float, float]] = {}
    for node in root.iter("ALIGNABLE_ANNOTATION"):
        first, last = (slots.get(node.get(f"TIME_SLOT_REF{n}")) for n in (1, 2))
        if first and last and first.isdecimal() and last.isdecimal() and int(first) < int(last):
            times[node.get("ANNOTATION_ID")] = int(first) / 1000, int(last) / 1000
    for node in root.iter("REF_ANNOTATION"):
        if node.get("ANNOTATION_REF") in times:
            times[node.get("ANNOTATION_ID")] = times[node.get("ANNOTATION_REF")]
    return {
        str(tier.get("TIER_ID")): [
            (*times[node.get("ANNOTATION_ID")], value)
            for kind in ("ALIGNABLE_ANNOTATION", "REF_ANNOTATION")
            for node in tier.iter(kind)
            if node.get("ANNOTATION_ID") in times and (value := (node.findtext("ANNOTATION_VALUE") or "").strip())
        ]
        for tier in root.iter("TIER")
    }
