"""Brings a formula of Sigma's questions into few lists, flat; no verdict changes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from translator.meaning.letters import fold_simple
from translator.sigma.detection import All, Item, No, Part, Some, Value


def gather(part: Part, *, only_contained: bool = False) -> Part:
    """``part`` with one field's values in one list, and nothing nested that need not be.

    ``only_contained`` lists and-ed values where all are texts inside the field's, and leaves other items by themselves.
    """
    match part:
        case All(parts):
            inside = _flat(All, [gather(each, only_contained=only_contained) for each in parts])
            return _joined(All, _excluded(_every(inside, only_contained)))
        case Some(parts):
            return _joined(Some, _listed(_flat(Some, [gather(each, only_contained=only_contained) for each in parts])))
        case No(inner):
            found = gather(inner, only_contained=only_contained)
            return found.part if isinstance(found, No) else No(found)
        case Item():
            return part
        case _:
            assert_never(part)


def _joined(kind: type[All] | type[Some], parts: list[Part]) -> Part:
    return parts[0] if len(parts) == 1 else kind(tuple(parts))


def _flat(kind: type[All] | type[Some], parts: Iterable[Part]) -> list[Part]:
    found: list[Part] = []
    for part in parts:
        if isinstance(part, kind):
            found.extend(part.parts)
        else:
            found.append(part)
    return list(dict.fromkeys(found))


#: Operators that ask for no value, or for one that says all.
_ALONE = ("exists", "null")


def _listed(parts: list[Part]) -> list[Part]:
    """Or-ed values of one field become one list, at the place of the first."""
    found: dict[object, Part] = {}
    lists: dict[object, list[Value]] = {}
    for part in parts:
        if isinstance(part, Item) and part.operator not in _ALONE and not part.every:
            kind = (part.field, part.operator, part.cased)
            found.setdefault(kind, part)
            lists.setdefault(kind, []).extend(part.values)
        else:
            found[part] = part
    return [
        replace(part, values=_once(tuple(lists[kind]), part.cased))
        if isinstance(part, Item) and kind in lists
        else part
        for kind, part in found.items()
    ]


def _once(values: tuple[Value, ...], cased: bool) -> tuple[Value, ...]:
    """Each value once, as it was first written; letter case makes none another where it does not count."""
    found: dict[object, Value] = {}
    for value in values:
        alike = (
            value
            if cased or not isinstance(value, tuple)
            else tuple(fold_simple(part) if isinstance(part, str) else part for part in value)
        )
        found.setdefault((type(value), alike), value)
    return tuple(found.values())


def _excluded(parts: list[Part]) -> list[Part]:
    """What is excluded value by value is excluded as one list, at the place of the first."""
    plain = {part: _items(part.part) for part in parts if isinstance(part, No) and _items(part.part)}
    if len(plain) < 2:
        return parts
    together = No(_joined(Some, _listed([item for items in plain.values() for item in items])))
    first = next(iter(plain))
    return [together if part == first else part for part in parts if part == first or part not in plain]


def _items(part: Part) -> tuple[Item, ...]:
    """The questions of which one must hold; none where there is more to it."""
    inside = part.parts if isinstance(part, Some) else (part,)
    found = tuple(each for each in inside if isinstance(each, Item))
    return found if len(found) == len(inside) else ()


def _every(parts: list[Part], only_contained: bool) -> list[Part]:
    """And-ed single values of one field become one list that asks for all of them."""
    found: dict[object, Part] = {}
    for part in parts:
        if (
            isinstance(part, Item)
            and part.operator == "text"
            and len(part.values) == 1
            and not (only_contained and part.shape != "contains")
        ):
            kind = (part.field, part.cased)
            before = found.get(kind)
            values = before.values if isinstance(before, Item) else ()
            found[kind] = replace(part, values=_once(values + part.values, part.cased), every=bool(values))
        else:
            found[part] = part
    return [_settled(part) for part in found.values()]


def _settled(part: Part) -> Part:
    """A list of one value asks for no more than one."""
    return replace(part, every=False) if isinstance(part, Item) and len(part.values) == 1 else part
