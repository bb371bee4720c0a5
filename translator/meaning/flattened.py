"""Flattened objects: every value inside is a keyword, found under the object's name and under its own key.

Elasticsearch keeps each value of a flattened field twice: alone, and as ``key NUL value``. A pattern on a key that is
no plain prefix is compared with the second form of *all* values, so ``f.a:*x`` finds an ``x`` under every key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from translator.meaning import document, keyword, letters
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given, never
from translator.meaning.shapes import shaped
from translator.meaning.texts import short, split_at_blanks, stored, text
from translator.schema import FieldRef, Type
from translator.values import Pattern, Scalar, Wild, show


def is_key(field: FieldRef) -> bool:
    """Whether the field is a key inside a flattened one."""
    return field.type is Type.FLATTENED and field.details.key_of is not None


def root(field: FieldRef) -> FieldRef:
    """The flattened field that holds the key."""
    path = field.details.key_of
    return field if path is None else replace(field, path=path, details=replace(field.details, key_of=None, reads=()))


def values(path: str) -> Callable[[Mapping[str, Any]], Iterator[tuple[str, Any]]]:
    """Every value inside the flattened object at ``path``, with its dotted key."""
    find = document.objects(path)
    return lambda event: (pair for each in find(event) for pair in document.leaves(each))


def keyed(field: FieldRef, path: str, test: Callable[[str], bool]) -> Callable[[Mapping[str, Any]], bool]:
    """Whether the form ``key NUL value`` of some value of the flattened object at ``path`` passes ``test``."""
    find = values(path)
    null = field.details.null_value
    fits = None if field.ignore_above is None else short(field.ignore_above)

    def look(event: Mapping[str, Any]) -> bool:
        for key, value in find(event):
            said = text(null if value is None else value)
            if said is not None and (fits is None or fits(said)) and test(f"{key}\0{stored(said)}"):
                return True
        return False

    return look


def key_pattern(like: Pattern) -> Callable[[str], bool] | None:
    """The test of ``key NUL value`` for a pattern that is no prefix; None for a prefix."""
    if len(like) == 2 and isinstance(like[0], str) and like[1] is Wild.ANY:
        return None
    return shaped(like)


def folded_key(field: FieldRef, value: Scalar) -> Callable[[str], bool]:
    """The test of ``key NUL value`` for a term without case: the key loses its case too."""
    key = field.path.removeprefix(f"{field.details.key_of}.")
    wanted = letters.fold_ascii(f"{key}\0{keyword.asked('' if value is None else value)}")
    return lambda said: letters.fold_ascii(said) == wanted


def _inside(field: FieldRef, accept: Accept) -> Accept:
    """For the object itself: accepts what holds an accepted value. A key's value is never an object."""
    if is_key(field):
        return accept
    nulls = field.details.null_value is not None
    ready = document.prepared(accept)

    def accepted(value: Any) -> bool:
        if isinstance(value, Mapping):
            return any(ready(each) for _, each in document.leaves(value) if nulls or each is not None)
        return ready(value)

    return accepted


def exists(field: FieldRef) -> Accept:
    """Any value inside; of a key, a value that is no object."""
    return _inside(field, keyword.exists(field))


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """Exact text, numbers and booleans as JSON spells them."""
    return _inside(field, keyword.term(field, value, folding))


def match(field: FieldRef, value: Scalar) -> Accept:
    """Exact text."""
    return _inside(field, keyword.match(field, value))


def phrase(field: FieldRef, value: Scalar) -> Accept:
    """Exact text; a field that splits queries at blanks has no positions to find several words by."""
    if field.details.split_queries_on_whitespace:
        words = split_at_blanks(keyword.asked(given(value, field)))
        if len(words) > 1:
            raise Refused(
                f"{field.path} splits queries at blanks and has no positions, so it takes no phrase.",
                "ask for the words one by one",
            )
        return _inside(field, keyword.equals(field, words[0])) if words else never
    return _inside(field, keyword.phrase(field, value))


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """By code point; of a key only with both bounds."""
    below = bounds.lt is None and bounds.lte is None
    above = bounds.gt is None and bounds.gte is None
    if is_key(field) and (below or above):
        raise Refused(
            f"Elasticsearch takes no one-sided comparison on {field.path}, a key of a flattened field.",
            f"write the values that you mean, or `{field.path}:*`",
        )
    return _inside(field, keyword.range_(field, bounds))


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """The ``wildcard`` query: on the object only."""
    if is_key(field):
        raise Refused(
            f"Elasticsearch takes no wildcard query on the flattened key {field.path} (`{show(like)}`).",
            "write a plain value or a prefix such as `x*`",
        )
    return _inside(field, keyword.wildcard(field, like, folding))


def piece(field: FieldRef, like: Pattern) -> Accept:
    """The shape of the whole value. Of a key, right for prefixes only (see `key_pattern`)."""
    return _inside(field, keyword.wildcard(field, like))


KIND = Kind(exists=exists, term=term, match=match, phrase=phrase, range=range_, wildcard=wildcard, piece=piece)
