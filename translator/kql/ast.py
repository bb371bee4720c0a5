"""What was written: KQL's nodes with quoting and value lists kept, and the span of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from translator.logic import RangeOp
from translator.source import NOWHERE, Span
from translator.values import Pattern


@dataclass(frozen=True, slots=True)
class Node:
    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A text; unquoted ``null``, ``true`` and ``false`` are JSON's. There are no numbers in KQL."""

    value: str | bool | None
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Wildcard(Node):
    """An unquoted text with at least one star."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class AnyOf(Node):
    """``x or y`` inside the parentheses after ``field:``."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class AllOf(Node):
    """``x and y`` inside the parentheses after ``field:``."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class NoneOf(Node):
    """``not x`` inside the parentheses after ``field:``."""

    item: Value


@dataclass(frozen=True, slots=True)
class And(Node):
    items: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    items: tuple[Query, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    item: Query


@dataclass(frozen=True, slots=True)
class Is(Node):
    """``field:value``, or ``field:(list)``."""

    field: Name
    value: Value


@dataclass(frozen=True, slots=True)
class Free(Node):
    """A value without a field."""

    value: Name


@dataclass(frozen=True, slots=True)
class Range(Node):
    """``field >= value``."""

    field: Name
    op: RangeOp
    value: Name


@dataclass(frozen=True, slots=True)
class Nested(Node):
    """``path:{ query }``: one object under the path satisfies the query."""

    path: Name
    body: Query


Name: TypeAlias = Literal | Wildcard
Value: TypeAlias = Name | AnyOf | AllOf | NoneOf
Query: TypeAlias = And | Or | Not | Is | Free | Range | Nested
