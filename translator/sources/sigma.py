"""Sigma rules in YAML, one or more in a file: rules, documents that complete them, filters and correlations.

This module reads what a rule says about itself. What its detection means is for `translator.sigma.check`, once a
schema is at hand; the query of such a rule is the text of all documents that decide.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from translator import yaml_reader
from translator.errors import Code, Diagnostic, TranslatorError, diagnose, refuse
from translator.rule import Rule
from translator.sigma.documents import Kind, Piece, pieces
from translator.source import Source, Span
from translator.sources._format import Found, SourceFormat, Waiting
from translator.sources._sigma_correlation import Reader, Reference
from translator.sources._sigma_header import Header
from translator.sources._sigma_together import CorrelationDraft, Draft, FilterDraft, RuleDraft, settle, together
from translator.yaml_reader import Document

_KEY = r"['\"]?(?:logsource|detection|correlation|filter)['\"]?[ \t]*:"
_RECOGNISED = re.compile(rf"(?:\A|[\r\n]){_KEY}")
#: The first line that says something: YAML's, where the file is not a text that merely shows a rule.
_FIRST = re.compile(r"(?:\s*(?:#[^\r\n]*|---[ \t]*)[\r\n])*\s*(?:['\"]?[\w.-]+['\"]?[ \t]*:(?:\s|\Z)|%YAML|---\s)")

#: A line that ends a document and may begin another. YAML takes it for nothing else, even inside a block of text.
_MARKER = re.compile(r"(?:---|\.\.\.)(?:(?<=\A...)|(?<=[\r\n]...))(?=\s|\Z)")
_NOTHING = re.compile(r"(?:[ \t]*(?:[#%][^\r\n]*)?[\r\n])*[ \t]*(?:[#%][^\r\n]*)?\Z")


def _recognises(source: Source) -> bool:
    return _RECOGNISED.search(source.text) is not None and _FIRST.match(source.text) is not None


def _read(source: Source) -> Iterator[Found | Waiting]:
    parts = list(_documents(source))
    if not parts:
        raise refuse(Code.NOT_A_RULE, "The file holds no YAML document.", source, Span(0, 1))
    documents: list[Document] = []
    errors: list[TranslatorError] = []
    for part in parts:
        try:
            documents.append(yaml_reader.read(part))
        except TranslatorError as error:
            errors.append(error)
            documents.append(Document(None, part, {}, {}))
    yield from errors
    empty = not errors
    for piece in pieces(documents):
        empty = False
        if isinstance(piece, TranslatorError):
            yield piece
            continue
        try:
            draft = _draft(*_whole(piece, parts, source))
            yield Waiting(draft, settle, alone=isinstance(draft, RuleDraft))
        except TranslatorError as error:
            yield error
    if empty:
        said = "The file holds nothing but what completes other documents (`action`)."
        raise refuse(Code.NO_QUERY, said, source, Span(0, 1), "write a rule behind it")


SOURCE = SourceFormat("Sigma rules in YAML, one or more in a file", (".yml", ".yaml"), _recognises, _read)


def _documents(source: Source) -> Iterator[Source]:
    """The documents of a file, so that a broken one hides no other."""
    marks = list(_MARKER.finditer(source.text))
    starts = [0, *(found.end() for found in marks)]
    ends = [*(found.start() for found in marks), len(source.text)]
    for start, end in zip(starts, ends, strict=True):
        if not _NOTHING.match(source.text, start, end):
            yield source.cut(start, end) if (start, end) != (0, len(source.text)) else source


def _whole(piece: Piece, parts: Sequence[Source], source: Source) -> tuple[Piece, Source]:
    """The piece and its text; where it is of several documents, with its places in all of them."""
    if len(piece.numbers) == 1:
        return piece, parts[piece.numbers[0]]
    query = together(source.root, [(parts[number], Span(0, 1)) for number in piece.numbers])
    again = [each for each in pieces(yaml_reader.read_all(query)) if isinstance(each, Piece)]
    return again[-1], query


def _draft(piece: Piece, query: Source) -> Draft:
    """What a piece says. Raises TranslatorError with all its mistakes."""
    document = piece.document
    match piece.kind:
        case Kind.RULE if "detection" not in document.value:
            hint = "write `detection:` with a selection and a `condition`"
            raise refuse(Code.NO_QUERY, "The rule has no detection.", document.source, Span(0, 1), hint)
        case Kind.RULE:
            return RuleDraft(Header(document).rule(query), _name(document))
        case Kind.FILTER:
            return _filter(document, query)
        case Kind.CORRELATION:
            return _correlation(document, Header(document).rule(query))


def _name(document: Document) -> str | None:
    name = document.value.get("name")
    return name if isinstance(name, str) else None


def _filter(document: Document, query: Source) -> FilterDraft:
    header = Header(document)
    log_source = header.log_source()
    title = header.text("title") or "without a title"
    said = document.value["filter"]
    mistakes: list[Diagnostic] = list(header.mistakes)
    rules = said.get("rules") if isinstance(said, dict) else None
    if not isinstance(said, dict):
        mistakes.append(
            _mistake(
                document,
                ("filter",),
                "A filter is a map of selections.",
                "write `rules:`, selections and a `condition`",
            )
        )
    elif rules is None:
        mistakes.append(
            _mistake(
                document, ("filter",), "The filter names no rules.", "write `rules: any`, or a list of ids and names"
            )
        )
    elif not log_source:
        mistakes.append(
            _mistake(
                document,
                ("logsource",),
                "The filter has no log source.",
                "write `logsource:` with a product or a category",
            )
        )
    references: tuple[Reference, ...] | None = None
    if isinstance(rules, str) and rules.lower() != "any":
        references = (Reference(rules, document.value_span("filter", "rules")),)
    elif isinstance(rules, list) and rules:
        references = tuple(
            Reference(str(each), document.value_span("filter", "rules", at)) for at, each in enumerate(rules)
        )
    elif rules is not None and not isinstance(rules, str | list):
        mistakes.append(
            _mistake(
                document, ("filter", "rules"), "The rules are a list of ids and names.", "write `rules: any`, or a list"
            )
        )
    if mistakes:
        raise TranslatorError(mistakes)
    return FilterDraft(title, query, log_source, references, document.value_span("filter", "rules"))


def _correlation(document: Document, rule: Rule) -> CorrelationDraft:
    reader = Reader(document)
    correlation, references = reader.read()
    if reader.mistakes:
        raise TranslatorError(reader.mistakes)
    return CorrelationDraft(rule, _name(document), correlation, references, document.span("correlation"))


def _mistake(document: Document, path: tuple[str, ...], message: str, hint: str) -> Diagnostic:
    return diagnose(Code.BAD_SIGMA, message, document.source, document.span(*path), hint)
