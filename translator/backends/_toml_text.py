"""Plain values as TOML text, as people lay out rules: tables of their own, long texts over several lines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDTH = 110


def write(tables: Mapping[str, Any]) -> str:
    """A document of ``tables``, with a blank line between two. None and empty values must not be in it."""
    return "\n".join("\n".join(block) + "\n" for block in _table(tables, ()))


def _table(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[list[str]]:
    """The blocks of a table: its own values, then the tables in it."""
    own = [f"{_key(key)} = {_value(value)}" for key, value in values.items() if not _is_table(value)]
    if own and path:
        own.insert(0, f"[{_name(path)}]")
    if own:
        yield own
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _table(value, (*path, key))
        elif _is_table(value):
            for each in value:
                yield from _listed(each, (*path, key))


def _listed(values: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[list[str]]:
    """The blocks of one entry of a list of tables."""
    own = [f"{_key(key)} = {_value(value)}" for key, value in values.items() if not _is_table(value)]
    yield [f"[[{_name(path)}]]", *own]
    for key, value in values.items():
        if isinstance(value, Mapping) and value:
            yield from _table(value, (*path, key))
        elif _is_table(value):
            for each in value:
                yield from _listed(each, (*path, key))


def _is_table(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list) and bool(value) and all(isinstance(each, Mapping) and each for each in value)


def _name(path: tuple[str, ...]) -> str:
    return ".".join(map(_key, path))


def _key(text: str) -> str:
    return text if _BARE.fullmatch(text) else _string(text)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case Mapping():
            return "{" + ", ".join(f"{_key(key)} = {_value(inner)}" for key, inner in value.items()) + "}"
        case list():
            return _list([_value(each) for each in value])
        case _:
            raise TypeError(f"TOML has no {type(value).__name__}")


def _list(items: list[str]) -> str:
    flat = f"[{', '.join(items)}]"
    if len(flat) <= _WIDTH and "\n" not in flat:
        return flat
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _text(text: str) -> str:
    """Several lines stay so: as they are between plain quotes where that is possible, else with escapes."""
    if "\n" not in text or "\r" in text:
        return _string(text)
    if "'''" not in text and not text.endswith("'") and all(char.isprintable() or char in "\n\t" for char in text):
        return f"'''\n{text}'''"
    return '"""\n' + "\n".join(_string(line)[1:-1] for line in text.split("\n")) + '"""'


def _string(text: str) -> str:
    """A basic string; JSON's escapes are TOML's, but for DEL, and for what JSON makes of a character beyond 16 bits."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
