"""Which type a field has, and who says so.

Types decide verdicts, so nothing is translated before the schema has spoken. A field that no schema knows has
the type *unknown*; it is treated as a keyword, since Elastic's data streams map unknown strings so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from functools import cache
from importlib import resources
from typing import Any, TypeAlias

from translator import values, yaml_reader
from translator.errors import Code, refuse
from translator.source import Source, Span
from translator.values import Pattern, Wild


class Type(StrEnum):
    """The Elasticsearch mapping types that KQL meets, and *unknown*."""

    KEYWORD = "keyword"
    WILDCARD = "wildcard"
    CONSTANT_KEYWORD = "constant_keyword"
    TEXT = "text"
    MATCH_ONLY_TEXT = "match_only_text"
    IP = "ip"
    LONG = "long"
    INTEGER = "integer"
    SHORT = "short"
    BYTE = "byte"
    UNSIGNED_LONG = "unsigned_long"
    DOUBLE = "double"
    FLOAT = "float"
    HALF_FLOAT = "half_float"
    SCALED_FLOAT = "scaled_float"
    BOOLEAN = "boolean"
    DATE = "date"
    DATE_NANOS = "date_nanos"
    FLATTENED = "flattened"
    VERSION = "version"
    NESTED = "nested"
    OBJECT = "object"
    GEO_POINT = "geo_point"
    BINARY = "binary"
    INTEGER_RANGE = "integer_range"
    LONG_RANGE = "long_range"
    FLOAT_RANGE = "float_range"
    DOUBLE_RANGE = "double_range"
    DATE_RANGE = "date_range"
    IP_RANGE = "ip_range"
    UNKNOWN = "unknown"


#: Types whose values are compared as whole texts.
EXACT_TEXT = frozenset({Type.KEYWORD, Type.WILDCARD, Type.CONSTANT_KEYWORD, Type.UNKNOWN})
ANALYSED_TEXT = frozenset({Type.TEXT, Type.MATCH_ONLY_TEXT})
INTEGERS = frozenset({Type.LONG, Type.INTEGER, Type.SHORT, Type.BYTE, Type.UNSIGNED_LONG})
FLOATS = frozenset({Type.DOUBLE, Type.FLOAT, Type.HALF_FLOAT, Type.SCALED_FLOAT})
NUMBERS = INTEGERS | FLOATS
DATES = frozenset({Type.DATE, Type.DATE_NANOS})


class Ask(Enum):
    """The clause that Kibana chooses for a field, from what its data view says of it."""

    TERM = "term"
    DATE = "date"
    MATCH = "match"


_ASKED_AS_TERM = frozenset({Type.KEYWORD, Type.WILDCARD, Type.CONSTANT_KEYWORD})


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field with what its mapping says. ``ask`` is what Kibana makes of it, ``nested`` the object that holds it."""

    path: str
    type: Type = Type.UNKNOWN
    ask: Ask = Ask.MATCH
    nested: str | None = None
    ignore_above: int | None = None


@dataclass(frozen=True, slots=True)
class FieldPattern:
    """A field name with wildcards that no schema expands; Elasticsearch may."""

    pattern: Pattern

    @property
    def path(self) -> str:
        """The name as Kibana sends it."""
        return values.show(self.pattern)


Field: TypeAlias = FieldRef | FieldPattern


def typed(path: str, type_: Type, *, nested: str | None = None, ignore_above: int | None = None) -> FieldRef:
    """A field mapped as ``type_``, asked as Kibana would ask it.

    ``_field_caps`` reports ``wildcard`` and ``constant_keyword`` as the family ``keyword``, so a real data view
    does too, and Kibana sends them ``term`` and ``wildcard`` clauses.
    """
    ask = Ask.TERM if type_ in _ASKED_AS_TERM else Ask.DATE if type_ in DATES else Ask.MATCH
    return FieldRef(path, type_, ask, nested, ignore_above)


