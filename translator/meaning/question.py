"""The questions of Elasticsearch, and what a field type must answer.

A field type is one `Kind`: a function per question. Each decides all that does not depend on the document and
returns what accepts one raw value of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from translator.schema import FieldRef
from translator.values import Pattern, Scalar

#: One raw JSON value of a document (never a list) -> whether it satisfies the question.
Accept: TypeAlias = Callable[[Any], bool]


class Refused(Exception):
    """Elasticsearch answers the question with an error."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Folding(Enum):
    """Which letters of different case are the same."""

    NONE = "none"
    #: Elasticsearch's ``case_insensitive``: ASCII letters only.
    ASCII = "ascii"
    #: Sigma: Unicode simple case folding, code point by code point.
    SIGMA = "sigma"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The body of a ``range`` query; a bound that is None is open."""

    gt: Scalar = None
    gte: Scalar = None
    lt: Scalar = None
    lte: Scalar = None
    time_zone: str | None = None

    @property
    def closed(self) -> bool:
        """Whether there is a bound at all."""
        return any(bound is not None for bound in (self.gt, self.gte, self.lt, self.lte))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """How a field type answers. Every function raises Refused where Elasticsearch answers with an error."""

    exists: Callable[[FieldRef], Accept]
    term: Callable[[FieldRef, Scalar, Folding], Accept]
    match: Callable[[FieldRef, Scalar], Accept]
    phrase: Callable[[FieldRef, Scalar], Accept]
    range: Callable[[FieldRef, Bounds], Accept]
    #: The ``wildcard`` query.
    wildcard: Callable[[FieldRef, Pattern, Folding], Accept]
    #: A word with a star in a ``query_string``.
    piece: Callable[[FieldRef, Pattern], Accept]


def never(_: Any) -> bool:
    """Accepts no value."""
    return False


def given(value: Scalar, field: FieldRef) -> str | int | float | bool:
    """``value`` unless it is null, which Elasticsearch takes nowhere but in a range."""
    if value is None:
        raise Refused(
            f"Elasticsearch takes no null as a value of {field.path}.",
            f"write `not {field.path}:*` for events without a value",
        )
    return value
