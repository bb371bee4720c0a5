"""Lists of named queries in YAML and JSON."""

from __future__ import annotations

import json

import pytest

from translator import sources
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.rule import Rule, derived_id
from translator.schema import Schema
from translator.sources import Found, read_text

YAML = """\
# ours
- name: Netcat
  query: process.name:nc
- name: Shell of a service
  id: shell
  description: Finds shells.
  query: >-
    process.name:sh and
    process.parent.name:systemd
"""
NETCAT = {"name": "Netcat", "query": 'process.name:"nc"'}


def scan(text: str, name: str = "queries.yml") -> list[Found]:
    return list(sources.scan([File(name, text.encode())]))


def test_every_entry_is_a_rule() -> None:
    first, second = read_text(YAML)

    assert (first.title, first.query.text, first.id) == ("Netcat", "process.name:nc", derived_id("Netcat"))
    assert (second.title, second.description, second.id) == ("Shell of a service", "Finds shells.", derived_id("shell"))
    assert second.query.text == "process.name:sh and process.parent.name:systemd"


@pytest.mark.parametrize("indent", [None, 2])
def test_json_is_read_too(indent: int | None) -> None:
    (rule,) = read_text(json.dumps([NETCAT], indent=indent), name="queries.json")

    assert (rule.title, rule.query.text) == ("Netcat", 'process.name:"nc"')


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        ("query: 'a:''b'' and (c:d'", 2, 27),
        ('query: "a:\\"b\\" and\\n(c:d"', 2, 28),
        ("query: a:b and (c:d", 2, 22),
        ("query: |\n    a:b and\n      (c:d", 5, 1),
        ("query: >-\n    a:b and\n    (c:d\n    # no comment", 5, 17),
    ],
    ids=["single", "double", "plain", "lines", "folded"],
)
def test_a_mistake_in_a_query_is_where_the_file_says_it(written: str, line: int, column: int) -> None:
    """At the end of a text in which a bracket is missing, however YAML spells the text."""
    (rule,) = read_text(f"- name: x\n  {written}\n", name="queries.yml")
    with pytest.raises(TranslatorError) as error:
        rule.check(Schema.none())
    (found,) = error.value.diagnostics
    at = found.source.locate(found.span.start)

    assert (at.line, at.column) == (line, column)


@pytest.mark.parametrize(
    ("entry", "code", "at"),
    [
        ("- nothing", Code.NOT_A_RULE, "nothing"),
        ("- name: x", Code.NO_QUERY, "name: x"),
        ("- query: a:b", Code.NOT_A_RULE, "query: a:b"),
        ("- name: x\n  query: 5", Code.BAD_VALUE, "query: 5"),
        ("- name: x\n  query: a:b\n  level: high", Code.BAD_VALUE, "level: high"),
        ("- name: x\n  query: 'FROM logs | WHERE a == 1'", Code.OTHER_LANGUAGE, "FROM logs"),
    ],
)
def test_a_broken_entry_hides_no_other(entry: str, code: Code, at: str) -> None:
    found = scan(f"{YAML}{entry}\n")
    broken = [each for each in found if isinstance(each, TranslatorError)]

    assert [isinstance(each, Rule) for each in found] == [True, True, False]
    assert [each.diagnostics[0].code for each in broken] == [code]
    diagnostic = broken[0].diagnostics[0]
    assert diagnostic.source.text[diagnostic.span.start :].startswith(at)


@pytest.mark.parametrize("text", ["name: x\nquery: a:b\n", "[]\n"])
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(TranslatorError) as error:
        read_text(text, "queries")

    assert [found.code for found in error.value.diagnostics] == [Code.NOT_A_RULE]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sigma.yml", "- name: x\n  logsource: {product: linux}\n  detection: {s: {a: b}, condition: s}\n"),
        (
            "rules.json",
            json.dumps(
                [{"name": "x", "query": "a:b", "rule_id": "5f5e7a10-0000-4000-8000-00000000f101", "type": "query"}]
            ),
        ),
        ("users.yml", "- name: x\n  role: y\n"),
    ],
)
def test_other_lists_are_not_taken_for_queries(name: str, text: str) -> None:
    assert not sources.sources()["queries"].recognises(File(name, text.encode()).decode())
