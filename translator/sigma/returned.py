"""A rule that was Sigma's, written as Sigma again: with all that its header said."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from translator.rule import Rule

#: The keys of a rule in the order in which SigmaHQ writes them.
_ORDER = (
    *("title", "id", "name", "related", "status", "description", "references", "author", "date", "modified"),
    *("license", "tags", "taxonomy", "scope", "logsource", "detection", "fields", "falsepositives", "level"),
)

_TECHNIQUE = re.compile(r"attack\.t\d{4}(?:\.\d{3})?", re.IGNORECASE)


def complete(data: Mapping[str, Any], rule: Rule, *, faithful: bool) -> dict[str, Any]:
    """``data``, a document that was made for ``rule``, with what else the rule said of itself.

    Faithful tags and words are the rule's own; else ATT&CK's tags are those of ``data``, and the rule's others follow.
    """
    said = dict(rule.sigma_header)
    own, false_positives = said.pop("tags", []), said.pop("falsepositives", None)
    log_source = {**data["logsource"], **said.pop("logsource", {})}
    if not faithful and said.get("taxonomy") == "ecs":
        del said["taxonomy"]  # its fields have Sigma's names now
    tags = own if faithful else [*data.get("tags", []), *(tag for tag in own if not _is_replaced(tag, rule))]
    kept = {key: value for key, value in data.items() if key not in ("elastic", "taxonomy", "tags")}
    if faithful:
        kept["falsepositives"] = false_positives
    if faithful and not rule.status:
        kept.pop("status")
    found = {
        **{key: value for key, value in kept.items() if value is not None},
        **said,
        **({"tags": list(dict.fromkeys(tags))} if tags else {}),
        "logsource": log_source,
    }
    known = [key for key in _ORDER if key in found]
    return {key: found[key] for key in [*known, *(key for key in found if key not in known)]}


def _is_replaced(tag: str, rule: Rule) -> bool:
    """Whether a tag is one of ATT&CK's that the document names anyway, maybe by another version's name."""
    name = tag.lower().removeprefix("attack.").replace("_", "-")
    tactics = {re.sub(r"[^a-z0-9]+", "-", threat.name.lower()) for threat in rule.threats}
    return tag.lower().startswith("attack.") and (_TECHNIQUE.fullmatch(tag) is not None or name in tactics)
