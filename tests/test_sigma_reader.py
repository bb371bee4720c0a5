"""A mistake in a Sigma rule has its line and column, though pySigma knows neither."""

from __future__ import annotations

import pytest

from translator.errors import Code, Diagnostic, Severity, TranslatorError
from translator.pipeline import compile_rule, convert
from translator.schema import Schema
from translator.sigma import check
from translator.source import Source
from translator.sources import read_text

RULE = """\
title: A rule
logsource:
    category: test
detection:
    selection:
        a: x
    other:
        b: y
    condition: selection
"""


def found(text: str, schema: Schema | None = None) -> list[Diagnostic]:
    with pytest.raises(TranslatorError) as caught:
        check(Source(text, "rule.yml"), schema or Schema.none())
    return list(caught.value.diagnostics)


def placed(diagnostics: list[Diagnostic]) -> list[tuple[Code, int, int]]:
    places = [(each.code, each.source.locate(each.span.start)) for each in diagnostics]
    return [(code, place.line, place.column) for code, place in places]


def mistakes(text: str) -> list[tuple[Code, int, int]]:
    return placed(found(text))


def notes(text: str) -> list[Diagnostic]:
    return list(check(Source(text, "rule.yml"), Schema.none()).notes)


@pytest.mark.parametrize(
    ("old", "new", "line", "column"),
    [
        # The modifier, the value, or the key that is wrong.
        ("a: x", "a|nonsense: x", 6, 11),
        ("a: x", "'a|contains|nonsense': x", 6, 21),
        ("a: x", "a|gt: x", 6, 15),
        ("a: x", "a|gt: [1, x]", 6, 19),
        ("a: x", "a|contains:\n            - x\n            - 5", 8, 15),
        ("a: x", "a|cidr: 10.0.0.0/33", 6, 17),
        ("a: x", "a|cidr: 10.1.2.3/8", 6, 17),
        ("a: x", "a|exists: maybe", 6, 19),
        ("a: x", "a|re: 'a(b'", 6, 15),
        ("a: x", "a|re|contains: 'a{2'\n        b|re: '*'", 7, 15),
        ("a: x", "a|re: null", 6, 15),
        ("a: x", "a|contains|re: x", 6, 24),
        ("a: x", "a|base64: 'x*'", 6, 19),
        ("a: x", "a|wide: é", 6, 17),
        ("a: x", "a|windash: -a -b -c -d", 6, 20),
        ("a: x", "a: {b: c}", 6, 12),
        ("a: x", "a: [{b: c}]", 6, 13),
        ("a: x", "a: 2024-01-01", 6, 12),
        ("a: x", "a: .nan", 6, 12),
        ("a: x", "1: x", 6, 9),
        ("a: x", "on: x", 6, 9),
        ("        a: x", "        []", 5, 5),
        ("        a: x", "", 5, 5),
        ("other:", "3:", 7, 5),
        # The word of the condition.
        ("condition: selection", "condition: selection and", 9, 26),
        ("condition: selection", "condition: selection and not missing", 9, 34),
        ("condition: selection", "condition: selection other", 9, 26),
        ("condition: selection", "condition: selection not other", 9, 26),
        ("condition: selection", "condition: selection and not and other", 9, 34),
        ("condition: selection", "condition: (selection", 9, 16),
        ("condition: selection", "condition: selection or (other", 9, 29),
        ("condition: selection", "condition: selection)", 9, 25),
        ("condition: selection", "condition: 2 of sel*", 9, 16),
        ("condition: selection", "condition: all of", 9, 16),
        ("condition: selection", "condition: 1 of nothing_*", 9, 16),
        ("condition: selection", "condition: selection and 1 of nothing_*", 9, 30),
        ("condition: selection", "condition: selection and not 1 of filter_*", 9, 34),
        ("condition: selection", "condition: 1 of sel-*", 9, 21),
        ("condition: selection", "condition: sel*", 9, 16),
        ("condition: selection", "condition: selection | count() by a > 5", 9, 26),
        ("condition: selection", "condition: selection AND other", 9, 26),
        ("condition: selection", "condition: ''", 9, 16),
        ("condition: selection", "condition: 'selection and missing'", 9, 31),
        ("condition: selection", 'condition: "selection and missing"', 9, 31),
        ("condition: selection", "condition: |\n        selection and\n        missing", 11, 9),
        ("condition: selection", "condition: >-\n        selection\n        and missing", 11, 13),
        ("condition: selection", "condition: selection\n        and missing", 10, 13),
        ("condition: selection", "condition:\n        - selection\n        - missing", 11, 11),
        ("condition: selection", "condition: 1", 9, 16),
        ("condition: selection", "condition: {a: b}", 9, 16),
        # A condition in the wrong place, or none.
        ("    condition: selection\n", "", 4, 1),
        ("    condition: selection\n", "condition: selection\n", 9, 1),
        ("        b: y\n    condition", "        b: y\n        condition", 9, 9),
        # What pySigma says of the header.
        ("title: A rule", "title: 1", 1, 1),
        ("title: A rule", "title: A rule\nlevel: awful", 2, 1),
        ("title: A rule", "title: A rule\nstatus: awful", 2, 1),
        ("title: A rule", "title: A rule\nid: awful", 2, 1),
        ("title: A rule", "title: A rule\ntags:\n    - Nonsense Tag", 2, 1),
        ("logsource:\n    category: test", "logsource: {}", 2, 1),
    ],
)  # fmt: skip
def test_a_mistake_has_its_place(old: str, new: str, line: int, column: int) -> None:
    assert mistakes(RULE.replace(old, new, 1)) == [(Code.BAD_SIGMA, line, column)]


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "column"),
    [
        ("condition: selection", "condition: " + "(" * 300 + "selection" + ")" * 300, Code.TOO_DEEP, 9, 272),
        ("condition: selection", "condition: " + "not " * 300 + "selection", Code.TOO_DEEP, 9, 1040),
        ("a: x", "a|expand: '%names%'", Code.PLACEHOLDER, 6, 19),
        ("a: x", "a|contains|expand: [x, 'b%names%']", Code.PLACEHOLDER, 6, 32),
        ("a: x", "a|re|expand: '^%names%$'", Code.PLACEHOLDER, 6, 22),
        ("        a: x", "        - null\n        - b", Code.SIGMA_UNSUPPORTED, 6, 11),
        ("        a: x", "        - '*'", Code.SIGMA_UNSUPPORTED, 6, 11),
        ("a: x", "a|year|gt: 2020", Code.SIGMA_UNSUPPORTED, 6, 20),
        # YAML's own.
        ("title: A rule", "title: A rule\ntitle: B", Code.BAD_YAML, 2, 1),
        ("a: x", "a: x\n        a: y", Code.BAD_YAML, 7, 9),
        ("    other:", "    selection:", Code.BAD_YAML, 7, 5),
        ("a: x", "a: *x", Code.BAD_YAML, 6, 12),
        ("a: x", "a: @x", Code.BAD_YAML, 6, 12),
        ("a: x", "a: !!python/object:os.system x", Code.BAD_YAML, 6, 12),
        ("a: x", "\ta: x", Code.BAD_YAML, 6, 9),
    ],
)  # fmt: skip
def test_a_mistake_of_another_kind_has_its_place_and_its_code(
    old: str, new: str, code: Code, line: int, column: int
) -> None:
    assert mistakes(RULE.replace(old, new, 1)) == [(code, line, column)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("selection and", "Nothing follows `and`"),
        ("selection and not filt", "There is no selection `filt`"),
        ("selection not other", "An operator is missing"),
        ("(selection", "never closed"),
        ("2 of sel*", "`2 of` is no part of Sigma"),
        ("1 of nothing_*", "No selection has a name like `nothing_*`"),
        ("selection | count() by a > 5", "no aggregation"),
        ("selection and not and other", "A selection is missing"),
        ("", "empty"),
    ],
)
def test_a_mistake_in_a_condition_says_its_text_and_the_reason(text: str, reason: str) -> None:
    (mistake,) = found(RULE.replace("condition: selection", f"condition: '{text}'"))

    assert f"`{text}`" in mistake.message
    assert reason in mistake.message


