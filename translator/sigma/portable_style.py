"""Sigma's questions as SigmaHQ's authors put them, where the format leaves a choice; no verdict changes.

A field without a value is null, a list holds values of one shape so that a modifier can stand for their stars,
``all`` is asked of texts inside a value only, and whether a field exists is not asked where its value is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import assert_never

from translator.sigma.detection import All, Item, No, Part, Some, Value, shape
from translator.sigma.gathering import gather


def style(part: Part) -> Part:
    """``part``, gathered into lists, in the style of SigmaHQ."""
    return _by_shape(gather(_plain(part), only_contained=True))


def _plain(part: Part) -> Part:
    match part:
        case All(parts):
            return All(tuple(map(_plain, parts)))
        case Some(parts):
            return Some(tuple(map(_plain, parts)))
        case No(inner):
            return No(_plain(inner))
        case Item(field, "exists", (False,)):
            return Item(field, "null", (None,))
        case Item():
            return part
        case _:
            assert_never(part)


def _by_shape(part: Part) -> Part:
    """A list whose values have stars at different ends becomes a list for each shape, one of which must match."""
    match part:
        case All(parts):
            kept = tuple(_by_shape(each) for each in parts if not _is_needless(each, parts))
            return kept[0] if len(kept) == 1 else All(kept)
        case Some(parts):
            return Some(tuple(each for inner in parts for each in _alternatives(inner)))
        case No(inner):
            return No(_by_shape(inner))
        case Item():
            found = _alternatives(part)
            return found[0] if len(found) == 1 else Some(found)
        case _:
            assert_never(part)


def _alternatives(part: Part) -> tuple[Part, ...]:
    if not isinstance(part, Item) or part.operator != "text" or part.every or part.field is None:
        return (_by_shape(part),) if not isinstance(part, Item) else (part,)
    groups: dict[str, list[Value]] = {}
    for value in part.values:
        groups.setdefault(shape(value) if isinstance(value, tuple) else "", []).append(value)
    return tuple(replace(part, values=tuple(values)) for values in groups.values())


def _is_needless(part: Part, beside: tuple[Part, ...]) -> bool:
    """Whether ``part`` asks for a field without which another part is not true either."""
    match part:
        case Item(str() as field, "exists", (True,)):
            return any(_needs(each, field) for each in beside if each != part)
        case _:
            return False


def _needs(part: Part, field: str) -> bool:
    match part:
        case All(parts):
            return any(_needs(each, field) for each in parts)
        case Some(parts):
            return bool(parts) and all(_needs(each, field) for each in parts)
        case No():
            return False
        case Item(name, operator):
            return name == field and operator != "null"
        case _:
            assert_never(part)
