"""A formula taken apart: its parts in their places, the verdict of each on an event, and which leaf alone decided.

A leaf decides an event if the verdict of the whole turns once the leaf is taken for its opposite, wherever it is asked.
That is modified condition / decision coverage, as avionics software is tested: a leaf that decides a true and a false
event is one that a test can tell from every other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from translator import logic
from translator.artefact import Predicate
from translator.backends.matcher import compile_
from translator.dsl.emit import DEFAULT, Config
from translator.logic import Formula
from translator.meaning.document import objects
from translator.schema import Schema
from translator.source import Source
from translator.witness.candidates import Crowds

#: A leaf by the number of its part, and what it is on an event.
Decision: TypeAlias = tuple[int, bool]


@dataclass(frozen=True, slots=True)
class Part:
    """One node of a formula in its place.

    ``scope`` is the nested path whose objects are asked, None for the event itself. A field pattern's question is a
    leaf, whichever fields the pattern names.
    """

    number: int
    node: Formula
    children: tuple[int, ...]
    parent: int | None
    scope: str | None

    @property
    def is_leaf(self) -> bool:
        """Whether it asks something of the event by itself."""
        return not isinstance(self.node, (logic.And, logic.Or, logic.Not, logic.Within, logic.Everything))


def taken_apart(formula: Formula) -> tuple[Part, ...]:
    """The parts of ``formula``, each before what is inside it, in the order written."""
    nodes: list[tuple[Formula, int | None, str | None]] = []
    inside: list[list[int]] = []
    pending: list[tuple[Formula, int | None, str | None]] = [(formula, None, None)]
    while pending:
        node, parent, scope = pending.pop()
        number = len(nodes)
        nodes.append((node, parent, scope))
        inside.append([])
        if parent is not None:
            inside[parent].append(number)
        below = node.path if isinstance(node, logic.Within) else scope
        pending.extend((child, number, below) for child in reversed(parts_of(node)))
    return tuple(
        Part(number, node, tuple(inside[number]), parent, scope) for number, (node, parent, scope) in enumerate(nodes)
    )


def parts_of(node: Formula) -> tuple[Formula, ...]:
    """What is directly inside a node; a field pattern's question is one."""
    return () if isinstance(node, logic.AnyField) else logic.children(node)


def in_scope(node: Formula, scope: str | None, source: Source, schema: Schema, config: Config) -> Predicate:
    """``node`` as a predicate over what it is asked of: an event, or one object under ``scope``."""
    if scope is None:
        return compile_(node, source=source, schema=schema, config=config)
    whole = compile_(logic.Within(scope, node, span=node.span), source=source, schema=schema, config=config)
    return lambda each: whole({scope: each})


@dataclass(frozen=True, slots=True)
class Region:
    """What was found in an event, or in one object of it: verdicts by part, and the objects below each nested part."""

    event: Mapping[str, Any]
    verdicts: Mapping[int, bool]
    objects: Mapping[int, tuple[Region, ...]]


