"""The default field types: ECS, and what Elastic's packages say of their own fields.

The table has 39,493 names (1.6 MB; 235 kB in the wheel), most of them keywords. A line is made into a field when
somebody asks for it. Where sources disagree, the first in `build.SOURCES` is right, and the others are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources

from translator.schema import FieldRef, Schema, Type, typed
from translator.schemas.build import SOURCES

_CALLED = {key: called for key, _, called in SOURCES}


class Fields(Mapping[str, FieldRef]):
    """The lines of the table by field name, made into fields one by one."""

    def __init__(self, table: str) -> None:
        lines = table.splitlines()
        self._lines = {name: rest for name, _, rest in (line.partition("\t") for line in lines) if "*" not in name}
        self._made: dict[str, FieldRef] = {}
        self._nested = frozenset(name for name, rest in self._lines.items() if rest.startswith("nested\t"))
        #: Names that end in stars say what lies below an object, whatever it is called.
        self.unlisted = {
            name.partition(".*")[0]: _type(rest)
            for name, _, rest in (line.partition("\t") for line in lines)
            if "*" in name and not name.partition(".*")[2].strip(".*") and _type(rest) is not Type.OBJECT
        }

    def __getitem__(self, name: str) -> FieldRef:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name, self._lines[name])
        return made

    def __contains__(self, name: object) -> bool:
        return name in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)

    def _make(self, name: str, rest: str) -> FieldRef:
        above = (rest.split("\t") + ["", ""])[2]
        holder = next((path for path in _holders(name) if path in self._nested), None)
        return typed(name, _type(rest), nested=holder, ignore_above=int(above) if above else None)

    def origins(self, name: str) -> tuple[tuple[Type, str], ...]:
        """What each source says of a field that disagrees with those before it; the first is believed."""
        rest = self._lines[name]
        _, source, _, others = (rest.split("\t") + ["", "", ""])[:4]
        said = [(kind, _CALLED[key]) for kind, _, key in (each.partition(":") for each in others.split())]
        return ((_type(rest), _CALLED[source]), *((Type(kind), called) for kind, called in said))


@cache
def packaged() -> Schema:
    """The default schema."""
    fields = Fields(resources.files("translator").joinpath("schemas/fields.tsv").read_text("utf-8"))
    return Schema("ECS and Elastic's integrations", fields, unlisted=fields.unlisted)


def _type(rest: str) -> Type:
    return Type(rest.partition("\t")[0] or "keyword")


def _holders(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
