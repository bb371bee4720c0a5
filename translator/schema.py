"""Which type a field has, and who says so.

Types decide verdicts, so nothing is translated before the schema has spoken. A field that no schema knows has
the type *unknown*; it is treated as a keyword, since Elastic's data streams map unknown strings so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from difflib import get_close_matches
from enum import Enum, StrEnum
from functools import cached_property
from typing import Any, TypeAlias

from translator import values, yaml_reader
from translator.errors import Code, refuse
from translator.source import Source, Span
from translator.values import Pattern, Scalar, Wild


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
    #: A mapping says that nothing of the field is indexed (``dynamic: false``, ``enabled: false``).
    UNMAPPED = "unmapped"


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


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Details:
    """What a mapping may say of a field besides its type; the defaults are Elasticsearch's."""

    #: Where in the document its values stand: empty for its own path (else: multi-field, alias, ``copy_to``).
    reads: tuple[str, ...] = ()
    #: The flattened field that this one is a key of.
    key_of: str | None = None
    #: What a JSON null is indexed as.
    null_value: Scalar = None
    #: Token filters of a keyword's normalizer, in order.
    normalizer: tuple[str, ...] = ()
    analyzer: str = "standard"
    #: Date formats, joined by ``||``.
    format: str | None = None
    coerce: bool = True
    scaling_factor: float | None = None
    #: The one value of a constant_keyword.
    value: str | None = None
    #: False where neither an index nor doc values can answer a query.
    searchable: bool = True
    #: Whether its values are kept even so; then they exist.
    stored: bool = False
    #: False where a text field knows no positions, so no phrase of two words can be asked.
    positions: bool = True
    split_queries_on_whitespace: bool = False
    #: A nested field that the root document holds too.
    in_root: bool = False
    runtime: bool = False
    scripted: bool = False

    def __repr__(self) -> str:
        said = (
            f"{each.name}={value!r}" for each in fields(self) if (value := getattr(self, each.name)) != each.default
        )
        return f"Details({', '.join(said)})"


PLAIN = Details()


@dataclass(frozen=True, slots=True)
class FieldRef:
    """A field with what its mapping says. ``ask`` is what Kibana makes of it, ``nested`` the object that holds it."""

    path: str
    type: Type = Type.UNKNOWN
    ask: Ask = Ask.MATCH
    nested: str | None = None
    ignore_above: int | None = None
    details: Details = PLAIN

    @property
    def reads(self) -> tuple[str, ...]:
        """The paths of a document at which its values stand."""
        return self.details.reads or (self.path,)


@dataclass(frozen=True, slots=True)
class FieldPattern:
    """A field name with wildcards that no schema expands; Elasticsearch may."""

    pattern: Pattern

    @property
    def path(self) -> str:
        """The name as Kibana sends it."""
        return values.show(self.pattern)


Field: TypeAlias = FieldRef | FieldPattern


def typed(
    path: str, type_: Type, *, nested: str | None = None, ignore_above: int | None = None, details: Details = PLAIN
) -> FieldRef:
    """A field mapped as ``type_``, asked as Kibana would ask it.

    ``_field_caps`` reports ``wildcard`` and ``constant_keyword`` as the family ``keyword``, so a real data view
    does too, and Kibana sends them ``term`` and ``wildcard`` clauses.
    """
    ask = Ask.TERM if type_ in _ASKED_AS_TERM else Ask.DATE if type_ in DATES else Ask.MATCH
    return FieldRef(path, type_, ask, nested, ignore_above, details)


