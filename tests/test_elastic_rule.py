"""A rule as Elastic keeps it: its verdict, and everything else that it says, from any source."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from translator.backends import backend
from translator.errors import Code, TranslatorError
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read, read_text

TARGETS = {"elastic_rule": "ndjson", "elastic_toml": "toml"}

SIGMA = """
title: Odd Child of a Mail Program
id: 0f2c7a0e-29be-4e6c-9d1c-52f4f8d0a7f1
status: stable
description: Two lines,
references: [https://example.org/a]
author: A. Author, B. Author
date: 2025-03-01
license: Elastic-2.0
tags: [attack.execution, attack.t1059.001, attack.t1204, attack.command-and-control, detection.dfir]
logsource: {category: process_creation, product: windows}
detection:
  selection: {f: 'Cmd', g|contains: ['a?b', c], n: 4}
  filter: {h|endswith: '.tmp'}
  condition: selection and not filter
falsepositives: [None known]
level: high
"""

#: Sigma minds no case and has a wildcard for one character, KQL neither; the last part is the same in both.
EVENTS: dict[str, bool] = {
    '{"f": "cmd", "g": "xAzBx", "n": 4}': True,
    '{"f": "CMD", "g": "C", "n": 4, "h": "x.TMPx"}': True,
    '{"f": ["x", "cMd"], "g": "c", "n": [3, 4]}': True,
    '{"f": "cmd", "g": "ab", "n": 4}': False,
    '{"f": "cmd", "g": "c", "n": 4, "h": "x.TMP"}': False,
    '{"f": "cmdx", "g": "c", "n": 4}': False,
    '{"f": "cmd", "g": "c", "n": 5}': False,
    "{}": False,
}
SCHEMA = Schema.from_yaml("f: keyword\ng: keyword\nh: keyword\nn: long\n")

#: What an Elastic rule carries; `tests/test_sources_toml.py` says that it is read right.
CARRIED = (
    "id",
    "title",
    "type",
    "description",
    "index",
    "severity",
    "risk_score",
    "interval",
    "look_back",
    "references",
    "tags",
    "authors",
    "license",
    "guide",
    "setup",
    "false_positives",
    "threats",
    "suppression",
    "building_block",
)

FACTS: dict[str, Any] = {
    "rule_id": "7b6f4a0e-6a55-4d0e-9a40-0d2f6d0ffb41",
    "name": "A 'rule'",
    "description": "Says \"much\":\n\\d '''.\n",
    "type": "query",
    "language": "kuery",
    "query": 'user.name:(root or "a\\\\b") and\n  not event.code:4',
    "index": ["logs-*"],
    "severity": "medium",
    "risk_score": 50,
    "interval": "15m",
    "from": "now-20m",
    "max_signals": 33,
    "author": ["Elastic"],
    "license": "Elastic License v2",
    "tags": ["Use Case: X"],
    "references": ["https://example.org"],
    "false_positives": ["Nearly\x7f none"],
    "note": "## Triage\n\n`x`\n",
    "setup": "None.",
    "version": 3,
    "building_block_type": "default",
    "timestamp_override": "event.ingested",
    "threat": [
        {
            "framework": "MITRE ATT&CK",
            "tactic": {"id": "TA0002", "name": "Execution", "reference": "https://attack.mitre.org/tactics/TA0002/"},
            "technique": [
                {
                    "id": "T1059",
                    "name": "Command and Scripting Interpreter",
                    "reference": "https://attack.mitre.org/techniques/T1059/",
                    "subtechnique": [
                        {
                            "id": "T1059.001",
                            "name": "PowerShell",
                            "reference": "https://attack.mitre.org/techniques/T1059/001/",
                        }
                    ],
                }
            ],
        }
    ],
    "alert_suppression": {
        "group_by": ["user.name"],
        "duration": {"value": 5, "unit": "m"},
        "missing_fields_strategy": "suppress",
    },
    "filters": [
        {
            "meta": {"negate": True},
            "query": {"wildcard": {"file.path": {"value": "?:\\\\x*", "case_insensitive": True}}},
        }
    ],
}

#: Rule types that ask for more than a query, in the words of Kibana's API.
TYPES: dict[str, dict[str, Any]] = {
    "threshold": {"threshold": {"field": ["user.name"], "value": 5, "cardinality": [{"field": "host.id", "value": 3}]}},
    "new_terms": {"new_terms_fields": ["user.name", "host.id"], "history_window_start": "now-14d"},
    "threat_match": {
        "threat_index": ["ti-*"],
        "threat_query": "threat.indicator.ip:*",
        "threat_language": "kuery",
        "threat_mapping": [{"entries": [{"field": "source.ip", "type": "mapping", "value": "threat.indicator.ip"}]}],
        "threat_indicator_path": "threat.indicator",
    },
}


def sigma() -> Rule:
    (rule,) = read_text(SIGMA, format="sigma")
    return rule


def elastic(facts: Mapping[str, Any]) -> Rule:
    (rule,) = read_text(json.dumps(facts), format="ndjson")
    return rule


@pytest.mark.parametrize("target", TARGETS)
def test_a_rule_that_kql_cannot_say_keeps_its_verdict(target: str) -> None:
    artefact = convert(sigma(), to=target, schema=SCHEMA, fields="none")
    made = backend(target)
    assert made is not None
    assert made.matches is not None
    test = made.matches(artefact.text, SCHEMA)

    assert artefact.fidelity == "exact"
    assert {text: test(json.loads(text)) for text in EVENTS} == EVENTS
    assert {text: compile_rule(sigma(), schema=SCHEMA)(json.loads(text)) for text in EVENTS} == EVENTS


def test_what_kql_says_is_the_query_and_the_rest_stands_beside_it() -> None:
    data = convert(sigma(), to="elastic_rule", schema=SCHEMA, fields="none").data

    assert data["query"] == "n:4"
    assert [list(each) for each in data["filters"]] == [["$state", "meta", "query"]] * 3
    assert {each["meta"]["type"] for each in data["filters"]} == {"custom"}
    assert json.loads(data["filters"][0]["meta"]["value"]) == data["filters"][0]["query"]
    assert data["filters"][0]["query"]["bool"]["should"] == [
        {"term": {"f": {"value": "Cmd", "case_insensitive": True}}}
    ]


def test_what_sigma_does_not_say_is_kibanas_default_and_a_fact_of_attacks() -> None:
    data = convert(sigma(), to="elastic_rule", schema=SCHEMA, fields="none").data

    assert (data["severity"], data["risk_score"]) == ("high", 73)
    assert (data["interval"], data["from"], data["max_signals"], data["type"]) == ("5m", "now-6m", 100, "query")
    assert data["index"] == ["winlogbeat-*", "logs-*"]
    assert data["tags"] == ["detection.dfir"]
    assert data["author"] == ["A. Author", "B. Author"]
    assert [(each["tactic"]["id"], each["tactic"]["name"]) for each in data["threat"]] == [
        ("TA0002", "Execution"),
        ("TA0011", "Command and Control"),
    ]
    techniques = data["threat"][0]["technique"]
    assert [(each["id"], each["name"]) for each in techniques] == [
        ("T1059", "Command and Scripting Interpreter"),
        ("T1204", "User Execution"),
    ]
    assert techniques[0]["subtechnique"] == [
        {"id": "T1059.001", "name": "PowerShell", "reference": "https://attack.mitre.org/techniques/T1059/001/"}
    ]


@pytest.mark.parametrize(
    ("said", "index"),
    [
        ("{product: aws, service: cloudtrail}", ["filebeat-*", "logs-aws.cloudtrail-*"]),
        ("{product: linux, category: process_creation}", ["auditbeat-*", "filebeat-*", "logs-*"]),
    ],
)
def test_a_log_source_tells_the_indices(said: str, index: list[str]) -> None:
    (rule,) = read_text(f"title: T\nlogsource: {said}\ndetection: {{s: {{n: 4}}, condition: s}}\n", format="sigma")

    assert convert(rule, to="elastic_rule", fields="none").data["index"] == index


@pytest.mark.parametrize("target", TARGETS)
def test_an_elastic_rule_gets_back_what_it_said(target: str) -> None:
    rule = elastic(FACTS)
    (again,) = read_text(convert(rule, to=target).text, format=TARGETS[target])
    event = {"user": {"name": "a\\b"}, "file": {"path": "D:\\X"}}

    assert {name: getattr(again, name) for name in CARRIED} == {name: getattr(rule, name) for name in CARRIED}
    assert again.extra == rule.extra
    assert compile_rule(again)({"user": {"name": "a\\b"}})
    assert not compile_rule(again)(event)
    assert not compile_rule(rule)(event)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("type_", TYPES)
def test_what_a_rule_needs_beyond_one_event_is_carried(type_: str, target: str) -> None:
    rule = elastic({**FACTS, "type": type_, **TYPES[type_]})
    artefact = convert(rule, to=target)
    (again,) = read_text(artefact.text, format=TARGETS[target])

    assert artefact.fidelity == "exact"
    assert again.type == type_
    assert [each.message for each in again.needs] == [each.message for each in rule.needs]
    if target == "elastic_rule":
        assert {key: artefact.data[key] for key in TYPES[type_]} == TYPES[type_]


def test_a_rule_that_only_names_its_type_is_refused() -> None:
    """A Sigma rule that was a threshold rule without its numbers would alert on every event."""
    text = f"{SIGMA}elastic: {{type: threshold, risk_score: 3}}\n"
    (rule,) = read_text(text, format="sigma")
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to="elastic_rule", schema=SCHEMA, fields="none")
    artefact = convert(rule, to="elastic_rule", schema=SCHEMA, fields="none", allow=["wider"])

    assert {each.code for each in caught.value.diagnostics} == {Code.NEED_DROPPED}
    assert (artefact.data["type"], artefact.data["risk_score"], artefact.fidelity) == ("query", 3, "wider")


def test_toml_is_what_a_reader_of_toml_reads() -> None:
    for facts in (FACTS, *({**FACTS, "type": name, **each} for name, each in TYPES.items())):
        artefact = convert(elastic(facts), to="elastic_toml")

        assert tomllib.loads(artefact.text) == artefact.data
        assert {"interval", "from"} <= artefact.data["rule"].keys()


@pytest.mark.shared
@pytest.mark.parametrize("target", TARGETS)
def test_the_corpus_of_elastic_is_the_same_rules_again(shared: Path, target: str, tmp_path: Path) -> None:
    import tarfile

    with tarfile.open(shared / "corpus" / "elastic_rules_toml.tar.xz") as archive:
        archive.extractall(tmp_path, filter="data")
    same, count = 0, 0
    for path in sorted(tmp_path.rglob("*.toml")):
        try:
            (rule,) = read(path)
        except TranslatorError:
            continue  # rules of other languages
        artefact = convert(rule, to=target)
        (again,) = read_text(artefact.text, format=TARGETS[target])
        count += 1
        same += convert(again, to="dsl").text == convert(rule, to="dsl").text

        assert artefact.fidelity == "exact"
        said = {name: getattr(rule, name) for name in CARRIED}
        if target == "elastic_rule":  # an import states what the repository leaves to Kibana's defaults
            said |= {"interval": rule.interval or "5m", "look_back": rule.look_back or "now-6m"}
        assert {name: getattr(again, name) for name in CARRIED} == said, rule.title
        assert [each.message for each in again.needs] == [each.message for each in rule.needs]

    assert count == 488
    # Field patterns are spelled out, and parts that KQL cannot say are filters; both have another Query DSL.
    assert same >= 470


@pytest.mark.parametrize("target", TARGETS)
def test_our_own_rules_survive(target: str) -> None:
    for folder in sorted((ROOT / "rules").iterdir()):
        for path in folder.glob("rule.*"):
            for rule in read(path):
                (again,) = read_text(convert(rule, to=target).text, format=TARGETS[target])

                assert (again.id, again.title, again.index or rule.index) == (rule.id, rule.title, again.index)
                assert convert(again, to="dsl").text == convert(rule, to="dsl").text
