"""What Elastic's rule types ask for besides their query."""

from __future__ import annotations

from translator.needs import Need
from translator.source import NOWHERE, Span

#: Rule types in KQL, and what a file that only names the type leaves unsaid. None: the query is all.
KQL_TYPES: dict[str, str | None] = {
    "query": None,
    "saved_query": None,
    "threshold": "The rule alerts when a number of matching events is reached; the file does not say which number, "
    "nor by which fields it is counted.",
    "new_terms": "The rule alerts when a value was not seen before; the file does not say which fields are "
    "watched, nor for how long.",
    "threat_match": "The rule alerts when a matching event carries an indicator of another index; the file does not "
    "say which fields are compared.",
}

#: Rule types that are not in KQL: how they are written, and what they need.
OTHER_TYPES = {
    "eql": ("is written in EQL, not in KQL", "EQL can ask for several events in a row; it needs an EQL engine"),
    "esql": ("is written in ES|QL, not in KQL", "ES|QL can count and transform events; it needs an ES|QL engine"),
    "machine_learning": ("has no query", "a machine learning rule needs its anomaly detection job"),
}

#: The tag by which Elastic marks rules that alert other rules.
BUILDING_BLOCK = "Rule Type: BBR"


def unsaid(type_: str, span: Span = NOWHERE) -> tuple[Need, ...]:
    """The need of a rule whose file says its type and no more; ``span`` is where it says so."""
    message = KQL_TYPES.get(type_)
    return (Need(type_, message, span),) if message else ()
