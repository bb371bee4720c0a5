"""What people who do this job reported in public, each reduced to a small input of our own with the right outcome."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import DATA, ndjson
from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.kql import parse
from translator.pipeline import compile_rule, convert
from translator.schema import Schema
from translator.sources import read_text

CASES = {case["id"]: case for case in ndjson(DATA / "field_cases.ndjson")}

#: The cases that ask for verdicts of KQL on events.
JUDGED = [name for name, case in CASES.items() if {"events"} <= case["input"].keys() and "rules" not in case["input"]]


def schema(case: dict[str, Any]) -> Schema:
    types = case["input"].get("mapping") or case["input"]["with_types"]
    return Schema.from_yaml("".join(f"{name}: {kind}\n" for name, kind in types.items()))


def queries(case: dict[str, Any]) -> list[str]:
    return case["input"].get("queries") or [case["input"]["query"]]


def expected(case: dict[str, Any]) -> list[list[bool]]:
    rows = case["expected"].get("match") or case["expected"]["match_with_types"]
    return rows if isinstance(rows[0], list) else [rows]


@pytest.mark.parametrize("name", JUDGED)
def test_every_target_gives_the_reported_verdict(name: str) -> None:
    case = CASES[name]
    types = schema(case)
    for text, verdicts in zip(queries(case), expected(case), strict=True):
        (rule,) = read_text(text, format="kql", name="case.kql")
        tests = {"rule": compile_rule(rule, schema=types)}
        for target, backend in backends().items():
            if backend.matches is None:
                continue
            if target == "sigma" and "text" in case["input"].get("mapping", {}).values():
                with pytest.raises(TranslatorError, match=str(Code.TOKENS)):
                    convert(rule, to=target, schema=types)
                continue
            tests[target] = backend.matches(convert(rule, to=target, schema=types).text, types)
        for target, test in tests.items():
            assert [test(event) for event in case["input"]["events"]] == verdicts, (text, target)


@pytest.mark.parametrize("text", CASES["F02"]["input"]["bad"])
def test_a_missing_blank_is_an_error_with_its_place(text: str) -> None:
    with pytest.raises(TranslatorError) as caught:
        parse(text)

    (found,) = caught.value.diagnostics
    assert found.code is Code.SYNTAX
    assert "blank" in (found.hint or "")


@pytest.mark.parametrize("text", CASES["F02"]["input"]["good"])
def test_a_blank_or_a_new_line_is_enough(text: str) -> None:
    parse(text)


def test_a_backslash_before_the_last_quote_is_named() -> None:
    with pytest.raises(TranslatorError) as caught:
        parse(CASES["F03"]["input"]["bad"])

    assert "backslash before the last quote" in (caught.value.diagnostics[0].hint or "")


def test_the_dsl_of_a_backslash_is_what_kibana_sends_since_it_was_mended() -> None:
    case = CASES["F10"]

    assert convert(case["input"]["query"], to="dsl", schema=schema(case)).data == case["expected"]["dsl"]


def test_a_blank_in_a_pattern_is_sent_by_what_is_known_of_the_field() -> None:
    case = CASES["F11"]
    known = convert(case["input"]["query"], to="dsl", schema=schema(case))
    unknown = convert(case["input"]["query"], to="dsl", schema=Schema.from_yaml("other: keyword\n"))

    assert known.data == case["expected"]["dsl_with_types"]
    assert unknown.data["bool"]["should"] == [{"query_string": {"fields": ["rule.name"], "query": "*threshold rule"}}]
    assert Code.SPLIT_PATTERN in {note.code for note in unknown.notes}


def test_a_star_in_quotes_is_escaped_in_sigma() -> None:
    case = CASES["F14"]

    assert convert(queries(case)[0], to="sigma", schema=schema(case)).data["detection"]["selection"] == {
        "process.name|cased": "cmd\\*"
    }


def test_a_question_mark_is_escaped_in_sigma_and_in_dsl() -> None:
    case = CASES["F15"]
    literal, pattern = queries(case)

    assert convert(literal, to="sigma", schema=schema(case)).data["detection"]["selection"] == {
        "file.name|cased": "doc\\?.pdf"
    }
    assert convert(pattern, to="sigma", schema=schema(case)).data["detection"]["selection"] == {
        "file.name|startswith|cased": "doc\\?"
    }
    assert convert(pattern, to="dsl", schema=schema(case)).data["bool"]["should"] == [
        {"wildcard": {"file.name": {"value": "doc\\?*"}}}
    ]
