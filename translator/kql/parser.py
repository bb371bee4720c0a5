"""KQL text -> AST. The only module that knows Lark.

The grammar file decides what is KQL. Here each of its rules becomes one node, and a mistake becomes one finding
in Kibana's words.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from translator.errors import Code, TranslatorError, refuse
from translator.kql import ast, codec, mistakes
from translator.kql.advice import advise
from translator.logic import RangeOp
from translator.source import Source, Span
from translator.values import Wild

#: More levels than this are refused, in every language alike.
DEEPEST = 256

#: Code points. The longest rule that Elastic ships has 9,864.
LONGEST = 4 * 2**20

_EVERYTHING = ast.Is(ast.Wildcard((Wild.ANY,)), ast.Wildcard((Wild.ANY,)))


def parse(source: Source | str, *, leading_wildcards: bool = True) -> ast.Query:
    """Read a query as Kibana does. Blank text asks for everything, as ``*:*`` does.

    ``leading_wildcards`` False refuses values that start with a star, as Kibana's setting
    ``query:allowLeadingWildcards`` does. Raises TranslatorError.
    """
    if isinstance(source, str):
        source = Source(source)
    if len(source.text) > LONGEST:
        size = len(source.text) / 2**20
        raise refuse(
            Code.TOO_LONG,
            f"The query has {size:.1f} Mi characters; the limit is 4 Mi.",
            source,
            Span(0, 1),
            "split it into several rules",
        )
    try:
        tree: Any = _lark().parse(source.text)
    except UnexpectedInput as error:
        raise _syntax_error(source, error) from None
    return _Builder(source, leading_wildcards).query(tree, 0) if tree.children else _EVERYTHING


@cache
def _lark() -> Lark:
    return Lark(_grammar(), parser="lalr", start="start")


def _grammar() -> str:
    """The grammar lies in the wheel as ``translator/grammars``, and beside ``translator`` in a checkout."""
    packaged = resources.files("translator").joinpath("grammars/kql.lark")
    if packaged.is_file():
        return packaged.read_text("utf-8")
    return (Path(__file__).parents[2] / "grammars" / "kql.lark").read_text("utf-8")


class _Builder:
    """Carries the text's source through the walk over Lark's tree."""

    def __init__(self, source: Source, leading_wildcards: bool) -> None:
        self.source = source
        self.leading_wildcards = leading_wildcards

    def query(self, tree: Any, depth: int) -> ast.Query:
        depth = self.deeper(tree, depth)
        match tree:
            case Tree(data="start", children=[query]):
                return self.query(query, depth)
            case Tree(data="any", children=items):
                queries = tuple(self.query(item, depth) for item in items[::2])
                return ast.Or(queries, span=queries[0].span | queries[-1].span)
            case Tree(data="all", children=items):
                queries = tuple(self.query(item, depth) for item in items[::2])
                return ast.And(queries, span=queries[0].span | queries[-1].span)
            case Tree(data="none", children=[Token() as word, item]):
                query = self.query(item, depth)
                return ast.Not(query, span=_span(word) | query.span)
            case Tree(data="group", children=[Token() as opening, item, Token() as closing]):
                return replace(self.query(item, depth), span=_span(opening) | _span(closing))
            case Tree(data="nested", children=[Token() as name, body, Token() as closing]):
                path = self.literal(name)
                return ast.Nested(path, self.query(body, depth), span=path.span | _span(closing))
            case Tree(data="range", children=[Token() as name, Token() as op, Token() as bound]):
                field, value = self.literal(name), self.literal(bound)
                return ast.Range(field, RangeOp(str(op)), value, span=field.span | value.span)
            case Tree(data="is", children=[Token() as name, item]):
                field, listed = self.literal(name), self.value(item, depth)
                return ast.Is(field, listed, span=field.span | listed.span)
            case Tree(data="free", children=[Token() as item]):
                value = self.allowed(item)
                return ast.Free(value, span=value.span)
            case _:
                raise AssertionError(f"the grammar has a rule that the parser does not know: {tree}")

    def value(self, tree: Any, depth: int) -> ast.Value:
        if isinstance(tree, Token):
            return self.allowed(tree)
        depth = self.deeper(tree, depth)
        match tree:
            case Tree(data="any", children=items):
                values = tuple(self.value(item, depth) for item in items[::2])
                return ast.AnyOf(values, span=values[0].span | values[-1].span)
            case Tree(data="all", children=items):
                values = tuple(self.value(item, depth) for item in items[::2])
                return ast.AllOf(values, span=values[0].span | values[-1].span)
            case Tree(data="none", children=[Token() as word, item]):
                value = self.value(item, depth)
                return ast.NoneOf(value, span=_span(word) | value.span)
            case Tree(data="group", children=[Token() as opening, item, Token() as closing]):
                return replace(self.value(item, depth), span=_span(opening) | _span(closing))
            case _:
                raise AssertionError(f"the grammar has a rule that the parser does not know: {tree}")

    def literal(self, token: Token) -> ast.Name:
        span = _span(token)
        text = str(token)
        if token.type == "QUOTED":
            return replace(codec.decode_quoted(text), span=span)
        bare = text.strip(codec.TRIMMED)
        start = span.start + text.index(bare)
        return replace(codec.decode(text), span=Span(start, start + len(bare)) if bare else span)

    def allowed(self, token: Token) -> ast.Name:
        """A value, unless it starts with a star where the caller switched that off; a lone star may stay."""
        value = self.literal(token)
        match value:
            case ast.Wildcard([Wild.ANY, _, *_]) if not self.leading_wildcards:
                raise refuse(
                    Code.LEADING_WILDCARD,
                    "Leading wildcards are disabled. See query:allowLeadingWildcards in Advanced Settings.",
                    self.source,
                    _span(token),
                    "start the value with the text that it must begin with",
                )
        return value

    def deeper(self, tree: Any, depth: int) -> int:
        if depth >= DEEPEST:
            token = next(tree.scan_values(lambda item: isinstance(item, Token)))
            raise refuse(
                Code.TOO_DEEP,
                f"The query nests deeper than {DEEPEST} levels.",
                self.source,
                _span(token),
                "write value lists instead of nested parentheses",
            )
        return depth + 1


def _span(token: Token) -> Span:
    text = str(token).rstrip(codec.BLANKS)
    start = int(token.start_pos or 0)
    return Span(start, start + len(text))


def _syntax_error(source: Source, error: UnexpectedInput) -> TranslatorError:
    at = len(source.text)
    match error:
        case UnexpectedToken(token=Token(type="$END")) | UnexpectedEOF():
            pass
        case UnexpectedToken():
            at = int(error.token.start_pos or 0)
        case UnexpectedCharacters():
            at = int(error.pos_in_stream or 0)
        case _:
            raise AssertionError(f"Lark has a new kind of error: {error!r}")
    expected = mistakes.expected(source.text, at, _place(source.text[:at]))
    found = f'"{source.text[at]}"' if at < len(source.text) else "end of input"
    return refuse(
        Code.SYNTAX,
        f"Expected {', '.join(expected)} but {found} found.",
        source,
        Span(at, at + 1),
        advise(source.text, at),
    )


def _place(text: str) -> mistakes.Place:
    """Where the parser stands after ``text``, which it could read so far."""
    parser = _lark().parse_interactive(text)
    tokens = parser.exhaust_lexer()
    around = [mistakes.Around.QUERY]
    for before, token in zip([None, *tokens], tokens, strict=False):
        match token.type:
            case "OPEN":
                after_field = before is not None and before.type == "COLON"
                around.append(mistakes.Around.LIST if after_field else around[-1])
            case "LBRACE":
                around.append(mistakes.Around.QUERY)
            case "CLOSE" | "SHUT":
                around.pop()
    last = tokens[-1] if tokens else None
    end = int(last.end_pos or 0) if last else len(text)
    accepted: set[str] = parser.accepts()  # type: ignore[no-untyped-call]  # Lark left it without types
    return mistakes.Place(last.type if last else None, accepted, around[-1], end)
