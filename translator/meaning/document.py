"""Where the values of a field stand in a document.

``{"a": {"b": 1}}``, ``{"a.b": 1}`` and mixes are one field; lists at any depth are looked into. All that depends
on the name alone is decided once: what runs per event are a few dictionary look-ups.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from translator.meaning.question import Accept
from translator.meaning.texts import Reading, Texts

#: Longer names are looked up slowly: the spellings of a name double with each of its parts.
_MOST_PARTS = 12

Look = Callable[[Mapping[str, Any]], bool]


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
    """Accepts what one of ``accepts`` does; questions about whole texts become one."""
    texts: dict[Reading, list[Texts]] = {}
    others: list[Accept] = []
    for accept in accepts:
        if isinstance(accept, Texts):
            texts.setdefault(accept.reading, []).append(accept)
        else:
            others.append(accept)
    several: list[Accept] = [*map(Texts.joined, texts.values()), *others]
    if len(several) == 1:
        return several[0]
    ready = [prepared(accept) for accept in several]
    return lambda value: any(accept(value) for accept in ready)


def prepared(accept: Accept) -> Accept:
    """``accept`` with all done that can be done before it is asked."""
    return accept.other if isinstance(accept, Texts) else accept


def any_value(path: str, accept: Accept, *, nulls: bool = False) -> Look:
    """Whether some value at ``path`` is accepted; with ``nulls`` JSON's null is a value too."""
    parts = path.split(".")
    if len(parts) > _MOST_PARTS:
        return _slowly(path, prepared(accept), nulls=nulls)
    test = accept.test if isinstance(accept, Texts) else accept
    leaf = _at_leaf(test, prepared(accept), nulls=nulls)
    return _in_object(parts, test, leaf, nulls=nulls)


def _at_leaf(test: Accept, other: Accept, *, nulls: bool) -> Accept:
    """For a value that may be a list; ``test`` takes texts, ``other`` the rest."""

    def accepted(value: Any) -> bool:
        if not isinstance(value, (list, tuple)):
            return test(value) if type(value) is str else other(value)
        for each in value:
            if type(each) is str:
                if test(each):
                    return True
            elif isinstance(each, (list, tuple)):
                if any(other(inner) for inner in flat(each) if nulls or inner is not None):
                    return True
            elif (nulls or each is not None) and other(each):
                return True
        return False

    return accepted


def _at_object(look: Look) -> Accept:
    def accepted(value: Any) -> bool:
        if type(value) is dict:
            return look(value)
        if isinstance(value, (list, tuple)):
            return any(look(each) for each in flat(value) if isinstance(each, Mapping))
        return isinstance(value, Mapping) and look(value)

    return accepted


def _in_object(parts: Sequence[str], test: Accept, leaf: Accept, *, nulls: bool) -> Look:
    """Looks for the rest of a name in an object: under its first part, its first two parts, and so on."""
    rests = [_at_object(_in_object(parts[at:], test, leaf, nulls=nulls)) for at in range(1, len(parts))]
    keys = [".".join(parts[:at]) for at in range(1, len(parts) + 1)]
    if nulls:
        ways = list(zip(keys, [*rests, leaf], strict=True))
        return lambda event: any(key in event and way(event[key]) for key, way in ways)
    match keys:
        case [key]:
            return _one_part(key, test, leaf)
        case [first, both]:
            return _two_parts(first, both, parts[1], rests[0], test, leaf)
        case _:
            return _parts(list(zip(keys, rests, strict=False)), keys[-1], leaf)


def _one_part(key: str, test: Accept, leaf: Accept) -> Look:
    def look(event: Mapping[str, Any]) -> bool:
        value = event.get(key)
        return value is not None and (test(value) if type(value) is str else leaf(value))

    return look


def _two_parts(first: str, both: str, second: str, rest: Accept, test: Accept, leaf: Accept) -> Look:
    """Most fields of events look so: what is common is written out, since calls are what an event costs."""

    def look(event: Mapping[str, Any]) -> bool:
        inner = event.get(first)
        if type(inner) is dict:
            value = inner.get(second)
            if type(value) is list:
                for each in value:
                    if type(each) is str:
                        if test(each):
                            return True
                    elif leaf([each]):
                        return True
            elif value is not None and (test(value) if type(value) is str else leaf(value)):
                return True
        elif inner is not None and rest(inner):
            return True
        value = event.get(both)
        return value is not None and (test(value) if type(value) is str else leaf(value))

    return look


def _parts(ways: Sequence[tuple[str, Accept]], whole: str, leaf: Accept) -> Look:
    def look(event: Mapping[str, Any]) -> bool:
        for key, way in ways:
            value = event.get(key)
            if value is not None and way(value):
                return True
        value = event.get(whole)
        return value is not None and leaf(value)

    return look


def _slowly(path: str, accept: Accept, *, nulls: bool) -> Look:
    def look(event: Mapping[str, Any]) -> bool:
        return any(accept(value) for name, value in leaves(event) if name == path and (nulls or value is not None))

    return look


def leaves(
    event: Mapping[str, Any], closed: Set[str] = frozenset(), whole: Set[str] = frozenset()
) -> Iterator[tuple[str, Any]]:
    """Every value that is neither object nor list, with its dotted name.

    Objects whose name is in ``closed`` are not entered; those in ``whole`` are values themselves.
    """
    pending: list[tuple[str, Any]] = [("", event)]
    while pending:
        at, here = pending.pop()
        if isinstance(here, Mapping) and at not in whole:
            if at not in closed:
                pending.extend(
                    (f"{at}.{key}" if at else key, value) for key, value in here.items() if isinstance(key, str)
                )
        elif isinstance(here, (list, tuple)):
            pending.extend((at, each) for each in here)
        else:
            yield at, here


def any_leaf(accept: Accept) -> Look:
    """Whether some value anywhere in the event is accepted; null is none."""
    ready = prepared(accept)
    return lambda event: any(value is not None and ready(value) for _, value in leaves(event))


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
            pending.extend(
                (each[key], to) for to in range(at + 1, len(parts) + 1) if (key := ".".join(parts[at:to])) in each
            )
            beyond = ".".join(parts[at:]) + "."
            yield from (
                {key[len(beyond) :]: value}
                for key, value in each.items()
                if isinstance(key, str) and key.startswith(beyond)
            )
