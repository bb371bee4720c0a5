"""A detection rule in TOML: everything it says, from where it says it."""

from __future__ import annotations

import pytest

from translator.errors import Code, Diagnostic, TranslatorError
from translator.needs import Cardinality, Comparison, NewTerms, ThreatMatch, Threshold
from translator.rule import Language, Rule, Suppression, Technique, Threat, derived_id
from translator.schema import Schema
from translator.sources import read_text

RULE = '''\
[metadata]
creation_date = "2024/03/01"
integration = ["endpoint"]
maturity = "production"
updated_date = "2024/11/30"

[rule]
author = ["Example", "A. Friend"]
description = """
Finds netcat below a service.
"""
false_positives = ["""
    Backups do
    this.
    """]
from = "now-9m"
index = ["logs-endpoint.events.process-*", "auditbeat-*"]
interval = "5m"
language = "kuery"
license = "MIT"
max_signals = 50
name = "Netcat Below a Service"
note = """## Triage

Look."""
references = ["https://example.org/a"]
risk_score = 47
rule_id = "5f5e7a10-0000-4000-8000-00000000b001"
setup = "Install it."
severity = "medium"
tags = ["OS: Linux", "Rule Type: BBR"]
timestamp_override = "event.ingested"
type = "query"
building_block_type = "default"
query = \'\'\'
process.name:nc and
process.parent.name:"systemd"
\'\'\'

[[rule.threat]]
framework = "MITRE ATT&CK"
[[rule.threat.technique]]
id = "T1059"
name = "Command and Scripting Interpreter"
reference = "https://attack.mitre.org/techniques/T1059/"
[[rule.threat.technique.subtechnique]]
id = "T1059.004"
name = "Unix Shell"
[rule.threat.tactic]
id = "TA0002"
name = "Execution"
reference = "https://attack.mitre.org/tactics/TA0002/"
'''


def read(text: str) -> Rule:
    (rule,) = read_text(text, "toml", "rule.toml")
    return rule


