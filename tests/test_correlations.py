"""Thresholds of Elastic's and correlations of Sigma's: the same count, both ways, or said why not.

What a correlation means is pySigma's to say, which reads what we write, and its backends'.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sigma.rule import SigmaRule

from translator.artefact import Artefact
from translator.errors import Code, TranslatorError
from translator.needs import Cardinality, Correlation, Threshold
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.sources import read_text

ID = "7b6f4a0e-6a55-4d0e-9a40-0d2f6d0ffb41"

RULE: dict[str, Any] = {
    "rule_id": ID,
    "name": "Many Failed Logins",
    "description": "Counts.",
    "type": "threshold",
    "language": "kuery",
    "query": "event.outcome:failure and host.os.type:windows and event.category:process",
    "index": ["logs-*"],
    "severity": "high",
    "risk_score": 73,
    "interval": "5m",
    "from": "now-9m",
    "threshold": {"field": ["user.name", "source.ip"], "value": 10},
}

BOTH = {"field": ["user.name"], "value": 10, "cardinality": [{"field": "host.id", "value": 3}]}


def elastic(**said: Any) -> Rule:
    (rule,) = read_text(json.dumps({**RULE, **said}), format="ndjson")
    return rule


def loaded(text: str) -> tuple[SigmaRule, list[SigmaCorrelationRule]]:
    """What pySigma reads: the rule of the events, and the correlations, which all refer to it."""
    collection = SigmaCollection.from_yaml(text)
    (base,) = (each for each in collection if isinstance(each, SigmaRule))
    counts = [each for each in collection if isinstance(each, SigmaCorrelationRule)]
    collection.resolve_rule_references()

    assert all([rule.rule for rule in each.rules] == [base] for each in counts)
    return base, counts


def again(artefact: Artefact, to: str = "elastic_rule", **options: Any) -> Rule:
    """The rule of Elastic's that the last rule in a Sigma text becomes."""
    back = read_text(artefact.text, format="sigma")[-1]
    format_ = {"elastic_rule": "ndjson", "elastic_toml": "toml"}[to]
    (rule,) = read_text(convert(back, to=to, **options).text, format=format_)
    return rule


#: A threshold of Elastic's, and what pySigma reads: type, group-by, seconds, the number, the field.
COUNTS: list[tuple[dict[str, Any], dict[str, Any], tuple[Any, ...]]] = [
    ({}, {}, ("EVENT_COUNT", ["user.name", "source.ip"], 540, 10, None)),
    ({"field": [], "value": 3}, {"from": "now-1h"}, ("EVENT_COUNT", None, 3600, 3, None)),
    ({"field": ["user.name"], "value": 1}, {"from": None}, ("EVENT_COUNT", ["user.name"], 360, 1, None)),
    (
        {"field": ["user.name"], "value": 1, "cardinality": [{"field": "host.id", "value": 4}]},
        {"from": "now-2d"},
        ("VALUE_COUNT", ["user.name"], 172_800, 4, "host.id"),
    ),
]


