"""Pages from the Jinja2 templates beside this module; whatever comes from outside is escaped."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    return Environment(
        loader=PackageLoader("signllm.viewing", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: object) -> str:
    """The page of a template; raises jinja2.UndefinedError for a value that the template asks for and nobody gave."""
    return _environment().get_template(template).render(**values).lstrip()
