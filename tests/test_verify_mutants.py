"""Faults put into artefacts are seen by the witnesses: every mutant of every rule here is told from the rule."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests import mutants
from tests.conftest import ROOT, ndjson
from translator import json_reader, kql, logic, rule_events, yaml_writer
from translator.artefact import Artefact
from translator.backends import backends
from translator.errors import TranslatorError
from translator.pipeline import convert
from translator.query_dsl import DslReader
from translator.rule import Rule, query_rule
from translator.schema import Schema
from translator.source import Source
from translator.sources import read, read_text
from translator.verification import same
from translator.witness import Witnesses, witnesses

FOLDERS = sorted(path.parent.name for path in (ROOT / "rules").glob("*/events.yaml"))
TARGETS = ("dsl", "kql", "sigma")


@cache
def loaded(folder: str) -> tuple[Rule, Schema, Witnesses]:
    path = ROOT / "rules" / folder
    (rule,) = (rule for each in sorted(path.glob("rule.*")) for rule in read(each))
    schema = rule_events.read(path / "events.yaml").schema(Schema.default())
    return rule, schema, witnesses(rule.check(schema).formula, schema, source=rule.whole)


def faulty(artefact: Artefact) -> Iterator[tuple[str, str]]:
    """The texts of an artefact with one fault each."""
    match artefact.target:
        case "dsl":
            for why, data in mutants.inside(artefact.data, mutants.of_dsl):
                yield why, json.dumps(data)
        case "sigma":
            for why, detection in mutants.inside(artefact.data["detection"], mutants.of_sigma):
                yield why, yaml_writer.write({**artefact.data, "detection": detection})
        case _:
            for why, query in mutants.of_kql(artefact.data):
                yield why, kql.print_(query)


def survivors(artefact: Artefact, schema: Schema, found: Witnesses) -> tuple[Counter[str], list[tuple[str, str]]]:
    """How many faults of each kind were put in, and those that no witness tells from the rule."""
    counts: Counter[str] = Counter()
    alive: list[tuple[str, str]] = []
    matches = backends()[artefact.target].matches
    assert matches is not None
    for why, text in faulty(artefact):
        try:
            test = matches(text, schema)
        except TranslatorError:
            continue  # a fault that cannot be read is seen at once
        counts[why] += 1
        if all(test(each.event) is each.expected for each in found.events):
            alive.append((why, text))
    return counts, alive


def equal(rule: Rule, target: str, text: str, schema: Schema) -> bool:
    """Whether a mutant provably says what the rule says."""
    if target == "dsl":
        reader = DslReader(schema)
        formula = reader.clause(json_reader.read(Source(text)))
        return not reader.found and same(rule.check(schema).formula, formula, schema)
    (other,) = read_text(text, format=target, name=f"mutant.{target}")
    return same(rule.check(schema).formula, other.check(schema).formula, schema)


def repeats(formula: logic.Formula) -> bool:
    """Whether a list says a value twice: a fault in one of them only adds a value that no event need hold."""
    return any(len(set(items)) < len(items) for node in logic.walk(formula) if (items := logic.children(node)))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_fault_is_seen(folder: str, target: str) -> None:
    rule, schema, found = loaded(folder)
    artefact = convert(rule, to=target, schema=schema, allow=["mixed"])
    if artefact.losses:
        pytest.skip("the artefact says something else than the rule to begin with")
    counts, alive = survivors(artefact, schema, found)

    assert sum(counts.values()) >= 10
    left = [each for each in alive if not equal(rule, target, each[1], schema)]
    assert left == []


@pytest.mark.shared
def test_faults_in_elastics_rules_are_seen(shared: Path) -> None:
    """Every tenth rule; of Query DSL and KQL all faults, and those that survive are proved to be none, or listed."""
    schema = Schema.default()
    repeating = 0
    total: Counter[str] = Counter()
    listed: list[Any] = []
    for each in list(ndjson(shared / "corpus/elastic_kql_rules.ndjson.gz"))[::10]:
        rule = query_rule(Source(each["query"], each["rule_id"]))
        if repeats(rule.check(schema).formula):
            repeating += 1
            continue
        found = witnesses(rule.check(schema).formula, schema, source=rule.whole)
        for target in ("dsl", "kql"):
            counts, alive = survivors(convert(rule, to=target, schema=schema), schema, found)
            total += counts
            listed += [(each["rule_id"], target, *one) for one in alive if not equal(rule, target, one[1], schema)]
    print(sum(total.values()), dict(total), len(listed), f"{repeating} rules say a value twice")
    for one in listed:
        print(*one)

    assert sum(total.values()) > 4000
    assert len(listed) <= sum(total.values()) // 100
