"""What a Sigma rule says about itself, and back again what we wrote into one."""

from __future__ import annotations

import pytest

import translator
from tests.test_sources_page import PAGE
from translator.errors import Code, Diagnostic, TranslatorError
from translator.rule import Language, LogSource, Rule, Technique, Threat, derived_id
from translator.sources import read_text

RULE = """title: Netcat Run by a Service
id: 5f5e7a10-0000-4000-8000-00000000602c
status: experimental
description: |
    Detects netcat
    below a service.
references:
    - https://example.org/a
author: One (Some, Company), Another
date: 2024-01-31
modified: 2024/02/29
license: DRL-1.1
tags:
    - attack.execution
    - attack.t1059.004
    - attack.defense_evasion
    - car.2016-03-002
logsource:
    category: process_creation
    product: linux
detection:
    selection:
        Image|endswith: '/nc'
    condition: selection
falsepositives:
    - Backups
level: high
"""

OURS = RULE.replace(
    "level: high\n",
    """level: high
elastic:
    type: threshold
    index:
        - logs-endpoint.events.*
        - auditbeat-*
    risk_score: 73
    interval: 5m
    from: now-9m
    max_signals: 50
    version: 12
    tags:
        - 'OS: Linux'
    note: Look at it.
    setup: Turn it on.
""",
)

SMALL = "title: x\nlogsource:\n    product: linux\ndetection:\n    a:\n        b: c\n    condition: a\n"


def read(text: str) -> Rule:
    (rule,) = read_text(text, "sigma", "rule.yml")
    return rule


def refused(text: str) -> Diagnostic:
    with pytest.raises(TranslatorError) as error:
        read_text(text, "sigma", "rule.yml")
    (found,) = error.value.diagnostics
    return found


def test_a_sigma_rule_says_everything_about_itself():
    rule = read(RULE)

    assert (rule.title, rule.id) == ("Netcat Run by a Service", "5f5e7a10-0000-4000-8000-00000000602c")
    assert (rule.language, rule.type, rule.status, rule.severity) == (Language.SIGMA, "query", "experimental", "high")
    assert rule.description == "Detects netcat\nbelow a service."
    assert rule.references == ("https://example.org/a",)
    assert rule.authors == ("One (Some, Company)", "Another")
    assert (rule.date, rule.modified, rule.license) == ("2024-01-31", "2024-02-29", "DRL-1.1")
    assert rule.tags == ("attack.execution", "attack.t1059.004", "attack.defense_evasion", "car.2016-03-002")
    assert rule.threats == (
        Threat("TA0002", "Execution", techniques=(Technique("T1059.004", ""),)),
        Threat("TA0005", "Defense Evasion"),
    )
    assert rule.log_source == LogSource("process_creation", "linux")
    assert rule.false_positives == ("Backups",)
    assert rule.query.text == RULE


def test_the_custom_key_of_a_rule_that_we_wrote_comes_back():
    rule = read(OURS)

    assert (rule.type, rule.risk_score, rule.maximum_alerts, rule.version) == ("threshold", 73, 50, "12")
    assert rule.index == ("logs-endpoint.events.*", "auditbeat-*")
    assert (rule.interval, rule.look_back) == ("5m", "now-9m")
    assert rule.tags == ("OS: Linux", "car.2016-03-002")
    assert (rule.guide, rule.setup) == ("Look at it.", "Turn it on.")
    assert [need.kind for need in rule.needs] == ["threshold"]


def test_unknown_false_positives_are_none():
    assert read(RULE.replace("Backups", "Unknown")).false_positives == ()


def test_each_document_of_a_file_is_a_rule_that_knows_its_place():
    text = f"# two rules\n---\n{SMALL}--- # the second\n{SMALL.replace('title: x', 'title: y')}...\n---\n# nothing\n"
    first, second = read_text(text, "sigma", "rules.yml")

    assert (first.title, second.title) == ("x", "y")
    assert first.query.text.strip() == SMALL.strip()
    assert second.source.text == text
    assert second.query.outer is second.source


