"""The walk through several patterns at once, against trying every short text."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from translator import values
from translator.meaning import Folding
from translator.meaning.letters import folder
from translator.meaning.shapes import shaped
from translator.values import Pattern, Wild
from translator.witness.regexes import samples
from translator.witness.shapes import OPEN, Shape, find, same_letters

A, O = Wild.ANY, Wild.ONE

#: Every text of up to five characters, of which one stands in no pattern.
TEXTS = ["".join(chars) for size in range(6) for chars in product("aAb!", repeat=size)]

patterns = st.lists(st.sampled_from(["a", "A", "b", "ab", A, O]), max_size=4).map(values.pattern)
shapes = st.builds(
    Shape, st.lists(patterns, min_size=1, max_size=2).map(tuple), st.sampled_from([Folding.NONE, Folding.SIGMA])
)


def matches(shape: Shape, text: str) -> bool:
    fold = folder(shape.folding)
    return any(shaped(each, fold)(text) for each in shape.patterns)


@given(st.lists(shapes, min_size=1, max_size=2), st.lists(shapes, max_size=3))
@settings(max_examples=300)
def test_a_text_is_found_where_there_is_one_and_none_is_shorter(wanted: list[Shape], banned: list[Shape]) -> None:
    right = [
        text
        for text in TEXTS
        if all(matches(each, text) for each in wanted) and not any(matches(each, text) for each in banned)
    ]
    found = find(wanted, banned)

    assert found is not OPEN
    if found is None:
        assert right == []
        return
    assert isinstance(found, str)
    assert all(matches(each, found) for each in wanted)
    assert not any(matches(each, found) for each in banned)
    assert not right or len(found) <= min(map(len, right))


@pytest.mark.parametrize(
    ("wanted", "banned", "found"),
    [
        ([(A, "foo", A), (A, "bar", A)], [("foo", A)], "barfoo"),
        ([("cmd.exe",)], [("cmd", A)], None),
        ([("C:\\", A, ".exe")], [(A, "\\", A, "\\", A)], "C:\\.exe"),
        ([(O, A)], [(O,), (O, O)], "xxx"),
        ([(A,)], [(A,)], None),
    ],
)
def test_examples(wanted: list[Pattern], banned: list[Pattern], found: str | None) -> None:
    assert find([Shape((each,)) for each in wanted], [Shape((each,)) for each in banned]) == found


def test_a_letter_that_only_folding_makes_the_same_is_found() -> None:
    """The Kelvin sign is a k to whoever folds case, and neither k nor K to whoever does not."""
    assert find([Shape((("k",),), Folding.SIGMA)], [Shape((("k",), ("K",)))]) == "\N{KELVIN SIGN}"
    assert same_letters("é") == ("é", "É")


def test_the_walk_gives_up_at_its_bound() -> None:
    """Of the texts without an a of any kind in the last twenty places there is none that ends so."""
    long = Shape(((A, "a", *[O] * 20),))

    assert find([long, Shape(((A, "b", *[O] * 19),))], [Shape(((A, "c", A),))], most=50) is OPEN


@pytest.mark.parametrize(
    "expression", ["^a(b|c)+\\d{2}$", "foo.*bar", "[^a-z]x?", "(?i)select\\s+\\*", "a{3,}", "\\bcmd\\b"]
)
def test_a_regular_expression_is_found_in_its_samples(expression: str) -> None:
    import re

    made = samples(expression)

    assert made
    assert any(re.search(expression, each) for each in made)


def test_what_cannot_be_read_or_is_endless_has_no_sample() -> None:
    assert samples("(a)\\1") == ()
    assert samples("(") == ()
    assert samples("a{100000}") == ()
