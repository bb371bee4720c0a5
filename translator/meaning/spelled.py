"""What only Sigma asks: about values as an event spells them, whatever Elasticsearch would make of them.

Types matter in two ways only. A keyword that is too long is not there, as for every other question; and an address is
compared as one where a pattern is nothing but the start of a network (``10.*``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from ipaddress import IPv6Address
from typing import Any

from translator.meaning import addresses, calendar, dates, document, keyword, letters, numbers
from translator.meaning.question import Accept, Bounds, Folding
from translator.meaning.scope import Scope
from translator.meaning.shapes import folded, shaped
from translator.meaning.texts import Reading, Texts, TextTest, one_shape, one_word, text
from translator.meaning.verdict import Test, everywhere
from translator.schema import DATES, EXACT_TEXT, FieldRef, Type
from translator.values import Pattern, Wild

#: How logs write moments, in UTC where they say nothing else.
_MOMENTS = "strict_date_optional_time||yyyy-MM-dd HH:mm:ss.SSS||yyyy-MM-dd HH:mm:ss||epoch_millis"

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_OCTETS = re.compile(rf"(?:{_OCTET}\.){{1,3}}")
_GROUPS = re.compile(r"(?:[1-9a-f][0-9a-f]{0,3}:){1,7}", re.IGNORECASE)

#: Of two texts: whether the first is the second, or has it on one side.
Comparison = Callable[[str, str], bool]


def like(scope: Scope, field: FieldRef, pattern: Pattern, folding: Folding) -> Test:
    """A value has the shape of ``pattern`` as a whole."""
    network = prefix_network(pattern) if field.type is Type.IP else None
    if network is not None:
        return scope.value(field, addresses.term(field, network))
    return scope.value(field, _shaped(pattern, folding))


def _shaped(pattern: Pattern, folding: Folding) -> Accept:
    how = Reading(folding=folding)
    if not any(isinstance(part, Wild) for part in pattern):
        return one_word(how, "".join(map(str, pattern)))
    return one_shape(how, folded(pattern, how.formed), shaped)


def prefix_network(pattern: Pattern) -> str | None:
    """The network whose addresses begin so, for the start of an address and a star; else None.

    Groups of version 6 must not be zero: an address may leave those out.
    """
    match pattern:
        case (str(start), Wild.ANY):
            pass
        case _:
            return None
    if _OCTETS.fullmatch(start):
        given = start.count(".")
        return f"{start}{'.'.join(['0'] * (4 - given))}/{8 * given}"
    if _GROUPS.fullmatch(start):
        given = start.count(":")
        return f"{IPv6Address(start + ':'.join(['0'] * (8 - given)))}/{16 * given}"
    return None


def found(scope: Scope, field: FieldRef, search: TextTest) -> Test:
    """``search`` finds something in a value."""
    if field.type in EXACT_TEXT:
        plain = replace(field, details=replace(field.details, normalizer=()))
        return scope.value(field, keyword.accepting(plain, search))
    return scope.value(field, Texts(Reading(), tests=(search,)))


def number(scope: Scope, field: FieldRef, bounds: Bounds) -> Test:
    """A value that is a number, or a text that spells one, lies inside ``bounds``."""
    return scope.value(field, numbers.range_(FieldRef(field.path, Type.DOUBLE), bounds))


def inside(scope: Scope, field: FieldRef, network: str) -> Test:
    """A value that spells an address lies in ``network``."""
    return scope.value(field, addresses.term(FieldRef(field.path, Type.IP), network))


def same(scope: Scope, field: FieldRef, other: FieldRef, comparison: Comparison, folding: Folding) -> Test:
    """A value of one field and a value of the other compare so."""
    left, right = scope.paths(field), scope.paths(other)
    form = letters.folder(folding) or (lambda said: said)

    def holds(event: Mapping[str, Any]) -> bool:
        def compares(value: Any) -> bool:
            said = text(value)
            if said is None:
                return False
            formed = form(said)

            def accept(each: Any) -> bool:
                against = text(each)
                return against is not None and comparison(formed, form(against))

            return any(document.any_value(path, accept)(event) for path in right)

        return any(document.any_value(path, compares)(event) for path in left)

    return Test(holds)


def moment(scope: Scope, field: FieldRef, part: str, wanted: int) -> Test:
    """The minute, hour, day, week, month or year of a moment in the field is ``wanted``, in UTC."""
    asked = (
        field
        if field.type in DATES
        else FieldRef(field.path, Type.DATE, details=replace(field.details, format=_MOMENTS))
    )
    read, unit = dates.reader(asked), 1 if field.type is Type.DATE_NANOS else 1_000_000

    def accept(value: Any) -> bool:
        at = read(value)
        return at is not None and _part(calendar.wall(at * unit), part) == wanted

    return scope.value(field, accept)


def _part(wall: calendar.Wall, part: str) -> int | None:
    if part != "week":
        said: int = getattr(wall, part)
        return said
    if not 1 <= wall.year <= 9999:
        return None
    return date(wall.year, wall.month, wall.day).isocalendar().week


def anywhere(pattern: Pattern, folding: Folding) -> Test:
    """Some value of the event contains what ``pattern`` says."""
    return everywhere(_shaped(_inside(pattern), folding))


def _inside(pattern: Pattern) -> Pattern:
    start = () if pattern[:1] == (Wild.ANY,) else (Wild.ANY,)
    end = () if pattern[-1:] == (Wild.ANY,) and pattern != () else (Wild.ANY,)
    return (*start, *pattern, *end) if pattern else (Wild.ANY,)


def found_anywhere(search: TextTest) -> Test:
    """``search`` finds something in some value of the event."""
    return everywhere(Texts(Reading(), tests=(search,)))
