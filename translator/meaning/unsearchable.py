"""Types that hold nothing a query of Kibana can find: objects, what is not mapped, points, binary values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn

from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given, never
from translator.schema import FieldRef
from translator.values import Pattern, Scalar, Wild


def _no_exists(field: FieldRef) -> Accept:
    return never


def _no_term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    given(value, field)
    return never


def _no_match(field: FieldRef, value: Scalar) -> Accept:
    given(value, field)
    return never


def _no_range(field: FieldRef, bounds: Bounds) -> Accept:
    return never


def _no_wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    return never


def _no_piece(field: FieldRef, like: Pattern) -> Accept:
    return never


def _refuse(field: FieldRef) -> NoReturn:
    if not field.details.searchable:
        raise Refused(f"{field.path} is not indexed, so Elasticsearch cannot search it.", "name another field")
    raise Refused(
        f"Elasticsearch compares nothing with {field.path}: it is of type {field.type}.",
        f"ask only whether it is there: `{field.path}:*`",
    )


def _refused_term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    _refuse(field)


def _refused_match(field: FieldRef, value: Scalar) -> Accept:
    _refuse(field)


def _refused_range(field: FieldRef, bounds: Bounds) -> Accept:
    _refuse(field)


def _point_exists(field: FieldRef) -> Accept:
    return lambda value: isinstance(value, (str, int, float, Mapping)) and not isinstance(value, bool)


def _refused_pattern(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    _refuse(field)


def _only_prefix(field: FieldRef, like: Pattern) -> Accept:
    """A prefix finds nothing, any other pattern is an error."""
    if len(like) == 2 and isinstance(like[0], str) and like[1] is Wild.ANY:
        return never
    _refuse(field)


def _kind(exists: Callable[[FieldRef], Accept]) -> Kind:
    return Kind(
        exists=exists,
        term=_refused_term,
        match=_refused_match,
        phrase=_refused_match,
        range=_refused_range,
        wildcard=_refused_pattern,
        piece=_only_prefix,
    )


#: Objects, and fields that are not mapped: no error and no hit.
NOTHING = Kind(
    exists=_no_exists,
    term=_no_term,
    match=_no_match,
    phrase=_no_match,
    range=_no_range,
    wildcard=_no_wildcard,
    piece=_no_piece,
)
#: Fields without an index and without doc values.
NOT_INDEXED = Kind(
    exists=_no_exists,
    term=_refused_term,
    match=_refused_match,
    phrase=_refused_match,
    range=_refused_range,
    wildcard=_refused_pattern,
    piece=_refused_pattern,
)
#: Kept, but never indexed.
BINARY = _kind(_no_exists)
#: Points on the earth.
POINT = _kind(_point_exists)
