"""Text -> tree. Python's own reader knows the syntax; what the parts mean is said here.

The meaning is RE2's, by which pySigma 2 judges Sigma's expressions: ``\\d``, ``\\w``, ``\\s`` and ``\\b`` are about
ASCII, and ``$`` is the end of the text, or of a line with the flag ``m``. With the flag ``i`` a letter also stands for
its upper and its lower case.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from re import _constants as sre  # Python's own reader of expressions has no public name
from re import _parser as sre_parser
from typing import Any

from translator.expressions.tree import (
    DIGIT,
    LAST,
    NEWLINE,
    SPACE,
    WORD,
    At,
    Chars,
    Choice,
    Edge,
    Range,
    Repeat,
    Tree,
    choice,
    merged,
    others,
    row,
)

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}

#: ``[[:alpha:]]``, which Python takes for a set of these characters.
_POSIX = re.compile(r"\[[^]\\]*\[:\^?[a-z]+:\]")

#: No letter beyond has another case.
_LAST_LETTER = 0x1F000

#: Groups in one another beyond this are refused.
_DEEPEST = 100


class Unreadable(ValueError):
    """The text is no regular expression; the message says why."""


class Irregular(ValueError):
    """The expression asks for what only an engine that goes back in the text can do; the message says for what."""


def read(expression: str, flags: Iterable[str] = ()) -> Tree:
    """What ``expression`` says. ``flags`` are i, m and s. Raises Unreadable, or Irregular."""
    said = 0
    for flag in flags:
        said |= _FLAGS[flag]
    if (found := _POSIX.search(expression)) is not None:
        raise Unreadable(f"it holds a POSIX class ({found[0]}...), which engines read differently")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = sre_parser.parse(expression, said)
        return _Reader(tree.state.flags).row(tree)
    except RecursionError:
        raise Unreadable("it nests too deeply") from None
    except (re.error, OverflowError, ValueError) as error:
        if isinstance(error, (Irregular, Unreadable)):
            raise
        raise Unreadable(str(error)) from None


class _Reader:
    """Carries the flags, which a group may change."""

    def __init__(self, flags: int, depth: int = 0) -> None:
        self.flags = flags
        self.depth = depth

    def row(self, items: Iterable[tuple[Any, Any]]) -> Tree:
        return row(self.item(op, value) for op, value in items)

    def item(self, op: Any, value: Any) -> Tree:
        match op:
            case sre.LITERAL:
                return Chars(self.folded([(value, value)]))
            case sre.NOT_LITERAL:
                return Chars(others(self.folded([(value, value)])))
            case sre.ANY:
                return Chars(((0, LAST),)) if self.flags & re.DOTALL else Chars(others(NEWLINE))
            case sre.IN:
                return self.set(value)
            case sre.BRANCH:
                return choice([self.row(branch) for branch in value[1]])
            case sre.SUBPATTERN:
                _, added, removed, inner = value
                if self.depth == _DEEPEST:
                    raise Unreadable("it nests too deeply")
                return _grouped(_Reader((self.flags | added) & ~removed, self.depth + 1).row(inner))
            case sre.MAX_REPEAT | sre.MIN_REPEAT:
                least, most, inner = value
                return Repeat(self.row(inner), least, None if most is sre.MAXREPEAT else most)
            case sre.AT:
                return Edge(self.place(value))
            case sre.FAILURE:
                return Chars(())
            case _:
                raise Irregular(_IRREGULAR.get(op, f"it uses {str(op).lower().replace('_', ' ')}"))

    def set(self, members: Sequence[tuple[Any, Any]]) -> Tree:
        negated = members[0][0] is sre.NEGATE
        ranges: list[Range] = []
        for op, value in members[1:] if negated else members:
            match op:
                case sre.LITERAL:
                    ranges.append((value, value))
                case sre.RANGE:
                    ranges.append(value)
                case _:
                    ranges.extend(_CLASSES[value])
        folded = self.folded(ranges)
        return Chars(others(folded) if negated else folded)

    def folded(self, ranges: Sequence[Range]) -> tuple[Range, ...]:
        """The characters, with the other cases of each if case does not matter."""
        if self.flags & re.IGNORECASE:
            return merged([*ranges, *_cases(ranges)])
        return merged(ranges)

    def place(self, value: Any) -> At:
        lines = bool(self.flags & re.MULTILINE)
        match value:
            case sre.AT_BEGINNING:
                return At.LINE_START if lines else At.START
            case sre.AT_END:
                return At.LINE_END if lines else At.END
            case _:
                return _PLACES[value]


_PLACES = {
    sre.AT_BEGINNING_STRING: At.START,
    sre.AT_END_STRING: At.END,
    sre.AT_BOUNDARY: At.BORDER,
    sre.AT_NON_BOUNDARY: At.INSIDE,
}

_CLASSES: dict[Any, tuple[Range, ...]] = {
    sre.CATEGORY_DIGIT: DIGIT,
    sre.CATEGORY_WORD: WORD,
    sre.CATEGORY_SPACE: SPACE,
    sre.CATEGORY_NOT_DIGIT: others(DIGIT),
    sre.CATEGORY_NOT_WORD: others(WORD),
    sre.CATEGORY_NOT_SPACE: others(SPACE),
}

_IRREGULAR = {
    sre.ASSERT: "it looks ahead or behind",
    sre.ASSERT_NOT: "it looks ahead or behind",
    sre.GROUPREF: "it refers back to a group",
    sre.GROUPREF_EXISTS: "it refers back to a group",
    sre.ATOMIC_GROUP: "it has an atomic group",
    sre.POSSESSIVE_REPEAT: "it has a possessive repetition",
}


def _grouped(tree: Tree) -> Tree:
    """A choice stays one part of the row around it."""
    return tree if isinstance(tree, Choice) else row([tree])


def _cases(ranges: Iterable[Range]) -> Iterator[Range]:
    for low, high in ranges:
        for code in range(low, min(high, _LAST_LETTER) + 1):
            char = chr(code)
            for other in (char.lower(), char.upper()):
                if other != char and len(other) == 1:
                    yield ord(other), ord(other)
