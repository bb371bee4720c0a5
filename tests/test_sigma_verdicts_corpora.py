"""SigmaHQ's rules and events, and Elastic's rules on their way through Sigma."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ndjson
from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read_text
from translator.witness import witnesses

pytestmark = pytest.mark.shared

#: Elasticsearch folds ASCII letters only, so these two are other letters to it; Sigma folds them to k and s.
FOLDING_TO_ASCII = ("\u212a", "\u017f")


@pytest.fixture(scope="module")
def sigma_rules(shared: Path) -> list[Rule]:
    """Every SigmaHQ rule of the corpus."""
    rows = ndjson(shared / "corpus" / "sigmahq_rules.ndjson.gz")
    return [rule for row in rows for rule in read_text(row["yaml"], "sigma", row["path"])]


def outcomes(rules: list[Rule], target: str, fields: str) -> tuple[Counter[str], Counter[str]]:
    """What became of the rules, exactly and with every loss allowed; and the codes of what was refused even so."""
    found: Counter[str] = Counter()
    codes: Counter[str] = Counter()
    for rule in rules:
        try:
            artefact = convert(rule, to=target, fields=fields, allow=["mixed"])
        except TranslatorError as error:
            codes.update({str(each.code) for each in error.diagnostics})
            found["refused"] += 1
        else:
            found[str(artefact.fidelity)] += 1
    return found, codes


@pytest.mark.parametrize(
    ("target", "fields", "exact", "refused"),
    [
        ("matcher", "none", 2208, {"S004": 17}),
        ("dsl", "none", 2120, {"S004": 17, "L020": 4, "L021": 3}),
        ("kql", "none", 51, {"S004": 17, "L020": 65, "L021": 3}),
        ("dsl", "ecs", 1863, {"S004": 17, "L020": 9, "L021": 3, "L011": 6}),
    ],
)
def test_every_rule_is_written_or_refused_with_a_code(
    sigma_rules: list[Rule], target: str, fields: str, exact: int, refused: Mapping[str, int]
) -> None:
    found, codes = outcomes(sigma_rules, target, fields)

    assert len(sigma_rules) == 2225
    assert found["exact"] >= exact
    assert codes == refused


def test_every_rule_that_sigma_says_means_the_same_when_it_is_read_again(sigma_rules: list[Rule]) -> None:
    """The formula's leaves may be grouped otherwise, so it is their verdicts on witnesses that are compared."""
    schema = Schema.none()
    for rule in random.Random(7).sample(sigma_rules, 60):
        try:
            formula = rule.check(schema).formula
        except TranslatorError:
            continue
        events = [each.event for each in witnesses(formula, source=rule.whole, schema=schema).events]
        test = compile_rule(rule, schema=schema)
        for target in ("sigma", "dsl", "matcher"):
            try:
                artefact = convert(rule, to=target, schema=schema, fields="none")
            except TranslatorError as error:
                assert target == "dsl"
                assert {each.code.number[0] for each in error.diagnostics} == {"L"}  # noqa: PT017
                continue
            matches = backends()[target].matches
            assert matches is not None
            again = matches(artefact.text, schema)
            assert [event for event in events if again(event) is not test(event) and not folds_otherwise(event)] == []


def folds_otherwise(event: Any) -> bool:
    return any(letter in str(event) for letter in FOLDING_TO_ASCII)


def flat(event: Mapping[str, Any]) -> dict[str, Any]:
    """A Windows event under Sigma's names: what the system says and what the event's data say, side by side."""
    said = event.get("Event", {})
    found: dict[str, Any] = {}
    for name, value in said.get("System", {}).items():
        if isinstance(value, dict):
            found |= {f"{name}_{key}": each for key, each in value.get("#attributes", {}).items()}
            found |= {name: value["#text"]} if "#text" in value else {}
        else:
            found[name] = value
    for part in ("EventData", "UserData"):
        for name, value in (said.get(part) or {}).items():
            inside = value if isinstance(value, dict) else {name: value}
            found |= {key.replace(" ", ""): each for key, each in inside.items() if key != "#attributes"}
    return found


def test_every_rule_matches_the_events_that_were_recorded_for_it(shared: Path) -> None:
    """One rule and its events a row; a recording holds other events beside those that the rule is about."""
    schema = Schema.none()
    missed, differing, count = [], [], 0
    for row in ndjson(shared / "corpus" / "sigmahq_regression.ndjson.gz"):
        (rule,) = read_text(row["rule_yaml"], "sigma", row["rule_path"])
        count += 1
        test = compile_rule(rule, schema=schema)
        events = [flat(event) for event in row["events_raw"]]
        if not any(map(test, events)):
            missed.append(rule.title)
        for target in ("dsl", "sigma"):
            try:
                artefact = convert(rule, to=target, schema=schema, fields="none")
            except TranslatorError as error:
                codes = {each.code for each in error.diagnostics}
            else:
                codes = set()
                matches = backends()[target].matches
                assert matches is not None
                again = matches(artefact.text, schema)
                differing += [(target, rule.title) for event in events if again(event) is not test(event)]
            assert codes <= {Code.FIELDS_COMPARED}

    assert count == 101
    assert missed == []
    assert differing == []


def test_rules_find_the_same_events_by_elastic_s_names(shared: Path) -> None:
    """The events as Winlogbeat and the integrations make them.

    Eight rules ask what is kept otherwise there: the text of a registry value, a parent's user, names with a blank.
    """
    schema = Schema.default()
    found = 0
    for row in ndjson(shared / "corpus" / "sigmahq_regression.ndjson.gz"):
        (rule,) = read_text(row["rule_yaml"], "sigma", row["rule_path"])
        test = compile_rule(rule, schema=schema, fields="ecs")
        verdicts = [test(event) for event in row["events_ecs_derived"]]
        found += any(verdicts)
        try:
            artefact = convert(rule, to="dsl", schema=schema)
        except TranslatorError:
            continue
        matches = backends()["dsl"].matches
        assert matches is not None
        again = matches(artefact.text, schema)
        assert [again(event) for event in row["events_ecs_derived"]] == verdicts, rule.title

    assert found >= 93


def test_an_elastic_rule_that_went_through_sigma_gives_its_verdicts_again(shared: Path) -> None:
    schema = Schema.default()
    documents = list(islice(ndjson(shared / "corpus" / "documents.ndjson.gz"), 0, None, 60))
    count = 0
    for rule in elastic_rules(shared):
        try:
            (again,) = read_text(convert(rule, to="sigma", schema=schema, allow=["L012"]).text, "sigma")
        except TranslatorError:
            continue  # what Sigma cannot say is for other tests
        count += 1
        first, second = compile_rule(rule, schema=schema), compile_rule(again, schema=schema)
        events = documents
        if count % 15 == 0:
            formula = rule.check(schema).formula
            events = documents + [each.event for each in witnesses(formula, source=rule.whole, schema=schema).events]
        assert [event for event in events if first(event) is not second(event)] == [], rule.title

    assert count >= 450


def elastic_rules(shared: Path) -> Iterator[Rule]:
    for row in ndjson(shared / "corpus" / "elastic_kql_rules.ndjson.gz"):
        yield from read_text(row["query"], "kql", f"{row['rule_id']}.kql")
