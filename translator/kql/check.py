"""AST -> logic: names resolved against a schema, lists distributed over their field.

Every mistake is reported, not the first. The nested checks and their words are Kibana's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from translator import logic
from translator.errors import Code, Diagnostic, TranslatorError, diagnose
from translator.kql import ast
from translator.kql.lint import lint
from translator.ledger import Loss
from translator.schema import Ask, Field, FieldPattern, FieldRef, Schema
from translator.source import Source, Span
from translator.values import Wild, pattern, show

_Ask: TypeAlias = Callable[[Field], logic.Formula]


@dataclass(frozen=True, slots=True)
class Checked:
    """A formula, what is worth knowing about it, and where it is only nearly what was written."""

    formula: logic.Formula
    notes: tuple[Diagnostic, ...] = ()
    losses: tuple[Loss, ...] = ()


def check(query: ast.Query, schema: Schema, source: Source) -> Checked:
    """Say what ``query`` means with the field types of ``schema``.

    Raises TranslatorError with every mistake: a nested field outside its block or under a wrong path.
    """
    checker = _Checker(schema, source)
    formula = checker.formula(query, None)
    if checker.found:
        raise TranslatorError(checker.found)
    return Checked(formula, (*checker.notes(), *lint(query, schema, source)))


class _Checker:
    """Carries the schema and the findings through the walk."""

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.found: list[Diagnostic] = []
        self.unknown: dict[str, Span] = {}

    def formula(self, query: ast.Query, path: str | None) -> logic.Formula:
        match query:
            case ast.And(items):
                return logic.And(tuple(self.formula(item, path) for item in items), span=query.span)
            case ast.Or(items):
                return logic.Or(tuple(self.formula(item, path) for item in items), span=query.span)
            case ast.Not(item):
                return logic.Not(self.formula(item, path), span=query.span)
            case ast.Is(ast.Wildcard([Wild.ANY]), ast.Wildcard([Wild.ANY])):
                return logic.Everything(span=query.span)
            case ast.Is(name, value):
                return self.listed(name, value, path, query.span)
            case ast.Free(value):
                return self.leaf(ast.Literal(None), value, path, query.span)
            case ast.Range(name, op, value):
                return self.range(name, op, value, path, query.span)
            case ast.Nested(ast.Literal(None), body) if path is None:
                # Kibana sends the path null, and no prefix; Elasticsearch answers with an error.
                return logic.Within(None, self.formula(body, None), span=query.span)
            case ast.Nested(name, body):
                inner = _prefixed(path, _text(name))
                return logic.Within(inner, self.formula(body, inner), span=query.span)
            case _:
                assert_never(query)

    def listed(self, name: ast.Name, value: ast.Value, path: str | None, span: Span) -> logic.Formula:
        """``field:(x or y)`` is ``field:x or field:y``; each part keeps its own place."""
        match value:
            case ast.AnyOf(items):
                return logic.Or(tuple(self.listed(name, item, path, item.span) for item in items), span=span)
            case ast.AllOf(items):
                return logic.And(tuple(self.listed(name, item, path, item.span) for item in items), span=span)
            case ast.NoneOf(item):
                return logic.Not(self.listed(name, item, path, item.span), span=span)
            case ast.Literal() | ast.Wildcard():
                return self.leaf(name, value, path, span)
            case _:
                assert_never(value)

    def leaf(self, name: ast.Name, value: ast.Name, path: str | None, span: Span) -> logic.Formula:
        match name, value:
            case ast.Literal(None), ast.Wildcard(shape) if path is None:
                return logic.SearchPattern(shape, span=span)
            case ast.Literal(None), ast.Literal(said, quoted) if path is None:
                return logic.Search(said, phrase=quoted, span=span)
            case ast.Wildcard([Wild.ANY]), ast.Wildcard([Wild.ANY]):
                return logic.Everything(span=span)
        return self.each(name, path, span, lambda field: _question(field, value, span))

    def range(self, name: ast.Name, op: logic.RangeOp, value: ast.Name, path: str | None, span: Span) -> logic.Formula:
        bound = show(value.pattern) if isinstance(value, ast.Wildcard) else value.value
        return self.each(name, path, span, lambda field: logic.Compare(field, op, bound, span=span))

    def each(self, name: ast.Name, path: str | None, span: Span, ask: _Ask) -> logic.Formula:
        """``ask`` put to the field, or to each field that a pattern names."""
        match name:
            case ast.Wildcard(shape):
                named = pattern([f"{path}.", *shape]) if path else shape
                fields = self.schema.expand(named)
                self.check_scripted(fields, name.span)
                if not fields:
                    return ask(FieldPattern(named))
                return logic.AnyField(
                    tuple(self.placed(ask(field), field, path, name.span) for field in fields), span=span
                )
            case ast.Literal():
                field = self.schema.field(_prefixed(path, _text(name)))
                self.note(field, name.span)
                self.check_scripted([field], name.span)
                self.check_nesting(field, path, name.span)
                return ask(field)
            case _:
                assert_never(name)

    def placed(self, leaf: logic.Formula, field: FieldRef, path: str | None, span: Span) -> logic.Formula:
        """Outside a block, a field pattern reaches into nested objects by itself."""
        if path is not None:
            self.check_nesting(field, path, span)
        elif field.nested is not None:
            return logic.Within(field.nested, leaf, span=leaf.span)
        return leaf

    def check_scripted(self, fields: Iterable[FieldRef], span: Span) -> None:
        for field in fields:
            if field.details.scripted:
                self.mistake(
                    Code.SCRIPTED,
                    f"{field.path} is a scripted field.",
                    span,
                    "make it a runtime field; Kibana has deprecated scripted fields",
                )

    def check_nesting(self, field: FieldRef, path: str | None, span: Span) -> None:
        if field.path not in self.schema or path == field.nested:
            return
        if path is None:
            self.mistake(
                Code.NESTED_OUTSIDE,
                f"{field.path} is a nested field, but is not in a nested group in the KQL expression.",
                span,
                f"write `{field.nested}:{{ {field.path.removeprefix(f'{field.nested}.')}:... }}`",
            )
        elif field.nested is None:
            self.mistake(
                Code.NESTED_INSIDE,
                f'{field.path} is not a nested field but is in nested group "{path}" in the KQL expression.',
                span,
                "take it out of the braces",
            )
        else:
            self.mistake(
                Code.NESTED_PATH,
                f"Nested field {field.path} is being queried with the incorrect nested path. "
                f"The correct path is {field.nested}.",
                span,
                f"write `{field.nested}:{{ ... }}`",
            )

    def mistake(self, code: Code, message: str, span: Span, hint: str) -> None:
        # Once for each question put to the field would say the same thing again.
        if message not in {each.message for each in self.found}:
            self.found.append(diagnose(code, message, self.source, span, hint))

    def note(self, field: FieldRef, span: Span) -> None:
        if self.schema.knows and field.path not in self.schema:
            self.unknown.setdefault(field.path, span)

    def notes(self) -> list[Diagnostic]:
        if not self.unknown:
            return []
        names = list(self.unknown)
        shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        message = (
            f"The schema {self.schema.name} does not know {shown}; treated as keyword, asked as without a data view."
        )
        near = [(name, like) for name in names[:5] if (like := self.schema.similar(name))]
        meant = "; ".join(f"for {name}, did you mean {' or '.join(like)}?" for name, like in near)
        return [
            diagnose(
                Code.UNKNOWN_FIELD,
                message,
                self.source,
                self.unknown[(near[0][0] if near else names[0])],
                meant or "give the types with --schema FILE",
            )
        ]


def _question(field: Field, value: ast.Name, span: Span) -> logic.Formula:
    """The clause that Kibana chooses, by the value's form and the field's type."""
    ask = field.ask if isinstance(field, FieldRef) else Ask.MATCH
    match value, ask:
        case ast.Wildcard([Wild.ANY]), _:
            return logic.Exists(field, span=span)
        case ast.Wildcard(shape), _:
            return logic.Matches(field, shape, span=span)
        case ast.Literal(said), Ask.TERM | Ask.DATE:
            return logic.Equals(field, said, span=span)
        case ast.Literal(said, quoted=True), Ask.MATCH:
            return logic.Phrase(field, said, span=span)
        case ast.Literal(said), _:
            return logic.Words(field, said, span=span)


def _text(name: ast.Name) -> str:
    """A name as text; the words null, true and false are names like any other here."""
    match name:
        case ast.Wildcard(shape):
            return show(shape)
        case ast.Literal(str() as text):
            return text
        case ast.Literal(word):
            return "null" if word is None else str(word).lower()


def _prefixed(path: str | None, name: str) -> str:
    return name if path is None else f"{path}.{name}"
