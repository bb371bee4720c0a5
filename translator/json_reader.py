"""JSON read strictly, with the place of every value.

The standard library reads the values; where they stand is found by a second, simple look at the text once a finding
or a query asks for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from translator.errors import Code, TranslatorError, refuse
from translator.located import Located, Path
from translator.quoting import Quoted
from translator.source import Source, Span

_TOKEN = re.compile(r'[ \t\r\n]*(?:([{}\[\],:])|("[^"\\]*(?:\\.[^"\\]*)*")|([^\s{}\[\],:"]+))', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", re.DOTALL)
_LONE = re.compile(r"[\ud800-\udfff]")

#: Bytes that were no UTF-8 and were kept so (see `files.File.decode`).
_BROKEN = re.compile(r"[\udc80-\udcff]")


class _Twice(ValueError):
    """A key stands twice in one object."""


def read(source: Source) -> Located:
    """Read a text that holds one JSON value. Raises TranslatorError at the place of a mistake."""
    if not source.text.isascii() and (broken := _BROKEN.search(source.text)):
        raise refuse(
            Code.NOT_TEXT,
            f"The text is no valid UTF-8: byte {ord(broken[0]) - 0xDC00:02x}.",
            source,
            Span(broken.start(), broken.end()),
            "save it as UTF-8",
        )
    try:
        value = json.loads(source.text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        at = min(error.pos, max(0, len(source.text) - 1))
        raise refuse(Code.BAD_JSON, f"{error.msg}.", source, Span(at, at + 1)) from None
    except RecursionError:
        raise refuse(Code.BAD_JSON, "The JSON is nested too deeply.", source, Span(0, 1)) from None
    except _Twice as error:
        raise _said_twice(source, str(error)) from None
    except ValueError as error:
        raise refuse(Code.BAD_JSON, f"A value cannot be read: {error}.", source, Span(0, 1)) from None
    return Located(value, source, JsonPlaces(source))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [key for key, _ in pairs]
        raise _Twice(next(key for key in names if names.count(key) > 1))
    return found


def _constant(word: str) -> Any:
    raise ValueError(f"JSON has no number {word}")


def _said_twice(source: Source, key: str) -> TranslatorError:
    places = JsonPlaces(source)
    span = next((span for path, span in places.repeated if path[-1] == key), Span(0, 1))
    return refuse(Code.BAD_JSON, f'The key "{key}" is said twice.', source, span, "keep one of them")


@dataclass(frozen=True)
class JsonPlaces:
    """The places of a JSON document, found by one pass over its tokens."""

    source: Source = field(repr=False)

    def key(self, path: Path) -> Span | None:
        """See `located.Places`."""
        return self._found[0].get(path)

    def value(self, path: Path) -> Span | None:
        """See `located.Places`."""
        return self._found[1].get(path)

    def all(self) -> Iterator[tuple[Path, Span]]:
        """See `located.Places`."""
        yield from self._found[0].items()
        yield from self._found[1].items()

    def text(self, path: Path, text: str) -> Source:
        """See `located.Places`."""
        span = self._found[1].get(path, Span(0, 0))
        return unquoted(self.source, span, text)

    @property
    def repeated(self) -> list[tuple[Path, Span]]:
        """The keys that stand a second time in their object."""
        return self._found[2]

    @cached_property
    def _found(self) -> tuple[dict[Path, Span], dict[Path, Span], list[tuple[Path, Span]]]:
        keys: dict[Path, Span] = {}
        values: dict[Path, Span] = {}
        repeated: list[tuple[Path, Span]] = []
        path: list[Any] = []  # the last entry is the place that the next value takes
        opened: list[tuple[Path, int]] = []
        in_object: list[bool] = []
        expects_key = False
        for token in _TOKEN.finditer(self.source.text):
            sign = token[1]
            here = token.start(token.lastindex or 0), token.end()
            if sign in ("{", "["):
                opened.append((tuple(path), here[0]))
                in_object.append(sign == "{")
                expects_key = sign == "{"
                path.append(None if expects_key else 0)
            elif sign in ("}", "]") and opened:
                path.pop()
                whole, start = opened.pop()
                in_object.pop()
                values[whole] = Span(start, here[1])
            elif sign == "," and path:
                expects_key = in_object[-1]
                path[-1] = None if expects_key else path[-1] + 1
            elif sign == ":":
                expects_key = False
            elif expects_key and token[2]:
                path[-1] = json.loads(token[2]) if "\\" in token[2] else token[2][1:-1]
                whole = tuple(path)
                if whole in keys:
                    repeated.append((whole, Span(*here)))
                keys[whole] = Span(*here)
            else:
                values[tuple(path)] = Span(*here)
        return keys, values, repeated


def unquoted(source: Source, literal: Span, text: str) -> Quoted:
    """The string whose literal stands at ``literal``, each character of ``text`` with its place."""
    written = source.text[literal.start : literal.end]
    start = literal.start + 1
    ascii_only = written.isascii() and "\\u" in written
    if "\\" not in written:
        positions: range | list[int] = range(start, start + len(text) + 1)
    else:
        positions = []
        done = 1
        for escape in _ESCAPE.finditer(written, 1, len(written) - 1):
            positions.extend(range(literal.start + done, literal.start + escape.start() + 1))
            done = escape.end()
        positions.extend(range(literal.start + done, literal.end))
    return Quoted(text, source.name, source, positions, literal, JsonString(ascii_only))


@dataclass(frozen=True, slots=True)
class JsonString:
    """JSON's strings; ``ascii_only`` where the file escapes all other characters."""

    ascii_only: bool = False

    def spell(self, text: str, newline: str) -> str:
        """See `quoting.Quoting`."""
        written = json.dumps(text, ensure_ascii=self.ascii_only)
        return _LONE.sub(lambda half: f"\\u{ord(half[0]):04x}", written)
