"""What Kibana's exports and APIs hold: rules, the exceptions that belong to them, and much that is no rule.

Every object is told by its shape. What is known not to be a rule is passed over; what nobody knows is refused, so that
no rule is missed in silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from typing import Any

from translator.errors import Code, TranslatorError, refuse
from translator.located import Located
from translator.sources import _elastic, _saved_queries
from translator.sources._elastic import Around, ListName, list_name
from translator.sources._facts import API, Facts, Spelling, camel, snake
from translator.sources._format import Found
from translator.sources._needs import KQL_TYPES, OTHER_TYPES

_RULE_TYPES = frozenset({*KQL_TYPES, *OTHER_TYPES})

#: Saved objects and lines of an export that hold no query.
_WITHOUT_QUERY = frozenset(
    {
        "action",
        "config",
        "config-global",
        "graph-workspace",
        "index-pattern",
        "tag",
        "url",
        "canvas-workpad",
        "canvas-element",
        "space",
    }
)

#: Saved objects in which people write queries; others are told by keys that all saved objects have.
_WITH_QUERY = frozenset({"dashboard", "lens", "map", "query", "search", "visualization"})
_OF_SAVED_OBJECTS = frozenset({"references", "migrationVersion", "coreMigrationVersion", "typeMigrationVersion"})

#: Where Kibana's own form of a rule keeps what is not among its parameters.
_ATTRIBUTES = {"name", "tags", "enabled", "actions"}


class Kind(Enum):
    """The shapes that are told apart."""

    RULE = "a detection rule"
    RULE_ASSET = "a saved object with a detection rule in the API's form"
    RULE_OBJECT = "a saved object with a detection rule in Kibana's own form"
    RULE_OF_ALERTING = "a detection rule as the alerting API gives it"
    SAVED_OBJECT = "a saved object that may hold queries"
    EXCEPTION_LIST = "an exception list"
    EXCEPTION_ITEM = "an item of an exception list"
    SUMMARY = "the last line of an export"
    OTHER = "something without a query"


def kind_of(value: Any) -> Kind | None:
    """What an object is, None where nobody can tell."""
    if not isinstance(value, dict):
        return None
    attributes = value.get("attributes")
    if isinstance(attributes, dict):
        return _saved_object(value, attributes)
    if "entries" in value and "list_id" in value:
        return Kind.EXCEPTION_ITEM
    named = str(value.get("type")) in _RULE_TYPES
    if "rule_id" in value or (named and value.keys() & {"query", "filters", "risk_score"}):
        return Kind.RULE
    if "list_id" in value and isinstance(value.get("type"), str):
        return Kind.EXCEPTION_LIST
    if value.keys() & {"exported_count", "exportedCount", "exported_rules_count", "exported_exception_list_count"}:
        return Kind.SUMMARY
    if str(value.get("rule_type_id", "")).startswith("siem.") and isinstance(value.get("params"), dict):
        return Kind.RULE_OF_ALERTING
    return None


def _saved_object(value: Mapping[str, Any], attributes: Mapping[str, Any]) -> Kind | None:
    type_ = str(value.get("type", ""))
    if "params" in attributes and str(attributes.get("alertTypeId", "")).startswith("siem."):
        return Kind.RULE_OBJECT
    if "rule_id" in attributes:
        return Kind.RULE_ASSET
    if type_ in _WITHOUT_QUERY or (type_ == "alert" and "alertTypeId" in attributes):
        return Kind.OTHER
    if type_ in _WITH_QUERY or (type_ and value.keys() & _OF_SAVED_OBJECTS):
        return Kind.SAVED_OBJECT
    return None


def rules(documents: Iterable[Located | TranslatorError]) -> Iterator[Found]:
    """The rules among ``documents``, in their order, each with the exceptions that lie anywhere among them.

    Yields the errors in ``documents`` at their place, and one for each object that cannot be told or read.
    """
    objects = list(documents)
    kinds = [None if isinstance(each, TranslatorError) else kind_of(each.value) for each in objects]
    # Only what Kibana exported brings the lists along; one rule from an API, or many in a file of somebody's, does not.
    exported = not {Kind.SUMMARY, Kind.EXCEPTION_LIST, Kind.EXCEPTION_ITEM}.isdisjoint(kinds)
    exceptions = _exceptions(objects, kinds) if exported else None
    titles = _index_titles(objects)
    for each, kind in zip(objects, kinds, strict=True):
        if isinstance(each, TranslatorError):
            yield each
            continue
        match kind:
            case Kind.RULE:
                yield from _one(Facts(each, API), exceptions)
            case Kind.RULE_ASSET:
                yield from _one(Facts(each, _BELOW_ATTRIBUTES), exceptions)
            case Kind.RULE_OBJECT:
                yield from _one(Facts(each, _CAMEL_BELOW_ATTRIBUTES), exceptions)
            case Kind.RULE_OF_ALERTING:
                yield from _one(Facts(each, _CAMEL), exceptions)
            case Kind.SAVED_OBJECT:
                yield from _saved_queries.read(each, titles)
            case Kind.EXCEPTION_LIST | Kind.EXCEPTION_ITEM | Kind.SUMMARY | Kind.OTHER:
                pass
            case None:
                yield refuse(
                    Code.NOT_A_RULE,
                    "The object is neither a rule nor anything else that Kibana exports.",
                    each.source,
                    each.value_span(),
                    "a rule has `rule_id`, `type` and `query`",
                )


def _one(facts: Facts, exceptions: Mapping[ListName, tuple[Located, ...]] | None) -> Iterator[Found]:
    try:
        yield _elastic.read(facts, Around(exceptions=exceptions))
    except TranslatorError as error:
        yield error


def _exceptions(
    objects: Iterable[Located | TranslatorError], kinds: Iterable[Kind | None]
) -> dict[ListName, tuple[Located, ...]]:
    """The items by the list they are in; a list without items is there too."""
    found: dict[ListName, tuple[Located, ...]] = {}
    for each, kind in zip(objects, kinds, strict=True):
        if isinstance(each, TranslatorError):
            continue
        if kind is Kind.EXCEPTION_LIST:
            found.setdefault(list_name(each), ())
        elif kind is Kind.EXCEPTION_ITEM:
            found[list_name(each)] = (*found.get(list_name(each), ()), each)
    return found


def _index_titles(objects: Iterable[Located | TranslatorError]) -> dict[str, str]:
    """What the data views of an export are called, by their ids."""
    found: dict[str, str] = {}
    for each in objects:
        if isinstance(each, Located) and each.at("type").value == "index-pattern":
            id_, title = each.at("id").value, each.at("attributes", "title").value
            if isinstance(id_, str) and isinstance(title, str):
                found[id_] = title
    return found


def _in_attributes(key: str) -> tuple[str, ...]:
    if key == "interval":
        return ("attributes", "schedule", "interval")
    return ("attributes", key) if key in _ATTRIBUTES else ("attributes", "params", camel(key))


def _in_params(key: str) -> tuple[str, ...]:
    return _in_attributes(key)[1:]


_BELOW_ATTRIBUTES = Spelling(lambda key: ("attributes", key), ("attributes",))
_CAMEL_BELOW_ATTRIBUTES = Spelling(_in_attributes, ("attributes", "params"), snake)
_CAMEL = Spelling(_in_params, ("params",), snake)
