"""Schemas from what Elasticsearch and Kibana answer: a mapping, ``_field_caps``, a data view's fields.

A mapping says all that decides a verdict. ``_field_caps`` and data views name type families (``wildcard`` comes back
as ``keyword``) and say nothing of normalizers, null values and the like; a field below another field's name is taken
for its multi-field.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from translator.errors import Code, TranslatorError, refuse
from translator.schema import ANALYSED_TEXT, PLAIN, Ask, Details, FieldRef, Schema, Type, nest, typed
from translator.source import Source, Span

Json = Mapping[str, Any]

#: Elasticsearch's other types, by the one here that answers the same questions.
_LIKE: dict[str, Type] = {
    "annotated_text": Type.TEXT,
    "search_as_you_type": Type.TEXT,
    "semantic_text": Type.TEXT,
    "pattern_text": Type.MATCH_ONLY_TEXT,
    "counted_keyword": Type.KEYWORD,
    "icu_collation_keyword": Type.KEYWORD,
    "passthrough": Type.OBJECT,
    "flat_object": Type.FLATTENED,
    "geo_shape": Type.GEO_POINT,
    "point": Type.GEO_POINT,
    "shape": Type.GEO_POINT,
}

#: Keys that a mapping has and the name of an index is not.
_OF_A_MAPPING = frozenset({"properties", "dynamic", "dynamic_templates", "runtime", "date_detection", "_meta"})

#: Filters of a normalizer that are known here.
_FILTERS = ("lowercase", "uppercase")


def _type(name: object) -> Type:
    """The type of this name; one that nothing here knows is unknown."""
    text = str(name)
    return Type(text) if text in set(Type) else _LIKE.get(text, Type.UNKNOWN)


def _wrong(name: str, what: str, hint: str) -> TranslatorError:
    return refuse(Code.BAD_SCHEMA, what, Source("", name), Span(0, 0), hint)


def from_text(source: Source) -> Schema:
    """Read a schema file, told by its content: a mapping, an answer of ``_field_caps``, a data view, or YAML.

    Raises TranslatorError (T003) where it is none of them.
    """
    if not source.text.lstrip().startswith(("{", "[")):
        return Schema.from_yaml(source.text, source.name)
    try:
        said = json.loads(source.text)
    except ValueError as error:
        at = getattr(error, "pos", 0)
        raise refuse(
            Code.BAD_SCHEMA,
            f"The schema is no JSON: {getattr(error, 'msg', error)}.",
            source,
            Span(at, at + 1),
            "give the answer as the cluster gave it, or YAML: one `field.name: type` a line",
        ) from None
    fields = said.get("fields", said.get("data_view", {}).get("fields")) if isinstance(said, dict) else said
    match fields:
        case [*_]:
            return from_data_view(fields, source.name)
        case {} if said.get("fields") is fields:
            # Kibana's own answer has a map of fields by name; Elasticsearch's has a map of types in each.
            if all(isinstance(each, dict) and "name" in each for each in fields.values()):
                return from_data_view(fields.values(), source.name)
            return from_field_caps(said, source.name)
        case {}:
            return from_data_view(fields.values(), source.name)
        case _:
            return from_mapping(said, source.name)


def from_mapping(mapping: Json, name: str = "<mapping>", *, settings: Json | None = None) -> Schema:
    """Read the answer of ``GET index/_mapping`` or ``GET index``, or what stands inside.

    ``settings`` tell ``index.query.default_field`` and what normalizers do. A field that two indices map differently
    is typed by the first and asked with ``match``, as Kibana does with a conflict. Raises TranslatorError (T003) for
    what is no mapping.
    """
    if not isinstance(mapping, Mapping):
        raise _wrong(name, "A mapping is a JSON object.", "give the answer of GET index/_mapping")
    merged: Schema | None = None
    for each in _indices(mapping, name):
        said = _flat_settings(settings or each.get("settings") or {})
        schema = _Mapping(each.get("mappings", each), name, said).schema()
        merged = schema if merged is None else _joined(merged, schema)
    if merged is None:
        raise _wrong(name, "The mapping names no index.", "give the answer of GET index/_mapping")
    return merged


def _indices(mapping: Json, name: str) -> Iterator[Json]:
    """The objects that hold ``mappings`` or are mappings themselves."""
    if "mappings" in mapping or not mapping or mapping.keys() & _OF_A_MAPPING:
        yield mapping
        return
    for index, each in mapping.items():
        if not isinstance(each, Mapping) or "mappings" not in each:
            raise _wrong(name, f'"{index}" holds no "mappings".', "give the answer of GET index/_mapping")
        yield each


def _joined(first: Schema, second: Schema) -> Schema:
    fields = dict(first.fields)
    for path, other in second.fields.items():
        mine = fields.get(path)
        if mine is None:
            fields[path] = other
        elif mine.ask is not other.ask or (mine.type is not other.type and mine.ask is not Ask.TERM):
            fields[path] = replace(mine, ask=Ask.MATCH)
    return replace(first, fields=fields, unlisted={**second.unlisted, **first.unlisted})


def _flat_settings(settings: Json, prefix: str = "") -> dict[str, Any]:
    """Settings by dotted name, without the leading ``index.``."""
    found: dict[str, Any] = {}
    for key, value in settings.items():
        path = f"{prefix}{key}"
        if isinstance(value, Mapping):
            found |= _flat_settings(value, f"{path}.")
        else:
            found[path.removeprefix("index.")] = value
    return found


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a mapping we are."""

    prefix: str = ""
    nested: str | None = None
    in_root: bool = False


