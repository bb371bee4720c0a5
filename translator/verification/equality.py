"""Whether two formulas are one: events that tell them apart, or a proof that there are none.

What was written can be read back as a formula. Where that is the rule's own, however it is grouped, there is nothing
to tell apart; else events are searched for that one of the two matches and the other does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from translator import json_reader, kql, logic, sigma
from translator.errors import TranslatorError
from translator.logic import Formula
from translator.query_dsl import DslReader
from translator.schema import Schema
from translator.source import Source
from translator.sources import read_text
from translator.witness.events import built
from translator.witness.leaves import asked
from translator.witness.parts import Judge, taken_apart
from translator.witness.search import Search
from translator.witness.space import Space, alike

#: Steps that a search may take which is to prove that two formulas are one.
_STEPS = 50_000

#: Models of a difference that are tried.
_TRIES = 4

#: Conditions of two formulas up to which they are searched for a difference.
_MOST_LEAVES = 600


def same(first: Formula, second: Formula, schema: Schema) -> bool:
    """Whether provably no event tells two formulas apart; False says that no proof was found."""
    first, second = flat(first), flat(second)
    if first == second:
        return True
    searches = _differences(first, second, schema)
    return all(next(search.models, None) is None and not search.open for search in searches)


def apart(first: Formula, second: Formula, schema: Schema) -> Iterator[Mapping[str, Any]]:
    """Events that should satisfy one of the two and not the other; those that do not may be among them."""
    first, second = flat(first), flat(second)
    if first == second:
        return
    for search in _differences(first, second, schema):
        yield from map(built, islice(search.models, _TRIES))


def comparable(first: Formula, second: Formula) -> bool:
    """Whether the two are not too long to be searched."""
    return sum(not logic.children(node) for each in (first, second) for node in logic.walk(each)) <= _MOST_LEAVES


def asked_fields(formula: Formula) -> frozenset[str]:
    """The names of the fields that a formula asks."""
    return frozenset(each.path for part in taken_apart(formula) if part.is_leaf for each in asked(part.node).fields)


def _differences(first: Formula, second: Formula, schema: Schema) -> Iterator[Search]:
    for wanted, unwanted in ((first, second), (second, first)):
        both = logic.And((wanted, logic.Not(unwanted)))
        yield Search(Space(Judge(both, schema), schema), most=_STEPS).want(0, True)


def flat(formula: Formula) -> Formula:
    """The formula without what changes nothing: an `and` in an `and`, one item alone, two nots, how a leaf is asked."""
    match formula:
        case logic.And(items) | logic.Or(items):
            kind = type(formula)
            inside = [flat(each) for each in items]
            joined = tuple(part for each in inside for part in (each.items if isinstance(each, kind) else (each,)))
            return joined[0] if len(joined) == 1 else replace(formula, items=joined)
        case logic.Not(item):
            inner = flat(item)
            return inner.item if isinstance(inner, logic.Not) else replace(formula, item=inner)
        case logic.Within(_, body):
            return replace(formula, body=flat(body))
        case logic.AnyField(items):
            return flat(logic.Or(items))
        case _:
            return alike(formula)


def reread(target: str, text: str, schema: Schema) -> Formula | None:
    """What an artefact's text says, as a formula; None where its language is not read so, or says more than one."""
    reader = _READERS.get(target)
    try:
        return None if reader is None else reader(text, schema)
    except TranslatorError:
        return None


def _dsl(text: str, schema: Schema) -> Formula | None:
    reader = DslReader(schema)
    formula = reader.clause(json_reader.read(Source(text)))
    return None if reader.found else formula


def _kql(text: str, schema: Schema) -> Formula:
    source = Source(text)
    return kql.check(kql.parse(source), schema, source).formula


def _sigma(text: str, schema: Schema) -> Formula:
    return sigma.check(Source(text), schema).formula


def _file(format_: str) -> Callable[[str, Schema], Formula]:
    def formula(text: str, schema: Schema) -> Formula:
        (rule,) = read_text(text, format=format_)
        return rule.check(schema).formula

    return formula


_READERS: dict[str, Callable[[str, Schema], Formula | None]] = {
    "dsl": _dsl,
    "kql": _kql,
    "sigma": _sigma,
    "elastic_rule": _file("ndjson"),
    "elastic_toml": _file("toml"),
}
