"""As much of AsciiDoc as a rule's page needs: headings with anchors, listing blocks, labels and lists."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from translator.source import Source, Span
from translator.sources import _lines
from translator.sources._lines import Item, Line, Section

_HEADING = re.compile(r"(={2,6})[ \t]+(.*?)[ \t]*\Z")
_ANCHOR = re.compile(r"\[\[([^\[\],]+)(?:,[^\[\]]*)?\]\]\s*\Z")
#: Listing, literal, source and comment blocks; a block ends with the line that it began with.
_FENCE = re.compile(r"(-{4,}|\.{4,}|/{4,}|`{3,})[ \t]*\Z")
_FENCES = frozenset("-./`")
_LABEL = re.compile(r"\*([^*\s][^*]*)\*:[ \t]*(.*)\Z")
_ITEM = re.compile(r"(\*{1,5}|-)[ \t]+(.*)\Z")


def lines(source: Source) -> Iterator[Line]:
    """Every line of a text, told whether it is in a block, or a block's fence."""
    return _lines.lines(source, _fence, lambda text, fence: _fence(text) == fence)


def _fence(text: str) -> str | None:
    found = _FENCE.match(text) if text[:1] in _FENCES else None
    return found[1] if found else None


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
    return _lines.label(line, _LABEL)


def items(of: Iterable[Line]) -> Iterator[Item]:
    """The list that the lines begin with; a deeper entry has more stars."""
    return _lines.items(of, _ITEM, indented=False)
