"""As much of AsciiDoc as a rule's page needs: headings with anchors, listing blocks, labels and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from translator.source import Source, Span
from translator.sources._markdown import Item, Line, Section

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_HEADING = re.compile(r"(={2,6})[ \t]+(.*?)[ \t]*\Z")
_ANCHOR = re.compile(r"\[\[([^\[\],]+)(?:,[^\[\]]*)?\]\]\s*\Z")
#: Listing, literal, source and comment blocks; a block ends with the line that it began with.
_FENCE = re.compile(r"(-{4,}|\.{4,}|/{4,}|`{3,})[ \t]*\Z")
_FENCES = frozenset("-./`")
_LABEL = re.compile(r"\*([^*\s][^*]*)\*:[ \t]*(.*)\Z")
_ITEM = re.compile(r"(\*{1,5}|-)[ \t]+(.*)\Z")


def lines(source: Source) -> Iterator[Line]:
    """Every line of a text, told whether it is in a block, or a block's fence."""
    fence: str | None = None
    for found in _LINE.finditer(source.text):
        if found.start() == found.end() == len(source.text):
            return
        text = found[1]
        opening = _FENCE.match(text) if text[:1] in _FENCES else None
        code = fence is not None or opening is not None
        if fence is None and opening:
            fence = opening[1]
        elif fence is not None and opening and opening[1] == fence:
            fence = None
        yield Line(text, Span(found.start(1), found.end(1)), code)


def headings(of: Iterable[Line]) -> Iterator[tuple[int, Section]]:
    """The headings among the lines, each with its line's number and the anchor that stands above it."""
    anchor: str | None = None
    for at, line in enumerate(of):
        if line.code or line.text[:1] not in ("=", "["):
            anchor = anchor if not line.text.strip() else None
            continue
        if found := _HEADING.match(line.text):
            yield at, Section(len(found[1]), found[2], anchor, line, ())
        named = _ANCHOR.match(line.text)
        anchor = named[1] if named else None


def blocks(of: Iterable[Line]) -> Iterator[tuple[Line, tuple[Line, ...]]]:
    """The blocks among the lines: the opening fence, and the lines up to the closing one."""
    fence: Line | None = None
    held: list[Line] = []
    for line in of:
        if fence is None:
            fence, held = (line, []) if _FENCE.match(line.text) else (None, [])
        elif line.text.rstrip() == fence.text.rstrip():
            yield fence, tuple(held)
            fence = None
        else:
            held.append(line)
    if fence is not None:
        yield fence, tuple(held)


def label(line: Line) -> tuple[str, str, Span] | None:
    """Name, value and the value's place of a ``*Name*: value`` line, or None."""
    if line.code or not (found := _LABEL.match(line.text.rstrip())):
        return None
    start = line.span.start + found.start(2)
    return found[1].strip(), found[2], Span(start, line.span.start + found.end(2)) if found[2] else line.span


def items(of: Iterable[Line]) -> Iterator[Item]:
    """The list that the lines begin with (after blank ones), nested entries joined to their parents."""
    text, span, depth = "", Span(0, 0), 0
    for line in of:
        if line.code or not line.text.strip():
            if line.code and span.end:
                break
            continue
        found = _ITEM.match(line.text.rstrip())
        if found and (not span.end or len(found[1]) <= depth):
            if span.end:
                yield Item(text, span)
            text, span, depth = found[2], Span(line.span.start + found.start(2), line.span.end), len(found[1])
        elif span.end and (found or line.text.startswith((" ", "\t"))):
            text, span = f"{text} {found[2] if found else line.text.strip()}", span | line.span
        else:
            break
    if span.end:
        yield Item(text, span)
