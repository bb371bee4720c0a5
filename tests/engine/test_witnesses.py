"""Witnesses on a real engine: the Query DSL of every rule, asked about those of many rules and about recorded events.

Many rules share one index, so that each is asked about the near misses of the others too. A pair is one rule and one
document that the engine took.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests import proof
from tests.conftest import ROOT, ndjson
from tests.engine.node import Node, Refusal
from translator import rule_events
from translator.artefact import Predicate
from translator.errors import TranslatorError
from translator.ledger import Fidelity
from translator.live import MOST_DOCUMENTS, Engine, written
from translator.live.mapping import mapped
from translator.logic import Formula
from translator.meaning import JsonNumber
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read
from translator.witness import witnesses

pytestmark = pytest.mark.engine

#: How many of the recorded events are asked about: one of so many.
EVERY_EVENT = 10

#: How many of SigmaHQ's rules are asked: one of so many.
EVERY_RULE = 20

#: Documents of one index: a search returns no more than `MOST_DOCUMENTS`.
ROOM = MOST_DOCUMENTS // 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A rule as the engine is asked, as the matcher answers, and the events made for it."""

    rule: Rule
    formula: Formula
    dsl: Mapping[str, Any] = field(repr=False)
    fidelity: Fidelity
    test: Predicate
    events: tuple[Mapping[str, Any], ...] = field(repr=False)


@dataclass(slots=True)
class Tally:
    """What was compared."""

    pairs: int = 0
    refused: int = 0
    documents: int = 0
    declared: int = 0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.pairs} pairs over {self.documents} documents, {self.refused} more not taken by the engine; "
            f"{self.declared} differences declared, {len(self.wrong)} not"
        )


def asked(rule: Rule, schema: Schema) -> Asked:
    """Raises TranslatorError where Query DSL cannot say the rule."""
    artefact = convert(rule, to="dsl", schema=schema, allow=("mixed", "wider", "narrower"))
    formula = rule.check(schema, elastic_names=True).formula
    found = witnesses(formula, schema, source=rule.whole)
    test = compile_rule(rule, schema=schema, fields="ecs")
    return Asked(rule, formula, artefact.data, artefact.fidelity, test, tuple(each.event for each in found.events))


def batches(rules: Iterable[Asked]) -> Iterator[list[Asked]]:
    """As many rules as have room for their witnesses in one index."""
    batch: list[Asked] = []
    for each in rules:
        if batch and sum(len(other.events) for other in batch) + len(each.events) > ROOM:
            yield batch
            batch = []
        batch.append(each)
    yield batch


def compare(
    node: Node, rules: Sequence[Asked], events: Sequence[Mapping[str, Any]], schema: Schema, tally: Tally
) -> None:
    """Ask each rule about each event."""
    with Engine(node.url).index(mapped(schema, [each.formula for each in rules], events), events) as index:
        taken = {at: event for at, event in enumerate(events) if at not in index.refused}
        tally.documents += len(taken)
        tally.refused += len(index.refused)
        tally.pairs += len(taken) * len(rules)
        for each, hits in zip(rules, node.search_all(index.name, [each.dsl for each in rules]), strict=True):
            if isinstance(hits, Refusal):
                tally.wrong.append(f"{each.rule.title}: {hits}")
                continue
            ours = {at for at, event in taken.items() if each.test(event)}
            more, less = hits - ours, ours - hits
            if declared(each.fidelity, bool(more), bool(less)):
                tally.declared += len(more) + len(less)
                continue
            for said, only in (("engine", more), ("matcher", less)):
                tally.wrong += [f"{each.rule.title}: the {said} alone: {written(taken[at])}" for at in sorted(only)]


def declared(fidelity: Fidelity, more: bool, less: bool) -> bool:
    """Whether the rule's losses say that the engine may return more, or less."""
    match fidelity:
        case Fidelity.EXACT:
            return not (more or less)
        case Fidelity.WIDER:
            return not less
        case Fidelity.NARROWER:
            return not more
        case Fidelity.MIXED:
            return True


def own(schema: Schema) -> Iterator[tuple[Rule, Schema]]:
    """The rules of `rules/`, each with the types that its events say."""
    for folder in sorted(path.parent for path in (ROOT / "rules").glob("*/events.yaml")):
        types = rule_events.read(folder / "events.yaml").schema(schema)
        yield from ((rule, types) for path in sorted(folder.glob("rule.*")) for rule in read(path))


def test_the_engine_gives_the_matchers_verdict_on_every_witness_of_our_rules(node: Node) -> None:
    tally = Tally()
    for rule, types in own(Schema.default()):
        each = asked(rule, types)
        compare(node, [each], each.events, types, tally)
    print(tally, *tally.wrong[:20], sep="\n")

    assert tally.wrong == []
    assert tally.documents >= 500


@pytest.mark.shared
def test_the_engine_gives_the_matchers_verdict_on_every_witness_of_elastics_rules(node: Node, shared: Path) -> None:
    schema = Schema.default()
    rules = [asked(proof.rule_of(each), schema) for each in proof.records(shared, "elastic")]
    tally = Tally()
    for batch in batches(rules):
        compare(node, batch, [event for each in batch for event in each.events], schema, tally)
    print(tally, *tally.wrong[:20], sep="\n")

    assert len(rules) == 488
    assert tally.wrong == []
    assert tally.pairs >= 1_000_000


@pytest.mark.shared
def test_the_engine_gives_the_matchers_verdict_on_recorded_events(node: Node, shared: Path) -> None:
    schema = Schema.default()
    rules = [asked(proof.rule_of(each), schema) for each in proof.records(shared, "elastic")]
    events = [numbers(each) for each in islice(ndjson(shared / "corpus/documents.ndjson.gz"), 0, None, EVERY_EVENT)]
    tally = Tally()
    compare(node, rules, events, schema, tally)
    print(tally, *tally.wrong[:20], sep="\n")

    assert tally.wrong == []
    assert tally.pairs >= 1_000_000


@pytest.mark.shared
def test_the_engine_gives_the_matchers_verdict_on_every_witness_of_sigmahqs_rules(node: Node, shared: Path) -> None:
    """A rule that loses something on the way differs in that direction only."""
    schema = Schema.default()
    tally = Tally()
    rules: list[Asked] = []
    for each in proof.records(shared, "sigmahq", EVERY_RULE):
        try:
            rules.append(asked(proof.rule_of(each), schema))
        except TranslatorError:
            continue  # what Query DSL cannot say is no question to the engine
    for batch in batches(rules):
        compare(node, batch, [event for each in batch for event in each.events], schema, tally)
    print(tally, *tally.wrong[:20], sep="\n")

    assert len(rules) >= 100
    assert tally.wrong == []


def numbers(value: Any) -> Any:
    """A recorded event with its fractions as the engine gets them."""
    match value:
        case dict():
            return {key: numbers(inner) for key, inner in value.items()}
        case list():
            return [numbers(inner) for inner in value]
        case float():
            return JsonNumber(repr(value))
        case _:
            return value
