"""constant_keyword: one value for all documents of an index, compared with simple patterns.

Even ``term`` and ``match`` read a star as a wildcard here, and nothing escapes it. As OpenSearch answers; no run of
Elastic's own type has confirmed it. Where the mapping does not say the value, each document's own is taken.
"""

from __future__ import annotations

from translator.dsl.emit import spell
from translator.meaning import keyword, letters
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given
from translator.schema import FieldRef
from translator.values import Pattern, Scalar, Wild, show


def _simple(field: FieldRef, said: str, folding: Folding) -> Accept:
    fold = letters.folder(folding)
    if fold is None:
        return keyword.accepting(field, lambda value: _matches(said, value))
    folder, same = fold, fold(said)
    return keyword.accepting(field, lambda value: _matches(same, folder(value)))


def _matches(like: str, value: str) -> bool:
    """Elasticsearch's simple match: a star in the value that meets a star of the pattern is taken for a character."""
    at = of_value = retry = 0
    star = -1
    while of_value < len(value):
        if at < len(like) and like[at] == value[of_value]:
            at += 1
            of_value += 1
        elif at < len(like) and like[at] == "*":
            star, retry = at, of_value
            at += 1
        elif star >= 0:
            retry += 1
            at, of_value = star + 1, retry
        else:
            return False
    return not like[at:].strip("*")


def exists(field: FieldRef) -> Accept:
    """Any value."""
    return keyword.exists(field)


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """The whole value, with stars as wildcards."""
    return _simple(field, keyword.asked(given(value, field)), folding)


def match(field: FieldRef, value: Scalar) -> Accept:
    """As `term`."""
    return term(field, value)


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """By code point."""
    return keyword.range_(field, bounds)


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """The escapes that Kibana writes are characters like any other."""
    return _simple(field, spell(like), folding)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """In a ``query_string`` a star may only stand at the end."""
    if len(like) == 2 and isinstance(like[0], str) and like[1] is Wild.ANY:
        return keyword.wildcard(field, like)
    raise Refused(
        f"Elasticsearch takes no star but a last one for {field.path}, a constant_keyword (`{show(like)}`).",
        "write the value, or its start and a star",
    )


KIND = Kind(exists=exists, term=term, match=match, phrase=match, range=range_, wildcard=wildcard, piece=piece)
