"""Elastic's thresholds and Sigma's correlations: the same count, in each one's terms.

Both count the events that share some fields, or the different values of a field among them. Elastic looks at what lies
in the look-back window of each run, ``from`` to ``to``; Sigma at a time span. The span is the length of that window:
how often the rule runs is another matter. What only one of them can say is `Uncountable`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from translator import yaml_reader
from translator.errors import TranslatorError
from translator.needs import Bound, Cardinality, Correlation, Need, Threshold
from translator.rule import Rule
from translator.sigma.documents import Kind, pieces

#: Date math without rounding.
_MATH = re.compile(r"now((?:[+-]\d+[smhHdwMy])*)\Z")
_STEP = re.compile(r"([+-])(\d+)([smhHdwMy])")

#: Seconds of the units that always last the same, the longest first, and months of those that do not.
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_MONTHS = {"y": 12, "M": 1}

#: What would take over from a correlation that counts otherwise.
_SEVERAL = "an EQL sequence asks for events of several rules: write one by hand"
_OTHERWISE = "a rule in ES|QL can calculate with values: write one by hand"


class Uncountable(ValueError):
    """Why the other language cannot count so; ``hint`` adds what to do about it."""

    def __init__(self, why: str, remedy: str) -> None:
        super().__init__(why)
        self.hint = f"{why[0].lower()}{why[1:-1]}: {remedy}"


@dataclass(frozen=True, slots=True)
class Count:
    """What a rule counts within ``span``, a time span of Sigma's; ``need`` is where it says so."""

    need: Need
    threshold: Threshold
    span: str


def count(rule: Rule, need: Need) -> Count | None:
    """What ``need`` has counted, None where it is about something else.

    Raises Uncountable where a threshold has no time span, or a correlation no threshold.
    """
    match need.detail:
        case Threshold(window=window) as said:
            since = window if window.startswith("now") else f"now-{window}"
            return Count(need, said, timespan(since, str(rule.extra.get("to") or "now")))
        case Correlation() as said:
            found = threshold(said)
            read = pieces(yaml_reader.read_all(rule.query))
            if sum(not isinstance(each, TranslatorError) and each.kind is Kind.CORRELATION for each in read) > 1:
                raise Uncountable("The correlation counts what another correlation finds.", _SEVERAL)
            return Count(need, found, found.window)
        case _:
            return None


def timespan(since: str, until: str = "now") -> str:
    """How long the window from ``since`` to ``until`` (date math) is, as a time span of Sigma's such as ``9m``.

    Raises Uncountable for a window that is no whole number of one unit, or that moves with the clock.
    """
    plain = re.fullmatch(r"now-0*([1-9]\d*)([smhHdwMy])", since)
    if plain and until == "now":
        return f"{plain[1]}{plain[2].replace('H', 'h')}"
    (months, seconds), (later_months, later_seconds) = _offset(since), _offset(until)
    months, seconds = later_months - months, later_seconds - seconds
    if months > 0 and seconds == 0:
        return f"{months}M"
    if seconds > 0 and months == 0:
        unit = next(unit for unit, length in _SECONDS.items() if seconds % length == 0)
        return f"{seconds // _SECONDS[unit]}{unit}"
    raise _no_span(since, until)


def seconds(span: str) -> int | None:
    """How long a time span is; None where its unit is one of the calendar."""
    length = _SECONDS.get(span[-1:])
    return int(span[:-1]) * length if length else None


def _offset(math_: str) -> tuple[int, int]:
    """How many months and seconds the moment lies behind now."""
    if (found := _MATH.fullmatch(math_)) is None:
        raise _no_span(math_)
    months = count = 0
    for sign, digits, unit in _STEP.findall(found[1]):
        number = int(digits) if sign == "+" else -int(digits)
        months += number * _MONTHS.get(unit, 0)
        count += number * _SECONDS.get(unit.lower() if unit == "H" else unit, 0)
    return months, count


def _no_span(since: str, until: str = "now") -> Uncountable:
    shown = since if until == "now" else f"{since} to {until}"
    return Uncountable(
        f"The window {shown} is no whole number of seconds, minutes, hours, days, weeks, months or years.",
        "give `from` as date math like now-9m",
    )


def correlations(threshold: Threshold, rule: str, span: str) -> tuple[Correlation, ...]:
    """What must hold of the events of ``rule`` within ``span``: one correlation for each condition of the threshold.

    A single event is no condition beside a number of different values, which takes one, too.
    """
    counts = threshold.value > 1 or not threshold.cardinality
    events = Correlation("event_count", (rule,), threshold.fields, span, (Bound("gte", threshold.value),))
    values = (
        Correlation("value_count", (rule,), threshold.fields, span, (Bound("gte", each.value),), (each.field,))
        for each in threshold.cardinality
    )
    return (events, *values) if counts else tuple(values)


def threshold(said: Correlation) -> Threshold:
    """The threshold that counts as the correlation does. Raises Uncountable where there is none."""
    if said.type in ("temporal", "temporal_ordered"):
        raise Uncountable(f"A correlation of type {said.type} is about events of several rules, in time.", _SEVERAL)
    if said.type not in ("event_count", "value_count"):
        raise Uncountable(f"A correlation of type {said.type} calculates with values.", _OTHERWISE)
    if len(said.rules) != 1:
        raise Uncountable(
            "The correlation counts events of several rules; a threshold rule has one query.",
            "make it one rule, whose selections are joined by `or`",
        )
    if said.aliases:
        raise Uncountable(
            "The correlation gives fields other names (aliases), which a threshold rule does not.",
            "write the field itself into `group-by`",
        )
    least = _least(said.bounds)
    if said.type == "event_count":
        return Threshold(said.group_by, least, (), said.timespan)
    if len(said.fields) != 1:
        raise Uncountable(
            "The correlation counts the values of several fields together; a threshold rule counts those of one.",
            _OTHERWISE,
        )
    return Threshold(said.group_by, 1, (Cardinality(said.fields[0], least),), said.timespan)


def _least(bounds: tuple[Bound, ...]) -> int:
    """The smallest number that satisfies the one bound of a correlation."""
    if len(bounds) != 1 or bounds[0].operator not in ("gt", "gte"):
        asked = " and ".join(f"{each.operator} {each.value}" for each in bounds)
        raise Uncountable(
            f"The correlation asks for a number that is {asked}; a threshold rule asks for at least a number.",
            "write `gte:` alone",
        )
    (bound,) = bounds
    least = math.floor(bound.value) + 1 if bound.operator == "gt" else math.ceil(bound.value)
    if least < 1:
        raise Uncountable(
            "The condition of the correlation holds where there is no event, too; a threshold rule needs one.",
            "write `gte: 1` or more",
        )
    return least
