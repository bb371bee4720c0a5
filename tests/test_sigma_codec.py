"""pySigma is the judge of Sigma's strings."""

from __future__ import annotations

from hypothesis import given, settings

from tests.strategies import patterns, texts
from translator.sigma import codec
from translator.values import Pattern


@given(patterns())
@settings(max_examples=3000)
def test_a_pattern_survives_its_spelling(pattern: Pattern) -> None:
    assert codec.decode(codec.encode(pattern)) == pattern


@given(texts.filter(bool))
@settings(max_examples=3000)
def test_a_text_survives_its_spelling(text: str) -> None:
    assert codec.decode(codec.encode((text,))) == (text,)


def test_a_lone_backslash_stays_as_it_is() -> None:
    assert codec.encode(("C:\\a\\b",)) == "C:\\a\\b"
