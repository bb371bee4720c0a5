"""Values at the edges of what a leaf asks: some that should answer yes, and near misses, by the field's type.

Nothing here decides a verdict. A value that turns out otherwise than its name says costs nothing but its place.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address
from typing import Any, TypeAlias

from translator.meaning import Bounds, Folding, JsonNumber, Refused, addresses, calendar, dates, numbers, words
from translator.meaning.keyword import asked as spelled
from translator.schema import ANALYSED_TEXT, DATES, FLOATS, INTEGERS, NUMBERS, FieldRef, Type
from translator.values import Pattern, Wild
from translator.witness.leaves import Asked, How
from translator.witness.shapes import same_letters

#: What stands in for a star where it is to stand for something: a blank, separators, and no ASCII letter.
FILLING = "x \\/é1"

_KEPT = 100
_TEN = 10
_NANOS = 1_000_000_000

Limits: TypeAlias = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Near:
    """A value beside what a leaf asks, and in which way."""

    why: str
    value: Any


def likely(question: Asked, field: FieldRef) -> Iterator[Any]:
    """Values of which some answer yes; where values have an order, one for each stretch that the leaf tells apart."""
    key = field.path.removeprefix(f"{field.details.key_of}.") if field.details.key_of else None
    for value in _likely(question, field):
        yield {key: value} if key else {"x": value} if field.type is Type.FLATTENED else value


def near(question: Asked, field: FieldRef) -> Iterator[Near]:
    """Values that differ a little from those that answer yes, the likeliest mistakes first."""
    key = field.path.removeprefix(f"{field.details.key_of}.") if field.details.key_of else None
    for each in _near(question, field):
        if key or field.type is Type.FLATTENED:
            each = Near(each.why, {key or "x": each.value})
        yield each


def _likely(question: Asked, field: FieldRef) -> Iterator[Any]:
    match field.type:
        case _ if question.raw:
            yield from _likely_texts(question)
        case kind if kind in ANALYSED_TEXT:
            yield from _likely_words(question, field)
        case Type.BOOLEAN:
            yield from (True, False)
        case Type.GEO_POINT:
            yield {"lat": 1.5, "lon": 2.5}
        case Type.OBJECT | Type.NESTED | Type.UNMAPPED | Type.BINARY:
            yield "x"
        case kind if kind in _ORDERED:
            yield from (value for point in _points(question, field) for value in _spelled_point(field, point))
            if field.type in INTEGERS:
                yield from _with_exponents(question, field)
        case kind if kind in _SPANS:
            yield from ({"gte": value, "lte": value} for value in _likely(question, _part(field)))
        case _:
            yield from _likely_texts(question)


def _near(question: Asked, field: FieldRef) -> Iterator[Near]:
    match field.type:
        case _ if question.raw:
            yield from _near_texts(question)
        case kind if kind in ANALYSED_TEXT:
            yield from _near_words(question, field)
        case Type.BOOLEAN:
            yield from (Near("as a text", "true"), Near("as a text", "false"))
            yield from (Near("the other truth", True), Near("the other truth", False), Near("a number", 1))
        case Type.GEO_POINT | Type.OBJECT | Type.NESTED | Type.UNMAPPED | Type.BINARY:
            return
        case kind if kind in _ORDERED:
            yield from _near_points(question, field)
        case kind if kind in _SPANS:
            part = _part(field)
            for each in _near_points(question, part):
                yield Near(each.why, {"gte": each.value, "lte": each.value})
        case _:
            yield from _near_texts(question)


# Whole texts.


def _likely_texts(question: Asked) -> Iterator[Any]:
    yield from question.examples
    for _, bound in question.bounds:
        text = "" if bound is None else spelled(bound)
        yield from (text, f"{text}!", text[:-1], "", "~")
        if isinstance(bound, (int, float)):
            yield from (bound, bound - 1, bound + 1)
    for pattern in question.patterns:
        yield filled(pattern, "")
        if question.raw and (text := filled(pattern, "")).isascii() and text.isdigit() and len(text) < _KEPT:
            yield int(text)
        if Wild.ANY in pattern:
            yield filled(pattern, "x")
    if question.how in (How.EXISTS, How.SAME):
        yield "x"


def _near_texts(question: Asked) -> Iterator[Near]:
    if question.how is How.EXISTS:
        yield from (Near("an empty text", ""), Near("a number", 0), Near("a truth", False))
        return
    for _, bound in question.bounds:
        text = "" if bound is None else spelled(bound)
        yield from (Near("the bound itself", text), Near("just above the bound", f"{text}!"))
        yield Near("just below the bound", text[:-1])
        if isinstance(bound, (int, float)):
            yield from (Near("one above the bound", bound + 1), Near("one below the bound", bound - 1))
            yield Near("the bound as a number", bound)
    for other in question.beside:
        yield Near("another one", other)
    if question.how is How.SAME:
        yield from (Near("another value", "y"), Near("letter case flipped", "X"), Near("more at the end", "xy"))
        yield Near("more at the start", "yx")
    for example in question.examples:
        yield from _around(example, question)
    for pattern in question.patterns:
        wild = any(isinstance(each, Wild) for each in pattern)
        yield from _around_pattern(pattern, question) if wild else _around(filled(pattern, ""), question)


def _around(text: str, question: Asked) -> Iterator[Near]:
    yield Near("letter case flipped", text.swapcase())
    yield Near("one character more at the end", f"{text}x")
    yield Near("one character more at the start", f"x{text}")
    yield Near("the last character missing", text[:-1])
    yield Near("the first character missing", text[1:])
    if "*" in text or "?" in text:
        yield Near("something else where the wildcard character stands", text.replace("*", "xyz").replace("?", "x"))
    yield from _odd_letters(text, question)
    if "\\" in text:
        yield Near("backslashes doubled", text.replace("\\", "\\\\"))
    yield Near("one letter in the other case", _one_letter(text))
    yield Near("a blank at the end", f"{text} ")
    if text.isascii() and text.isdigit() and (text == "0" or text[0] != "0") and len(text) < _KEPT:
        yield from (Near("as a number", int(text)), Near("as a number with a fraction", JsonNumber(f"{text}.0")))
    if text in ("true", "false"):
        yield Near("as a truth", text == "true")


def _one_letter(text: str) -> str:
    """The text with its first letter in the other case: rules list a word in small letters and in capitals."""
    at = next((at for at, char in enumerate(text) if char.swapcase() != char), len(text))
    return text[:at] + text[at : at + 1].swapcase() + text[at + 1 :]


def _odd_letters(text: str, question: Asked) -> Iterator[Near]:
    """Letters that only Unicode takes for those of the text.

    Where case does not matter, ASCII letters are left alone: that Elasticsearch, unlike Sigma, does not fold the Kelvin
    sign to a k and the long s to an s is known of every rule, and no rule has to show it.
    """
    for at, char in enumerate(text):
        if char.isascii() and question.folding is not Folding.NONE:
            continue
        if odd := [each for each in same_letters(char) if not each.isascii() and each != char]:
            yield Near("a letter that only Unicode folds to this one", text[:at] + odd[0] + text[at + 1 :])
            break
    if (apart := unicodedata.normalize("NFD", text)) != text:
        yield Near("accents as characters of their own", apart)


def _around_pattern(pattern: Pattern, question: Asked) -> Iterator[Near]:
    least, more = filled(pattern, ""), filled(pattern, "xy")
    if Wild.ANY in pattern:
        yield Near("the stars stand for nothing", least)
        yield Near("the stars stand for several characters", filled(pattern, FILLING))
    flipped = tuple(part if isinstance(part, Wild) else part.swapcase() for part in pattern)
    yield Near("letter case flipped", filled(flipped, ""))
    yield Near("one character more at the end", f"{least}x")
    yield Near("one character more at the start", f"x{least}")
    yield Near("the last character missing", least[:-1])
    yield Near("the first character missing", least[1:])
    yield Near("one letter in the other case", _one_letter(least))
    if Wild.ONE in pattern:
        yield Near("two characters for one", filled(pattern, "", "xy"))
        yield Near("no character for one", filled(pattern, "", ""))
    for at, part in enumerate(pattern):
        if part is Wild.ANY and 0 < at < len(pattern) - 1:
            yield Near("cut off at a star", filled(pattern[:at], ""))
            yield Near("only what follows a star", filled(pattern[at + 1 :], ""))
    yield Near("a line end in it", filled(pattern, "a\nb") if Wild.ANY in pattern else f"{more}\n")
    if "\\" in least:
        yield Near("backslashes doubled", least.replace("\\", "\\\\"))
    yield from _odd_letters(more, question)


def filled(pattern: Pattern, star: str, one: str = "x") -> str:
    """The pattern with its wildcards written out."""
    return "".join(star if part is Wild.ANY else one if part is Wild.ONE else str(part) for part in pattern)


# Words.


def _said(question: Asked) -> Iterator[str]:
    for pattern in question.patterns:
        yield filled(pattern, "")
        if Wild.ANY in pattern:
            yield filled(pattern, "x")


def _likely_words(question: Asked, field: FieldRef) -> Iterator[Any]:
    yield from question.examples
    for _, bound in question.bounds:
        text = "" if bound is None else spelled(bound).lower()
        yield from (text, f"{text}x", text[:-1], "0", "z")
    for said in _said(question):
        yield said
        yield from (word for word, _ in words.analyzer(field)(said))
    if question.how is How.EXISTS:
        yield "x"


def _near_words(question: Asked, field: FieldRef) -> Iterator[Near]:
    for example in question.examples:
        yield from _around(example, question)
    for said in _said(question):
        found = [word for word, _ in words.analyzer(field)(said)]
        yield Near("letter case flipped", said.swapcase())
        yield Near("inside a longer text", f"xx {said}, xx")
        yield Near("the end of a longer word", f"x{said}")
        yield Near("the start of a longer word", f"{said}x")
        if len(found) > 1:
            yield Near("its words in the other order", " ".join(reversed(found)))
            yield Near("another word between its words", " xx ".join(found))
            yield from (Near("one of its words alone", word) for word in (found[0], found[-1]))
            for border in ("-", ".", "_", ", ", "", "’"):
                yield Near(f'"{border}" between its words', border.join(found))
        yield from (Near("a line end beside it", f"xx\n{said}"), Near("the last character missing", said[:-1]))
    if question.how is How.EXISTS:
        yield from (Near("a text without a word", "--"), Near("a number", 0))


# Values that have an order: one for each stretch, and the neighbours of its ends.

_ORDERED = NUMBERS | DATES | {Type.IP}
_SPANS = {
    Type.INTEGER_RANGE: Type.INTEGER,
    Type.LONG_RANGE: Type.LONG,
    Type.FLOAT_RANGE: Type.FLOAT,
    Type.DOUBLE_RANGE: Type.DOUBLE,
    Type.DATE_RANGE: Type.DATE,
    Type.IP_RANGE: Type.IP,
}
_COMPLETE = INTEGERS | DATES | {Type.IP, Type.BOOLEAN, Type.DOUBLE}


def _part(field: FieldRef) -> FieldRef:
    return FieldRef(field.path, _SPANS[field.type], field.ask, field.nested, None, field.details)


def stretches(question: Asked, field: FieldRef) -> tuple[Limits, ...]:
    """The first and last of what answers yes, in the field's own unit; none where time moves them."""
    asked: list[Bounds] = []
    if question.how is How.BOUNDS:
        said = {op.word: value for op, value in question.bounds}
        asked.append(Bounds(gt=said.get("gt"), gte=said.get("gte"), lt=said.get("lt"), lte=said.get("lte")))
    elif question.how is not How.EXISTS and question.value is not None:
        if field.type is Type.IP and isinstance(question.value, str):
            known = addresses.network(question.value)
            return (known,) if known else _limits(field, Bounds(gte=question.value, lte=question.value))
        asked.append(Bounds(gte=question.value, lte=question.value))
    return tuple(limits for bounds in asked for limits in _limits(field, bounds))


