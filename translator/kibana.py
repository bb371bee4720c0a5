"""Kibana's own answers in Kibana's own shapes, so that tools around Kibana can switch.

Nothing else in this package knows these shapes, but `Schema.from_data_view`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, assert_never

from translator.dsl.emit import Config, emit
from translator.errors import Code, TranslatorError
from translator.kql import ast, check, parse
from translator.schema import Schema
from translator.source import Source
from translator.values import Scalar, Wild

#: How Kibana's AST keeps a wildcard inside a text.
_WILDCARD = "@kuery-wildcard@"


def from_kuery_expression(text: str, options: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Kibana's AST of a query, as JSON-like values. ``options``: ``allowLeadingWildcards`` (True if left out).

    Raises TranslatorError where Kibana raises; see `error_text` and `error_offset`.
    """
    leading = bool((options or {}).get("allowLeadingWildcards", True))
    return from_ast(parse(Source(text), leading_wildcards=leading))


def to_elasticsearch_query(
    text: str, data_view: Sequence[Mapping[str, Any]] | None = None, config: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The Query DSL that Kibana would send.

    ``data_view`` is Kibana's list of fields (``name``, ``type``, ``esTypes``, ``subType``). ``config`` takes
    ``filtersInMustClause``, ``dateFormatTZ``, ``nestedIgnoreUnmapped`` and ``caseInsensitive``. Raises TranslatorError
    where Kibana raises.
    """
    source = Source(text)
    schema = Schema.none() if data_view is None else Schema.from_data_view(data_view)
    said = config or {}
    return emit(
        check(parse(source), schema, source).formula,
        Config(
            filters_in_must=bool(said.get("filtersInMustClause")),
            time_zone=said.get("dateFormatTZ"),
            nested_ignore_unmapped=said.get("nestedIgnoreUnmapped"),
            case_insensitive=said.get("caseInsensitive"),
        ),
    )


def error_text(error: TranslatorError) -> str:
    """Kibana's message for a syntax error: the summary, the query, and a line of dashes up to a caret."""
    first = error.diagnostics[0]
    if first.code not in (Code.SYNTAX, Code.LEADING_WILDCARD):
        return "\n".join(each.message for each in error.diagnostics)
    return f"{_summary(error)}\n{first.source.text}\n{'-' * error_offset(error)}^"


def error_offset(error: TranslatorError) -> int:
    """Where Kibana's caret stands, in UTF-16 units from the start of the query."""
    first = error.diagnostics[0]
    return _units(first.source.text[: first.span.start])


def _units(text: str) -> int:
    return len(text) + sum(char > "\uffff" for char in text)


def _summary(error: TranslatorError) -> str:
    """JavaScript finds one UTF-16 unit, which can be half of a character."""
    first = error.diagnostics[0]
    found = first.source.text[first.span.start : first.span.start + 1]
    if found <= "\uffff":
        return first.message
    half = found.encode("utf-16-be")[:2].decode("utf-16-be", "surrogatepass")
    return first.message.removesuffix(f'"{found}" found.') + f'"{half}" found.'


def from_ast(query: ast.Query) -> dict[str, Any]:
    """A query in the shape of Kibana's AST; value lists are distributed over their field."""
    match query:
        case ast.And(items):
            return _function("and", [from_ast(item) for item in items])
        case ast.Or(items):
            return _function("or", [from_ast(item) for item in items])
        case ast.Not(item):
            return _function("not", [from_ast(item)])
        case ast.Is(field, value):
            return _listed(field, value)
        case ast.Free(value):
            return _listed(ast.Literal(None), value)
        case ast.Range(field, op, value):
            return _function("range", [_literal(field), op.word, _literal(value)])
        case ast.Nested(path, body):
            return _function("nested", [_literal(path), from_ast(body)])
        case _:
            assert_never(query)


def _listed(field: ast.Name, value: ast.Value) -> dict[str, Any]:
    match value:
        case ast.AllOf(items):
            return _function("and", [_listed(field, item) for item in items])
        case ast.AnyOf(items):
            return _function("or", [_listed(field, item) for item in items])
        case ast.NoneOf(item):
            return _function("not", [_listed(field, item)])
        case ast.Literal() | ast.Wildcard():
            return _function("is", [_literal(field), _literal(value)])
        case _:
            assert_never(value)


def _function(name: str, arguments: list[Any]) -> dict[str, Any]:
    return {"type": "function", "function": name, "arguments": arguments}


def _literal(name: ast.Name) -> dict[str, Scalar]:
    match name:
        case ast.Literal(value, quoted):
            return {"type": "literal", "value": value, "isQuoted": quoted}
        case ast.Wildcard(pattern):
            text = "".join(_WILDCARD if isinstance(part, Wild) else part for part in pattern)
            return {"type": "wildcard", "value": text}
        case _:
            assert_never(name)
