"""As much of Markdown as a rule's page needs: headings, code blocks, labels, lists and links, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from translator.source import Source, Span
from translator.sources import _lines
from translator.sources._lines import Item, Line, Section

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)\Z")
_ANCHOR = re.compile(r"\[([^\[\]\s]+)\]\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)\Z")
_LABEL = re.compile(r"\*\*([^*:]+)(?:\*\*[ \t]*:|:[ \t]*\*\*)[ \t]*(.*)\Z")
_ITEM = re.compile(r"([ \t]*)[*+-][ \t]+(.*)\Z")
_LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]*(?:\([^()]*\)[^()\s]*)*)[^()]*\)")
_WHOLE_LINK = re.compile(r"\[(.*)\]\((\S*)(?: .*)?\)\Z")


def lines(source: Source) -> Iterator[Line]:
    """Every line of a text, told whether it is code."""
    return _lines.lines(source, _fence, _closes)


def _fence(text: str) -> str | None:
    found = _FENCE.match(text)
    return found[1] if found else None


def _closes(text: str, fence: str) -> bool:
    found = _FENCE.match(text)
    return found is not None and found[1].startswith(fence) and not found[2].strip()


def heading(line: Line) -> Section | None:
    """The line as the head of a section without lines, or None."""
    if line.code or not (found := _HEADING.match(line.text)):
        return None
    title = found[2].strip()
    anchor = _ANCHOR.search(title)
    return Section(
        len(found[1]), title[: anchor.start()].rstrip() if anchor else title, anchor[1] if anchor else None, line, ()
    )


def blocks(of: Iterable[Line]) -> Iterator[tuple[Line, tuple[Line, ...]]]:
    """The code blocks among the lines: the opening fence, and the lines up to the closing one."""
    fence: Line | None = None
    held: list[Line] = []
    for line in of:
        if not (line.code or fence):
            continue
        opening = _FENCE.match(line.text)
        if fence is None:
            fence, held = (line, []) if opening else (None, [])
        elif opening and opening[1].startswith((_FENCE.match(fence.text) or opening)[1]) and not opening[2].strip():
            yield fence, tuple(held)
            fence = None
        else:
            held.append(line)
    if fence is not None:
        yield fence, tuple(held)


def label(line: Line) -> tuple[str, str, Span] | None:
    """Name, value and the value's place of a ``**Name**: value`` line, or None."""
    return _lines.label(line, _LABEL)


def items(of: Iterable[Line]) -> Iterator[Item]:
    """The list that the lines begin with; a deeper entry is indented."""
    return _lines.items(of, _ITEM, indented=True)


def address(text: str) -> str:
    """The URL of a reference. A page generator may mangle a link's target, but not the URL that it shows."""
    found = _WHOLE_LINK.match(text)
    if not found:
        return text.strip("<>")
    return found[1] if "://" in found[1] or "://" not in found[2] else found[2]


def plain(text: str) -> str:
    """``text`` on one line, without its emphasis and its links' targets."""
    shown = _LINK.sub(lambda link: link[1], text)
    return " ".join(re.sub(r"\*\*(\S(?:[^*]*\S)?)\*\*", r"\1", shown).split())
