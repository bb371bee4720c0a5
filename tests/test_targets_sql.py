"""What pySigma's SQL backends write for our rules is run on events: SQLite in Python, DuckDB where it is installed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.conftest import ROOT, ndjson
from tests.strategies import PIECES, events, patterns, rule_queries, texts
from tests.test_sigma_verdicts_corpora import flat
from translator import logic, rule_events, values
from translator.artefact import Options, Unheld
from translator.backends import backend
from translator.backends.matcher import compile_
from translator.errors import TranslatorError
from translator.ledger import Allowance, Effect
from translator.pipeline import compile_rule, convert
from translator.rule import query_rule
from translator.schema import Schema, Type, typed
from translator.source import Source
from translator.sources import read, read_text
from translator.values import Pattern, Wild

pytest.importorskip("duckdb")
pytest.importorskip("sigma_backend_duckdb")
pytest.importorskip("sigma.backends.sqlite")

ENGINES = ("duckdb", "sqlite")
ANYTHING = Allowance.parse(["mixed"])
FOLDERS = sorted(path for path in (ROOT / "rules").iterdir() if path.is_dir())


def single(event: Mapping[str, Any]) -> bool:
    """Whether every field holds one value: a table has no column for more."""
    return '", "' not in json.dumps(_lists(event)) and all(len(each) < 2 for each in _lists(event))


def _lists(value: Any) -> list[list[Any]]:
    if isinstance(value, Mapping):
        return [found for inner in value.values() for found in _lists(inner)]
    if isinstance(value, list):
        return [[each for each in value if each is not None], *(found for inner in value for found in _lists(inner))]
    return []


def verdicts(effects: set[Effect]) -> set[tuple[bool, bool]]:
    """What a rule and its artefact may say of one event, given the artefact's losses."""
    same = {(True, True), (False, False)}
    wider, narrower = {(False, True)}, {(True, False)}
    if not effects:
        return same
    if effects == {Effect.WIDER}:
        return same | wider
    return same | narrower if effects == {Effect.NARROWER} else same | wider | narrower


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_query_gives_the_verdict_that_the_events_expect(folder: Path, engine: str) -> None:
    (rule,) = (rule for path in sorted(folder.glob("rule.*")) for rule in read(path))
    beside = rule_events.read(folder / "events.yaml")
    schema = beside.schema(Schema.default())
    try:
        artefact = convert(rule, to=engine, schema=schema, allow=ANYTHING)
    except TranslatorError as error:
        pytest.skip(str(error))
    target = backend(engine)
    assert target is not None
    assert target.matches is not None
    test = target.matches(artefact.text, schema)
    allowed = verdicts({loss.effect for loss in artefact.losses})

    assert artefact.verified
    assert [
        each.name for each in beside.events if single(each.event) and (each.expected, test(each.event)) not in allowed
    ] == []


@pytest.mark.parametrize("engine", ENGINES)
@given(text=rule_queries, event=events().filter(single))
@settings(max_examples=60)
def test_a_drawn_rule_is_what_it_says_it_is(engine: str, text: str, event: dict[str, Any]) -> None:
    """Equal where nothing is lost; else different only in the way that the losses say."""
    artefact = convert(text, to=engine, allow=ANYTHING)
    target = backend(engine)
    assert target is not None
    assert target.matches is not None
    verdict = target.matches(artefact.text, Schema.default())(event)

    assert (compile_rule(text)(event), verdict) in verdicts({loss.effect for loss in artefact.losses}), artefact.text


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("address", "user", "expected"),
    [
        ("172.15.255.255", "b", False),
        ("172.16.0.0", "b", True),
        ("172.31.255.255", "b", True),
        ("172.32.0.0", "b", False),
        ("172.16.0.0", "a", False),
        ("172.31.255.255", "a", False),
    ],
)
def test_a_network_is_one_condition(engine: str, address: str, user: str, expected: bool) -> None:
    """pySigma's backends write a chain of `OR` for it, without parentheses."""
    artefact = convert('source.ip:"172.16.0.0/12" and not user.id:a', to=engine, allow=ANYTHING)
    target = backend(engine)
    assert target is not None
    assert target.matches is not None
    test = target.matches(artefact.text, Schema.default())

    assert test({"source": {"ip": address}, "user": {"id": user}}) is expected


