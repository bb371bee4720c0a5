"""Keywords: values compared as whole texts."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from translator.meaning import letters
from translator.meaning.document import JsonNumber, any_accepts
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given, never
from translator.meaning.shapes import TextTest, folded, shaped
from translator.schema import FieldRef
from translator.values import Pattern, Scalar, Wild

#: Elasticsearch refuses a document with a longer value, in bytes, unless ``ignore_above`` drops it first.
_LONGEST = 32766

_FILTERS: dict[str, Callable[[str], str]] = {"lowercase": letters.lower, "uppercase": letters.upper}


def text(value: Any) -> str | None:
    """What a keyword field holds for a raw value: texts as they are, numbers and booleans as JSON spells them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, JsonNumber):
        return value.token
    if isinstance(value, int):
        # Python spells no integer of many thousand digits.
        return str(value) if value.bit_length() < 10_000 else str(Decimal(value))
    if isinstance(value, float):
        return repr(float(value)) if math.isfinite(value) else None
    return None


def stored(value: str) -> str:
    """A text as Lucene holds it: a lone surrogate has no UTF-8 and becomes a question mark."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def asked(value: str | int | float | bool) -> str:
    """A query's value as a keyword compares it."""
    return stored(text(value) or "")


def normalizer(field: FieldRef) -> Callable[[str], str] | None:
    """What the field does to texts before it compares them, or None."""
    steps = [_FILTERS[name] for name in field.details.normalizer if name in _FILTERS]
    if not steps:
        return None
    if len(steps) == 1:
        return steps[0]

    def normalized(value: str) -> str:
        for step in steps:
            value = step(value)
        return value

    return normalized


def fits(field: FieldRef) -> TextTest | None:
    """Whether a text is short enough to be indexed: ``ignore_above`` counts UTF-16 units. None: all are."""
    limit = field.ignore_above
    if limit is None:
        return None
    most = limit

    def short(value: str) -> bool:
        length = len(value)
        return length <= most and (2 * length <= most or value.isascii()
                                   or length + sum(char > "\uffff" for char in value) <= most)

    return short


def accepting(field: FieldRef, test: TextTest, *, surrogates: bool = False) -> Accept:
    """Accepts the raw values whose indexed text passes ``test``; ``surrogates`` says that lone ones matter."""
    if (normal := normalizer(field)) is not None:
        of_normal, normalize = test, normal
        test = lambda value: of_normal(normalize(value))  # noqa: E731 - wrapped step by step
    if surrogates:
        of_stored = test
        test = lambda value: of_stored(stored(value))  # noqa: E731
    if (short := fits(field)) is not None:
        of_any, is_short = test, short
        test = lambda value: is_short(value) and of_any(value)  # noqa: E731
    null = field.details.null_value
    instead = None if null is None else text(null)
    checked = test

    def accept(value: Any) -> bool:
        if type(value) is str:
            return checked(value)
        spelled = instead if value is None else text(value)
        return spelled is not None and checked(spelled)

    return accept


def exists(field: FieldRef) -> Accept:
    """Any indexed text, the empty one too."""
    return accepting(field, lambda _: True)


def equals(field: FieldRef, value: str, folding: Folding = Folding.NONE) -> Accept:
    """The whole text, after the field's normalizer."""
    fold = letters.folder(folding)
    normal = normalizer(field)
    wanted = normal(value) if normal else value
    if fold is None:
        return accepting(field, lambda each: each == wanted, surrogates="?" in wanted)
    folder, same = fold, fold(wanted)
    return accepting(field, lambda each: folder(each) == same, surrogates="?" in wanted)


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """Elasticsearch's ``term``."""
    return equals(field, asked(given(value, field)), folding)


def match(field: FieldRef, value: Scalar) -> Accept:
    """``match`` is equality: blanks split nothing, unless the mapping says so."""
    said = asked(given(value, field))
    if field.details.split_queries_on_whitespace:
        words = said.split()
        return any_accepts([equals(field, word) for word in words]) if words else never
    return equals(field, said)


def phrase(field: FieldRef, value: Scalar) -> Accept:
    """``match_phrase`` is equality too."""
    said = asked(given(value, field))
    if field.details.split_queries_on_whitespace and len(said.split()) != 1:
        if said.split():
            raise Refused(f"{field.path} splits queries at blanks and has no positions, so it takes no phrase.",
                          "ask for the words one by one")
        return never
    return equals(field, said)


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """By code point, which is the order of UTF-8."""
    return accepting(field, between(bounds, lambda value: _bound(field, value)), surrogates=True)


def _bound(field: FieldRef, value: str | int | float | bool) -> str:
    normal = normalizer(field)
    said = asked(value)
    return normal(said) if normal else said


def between(bounds: Bounds, read: Callable[[str | int | float | bool], str]) -> TextTest:
    """The texts inside ``bounds``."""
    tests: list[TextTest] = []
    for value, make in ((bounds.gt, _above), (bounds.gte, _from), (bounds.lt, _below), (bounds.lte, _to)):
        if value is not None:
            tests.append(make(read(value)))
    return any_of_none(tests)


def any_of_none(tests: list[TextTest]) -> TextTest:
    """Passes what all of ``tests`` pass."""
    match tests:
        case []:
            return lambda _: True
        case [only]:
            return only
        case _:
            return lambda value: all(test(value) for test in tests)


def _above(bound: str) -> TextTest:
    return lambda value: value > bound


def _from(bound: str) -> TextTest:
    return lambda value: value >= bound


def _below(bound: str) -> TextTest:
    return lambda value: value < bound


def _to(bound: str) -> TextTest:
    return lambda value: value <= bound


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """The whole text has the shape; the field's normalizer changes the literal parts too."""
    normal = normalizer(field)
    wanted = folded(like, normal) if normal else like
    literal = any("?" in part for part in wanted if not isinstance(part, Wild))
    return accepting(field, shaped(wanted, letters.folder(folding)), surrogates=literal)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """A pattern of a ``query_string``."""
    return wildcard(field, like)


KIND = Kind(exists=exists, term=term, match=match, phrase=phrase, range=range_, wildcard=wildcard, piece=piece)
