"""The ATT&CK tags of a Sigma rule, written and read: its tactics, and its most specific techniques."""

from __future__ import annotations

import re
from collections.abc import Iterable

from translator import attack
from translator.rule import ATTACK, Rule, Technique, Threat

_TECHNIQUE = re.compile(r"attack\.(t\d{4}(?:\.\d{3})?)", re.IGNORECASE)

#: Ids and names of the tactics by their short names; Defense Evasion is of version 18.
_TACTICS = {
    "reconnaissance": ("TA0043", "Reconnaissance"),
    "resource-development": ("TA0042", "Resource Development"),
    "initial-access": ("TA0001", "Initial Access"),
    "execution": ("TA0002", "Execution"),
    "persistence": ("TA0003", "Persistence"),
    "privilege-escalation": ("TA0004", "Privilege Escalation"),
    "defense-evasion": ("TA0005", "Defense Evasion"),
    "stealth": ("TA0005", "Stealth"),
    "defense-impairment": ("TA0112", "Defense Impairment"),
    "credential-access": ("TA0006", "Credential Access"),
    "discovery": ("TA0007", "Discovery"),
    "lateral-movement": ("TA0008", "Lateral Movement"),
    "collection": ("TA0009", "Collection"),
    "command-and-control": ("TA0011", "Command and Control"),
    "exfiltration": ("TA0010", "Exfiltration"),
    "impact": ("TA0040", "Impact"),
}


def tags(rule: Rule, *, version: int = attack.CURRENT, complete: bool = False) -> list[str]:
    """Tags of ATT&CK's ``version``, each tactic before its techniques; version 18 keeps the rule's own words.

    ``complete`` puts all tactics first, and adds those of the techniques that the rule does not name, as SigmaHQ does.
    """
    threats = [threat for threat in rule.threats if threat.framework.startswith(ATTACK)]
    groups = [(_tactics(threat, version), _techniques(threat, version)) for threat in threats]
    techniques = [id_ for _, found in groups for id_ in found]
    named = [name for tactics, found in groups for name in (*tactics, *found)]
    if complete:
        known = attack.tactics if version == attack.CURRENT else _no_tactics
        named = [
            *(name for tactics, _ in groups for name in tactics),
            *(name for id_ in techniques for name in known(id_)),
            *techniques,
        ]
    specific = [name for name in named if not any(other.startswith(f"{name}.") for other in techniques)]
    return [f"attack.{name.lower()}" for name in dict.fromkeys(specific)]


def _tactics(threat: Threat, version: int) -> tuple[str, ...]:
    name = attack.short_name(threat.name)
    return attack.tactic(name, [each.id for each in threat.techniques]) if version == attack.CURRENT else (name,)


def _techniques(threat: Threat, version: int) -> list[str]:
    if version != attack.CURRENT:
        return [each.id.upper() for each in threat.techniques]
    return [found for each in threat.techniques if (found := attack.current(each.id))]


def _no_tactics(_: str) -> tuple[str, ...]:
    """The table has the tactics of version 19 only."""
    return ()


def threats(named: Iterable[str]) -> tuple[Threat, ...]:
    """What a rule's tags count under each tactic; tags give no technique a name.

    A technique belongs to the tactic before it if that is one of its own, else to those of its own that are named, else
    to all of its own. A tactic without any is given its own among the rule's techniques. One that ATT&CK does not know
    belongs to the tactic before it, or to the first.
    """
    found: dict[str, list[str]] = {}
    read: list[tuple[str | None, str]] = []
    for tag in named:
        name = attack.short_name(tag.lower().removeprefix("attack."))
        if technique := _TECHNIQUE.fullmatch(tag):
            read.append((next(reversed(found), None), technique[1].upper()))
        elif name in _TACTICS:
            found.setdefault(name, [])
    for before, id_ in read:
        for name in _counted_under(id_, before, tuple(found)):
            found.setdefault(name, []).append(id_)
    for name, ids in found.items():
        ids += [] if ids else [id_ for _, id_ in read if _belongs(id_, name)]
    return tuple(
        Threat(*_TACTICS[name], techniques=tuple(Technique(id_, "") for id_ in dict.fromkeys(ids)))
        for name, ids in found.items()
    )


def _counted_under(id_: str, before: str | None, tactics: tuple[str, ...]) -> tuple[str, ...]:
    if before is not None and _belongs(id_, before):
        return (before,)
    fitting = tuple(name for name in tactics if _belongs(id_, name))
    # What left both parts of the tactic that was split is not known to have been there.
    left = (attack.SPLIT,) if before == attack.SPLIT else ()
    return fitting or left or attack.tactics(id_) or ((before,) if before is not None else tactics[:1])


def _belongs(id_: str, tactic: str) -> bool:
    """Whether the technique is one of the tactic, by its name in version 18 or 19."""
    return not {tactic, *(attack.PARTS if tactic == attack.SPLIT else ())}.isdisjoint(attack.tactics(id_))
