"""What was meant: typed, decoded, resolved against a schema.

A leaf is the question that Kibana would put to Elasticsearch, on a typed field; `And`, `Or` and `Not` keep the
grouping that was written. So Kibana's Query DSL is one small ``match`` over these nodes, and a rule that came
from Sigma takes the same road. What only Sigma asks has leaves of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias, assert_never

from translator.schema import Field, FieldRef
from translator.source import NOWHERE, Span
from translator.values import Pattern, Scalar


class RangeOp(Enum):
    """The four comparisons; the value is KQL's spelling."""

    LT = "<"
    LTE = "<="
    GT = ">"
    GTE = ">="

    @property
    def word(self) -> str:
        """The name in Query DSL and in Sigma."""
        return self.name.lower()

    def __repr__(self) -> str:
        return f"RangeOp.{self.name}"


@dataclass(frozen=True, slots=True)
class Node:
    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class And(Node):
    """All of ``items`` are true. No item: true."""

    items: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Or(Node):
    """One of ``items`` is true. No item: false."""

    items: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Not(Node):
    """The exact complement: also true where the field is missing."""

    item: Formula


@dataclass(frozen=True, slots=True)
class Everything(Node):
    """Every event."""


@dataclass(frozen=True, slots=True)
class Exists(Node):
    """The field has an indexed value; null and empty lists are none."""

    field: Field


@dataclass(frozen=True, slots=True)
class Equals(Node):
    """A value of the field is ``value`` as a whole. On a date, a moment within what ``value`` names.

    ``cased`` False folds letter case as Sigma does.
    """

    field: Field
    value: Scalar
    cased: bool = True


@dataclass(frozen=True, slots=True)
class Words(Node):
    """The field matches ``value`` as Elasticsearch's ``match`` does: on text one of its words, else by type."""

    field: Field
    value: Scalar


@dataclass(frozen=True, slots=True)
class Phrase(Node):
    """The field matches ``value`` as ``match_phrase`` does: on text its words in a row, else by type."""

    field: Field
    value: Scalar


@dataclass(frozen=True, slots=True)
class Matches(Node):
    """A value of the field has the shape of ``pattern`` as a whole; on text, one of its words has."""

    field: Field
    pattern: Pattern
    cased: bool = True


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """The field has a value on the right side of ``value``; ``also`` is a second bound that the same value keeps."""

    field: Field
    op: RangeOp
    value: Scalar
    also: tuple[RangeOp, Scalar] | None = None


@dataclass(frozen=True, slots=True)
class Search(Node):
    """Some field of the event matches ``value``; ``phrase`` asks for its words in a row."""

    value: Scalar
    phrase: bool


@dataclass(frozen=True, slots=True)
class SearchPattern(Node):
    """Some field of the event has a value of the shape of ``pattern``."""

    pattern: Pattern


@dataclass(frozen=True, slots=True)
class Within(Node):
    """Some one object under ``path`` satisfies ``body`` on its own. Elasticsearch refuses the path None."""

    path: str | None
    body: Formula


@dataclass(frozen=True, slots=True)
class AnyField(Node):
    """A field pattern's question, put to each field that it names."""

    items: tuple[Formula, ...]


class Side(Enum):
    """Which part of a value another one must be; the value is Sigma's modifier."""

    WHOLE = ""
    START = "startswith"
    END = "endswith"
    INSIDE = "contains"


class DateUnit(Enum):
    """What of a moment is compared; the value is Sigma's modifier. Weeks are those of ISO 8601."""

    MINUTE = "minute"
    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Like(Node):
    """A value of the field has the shape of ``pattern`` as a whole, spelled as the event spells it.

    Sigma's comparison where the field's type is no exact text, so that Elasticsearch compares otherwise.
    """

    field: FieldRef
    pattern: Pattern
    cased: bool = False


@dataclass(frozen=True, slots=True)
class Regex(Node):
    """The regular expression is found in a value of the field; ``flags`` are some of i, m and s."""

    field: FieldRef
    expression: str
    flags: str = ""


@dataclass(frozen=True, slots=True)
class Numeric(Node):
    """A value of the field, read as a number, is on the right side of ``number``, whatever the field's type."""

    field: FieldRef
    op: RangeOp
    number: int | float


@dataclass(frozen=True, slots=True)
class InNetwork(Node):
    """A value of the field, read as an IP address, lies in ``network``, whatever the field's type."""

    field: FieldRef
    network: str


@dataclass(frozen=True, slots=True)
class SameAs(Node):
    """A value of ``field`` is a value of ``other``, or has one as its ``side``. False where one of them is missing."""

    field: FieldRef
    other: FieldRef
    side: Side = Side.WHOLE
    cased: bool = False


@dataclass(frozen=True, slots=True)
class DatePart(Node):
    """The ``unit`` of a moment in the field is ``number``, in UTC."""

    field: FieldRef
    unit: DateUnit
    number: int


@dataclass(frozen=True, slots=True)
class Anywhere(Node):
    """Some value of the event, in whatever field, contains what ``pattern`` says; numbers by their text."""

    pattern: Pattern
    cased: bool = False


@dataclass(frozen=True, slots=True)
class AnywhereRegex(Node):
    """The regular expression is found in some value of the event, in whatever field."""

    expression: str
    flags: str = ""


#: What Kibana asks of a field.
Leaf: TypeAlias = Exists | Equals | Words | Phrase | Matches | Compare
#: What only Sigma asks of a field: about the value as the event spells it.
SigmaLeaf: TypeAlias = Like | Regex | Numeric | InNetwork | SameAs | DatePart
Keyword: TypeAlias = Anywhere | AnywhereRegex
Formula: TypeAlias = (
    And | Or | Not | Everything | Leaf | SigmaLeaf | Keyword | Search | SearchPattern | Within | AnyField
)


def children(formula: Formula) -> tuple[Formula, ...]:
    """The formulas directly inside ``formula``, in order."""
    match formula:
        case And(items) | Or(items) | AnyField(items):
            return items
        case Not(item) | Within(_, item):
            return (item,)
        case Everything() | Search() | SearchPattern():
            return ()
        case Exists() | Equals() | Words() | Phrase() | Matches() | Compare():
            return ()
        case Like() | Regex() | Numeric() | InNetwork() | SameAs() | DatePart() | Anywhere() | AnywhereRegex():
            return ()
        case _:
            assert_never(formula)


def walk(formula: Formula) -> Iterator[Formula]:
    """``formula`` and everything inside it, outermost first, in the order written."""
    pending = [formula]
    while pending:
        here = pending.pop()
        yield here
        pending.extend(reversed(children(here)))


def polar(formula: Formula, negated: bool = False) -> Iterator[tuple[Formula, bool]]:
    """Like `walk`, and whether each part stands under an odd number of `Not`."""
    pending = [(formula, negated)]
    while pending:
        here, flipped = pending.pop()
        yield here, flipped
        inside = flipped ^ isinstance(here, Not)
        pending.extend((child, inside) for child in reversed(children(here)))
