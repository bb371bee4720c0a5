"""Schemas from what Elasticsearch and Kibana answer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.conftest import DATA
from translator import kql
from translator.backends import matcher
from translator.errors import Code, TranslatorError
from translator.schema import Ask, Schema, Type
from translator.source import Source

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "runtime": {"day": {"type": "keyword", "script": {"source": "..."}}},
    "properties": {
        "@timestamp": {"type": "date", "format": "epoch_second"},
        "message": {"type": "match_only_text"},
        "host": {
            "properties": {
                "name": {
                    "type": "keyword",
                    "ignore_above": 1024,
                    "normalizer": "lowercase",
                    "fields": {"text": {"type": "text", "index_options": "docs"}},
                },
                "ip": {"type": "ip", "null_value": "0.0.0.0"},
            }
        },
        "hostname": {"type": "alias", "path": "host.name"},
        "shape": {"type": "wildcard"},
        "set": {"type": "constant_keyword", "value": "logs"},
        "copied": {"type": "text"},
        "title": {"type": "keyword", "copy_to": ["copied"]},
        "off": {"type": "object", "enabled": False},
        "labels": {"type": "flattened", "ignore_above": 20},
        "size": {"type": "scaled_float", "scaling_factor": 100, "coerce": False},
        "hidden": {"type": "keyword", "index": False, "doc_values": False},
        "free": {"type": "object", "dynamic": True, "properties": {}},
        "list": {
            "type": "nested",
            "properties": {
                "id": {"type": "keyword"},
                "inner": {"type": "nested", "properties": {"x": {"type": "long"}}},
            },
        },
        "both": {"type": "nested", "include_in_root": True, "properties": {"id": {"type": "keyword"}}},
        "odd": {"type": "dense_vector"},
    },
}


@pytest.mark.parametrize(
    "answer",
    [
        MAPPING,
        {"mappings": MAPPING},
        {"logs-1": {"mappings": MAPPING}},
        {"logs-1": {"aliases": {}, "mappings": MAPPING, "settings": {"index": {"number_of_shards": "1"}}}},
    ],
    ids=["bare", "mappings", "GET _mapping", "GET index"],
)
def test_a_mapping_is_read_with_and_without_its_index(answer: dict[str, Any]) -> None:
    assert Schema.from_mapping(answer).fields == Schema.from_mapping(MAPPING).fields


@pytest.mark.parametrize(
    ("path", "type_", "ask", "nested", "reads"),
    [
        ("@timestamp", Type.DATE, Ask.DATE, None, ("@timestamp",)),
        ("message", Type.MATCH_ONLY_TEXT, Ask.MATCH, None, ("message",)),
        ("host", Type.OBJECT, Ask.MATCH, None, ("host",)),
        ("host.name", Type.KEYWORD, Ask.TERM, None, ("host.name",)),
        ("host.name.text", Type.TEXT, Ask.MATCH, None, ("host.name",)),
        ("hostname", Type.KEYWORD, Ask.TERM, None, ("host.name",)),
        ("shape", Type.WILDCARD, Ask.TERM, None, ("shape",)),
        ("set", Type.CONSTANT_KEYWORD, Ask.TERM, None, ("set",)),
        ("copied", Type.TEXT, Ask.MATCH, None, ("copied", "title")),
        ("off", Type.UNMAPPED, Ask.MATCH, None, ("off",)),
        ("off.inside", Type.UNMAPPED, Ask.MATCH, None, ("off.inside",)),
        ("labels.any.key", Type.FLATTENED, Ask.MATCH, None, ("labels.any.key",)),
        ("list", Type.NESTED, Ask.MATCH, None, ("list",)),
        ("list.id", Type.KEYWORD, Ask.TERM, "list", ("list.id",)),
        ("list.inner.x", Type.LONG, Ask.MATCH, "list.inner", ("list.inner.x",)),
        ("day", Type.KEYWORD, Ask.TERM, None, ("day",)),
        ("odd", Type.UNKNOWN, Ask.MATCH, None, ("odd",)),
        ("not.there", Type.UNMAPPED, Ask.MATCH, None, ("not.there",)),
        ("free.what", Type.UNKNOWN, Ask.MATCH, None, ("free.what",)),
        ("list.more", Type.UNMAPPED, Ask.MATCH, "list", ("list.more",)),
    ],
)
def test_a_mapping_says_all_of_a_field(
    path: str, type_: Type, ask: Ask, nested: str | None, reads: tuple[str, ...]
) -> None:
    field = Schema.from_mapping(MAPPING).field(path)

    assert (field.type, field.ask, field.nested, field.reads) == (type_, ask, nested, reads)


def test_the_settings_of_a_field_are_kept() -> None:
    schema = Schema.from_mapping(MAPPING)

    assert schema.field("host.name").ignore_above == 1024
    assert schema.field("host.name").details.normalizer == ("lowercase",)
    assert not schema.field("host.name.text").details.positions
    assert schema.field("host.ip").details.null_value == "0.0.0.0"
    assert schema.field("@timestamp").details.format == "epoch_second"
    assert schema.field("set").details.value == "logs"
    assert (schema.field("size").details.scaling_factor, schema.field("size").details.coerce) == (100, False)
    assert not schema.field("hidden").details.searchable
    assert schema.field("both.id").details.in_root
    assert schema.field("day").details.runtime


def test_settings_of_an_index_say_default_fields_and_normalizers() -> None:
    schema = Schema.from_mapping(
        {"properties": {"a": {"type": "keyword", "normalizer": "mine"}}},
        settings={
            "index": {
                "query": {"default_field": ["a", "b"]},
                "analysis": {"normalizer": {"mine": {"type": "custom", "filter": ["uppercase"]}}},
            }
        },
    )

    assert schema.default_fields == ("a", "b")
    assert schema.field("a").details.normalizer == ("uppercase",)


def test_a_dynamic_template_for_every_text_types_what_is_not_listed() -> None:
    schema = Schema.from_mapping(
        {
            "dynamic_templates": [
                {"ips": {"match": "*_ip", "mapping": {"type": "ip"}}},
                {"texts": {"match_mapping_type": "string", "mapping": {"type": "keyword", "ignore_above": 5}}},
            ]
        }
    )
    field = schema.field("anything.at.all")

    assert (field.type, field.ask, field.ignore_above) == (Type.KEYWORD, Ask.MATCH, 5)
    assert "anything.at.all" not in schema


def test_indices_that_disagree_are_asked_as_kibana_asks_a_conflict() -> None:
    schema = Schema.from_mapping(
        {
            "logs-1": {
                "mappings": {
                    "properties": {"a": {"type": "keyword"}, "b": {"type": "keyword"}, "c": {"type": "keyword"}}
                }
            },
            "logs-2": {
                "mappings": {
                    "properties": {
                        "a": {"type": "text"},
                        "b": {"type": "keyword"},
                        "c": {"type": "wildcard"},
                        "d": {"type": "ip"},
                    }
                }
            },
        }
    )

    assert {name: each.ask for name, each in schema.fields.items()} == {
        "a": Ask.MATCH,
        "b": Ask.TERM,
        "c": Ask.TERM,
        "d": Ask.MATCH,
    }
    assert schema.field("d").type is Type.IP


@pytest.mark.parametrize(
    "answer", [{"logs-1": {"aliases": {}}}, {"logs-1": 5}, {"properties": 5}, {"properties": {"a": 5}}, []]
)
def test_what_is_no_mapping_is_refused(answer: Any) -> None:
    with pytest.raises(TranslatorError) as caught:
        Schema.from_mapping(answer)

    assert caught.value.diagnostics[0].code is Code.BAD_SCHEMA
    assert caught.value.diagnostics[0].hint


def test_field_caps_name_families() -> None:
    schema = Schema.from_field_caps(
        {
            "indices": ["logs-1"],
            "fields": {
                "_id": {"_id": {"type": "_id", "metadata_field": True, "searchable": True}},
                "host": {"object": {"type": "object", "searchable": False}},
                "host.name": {"keyword": {"type": "keyword", "searchable": True}},
                "host.name.text": {"text": {"type": "text", "searchable": True}},
                "both": {
                    "keyword": {"type": "keyword", "searchable": True},
                    "text": {"type": "text", "searchable": True},
                },
                "some": {
                    "unmapped": {"type": "unmapped", "searchable": False},
                    "ip": {"type": "ip", "searchable": True},
                },
                "kept": {"keyword": {"type": "keyword", "searchable": False}},
                "list": {"nested": {"type": "nested", "searchable": False}},
                "list.id": {"keyword": {"type": "keyword", "searchable": True}},
            },
        }
    )

    assert "_id" not in schema
    assert schema.field("host.name.text").reads == ("host.name",)
    assert (schema.field("both").type, schema.field("both").ask) == (Type.KEYWORD, Ask.MATCH)
    assert schema.field("some").type is Type.IP
    assert not schema.field("kept").details.searchable
    assert schema.field("list.id").nested == "list"


@pytest.mark.parametrize("answer", [{}, {"fields": []}, []])
def test_what_is_no_answer_of_field_caps_is_refused(answer: Any) -> None:
    with pytest.raises(TranslatorError) as caught:
        Schema.from_field_caps(answer)

    assert caught.value.diagnostics[0].code is Code.BAD_SCHEMA


def test_a_data_view_is_read_in_its_order() -> None:
    fields = json.loads((DATA / "data_view.json").read_text("utf-8"))
    schema = Schema.from_data_view(fields)

    assert list(schema.fields) == [each["name"] for each in fields]
    assert {each["name"] for each in fields if each.get("scripted")} == {
        name for name, each in schema.fields.items() if each.details.scripted
    }
    assert {name: each.nested for name, each in schema.fields.items() if each.nested} == {
        each["name"]: each["subType"]["nested"]["path"] for each in fields if "nested" in each.get("subType", {})
    }


def test_what_is_no_data_view_is_refused() -> None:
    with pytest.raises(TranslatorError) as caught:
        Schema.from_data_view([{"type": "string"}])

    assert caught.value.diagnostics[0].code is Code.BAD_SCHEMA


@pytest.mark.parametrize(
    ("query", "event", "verdict"),
    [
        ("hostname:WEB", {"host": {"name": "web"}}, True),
        ("host.name.text:web", {"host": {"name": "the web"}}, True),
        ("copied:story", {"title": "a story"}, True),
        ("off.inside:*", {"off": {"inside": 1}}, False),
        ("not.there:x", {"not": {"there": "x"}}, False),
        ("set:logs", {}, True),
        ("host.ip:*", {"host": {"ip": None}}, True),
        ("size:5", {"size": "5"}, False),
        ("web", {"host": {"name": "WEB"}}, True),
        ("logs", {}, True),
        ("list:{ id:a }", {"list.id": "a"}, True),
        ("labels:x", {"labels": {"a": {"b": "x"}}}, True),
        ("labels:x", {"labels.a.b": "x"}, True),
    ],
)
def test_an_event_is_read_as_the_mapping_says(query: str, event: dict[str, Any], verdict: bool) -> None:
    """Each as section 7.1 of the reference tells, from runs of the engine."""
    schema = Schema.from_mapping(MAPPING)
    source = Source(query)
    formula = kql.check(kql.parse(source), schema, source).formula

    assert matcher.compile_(formula, source=source, schema=schema)(event) is verdict


def test_a_field_that_is_not_indexed_cannot_be_searched() -> None:
    schema = Schema.from_mapping(MAPPING)
    source = Source("hidden:x")
    with pytest.raises(TranslatorError):
        matcher.compile_(kql.check(kql.parse(source), schema, source).formula, source=source, schema=schema)
