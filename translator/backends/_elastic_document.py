"""What an Elastic detection rule says besides its query, by the keys of Kibana's API.

A rule from Elastic gets back what it said; of a Sigma rule, Kibana needs more than Sigma says: a schedule, a risk
score, index patterns and the names of what its tags number. Those are Kibana's own defaults, and facts of ATT&CK.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from translator.backends import _elastic_threshold
from translator.errors import Code, Diagnostic
from translator.ledger import Effect, Loss, lose
from translator.needs import ExceptionList
from translator.rule import LogSource, Rule
from translator.sigma import elastic_keys
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
    rule = _elastic_threshold.counting(rule).rule
    severity = _SEVERITY.get(rule.severity or "", rule.severity) or "low"
    needs = [elastic_keys.needed(need.detail) for need in rule.needs]
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
        "threat": [elastic_keys.threat(threat) for threat in rule.threats],
        "references": list(rule.references),
        "false_positives": list(rule.false_positives),
        "note": rule.guide or "",
        "setup": rule.setup or "",
        "version": int(rule.version) if rule.version and rule.version.isdecimal() else 1,
        "exceptions_list": [asdict(need.detail) for need in rule.needs if isinstance(need.detail, ExceptionList)],
        "actions": [],
    }
    if rule.building_block:
        said["building_block_type"] = "default"
    if rule.suppression is not None:
        said["alert_suppression"] = elastic_keys.suppressed(rule.suppression)
    return {**said, **{key: value for key, value in rule.extra.items() if key not in said}}


def losses(rule: Rule) -> Iterator[Loss]:
    """The needs that are not carried: of those the file names no more than the kind, or the values stand elsewhere."""
    counting = _elastic_threshold.counting(rule)
    yield from counting.losses
    for need in counting.rule.needs:
        if not elastic_keys.needed(need.detail) and not isinstance(need.detail, ExceptionList):
            hint = counting.hints.get(need.message)
            yield lose(Code.NEED_DROPPED, need.message, Effect.WIDER, rule.source, need.span, hint)


def notes(rule: Rule) -> tuple[Diagnostic, ...]:
    """What is worth knowing of how Elastic counts."""
    return _elastic_threshold.counting(rule).notes


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