@pytest.mark.parametrize(("threshold", "said", "expected"), COUNTS)
def test_a_threshold_is_a_correlation_to_pysigma(
    threshold: dict[str, Any], said: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    artefact = convert(elastic(threshold={**RULE["threshold"], **threshold}, **said), to="sigma")
    base, (count,) = loaded(artefact.text)
    condition = count.condition

    assert artefact.fidelity == "exact"
    assert condition.op.name == "GTE"
    assert (
        count.type.name,
        count.group_by,
        count.timespan.seconds,
        condition.count,
        condition.fieldref,
    ) == expected
    assert (str(count.id), count.title, count.level.name) == (ID, "Many Failed Logins", "HIGH")
    assert (base.level.name, base.title) == ("INFORMATIONAL", "Many Failed Logins - Single Event")
    assert str(base.id) != ID


def test_backends_of_pysigmas_write_the_count() -> None:
    """One query: the rule of the events is none."""
    backend = pytest.importorskip("sigma.backends.elasticsearch").ESQLBackend
    counted = COUNTS[3]
    (events,), (values,) = (
        backend().convert(
            SigmaCollection.from_yaml(convert(rule, to="sigma", profile="portable", allow=["mixed"]).text)
        )
        for rule in (elastic(), elastic(threshold=counted[0], **counted[1]))
    )

    assert re.search(r"date_trunc\(9minutes, @timestamp\).*count\(\) by timebucket, User, .*>= 10", events, re.DOTALL)
    assert re.search(r"date_trunc\(2days, @timestamp\).*count_distinct\(host\.id\) by .*>= 4", values, re.DOTALL)


def test_splunk_counts_it_too() -> None:
    splunk = pytest.importorskip("sigma.backends.splunk")
    text = convert(elastic(), to="sigma", profile="portable", allow=["mixed"]).text
    (query,) = splunk.SplunkBackend().convert(SigmaCollection.from_yaml(text))

    assert "bin _time span=9m" in query
    assert "event_count >= 10" in query


#: Date math, and the time span that is as long; None where there is none.
WINDOWS = [
    ("now-9m", None, "9m"),
    ("now-180m", None, "180m"),
    ("now-7200s", None, "7200s"),
    ("now-1H", None, "1h"),
    ("now-2w", None, "2w"),
    ("now-1M", None, "1M"),
    ("now-1y", "now", "1y"),
    ("now-1h-30m", None, "90m"),
    ("now-1d+2h", None, "22h"),
    ("now-15m", "now-5m", "10m"),
    ("now-1y", "now-1M", "11M"),
    ("now-1h/d", None, None),
    ("now-1M-1d", None, None),
    ("now", None, None),
    ("now+5m", None, None),
    ("now-0m", None, None),
    ("now-15m", "now/h", None),
    ("2025-01-01", None, None),
    ("now-500ms", None, None),
]


@pytest.mark.parametrize(("since", "until", "span"), WINDOWS)
def test_the_time_span_is_the_length_of_the_window_or_there_is_none(
    since: str, until: str | None, span: str | None
) -> None:
    rule = elastic(**{"from": since, "to": until})
    if span is not None:
        artefact = convert(rule, to="sigma")

        assert artefact.data[1]["correlation"]["timespan"] == span
        assert again(artefact).needs[0].detail == rule.needs[0].detail
        return
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to="sigma")
    base = convert(rule, to="sigma", allow=["wider"])

    assert [each.code for each in caught.value.diagnostics] == [Code.NEED_DROPPED]
    assert "window" in (caught.value.diagnostics[0].hint or "")
    assert base.fidelity == "wider"
    assert "detection" in base.data
    # The threshold is kept for a way back.
    assert again(base).needs[0].detail == rule.needs[0].detail


def test_where_the_time_span_comes_from_is_noted_and_stands_in_the_text() -> None:
    artefact = convert(elastic(), to="sigma")
    notes = [each.message for each in artefact.notes if each.code is Code.WINDOW]

    assert "9m" in notes[0]
    assert "now-9m" in notes[0]
    assert "not how often it runs (5m)" in notes[0]
    assert "no event without user.name or source.ip" in notes[1]
    assert "# timespan: how far back each run of the Elastic rule looks (now-9m), not how often it runs (5m)" in (
        artefact.text.splitlines()
    )


def test_what_stands_in_a_schedule_cannot_break_out_of_the_comment() -> None:
    artefact = convert(elastic(interval="5m\nlevel: low"), to="sigma")
    _, (count,) = loaded(artefact.text)

    assert count.level.name == "HIGH"


