"""Events from NDJSON: one JSON object a line, numbers kept as they were spelled."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from translator.errors import Code, TranslatorError, refuse
from translator.meaning import read_json
from translator.source import Source, Span


@dataclass(frozen=True, slots=True)
class Event:
    """One event and the line it stands on, counted from 1."""

    line: int
    value: Mapping[str, Any] = field(repr=False)


def read(path: str | Path) -> Iterator[Event | TranslatorError]:
    """The events of a file (``.gz`` too), and an error for each line that holds none.

    Raises TranslatorError where the file cannot be opened.
    """
    try:
        file = Path(path).open("rb")  # noqa: SIM115 - the generator closes it
    except OSError as error:
        code = Code.NOT_FOUND if isinstance(error, FileNotFoundError) else Code.UNREADABLE
        raise refuse(
            code, f"{path} cannot be read: {(error.strerror or str(error)).lower()}.", Source("", str(path)), Span(0, 0)
        ) from None
    return _closing(file, str(path))


def _closing(file: BinaryIO, name: str) -> Iterator[Event | TranslatorError]:
    with file:
        if not name.endswith(".gz"):
            yield from stream(file, name)
            return
        with gzip.open(file) as unpacked:
            yield from stream(unpacked, name)


def stream(lines: BinaryIO | gzip.GzipFile, name: str) -> Iterator[Event | TranslatorError]:
    """The events of an open binary file, and an error for each line that holds none. Blank lines are passed over."""
    number = 0
    while True:
        try:
            line = lines.readline()
        except (OSError, EOFError, zlib.error) as error:
            yield refuse(
                Code.UNREADABLE, f"{name} cannot be read on after line {number}: {error}.", Source("", name), Span(0, 0)
            )
            return
        if not line:
            return
        number += 1
        if number == 1:
            line = line.removeprefix(b"\xef\xbb\xbf")
        if line.isspace():
            continue
        yield _event(line, number, name)


def _event(line: bytes, number: int, name: str) -> Event | TranslatorError:
    try:
        value: Any = read_json(line)
    except RecursionError:
        return _mistake(line, number, name, 0, "the JSON nests too deeply")
    except ValueError as error:
        at = getattr(error, "pos", None) or getattr(error, "start", None) or 0
        why = getattr(error, "msg", None) or getattr(error, "reason", None) or "it is no JSON object"
        return _mistake(line, number, name, at, str(why))
    if isinstance(value, dict):
        return Event(number, value)
    return _mistake(line, number, name, 0, "an event is a JSON object")


def _mistake(line: bytes, number: int, name: str, at: int, why: str) -> TranslatorError:
    text = line.decode("utf-8", "replace").rstrip("\r\n")
    source = Source(text, name, first=number)
    start = min(at, len(text))
    return refuse(
        Code.BAD_EVENT,
        f"The line holds no event: {why}.",
        source,
        Span(start, start + 1),
        "write one JSON object a line",
    )
