"""What an Elastic detection rule says besides its query, by the keys of Kibana's API.

A rule from Elastic gets back what it said; of a Sigma rule, Kibana needs more than Sigma says: a schedule, a risk
score, index patterns and the names of what its tags number. Those are Kibana's own defaults, and facts of ATT&CK.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translator import attack
from translator.errors import Code
from translator.ledger import Effect, Loss, lose
from translator.needs import Correlation, Detail, Need, NewTerms, ThreatMatch, Threshold, ValueList
from translator.rule import LogSource, Rule, Suppression, Technique, Threat
from translator.sigma.taxonomy import DATASETS

#: Where Kibana's detection engine looks if it is not told.
_EVERYWHERE = (
    "apm-*-transaction*",
    "auditbeat-*",
    "endgame-*",
    "filebeat-*",
    "logs-*",
    "packetbeat-*",
    "traces-apm*",
    "winlogbeat-*",
    "-*elastic-cloud-logs-*",
)

#: The indices of a host's events, by the system that it runs.
_HOSTS = {
    "linux": ("auditbeat-*", "filebeat-*", "logs-*"),
    "macos": ("auditbeat-*", "filebeat-*", "logs-*"),
    "windows": ("winlogbeat-*", "logs-*"),
}

#: Elastic's risk score for a severity, and its severities for Sigma's levels.
RISK = {"low": 21, "medium": 47, "high": 73, "critical": 99}
_SEVERITY = {"informational": "low"}

#: What detection rules call licences that Sigma names by SPDX.
_LICENSES = {"Elastic-2.0": "Elastic License v2", "DRL-1.1": "Detection Rule License 1.1"}

_DURATION = re.compile(r"(\d+)([smhdw])\Z")
_SUPPRESSION_UNITS = frozenset("smh")

#: Rule types whose query is one of KQL on single events.
_TYPES = frozenset({"query", "threshold", "new_terms", "threat_match"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What decides in the rule: a query, its language, and Kibana's filters beside it."""

    query: str
    language: str
    filters: tuple[Mapping[str, Any], ...] = ()


def document(rule: Rule, asked: Asked) -> dict[str, Any]:
    """The rule as Kibana's API takes it, in the order of a person's interest."""
    severity = _SEVERITY.get(rule.severity or "", rule.severity) or "low"
    needs = [_need(need) for need in rule.needs]
    type_ = rule.type if rule.type in _TYPES and (rule.type == "query" or any(needs)) else "query"
    said = {
        "rule_id": rule.id,
        "name": rule.title,
        "description": rule.description or rule.title,
        "enabled": rule.enabled,
        "type": type_,
        "language": asked.language,
        "query": asked.query,
        "filters": list(asked.filters),
        "index": list(rule.index) or list(_indices(rule.log_source)),
        **{key: value for need in needs for key, value in need.items()},
        "severity": severity,
        "risk_score": rule.risk_score if rule.risk_score is not None else RISK.get(severity, RISK["low"]),
        "interval": rule.interval or "5m",
        "from": rule.look_back or "now-6m",
        "max_signals": rule.maximum_alerts or 100,
        "author": list(rule.authors),
        "license": _LICENSES.get(rule.license or "", rule.license or ""),
        "tags": [tag for tag in rule.tags if not tag.startswith("attack.")],
        "threat": [entry(threat) for threat in rule.threats],
        "references": list(rule.references),
        "false_positives": list(rule.false_positives),
        "note": rule.guide or "",
        "setup": rule.setup or "",
        "version": int(rule.version) if rule.version and rule.version.isdecimal() else 1,
        "exceptions_list": [],
        "actions": [],
    }
    if rule.building_block:
        said["building_block_type"] = "default"
    if rule.suppression is not None:
        said["alert_suppression"] = _suppressed(rule.suppression)
    return {**said, **{key: value for key, value in rule.extra.items() if key not in said}}


