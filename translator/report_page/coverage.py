"""Which of ATT&CK's techniques the rules of a page detect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from translator import attack
from translator.attack import navigator
from translator.attack.navigator import Cell, Placement
from translator.report_page.sections import Section
from translator.rule import ATTACK, Rule


@dataclass(frozen=True, slots=True)
class Detected:
    """A technique, or a tactic alone, with the rules that detect it; ``is_part`` where it stands below its parent."""

    id: str | None
    name: str
    is_part: bool
    rules: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Tactic:
    """A column of the matrix."""

    name: str
    techniques: tuple[Detected, ...]


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the rules detect. ``missing`` are tactics that none does, ``nowhere`` rules that name no technique.

    ``absent`` are ids that rules name and this version of ATT&CK does not have.
    """

    version: int
    tactics: tuple[Tactic, ...]
    missing: tuple[str, ...]
    nowhere: int
    absent: tuple[str, ...]

    @property
    def techniques(self) -> int:
        """How many techniques and parts of techniques there are."""
        return len({each.id for tactic in self.tactics for each in tactic.techniques if each.id is not None})


def placement(rule: Rule) -> Placement:
    """Where a rule stands in ATT&CK's matrix."""
    return navigator.place(
        (threat.name, [each.id for each in threat.techniques])
        for threat in rule.threats
        if threat.framework.startswith(ATTACK)
    )


def coverage(sections: Sequence[Section]) -> Coverage:
    """What the rules of ``sections`` detect, in the matrix's order."""
    found: dict[Cell, list[Section]] = {}
    for section in sections:
        for cell in section.placement.cells:
            found.setdefault(cell, []).append(section)
    names = attack.tactic_names()
    columns: dict[str, list[Detected]] = {}
    for cell in navigator.in_order(found):
        columns.setdefault(cell.tactic, []).append(_detected(cell, found))
    return Coverage(
        attack.CURRENT,
        tuple(Tactic(names[name], tuple(detected)) for name, detected in columns.items()),
        tuple(names[name] for name in navigator.ORDER if name not in columns),
        sum(not section.placement.cells for section in sections),
        tuple(dict.fromkeys(id_ for section in sections for id_ in section.placement.absent)),
    )


def _detected(cell: Cell, found: Mapping[Cell, Sequence[Section]]) -> Detected:
    known = attack.technique(cell.technique or "")
    if known is None:
        return Detected(cell.technique, "no technique named", False, tuple(found[cell]))
    is_part = known.parent is not None and Cell(cell.tactic, known.parent) in found
    return Detected(known.id, known.name, is_part, tuple(found[cell]))
