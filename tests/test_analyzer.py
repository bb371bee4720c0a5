"""The standard analyzer against what Lucene 9's own answered, text by text."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import pytest

from translator.meaning import text

DATA = Path(__file__).parent / "conformance" / "data"


def _recorded() -> list[tuple[str, list[tuple[str, int, int, str]]]]:
    """Texts with their tokens: text, start, end, type without its brackets."""
    with gzip.open(DATA / "analyzer_tokens.ndjson.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(said, [tuple(token) for token in tokens]) for said, tokens in rows]


def test_tokens_are_lucenes() -> None:
    wrong = [
        said
        for said, expected in _recorded()
        if text.tokens(said)
        != [(token, start, end, f"<{kind}>", at) for at, (token, start, end, kind) in enumerate(expected)]
    ]

    assert wrong == []


def test_words_are_the_tokens_texts() -> None:
    wrong = [said for said, expected in _recorded() if text.words(said) != [token for token, *_ in expected]]

    assert wrong == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("x" * 300, ["x" * 255, "x" * 45]),
        ("\U0001d400" * 128, ["\U0001d400" * 127, "\U0001d400"]),
        ("a" * 254 + ".b", ["a" * 254, "b"]),
    ],
)
def test_a_token_ends_after_255_utf_16_units(said: str, expected: list[str]) -> None:
    """The middle one: a character of two units is not cut in half. The last: what joins lies beyond the buffer."""
    assert text.words(said) == expected


@pytest.mark.parametrize(
    "unit", ["_", "x.", "1,", "é", "_é", "\u05d0'", "\u200d", "\u200d\U0001f469", "\u0301", "#", "\U0001f1ea"]
)
def test_time_grows_with_the_text_alone(unit: str) -> None:
    """No text makes a regular expression start over and over: a hundred thousand characters take tenths of a second."""
    said = unit * (100_000 // len(unit))
    started = time.perf_counter()

    text.words(said)

    assert time.perf_counter() - started < 5
