"""Faults put into artefacts are seen by the witnesses: every mutant of every rule here is told from the rule."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import NamedTuple, get_args

import pytest

from tests import mutants, proof
from tests.conftest import ROOT
from tests.emitter_faults import FAULTS, everywhere, mistyped
from translator import kql, logic, rule_events, yaml_writer
from translator.artefact import Artefact, Options
from translator.backends import backends
from translator.errors import TranslatorError
from translator.pipeline import compile_rule, convert
from translator.rule import Rule, query_rule
from translator.schema import FieldRef, Schema
from translator.source import Source
from translator.sources import read, read_text
from translator.verification.equality import apart, comparable, reread, same
from translator.witness import Witnesses, witnesses

#: Of Elastic's rules one of so many.
EVERY = 10

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


class Fate(StrEnum):
    """What becomes of a fault."""

    #: A witness of the rule is judged otherwise.
    WITNESSED = "seen by a witness"
    #: The search for an event that tells the artefact from the rule finds one.
    SEARCHED = "seen by the search"
    #: Provably no event shows it: it is no fault.
    NONE = "proved to be none"
    #: What it says is an error to read.
    UNREADABLE = "cannot be read"
    ALIVE = "ALIVE"


def fate(rule: Rule, target: str, text: str, schema: Schema, found: Witnesses) -> Fate:
    """What `verify` would make of this text in the place of the artefact."""
    matches = backends()[target].matches
    assert matches is not None
    try:
        test = matches(text, schema)
    except TranslatorError:
        return Fate.UNREADABLE
    if any(test(each.event) is not each.expected for each in found.events):
        return Fate.WITNESSED
    formula, said = found.formula, reread(target, text, schema)
    if said is None or not comparable(formula, said):
        return Fate.ALIVE
    right = compile_rule(rule, schema=schema)
    if any(test(event) is not right(event) for event in apart(formula, said, schema)):
        return Fate.SEARCHED
    return Fate.NONE if same(formula, said, schema) else Fate.ALIVE


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_fault_is_seen(folder: str, target: str) -> None:
    rule, schema, found = loaded(folder)
    artefact = convert(rule, to=target, schema=schema, allow=["mixed"])
    if artefact.losses:
        pytest.skip("the artefact says something else than the rule to begin with")
    fates = Counter((why, fate(rule, target, text, schema, found)) for why, text in faulty(artefact))

    assert sum(fates.values()) >= 10
    assert [why for why, what in fates if what is Fate.ALIVE] == []


@pytest.mark.shared
def test_faults_in_elastics_rules_are_seen(shared: Path) -> None:
    """Every tenth rule, all faults of Query DSL and KQL: each is seen, or proved to be none."""
    schema = Schema.default()
    counts: Counter[tuple[str, Fate]] = Counter()
    alive: list[str] = []
    for each in proof.records(shared, "elastic", EVERY):
        rule = proof.rule_of(each)
        found = witnesses(rule.check(schema).formula, schema, source=rule.whole)
        for target in ("dsl", "kql"):
            for why, text in faulty(convert(rule, to=target, schema=schema)):
                what = fate(rule, target, text, schema, found)
                counts[target, what] += 1
                alive += [f"{rule.title} {target}: {why}: {text}"] if what is Fate.ALIVE else []
    print(sum(counts.values()), {f"{target}, {what}": count for (target, what), count in sorted(counts.items())})
    print(*alive, sep="\n")

    assert sum(counts.values()) > 5_000
    assert alive == []


@pytest.mark.parametrize("target", [*TARGETS, "elastic_rule"])
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_faulty_emitter_is_seen(folder: str, target: str) -> None:
    rule, schema, found = loaded(folder)
    if backends()[target].emit(rule, found.formula, Options(schema)).losses:
        pytest.skip("the artefact says something else than the rule to begin with")
    fates = Counter(faulty_emitters(rule, target, schema, found))

    assert sum(fates.values()) >= 3
    assert [why for why, what in fates if what is Fate.ALIVE] == []


def test_every_fault_of_an_emitter_shows_on_some_rule() -> None:
    """So that none of them is a fault on paper only."""
    small = Schema.from_yaml("n: nested\nn.a: keyword\nn.b: keyword\nuser.name: keyword\n")
    sigma = "title: A\nlogsource: {category: a}\ndetection: {s: {user.name: admin}, condition: s}\n"
    rules = [loaded(folder) for folder in FOLDERS]
    for rule in (query_rule(Source("n:{ a:x and b:y }")), *read_text(sigma, format="sigma")):
        rules.append((rule, small, witnesses(rule.check(small).formula, small, source=rule.whole)))
    shown = {
        why
        for rule, schema, found in rules
        for target in TARGETS
        for why, what in faulty_emitters(rule, target, schema, found)
        if what in (Fate.WITNESSED, Fate.SEARCHED)
    }

    assert set(FAULTS) - shown == set()


@pytest.mark.shared
def test_faulty_emitters_are_seen_on_elastics_rules(shared: Path) -> None:
    schema = Schema.default()
    counts: Counter[Fate] = Counter()
    alive: list[str] = []
    for each in proof.records(shared, "elastic", EVERY):
        rule = proof.rule_of(each)
        found = witnesses(rule.check(schema).formula, schema, source=rule.whole)
        for target in TARGETS:
            for why, what in faulty_emitters(rule, target, schema, found):
                counts[what] += 1
                alive += [f"{rule.title} {target}: {why}"] if what is Fate.ALIVE else []
    print(sum(counts.values()), {str(what): count for what, count in counts.items()})
    print(*alive, sep="\n")

    assert sum(counts.values()) > 1_000
    assert alive == []


class Faulty(NamedTuple):
    """What a faulty emitter is given: the formula (None: what the rule means by these types) and the types."""

    formula: logic.Formula | None
    schema: Schema


def faulty_emitters(rule: Rule, target: str, schema: Schema, found: Witnesses) -> Iterator[tuple[str, Fate]]:
    """What becomes of each fault of an emitter that shows in what it writes for a rule without declaring it."""
    backend = backends()[target]
    try:
        sound = backend.emit(rule, found.formula, Options(schema))
    except TranslatorError:
        return  # the target cannot say the rule
    if sound.losses:
        return
    faults = [(why, Faulty(everywhere(found.formula, change), schema)) for why, change in FAULTS.items()]
    faults += [(why, Faulty(None, types)) for why, types in mistyped(schema, asked_paths(found.formula))]
    for why, (formula, types) in faults:
        try:
            written = backend.emit(rule, formula or rule.check(types).formula, Options(types))
        except TranslatorError:
            continue  # the fault makes of the rule what nobody can write
        if written.text != sound.text and not written.losses:
            yield why, fate(rule, target, written.text, schema, found)


def asked_paths(formula: logic.Formula) -> list[str]:
    """The fields that a formula asks, each once."""
    leaves = (node for node in logic.walk(formula) if isinstance(node, get_args(logic.Leaf)))
    return list(dict.fromkeys(leaf.field.path for leaf in leaves if isinstance(leaf.field, FieldRef)))
