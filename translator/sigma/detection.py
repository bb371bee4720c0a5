"""The detection part of a Sigma rule as values: selections by name, and the condition over them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_interface
from typing import TypeAlias

from translator.values import Pattern, Wild

#: What one entry of a detection item compares with. A pattern is a tuple; an address is a text.
Value: TypeAlias = Pattern | str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Item:
    """``field|modifiers: values``. ``every`` asks for all values, else one is enough.

    ``operator`` is ``text`` for patterns, ``address`` for IP addresses and networks and ``null`` for a field without a
    value; else it is a Sigma modifier (``exists``, ``gte`` ...), or empty for numbers and booleans. A keyword item has
    no field.
    """

    field: str | None
    operator: str
    values: tuple[Value, ...]
    cased: bool = False
    every: bool = False

    @property
    def modifiers(self) -> tuple[str, ...]:
        """What follows the field in the key: ``startswith`` and its kin where every value has that shape."""
        match self.operator:
            case "text":
                shape = self.shape if self.field is not None else ""
            case "address":
                shape = "" if self._plain_addresses else "cidr"
            case "null":
                shape = ""
            case _:
                shape = self.operator
        words = {shape: bool(shape), "all": self.every, "cased": self.cased}
        return tuple(word for word, wanted in words.items() if wanted)

    @property
    def key(self) -> str:
        """The YAML key."""
        return "|".join([self.field or "", *self.modifiers])

    @property
    def written(self) -> tuple[Value, ...]:
        """The values as the key's modifiers leave them: without the stars that a modifier stands for."""
        match self.operator:
            case "text":
                cut = _CUT[self.shape if self.field is not None else ""]
                return tuple(value[cut] for value in self.values if isinstance(value, tuple))
            case "address" if not self._plain_addresses:
                return tuple(str(ip_interface(str(value)).network) for value in self.values)
            case _:
                return self.values

    @property
    def shape(self) -> str:
        """The modifier for the stars at the ends of all values, if they have the same; empty if not."""
        shapes = {shape(value) for value in self.values if isinstance(value, tuple)}
        return shapes.pop() if len(shapes) == 1 else ""

    @property
    def _plain_addresses(self) -> bool:
        """Version 6 has many spellings of one address, and a network is no text: both need ``cidr``."""
        return not any(":" in str(value) or "/" in str(value) for value in self.values)


_CUT = {"": slice(None), "startswith": slice(-1), "endswith": slice(1, None), "contains": slice(1, -1)}


def shape(value: Pattern) -> str:
    """The modifier that says the stars at a value's ends; what lies between them may hold others."""
    match value:
        case [Wild.ANY, _, *_, Wild.ANY]:
            return "contains"
        case [_, *_, Wild.ANY]:
            return "startswith"
        case [Wild.ANY, *_, _]:
            return "endswith"
        case _:
            return ""


#: All items of a map are true; one map of a selection is.
Map: TypeAlias = tuple[Item, ...]
Selection: TypeAlias = tuple[Map, ...]


@dataclass(frozen=True, slots=True)
class All:
    """All parts are true."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """One part is true."""

    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class No:
    """The part is false."""

    part: Part


#: A formula whose leaves are already Sigma's; what `layout` arranges.
Part: TypeAlias = All | Some | No | Item


@dataclass(frozen=True, slots=True)
class Detection:
    """Named selections in the order they are written, and the condition."""

    selections: tuple[tuple[str, Selection], ...]
    condition: str
