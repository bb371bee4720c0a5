"""Days, wall clocks and time zones, for all years that Elasticsearch takes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

SECOND = 1_000_000_000
DAY = 86_400 * SECOND

_OFFSET = re.compile(r"([+-])([0-9]{1,2})(?::?([0-9]{2})(?::?([0-9]{2}))?)?")
_PREFIXED = re.compile(r"(?:UTC|GMT|UT)([+-].+)?")


class Wall(NamedTuple):
    """A moment as a clock on a wall shows it; no zone."""

    year: int
    month: int = 1
    day: int = 1
    hour: int = 0
    minute: int = 0
    second: int = 0
    nano: int = 0


def days_in(year: int, month: int) -> int:
    """How long a month is, in the Gregorian calendar of all years."""
    if month == 2:
        return 29 if year % 4 == 0 and (year % 100 != 0 or year % 400 == 0) else 28
    return 30 if month in (4, 6, 9, 11) else 31


def is_valid(wall: Wall) -> bool:
    """Whether there is such a day and such a time of day."""
    return (
        1 <= wall.month <= 12
        and 1 <= wall.day <= days_in(wall.year, wall.month)
        and wall.hour < 24
        and wall.minute < 60
        and wall.second < 60
    )


def nanos(wall: Wall) -> int:
    """Nanoseconds since 1970 if the clock shows UTC."""
    year = wall.year - (wall.month <= 2)
    era, of_era = divmod(year, 400)
    of_year = (153 * (wall.month + (-3 if wall.month > 2 else 9)) + 2) // 5 + wall.day - 1
    days = era * 146_097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year - 719_468
    return days * DAY + (wall.hour * 3600 + wall.minute * 60 + wall.second) * SECOND + wall.nano


def wall(at: int) -> Wall:
    """What a clock in UTC shows at so many nanoseconds since 1970."""
    days, rest = divmod(at, DAY)
    era, of_era = divmod(days + 719_468, 146_097)
    years = (of_era - of_era // 1460 + of_era // 36_524 - of_era // 146_096) // 365
    of_year = of_era - (365 * years + years // 4 - years // 100)
    shifted = (5 * of_year + 2) // 153
    month = shifted + (3 if shifted < 10 else -9)
    seconds, nano = divmod(rest, SECOND)
    return Wall(
        era * 400 + years + (month <= 2),
        month,
        of_year - (153 * shifted + 2) // 5 + 1,
        seconds // 3600,
        seconds // 60 % 60,
        seconds % 60,
        nano,
    )


def plus_months(clock: Wall, months: int) -> Wall:
    """So many months later; a day that the month does not have becomes its last."""
    years, month = divmod(clock.month - 1 + months, 12)
    year = clock.year + years
    return clock._replace(year=year, month=month + 1, day=min(clock.day, days_in(year, month + 1)))


class _Fixed(tzinfo):
    """A constant offset, up to Java's 18 hours."""

    def __init__(self, seconds: int) -> None:
        self.seconds = seconds

    def utcoffset(self, _: datetime | None) -> timedelta:
        return timedelta(seconds=self.seconds)

    def dst(self, _: datetime | None) -> None:
        return None

    def tzname(self, _: datetime | None) -> None:
        return None

    def fromutc(self, at: datetime) -> datetime:
        return at + timedelta(seconds=self.seconds)


@cache
def zone(name: str) -> tzinfo | None:
    """The zone with a name or offset as Java's ``ZoneId`` takes it, or None."""
    if name == "Z":
        return UTC
    prefixed = _PREFIXED.fullmatch(name)
    offset = (prefixed[1] or "+00") if prefixed else name
    found = _OFFSET.fullmatch(offset)
    if found is not None:
        hours, minutes, seconds = (int(part or 0) for part in found.groups()[1:])
        total = hours * 3600 + minutes * 60 + seconds
        if minutes > 59 or seconds > 59 or total > 18 * 3600:
            return None
        return _Fixed(-total if found[1] == "-" else total)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def to_instant(clock: int, where: tzinfo) -> int:
    """The instant at which the clock of a zone shows ``clock`` (nanoseconds as if in UTC).

    In a gap the clock is moved forward; of two instants the first is meant.
    """
    offset = where.utcoffset(_naive(clock).replace(tzinfo=where))
    return clock - _nanoseconds(offset)


def to_clock(at: int, where: tzinfo) -> int:
    """What the clock of a zone shows at an instant, as nanoseconds as if in UTC."""
    there = _naive(at).replace(tzinfo=UTC).astimezone(where)
    return at + _nanoseconds(there.utcoffset())


def _nanoseconds(offset: timedelta | None) -> int:
    return 0 if offset is None else (offset.days * 86_400 + offset.seconds) * SECOND


def _naive(at: int) -> datetime:
    """The nearest moment that Python knows, two days from its ends."""
    shown = wall(at)
    if not 1 < shown.year < 9999:
        return datetime(min(max(shown.year, 2), 9998), 1, 1)
    return datetime(*shown[:6])
