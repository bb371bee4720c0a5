"""Date formats: what a text says of a moment, and what it leaves open.

The two defaults are read as Elasticsearch 8 reads them. Other formats are Java patterns or names for them; one that
cannot be read here is taken for the default.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import tzinfo
from functools import cache
from typing import TypeAlias

from translator.meaning import calendar
from translator.meaning.calendar import Wall
from translator.schema import FieldRef, Type

DEFAULT = "strict_date_optional_time||epoch_millis"
DEFAULT_NANOS = "strict_date_optional_time_nanos||epoch_millis"


@dataclass(frozen=True, slots=True)
class Moment:
    """A clock's time, and what it is at most if what was left open is filled up. ``zone`` where the text says one."""

    least: int
    most: int
    zone: tzinfo | None = None


Format: TypeAlias = Callable[[str], Moment | None]

#: A zone, and a second offset that Elasticsearch reads but does not use: not after an offset without colons.


def _stepwise(*parts: str) -> str:
    """Each part may be left out together with all that follow it."""
    first, *rest = parts
    return f"{first}(?:{_stepwise(*rest)})?" if rest else first


#: A zone, and a second offset that Elasticsearch reads but does not use: not after an offset without colons.
_ZONE = (
    r"(?:(?P<zone>Z|[+-][0-9]{2}(?::?[0-9]{2}(?::?[0-9]{2})?)?|(?:UTC|GMT|UT)(?:[+-][0-9:]+)?"
    r"|[A-Z][A-Za-z_]+/[A-Za-z_/-]+)"
    r"(?:(?<![+-][0-9]{2})(?<![+-][0-9]{4})(?<![+-][0-9]{6})(?:Z|[+-][0-9]{4}))?)"
)
_FRACTION = r"[.,](?P<S>[0-9]{1,9})"
_TIME = (r"(?P<H>[0-9]{2})", r":(?P<m>[0-9]{2})", r":(?P<s>[0-9]{2})", _FRACTION)
_LOOSE_TIME = (r"(?P<H>[0-9]{1,2})", r":(?P<m>[0-9]{1,2})", r":(?P<s>[0-9]{1,2})", _FRACTION)
_DATE = (r"(?P<y>-?[0-9]{4})", r"-(?P<M>[0-9]{2})", r"-(?P<d>[0-9]{2})")
_LOOSE_DATE = (r"(?P<y>-?[0-9]{1,9})", r"-(?P<M>[0-9]{1,2})", r"-(?P<d>[0-9]{1,2})")

_NAMED: dict[str, str] = {
    "strict_date_optional_time": _stepwise(*_DATE, f"T(?:{_stepwise(*_TIME)}{_ZONE}?)?"),
    # The parser of nanoseconds takes no time without seconds, and no T without a time.
    "strict_date_optional_time_nanos": _stepwise(*_DATE, f"T{''.join(_TIME[:3])}(?:{_FRACTION})?{_ZONE}?"),
    "date_optional_time": _stepwise(*_LOOSE_DATE, f"T(?:{_stepwise(*_LOOSE_TIME)}{_ZONE}?)?"),
}
_NAMED["iso8601"] = _NAMED["strict_date_optional_time"]

#: Elasticsearch's names for Java patterns. Those without ``strict_`` also take fewer digits.
_PATTERNS: dict[str, str] = {
    "basic_date": "yyyyMMdd",
    "basic_date_time": "yyyyMMdd'T'HHmmss.SSSX",
    "basic_date_time_no_millis": "yyyyMMdd'T'HHmmssX",
    "strict_date": "yyyy-MM-dd",
    "strict_date_hour": "yyyy-MM-dd'T'HH",
    "strict_date_hour_minute": "yyyy-MM-dd'T'HH:mm",
    "strict_date_hour_minute_second": "yyyy-MM-dd'T'HH:mm:ss",
    "strict_date_hour_minute_second_fraction": "yyyy-MM-dd'T'HH:mm:ss.SSS",
    "strict_date_hour_minute_second_millis": "yyyy-MM-dd'T'HH:mm:ss.SSS",
    "strict_date_time": "yyyy-MM-dd'T'HH:mm:ss.SSSX",
    "strict_date_time_no_millis": "yyyy-MM-dd'T'HH:mm:ssX",
    "strict_year": "yyyy",
    "strict_year_month": "yyyy-MM",
    "strict_year_month_day": "yyyy-MM-dd",
}
_PATTERNS |= {
    name.removeprefix("strict_"): re.sub(r"(MM|dd|HH|mm|ss)", lambda found: found[0][0], like)
    for name, like in _PATTERNS.items()
    if name.startswith("strict_")
}

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_EPOCH = re.compile(r"-?[0-9]{1,19}(?:\.[0-9]{0,9})?")


