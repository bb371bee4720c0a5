"""What Kibana exports: rules among lists, connectors, saved objects and summaries."""

from __future__ import annotations

import json
from typing import Any

import pytest

from translator import sources
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.needs import Cardinality, ExceptionList, Threshold, ValueList
from translator.pipeline import compile_rule, convert
from translator.rule import Rule, derived_id
from translator.schema import Schema
from translator.sources import Found, read_text

ID = "5f5e7a10-0000-4000-8000-00000000c001"
RULE: dict[str, Any] = {
    "id": "5f5e7a10-0000-4000-8000-00000000c0ff",
    "rule_id": ID,
    "name": "Netcat",
    "description": "Finds netcat.",
    "type": "query",
    "language": "kuery",
    "query": 'process.name:"nc" or\tprocess.name:ncat',
    "index": ["logs-*"],
    "severity": "medium",
    "risk_score": 47,
    "enabled": False,
    "version": 3,
    "interval": "5m",
    "from": "now-9m",
    "to": "now",
    "max_signals": 100,
    "author": ["Example"],
    "license": "MIT",
    "tags": ["OS: Linux"],
    "references": [],
    "false_positives": [],
    "filters": [],
    "actions": [],
    "exceptions_list": [],
    "created_at": "2024-01-10T09:00:00Z",
    "immutable": False,
    "revision": 2,
    "note": "Look.",
    "setup": "",
    "timestamp_override": "event.ingested",
    "threat": [
        {
            "framework": "MITRE ATT&CK",
            "tactic": {"id": "TA0002", "name": "Execution", "reference": ""},
            "technique": [{"id": "T1059", "name": "Interpreter", "reference": "", "subtechnique": []}],
        }
    ],
}
CONTAINER = {"list_id": "ours", "type": "detection", "name": "Ours", "namespace_type": "single", "id": "e0"}
CONNECTOR = {"id": "f0", "type": "action", "attributes": {"actionTypeId": ".slack", "name": "chat"}, "references": []}
SUMMARY = {"exported_count": 5, "exported_rules_count": 1, "missing_rules": []}


def item(name: str, *entries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "item_id": name,
        "list_id": "ours",
        "name": name,
        "type": "simple",
        "namespace_type": "single",
        "entries": list(entries),
        **more,
    }


def entry(field: str, value: Any, type_: str = "match", operator: str = "included") -> dict[str, Any]:
    return {"field": field, "operator": operator, "type": type_, "value": value}


def scan(content: bytes | str, name: str = "export.ndjson") -> list[Found]:
    return list(sources.scan([File(name, content if isinstance(content, bytes) else content.encode())]))


def lines(*objects: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(each, ensure_ascii=False)}\n" for each in objects)


def codes(found: Found) -> list[Code]:
    assert isinstance(found, TranslatorError)
    return [each.code for each in found.diagnostics]


def with_list(**more: Any) -> dict[str, Any]:
    named = {"id": "e0", "list_id": "ours", "type": "detection", "namespace_type": "single"}
    return {**RULE, "exceptions_list": [named], **more}


def test_a_rule_of_an_export_says_everything_about_itself() -> None:
    (rule,) = scan(lines(RULE, SUMMARY))

    assert isinstance(rule, Rule)
    assert rule == Rule(
        id=ID,
        title="Netcat",
        query=rule.query,
        source=rule.source,
        description="Finds netcat.",
        index=("logs-*",),
        severity="medium",
        risk_score=47,
        interval="5m",
        look_back="now-9m",
        maximum_alerts=100,
        tags=("OS: Linux",),
        version="3",
        authors=("Example",),
        license="MIT",
        guide="Look.",
        threats=rule.threats,
        enabled=False,
    )
    assert [(each.id, each.name, [part.id for part in each.techniques]) for each in rule.threats] == [
        ("TA0002", "Execution", ["T1059"])
    ]
    assert rule.extra == {"to": "now", "timestamp_override": "event.ingested"}


