"""KQL's parser and printer hold each other to their word."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings

from tests.strategies import names, queries, rule_queries
from translator.dsl.emit import emit
from translator.kql import ast, check, codec, parse, print_
from translator.kql.printer import Unspellable
from translator.schema import Schema
from translator.source import Source


def printed(query: ast.Query, width: int = 0) -> str:
    try:
        return print_(query, width=width)
    except Unspellable:
        assume(False)
        raise


@given(names)
@settings(max_examples=2000)
def test_a_literal_survives_its_spelling(name: ast.Name) -> None:
    """What `encode` writes is read back as it was; what it cannot write it says so."""
    spelled = codec.encode(name)
    assume(spelled is not None)

    quoted = isinstance(name, ast.Literal) and name.quoted
    assert name == (codec.decode_quoted(spelled) if quoted else codec.decode(spelled))


@pytest.mark.parametrize("text", ['a:"\\ud800"', "a:x\\udfff", "a\\ud83d:*\\ude00", '"\\udc00" or b > "\\ud800"'])
def test_half_a_character_is_printed_as_text_that_can_be_written(text: str) -> None:
    """Kibana keeps a half that an escape names; no file can hold it but as that escape."""
    assert printed(parse(text)).encode().decode() == text


@given(queries)
@settings(max_examples=500)
def test_a_printed_query_is_the_same_query(query: ast.Query) -> None:
    assert parse(printed(query)) == query


@given(queries)
@settings(max_examples=300)
def test_lines_change_nothing(query: ast.Query) -> None:
    """However narrow the lines, the text is the same query, and printing it again changes no character."""
    text = printed(query, width=20)

    assert parse(text) == query
    assert print_(parse(text), width=20) == text


@given(queries)
@settings(max_examples=300)
def test_a_span_is_the_text_of_its_node(query: ast.Query) -> None:
    text = printed(query)

    def visit(node: ast.Query) -> None:
        assert parse(text[node.span.start : node.span.end]) == node
        match node:
            case ast.And(items) | ast.Or(items):
                for item in items:
                    visit(item)
            case ast.Not(item) | ast.Nested(_, item):
                visit(item)

    visit(parse(text))


@given(rule_queries)
def test_formatting_changes_no_dsl(text: str) -> None:
    def dsl(query: str) -> object:
        return emit(check(parse(query), Schema.default(), Source(query)).formula)

    assert dsl(print_(parse(text), width=40)) == dsl(text)
