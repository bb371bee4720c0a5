"""AST -> KQL text that parses back to the same AST.

Kibana's own printer does not (braces, wildcards with query_string's escapes); this one uses KQL's escapes only and
the parentheses that the tree needs. Lines break at ``and`` and ``or`` once a query is wider than ``width``.
"""

from __future__ import annotations

from typing import TypeAlias, assert_never

from translator.kql import ast, codec

_Any: TypeAlias = ast.Query | ast.Value

#: How tightly a node holds together; a looser one inside a tighter one needs parentheses.
_OR, _AND, _NOT, _ATOM = range(4)


class Unspellable(ValueError):
    """KQL has no text for a literal of the tree."""


def print_(query: ast.Query, *, width: int = 0) -> str:
    """``query`` as KQL: one line, or lines no wider than ``width`` where the parts allow it.

    Raises Unspellable for a literal that KQL cannot write (see `codec.encode`).
    """
    return "\n".join(_Printer().lines(query, width))


class _Printer:
    """Remembers each node on one line: a line that is too wide is asked for its parts, and they for theirs."""

    def __init__(self) -> None:
        self.flats: dict[int, str] = {}

    def flat(self, node: _Any) -> str:
        if id(node) not in self.flats:
            self.flats[id(node)] = self.spelled(node)
        return self.flats[id(node)]

    def lines(self, node: _Any, width: int) -> list[str]:
        flat = self.flat(node)
        if not width or len(flat) <= width:
            return [flat]
        match node:
            case ast.And(items) | ast.AllOf(items):
                return _joined([self.wrapped(item, _NOT, width) for item in items], "and")
            case ast.Or(items) | ast.AnyOf(items):
                return _joined([self.wrapped(item, _AND, width) for item in items], "or")
            case ast.Not(item) | ast.NoneOf(item):
                first, *rest = self.wrapped(item, _ATOM, width)
                return [f"not {first}", *rest]
            case ast.Is(field, (ast.AnyOf() | ast.AllOf() | ast.NoneOf()) as value):
                return [f"{_name(field)}:(", *_indented(self.lines(value, width - 2)), ")"]
            case ast.Nested(path, body):
                return [f"{_name(path)}:{{", *_indented(self.lines(body, width - 2)), "}"]
            case _:
                return [flat]

    def wrapped(self, node: _Any, tightness: int, width: int) -> list[str]:
        if _tightness(node) >= tightness:
            return self.lines(node, width)
        flat = f"({self.flat(node)})"
        return [flat] if len(flat) <= width else ["(", *_indented(self.lines(node, width - 2)), ")"]

    def spelled(self, node: _Any) -> str:
        match node:
            case ast.And(items) | ast.AllOf(items):
                return " and ".join([self.held(item, _NOT) for item in items])
            case ast.Or(items) | ast.AnyOf(items):
                return " or ".join([self.held(item, _AND) for item in items])
            case ast.Not(item) | ast.NoneOf(item):
                return f"not {self.held(item, _ATOM)}"
            case ast.Is(field, (ast.AnyOf() | ast.AllOf() | ast.NoneOf()) as value):
                return f"{_name(field)}:({self.flat(value)})"
            case ast.Is(field, value):
                return f"{_name(field)}:{self.flat(value)}"
            case ast.Range(field, op, value):
                return f"{_name(field)} {op.value} {_name(value)}"
            case ast.Nested(path, body):
                return f"{_name(path)}:{{ {self.flat(body)} }}"
            case ast.Free(value):
                return _name(value)
            case ast.Literal() | ast.Wildcard():
                return _name(node)
            case _:
                assert_never(node)

    def held(self, node: _Any, tightness: int) -> str:
        return self.flat(node) if _tightness(node) >= tightness else f"({self.flat(node)})"


def _joined(blocks: list[list[str]], word: str) -> list[str]:
    for block in blocks[:-1]:
        block[-1] += f" {word}"
    return [line for block in blocks for line in block]


def _indented(lines: list[str]) -> list[str]:
    return [f"  {line}" for line in lines]


def _tightness(node: _Any) -> int:
    match node:
        case ast.Or() | ast.AnyOf():
            return _OR
        case ast.And() | ast.AllOf():
            return _AND
        case ast.Not() | ast.NoneOf():
            return _NOT
        case _:
            return _ATOM


def _name(name: ast.Name) -> str:
    spelled = codec.encode(name)
    if spelled is None:
        raise Unspellable(name)
    return spelled
