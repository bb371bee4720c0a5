"""Whatever stands in a rule file, reading it ends with rules and findings, never with a traceback."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests import test_sources_kibana as kibana
from tests.test_sources_kibana import entry, item, lines, with_list
from tests.test_sources_toml import RULE as TOML
from translator import sources
from translator.errors import Diagnostic, TranslatorError
from translator.files import File
from translator.rule import Rule
from translator.schema import Schema

FILTERS: list[Any] = [
    {
        "meta": {"negate": True, "disabled": False},
        "query": {"wildcard": {"k": {"value": "a*", "case_insensitive": True}}},
    },
    {"meta": {"type": "combined", "relation": "OR", "params": [{"query": {"exists": {"field": "a"}}}]}},
    {
        "query": {
            "bool": {"must": [{"term": {"a": 1}}], "should": {"range": {"n": {"gte": 1}}}, "minimum_should_match": 1}
        }
    },
    {"query": {"nested": {"path": "o", "query": {"terms": {"o.a": ["x"]}}}}},
]
EXPORT: list[Any] = [
    with_list(filters=FILTERS, alert_suppression={"group_by": ["a"], "duration": {"value": 1, "unit": "m"}}),
    with_list(type="threshold", threshold={"field": ["a"], "value": 2, "cardinality": [{"field": "b", "value": 3}]}),
    with_list(type="new_terms", new_terms_fields=["a"], history_window_start="now-7d"),
    with_list(
        type="threat_match",
        threat_index=["i"],
        threat_query="a:b",
        threat_mapping=[{"entries": [{"field": "a", "value": "b", "type": "mapping"}]}],
    ),
    {"type": "alert", "attributes": {"alertTypeId": "siem.queryRule", "name": "x", "params": kibana.CAMEL}},
    kibana.CONTAINER,
    item("a", entry("k", "a"), entry("k", ["b"], "match_any"), entry("k", "c*", "wildcard"), os_types=["windows"]),
    item("b", {"field": "o", "type": "nested", "entries": [entry("a", "x")]}, expire_time="2030-01-01"),
    kibana.VIEW,
    kibana.saved("search", "s", kibanaSavedObjectMeta=kibana.search_source("a:b", filters=tuple(FILTERS))),
    kibana.SUMMARY,
]
values = st.sampled_from([None, True, 0, -1, 1.5, "", " ", "x", "kuery", [], [[]], [None], {}, {"a": {}}, [{"a": 1}]])


def parts(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, each in inner for found in parts(each, (*path, key)))]


def changed(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    if not path:
        return new
    value = copy.copy(value)
    value[path[0]] = changed(value[path[0]], path[1:], new)
    return value


def survive(content: bytes, name: str) -> None:
    for found in sources.scan([File(name, content)]):
        told = findings(found) if isinstance(found, Rule) else found.diagnostics
        assert all(each.render() for each in told)


def findings(rule: Rule) -> tuple[Diagnostic, ...]:
    try:
        return (*rule.notes, *rule.check(Schema.none()).notes)
    except TranslatorError as error:
        return error.diagnostics


@given(st.data())
def test_any_value_may_stand_anywhere_in_an_export(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([path for path in parts(EXPORT) if len(path) > 1]))
    export = changed(EXPORT, path, data.draw(values))

    survive(lines(*(each if isinstance(each, dict) else {"x": each} for each in export)).encode(), "export.ndjson")
    survive(json.dumps(export).encode(), "export.json")


@given(st.integers(0, len(TOML)), st.integers(0, 40), st.text(max_size=5))
def test_any_damage_to_a_toml_file_is_a_finding(at: int, cut: int, put: str) -> None:
    survive((TOML[:at] + put + TOML[at + cut :]).encode("utf-8", "replace"), "rule.toml")


@given(st.integers(0, 2000), st.integers(0, 40), st.binary(max_size=5))
def test_any_damage_to_an_export_is_a_finding(at: int, cut: int, put: bytes) -> None:
    content = lines(*EXPORT).encode()
    at = at * len(content) // 2000

    survive(content[:at] + put + content[at + cut :], "export.ndjson")
