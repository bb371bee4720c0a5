"""What is not KQL gets one error with its place and what to write; what is legal but not meant, a warning."""

from __future__ import annotations

import pytest

from translator.errors import Code, Diagnostic, TranslatorError
from translator.kql import ast, check, parse
from translator.schema import Schema
from translator.source import Source
from translator.values import Wild


def mistake(text: str) -> Diagnostic:
    with pytest.raises(TranslatorError) as caught:
        parse(text)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def warnings(text: str) -> dict[Code, Diagnostic]:
    schema = Schema.from_yaml("a: keyword\nb: keyword\nn: nested\nn.x: keyword\ntext: text\nflag: boolean\n")
    return {each.code: each for each in check(parse(text), schema, Source(text)).notes}


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("not not a", "not (not x)"),
        ("a:(not not b)", "no double `not`"),
        ("a:not b", "not field:x"),
        ("a:1 and(b:2)", "blank before the parenthesis"),
        ("not(a:1)", "blank before the parenthesis"),
        ("(a:1)and (b:2)", "blank before the word"),
        ('process.name:("a.exe" or"b.exe")', "blank"),
        ('process.name:("a.exe"or "b.exe")', "blank before the word"),
        ("@timestamp > 2020-01-01T00:00:00Z", "quotes"),
        ("a:12:30", "quotes"),
        ("field:>5", "field > 5"),
        ("field:<=5", "field > 5"),
        ("a > (1 or 2)", "takes no list"),
        ("a > 1 and < 5", "name the field again"),
        ("a:C:\\Windows", "quotes"),
        ("a:x\\q", "double the backslash"),
        ("a:x y b:2", "`and` or `or`"),
        ("a:1 && b:2", "write `and`"),
        ("a:1 || b:2", "write `or`"),
        ("+a:1 -b:2", "`and not`"),
        ('a == "x"', "write `field:value`"),
        ('a="x"', "write `field:value`"),
        ('a != "x"', "write `not field:value`"),
        ('a in ("x", "y")', "write `field:(a or b)`"),
        ('a like "x*"', "write `field:*text*`"),
        ('a:["x", "y"]', "write `field:(a or b)`"),
        ('a:("x", "y")', "no commas"),
        ("exists(a)", "write `field:*`"),
        ("nested {}", "colon before the braces"),
        ("n { x:1 }", "colon before the braces"),
        ("a:1 NOT b:2", "before the `not`"),
        ('a:"x" not b:2', "before the `not`"),
        ("a > not 1", "write `not field > 5`"),
        ('a:"x" # note', "comment"),
        ("a:", "write a value"),
        (":b", "name a field"),
        ("a:x\\ y", "quotes"),
        ("a:1, b:2", "`and` or `or`"),
        ("a:cannot open", "inside a word"),
        ("a:()", "between the brackets"),
        ("a:1)", "bracket"),
        ("(a:1", "close"),
        ("a:1 and ", "another condition"),
        ('a:"x" "y"', "`and` or `or`"),
        ('file.directory:"D:\\data\\out\\"', "backslash before the last quote must be doubled"),
        ("a:'x:y'", "double quotes"),
        ("a:\u201cx:y\u201d", "double quotes"),
        ("a:[1 TO {5}]", "field >= "),
        ("a:/x(y)+/", "regular expressions"),
        ('process where process.name == "x:y" and (a)', "EQL"),
        ('FROM logs-* | WHERE x == "a" and (b)', "ES|QL"),
    ],
)
def test_a_mistake_says_what_to_write(text: str, advice: str) -> None:
    found = mistake(text)

    assert found.code is Code.SYNTAX
    assert advice in (found.hint or ""), found.hint


def test_a_mistake_names_line_and_column() -> None:
    source = Source("a:1 and\n  b:2 and(c:3)", "rule.kql")

    with pytest.raises(TranslatorError) as caught:
        parse(source)

    assert str(caught.value).startswith(
        'rule.kql:2:10: K001 Expected AND, OR, end of input but "(" found.\n  b:2 and(c:3)\n         ^\nhint: '
    )


def test_a_mistake_after_an_emoji_points_below_it() -> None:
    found = mistake("a:\U0001f600 b:1")

    assert found.span.start == 5


def test_a_leading_wildcard_can_be_refused() -> None:
    with pytest.raises(TranslatorError) as caught:
        parse("a:(x or *y)", leading_wildcards=False)

    assert caught.value.diagnostics[0].code is Code.LEADING_WILDCARD


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "a" + ")" * 10_000,
        "a:" + "(" * 10_000 + "a" + ")" * 10_000,
        "not (" * 300 + "a" + ")" * 300,
        "n:{" * 300 + "a:1" + "}" * 300,
    ],
)
def test_depth_over_the_limit_is_one_finding(text: str) -> None:
    assert mistake(text).code is Code.TOO_DEEP


def test_depth_up_to_the_limit_is_read() -> None:
    assert parse("(" * 250 + "a" + ")" * 250) == parse("a")


