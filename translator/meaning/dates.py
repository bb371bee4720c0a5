"""Dates: a question is a span of time, from the first to the last moment that its text names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from functools import lru_cache
from typing import Any

from translator.meaning import calendar, date_formats, date_math
from translator.meaning.numbers import no_shape
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given
from translator.meaning.texts import spelled, text
from translator.schema import FieldRef, Type
from translator.values import Pattern, Scalar

_LAST_NANO = 2**63 - 1
#: No date is longer in any format.
_LONGEST = 200


@lru_cache(maxsize=1 << 16)
def _instant(said: str, formats: str) -> int | None:
    if len(said) > _LONGEST:
        return None
    moment = date_formats.read(said, formats)
    return None if moment is None else calendar.to_instant(moment.least, moment.zone or UTC)


def reader(field: FieldRef) -> Callable[[Any], int | None]:
    """What the field indexes for a raw value: milliseconds or nanoseconds since 1970, None for what it refuses."""
    formats = date_formats.formats(field)
    fine = field.type is Type.DATE_NANOS

    def of(value: Any) -> int | None:
        said = None if isinstance(value, bool) else text(value)
        at = None if said is None else _instant(said, formats)
        if at is None:
            return None
        if fine:
            return at if 0 <= at <= _LAST_NANO else None
        return at // 1_000_000

    if field.details.null_value is None:
        return of
    null = of(field.details.null_value)
    return lambda value: null if value is None else of(value)


def exists(field: FieldRef) -> Accept:
    """Any date that the field can read."""
    read = reader(field)
    return lambda value: read(value) is not None


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """Within the span that the text names."""
    said = given(value, field)
    return range_(field, Bounds(gte=said, lte=said))


def match(field: FieldRef, value: Scalar) -> Accept:
    """As `term`."""
    return term(field, value)


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """``gte`` and ``lt`` take the first moment that a text names, ``gt`` and ``lte`` the last."""
    read = reader(field)
    limits = span(field, bounds)
    if isinstance(limits, tuple):
        first, last = limits

        def accept(value: Any) -> bool:
            at = read(value)
            return at is not None and first <= at <= last

        return accept
    moving = limits

    def accept_now(value: Any) -> bool:
        at = read(value)
        if at is None:
            return False
        low, high = moving()
        return low <= at <= high

    return accept_now


def span(field: FieldRef, bounds: Bounds) -> tuple[float, float] | Callable[[], tuple[float, float]]:
    """The first and last moment inside ``bounds``, in the field's unit, or what says it now."""
    formats = date_formats.formats(field)
    if any(isinstance(value, int | float) for value in (bounds.gt, bounds.gte, bounds.lt, bounds.lte)):
        formats = "epoch_millis"  # what Elasticsearch takes JSON numbers for, whatever the field's formats
    unit = 1 if field.type is Type.DATE_NANOS else 1_000_000

    def point(value: Scalar) -> date_math.Bound | None:
        if value is None:
            return None
        return date_math.read(spelled(value), formats, bounds.time_zone)

    gt, gte, lt, lte = (point(value) for value in (bounds.gt, bounds.gte, bounds.lt, bounds.lte))

    def at(bound: date_math.Bound, *, up: bool) -> int:
        moment = bound.at(up=up)
        if unit == 1 and not 0 <= moment <= _LAST_NANO:
            raise Refused(
                f"{field.path} is of type date_nanos, which ends before 1970 and after 2262-04-11.",
                "write a date between them",
            )
        return moment // unit

    def limits() -> tuple[float, float]:
        first = max(at(gt, up=True) + 1 if gt else -float("inf"), at(gte, up=False) if gte else -float("inf"))
        last = min(at(lt, up=False) - 1 if lt else float("inf"), at(lte, up=True) if lte else float("inf"))
        return first, last

    fixed = limits()
    if any(bound is not None and bound.moves for bound in (gt, gte, lt, lte)):
        return limits
    return fixed


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """Refused: a date has no shape."""
    raise no_shape(field, like)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """Refused: a date has no shape."""
    raise no_shape(field, like)


KIND = Kind(exists=exists, term=term, match=match, phrase=match, range=range_, wildcard=wildcard, piece=piece)
