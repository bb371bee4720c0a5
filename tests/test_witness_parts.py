"""A formula taken apart: its parts' verdicts are the matcher's, and a leaf decides exactly where its opposite turns."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import events, rule_queries
from translator import kql, logic
from translator.backends.matcher import compile_
from translator.logic import Formula
from translator.schema import Schema
from translator.source import Source
from translator.witness.parts import Judge, fixed

SCHEMA = Schema.from_yaml("n: nested\nn.a: keyword\nn.b: keyword\nn.m: nested\nn.m.c: keyword\nk: keyword\n")


def formula(text: str, schema: Schema) -> Formula:
    source = Source(text)
    return kql.check(kql.parse(source), schema, source).formula


def turned(whole: Formula, leaf: int, truth: bool, event: dict[str, Any], schema: Schema) -> bool:
    """Whether the verdict is another one if the leaf is taken for its opposite."""
    before = compile_(whole, schema=schema)(event)
    return compile_(fixed(whole, leaf, not truth), schema=schema)(event) is not before


@given(rule_queries, events())
@settings(max_examples=150)
def test_a_leaf_decides_where_its_opposite_turns_the_verdict(text: str, event: dict[str, Any]) -> None:
    schema = Schema.default()
    whole = formula(text, schema)
    judge = Judge(whole, schema)
    decisions = judge.decisions(event)
    expected = {
        (part.number, truth)
        for part in judge.leaves
        for truth in (True, False)
        if judge.leaf(part)(event) is truth and turned(whole, part.number, truth, event, schema)
    }

    assert decisions == expected


@given(rule_queries, events())
@settings(max_examples=100)
def test_each_part_has_the_verdict_that_the_matcher_gives_on_it_alone(text: str, event: dict[str, Any]) -> None:
    schema = Schema.default()
    judge = Judge(formula(text, schema), schema)
    region = judge.look(event)

    for part in judge.parts:
        assert region.verdicts[part.number] is compile_(part.node, schema=schema)(event)


NESTED = st.recursive(
    st.sampled_from(
        [
            "n:{ a:x and b:y }",
            "n:{ not a:x }",
            "n:{ a:x or not b:y }",
            "k:z",
            "n:{ m:{ c:x } and a:x }",
            "n:{ not m:{ c:x and not c:y } }",
        ]
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' and '.join(parts)})"),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"({' or '.join(parts)})"),
        inner.map(lambda part: f"not ({part})"),
    ),
    max_leaves=4,
)
VALUES = st.sampled_from([None, "x", "y", ["x", "y"]])
INNER = st.fixed_dictionaries({}, optional={"c": VALUES})
OBJECTS = st.fixed_dictionaries(
    {}, optional={"a": VALUES, "b": VALUES, "m": st.one_of(INNER, st.lists(INNER, max_size=2))}
)
NESTED_EVENTS = st.fixed_dictionaries(
    {}, optional={"n": st.one_of(OBJECTS, st.lists(OBJECTS, max_size=3)), "k": st.sampled_from(["z", "w"])}
)


@given(NESTED, NESTED_EVENTS)
@settings(max_examples=300)
def test_inside_nested_blocks_a_leaf_is_turned_in_every_object(text: str, event: dict[str, Any]) -> None:
    whole = formula(text, SCHEMA)
    judge = Judge(whole, SCHEMA)
    decisions = judge.decisions(event)
    expected = {
        (part.number, truth)
        for part in judge.leaves
        for truth in (True, False)
        if turned(whole, part.number, truth, event, SCHEMA)
    }

    assert decisions == expected, json.dumps(event)


def test_a_field_pattern_is_one_leaf() -> None:
    judge = Judge(formula("k*:z or n.*:x", SCHEMA), SCHEMA)

    assert [type(part.node) for part in judge.leaves] == [logic.AnyField, logic.AnyField]


def test_what_is_fixed_keeps_all_else() -> None:
    whole = formula("k:z and not k:w and n:{ a:x }", SCHEMA)
    leaves = [part.number for part in Judge(whole, SCHEMA).leaves]

    assert fixed(whole, leaves[0], True) == logic.And((logic.Everything(), *whole.items[1:]))  # type: ignore[union-attr]
    assert fixed(whole, leaves[1], False) == logic.And(
        (whole.items[0], logic.Not(logic.Or(())), whole.items[2])  # type: ignore[union-attr]
    )
