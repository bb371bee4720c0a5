"""Lines of a page, and what is told of them whatever the markup: which are code, labels, entries of lists."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from translator.source import Source, Span

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line without its end. ``code`` is true in a code block and on its fences."""

    text: str
    span: Span
    code: bool = False


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the lines below it, up to the next heading that was asked for."""

    level: int
    title: str
    anchor: str | None
    line: Line
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a list, its continuation lines joined."""

    text: str
    span: Span


def lines(source: Source, fence: Callable[[str], str | None], closes: Callable[[str, str], bool]) -> Iterator[Line]:
    """Every line of a text, told whether it is code. A block whose end is missing goes on to the end of the text.

    ``fence`` gives what a line opens a block with; ``closes`` says whether a line ends the block that began so.
    """
    opened: str | None = None
    for found in _LINE.finditer(source.text):
        if found.start() == found.end() == len(source.text):
            return
        opening = fence(found[1])
        code = opened is not None or opening is not None
        if opened is None:
            opened = opening
        elif opening is not None and closes(found[1], opened):
            opened = None
        yield Line(found[1], Span(found.start(1), found.end(1)), code)


def label(line: Line, shape: re.Pattern[str]) -> tuple[str, str, Span] | None:
    """Name, value and the value's place of a line with a label, or None. ``shape`` has groups for name and value."""
    if line.code or not (found := shape.match(line.text.rstrip())):
        return None
    start = line.span.start + found.start(2)
    return found[1].strip(), found[2], Span(start, line.span.start + found.end(2)) if found[2] else line.span


def items(of: Iterable[Line], shape: re.Pattern[str], *, indented: bool) -> Iterator[Item]:
    """The list that the lines begin with (after blank ones), nested entries joined to their parents.

    ``shape`` has groups for what tells an entry's depth, by its length, and for its text. ``indented`` says that only
    an indented line can belong to the entry above it.
    """
    text, span, depth = "", Span(0, 0), 0
    for line in of:
        if line.code or not line.text.strip():
            if line.code and span.end:
                break
            continue
        found = shape.match(line.text.rstrip())
        if found and (not span.end or len(found[1]) <= depth):
            if span.end:
                yield Item(text, span)
            text, span, depth = found[2], Span(line.span.start + found.start(2), line.span.end), len(found[1])
        elif span.end and ((found and not indented) or line.text.startswith((" ", "\t"))):
            text, span = f"{text} {found[2] if found else line.text.strip()}", span | line.span
        else:
            break
    if span.end:
        yield Item(text, span)