@dataclass(frozen=True)
class Schema:
    """Fields by name, in the order of their source, which is the order Kibana writes expanded patterns in."""

    name: str
    fields: Mapping[str, FieldRef] = field(default_factory=dict, repr=False)
    #: Says whether fields outside ``fields`` are worth a note: not where nothing is known at all.
    knows: bool = True

    @staticmethod
    def none() -> Schema:
        """Kibana without a data view: every field unknown."""
        return _NONE

    @staticmethod
    def default() -> Schema:
        """The packaged ECS fields: 2,612 with their multi-fields."""
        return _packaged()

    @staticmethod
    def from_yaml(text: str, name: str = "<schema>") -> Schema:
        """Read ``field: type`` lines; a value may also be a map with ``type`` and ``ignore_above``.

        Raises TranslatorError for a type that Elasticsearch does not have.
        """
        return _from_yaml(Source(text, name))

    def field(self, path: str) -> FieldRef:
        """The field called ``path``, of type unknown where the schema has none. Names mind case."""
        found = self.fields.get(path)
        if found is not None:
            return found
        return self._flattened_key(path) or FieldRef(path)

    def __contains__(self, path: object) -> bool:
        return path in self.fields or (isinstance(path, str) and self._flattened_key(path) is not None)

    def _flattened_key(self, path: str) -> FieldRef | None:
        """A key of a flattened field is typed by its root; no data view lists it, so Kibana asks it with match."""
        for root in _prefixes(path):
            if (above := self.fields.get(root)) is not None and above.type is Type.FLATTENED:
                return FieldRef(path, Type.FLATTENED, Ask.MATCH, above.nested, above.ignore_above)
        return None

    def expand(self, pattern: Pattern) -> tuple[FieldRef, ...]:
        """The fields whose whole name has the shape of ``pattern``, in the order of the schema."""
        shape = re.compile(
            "".join(".*" if isinstance(part, Wild) else re.escape(part) for part in pattern), re.DOTALL
        )
        return tuple(each for name, each in self.fields.items()
                     if shape.fullmatch(name) and each.type not in (Type.OBJECT, Type.NESTED))


_NONE = Schema("none", {}, knows=False)


def _prefixes(path: str) -> Iterator[str]:
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


def nest(fields: Iterable[FieldRef]) -> dict[str, FieldRef]:
    """``fields`` by name, each told the nested object that it lies in."""
    by_name = {each.path: each for each in fields}
    objects = {name for name, each in by_name.items() if each.type is Type.NESTED}
    for name, each in by_name.items():
        holder = next((path for path in _prefixes(name) if path in objects), None)
        if holder is not None:
            by_name[name] = replace(each, nested=holder)
    return by_name


@cache
def _packaged() -> Schema:
    """The table is one line a field: name, type, ignore_above, "array", multi-fields as ``suffix=type``."""
    table = resources.files("translator").joinpath("schemas/ecs.tsv").read_text("utf-8")
    found: list[FieldRef] = []
    for line in table.splitlines():
        name, type_, above, _, multi = (line.split("\t") + [""] * 4)[:5]
        found.append(typed(name, Type(type_), ignore_above=int(above) if above else None))
        for suffix, _, of in (each.partition("=") for each in multi.split()):
            found.append(typed(f"{name}.{suffix}", Type(of)))
    return Schema("ECS", nest(found))


def _from_yaml(source: Source) -> Schema:
    document = yaml_reader.read(source)
    if not isinstance(document.value, dict):
        raise refuse(Code.BAD_SCHEMA, "A schema is a map of field names to types.", source, Span(0, 1),
                     "write one `field.name: type` a line")
    found: list[FieldRef] = []
    for path, entry in document.value.items():
        span = document.span(path)
        details: Mapping[str, Any] = entry if isinstance(entry, dict) else {"type": entry}
        unknown = details.keys() - {"type", "ignore_above"}
        if details.get("type") not in set(Type) or unknown:
            said = f'"{sorted(unknown)[0]}" is no setting of a field' if unknown else f'"{details.get("type")}" is no field type'
            raise refuse(Code.BAD_SCHEMA, f"{said} (field {path}).", source, span, f"use one of {', '.join(Type)}")
        found.append(typed(str(path), Type(details["type"]), ignore_above=details.get("ignore_above")))
    return Schema(source.name, nest(found))
