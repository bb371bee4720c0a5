"""Bounds in time: a date, ``now`` or ``date||``, then steps such as ``+1d`` and ``/d``."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo

from translator.meaning import calendar, date_formats
from translator.meaning.calendar import DAY, SECOND, Wall
from translator.meaning.date_formats import Moment
from translator.meaning.question import Refused

_STEP = re.compile(r"(?P<round>/)(?P<unit>.)|(?P<sign>[+-])(?P<count>[0-9]*)(?P<of>.)", re.DOTALL)

_MONTHS = {"M": 1, "y": 12}
_LENGTHS = {"w": 7 * DAY, "d": DAY}
_TIMES = {"h": 3600 * SECOND, "H": 3600 * SECOND, "m": 60 * SECOND, "s": SECOND}
_UNITS = {*_MONTHS, *_LENGTHS, *_TIMES}

#: Elasticsearch's years have at most nine digits.
_MOST = 999_999_999


@dataclass(frozen=True, slots=True)
class Step:
    """``/unit``, or so many units on or back."""

    unit: str
    count: int | None


@dataclass(frozen=True, slots=True)
class Bound:
    """A point in time that may move with the clock. ``moment`` is None for ``now``."""

    moment: Moment | None
    steps: tuple[Step, ...]
    exact: bool
    zone: tzinfo

    @property
    def moves(self) -> bool:
        """Whether it depends on when it is asked."""
        return self.moment is None

    def at(self, *, up: bool) -> int:
        """Nanoseconds since 1970: the first that the text names, or with ``up`` the last."""
        if self.moment is None:
            start = time.time_ns() // 1_000_000 * 1_000_000
        else:
            clock = self.moment.most if up and not self.exact else self.moment.least
            start = calendar.to_instant(clock, self.moment.zone or self.zone)
        return _stepped(start, self.steps, self.zone, up=up)


def read(said: str, formats: str, zone: str | None) -> Bound:
    """A bound from its text. Raises Refused for what is no date in ``formats`` and for an unknown ``zone``."""
    where = UTC if zone is None else calendar.zone(zone)
    if where is None:
        raise Refused(
            f'Elasticsearch knows no time zone "{zone}".',
            "write an offset such as +02:00, or a name such as Europe/Paris",
        )
    if said.startswith("now"):
        return Bound(None, _steps(said[3:], said), True, where)
    date, bars, math = said.partition("||")
    moment = date_formats.read(date, formats)
    if moment is None:
        raise Refused(
            f'Elasticsearch cannot read "{said}" as a date ({formats}).',
            "write a date such as 2020-01-31, 2020-01-31T12:30:00Z or now-1d",
        )
    bound = Bound(moment, _steps(math, said), bool(bars), where)
    bound.at(up=False)
    return bound


def _steps(math: str, said: str) -> tuple[Step, ...]:
    steps: list[Step] = []
    at = 0
    while at < len(math):
        found = _STEP.match(math, at)
        unit = None if found is None else found["unit"] or found["of"]
        if found is None or unit not in _UNITS:
            raise Refused(
                f'Elasticsearch cannot read the date math in "{said}".',
                "write steps such as +1d, -2h or /d; the units are y M w d h m s",
            )
        count = None if found["round"] else int(f"{found['sign']}{found['count'] or 1}")
        steps.append(Step(unit, count))
        at = found.end()
    return tuple(steps)


def _stepped(at: int, steps: Sequence[Step], zone: tzinfo, *, up: bool) -> int:
    for step in steps:
        if step.count is None:
            at = _rounded(at, step.unit, zone, up=up)
        elif step.unit in _TIMES:
            at += step.count * _TIMES[step.unit]
        else:
            at = _moved(at, step.unit, step.count, zone)
    return at


def _moved(at: int, unit: str, count: int, zone: tzinfo) -> int:
    clock = calendar.to_clock(at, zone)
    if unit in _LENGTHS:
        return calendar.to_instant(clock + count * _LENGTHS[unit], zone)
    if abs(count) > _MOST:
        raise Refused("The date math leaves the years that Elasticsearch knows.", "take a smaller step")
    return calendar.to_instant(calendar.nanos(calendar.plus_months(calendar.wall(clock), count * _MONTHS[unit])), zone)


def _rounded(at: int, unit: str, zone: tzinfo, *, up: bool) -> int:
    """The start of the unit, or with ``up`` its last millisecond."""
    clock = calendar.to_clock(at, zone)
    start = calendar.nanos(_start(calendar.wall(clock), unit))
    if unit == "w":
        start -= (start // DAY + 3) % 7 * DAY
    if not up:
        return calendar.to_instant(start, zone)
    if unit in _TIMES:
        return calendar.to_instant(start, zone) + _TIMES[unit] - 1_000_000
    after = (
        start + _LENGTHS[unit]
        if unit in _LENGTHS
        else calendar.nanos(calendar.plus_months(calendar.wall(start), _MONTHS[unit]))
    )
    return calendar.to_instant(after, zone) - 1_000_000


def _start(clock: Wall, unit: str) -> Wall:
    kept = {"y": 1, "M": 2, "w": 3, "d": 3, "h": 4, "H": 4, "m": 5, "s": 6}[unit]
    return Wall(*clock[:kept])