def findings(text: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(TranslatorError) as error:
        read(text).check(Schema.default())
    return error.value.diagnostics


def place(found: Diagnostic) -> tuple[int, int]:
    at = found.source.locate(found.span.start)
    return at.line, at.column


def test_a_rule_says_everything_about_itself() -> None:
    rule = read(RULE)

    assert rule == Rule(
        id="5f5e7a10-0000-4000-8000-00000000b001",
        title="Netcat Below a Service",
        query=rule.query,
        source=rule.source,
        type="query",
        language=Language.KQL,
        description="Finds netcat below a service.",
        status="production",
        index=("logs-endpoint.events.process-*", "auditbeat-*"),
        severity="medium",
        risk_score=47,
        interval="5m",
        look_back="now-9m",
        maximum_alerts=50,
        references=("https://example.org/a",),
        tags=("OS: Linux", "Rule Type: BBR"),
        authors=("Example", "A. Friend"),
        license="MIT",
        date="2024-03-01",
        modified="2024-11-30",
        guide="## Triage\n\nLook.",
        setup="Install it.",
        false_positives=("Backups do this.",),
        threats=(
            Threat(
                "TA0002",
                "Execution",
                "https://attack.mitre.org/tactics/TA0002/",
                (
                    Technique(
                        "T1059", "Command and Scripting Interpreter", "https://attack.mitre.org/techniques/T1059/"
                    ),
                    Technique("T1059.004", "Unix Shell"),
                ),
            ),
        ),
        building_block=True,
    )
    assert rule.query.text == 'process.name:nc and\nprocess.parent.name:"systemd"\n'
    assert rule.extra == {"timestamp_override": "event.ingested", "building_block_type": "default"}


def test_the_format_is_told_by_its_table() -> None:
    (rule,) = read_text(RULE)

    assert rule.title == "Netcat Below a Service"


@pytest.mark.parametrize(
    ("written", "line", "column"),
    [
        ("'''\na:b and\n  c:d e)\n'''", 6, 8),
        ("'''a:b and\n  c:d e)'''", 5, 8),
        ('"""\na:\\"b\\" and \\\n   c:d e)\n"""', 6, 9),
        ('"""\r\na:b and\r\n c:\\u0064 e)\r\n"""', 6, 12),
        ("'a:b and c:d e)'", 4, 23),
        ('"a:\\"b\\" and \\u0063:\\"\\t\\")"', 4, 35),
    ],
    ids=["literal lines", "literal lines at once", "basic lines", "basic lines, carriage returns", "literal", "basic"],
)
def test_a_mistake_in_the_query_is_where_the_file_says_it(written: str, line: int, column: int) -> None:
    """In the line and column of the bracket that nothing opened, through escapes and trimmed line ends."""
    newline = "\r\n" if "\r\n" in written else "\n"
    text = newline.join(["[rule]", 'name = "x"', 'type = "query"', f"query = {written}", ""])
    (found,) = findings(text)

    assert found.code is Code.SYNTAX
    assert place(found) == (line, column)
    assert found.source.text[found.span.start] == ")"


THRESHOLD = RULE.replace('type = "query"', 'type = "threshold"')


@pytest.mark.parametrize(
    ("table", "look_back", "threshold", "said"),
    [
        (
            'field = ["user.name", "host.id"]\nvalue = 10',
            "now-9m",
            Threshold(("user.name", "host.id"), 10, (), "9m"),
            "at least 10 matching events that share user.name and host.id, within 9m",
        ),
        (
            'field = []\nvalue = 3\n[[rule.threshold.cardinality]]\nfield = "source.ip"\nvalue = 2',
            "now-1h/d",
            Threshold((), 3, (Cardinality("source.ip", 2),), "now-1h/d"),
            "2 different values of source.ip",
        ),
        ('field = ""\nvalue = 3', None, Threshold((), 3, (), "6m"), "at least 3 matching events, within 6m"),
    ],
)
def test_a_threshold_is_kept_as_data(table: str, look_back: str | None, threshold: Threshold, said: str) -> None:
    """The window is what the rule looks back, not how often it runs; Kibana's own is six minutes."""
    text = THRESHOLD.replace('from = "now-9m"\n', f'from = "{look_back}"\n' if look_back else "")
    (need,) = read(f"{text}\n[rule.threshold]\n{table}\n").needs

    assert (need.kind, need.detail) == ("threshold", threshold)
    assert said in need.message


def test_a_need_stands_where_the_file_says_it() -> None:
    rule = read(f"{THRESHOLD}\n[rule.threshold]\nfield = 'a'\nvalue = 2\n")

    assert rule.source.text[rule.needs[0].span.start :].startswith("[rule.threshold]")


def test_new_terms_are_kept_as_data() -> None:
    text = RULE.replace('type = "query"', 'type = "new_terms"') + (
        '[rule.new_terms]\nfield = "new_terms_fields"\nvalue = ["user.id", "host.id"]\n'
        '[[rule.new_terms.history_window_start]]\nfield = "history_window_start"\nvalue = "now-14d"\n'
    )
    (need,) = read(text).needs

    assert need.detail == NewTerms(("user.id", "host.id"), "now-14d")
    assert "user.id and host.id have values not seen since now-14d" in need.message


def test_an_indicator_match_is_kept_as_data() -> None:
    text = RULE.replace(
        'type = "query"',
        'type = "threat_match"\nthreat_index = ["ti-*"]\nthreat_query = "a:b"\n'
        'threat_language = "kuery"\nthreat_indicator_path = "threat.indicator"',
    ) + (
        '[[rule.threat_mapping]]\n[[rule.threat_mapping.entries]]\nfield = "source.ip"\ntype = "mapping"\n'
        'value = "threat.indicator.ip"\n[[rule.threat_filters]]\n[rule.threat_filters.query.exists]\nfield = "x"\n'
    )
    (need,) = read(text).needs
    detail = need.detail

    assert isinstance(detail, ThreatMatch)
    assert detail.mapping == ((Comparison("source.ip", "threat.indicator.ip"),),)
    assert detail.query is not None
    assert (detail.index, detail.query.text, len(detail.filters)) == (("ti-*",), "a:b", 1)
    assert "source.ip agrees with an indicator of ti-*" in need.message


@pytest.mark.parametrize(
    ("lines", "said", "at"),
    [
        ('type = "eql"\nlanguage = "eql"', "EQL", 'type = "eql"'),
        ('type = "esql"', "ES|QL", 'type = "esql"'),
        ('type = "machine_learning"', "no query", 'type = "machine'),
        ('type = "query"\nlanguage = "lucene"', "Lucene", 'language = "lucene"'),
    ],
)
def test_other_languages_are_refused_with_what_they_need(lines: str, said: str, at: str) -> None:
    (found,) = findings(f'[rule]\nname = "x"\n{lines}\nquery = "a:b"\n')

    assert found.code is Code.OTHER_LANGUAGE
    assert said in found.message
    assert found.hint
    assert place(found)[0] == f'[rule]\nname = "x"\n{lines}'.partition(at)[0].count("\n") + 1


def test_flags_tell_which_rules_may_be_left_out() -> None:
    rule = read(RULE.replace('"production"', '"deprecated"').replace("[rule]", "[rule]\nenabled = false"))

    assert (rule.deprecated, rule.enabled, rule.building_block) == (True, False, True)


def test_alert_suppression_is_kept_and_said() -> None:
    rule = read(
        f'{RULE}[rule.alert_suppression]\ngroup_by = ["user.id"]\nmissing_fields_strategy = "doNotSuppress"\n'
        'duration = {value = 5, unit = "m"}\n'
    )

    assert rule.suppression == Suppression(("user.id",), "5m", "doNotSuppress")
    assert [(note.code, "alert suppression" in note.message) for note in rule.notes] == [(Code.LEFT_OUT, True)]


def test_a_rule_without_an_id_has_that_of_its_title_and_an_invalid_id_is_replaced() -> None:
    id_ = 'rule_id = "5f5e7a10-0000-4000-8000-00000000b001"\n'
    without, odd = read(RULE.replace(id_, "")), read(RULE.replace(id_, 'rule_id = "my-rule"\n'))

    assert without.id == derived_id("Netcat Below a Service")
    assert odd.id == derived_id("my-rule")
    assert [note.code for note in odd.notes] == [Code.ID_REPLACED]


def test_an_exception_list_that_the_file_cannot_hold_is_said() -> None:
    rule = read(f'{RULE}[[rule.exceptions_list]]\nlist_id = "shared"\nnamespace_type = "agnostic"\n')

    assert [note.code for note in rule.notes] == [Code.NOT_CARRIED]
    assert "shared" in rule.notes[0].message


def test_every_mistake_is_told_at_once() -> None:
    text = (
        RULE.replace('"2024/03/01"', '"March"')
        .replace("risk_score = 47", 'risk_score = "high"')
        .replace('severity = "medium"', 'severity = "bad"')
        .replace('index = ["logs-endpoint.events.process-*"', "index = [3")
    )
    found = findings(text)

    assert {each.code for each in found} == {Code.BAD_VALUE}
    assert sorted(place(each)[0] for each in found) == [2, 17, 27, 30]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("[metadata]\nmaturity = 'production'\n", Code.NOT_A_RULE),
        ("[rule]\nname = 'x'\ntype = 'query'\n", Code.NO_QUERY),
        ("[rule]\nname = 'x'\ntype = 'query'\nquery = '  '\n", Code.NO_QUERY),
        ("[rule]\nname = 'x'\ntype = 'saved_query'\nsaved_id = 'y'\n", Code.NO_QUERY),
        ("[rule]\nname = 'x'\ntype = 'quary'\nquery = 'a:b'\n", Code.BAD_VALUE),
        ("[rule]\nname = 'x'\nlanguage = 'kql'\nquery = 'a:b'\n", Code.BAD_VALUE),
        ("[rule]\nname = 'x'\ntype = 'threshold'\nquery = 'a:b'\n", Code.BAD_VALUE),
        ("[rule]\nname = 'x'\ntype = 'new_terms'\nquery = 'a:b'\n", Code.BAD_VALUE),
        ("[rule\n", Code.BAD_TOML),
    ],
)
def test_what_is_no_rule_is_refused(text: str, code: Code) -> None:
    assert [found.code for found in findings(text)] == [code]


def test_a_rule_of_filters_alone_needs_no_query() -> None:
    rule = read(
        '[rule]\nname = "x"\ntype = "query"\nquery = ""\n[[rule.filters]]\n[rule.filters.query.match_phrase]\n'
        '"event.action" = "logon"\n'
    )

    assert rule.query.text == ""
    assert [each.value for each in rule.filters] == [{"query": {"match_phrase": {"event.action": "logon"}}}]
