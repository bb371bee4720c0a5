"""What Kibana says it expected where a text stops being KQL.

Kibana's parser tries its rules in order and remembers what failed at the farthest place. Two habits of it show:
`and` and `or` own their blanks, so they are not expected behind blanks that another rule has passed; and a place that
was already tried for a blank while looking ahead for a keyword is not counted as waiting for white space.
"""

from __future__ import annotations

import re
from collections.abc import Set
from dataclasses import dataclass
from enum import Enum, auto


class Around(Enum):
    """What holds the place: the query, a block in braces or parentheses, or a value list."""

    QUERY = auto()
    LIST = auto()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a parse ended: the names of the last token (or None) and of those that could follow."""

    last: str | None
    accepted: Set[str]
    around: Around
    #: Where the last token ends, in the text that was read.
    end: int


_CLOSING = {"CLOSE": '")"', "SHUT": '"}"', "$END": "end of input"}
_FIELD_OPERATORS = ('":"', '"<"', '"<="', '">"', '">="')
_JOINING = ("AND", "OR")

#: A keyword that looking ahead would have tried just before the place, and then looked for its blank.
_LOOKED_AHEAD = re.compile(r"(?:[ \t\r\n\u00a0](?:or|and)|(?<!\\)not)\Z", re.IGNORECASE)


def expected(text: str, at: int, place: Place) -> list[str]:
    """Kibana's list for a failure at offset ``at`` of ``text``, sorted and unique."""
    return sorted(_expected(text, at, place), key=lambda word: word.encode("utf-16-be"))


def _expected(text: str, at: int, place: Place) -> set[str]:
    closing = {word for token, word in _CLOSING.items() if token in place.accepted}
    passed_blanks = place.end < at
    joining = set() if passed_blanks else {word for word in _JOINING if word in place.accepted}
    if "COLON" in place.accepted:
        white = {"whitespace"} if place.last == "QUOTED" or _blank_untried(text, at) else set()
        return {*_FIELD_OPERATORS, *closing, *joining, *white}
    if "UNQUOTED" not in place.accepted:
        return closing | joining
    match place.last:
        case "RANGE":
            return {"literal", "whitespace"}
        case "COLON":
            return {'"("', '"{"', "value", "whitespace"}
        case "NOT":
            return {'"("', *_names(place)}
        case "AND" | "OR":
            return {'"("', "NOT", *_names(place)}
        case _:
            return {'"("', "NOT", "whitespace", *closing, *_names(place)}


def _names(place: Place) -> set[str]:
    return {"value"} if place.around is Around.LIST else {"field name", "value"}


def _blank_untried(text: str, at: int) -> bool:
    """Whether no look-ahead of an unquoted literal has tried ``at`` for a blank."""
    if at == len(text) or text[at] not in '\\():<>"*{}':
        return False
    return _LOOKED_AHEAD.search(text, 0, at) is None