def test_a_condition_may_nest_as_deep_as_a_query() -> None:
    check(
        Source(RULE.replace("condition: selection", "condition: " + "(" * 256 + "selection" + ")" * 256)), Schema.none()
    )


def test_all_mistakes_are_told_at_once() -> None:
    text = RULE.replace("a: x", "a|nonsense: x").replace("b: y", "b|gt: y").replace("selection\n", "missing\n")

    assert [line for _, line, _ in mistakes(text)] == [6, 8, 9]


def test_what_is_no_sigma_rule_is_one_mistake() -> None:
    assert mistakes("- a\n- b\n") == [(Code.NOT_A_RULE, 1, 1)]
    assert mistakes("title: a\nlogsource: {category: b}\ndetection: 1\n") == [(Code.BAD_SIGMA, 3, 1)]
    assert mistakes("# nothing\n") == [(Code.BAD_SIGMA, 1, 1)]


def test_what_pysigma_1_reads_otherwise_is_said() -> None:
    """pySigma 1.5 reads ``notother`` as ``not other``; here as in pySigma 2 it is a name."""
    text = RULE.replace("other:", "notother:").replace("condition: selection", "condition: selection and notother")
    (note,) = notes(text)

    assert placed([note]) == [(Code.SIGMA_NAME, 9, 30)]
    assert note.severity is Severity.WARNING


