"""Queries written anew where they lie: re-escaped for their string, every other byte kept."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.test_sources_asciidoc import ADOC
from translator import json_reader, rewrite, sources
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.quoting import Edit, rewritten
from translator.rule import Rule, query_rule
from translator.source import Source, Span
from translator.sources import read_text
from translator.toml_reader import unquoted

RULE = {"rule_id": "5f5e7a10-0000-4000-8000-00000000a101", "type": "query", "name": "x", "description": "a  OR b"}


def formatted(text: str, name: str, width: int = 40) -> str:
    file = File(name, text.encode())
    content = rewrite.formatted(file, rules(file), width)
    again = File(name, content)
    assert rewrite.formatted(again, rules(again), width) == content
    return content.decode()


def rules(file: File) -> list[Rule]:
    return [each for each in sources.scan([file]) if isinstance(each, Rule)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("'''\na:1  OR b:\"x\"\n'''", "'''\na:1 or b:\"x\"\n'''"),
        ("'''a:1  OR b:2'''", "'''a:1 or b:2'''"),
        ('"a:1  OR b:\\"x\\""', '"a:1 or b:\\"x\\""'),
        ('"""\na:1  OR b:\\"C:\\\\\\\\x\\" """', '"""\na:1 or b:\\"C:\\\\\\\\x\\" """'),
        ("'a:1  OR b:2'", "'a:1 or b:2'"),
        (
            "'a:1  OR b:2 OR c:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
            "'''\na:1 or\nb:2 or\nc:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'''",
        ),
        (
            '"a:1  OR b:2 OR c:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
            '"a:1 or\\nb:2 or\\nc:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"',
        ),
        ('"a:1 or b:\\u0078"', '"a:1 or b:\\u0078"'),
    ],
)
def test_a_toml_string_keeps_its_kind_where_that_can_hold_the_query(before: str, after: str) -> None:
    """Only the query's string changes; one that is canonical already keeps even its escapes."""

    def around(query: str) -> str:
        return f"# a  OR b\n[rule]\nname = 'a  OR b'   # keep\nquery = {query}   # a  OR b\ntype = 'query'\n"

    if before.startswith('"""'):
        after = after.replace('b:\\"C:\\\\\\\\x\\"', 'b:"C:\\\\\\\\x"')
    new = formatted(around(before), "rule.toml")
    assert new == around(after)
    assert (
        tomllib.loads(new)["rule"]["query"].split()
        == read_text(around(before))[0].query.text.replace("OR", "or").split()
    )


def test_carriage_returns_of_a_toml_file_stay() -> None:
    text = "[rule]\r\nname = 'x'\r\nquery = '''\r\na:1  OR b:2 and c:a-rather-long-value\r\n'''\r\ntype = 'query'\r\n"

    assert formatted(text, "rule.toml", 30) == text.replace("a:1  OR b:2", "a:1 or\r\nb:2")


@pytest.mark.parametrize("indent", [None, 1, "\t"])
@pytest.mark.parametrize("ascii_only", [True, False])
def test_json_is_escaped_as_its_file_does(indent: Any, ascii_only: bool) -> None:
    def around(query: str) -> str:
        return json.dumps({**RULE, "query": query, "note": "é"}, indent=indent, ensure_ascii=ascii_only)

    before = 'name:"é\\\\"   OR  other.name:"quite a long value"'
    after = 'name:"é\\\\" or\nother.name:"quite a long value"'
    assert formatted(around(before), "rule.json") == around(after)


def test_every_line_of_an_export_is_written_where_it_lies() -> None:
    lines = [json.dumps({**RULE, "query": f"a:{number}   OR b:2"}) for number in range(3)]
    text = "\r\n".join([lines[0], "", json.dumps({"exported_count": 3}), lines[1], lines[2]])

    assert formatted(text, "export.ndjson") == text.replace("   OR ", " or ")


def test_bytes_that_are_no_text_stay_as_they_are() -> None:
    broken = b'{"rule_id": "a", "note": "\xff\xfe"}'
    content = json.dumps({**RULE, "query": "a:1   OR b:2"}).encode() + b"\n" + broken
    file = File("export.ndjson", content)

    assert rewrite.formatted(file, rules(file), 80) == content.replace(b"   OR ", b" or ")


def test_a_query_in_json_in_a_string_is_escaped_twice_and_its_neighbours_too() -> None:
    def saved(first: str, second: str) -> str:
        panels = json.dumps(
            [
                {"query": {"query": first, "language": "kuery"}, "title": "é"},
                {"query": {"query": second, "language": "kuery"}, "title": "b"},
            ]
        )
        return json.dumps({"type": "dashboard", "attributes": {"title": "x", "panelsJSON": panels}}) + "\n"

    assert formatted(saved('a:"x"   OR b:2', "c:1   OR d:2"), "saved.ndjson") == saved('a:"x" or b:2', "c:1 or d:2")


def test_an_asciidoc_page_keeps_every_other_byte() -> None:
    text = ADOC.replace("\n", "\r\n")
    broken = '"nc" and\r\n  file.path:'

    assert text.count(broken) == 1
    assert formatted(text, "page.asciidoc", 100) == text.replace(broken, '"nc" and file.path:')


def test_yaml_is_left_to_its_author() -> None:
    with pytest.raises(TranslatorError) as error:
        formatted("- name: x\n  query: 'a:1   OR b:2'\n", "queries.yml")

    assert [found.code for found in error.value.diagnostics] == [Code.UNREADABLE]


def test_a_file_in_an_archive_is_not_rewritten() -> None:
    (rule,) = read_text("a:1   OR b:2", "kql")
    with pytest.raises(TranslatorError) as error:
        rewrite.formatted(File("a.zip/rule.kql", b""), [rule], 80)

    assert "archive" in error.value.diagnostics[0].message


def test_a_string_that_cannot_hold_the_text_is_an_error() -> None:
    """TOML has no spelling for half a character."""
    source = Source("x = 'a'")
    with pytest.raises(TranslatorError) as error:
        rewritten([Edit(unquoted(source, Span(4, 7)), "\ud800")], "\n")

    assert [found.code for found in error.value.diagnostics] == [Code.UNREADABLE]


def test_nothing_to_change_gives_the_file_back() -> None:
    file = File("rule.kql", b"a:1 or b:2\n")
    (rule,) = read_text("a:1 or b:2\n", "kql", "rule.kql")

    assert rewrite.formatted(file, [rule], 80) is file.content


@given(st.text(st.sampled_from('ab:"\\ \n()é😀'), max_size=20))
def test_any_text_lands_in_a_string_inside_a_string(text: str) -> None:
    inner = json.dumps({"query": "old", "note": 'old "query"'})
    outer = json.dumps({"panel": inner, "note": 'old "query"'})
    panel = json_reader.read(Source(outer)).text("panel")
    query = json_reader.read(panel).text("query")
    new = json.loads(rewritten([Edit(query, text)], "\n"))

    assert new["note"] == 'old "query"'
    assert json.loads(new["panel"]) == {"query": text, "note": 'old "query"'}


def test_a_rule_that_is_a_text_alone_is_written_whole() -> None:
    rule = query_rule(Source("a:1   OR b:2", "<stdin>"))

    assert rewrite.formatted(File("<stdin>", b"a:1   OR b:2"), [rule], 80) == b"a:1 or b:2"