def test_a_mistake_in_a_query_is_found_through_the_escapes_of_its_line() -> None:
    text = lines(SUMMARY, {**RULE, "name": "Ünïcode", "query": 'a:"é\\\\" and\n(b:c'})
    (rule,) = scan(text)
    assert isinstance(rule, Rule)
    with pytest.raises(TranslatorError) as error:
        rule.check(Schema.none())
    (found,) = error.value.diagnostics
    at = found.source.locate(found.span.start)

    assert (found.source.name, at.line) == ("export.ndjson", 2)
    assert found.source.line(2)[: at.column - 1].endswith("(b:c")


EVENTS: list[tuple[dict[str, Any], bool]] = [
    ({"process.name": "nc"}, True),
    ({"process.name": "nc", "user.name": "backup", "host.name": "B2"}, False),
    ({"process.name": "nc", "user.name": "backup", "host.name": "W1"}, True),
    ({"process.name": "nc", "process.executable": "C:\\Tools\\nc"}, False),
    ({"process.name": "nc", "process.executable": "c:\\Tools\\nc"}, True),
    ({"process.name": "nc", "process.parent.name": "setup"}, False),
    ({"process.name": "nc", "process.parent.name": "setup", "user.domain": "LAB"}, True),
    ({"process.name": "nc", "sig": [{"who": "A", "ok": "no"}, {"who": "B", "ok": "yes"}]}, True),
    ({"process.name": "nc", "sig": [{"who": "A", "ok": "yes"}]}, False),
    ({"process.name": "nc", "source.ip": "10.0.0.1"}, True),
    ({"process.name": "nc", "user.name": "gone"}, True),
    ({"process.name": "nc", "user.name": "soon"}, False),
    ({"process.name": "sh"}, False),
]


def test_what_the_exceptions_of_an_export_cover_is_not_matched() -> None:
    """Entries hold together, items are alternatives, a nested entry asks one object: as Kibana's documentation says."""
    nested = {"field": "sig", "type": "nested", "entries": [entry("who", "A"), entry("ok", "yes")]}
    text = lines(
        with_list(actions=[{"id": "f0", "action_type_id": ".slack"}]),
        CONTAINER,
        item("backup", entry("user.name", "backup"), entry("host.name", ["B1", "B2"], "match_any")),
        item("tools", entry("process.executable", "C:\\\\Tools\\\\*", "wildcard")),
        item("setup", entry("process.parent.name", "setup"), entry("user.domain", None, "exists", "excluded")),
        item("signed", nested),
        item(
            "addresses",
            {"field": "source.ip", "operator": "included", "type": "list", "list": {"id": "corp", "type": "ip"}},
        ),
        item("ended", entry("user.name", "gone"), expire_time="2020-01-01T00:00:00.000Z"),
        item("ends", entry("user.name", "soon"), expire_time="9000-01-01T00:00:00.000Z"),
        CONNECTOR,
        SUMMARY,
    )
    (rule,) = scan(text)
    assert isinstance(rule, Rule)
    schema = Schema.from_mapping(
        {
            "properties": {
                **{
                    name: {"type": "keyword"}
                    for name in (
                        "process.name",
                        "process.executable",
                        "process.parent.name",
                        "user.name",
                        "user.domain",
                        "host.name",
                    )
                },
                "source.ip": {"type": "ip"},
                "sig": {"type": "nested", "properties": {"who": {"type": "keyword"}, "ok": {"type": "keyword"}}},
            }
        }
    )
    matches = compile_rule(rule, schema=schema)

    assert [(event, matches(event)) for event, _ in EVENTS] == EVENTS
    assert [(need.kind, need.detail) for need in rule.needs] == [("value_list", ValueList("corp", "ip", "addresses"))]
    assert [(note.code, note.source.locate(note.span.start).line) for note in rule.notes] == [
        (Code.EXPIRING, 8),
        (Code.EXPIRING, 9),
        (Code.LEFT_OUT, 1),
    ]