def test_two_conditions_are_refused_or_two_correlations() -> None:
    rule = elastic(threshold=BOTH)
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to="sigma")
    artefact = convert(rule, to="sigma", allow=["wider"])
    _, (events, values) = loaded(artefact.text)

    assert [(each.code, "one condition" in each.message) for each in caught.value.diagnostics] == [
        (Code.NEED_DROPPED, True)
    ]
    assert artefact.fidelity == "wider"
    assert (events.type.name, events.condition.count, str(events.id)) == ("EVENT_COUNT", 10, ID)
    assert (values.type.name, values.condition.count, values.condition.fieldref) == ("VALUE_COUNT", 3, "host.id")
    assert events.group_by == values.group_by == ["user.name"]
    assert values.id != events.id
    assert values.title != events.title


@pytest.mark.parametrize("to", ["elastic_rule", "elastic_toml"])
@pytest.mark.parametrize(("threshold", "said"), [(each[0], each[1]) for each in COUNTS])
def test_a_threshold_comes_back_from_a_correlation(threshold: dict[str, Any], said: dict[str, Any], to: str) -> None:
    rule = elastic(threshold={**RULE["threshold"], **threshold}, **said)
    back = again(convert(rule, to="sigma"), to)

    assert (back.type, back.id, back.needs[0].detail) == ("threshold", ID, rule.needs[0].detail)
    assert back.needs[0].message == rule.needs[0].message
    assert (back.interval, back.look_back or "now-6m") == (rule.interval, rule.look_back or "now-6m")


BASE = """
title: Failed Login
id: 0f2c7a0e-29be-4e6c-9d1c-52f4f8d0a7f1
name: failed_login
logsource: {category: process_creation, product: windows}
detection:
  selection: {CommandLine|cased: x}
  condition: selection
"""

OTHER = """
title: Other
name: other
logsource: {product: windows}
detection: {s: {f|cased: y}, condition: s}
"""


def correlating(said: str, *others: str) -> Rule:
    text = "---\n".join([BASE, *others, f"title: Many\nlevel: low\ncorrelation: {said}\n"])
    return read_text(text, format="sigma")[-1]


def counting(condition: str, type_: str = "event_count", span: str = "15m") -> Rule:
    said = f"{{type: {type_}, rules: [failed_login], group-by: [User], timespan: {span}, condition: {{{condition}}}}}"
    return correlating(said)


@pytest.mark.parametrize(
    ("rule", "threshold"),
    [
        (counting("gte: 5"), Threshold(("User",), 5, (), "15m")),
        (counting("gt: 5"), Threshold(("User",), 6, (), "15m")),
        (counting("gte: 4.5"), Threshold(("User",), 5, (), "15m")),
        (counting("gt: 4.5"), Threshold(("User",), 5, (), "15m")),
        (counting("gt: 0"), Threshold(("User",), 1, (), "15m")),
        (counting("gte: 5", span="1M"), Threshold(("User",), 5, (), "1M")),
        (
            counting("gte: 5, field: Image", "value_count", "2h"),
            Threshold(("User",), 1, (Cardinality("Image", 5),), "2h"),
        ),
    ],
)
@pytest.mark.parametrize("to", ["elastic_rule", "elastic_toml"])
def test_a_correlation_that_counts_the_events_of_one_rule_is_a_threshold(
    rule: Rule, threshold: Threshold, to: str
) -> None:
    artefact = convert(rule, to=to, fields="none")
    (back,) = read_text(artefact.text, format={"elastic_rule": "ndjson", "elastic_toml": "toml"}[to])

    assert artefact.fidelity == "exact"
    assert Code.WINDOW in {each.code for each in artefact.notes}
    assert (back.type, back.needs[0].detail) == ("threshold", threshold)
    assert back.look_back == f"now-{threshold.window}"
    assert compile_rule(back)({"CommandLine": "x"})
    assert not compile_rule(back)({"CommandLine": "X"})


