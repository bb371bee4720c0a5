"""A schema as an index mapping, for the fields that some rules ask for and some events hold."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from translator import logic
from translator.logic import Formula
from translator.meaning import document, metadata
from translator.schema import DATES, EXACT_TEXT, HOLDERS, FieldRef, Schema, Type
from translator.witness.leaves import asked
from translator.witness.parts import taken_apart

#: What stands in for a type that a cluster lacks.
NEAREST: Mapping[str, Type] = {
    Type.WILDCARD: Type.KEYWORD,
    Type.CONSTANT_KEYWORD: Type.KEYWORD,
    Type.MATCH_ONLY_TEXT: Type.TEXT,
    Type.SCALED_FLOAT: Type.DOUBLE,
    Type.VERSION: Type.KEYWORD,
    Type.UNSIGNED_LONG: Type.LONG,
    Type.HALF_FLOAT: Type.FLOAT,
    Type.DATE_NANOS: Type.DATE,
}

#: What no mapping can say: an index has one value of a constant_keyword, and a keyword is what unknown fields are.
_ALWAYS = {Type.CONSTANT_KEYWORD: Type.KEYWORD, Type.UNKNOWN: Type.KEYWORD}

#: Fields besides those asked for: an index takes no more than a thousand if it is not told otherwise.
_ROOM = 100


@dataclass(frozen=True, slots=True)
class Replaced:
    """A field that has another type in the index than in the schema."""

    path: str
    type: Type
    by: Type


@dataclass(frozen=True, slots=True)
class Mapped:
    """The body of an index: its mapping and settings, and the types in it that are not the schema's."""

    properties: Mapping[str, Any] = field(repr=False)
    settings: Mapping[str, Any] = field(repr=False)
    fields: tuple[FieldRef, ...] = field(repr=False)
    replaced: tuple[Replaced, ...] = ()

    def without(self, lacking: str) -> Mapped | None:
        """The same without a type, or None where there is nothing near it or it is not there."""
        other = NEAREST.get(lacking)
        lost = [each for each in self.fields if each.type == lacking]
        if other is None or not lost:
            return None
        fields = tuple(replace(each, type=other) if each.type == lacking else each for each in self.fields)
        return _mapped(fields, (*self.replaced, *(Replaced(each.path, each.type, other) for each in lost)))


def mapped(schema: Schema, formulas: Iterable[Formula], events: Iterable[Mapping[str, Any]]) -> Mapped:
    """The mapping for what ``formulas`` ask and ``events`` hold."""
    named = [*_asked(schema, formulas), *_held(schema, events)]
    found = {each.path: each for each in named if _can_be_mapped(each)}
    holders = dict.fromkeys(above for path in found for above in _above(path))
    for path in holders:
        if path not in found and path in schema and (each := schema.field(path)).details.key_of is None:
            found[path] = each
    fields: list[FieldRef] = []
    replaced: list[Replaced] = []
    crossed = {above for path in found for above in _above(path)}
    found |= _keys(named, {path for path in crossed & found.keys() if found[path].type is Type.FLATTENED})
    for path, each in sorted(found.items()):
        # A schema that was gathered from many integrations may name fields below a flattened one; a mapping cannot.
        other = _ALWAYS.get(each.type)
        if each.type is Type.FLATTENED:
            other = Type.OBJECT if path in crossed else Type.KEYWORD if each.details.key_of is not None else None
        fields.append(each if other is None else replace(each, type=other))
        if other is not None and each.type is not Type.UNKNOWN:
            replaced.append(Replaced(each.path, each.type, other))
    return _mapped(tuple(fields), tuple(replaced))


def _keys(named: Iterable[FieldRef], objects: Collection[str]) -> dict[str, FieldRef]:
    """The keys of flattened fields that an index has as objects: what was a key is a keyword there."""
    return {
        each.path: replace(each, details=replace(each.details, reads=()))
        for each in named
        if each.details.key_of in objects
    }


def _can_be_mapped(field: FieldRef) -> bool:
    name = field.path
    return field.details.key_of is None and name not in metadata.NAMES and all(name.split(".")) and name.strip() == name


