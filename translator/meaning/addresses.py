"""IP addresses and networks; an IPv4 address is its IPv4-mapped IPv6 address."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Any

from translator.meaning.numbers import no_shape
from translator.meaning.question import Accept, Bounds, Folding, Kind, Refused, given
from translator.schema import FieldRef
from translator.values import Pattern, Scalar

_MAPPED = 0xFFFF << 32
_LAST = 2**128 - 1
#: No address is longer, with a zone id of the longest sort.
_LONGEST = 100
_NUMBERS = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*|)")
_PREFIX = re.compile(r"[+]?[0-9]{1,9}")


@lru_cache(maxsize=1 << 16)
def address(said: str) -> int | None:
    """The 128 bits of an address, or None for what Elasticsearch refuses. A zone id is dropped, as 8.19 does."""
    if len(said) > _LONGEST:
        return None
    try:
        if ":" in said:
            return int(IPv6Address(said.partition("%")[0] if _has_zone(said) else said))
    except AddressValueError:
        return None
    return _version_4(said)


def _version_4(said: str) -> int | None:
    """Elasticsearch lets the last number be left out after its dot, and keeps each in a signed byte as it reads on."""
    numbers = _NUMBERS.fullmatch(said)
    if numbers is None:
        return None
    bits = 0xFFFF
    for number in numbers.groups():
        octet = 0
        for digit in number:
            octet = octet * 10 + int(digit)
            if octet > 255:
                return None
            octet = (octet + 128) % 256 - 128
        bits = bits << 8 | octet % 256
    return bits


def _has_zone(said: str) -> bool:
    before, percent, zone = said.partition("%")
    return bool(percent and before and zone and "%" not in zone and "/" not in zone)


def network(said: str) -> tuple[int, int] | None:
    """The first and last address of ``a.b.c.d/n``; bits beyond the prefix do not count."""
    base, slash, prefix = said.partition("/")
    start = address(base)
    if not slash or start is None or not _PREFIX.fullmatch(prefix):
        return None
    bits = 128 if ":" in base else 32
    length = int(prefix)
    mapped = bits == 128 and start >> 32 == 0xFFFF
    if length > bits or mapped:
        return None
    size = 1 << (bits - length)
    first = start & ~(size - 1)
    return first, first + size - 1


def _read(value: Any) -> int | None:
    return address(value) if isinstance(value, str) else None


def _accepting(field: FieldRef, test: Callable[[int], bool]) -> Accept:
    null = _read(field.details.null_value)

    def accept(value: Any) -> bool:
        bits = null if value is None else _read(value)
        return bits is not None and test(bits)

    return accept


def exists(field: FieldRef) -> Accept:
    """Any address."""
    return _accepting(field, lambda _: True)


def term(field: FieldRef, value: Scalar, folding: Folding = Folding.NONE) -> Accept:
    """The address, or an address of the network."""
    said = given(value, field)
    if isinstance(said, str):
        exact = address(said)
        if exact is not None:
            return _accepting(field, lambda bits: bits == exact)
        within = network(said)
        if within is not None:
            first, last = within
            return _accepting(field, lambda bits: first <= bits <= last)
    raise Refused(
        f'Elasticsearch refuses "{said}" for {field.path}: it is no IP address and no network.',
        "write an address such as 10.0.0.1 or a network such as 10.0.0.0/8",
    )


def match(field: FieldRef, value: Scalar) -> Accept:
    """As `term`."""
    return term(field, value)


def bound(field: FieldRef, value: Scalar) -> int:
    """A plain address, as ranges take it."""
    found = address(value) if isinstance(value, str) else None
    if found is None:
        raise Refused(
            f'Elasticsearch refuses "{value}" as a bound of {field.path}: it is no IP address.',
            f"write an address; for a network write `{field.path}:10.0.0.0/8`",
        )
    return found


def range_(field: FieldRef, bounds: Bounds) -> Accept:
    """By the 128 bits."""
    first, last = limits(field, bounds)
    return _accepting(field, lambda bits: first <= bits <= last)


def limits(field: FieldRef, bounds: Bounds) -> tuple[int, int]:
    """The first and last address inside ``bounds``."""
    first, last = 0, _LAST
    if bounds.gt is not None:
        first = max(first, bound(field, bounds.gt) + 1)
    if bounds.gte is not None:
        first = max(first, bound(field, bounds.gte))
    if bounds.lt is not None:
        last = min(last, bound(field, bounds.lt) - 1)
    if bounds.lte is not None:
        last = min(last, bound(field, bounds.lte))
    return first, last


def wildcard(field: FieldRef, like: Pattern, folding: Folding = Folding.NONE) -> Accept:
    """Refused: addresses are no texts."""
    raise no_shape(field, like)


def piece(field: FieldRef, like: Pattern) -> Accept:
    """Refused: addresses are no texts."""
    raise no_shape(field, like)


KIND = Kind(exists=exists, term=term, match=match, phrase=match, range=range_, wildcard=wildcard, piece=piece)
