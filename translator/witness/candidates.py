"""Which of many leaves a text can answer at all: seen at once by what must stand in it.

A rule may list thousands of values. To ask each of them about each value made for another would take the square of
that; but a text answers a leaf only if it holds the longest stretch of the leaf's pattern, and those are looked up.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from translator import logic
from translator.meaning import document, metadata
from translator.meaning.letters import fold_simple
from translator.schema import EXACT_TEXT, FieldRef
from translator.values import Pattern
from translator.witness.leaves import asked, shape
from translator.witness.shapes import Shape

#: Stretches are looked up by their beginnings, of the longest of these lengths that they have.
_WIDTHS = (12, 4, 1)

#: From how many leaves about one field on it is worth the trouble.
_MANY = 24


class Candidates:
    """Leaves by their numbers; those without a known shape are candidates always."""

    def __init__(self, shapes: Mapping[int, Shape | None]) -> None:
        self.numbers = frozenset(shapes)
        self._always: list[int] = []
        self._begin: dict[int, dict[str, list[tuple[str, int]]]] = {width: defaultdict(list) for width in _WIDTHS}
        for number, made in shapes.items():
            stretches = [_longest(each) for each in made.patterns] if made is not None else [""]
            if "" in stretches:
                self._always.append(number)
                continue
            for each in stretches:
                width = next(width for width in _WIDTHS if len(each) >= width)
                self._begin[width][each[:width]].append((each, number))

    def of(self, value: Any) -> Iterable[int]:
        """The numbers of the leaves that ``value`` may answer; all for what is no text. Some may be named twice."""
        return self._found(fold_simple(value)) if isinstance(value, str) else self.numbers

    def _found(self, text: str) -> Iterator[int]:
        yield from self._always
        for width, begin in self._begin.items():
            if not begin:
                continue
            for at in range(len(text) - width + 1):
                for stretch, number in begin.get(text[at : at + width], ()):
                    if text.startswith(stretch, at):
                        yield number


def _longest(pattern: Pattern) -> str:
    """The longest stretch without a wildcard, in a form that is the same whatever the letter case."""
    return max((fold_simple(part) for part in pattern if isinstance(part, str)), key=len, default="")


class Crowds:
    """Leaves of an event's own fields, where so many ask the same field that they are not asked one by one."""

    def __init__(self, leaves: Mapping[int, logic.Formula]) -> None:
        crowds: dict[str, dict[int, Shape | None]] = {}
        for number, leaf in leaves.items() if len(leaves) >= _MANY else ():
            if (known := _alone(leaf)) is not None:
                crowds.setdefault(known[0], {})[number] = known[1]
        self._crowds = {path: Candidates(crowd) for path, crowd in crowds.items() if len(crowd) >= _MANY}
        #: All of them: false, but for those that `asked` names.
        self.members = frozenset[int]().union(*(each.numbers for each in self._crowds.values()))

    def asked(self, event: Mapping[str, Any]) -> set[int]:
        """Those that may be true of an event."""
        found: set[int] = set()
        for path, value in document.leaves(event) if self._crowds else ():
            if (crowd := self._crowds.get(path)) is not None:
                found.update(crowd.of(value))
        return found


def _alone(leaf: logic.Formula) -> tuple[str, Shape] | None:
    """The one path where the answer stands, and the texts that answer yes; None where more than that has a say."""
    question = asked(leaf)
    if len(question.fields) != 1 or not isinstance(field := question.fields[0], FieldRef):
        return None
    plain = field.type in EXACT_TEXT and field.details.key_of is None and field.details.null_value is None
    if field.nested is not None or "*" in field.path or field.path in metadata.NAMES:
        return None
    if not plain or field.reads != (field.path,):
        return None
    made = shape(question, field)
    return None if made is None or not all(map(_longest, made.patterns)) else (field.path, made)
