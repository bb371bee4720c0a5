"""An Elastic detection rule -> `Rule`: one reading for TOML files, exports, API answers and saved objects."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any, TypeAlias

from translator import exception_lists, filters
from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.located import Located
from translator.needs import Cardinality, Comparison, ExceptionList, Need, NewTerms, ThreatMatch, Threshold
from translator.rule import ATTACK, Rule, Suppression, Technique, Threat, derived_id
from translator.source import Source
from translator.sources._facts import Facts
from translator.sources._needs import BUILDING_BLOCK, KQL_TYPES, OTHER_TYPES

_SEVERITIES = ("low", "medium", "high", "critical")
_LANGUAGES = {"lucene": "Lucene", "eql": "EQL", "esql": "ES|QL"}

#: How far back a rule looks that does not say so.
_LOOK_BACK = "now-6m"
_WINDOW = re.compile(r"now-(\d+(?:ms|[smhdwMy]))\Z")

#: Keys that the fields of `Rule` carry, and those that say how this copy of the rule fared in its Kibana.
_CARRIED = frozenset(
    {
        "rule_id",
        "name",
        "description",
        "type",
        "language",
        "query",
        "filters",
        "severity",
        "risk_score",
        "index",
        "interval",
        "from",
        "max_signals",
        "references",
        "tags",
        "version",
        "author",
        "license",
        "note",
        "setup",
        "false_positives",
        "threat",
        "threshold",
        "new_terms",
        "new_terms_fields",
        "history_window_start",
        "threat_index",
        "threat_query",
        "threat_language",
        "threat_filters",
        "threat_mapping",
        "threat_indicator_path",
        "alert_suppression",
        "enabled",
        "exceptions_list",
    }
)
_OF_THE_COPY = frozenset(
    {
        "id",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "revision",
        "immutable",
        "rule_source",
        "execution_summary",
        "last_failure_at",
        "last_success_at",
        "outcome",
        "api_key_owner",
    }
)

#: The key that says what a rule type needs.
_SAYS = {"threshold": "threshold", "new_terms": "new_terms_fields", "threat_match": "threat_mapping"}

#: Parts that change what people see of an alert, not whether there is one.
_ABOUT_ALERTS = {
    "actions": "actions (and their connectors)",
    "response_actions": "response actions",
    "alert_suppression": "alert suppression",
    "severity_mapping": "severity override",
    "risk_score_mapping": "risk score override",
    "rule_name_override": "rule name override",
}


#: The namespace and the id of an exception list.
ListName: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Around:
    """What a container says of a rule outside the rule itself."""

    status: str | None = None
    date: str | None = None
    modified: str | None = None
    #: The exceptions that the file holds, by list; None where it holds no lists at all.
    exceptions: Mapping[ListName, tuple[Located, ...]] | None = None


def list_name(at: Located) -> ListName:
    """What identifies an exception list: of a space or of all of them (``agnostic``), and its id."""
    return str(at.at("namespace_type").value or "single"), str(at.at("list_id").value)


def read(facts: Facts, around: Around = Around()) -> Rule:
    """The rule. Raises TranslatorError with every mistake, and where the rule is not written in KQL."""
    type_ = _type(facts)
    query = _query(facts, type_)
    title = facts.text("name") or PurePath(facts.document.source.name).stem
    id_, notes = _id(facts, title)
    excepted = _exceptions(facts, around)
    tags = facts.texts("tags")
    suppression = _suppression(facts)
    read_ = Rule(
        id=id_,
        title=title,
        query=query,
        filters=facts.entries("filters"),
        exceptions=excepted.items,
        source=facts.document.source.root,
        type=type_,
        description=facts.text("description"),
        status=around.status,
        index=facts.texts("index"),
        severity=facts.word("severity", _SEVERITIES),
        risk_score=facts.number("risk_score", most=100),
        interval=facts.text("interval"),
        look_back=facts.text("from"),
        maximum_alerts=facts.number("max_signals"),
        references=facts.texts("references"),
        tags=tags,
        version=_version(facts),
        authors=facts.texts("author"),
        license=facts.text("license"),
        date=around.date,
        modified=around.modified,
        guide=facts.text("note"),
        setup=facts.text("setup"),
        false_positives=tuple(" ".join(each.split()) for each in facts.texts("false_positives") if each.strip()),
        threats=tuple(_threats(facts)),
        needs=(*_needs(facts, type_), *excepted.needs),
        suppression=suppression,
        building_block=facts.value("building_block_type") is not None or BUILDING_BLOCK in tags,
        enabled=facts.flag("enabled", True),
        notes=(*notes, *excepted.notes, *_about_alerts(facts)),
        extra=_extra(facts),
    )
    if facts.mistakes:
        raise TranslatorError(facts.mistakes)
    return read_


def _type(facts: Facts) -> str:
    said = facts.at("type")
    type_ = "query" if said.value is None else said.value if isinstance(said.value, str) else ""
    if type_ in OTHER_TYPES:
        how, needed = OTHER_TYPES[type_]
        raise refuse(Code.OTHER_LANGUAGE, f"A rule of type {type_} {how}.", said.source, said.value_span(), needed)
    if type_ not in KQL_TYPES:
        facts.mistake(said, f"one of {', '.join([*KQL_TYPES, *OTHER_TYPES])}")
        raise TranslatorError(facts.mistakes)
    language = facts.at("language")
    if (other := _LANGUAGES.get(str(language.value))) is not None:
        raise refuse(
            Code.OTHER_LANGUAGE,
            f"The query is written in {other}, not in KQL.",
            language.source,
            language.value_span(),
            "rewrite it as KQL, or leave the rule where it is",
        )
    if language.value not in (None, "kuery"):
        facts.mistake(language, "kuery, lucene, eql or esql")
    return type_


def _query(facts: Facts, type_: str) -> Source:
    at = facts.at("query")
    if at.value is not None and not isinstance(at.value, str):
        facts.mistake(at, "a text; put quotes around it")
    query = at.text()
    if query.text.strip() or any(filters.is_active(each) for each in facts.at("filters").items()):
        return query
    place = at if at.value is not None else facts.at("type")
    if type_ == "saved_query":
        raise refuse(
            Code.NO_QUERY,
            "The rule's query is a saved query, which the file does not hold.",
            place.source,
            place.span(),
            "write the query into the rule",
        )
    raise refuse(
        Code.NO_QUERY,
        "The rule has no query and no filter that is switched on.",
        place.source,
        place.span(),
        "write `*:*` if every event is meant",
    )


def _id(facts: Facts, title: str) -> tuple[str, tuple[Diagnostic, ...]]:
    said = facts.text("rule_id")
    if said is None:
        return derived_id(title), ()
    try:
        return str(uuid.UUID(said)), ()
    except ValueError:
        at = facts.at("rule_id")
        note = diagnose(
            Code.ID_REPLACED, f'The id "{said}" is no UUID; one was derived from it.', at.source, at.value_span()
        )
        return derived_id(said), (note,)


def _version(facts: Facts) -> str | None:
    value = facts.value("version")
    return facts.text("version") if isinstance(value, str) else None if value is None else str(facts.number("version"))


def _exceptions(facts: Facts, around: Around) -> exception_lists.Sorted:
    """The items of the lists that the rule names.

    A list that an export should hold and does not is a need; where the file can hold none, it is a note.
    """
    items: list[Located] = []
    absent: list[Diagnostic] = []
    needs: list[Need] = []
    for entry in facts.entries("exceptions_list"):
        name = list_name(entry)
        if around.exceptions is not None and name in around.exceptions:
            items.extend(around.exceptions[name])
        else:
            said = f"The file does not hold the exception list {name[1]} that the rule names."
            span = entry.at("list_id").value_span()
            if around.exceptions is None:
                absent.append(diagnose(Code.NOT_CARRIED, said, entry.source, span))
            else:
                words = {key: str(entry.at(key).value or "") for key in ("id", "type")}
                detail = ExceptionList(words["id"], name[1], words["type"] or "detection", name[0])
                needs.append(Need("exceptions", said, entry.source.to_root(span), detail))
    found = exception_lists.sort(items)
    return exception_lists.Sorted(found.items, (*needs, *found.needs), (*absent, *found.notes))


def _suppression(facts: Facts) -> Suppression | None:
    said = facts.at("alert_suppression")
    if not isinstance(said.value, dict):
        return None
    inner = facts.below(said)
    length, unit = (said.at("duration", key).value for key in ("value", "unit"))
    return Suppression(
        inner.texts("group_by") or inner.texts("groupBy"),
        f"{length}{unit}" if length is not None else None,
        inner.text("missing_fields_strategy") or inner.text("missingFieldsStrategy") or "suppress",
    )


def _threats(facts: Facts) -> Iterable[Threat]:
    for entry in facts.entries("threat"):
        tactic = facts.below(entry)
        techniques: list[Technique] = []
        for technique in tactic.entries("technique"):
            inner = facts.below(technique)
            techniques.append(_technique(inner))
            techniques += [_technique(facts.below(part)) for part in inner.entries("subtechnique")]
        id_, name, reference = (tactic.text("tactic", key) for key in ("id", "name", "reference"))
        yield Threat(id_ or "", name or "", reference, tuple(techniques), tactic.text("framework") or ATTACK)


def _technique(facts: Facts) -> Technique:
    return Technique(facts.text("id") or "", facts.text("name") or "", facts.text("reference"))


def _needs(facts: Facts, type_: str) -> Iterable[Need]:
    match type_:
        case "threshold":
            yield _threshold(facts)
        case "new_terms":
            yield _new_terms(facts)
        case "threat_match":
            yield _threat_match(facts)


def _threshold(facts: Facts) -> Need:
    at = facts.at("threshold")
    inner = facts.below(at)
    fields = tuple(name for name in inner.texts("field") if name)
    value = inner.number("value")
    if value is None and not facts.mistakes:
        facts.mistake(at, "a threshold such as {field: [user.name], value: 10}")
    counted = tuple(
        Cardinality(part.text("field") or "", part.number("value") or 0)
        for part in (facts.below(each) for each in inner.entries("cardinality"))
    )
    window = _window(facts)
    shared = f" that share {_and(fields)}" if fields else ""
    distinct = "".join(f", with at least {each.value} different values of {each.field}" for each in counted)
    message = (
        f"The rule alerts on at least {value} matching events{shared}{distinct}, within {window} "
        "(how far back each run looks)."
    )
    return Need("threshold", message, _root(at), Threshold(fields, value or 1, counted, window))


def _window(facts: Facts) -> str:
    """The look-back window as a duration; date math that is no plain duration is kept as it is."""
    said = facts.text("from") or _LOOK_BACK
    found = _WINDOW.match(said)
    return found[1] if found else said


def _new_terms(facts: Facts) -> Need:
    """TOML files keep ``new_terms`` in the form of Kibana's editor, everything else in that of the API."""
    edited = facts.at("new_terms")
    if isinstance(edited.value, dict):
        inner = facts.below(edited)
        fields = inner.texts("value")
        since = inner.text("history_window_start", 0, "value")
    else:
        edited = facts.at("new_terms_fields")
        fields, since = facts.texts("new_terms_fields"), facts.text("history_window_start")
    if not fields or since is None:
        facts.mistake(edited, "the fields that are watched, and history_window_start")
    values = "has a value" if len(fields) == 1 else "have values"
    message = f"The rule alerts where {_and(fields)} {values} not seen since {since}."
    return Need("new_terms", message, _root(edited), NewTerms(fields, since or ""))


