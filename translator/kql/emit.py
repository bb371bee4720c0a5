"""logic -> AST of KQL, with what KQL has no words for.

KQL cannot fold letter case, has no wildcard for exactly one character, and cannot write a pattern that begins or ends
with white space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias, assert_never

from translator import logic
from translator.errors import Code
from translator.kql import ast, codec
from translator.ledger import Effect, Loss, lose
from translator.schema import ANALYSED_TEXT, Ask, Field, FieldPattern, FieldRef, Type
from translator.source import Source, Span
from translator.values import Pattern, Scalar, Wild, pattern

#: Texts that read best without quotes.
_BARE = re.compile(r"[A-Za-z0-9_./@#$%+,;=~^&|!?'\[\]-]+")

#: The questions that a list of values can ask.
_Questions: TypeAlias = logic.Exists | logic.Equals | logic.Words | logic.Phrase | logic.Matches

_WORDS = frozenset({"null", "true", "false", "and", "or", "not"})


def emit(formula: logic.Formula, source: Source) -> tuple[ast.Query, tuple[Loss, ...]]:
    """``formula`` as a query, and the losses; ``source`` is the text that the formula's spans point into."""
    writer = _Writer(source)
    return writer.query(formula, None, negated=False), tuple(writer.losses)


class _Writer:
    """Carries the losses through the walk."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.losses: list[Loss] = []

    def query(self, formula: logic.Formula, path: str | None, *, negated: bool) -> ast.Query:
        if (listed := self.listed(formula, path, negated)) is not None:
            return listed
        match formula:
            case logic.And(items):
                return ast.And(tuple(self.query(item, path, negated=negated) for item in items))
            case logic.Or(items) | logic.AnyField(items):
                return ast.Or(tuple(self.query(item, path, negated=negated) for item in items))
            case logic.Not(item):
                return ast.Not(self.query(item, path, negated=not negated))
            case logic.Everything():
                return ast.Is(ast.Wildcard((Wild.ANY,)), ast.Wildcard((Wild.ANY,)))
            case logic.Search(value, phrase):
                return ast.Free(_literal(value, quoted=phrase))
            case logic.SearchPattern(shape):
                return ast.Free(self.wildcard(shape, formula.span, negated))
            case logic.Within(inner, body):
                name = ast.Literal(None) if inner is None else _name(_relative(inner, path))
                return ast.Nested(name, self.query(body, inner, negated=negated))
            case logic.Compare(field, op, value, (second, bound)):
                self.lose(
                    Code.TWO_BOUNDS,
                    f"KQL asks each bound on its own; two values of {field.path} may meet them.",
                    Effect.WIDER,
                    formula.span,
                    negated,
                    "write to dsl, which asks both of one value",
                )
                sides = (logic.Compare(field, op, value), logic.Compare(field, second, bound))
                return ast.And(tuple(self.query(side, path, negated=negated) for side in sides))
            case logic.Compare(field, op, value):
                return ast.Range(
                    self.field(field, path), op, _bare_or_quoted(str(value)) if value is not None else ast.Literal(None)
                )
            case logic.Exists() | logic.Equals() | logic.Words() | logic.Phrase() | logic.Matches():
                return ast.Is(self.field(formula.field, path), self.value(formula, negated))
            case logic.Like() | logic.Regex() | logic.Numeric() | logic.InNetwork():
                raise AssertionError(f"KQL has no such question, so it is to be said otherwise first: {formula}")
            case logic.SameAs() | logic.DatePart() | logic.Anywhere() | logic.AnywhereRegex():
                raise AssertionError(f"KQL has no such question, so it is to be said otherwise first: {formula}")
            case _:
                assert_never(formula)

    def listed(self, formula: logic.Formula, path: str | None, negated: bool) -> ast.Query | None:
        """``field:(x or y)`` where every leaf asks the same field."""
        if not isinstance(formula, (logic.And, logic.Or)):
            return None
        asked: Field | None = None
        count = 0
        for node in logic.walk(formula):
            if isinstance(node, _LISTED):
                asked = asked or node.field
                count += 1
                if node.field is not asked and node.field != asked:
                    return None
            elif isinstance(node, logic.Within) or not logic.children(node):
                return None
        if asked is None or count < 2:
            return None
        return ast.Is(self.field(asked, path), self.values(formula, negated))

    def values(self, formula: logic.Formula, negated: bool) -> ast.Value:
        match formula:
            case logic.And(items):
                return ast.AllOf(tuple(self.values(item, negated) for item in items))
            case logic.Or(items):
                return ast.AnyOf(tuple(self.values(item, negated) for item in items))
            case logic.Not(item):
                return ast.NoneOf(self.values(item, not negated))
            case logic.Exists() | logic.Equals() | logic.Words() | logic.Phrase() | logic.Matches():
                return self.value(formula, negated)
            case _:
                raise AssertionError(f"no value of a list: {formula}")

    def value(self, leaf: _Questions, negated: bool) -> ast.Name:
        self.clause(leaf, negated)
        match leaf:
            case logic.Exists():
                return ast.Wildcard((Wild.ANY,))
            case logic.Equals(field, value, cased):
                self.case(leaf, str(value), cased, negated)
                return _literal(value) if not isinstance(value, str) else _bare_or_quoted(value)
            case logic.Words(field, value):
                name = _literal(value)
                exact = isinstance(field, FieldPattern) or field.type not in ANALYSED_TEXT
                return _literal(value, quoted=True) if exact and codec.encode(name) is None else name
            case logic.Phrase(_, value):
                return _literal(value, quoted=True)
            case logic.Matches(_, shape, cased):
                self.case(leaf, "".join(part for part in shape if isinstance(part, str)), cased, negated)
                return self.wildcard(self.unsplit(leaf, shape, negated), leaf.span, negated)
            case _:
                assert_never(leaf)

    def clause(self, leaf: _Questions, negated: bool) -> None:
        """A filter's own ``term`` or ``wildcard`` clause, where Kibana would choose another for the field."""
        if not isinstance(leaf.field, FieldRef) or leaf.field.ask is not Ask.TERM:
            return
        if leaf.field.type in ANALYSED_TEXT and not isinstance(leaf, logic.Exists | logic.Words | logic.Phrase):
            self.lose(
                Code.TEXT_COMPARED,
                f"The rule compares the words of {leaf.field.path} as they are indexed; KQL "
                "analyses what it looks for.",
                Effect.MIXED,
                leaf.span,
                negated,
                "write to dsl",
            )

    def unsplit(self, leaf: logic.Matches, shape: Pattern, negated: bool) -> Pattern:
        """A pattern that Kibana would split at its blanks, as it sends it as a ``query_string``: stars for blanks."""
        if not isinstance(leaf.field, FieldRef) or leaf.field.ask is not Ask.TERM or leaf.field.type not in _SPLIT:
            return shape
        pieces = [_BLANKS.split(part) if isinstance(part, str) else [part] for part in shape]
        if all(len(each) == 1 for each in pieces):
            return shape
        self.lose(
            Code.SPLIT,
            f"Kibana splits a pattern at its blanks where it does not know the field, and the schema does "
            f"not know {leaf.field.path}; `*` stands in place of each.",
            Effect.WIDER,
            leaf.span,
            negated,
            "write to dsl, or give the field's type with --schema FILE",
        )
        return _collapsed(starred for texts in pieces for starred in _with_stars(texts))

    def case(self, leaf: logic.Equals | logic.Matches, text: str, cased: bool, negated: bool) -> None:
        """Only text with letters has a case to lose."""
        if cased or text.swapcase() == text:
            return
        self.lose(
            Code.CASE,
            "KQL minds letter case on keyword fields; the rule does not.",
            Effect.NARROWER,
            leaf.span,
            negated,
            "write to dsl, which has case_insensitive",
        )

    def wildcard(self, shape: Pattern, span: Span, negated: bool) -> ast.Name:
        if Wild.ONE in shape:
            self.lose(
                Code.ONE_CHARACTER,
                "KQL has no wildcard for exactly one character; `*` stands there instead.",
                Effect.WIDER,
                span,
                negated,
                "write to dsl or sigma, which have `?`",
            )
            shape = _collapsed(Wild.ANY if part is Wild.ONE else part for part in shape)
        if codec.encode(ast.Wildcard(shape)) is None:
            self.lose(
                Code.SPACE_EDGE,
                "KQL cannot write a pattern that begins or ends with white space; `*` stands there instead.",
                Effect.WIDER,
                span,
                negated,
                "write to dsl or sigma",
            )
            shape = _without_edges(shape)
        return ast.Wildcard(shape)

    def field(self, field: Field, path: str | None) -> ast.Name:
        match field:
            case FieldPattern(shape):
                return ast.Wildcard(shape)
            case _:
                return _name(_relative(field.path, path))

    def lose(self, code: Code, message: str, effect: Effect, span: Span, negated: bool, remedy: str) -> None:
        self.losses.append(lose(code, message, effect.under_not() if negated else effect, self.source, span, remedy))


