"""Query DSL as JSON text, and where each part of it stands, for findings that point into it."""

from __future__ import annotations

import json
import re
from json.encoder import encode_basestring
from typing import Any, TypeAlias

from translator.source import NOWHERE, Source, Span

#: Keys and list positions from the top.
Path: TypeAlias = tuple[str | int, ...]

_SURROGATE = re.compile("[\ud800-\udfff]")


def write(value: Any) -> str:
    """``value`` as JSON, two blanks a level. Lone surrogates are escaped, so that the text can be encoded."""
    return _escape(_text(value, "\n"))


def locate(value: Any, path: Path, name: str = "<dsl>") -> tuple[Source, Span]:
    """The text of ``value``, and where what lies at ``path`` stands in it, its key included."""
    writer = _Writer()
    writer.value(value, (), "\n")
    return Source("".join(writer.parts), name), writer.places.get(path, NOWHERE)


def _text(value: Any, margin: str) -> str:
    """What ``json.dumps`` writes with an indent, in half of its time: it leaves its quick writer for that."""
    inner = f"{margin}  "
    match value:
        case str():
            return encode_basestring(value)
        case dict() if value:
            entries = [f"{encode_basestring(key)}: {_text(each, inner)}" for key, each in value.items()]
            return f"{{{inner}{f',{inner}'.join(entries)}{margin}}}"
        case list() | tuple() if value:
            return f"[{inner}{f',{inner}'.join([_text(each, inner) for each in value])}{margin}]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def _spell(value: Any) -> str:
    return _escape(json.dumps(value, ensure_ascii=False, default=repr))


def _escape(text: str) -> str:
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


class _Writer:
    """Writes what `write` writes, and remembers where it wrote each value."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.length = 0
        self.places: dict[Path, Span] = {}

    def put(self, text: str) -> None:
        self.parts.append(text)
        self.length += len(text)

    def value(self, value: Any, path: Path, margin: str) -> None:
        start = self.length
        inner = f"{margin}  "
        match value:
            case dict() if value:
                for at, (key, each) in enumerate(value.items()):
                    self.put(f"{',' if at else '{'}{inner}")
                    begin = self.length
                    self.put(f"{_spell(key if isinstance(key, str) else str(key))}: ")
                    self.value(each, (*path, key), inner)
                    self.places[*path, key] = Span(begin, self.length)
                self.put(f"{margin}}}")
            case list() | tuple() if value:
                for at, each in enumerate(value):
                    self.put(f"{',' if at else '['}{inner}")
                    self.value(each, (*path, at), inner)
                self.put(f"{margin}]")
            case _:
                self.put(_spell(value))
        self.places[path] = Span(start, self.length)