def _threat_match(facts: Facts) -> Need:
    mapping = tuple(
        tuple(_comparison(facts.below(each)) for each in facts.below(group).entries("entries"))
        for group in facts.entries("threat_mapping")
    )
    index = facts.texts("threat_index")
    query = facts.at("threat_query").text() if facts.text("threat_query") else None
    language, path = facts.text("threat_language") or "kuery", facts.text("threat_indicator_path") or "threat.indicator"
    detail = ThreatMatch(index, query, language, facts.entries("threat_filters"), mapping, path)
    compared = dict.fromkeys(each.field for group in mapping for each in group)
    message = f"The rule alerts where {_or(tuple(compared))} agrees with an indicator of {_and(index)}."
    return Need("threat_match", message, _root(facts.at("threat_mapping")), detail)


def _comparison(facts: Facts) -> Comparison:
    return Comparison(facts.text("field") or "", facts.text("value") or "", facts.flag("negate", False))


def _about_alerts(facts: Facts) -> Iterable[Diagnostic]:
    said = [(at, name) for key, name in _ABOUT_ALERTS.items() if (at := facts.at(key)).value]
    if said:
        at, _ = said[0]
        yield diagnose(
            Code.LEFT_OUT,
            f"Left out, as it decides on no event: {', '.join(name for _, name in said)}.",
            at.source,
            at.span(),
        )


@dataclass(frozen=True, slots=True)
class Kept:
    """What an Elastic rule says beside its query, where another container keeps it for a rule of its own."""

    needs: tuple[Need, ...]
    threats: tuple[Threat, ...]
    suppression: Suppression | None
    enabled: bool
    extra: Mapping[str, Any]


def kept(facts: Facts, type_: str) -> Kept:
    """What stands under Elastic's keys; the need of a rule type only where the keys of that type do."""
    said = facts.value(_SAYS[type_]) if type_ in _SAYS else None
    needs = tuple(_needs(facts, type_)) if said is not None else ()
    return Kept(needs, tuple(_threats(facts)), _suppression(facts), facts.flag("enabled", True), _extra(facts))


def _extra(facts: Facts) -> dict[str, Any]:
    return {
        key: value
        for key, value in facts.rest().items()
        if key not in _CARRIED and key not in _OF_THE_COPY and value not in (None, "", [], {})
    }


def _root(at: Located) -> Any:
    return at.source.to_root(at.span())


def _and(names: tuple[str, ...]) -> str:
    return _listed(names, "and")


def _or(names: tuple[str, ...]) -> str:
    return _listed(names, "or")


def _listed(names: tuple[str, ...], word: str) -> str:
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)
