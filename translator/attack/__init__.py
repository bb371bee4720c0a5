"""MITRE ATT&CK 19 as facts: which techniques there are, under which tactics, and what stands for those that are gone.

Version 19 split the tactic Defense Evasion in two. TA0005 kept its id and is Stealth now; what breaks defences went to
the new TA0112, Defense Impairment; and some techniques left both. So only a rule's techniques tell which one is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

#: The version of the table, and the last version that a rule's own tags may be kept of.
CURRENT = 19
VERSIONS = (18, CURRENT)

#: The tactic that version 19 split, and what it was split into.
SPLIT = "defense-evasion"
PARTS = ("stealth", "defense-impairment")


@dataclass(frozen=True, slots=True)
class Technique:
    """A technique or sub-technique. One that is gone has no tactics; ``replaced_by`` is the active one in its place."""

    id: str
    name: str
    tactics: tuple[str, ...] = ()
    replaced_by: str | None = None

    @property
    def parent(self) -> str | None:
        """The id of the technique that this one is a part of."""
        parent, dot, _ = self.id.partition(".")
        return parent if dot else None


def technique(id_: str) -> Technique | None:
    """The technique with this id, active or gone; None where ATT&CK never had one."""
    return _techniques().get(id_.upper())


def current(id_: str) -> str | None:
    """The id by which version 19 knows a technique; None for one that is gone without a replacement.

    An id that ATT&CK never had is its own.
    """
    found = technique(id_)
    if found is None:
        return id_.upper()
    return found.replaced_by or (found.id if found.tactics else None)


def tactics(id_: str) -> tuple[str, ...]:
    """The tactics of a technique in version 19, by their short names; those of its replacement where it is gone."""
    found = technique(current(id_) or "")
    return found.tactics if found else ()


def tactic(short_name: str, techniques: Iterable[str]) -> tuple[str, ...]:
    """What version 19 calls a tactic, given the techniques that a rule counts under it.

    The tactic that was split is one of its parts or both; other tactics of the techniques where they left both parts;
    and Stealth, which kept the id, where there is no technique to tell.
    """
    if short_name != SPLIT:
        return (short_name,)
    found = tuple(dict.fromkeys(name for id_ in techniques for name in tactics(id_)))
    return tuple(name for name in PARTS if name in found) or found or PARTS[:1]


def short_name(name: str) -> str:
    """A tactic's name as Sigma writes it: ``Privilege Escalation`` is ``privilege-escalation``."""
    return "-".join(name.lower().replace("_", " ").replace("-", " ").split())


@cache
def tactic_names() -> Mapping[str, str]:
    """The names of the tactics of version 19, by their short names."""
    return {tactics: name for _, kind, name, tactics, _ in _rows() if kind == "tactic"}


@cache
def _techniques() -> Mapping[str, Technique]:
    return {
        id_: Technique(id_, name, tuple(tactics.split()), replaced_by or None)
        for id_, kind, name, tactics, replaced_by in _rows()
        if kind != "tactic"
    }


def _rows() -> Iterator[list[str]]:
    """The table has a line for each: id, kind, name, tactics, replacement."""
    table = resources.files("translator").joinpath("attack/attack.tsv").read_text("utf-8")
    return (line.split("\t") for line in table.splitlines()[1:])
