"""What Lucene's regular expressions and patterns mean, as its documentation says, and that ours are written for it.

Expected values are from the documentation of Lucene's ``RegExp`` and of Elasticsearch's queries ``regexp`` and
``wildcard``; where they say nothing, the table says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, TypeAlias

import pytest

from tests.engine.node import Hits, Node, Refusal
from translator.dsl import judge, lucene
from translator.dsl.regexp import written
from translator.errors import Code, TranslatorError
from translator.expressions.automaton import matching
from translator.schema import Schema

pytestmark = pytest.mark.engine

VALUES = [
    "abc", "ABC", "aBC", "xabcx", "a\nc", "^abc$", "a.c", "a", "A", "", "1", "\u0663", "a b", "a\tb", "a\u00a0b", "_",
    "é", "É", "ß", "ẞ", "k", "\u212a", "s", "\u017f", "😀", "a-c", "a]c", "a{2}", "aa", "a~b", "a#b", "a@b", "a<1-3>b",
    "a2b", 'a"b', "abab", "a/b", "a\\c", "\n", "ABCABC", "C:\\Windows\\cmd.exe", "c:\\windows\\CMD.EXE", "foo\nbar",
    "foo\n", "a|b", "a+b", "(a)", "10.0.0.1", "100000001",
]  # fmt: skip

ERROR = None

#: Expression, and the values that it matches.
Table: TypeAlias = list[tuple[str, list[str] | None]]

FACTS: Table = [
    # The whole value must match, and there are no anchors: ^ and $ are characters.
    ("abc", ["abc"]),
    ("bc", []),
    ("^abc$", ["^abc$"]),
    (".*abc.*", ["abc", "xabcx", "^abc$"]),
    # A dot is any character, a line feed and one beyond the first plane as well.
    ("a.c", ["abc", "a\nc", "a.c", "a-c", "a]c", "a\\c"]),
    ("a\\.c", ["a.c"]),
    ("[^a-zA-Z0-9_ßẞéÉ]", ["\u0663", "\u212a", "\u017f", "😀", "\n"]),
    # Classes; a bracket that comes first is a member.
    ("[ab]", ["a"]),
    ("[a-c]", ["a"]),
    ("a[\\-]c", ["a-c"]),
    ("a[-]c", ["a-c"]),
    ("a[]]c", ["a]c"]),
    ("[b-a]", ERROR),
    ("a[b-]c", ERROR),
    # \d, \w and \s and their opposites are of ASCII.
    ("\\d", ["1"]),
    ("[\\d]", ["1"]),
    ("a\\sb", ["a b", "a\tb"]),
    ("\\w", ["a", "A", "1", "_", "k", "s"]),
    ("a\\Sb", ["a\u00a0b", "a~b", "a#b", "a@b", "a2b", 'a"b', "a/b", "a|b", "a+b"]),
    # Any other letter or digit after a backslash is an error: there is no \n, \t, \b and \x.
    ("\\n", ERROR),
    ("\\t", ERROR),
    ("a\\b", ERROR),
    ("\\x61", ERROR),
    ("\\p{L}", ERROR),
    ("\n", ["\n"]),
    # A backslash makes every other character itself.
    ("a\\\\c", ["a\\c"]),
    ("a\\{2\\}", ["a{2}"]),
    ("a\\/b", ["a/b"]),
    ("\\é", ["é"]),
    ("abc\\", ERROR),
    # Counts, groups and alternatives; nothing lazy, and no options inside.
    ("a{2}", ["aa"]),
    ("(ab){2}", ["abab"]),
    ("(abc|k)", ["abc", "k"]),
    ("a{,2}", ERROR),
    ("(?i)abc", []),
    ("(", ERROR),
    ("a)", ERROR),
    ("()", [""]),
    # With the flags NONE the optional operators are characters; quotes stay an operator.
    ("a~b", ["a~b"]),
    ("a#b", ["a#b"]),
    ("a@b", ["a@b"]),
    ("a<1-3>b", ["a<1-3>b"]),
    ('"a.c"', ["a.c"]),
    ('a"b', ERROR),
    ('a\\"b', ['a"b']),
]

#: The same with ``case_insensitive``: ASCII letters are folded, in classes one by one, and no others.
FOLDED: Table = [
    ("aBc", ["abc", "ABC", "aBC"]),
    ("[aB]", ["a", "A"]),
    # Not documented: a range is not folded, and the empty expression finds nothing.
    ("[a-c]", ["a"]),
    ("[A-C]", ["A"]),
    ("()", []),
    ("a|()", ["a", "A"]),
    ("a|.{0}", ["a", "A", ""]),
    ("é", ["é"]),
    ("ß", ["ß"]),
    ("k", ["k"]),
    ("s", ["s"]),
    ("\u212a", ["\u212a"]),
]

#: A slip of Lucene's that is not copied: a text that finds nothing is never written.
UNREAD = {("()", True), ("a|()", True)}

#: Patterns of ``wildcard`` with ``case_insensitive``.
PATTERNS: list[tuple[str, list[str]]] = [
    ("aBc", ["abc", "ABC", "aBC"]),
    ("*b\\*", []),
    ("X*X", ["xabcx"]),
    ("?B*", ["abc", "ABC", "aBC", "abab", "ABCABC"]),
    ("A?c", ["abc", "ABC", "aBC", "a\nc", "a.c", "a-c", "a]c", "a\\c"]),
    ("c:\\\\*\\\\cmd.exe", ["C:\\Windows\\cmd.exe", "c:\\windows\\CMD.EXE"]),
    ("é", ["é"]),
    ("k", ["k"]),
    ("s", ["s"]),
    # Not documented: a letter behind a backslash is not folded.
    ("\\aBc", ["abc", "aBC"]),
]  # fmt: skip

#: Expressions as Sigma writes them, by their flags.
EXPRESSIONS: dict[str, list[str]] = {
    "": [
        "abc", "^abc", "abc$", "^abc$", "^a|c$", "^(a|k)$", "", "^$", "a.c", "foo$", "\\Afoo\\Z", "\\d+\\.\\d", "\\D",
        "a\\sb", "^\\w$", "\\W", "[^\\w\\s]", "[a-c]{2,3}", "(ab)+?$", "a{2}", "a\\{2\\}", "[#@~]", "a<1-3>b", '"',
        "(?i:A)bc", "(?i)^abc$", "[\\]-]c", "a\\|b|a\\+b", "^\\(", "a(?:b|~)b?", "\\x61\\u0062", "\\n$", "\\t", ".",
        "^.{3}$", "^(a|)$", "\\babc\\b", "b\\b", "\\Bb", "x*", "^a?$",
    ],
    "i": [
        "abc", "[a-c]b", "^[^a]$", "windows\\\\cmd\\.exe$", "^[a-c]$", "^(a|)$", "^a?$", "^(?:abc|)$", "^\\w$", "^b*$",
        "^[A-C]{3}", "^(?:a|B)b",
    ],
    "m": ["bar$", "^bar", "foo$", "^foo$", "^$"],
    "s": ["a.c", "^.$", "^.{3}$", "foo.bar"],
}  # fmt: skip


@pytest.fixture(scope="module")
def values(node: Node) -> Node:
    """The node with the values in its index ``values``."""
    documents = [json.dumps({"value": value}) for value in VALUES]
    assert node.index("values", {"properties": {"value": {"type": "keyword"}}}, documents) == {}
    return node


def asked(node: Node, query: Mapping[str, Any]) -> list[str] | None:
    """The values that a query returns, or ERROR."""
    try:
        return named(node.search("values", query))
    except Refusal:
        return ERROR


def named(hits: Hits) -> list[str]:
    return [VALUES[at] for at in sorted(hits)]


def regexp(expression: str, *, case_insensitive: bool = False) -> dict[str, Any]:
    said = {"value": expression, "flags": "NONE", "case_insensitive": case_insensitive}
    return {"regexp": {"value": said}}


def test_expressions_mean_what_the_documentation_says(values: Node) -> None:
    found = {expression: asked(values, regexp(expression)) for expression, _ in FACTS}

    assert found == dict(FACTS)


def test_case_insensitive_expressions_fold_ascii_letters_only(values: Node) -> None:
    found = {expression: asked(values, regexp(expression, case_insensitive=True)) for expression, _ in FOLDED}

    assert found == dict(FOLDED)


def test_a_runtime_field_takes_no_case_insensitive_expression(node: Node) -> None:
    """Not documented; the interpreter of Query DSL finds it out before."""
    mapping = {"runtime": {"seen": {"type": "keyword"}}}
    dsl = {"regexp": {"seen": {"value": "a.*", "flags": "NONE", "case_insensitive": True}}}
    node.index("runtime", mapping, ['{"seen": "abc"}'])
    with pytest.raises(Refusal):
        node.search("runtime", dsl)
    with pytest.raises(TranslatorError) as raised:
        judge.compile_(dsl, Schema.from_mapping(mapping))

    assert [each.code for each in raised.value.diagnostics] == [Code.BAD_FIELD_VALUE]


def test_case_insensitive_patterns_fold_ascii_letters_only(values: Node) -> None:
    found = {
        pattern: asked(values, {"wildcard": {"value": {"value": pattern, "case_insensitive": True}}})
        for pattern, _ in PATTERNS
    }

    assert found == dict(PATTERNS)


@pytest.mark.parametrize(("table", "folds"), [(FACTS, False), (FOLDED, True)], ids=["as written", "folded"])
def test_lucenes_expressions_are_read_as_lucene_reads_them(table: Table, folds: bool) -> None:
    found = {expression: read(expression, folds=folds) for expression, _ in table if (expression, folds) not in UNREAD}

    assert found == {expression: expected for expression, expected in table if expression in found}


def read(expression: str, *, folds: bool) -> list[str] | None:
    """The values that an expression of Lucene's matches, as it is read here."""
    try:
        test = matching(lucene.read(expression, folds=folds))
    except lucene.Malformed:
        return ERROR
    return [value for value in VALUES if test(value)]


def test_an_expression_in_lucenes_words_finds_what_python_finds(values: Node) -> None:
    """Sigma's expressions are searched for anywhere in a value, and RE2's ``$`` is what Python calls ``\\Z``."""
    wrong = []
    for flags, listed in EXPRESSIONS.items():
        for expression in listed:
            options = re.ASCII | sum(re.RegexFlag[flag.upper()] for flag in flags)
            pythons = expression if flags == "m" else expression.replace("$", "\\Z")
            expected = [value for value in VALUES if re.search(pythons, value, options)]
            said = written(expression, flags)
            if (found := asked(values, regexp(said.value, case_insensitive=said.folds))) != expected:
                wrong.append((expression, flags, said.value, found, expected))

    assert wrong == []
