"""Which module answers for which field type."""

from __future__ import annotations

from dataclasses import replace

from translator.meaning import (
    addresses,
    booleans,
    constants,
    dates,
    flattened,
    keyword,
    numbers,
    spans,
    unknown,
    unsearchable,
    versions,
    words,
)
from translator.meaning.question import Kind
from translator.schema import ANALYSED_TEXT, DATES, NUMBERS, FieldRef, Type

_KINDS: dict[Type, Kind] = {
    Type.KEYWORD: keyword.KIND,
    Type.WILDCARD: keyword.KIND,
    Type.CONSTANT_KEYWORD: constants.KIND,
    Type.UNKNOWN: unknown.KIND,
    **dict.fromkeys(ANALYSED_TEXT, words.KIND),
    **dict.fromkeys(NUMBERS, numbers.KIND),
    **dict.fromkeys(DATES, dates.KIND),
    Type.BOOLEAN: booleans.KIND,
    Type.IP: addresses.KIND,
    Type.FLATTENED: flattened.KIND,
    Type.VERSION: versions.KIND,
    Type.INTEGER_RANGE: spans.KIND,
    Type.LONG_RANGE: spans.KIND,
    Type.FLOAT_RANGE: spans.KIND,
    Type.DOUBLE_RANGE: spans.KIND,
    Type.DATE_RANGE: spans.KIND,
    Type.IP_RANGE: spans.KIND,
    Type.GEO_POINT: unsearchable.POINT,
    Type.BINARY: unsearchable.BINARY,
    Type.OBJECT: unsearchable.NOTHING,
    Type.NESTED: unsearchable.NOTHING,
    Type.UNMAPPED: unsearchable.NOTHING,
}


def kind_of(field: FieldRef) -> Kind:
    """How the type of ``field`` answers."""
    kind = _KINDS[field.type]
    if field.details.searchable:
        return kind
    return replace(unsearchable.NOT_INDEXED, exists=kind.exists) if field.details.stored else unsearchable.NOT_INDEXED


def keeps(field: FieldRef, said: str) -> bool:
    """Whether a search for ``said`` has something to look for: on texts, a word."""
    return field.type not in ANALYSED_TEXT or words.keeps(field, said)
