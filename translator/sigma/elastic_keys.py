"""What an Elastic rule says besides its query and what Sigma has keys for, by the keys of Kibana's API.

Elastic's own rules have these at their top, our faithful Sigma under its one key ``elastic``.
"""

from __future__ import annotations

import re
from typing import Any

from translator import attack
from translator.needs import Correlation, Detail, ExceptionList, NewTerms, ThreatMatch, Threshold, ValueList
from translator.rule import Suppression, Technique, Threat

_DURATION = re.compile(r"(\d+)([smhdw])\Z")
_SUPPRESSION_UNITS = frozenset("smh")


def needed(detail: Detail | None) -> dict[str, Any]:
    """The keys of a rule type; none where the rule does not say enough of it."""
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
        case ValueList() | ExceptionList() | Correlation() | None:
            return {}


def suppressed(said: Suppression) -> dict[str, Any]:
    """How alerts are put together."""
    found = _DURATION.match(said.duration or "")
    kept: dict[str, Any] = {}
    if said.fields:
        kept["group_by"] = list(said.fields)
    if found is not None and found[2] in _SUPPRESSION_UNITS:
        kept["duration"] = {"value": int(found[1]), "unit": found[2]}
    if said.fields:
        kept["missing_fields_strategy"] = said.missing
    return kept


def threat(said: Threat) -> dict[str, Any]:
    """A tactic with its techniques, each with its parts below it, by ATT&CK's names and addresses."""
    parents: dict[str, dict[str, Any]] = {}
    for technique in said.techniques:
        parent, _, part = technique.id.rpartition(".")
        if not part.isdecimal():
            held = parents.get(technique.id, {}).get("subtechnique", [])
            parents[technique.id] = {**_technique(technique), "subtechnique": held}
        else:
            parents.setdefault(parent, {**_technique(Technique(parent, "")), "subtechnique": []})
            parents[parent]["subtechnique"].append(_technique(technique))
    return {
        "framework": said.framework,
        "tactic": {
            "id": said.id,
            "name": said.name,
            "reference": said.reference or f"https://attack.mitre.org/tactics/{said.id}/",
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
