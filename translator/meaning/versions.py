"""Software versions, in the order of Semantic Versioning; texts that are none come after all that are.

Built from Elastic's documentation: no run of an engine has confirmed it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from translator.meaning import keyword
from translator.meaning.question import Accept, Bounds, Folding, Kind, given
from translator.schema import FieldRef
from translator.values import Pattern, Scalar

_VERSION = re.compile(r"([0-9]+(?:\.[0-9]+)*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z.-]+)?")

_Part: TypeAlias = tuple[int, int, str]
Order: TypeAlias = tuple[int, tuple[_Part, ...], int, tuple[_Part, ...], str]


def order(said: str) -> Order:
    """Where a version stands among others: numbers by value, a pre-release before its release."""
    found = _VERSION.fullmatch(said)
    if found is None:
        return (1, (), 0, (), said)
    main = tuple(_part(each) for each in found[1].split("."))
    early = tuple(_part(each) for each in found[2].split(".")) if found[2] else ()
    return (0, main, 0 if early else 1, early, said)


def _part(said: str) -> _Part:
    """Numbers come before words; Python reads no number of many thousand digits."""
    if said.isdigit() and said.isascii():
        bare = said.lstrip("0")
        return (0, len(bare), bare)
    return (1, 0, said)


def _accepting(field: FieldRef, test: Callable[[Any], bool]) -> Accept:
    return keyword.accepting(field, lambda said: test(order(said)))


def exists(field: FieldRef) -> Accept:
    """Any text."""
    return keyword.exists(field)


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """The same text."""
    return keyword.equals(field, keyword.asked(given(value, field)), folding)


def match(field: FieldRef, value: Scalar) -> Accept:
    """The same text."""
    return term(field, value)


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """By version."""
    limits = [
        (make, order(keyword.asked(value)))
        for value, make in (
            (bounds.gt, tuple.__gt__),
            (bounds.gte, tuple.__ge__),
            (bounds.lt, tuple.__lt__),
            (bounds.lte, tuple.__le__),
        )
        if value is not None
    ]
    return _accepting(field, lambda each: all(holds(each, limit) for holds, limit in limits))


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """The shape of the text."""
    return keyword.wildcard(field, like, folding)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """The shape of the text."""
    return keyword.wildcard(field, like)


KIND = Kind(exists=exists, term=term, match=match, phrase=match, range=range_, wildcard=wildcard, piece=piece)
