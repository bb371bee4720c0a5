"""Why a rule matched an event or not: verdicts that are the matcher's, and what was nearly found."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

import translator
from tests.strategies import events, rule_queries
from translator import logic
from translator.backends.matcher import compile_
from translator.explanation import Explainer, Explanation, Kind, Step, as_json, explain, text
from translator.meaning import JsonNumber
from translator.pipeline import compile_rule
from translator.schema import Schema
from translator.sources import read_text
from translator.witness.parts import taken_apart

SCHEMA = Schema.from_yaml(
    "user.name: keyword\nfile.path: keyword\nmessage: text\nn: nested\nn.a: keyword\nn.b: keyword\nip: ip\nport: long\n"
    "when: date\nshort: {type: keyword, ignore_above: 5}\nflag: boolean\n"
)


def explained(query: str, event: dict[str, Any]) -> Explanation:
    return explain(query, event, schema=SCHEMA)


def conditions(explanation: Explanation) -> list[Step]:
    return [step for step in explanation.root.walk() if step.kind is Kind.CONDITION]


@given(rule_queries, events())
@settings(max_examples=150)
def test_each_step_has_the_verdict_that_the_matcher_gives_on_its_part(query: str, event: dict[str, Any]) -> None:
    schema = Schema.default()
    before = json.dumps(event)
    explainer = Explainer(query, schema=schema)
    explanation = explainer.explain(event)
    parts = taken_apart(explainer.formula)
    steps = list(explanation.root.walk())

    assert explanation.matched is compile_rule(query, schema=schema)(event)
    assert [step.verdict for step in steps] == [compile_(part.node, schema=schema)(event) for part in parts]
    assert json.dumps(event) == before


@given(rule_queries, events())
@settings(max_examples=100)
def test_a_true_condition_shows_a_value_that_answers_it_and_a_false_one_shows_none(
    query: str, event: dict[str, Any]
) -> None:
    for step in conditions(explain(query, event)):
        assert any(each.answers for each in step.seen) is step.verdict


#: (query, event, a note about the condition that is false)
NOTES: list[tuple[str, dict[str, Any], str]] = [
    ("user.name:root", {"user": {"name": "Root"}}, 'differs only in letter case: "Root"'),
    ("user.name:ro*", {"user": {"name": ["x", "ROOT"]}}, 'differs only in letter case: "ROOT"'),
    ("file.path:x", {"file": {"Path": "x"}}, "field missing: file.path; the event has file.Path"),
    ("file.path:x", {"file": {"paths": "x"}}, "field missing: file.path; the event has file.paths"),
    ("file.path:x", {"host": "y"}, "field missing: file.path"),
    ("file.path:x", {"file": {"path": None}}, "field without a value: file.path is null"),
    ("file.path:x", {"file": {"path": []}}, "field without a value: file.path is an empty list"),
    ("user.name:root", {"user.name": "root "}, 'has white space around it: "root "'),
    ("user.name:root", {"user.name": "the root user"}, 'the value holds it, with more around it: "the root user"'),
    ('user.name:"ad*"', {"user.name": "admin"}, 'a star in quotes is a plain star; without them it would find "admin"'),
    ('file.path:"C:\\\\a"', {"file.path": "C:\\\\a"}, 'has its backslashes doubled: "C:\\\\\\\\a"'),
    ('file.path:"C:\\\\a"', {"file.path": "C:/a"}, 'has slashes where backslashes are asked for: "C:/a"'),
    ("user.name:5", {"user.name": "5.0"}, 'has a fraction of nothing: "5.0"'),
    ("user.name > 5", {"user.name": "41"},
     "user.name is of type keyword, so numbers are compared character by character"),
    ("ip:10.0.0.0/8", {"ip": "10.0.0.1 "}, 'ip is of type ip and does not read "10.0.0.1 "'),
    ("port:80", {"port": "http"}, 'port is of type long and does not read "http"'),
    ("when:2024", {"when": "yesterday"}, 'when is of type date and does not read "yesterday"'),
    ("flag:true", {"flag": "True"}, 'flag is of type boolean and does not read "True"'),
    ("short:abc*", {"short": "abcdefgh"}, "longer than the 5 characters that are indexed"),
    ('message:"failed login"', {"message": "login failed"}, 'has words of it, but not all in a row: "login failed"'),
    ("n:{ a:x and b:y }", {"n": [{"a": "x"}, {"b": "y"}]},
     "each condition is true of some object, but no one object satisfies all"),
    ("n:{ a:x }", {}, "the event has no such object"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "event", "note"), NOTES, ids=[note for *_, note in NOTES])
def test_what_was_nearly_found_is_told(query: str, event: dict[str, Any], note: str) -> None:
    explanation = explained(query, event)

    assert not explanation.matched
    assert note in [said for step in explanation.root.walk() for said in step.notes]
    assert note in text(explanation)


@pytest.mark.parametrize(("query", "event"), [("user.name:root", {"user.name": "alice"}), ("port > 5", {"port": 4})])
def test_what_is_not_near_gets_no_note(query: str, event: dict[str, Any]) -> None:
    assert [step.notes for step in explained(query, event).root.walk()] == [()]


def test_the_conditions_that_decide_are_marked() -> None:
    explanation = explained("user.name:root and port:80 and not ip:10.0.0.1", {"user.name": "root", "port": 81})

    assert [step.said for step in explanation.deciding] == ["port: 80"]


def test_a_step_has_its_place_in_the_rules_file() -> None:
    page = (
        "title: A rule\nlogsource:\n    category: test\ndetection:\n    s:\n        user.name: root\n    condition: s\n"
    )
    (rule,) = read_text(page, format="sigma", name="rule.yml")
    (step,) = conditions(explain(rule, {}, schema=SCHEMA))

    assert step.span is not None
    assert page[step.span.start : step.span.end] == "root"
    assert "(line 6, column 20)" in text(explain(rule, {}, schema=SCHEMA))


def test_values_that_a_field_does_not_take_are_told_whatever_is_asked() -> None:
    explanation = explained("user.name:root", {"user.name": "root", "ip": "nowhere", "port": "80"})

    assert explanation.matched
    assert explanation.unread == ('ip: "nowhere" is not read, since the field is of type ip',)


def test_objects_of_a_nested_block_are_told_one_by_one() -> None:
    explanation = explained("n:{ a:x and not b:y }", {"n": [{"a": "x", "b": "y"}, {"a": "x"}]})
    objects = [step for step in explanation.root.walk() if step.kind is Kind.OBJECT]

    assert explanation.matched
    assert [(step.said, step.verdict) for step in objects] == [("object 1 of 2", False), ("object 2 of 2", True)]


def test_a_search_in_every_field_shows_where_it_found_something() -> None:
    (step,) = conditions(explained("foo", {"a": "foo", "b": {"c": "bar"}}))

    assert [(each.path, each.value) for each in step.seen] == [("a", "foo")]


def test_long_lists_are_cut_unless_everything_is_wanted() -> None:
    query = f"user.name:({' or '.join(f'name{number}' for number in range(40))})"
    explanation = explained(query, {"user.name": "x"})

    assert "... and 35 more that are false" in text(explanation)
    assert len(text(explanation, every=True).splitlines()) == 42


def test_colours_are_the_callers() -> None:
    painted = text(explained("user.name:root", {}), paint=lambda said, colour: f"<{colour}>{said}</{colour}>")

    assert "<red>no </red>" in painted
    assert "<yellow>field missing: user.name</yellow>" in painted


def test_as_json_holds_the_tree_with_places() -> None:
    explanation = explained("user.name:root and not port:80", {"user.name": "root", "port": JsonNumber("80.0")})
    made = json.loads(json.dumps(as_json(explanation)))

    assert made["matched"] is False
    assert made["root"]["kind"] == "and"
    assert made["root"]["steps"][0] == {
        "kind": "condition", "said": "user.name: root", "verdict": True, "line": 1, "column": 1, "end_line": 1,
        "end_column": 15, "decides": False, "seen": [{"path": "user.name", "value": "root", "answers": True}],
    }  # fmt: skip


def test_the_public_function_is_the_same() -> None:
    assert str(translator.explain("a:b", {"a": "B"})).startswith("<query>: does not match")
    assert translator.explain("a:b", {"a": "b"}).matched


def test_questions_that_only_sigma_asks_are_explained() -> None:
    leaf = logic.SameAs(SCHEMA.field("user.name"), SCHEMA.field("file.path"))

    assert taken_apart(leaf)[0].is_leaf
    detection = "    s:\n        user.name|fieldref: file.path\n        message|re: fo+\n    condition: s\n"
    page = f"title: A rule\nlogsource:\n    category: test\ndetection:\n{detection}"
    (rule,) = read_text(page, format="sigma", name="rule.yml")
    explanation = explain(rule, {"user.name": "x", "file.path": "X", "message": "a foo"}, schema=SCHEMA)

    assert [(step.said, step.verdict) for step in conditions(explanation)] == [
        ("user.name = file.path", True), ("message: fo+", True),
    ]  # fmt: skip
