"""The default field types: ECS, and what Elastic's packages say of their own fields.

The table has 39,493 names (1.6 MB; 235 kB in the wheel), most of them keywords. A line is made into a field when
somebody asks for it. Where sources disagree, the first in `build.SOURCES` is right, and the others are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib import resources
from typing import Any

from translator.schema import HOLDERS, PLAIN, WHOLE, FieldRef, Schema, Type, typed
from translator.schemas.build import SOURCES

#: Last parts of the names of multi-fields.
_MULTI = ("text", "keyword", "caseless", "number", "raw")

_CALLED = {key: called for key, _, called in SOURCES}


class _Fields(Mapping[str, FieldRef]):
    """The lines of the table by field name, made into fields one by one."""

    def __init__(self, lines: Mapping[str, str]) -> None:
        self._lines = lines
        self._made: dict[str, FieldRef] = {}
        self.nested = frozenset(self.of_type(Type.NESTED))

    def __getitem__(self, name: str) -> FieldRef:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name, self._lines[name])
        return made

    def get(self, name: str, default: Any = None) -> Any:
        """Mapping's own would ask by an exception, which is slow for the many names that a schema does not have."""
        return self[name] if name in self._lines else default

    def __contains__(self, name: object) -> bool:
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def _make(self, name: str, rest: str) -> FieldRef:
        above = ([*rest.split("\t"), "", ""])[2]
        holder = next((path for path in _holders(name) if path in self.nested), None)
        parent, _, suffix = name.rpartition(".")
        details = replace(PLAIN, reads=(parent,)) if suffix in _MULTI and self._is_leaf(parent) else PLAIN
        return typed(name, _type(rest), nested=holder, ignore_above=int(above) if above else None, details=details)

    def _is_leaf(self, name: str) -> bool:
        return name in self._lines and _type(self._lines[name]) not in HOLDERS

    def multi(self, name: str) -> Iterator[FieldRef]:
        """The multi-fields of a field, which hold its values too."""
        if self._is_leaf(name):
            yield from (self[each] for suffix in _MULTI if (each := f"{name}.{suffix}") in self._lines)

    def of_type(self, *wanted: Type) -> Iterator[str]:
        """The names of the fields of these types, without making the others."""
        starts = tuple(f"{kind}\t" for kind in wanted)
        return (name for name, rest in self._lines.items() if rest.startswith(starts))

    def origins(self, name: str) -> tuple[tuple[Type, str], ...]:
        """What the sources say of a field, the believed one first, then those that say something else."""
        _, source, _, others = ([*self._lines[name].split("\t"), "", "", ""])[:4]
        said = [each.partition(":") for each in others.split()]
        return ((self[name].type, _CALLED[source]), *((Type(kind), _CALLED[key]) for kind, _, key in said))


@dataclass(frozen=True)
class _Packaged(Schema):
    """A schema that answers without making every field of the table."""

    table: _Fields = field(default_factory=lambda: _Fields({}), repr=False)

    def origins(self, path: str) -> tuple[tuple[Type, str], ...]:
        return self.table.origins(path) if path in self.table else super().origins(path)

    def readers(self, path: str) -> tuple[FieldRef, ...]:
        if path in self.table:
            return (self.table[path], *self.table.multi(path))
        holder = next((each for each in _holders(path) if each in self.whole), None)
        return (self.field(path) if holder is None else self.table[holder],)

    @cached_property
    def hidden(self) -> frozenset[str]:
        return self.table.nested

    @cached_property
    def whole(self) -> frozenset[str]:
        return frozenset(self.table.of_type(*WHOLE))

    @cached_property
    def constants(self) -> tuple[FieldRef, ...]:
        return ()


@cache
def packaged() -> Schema:
    """The default schema."""
    text = resources.files("translator").joinpath("schemas/fields.tsv").read_text("utf-8")
    lines = {name: rest for name, _, rest in (line.partition("\t") for line in text.splitlines())}
    shapes = [name for name in lines if "*" in name]
    below = {shape: _type(lines.pop(shape)) for shape in shapes}
    # A name that ends in stars says what lies below an object, whatever it is called.
    unlisted = {
        shape.partition(".*")[0]: typed(shape, kind)
        for shape, kind in below.items()
        if kind is not Type.OBJECT and not shape.partition(".*")[2].strip(".*")
    }
    table = _Fields(lines)
    return _Packaged("ECS and Elastic's integrations", table, unlisted=unlisted, table=table)


def _type(rest: str) -> Type:
    return Type(rest.partition("\t")[0] or "keyword")


def _holders(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
