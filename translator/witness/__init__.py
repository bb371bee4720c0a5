"""Witnesses: a small set of events that tells a formula from every other.

For every leaf there is an event that it alone decides by being true, and one that it alone decides by being false; and
around each, near misses. Where no such event exists the rule says something that changes nothing, which is a finding.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain, islice
from typing import Any, TypeAlias

from translator import logic
from translator.dsl.emit import DEFAULT, Config
from translator.errors import Diagnostic
from translator.logic import Formula
from translator.schema import FieldRef, Schema
from translator.source import Source
from translator.witness.events import built, scattered, spellings, with_values
from translator.witness.findings import Impossible, findings
from translator.witness.leaves import asked, places
from translator.witness.parts import Decision, Judge, Part
from translator.witness.pool import canonical
from translator.witness.search import Model, Search
from translator.witness.space import Space
from translator.witness.values import likely, near

#: How many events are made where a formula has few leaves; a large one gets more.
MOST = 300
_MOST_FOR_EACH_LEAF = 6
_MOST_OF_ALL = 3_000

#: Models that are tried for one decision: where fields see each other's values, a model may not keep its promise.
_TRIES = 4


#: Events about near misses that even a formula gets whose leaves alone take more than all the rest may.
_LEAST_NEAR = 500

#: From how many leaves on each begins with another kind of near miss: there are not events enough for all of each.
_MANY_LEAVES = 100

#: How many of the fields that a pattern names are made to answer alone.
_MOST_FIELDS = 24

#: How many events about the spelling of values come between the near misses of the leaves.
_ROUND = 4

#: An event, in what way it is near, and the leaf that it was made for.
_Made: TypeAlias = tuple[dict[str, Any], str, int]


class Reach(StrEnum):
    """Whether a leaf alone can decide."""

    COVERED = "covered"
    #: Provably no event is decided so.
    IMPOSSIBLE = "impossible"
    #: No event was found.
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Witness:
    """An event with the verdict that the formula gives on it.

    ``leaf`` is the one that the event was made for, by its number, and ``why`` says in what way. ``covers`` are the
    leaves that alone decide it, each with what it is there; of a near miss they are not looked for.
    """

    event: Mapping[str, Any]
    expected: bool
    why: str
    leaf: int | None = None
    covers: frozenset[Decision] = frozenset()


@dataclass(frozen=True, slots=True)
class Covered:
    """A leaf, and whether there are events that it alone decides by being true and by being false."""

    part: Part
    true: Reach
    false: Reach


@dataclass(frozen=True, slots=True)
class Witnesses:
    """Events for a formula, those that cover its leaves first, and what was found about it on the way."""

    formula: Formula = field(repr=False)
    events: tuple[Witness, ...] = field(repr=False)
    leaves: tuple[Covered, ...] = field(repr=False)
    findings: tuple[Diagnostic, ...] = ()

    def count(self, reach: Reach) -> int:
        """How many decisions of leaves, of two for each, were reached so."""
        return sum((each.true is reach) + (each.false is reach) for each in self.leaves)


def witnesses(
    formula: Formula, schema: Schema, *, source: Source | None = None, config: Config = DEFAULT, most: int = MOST
) -> Witnesses:
    """Events that cover ``formula``, the same ones each time.

    ``source`` is the text that the spans point into. About ``most`` events are made, but for those that cover a leaf,
    which are made all. Raises TranslatorError where Elasticsearch would answer with an error.
    """
    maker = _Maker(Judge(formula, schema, source=source, config=config), schema)
    maker.cover()
    maker.surround(max(most, min(_MOST_FOR_EACH_LEAF * len(maker.judge.leaves), _MOST_OF_ALL)))
    impossible = frozenset(each for each, reach in maker.reached.items() if reach is Reach.IMPOSSIBLE)
    leaves = tuple(
        Covered(part, maker.reached[part.number, True], maker.reached[part.number, False])
        for part in maker.judge.leaves
    )
    told = findings(Impossible(maker.space, impossible), source or Source(""))
    return Witnesses(formula, tuple(maker.events), leaves, told)


class _Maker:
    """Carries the events made so far, and what they cover."""

    def __init__(self, judge: Judge, schema: Schema) -> None:
        self.judge = judge
        self.schema = schema
        self.space = Space(judge, schema)
        self.events: list[Witness] = []
        self.reached: dict[Decision, Reach] = {}
        self.models: dict[Decision, Model] = {}
        self._known: set[str] = set()
        self._shared: dict[int, Model | None] = {}

    def cover(self) -> None:
        """An event for every leaf and both of its truths."""
        for turn, part in enumerate(self.judge.leaves):
            for truth in (True, False):
                if (part.number, truth) not in self.reached:
                    self.reached[part.number, truth] = self.reach(part, truth, turn)
        if not self.events:
            self.add({}, "an event without a value")

    def reach(self, part: Part, truth: bool, turn: int) -> Reach:
        wanted = (part.number, truth)
        search = Search(self.space, turn).decide(part.number, truth)
        tried = 0
        for model in islice(search.models, _TRIES):
            tried += 1
            event = built(model)
            covers = self.judge.decisions(event)
            if wanted in covers:
                for each in covers:
                    self.reached[each] = Reach.COVERED
                    self.models.setdefault(each, model)
                self.add(event, f"it alone decides, being {'true' if truth else 'false'}", part.number, covers)
                return Reach.COVERED
        if tried or search.open or not self.impossible(part, truth):
            return Reach.OPEN
        return Reach.IMPOSSIBLE

    def impossible(self, part: Part, truth: bool) -> bool:
        """Whether it is so even where other objects of a nested block may be as they like."""
        if part.scope is None:
            return True
        search = Search(self.space).decide(part.number, truth, alone=False)
        return next(search.models, None) is None and not search.open

    def add(
        self, event: Mapping[str, Any], why: str, leaf: int | None = None, covers: frozenset[Decision] = frozenset()
    ) -> None:
        key = canonical(event)
        if key not in self._known:
            self._known.add(key)
            self.events.append(Witness(event, self.judge.matches(event), why, leaf, covers))

    def surround(self, most: int) -> None:
        """Near misses, first one for each leaf, then a second one, until there are enough."""
        most = max(most, len(self.events) + _LEAST_NEAR if len(self.events) >= _MOST_OF_ALL else 0)
        sources = [
            chain(self.scattered(), self.written_otherwise()),
            *(self.near_misses(part) for part in self.judge.leaves),
        ]
        while sources and len(self.events) < most:
            left: list[Iterator[_Made]] = []
            for each in sources:
                if len(self.events) >= most + _LEAST_NEAR:
                    break
                made = tuple(islice(each, _ROUND if each is sources[0] else 1))
                for event, why, leaf in made:
                    self.add(event, why, leaf)
                if made:
                    left.append(each)
            sources = left

    def written_otherwise(self) -> Iterator[_Made]:
        """Each place once, in an event that a leaf there decides: the value missing, listed, under other keys."""
        seen: set[tuple[str | None, str]] = set()
        for part in self.judge.leaves:
            found = self.context(part)
            if found is None or (part.scope, found[2]) in seen:
                continue
            seen.add((part.scope, found[2]))
            for why, event in spellings(*found, self.beside(part, found[2])):
                yield event, why, part.number

    def scattered(self) -> Iterator[_Made]:
        """The values of one nested object in objects of their own, so that no one object satisfies its conditions."""
        for part in self.judge.leaves:
            model = self.models.get((part.number, True)) if part.scope is not None else None
            for at, instance in enumerate(model or ()):
                if model is not None and instance.scope == part.scope and len(instance.values) > 1:
                    yield built(scattered(model, at)), "its values in different objects", part.number

    def each_field(self, part: Part, pattern: logic.AnyField, model: Model, instance: int) -> Iterator[_Made]:
        """One after the other of the fields that a pattern names as the only one that answers."""
        atom = self.space.atom_of[part.number]
        held = model[instance].values
        bare = model
        for place in held:
            bare = with_values(bare, instance, place, () if atom.places.touches(place) else held[place])
        for item in pattern.items[:_MOST_FIELDS]:
            if isinstance(item, logic.Within):
                continue
            question = asked(item)
            for place, name in zip(places(item, part.scope, self.schema).likely, question.fields, strict=False):
                values = likely(question, name) if isinstance(name, FieldRef) else iter(())
                value = next((each for each in values if self.judge.leaf(part)({place: each})), None)
                if value is not None:
                    event = built(with_values(bare, instance, place, [value]))
                    yield event, f"answered by {place} alone", part.number

    def beside(self, part: Part, place: str) -> Any:
        """A value that may stand at the place and answers nothing, of the kind that the place takes."""
        pool = self.space.pool(part.scope, place)
        return next((value for value, bits in pool.values if not bits), "~")

    def near_misses(self, part: Part) -> Iterator[_Made]:
        atom = self.space.atom_of[part.number]
        found = self.context(part)
        if found is None:
            return
        model, instance, place = found
        if isinstance(part.node, logic.AnyField):
            yield from self.each_field(part, part.node, model, instance)
        pool = self.space.pool(part.scope, place)
        for name in atom.fields(place, self.schema):
            made = tuple(near(atom.question, name))
            first = part.number % len(made) if made and len(self.judge.leaves) >= _MANY_LEAVES else 0
            for each in (*made[first:], *made[:first]):
                others = pool.others(atom.number, each.value, model[instance].values.get(place, ()))
                yield built(with_values(model, instance, place, [each.value, *others])), each.why, part.number

    def context(self, part: Part) -> tuple[Model, int, str] | None:
        """A model that the leaf decides, and where in it the leaf's value stands or would stand.

        For one that decides nothing, a model in which it is true and would decide if others were not as well.
        """
        if not self.space.atom_of[part.number].places.likely:
            return None
        for truth in (True, False):
            if (model := self.models.get((part.number, truth))) is not None and (found := self.stands(part, model)):
                return found
        if part.number not in self._shared:
            search = Search(self.space).decide(part.number, True, together=True)
            self._shared[part.number] = next(search.models, None)
        model = self._shared[part.number]
        return None if model is None else self.stands(part, model)

    def stands(self, part: Part, model: Model) -> tuple[Model, int, str] | None:
        """The model, and where in it the value of a leaf is or would be."""
        places = self.space.atom_of[part.number].places
        here = [at for at, each in enumerate(model) if each.scope == part.scope]
        for at in here:
            for place in model[at].values:
                if places.touches(place):
                    return model, at, place
        return (model, here[0], places.likely[0]) if here and places.likely else None
