"""Models made into events, and the other ways in which an event can hold, or not hold, the same values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from translator.witness.search import Model


def built(model: Model) -> dict[str, Any]:
    """The event of a model: nested objects, one value as it is, several as a list."""
    objects: list[dict[str, Any]] = []
    for instance in model:
        made: dict[str, Any] = {}
        for place, values in instance.values.items():
            place_value(made, place, together(values))
        objects.append(made)
    below: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for at, instance in enumerate(model):
        if instance.parent is not None and instance.scope is not None:
            above = model[instance.parent].scope
            path = instance.scope if above is None else instance.scope.removeprefix(f"{above}.")
            below.setdefault((instance.parent, path), []).append(objects[at])
    for (parent, path), found in below.items():
        place_value(objects[parent], path, found[0] if len(found) == 1 else found)
    return objects[0]


def with_values(model: Model, instance: int, place: str, values: Sequence[Any]) -> Model:
    """The model with other values at one place; with none, the place is empty."""
    held = dict(model[instance].values)
    if values:
        held[place] = tuple(values)
    else:
        held.pop(place, None)
    return (*model[:instance], replace(model[instance], values=held), *model[instance + 1 :])


def together(values: Sequence[Any]) -> Any:
    """Several values as an event holds them. Objects, which are parts of one, become one object."""
    if len(values) == 1:
        return values[0]
    if all(isinstance(each, Mapping) for each in values) and len({key for each in values for key in each}) > 1:
        merged: dict[str, list[Any]] = {}
        for each in values:
            for key, value in each.items():
                merged.setdefault(key, []).append(value)
        return {key: found[0] if len(found) == 1 else found for key, found in merged.items()}
    return list(values)


def place_value(event: dict[str, Any], path: str, value: Any) -> None:
    """Put ``value`` at a path, in objects; where a value stands on the way, under a dotted key."""
    here = event
    parts = path.split(".")
    for at, part in enumerate(parts[:-1]):
        inner = here.setdefault(part, {})
        if not isinstance(inner, dict):
            here[".".join(parts[at:])] = value
            return
        here = inner
    last = parts[-1]
    if isinstance(here.get(last), dict):
        event[path] = value  # what is inside the object stays
        return
    here[last] = value


def scattered(model: Model, instance: int) -> Model:
    """The model with an object for each place of an object, so that no one object holds all of its values."""
    here = model[instance]
    first, *others = here.values.items()
    alone = replace(here, values=dict([first]))
    more = tuple(replace(here, values=dict([each])) for each in others)
    return (*model[:instance], alone, *model[instance + 1 :], *more)


def spellings(model: Model, instance: int, place: str, other: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The event with what stands at ``place`` written otherwise, or away, and what was done to it.

    ``other`` is a value of the same kind that stands beside it in a list.
    """
    values = model[instance].values.get(place, ())
    value = together(values) if values else "x"
    bare = with_values(model, instance, place, ())
    for why, empty in (
        ("missing", None),
        ("null", [None]),
        ("an empty list", [[]]),
        ("a list of nothing but null", [[None]]),
        ("an empty text", [""]),
        ("an empty object", [{}]),
    ):
        yield why, built(bare if empty is None else with_values(model, instance, place, empty))
    if values:
        listed = list(values)
        yield "second in a list", built(with_values(model, instance, place, [[other, *listed]]))
        yield "in a list with null", built(with_values(model, instance, place, [[None, *listed]]))
        yield "in a list within a list", built(with_values(model, instance, place, [[listed]]))
        yield "given twice", built(with_values(model, instance, place, [listed * 2]))
    if instance == 0:
        yield from _other_keys(built(bare), place, value)


def _other_keys(event: dict[str, Any], place: str, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    first, dot, rest = place.partition(".")
    if dot:
        yield "under a dotted key", {**event, place: value}
        if "." in rest:
            yield "under a key that is dotted in part", _merged(event, first, {rest: value})
    shouted = ".".join(part.capitalize() for part in place.split("."))
    if shouted != place:
        other = {**event}
        place_value(other, shouted, value)
        yield "under a name in another letter case", other


def _merged(event: dict[str, Any], key: str, more: dict[str, Any]) -> dict[str, Any]:
    held = event.get(key)
    return {**event, key: {**held, **more} if isinstance(held, dict) else more}