#: Types that Kibana asks with a ``query_string``.
_SPLIT = (Type.UNKNOWN, Type.FLATTENED, Type.VERSION)

#: Where a ``query_string`` splits.
_BLANKS = re.compile("[ \t\r\n\u3000]+")

_LISTED = (logic.Exists, logic.Equals, logic.Words, logic.Phrase, logic.Matches)


def _relative(name: str, path: str | None) -> str:
    return name.removeprefix(f"{path}.") if path else name


def _name(text: str) -> ast.Name:
    literal = ast.Literal(text)
    return literal if codec.encode(literal) is not None else ast.Literal(text, quoted=True)


def _literal(value: Scalar, *, quoted: bool = False) -> ast.Literal:
    match value:
        case None | bool():
            return ast.Literal(value)
        case _:
            return ast.Literal(str(value), quoted or str(value) in ("null", "true", "false"))


def _bare_or_quoted(text: str) -> ast.Literal:
    return ast.Literal(
        text, quoted=_BARE.fullmatch(text) is None or text.lower() in _WORDS or text.lower().endswith("not")
    )


def _collapsed(parts: Iterable[str | Wild]) -> Pattern:
    found: list[str | Wild] = []
    for part in parts:
        if part and (part is not Wild.ANY or found[-1:] != [Wild.ANY]):
            found.append(part)
    return pattern(found)


def _with_stars(texts: Sequence[str | Wild]) -> Iterator[str | Wild]:
    for number, text in enumerate(texts):
        yield from ((Wild.ANY, text) if number else (text,))


def _without_edges(shape: Pattern) -> Pattern:
    first, last = shape[0], shape[-1]
    parts = list(shape)
    if isinstance(last, str):
        parts[-1:] = [last.rstrip(codec.TRIMMED), Wild.ANY] if last != last.rstrip(codec.TRIMMED) else [last]
    if isinstance(first, str):
        parts[:1] = [Wild.ANY, first.lstrip(codec.TRIMMED)] if first != first.lstrip(codec.TRIMMED) else [first]
    return _collapsed(pattern(parts))
