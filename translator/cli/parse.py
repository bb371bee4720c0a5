"""``sigma-kql parse``."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from enum import Enum
from typing import Any

import click

from translator import files, kibana
from translator.errors import TranslatorError
from translator.kql import ast
from translator.kql import parse as parse_query
from translator.source import NOWHERE, Source
from translator.values import Scalar


@click.command()
@click.argument("text")
@click.option(
    "--format",
    "format_",
    type=click.Choice(["tree", "json", "kibana"]),
    default="tree",
    show_default=True,
    help="A tree for people, JSON with spans, or Kibana's own shape.",
)
def parse(text: str, format_: str) -> None:
    """Show how a KQL query is read. TEXT is the query, or - for standard input.

    \b
    Examples:
      sigma-kql parse 'process.name:(curl or wget) and not user.id:0'
      sigma-kql parse 'a:x*' --format kibana
    """
    try:
        source = files.File("<stdin>", sys.stdin.buffer.read()).decode() if text == "-" else Source(text)
        query = parse_query(source)
    except TranslatorError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    match format_:
        case "json":
            click.echo(json.dumps(_plain(query), indent=2))
        case "kibana":
            click.echo(json.dumps(kibana.from_ast(query), indent=2))
        case _:
            click.echo("\n".join(_tree(query, 0)))


def _plain(node: Any) -> Any:
    """A node as plain values: its kind, its parts, and its span where it has one."""
    match node:
        case ast.Node():
            parts = {each.name: _plain(getattr(node, each.name)) for each in fields(node) if each.name != "span"}
            span = {} if node.span == NOWHERE else {"span": [node.span.start, node.span.end]}
            return {"node": type(node).__name__, **parts, **span}
        case tuple():
            return [_plain(each) for each in node]
        case Enum():
            return {"wildcard": node.value} if not isinstance(node.value, str) or node.value == "*" else node.value
        case _:
            return node


def _tree(node: ast.Query | ast.Value, depth: int) -> Iterator[str]:
    indent = "  " * depth
    match node:
        case ast.And(items) | ast.Or(items) | ast.AnyOf(items) | ast.AllOf(items):
            yield f"{indent}{type(node).__name__}"
            for item in items:
                yield from _tree(item, depth + 1)
        case ast.Not(item) | ast.NoneOf(item):
            yield f"{indent}{type(node).__name__}"
            yield from _tree(item, depth + 1)
        case ast.Is(field, value):
            yield f"{indent}Is {_name(field)}"
            yield from _tree(value, depth + 1)
        case ast.Range(field, op, bound):
            yield f"{indent}Range {_name(field)} {op.value} {_name(bound)}"
        case ast.Nested(path, body):
            yield f"{indent}Nested {_name(path)}"
            yield from _tree(body, depth + 1)
        case ast.Free(literal):
            yield f"{indent}Free {_name(literal)}"
        case _:
            yield f"{indent}{_name(node)}"


def _name(name: ast.Name) -> str:
    match name:
        case ast.Literal(value, quoted):
            return f"{_shown(value)}{' (quoted)' if quoted else ''}"
        case ast.Wildcard(pattern):
            return " ".join("*" if isinstance(part, Enum) else _shown(part) for part in pattern) + " (wildcard)"


def _shown(value: Scalar) -> str:
    """A value as JSON spells it; half a character, which no terminal can show, by its number."""
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "backslashreplace").decode()
