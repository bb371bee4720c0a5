"""What a regular expression says: characters, and how they follow one another.

Letter case, classes such as ``\\d`` and the flags are resolved when an expression is read, so a tree has one meaning
whoever writes it or runs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

#: The last code point.
LAST = 0x10FFFF

#: First and last code point of a run of characters.
Range: TypeAlias = tuple[int, int]


class At(Enum):
    """A place between two characters."""

    START = "the start of the text"
    END = "the end of the text"
    LINE_START = "the start of a line"
    LINE_END = "the end of a line"
    BORDER = "a word border"
    INSIDE = "no word border"


@dataclass(frozen=True, slots=True)
class Chars:
    """One character of ``ranges``, which are sorted and do not touch. No range: none at all."""

    ranges: tuple[Range, ...]


@dataclass(frozen=True, slots=True)
class Edge:
    """No character: the place itself."""

    at: At


@dataclass(frozen=True, slots=True)
class Row:
    """All of ``items``, one behind the other. No item: the empty text."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of ``items``."""

    items: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """``item``, from ``least`` to ``most`` times; None is without end."""

    item: Tree
    least: int
    most: int | None


Tree: TypeAlias = Chars | Edge | Row | Choice | Repeat

EMPTY = Row(())
ANYTHING = Repeat(Chars(((0, LAST),)), 0, None)

DIGIT = ((48, 57),)
WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
#: As RE2 has it: no vertical tab.
SPACE = ((9, 10), (12, 13), (32, 32))
NEWLINE = ((10, 10),)


def row(items: Iterable[Tree]) -> Tree:
    """``items`` behind one another, rows among them opened; one alone stays what it is."""
    flat: list[Tree] = []
    for item in items:
        if isinstance(item, Row):
            flat.extend(item.items)
        else:
            flat.append(item)
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def choice(items: Sequence[Tree]) -> Tree:
    """One of ``items``; one alone stays what it is."""
    return items[0] if len(items) == 1 else Choice(tuple(items))


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same characters, sorted and without overlaps."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return tuple(found)


def others(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """All characters but these."""
    return tuple(_gaps(merged(ranges)))


def _gaps(ranges: Iterable[Range]) -> Iterator[Range]:
    start = 0
    for low, high in ranges:
        if start < low:
            yield start, low - 1
        start = high + 1
    if start <= LAST:
        yield start, LAST


def has_edges(tree: Tree) -> bool:
    """Whether the tree asks where in the text it is."""
    pending = [tree]
    while pending:
        match pending.pop():
            case Edge():
                return True
            case Row(items) | Choice(items):
                pending.extend(items)
            case Repeat(item):
                pending.append(item)
            case Chars():
                pass
    return False