def losses(rule: Rule) -> Iterator[Loss]:
    """The needs that are not carried: of those the file names no more than the kind, or the values stand elsewhere."""
    for need in rule.needs:
        if not _need(need):
            yield lose(Code.NEED_DROPPED, need.message, Effect.WIDER, rule.source, need.span)


def text(data: Mapping[str, Any]) -> str:
    """A line of NDJSON."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n"


def filter_(dsl: Mapping[str, Any]) -> dict[str, Any]:
    """Query DSL as Kibana's editor keeps it beside a query."""
    return {
        "$state": {"store": "appState"},
        "meta": {
            "alias": None,
            "disabled": False,
            "negate": False,
            "type": "custom",
            "key": "query",
            "value": json.dumps(dsl, ensure_ascii=False, separators=(",", ":")),
        },
        "query": dsl,
    }


def _indices(log_source: LogSource) -> tuple[str, ...]:
    """Where the events of a log source are: its integration's data stream and Filebeat's, or its system's indices."""
    bare = LogSource(product=log_source.product, service=log_source.service)
    streams = tuple(f"logs-{name}-*" for name, each in DATASETS.items() if each == bare)
    if streams and not log_source.category:
        return ("filebeat-*", *streams)
    return _HOSTS.get(log_source.product or "", _EVERYWHERE)


def entry(threat: Threat) -> dict[str, Any]:
    """A tactic with its techniques, each with its parts below it, by ATT&CK's names and addresses."""
    parents: dict[str, dict[str, Any]] = {}
    for technique in threat.techniques:
        parent, dot, _ = technique.id.partition(".")
        if not dot:
            held = parents.get(technique.id, {}).get("subtechnique", [])
            parents[technique.id] = {**_technique(technique), "subtechnique": held}
        else:
            parents.setdefault(parent, {**_technique(Technique(parent, "")), "subtechnique": []})
            parents[parent]["subtechnique"].append(_technique(technique))
    return {
        "framework": threat.framework,
        "tactic": {
            "id": threat.id,
            "name": threat.name,
            "reference": threat.reference or f"https://attack.mitre.org/tactics/{threat.id}/",
        },
        "technique": list(parents.values()),
    }


def _technique(technique: Technique) -> dict[str, Any]:
    known = attack.technique(technique.id)
    return {
        "id": technique.id,
        "name": technique.name or (known.name if known else technique.id),
        "reference": technique.reference or f"https://attack.mitre.org/techniques/{technique.id.replace('.', '/')}/",
    }


def _need(need: Need) -> dict[str, Any]:
    """The keys of a rule type; none where the rule does not say enough of it."""
    detail: Detail | None = need.detail
    match detail:
        case Threshold(fields, value, cardinality, _):
            counted = [{"field": each.field, "value": each.value} for each in cardinality]
            return {
                "threshold": {"field": list(fields), "value": value, **({"cardinality": counted} if counted else {})}
            }
        case NewTerms(fields, since):
            return {"new_terms_fields": list(fields), "history_window_start": since}
        case ThreatMatch(index, query, language, filters, mapping, path):
            entries = [
                {
                    "entries": [
                        {
                            "field": each.field,
                            "type": "mapping",
                            "value": each.indicator,
                            **({"negate": True} if each.negated else {}),
                        }
                        for each in group
                    ]
                }
                for group in mapping
            ]
            return {
                "threat_index": list(index),
                "threat_query": query.text if query is not None else "*:*",
                "threat_language": language,
                "threat_filters": [each.value for each in filters],
                "threat_mapping": entries,
                "threat_indicator_path": path,
            }
        case ValueList() | Correlation() | None:
            return {}


def _suppressed(said: Suppression) -> dict[str, Any]:
    found = _DURATION.match(said.duration or "")
    kept: dict[str, Any] = {}
    if said.fields:
        kept["group_by"] = list(said.fields)
    if found is not None and found[2] in _SUPPRESSION_UNITS:
        kept["duration"] = {"value": int(found[1]), "unit": found[2]}
    if said.fields:
        kept["missing_fields_strategy"] = said.missing
    return kept
