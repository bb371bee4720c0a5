"""The only code that counts lines.

A query seldom is a file of its own: it sits in a code block of a page or in a string of a TOML file.
A `Source` knows where each of its characters came from, so every finding points into the original file.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

_LINE_END = re.compile(r"\r\n|\n|\r")

#: How much of a long line an excerpt shows, and how many carets below it.
_WIDTH = 120
_CARETS = 60


@dataclass(frozen=True, slots=True)
class Span:
    """Two offsets into a text, in code points; ``end`` is exclusive."""

    start: int
    end: int

    def __or__(self, other: Span) -> Span:
        return Span(min(self.start, other.start), max(self.end, other.end))


#: The span of a node that no text spelled.
NOWHERE = Span(0, 0)


@dataclass(frozen=True, slots=True)
class Location:
    """A place as editors show it: both numbers count from 1, columns in code points."""

    line: int
    column: int


@dataclass(frozen=True)
class Source:
    """A text with a name, and where it was cut from, if it was.

    ``positions[i]`` is the offset in ``outer`` of character ``i`` of ``text``; it has one entry more than
    ``text`` has characters, for the end. A verbatim cut is a `range`; a text that was unescaped is a list.
    ``first`` is the number of the text's first line: more than 1 for a line of a file that nobody holds whole.
    """

    text: str
    name: str = "<query>"
    outer: Source | None = field(default=None, repr=False)
    positions: Sequence[int] = field(default=(), repr=False, compare=False)
    first: int = field(default=1, kw_only=True)

    def cut(self, start: int, end: int) -> Source:
        """The text from ``start`` to ``end``, which still knows its place here."""
        return Source(self.text[start:end], self.name, self, range(start, end + 1))

    def spell(self, text: str, positions: Sequence[int]) -> Source:
        """``text`` as it reads once its escapes in this file are undone."""
        return Source(text, self.name, self, positions)

    @property
    def root(self) -> Source:
        """The file that this text was cut from, or the text itself."""
        return self if self.outer is None else self.outer.root

    def to_root(self, span: Span) -> Span:
        """``span`` of this text as a span of the original file."""
        if self.outer is None:
            return span
        last = len(self.positions) - 1
        start, end = (self.positions[min(at, last)] for at in (span.start, span.end))
        return self.outer.to_root(Span(start, max(start, end)))

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(end.end() for end in _LINE_END.finditer(self.text))]

    def locate(self, offset: int) -> Location:
        """Line and column of ``offset``, in this text (not in the file it was cut from)."""
        line = bisect_right(self._starts, offset)
        return Location(self.first + line - 1, offset - self._starts[line - 1] + 1)

    def line(self, number: int) -> str:
        """The text of a line, without its end."""
        index = number - self.first
        start = self._starts[index]
        end = self._starts[index + 1] if index + 1 < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r\n")

    def excerpt(self, span: Span) -> str:
        """The line where ``span`` starts, and carets below it (one line of each)."""
        at = self.locate(span.start)
        line = self.line(at.line)
        begin = at.column - 1
        length = max(1, min(span.end - span.start, len(line) - begin, _CARETS))
        cut = max(0, begin - _WIDTH // 2) if len(line) > _WIDTH else 0
        shown = line[cut : cut + _WIDTH]
        carets = "^" * max(1, min(length, len(shown) - (begin - cut)))
        # A tab stays a tab, so that the caret stands below its character whatever a tab's width.
        indent = "".join("\t" if char == "\t" else " " for char in shown[: begin - cut])
        return f"{_printable(shown)}\n{indent}{carets}"


def _printable(text: str) -> str:
    """Keep control characters and lone surrogates from reaching a terminal."""
    return "".join(char if char.isprintable() or char == "\t" else "\N{REPLACEMENT CHARACTER}" for char in text)