def test_runs_leave_no_gap_between_their_windows() -> None:
    short, long = (
        convert(counting("gte: 5", span=span), to="elastic_rule", fields="none").data for span in ("90s", "1d")
    )

    assert (short["from"], short["interval"]) == ("now-90s", "90s")
    assert (long["from"], long["interval"]) == ("now-1d", "5m")


def test_the_time_span_has_the_last_word_on_the_window() -> None:
    """A correlation whose time span was changed by hand, beside the schedule of the rule that it was."""
    text = convert(elastic(to="now-1m"), to="sigma").text.replace("timespan: 8m", "timespan: 20m")
    back = read_text(text, format="sigma")[-1]
    data = convert(back, to="elastic_rule").data

    assert (data["from"], "to" in data) == ("now-20m", False)


#: A correlation that no threshold is, and a word of the reason.
UNCOUNTABLE = [
    (counting("lt: 5"), "at least"),
    (counting("lte: 5"), "at least"),
    (counting("eq: 5"), "at least"),
    (counting("neq: 5"), "at least"),
    (counting("gte: 5, lt: 9"), "at least"),
    (counting("gte: 0"), "no event"),
    (counting("gt: 9, field: n", "value_sum"), "calculates"),
    (counting("gt: 9, field: n", "value_avg"), "calculates"),
    (counting("gt: 9, field: n, percentile: 95", "value_percentile"), "calculates"),
    (counting("gte: 2, field: [a, b]", "value_count"), "several fields"),
    (correlating("{type: temporal, rules: [failed_login, other], timespan: 5m}", OTHER), "in time"),
    (correlating("{type: temporal_ordered, rules: [failed_login, other], timespan: 5m}", OTHER), "in time"),
    (
        correlating("{type: event_count, rules: [failed_login, other], timespan: 5m, condition: {gte: 2}}", OTHER),
        "several rules",
    ),
    (
        correlating(
            "{type: event_count, rules: [failed_login], aliases: {who: {failed_login: User}}, group-by: [who], "
            "timespan: 5m, condition: {gte: 2}}"
        ),
        "aliases",
    ),
    (
        correlating(
            "{type: event_count, rules: [inner], timespan: 5m, condition: {gte: 2}}",
            "title: Inner\nname: inner\ncorrelation: {type: event_count, rules: [failed_login], timespan: 1m, "
            "condition: {gte: 2}}\n",
        ),
        "another correlation",
    ),
]


@pytest.mark.parametrize(("rule", "why"), UNCOUNTABLE)
def test_another_correlation_is_refused_with_what_it_needs(rule: Rule, why: str) -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(rule, to="elastic_rule", fields="none")
    artefact = convert(rule, to="elastic_rule", fields="none", allow=["wider"])

    assert [each.code for each in caught.value.diagnostics] == [Code.NEED_DROPPED]
    assert why in (caught.value.diagnostics[0].hint or "")
    assert "--allow L012" in (caught.value.diagnostics[0].hint or "")
    assert (artefact.data["type"], artefact.fidelity) == ("query", "wider")


def test_fields_that_are_counted_by_go_by_the_names_that_the_query_has() -> None:
    rule = correlating(
        "{type: value_count, rules: [failed_login], group-by: [ParentImage], timespan: 5m, "
        "condition: {gte: 3, field: Image}}"
    )
    named = convert(rule, to="elastic_rule", allow=["mixed"]).data
    kept = convert(rule, to="elastic_rule", fields="none").data

    assert named["threshold"]["field"] == ["process.parent.executable"]
    assert named["threshold"]["cardinality"] == [{"field": "process.executable", "value": 3}]
    assert "process.command_line" in json.dumps([named["query"], named["filters"]])
    assert kept["threshold"]["field"] == ["ParentImage"]