def _limits(field: FieldRef, bounds: Bounds) -> tuple[Limits, ...]:
    try:
        match field.type:
            case Type.IP:
                return (addresses.limits(field, bounds),)
            case Type.DATE | Type.DATE_NANOS:
                span = dates.span(field, bounds)
                return () if callable(span) else (span,)
            case _:
                return (numbers.limits(field, bounds),)
    except Refused:
        return ()


def _points(question: Asked, field: FieldRef) -> Iterator[float]:
    found = stretches(question, field)
    if not found:
        yield from _SOME.get(field.type, (0, 1, -1))
    for first, last in found:
        for end in (first, last, (first + last) // 2 if math.isfinite(last - first) else first):
            if math.isfinite(end):
                yield from (end, _step(field, end, -1), _step(field, end, 1))


#: Values where a leaf names none: dates long ago and far ahead, addresses of both versions.
_SOME: dict[Type, tuple[float, ...]] = {
    Type.DATE: (1_600_000_000_000, 0, 7_000_000_000_000),
    Type.DATE_NANOS: (1_600_000_000 * _NANOS, 0, 7_000_000_000 * _NANOS),
    Type.IP: (int(IPv4Address("192.0.2.1")) | 0xFFFF << 32, int(IPv6Address("2001:db8::1"))),
}


def _step(field: FieldRef, point: float, by: int) -> float:
    if field.type in FLOATS and field.type is not Type.SCALED_FLOAT:
        if field.type is Type.DOUBLE:
            return math.nextafter(point, math.copysign(math.inf, by))
        return point + by * max(abs(point), 2**-10) * 2**-9
    return point + by


def _spelled_point(field: FieldRef, point: float) -> Iterator[Any]:
    """The JSON value that the field reads as ``point``: none where there is none."""
    match field.type:
        case Type.IP:
            if 0 <= point < 2**128:
                yield _address(int(point))
        case Type.DATE | Type.DATE_NANOS:
            yield from _date(field, int(point))
        case Type.SCALED_FLOAT:
            yield point / (field.details.scaling_factor or 1.0)
        case kind if kind in INTEGERS:
            yield int(point)
        case _:
            if point == 0:
                yield -0.0
            yield int(point) if float(point).is_integer() and abs(point) < 1e15 and point != 0 else float(point)


def _with_exponents(question: Asked, field: FieldRef) -> Iterator[JsonNumber]:
    """A number that does not look like itself, for rules that also look for its digits in any field."""
    for first, _ in stretches(question, field):
        digits = str(int(first)) if first >= _TEN and math.isfinite(first) else ""
        if digits:
            fraction = digits[1:].rstrip("0")
            yield JsonNumber(f"{digits[0]}{'.' if fraction else ''}{fraction}e{len(digits) - 1}")


def _address(bits: int) -> str:
    return str(IPv4Address(bits & 0xFFFFFFFF)) if bits >> 32 == 0xFFFF else str(IPv6Address(bits))


def _date(field: FieldRef, at: int) -> Iterator[Any]:
    """The first spelling that the field reads as this moment."""
    read = dates.reader(field)
    fine = field.type is Type.DATE_NANOS
    try:
        wall = calendar.wall(at if fine else at * 1_000_000)
    except (ValueError, OverflowError):
        return
    seconds, rest = divmod(at, _NANOS if fine else 1000)
    day = f"{wall.year:04d}-{wall.month:02d}-{wall.day:02d}"
    time = f"{wall.hour:02d}:{wall.minute:02d}:{wall.second:02d}"
    fraction = f"{rest:09d}" if fine else f"{rest:03d}"
    spellings: tuple[Any, ...] = (
        f"{day}T{time}.{fraction}Z",
        at,
        seconds,
        f"{day}T{time}Z",
        f"{day} {time}",
        f"{day.replace('-', '/')} {time}",
        day,
        day.replace("-", ""),
        day.replace("-", "/"),
    )
    yield from [each for each in spellings if read(each) == at][:1]


def _near_points(question: Asked, field: FieldRef) -> Iterator[Near]:
    found = stretches(question, field)
    if not found:
        yield from (
            Near("a value", value) for point in _points(question, field) for value in _spelled_point(field, point)
        )
    for first, last in found:
        named = [("one below", first, -1), ("one above", last, 1), ("the first of it", first, 0)]
        for why, end, by in [*named, ("the last of it", last, 0)] if first != last else named:
            if math.isfinite(end):
                point = _step(field, end, by) if by else end
                yield from (Near(why, value) for value in _spelled_point(field, point))
        end = first if math.isfinite(first) else last
        if math.isfinite(end):
            yield from (odd for value in _spelled_point(field, end) for odd in _other_spellings(field, value))


def _other_spellings(field: FieldRef, value: Any) -> Iterator[Near]:
    match field.type:
        case Type.IP:
            if ":" in value:
                yield Near("written out in capitals", IPv6Address(value).exploded.upper())
            else:
                yield Near("as an IPv6 address", f"::ffff:{value}")
            yield Near("a text that is no address", f"{value} ")
        case Type.DATE | Type.DATE_NANOS:
            if isinstance(value, str) and value.endswith("Z"):
                yield Near("in another time zone", f"{value[:-1]}+01:00")
            yield Near("a text that is no date", "yesterday")
        case _:
            yield Near("as a text", str(value))
            if isinstance(value, int):
                yield from (Near("with a fraction", value + 0.5), Near("as a text with a fraction", f"{value}.0"))
            yield Near("a text that is no number", "x")


def least_texts(question: Asked, field: FieldRef) -> tuple[str, ...] | None:
    """Texts of which every text that answers yes holds the words of one; None where there are no such."""
    if question.raw or field.type not in ANALYSED_TEXT or field.details.analyzer != "standard":
        return None
    match question.how:
        case How.WORDS | How.VALUE:
            return tuple(word for said in _said(question) for word, _ in words.analyzer(field)(said))
        case How.PHRASE:
            return tuple(_said(question))
        case _:
            return None


def monotone(question: Asked, field: FieldRef) -> bool:
    """Whether more words in a text never make a yes into a no."""
    return field.type in ANALYSED_TEXT and not question.raw and question.how is not How.OTHER


def complete(question: Asked, field: FieldRef) -> bool:
    """Whether `likely` has a value for each stretch of the field's values that the leaf tells apart."""
    if field.type not in _COMPLETE or question.raw or question.how is How.OTHER:
        return False
    return field.type is Type.BOOLEAN or question.how is How.EXISTS or bool(stretches(question, field))