@pytest.mark.parametrize("engine", ENGINES)
def test_a_column_has_no_place_for_several_values(engine: str) -> None:
    artefact = convert("user.name:a", to=engine)
    target = backend(engine)
    assert target is not None
    assert target.matches is not None
    test = target.matches(artefact.text, Schema.default())

    assert test({"user": {"name": [["a"], None]}})
    with pytest.raises(Unheld, match=r"user\.name"):
        test({"user": {"name": ["a", "b"]}})


@st.composite
def asked_and_held(draw: st.DrawFn) -> tuple[Pattern, str]:
    """A text or pattern, and a value that is like it."""
    asked = draw(st.one_of(texts.map(lambda text: values.pattern((text,))), patterns()))
    parts = [
        draw(st.sampled_from(["", "x", "a.b", "%", "_"]))
        if part is Wild.ANY
        else draw(PIECES)[:1]
        if part is Wild.ONE
        else part
        for part in asked
    ]
    held = "".join(map(str, parts)).replace("\0", "")  # where SQLite's patterns end a text
    changes = [str, str.swapcase, lambda text: text[1:], lambda text: f"{text}x", lambda text: text.replace("\\", "")]
    return asked, draw(st.sampled_from(changes))(held)


@pytest.mark.parametrize("engine", ENGINES)
@given(drawn=asked_and_held(), cased=st.booleans(), negated=st.booleans())
@settings(max_examples=150)
def test_every_character_of_a_value_means_itself(
    engine: str, drawn: tuple[Pattern, str], cased: bool, negated: bool
) -> None:
    asked, held = drawn
    field = typed("user.name", Type.KEYWORD)
    whole = not any(isinstance(part, Wild) for part in asked)
    leaf: logic.Formula = logic.Matches(field, asked, cased)
    if whole:
        leaf = logic.Equals(field, "".join(map(str, asked)), cased)
    elif asked == (Wild.ANY,):
        leaf = logic.Exists(field)
    formula = logic.Not(leaf) if negated else leaf
    target = backend(engine)
    assert target is not None
    assert target.matches is not None
    try:
        artefact = target.write(query_rule(Source("x:y")), formula, Options(Schema.default()), ANYTHING)
    except TranslatorError:
        return  # refused: what it cannot say is not written
    test = target.matches(artefact.text, Schema.default())
    expected = compile_(formula)
    allowed = verdicts({loss.effect for loss in artefact.losses})

    for event in ({"user": {"name": held}}, {"user.name": None}, {}):
        assert (expected(event), test(event)) in allowed, (artefact.text, event)


@pytest.mark.shared
@pytest.mark.parametrize("engine", ENGINES)
def test_sigma_rules_match_in_sql_the_events_that_they_match(shared: Path, engine: str) -> None:
    """SigmaHQ keeps real events beside a hundred rules; the tables have Sigma's names."""
    target = backend(engine)
    assert target is not None
    assert target.matches is not None
    differing, compared = [], 0
    for row in ndjson(shared / "corpus" / "sigmahq_regression.ndjson.gz"):
        (rule,) = read_text(row["rule_yaml"], "sigma", row["rule_path"])
        try:
            artefact = convert(rule, to=engine, schema=Schema.none())
        except TranslatorError:
            continue
        test, again = compile_rule(rule, schema=Schema.none()), target.matches(artefact.text, Schema.none())
        found = [event for event in map(flat, row["events_raw"][:20]) if single(event)]
        compared += len(found)
        differing += [rule.title for event in found if test(event) is not again(event)]

    assert compared > 80
    assert differing == []
