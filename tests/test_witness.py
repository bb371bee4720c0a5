"""Witnesses: their verdicts, what they cover, what is proved impossible, and what they are near to."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.conftest import ndjson
from tests.strategies import events, rule_queries
from translator import kql, logic
from translator.backends.matcher import compile_
from translator.errors import Code
from translator.logic import Formula
from translator.pipeline import compile_rule
from translator.schema import Schema, Type
from translator.source import Source
from translator.values import Wild
from translator.witness import Reach, Witnesses, witnesses
from translator.witness.parts import fixed

SCHEMA = Schema.from_yaml(
    "".join(f"{kind.value}: {kind.value}\n" for kind in Type if kind not in (Type.NESTED, Type.UNMAPPED))
    + "n: nested\nn.a: keyword\nn.b: keyword\nn.m: nested\nn.m.c: keyword\n"
    "object.x: keyword\nshort_keyword: {type: keyword, ignore_above: 5}\n"
)


def formula(text: str, schema: Schema = SCHEMA) -> Formula:
    source = Source(text)
    return kql.check(kql.parse(source), schema, source).formula


def made(text: str, schema: Schema = SCHEMA, most: int = 300) -> Witnesses:
    return witnesses(formula(text, schema), schema, source=Source(text), most=most)


@given(rule_queries)
@settings(max_examples=60)
def test_verdicts_are_the_matchers_and_coverage_is_what_turns(text: str) -> None:
    """Each claim is put to the matcher: with the leaf taken for its opposite the verdict is another one."""
    schema = Schema.default()
    whole = formula(text, schema)
    found = made(text, schema, most=40)
    test = compile_rule(text, schema=schema)
    wrong = [each for each in found.events if test(each.event) is not each.expected]
    claimed = [(each.event, *decision) for each in found.events for decision in each.covers]
    idle = [
        (leaf, truth)
        for event, leaf, truth in claimed
        if compile_(fixed(whole, leaf, not truth), schema=schema)(event) is test(event)
    ]

    assert wrong == []
    assert idle == []
    assert {(leaf, truth) for _, leaf, truth in claimed} == {
        (each.part.number, truth)
        for each in found.leaves
        for truth, reach in ((True, each.true), (False, each.false))
        if reach is Reach.COVERED
    }


@given(rule_queries, events())
@settings(max_examples=150)
def test_what_is_called_impossible_happens_on_no_event(text: str, event: dict[str, Any]) -> None:
    schema = Schema.default()
    whole = formula(text, schema)
    found = made(text, schema, most=0)
    test = compile_rule(text, schema=schema)

    for each in found.leaves:
        for truth, reach in ((True, each.true), (False, each.false)):
            if reach is Reach.IMPOSSIBLE:
                other = compile_(fixed(whole, each.part.number, not truth), schema=schema)
                assert all(other(one) is test(one) for one in (event, *(each.event for each in found.events)))


@given(rule_queries)
@settings(max_examples=100)
def test_every_decision_over_the_common_types_is_reached_or_refuted(text: str) -> None:
    assert made(text, Schema.default(), most=0).count(Reach.OPEN) == 0


def test_the_same_formula_has_the_same_witnesses() -> None:
    text = 'keyword:(a* or b) and not (ip:10.0.0.0/8 or n:{ a:x and not b:y }) and long > 5 and text:"x y"'

    assert made(text) == made(text)


#: One question of each kind for every type that takes it.
QUESTIONS = [
    "keyword: a*b", 'keyword: "x y"', "wildcard: *x", "constant_keyword: prod*", "keyword > m",
    'text: "failed login"', "text: failed login", "text: fail*", "match_only_text: *", "ip: 10.1.0.0/16", "ip: \"::1\"",
    "ip > 10.0.0.5", "long: 42", "integer <= 5", "short: 7", "byte: 0", "unsigned_long: 18446744073709551615",
    "double > 1.5", "float: 0.5", "half_float >= 2", "scaled_float: 3", "boolean: true", "boolean: *",
    "date: 2024-02-29", 'date >= "2024-01-01T00:00:00Z"', "date_nanos < 2030-01-01", "date: *", "flattened: x",
    "flattened.a: x", "flattened.a: x*", "flattened: *", "version: 1.2.3", "version > 2.0.0", "object: *",
    "integer_range: 5", "ip_range: 10.0.0.1", "date_range: 2024-01-01", "double_range > 2", "geo_point: *",
    "unknown: x", "unknown: \"a b\"", "unknown: a*", "unknown: *", "never.heard.of: x", "never.heard.of > 3",
    "foo", '"foo bar"', "fo*", "key*: x", "keyw*: *", "n:{ a: x }", "n:{ a: x and b: y }", "n:{ a: * and m:{ c: x* } }",
    "not n:{ not a: x }", "date > now-1d",
]  # fmt: skip


@pytest.mark.parametrize("text", QUESTIONS)
def test_each_kind_of_question_is_covered_both_ways_whatever_the_type(text: str) -> None:
    found = made(text)

    assert found.count(Reach.COVERED) == 2 * len(found.leaves)
    assert {each.expected for each in found.events} == {True, False}
    assert found.findings == ()


#: What only Sigma asks.
FIELD = SCHEMA.field
SIGMA: list[Formula] = [
    logic.Like(FIELD("text"), (Wild.ANY, "x y", Wild.ANY)),
    logic.Like(FIELD("long"), ("80",)),
    logic.Like(FIELD("ip"), ("10.", Wild.ANY)),
    logic.Regex(FIELD("keyword"), "^a(b|c)+\\d{2}$"),
    logic.Regex(FIELD("text"), "foo.*bar", "i"),
    logic.Numeric(FIELD("keyword"), logic.RangeOp.GT, 5),
    logic.InNetwork(FIELD("keyword"), "10.0.0.0/8"),
    logic.SameAs(FIELD("keyword"), FIELD("text")),
    logic.SameAs(FIELD("keyword"), FIELD("text"), logic.Side.START, cased=True),
    *(logic.DatePart(FIELD("date"), unit, 1) for unit in logic.DateUnit if unit is not logic.DateUnit.YEAR),
    logic.DatePart(FIELD("keyword"), logic.DateUnit.YEAR, 2024),
    logic.DatePart(FIELD("date"), logic.DateUnit.WEEK, 53),
    logic.Anywhere(("foo",)),
    logic.AnywhereRegex("fo+"),
    logic.Equals(FIELD("keyword"), "größe", cased=False),
]


@pytest.mark.parametrize("leaf", SIGMA, ids=str)
def test_each_question_of_sigmas_is_covered_both_ways(leaf: Formula) -> None:
    found = witnesses(leaf, SCHEMA)

    assert found.count(Reach.COVERED) == 2
    assert all(compile_(leaf, schema=SCHEMA)(each.event) is each.expected for each in found.events)


#: (query, code, what the message names)
FINDINGS = [
    ("keyword:x* and not keyword:x*", Code.NEVER_TRUE, "The rule can never match"),
    ("keyword:cmd.exe and not keyword:cmd*", Code.NEVER_TRUE, "`keyword: cmd.exe` and `not keyword:cmd*`"),
    ("ip:10.1.2.3 and not ip:10.0.0.0/8", Code.NEVER_TRUE, "exclude each other"),
    ("boolean:true and not boolean:*", Code.NEVER_TRUE, "exclude each other"),
    ('text:"failed login" and not text:login', Code.NEVER_TRUE, "exclude each other"),
    ("date:2024-05-05 and not date >= 2024-01-01", Code.NEVER_TRUE, "exclude each other"),
    ("long > 5 and not long > 4", Code.NEVER_TRUE, "exclude each other"),
    (
        "keyword:a or (wildcard:b and not wildcard:b*)",
        Code.NEVER_TRUE,
        "`(wildcard:b and not wildcard:b*)` can never be",
    ),
    ("keyword:x or not keyword:x", Code.ALWAYS_TRUE, "The rule matches every event"),
    ("long:5 and (keyword:x or not keyword:*)", None, ""),
    ("long:5 and (keyword:x* or not keyword:xy)", Code.ALWAYS_TRUE, "is always true"),
    ("keyword:(a or b or a)", Code.CHANGES_NOTHING, "the same is said before"),
    ("keyword:(a* or ab)", Code.CHANGES_NOTHING, "`keyword: ab` changes nothing: `keyword: a*` is true wherever it is"),
    ("keyword:* and keyword:a", Code.CHANGES_NOTHING, "`keyword: *` changes nothing"),
    ("ip:(10.0.0.0/8 or 10.1.0.0/16)", Code.CHANGES_NOTHING, "`ip: 10.1.0.0/16` changes nothing"),
    ("long > 5 and long >= 6", Code.CHANGES_NOTHING, "changes nothing"),
    # A field may hold several values, so neither of these says anything impossible.
    ("keyword:a and keyword:b", None, ""),
    ("long > 5 and long < 3", None, ""),
    ("not object:* and keyword:x", None, ""),
    ("short_keyword:abcdefgh*", Code.NEVER_TRUE, ""),
]


@pytest.mark.parametrize(("text", "code", "said"), FINDINGS)
def test_what_can_never_be_or_changes_nothing_is_found(text: str, code: Code | None, said: str) -> None:
    found = made(text)

    assert {each.code for each in found.findings} == ({code} if code else set())
    assert all(said in each.message for each in found.findings[:1])
    assert not any(each.span.start == each.span.end for each in found.findings)


def test_a_finding_points_at_the_condition() -> None:
    (finding,) = made("long:5 and keyword:(abc or x or abc)").findings

    assert finding.source.text[finding.span.start : finding.span.end] == "abc"
    assert finding.span.start > 25


#: (query, near misses that are made, whether each matches): what the issue asks for, by type.
NEAR: list[tuple[str, dict[str, bool]]] = [
    ("keyword:Cmd.exe", {
        "letter case flipped": False, "one character more at the end": False, "one character more at the start": False,
        "null": False, "an empty list": False, "an empty text": False, "second in a list": True,
        "a blank at the end": False, "under a name in another letter case": False,
    }),
    ("object.x:a", {"under a dotted key": True}),
    ("keyword:80", {"as a number": True, "as a number with a fraction": False}),
    ('keyword:"a*c"', {"something else where the wildcard character stands": False}),
    ("keyword:C\\:\\\\x\\\\*", {"backslashes doubled": False, "the last character missing": False}),
    ("keyword:a*c", {
        "the stars stand for several characters": True, "the last character missing": False, "a line end in it": True,
    }),
    ("keyword:é", {"accents as characters of their own": False}),
    ("keyword:kiosk", {"a letter that only Unicode folds to this one": False}),
    ("long > 5", {"one below": False, "the last of it": True, "as a text": True, "a text that is no number": False}),
    ("long:5", {"one below": False, "one above": False, "with a fraction": True, "as a text with a fraction": True}),
    ("ip:10.0.0.0/8", {
        "one below": False, "one above": False, "the last of it": True, "as an IPv6 address": True,
        "a text that is no address": False,
    }),
    ("date:2024-02-29", {
        "one below": False, "one above": False, "the last of it": True, "in another time zone": False,
    }),
    ('text:"failed login"', {
        "letter case flipped": True, '"-" between its words': True, '"_" between its words': False,
        "its words in the other order": False, "another word between its words": False, "inside a longer text": True,
        "the end of a longer word": False,
    }),
    ("boolean:true", {"as a text": True, "a number": False}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "near"), NEAR, ids=[text for text, _ in NEAR])
def test_near_misses_are_made_by_the_fields_type(text: str, near: dict[str, bool]) -> None:
    """The verdicts are Elasticsearch's, as its documentation of each type has them."""
    found = made(text).events
    verdicts = {why: {each.expected for each in found if each.why == why} for why in near}

    assert {why: expected in verdicts[why] for why, expected in near.items()} == dict.fromkeys(near, True)


