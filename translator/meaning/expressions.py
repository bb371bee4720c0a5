"""The ``regexp`` query: on keywords the whole value, on texts each word."""

from __future__ import annotations

from collections.abc import Callable

from translator.meaning import keyword, words
from translator.meaning.question import Accept, Folding, Refused, never
from translator.meaning.texts import TextTest
from translator.schema import ANALYSED_TEXT, EXACT_TEXT, FieldRef, Type

#: Types of which nothing is indexed, so that nothing is found.
_NOTHING = (Type.OBJECT, Type.NESTED, Type.UNMAPPED)


def accept(field: FieldRef, said: str, read: Callable[[str], TextTest], folding: Folding = Folding.NONE) -> Accept:
    """What accepts a value. A keyword's normalizer changes the letters of the expression, too."""
    if field.details.runtime and folding is not Folding.NONE:
        raise Refused(
            f"Elasticsearch 8 takes no case_insensitive regexp for {field.path}, a runtime field.",
            "write each letter in both its cases: `[aA]`",
        )
    if field.type in _NOTHING:
        read(said)
        return never
    if field.type in ANALYSED_TEXT and field.details.searchable:
        return words.some_word(field, read(said))
    whole = field.type in EXACT_TEXT or (field.type is Type.FLATTENED and field.details.key_of is None)
    if whole and field.details.searchable:
        return keyword.accepting(field, read(keyword.reading(field).formed(said)), surrogates=True)
    raise Refused(
        f"Elasticsearch takes no regular expression for {field.path} of type {field.type}.",
        "ask a field of type keyword, wildcard or text",
    )
