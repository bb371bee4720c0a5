"""The page's HTML, style and script, and the only code that knows Jinja.

Every value is escaped, since a rule's title, query and events are whatever somebody wrote.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

__all__ = ["Markup", "hash_of", "pieces", "rendered", "text_of", "verbatim"]

#: White space that is shown as it is; other characters that cannot be seen are replaced, or they could hide something.
_WHITE = "\t\n\r\N{NO-BREAK SPACE}"

#: How many of the small pieces that Jinja gives are written at once.
_TOGETHER = 500

_LINE_ENDS = re.compile(r"(?<=[\t\n\r])")


def rendered(name: str, **values: Any) -> Markup:
    """A template with its values in it."""
    return verbatim(_environment().get_template(name).render(**values))


def pieces(name: str, **values: Any) -> Iterator[str]:
    """A template as it is written, piece by piece."""
    stream = _environment().get_template(name).stream(**values)
    stream.enable_buffering(_TOGETHER)
    yield from stream


def verbatim(text: str) -> Markup:
    """Text of our own, which is HTML already."""
    return Markup(text)


def text_of(name: str) -> str:
    """A file of this folder."""
    return resources.files(__name__).joinpath(name).read_text("utf-8")


def hash_of(text: str) -> str:
    """What a Content-Security-Policy calls a script or style that the page holds."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8')).digest()).decode('ascii')}"


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(text_of),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_plain,
    )
    environment.globals["plural"] = _plural
    environment.filters["content"] = _content
    return environment


def _plural(count: int, one: str, many: str | None = None) -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


#: What ends a text between two tags. A quote does not, and JSON would be half quotes.
_IN_CONTENT = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


def _content(text: str) -> Markup:
    """Text that stands between two tags, never in an attribute."""
    return verbatim(str(_plain(text)).translate(_IN_CONTENT))


def _plain(value: Any) -> Any:
    """Text without the characters that a page cannot hold, or that nobody sees."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isprintable():
        return value
    return "".join(
        part if part.rstrip(_WHITE).isprintable() else "".join(map(_seen, part)) for part in _LINE_ENDS.split(value)
    )


def _seen(char: str) -> str:
    return char if char.isprintable() or char in _WHITE else "\N{REPLACEMENT CHARACTER}"
