"""Conditions mean what pySigma makes of them, which is the judge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sigma.conditions import (
    ConditionAND,
    ConditionIdentifier,
    ConditionNOT,
    ConditionOR,
    ConditionSelector,
    SigmaCondition,
)
from sigma.exceptions import SigmaConditionError
from sigma.rule import SigmaDetection, SigmaDetectionItem, SigmaDetections
from sigma.types import SigmaNull

from translator.sigma import conditions

NAMES = ["a", "b", "sel_1", "x-y", "order", "allow", "_hidden", "1 of x*", "all of them", "any of *_y", "all of _f_*"]

names = st.sampled_from(NAMES)
trees = st.recursive(
    names,
    lambda inner: st.one_of(
        inner.map("not {}".format),
        inner.map("({})".format),
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(" ".join),
    ),
    max_leaves=8,
)
#: pySigma 1 reads ``a order`` as ``a or der``.
unsplit = [name for name in NAMES if name != "order"]
words = st.lists(
    st.sampled_from([*unsplit, "not", "and", "or", "(", ")", "1 of", "of", "AND", "2 of x*", "*", "|", "$"])
)


def pysigma(text: str) -> Any:
    """The tree that pySigma makes of a condition, as plain values."""
    detections = SigmaDetections({"a": SigmaDetection([SigmaDetectionItem("f", [], [SigmaNull()])])}, [text or " "])
    return theirs(SigmaCondition(text, detections).parse(postprocess=False))


def theirs(tree: Any) -> Any:
    match tree:
        case ConditionAND(args=args):
            return ("and", *map(theirs, args))
        case ConditionOR(args=args):
            return ("or", *map(theirs, args))
        case ConditionNOT(args=[inner]):
            return ("not", theirs(inner))
        case ConditionIdentifier(identifier=name):
            return name
        case ConditionSelector(pattern=pattern, cond_class=kind):
            return ("all" if kind is ConditionAND else "1", pattern)
        case _:
            return theirs(tree[0])


def ours(condition: conditions.Condition) -> Any:
    match condition:
        case conditions.Joined(every, items):
            return ("and" if every else "or", *map(ours, items))
        case conditions.Without(item):
            return ("not", ours(item))
        case conditions.Name(name):
            return name
        case conditions.Chosen(every, pattern):
            return ("all" if every else "1", pattern)


@given(trees)
@settings(max_examples=300)
def test_a_condition_has_pysigma_s_tree(text: str) -> None:
    assert ours(conditions.parse(text)) == pysigma(text)


@given(words.map(" ".join))
@settings(max_examples=500)
def test_what_pysigma_refuses_is_refused_and_nothing_else(text: str) -> None:
    """But for a selection that is called like an operator, which pySigma takes."""
    expected, found = tried(pysigma, text), tried(lambda said: ours(conditions.parse(said)), text)
    assume(not called_like_an_operator(expected))

    assert found == expected


def tried(read: Callable[[str], Any], text: str) -> Any:
    try:
        return read(text)
    except (SigmaConditionError, conditions.Mistake):
        return None


def called_like_an_operator(tree: Any) -> bool:
    if isinstance(tree, str):
        return tree in ("and", "or", "not")
    return tree is not None and tree[0] not in ("1", "all") and any(map(called_like_an_operator, tree[1:]))


@given(words.map(" ".join))
def test_a_mistake_has_a_place_in_the_text(text: str) -> None:
    try:
        conditions.parse(text)
    except conditions.Mistake as mistake:
        span = mistake.span
    else:
        return

    assert 0 <= span.start < span.end <= max(len(text), 1)


@given(trees)
def test_every_part_knows_its_place(text: str) -> None:
    pending = [conditions.parse(text)]
    while pending:
        part = pending.pop()
        said = text[part.span.start : part.span.end]
        match part:
            case conditions.Name(name):
                assert said.strip("()") == name
            case conditions.Chosen(_, pattern):
                assert said.strip("()").endswith(pattern)
            case conditions.Without(item):
                pending.append(item)
            case conditions.Joined(_, items):
                pending.extend(items)
        assert ours(conditions.parse(said)) == ours(part)


@pytest.mark.parametrize(
    ("pattern", "selected"),
    [
        ("them", ["sel_a", "sel_b", "filter"]),
        ("sel_*", ["sel_a", "sel_b"]),
        ("*_a", ["sel_a"]),
        ("*", ["sel_a", "sel_b", "filter"]),
        ("_*", ["_hidden"]),
        ("filter", ["filter"]),
        ("x*", []),
    ],
)
def test_a_pattern_means_these_selections(pattern: str, selected: list[str]) -> None:
    """The specification: what begins with an underscore is no part of ``them``, nor of a pattern that does not."""
    assert conditions.selected(pattern, ["sel_a", "_hidden", "sel_b", "filter"]) == selected