def test_a_query_of_ten_megabytes_is_one_finding() -> None:
    assert mistake("a:" + "x" * 10 * 2**20).code is Code.TOO_LONG


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a:cmd.exe or *.bat", Code.FREE_AMONG_FIELDS),
        ("*.bat or a:cmd.exe", Code.FREE_AMONG_FIELDS),
        ("a:1 and not foo", Code.FREE_AMONG_FIELDS),
        ("a:1 or foo and b:2", Code.FREE_AMONG_FIELDS),
        ("process where true", Code.FOREIGN_OPERATOR),
        ("FROM logs-*", Code.FOREIGN_OPERATOR),
        ("SELECT * FROM logs", Code.FOREIGN_OPERATOR),
        ('a:"cmd*"', Code.QUOTED_WILDCARD),
        ("a b:1", Code.FIELD_WITH_BLANK),
        ("a:5 b", Code.SEVERAL_WORDS),
        ("a:null", Code.NULL_VALUE),
        ("flag:True", Code.ODD_WORD),
        ("n:{ foo }", Code.FIELDLESS_IN_NESTED),
        ("a:1 and # note\nb:2", Code.COMMENT),
        ("a:1 // note", Code.COMMENT),
        ('a:"C:\\temp"', Code.CONTROL_CHARACTER),
        ("a:\u201cadmin\u201d", Code.TYPOGRAPHIC_QUOTES),
        ("a:'admin'", Code.TYPOGRAPHIC_QUOTES),
        ("text:*threshold rule", Code.SPLIT_PATTERN),
        ("other:*threshold rule", Code.SPLIT_PATTERN),
        ("a && b", Code.FOREIGN_OPERATOR),
        ("a=1", Code.FOREIGN_OPERATOR),
        ("a != 1", Code.FOREIGN_OPERATOR),
        ("!a", Code.FOREIGN_OPERATOR),
        ("other:1", Code.UNKNOWN_FIELD),
    ],
)
def test_legal_text_that_means_something_else_is_a_warning(text: str, code: Code) -> None:
    found = warnings(text)

    assert code in found
    assert code is Code.UNKNOWN_FIELD or found[code].hint


@pytest.mark.parametrize(
    ("text", "code", "advice"),
    [
        ("a:True", Code.ODD_WORD, "boolean"),
        ("a:NULL", Code.ODD_WORD, "not a:*"),
        ("a:x and", Code.SEVERAL_WORDS, "complete it"),
        ("or a:x", Code.FIELD_WITH_BLANK, "take the first word away"),
        ("other:*x y*", Code.SPLIT_PATTERN, "--schema"),
        ("text:*x y*", Code.SPLIT_PATTERN, "whole words"),
    ],
)
def test_a_warning_advises_what_fits_the_text(text: str, code: Code, advice: str) -> None:
    assert advice in (warnings(text)[code].hint or "")


@pytest.mark.parametrize(
    "text",
    [
        'a:"x y"',
        "a:(x or y*) and not b:1",
        "a:*",
        "n:{ n.x:1 }".replace("n.x", "x"),
        "flag:true",
        "a:https\\://x",
        "a:#1",
        'a:"C:\\\\temp"',
        "a > 5",
        "a:*x y*",
    ],
)
def test_ordinary_text_warns_of_nothing(text: str) -> None:
    assert warnings(text) == {}


def test_a_quoted_path_may_hide_a_tab() -> None:
    assert parse('a:"D:\\temp\\\\"') == ast.Is(ast.Literal("a"), ast.Literal("D:\temp\\", quoted=True))


def test_a_no_break_space_separates_like_a_blank() -> None:
    assert parse('not\u00a0process.name:"a.exe"') == ast.Not(
        ast.Is(ast.Literal("process.name"), ast.Literal("a.exe", quoted=True))
    )


def test_an_escaped_backslash_is_one_backslash_in_a_wildcard() -> None:
    assert parse("value : *\\\\*") == ast.Is(ast.Literal("value"), ast.Wildcard((Wild.ANY, "\\", Wild.ANY)))


@pytest.mark.parametrize(
    ("text", "code"),
    [("n.x:1", Code.NESTED_OUTSIDE), ("n:{ a:1 }", Code.NESTED_INSIDE), ("m:{ x:1 }", Code.NESTED_PATH)],
)
def test_nested_fields_are_held_to_their_block(text: str, code: Code) -> None:
    schema = Schema.from_yaml("m: nested\nm.x.y: nested\nm.x.y.z: keyword\nn: nested\nn.x: keyword\nn.a: keyword\n")
    if code is Code.NESTED_INSIDE:
        schema = Schema.from_yaml("n: object\nn.a: keyword\n")
    if code is Code.NESTED_PATH:
        text = "m:{ x.y.z:1 }"

    with pytest.raises(TranslatorError) as caught:
        check(parse(text), schema, Source(text))

    assert [each.code for each in caught.value.diagnostics] == [code]
