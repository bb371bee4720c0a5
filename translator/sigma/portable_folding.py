"""Which conditions a log source makes needless: those that all of its events meet, and exclusions of what it never has.

Only what is and-ed at the top is left out, so that the rule keeps its verdict on every event of the log source.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from translator import logic
from translator.rule import LogSource
from translator.sigma.log_source import data_set
from translator.sigma.taxonomy import (
    CATEGORY_WORDS,
    CHANNELS,
    CONSTANT_CATEGORIES,
    HOST_STREAMS,
    MODULES,
    PRODUCTS,
    SYSMON_CODES,
    SYSTEMS,
    Words,
)
from translator.values import Wild

_DATA_SETS = ("data_stream.dataset", "event.dataset")
_ALERTS = ("alerts", "alert", "offense", "threat")
_EVENT, _ALERT = frozenset({"event"}), frozenset({"alert", "signal"})
_KINDS = {False: Words(_EVENT, _ALERT | {"metric", "state", "pipeline_error"}), True: Words(_ALERT, _EVENT)}

#: What Elastic adds to events, so that no other log holds it; it tells what kind of event one is.
CLASSIFICATION = frozenset(
    {
        *_DATA_SETS,
        "data_stream.namespace",
        "data_stream.type",
        "event.category",
        "event.kind",
        "event.module",
        "event.type",
        "host.os.family",
        "host.os.platform",
        "host.os.type",
    }
)


@dataclass(frozen=True, slots=True)
class Folded:
    """What remains of a formula, and the conditions that the log source makes needless."""

    rest: tuple[logic.Formula, ...]
    needless: tuple[logic.Formula, ...]


def fold(formula: logic.Formula, log_source: LogSource) -> Folded:
    """Take from the conditions that are and-ed at the top those that hold for every event of ``log_source``."""
    words = _words(log_source)
    rest: list[logic.Formula] = []
    needless: list[logic.Formula] = []
    for each in conjuncts(formula):
        (needless if _holds(each, log_source, words) else rest).append(each)
    return Folded(tuple(rest), tuple(needless))


def conjuncts(formula: logic.Formula) -> tuple[logic.Formula, ...]:
    """The conditions that are and-ed at the top."""
    if isinstance(formula, logic.And):
        return tuple(each for item in formula.items for each in conjuncts(item))
    return (formula,)


def _words(log_source: LogSource) -> Mapping[str, Words]:
    """What the fields of classification hold in the events of a log source."""
    found = dict(CATEGORY_WORDS.get(log_source.category or "", {}))
    if log_source in CONSTANT_CATEGORIES:
        found["event.category"] = Words(CONSTANT_CATEGORIES[log_source])
    if log_source.product in SYSTEMS:
        found["host.os.type"] = Words(frozenset({log_source.product}), SYSTEMS - {log_source.product})
    found["event.kind"] = _KINDS[log_source.service in _ALERTS]
    if log_source.product == "windows":
        found |= _windows_words(log_source)
    return found


def _windows_words(log_source: LogSource) -> Mapping[str, Words]:
    if log_source.service:
        channels = frozenset(channel for channel, service in CHANNELS.items() if service == log_source.service)
        return {"winlog.channel": Words(channels, frozenset(CHANNELS) - channels)}
    codes = frozenset(code for code, category in SYSMON_CODES.items() if category == log_source.category)
    if log_source.category == "ps_script":
        return {
            "event.code": Words(frozenset({"4104"})),
            "winlog.channel": Words(_channel("powershell")),
            "event.provider": Words(frozenset({"microsoft-windows-powershell"})),
        }
    return {
        "event.code": Words(codes),
        "winlog.channel": Words(_channel("sysmon")),
        "event.provider": Words(frozenset({"microsoft-windows-sysmon"})),
    }


def _channel(service: str) -> frozenset[str]:
    return frozenset(channel for channel, name in CHANNELS.items() if name == service)


def _holds(formula: logic.Formula, log_source: LogSource, words: Mapping[str, Words]) -> bool | None:
    """Whether ``formula`` is true of every event of the log source, or of none; None where neither is sure."""
    match formula:
        case logic.And(items):
            said = [_holds(item, log_source, words) for item in items]
            return False if False in said else None if None in said else True
        case logic.Or(items) | logic.AnyField(items):
            said = [_holds(item, log_source, words) for item in items]
            return True if True in said else None if None in said else False
        case logic.Not(item):
            # Each collector has its own word for what all events are; so none is sure to be the one excluded.
            return True if _holds(item, log_source, words) is False else None
        case logic.Everything():
            return True
        case logic.Equals(field, value) | logic.Words(field, value) | logic.Phrase(field, value):
            return _word(field.path, str(value).lower(), log_source, words)
        case logic.Matches(field, pattern):
            return _pattern(field.path, pattern, words)
        case logic.Exists(field):
            return True if field.path in words or field.path in _DATA_SETS else None
        case logic.Compare() | logic.Search() | logic.SearchPattern() | logic.Within():
            return None
        case logic.Like() | logic.Regex() | logic.Numeric() | logic.InNetwork() | logic.SameAs() | logic.DatePart():
            return None
        case logic.Anywhere() | logic.AnywhereRegex():
            return None
        case _:
            assert_never(formula)


def _word(path: str, word: str, log_source: LogSource, words: Mapping[str, Words]) -> bool | None:
    if path in _DATA_SETS:
        return _data_set(word, log_source)
    if path == "event.module":
        return True if _is_module(word, log_source) else None
    if (said := words.get(path)) is None:
        return None
    return True if word in said.always else False if word in said.never else None


def _pattern(path: str, pattern: tuple[str | Wild, ...], words: Mapping[str, Words]) -> bool | None:
    if (said := words.get(path)) is None:
        return None
    parts = (re.escape(part.lower()) if isinstance(part, str) else ".*" for part in pattern)
    shape = re.compile("".join(parts), re.DOTALL)
    return True if any(shape.fullmatch(word) for word in said.always) else None


def _data_set(name: str, log_source: LogSource) -> bool | None:
    """An event is of one data set, so those of another log source are never seen."""
    if name in HOST_STREAMS:
        own = CATEGORY_WORDS.get(log_source.category or "", {}).get("event.category")
        return None if own is None else HOST_STREAMS[name] in own.always
    found = data_set(name)
    if found == log_source:
        return True
    pairs = zip(_parts(found), _parts(log_source), strict=True)
    return False if any(left and right and left != right for left, right in pairs) else None


def _parts(source: LogSource) -> tuple[str | None, ...]:
    return source.category, source.product, source.service


def _is_module(name: str, log_source: LogSource) -> bool:
    if name in MODULES:
        return MODULES[name] == log_source
    return log_source.product not in SYSTEMS and log_source.product == PRODUCTS.get(name, name)
