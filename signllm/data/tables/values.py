"""Values of tables, whose types are checked: null, numbers and lists are no texts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from signllm.data.names import composed


def text_of(row: Mapping[str, object], key: str, where: str, faults: list[str]) -> str | None:
    """The text under `key`, None where it is empty or not there; other types are put into `faults`."""
    value = row.get(key, "")
    if not isinstance(value, str):
        faults.append(f"{where}: {key} is {_shown(value)}, expected text")
        return None
    return value.strip() or None


def texts_of(row: Mapping[str, object], where: str, faults: list[str]) -> tuple[str, ...]:
    """The different texts under `text` and `texts`, which may hold lists; other types are put into `faults`."""
    more = [item for item in _flat(row.get("texts")) if item is not None]
    first = [item for item in _flat(row["text"]) if item is not None or not more]
    texts = [text_of({"text": item}, "text", where, faults) for item in (*first, *more)]
    return tuple(dict.fromkeys(composed(text) for text in texts if text))


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def gloss_of(row: Mapping[str, object], key: str, where: str, faults: list[str]) -> str | None:
    """Glosses with blanks between them, of a text or a list of texts; null means none."""
    value = row.get(key)
    if isinstance(value, list):
        wrong = [item for item in value if not isinstance(item, str)]
        if wrong:
            faults.append(f"{where}: {key} holds {_shown(wrong[0])}, expected words")
            return None
        return " ".join(value).strip() or None
    return None if value is None else text_of(row, key, where, faults)


_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d{1,2}(?:[.,]\d+)?)")


def clock_seconds(value: object) -> float | None:
    """The seconds of a time such as '00:01:02.500', '1:02' or '00:01:02,500'; None for anything else."""
    match = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return 3600 * int(hours or 0) + 60 * int(minutes) + float(seconds.replace(",", "."))


def number_of(row: Mapping[str, object], key: str, where: str, faults: list[str]) -> float | None:
    """The number under `key`, 0 or more; None where it is empty or not there."""
    value = row.get(key)
    if value is None or value == "":
        return None
    try:
        number = float(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        faults.append(f"{where}: {key} is {_shown(value)}, expected a number from 0 on")
        return None
    return number


def _shown(value: object) -> str:
    return "null" if value is None else repr(value)[:60]
