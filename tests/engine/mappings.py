"""Field types as an index mapping, so that an engine types a document's fields as the schema does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, get_args

from translator import logic
from translator.logic import Formula
from translator.meaning import document
from translator.schema import HOLDERS, FieldPattern, FieldRef, Schema, Type

#: Types that Elasticsearch's server alone does not have, and the nearest that it has.
NEAREST = {
    Type.WILDCARD: Type.KEYWORD,
    Type.CONSTANT_KEYWORD: Type.KEYWORD,
    Type.VERSION: Type.KEYWORD,
    Type.MATCH_ONLY_TEXT: Type.TEXT,
    Type.SCALED_FLOAT: Type.DOUBLE,
    Type.UNSIGNED_LONG: Type.LONG,
    #: Elastic's data streams map texts that they do not know so.
    Type.UNKNOWN: Type.KEYWORD,
}

#: Fields that no schema lists are keywords, whatever stands in them.
_UNLISTED = [
    {"unlisted": {"match_mapping_type": ["string", "long", "double", "boolean"], "mapping": {"type": "keyword"}}}
]


def mapping(schema: Schema, formulas: Iterable[Formula], events: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """A mapping with the fields that ``formulas`` ask for and ``events`` hold, typed by ``schema`` or the `NEAREST`."""
    fields = {field.path: field for field in [*_asked(schema, formulas), *_held(schema, events)]}
    above = {path for name in fields for path in _above(name)}
    for path in above - fields.keys():
        if path in schema and (field := schema.field(path)).details.key_of is None:
            fields[path] = field
    made: dict[str, Any] = {}
    for path in sorted(fields):
        field = fields[path]
        if field.details.key_of is None and path not in field.details.reads:
            _put(made, path, field, fields)
    return {"dynamic_templates": _UNLISTED, "date_detection": False, "properties": made}


def _above(path: str) -> Iterator[str]:
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def _asked(schema: Schema, formulas: Iterable[Formula]) -> Iterator[FieldRef]:
    for formula in formulas:
        for node in logic.walk(formula):
            if isinstance(node, get_args(logic.Leaf)) and not isinstance(node.field, FieldPattern):
                yield node.field
                yield from (schema.field(path) for path in node.field.reads)
                if node.field.details.key_of is not None:
                    yield schema.field(node.field.details.key_of)


def _held(schema: Schema, events: Iterable[Mapping[str, Any]]) -> Iterator[FieldRef]:
    for event in events:
        for path, _ in document.leaves(event, whole=schema.whole):
            yield from (each for each in schema.readers(path) if each.path in schema)


def _put(made: dict[str, Any], path: str, field: FieldRef, fields: Mapping[str, FieldRef]) -> None:
    """Write ``field`` at its place: below the objects that hold it, or as a multi-field of another."""
    *holders, name = path.split(".")
    here, at = made, ""
    for part in holders:
        at = f"{at}.{part}" if at else part
        leaf = at in fields and fields[at].type not in HOLDERS
        here = here.setdefault(part, {}).setdefault("fields" if leaf else "properties", {})
    here[name] = {**_said(field), **here.get(name, {})}


def _said(field: FieldRef) -> dict[str, Any]:
    type_ = NEAREST.get(field.type, field.type)
    said: dict[str, Any] = {} if type_ is Type.OBJECT else {"type": str(type_)}
    if field.ignore_above is not None and type_ in (Type.KEYWORD, Type.FLATTENED):
        said["ignore_above"] = field.ignore_above
    return said
