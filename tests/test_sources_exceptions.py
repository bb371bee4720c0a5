"""The items of exception lists: which apply, what they exclude, and what cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from translator import exception_lists, json_reader
from translator.errors import Code, TranslatorError
from translator.located import Located
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.source import Source
from translator.sources import read_text

KEYWORDS = Schema.from_yaml("k: keyword\nl: keyword\nhost.os.type: keyword\nhost.os.name.caseless: keyword\n")


def entry(field: str, value: Any = None, type_: str = "match", operator: str = "included") -> dict[str, Any]:
    return {"field": field, "type": type_, "operator": operator, **({} if value is None else {"value": value})}


def item(*entries: Any, **more: Any) -> dict[str, Any]:
    return {"list_id": "a", "item_id": "i", "name": "ours", "namespace_type": "single", "entries": [*entries], **more}


def rule(*items: dict[str, Any]) -> Rule:
    named = {"list_id": "a", "namespace_type": "single"}
    head = {
        "rule_id": "5f5e7a10-0000-4000-8000-00000000e001",
        "type": "query",
        "name": "x",
        "query": "k:*",
        "exceptions_list": [named],
    }
    (read,) = read_text("\n".join(map(json.dumps, [head, *items])), "ndjson")
    return read


def located(value: Any) -> Located:
    return json_reader.read(Source(json.dumps(value)))


@pytest.mark.parametrize(
    ("entries", "more", "event", "excluded"),
    [
        ([entry("k", "a b")], {}, {"k": "a b"}, True),
        ([entry("k", "a b")], {}, {"k": "A b"}, False),
        ([entry("k", "a", operator="excluded")], {}, {"k": "b"}, True),
        ([entry("k", ["a", "b"], "match_any")], {}, {"k": "b"}, True),
        ([entry("k", ["a", "b"], "match_any", "excluded")], {}, {"k": "b"}, False),
        ([entry("k", "a?*", "wildcard")], {}, {"k": "abc"}, True),
        ([entry("k", "a\\*", "wildcard")], {}, {"k": "abc"}, False),
        ([entry("k", "A*", "wildcard")], {}, {"k": "abc"}, False),
        ([entry("l", type_="exists")], {}, {"k": "a"}, False),
        ([entry("l", type_="exists", operator="excluded")], {}, {"k": "a"}, True),
        ([entry("k", "a"), entry("l", "b")], {}, {"k": "a"}, False),
        ([entry("k", "a")], {"os_types": ["windows", "linux"]}, {"k": "a", "host.os.type": "linux"}, True),
        ([entry("k", "a")], {"os_types": ["windows"]}, {"k": "a", "host.os.name.caseless": "windows"}, True),
        ([entry("k", "a")], {"os_types": ["windows"]}, {"k": "a", "host.os.type": "linux"}, False),
        ([entry("k", "a")], {"os_types": ["windows"]}, {"k": "a"}, False),
    ],
)
def test_an_item_excludes_what_all_its_entries_say(entries: list[Any], more: Any, event: Any, excluded: bool) -> None:
    """The questions are those that Kibana's documentation and code give for each type of entry."""
    assert compile_rule(rule(item(*entries, **more)), schema=KEYWORDS)(event) is not excluded


@pytest.mark.parametrize(
    ("entries", "at"),
    [
        ([entry("k", "a", "fuzzy")], '"type": "fuzzy"'),
        ([entry("k", "a", operator="maybe")], '"operator": "maybe"'),
        ([entry("k", 5, "match_any")], '"value": 5'),
        ([entry("k", 5, "wildcard")], '"value": 5'),
        ([entry("k")], "{"),
        ([{"type": "match", "value": "a", "operator": "included"}], "{"),
        ([{"field": "k", "type": "nested", "entries": []}], "{"),
        ([], "{"),
    ],
)
def test_an_item_that_cannot_be_read_refuses_the_rule_at_its_place(entries: list[Any], at: str) -> None:
    """An exception that nobody understands must neither vanish nor exclude everything."""
    with pytest.raises(TranslatorError) as error:
        rule(item(*entries)).check(KEYWORDS)
    (found,) = error.value.diagnostics

    assert found.code is Code.BAD_FILTER
    assert found.hint
    assert found.source.text[found.span.start :].startswith(at)
    assert found.source.locate(found.span.start).line == 2


NOW = datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("end", "applies", "said"),
    [
        (None, True, None),
        ("2025-05-31T23:59:59.000Z", False, "has expired"),
        ("2025-06-01T00:00:00Z", False, "has expired"),
        ("2025-06-01T02:00:00+01:00", True, "will end"),
        ("2025-06-02", True, "will end"),
        ("soon", True, None),
    ],
)
def test_an_item_that_has_expired_is_not_applied_and_is_said(end: str | None, applies: bool, said: str | None) -> None:
    found = exception_lists.sort([located(item(entry("k", "a"), expire_time=end))], now=NOW)

    assert (len(found.items), found.needs) == (int(applies), ())
    assert [said in note.message for note in found.notes] == ([True] if said else [])


def test_a_value_list_is_a_need_that_a_target_refuses_unless_it_is_allowed() -> None:
    read = rule(
        item(entry("k", "a")),
        item({"field": "l", "type": "list", "operator": "included", "list": {"id": "known", "type": "keyword"}}),
    )

    assert [need.kind for need in read.needs] == ["value_list"]
    assert compile_rule(read, schema=KEYWORDS)({"k": "b", "l": "in the list"})
    with pytest.raises(TranslatorError) as error:
        convert(read, to="kql", schema=KEYWORDS)
    assert [found.code for found in error.value.diagnostics] == [Code.NEED_DROPPED]
    assert "known" in error.value.diagnostics[0].message
    for target in ("sigma", "kql", "dsl", "matcher"):
        artefact = convert(read, to=target, schema=KEYWORDS, allow=["wider"])
        assert (artefact.fidelity, [loss.code for loss in artefact.losses]) == ("wider", [Code.NEED_DROPPED])


def test_a_nested_entry_asks_one_object_and_names_its_fields_below_it() -> None:
    schema = Schema.from_mapping(
        {
            "properties": {
                "k": {"type": "keyword"},
                "o": {"type": "nested", "properties": {"a": {"type": "keyword"}, "b": {"type": "keyword"}}},
            }
        }
    )
    nested = {"field": "o", "type": "nested", "entries": [entry("a", "x"), entry("b", "y", operator="excluded")]}
    matches = compile_rule(rule(item(nested)), schema=schema)

    assert not matches({"k": "z", "o": [{"a": "x", "b": "n"}]})
    assert matches({"k": "z", "o": [{"a": "x", "b": "y"}, {"a": "n", "b": "n"}]})