def test_lists_of_one_name_in_two_namespaces_are_two_lists() -> None:
    shared = item("all", entry("user.name", "x"), namespace_type="agnostic")
    (rule,) = scan(lines(with_list(), CONTAINER, shared, SUMMARY))

    assert isinstance(rule, Rule)
    assert (rule.exceptions, rule.notes) == ((), ())


def test_a_list_that_the_export_does_not_hold_is_said() -> None:
    (rule,) = scan(lines(with_list(), SUMMARY))

    assert isinstance(rule, Rule)
    assert [(need.kind, need.detail) for need in rule.needs] == [
        ("exceptions", ExceptionList("e0", "ours", "detection", "single"))
    ]
    for target in ("kql", "sigma", "dsl", "matcher", "elastic_toml"):
        with pytest.raises(TranslatorError) as error:
            convert(rule, to=target)
        assert [each.code for each in error.value.diagnostics] == [Code.NEED_DROPPED]
    assert json.loads(convert(rule, to="elastic_rule").text)["exceptions_list"] == with_list()["exceptions_list"]


def test_a_threshold_rule_of_filters_keeps_its_count_and_leaves_the_disabled_filter_out() -> None:
    def phrase(field: str, value: str, **meta: Any) -> dict[str, Any]:
        return {"meta": {"type": "phrase", "key": field, **meta}, "query": {"match_phrase": {field: value}}}

    filters = [
        phrase("event.action", "logon-failed", disabled=False, negate=False),
        phrase("event.outcome", "success", disabled=True),
        {
            "meta": {"type": "phrases", "negate": True},
            "query": {
                "bool": {
                    "minimum_should_match": 1,
                    "should": [
                        {"match_phrase": {"source.ip": "10.0.0.5"}},
                        {"match_phrase": {"source.ip": "10.0.0.6"}},
                    ],
                }
            },
        },
    ]
    threshold = {"field": ["user.name"], "value": 10, "cardinality": [{"field": "source.ip", "value": 3}]}
    (rule,) = scan(lines({**RULE, "type": "threshold", "query": "", "filters": filters, "threshold": threshold}))
    assert isinstance(rule, Rule)
    matches = compile_rule(rule)

    assert [
        matches(event)
        for event in (
            {"event.action": "logon-failed", "source.ip": "10.9.9.9"},
            {"event.action": "logon-failed"},
            {"event.action": "logon-failed", "source.ip": "10.0.0.6"},
            {"event.action": "logon"},
            {},
        )
    ] == [True, True, False, False, False]
    assert rule.needs[0].detail == Threshold(("user.name",), 10, (Cardinality("source.ip", 3),), "9m")


@pytest.mark.parametrize("filters", [[], [{"meta": {"disabled": True}, "query": {"match_all": {}}}]])
def test_an_empty_query_without_a_filter_is_no_rule_for_every_event(filters: list[Any]) -> None:
    (found,) = scan(lines({**RULE, "query": " ", "filters": filters}))

    assert codes(found) == [Code.NO_QUERY]


def test_a_broken_line_hides_no_other_and_is_named() -> None:
    good = json.dumps({**RULE, "name": "A"}).encode()
    text = b"\n".join(
        [
            good,
            b'{"name": "cut off',
            b"",
            good.replace(b"Finds", b"\xff\xfe"),
            json.dumps({"event": {"action": "x"}}).encode(),
            good,
            json.dumps(SUMMARY).encode(),
        ]
    )
    found = scan(text)

    assert [isinstance(each, Rule) for each in found] == [True, False, False, False, True]
    broken = [each.diagnostics[0] for each in found if isinstance(each, TranslatorError)]
    assert [(each.code, each.source.locate(each.span.start).line) for each in broken] == [
        (Code.BAD_JSON, 2),
        (Code.NOT_TEXT, 4),
        (Code.NOT_A_RULE, 5),
    ]


