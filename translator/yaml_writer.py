"""YAML as SigmaHQ writes it: four blanks of indent, lists below their key, quotes wherever YAML 1.1 could misread.

PyYAML's dumper cannot choose a style by the look of a text, nor indent lists below their key; reading back is
PyYAML's, and a test holds the two together.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

_INDENT = "    "

#: Texts that stay plain: nothing YAML 1.1 could take for a number, a date, a truth value or a null.
_PLAIN = re.compile(
    r"[0-9]+[smhd]|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Za-z/][A-Za-z0-9_./-]*(?: [A-Za-z0-9_./()-]+)*"
)
#: Sigma's conditions, which people write without quotes.
_CONDITION = re.compile(r"\(*[A-Za-z0-9][A-Za-z0-9_()* ]*[A-Za-z0-9_)*]")
_WORDS = frozenset(["y", "yes", "n", "no", "true", "false", "on", "off", "null", "none", "nan", "inf"])
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.@|-]*")

#: What may stand in single quotes or a block; all else needs escapes.
_PRINTABLE = re.compile(r"[\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")


class Unwritable(ValueError):
    """YAML has no spelling for a text: it holds half of a surrogate pair."""


def write(document: Mapping[str, Any]) -> str:
    """``document`` as YAML text; keys keep their order, entries that are None or empty are left out.

    Raises Unwritable for a lone surrogate.
    """
    return "".join(f"{line}\n" for line in _mapping(document))


def _mapping(entries: Mapping[str, Any]) -> Iterator[str]:
    for key, value in entries.items():
        match value:
            case {}:
                yield f"{_key(key)}:"
                yield from map(_indented, _mapping(value))
            case list() | tuple():
                yield f"{_key(key)}:" if value else f"{_key(key)}: []"
                yield from map(_indented, _sequence(value))
            case str() if _is_block(value):
                yield f"{_key(key)}: |{'' if value.endswith(chr(10)) else '-'}"
                yield from map(_indented, value.removesuffix("\n").split("\n"))
            case _:
                yield f"{_key(key)}: {scalar(value)}"


def _indented(line: str) -> str:
    return _INDENT + line if line else ""


def _sequence(items: Sequence[Any]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping):
            first, *rest = _mapping(item)
            yield f"- {first}"
            yield from (f"  {line}" if line else "" for line in rest)
        else:
            yield f"- {scalar(item)}"


def _key(key: str) -> str:
    return key if _KEY.fullmatch(key) and key.lower() not in _WORDS else quoted(key)


def _is_block(text: str) -> bool:
    """Several lines that a block can hold: it starts with no blank, and ends with one line end at most."""
    return (
        "\n" in text.rstrip("\n")
        and text[0] not in " \n\t"
        and not text.endswith("\n\n")
        and _PRINTABLE.fullmatch(text) is not None
        and not any(line.endswith((" ", "\t")) for line in text.split("\n"))
    )


def scalar(value: Any) -> str:
    """One value on one line."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case int():
            return str(value)
        case float():
            return _float(value)
        case date():
            return value.isoformat()
        case _:
            text = str(value)
            plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
            return text if plain or _is_condition(text) else quoted(text)


def _is_condition(text: str) -> bool:
    return (" of " in text or text.startswith("(")) and _CONDITION.fullmatch(text) is not None


def _float(value: float) -> str:
    """YAML 1.1 takes an exponent for a number only beside a point and a sign."""
    if not math.isfinite(value):
        raise Unwritable(f"{value} is no number that Sigma can hold")
    mantissa, mark, exponent = repr(value).partition("e")
    if not mark:
        return mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}e{exponent if exponent[0] in '+-' else '+' + exponent}"


def quoted(text: str) -> str:
    """``text`` in single quotes; in double quotes with escapes where it holds what single quotes cannot."""
    if "\n" not in text and _PRINTABLE.fullmatch(text):
        return "'" + text.replace("'", "''") + "'"
    return '"' + "".join(_escaped(char) for char in text) + '"'


def _escaped(char: str) -> str:
    if "\ud800" <= char <= "\udfff":
        raise Unwritable(f"U+{ord(char):04X} is half of a surrogate pair")
    if char in '"\\':
        return f"\\{char}"
    if _PRINTABLE.fullmatch(char) and char not in "\t\n":
        return char
    named = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}.get(char)
    return named or (f"\\x{ord(char):02x}" if ord(char) < 0x100 else f"\\u{ord(char):04x}")
