"""Values of an event that no question finds, since Elasticsearch would not index them.

For the matcher such a value is not there. Elasticsearch refuses the whole document for most of them, so whoever
explains a verdict wants to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translator.meaning import document
from translator.meaning.kinds import kind_of
from translator.schema import HOLDERS, INTEGERS, WHOLE, FieldRef, Schema, Type

#: Types that index nothing of any value. (An object takes no value at all.)
_SILENT = frozenset({Type.UNMAPPED, Type.BINARY})
#: Types that take an empty text and index nothing for it.
_TAKES_EMPTY = INTEGERS | {Type.DOUBLE, Type.FLOAT, Type.HALF_FLOAT, Type.SCALED_FLOAT}


@dataclass(frozen=True, slots=True)
class Unread:
    """A value at ``path`` that ``field`` does not index: its type cannot read it, or it is too long."""

    path: str
    field: FieldRef
    value: Any


def unread(event: Mapping[str, Any], schema: Schema) -> Iterator[Unread]:
    """What of ``event`` its fields do not index, in the order of the event."""
    found = list(document.leaves(event, frozenset(), schema.whole))
    for path, value in reversed(found):
        for field in _holders(path, schema):
            yield Unread(path, field, value)
        for field in schema.readers(path):
            if not _expected(field, value) and not _indexed(field, value):
                yield Unread(path, field, value)


def _indexed(field: FieldRef, value: Any) -> bool:
    if field.type is Type.FLATTENED and field.details.key_of is None and not isinstance(value, Mapping):
        return False
    return bool(document.prepared(kind_of(field).exists(field))(value))


def _expected(field: FieldRef, value: Any) -> bool:
    """Whether nothing would be indexed for the value in any case."""
    return (
        value is None
        or field.type in _SILENT
        or not field.details.searchable
        or (value == "" and field.type in _TAKES_EMPTY)
        or (field.type is Type.FLATTENED and isinstance(value, Mapping) and _hollow(value))
    )


def _holders(path: str, schema: Schema) -> Iterator[FieldRef]:
    """The field that has values of its own, and so no value below its name."""
    above = path.rpartition(".")[0]
    while above:
        field = schema.fields.get(above)
        if field is not None and field.type not in HOLDERS | WHOLE:
            yield field
        above = above.rpartition(".")[0]


def _hollow(value: Mapping[str, Any]) -> bool:
    """Whether an object holds nothing but nulls."""
    return all(each is None for _, each in document.leaves(value))