def test_one_wrong_byte_in_another_format_still_refuses_the_file() -> None:
    (found,) = scan(json.dumps(RULE, indent=2).encode().replace(b"Finds", b"\xff"), "rule.json")

    assert codes(found) == [Code.NOT_TEXT]


CAMEL = {
    "type": "query",
    "language": "kuery",
    "query": "a:b",
    "ruleId": ID,
    "riskScore": 21,
    "severity": "low",
    "falsePositives": ["x"],
    "maxSignals": 7,
    "from": "now-6m",
    "timestampOverride": "event.ingested",
    "buildingBlockType": "default",
    "alertSuppression": {"groupBy": ["u"], "missingFieldsStrategy": "suppress"},
}


@pytest.mark.parametrize(
    "value",
    [
        {
            "type": "alert",
            "id": "x",
            "attributes": {
                "alertTypeId": "siem.queryRule",
                "name": "Saved",
                "tags": ["t"],
                "enabled": False,
                "schedule": {"interval": "1h"},
                "params": CAMEL,
            },
        },
        {
            "id": "x",
            "rule_type_id": "siem.queryRule",
            "name": "Saved",
            "tags": ["t"],
            "enabled": False,
            "schedule": {"interval": "1h"},
            "params": CAMEL,
        },
    ],
    ids=["saved object", "alerting API"],
)
def test_a_rule_in_kibanas_own_form_is_read(value: dict[str, Any]) -> None:
    (rule,) = scan(lines(value, SUMMARY))

    assert isinstance(rule, Rule)
    assert (rule.id, rule.title, rule.query.text, rule.tags, rule.enabled, rule.interval) == (
        ID,
        "Saved",
        "a:b",
        ("t",),
        False,
        "1h",
    )
    assert (rule.risk_score, rule.severity, rule.maximum_alerts, rule.false_positives, rule.building_block) == (
        21,
        "low",
        7,
        ("x",),
        True,
    )
    assert rule.extra == {"timestamp_override": "event.ingested", "building_block_type": "default"}
    assert rule.suppression is not None
    assert rule.suppression.fields == ("u",)


def test_a_prebuilt_rule_of_a_package_is_read() -> None:
    (rule,) = scan(lines({"type": "security-rule", "id": f"{ID}_3", "attributes": RULE}))

    assert isinstance(rule, Rule)
    assert (rule.id, rule.title) == (ID, "Netcat")


@pytest.mark.parametrize(
    "value",
    [
        RULE,
        [RULE],
        {"page": 1, "perPage": 20, "total": 1, "data": [RULE]},
        {"rules": [RULE]},
        [RULE, CONTAINER, SUMMARY],
    ],
    ids=["rule", "list", "_find", "rules", "with a list"],
)
@pytest.mark.parametrize("indent", [None, 2])
def test_an_answer_of_the_api_is_one_document(value: Any, indent: int | None) -> None:
    (rule,) = read_text(json.dumps(value, indent=indent), name="rules.json")

    assert rule.title == "Netcat"
    assert rule.query.text == RULE["query"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("package.json", '{"name": "x", "version": "1", "type": "module"}'),
        ("events.ndjson", '{"event": {"action": "x"}, "rule": {"name": "y"}}\n{"a": 1}\n'),
        ("events.json", '[{"process": {"name": "x"}}]'),
        ("users.json", '{"data": [{"type": "user", "attributes": {"name": "x"}}]}'),
    ],
)
def test_other_json_is_not_taken_for_rules(name: str, content: str) -> None:
    (found,) = scan(content, name)

    assert codes(found) == [Code.UNKNOWN_FORMAT]


def test_a_rule_with_a_name_twice_in_one_object_is_refused() -> None:
    (found,) = scan('{"rule_id": "a", "query": "a:b", "query": "c:d", "type": "query"}\n')

    assert codes(found) == [Code.BAD_JSON]


