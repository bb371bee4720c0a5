"""The leaves of a formula and the places where they look, as a search for events sees them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from translator import logic
from translator.dsl.emit import DEFAULT
from translator.meaning.letters import lower
from translator.meaning.shapes import folded
from translator.schema import ANALYSED_TEXT, Ask, FieldRef, Schema
from translator.source import Source
from translator.witness.leaves import How, Places, asked, places, shape_anywhere
from translator.witness.parts import Judge, Part, in_scope
from translator.witness.pool import Atom, Bits, Pool
from translator.witness.shapes import Shape, find

#: What two fields hold that are to be the same.
_COMMON = "x"


class Space:
    """The leaves and places of a formula."""

    def __init__(self, judge: Judge, schema: Schema) -> None:
        self.judge = judge
        self.parts = judge.parts
        self.schema = schema
        self.atoms: list[Atom] = []
        self.atom_of: dict[int, Atom] = {}
        known: dict[tuple[str | None, logic.Formula], Atom] = {}
        for part in judge.leaves:
            key = (part.scope, _asked_alike(part.node))
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
        self._leaf_bits: dict[int, tuple[Bits, Bits]] = {}
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

    def leaf_bits(self, part: Part) -> tuple[Bits, Bits]:
        """The leaves directly inside a part, and those of them that stand there more than once."""
        if part.number not in self._leaf_bits:
            once = several = 0
            for child in part.children:
                if self.parts[child].is_leaf:
                    bit = 1 << self.atom_of[child].number
                    several |= once & bit
                    once |= bit
            self._leaf_bits[part.number] = once, several
        return self._leaf_bits[part.number]

    def nowhere(self, atom: int, banned: int) -> bool:
        """Whether what is looked for everywhere provably stands in no text, since something in it may stand nowhere."""
        wanted = shape_anywhere(self.atoms[atom].question)
        if wanted is None:
            return False
        others = [shape_anywhere(each.question) for each in self.atoms if banned >> each.number & 1]
        key = (wanted, tuple(each for each in others if each))
        if key not in self._nowhere:
            self._nowhere[key] = find([wanted], key[1]) is None
        return self._nowhere[key]

    def pool(self, scope: str | None, place: str) -> Pool:
        """The values that may stand at a place."""
        key = (scope, place)
        if key not in self._pools:
            atoms = [each for each in self.atoms if each.scope == scope and not self.always >> each.number & 1]
            self._pools[key] = Pool(place, atoms, self.schema)
        return self._pools[key]


def _asked_alike(leaf: logic.Formula) -> logic.Formula:
    """A leaf without what makes no difference to it.

    How Kibana asks a field does not matter to whether it exists, and letter case not to a pattern of words.
    """
    match leaf:
        case logic.Matches(FieldRef(type=kind, ask=Ask.MATCH) as words, like, True) if (
            kind in ANALYSED_TEXT and words.details.analyzer == "standard"
        ):
            return logic.Matches(words, folded(like, lower))
        case logic.Exists(FieldRef() as asked_for):
            return logic.Exists(replace(asked_for, ask=Ask.MATCH))
        case _:
            return leaf
