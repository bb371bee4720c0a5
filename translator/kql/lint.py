"""What is legal KQL but surely not what its author meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from translator.errors import Code, Diagnostic, diagnose
from translator.kql import ast
from translator.kql.languages import ADVICE, evidence
from translator.schema import ANALYSED_TEXT, Schema, Type
from translator.source import Source, Span
from translator.values import show

_BLANK = re.compile(r"[ \t\r\n\u00a0\u3000]")
_COMMENT = re.compile(r"(?<=\s)(?:#|//)")
_QUOTES = re.compile("[\u2018\u2019\u201c\u201d]|^'|'$")
_OPERATOR = re.compile(r"&&|\|\||(?<![=<>!])!?==?(?![=])|^!|(?<=\s)!")
_ODD_WORDS = frozenset({"true", "false", "null", "none"})
_EDGE_KEYWORD = re.compile(r"(?:and|or)[ \t\r\n\u00a0]|.*[ \t\r\n\u00a0](?:and|or|not)\Z", re.IGNORECASE | re.DOTALL)

#: A search for words can begin like an ES|QL command; only an index name tells it from one.
_INDEX_NAME = re.compile(r"\w+\s+\S*[-*]")


def lint(query: ast.Query, schema: Schema, source: Source) -> Iterator[Diagnostic]:
    """Findings about ``query``, in the order of its text; none of them stops a rule."""
    seen: set[tuple[Code, Span]] = set()
    for finding in _Linter(schema, source).query(query, nested=False):
        key = (finding.code, finding.span)
        if key not in seen:
            seen.add(key)
            yield finding


@dataclass(frozen=True, slots=True)
class _Linter:
    schema: Schema
    source: Source

    def query(self, query: ast.Query, *, nested: bool) -> Iterator[Diagnostic]:
        match query:
            case ast.And(items) | ast.Or(items):
                yield from self.beside(items, nested=nested)
            case ast.Not(item):
                yield from self.query(item, nested=nested)
            case ast.Nested(_, body):
                yield from self.query(body, nested=True)
            case ast.Is(name, value):
                yield from self.name(name)
                yield from self.value(value, name)
            case ast.Range(name, _, value):
                yield from self.name(name)
                yield from self.literal(value)
            case ast.Free(value):
                yield from self.free(value, nested=nested)

    def beside(self, items: tuple[ast.Query, ...], *, nested: bool) -> Iterator[Diagnostic]:
        """Conditions that are joined: one without a field may belong to the field before it, or to the first."""
        bare = [_without_not(item) for item in items]
        field = next((each for each in bare if isinstance(each, ast.Is)), None)
        for item, each in zip(items, bare, strict=True):
            if isinstance(each, ast.Free) and field is not None and not nested:
                text = self.source.text[field.field.span.start : field.field.span.end]
                yield self.found(
                    Code.FREE_AMONG_FIELDS,
                    "This value has no field: it is searched in every field.",
                    each.span,
                    f"write `{text}:(x or y)` if it belongs to {text}",
                )
            if isinstance(each, ast.Is):
                field = each
            yield from self.query(item, nested=nested)

    def free(self, value: ast.Name, *, nested: bool) -> Iterator[Diagnostic]:
        if nested:
            yield self.found(
                Code.FIELDLESS_IN_NESTED,
                "A value without a field matches nothing inside braces.",
                value.span,
                "write `field:value`",
            )
        text = _bare(value)
        foreign = evidence(text)
        if foreign and (
            foreign.language in ("EQL", "SQL") or (foreign.language == "ES|QL" and _INDEX_NAME.match(text))
        ):
            yield self.found(
                Code.FOREIGN_OPERATOR,
                f"This is searched as text; it reads like {foreign.language}.",
                value.span,
                ADVICE[foreign.language],
            )
        elif _OPERATOR.search(text):
            yield self.found(
                Code.FOREIGN_OPERATOR,
                "This is searched as text: KQL knows no such operator.",
                value.span,
                "write `and`, `or`, `not` and `field:value`",
            )
        yield from self.literal(value)

    def name(self, name: ast.Name) -> Iterator[Diagnostic]:
        text = _bare(name)
        if _COMMENT.search(f" {text}"):
            yield self.found(
                Code.COMMENT, "KQL has no comments: this is a field's name.", name.span, "take the comment out"
            )
        elif _OPERATOR.search(text):
            yield self.found(
                Code.FOREIGN_OPERATOR,
                "This operator is part of a field's name here.",
                name.span,
                "write `and`, `or`, `not` and `field:value`",
            )
        elif _BLANK.search(text):
            yield self.found(
                Code.FIELD_WITH_BLANK,
                f'The field is called "{text}", with a blank.',
                name.span,
                "take the first word away, or write a condition before it"
                if _EDGE_KEYWORD.match(text)
                else "join conditions with `and` or `or`, or quote the name",
            )

    def value(self, value: ast.Value, name: ast.Name) -> Iterator[Diagnostic]:
        match value:
            case ast.AnyOf(items) | ast.AllOf(items):
                for item in items:
                    yield from self.value(item, name)
            case ast.NoneOf(item):
                yield from self.value(item, name)
            case ast.Literal(None):
                yield self.found(
                    Code.NULL_VALUE,
                    "Elasticsearch answers a comparison with null with an error.",
                    value.span,
                    f"write `not {_text(name)}:*`",
                )
            case ast.Literal(str() as text, quoted=False):
                if text.lower() in _ODD_WORDS and text != text.lower():
                    truth = text.lower() in ("true", "false")
                    yield self.found(
                        Code.ODD_WORD,
                        f'"{text}" is an ordinary text here.',
                        value.span,
                        f"write {text.lower()} if the field is boolean"
                        if truth
                        else f"write `not {_text(name)}:*` for events without a value",
                    )
                elif _BLANK.search(text) and not _COMMENT.search(text):
                    yield self.found(
                        Code.SEVERAL_WORDS,
                        f'"{text}" is one value here.',
                        value.span,
                        "an operator needs a condition on each side; complete it, or put it in quotes"
                        if _EDGE_KEYWORD.match(text)
                        else "put it in quotes if that is meant; else write `(x or y)`",
                    )
                yield from self.literal(value)
            case ast.Wildcard(pattern) if any(isinstance(part, str) and _BLANK.search(part) for part in pattern):
                yield from self.split(value, name)
            case ast.Literal() | ast.Wildcard():
                yield from self.literal(value)

    def split(self, value: ast.Wildcard, name: ast.Name) -> Iterator[Diagnostic]:
        if isinstance(name, ast.Wildcard):
            return
        kind = self.schema.field(_text(name)).type
        if kind is Type.UNKNOWN or kind in ANALYSED_TEXT:
            what, then = (
                ("of unknown type", "give the field's type with --schema, or write one word")
                if kind is Type.UNKNOWN
                else ("analysed text", "put whole words in quotes, or write one condition for each word")
            )
            yield self.found(
                Code.SPLIT_PATTERN,
                f"{_text(name)} is {what}: each word of the pattern is searched on its own.",
                value.span,
                then,
            )

    def literal(self, value: ast.Name) -> Iterator[Diagnostic]:
        text = _text(value)
        written = self.source.text[value.span.start : value.span.end]
        match value:
            case ast.Literal(str(), quoted=True) if "*" in text:
                yield self.found(
                    Code.QUOTED_WILDCARD,
                    "The star is a plain star inside quotes.",
                    value.span,
                    "take the quotes away if a wildcard is meant",
                )
            case ast.Literal(str(), quoted=False) if _COMMENT.search(text):
                yield self.found(
                    Code.COMMENT, "KQL has no comments: this is part of the value.", value.span, "take the comment out"
                )
            case _:
                pass
        if re.search(r"\\[trn]", written) and any(char in text for char in "\t\r\n"):
            yield self.found(
                Code.CONTROL_CHARACTER,
                "An escape made a tab or a line end here.",
                value.span,
                "double the backslashes of a path",
            )
        if not (isinstance(value, ast.Literal) and value.quoted) and _QUOTES.search(text):
            yield self.found(
                Code.TYPOGRAPHIC_QUOTES,
                "These quotes are ordinary characters of the value.",
                value.span,
                'write straight double quotes: "',
            )

    def found(self, code: Code, message: str, span: Span, hint: str) -> Diagnostic:
        return diagnose(code, message, self.source, span, hint)


def _without_not(query: ast.Query) -> ast.Query:
    while isinstance(query, ast.Not):
        query = query.item
    return query


def _bare(name: ast.Name) -> str:
    """The text of an unquoted name; quotes say that every character is meant."""
    return "" if isinstance(name, ast.Literal) and name.quoted else _text(name)


def _text(name: ast.Name) -> str:
    match name:
        case ast.Wildcard(pattern):
            return show(pattern)
        case ast.Literal(value):
            return str(value)
