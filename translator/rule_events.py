"""The events that lie beside a rule: what it must match and what it must not.

The file is read strictly, since an event that is not what its author meant proves nothing: YAML's own dates,
octal numbers and ``yes`` are refused, and every value is one that JSON has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from translator import files, yaml_reader
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.meaning import JsonNumber
from translator.schema import FieldRef, Schema, Type, nest, typed
from translator.source import NOWHERE, Source, Span
from translator.yaml_reader import Document

#: The lists of a file, and the verdict that each expects.
_SIDES = {"match": True, "no_match": False}
_KEYS = (*_SIDES, "schema")
_ENTRY_KEYS = ("name", "event", "why")

_JSON_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class RuleEvent:
    """One document and the verdict that Elasticsearch gives on it; ``why`` says where that is surprising."""

    name: str
    event: Mapping[str, Any]
    expected: bool
    why: str | None = None
    span: Span = field(default=NOWHERE, compare=False, repr=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class RuleEvents:
    """The events of one file in its order, and the field types that it adds."""

    source: Source = field(repr=False)
    events: tuple[RuleEvent, ...]
    fields: tuple[FieldRef, ...] = ()

    def schema(self, base: Schema) -> Schema:
        """``base`` with the types that the file adds; the file wins where both know a field."""
        if not self.fields:
            return base
        added = {each.path: each for each in self.fields}
        return Schema(f"{base.name} and {self.source.name}", nest({**base.fields, **added}.values()))


def read(path: Path | str) -> RuleEvents:
    """Read an ``events.yaml``. Raises TranslatorError with every mistake, each with its line and column."""
    return read_source(files.read(path).decode())


def read_source(source: Source) -> RuleEvents:
    """Read a text in the form of an ``events.yaml``. Raises TranslatorError with every mistake."""
    reader = _Reader(yaml_reader.read(source))
    found = reader.file()
    if reader.found:
        raise TranslatorError(sorted(reader.found, key=lambda each: each.span.start))
    return found


class _Reader:
    """Carries the document and the mistakes found in it."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.found: list[Diagnostic] = []
        self.named: dict[str, Span] = {}

    def file(self) -> RuleEvents:
        top = self.document.value
        if not isinstance(top, dict):
            self.mistake(
                "An events file is a map with the lists `match` and `no_match`.",
                (),
                "write `match:` and below it `- {name: ..., event: {...}}`",
            )
            return RuleEvents(self.document.source, ())
        self.keys(top, (), _KEYS)
        events = [event for side in _SIDES for event in self.side(top, side)]
        if not events and not self.found:
            self.mistake("The file holds no event.", (), "write `match:` and below it `- {name: ..., event: {...}}`")
        return RuleEvents(self.document.source, tuple(events), self.fields(top))

    def side(self, top: dict[Any, Any], side: str) -> Iterator[RuleEvent]:
        entries = top.get(side, [])
        if not isinstance(entries, list):
            self.mistake(
                f"`{side}` takes a list of events, not {_kind(entries)}.",
                (side,),
                f"write `{side}: []` or leave the key out where there is none",
            )
            return
        for at, entry in enumerate(entries):
            if (event := self.entry(entry, (side, at), _SIDES[side])) is not None:
                yield event

    def entry(self, entry: Any, path: yaml_reader.Path, expected: bool) -> RuleEvent | None:
        if not isinstance(entry, dict):
            self.mistake(
                f"An entry is a map with `name` and `event`, not {_kind(entry)}.",
                path,
                "write `- {name: ..., event: {...}}`",
            )
            return None
        self.keys(entry, path, _ENTRY_KEYS)
        name, why = (self.sentence(entry, path, key) for key in ("name", "why"))
        if "name" not in entry:
            self.mistake("The event has no name.", path, "say in `name:` what sets this event apart")
        elif name is not None:
            self.unique(name, path)
        if "event" not in entry:
            self.mistake("The entry has no event.", path, "write the document below `event:`")
            return None
        event = entry["event"]
        if not isinstance(event, dict):
            self.mistake(
                f"`event` takes a map of fields, not {_kind(event)}.",
                (*path, "event"),
                "write `event: {}` for a document without fields",
            )
            return None
        document = self.value(event, (*path, "event"))
        return RuleEvent(name or "", document, expected, why, span=self.document.value_span(*path))

    def sentence(self, entry: dict[Any, Any], path: yaml_reader.Path, key: str) -> str | None:
        said = entry.get(key)
        if key in entry and (not isinstance(said, str) or not said.strip()):
            self.mistake(f"`{key}` takes a sentence, not {_kind(said)}.", (*path, key), "put it in quotes")
            return None
        return said

    def unique(self, name: str, path: yaml_reader.Path) -> None:
        """Reports name events, so a name stands for one of them."""
        span = self.document.span(*path, "name")
        if (earlier := self.named.setdefault(name, span)) is not span:
            line = self.document.source.locate(earlier.start).line
            self.mistake(
                f'The name "{name}" is taken by the event on line {line}.',
                (*path, "name"),
                "say what sets this event apart",
            )

    def fields(self, top: dict[Any, Any]) -> tuple[FieldRef, ...]:
        types = top.get("schema", {})
        if not isinstance(types, dict):
            self.mistake(
                f"`schema` takes a map of fields to types, not {_kind(types)}.",
                ("schema",),
                "write `schema:` and below it `field.name: type`",
            )
            return ()
        known = {str(each) for each in Type}
        found: list[FieldRef] = []
        for path, name in types.items():
            if not isinstance(path, str):
                self.mistake(f"A field's name is a text, not {_kind(path)}.", ("schema", path), "put it in quotes")
            elif not isinstance(name, str) or name not in known:
                said = f'"{name}"' if isinstance(name, str) else _kind(name)
                self.mistake(
                    f"A field's type is a name of Elasticsearch's, not {said}.",
                    ("schema", path),
                    f"use one of {', '.join(Type)}",
                )
            else:
                found.append(typed(path, Type(name)))
        return tuple(found)

    def keys(self, entry: dict[Any, Any], path: yaml_reader.Path, allowed: tuple[str, ...]) -> None:
        for key in entry:
            if key not in allowed:
                self.mistake(f'There is no key "{key}" here.', (*path, key), f"use one of {', '.join(allowed)}")

    def value(self, value: Any, path: yaml_reader.Path) -> Any:
        """``value`` as JSON holds it; refuses what YAML reads otherwise than it looks, and what JSON does not have."""
        match value:
            case dict():
                for key in value:
                    if not isinstance(key, str):
                        self.mistake(f"A field's name is a text, not {_kind(key)}.", (*path, key), "put it in quotes")
                return {key: self.value(inner, (*path, key)) for key, inner in value.items()}
            case list():
                return [self.value(inner, (*path, at)) for at, inner in enumerate(value)]
            case date():  # a datetime is one too
                self.mistake("YAML reads this as a date, and JSON has none.", path, "put it in quotes")
            case None | bool():
                self.word(value, path)
            case int() | float():
                return self.number(value, path)
            case str():
                written = self.written(path)
                if written == value and _JSON_NUMBER.fullmatch(written):
                    self.mistake(
                        f"YAML reads `{written}` as a text, JSON as a number.",
                        path,
                        "write it with a point and a signed exponent (1.0e+3), or put a text in quotes",
                    )
            case _:
                self.mistake(f"JSON has no such value as {_kind(value)}.", path, "write text, numbers, lists and maps")
        return value

    def word(self, value: bool | None, path: yaml_reader.Path) -> None:
        written, meant = self.written(path), _JSON_WORDS[value]
        if written != meant:
            # An empty value has no characters of its own; its place is that of whatever follows.
            said = "nothing" if value is None and written not in _YAML_NULLS else f"`{written}`"
            self.mistake(f"YAML reads {said} as {meant}.", path, f"write {meant}, or put a text in quotes")

    def number(self, value: float, path: yaml_reader.Path) -> float:
        """The number with its spelling, which is what a keyword field holds."""
        written = self.written(path)
        if not _JSON_NUMBER.fullmatch(written):
            if isinstance(value, float) and not math.isfinite(value):
                self.mistake(f"JSON has no number {value}.", path, "put a text in quotes")
            else:
                self.mistake(
                    f"YAML reads `{written}` as the number {value}.", path, f"write {value}, or put a text in quotes"
                )
        elif written == "-0" or not isinstance(value, int):
            return JsonNumber(written)
        return value

    def written(self, path: yaml_reader.Path) -> str:
        """The scalar as it stands in the file, without an anchor or a tag before it."""
        span = self.document.value_span(*path)
        text = self.document.source.text[span.start : span.end]
        if text[:1] in "!&":
            text = text.split(maxsplit=1)[-1] if len(text.split()) > 1 else ""
        return text.strip()

    def mistake(self, message: str, path: yaml_reader.Path, hint: str) -> None:
        span = self.document.span(*path) if path else Span(0, 1)
        self.found.append(diagnose(Code.BAD_VALUE, message, self.document.source, span, hint))


_YAML_NULLS = frozenset({"~", "Null", "NULL"})
_JSON_WORDS: Mapping[bool | None, str] = {None: "null", True: "true", False: "false"}


def _kind(value: Any) -> str:
    """What a value is, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a text" if value.strip() else "an empty text"
        case list():
            return "a list"
        case dict():
            return "a map"
        case date():
            return "a date"
        case _:
            return f"a {type(value).__name__}"
