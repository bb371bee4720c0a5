"""Elastic -> Sigma -> Elastic: what Sigma has no key for stands under `elastic`, and comes back from there."""

from __future__ import annotations

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from translator.artefact import Artefact
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.needs import NewTerms, ThreatMatch
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read_text, scan
from translator.witness import witnesses
from translator.yaml_writer import write

RULE: dict[str, Any] = {
    "rule_id": "7b6f4a0e-6a55-4d0e-9a40-0d2f6d0ffb41",
    "name": "Failed Login",
    "description": "Says much.",
    "type": "query",
    "language": "kuery",
    "query": "event.outcome:failure",
    "index": ["logs-*"],
    "severity": "high",
    "risk_score": 73,
    "interval": "5m",
    "from": "now-9m",
}


def elastic(**said: Any) -> Rule:
    (rule,) = read_text(json.dumps({**RULE, **said}), format="ndjson")
    return rule


def again(artefact: Artefact, allow: list[str] | None = None) -> Rule:
    """The rule of Elastic's that the last rule in a Sigma text becomes."""
    back = read_text(artefact.text, format="sigma")[-1]
    (rule,) = read_text(convert(back, to="elastic_toml", allow=allow or []).text, format="toml")
    return rule


#: Rule types that Sigma has no word for, in the words of Kibana's API.
OTHERS: dict[str, tuple[dict[str, Any], str]] = {
    "new_terms": ({"new_terms_fields": ["user.name", "host.id"], "history_window_start": "now-14d"}, "history"),
    "threat_match": (
        {
            "threat_index": ["ti-*"],
            "threat_query": 'threat.indicator.ip:* and not x:"a\\"b"',
            "threat_language": "kuery",
            "threat_filters": [{"meta": {"negate": False}, "query": {"terms": {"x": ["a", "b"]}}}],
            "threat_mapping": [
                {"entries": [{"field": "source.ip", "type": "mapping", "value": "threat.indicator.ip"}]},
                {"entries": [{"field": "url", "type": "mapping", "value": "threat.indicator.url", "negate": True}]},
            ],
            "threat_indicator_path": "threat.indicator",
        },
        "indicators",
    ),
}


@pytest.mark.parametrize("type_", OTHERS)
def test_other_rule_types_are_refused_with_what_they_need_and_kept_for_the_way_back(type_: str) -> None:
    said, why = OTHERS[type_]
    rule = elastic(type=type_, **said)
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to="sigma")
    artefact = convert(rule, to="sigma", allow=["wider"])
    (rule_again,) = read_text(artefact.text, format="sigma")
    back = again(artefact)

    assert [each.code for each in caught.value.diagnostics] == [Code.NEED_DROPPED]
    assert why in (caught.value.diagnostics[0].hint or "")
    assert artefact.fidelity == "wider"
    assert isinstance(rule_again.needs[0].detail, NewTerms | ThreatMatch)
    assert back.type == type_
    assert [each.message for each in back.needs] == [each.message for each in rule.needs]
    assert {key: convert(back, to="elastic_rule").data[key] for key in said} == said


def test_all_that_an_elastic_rule_says_comes_back_from_faithful_sigma() -> None:
    said: dict[str, Any] = {
        "enabled": False,
        "max_signals": 33,
        "tags": ["Use Case: X"],
        "note": "## Triage\n\nLook.",
        "setup": "None.",
        "timestamp_override": "event.ingested",
        "timeline_id": "db366523-f1c6-4c1f-8731-6ce5ed9e5717",
        "building_block_type": "default",
        "investigation_fields": {"field_names": ["@timestamp", "user.name"]},
        "severity_mapping": [{"field": "event.severity", "operator": "equals", "severity": "low", "value": "21"}],
        "alert_suppression": {
            "group_by": ["user.name"],
            "duration": {"value": 5, "unit": "m"},
            "missing_fields_strategy": "doNotSuppress",
        },
        "threat": [
            {
                "framework": "MITRE ATLAS",
                "tactic": {"id": "AML.TA0000", "name": "Model Access", "reference": "https://example.org/a"},
                "technique": [{"id": "AML.T0040", "name": "Access", "reference": "https://example.org/b"}],
            }
        ],
    }
    data = convert(again(convert(elastic(**said), to="sigma")), to="elastic_rule").data
    techniques = [{**each, "subtechnique": []} for each in said["threat"][0]["technique"]]

    expected = {**said, "threat": [{**said["threat"][0], "technique": techniques}]}
    assert {key: data.get(key) for key in expected} == expected


