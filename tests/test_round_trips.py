"""Every spelling of a rule gives the same verdict on an event: the rules of `rules/`, and rules drawn at random."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.conftest import ROOT
from tests.strategies import events, rule_queries
from translator import rule_events
from translator.artefact import Predicate
from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.ledger import Allowance
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read, read_text

FOLDERS = sorted(path for path in (ROOT / "rules").iterdir() if path.is_dir())

#: The rules that ask about words of analysed text, which Sigma cannot say.
ON_TEXT = {"linux_sudo_refused_for_a_shell"}


def loaded(folder: Path) -> tuple[Rule, rule_events.RuleEvents, Schema]:
    (rule,) = (rule for path in sorted(folder.glob("rule.*")) for rule in read(path))
    beside = rule_events.read(folder / "events.yaml")
    return rule, beside, beside.schema(Schema.default())


def witnesses(rule: Rule, schema: Schema) -> Iterator[tuple[str, Predicate]]:
    """The rule itself, and each target's artefact read back."""
    yield "rule", compile_rule(rule, schema=schema)
    for name, backend in backends().items():
        try:
            artefact = convert(rule, to=name, schema=schema)
        except TranslatorError:
            continue
        assert backend.matches is not None
        yield name, backend.matches(artefact.text, schema)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_target_gives_the_verdict_that_the_events_expect(folder: Path) -> None:
    rule, beside, schema = loaded(folder)
    tests = dict(witnesses(rule, schema))
    wrong = [
        (each.name, target)
        for each in beside.events
        for target, test in tests.items()
        if test(each.event) is not each.expected
    ]

    expected = {"rule", "dsl", "elastic_rule", "elastic_toml", "kql", "matcher"}
    assert set(tests) == (expected if folder.name in ON_TEXT else expected | {"sigma"})
    assert len(beside.events) >= 8
    assert wrong == []


@pytest.mark.parametrize(
    "folder", [each for each in FOLDERS if each.name not in ON_TEXT], ids=lambda folder: folder.name
)
def test_a_rule_that_went_through_sigma_is_the_same_rule_in_every_target(folder: Path) -> None:
    """Page -> Sigma -> logic -> KQL, DSL, Sigma again."""
    rule, beside, schema = loaded(folder)
    (again,) = read_text(convert(rule, to="sigma", schema=schema).text, format="sigma")
    tests = dict(witnesses(again, schema))
    wrong = [
        (each.name, target)
        for each in beside.events
        for target, test in tests.items()
        if test(each.event) is not each.expected
    ]

    assert set(tests) == {"rule", "dsl", "elastic_rule", "elastic_toml", "kql", "matcher", "sigma"}
    assert wrong == []
    assert again.id == rule.id
    assert again.title == rule.title


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_rule_on_text_is_refused_by_sigma_unless_the_loss_is_allowed(folder: Path) -> None:
    rule, _, schema = loaded(folder)
    if folder.name not in ON_TEXT:
        assert convert(rule, to="sigma", schema=schema).fidelity == "exact"
        return

    with pytest.raises(TranslatorError) as caught:
        convert(rule, to="sigma", schema=schema)
    artefact = convert(rule, to="sigma", schema=schema, allow=["L002"])

    assert {each.code for each in caught.value.diagnostics} == {Code.TOKENS}
    assert artefact.fidelity == "mixed"
    assert {loss.code for loss in artefact.losses} == {Code.TOKENS}


@given(rule_queries, events())
@settings(max_examples=400)
def test_every_target_gives_one_verdict_on_a_drawn_event(text: str, event: dict[str, Any]) -> None:
    schema = Schema.default()
    (rule,) = read_text(text, format="kql", name="drawn.kql")
    before = json.dumps(event)
    verdicts = {name: test(event) for name, test in witnesses(rule, schema)}

    assert set(verdicts) == {"rule", "dsl", "elastic_rule", "elastic_toml", "kql", "matcher", "sigma"}
    assert len(set(verdicts.values())) == 1, verdicts
    assert json.dumps(event) == before


@given(rule_queries, events())
@settings(max_examples=200)
def test_not_is_the_exact_complement(text: str, event: dict[str, Any]) -> None:
    schema = Schema.default()

    assert compile_rule(f"not ({text})", schema=schema)(event) is not compile_rule(text, schema=schema)(event)


def test_nothing_is_allowed_by_default() -> None:
    assert Allowance.parse([]) == Allowance()
