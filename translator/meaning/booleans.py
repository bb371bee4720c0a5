"""Booleans: JSON's, and the lower-case words."""

from __future__ import annotations

from typing import Any

from translator.meaning.numbers import no_shape
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given
from translator.schema import FieldRef
from translator.values import Pattern, Scalar

_DOCUMENT: dict[str, bool] = {"true": True, "false": False, "": False}


def _read(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    return _DOCUMENT.get(value) if isinstance(value, str) else None


def _accepting(field: FieldRef, wanted: frozenset[bool]) -> Accept:
    null = _read(field.details.null_value)

    def accept(value: Any) -> bool:
        truth = null if value is None else _read(value)
        return truth is not None and truth in wanted

    return accept


def _asked(field: FieldRef, value: Scalar) -> bool:
    said = given(value, field)
    if (said in (True, "true") and not isinstance(said, (int, float))) or said is True:
        return True
    if said is False or said == "false":
        return False
    raise Refused(
        f'Elasticsearch refuses "{said}" for {field.path}: it is of type boolean.', "write true or false, in lower case"
    )


def exists(field: FieldRef) -> Accept:
    """Any boolean, false too."""
    return _accepting(field, frozenset({True, False}))


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """Equality."""
    return _accepting(field, frozenset({_asked(field, value)}))


def match(field: FieldRef, value: Scalar) -> Accept:
    """Equality."""
    return term(field, value)


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """False is less than true."""
    wanted = {True, False}
    for value, keeps in (
        (bounds.gt, bool.__gt__),
        (bounds.gte, bool.__ge__),
        (bounds.lt, bool.__lt__),
        (bounds.lte, bool.__le__),
    ):
        if value is not None:
            bound = _asked(field, value)
            wanted = {truth for truth in wanted if keeps(truth, bound)}
    return _accepting(field, frozenset(wanted))


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """Refused: a boolean has no shape."""
    raise no_shape(field, like)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """Refused: a boolean has no shape."""
    raise no_shape(field, like)


KIND = Kind(exists=exists, term=term, match=match, phrase=match, range=range_, wildcard=wildcard, piece=piece)
