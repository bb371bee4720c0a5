"""The documents of a Sigma file, put together as pySigma's collections do.

``action: global`` completes all rules behind it, ``reset`` ends that, and ``repeat`` says the rule before once more,
with changes. A `Piece` is a rule, a filter or a correlation with all that belongs to it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from translator.errors import Code, TranslatorError, refuse
from translator.yaml_reader import Document, merged


class Kind(Enum):
    """What a document is; the value is the key that says so."""

    RULE = "detection"
    FILTER = "filter"
    CORRELATION = "correlation"


@dataclass(frozen=True, slots=True)
class Piece:
    """``document`` is all of it; ``numbers`` are those of the documents that it was put together from.

    ``again`` says that it is the rule before it once more.
    """

    kind: Kind
    document: Document
    numbers: tuple[int, ...]
    again: bool = False


def pieces(documents: Sequence[Document]) -> Iterator[Piece | TranslatorError]:
    """What the documents of a file say, in their order; an error for each that cannot be read."""
    shared: Piece | None = None
    before: Piece | None = None
    for number, document in enumerate(documents):
        if document.value is None:
            continue
        if not isinstance(document.value, dict):
            yield refuse(
                Code.NOT_A_RULE,
                "A Sigma rule is a map of keys to values.",
                document.source,
                document.span(),
                "write `title:`, `logsource:` and `detection:`",
            )
            continue
        here = Piece(_kind(document), document, (number,))
        match document.value.get("action"):
            case None if here.kind is not Kind.RULE:
                yield here
            case None:
                before = here if shared is None else _over(here, shared)
                yield before
            case "global":
                shared = before = here
            case "reset":
                shared = None
            case "repeat":
                again = before is not None and before is not shared
                whole = here if before is None else _over(before, here)
                before = Piece(whole.kind, whole.document, whole.numbers, again)
                yield before
            case action:
                yield refuse(
                    Code.BAD_SIGMA,
                    f'There is no action "{action}".',
                    document.source,
                    document.value_span("action"),
                    "write global, reset or repeat, or leave it out",
                )


def _over(below: Piece, above: Piece) -> Piece:
    """Both as one; ``above`` has the last word."""
    return Piece(Kind.RULE, merged(below.document, above.document), tuple(sorted({*below.numbers, *above.numbers})))


def _kind(document: Document) -> Kind:
    for kind in (Kind.CORRELATION, Kind.FILTER):
        if kind.value in document.value:
            return kind
    return Kind.RULE
