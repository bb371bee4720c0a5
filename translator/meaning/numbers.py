"""Numbers: texts are read as Java reads them, and compared in the precision that the field stores.

``unsigned_long`` and ``scaled_float`` follow OpenSearch's; no run of Elasticsearch's own has confirmed them.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeAlias

from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given
from translator.meaning.raw_json import JsonNumber
from translator.meaning.texts import text
from translator.schema import FieldRef, Type
from translator.values import Pattern, Scalar, show

Number: TypeAlias = int | float
NumberTest: TypeAlias = Callable[[Any], bool]

#: ``Double.parseDouble``: white space around, a suffix, hexadecimal with a binary exponent.
_DOUBLE = re.compile(
    r"[\0-\x20]*([+-]?(?:NaN|Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?))[fFdD]?[\0-\x20]*"
)
_HEXADECIMAL = re.compile(
    r"[\0-\x20]*([+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+)[fFdD]?[\0-\x20]*"
)
#: ``new BigDecimal(text)``.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,10})?")

_LIMITS: dict[Type, tuple[int, int]] = {
    Type.BYTE: (-(2**7), 2**7 - 1),
    Type.SHORT: (-(2**15), 2**15 - 1),
    Type.INTEGER: (-(2**31), 2**31 - 1),
    Type.LONG: (-(2**63), 2**63 - 1),
    Type.UNSIGNED_LONG: (0, 2**64 - 1),
}

#: Types whose texts are read as decimals, exactly; the other integers are read as doubles and cut.
_EXACT = (Type.LONG, Type.UNSIGNED_LONG)


class _NoNumberError(ValueError):
    """The text is no number."""


def double(said: str) -> float:
    """``Double.parseDouble``. Raises ValueError."""
    found = _DOUBLE.fullmatch(said)
    if found is not None:
        return float(found[1])
    found = _HEXADECIMAL.fullmatch(said)
    if found is None:
        raise _NoNumberError(said)
    try:
        return float.fromhex(found[1])
    except OverflowError:
        return math.copysign(math.inf, -1 if found[1].startswith("-") else 1)


def _decimal(said: str) -> Decimal:
    if not _DECIMAL.fullmatch(said):
        raise _NoNumberError(said)
    try:
        return Decimal(said)
    except InvalidOperation:
        raise _NoNumberError(said) from None


def _whole(number: Decimal | float) -> int | None:
    """The integer part, or None for what is far too large to be any field's."""
    if isinstance(number, float):
        return int(number) if math.isfinite(number) and abs(number) < 1e30 else None
    return int(number) if number.adjusted() < 30 else None


