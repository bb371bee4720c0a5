"""Texts that stand in quotes, and how the file that holds them spells one.

So a query can be written anew inside its file: the file's language escapes what it must, and chooses another kind of
string where its own cannot hold the text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from translator.errors import Code, refuse
from translator.source import NOWHERE, Source, Span


class Quoting(Protocol):
    """A way of writing strings."""

    def spell(self, text: str, newline: str) -> str | None:
        """``text`` with quotes and escapes, or None where the language cannot write it.

        Raw line ends are ``newline``.
        """


@dataclass(frozen=True)
class Quoted(Source):
    """What a string says. ``literal`` is its place in ``outer``, quotes and all."""

    literal: Span = NOWHERE
    quoting: Quoting | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Edit:
    """The whole of ``source`` is to read ``text``."""

    source: Source
    text: str


def rewritten(edits: Iterable[Edit], newline: str) -> str:
    """The text of the file that all ``edits`` lie in, with these parts changed and every other character kept.

    Line ends that a string may hold as they are become ``newline``. A text inside a string inside a string is spelled
    twice. Raises TranslatorError where a string cannot hold its new text, or where nothing tells how its file spells
    strings.
    """
    pending = list(edits)
    while inner := [edit for edit in pending if edit.source.outer is not None]:
        deepest = max(_depth(edit.source) for edit in inner)
        lifted: dict[int, tuple[Source, list[tuple[Span, str]]]] = {}
        kept = [edit for edit in pending if _depth(edit.source) < deepest]
        for edit in inner:
            if _depth(edit.source) == deepest and edit.source.outer is not None:
                lifted.setdefault(id(edit.source.outer), (edit.source.outer, []))[1].append(_spelled(edit, newline))
        pending = [*kept, *(Edit(outer, _spliced(outer.text, changes)) for outer, changes in lifted.values())]
    (whole,) = pending
    return whole.text


def _depth(source: Source) -> int:
    return 0 if source.outer is None else 1 + _depth(source.outer)


def _spelled(edit: Edit, newline: str) -> tuple[Span, str]:
    """The place of an edit in the text around it, and what is to stand there."""
    source = edit.source
    if isinstance(source, Quoted) and source.quoting is not None:
        spelled = source.quoting.spell(edit.text, newline)
        if spelled is None:
            raise refuse(
                Code.UNREADABLE,
                "The string cannot hold the new text.",
                source,
                Span(0, 1),
                "write the characters that stand for half a character in full",
            )
        return source.literal, spelled
    if isinstance(source.positions, range):
        return Span(source.positions[0], source.positions[-1]), edit.text
    raise refuse(
        Code.UNREADABLE,
        "A text of this kind cannot be written in place.",
        source,
        Span(0, 1),
        "format it by hand, or keep it in TOML, JSON, a page or a file of its own",
    )


def _spliced(text: str, changes: list[tuple[Span, str]]) -> str:
    pieces: list[str] = []
    done = 0
    for span, new in sorted(changes, key=lambda change: change[0].start):
        pieces += [text[done : span.start], new]
        done = span.end
    return "".join([*pieces, text[done:]])
