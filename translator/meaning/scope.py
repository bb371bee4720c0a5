"""Where fields are looked up: the root of an event, or one object under a nested path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from translator.meaning import document, expressions, flattened, metadata, query_string
from translator.meaning.everywhere import Ask, below, everywhere
from translator.meaning.kinds import keeps, kind_of
from translator.meaning.numbers import double
from translator.meaning.question import Accept, Bounds, Folding, Refused
from translator.meaning.texts import TextTest
from translator.meaning.verdict import EVERYTHING, NOTHING, Predicate, Test, either, some_value
from translator.schema import DATES, NUMBERS, FieldPattern, FieldRef, Schema, Type
from translator.values import Pattern, Scalar, Wild, show

Name: TypeAlias = str | FieldRef | FieldPattern

#: Types whose ``term`` is an error with ``case_insensitive``.
_WITHOUT_CASE = (
    NUMBERS
    | DATES
    | {
        Type.IP,
        Type.INTEGER_RANGE,
        Type.LONG_RANGE,
        Type.FLOAT_RANGE,
        Type.DOUBLE_RANGE,
        Type.DATE_RANGE,
        Type.IP_RANGE,
    }
)


@dataclass(frozen=True)
class Scope:
    """Elasticsearch's queries on the fields of ``schema``, for events or for the objects under ``path``."""

    schema: Schema
    path: str | None = None

    @property
    def everything(self) -> Test:
        """``match_all``."""
        return EVERYTHING

    @property
    def nothing(self) -> Test:
        """``match_none``."""
        return NOTHING

    def term(self, name: Name, value: Scalar, folding: Folding = Folding.NONE) -> Test:
        """``term``: a name is never a pattern here."""
        field = self._field(name)
        if folding is Folding.ASCII and field.type in _WITHOUT_CASE:
            raise Refused(
                f"Elasticsearch compares {field.path} of type {field.type} with letter case only.",
                "leave case_insensitive out",
            )
        if flattened.is_key(field) and folding is not Folding.NONE:
            return self._ask_keyed(field, flattened.folded_key(field, value))
        accept = kind_of(field).term(field, value, folding)
        return metadata.match(field.path) if field.path in metadata.NAMES else self._ask(field, accept)

    def match(self, name: Name, value: Scalar) -> Test:
        """``match``: a name is never a pattern here."""
        field = self._field(name)
        accept = kind_of(field).match(field, value)
        return metadata.match(field.path) if field.path in metadata.NAMES else self._ask(field, accept)

    def match_phrase(self, name: Name, value: Scalar) -> Test:
        """``match_phrase``: a name is never a pattern here."""
        field = self._field(name)
        accept = kind_of(field).phrase(field, value)
        return metadata.match(field.path) if field.path in metadata.NAMES else self._ask(field, accept)

    def range(self, name: Name, bounds: Bounds) -> Test:
        """``range``: a name is never a pattern here. Without any bound it asks whether there is a value."""
        field = self._field(name)
        kind = kind_of(field)
        if field.path in metadata.NAMES:
            return metadata.range_(field.path)
        return self._ask(field, kind.range(field, bounds) if bounds.closed else kind.exists(field))

    def wildcard(self, name: Name, like: Pattern, folding: Folding = Folding.NONE) -> Test:
        """``wildcard``: a name is never a pattern here."""
        field = self._field(name)
        if field.path in metadata.NAMES:
            return metadata.wildcard(field.path)
        return self._ask(field, kind_of(field).wildcard(field, like, folding))

    def regexp(self, name: Name, said: str, read: Callable[[str], TextTest], folding: Folding = Folding.NONE) -> Test:
        """``regexp``: a name is never a pattern here. ``read`` makes of Lucene's text the test of a whole value."""
        field = self._field(name)
        if field.path in metadata.NAMES:
            return metadata.wildcard(field.path)
        return self._ask(field, expressions.accept(field, said, read, folding))

    def exists(self, name: Name) -> Test:
        """``exists``: stars in a name expand, and an object exists where something in it does."""
        path = _path(name)
        if not path:
            raise Refused("Elasticsearch takes no empty field name.", "name a field")
        if "*" in path:
            return self._exists_like(path)
        if path in metadata.NAMES:
            return metadata.exists(path)
        field = self._field(name)
        itself = self._ask(field, kind_of(field).exists(field))
        holds = field.type in _HOLDING or (self.schema.unlisted and path not in self.schema.fields)
        # A key of a flattened field exists by its own values: what lies below it is another key.
        if holds and field.details.key_of is None:
            return either([itself, below(self.schema, self.path, path, _exists)])
        return itself

    def query_string(self, names: Sequence[Name], query: Pattern) -> Test:
        """``query_string`` over ``names``, or over the default fields where there is none."""
        return query_string.decide(query_string.clauses(query), lambda words: self.query_words(names, words))

    def query_words(self, names: Sequence[Name], words: Pattern) -> Test | None:
        """One clause of a ``query_string``: a word, or several without a star. None where no token is left of it."""
        asked = [_unboosted(name) for name in names or self.schema.default_fields]
        lenient = [_path(name) for name in asked] == ["*"]
        if words == (Wild.ANY,):
            if lenient and not names:
                return EVERYTHING
            return either(self._named(name, _exists, metadata.exists, lenient=lenient) for name in asked)
        if any(isinstance(part, Wild) for part in words):
            return either(self._shaped(name, words, lenient=lenient) for name in asked)
        said = show(words)
        if all(self._drops(name, said) for name in asked):
            return None
        return either(
            self._named(name, lambda field: kind_of(field).match(field, said), metadata.match, lenient=lenient)
            for name in asked
        )

    def multi_match(self, value: Scalar, *, phrase: bool = False) -> Test:
        """``multi_match`` over the default fields: some one field matches; what a type cannot read is no match."""
        if value is None:
            raise Refused("Elasticsearch takes no null as the text of a search.", "put it in quotes")

        def ask(field: FieldRef) -> Accept:
            kind = kind_of(field)
            return kind.phrase(field, value) if phrase else kind.match(field, value)

        return either(
            self._named(_unboosted(name), ask, metadata.match, lenient=True) for name in self.schema.default_fields
        )

    def within(self, path: str) -> Scope:
        """The scope of one object under the nested ``path``."""
        return Scope(self.schema, path)

    def nested(self, path: str, predicate: Predicate, *, ignore_unmapped: bool = False) -> Test:
        """Some one object under ``path`` satisfies ``predicate``."""
        known = self.schema.fields.get(path)
        mapped = known is not None and known.type is Type.NESTED
        if not mapped and (known is not None or self.schema.complete or "*" in path):
            if ignore_unmapped:
                return NOTHING
            raise Refused(f"{path} holds no nested objects.", "take the conditions out of the braces")
        if self.path is not None and not path.startswith(f"{self.path}."):
            return NOTHING
        find = document.objects(path if self.path is None else path.removeprefix(f"{self.path}."))
        return Test(lambda event: any(predicate(each) for each in find(event)))

    def value(self, field: FieldRef, accept: Accept) -> Test:
        """Some value of the field is accepted as the event spells it; what is not mapped has none."""
        if field.type in _WITHOUT_VALUES or field.path in metadata.NAMES:
            return NOTHING
        return self._ask(field, accept)

    def paths(self, field: FieldRef) -> tuple[str, ...]:
        """The paths at which the values of the field stand, as seen from here."""
        return () if field.type in _WITHOUT_VALUES else self._readable(field)

    def _field(self, name: Name) -> FieldRef:
        match name:
            case FieldRef():
                return name
            case FieldPattern():
                return self.schema.field(name.path)
            case _:
                return self.schema.field(name)

    def _ask(self, field: FieldRef, accept: Accept) -> Test:
        if field.type is Type.CONSTANT_KEYWORD and field.details.value is not None:
            return EVERYTHING if accept(field.details.value) else NOTHING
        if field.type is Type.FLATTENED and field.details.key_of is None:
            return self._ask_flattened(field, accept)
        paths = self._readable(field)
        return some_value(paths, accept, nulls=field.details.null_value is not None) if paths else NOTHING

    def _ask_flattened(self, field: FieldRef, accept: Accept) -> Test:
        """A question about the values inside a flattened object, wherever its keys are written."""
        nulls = field.details.null_value is not None
        finds = [flattened.values(path) for path in self._readable(field)]
        ready = document.prepared(accept)
        return Test(
            lambda event: any(ready(value) for find in finds for _, value in find(event) if nulls or value is not None)
        )

    def _ask_keyed(self, field: FieldRef, test: Callable[[str], bool]) -> Test:
        paths = self._readable(flattened.root(field))
        return either(Test(flattened.keyed(field, path, test)) for path in paths) if paths else NOTHING

    def _readable(self, field: FieldRef) -> tuple[str, ...]:
        """The paths of the field's values as seen from here: none for what lies in another object."""
        if self.path is None:
            return field.reads if field.nested is None or field.details.in_root else ()
        if field.nested not in (None, self.path):
            return ()
        prefix = f"{self.path}."
        return tuple(path.removeprefix(prefix) for path in field.reads if path.startswith(prefix))

    def _named(self, name: Name, ask: Ask, meta: metadata.Meta, *, lenient: bool = False) -> Test:
        """A question put to a field as ``query_string`` and ``multi_match`` name it: a name with stars is several.

        A lone star leaves out Elasticsearch's own fields, and all that are called so.
        """
        path = _path(name)
        if "*" in path:
            shape = _shape(path)
            own = [each for each in sorted(metadata.NAMED) if path != "*" and shape.fullmatch(each)]

            def wanted(field: FieldRef) -> bool:
                return (
                    shape.fullmatch(field.path) is not None
                    and (field.details.searchable or field.details.stored)
                    and field.type not in _NOT_NAMED
                    and (path != "*" or not field.path.startswith("_"))
                )

            return either([*map(meta, own), everywhere(self.schema, self.path, ask, wanted, lenient=lenient)])
        try:
            if path in metadata.NAMES:
                return meta(path)
            field = self._field(name)
            return self._ask(field, ask(field))
        except Refused:
            if lenient:
                return NOTHING
            raise

    def _exists_like(self, path: str) -> Test:
        """A pattern that names no field is taken for the name of objects."""
        shape = _shape(path)
        if self.schema.complete and not any(map(shape.fullmatch, (*self.schema.leaves, *metadata.NAMES))):
            shape = _shape(f"{path}.*")
        own = metadata.any_exists(each for each in metadata.NAMES if shape.fullmatch(each))
        return either(
            [
                own,
                everywhere(
                    self.schema,
                    self.path,
                    _exists,
                    lambda field: shape.fullmatch(field.path) is not None,
                    lenient=False,
                ),
            ]
        )

    def _shaped(self, name: Name, words: Pattern, *, lenient: bool) -> Test:
        field = None if "*" in _path(name) else self._field(name)
        if field is not None and flattened.is_key(field) and (test := flattened.key_pattern(words)) is not None:
            return self._ask_keyed(field, test)
        return self._named(
            name,
            lambda each: kind_of(each).piece(each, words),
            lambda each: metadata.piece(each, words),
            lenient=lenient,
        )

    def _drops(self, name: Name, said: str) -> bool:
        """Whether the analyzers of the fields that a name stands for leave nothing of a text."""
        path = _path(name)
        if "*" not in path:
            return not keeps(self._field(name), said)
        shape = _shape(path)
        named = [each for each in self.schema.leaves if shape.fullmatch(each)]
        return bool(named) and not any(keeps(self.schema.fields[each], said) for each in named)


#: Types of a field that may be an object with fields of its own.
_HOLDING = (Type.OBJECT, Type.NESTED, Type.UNKNOWN)

#: Types of which nothing is indexed, whatever an event says.
_WITHOUT_VALUES = (Type.OBJECT, Type.NESTED, Type.UNMAPPED)

#: Types that a field pattern passes over.
_NOT_NAMED = (Type.GEO_POINT, Type.BINARY)


def _exists(field: FieldRef) -> Accept:
    return kind_of(field).exists(field)


def _path(name: Name) -> str:
    return name if isinstance(name, str) else name.path


def _unboosted(name: Name) -> Name:
    """``name^2`` without its boost, as ``query_string`` reads it whatever the mapping says."""
    path, caret, boost = _path(name).partition("^")
    if not caret:
        return name
    try:
        valid = double(boost) >= 0
    except ValueError:
        valid = False
    if not valid:
        raise Refused(
            f"Elasticsearch takes what follows the ^ in {path}^{boost} for a boost.",
            "name a field without a ^ in its name",
        )
    return path


def _shape(path: str) -> re.Pattern[str]:
    """A name with stars as an expression."""
    return re.compile(".*".join(re.escape(part) for part in path.split("*")), re.DOTALL)
