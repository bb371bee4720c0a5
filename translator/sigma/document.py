"""A whole Sigma rule: the header that people read, and the detection."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, TypeAlias

from translator.attack import CURRENT
from translator.rule import LogSource, Rule
from translator.sigma import codec, elastic_keys
from translator.sigma.detection import Detection, Item, Map, Selection
from translator.sigma.tags import tags, threats

#: The maturities of Elastic's rules, and Sigma's own words; a rule of another source is "test".
_STATUS = {"production": "stable", "development": "experimental"}
_STATUSES = frozenset({"stable", "test", "experimental", "deprecated", "unsupported"})

_LEVELS = frozenset({"informational", "low", "medium", "high", "critical"})

#: SPDX identifiers of the licences that rule sets name otherwise.
_LICENSES = {
    "elastic license v2": "Elastic-2.0",
    "elastic license 2.0": "Elastic-2.0",
    "detection rule license (drl) 1.1": "DRL-1.1",
    "apache license 2.0": "Apache-2.0",
}

#: The longest title that pySigma takes.
_TITLE = 256


#: How the values of an item are written.
_Spell: TypeAlias = Callable[[Item], list[Any]]

#: Words that SigmaHQ's titles have in small letters.
_SMALL = frozenset(
    {"a", "an", "and", "as", "at", "by", "for", "from", "in", "new", "of", "on", "or", "over"}
    | {"the", "through", "to", "via", "with", "without"}
)

#: A whole number in its one plain spelling.
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")

_ADDRESS = re.compile(r"https?://[^\s<>()\[\]\"'`]*[^\s<>()\[\]\"'`.,;:!?]")


def faithful(rule: Rule, detection: Detection, log_source: LogSource, *, attack: int = CURRENT) -> dict[str, Any]:
    """The rule in the order of keys that SigmaHQ writes; what Sigma has no key for stands under ``elastic``."""
    return _present(
        {
            **_head(rule),
            "tags": tags(rule, version=attack),
            "taxonomy": "ecs",
            **_body(detection, log_source, _values),
            "falsepositives": list(rule.false_positives) or ["Unknown"],
            "level": _level(rule),
            "elastic": _elastic(rule, tags(rule, version=attack)),
        }
    )


def portable(rule: Rule, detection: Detection, log_source: LogSource, *, attack: int = CURRENT) -> dict[str, Any]:
    """The rule as SigmaHQ would publish it: in the manner of its other rules, and with no key but Sigma's own."""
    head = _head(rule)
    links = head["references"] or _ADDRESS.findall(rule.description or "")
    return _present(
        {
            **head,
            "title": _titled(head["title"]),
            # A rule that only its own authors have run is not yet one that SigmaHQ calls stable.
            "status": "test" if head["status"] == "stable" else head["status"],
            # Techniques are tags, not links.
            "references": [link for link in dict.fromkeys(links) if not link.startswith("https://attack.mitre.org/")],
            "date": _day(rule.date),
            "modified": _day(rule.modified) if rule.date and rule.modified and rule.modified > rule.date else None,
            "tags": tags(rule, version=attack, complete=True),
            **_body(detection, log_source, _numbers_bare),
            "falsepositives": [_sentence(each) for each in rule.false_positives if each.strip()] or ["Unknown"],
            "level": _level(rule),
        }
    )


def _head(rule: Rule) -> dict[str, Any]:
    return {
        "title": rule.title if len(rule.title) <= _TITLE else rule.title[: _TITLE - 3] + "...",
        "id": rule.id,
        "status": _status(rule),
        "description": rule.description,
        "references": list(dict.fromkeys(rule.references)),
        "author": ", ".join(rule.authors),
        "date": rule.date,
        "modified": rule.modified if rule.modified != rule.date else None,
        "license": _LICENSES.get((rule.license or "").lower(), rule.license),
    }


def _body(detection: Detection, log_source: LogSource, spell: _Spell) -> dict[str, Any]:
    return {
        "logsource": _present(
            {"category": log_source.category, "product": log_source.product, "service": log_source.service}
        ),
        "detection": {
            **{name: _selection(selection, spell) for name, selection in detection.selections},
            "condition": detection.condition,
        },
    }


def _day(text: str | None) -> date | None:
    """A date of YAML's own, which needs no quotes."""
    return date.fromisoformat(text) if text else None


def _level(rule: Rule) -> str | None:
    return rule.severity if rule.severity in _LEVELS else None


def _titled(title: str) -> str:
    """A title as SigmaHQ writes it: capitals but for small words, names of files and numbers, and no dot at the end."""
    return " ".join(map(_capital, title.rstrip(".").split(" ")))


def _capital(word: str) -> str:
    if word in _SMALL or not word.islower() or re.search(r"[./_]|\A\d", word):
        return word
    return re.sub(r"[^\W\d_]", lambda letter: letter[0].upper(), word, count=1)


def _sentence(text: str) -> str:
    """An entry on one line, which begins with a capital."""
    said = " ".join(text.split())
    return said[0].upper() + said[1:]


def _status(rule: Rule) -> str:
    said = (rule.status or "").lower()
    return _STATUS.get(said, said if said in _STATUSES else "test")


def _elastic(rule: Rule, tagged: Sequence[str]) -> dict[str, Any]:
    typed = [elastic_keys.needed(need.detail) for need in rule.needs]
    said = {
        "type": rule.type if rule.index or rule.risk_score is not None or any(typed) else None,
        "index": list(rule.index),
        **{key: value for each in typed for key, value in each.items()},
        "risk_score": rule.risk_score,
        "interval": rule.interval,
        "from": rule.look_back,
        "max_signals": rule.maximum_alerts,
        "version": rule.version,
        "enabled": None if rule.enabled else False,
        "alert_suppression": elastic_keys.suppressed(rule.suppression) if rule.suppression is not None else None,
        "tags": list(rule.tags),
        "threat": _threat(rule, tagged),
    }
    last = {"note": rule.guide, "setup": rule.setup}
    others = {key: value for key, value in rule.extra.items() if key not in said and key not in last}
    return _present({**said, **others, **last})


def _threat(rule: Rule, tagged: Sequence[str]) -> list[dict[str, Any]]:
    """The rule's tactics and techniques in full, where its tags do not lead back to them."""
    said = [elastic_keys.threat(each) for each in rule.threats]
    return said if said != [elastic_keys.threat(each) for each in threats(tagged)] else []


def _present(entries: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entries.items() if value not in (None, "", [], {})}


def _selection(selection: Selection, spell: _Spell) -> Any:
    if len(selection) > 1:
        return [_map(items, spell) for items in selection]
    (items,) = selection
    if items[0].field is None and not items[0].modifiers:
        return spell(items[0])
    return _map(items, spell)


def _map(items: Map, spell: _Spell) -> dict[str, Any]:
    return {item.key: _one_or_list(spell(item)) for item in items}


def _one_or_list(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _values(item: Item) -> list[Any]:
    return [codec.encode(value) if isinstance(value, tuple) else value for value in item.written]


def _numbers_bare(item: Item) -> list[Any]:
    """The values, those that are numbers without quotes, whatever the field's type is in Elasticsearch.

    A modifier for texts does not take a number.
    """
    values = _values(item)
    if item.modifiers:
        return values
    return [int(value) if isinstance(value, str) and _WHOLE.fullmatch(value) else value for value in values]