def _single(number: float) -> float:
    try:
        return float(struct.unpack("f", struct.pack("f", number))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


def _half(number: float) -> float:
    try:
        return float(struct.unpack("e", struct.pack("e", _single(number)))[0])
    except OverflowError:
        return math.copysign(math.inf, number)


_PRECISIONS: dict[Type, Callable[[float], float]] = {
    Type.DOUBLE: float,
    Type.FLOAT: _single,
    Type.HALF_FLOAT: _half,
    Type.SCALED_FLOAT: float,
}


def is_whole(field: FieldRef) -> bool:
    """Whether the field holds integers."""
    return field.type in _LIMITS


# What a document's value is indexed as.


def reader(field: FieldRef) -> Callable[[Any], Number | None]:
    """What the field indexes for a raw value; None where it indexes nothing or refuses the value.

    An empty text is null where texts are taken at all.
    """
    read = _whole_reader(field) if is_whole(field) else _fraction_reader(field)
    if field.details.null_value is None:
        return read
    null, nulls = read(field.details.null_value), (None, "") if field.details.coerce else (None,)
    return lambda value: null if value in nulls else read(value)


def _whole_reader(field: FieldRef) -> Callable[[Any], int | None]:
    low, high = _LIMITS[field.type]
    coerce, exact = field.details.coerce, field.type in _EXACT

    def of_text(said: str) -> int | None:
        if not coerce or not said:
            return None
        try:
            number = _decimal(said) if exact else double(said)
        except ValueError:
            return None
        if number != number:
            return 0  # what Java's cast makes of NaN, and Elasticsearch indexes
        return _whole(number)

    def read(value: Any) -> int | None:
        whole: int | None
        if isinstance(value, str):
            whole = of_text(value)
        elif isinstance(value, float):
            whole = _whole(value)
            if not coerce and whole != value:
                return None
        elif isinstance(value, int) and not isinstance(value, bool):
            whole = value
        else:
            return None
        return whole if whole is not None and low <= whole <= high else None

    return read


def _fraction_reader(field: FieldRef) -> Callable[[Any], Number | None]:
    precision, coerce = _PRECISIONS[field.type], field.details.coerce
    factor = _factor(field)

    def read(value: Any) -> Number | None:
        if isinstance(value, str):
            if not coerce or not value:
                return None
            try:
                number = double(value)
            except ValueError:
                return None
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            try:
                number = float(value)
            except OverflowError:
                return None
            if number == 0 and isinstance(value, JsonNumber) and value.token == "-0":
                number = 0.0  # an integer, and of those zero has no sign
        else:
            return None
        number = precision(number)
        if not math.isfinite(number):
            return None
        return number if factor is None else _scaled(number, factor)

    return read


def _factor(field: FieldRef) -> float | None:
    """How a scaled_float is scaled; None for the other types."""
    return (field.details.scaling_factor or 1.0) if field.type is Type.SCALED_FLOAT else None


def _scaled(number: float, factor: float) -> int:
    """``Math.round(number * factor)``; it ends where a long does."""
    low, high = _LIMITS[Type.LONG]
    product = number * factor
    return math.floor(product + 0.5) if low <= product <= high else low if product < 0 else high


def _scaled_bound(number: float, factor: float, cut: Callable[[Decimal], int]) -> int:
    """A bound times the factor, exactly, then the next integer inside."""
    low, high = _LIMITS[Type.LONG]
    product = Decimal(repr(number)) * Decimal(repr(factor))
    return cut(product) if low <= product <= high else low if product < 0 else high


# Questions.


def _accepting(field: FieldRef, test: NumberTest) -> Accept:
    read = reader(field)

    def accept(value: Any) -> bool:
        number = read(value)
        return number is not None and test(number)

    return accept


def exists(field: FieldRef) -> Accept:
    """Any value that the field can read; the empty text is none."""
    return _accepting(field, lambda _: True)


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """Equality in the stored precision. What the type cannot hold equals nothing; what is no number is refused."""
    said = _said(field, value)
    wanted = _whole_term(field, said) if is_whole(field) else _fraction_term(field, said)
    if wanted is None:
        return lambda _: False
    same = wanted
    if same == 0 and isinstance(same, float):
        sign = math.copysign(1, same)  # 0.0 and -0.0 are two values to Lucene
        return _accepting(field, lambda number: number == 0 and math.copysign(1, number) == sign)
    return _accepting(field, lambda number: number == same)


def match(field: FieldRef, value: Scalar) -> Accept:
    """As `term`."""
    return term(field, value)


def _said(field: FieldRef, value: Scalar) -> str:
    said = given(value, field)
    return (text(said) or "") if not isinstance(said, float) else repr(said)


def _unreadable(field: FieldRef, said: str, why: str = "is no number") -> Refused:
    return Refused(
        f'Elasticsearch refuses "{said}" for {field.path}: it is of type {field.type}, and the value {why}.',
        "write a number",
    )


def _whole_term(field: FieldRef, said: str) -> int | None:
    low, high = _LIMITS[field.type]
    try:
        as_double = double(said)
        if math.isnan(as_double) or not float(as_double).is_integer():
            return None
        number: Decimal | float = _decimal(said) if field.type in _EXACT else as_double
    except ValueError:
        raise _unreadable(field, said) from None
    whole = _whole(number)
    if field.type is Type.UNSIGNED_LONG and whole is not None and whole < low:
        raise _unreadable(field, said, "is negative")
    return whole if whole is not None and low <= whole <= high else None


def _fraction_term(field: FieldRef, said: str) -> Number | None:
    factor = _factor(field)
    try:
        number = _PRECISIONS[field.type](double(said))
    except ValueError:
        raise _unreadable(field, said) from None
    if math.isfinite(number):
        return number if factor is None else _scaled(number, factor)
    if factor is not None:
        raise _unreadable(field, said, "is out of its range")
    return None


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """Numeric order. On integers a fraction stands for the next integer inside."""
    low, high = limits(field, bounds)
    if low == 0 and isinstance(low, float) and math.copysign(1, low) > 0:
        return _accepting(field, lambda number: low <= number <= high and (number != 0 or math.copysign(1, number) > 0))
    if high == 0 and isinstance(high, float) and math.copysign(1, high) < 0:
        return _accepting(field, lambda number: low <= number <= high and (number != 0 or math.copysign(1, number) < 0))
    return _accepting(field, lambda number: low <= number <= high)


def limits(field: FieldRef, bounds: Bounds) -> tuple[Number, Number]:
    """The least and greatest number inside ``bounds``. 0.0 as the least leaves -0.0 out, -0.0 as the greatest 0.0."""
    return (_whole_bounds if is_whole(field) else _fraction_bounds)(field, bounds)


def _whole_bounds(field: FieldRef, bounds: Bounds) -> tuple[Number, Number]:
    low, high = _LIMITS[field.type]
    least: Number = low
    most: Number = high
    for value, exclusive in ((bounds.gt, True), (bounds.gte, False)):
        if value is not None:
            whole, fraction = _whole_bound(field, value)
            least = max(least, whole + (1 if fraction > 0 or (exclusive and fraction == 0) else 0))
    for value, exclusive in ((bounds.lt, True), (bounds.lte, False)):
        if value is not None:
            whole, fraction = _whole_bound(field, value)
            most = min(most, whole - (1 if fraction < 0 or (exclusive and fraction == 0) else 0))
    return least, most


def _whole_bound(field: FieldRef, value: Scalar) -> tuple[int, float]:
    """The integer that the cast leaves, and what it cut off (NaN where the text was that)."""
    said = _said(field, value)
    low, high = _LIMITS[field.type if field.type in _EXACT else Type.INTEGER]
    try:
        number: Decimal | float = _decimal(said) if field.type in _EXACT else double(said)
    except ValueError:
        raise _unreadable(field, said) from None
    if number != number:
        return 0, math.nan
    whole = _whole(number)
    if whole is None or not low <= whole <= high or (field.type is Type.UNSIGNED_LONG and number < 0):
        raise _unreadable(field, said, "is out of its range")
    return whole, (number > whole) - (number < whole)


def _fraction_bounds(field: FieldRef, bounds: Bounds) -> tuple[Number, Number]:
    factor = _factor(field)
    least: Number = -math.inf
    most: Number = math.inf
    for value, exclusive in ((bounds.gt, True), (bounds.gte, False)):
        if value is not None:
            number = _fraction_bound(field, value)
            number = _next(number, up=True) if exclusive else number
            least = max(least, number if factor is None else _scaled_bound(number, factor, math.ceil))
    for value, exclusive in ((bounds.lt, True), (bounds.lte, False)):
        if value is not None:
            number = _fraction_bound(field, value)
            number = _next(number, up=False) if exclusive else number
            most = min(most, number if factor is None else _scaled_bound(number, factor, math.floor))
    return least, most


def _next(number: float, *, up: bool) -> float:
    """The neighbour in Lucene's order, where -0.0 lies below 0.0."""
    if number == 0 and (math.copysign(1, number) < 0) == up:
        return 0.0 if up else -0.0
    return math.nextafter(number, math.inf if up else -math.inf)


def _fraction_bound(field: FieldRef, value: Scalar) -> float:
    said = _said(field, value)
    try:
        number = double(said)
    except ValueError:
        raise _unreadable(field, said) from None
    if field.type is Type.SCALED_FLOAT and not math.isfinite(number):
        raise _unreadable(field, said, "is out of its range")
    if field.type is not Type.DOUBLE and field.type is not Type.SCALED_FLOAT:
        number = _single(number)  # a half_float is compared with bounds of single precision
    return math.inf if math.isnan(number) else number


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """Refused: a number has no shape."""
    raise no_shape(field, like)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """Refused: a number has no shape."""
    raise no_shape(field, like)


def no_shape(field: FieldRef, like: Pattern) -> Refused:
    """Elasticsearch takes patterns on texts only."""
    hint = _INSTEAD.get(field.type, f"write a value, a comparison such as `{field.path} >= 1`, or `{field.path}:*`")
    return Refused(f"Elasticsearch takes no pattern for {field.path} of type {field.type} (`{show(like)}`).", hint)


_INSTEAD = {
    Type.IP: "write an address or a network such as 10.0.0.0/8",
    Type.IP_RANGE: "write an address",
    Type.DATE: "write a date, a part of one such as 2020-05, or a comparison",
    Type.DATE_NANOS: "write a date, a part of one such as 2020-05, or a comparison",
    Type.DATE_RANGE: "write a date",
    Type.BOOLEAN: "write true or false",
}


KIND = Kind(exists=exists, term=term, match=match, phrase=match, range=range_, wildcard=wildcard, piece=piece)