@dataclass
class _Mapping:
    """Collects the fields of one index."""

    mapping: Json
    name: str
    settings: Json
    fields: dict[str, FieldRef] = field(default_factory=dict)
    unlisted: dict[str, FieldRef] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    copies: dict[str, list[str]] = field(default_factory=dict)

    def schema(self) -> Schema:
        self.template()
        self.dynamic("", self.mapping)
        self.properties(self.mapping, _Place())
        for path, spec in self.items(self.mapping, "runtime"):
            details = replace(self.details(spec, Type.KEYWORD), runtime=True)
            self.fields[path] = typed(path, _type(spec.get("type", "keyword")), details=details)
        self.copy()
        for path, target in self.aliases.items():
            if target in self.fields:
                aimed = self.fields[target]
                self.fields[path] = replace(aimed, path=path, details=replace(aimed.details, reads=aimed.reads))
        return Schema(
            self.name, self.fields, default_fields=self.default_fields(), unlisted=self.unlisted, complete=True
        )

    def items(self, spec: Json, key: str) -> Iterator[tuple[str, Json]]:
        held = spec.get(key) or {}
        if not isinstance(held, Mapping):
            raise _wrong(self.name, f'"{key}" must be a JSON object.', "give the answer of GET index/_mapping")
        for name, each in held.items():
            if not isinstance(each, Mapping):
                raise _wrong(
                    self.name,
                    f'The mapping of "{name}" must be a JSON object.',
                    "give the answer of GET index/_mapping",
                )
            yield str(name), each

    def properties(self, spec: Json, place: _Place) -> None:
        for name, each in self.items(spec, "properties"):
            path = f"{place.prefix}{name}"
            kind = str(each.get("type", "object"))
            if kind == "alias":
                self.aliases[path] = str(each.get("path", ""))
            elif _type(kind) in (Type.OBJECT, Type.NESTED):
                self.object(path, _type(kind), each, place)
            else:
                self.leaf(path, each, place, ())

    def object(self, path: str, type_: Type, spec: Json, place: _Place) -> None:
        if spec.get("enabled") in (False, "false"):
            self.fields[path] = typed(path, Type.UNMAPPED)
            self.unlisted[path] = FieldRef("", Type.UNMAPPED)
            return
        inside = replace(place, prefix=f"{path}.")
        if type_ is Type.NESTED:
            in_root = bool(spec.get("include_in_root") or (spec.get("include_in_parent") and place.nested is None))
            inside = replace(inside, nested=path, in_root=in_root)
        details = replace(PLAIN, in_root=inside.in_root) if type_ is Type.NESTED else PLAIN
        self.fields[path] = typed(path, type_, nested=place.nested, details=details)
        self.dynamic(path, spec)
        self.properties(spec, inside)

    def leaf(self, path: str, spec: Json, place: _Place, reads: tuple[str, ...]) -> None:
        type_ = _type(spec.get("type"))
        details = replace(self.details(spec, type_), reads=reads, in_root=place.in_root)
        above = spec.get("ignore_above")
        self.fields[path] = typed(
            path, type_, nested=place.nested, details=details, ignore_above=None if above is None else int(above)
        )
        for name, each in self.items(spec, "fields"):
            self.leaf(f"{path}.{name}", each, place, (path,))
        targets = spec.get("copy_to", ())
        for target in (targets,) if isinstance(targets, str) else targets:
            self.copies.setdefault(str(target), []).append(path)

    def copy(self) -> None:
        for target, sources in self.copies.items():
            for path, each in self.fields.items():
                if path == target or each.details.reads == (target,):
                    self.fields[path] = replace(each, details=replace(each.details, reads=(*each.reads, *sources)))

    def details(self, spec: Json, type_: Type) -> Details:
        kept = spec.get("doc_values", True) and type_ not in ANALYSED_TEXT
        coerce = spec.get("coerce", self.settings.get("mapping.coerce", True))
        factor = spec.get("scaling_factor")
        return Details(
            null_value=spec.get("null_value"),
            normalizer=self.normalizer(spec.get("normalizer")),
            analyzer=self.analyzer(spec.get("analyzer")) if type_ in ANALYSED_TEXT else "standard",
            format=spec.get("format"),
            coerce=coerce not in (False, "false"),
            scaling_factor=None if factor is None else float(factor),
            value=None if spec.get("value") is None or type_ is not Type.CONSTANT_KEYWORD else str(spec["value"]),
            searchable=bool(spec.get("index", True) or kept),
            stored=spec.get("store", False) is True,
            positions=spec.get("index_options", "positions") not in ("docs", "freqs"),
            split_queries_on_whitespace=spec.get("split_queries_on_whitespace", False) is True,
        )

    def normalizer(self, name: str | None) -> tuple[str, ...]:
        if name is None:
            return ()
        named = self.settings.get(f"analysis.normalizer.{name}.filter", ["lowercase"] if name == "lowercase" else [])
        return tuple(each for each in ([named] if isinstance(named, str) else named) if each in _FILTERS)

    def analyzer(self, name: str | None) -> str:
        made = self.settings.get(f"analysis.analyzer.{name or 'default'}.type", name or "standard")
        return str(self.settings.get(f"analysis.analyzer.{name}.tokenizer") if made == "custom" else made)

    def default_fields(self) -> tuple[str, ...]:
        said = self.settings.get("query.default_field", "*")
        return (said,) if isinstance(said, str) else tuple(said)

    def dynamic(self, path: str, spec: Json) -> None:
        if spec.get("dynamic") in (False, "false", "strict"):
            self.unlisted[path] = FieldRef("", Type.UNMAPPED)
        elif "dynamic" in spec and path and "" in self.unlisted and self.unlisted[""].type is Type.UNMAPPED:
            self.unlisted[path] = FieldRef("")

    def template(self) -> None:
        """A dynamic template that takes every text says the type of what is not listed."""
        for each in self.mapping.get("dynamic_templates", ()):
            for spec in each.values():
                narrow = spec.keys() & {"match", "unmatch", "path_match", "path_unmatch"}
                if narrow and not (narrow == {"match"} and spec["match"] == "*"):
                    continue
                if spec.get("match_mapping_type", "*") in ("string", "*"):
                    made = spec.get("mapping", {})
                    type_ = _type(str(made.get("type", "text")).replace("{dynamic_type}", "text"))
                    above = made.get("ignore_above")
                    self.unlisted[""] = FieldRef("", type_, Ask.MATCH, None, above, self.details(made, type_))
                    return