def test_a_broken_document_hides_no_other():
    with pytest.raises(TranslatorError) as error:
        read_text(f"{SMALL}---\ntitle: [\n---\n{SMALL}---\ntitle: z\nlevel: low\n", "sigma", "rules.yml")

    places = [found.source.locate(found.span.start).line for found in error.value.diagnostics]
    assert [found.code for found in error.value.diagnostics] == [Code.BAD_YAML, Code.NO_QUERY]
    assert 9 <= places[0] <= 10
    assert 17 <= places[1] <= 19


def test_a_dash_line_inside_a_block_of_text_ends_the_document_as_yaml_says():
    text = f"title: x\ndescription: |\n  a\n  ---\n  b\n{SMALL.removeprefix('title: x')}"

    assert read(text).description == "a\n---\nb"


def test_a_missing_id_is_made_of_the_title_and_a_wrong_one_of_itself():
    assert read(SMALL).id == derived_id("x")

    replaced = read(f"id: rule-7\n{SMALL}")
    assert replaced.id == derived_id("rule-7")
    assert [note.code for note in replaced.notes] == [Code.ID_REPLACED]


@pytest.mark.parametrize(
    ("line", "column", "entry"),
    [
        (1, 5, "id: 17"),
        (1, 9, "status: [test]"),
        (1, 7, "date: yesterday"),
        (1, 7, "date: 2024-01-31 10:00:00"),
        (2, 3, "references:\n- 7"),
        (1, 13, "references: {a: b}"),
        (2, 3, "tags:\n- {a: b}"),
        (1, 10, "elastic: []"),
        (2, 15, "elastic:\n  risk_score: 300"),
        (2, 15, "elastic:\n  risk_score: high"),
        (2, 10, "elastic:\n  index: {a: b}"),
        (2, 12, "elastic:\n  version: 1.1"),
        (2, 9, "elastic:\n  from: 9"),
    ],
)
def test_a_value_of_the_wrong_kind_is_one_error_at_its_place(line: int, column: int, entry: str):
    found = refused(f"{entry}\n{SMALL}")

    at = found.source.locate(found.span.start)
    assert found.code is Code.BAD_VALUE
    assert (at.line, at.column) == (line, column)
    assert found.hint


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- a\n- b\n", Code.NOT_A_RULE),
        ("just words", Code.NOT_A_RULE),
        ("# only a comment\n", Code.NOT_A_RULE),
        ("title: x\nlogsource:\n  product: linux\n", Code.NO_QUERY),
        ("title: x\nfilter:\n  rules: any\n", Code.BAD_SIGMA),
        (f"action: global\n{SMALL}", Code.NO_QUERY),
        (f"action: reset\n---\naction: often\n{SMALL}", Code.BAD_SIGMA),
        ("title: x\ntitle: y\ndetection: {}\n", Code.BAD_YAML),
        ("title: x\n\tdetection: y\n", Code.BAD_YAML),
    ],
)
def test_what_is_no_sigma_rule_is_one_clear_error(text: str, code: Code):
    assert refused(text).code is code


def test_logsource_that_is_no_map_is_one_error():
    assert refused(SMALL.replace("logsource:\n    product: linux", "logsource: linux")).code is Code.BAD_VALUE


@pytest.mark.parametrize("line", ["* OS: Linux", "* Rule Type: BBR"])
def test_a_page_written_as_sigma_comes_back_with_what_it_said(line: str):
    (page,) = read_text(PAGE.replace("* OS: Linux", line), "page")
    back = read(translator.convert(page, to="sigma", allow=["wider"]).text)

    for name in [
        "id",
        "title",
        "type",
        "description",
        "status",
        "index",
        "severity",
        "risk_score",
        "interval",
        "look_back",
        "maximum_alerts",
        "references",
        "tags",
        "version",
        "authors",
        "guide",
        "setup",
        "false_positives",
        "building_block",
    ]:
        assert getattr(back, name) == getattr(page, name), name
    assert [(each.id, each.name) for each in back.threats] == [(each.id, each.name) for each in page.threats]
    assert [technique.id for technique in back.threats[0].techniques] == ["T1059.004"]
