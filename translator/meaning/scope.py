"""Where fields are looked up: the root of an event, or one object under a nested path."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from translator.meaning import document, flattened, metadata, query_string
from translator.meaning.everywhere import Ask, below, everywhere
from translator.meaning.kinds import keeps, kind_of
from translator.meaning.question import Accept, Bounds, Folding, Refused
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
        return self._compare(field, kind_of(field).term(field, value, folding))

    def match(self, name: Name, value: Scalar) -> Test:
        """``match``: a name is never a pattern here."""
        field = self._field(name)
        return self._compare(field, kind_of(field).match(field, value))

    def match_phrase(self, name: Name, value: Scalar) -> Test:
        """``match_phrase``: a name is never a pattern here."""
        field = self._field(name)
        return self._compare(field, kind_of(field).phrase(field, value))

    def range(self, name: Name, bounds: Bounds) -> Test:
        """``range``: a name is never a pattern here. Without any bound it asks whether there is a value."""
        field = self._field(name)
        kind = kind_of(field)
        return self._compare(field, kind.range(field, bounds) if bounds.closed else kind.exists(field))

    def wildcard(self, name: Name, like: Pattern, folding: Folding = Folding.NONE) -> Test:
        """``wildcard``: a name is never a pattern here."""
        field = self._field(name)
        return self._compare(field, kind_of(field).wildcard(field, like, folding))

    def exists(self, name: Name) -> Test:
        """``exists``: stars in a name expand, and an object exists where something in it does."""
        path = _path(name)
        if not path:
            raise Refused("Elasticsearch takes no empty field name.", "name a field")
        if "*" in path:
            return self._exists_like(path)
        if path in metadata.NAMES:
            return metadata.exists([path])
        field = self._field(name)
        itself = self._ask(field, kind_of(field).exists(field))
        if field.type in _HOLDING or (self.schema.unlisted and path not in self.schema.fields):
            return either([itself, below(self.schema, self.path, path, _exists)])
        return itself

    def query_string(self, names: Sequence[Name], query: Pattern) -> Test:
        """``query_string`` over ``names``, or over the default fields where there is none."""
        return query_string.decide(query_string.clauses(query), lambda words: self.query_words(names, words))

    def query_words(self, names: Sequence[Name], words: Pattern) -> Test | None:
        """One clause of a ``query_string``: a word, or several without a star. None where no token is left of it."""
        asked = [_unboosted(_path(name)) if isinstance(name, str) else name for name in names]
        asked = asked or list(self.schema.default_fields)
        if [_path(name) for name in asked] != ["*"]:
            return self._in_fields(asked, words)
        return EVERYTHING if words == (Wild.ANY,) and not names else self._anywhere(words)

    def multi_match(self, value: Scalar, *, phrase: bool = False) -> Test:
        """``multi_match`` over the default fields: some one field matches; what a type cannot read is no match."""
        if value is None:
            raise Refused("Elasticsearch takes no null as the text of a search.", "put it in quotes")

        def ask(field: FieldRef) -> Accept:
            kind = kind_of(field)
            return kind.phrase(field, value) if phrase else kind.match(field, value)

        return either(self._named(_unboosted(name), ask, lenient=True) for name in self.schema.default_fields)

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

    def _field(self, name: Name) -> FieldRef:
        match name:
            case FieldRef():
                return name
            case FieldPattern():
                return self.schema.field(name.path)
            case _:
                return self.schema.field(name)

    def _compare(self, field: FieldRef, accept: Accept) -> Test:
        return metadata.compare(field.path) if field.path in metadata.NAMES else self._ask(field, accept)

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

    def _named(self, name: Name, ask: Ask, *, lenient: bool = False) -> Test:
        """A question put to the field, or to each field that a name with stars stands for."""
        path = _path(name)
        if "*" in path:
            shape = _shape(path)
            return self._everywhere(ask, lambda each: shape.fullmatch(each) is not None, lenient=lenient)
        field = self._field(name)
        try:
            return self._ask(field, ask(field))
        except Refused:
            if lenient:
                return NOTHING
            raise

    def _everywhere(self, ask: Ask, wanted: Callable[[str], bool] | None = None, *, lenient: bool = False) -> Test:
        return everywhere(self.schema, self.path, ask, wanted, lenient=lenient)

    def _exists_like(self, path: str) -> Test:
        shape = _shape(path)
        return either(
            [metadata.exists(name for name in metadata.NAMES if shape.fullmatch(name)), self._named(path, _exists)]
        )

    def _in_fields(self, names: Sequence[Name], words: Pattern) -> Test | None:
        """A clause of a ``query_string`` on some fields; None where it holds no token for any of them."""
        if words == (Wild.ANY,):
            return either(self._star(name) for name in names)
        if any(isinstance(part, Wild) for part in words):
            return either(self._shaped(name, words) for name in names)
        said = show(words)
        if all(self._drops(name, said) for name in names):
            return None
        return either(self._named(name, lambda field: kind_of(field).match(field, said)) for name in names)

    def _star(self, name: Name) -> Test:
        """A lone star: the field exists. Stars for a name reach Elasticsearch's own fields only if there are two."""
        path = _path(name)
        if path.strip("*"):
            return self._named(path, _exists) if "*" in path else self.exists(name)
        return EVERYTHING

    def _shaped(self, name: Name, words: Pattern) -> Test:
        if _path(name) in metadata.NAMES:
            return metadata.shape(_path(name))
        field = None if "*" in _path(name) else self._field(name)
        if field is not None and flattened.is_key(field) and (test := flattened.key_pattern(words)) is not None:
            return self._ask_keyed(field, test)
        return self._named(name, lambda each: kind_of(each).piece(each, words))

    def _drops(self, name: Name, said: str) -> bool:
        """Whether the field's analyzer leaves nothing of a text."""
        return "*" not in _path(name) and not keeps(self._field(name), said)

    def _anywhere(self, words: Pattern) -> Test:
        """A clause of a ``query_string`` on every field, which is lenient."""
        if words == (Wild.ANY,):
            return self._named("*", _exists, lenient=True)
        if any(isinstance(part, Wild) for part in words):
            return self._named("*", lambda field: kind_of(field).piece(field, words), lenient=True)
        return self._named("*", lambda field: kind_of(field).match(field, show(words)), lenient=True)


#: Types of a field that may be an object with fields of its own.
_HOLDING = (Type.OBJECT, Type.UNKNOWN)


def _exists(field: FieldRef) -> Accept:
    return kind_of(field).exists(field)


def _path(name: Name) -> str:
    return name if isinstance(name, str) else name.path


def _unboosted(name: str) -> str:
    """``name^2`` without its boost."""
    return name.partition("^")[0]


def _shape(path: str) -> re.Pattern[str]:
    """A name with stars as an expression."""
    return re.compile(".*".join(re.escape(part) for part in path.split("*")), re.DOTALL)