@dataclass(frozen=True)
class Schema:
    """Fields by name, in the order of their source, which is the order Kibana writes expanded patterns in."""

    name: str
    fields: Mapping[str, FieldRef] = field(default_factory=dict, repr=False)
    #: Says whether fields outside ``fields`` are worth a note: not where nothing is known at all.
    knows: bool = True
    #: Where a search without a field looks (``index.query.default_field``); ``*`` is every field.
    default_fields: tuple[str, ...] = ("*",)
    #: What a field that is not listed is, by the object that it lies in (``""`` is the root).
    unlisted: Mapping[str, FieldRef] = field(default_factory=dict, repr=False)
    #: Whether the schema names every nested object there is.
    complete: bool = False

    @staticmethod
    def none() -> Schema:
        """Kibana without a data view: every field unknown."""
        return _NONE

    @staticmethod
    def default() -> Schema:
        """The packaged types: ECS, and the fields of Elastic's integrations, by the precedence of their sources."""
        from translator.packaged_schema import packaged  # it makes fields, so it builds on this module

        return packaged()

    @staticmethod
    def from_yaml(text: str, name: str = "<schema>") -> Schema:
        """Read ``field: type`` lines; a value may also be a map with ``type`` and ``ignore_above``.

        Raises TranslatorError for a type that Elasticsearch does not have.
        """
        return _from_yaml(Source(text, name))

    @staticmethod
    def from_mapping(
        mapping: Mapping[str, Any], name: str = "<mapping>", *, settings: Mapping[str, Any] | None = None
    ) -> Schema:
        """Read the answer of ``GET index/_mapping``, with or without the index level, or of ``GET index``.

        Raises TranslatorError for what is no mapping.
        """
        from translator import schema_readers  # it builds on this module

        return schema_readers.from_mapping(mapping, name, settings=settings)

    @staticmethod
    def from_field_caps(answer: Mapping[str, Any], name: str = "<field caps>") -> Schema:
        """Read the answer of ``GET index/_field_caps?fields=*``. Raises TranslatorError for what is none."""
        from translator import schema_readers

        return schema_readers.from_field_caps(answer, name)

    @staticmethod
    def from_data_view(fields: Iterable[Mapping[str, Any]], name: str = "<data view>") -> Schema:
        """Read Kibana's list of fields. Raises TranslatorError for what is none."""
        from translator import schema_readers

        return schema_readers.from_data_view(fields, name)

    def field(self, path: str) -> FieldRef:
        """The field called ``path``, of type unknown where the schema has none. Names mind case."""
        found = self.fields.get(path)
        if found is not None:
            return found
        return self._flattened_key(path) or self._unlisted(path)

    def __contains__(self, path: object) -> bool:
        if path in self.fields:
            return True
        return isinstance(path, str) and (self._flattened_key(path) is not None or self._holder(path) not in (None, ""))

    def origins(self, path: str) -> tuple[tuple[Type, str], ...]:
        """Who says which type the field has: the one that is believed, then those that say something else."""
        return ((self.field(path).type, self.name),) if path in self else ()

    def similar(self, path: str) -> tuple[str, ...]:
        """The field names most like ``path``, for one that was mistyped."""
        folded = path.lower()
        # A name differs from a typo of it by little, so most are told apart by their length or their ends.
        near = [
            name
            for name in self.fields
            if abs(len(name) - len(path)) <= 2 and (name[:3].lower() == folded[:3] or name[-4:].lower() == folded[-4:])
        ]
        by_case = [name for name in near if name.lower() == folded]
        return tuple(by_case or get_close_matches(path, near, n=2, cutoff=0.85))

    def _flattened_key(self, path: str) -> FieldRef | None:
        """A key of a flattened field is typed by its root; no data view lists it, so Kibana asks it with match."""
        for root in _prefixes(path):
            if (above := self.fields.get(root)) is not None and above.type is Type.FLATTENED:
                details = replace(above.details, key_of=above.path, reads=())
                return FieldRef(path, Type.FLATTENED, Ask.MATCH, above.nested, above.ignore_above, details)
        return None

    def _holder(self, path: str) -> str | None:
        """The nearest object above ``path`` that says what its unlisted fields are."""
        return next((each for each in (*_prefixes(path), "") if each in self.unlisted), None) if self.unlisted else None

    def _unlisted(self, path: str) -> FieldRef:
        nested = next((each for each in _prefixes(path) if each in self.hidden), None)
        holder = self._holder(path)
        template = FieldRef(path) if holder is None else self.unlisted[holder]
        return replace(template, path=path, nested=nested)

    @cached_property
    def _readers(self) -> dict[str, list[FieldRef]]:
        found: dict[str, list[FieldRef]] = {}
        for each in self.fields.values():
            for path in each.reads:
                found.setdefault(path, []).append(each)
        return found

    def readers(self, path: str) -> tuple[FieldRef, ...]:
        """The fields that hold the value at ``path`` of a document: itself, its multi-fields, ``copy_to`` targets.

        What stands inside a flattened field, a range or a point is that field's.
        """
        for each in (path, *_prefixes(path)):
            found = self._readers.get(each)
            if found is not None and (each == path or found[0].type in WHOLE):
                return tuple(found)
        return (self._unlisted(path),)

    @cached_property
    def leaves(self) -> tuple[str, ...]:
        """The names of the fields that are no objects."""
        return tuple(name for name, each in self.fields.items() if each.type not in (Type.OBJECT, Type.NESTED))

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The nested objects that are invisible from outside."""
        inside = {each.nested for each in self.fields.values() if each.nested and not each.details.in_root}
        return frozenset(inside).union(
            name for name, each in self.fields.items() if each.type is Type.NESTED and not each.details.in_root
        )

    @cached_property
    def whole(self) -> frozenset[str]:
        """The fields whose values may be objects."""
        return frozenset(name for name, each in self.fields.items() if each.type in WHOLE)

    @cached_property
    def constants(self) -> tuple[FieldRef, ...]:
        """The fields whose value the mapping says."""
        return tuple(each for each in self.fields.values() if each.details.value is not None)

    def expand(self, pattern: Pattern) -> tuple[FieldRef, ...]:
        """The fields whose whole name has the shape of ``pattern``, in the order of the schema."""
        shape = re.compile("".join(".*" if isinstance(part, Wild) else re.escape(part) for part in pattern), re.DOTALL)
        return tuple(
            each
            for name, each in self.fields.items()
            if shape.fullmatch(name) and each.type not in (Type.OBJECT, Type.NESTED)
        )


#: Types whose values may be objects.
WHOLE = frozenset(
    {
        Type.FLATTENED,
        Type.GEO_POINT,
        Type.INTEGER_RANGE,
        Type.LONG_RANGE,
        Type.FLOAT_RANGE,
        Type.DOUBLE_RANGE,
        Type.DATE_RANGE,
        Type.IP_RANGE,
    }
)

_NONE = Schema("none", {}, knows=False)


def _prefixes(path: str) -> Iterator[str]:
    while "." in path:
        path = path.rpartition(".")[0]
        yield path


#: Fields with other fields below their name: all else below a name is a multi-field.
HOLDERS = frozenset({Type.OBJECT, Type.NESTED, Type.FLATTENED, Type.UNKNOWN, Type.UNMAPPED})


def nest(fields: Iterable[FieldRef]) -> dict[str, FieldRef]:
    """``fields`` by name, each told the nested object that it lies in, and a multi-field whose values it reads."""
    by_name = {each.path: each for each in fields}
    objects = {name for name, each in by_name.items() if each.type is Type.NESTED}
    for name, each in by_name.items():
        holder = each.nested or next((path for path in _prefixes(name) if path in objects), None)
        parent = by_name.get(name.rpartition(".")[0])
        if parent is not None and parent.type not in HOLDERS and not each.details.reads:
            each = replace(each, details=replace(each.details, reads=parent.reads))
        by_name[name] = replace(each, nested=holder)
    return by_name


def _from_yaml(source: Source) -> Schema:
    document = yaml_reader.read(source)
    if not isinstance(document.value, dict):
        raise refuse(
            Code.BAD_SCHEMA,
            "A schema is a map of field names to types.",
            source,
            Span(0, 1),
            "write one `field.name: type` a line",
        )
    found: list[FieldRef] = []
    for path, entry in document.value.items():
        span = document.span(path)
        if not isinstance(path, str):
            raise refuse(
                Code.BAD_SCHEMA,
                f"A field's name is a text, and YAML reads this one as {path}.",
                source,
                span,
                "put it in quotes",
            )
        if isinstance(entry, dict) and "type" not in entry and entry:
            inner = next(iter(entry))
            raise refuse(
                Code.BAD_SCHEMA,
                f"{path} has no type.",
                source,
                span,
                f"write one line a field: `{path}.{inner}: keyword`",
            )
        details: Mapping[str, Any] = entry if isinstance(entry, dict) else {"type": entry}
        unknown = details.keys() - {"type", "ignore_above"}
        if str(details.get("type")) not in set(Type) or unknown:
            said = f'"{details.get("type")}" is no field type'
            if unknown:
                said = f'"{sorted(unknown)[0]}" is no setting of a field'
            raise refuse(Code.BAD_SCHEMA, f"{said} (field {path}).", source, span, f"use one of {', '.join(Type)}")
        found.append(typed(str(path), Type(details["type"]), ignore_above=details.get("ignore_above")))
    return Schema(source.name, nest(found))
