"""What a file says, checked against the type that it should have: all faults at once, each with place and value."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from signllm.errors import SignLLMError

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

T = TypeVar("T")
_MOST_FAULTS, _MOST_CHARS = 8, 60


@cache
def adapter(kind: Any) -> TypeAdapter[Any]:
    """The checker of a type: a pydantic model, a dataclass, or any annotation. Made when first asked for."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def checked(
    kind: type[T], value: object, place: object, error: type[SignLLMError], remedy: str = "", strict: bool = True
) -> T:
    """`value` as a `kind`. Raises `error`, with what is wrong and `remedy`, where it is none.

    Types are exact, unless `strict` is false: then a dict makes a dataclass, and a text of digits a number.
    """
    from pydantic import ValidationError

    try:
        return adapter(cast(Hashable, kind)).validate_python(value, strict=strict)
    except ValidationError as found:
        raise error(faults_of(found, place, remedy)) from None


def faults_of(found: ValidationError, place: object, remedy: str = "") -> list[str]:
    """One line a fault, at most eight."""
    rows = found.errors(include_url=False, include_context=False)
    lines = [f"{place}: {_path(row['loc'])}{_said(row)}{'; ' if remedy else ''}{remedy}" for row in rows[:_MOST_FAULTS]]
    if len(rows) > _MOST_FAULTS:
        lines.append(f"{place}: and {len(rows) - _MOST_FAULTS} more faults")
    return lines


def _path(location: Sequence[int | str]) -> str:
    return ".".join(str(part)[:_MOST_CHARS] for part in location) + ": " * bool(location)


def _said(row: Any) -> str:
    if row["type"] == "missing":
        return "is not there"
    return f"{row['msg'][0].lower()}{row['msg'][1:]} (found {repr(row['input'])[:_MOST_CHARS]})"
