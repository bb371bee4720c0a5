"""Values of TOML and JSON know where they stand, and their strings can be spelled again."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from translator import json_reader, toml_reader
from translator.errors import Code, TranslatorError
from translator.json_reader import JsonString
from translator.located import Located
from translator.quoting import Quoted
from translator.source import Source, Span
from translator.toml_reader import TomlString

DOCUMENT = '''\
plain = "x" # comment
"quoted key".'other' = 'C:\\a'
day = 1979-05-27 07:32:00
list = [
  "one", # first
  [2, 'three'],
  {a.b = "four", c = """fi"ve"""},
]
[table]
deep.er = """
six \\
   seven\\t\\u00e9 "" end"""
[[several]]
name = \'\'\'
eight\'\'\'
[several.below]
x = ''
[[several]]
name = "nine\\\\\\"ten"
[[several.below]]
y = """"quoted""""
'''

texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=30)
texts |= st.text("\"'\\\n\r\t a\x7f\x00é😀", max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def strings(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], str]]:
    match value:
        case str():
            return [(path, value)]
        case dict():
            return [each for key, inner in value.items() for each in strings(inner, (*path, key))]
        case list():
            return [each for at, inner in enumerate(value) for each in strings(inner, (*path, at))]
        case _:
            return []


def read_toml(text: str) -> Located:
    return toml_reader.read(Source(text, "rule.toml"))


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_every_string_of_a_toml_file_is_found_and_read_as_the_library_reads_it(newline: str) -> None:
    document = read_toml(DOCUMENT.replace("\n", newline))
    found = strings(document.value)

    assert document.value == tomllib.loads(DOCUMENT)
    assert len(found) == 11
    for path, text in found:
        quoted = document.text(*path)
        assert quoted.text == text
        assert len(quoted.positions) == len(text) + 1


def test_each_character_of_an_escaped_string_knows_its_place() -> None:
    quoted = read_toml(DOCUMENT).text("table", "deep", "er")
    marks = {char: DOCUMENT[quoted.positions[quoted.text.index(char)] :][:6] for char in "xvé\td"}

    assert quoted.text == 'six seven\té "" end'
    assert marks == {"x": "x \\\n  ", "v": "ven\\t\\", "é": "\\u00e9", "\t": "\\t\\u00", "d": 'd"""\n['}


def test_keys_tables_and_values_of_toml_are_pointed_at() -> None:
    document = read_toml(DOCUMENT)
    line = {
        path: document.source.locate(document.span(*path).start).line
        for path in [
            ("plain",),
            ("quoted key", "other"),
            ("list", 2, "a", "b"),
            ("table",),
            ("several", 1, "name"),
            ("several", 1, "below", 0, "y"),
            ("several", 0, "below", "x"),
            ("table", "missing"),
        ]
    }

    assert list(line.values()) == [1, 2, 7, 9, 19, 21, 17, 9]
    assert document.at("list", 1).items()[1].value_span() == document.value_span("list", 1, 1)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('[rule]\nquery = "a\x00"\n', 2, 11, "Illegal"),
        ("[rule]\n\nname = \n", 3, 8, "value"),
        ("[rule]\r\na = 1\r\na = 2\r\n", 3, 6, "overwrite"),
        ("[rule\n", 1, 6, "]"),
        ('x = """ab', 1, 9, "nterminated"),
        ("x = [1, 2", 1, 9, "array"),
    ],
)
def test_a_mistake_in_toml_is_one_error_at_its_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(TranslatorError) as error:
        read_toml(text)
    (found,) = error.value.diagnostics
    at = found.source.locate(found.span.start)

    assert found.code is Code.BAD_TOML
    assert (at.line, at.column) == (line, column)
    assert said in found.message


@given(texts, st.sampled_from(['"', "'", '"""', "'''"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_every_kind_of_toml_string_takes_every_text(text: str, quotes: str, newline: str, led: bool) -> None:
    """The text comes back, in the kind of string that was asked for or in the one nearest to it."""
    kind = TomlString(quotes, newline if led and len(quotes) == 3 else "")
    spelled = kind.spell(text, newline)

    assert spelled is not None
    assert tomllib.loads(f"x = {spelled}{newline}") == {"x": text}
    quoted = toml_reader.unquoted(Source(spelled), Span(0, len(spelled)))
    assert (quoted.text, len(quoted.positions)) == (text, len(text) + 1)


@pytest.mark.parametrize(
    ("quotes", "text", "spelled"),
    [
        ("'", "a b", "'a b'"),
        ("'", "a\nb", "'''\na\nb'''"),
        ("'", "it's", "'''\nit's'''"),
        ("'''", "a'''b", '"""a\'\'\'b"""'),
        ("'''", "C:\\a", "'''C:\\a'''"),
        ('"', "a\n\\", '"a\\n\\\\"'),
        ('"""', 'a"""b\\', '"""a""\\"b\\\\"""'),
        ('"""', 'ends with "', '"""ends with \\""""'),
    ],
)
def test_a_toml_string_keeps_its_kind_where_it_can(quotes: str, text: str, spelled: str) -> None:
    assert TomlString(quotes).spell(text, "\n") == spelled


def test_half_a_character_has_no_place_in_toml_and_one_in_json() -> None:
    assert TomlString('"').spell("\ud800", "\n") is None
    assert JsonString().spell("a\ud800", "\n") == '"a\\ud800"'


@given(values, st.booleans(), st.sampled_from([None, 2]))
def test_every_string_of_a_json_text_is_found_with_its_place(value: Any, ascii_only: bool, indent: int | None) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    document = json_reader.read(Source(text))

    assert document.value == value
    for path, said in strings(value):
        quoted = document.text(*path)
        assert isinstance(quoted, Quoted)
        assert (quoted.text, len(quoted.positions)) == (said, len(said) + 1)
        assert json.loads(text[quoted.literal.start : quoted.literal.end]) == said
        assert quoted.quoting is not None
        assert json.loads(quoted.quoting.spell(said, "\n") or "") == said
        for char, at in zip(said, quoted.positions, strict=False):
            assert text[at] in (char, "\\")


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ('{"a": 1,\n "b": }', 2, 7, "Expecting value"),
        ('{"a": "cut', 1, 7, "Unterminated"),
        ('{"a": 1,\n "a": 2}', 2, 2, "twice"),
        ('{"a": NaN}', 1, 1, "NaN"),
        ('{"a": "\x01"}', 1, 8, "control"),
        ("[" * 100_000, 1, 1, "deeply"),
        ('{"a": "\udcff"}', 1, 8, "byte ff"),
    ],
)
def test_a_mistake_in_json_is_one_error_at_its_place(text: str, line: int, column: int, said: str) -> None:
    with pytest.raises(TranslatorError) as error:
        json_reader.read(Source(text))
    (found,) = error.value.diagnostics
    at = found.source.locate(found.span.start)

    assert found.code in (Code.BAD_JSON, Code.NOT_TEXT)
    assert (at.line, at.column) == (line, column)
    assert said in found.message