class Judge:
    """The verdicts of all parts of a formula, each leaf asked through the matcher.

    Raises TranslatorError where Elasticsearch would answer with an error.
    """

    def __init__(
        self, formula: Formula, schema: Schema, *, source: Source | None = None, config: Config = DEFAULT
    ) -> None:
        self.formula = formula
        self.schema = schema
        self.parts = taken_apart(formula)
        #: The parts that ask something by themselves.
        self.leaves = tuple(part for part in self.parts if part.is_leaf)
        text = source or Source("")
        self.matches = compile_(formula, source=source, schema=schema, config=config)
        self._asked: dict[tuple[str | None, Formula], Predicate] = {}
        self._tests: dict[int, Predicate] = {}
        self._orders: dict[int, tuple[int, ...]] = {}
        for part in self.parts:
            if part.is_leaf or isinstance(part.node, logic.Within):
                key = (part.scope, part.node)
                if (test := self._asked.get(key)) is None:
                    test = self._asked[key] = in_scope(part.node, part.scope, text, schema, config)
                self._tests[part.number] = test
        self._crowds = Crowds({part.number: part.node for part in self.leaves if part.scope is None})

    def leaf(self, part: Part) -> Predicate:
        """The leaf as a predicate over an event, or over one object where it is asked inside a nested block."""
        return self._tests[part.number]

    def look(self, event: Mapping[str, Any]) -> Region:
        """The verdict of every part on ``event``, object by object inside nested blocks."""
        return self._region(event, 0)

    def decisions(self, event: Mapping[str, Any]) -> frozenset[Decision]:
        """The leaves that alone decide ``event``, each with what it is there."""
        return self._decisive(self.look(event), 0)

    def _region(self, event: Mapping[str, Any], top: int) -> Region:
        verdicts: dict[int, bool] = {}
        found: dict[int, tuple[Region, ...]] = {}
        if top == 0 and self._crowds.members:
            verdicts = dict.fromkeys(self._crowds.members, False)
            verdicts |= {number: self._tests[number](event) for number in self._crowds.asked(event)}
        for number in self._inside(top):
            part = self.parts[number]
            match part.node:
                case logic.And():
                    verdicts[number] = all(verdicts[child] for child in part.children)
                case logic.Or():
                    verdicts[number] = any(verdicts[child] for child in part.children)
                case logic.Not():
                    verdicts[number] = not verdicts[part.children[0]]
                case logic.Everything():
                    verdicts[number] = True
                case logic.Within(path, _):
                    holds = verdicts[number] = self._tests[number](event)
                    found[number] = self._objects(event, part, path, holds)
                case _:
                    verdicts[number] = self._tests[number](event)
        return Region(event, verdicts, found)

    def _inside(self, top: int) -> tuple[int, ...]:
        """The parts that are asked of the same object as ``top``, those inside others first; no members of a crowd."""
        if top not in self._orders:
            order = [top]
            for number in order:
                if not isinstance(self.parts[number].node, logic.Within):
                    order.extend(self.parts[number].children)
            known = self._crowds.members if top == 0 else frozenset()
            self._orders[top] = tuple(number for number in reversed(order) if number not in known)
        return self._orders[top]

    def _objects(self, event: Mapping[str, Any], part: Part, path: str | None, holds: bool) -> tuple[Region, ...]:
        if path is None or not (part.scope is None or path.startswith(f"{part.scope}.")):
            return ()
        body = part.children[0]
        below = path if part.scope is None else path.removeprefix(f"{part.scope}.")
        found = tuple(self._region(each, body) for each in objects(below)(event))
        # Where the mapping has no such path, Elasticsearch does not look at what the event has there.
        return found if any(each.verdicts[body] for each in found) is holds else ()

    def _decisive(self, region: Region, number: int) -> frozenset[Decision]:
        part = self.parts[number]
        verdict = region.verdicts[number]
        match part.node:
            case logic.And() | logic.Or():
                decisive = isinstance(part.node, logic.Or)
                deciding = [child for child in part.children if region.verdicts[child] is decisive]
                if verdict is not decisive:
                    return frozenset().union(*(self._decisive(region, child) for child in part.children))
                return self._decisive(region, deciding[0]) if len(deciding) == 1 else frozenset()
            case logic.Not():
                return self._decisive(region, part.children[0])
            case logic.Within():
                return self._decisive_within(region.objects[number], part.children[0], verdict)
            case logic.Everything():
                return frozenset()
            case _:
                return frozenset({(number, verdict)})

    def _decisive_within(self, found: Sequence[Region], body: int, verdict: bool) -> frozenset[Decision]:
        """A leaf is taken for its opposite in every object."""
        turned = [(each.verdicts[body], self._decisive(each, body)) for each in found]
        if not verdict:
            return frozenset().union(*(decisions for _, decisions in turned))
        lost = [decisions for holds, decisions in turned if holds]
        if not lost:
            return frozenset()
        won = frozenset().union(*(decisions for holds, decisions in turned if not holds))
        return lost[0].intersection(*lost[1:]) - won


def fixed(formula: Formula, leaf: int, truth: bool) -> Formula:
    """``formula`` with the leaf of this number always ``truth``."""
    parts = taken_apart(formula)
    made: dict[int, Formula] = {leaf: logic.Everything() if truth else logic.Or(())}
    for part in reversed(parts):
        if part.number not in made:
            made[part.number] = _with(part.node, [made[child] for child in part.children])
    return made[0]


def _with(node: Formula, children: Iterable[Formula]) -> Formula:
    match node:
        case logic.And():
            return logic.And(tuple(children), span=node.span)
        case logic.Or():
            return logic.Or(tuple(children), span=node.span)
        case logic.Not():
            return logic.Not(*children, span=node.span)
        case logic.Within(path, _):
            return logic.Within(path, *children, span=node.span)
        case _:
            return node
