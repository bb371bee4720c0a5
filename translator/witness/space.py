"""The leaves of a formula and the places where they look, as a search for events sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv6Address

from translator import logic
from translator.dsl.emit import DEFAULT
from translator.meaning import addresses, words
from translator.meaning.letters import lower
from translator.meaning.shapes import folded
from translator.schema import ANALYSED_TEXT, EXACT_TEXT, Ask, FieldRef, Schema, Type
from translator.source import Source
from translator.values import Pattern, Wild
from translator.witness.leaves import How, Places, asked, places, shape_anywhere
from translator.witness.parts import Judge, Part, in_scope
from translator.witness.pool import Atom, Bits, Pool
from translator.witness.shapes import Budget, Shape, find

#: What two fields hold that are to be the same.
_COMMON = "x"


@dataclass(frozen=True, slots=True)
class Inside:
    """The leaves directly inside a part, those of them that stand there more than once, and its other children."""

    leaves: Bits
    several: Bits
    others: tuple[int, ...]


class Space:
    """The leaves and places of a formula."""

    def __init__(self, judge: Judge, schema: Schema) -> None:
        self.judge = judge
        self.parts = judge.parts
        self.schema = schema
        self.budget = Budget()
        self.atoms: list[Atom] = []
        self.atom_of: dict[int, Atom] = {}
        known: dict[tuple[str | None, logic.Formula], Atom] = {}
        for part in judge.leaves:
            key = (part.scope, alike(part.node))
            if key not in known:
                known[key] = self._atom(part)
            self.atom_of[part.number] = known[key]
        self.twins: dict[int, tuple[tuple[Atom, str], ...]] = {}
        for each in tuple(self.atoms):
            if each.question.how is How.SAME:
                self.twins[each.number] = tuple(self._twins(each))
        #: The leaves that are true of every event.
        self.always: Bits = sum(1 << each.number for each in self.atoms if each.always)
        self._nowhere: dict[tuple[Shape, tuple[Shape, ...]], bool] = {}
        self._inside: dict[int, Inside] = {}
        self._pools: dict[tuple[str | None, str], Pool] = {}

    def _atom(self, part: Part) -> Atom:
        where = places(part.node, part.scope, self.schema)
        atom = Atom(len(self.atoms), part.node, part.scope, self.judge.leaf(part), asked(part.node), where)
        self.atoms.append(atom)
        return atom

    def _twins(self, atom: Atom) -> Iterator[tuple[Atom, str]]:
        """For a comparison of two fields: one value that both may hold, as a question to each."""
        for asked_for, place in zip(atom.question.fields, atom.places.likely, strict=False):
            assert isinstance(asked_for, FieldRef), "no pattern is compared with a field"
            leaf = logic.Like(asked_for, (_COMMON,), cased=True)
            holds = in_scope(leaf, atom.scope, Source(""), self.schema, DEFAULT)
            twin = Atom(len(self.atoms), leaf, atom.scope, holds, asked(leaf), Places((place,), closed=False))
            self.atoms.append(twin)
            yield twin, place

    def told_apart(self, first: Part, second: Part) -> bool:
        """Whether a value is at hand of which the first of two leaves is true and the second is not."""
        one, other = self.atom_of[first.number], self.atom_of[second.number]
        return one.scope == other.scope and any(
            self.pool(one.scope, place).told_apart(one.number, other.number) for place in one.places.likely
        )

    def inside(self, part: Part) -> Inside:
        """What is directly inside a part."""
        if part.number not in self._inside:
            once = several = 0
            others: list[int] = []
            for child in part.children:
                if self.parts[child].is_leaf:
                    bit = 1 << self.atom_of[child].number
                    several |= once & bit
                    once |= bit
                else:
                    others.append(child)
            self._inside[part.number] = Inside(once, several, tuple(others))
        return self._inside[part.number]

    def nowhere(self, atom: int, banned: int) -> bool:
        """Whether what is looked for everywhere provably stands in no text, since something in it may stand nowhere."""
        wanted = shape_anywhere(self.atoms[atom].question)
        if wanted is None:
            return False
        others = [shape_anywhere(each.question) for each in self.atoms if banned >> each.number & 1]
        key = (wanted, tuple(each for each in others if each))
        if key not in self._nowhere:
            self._nowhere[key] = find([wanted], key[1], budget=self.budget) is None
        return self._nowhere[key]

    def pool(self, scope: str | None, place: str) -> Pool:
        """The values that may stand at a place."""
        key = (scope, place)
        if key not in self._pools:
            atoms = [each for each in self.atoms if each.scope == scope and not self.always >> each.number & 1]
            self._pools[key] = Pool(place, atoms, self.schema, self.budget)
        return self._pools[key]


def alike(leaf: logic.Formula) -> logic.Formula:
    """A leaf without what makes no difference to it.

    How Kibana asks a field does not matter to whether it exists or lies within bounds, nor to a whole value of a field
    that is not split into words; where it is, what stands between the words does not, and letter case not to a pattern
    of them. A star beside a star does not matter to any pattern, nor to an address how it is written.
    """
    match leaf:
        case logic.Matches(FieldRef(type=kind, ask=Ask.MATCH) as asked_for, like, True) if (
            kind in ANALYSED_TEXT and asked_for.details.analyzer == "standard"
        ):
            return logic.Matches(asked_for, folded(_once(like), lower))
        case logic.Matches(_, like, _):
            return replace(leaf, pattern=_once(like))
        case logic.Exists(FieldRef() as asked_for):
            return logic.Exists(replace(asked_for, ask=Ask.MATCH))
        case logic.Compare(FieldRef(ask=Ask.TERM) as asked_for, _, _, _):
            return replace(leaf, field=replace(asked_for, ask=Ask.MATCH))
        case (
            logic.Equals(FieldRef() as asked_for, str(value), True)
            | logic.Words(FieldRef() as asked_for, str(value))
            | logic.Phrase(FieldRef() as asked_for, str(value))
        ) if _is_whole(asked_for):
            return logic.Equals(replace(asked_for, ask=Ask.TERM), value)
        case logic.Words(FieldRef(type=Type.IP) as asked_for, str(value)) | logic.Phrase(
            FieldRef(type=Type.IP) as asked_for, str(value)
        ) if (bits := addresses.address(value)) is not None:
            return logic.Words(replace(asked_for, ask=Ask.MATCH), str(IPv6Address(bits)))
        case logic.Words(FieldRef(type=kind) as asked_for, str(value)) if kind in ANALYSED_TEXT and value.isascii():
            said = _words(asked_for, value)
            return logic.Words(asked_for, said) if " " in said else logic.Phrase(asked_for, said)
        case logic.Phrase(FieldRef(type=kind) as asked_for, str(value)) if kind in ANALYSED_TEXT and value.isascii():
            return logic.Phrase(asked_for, _words(asked_for, value))
        case _:
            return leaf


def _is_whole(field: FieldRef) -> bool:
    """Whether a value is compared as a whole, whatever clause asks: of keywords and the keys of flattened fields."""
    key = field.type is Type.FLATTENED and field.details.key_of is not None
    return (field.type in EXACT_TEXT or key) and not field.details.split_queries_on_whitespace


def _words(field: FieldRef, value: str) -> str:
    """The words that the analyzer finds in a value, if it finds the same in what they make."""
    split = words.analyzer(field)
    said = " ".join(word for word, _ in split(value))
    return said if split(said) == split(value) else value


def _once(like: Pattern) -> Pattern:
    """A pattern without a star that follows a star."""
    return tuple(
        part for at, part in enumerate(like) if part is not Wild.ANY or at == 0 or like[at - 1] is not Wild.ANY
    )