@pytest.mark.parametrize("name", ["order_1", "andthen", "of", "all", "1", "sel-a", "_hidden"])
def test_a_name_that_begins_like_an_operator_is_a_name(name: str) -> None:
    assert notes(RULE.replace("other:", f"'{name}':").replace("condition: selection", f"condition: '{name}'")) == []


@pytest.mark.parametrize(
    ("value", "read"),
    [("no", "false"), ("NO", "false"), ("on", "true"), ("010", "8"), ("0x3e7", "999"), ("1_000", "1000"),
     ("12:30:45", "45045"), ("1.10", "1.1")],
)  # fmt: skip
def test_what_yaml_reads_otherwise_is_said(value: str, read: str) -> None:
    (note,) = notes(RULE.replace("a: x", f"a: [x, {value}]"))

    assert placed([note]) == [(Code.YAML_VALUE, 6, 16)]
    assert note.message == f"YAML reads {value} as {read}."


@pytest.mark.parametrize(
    "value", ["true", "false", "'no'", '"010"', "4624", "-1", "1.5", "null", "~", "1e3", "yes sir"]
)
def test_what_everybody_reads_alike_needs_no_word(value: str) -> None:
    assert notes(RULE.replace("a: x", f"a: {value}")) == []


@pytest.mark.parametrize(("value", "count"), [(r"C:\Tmp\*", 1), (r"C:\Tmp\\*", 0), (r"what\*", 0), (r"C:\Tmp\\\*", 1)])
def test_a_star_that_a_backslash_makes_plain_is_said(value: str, count: int) -> None:
    assert [note.code for note in notes(RULE.replace("a: x", f"a: '{value}'"))] == [Code.ESCAPED_WILDCARD] * count


def test_fields_that_the_schema_does_not_know_are_noted_once() -> None:
    schema = Schema.from_yaml("a: keyword\n")
    text = RULE.replace("a: x", "a: x\n        c: y").replace("condition: selection", "condition: selection or other")
    (note,) = check(Source(text, "rule.yml"), schema).notes

    assert placed([note]) == [(Code.UNKNOWN_FIELD, 7, 12)]
    assert "c, b" in note.message


def test_ten_thousand_values_are_read() -> None:
    values = "".join(f"            - v{number}\n" for number in range(10_000))
    checked = check(Source(RULE.replace("        a: x\n", f"        a|contains:\n{values}")), Schema.none())

    assert len(checked.formula.items) == 10_000


@pytest.mark.parametrize("number", ["9007199254740993", "12345678901234567890", "-9007199254740993"])
def test_an_integer_that_no_float_holds_is_kept(number: str) -> None:
    text = f"title: x\nlogsource:\n    product: windows\ndetection:\n    s:\n        n: {number}\n    condition: s\n"
    (rule,) = read_text(text, format="sigma")
    matches = compile_rule(rule)

    assert matches({"n": int(number)})
    assert not matches({"n": int(number) - 1})
    assert f"n:{number}" in convert(rule, to="kql").text
