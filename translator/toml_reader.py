"""TOML read strictly, with the place of every value.

The standard library reads the values and refuses what is no TOML, but keeps no places; they are found by a scan of
the text that relies on its being right.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from translator.errors import Code, refuse
from translator.located import Located, Path
from translator.quoting import Quoted
from translator.source import Source, Span

_ERROR = re.compile(r"(.*?) \(at (?:line (\d+), column (\d+)|end of document)\)\Z", re.DOTALL)

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\r\n]*)*")
_KEY = re.compile(r"""[ \t]*("[^"\\\n]*(?:\\.[^"\\\n]*)*"|'[^'\n]*'|[A-Za-z0-9_-]+)[ \t]*""")
_HEADER = re.compile(r"\[\[?")
_LITERAL = re.compile(
    r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3,5}'
    r"|'''[^']*(?:'(?!'')[^']*)*'{3,5}"
    r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
#: A date may have a blank before its time; every other value ends at a blank.
_OTHER = re.compile(r"\d{4}-\d\d-\d\d[ ]\d\d:[^\s,\]}#]*|[^\s,\]}#]+")

_PART = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|[ \t]*\r?\n[ \t\r\n]*|.)|\r\n", re.DOTALL)
_NEWLINE = re.compile(r"\r\n")
_SHORT = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", "e": "\x1b"}

#: What a string without escapes cannot hold, on one line and on several.
_NOT_ON_A_LINE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f']")
_NOT_ON_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]|'''|'\Z")
_LONE = re.compile(r"[\ud800-\udfff]")
_ESCAPED = re.compile(r'["\\\x00-\x08\x0a-\x1f\x7f]')
_ESCAPED_ON_LINES = re.compile(r'\\|"""|"\Z|[\x00-\x08\x0b-\x1f\x7f]')


def read(source: Source) -> Located:
    """Read a TOML document. Raises TranslatorError at the place of a mistake."""
    try:
        value = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        found = _ERROR.match(str(error))
        message = found[1] if found else str(error)
        end = max(0, len(source.text.rstrip()) - 1)
        at = _offset(source, int(found[2]), int(found[3])) if found and found[2] else end
        raise refuse(Code.BAD_TOML, f"{message}.", source, Span(at, at + 1)) from None
    except RecursionError:
        raise refuse(Code.BAD_TOML, "The TOML is nested too deeply.", source, Span(0, 1)) from None
    except ValueError as error:
        raise refuse(Code.BAD_TOML, f"A value cannot be read: {error}.", source, Span(0, 1)) from None
    return Located(value, source, TomlPlaces(source))


def _offset(source: Source, line: int, column: int) -> int:
    """tomllib counts lines by line feeds, and its columns from 1."""
    start = 0
    for _ in range(line - 1):
        start = source.text.index("\n", start) + 1
    return min(start + column - 1, max(0, len(source.text) - 1))


@dataclass(frozen=True)
class TomlPlaces:
    """The places of a TOML document, found by one scan."""

    source: Source = field(repr=False)

    def key(self, path: Path) -> Span | None:
        """See `located.Places`."""
        return self._found.keys.get(path)

    def value(self, path: Path) -> Span | None:
        """See `located.Places`."""
        return self._found.values.get(path)

    def all(self) -> Iterator[tuple[Path, Span]]:
        """See `located.Places`."""
        yield from self._found.keys.items()
        yield from self._found.values.items()

    def text(self, path: Path, text: str) -> Source:
        """See `located.Places`."""
        return unquoted(self.source, self._found.values.get(path, Span(0, 0)))

    @cached_property
    def _found(self) -> _Scan:
        scan = _Scan(self.source.text)
        scan.document()
        return scan


class _Scan:
    """Carries the position in the text, and where keys and values were met."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.keys: dict[Path, Span] = {}
        self.values: dict[Path, Span] = {}
        self.tables: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        self.blank()
        while self.at < len(self.text):
            if header := _HEADER.match(self.text, self.at):
                table = self.header(header)
            else:
                self.pair(table)
            self.blank()

    def blank(self) -> None:
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at

    def header(self, opening: re.Match[str]) -> Path:
        """``[a.b]`` or ``[[a.b]]``; below an array of tables, its last table is meant."""
        start = self.at
        self.at = opening.end()
        *above, (name, _) = self.names()
        table: Path = ()
        self.at += len(opening[0])
        for each, _ in above:
            table = self.last((*table, each))
            self.keys.setdefault(table, Span(start, self.at))
        table = (*table, name)
        if len(opening[0]) == 2:
            self.tables[table] = self.tables.get(table, -1) + 1
        self.keys.setdefault(table, Span(start, self.at))
        table = self.last(table)
        self.keys.setdefault(table, Span(start, self.at))
        return table

    def last(self, table: Path) -> Path:
        return (*table, self.tables[table]) if table in self.tables else table

    def pair(self, table: Path) -> None:
        path = table
        for name, span in self.names():
            path = (*path, name)
            self.keys.setdefault(path, span)
        self.at += 1  # the equals sign
        self.blank()
        self.value(path)

    def names(self) -> list[tuple[str, Span]]:
        """The parts of a dotted key."""
        found: list[tuple[str, Span]] = []
        while name := _KEY.match(self.text, self.at):
            found.append((_name(name[1]), Span(name.start(1), name.end(1))))
            self.at = name.end()
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        return found

    def value(self, path: Path) -> None:
        start = self.at
        opening = self.text[start : start + 1]
        if opening in ("[", "{"):
            self.at += 1
            for number in self.entries("]" if opening == "[" else "}"):
                if opening == "[":
                    self.value((*path, number))
                else:
                    self.pair(path)
        elif found := _LITERAL.match(self.text, start) or _OTHER.match(self.text, start):
            self.at = found.end()
        else:
            self.at += 1  # never met: the text was read before
        self.values[path] = Span(start, self.at)

    def entries(self, closing: str) -> Iterator[int]:
        """Stands before each entry of a list or an inline table in turn."""
        number = 0
        self.blank()
        while self.at < len(self.text) and self.text[self.at] != closing:
            yield number
            number += 1
            self.blank()
            self.at += self.text[self.at : self.at + 1] == ","
            self.blank()
        self.at += 1


def _name(written: str) -> str:
    if written[0] == '"':
        return unquoted(Source(written), Span(0, len(written))).text
    return written[1:-1] if written[0] == "'" else written


def unquoted(source: Source, literal: Span) -> Quoted:
    """The string whose literal stands at ``literal``, each character with its place."""
    written = source.text[literal.start : literal.end]
    quotes = written[:3] if written[:3] in ('"""', "'''") and len(written) >= 6 else written[:1]
    start, end = len(quotes), len(written) - len(quotes)
    lead = ""
    if len(quotes) == 3 and (newline := re.compile(r"\r?\n").match(written, start, end)):
        lead, start = newline[0], newline.end()
    pieces: list[str] = []
    positions: list[int] = []
    done = start
    for part in (_PART if quotes[:1] == '"' else _NEWLINE).finditer(written, start, end):
        said = _said(part[0])
        pieces += [written[done : part.start()], said]
        positions += [*range(done, part.start()), *([part.start()] if said else [])]
        done = part.end()
    pieces.append(written[done:end])
    positions += range(done, end + 1)
    moved = [literal.start + at for at in positions]
    return Quoted("".join(pieces), source.name, source, moved, literal, TomlString(quotes, lead))


