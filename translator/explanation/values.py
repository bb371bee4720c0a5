"""The values of an event that a condition looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translator.meaning import document
from translator.schema import Schema
from translator.witness.leaves import asked, places
from translator.witness.parts import Judge, Part, Region


@dataclass(frozen=True, slots=True)
class Seen:
    """A value at ``path`` of the event, or of the object that is asked, and whether it alone answers the condition."""

    path: str
    value: Any
    answers: bool


def seen(judge: Judge, part: Part, region: Region, schema: Schema) -> tuple[Seen, ...]:
    """What stands where the condition looks. Where it looks everywhere, only what answers it."""
    where = places(part.node, part.scope, schema)
    holds = judge.leaf(part)
    everywhere = not asked(part.node).fields
    found: list[Seen] = []
    for path, value in values(region.event, part.scope, schema):
        inside = any(path.startswith(f"{each}.") for each in where.likely)
        if everywhere or inside or where.touches(path):
            answers = holds({path: value})
            if answers or not everywhere:
                found.append(Seen(path, value, answers))
    return tuple(found)


def values(event: Mapping[str, Any], scope: str | None, schema: Schema) -> Iterator[tuple[str, Any]]:
    """Every value with its path, in the order of the event; those of other nested objects are out of sight."""
    inside = f"{scope}." if scope else ""
    hidden, whole = (
        frozenset(each.removeprefix(inside) for each in names if each.startswith(inside))
        for names in (schema.hidden, schema.whole)
    )
    yield from reversed(list(document.leaves(event, hidden, whole)))


def names(event: Mapping[str, Any]) -> dict[str, Any]:
    """Every path of an event with what stands there first, objects and lists too."""
    found: dict[str, Any] = {}
    pending: list[tuple[str, Any]] = [("", event)]
    for at, here in pending:
        if isinstance(here, Mapping):
            for key, value in here.items():
                path = f"{at}.{key}" if at else str(key)
                found.setdefault(path, value)
                pending.append((path, value))
        elif isinstance(here, (list, tuple)):
            pending.extend((at, each) for each in here if isinstance(each, (Mapping, list, tuple)))
    return found