def test_tags_say_what_they_can_and_the_rest_of_attack_is_kept_in_full() -> None:
    def rule(technique: str, name: str) -> Rule:
        reference = f"https://attack.mitre.org/techniques/{technique}/"
        tactic = {"id": "TA0002", "name": "Execution", "reference": "https://attack.mitre.org/tactics/TA0002/"}
        entry = {"id": technique, "name": name, "reference": reference}
        threat = [{"framework": "MITRE ATT&CK", "tactic": tactic, "technique": [entry]}]
        return elastic(threat=threat)

    current, renamed = rule("T1204", "User Execution"), rule("T1204", "Executed by Users")

    assert "threat" not in convert(current, to="sigma").data["elastic"]
    assert "threat" in convert(renamed, to="sigma").data["elastic"]
    assert again(convert(current, to="sigma")).threats == current.threats
    assert again(convert(renamed, to="sigma")).threats == renamed.threats


@pytest.mark.parametrize(
    ("said", "where"),
    [
        ({"type": "threshold", "threshold": {"field": ["a"], "value": "many"}}, "many"),
        ({"type": "new_terms", "new_terms_fields": ["a", 5], "history_window_start": "now-1d"}, "5"),
        ({"enabled": "perhaps"}, "perhaps"),
    ],
)
def test_a_mistake_in_what_is_kept_has_its_place(said: dict[str, Any], where: str) -> None:
    text = "title: T\nlogsource: {product: x}\ndetection: {s: {a: b}, condition: s}\n" + write({"elastic": said})
    with pytest.raises(TranslatorError) as caught:
        read_text(text, format="sigma")
    (found,) = caught.value.diagnostics

    assert found.code is Code.BAD_VALUE
    assert where in text[found.span.start : found.span.end]


#: What a rule says beside its query; `needs` are compared by what they say.
SAID = (
    *("id", "title", "type", "description", "status", "index", "severity", "risk_score", "interval", "look_back"),
    *("maximum_alerts", "references", "tags", "authors", "license", "date", "modified", "guide", "setup"),
    *("false_positives", "threats", "suppression", "building_block", "enabled", "extra"),
)


@pytest.fixture(scope="module")
def corpus(shared: Path) -> list[Rule]:
    with tarfile.open(shared / "corpus" / "elastic_rules_toml.tar.xz") as archive:
        files = [File(member.name, archive.extractfile(member).read()) for member in archive if member.isfile()]
    return [found for found in scan(files) if isinstance(found, Rule)]


def written(rules: list[Rule], allow: list[str], attack: int) -> Iterator[tuple[Rule, Artefact]]:
    for rule in rules:
        try:
            yield rule, convert(rule, to="sigma", attack=attack, allow=allow)
        except TranslatorError:
            continue


@pytest.mark.shared
@pytest.mark.parametrize(("allow", "attack", "count"), [([], 19, 294), (["L012"], 19, 452), (["L012"], 18, 452)])
def test_the_corpus_comes_back_from_faithful_sigma(
    corpus: list[Rule], allow: list[str], attack: int, count: int
) -> None:
    """Verdicts are those on witnesses of each rule, but where a loss of the detection itself was allowed."""
    schema = Schema.default()
    kept: Counter[str] = Counter()
    types: Counter[str] = Counter()
    events = verdicts = exact = 0
    for rule, artefact in written(corpus, allow, attack):
        back = again(artefact, allow)
        types[rule.type] += 1
        kept.update(name for name in SAID if getattr(back, name) == getattr(rule, name))
        kept["needs"] += [each.message for each in back.needs] == [each.message for each in rule.needs]
        if {loss.code for loss in artefact.losses} > {Code.NEED_DROPPED}:
            continue
        exact += 1
        test = compile_rule(back)
        made = witnesses(rule.check(schema).formula, schema, source=rule.whole, most=30).events
        events += len(made)
        verdicts += all(test(each.event) is each.expected for each in made)

    print(dict(types), dict(kept), f"{verdicts} of {exact} by {events} events")
    assert (types.total(), verdicts) == (count, exact)
    assert {name: number for name, number in kept.items() if number < count - 1} == {}
    # One rule has two conditions, of which each becomes a rule.
    assert {name for name, number in kept.items() if number < count} <= {"id", "title", "needs"}