def _above(path: str) -> Iterator[str]:
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def _asked(schema: Schema, formulas: Iterable[Formula]) -> Iterator[FieldRef]:
    for formula in formulas:
        for part in taken_apart(formula):
            if isinstance(part.node, logic.Within) and part.node.path is not None:
                yield schema.field(part.node.path)
            if not part.is_leaf:
                continue
            for each in asked(part.node).fields:
                if not isinstance(each, FieldRef):
                    continue
                yield schema.field(each.path)
                yield from (schema.field(path) for path in each.reads)
                if each.details.key_of is not None:
                    yield schema.field(each.details.key_of)


def _held(schema: Schema, events: Iterable[Mapping[str, Any]]) -> Iterator[FieldRef]:
    paths = dict.fromkeys(path for event in events for path, _ in document.leaves(event, whole=schema.whole))
    for path in paths:
        yield from schema.readers(path)


def _mapped(fields: Sequence[FieldRef], replaced: tuple[Replaced, ...]) -> Mapped:
    by_path = {each.path: each for each in fields}
    properties: dict[str, Any] = {}
    normalizers: dict[str, Any] = {}
    copies: dict[str, list[str]] = {}
    for path, each in by_path.items():
        for read in each.details.reads:
            if read != path and not path.startswith(f"{read}."):
                copies.setdefault(read, []).append(path)
    for path, each in by_path.items():
        said = _said(each, normalizers)
        if path in copies and each.type not in HOLDERS:
            said["copy_to"] = copies[path]
        _put(properties, path, said, by_path)
    settings: dict[str, Any] = {"mapping": {"total_fields": {"limit": 2 * len(fields) + _ROOM}}}
    if normalizers:
        settings["analysis"] = {"normalizer": normalizers}
    return Mapped({"dynamic": False, "properties": properties}, {"index": settings}, tuple(fields), replaced)


def _put(properties: dict[str, Any], path: str, said: dict[str, Any], fields: Mapping[str, FieldRef]) -> None:
    """Write a field at its place: below the objects that hold it, or as a multi-field of another."""
    *holders, name = path.split(".")
    here, at = properties, ""
    for part in holders:
        at = f"{at}.{part}" if at else part
        above = fields.get(at)
        leaf = above is not None and above.type not in _OBJECTS
        if above is not None and leaf and fields[path].details.reads != (above.path,):
            return  # below a field there are only its multi-fields, and of a flattened one keys that no mapping names
        here = here.setdefault(part, {}).setdefault("fields" if leaf else "properties", {})
    here[name] = {**said, **here.get(name, {})}


_OBJECTS = (Type.OBJECT, Type.NESTED)


def _said(field: FieldRef, normalizers: dict[str, Any]) -> dict[str, Any]:
    """The settings of one field. ``normalizers`` gets those that it needs."""
    details, kind = field.details, field.type
    if kind is Type.OBJECT:
        return {}
    if kind is Type.NESTED:
        return {"type": "nested", **({"include_in_root": True} if details.in_root else {})}
    if kind is Type.UNMAPPED:
        return {"type": "object", "enabled": False}
    said: dict[str, Any] = {"type": str(kind)}
    if field.ignore_above is not None and kind in (Type.KEYWORD, Type.WILDCARD, Type.FLATTENED):
        said["ignore_above"] = field.ignore_above
    if details.null_value is not None:
        said["null_value"] = details.null_value
    if details.normalizer and kind is Type.KEYWORD:
        name = "_".join(details.normalizer)
        normalizers[name] = {"type": "custom", "filter": list(details.normalizer)}
        said["normalizer"] = name
    if details.analyzer != "standard" and kind is Type.TEXT:
        said["analyzer"] = details.analyzer
    if details.format is not None and kind in (*DATES, Type.DATE_RANGE):
        said["format"] = details.format
    if kind is Type.SCALED_FLOAT:
        said["scaling_factor"] = details.scaling_factor or 1.0
    if details.split_queries_on_whitespace and kind in (*EXACT_TEXT, Type.FLATTENED):
        said["split_queries_on_whitespace"] = True
    if not details.coerce:
        said["coerce"] = False
    if not details.searchable:
        said |= {"index": False, "doc_values": details.stored}
    return said
