"""A whole Sigma rule as text: the header that people read, and the detection."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from translator import yaml_writer
from translator.rule import LogSource, Rule
from translator.sigma import codec
from translator.sigma.detection import Detection, Item, Map, Selection, Value

#: The maturities of Elastic's rules, and Sigma's own words; a rule of another source is "test".
_STATUS = {"production": "stable", "development": "experimental"}
_STATUSES = frozenset({"stable", "test", "experimental", "deprecated", "unsupported"})

_LEVELS = frozenset({"informational", "low", "medium", "high", "critical"})

#: SPDX identifiers of the licences that rule sets name otherwise.
_LICENSES = {
    "elastic license v2": "Elastic-2.0",
    "elastic license 2.0": "Elastic-2.0",
    "detection rule license (drl) 1.1": "DRL-1.1",
    "apache license 2.0": "Apache-2.0",
}

#: The longest title that pySigma takes.
_TITLE = 256


def document(rule: Rule, detection: Detection, log_source: LogSource) -> dict[str, Any]:
    """The rule in the order of keys that SigmaHQ writes; what Sigma has no key for stands under ``elastic``."""
    entries: dict[str, Any] = {
        "title": rule.title if len(rule.title) <= _TITLE else rule.title[: _TITLE - 3] + "...",
        "id": rule.id,
        "status": _status(rule),
        "description": rule.description,
        "references": list(dict.fromkeys(rule.references)),
        "author": ", ".join(rule.authors),
        "date": rule.date,
        "modified": rule.modified if rule.modified != rule.date else None,
        "license": _LICENSES.get((rule.license or "").lower(), rule.license),
        "tags": tags(rule),
        "taxonomy": "ecs",
        "logsource": _present({"category": log_source.category, "product": log_source.product,
                               "service": log_source.service}),
        "detection": {
            **{name: _selection(selection) for name, selection in detection.selections},
            "condition": detection.condition,
        },
        "falsepositives": list(rule.false_positives) or ["Unknown"],
        "level": rule.severity if rule.severity in _LEVELS else None,
        "elastic": _elastic(rule),
    }
    return _present(entries)


def text(rule: Rule, detection: Detection, log_source: LogSource) -> str:
    """The rule as YAML. Raises `yaml_writer.Unwritable` where a value has no YAML spelling."""
    return yaml_writer.write(document(rule, detection, log_source))


def tags(rule: Rule) -> list[str]:
    """ATT&CK tags: each tactic, then its most specific techniques; a parent is dropped beside its part."""
    techniques = [technique.id.lower() for threat in rule.threats for technique in threat.techniques]
    found: list[str] = []
    for threat in rule.threats:
        found.append("attack." + re.sub(r"[^a-z0-9]+", "-", threat.name.lower()).strip("-"))
        for technique in threat.techniques:
            name = technique.id.lower()
            if not any(other.startswith(f"{name}.") for other in techniques):
                found.append(f"attack.{name}")
    return list(dict.fromkeys(found))


def _status(rule: Rule) -> str:
    said = (rule.status or "").lower()
    return _STATUS.get(said, said if said in _STATUSES else "test")


def _elastic(rule: Rule) -> dict[str, Any]:
    return _present({
        "type": rule.type if rule.index or rule.risk_score is not None else None,
        "index": list(rule.index),
        "risk_score": rule.risk_score,
        "interval": rule.interval,
        "from": rule.look_back,
        "max_signals": rule.maximum_alerts,
        "version": rule.version,
        "tags": list(rule.tags),
        "note": rule.guide,
        "setup": rule.setup,
    })


def _present(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if value not in (None, "", [], {})}


def _selection(selection: Selection) -> Any:
    if len(selection) > 1:
        return [_map(items) for items in selection]
    (items,) = selection
    if items[0].field is None:
        return _written(items[0])
    return _map(items)


def _map(items: Map) -> dict[str, Any]:
    return {item.key: _one_or_list(_written(item)) for item in items}


def _one_or_list(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _written(item: Item) -> list[Any]:
    return [_value(value) for value in item.written]


def _value(value: Value) -> Any:
    return codec.encode(value) if isinstance(value, tuple) else value
