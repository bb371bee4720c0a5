"""The selections of a Sigma rule -> logic, with the place of every key and value."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias, assert_never

from translator import logic
from translator.errors import Code, Diagnostic, diagnose
from translator.schema import Schema
from translator.sigma.elastic_names import Renaming
from translator.sigma.modifiers import ModifierError, Values, apply, known
from translator.sigma.questions import Asker, Unasked
from translator.source import Span
from translator.yaml_reader import Document, Path

#: A star behind one backslash at the end of what looks like a path.
_ESCAPED_STAR = re.compile(r"(?<!\\)(?:\\\\)*\\\*\Z")

#: What to do about a value that waits for others.
_PLACEHOLDER_HINT = (
    "give its values with a pipeline of pySigma's (-p), write them, or leave `expand` out if it is plain text"
)

#: Keys beside the selections of a detection.
BESIDE = frozenset({"condition", "timeframe", "rules"})


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a selection: what it compares, and where it says so; ``spans`` are those of its values."""

    values: Values
    spans: tuple[Span, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Group:
    """Items that must all hold, or of which one must."""

    every: bool
    parts: tuple[Said, ...]
    span: Span


#: What a selection says, before anybody asks it of a field.
Said: TypeAlias = Item | Group


class Selections:
    """Carries the document and the findings; ``asker`` knows the fields."""

    def __init__(self, document: Document, schema: Schema, renaming: Renaming | None = None) -> None:
        self.document = document
        self.asker = Asker(schema, renaming)
        self.found: list[Diagnostic] = []
        self.notes: list[Diagnostic] = []

    def read(self, path: Path) -> dict[str, Said]:
        """The selections of the map at ``path``, by name."""
        detection = self.document.value
        for key in path:
            detection = detection[key]
        found: dict[str, Said] = {}
        for name, value in detection.items():
            if name in BESIDE:
                continue
            if not isinstance(name, str):
                self.mistake("A selection's name is a text.", self.document.span(*path, name), "put quotes around it")
            found[str(name)] = self.selection(value, (*path, name))
        return found

    def selection(self, value: Any, path: Path) -> Said:
        span = self.document.span(*path)
        match value:
            case {} if value:
                return _group(True, [self.item(key, each, (*path, key)) for key, each in value.items()], span)
            case [_, *_] if any(isinstance(part, dict | list) for part in value):
                return _group(False, [self.selection(part, (*path, at)) for at, part in enumerate(value)], span)
            case {} | [] | None:
                return self.mistake("The selection is empty.", span, "write `field: value` in it")
            case _:
                return self.item(None, value, path)

    def item(self, key: Any, value: Any, path: Path) -> Said:
        """One line of a selection; no key means keywords."""
        if key is not None and not isinstance(key, str):
            return self.mistake("A field's name is a text.", self.document.span(*path), "put quotes around it")
        listed, paths = (
            (value, [(*path, at) for at in range(len(value))]) if isinstance(value, list) else ([value], [path])
        )
        try:
            values = apply(key, listed)
        except ModifierError as error:
            hint = f"known are {', '.join(known())}" if error.modifier else error.hint
            return self.mistake(error.message, self.blamed(error, path, paths), hint)
        self.warn(listed, paths, values)
        span = self.document.span(*path)
        return Item(values, tuple(self.document.value_span(*each) for each in paths) or (span,), span)

    def formula(self, said: Said) -> logic.Formula:
        """What a selection asks."""
        match said:
            case Item(values, spans, span):
                return self.asked(values, spans, span)
            case Group(every, parts, span):
                asked = [self.formula(part) for part in parts]
                return asked[0] if len(asked) == 1 else (logic.And if every else logic.Or)(tuple(asked), span=span)
            case _:
                assert_never(said)

    def asked(self, values: Values, spans: tuple[Span, ...], span: Span) -> logic.Formula:
        try:
            return self.asker.item(values, spans, span)
        except Unasked as error:
            code = Code.PLACEHOLDER if error.placeholder else Code.SIGMA_UNSUPPORTED
            hint = _PLACEHOLDER_HINT if error.placeholder else None
            self.found.append(diagnose(code, error.message, self.document.source, error.span, hint))
        return logic.Or(())

    def blamed(self, error: ModifierError, path: Path, paths: list[Path]) -> Span:
        """The value or the modifier that is wrong, else the whole key."""
        if error.value is not None and error.value < len(paths):
            return self.document.value_span(*paths[error.value])
        span = self.document.span(*path)
        if error.modifier:
            at = self.document.source.text.find(f"|{error.modifier}", span.start, span.end)
            if at >= 0:
                return Span(at + 1, at + 1 + len(error.modifier))
        return span

    def warn(self, listed: Iterable[Any], paths: list[Path], values: Values) -> None:
        """What YAML, or a backslash, makes of a value that its author may not have meant."""
        for value, path in zip(listed, paths, strict=True):
            if isinstance(value, str):
                if "re" not in values.words and "\\" in value[:-2] and _ESCAPED_STAR.search(value):
                    said = f"The star at the end of `{value}` is a plain star."
                    self.note(
                        Code.ESCAPED_WILDCARD, said, path, "write two backslashes before it for a folder's content"
                    )
            elif value is not None and (written := self.written(path)) not in (_plain(value), None):
                said = f"YAML reads {written} as {_plain(value)}."
                self.note(Code.YAML_VALUE, said, path, "put quotes around it if it is a text")

    def written(self, path: Path) -> str | None:
        """What stands there, if it is on one line."""
        span = self.document.value_span(*path)
        text = self.document.source.text[span.start : span.end]
        return None if "\n" in text or text[:1] in ("*", "&", "!") else text.strip()

    def note(self, code: Code, message: str, path: Path, hint: str) -> None:
        found = diagnose(code, message, self.document.source, self.document.value_span(*path), hint)
        self.notes.append(found)

    def mistake(self, message: str, span: Span, hint: str | None = None) -> Said:
        self.found.append(diagnose(Code.BAD_SIGMA, message, self.document.source, span, hint))
        return Group(False, (), span)


def _group(every: bool, parts: list[Said], span: Span) -> Said:
    return parts[0] if len(parts) == 1 else Group(every, tuple(parts), span)


def _plain(value: Any) -> str:
    """The one spelling of a value that everybody reads alike."""
    return str(value).lower() if isinstance(value, bool) else str(value)
