"""Kibana's filters -> logic: what stands beside a query, and decides like it.

A filter holds Query DSL and says in ``meta`` whether it is switched off, negated, or made of other filters. How it
is read follows ``buildQueryFromFilters`` of Kibana.
"""

from __future__ import annotations

from collections.abc import Iterable

from translator import logic
from translator.located import Located
from translator.query_dsl import DslReader, conjunction

#: What a filter holds besides its query; what is left of an old filter without ``query`` is the query.
_AROUND = frozenset({"meta", "$state", "query"})

#: Filters that Kibana asks inside nested objects by itself where the data view says that the field lies in some.
_ONE_FIELD = frozenset({"exists", "match", "match_phrase", "range"})

_WRITE = "write `query: {match_phrase: {field: value}}`"


def is_active(filter_: Located) -> bool:
    """Whether the filter takes part: Kibana leaves out the ones that are switched off."""
    return filter_.at("meta", "disabled").value is not True


def meaning(filter_: Located, reader: DslReader) -> logic.Formula:
    """What an active filter asks of an event. ``reader`` collects what cannot be said."""
    if not isinstance(filter_.value, dict):
        return reader.refuse(filter_, "A filter is a map with `meta` and `query`.", _WRITE)
    meta = filter_.at("meta")
    asked = _combined(meta, reader) if meta.at("type").value == "combined" else _query(filter_, reader)
    return logic.Not(asked, span=asked.span) if meta.at("negate").value is True else asked


def _query(filter_: Located, reader: DslReader) -> logic.Formula:
    if isinstance(filter_.value.get("query"), dict) and filter_.value["query"]:
        return _placed(filter_.at("query"), reader)
    names = [key for key in filter_.value if key not in _AROUND]
    if not names:
        return reader.refuse(filter_, "The filter has no query.", f"{_WRITE}, or take it out")
    bare = {key: filter_.value[key] for key in names}
    return _placed(Located(bare, filter_.source, filter_.places, filter_.path), reader)


def _placed(dsl: Located, reader: DslReader) -> logic.Formula:
    name = next(iter(dsl.value))
    path = _holder(dsl.at(name), reader) if name in _ONE_FIELD and len(dsl.value) == 1 else None
    formula = reader.clause(dsl, path)
    return formula if path is None else logic.Within(path, formula, span=formula.span)


def _holder(body: Located, reader: DslReader) -> str | None:
    """The nested objects that hold the one field of a simple filter."""
    if not isinstance(body.value, dict):
        return None
    name = body.value.get("field") if isinstance(body.value.get("field"), str) else next(iter(body.value), None)
    return reader.schema.field(name).nested if isinstance(name, str) else None


def _combined(meta: Located, reader: DslReader) -> logic.Formula:
    """Filters under one ``and`` or ``or``; where an entry is a list itself, its filters belong together."""
    relation = str(meta.at("relation").value).upper()
    if relation not in ("AND", "OR") or not isinstance(meta.at("params").value, list):
        return reader.refuse(
            meta,
            "A combined filter has a relation (AND or OR) and a list of filters.",
            "write `relation: OR` and `params: [...]`",
        )
    groups = [each.items() if isinstance(each.value, list) else (each,) for each in meta.at("params").items()]
    span = reader.span(meta.at("params"))
    if relation == "AND":
        return conjunction([each for group in groups for each in meanings(group, reader)], span)
    choices = tuple(conjunction(meanings(group, reader), span) for group in groups)
    return choices[0] if len(choices) == 1 else logic.Or(choices, span=span) if choices else logic.Everything(span=span)


def meanings(filters: Iterable[Located], reader: DslReader) -> list[logic.Formula]:
    """What each of the active filters asks."""
    return [meaning(each, reader) for each in filters if is_active(each)]
