"""Rules with long lists: what is looked up at once is what asking one by one gives, and every value is covered."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from translator import kql, values
from translator.backends.matcher import compile_
from translator.logic import Formula
from translator.meaning import Folding
from translator.meaning.letters import folder
from translator.meaning.shapes import shaped
from translator.meaning.texts import holding_one
from translator.schema import Schema
from translator.source import Source
from translator.values import Pattern, Wild
from translator.witness import Reach, witnesses
from translator.witness.candidates import Candidates
from translator.witness.parts import Judge
from translator.witness.shapes import Budget, Shape, find

SCHEMA = Schema.from_yaml("k: keyword\nother: keyword\nn: nested\nn.a: keyword\nmessage: text\n")

words = st.text("aAbBkK\u212a é\\", max_size=6)
pieces = st.lists(st.one_of(words.filter(bool), st.sampled_from(Wild)), min_size=1, max_size=4).map(values.pattern)


@given(st.lists(words.filter(bool), min_size=1, max_size=12), st.text("aAbBkK\u212a é\\", max_size=20))
@settings(max_examples=300)
def test_one_look_at_each_place_finds_what_a_look_for_each_part_finds(parts: list[str], text: str) -> None:
    assert holding_one(parts)(text) is any(part in text for part in parts)


@given(st.lists(pieces, min_size=1, max_size=8), st.text("aAbBkK\u212a é\\", max_size=12), st.sampled_from(Folding))
@settings(max_examples=300)
def test_what_a_text_answers_is_always_among_its_candidates(
    patterns: list[Pattern], text: str, folding: Folding
) -> None:
    found = set(Candidates({at: Shape((each,), folding) for at, each in enumerate(patterns)}).of(text))

    assert {at for at, each in enumerate(patterns) if shaped(each, folder(folding))(text)} <= found


def long_list(count: int = 40) -> Formula:
    """Values of which some are starts of others, beside a few conditions of other kinds."""
    some = " or ".join(f"ab{at}*" if at % 3 == 0 else f"*b{at}" if at % 3 == 1 else f"Value{at}" for at in range(count))
    source = Source(f"k:({some}) and (other:x or not message:(y or z)) and not n:{{ a:(v or w) }}")
    return kql.check(kql.parse(source), SCHEMA, source).formula


held = st.one_of(st.sampled_from(["ab3", "AB3x", "xb4", "Value5", "value5", "ab33b34", "", "b"]), st.just(7), st.none())


@given(st.one_of(held, st.lists(held, max_size=3)), st.sampled_from(["x", "y", None]), st.booleans())
@settings(max_examples=200)
def test_a_crowd_of_leaves_has_the_verdicts_of_each(value: Any, other: Any, dotted: bool) -> None:
    formula = long_list()
    judge = Judge(formula, SCHEMA)
    event = {"k": value, "other": other, "n": [{"a": "v"}, {"a": "u"}], **({"k.more": "ab3"} if dotted else {})}
    found = judge.look(event)

    for part in judge.parts:
        if part.scope is None:
            alone = compile_(part.node, schema=SCHEMA)(event)
            assert found.verdicts[part.number] is alone, part.node
    assert found.verdicts[0] is judge.matches(event)


def test_every_value_of_a_long_list_is_covered() -> None:
    some = " or ".join(f"*value-{at:04}*" for at in range(1_500))
    source = Source(f"k:({some})")
    found = witnesses(kql.check(kql.parse(source), SCHEMA, source).formula, SCHEMA, source=source)

    assert found.count(Reach.COVERED) == 3_000
    assert 1_500 < len(found.events) < 5_000
    assert len({each.why for each in found.events}) > 8


def test_a_value_that_another_includes_has_near_misses_of_its_own() -> None:
    source = Source("k:(*.exe or cmd.exe)")
    found = witnesses(kql.check(kql.parse(source), SCHEMA, source).formula, SCHEMA, source=source)
    (leaf,) = (each.part.number for each in found.leaves if each.true is Reach.IMPOSSIBLE)

    assert {"k": "cmd.exex"} in [each.event for each in found.events if each.leaf == leaf]


def test_what_is_too_much_to_search_is_left_open() -> None:
    wanted = [Shape(((Wild.ANY, f"{at}a{at}", Wild.ANY),)) for at in "xyzuvw"]
    banned = [Shape(((Wild.ANY, "aa", Wild.ANY),))]

    assert isinstance(find(wanted, banned, budget=Budget(states=100_000)), str)
    assert not isinstance(find(wanted, banned, budget=Budget(states=10)), str)
