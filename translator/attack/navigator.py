"""Which techniques rules detect, as ATT&CK 19 has them, and that as a layer for MITRE's ATT&CK Navigator."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from translator import attack

#: The tactics in the order of ATT&CK's matrix.
ORDER = (
    "reconnaissance",
    "resource-development",
    "initial-access",
    "execution",
    "persistence",
    "privilege-escalation",
    "stealth",
    "defense-impairment",
    "credential-access",
    "discovery",
    "lateral-movement",
    "collection",
    "command-and-control",
    "exfiltration",
    "impact",
)

#: The format of a layer that is written, and the version of the Navigator that brought it.
FORMAT = "4.5"
NAVIGATOR = "5.0.0"

#: How many rules a technique's comment names.
_NAMED = 20

_COLOURS = ("#d6e4f7", "#0b5cad")


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in ATT&CK's matrix: a technique under one of its tactics, or a tactic alone."""

    tactic: str
    technique: str | None = None


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a rule stands in the matrix. ``absent`` are ids that it names and ATT&CK 19 does not have."""

    cells: tuple[Cell, ...] = ()
    absent: tuple[str, ...] = ()


def place(threats: Iterable[tuple[str, Iterable[str]]]) -> Placement:
    """The cells of threats, each a tactic's name with the ids of the techniques that a rule counts under it.

    A technique that does not stand under the tactic that the rule names is counted where ATT&CK has it.
    """
    cells: dict[Cell, None] = {}
    absent: dict[str, None] = {}
    for name, ids in threats:
        named = tuple(dict.fromkeys(ids))
        tactics = [each for each in attack.tactic(attack.short_name(name), named) if each in ORDER]
        for id_ in named:
            now = attack.current(id_) or id_
            own = attack.tactics(now)
            under = [tactic for tactic in tactics if tactic in own] or own
            cells |= dict.fromkeys(Cell(tactic, now) for tactic in under)
            if not own:
                absent[id_.upper()] = None
        if not named:
            cells |= dict.fromkeys(map(Cell, tactics))
    return Placement(tuple(cells), tuple(absent))


def layer(rules: Iterable[tuple[str, Placement]], name: str) -> dict[str, Any]:
    """A layer of the Navigator: each technique's score is how many of the rules, given by their titles, have it."""
    titles: dict[Cell, list[str]] = {}
    for title, placement in rules:
        for cell in placement.cells:
            if cell.technique is not None:
                titles.setdefault(cell, []).append(title)
    return {
        "name": name,
        "versions": {"attack": str(attack.CURRENT), "navigator": NAVIGATOR, "layer": FORMAT},
        "domain": "enterprise-attack",
        "description": "How many rules detect each technique.",
        "sorting": 3,  # what most rules detect comes first
        "techniques": list(_techniques(titles)),
        "gradient": {
            "colors": list(_COLOURS),
            "minValue": 0,
            "maxValue": max(map(len, titles.values()), default=1),
        },
        "legendItems": [],
        "showTacticRowBackground": False,
        "selectTechniquesAcrossTactics": False,
        "selectSubtechniquesWithParent": False,
    }


def in_order(cells: Iterable[Cell]) -> list[Cell]:
    """Cells as the matrix has them: by tactic, and under it by id, so that a technique stands before its parts."""
    return sorted(cells, key=lambda cell: (ORDER.index(cell.tactic), cell.technique or ""))


def _techniques(titles: Mapping[Cell, list[str]]) -> Iterator[dict[str, Any]]:
    """Each technique under each tactic; one with no rule of its own is there to show its parts."""
    parents = {
        Cell(cell.tactic, known.parent)
        for cell in titles
        if (known := attack.technique(cell.technique or "")) is not None and known.parent is not None
    }
    for cell in in_order({*titles, *parents}):
        found = titles.get(cell, [])
        entry: dict[str, Any] = {"techniqueID": cell.technique, "tactic": cell.tactic, "enabled": True}
        if found:
            entry |= {"score": len(found), "comment": _comment(found)}
        if cell in parents:
            entry["showSubtechniques"] = True
        yield entry


def _comment(titles: list[str]) -> str:
    more = len(titles) - _NAMED
    return "\n".join([*titles[:_NAMED], *([f"and {more} more"] if more > 0 else [])])
