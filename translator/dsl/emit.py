"""logic -> Query DSL, equal to Kibana's own answer key for key.

Beyond Kibana's questions it takes a regular expression that Lucene can say; `translator.sigma.elastic` says the others
of Sigma's in Kibana's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from translator import logic
from translator.dsl import regexp
from translator.schema import Ask, Field, FieldRef
from translator.values import Pattern, Scalar, Wild

Clause: TypeAlias = dict[str, Any]

#: Characters that Kibana escapes in a pattern, for query_string; Elasticsearch's ``wildcard`` undoes it too.
_ACTIVE = re.compile(r'[+\-=&|><!(){}\[\]^"~*?:\\/]')


@dataclass(frozen=True, slots=True)
class Config:
    """Kibana's four options (section 3.4 of its query builder's behaviour); None leaves the key out."""

    filters_in_must: bool = False
    time_zone: str | None = None
    nested_ignore_unmapped: bool | None = None
    case_insensitive: bool | None = None


DEFAULT = Config()


def emit(formula: logic.Formula, config: Config = DEFAULT) -> Clause:
    """The query that Kibana would send for ``formula``."""
    match formula:
        case logic.And(items):
            return {"bool": {"must" if config.filters_in_must else "filter": [emit(item, config) for item in items]}}
        case logic.Or(items):
            return _should([emit(item, config) for item in items])
        case logic.Not(item):
            return {"bool": {"must_not": emit(item, config)}}
        case logic.Everything():
            return {"match_all": {}}
        case logic.Search(value, phrase):
            return {"multi_match": {"type": "phrase" if phrase else "best_fields", "query": value, "lenient": True}}
        case logic.SearchPattern(pattern):
            return {"query_string": {"query": spell(pattern)}}
        case logic.Within(path, body):
            return _nested(path, emit(body, config), config)
        case logic.AnyField(items):
            return _should([_each(item, config) for item in items])
        case logic.Exists() | logic.Equals() | logic.Words() | logic.Phrase() | logic.Matches() | logic.Compare():
            return _should([_clause(formula, config)])
        case logic.Regex(field, expression, flags):
            return _should([{"regexp": {field.path: _regexp(expression, flags)}}])
        case logic.Like() | logic.Numeric() | logic.InNetwork() | logic.SameAs() | logic.DatePart():
            raise AssertionError(f"Elasticsearch has no such question, so it is to be said otherwise first: {formula}")
        case logic.Anywhere() | logic.AnywhereRegex():
            raise AssertionError(f"Elasticsearch has no such question, so it is to be said otherwise first: {formula}")
        case _:
            assert_never(formula)


def _each(item: logic.Formula, config: Config) -> Clause:
    """A field of a pattern: its bare leaf, inside a bare ``nested`` where the field lies in one."""
    if isinstance(item, logic.Within):
        return _nested(item.path, _clause(item.body, config), config)
    return _clause(item, config)


def _nested(path: str | None, query: Clause, config: Config) -> Clause:
    unmapped = config.nested_ignore_unmapped
    extra = {} if unmapped is None else {"ignore_unmapped": unmapped}
    return {"nested": {"path": path, "query": query, "score_mode": "none", **extra}}


def _should(clauses: list[Clause]) -> Clause:
    return {"bool": {"should": clauses, "minimum_should_match": 1}}


def _clause(formula: logic.Formula, config: Config) -> Clause:
    """A leaf without the ``bool`` that Kibana wraps around each."""
    match formula:
        case logic.Exists(field):
            return {"exists": {"field": field.path}}
        case logic.Equals(field, value) if _asked(field) is Ask.DATE:
            return {"range": {field.path: {"gte": value, "lte": value, **_zone(value, config)}}}
        case logic.Equals(field, value, cased):
            return {"term": {field.path: {"value": value, **_folding(cased, config)}}}
        case logic.Words(field, value):
            return {"match": {field.path: value}}
        case logic.Phrase(field, value):
            return {"match_phrase": {field.path: value}}
        case logic.Matches(field, pattern, cased) if _asked(field) is Ask.TERM or not cased:
            return {"wildcard": {field.path: {"value": spell(pattern), **_folding(cased, config)}}}
        case logic.Matches(field, pattern):
            return {"query_string": {"fields": [field.path], "query": spell(pattern)}}
        case logic.Compare(field, op, value, also):
            zone = _zone(value, config) if _asked(field) is Ask.DATE else {}
            second = {} if also is None else {also[0].word: also[1]}
            return {"range": {field.path: {op.word: value, **second, **zone}}}
        case _:
            return emit(formula, config)


def _regexp(expression: str, flags: str) -> Clause:
    """Without Lucene's optional operators, whose characters would need escapes of their own."""
    said = regexp.written(expression, flags)
    return {"value": said.value, "flags": "NONE", **({"case_insensitive": True} if said.folds else {})}


def spell(pattern: Pattern) -> str:
    """A pattern as Kibana writes it into ``query_string`` and ``wildcard``."""
    return "".join(part.value if isinstance(part, Wild) else _ACTIVE.sub(r"\\\g<0>", part) for part in pattern)


def _asked(field: Field) -> Ask:
    return field.ask if isinstance(field, FieldRef) else Ask.MATCH


def _folding(cased: bool, config: Config) -> Clause:
    if not cased:
        return {"case_insensitive": True}
    return {} if config.case_insensitive is None else {"case_insensitive": config.case_insensitive}


def _zone(value: Scalar, config: Config) -> Clause:
    """Kibana gives no time zone to numbers, nor to texts of digits: Elasticsearch would shift epochs by it."""
    if config.time_zone is None or (isinstance(value, str) and re.fullmatch(r"[0-9]+", value)):
        return {}
    return {"time_zone": config.time_zone}
