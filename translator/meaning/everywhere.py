"""A question put to every field of an event: searches without a field, field patterns, objects.

The names in an event decide which fields there are; what a name answers is worked out when it is first met.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from translator.meaning import document
from translator.meaning.question import Accept, Refused, never
from translator.meaning.verdict import EVERYTHING, NOTHING, Test
from translator.schema import FieldRef, Schema, Type

Ask: TypeAlias = Callable[[FieldRef], Accept]
Wanted: TypeAlias = Callable[[FieldRef], bool]

#: Names remembered; an event can make up as many as it likes.
_MOST_NAMES = 10_000


def everywhere(schema: Schema, path: str | None, ask: Ask, wanted: Wanted | None, *, lenient: bool) -> Test:
    """Whether some ``wanted`` field answers yes, at the root or inside the objects under ``path``.

    Raises Refused if a field of the schema does, unless ``lenient``.
    """
    if not lenient:
        for field in schema.fields.values():
            if (wanted is None or wanted(field)) and field.type not in (Type.OBJECT, Type.NESTED):
                ask(field)
    for field in schema.constants:
        if (wanted is None or wanted(field)) and _answers(field, ask)(field.details.value):
            return EVERYTHING
    return Test(_Everywhere(schema, path, ask, wanted).holds)


def below(schema: Schema, path: str | None, name: str, ask: Ask) -> Test:
    """Whether some field inside the object ``name`` answers yes."""
    constants = any(
        _answers(field, ask)(field.details.value) for field in schema.constants if field.path.startswith(f"{name}.")
    )
    if constants:
        return EVERYTHING
    if path is None or name.startswith(f"{path}."):
        return Test(_Everywhere(schema, path, ask, None, name).holds)
    # Seen from inside, an object that holds all of this is all of this.
    return Test(_Everywhere(schema, path, ask, None).holds) if f"{path}.".startswith(f"{name}.") else NOTHING


def _answers(field: FieldRef, ask: Ask) -> Accept:
    try:
        return ask(field)
    except Refused:
        return never


class _Everywhere:
    """Carries what each name answers from event to event."""

    def __init__(
        self, schema: Schema, path: str | None, ask: Ask, wanted: Wanted | None, below: str | None = None
    ) -> None:
        self.schema = schema
        self.path = path
        self.ask = ask
        self.wanted = wanted
        self.accepts: dict[str, Accept] = {}
        inside = below or path
        self.prefix = f"{inside}." if inside else ""
        self.find = document.objects(below.removeprefix(f"{path}.")) if below else lambda event: iter((event,))
        self.closed = self.relative(schema.hidden)
        self.whole = self.relative(schema.whole)

    def relative(self, names: Iterable[str]) -> frozenset[str]:
        return frozenset(name.removeprefix(self.prefix) for name in names if name.startswith(self.prefix))

    def holds(self, event: Mapping[str, Any]) -> bool:
        for each in self.find(event):
            for name, value in document.leaves(each, self.closed, self.whole):
                if (self.accepts.get(name) or self.answer(name))(value):
                    return True
        return False

    def answer(self, name: str) -> Accept:
        if len(self.accepts) >= _MOST_NAMES:
            self.accepts.clear()
        accept = document.any_accepts([_with_nulls(field, _answers(field, self.ask)) for field in self.fields(name)])
        self.accepts[name] = accept
        return accept

    def fields(self, name: str) -> Iterator[FieldRef]:
        """The fields that hold what stands under ``name``."""
        for field in self.schema.readers(f"{self.prefix}{name}"):
            visible = field.nested in (None, self.path) or (self.path is None and field.details.in_root)
            if visible and (self.wanted is None or self.wanted(field)):
                yield field


def _with_nulls(field: FieldRef, accept: Accept) -> Accept:
    """Nulls are values only where the mapping says which."""
    ready = document.prepared(accept)
    if field.details.null_value is not None:
        return ready
    return lambda value: value is not None and ready(value)
