"""Range types: a value is a span, and a question asks what lies in it or touches it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, TypeAlias

from translator.meaning import addresses, dates, numbers
from translator.meaning.numbers import no_shape
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given
from translator.meaning.texts import spelled, text
from translator.schema import FieldRef, Type
from translator.values import Pattern, Scalar

Span: TypeAlias = tuple[float, float]
#: A field and bounds -> the first and last value inside them, or what says it now.
Limits: TypeAlias = Callable[[FieldRef, Bounds], "Span | Callable[[], Span]"]

#: The type of what a span is made of.
_OF: dict[Type, Type] = {
    Type.INTEGER_RANGE: Type.INTEGER,
    Type.LONG_RANGE: Type.LONG,
    Type.FLOAT_RANGE: Type.FLOAT,
    Type.DOUBLE_RANGE: Type.DOUBLE,
    Type.DATE_RANGE: Type.DATE,
    Type.IP_RANGE: Type.IP,
}

_BOUNDS = frozenset({"gt", "gte", "lt", "lte"})
#: Spans of integers.
_WHOLE = (Type.INTEGER_RANGE, Type.LONG_RANGE)


def _part(field: FieldRef) -> FieldRef:
    return replace(field, type=_OF[field.type])


def _limits(field: FieldRef, bounds: Bounds) -> Span | Callable[[], Span]:
    part = _part(field)
    if part.type is Type.IP:
        return addresses.limits(part, bounds)
    if part.type is Type.DATE:
        # Numbers are no special case here, as they are on a plain date.
        said = {name: spelled(value) for name in _BOUNDS if (value := getattr(bounds, name)) is not None}
        return dates.span(part, Bounds(**said, time_zone=bounds.time_zone))
    return numbers.limits(part, bounds)


def _indexed(field: FieldRef, value: Any) -> Span | None:
    """The span of a document's value; None for what the field refuses."""
    if field.type is Type.IP_RANGE and isinstance(value, str):
        return addresses.network(value)
    if not isinstance(value, Mapping) or not value.keys() <= _BOUNDS:
        return None
    bounds = {name: _cut(field, value[name]) for name in ("gt", "gte", "lt", "lte") if value.get(name) is not None}
    try:
        found = _limits(field, Bounds(**bounds))
    except (Refused, TypeError):
        return None
    span = found() if callable(found) else found
    return span if span[0] <= span[1] else None


def _cut(field: FieldRef, bound: Any) -> Any:
    """A document's bound of integers loses its fraction; a query's is refused."""
    if field.type not in _WHOLE or not isinstance(bound, (int, float, str)):
        return bound
    whole = numbers.reader(_part(field))(bound)
    return bound if whole is None else whole


def _accepting(field: FieldRef, test: Callable[[Span], bool]) -> Accept:
    def accept(value: Any) -> bool:
        span = _indexed(field, value)
        return span is not None and test(span)

    return accept


def exists(field: FieldRef) -> Accept:
    """Any span."""
    return _accepting(field, lambda _: True)


def _touching(field: FieldRef, bounds: Bounds) -> Accept:
    found = _limits(field, bounds)

    def touches(limits: Callable[[], Span], span: Span) -> bool:
        first, last = limits()
        return first <= last and span[0] <= last and first <= span[1]

    return _accepting(field, partial(touches, found if callable(found) else lambda: found))


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """The value lies in the span; a value that names a span itself touches it."""
    said = given(value, field)
    return range_(field, Bounds(gte=said, lte=said))


def _must_be_whole(field: FieldRef, said: str | int | float | bool) -> None:
    try:
        whole = numbers.double(text(said) or "") % 1 == 0
    except ValueError:
        return  # the bounds refuse it, in words of their own
    if not whole:
        raise Refused(
            f'Elasticsearch refuses "{said}" for {field.path} of type {field.type}: it is no integer.',
            "write a whole number",
        )


def match(field: FieldRef, value: Scalar) -> Accept:
    """As `term`."""
    return term(field, value)


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """The spans have a value in common. Integers are not cut here."""
    if field.type in _WHOLE:
        for value in (bounds.gt, bounds.gte, bounds.lt, bounds.lte):
            if value is not None:
                _must_be_whole(field, value)
    _must_be_ordered(field, bounds)
    return _touching(field, bounds)


def _must_be_ordered(field: FieldRef, bounds: Bounds) -> None:
    least = bounds.gte if bounds.gt is None else bounds.gt
    most = bounds.lte if bounds.lt is None else bounds.lt
    if least is None or most is None:
        return
    found = _limits(field, Bounds(gte=least, lte=most, time_zone=bounds.time_zone))
    first, last = found() if callable(found) else found
    if first > last:
        raise Refused(
            f"Elasticsearch refuses a range of {field.path} that ends before it begins.", "exchange the bounds"
        )


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """Refused: a span has no shape."""
    raise no_shape(field, like)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """Refused: a span has no shape."""
    raise no_shape(field, like)


KIND = Kind(exists=exists, term=term, match=match, phrase=match, range=range_, wildcard=wildcard, piece=piece)