def _said(written: str) -> str:
    if written == "\r\n":
        return "\n"
    letter = written[1]
    if letter in "uUx":
        return chr(int(written[2:], 16))
    return "" if written[1:].isspace() else _SHORT.get(letter, letter)


@dataclass(frozen=True, slots=True)
class TomlString:
    """One of TOML's four kinds of strings, by its ``quotes``; ``lead`` is a line end after them that does not count."""

    quotes: str
    lead: str = ""

    def spell(self, text: str, newline: str) -> str | None:
        """See `quoting.Quoting`. What a string without escapes cannot hold goes into the kind nearest to it."""
        if _LONE.search(text):
            return None
        if self.quotes == "'" and not _NOT_ON_A_LINE.search(text):
            return f"'{text}'"
        if self.quotes == '"':
            return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
        # A first line end counts for nothing, so a text that begins with one needs another before it.
        lead = self.lead or (newline if text.startswith("\n") or self.quotes == "'" else "")
        if self.quotes in ("'", "'''") and not _NOT_ON_LINES.search(text):
            return f"'''{lead}{text.replace(chr(10), newline)}'''"
        body = _ESCAPED_ON_LINES.sub(_escape, text).replace("\n", newline)
        return f'"""{lead}{body}"""'


def _escape(found: re.Match[str]) -> str:
    written = found[0]
    if written == '"""':
        return '""\\"'
    return json.dumps(written)[1:-1] if written != "\x7f" else "\\u007f"