def from_field_caps(answer: Json, name: str = "<field caps>") -> Schema:
    """Read the answer of ``GET index/_field_caps?fields=*``. Raises TranslatorError (T003) for what is none."""
    fields = answer.get("fields") if isinstance(answer, Mapping) else None
    if not isinstance(fields, Mapping):
        raise _wrong(name, 'The answer of _field_caps holds "fields".', "give all that GET index/_field_caps answers")
    found: list[FieldRef] = []
    for path, kinds in fields.items():
        if not isinstance(kinds, Mapping) or not all(isinstance(each, Mapping) for each in kinds.values()):
            raise _wrong(name, f"{path} has no types.", "give all that GET index/_field_caps answers")
        types = [kind for kind, each in kinds.items() if kind != "unmapped" and not each.get("metadata_field")]
        if not types:
            continue
        searchable = any(kinds[kind].get("searchable", True) for kind in types)
        # Objects are never searchable, and still exist.
        details = PLAIN if searchable or types[0] in ("object", "nested") else replace(PLAIN, searchable=False)
        made = typed(path, _type(types[0]), details=details)
        found.append(replace(made, ask=Ask.MATCH) if len(types) > 1 else made)
    return Schema(name, nest(found), complete=True)


def from_data_view(fields: Iterable[Json], name: str = "<data view>") -> Schema:
    """Read Kibana's list of fields, in its order. Raises TranslatorError (T003) for what is none."""
    found: dict[str, FieldRef] = {}
    if isinstance(fields, (str, bytes, Mapping)) or not isinstance(fields, Iterable):
        raise _wrong(name, "A data view is a list of fields.", "give the list of fields as Kibana keeps it")
    for each in fields:
        if not isinstance(each, Mapping) or not isinstance(each.get("name"), str):
            raise _wrong(name, 'Each field of a data view has a "name".', "give the list of fields as Kibana keeps it")
        found[each["name"]] = _seen(each, each.get("esTypes") or ())
    return Schema(name, nest(found.values()))


def _seen(spec: Json, types: Sequence[str]) -> FieldRef:
    """A field as Kibana sees it: it asks dates by its own type, keywords by the only one of Elasticsearch's."""
    kind = spec.get("type")
    ask = Ask.DATE if kind == "date" else Ask.TERM if list(types) == ["keyword"] else Ask.MATCH
    within = spec.get("subType") or {}
    parent = (within.get("multi") or {}).get("parent")
    details = replace(PLAIN, scripted=bool(spec.get("scripted")), reads=(parent,) if parent else ())
    type_ = _type(types[0]) if types else Type.DATE if kind == "date" else Type.UNKNOWN
    return FieldRef(spec["name"], type_, ask, (within.get("nested") or {}).get("path"), None, details)