def test_one_value_is_made_for_several_patterns_where_there_is_one() -> None:
    (event, *_) = [each.event for each in made("keyword:(a* and *b*c* and *d and not *x*)").events if each.expected]

    assert isinstance(event["keyword"], str)


def test_many_values_under_not_take_no_more_than_a_moment() -> None:
    listed = " or ".join(f"*name{number}.exe" for number in range(150))
    start = time.process_time()
    found = made(f"keyword:(* and not ({listed}))")

    assert found.count(Reach.COVERED) == 2 * 151
    assert time.process_time() - start < 10


def test_a_bound_is_kept_but_for_the_events_that_cover() -> None:
    text = "keyword:(a or b or c or d) and long:5"

    assert len(made(text, most=0).events) <= 6 * 5 + 4
    assert made(text, most=0).count(Reach.COVERED) == 10
    assert len(made(text, most=60).events) > 40


def test_events_are_json() -> None:
    for text in QUESTIONS:
        for each in made(text).events:
            assert json.loads(json.dumps(each.event, allow_nan=False)) is not None


@pytest.mark.shared
def test_every_rule_of_elastics_is_covered(shared: Path) -> None:
    """488 rules: every decision of a leaf is reached, or proved to be none."""
    schema = Schema.default()
    counts, decisions = [], dict.fromkeys(Reach, 0)
    start = time.process_time()
    for rule in ndjson(shared / "corpus/elastic_kql_rules.ndjson.gz"):
        found = made(rule["query"], schema)
        counts.append(len(found.events))
        for reach in Reach:
            decisions[reach] += found.count(reach)
    took = time.process_time() - start
    print(
        f"{len(counts)} rules, {sum(counts)} witnesses, median {statistics.median(counts)}, {decisions}, {took:.1f} s"
    )

    assert len(counts) == 488
    assert statistics.median(counts) >= 20
    assert decisions[Reach.OPEN] == 0
    assert took < 120
