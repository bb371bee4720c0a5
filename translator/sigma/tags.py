"""The ATT&CK tags of a Sigma rule: its tactics, and its most specific techniques."""

from __future__ import annotations

from translator import attack
from translator.rule import ATTACK, Rule, Threat


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
