"""A detection rule as Kibana imports it: a line of NDJSON with the query, a schedule, a risk score and ATT&CK.

The rule's verdict is in KQL, and where KQL would lose something, in filters beside it (`_elastic_query`). A threshold,
new terms and a threat match are Kibana's own words, so nothing of them is lost; a Sigma correlation that counts the
events of one rule is a threshold (`_elastic_threshold`). What it cannot say:

* Letter case beyond ASCII, like every query of Elasticsearch.
* Correlations of several rules, in time, or of sums and means.
* Values that an exception looks up in a list which Kibana keeps elsewhere.
"""

from __future__ import annotations

from translator import sources
from translator.artefact import Backend, Emitted, Options, Predicate
from translator.backends import _elastic_document, _elastic_query
from translator.backends.matcher import compile_
from translator.logic import Formula
from translator.rule import Rule
from translator.schema import Schema


def emit(rule: Rule, formula: Formula, options: Options) -> Emitted:
    """The rule as one line of JSON. ``data`` is the rule as plain values."""
    asked, losses, notes = _elastic_query.ask(rule, formula, options)
    data = _elastic_document.document(rule, asked)
    return Emitted(
        _elastic_document.text(data),
        data,
        (*losses, *_elastic_document.losses(rule)),
        (*notes, *_elastic_document.notes(rule)),
    )


def matches(text: str, schema: Schema) -> Predicate:
    """Read the rule as an export of Kibana's, and judge events with it."""
    (rule,) = sources.read_text(text, format="ndjson", name="<elastic rule>")
    return compile_(rule.check(schema).formula, source=rule.whole, schema=schema)


BACKEND = Backend(
    summary="Elastic detection rule, as Kibana imports it (NDJSON)",
    suffix=".ndjson",
    emit=emit,
    matches=matches,
    limits="letter case of letters outside ASCII",
    names_lists=True,
)