def test_the_ids_are_the_rules_own_or_derived() -> None:
    found = scan(lines({**RULE, "rule_id": "mine"}, {**RULE, "rule_id": None}, RULE, RULE))

    assert [each.id for each in found if isinstance(each, Rule)] == [derived_id("mine"), derived_id("Netcat"), ID, ID]


def saved(type_: str, title: str, **attributes: Any) -> dict[str, Any]:
    return {
        "type": type_,
        "id": f"{title}-id",
        "attributes": {"title": title, **attributes},
        "references": [{"name": "i", "type": "index-pattern", "id": "view"}],
    }


def search_source(query: str, language: str = "kuery", filters: tuple[Any, ...] = ()) -> dict[str, str]:
    return {
        "searchSourceJSON": json.dumps(
            {"query": {"query": query, "language": language}, "filter": list(filters), "indexRefName": "i"}
        )
    }


VIEW = {"type": "index-pattern", "id": "view", "attributes": {"title": "logs-*, beats-*"}, "references": []}


def test_saved_searches_and_dashboards_give_their_queries() -> None:
    part = {"filter": {"query": "e:f", "language": "kuery"}, "label": "Part"}
    lens = {
        "title": "Panel",
        "state": {"query": {"query": "c:d", "language": "kuery"}, "filters": [], "datasourceStates": {"x": part}},
    }
    panels = json.dumps([{"type": "lens", "embeddableConfig": {"attributes": lens}}, {"type": "map"}])
    off = {"meta": {"disabled": True}, "query": {"match_all": {}}}
    exists = {"meta": {"negate": True}, "query": {"exists": {"field": "x"}}}
    found = scan(
        lines(
            VIEW,
            saved("search", "Logons", kibanaSavedObjectMeta=search_source("a:b")),
            saved("search", "Empty", kibanaSavedObjectMeta=search_source("", filters=(off,))),
            saved("search", "Filter", kibanaSavedObjectMeta=search_source("", filters=(exists,))),
            saved("dashboard", "Board", panelsJSON=panels, kibanaSavedObjectMeta=search_source("")),
            saved("search", "Old", kibanaSavedObjectMeta=search_source("a:[1 TO 2]", "lucene")),
            saved("lens", "New", state={"query": {"esql": "FROM x"}}),
            saved("query", "Kept", query={"query": "g:h", "language": "kuery"}, filters=[]),
        ),
        "saved.ndjson",
    )
    rules = [(each.title, each.query.text, len(each.filters), each.index) for each in found if isinstance(each, Rule)]
    index = ("logs-*", "beats-*")

    assert rules == [
        ("Logons", "a:b", 0, index),
        ("Filter", "", 1, index),
        ("Board: Panel", "c:d", 0, index),
        ("Board: Panel: Part", "e:f", 0, index),
        ("Kept", "g:h", 0, index),
    ]
    assert [codes(each) for each in found if isinstance(each, TranslatorError)] == [[Code.OTHER_LANGUAGE]] * 2
    assert len({each.id for each in found if isinstance(each, Rule)}) == 5


def test_a_mistake_inside_a_string_inside_a_string_is_where_the_file_says_it() -> None:
    text = lines(VIEW, saved("search", "S", kibanaSavedObjectMeta=search_source('a:"x" and (b:"y"')))
    (rule,) = scan(text)
    assert isinstance(rule, Rule)
    with pytest.raises(TranslatorError) as error:
        rule.check(Schema.none())
    (found,) = error.value.diagnostics

    assert found.source.text[: found.span.start].endswith('(b:\\\\\\"y\\\\\\"')


def test_an_export_without_a_query_is_said() -> None:
    (found,) = scan(lines(CONTAINER, item("a", entry("b", "c")), SUMMARY))

    assert codes(found) == [Code.NO_QUERY]
