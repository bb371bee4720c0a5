"""PyYAML reads back what is written, whatever it is."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.strategies import texts
from translator import yaml_writer

scalars = st.one_of(texts, st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
documents = st.dictionaries(
    texts.filter(bool),
    st.recursive(
        scalars,
        lambda inner: st.one_of(
            st.lists(scalars, min_size=1, max_size=3),
            st.dictionaries(texts.filter(bool), inner, min_size=1, max_size=3),
            st.lists(st.dictionaries(texts.filter(bool), scalars, min_size=1, max_size=2), min_size=1, max_size=2),
        ),
        max_leaves=6,
    ),
    min_size=1,
    max_size=4,
)


@given(documents)
@settings(max_examples=500)
def test_what_is_written_is_read_back(document: dict[str, Any]) -> None:
    text = yaml_writer.write(document)

    assert yaml.safe_load(text) == document
    assert yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) == document


@pytest.mark.parametrize(
    "text",
    [
        "no",
        "NO",
        "010",
        "0x40",
        "1e3",
        "1_000",
        "12:30:45",
        "2024-01-01",
        "~",
        "null",
        ".5",
        ".inf",
        "=",
        "<<",
        "-",
        "?",
        ":",
        "[a]",
        "{a}",
        "#a",
        "a:b",
    ],
)
def test_what_yaml_would_misread_is_quoted(text: str) -> None:
    assert yaml.safe_load(yaml_writer.write({"key": text})) == {"key": text}


@pytest.mark.parametrize("text", ["/private/etc/periodic.conf", "now-9m", "5m", "Potential Persistence", "file"])
def test_plain_words_stay_plain(text: str) -> None:
    assert yaml_writer.write({"key": text}) == f"key: {text}\n"


def test_no_line_ends_in_a_blank() -> None:
    text = yaml_writer.write({"elastic": {"note": "one\n\ntwo\n  indented", "items": [{"a": "x", "b": "y\nz"}]}})

    assert not [line for line in text.splitlines() if line.endswith(" ")]


def test_half_a_character_is_refused() -> None:
    with pytest.raises(yaml_writer.Unwritable):
        yaml_writer.write({"key": "\ud83d"})
