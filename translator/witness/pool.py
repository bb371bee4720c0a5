"""The values that may stand at one place of an event, and which of the leaves asked there each answers.

A place may hold several values, and a leaf is true if one of them answers yes. So what is wanted of a place is: for
each leaf that is to be true a value that answers it, and no value that answers a leaf that is to be false. One value
for all is better, since most fields hold one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, TypeAlias

from translator.artefact import Predicate
from translator.logic import Formula
from translator.meaning import JsonNumber
from translator.schema import ANALYSED_TEXT, FieldPattern, FieldRef, Schema
from translator.values import Wild
from translator.witness.candidates import Candidates
from translator.witness.leaves import Asked, How, Places, shape, shape_anywhere
from translator.witness.shapes import OPEN, Budget, Open, Shape, find
from translator.witness.values import complete, filled, least_texts, likely, monotone

#: A set of leaves, one bit for each number.
Bits: TypeAlias = int


@dataclass(frozen=True, slots=True)
class Atom:
    """A question as it is asked of an event, or of one object under ``scope``, wherever the formula asks it."""

    number: int
    leaf: Formula
    scope: str | None
    holds: Predicate
    question: Asked
    places: Places

    @property
    def always(self) -> bool:
        """Whether it is true of an event without any value, and so of all."""
        return self.holds({})

    def fields(self, place: str, schema: Schema) -> Iterator[FieldRef]:
        """The fields that it asks and whose values stand at ``place``."""
        inside = f"{self.scope}." if self.scope else ""
        named = False
        for field in self.question.fields:
            if isinstance(field, FieldPattern) or "*" in field.path:
                continue
            root = field.details.key_of or field.path
            if f"{inside}{place}" in (*field.reads, root):
                named = True
                yield field
        if not named:
            yield schema.field(f"{inside}{place}")


class Pool:
    """Values for one place, found as they are needed."""

    def __init__(self, place: str, atoms: Sequence[Atom], schema: Schema, budget: Budget) -> None:
        self.place = place
        self.budget = budget
        self.schema = schema
        self.atoms = {each.number: each for each in atoms if each.places.touches(place)}
        self.bits = sum(1 << number for number in self.atoms)
        self.values: list[tuple[Any, Bits]] = []
        self._kept: set[str] = set()
        self._answers: dict[str, Bits] = {}
        self._found: dict[tuple[tuple[int, ...], Bits], tuple[Any, ...] | Open | None] = {}
        self._fields = {each.number: tuple(each.fields(place, schema)) for each in self.atoms.values()}
        self._shapes = {each.number: self._shape(each) for each in self.atoms.values()}
        self._candidates = Candidates({number: self._textual(number) for number in self.atoms})
        #: Of each leaf the values that answer it, in the order in which they came.
        self._answering: dict[int, list[tuple[Any, Bits]]] = {number: [] for number in self.atoms}
        for atom in self.atoms.values():
            for field in self._fields[atom.number] if place in atom.places.likely else ():
                for value in likely(atom.question, field):
                    self.add(value)

    def _shape(self, atom: Atom) -> Shape | None:
        if not atom.question.fields:
            return shape_anywhere(atom.question)
        found = [shape(atom.question, field) for field in self._fields[atom.number]]
        return found[0] if len(found) == 1 else None

    def _textual(self, number: int) -> Shape | None:
        """The texts that answer a leaf, if nothing but such a text answers it."""
        asks = self.atoms[number].question.fields
        plain = all(each.details.null_value is None for each in self._fields[number])
        return self._shapes[number] if asks and len(self._fields[number]) == 1 and plain else None

    def add(self, value: Any) -> Bits:
        """Keep a value; returns the leaves that it answers."""
        bits = self.answers(value)
        if (key := canonical(value)) not in self._kept:
            self._kept.add(key)
            self.values.append((value, bits))
            for number in _numbers(bits):
                self._answering[number].append((value, bits))
        return bits

    def answers(self, value: Any) -> Bits:
        """The leaves that are true where this is the place's only value."""
        if (key := canonical(value)) not in self._answers:
            event = {self.place: value}
            held = {number for number in self._candidates.of(value) if self.atoms[number].holds(event)}
            self._answers[key] = sum(1 << number for number in held)
        return self._answers[key]

    def told_apart(self, atom: int, other: int) -> bool:
        """Whether a value is at hand that answers one leaf and not another."""
        return other in self.atoms and any(not bits >> other & 1 for _, bits in self._answering.get(atom, ()))

    def others(self, atom: int, value: Any, values: Sequence[Any]) -> tuple[Any, ...]:
        """What must stand beside ``value`` so that all leaves but ``atom`` are answered as they are by ``values``."""
        answered = [self.answers(each) for each in values]
        together = reduce(or_, answered, 0) & ~(1 << atom)
        if not together:
            return ()
        left = together & ~self.answers(value)
        wanted = tuple(number for number in self.atoms if left >> number & 1)
        found = self.fill(wanted, ~together) if wanted else ()
        if isinstance(found, tuple):
            return found
        return tuple(each for each, bits in zip(values, answered, strict=True) if not bits >> atom & 1)

    def fill(self, wanted: Sequence[int], banned: Bits) -> tuple[Any, ...] | Open | None:
        """Values that answer all of ``wanted`` and none of ``banned``: one if possible, else one for each.

        None where there provably are none, OPEN where none was found.
        """
        key = (tuple(sorted(wanted)), banned & self.bits)
        if key not in self._found:
            self._found[key] = self._fill(*key)
        return self._found[key]

    def _fill(self, wanted: tuple[int, ...], banned: Bits) -> tuple[Any, ...] | Open | None:
        together = sum(1 << number for number in wanted)
        if (one := self._pick(together, banned)) is not None:
            return (one[0],)
        if together & banned:
            return None
        if len(wanted) > 1 and (joined := self._joined(wanted, banned)) is not None:
            return (joined,)
        found: list[Any] = []
        left = together
        open_ = False
        for number in wanted:
            if not left >> number & 1:
                continue
            chosen = self._pick(1 << number, banned) or self._search((number,), banned)
            if chosen is None:
                return None
            if isinstance(chosen, Open):
                open_ = True
                continue
            found.append(chosen[0])
            left &= ~chosen[1]
        return OPEN if open_ else tuple(found)

    def _pick(self, wanted: Bits, banned: Bits) -> tuple[Any, Bits] | None:
        values = self._answering.get(wanted.bit_length() - 1, []) if wanted else self.values
        return next((each for each in values if each[1] & wanted == wanted and not each[1] & banned), None)

    def _joined(self, wanted: tuple[int, ...], banned: Bits) -> Any:
        """One value that answers several questions, or None."""
        together = sum(1 << number for number in wanted)
        shapes = [made for number in wanted if (made := self._shapes[number])]
        if len(shapes) == len(wanted):
            for text in _in_a_row(shapes):
                bits = self.add(text)
                if bits & together == together and not bits & banned:
                    return text
            found = self._search(wanted, banned)
            return found[0] if isinstance(found, tuple) and found[1] & together == together else None
        if all(field.type in ANALYSED_TEXT for number in wanted for field in self._fields[number]):
            single = [self._pick(1 << number, banned) for number in wanted]
            text = " xx ".join(dict.fromkeys(str(each[0]) for each in single if each is not None))
            bits = self.add(text)
            return text if bits & together == together and not bits & banned else None
        return None

    def _search(self, wanted: tuple[int, ...], banned: Bits) -> tuple[Any, Bits] | Open | None:
        """A value made for the purpose. None is a proof that there is none for one of ``wanted``."""
        shapes = [made for number in wanted if (made := self._shapes[number])]
        if len(shapes) == len(wanted):
            others = [self._shapes[number] for number in self.atoms if banned >> number & 1]
            found = find(shapes, [each for each in others if each], budget=self.budget)
            if found is None or isinstance(found, Open):
                return found
            if self._too_long(wanted, found):
                return None
            bits = self.add(found)
            together = sum(1 << number for number in wanted)
            return (found, bits) if bits & together == together and not bits & banned else OPEN
        return None if all(self._impossible(number, banned) for number in wanted) else OPEN

    def _too_long(self, wanted: tuple[int, ...], text: str) -> bool:
        """Whether a shortest text is longer than what the fields index."""
        return any(
            all(each.ignore_above is not None and len(text) > each.ignore_above for each in self._fields[number])
            for number in wanted
        )

    def _impossible(self, wanted: int, banned: Bits) -> bool:
        """Whether what `_pick` did not find is not there, for values that are no whole texts."""
        fields = [field for number in self.atoms for field in self._fields[number]]
        atoms = [self.atoms[number] for number in self.atoms if banned >> number & 1 or number == wanted]
        pairs = [(atom, field) for atom in atoms for field in self._fields[atom.number]]
        if all(atom.question.fields or atom.question.how is How.EXISTS for atom in atoms) and all(
            complete(atom.question, field) for atom, field in pairs
        ):
            return len({field.type for field in fields}) == 1
        texts = [least_texts(self.atoms[wanted].question, field) for field in self._fields[wanted]]
        if any(each is None for each in texts) or not all(
            monotone(atom.question, field) for atom, field in pairs if atom.number != wanted
        ):
            return False
        return all(self.answers(text) & banned for each in texts if each is not None for text in each)


def _numbers(bits: Bits) -> Iterator[int]:
    while bits:
        lowest = bits & -bits
        yield lowest.bit_length() - 1
        bits ^= lowest


def _in_a_row(shapes: Sequence[Shape]) -> Iterator[str]:
    """Texts in which what the shapes want stands side by side, where only one wants the start and one the end."""
    patterns = [each.patterns[0] for each in shapes if each.patterns]
    for between in ("", " "):
        starts = [each for each in patterns if each[:1] != (Wild.ANY,)]
        ends = [each for each in patterns if each[-1:] != (Wild.ANY,)]
        if len(starts) > 1 or len(ends) > 1 or (starts and starts == ends):
            return
        middle = [each for each in patterns if each not in (*starts, *ends)]
        yield between.join(filled(each, "") for each in (*starts, *middle, *ends))


def canonical(value: Any) -> str:
    """A text that tells apart what is not the same JSON."""
    return json.dumps(_typed(value), sort_keys=True)


def _typed(value: Any) -> Any:
    match value:
        case JsonNumber():
            return ["number", value.token]
        case Mapping():
            return {"object": {key: _typed(each) for key, each in value.items()}}
        case list() | tuple():
            return ["list", *map(_typed, value)]
        case _:
            return value