@pytest.mark.parametrize(
    ("log_source", "field", "loss"),
    [
        ("{category: process_creation, product: linux}", "Unheard", (Code.FIELD_UNMAPPED, "narrower")),
        ("{category: registry_set, product: windows}", "Details", (Code.FIELD_APPROXIMATE, "mixed")),
    ],
)
def test_a_field_that_elastic_has_no_name_for_is_a_loss(log_source: str, field: str, loss: tuple[Code, str]) -> None:
    base = f"title: B\nname: b\nlogsource: {log_source}\ndetection: {{s: {{x: 1}}, condition: s}}\n"
    said = f"{{type: event_count, rules: [b], group-by: [{field}], timespan: 5m, condition: {{gte: 3}}}}"
    rule = read_text(f"{base}---\ntitle: Many\ncorrelation: {said}\n", format="sigma")[-1]
    losses = convert(rule, to="elastic_rule", allow=["mixed"]).losses

    assert (*loss, True) in {(each.code, str(each.effect), f"{field}, which" in each.message) for each in losses}


@pytest.mark.parametrize(
    ("field", "name", "losses"),
    [
        ("process.executable", "Image", set()),
        ("process.parent.executable", "ParentImage", set()),
        ("process.name", "Image", {(Code.FIELD_APPROXIMATE, "narrower")}),
        ("host.id", "host.id", {(Code.FIELD_UNMAPPED, "narrower")}),
    ],
)
def test_a_portable_correlation_counts_by_names_of_sigmas_taxonomy(
    field: str, name: str, losses: set[tuple[Code, str]]
) -> None:
    query = "event.category:process and event.type:start and host.os.type:windows and process.command_line:a"
    rule = elastic(query=query, threshold={"field": [field], "value": 3})
    artefact = convert(rule, to="sigma", profile="portable", allow=["mixed"])
    _, (count,) = loaded(artefact.text)

    assert count.group_by == [name]
    assert {(each.code, str(each.effect)) for each in artefact.losses if each.code is not Code.CASE} == losses
    assert all("elastic" not in each and "taxonomy" not in each for each in artefact.data)


def test_a_number_of_different_values_of_a_longer_field_is_wider() -> None:
    query = "event.category:process and event.type:start and host.os.type:windows and process.command_line:a"
    threshold = {"field": [], "value": 1, "cardinality": [{"field": "process.name", "value": 3}]}
    artefact = convert(elastic(query=query, threshold=threshold), to="sigma", profile="portable", allow=["mixed"])

    assert (Code.FIELD_APPROXIMATE, "wider") in {(each.code, str(each.effect)) for each in artefact.losses}


def test_a_faithful_correlation_becomes_portable() -> None:
    query = "event.category:process and event.type:start and host.os.type:windows and process.command_line:a"
    rule = elastic(query=query, threshold={"field": ["process.executable"], "value": 3})
    faithful = read_text(convert(rule, to="sigma").text, format="sigma")[-1]
    portable = convert(faithful, to="sigma", profile="portable")

    assert portable.data[0]["detection"] == convert(rule, to="sigma", profile="portable").data[0]["detection"]
    assert portable.data[1]["correlation"]["group-by"] == ["Image"]
    assert portable.data[1]["correlation"]["timespan"] == "9m"
    assert convert(faithful, to="sigma").text == f"{faithful.query.text.rstrip()}\n"


def test_our_correlation_is_read_as_the_threshold_that_it_was() -> None:
    base, rule = read_text(convert(elastic(), to="sigma").text, format="sigma")
    detail = rule.needs[0].detail

    assert base.building_block
    assert isinstance(detail, Correlation)
    assert (detail.type, detail.rules, detail.group_by, detail.timespan) == (
        "event_count",
        (base.id,),
        ("user.name", "source.ip"),
        "9m",
    )
    assert [need.kind for need in rule.needs] == ["correlation"]


def test_what_is_written_is_yaml_that_says_the_same() -> None:
    artefact = convert(elastic(name="A: 'quoted' \"title\""), to="sigma")

    assert json.loads(json.dumps(list(yaml.safe_load_all(artefact.text)), default=str)) == artefact.data
