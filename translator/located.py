"""Plain values that know where they were written, whatever the file's language.

YAML, TOML and JSON each have a reader; what they return is a `Located`, so that a finding about a rule's threshold
points at the threshold, and a query inside a string knows the place of each of its characters.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from translator.source import Source, Span

#: A place in a document: keys and list positions from the top.
Path: TypeAlias = tuple[Any, ...]


class Places(Protocol):
    """Where the parts of one document stand in its text. Found when they are first asked for: most never are."""

    def key(self, path: Path) -> Span | None:
        """The key under which the value at ``path`` stands, None where it has none."""

    def value(self, path: Path) -> Span | None:
        """The value at ``path`` itself, None where there is no such value."""

    def all(self) -> Iterator[tuple[Path, Span]]:
        """Every key and value with its path."""

    def text(self, path: Path, text: str) -> Source:
        """The string at ``path``, which reads ``text``, with the place of each of its characters."""


@dataclass(frozen=True, eq=False)
class Located:
    """A value of a document, and the document's places. ``value`` is made of dict, list and scalars."""

    value: Any
    source: Source = field(repr=False)
    places: Places = field(repr=False)
    path: Path = ()

    def at(self, *path: Any) -> Located:
        """The value at ``path`` below this one; its value is None where there is none."""
        value = self.value
        for key in path:
            match value:
                case dict():
                    value = value.get(key)
                case list() if isinstance(key, int) and key < len(value):
                    value = value[key]
                case _:
                    value = None
        return Located(value, self.source, self.places, (*self.path, *path))

    def items(self) -> tuple[Located, ...]:
        """The entries of a list, each with its place; nothing for any other value."""
        return tuple(self.at(number) for number in range(len(self.value))) if isinstance(self.value, list) else ()

    def span(self, *path: Any) -> Span:
        """Where the value at ``path`` is said: its key if it has one, else the value, else what holds it."""
        whole = (*self.path, *path)
        for end in range(len(whole), -1, -1):
            if found := self.places.key(whole[:end]) or self.places.value(whole[:end]):
                return found
        return Span(0, 1)

    def value_span(self, *path: Any) -> Span:
        """Where the value at ``path`` itself stands."""
        return self.places.value((*self.path, *path)) or self.span(*path)

    @property
    def extent(self) -> Span:
        """From the first to the last of what stands below this value's path, headings and all."""
        size = len(self.path)
        inside = [span for path, span in self.places.all() if path[:size] == self.path]
        return Span(min(span.start for span in inside), max(span.end for span in inside)) if inside else self.span()

    def text(self, *path: Any) -> Source:
        """The string at ``path`` as a text that knows its place; an empty one where there is no string."""
        found = self.at(*path)
        if isinstance(found.value, str):
            return self.places.text(found.path, found.value)
        at = found.span().start
        return self.source.cut(at, at)
