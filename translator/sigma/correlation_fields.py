"""The fields that a threshold or a correlation counts by, under the names that the target has for them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from translator.errors import Code, Diagnostic, diagnose
from translator.ledger import Effect, Loss, lose
from translator.needs import Need, Threshold
from translator.rule import LogSource, Rule
from translator.sigma import portable_cloud, portable_host
from translator.sigma.elastic_names import Renaming
from translator.sigma.portable_names import How, find

_TABLES = (*portable_host.TABLES, *portable_cloud.TABLES)

#: Where Elastic's value is a part of the other's: two values of the other may be one of Elastic's.
_PARTS = frozenset({How.NAME, How.FOLDER, How.EXTENSION})

#: Places in a list, which a log's own names do not number.
_PLACE = re.compile(r"\.(?:\*|\d+)(?=\.|\Z)")


@dataclass(frozen=True, slots=True)
class Counted:
    """A threshold over fields by other names; what that loses, and what is only said otherwise."""

    threshold: Threshold
    losses: tuple[Loss, ...] = ()
    notes: tuple[Diagnostic, ...] = ()


def portable(threshold: Threshold, log_source: LogSource, rule: Rule, need: Need) -> Counted:
    """The fields by the names of Sigma's taxonomy for ``log_source``."""
    found = {path: _portable(path, log_source) for path in dict.fromkeys(_fields(threshold))}
    grouped, losses, notes = set(threshold.fields), [], []
    for path, (name, how, effect, why) in found.items():
        if how is None:
            said = f"Sigma has no name for {path} in {_called(log_source)}; the rule counts by it, under its own name."
            losses.append(lose(Code.FIELD_UNMAPPED, said, Effect.NARROWER, rule.source, need.span))
        elif how in _PARTS:
            # More groups of fewer events, and more different values.
            effect = Effect.NARROWER if path in grouped else Effect.WIDER
            losses.append(_near(path, name, effect, why, rule, need))
        elif effect is not None or how is not How.SAME:
            losses.append(_near(path, name, Effect.MIXED, why, rule, need))
        elif name != path:
            notes.append(diagnose(Code.RENAMED, f"{path} is called {name} here.", rule.source, need.span))
    return Counted(_renamed(threshold, {path: name for path, (name, *_) in found.items()}), tuple(losses), tuple(notes))


def _portable(path: str, log_source: LogSource) -> tuple[str, How | None, Effect | None, str]:
    row = find(_TABLES, log_source, path)
    if row is None:
        return path, None, None, ""
    name = _PLACE.sub("", row.name)
    if name != row.name:
        return name, row.how, Effect.MIXED, "a log's lists have no numbers for their entries"
    return name, row.how, row.effect, row.why


def elastic(threshold: Threshold, rule: Rule, need: Need) -> Counted:
    """The fields of Sigma's taxonomy by Elastic's names."""
    renaming = Renaming(rule.log_source)
    names = {name: renaming.path(name, need.span) for name in dict.fromkeys(_fields(threshold))}
    losses, notes = [], []
    for name, path in names.items():
        found, _ = renaming.given.get(name, (None, need.span))
        if name in renaming.kept:
            said = f"Elastic's name for {name}, which the rule counts by, is not known; it keeps Sigma's."
            losses.append(lose(Code.FIELD_UNMAPPED, said, Effect.NARROWER, rule.source, need.span, "--fields none"))
        elif found is not None and found.effect is not None:
            losses.append(_near(name, path, Effect.MIXED, found.why, rule, need))
        elif path != name:
            notes.append(diagnose(Code.RENAMED, f"{name} is called {path} by Elastic.", rule.source, need.span))
    return Counted(_renamed(threshold, names), tuple(losses), tuple(notes))


def _fields(threshold: Threshold) -> Iterator[str]:
    yield from threshold.fields
    yield from (each.field for each in threshold.cardinality)


def _called(source: LogSource) -> str:
    parts = (source.product, source.category, source.service)
    return "/".join(part for part in parts if part) or "an unknown log source"


def _renamed(threshold: Threshold, names: dict[str, str]) -> Threshold:
    return replace(
        threshold,
        fields=tuple(dict.fromkeys(names[path] for path in threshold.fields)),
        cardinality=tuple(replace(each, field=names[each.field]) for each in threshold.cardinality),
    )


def _near(path: str, name: str, effect: Effect, why: str, rule: Rule, need: Need) -> Loss:
    said = f"{name} is not quite {path}, which the rule counts by{f': {why}' if why else ''}."
    return lose(Code.FIELD_APPROXIMATE, said, effect, rule.source, need.span)
