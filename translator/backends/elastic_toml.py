"""A detection rule as the repository detection-rules keeps it: TOML with a table about the rule's own state.

It says what `elastic_rule` says, and reads back as the same rule.
"""

from __future__ import annotations

from typing import Any

from translator import sources
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends import _elastic_document, _elastic_query, _elastic_threshold, _toml_text
from translator.backends.matcher import compile_
from translator.logic import Formula
from translator.rule import Rule
from translator.schema import Schema

_MATURITY = {"stable": "production", "production": "production", "deprecated": "deprecated"}

#: Kibana's own fields, and those that the repository keeps otherwise or leaves to their default.
_LEFT_OUT = frozenset({"actions", "exceptions_list", "version", "new_terms_fields", "history_window_start"})

#: These stand last: what comes after a table in TOML belongs to it.
_TABLES = ("filters", "threshold", "new_terms", "threat_mapping", "alert_suppression", "threat")


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """The rule as TOML. ``data`` is the document as plain values."""
    asked, losses, notes = _elastic_query.ask(rule, formula, options)
    said = _elastic_document.document(rule, asked)
    if "new_terms_fields" in said:
        said["new_terms"] = _new_terms(said)
    said["filters"] = [_filter(each) for each in asked.filters]
    counting = _elastic_threshold.counting(rule).rule
    schedule = {"interval": counting.interval, "from": counting.look_back, "max_signals": rule.maximum_alerts}
    unsaid = {name for name, value in schedule.items() if value is None} if rule.risk_score is not None else set()
    kept = said.keys() - _LEFT_OUT - unsaid - ({"enabled"} if rule.enabled else set())
    ordered = [*sorted(kept.difference(_TABLES)), *(name for name in _TABLES if name in kept)]
    # A rule may have no query beside its filters, but the key is never missing.
    table = {
        name: _without_null(said[name]) for name in ordered if said[name] not in (None, "", [], {}) or name == "query"
    }
    data = {"metadata": _metadata(rule), "rule": table}
    told = (*losses, *_elastic_document.losses(rule))
    return Emitted(_toml_text.write(data), data, told, (*notes, *_elastic_document.notes(rule)))


def matches(text: str, schema: Schema) -> Predicate:
    """Read the TOML again and judge events with the rule."""
    (rule,) = sources.read_text(text, format="toml", name="<rule.toml>")
    return compile_(rule.check(schema).formula, source=rule.whole, schema=schema)


def _metadata(rule: Rule) -> dict[str, Any]:
    said = {
        "creation_date": (rule.date or "").replace("-", "/"),
        "maturity": _MATURITY.get(rule.status or "", "development"),
        "updated_date": (rule.modified or rule.date or "").replace("-", "/"),
    }
    return {name: value for name, value in said.items() if value}


def _new_terms(said: dict[str, Any]) -> dict[str, Any]:
    """New terms in the form of Kibana's editor, as the repository keeps them."""
    since = {"field": "history_window_start", "value": said["history_window_start"]}
    return {"field": "new_terms_fields", "value": said["new_terms_fields"], "history_window_start": [since]}


def _filter(said: Any) -> dict[str, Any]:
    """A filter as the repository keeps it: what decides, and whether it is negated."""
    return {"meta": {"negate": said["meta"]["negate"]}, "query": said["query"]}


def _without_null(value: Any) -> Any:
    """Plain values without null, which TOML does not have."""
    if isinstance(value, dict):
        return {key: _without_null(inner) for key, inner in value.items() if inner is not None}
    return [_without_null(each) for each in value if each is not None] if isinstance(value, list) else value


BACKEND = Backend(
    summary="Elastic detection rule, as detection-rules keeps it (TOML)",
    suffix=".toml",
    emit=emit,
    matches=matches,
    limits="letter case of letters outside ASCII",
    separator="\n",
)
