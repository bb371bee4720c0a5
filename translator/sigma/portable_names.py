"""How a field of Elastic's is called in another log: a row of a table, and what it takes to say the same with it.

A table holds the fields of one log source, or of all that share a category or a product. Its keys are Elastic's names;
one that ends in ``.*`` speaks of all fields below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TypeAlias

from translator import logic
from translator.ledger import Effect
from translator.rule import LogSource
from translator.schema import Ask, FieldRef, Type


class How(Enum):
    """What Elastic's value is to the other field's."""

    SAME = "the value itself"
    NAME = "the last part of a path"
    FOLDER = "a path without its last part"
    EXTENSION = "what follows the last dot"
    PART = "a text inside it"
    ARGUMENT = "an argument in it"
    HASH = "one of several hashes, each after its name and an equals sign"
    VALUES = "another word for the value"


#: What each value becomes, in lower case, and how that differs from it: None where it says the same.
Values: TypeAlias = Mapping[str, tuple[logic.Formula, Effect | None]]


@dataclass(frozen=True, slots=True)
class Rename:
    """The other field, and how far its values say the same as Elastic's: ``effect`` None is a plain renaming.

    ``why`` says in what they differ. ``only`` names a field and those of its values with which they can differ at all.
    """

    name: str
    how: How = How.SAME
    effect: Effect | None = None
    why: str = ""
    #: The type of the other field's values, where it is not that of Elastic's.
    type: Type | None = None
    #: Whether the rest of a name below a ``.*`` is written with capitals in place of underscores.
    camel: bool = False
    #: What stands before the value in the other one: a folder's separator, or a hash's name.
    mark: str | None = None
    values: Values = field(default_factory=dict, repr=False)
    only: tuple[str, frozenset[str]] | None = None

    def below(self, rest: str) -> Rename:
        """The row of a field that is called ``rest`` below the fields that this row speaks of."""
        return replace(self, name=self.name + (camel(rest) if self.camel else rest))


Table: TypeAlias = Mapping[str, Rename]

#: Multi-fields hold the values of the field that they belong to; letter case does not matter to some.
_SUFFIXES = (".caseless", ".text", ".keyword")


def find(tables: tuple[tuple[LogSource, Table], ...], log_source: LogSource, path: str) -> Rename | None:
    """What the field ``path`` is called in ``log_source``; the last table that knows counts."""
    for table in fitting(tables, log_source):
        for name in (path, *(path.removesuffix(suffix) for suffix in _SUFFIXES if path.endswith(suffix))):
            if found := _look_up(table, name):
                return found
    return None


def fitting(tables: tuple[tuple[LogSource, Table], ...], log_source: LogSource) -> Iterator[Table]:
    """The tables of all log sources that ``log_source`` is one of, the most particular first."""
    categories, products, services = (
        (None, said) for said in (log_source.category, log_source.product, log_source.service)
    )
    for scope, table in reversed(tables):
        if scope.category in categories and scope.product in products and scope.service in services:
            yield table


def _look_up(table: Table, path: str) -> Rename | None:
    if path in table:
        return table[path]
    holder, rest = path, ""
    while "." in holder:
        holder, _, last = holder.rpartition(".")
        rest = f"{last}.{rest}" if rest else last
        if (row := table.get(f"{holder}.*")) is not None:
            return row.below(rest)
    return None


def camel(name: str) -> str:
    """``device_detail.is_managed`` as ``deviceDetail.isManaged``."""
    return ".".join(_camel(part) for part in name.split("."))


def _camel(part: str) -> str:
    first, *rest = part.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def other(name: str) -> FieldRef:
    """A field of another log, whose values are texts."""
    return FieldRef(name, Type.KEYWORD, Ask.TERM)


def is_(name: str, *values: str) -> logic.Formula:
    """The other field has one of ``values``."""
    found = tuple(logic.Equals(other(name), value, cased=False) for value in values)
    return found[0] if len(found) == 1 else logic.Or(found)


def absent(name: str) -> logic.Formula:
    """The other field has no value."""
    return logic.Not(logic.Exists(other(name)))


def same(*names: str, prefix: str = "") -> dict[str, Rename]:
    """Rows for fields that are called the same but for a ``prefix`` of Elastic's."""
    return {f"{prefix}{name}": Rename(name) for name in names}
