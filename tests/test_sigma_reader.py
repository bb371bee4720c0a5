"""A mistake in a Sigma rule has its line and column, though pySigma knows neither."""

from __future__ import annotations

import pytest

from translator.errors import Code, TranslatorError
from translator.schema import Schema
from translator.sigma import check
from translator.source import Source

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


def mistakes(text: str) -> list[tuple[Code, int, int]]:
    with pytest.raises(TranslatorError) as caught:
        check(Source(text, "rule.yml"), Schema.none())
    places = [(each.code, each.source.locate(each.span.start)) for each in caught.value.diagnostics]
    return [(code, place.line, place.column) for code, place in places]


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "column"),
    [
        ("a: x", "a|nonsense: x", Code.BAD_SIGMA, 6, 9),
        ("a: x", "a|gt: x", Code.BAD_SIGMA, 6, 9),
        ("a: x", "a|cidr: 10.0.0.0/33", Code.BAD_SIGMA, 6, 9),
        ("a: x", "a: {b: c}", Code.BAD_SIGMA, 6, 9),
        ("        a: x", "        []", Code.BAD_SIGMA, 5, 5),
        ("condition: selection", "condition: selection and", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: selection and not missing", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: selection other", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: (selection", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: 2 of sel*", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: 1 of nothing_*", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: selection and not 1 of filter_*", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: selection | count() by a > 5", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: selection AND other", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: ''", Code.BAD_SIGMA, 9, 16),
        ("condition: selection", "condition: 1", Code.BAD_SIGMA, 9, 5),
        ("    condition: selection\n", "", Code.BAD_SIGMA, 4, 1),
        ("condition: selection", "condition: " + "(" * 200 + "selection" + ")" * 200, Code.TOO_DEEP, 9, 16),
        ("title: A rule", "title: 1", Code.BAD_SIGMA, 1, 1),
        ("title: A rule", "title: A rule\nlevel: awful", Code.BAD_SIGMA, 2, 1),
        ("title: A rule", "title: A rule\nstatus: awful", Code.BAD_SIGMA, 2, 1),
        ("title: A rule", "title: A rule\nid: awful", Code.BAD_SIGMA, 2, 1),
        ("title: A rule", "title: A rule\ntags:\n    - Nonsense Tag", Code.BAD_SIGMA, 2, 1),
        ("title: A rule", "title: A rule\ntitle: B", Code.BAD_YAML, 2, 1),
    ],
)
def test_a_mistake_has_its_place(old: str, new: str, code: Code, line: int, column: int) -> None:
    assert mistakes(RULE.replace(old, new, 1)) == [(code, line, column)]


@pytest.mark.parametrize("name", ["notsel", "andthen", "orange"])
def test_a_selection_that_pysigma_takes_for_an_operator_is_found(name: str) -> None:
    text = RULE.replace("other:", f"{name}:").replace("condition: selection", f"condition: selection and not {name}")

    assert mistakes(text) == [(Code.SIGMA_NAME, 9, 16)]


def test_all_mistakes_are_told_at_once() -> None:
    text = RULE.replace("a: x", "a|nonsense: x").replace("b: y", "b|gt: y").replace("selection\n", "missing\n")

    assert [line for _, line, _ in mistakes(text)] == [6, 8, 9]


def test_what_is_no_sigma_rule_is_one_mistake() -> None:
    assert mistakes("- a\n- b\n") == [(Code.BAD_SIGMA, 1, 1)]
    assert mistakes("title: a\ndetection: 1\n") == [(Code.BAD_SIGMA, 2, 1)]
