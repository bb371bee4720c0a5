"""A regular expression as Lucene writes it: always over the whole value, without anchors or classes of its own.

Sigma's expressions are searched for anywhere in a value and know ``^``, ``$``, ``\\d`` and flags; Lucene's are automata
and know none of these. What an automaton cannot do (look around, refer back, forbid backtracking) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from re import _constants as sre  # type: ignore[attr-defined]  # Python's own reader of expressions has no public name
from re import _parser as sre_parser  # type: ignore[attr-defined]
from typing import Any

#: Elasticsearch refuses longer ones (``index.max_regex_length``).
LONGEST = 1000

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}

#: Characters that Lucene gives a meaning, some of them only with its optional operators.
_ACTIVE = frozenset('.?+*|{}[]()"\\#@&<>~^$-')

_DIGIT = ((48, 57),)
_WORD = ((48, 57), (65, 90), (95, 95), (97, 122))
_SPACE = ((9, 13), (32, 32))
_LAST = 0x10FFFF


class Inexpressible(ValueError):
    """Lucene has no expression for this; the message says for what."""


def lucene(expression: str, flags: frozenset[str] = frozenset()) -> str:
    """What Lucene must match a whole value with, so that ``expression`` is found in it. ``flags`` are i, m and s.

    Raises Inexpressible. Letter case is spelled out (``[aA]``), since Elasticsearch folds ASCII letters only.
    """
    said = 0
    for flag in flags:
        said |= _FLAGS[flag]
    try:
        tree = sre_parser.parse(expression, said | re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        raise Inexpressible(f"the expression cannot be read: {error}") from None
    writer = _Writer(tree.state.flags)
    written = "|".join(writer.whole(branch) for branch in _branches(tree))
    if len(written) > LONGEST:
        raise Inexpressible(f"Lucene takes {LONGEST} characters, and this has {len(written)}")
    return written


def _branches(tree: Sequence[Any]) -> list[Sequence[Any]]:
    match list(tree):
        case [(sre.BRANCH, (None, branches))]:
            return [list(branch) for branch in branches]
        case items:
            return [items]


class _Writer:
    """Carries the flags into the parts of an expression."""

    def __init__(self, flags: int) -> None:
        self.flags = flags

    def whole(self, items: Sequence[Any]) -> str:
        """One alternative, with what may stand before and behind it."""
        items = list(items)
        before, behind = ".*", ".*"
        if items and items[0][0] is sre.AT and items[0][1] in (sre.AT_BEGINNING, sre.AT_BEGINNING_STRING):
            before = self.line_start(items[0][1])
            items = items[1:]
        if items and items[-1][0] is sre.AT and items[-1][1] in (sre.AT_END, sre.AT_END_STRING):
            behind = self.line_end(items[-1][1])
            items = items[:-1]
        return before + self.sequence(items) + behind

    def line_start(self, at: Any) -> str:
        if at is sre.AT_BEGINNING and self.flags & re.MULTILINE:
            return "(.*\n)?"
        return ""

    def line_end(self, at: Any) -> str:
        if at is sre.AT_END_STRING:
            return ""
        return "(\n.*)?" if self.flags & re.MULTILINE else "\n?"

    def sequence(self, items: Sequence[Any]) -> str:
        return "".join(self.item(op, value) for op, value in items)

    def item(self, op: Any, value: Any) -> str:
        if op is sre.LITERAL:
            return self.ranges(((value, value),))
        if op is sre.NOT_LITERAL:
            return self.ranges(((value, value),), negated=True)
        if op is sre.ANY:
            return "." if self.flags & re.DOTALL else "[^\n]"
        if op is sre.IN:
            return self.character_class(value)
        if op is sre.BRANCH:
            return f"({'|'.join(self.sequence(list(branch)) for branch in value[1])})"
        if op is sre.SUBPATTERN:
            return self.group(*value)
        if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
            return self.repeated(*value)
        raise Inexpressible(_REASONS.get(op, f"Lucene has no counterpart for {str(op).lower().replace('_', ' ')}"))

    def group(self, _: Any, added: int, removed: int, items: Sequence[Any]) -> str:
        return f"({_Writer((self.flags | added) & ~removed).sequence(list(items))})"

    def repeated(self, least: int, most: Any, items: Sequence[Any]) -> str:
        inner = self.sequence(list(items))
        single = len(items) == 1 and items[0][0] in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN, sre.SUBPATTERN)
        text = inner if single else f"({inner})"
        unbounded = most is sre.MAXREPEAT
        match least, unbounded:
            case 0, True:
                return f"{text}*"
            case 1, True:
                return f"{text}+"
            case _, True:
                return f"{text}{{{least},}}"
        if (least, most) == (0, 1):
            return f"{text}?"
        return f"{text}{{{least}}}" if least == most else f"{text}{{{least},{most}}}"

    def character_class(self, members: Sequence[Any]) -> str:
        negated = members[0][0] is sre.NEGATE
        ranges: list[tuple[int, int]] = []
        for op, value in members[1:] if negated else members:
            match op:
                case sre.LITERAL:
                    ranges.append((value, value))
                case sre.RANGE:
                    ranges.append(value)
                case _:
                    ranges.extend(_category(value))
        return self.ranges(tuple(ranges), negated=negated)

    def ranges(self, ranges: tuple[tuple[int, int], ...], *, negated: bool = False) -> str:
        if self.flags & re.IGNORECASE:
            ranges = tuple(_folded(ranges))
        ranges = tuple(_merged(ranges))
        if not negated and len(ranges) == 1 and ranges[0][0] == ranges[0][1]:
            return _spelled(ranges[0][0])
        inside = "".join(_spelled(low) if low == high else f"{_spelled(low)}-{_spelled(high)}" for low, high in ranges)
        return f"[{'^' if negated else ''}{inside}]"


_REASONS = {
    sre.AT: "Lucene has no anchors and word borders inside an expression",
    sre.ASSERT: "Lucene cannot look ahead or behind",
    sre.ASSERT_NOT: "Lucene cannot look ahead or behind",
    sre.GROUPREF: "Lucene cannot refer back to a group",
    sre.GROUPREF_EXISTS: "Lucene cannot refer back to a group",
}


def _category(name: Any) -> tuple[tuple[int, int], ...]:
    table = {sre.CATEGORY_DIGIT: _DIGIT, sre.CATEGORY_WORD: _WORD, sre.CATEGORY_SPACE: _SPACE}
    opposite = {sre.CATEGORY_NOT_DIGIT: _DIGIT, sre.CATEGORY_NOT_WORD: _WORD, sre.CATEGORY_NOT_SPACE: _SPACE}
    return table[name] if name in table else tuple(_complement(opposite[name]))


def _complement(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    start = 0
    for low, high in ranges:
        if start < low:
            yield start, low - 1
        start = high + 1
    yield start, _LAST


def _folded(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The ranges with the other case of each of their letters; long ranges beyond ASCII are taken as they are."""
    for low, high in ranges:
        yield low, high
        for code in range(low, min(high, low + 0x300) + 1) if low > 127 else range(low, min(high, 127) + 1):
            for other in (chr(code).lower(), chr(code).upper()):
                if len(other) == 1 and ord(other) != code:
                    yield ord(other), ord(other)


def _merged(ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for low, high in sorted(ranges):
        if current is not None and low <= current[1] + 1:
            current = (current[0], max(current[1], high))
            continue
        if current is not None:
            yield current
        current = (low, high)
    if current is not None:
        yield current


def _spelled(code: int) -> str:
    char = chr(code)
    return f"\\{char}" if char in _ACTIVE else char
