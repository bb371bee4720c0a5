"""As much of Markdown as a rule's page needs: headings, code blocks, labels, lists and links, each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from translator.source import Source, Span

_LINE = re.compile(r"([^\r\n]*)(\r\n|\n|\r|\Z)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.*)\Z")
_ANCHOR = re.compile(r"\[([^\[\]\s]+)\]\Z")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})([^`]*)\Z")
_LABEL = re.compile(r"\*\*([^*:]+)(?:\*\*[ \t]*:|:[ \t]*\*\*)[ \t]*(.*)\Z")
_ITEM = re.compile(r"([ \t]*)[*+-][ \t]+(.*)\Z")
_LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\[\]]*\])*)\]\(([^()\s]*(?:\([^()]*\)[^()\s]*)*)[^()]*\)")
_WHOLE_LINK = re.compile(r"\[(.*)\]\((\S*)(?: .*)?\)\Z")


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


def lines(source: Source) -> Iterator[Line]:
    """Every line of a text, told whether it is code. A block whose end is missing goes on to the end of the text."""
    fence: str | None = None
    for found in _LINE.finditer(source.text):
        if found.start() == found.end() == len(source.text):
            return
        text = found[1]
        opening = _FENCE.match(text)
        code = fence is not None or opening is not None
        if fence is None and opening:
            fence = opening[1]
        elif fence is not None and opening and opening[1].startswith(fence) and not opening[2].strip():
            fence = None
        yield Line(text, Span(found.start(1), found.end(1)), code)


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
        elif span.end and line.text.startswith((" ", "\t")):
            text, span = f"{text} {(found[2] if found else line.text.strip())}", span | line.span
        else:
            break
    if span.end:
        yield Item(text, span)


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
