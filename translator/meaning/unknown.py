"""Fields that no schema knows: keywords, since Elastic's data streams map unknown texts so.

A number in a rule that is not KQL's (KQL has none) is compared as a number.
"""

from __future__ import annotations

from translator.meaning import keyword, numbers
from translator.meaning.question import Accept, Bounds, Kind
from translator.schema import FieldRef, Type
from translator.values import Scalar


def _is_number(value: Scalar) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """By code point; by value where the bounds are numbers."""
    said = [value for value in (bounds.gt, bounds.gte, bounds.lt, bounds.lte) if value is not None]
    if said and all(map(_is_number, said)):
        return numbers.range_(FieldRef(field.path, Type.DOUBLE), bounds)
    return keyword.range_(field, bounds)


KIND = Kind(
    exists=keyword.exists,
    term=keyword.term,
    match=keyword.match,
    phrase=keyword.phrase,
    range=range_,
    wildcard=keyword.wildcard,
    piece=keyword.piece,
)
