"""What a Sigma rule keeps of the Elastic rule that it was: its one key ``elastic`` holds it, by Elastic's own keys."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from translator.errors import Diagnostic
from translator.located import Located, Path
from translator.source import Source, Span
from translator.sources._facts import Facts, Spelling
from translator.yaml_reader import Document

_SPELLING = Spelling(lambda key: ("elastic", key), ("elastic",))


def facts(document: Document, mistakes: list[Diagnostic]) -> Facts:
    """Looks at the document's key ``elastic``; what is wrong there joins ``mistakes``."""
    said = document.value.get("elastic")
    value: Any = {"elastic": said} if isinstance(said, dict) else {}
    return Facts(Located(value, document.source, _Places(document)), _SPELLING, mistakes)


@dataclass(frozen=True)
class _Places:
    """The places of a YAML document."""

    document: Document = field(repr=False)

    def key(self, path: Path) -> Span | None:
        """See `located.Places`."""
        return self.document.span(*path)

    def value(self, path: Path) -> Span | None:
        """See `located.Places`."""
        return self.document.value_span(*path)

    def all(self) -> Iterator[tuple[Path, Span]]:
        """See `located.Places`. Only what has an extent is asked so: a filter of an indicator index has none."""
        yield from ()

    def text(self, path: Path, text: str) -> Source:
        """See `located.Places`. A text stands where its value begins, however it is quoted."""
        at = self.document.value_span(*path)
        return self.document.source.spell(text, [*[at.start] * len(text), at.end])
