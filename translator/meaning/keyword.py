"""Keywords: values compared as whole texts."""

from __future__ import annotations

from collections.abc import Callable

from translator.meaning.document import any_accepts
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given, never
from translator.meaning.shapes import folded, shaped
from translator.meaning.texts import (
    Reading,
    Texts,
    TextTest,
    all_tests,
    one_shape,
    one_word,
    sent,
    spelled,
    split_at_blanks,
    text,
)
from translator.schema import FieldRef
from translator.values import Pattern, Scalar, Wild

#: Lucene's longest term, in bytes.
_LONGEST = 32_766


def asked(value: str | int | float | bool) -> str:
    """A query's value as a keyword compares it. Lucene takes none that is longer than it could index."""
    said = sent(spelled(value))
    if len(said) > _LONGEST // 4 and len(said.encode()) > _LONGEST:
        raise Refused(f"Elasticsearch takes no value of more than {_LONGEST} bytes.", "ask for the start of it: `x*`")
    return said


def reading(field: FieldRef, folding: Folding = Folding.NONE, *, surrogates: bool = False) -> Reading:
    """How the field makes texts of raw values."""
    details = field.details
    null = None if details.null_value is None else text(details.null_value)
    return Reading(null, field.ignore_above, details.normalizer, folding, surrogates)


def accepting(field: FieldRef, test: TextTest, *, surrogates: bool = False) -> Accept:
    """Accepts the raw values whose indexed text passes ``test``; ``surrogates`` says that lone ones matter."""
    return Texts(reading(field, surrogates=surrogates), tests=(test,))


def exists(field: FieldRef) -> Accept:
    """Any indexed text, the empty one too."""
    return accepting(field, lambda _: True)


def equals(field: FieldRef, value: str, folding: Folding = Folding.NONE) -> Accept:
    """The whole text, after the field's normalizer."""
    return one_word(reading(field, folding, surrogates="?" in value), value)


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """Elasticsearch's ``term``."""
    return equals(field, asked(given(value, field)), folding)


def _matched(field: FieldRef, value: Scalar) -> str:
    """What ``match`` compares; a normalizer takes it at any length."""
    said = given(value, field)
    return sent(spelled(said)) if field.details.normalizer else asked(said)


def match(field: FieldRef, value: Scalar) -> Accept:
    """``match`` is equality: blanks split nothing, unless the mapping says so and there is no normalizer."""
    said = _matched(field, value)
    if field.details.split_queries_on_whitespace and not field.details.normalizer:
        words = split_at_blanks(said)
        return any_accepts([equals(field, word) for word in words]) if words else never
    return equals(field, said)


def phrase(field: FieldRef, value: Scalar) -> Accept:
    """``match_phrase`` is equality, wherever ``match`` splits."""
    return equals(field, asked(given(value, field)))


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """By code point, which is the order of UTF-8."""
    how = reading(field, surrogates=True)
    return Texts(how, tests=(between(bounds, lambda value: how.formed(asked(value))),))


def between(bounds: Bounds, read: Callable[[str | int | float | bool], str]) -> TextTest:
    """The texts inside ``bounds``."""
    tests: list[TextTest] = []
    for value, make in ((bounds.gt, _above), (bounds.gte, _from), (bounds.lt, _below), (bounds.lte, _to)):
        if value is not None:
            tests.append(make(read(value)))
    return all_tests(tests)


def _above(bound: str) -> TextTest:
    return lambda value: value > bound


def _from(bound: str) -> TextTest:
    return lambda value: value >= bound


def _below(bound: str) -> TextTest:
    return lambda value: value < bound


def _to(bound: str) -> TextTest:
    return lambda value: value <= bound


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """The whole text has the shape, literal parts after the field's normalizer. An empty one finds nothing."""
    if not like:
        return never
    how = reading(field, folding, surrogates=any("?" in part for part in like if not isinstance(part, Wild)))
    return one_shape(how, folded(like, lambda part: how.formed(sent(part))), shaped)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """A pattern of a ``query_string``."""
    return wildcard(field, like)


KIND = Kind(exists=exists, term=term, match=match, phrase=phrase, range=range_, wildcard=wildcard, piece=piece)
