"""A rule that counts, as Sigma writes it: a document for the events, and a correlation for each count.

The rule of the events alerts nobody (``generate`` is false where it is not said), so what people need to know stands
with the correlation. Only the first of several correlations has the rule's own id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from translator.needs import Correlation
from translator.rule import Rule, derived_id

#: What the documents say alike.
_SHARED = ("status", "author", "date", "modified", "license", "taxonomy")
_INTERVAL = re.compile(r"\d+[smhdw]")


def name(rule: Rule) -> str:
    """What the correlation calls the rule of its events; no two rules of a folder are called so."""
    slug = re.sub(r"[^a-z0-9]+", "_", rule.title.lower()).strip("_")[:60].strip("_")
    return f"{slug or 'rule'}_{rule.id[:8]}"


def documents(data: Mapping[str, Any], rule: Rule, counts: Sequence[Correlation]) -> Iterator[dict[str, Any]]:
    """``data``, a whole rule, without what is counted, which follows in a document for each of ``counts``."""
    shared = {key: data[key] for key in _SHARED if key in data}
    yield {
        "title": _shortened(data["title"], " - Single Event"),
        "id": derived_id(f"{rule.id} single event"),
        "name": name(rule),
        "status": shared.pop("status", "test"),
        "description": f'Detects the single events that the correlation "{data["title"]}" counts.',
        **shared,
        "logsource": data["logsource"],
        "detection": data["detection"],
        "level": "informational",
    }
    for number, each in enumerate(counts):
        said = {key: value for key, value in data.items() if key not in ("logsource", "detection")}
        if len(counts) > 1:
            said["title"] = _shortened(data["title"], f" - {_counted(each)}")
        if number:
            said["id"] = derived_id(f"{rule.id} {_counted(each)}")
        yield _with(said, correlation(each))


def correlation(said: Correlation) -> dict[str, Any]:
    """A correlation that counts, in the order of the specification."""
    condition: dict[str, Any] = {bound.operator: bound.value for bound in said.bounds}
    if said.fields:
        condition["field"] = said.fields[0]
    grouped = {"group-by": list(said.group_by)} if said.group_by else {}
    return {
        "type": said.type,
        "rules": list(said.rules),
        **grouped,
        "timespan": said.timespan,
        "condition": condition,
    }


def comment(rule: Rule) -> str:
    """A line of YAML that says where the time span of an Elastic rule comes from."""
    interval = rule.interval if _INTERVAL.fullmatch(rule.interval or "") else "5m"
    since = rule.look_back or "now-6m"
    return (
        f"# timespan: how far back each run of the Elastic rule looks ({since}), not how often it runs ({interval})\n"
    )


def _with(data: Mapping[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """``data`` with the correlation in the place that a rule's log source and detection have."""
    behind = ("fields", "falsepositives", "level", "elastic")
    elastic = {key: value for key, value in data.get("elastic", {}).items() if key not in ("type", "threshold")}
    kept = {key: value for key, value in data.items() if key != "elastic"} | ({"elastic": elastic} if elastic else {})
    return {
        **{key: value for key, value in kept.items() if key not in behind},
        "correlation": dict(said),
        **{key: value for key, value in kept.items() if key in behind},
    }


def _counted(said: Correlation) -> str:
    return f"Number of {', '.join(said.fields)}" if said.fields else "Number of Events"


def _shortened(title: str, end: str) -> str:
    """A title with an end, no longer than pySigma takes."""
    return f"{title[: 256 - len(end)]}{end}"
