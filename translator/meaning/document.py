"""Where the values of a field stand in a document.

``{"a": {"b": 1}}``, ``{"a.b": 1}`` and mixes are one field; lists at any depth are looked into. All that depends
on the name alone is decided once: what runs per event are a few dictionary look-ups.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from translator.meaning.question import Accept

#: Longer names are looked up slowly: the spellings of a name double with each of its parts.
_MOST_PARTS = 12

Look = Callable[[Mapping[str, Any]], bool]


class JsonNumber(float):
    """A JSON number that remembers how it was written; a keyword holds exactly that."""

    __slots__ = ("token",)
    token: str

    def __new__(cls, token: str) -> JsonNumber:
        number = super().__new__(cls, token)
        number.token = token
        return number

    def __reduce__(self) -> tuple[type[JsonNumber], tuple[str]]:
        return JsonNumber, (self.token,)


def _integer(token: str) -> int | JsonNumber:
    # ``-0`` is another text than ``0``, and Python reads no integer of many thousand digits.
    return JsonNumber(token) if token == "-0" or len(token) > 4000 else int(token)


def read_json(text: str | bytes | bytearray) -> dict[str, Any]:
    """An event from its JSON text. Raises ValueError where the text is no JSON object."""
    event = json.loads(text, parse_float=JsonNumber, parse_int=_integer)
    if not isinstance(event, dict):
        raise ValueError("an event is a JSON object")
    return event


def flat(value: Any) -> Iterator[Any]:
    """The values in ``value`` that are no lists, lists in lists opened."""
    pending = [value]
    while pending:
        here = pending.pop()
        if isinstance(here, (list, tuple)):
            pending.extend(reversed(here))
        else:
            yield here


def any_accepts(accepts: Iterable[Accept]) -> Accept:
    """Accepts what one of ``accepts`` does."""
    match tuple(accepts):
        case (only,):
            return only
        case (first, second):
            return lambda value: first(value) or second(value)
        case (first, second, third):
            return lambda value: first(value) or second(value) or third(value)
        case several:
            return lambda value: any(accept(value) for accept in several)


def any_value(path: str, accept: Accept, *, nulls: bool = False) -> Look:
    """Whether some value at ``path`` is accepted; with ``nulls`` JSON's null is a value too."""
    parts = path.split(".")
    if len(parts) > _MOST_PARTS:
        return _slowly(path, accept, nulls=nulls)
    return _in_object(parts, _at_leaf(accept, nulls=nulls), nulls=nulls)


def _at_leaf(accept: Accept, *, nulls: bool) -> Accept:
    def accepted(value: Any) -> bool:
        if isinstance(value, (list, tuple)):
            return any(accept(each) for each in flat(value) if nulls or each is not None)
        return accept(value)

    return accepted


def _at_object(look: Look) -> Accept:
    def accepted(value: Any) -> bool:
        if type(value) is dict:
            return look(value)
        if isinstance(value, (list, tuple)):
            return any(look(each) for each in flat(value) if isinstance(each, Mapping))
        return isinstance(value, Mapping) and look(value)

    return accepted


def _in_object(parts: Sequence[str], leaf: Accept, *, nulls: bool) -> Look:
    """Looks for the rest of a name in an object: under its first part, its first two parts, and so on."""
    rests = [_at_object(_in_object(parts[at:], leaf, nulls=nulls)) for at in range(1, len(parts))]
    ways = [(".".join(parts[:at]), rest) for at, rest in enumerate([*rests, leaf], 1)]
    if nulls:
        return lambda event: any(key in event and way(event[key]) for key, way in ways)
    match ways:
        case ((key, way),):
            return _one_way(key, way)
        case ((key, way), (longer, other)):
            return _two_ways(key, way, longer, other)
        case _:
            return _ways(ways)


def _one_way(key: str, way: Accept) -> Look:
    def look(event: Mapping[str, Any]) -> bool:
        value = event.get(key)
        return value is not None and way(value)

    return look


def _two_ways(key: str, way: Accept, longer: str, other: Accept) -> Look:
    def look(event: Mapping[str, Any]) -> bool:
        value = event.get(key)
        if value is not None and way(value):
            return True
        value = event.get(longer)
        return value is not None and other(value)

    return look


def _ways(ways: Sequence[tuple[str, Accept]]) -> Look:
    def look(event: Mapping[str, Any]) -> bool:
        for key, way in ways:
            value = event.get(key)
            if value is not None and way(value):
                return True
        return False

    return look


def _slowly(path: str, accept: Accept, *, nulls: bool) -> Look:
    def look(event: Mapping[str, Any]) -> bool:
        return any(accept(value) for name, value in leaves(event) if name == path and (nulls or value is not None))

    return look


def leaves(event: Mapping[str, Any], closed: Set[str] = frozenset(),
           whole: Set[str] = frozenset()) -> Iterator[tuple[str, Any]]:
    """Every value that is neither object nor list, with its dotted name.

    Objects whose name is in ``closed`` are not entered; those in ``whole`` are values themselves.
    """
    pending: list[tuple[str, Any]] = [("", event)]
    while pending:
        at, here = pending.pop()
        if isinstance(here, Mapping) and at not in whole:
            if at not in closed:
                pending.extend((f"{at}.{key}" if at else key, value)
                               for key, value in here.items() if isinstance(key, str))
        elif isinstance(here, (list, tuple)):
            pending.extend((at, each) for each in here)
        else:
            yield at, here


def objects(path: str) -> Callable[[Mapping[str, Any]], Iterator[Mapping[str, Any]]]:
    """The objects under ``path``, one by one. A dotted key below it is an object of its own, as in Elasticsearch."""
    parts = path.split(".")
    return lambda event: _objects(event, parts)


def _objects(event: Mapping[str, Any], parts: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    pending: list[tuple[Any, int]] = [(event, 0)]
    while pending:
        here, at = pending.pop()
        for each in flat(here):
            if not isinstance(each, Mapping):
                continue
            if at == len(parts):
                yield each
                continue
            pending.extend((each[key], to) for to in range(at + 1, len(parts) + 1)
                           if (key := ".".join(parts[at:to])) in each)
            beyond = ".".join(parts[at:]) + "."
            yield from ({key[len(beyond):]: value} for key, value in each.items()
                        if isinstance(key, str) and key.startswith(beyond))