def formats(field: FieldRef) -> str:
    """The formats of a date field, joined by ``||``."""
    return field.details.format or (DEFAULT_NANOS if field.type is Type.DATE_NANOS else DEFAULT)


def read(said: str, among: str) -> Moment | None:
    """What a text says in the first of several formats that it fits, or None."""
    for each in _compiled(among):
        moment = each(said)
        if moment is not None:
            return moment
    return None


@cache
def _compiled(among: str) -> tuple[Format, ...]:
    found = [_format(name.strip()) for name in among.split("||")]
    known = tuple(each for each in found if each is not None)
    return known or _compiled(DEFAULT)


def _format(name: str) -> Format | None:
    if name == "epoch_millis":
        return lambda said: _epoch(said, 6)
    if name == "epoch_second":
        return lambda said: _epoch(said, 9)
    expression = _NAMED.get(name) or _java(_PATTERNS.get(name, name))
    if expression is None:
        return None
    compiled = re.compile(expression)
    return lambda said: _moment(compiled.fullmatch(said))


def _epoch(said: str, scale: int) -> Moment | None:
    """Milliseconds or seconds since 1970; digits after a point are exact."""
    if not _EPOCH.fullmatch(said):
        return None
    whole, point, fraction = said.partition(".")
    if len(fraction) > scale or abs(int(whole)) >= 2**63 // (1 if scale == 6 else 1000):
        return None
    unit = 10**scale
    at = abs(int(whole)) * unit + int((fraction or "0").ljust(scale, "0"))
    if said.startswith("-"):
        at = -at
    return Moment(at, at if point else at + unit - 1)


def _moment(found: re.Match[str] | None) -> Moment | None:
    if found is None:
        return None
    part = found.groupdict()
    year = int(part["y"])
    if len(part["y"]) == 2:
        year += 2000
    month = part.get("M") or ""
    number = _MONTHS.index(month.lower()) + 1 if month.isalpha() else int(month or 1)
    fraction = part.get("S")
    nano = int(fraction.ljust(9, "0")) if fraction else 0
    hour, minute, second = (int(part.get(name) or 0) for name in "Hms")
    least = Wall(year, number, int(part.get("d") or 1), hour, minute, second, nano)
    most = least._replace(
        hour=_filled(part.get("H"), 23),
        minute=_filled(part.get("m"), 59),
        second=_filled(part.get("s"), 59),
        nano=nano if fraction else 999_999_999,
    )
    zone = part.get("zone")
    where = calendar.zone(zone) if zone else None
    if not calendar.is_valid(least) or (zone and where is None):
        return None
    return Moment(calendar.nanos(least), calendar.nanos(most), where)


def _filled(part: str | None, most: int) -> int:
    return int(part) if part else most


_LETTERS = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|.", re.DOTALL)
_FIELDS: dict[str, str] = {
    "yyyy": r"(?P<y>-?[0-9]{4})",
    "uuuu": r"(?P<y>-?[0-9]{4})",
    "yy": r"(?P<y>[0-9]{2})",
    "y": r"(?P<y>-?[0-9]{1,9})",
    "MM": r"(?P<M>[0-9]{2})",
    "M": r"(?P<M>[0-9]{1,2})",
    "MMM": rf"(?P<M>(?i:{'|'.join(_MONTHS)}))",
    "dd": r"(?P<d>[0-9]{2})",
    "d": r"(?P<d>[0-9]{1,2})",
    "HH": r"(?P<H>[0-9]{2})",
    "H": r"(?P<H>[0-9]{1,2})",
    "mm": r"(?P<m>[0-9]{2})",
    "m": r"(?P<m>[0-9]{1,2})",
    "ss": r"(?P<s>[0-9]{2})",
    "s": r"(?P<s>[0-9]{1,2})",
    "X": _ZONE,
    "XX": _ZONE,
    "XXX": _ZONE,
    "Z": _ZONE,
    "ZZ": _ZONE,
    "ZZZ": _ZONE,
    "ZZZZZ": _ZONE,
}


def _java(like: str) -> str | None:
    """A Java date pattern as a regular expression, or None where it holds what is not known here."""
    made = ""
    for found in _LETTERS.finditer(like):
        text = found[0]
        if found[1] is not None:
            made += re.escape(found[1].replace("''", "'") or "'")
        elif text == "[":
            made += "(?:"
        elif text == "]":
            made += ")?"
        elif not text[0].isalpha():
            made += re.escape(text)
        elif text in _FIELDS:
            made += _FIELDS[text]
        elif set(text) <= {"S", "n"}:
            made += rf"(?P<S>[0-9]{{{len(text)}}})"
        else:
            return None
    try:
        names = re.compile(made).groupindex
    except re.error:
        return None
    return made if "y" in names else None
