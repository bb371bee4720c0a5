"""What people who do this job reported in public, each reduced to a small input of our own with the right outcome."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import DATA, ndjson
from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.kql import parse
from translator.pipeline import compile_rule, convert
from translator.schema import Schema
from translator.sources import read, read_text
from translator.verification import verify
from translator.verification.forms import chosen

CASES = {case["id"]: case for case in ndjson(DATA / "field_cases.ndjson")}

#: The cases that ask for verdicts on events: of KQL, and of Sigma rules in Sigma's own field names.
JUDGED = [name for name, case in CASES.items() if {"events", "mapping"} <= case["input"].keys() and name[0] in "FT"]
SIGMA = [
    name for name, case in CASES.items() if "match" in case["expected"] and {"rule", "rules"} & case["input"].keys()
]


def schema(case: dict[str, Any]) -> Schema:
    types = case["input"].get("mapping") or case["input"]["with_types"]
    return Schema.from_yaml("".join(f"{name}: {kind}\n" for name, kind in types.items()))


def queries(case: dict[str, Any]) -> list[str]:
    return case["input"].get("queries") or [case["input"]["query"]]


def expected(case: dict[str, Any]) -> list[list[bool]]:
    rows = case["expected"].get("match") or case["expected"]["match_with_types"]
    return rows if isinstance(rows[0], list) else [rows]


def losses(case: dict[str, Any]) -> Code | None:
    """What Sigma must declare: words of analysed text, and a search in every field."""
    if case["id"] == "T02":
        return Code.SEARCH
    return Code.TOKENS if "text" in case["input"].get("mapping", {}).values() else None


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
            if target == "sigma" and (lost := losses(case)):
                with pytest.raises(TranslatorError, match=str(lost)):
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


@pytest.mark.parametrize("name", SIGMA)
def test_a_sigma_rule_gives_the_reported_verdict(name: str) -> None:
    """Where the report leaves a verdict open (it says why), any answer is taken; a refusal only where it allows one."""
    case = CASES[name]
    rules = case["input"].get("rules") or [case["input"]["rule"]]
    rows = case["expected"]["match"]
    for text, row in zip(rules, rows if isinstance(rows[0], list) else [rows], strict=True):
        if not isinstance(row, list):
            continue
        (rule,) = read_text(text, format="sigma")
        if name == "G13" and "(?=" in text:
            with pytest.raises(TranslatorError, match=str(Code.STALLING)):
                compile_rule(rule, schema=Schema.none())
            continue
        test = compile_rule(rule, schema=Schema.none())
        for event, verdict in zip(case["input"]["events"], row, strict=True):
            assert not isinstance(verdict, bool) or test(event) is verdict, (text, event)


@pytest.mark.parametrize("condition", CASES["G05"]["input"]["conditions"])
def test_a_wrong_condition_is_refused_with_its_place(condition: str) -> None:
    text = (
        "title: x\nlogsource:\n  category: a\ndetection:\n  sel: {A: x}\n  sel2: {B: y}\n"
        f"  condition: {json.dumps(condition)}\n"
    )
    with pytest.raises(TranslatorError) as caught:
        compile_rule(read_text(text, format="sigma")[0])

    (found,) = caught.value.diagnostics
    assert found.code is Code.BAD_SIGMA
    assert found.source.locate(found.span.start).line == 7


@pytest.mark.parametrize("name", CASES["G06"]["input"]["files"])
def test_a_condition_in_the_wrong_place_is_refused_with_its_place(name: str) -> None:
    with pytest.raises(TranslatorError) as caught:
        compile_rule(read_text(CASES["G06"]["input"]["files"][name], format="sigma", name=name)[0])

    assert "condition" in str(caught.value)
    assert "detection" in str(caught.value)


def test_letter_case_is_sigmas_whatever_the_names() -> None:
    case = CASES["G29"]
    for text, row in zip(case["input"]["rules"], case["expected"]["sigma_match"], strict=True):
        (rule,) = read_text(text, format="sigma")
        test = compile_rule(rule, schema=schema(case), fields="ecs")
        assert [test(event) for event in case["input"]["events"]] == row


@pytest.mark.parametrize("name", CASES["G23"]["input"]["variants"])
def test_a_rule_is_the_same_in_every_encoding(name: str, tmp_path: Path) -> None:
    case = CASES["G23"]
    encoding, mark, newline = case["input"]["variants"][name]
    text = case["input"]["text"].replace("\n", newline)
    path = tmp_path / name
    path.write_bytes((("\ufeff" if mark else "") + text).encode(encoding))
    if encoding == "cp1252":
        with pytest.raises(TranslatorError, match=str(Code.NOT_TEXT)):
            read(path)
        return
    (rule,) = read(path)
    test = compile_rule(rule, schema=Schema.none())

    assert [test(event) for event in case["input"]["events"]] == case["expected"]["match"]


@pytest.mark.parametrize("number", range(len(CASES["V01"]["input"]["pairs"])))
def test_a_rule_that_was_ported_by_hand_is_proved_equal_or_shown_to_differ(number: int) -> None:
    case = CASES["V01"]
    pair, counter = case["input"]["pairs"][number], case["expected"]["counter"][number]
    (ported,) = read_text(pair["sigma"], format="sigma")
    report = verify(pair["kql"], [] if counter is None else [counter], against=ported, to=[])
    (judged,) = report.targets

    assert judged.proved is (counter is None)
    assert report.ok is (counter is None)
    if counter is not None:
        (reported,) = (each for each in judged.differences if each.case.line)
        assert reported.case.event == counter
        first, *_ = chosen(judged.differences)
        assert first.deciding
        assert first.other_deciding
