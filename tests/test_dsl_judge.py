"""The interpreter of Query DSL against what Elasticsearch and OpenSearch answered."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests import strategies
from tests.conftest import DATA, ndjson
from translator import kql, logic
from translator.artefact import Predicate
from translator.backends import matcher
from translator.dsl import document, judge
from translator.dsl.emit import emit
from translator.errors import Code, TranslatorError
from translator.meaning import read_json
from translator.schema import Schema
from translator.source import Source
from translator.values import Pattern, show

#: Recorded queries that this package does not answer as the engine did, and why.
OUT_OF_REACH = {
    "f phrase slop 1 b c": "`slop` is never sent for KQL",
    "f phrase slop 1 a b": "`slop` is never sent for KQL",
    "f phrase slop 100 a b": "`slop` is never sent for KQL",
    "f phrase slop 101 a b": "`slop` is never sent for KQL",
    "_seq_no:0": "an event has no sequence number",
    "_seq_no > 0": "an event has no sequence number",
}

#: Spellings that Elasticsearch takes and Kibana does not use are refused; errors are found where it never looks.
FORMS_OUT_OF_REACH = {
    "wildcard wildcard": "an old name of `value`",
    "range list": "Elasticsearch reads a list as no bound",
    'msm "50%"': "a share instead of a number",
    "mm not lenient": "Kibana's are lenient",
    "mm not lenient none": "Kibana's are lenient",
    "mm type cross": "another type of multi_match",
    "qs null AND 2": "an unescaped `!` is an operator",
    "unmapped and bad ip": "the error stands beside a clause that is never true",
    "bad ip and unmapped": "the error stands beside a clause that is never true",
    "exists unmapped and bad": "the error stands beside a clause that is never true",
    "range unmapped and bad": "the error stands beside a clause that is never true",
    "wrapped term unmapped + bad": "the error stands beside a clause that is never true",
    "nested bad in empty": "the error stands beside a clause that is never true",
    "match_none and bad": "the error stands beside a clause that is never true",
    "must_not match_all, bad": "the error stands beside a clause that is never true",
    "bad in nested unmapped": "what stands in an unmapped block is not read",
}

KEYWORDS = Schema.from_yaml("a: keyword\nip: ip\n")


def answer(dsl: Mapping[str, Any], schema: Schema, events: list[Any], refused: list[int]) -> Any:
    """The numbers of the events that are returned, or "error"."""
    try:
        test = judge.compile_(dsl, schema)
    except TranslatorError:
        return "error"
    return [at for at, event in enumerate(events) if at not in refused and test(event)]


def wrong(suite: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The queries of a suite that are answered otherwise than by the engine."""
    schema = Schema.from_mapping(suite.get("mapping_after", suite["mapping"]), settings=suite.get("settings"))
    texts = suite.get("docs_raw") or [json.dumps(each) for each in suite["docs"]]
    # A document that the engine refused has no verdict, and need not be JSON.
    events = [{} if at in suite["refused"] else read_json(text) for at, text in enumerate(texts)]
    for query in suite["queries"]:
        if answer(query["dsl"], schema, events, suite["refused"]) != query.get("hits", "error"):
            yield suite["suite"], query["q"]


def test_every_recorded_query_is_answered_as_by_the_engine() -> None:
    found = [each for suite in ndjson(DATA / "engine_verdicts.ndjson.gz") for each in wrong(suite)]

    assert [each for each in found if each[1] not in OUT_OF_REACH] == []
    assert {query for _, query in found} == set(OUT_OF_REACH)


def test_every_form_of_a_clause_is_answered_as_by_the_engine() -> None:
    """Spellings of options, nesting, counts of optional clauses, and generated texts of query_string."""
    found = [each for suite in ndjson(DATA / "dsl_forms.ndjson.gz") for each in wrong(suite)]

    assert [each for each in found if each[1] not in FORMS_OUT_OF_REACH] == []
    assert {query for _, query in found} == set(FORMS_OUT_OF_REACH)


def test_every_mistake_is_found_at_its_place() -> None:
    dsl = {
        "bool": {
            "filter": [
                {"term": {"ip": {"value": "10.0.0.300"}}},
                {"fuzzy": {"a": {"value": "x"}}},
                {"match": {"a": {"query": "x", "operator": "and"}}},
                {"query_string": {"fields": ["a"], "query": "x* AND"}},
                {"query_string": {"fields": ["a"], "query": "(x*)"}},
                {"term": {"a": {"value": "x"}}},
            ]
        }
    }
    with pytest.raises(TranslatorError) as caught:
        judge.compile_(dsl, KEYWORDS)
    found = caught.value.diagnostics

    assert [each.code for each in found] == [
        Code.BAD_FIELD_VALUE, Code.DSL_CLAUSE, Code.DSL_CLAUSE, Code.BAD_FIELD_VALUE, Code.DSL_CLAUSE,
    ]  # fmt: skip
    said = [each.source.text[each.span.start : each.span.end].split(":")[0] for each in found]
    assert said == ['"term"', '"fuzzy"', '"operator"', '"query_string"', '"query_string"']
    assert "fuzzy" in found[1].message


@pytest.mark.parametrize("text", ['{"term":', "[1, 2", '{"match_all": {}} x', "[" * 100_000])
def test_a_text_that_is_no_json_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(TranslatorError):
        judge.compile_text(text, KEYWORDS)


@pytest.mark.parametrize("dsl", [5, None, [], {}, "x", {"bool": 5}, {"term": 5}, {"bool": {"filter": [[]]}}])
def test_what_is_no_query_is_refused(dsl: Any) -> None:
    with pytest.raises(TranslatorError):
        judge.compile_(dsl, KEYWORDS)


def test_elasticsearch_takes_thirty_queries_in_one_another() -> None:
    def nested(levels: int) -> dict[str, Any]:
        dsl: dict[str, Any] = {"term": {"a": {"value": "x"}}}
        for _ in range(levels - 1):
            dsl = {"bool": {"must_not": dsl}}
        return dsl

    assert judge.depth(nested(30)) == judge.DEEPEST
    assert judge.compile_(nested(29), KEYWORDS)({"a": "x"})
    for levels in (31, 100_000):
        with pytest.raises(TranslatorError) as caught:
            judge.compile_(nested(levels), KEYWORDS)
        assert [each.code for each in caught.value.diagnostics] == [Code.DSL_DEPTH]


def test_a_dsl_is_written_as_json_that_can_be_stored() -> None:
    dsl = {"match": {"größe": "\ud83d \U0001f600 \u2028\x00"}}
    written = document.write(dsl)

    assert json.loads(written.encode("utf-8")) == dsl
    assert document.locate(dsl, ("match",))[0].text == written


ODD_VALUES: list[Any] = [
    None, "", [], {}, [[[]]], {"b": 1}, float("nan"), 10**400, "\ud800", True, [None, {"a": None}], [5, {"a": "x"}, 0],
]  # fmt: skip
ODD_EVENTS = [{key: value} for key in ("a", "ip", "f", "n", "n.a", "", "a.", ".a", "a..b") for value in ODD_VALUES]


def test_a_predicate_never_raises_on_an_event() -> None:
    queries = [query["dsl"] for suite in ndjson(DATA / "engine_verdicts.ndjson.gz") for query in suite["queries"]]
    schema = Schema.from_yaml("a: text\nf: date\nip: ip\nn: nested\nn.a: long\n")
    for dsl in queries[::7]:
        try:
            test = judge.compile_(dsl, schema)
        except TranslatorError:
            continue
        assert all(test(event) in (True, False) for event in ODD_EVENTS)


def test_both_witnesses_agree_on_kibanas_queries() -> None:
    """What the matcher makes of a formula, and this interpreter of the JSON that is sent for it."""
    suite = next(each for each in ndjson(DATA / "engine_verdicts.ndjson.gz") if each["suite"] == "s094")
    schema = Schema.from_mapping(suite["mapping"])
    events = [event for at, event in enumerate(suite["docs"]) if at not in suite["refused"]]
    wrong = []
    for case in list(ndjson(DATA / "kibana_cases.ndjson.gz"))[::2]:
        if "error" in case:
            continue
        source = Source(case["query"])
        formula = kql.check(kql.parse(source), schema, source).formula
        if verdicts(lambda: matcher.compile_(formula, schema=schema), events) != verdicts(  # noqa: B023
            lambda: judge.compile_(emit(formula), schema),  # noqa: B023
            events,
        ):
            wrong.append(case["query"])

    assert wrong == []


@given(
    st.sampled_from(["k", "t", "unknown"]),
    st.one_of(strategies.patterns(), strategies.texts),
    st.booleans(),
    st.lists(strategies.texts, min_size=1, max_size=3),
)
def test_both_witnesses_agree_on_values_of_every_spelling(
    name: str, value: Pattern | str, cased: bool, texts: list[str]
) -> None:
    """Letters outside ASCII aside: without case, they are a declared loss of the DSL."""
    schema = Schema.from_yaml("k: keyword\nt: text\n")
    field = schema.field(name)
    spelled = value if isinstance(value, str) else show(value)
    assume(cased or spelled.isascii())
    formula = logic.Equals(field, value, cased) if isinstance(value, str) else logic.Matches(field, value, cased)
    events = [{name: text} for text in [*texts, spelled, spelled.upper(), f"x{spelled}", "", "a b"]]

    by_formula = verdicts(lambda: matcher.compile_(formula, schema=schema), events)
    by_text = verdicts(lambda: judge.compile_text(document.write(emit(formula)), schema), events)

    assert by_formula == by_text


def verdicts(compiled: Callable[[], Predicate], events: list[Any]) -> list[bool] | None:
    """The verdicts of a predicate, or None where Elasticsearch answers with an error."""
    try:
        test = compiled()
    except TranslatorError:
        return None
    return [test(event) for event in events]


@pytest.mark.shared
def test_rules_as_kibana_sends_them_hit_what_elasticsearch_hit(shared: Path) -> None:
    """Every rule on a sample of the documents, with and without a data view where that was recorded."""
    engine = shared / "conformance" / "engine"
    schema = rules_schema(engine)
    refused = {row["n"] for row in ndjson(shared / "corpus" / "documents_origin.ndjson.gz") if "refused" in row}
    with gzip.open(shared / "corpus" / "documents.ndjson.gz") as lines:
        events = {at: read_json(line) for at, line in enumerate(lines) if at % 20 == 0 and at not in refused}

    assert wrong_hits(shared, engine / "rule_hits.ndjson.gz", events, schema) == []


@pytest.mark.shared
def test_rules_miss_the_near_misses_that_elasticsearch_missed(shared: Path) -> None:
    engine = shared / "conformance" / "engine"
    schema = rules_schema(engine)
    events = {
        row["n"]: read_json(json.dumps(row["event"]))
        for row in ndjson(engine / "near_misses.ndjson.gz")
        # A network in a field for addresses: Elasticsearch refused the document.
        if not (schema.field(row["field"]).type == "ip" and row["change"].startswith("rule value"))
    }

    assert wrong_hits(shared, engine / "near_miss_hits.ndjson.gz", events, schema) == []


def rules_schema(engine: Path) -> Schema:
    with gzip.open(engine / "rules_mapping.json.gz") as file:
        return Schema.from_mapping(json.load(file)["mappings"])


def wrong_hits(shared: Path, hits: Path, events: Mapping[int, Any], schema: Schema) -> list[str]:
    expected = {row["rule_id"]: row for row in ndjson(hits)}
    found = []
    for rule in ndjson(shared / "conformance" / "kibana_rule_dsl.ndjson.gz"):
        row = expected[rule["rule_id"]]
        asked = [(rule["dsl"], row["hits"])]
        if "without_data_view" in row:
            asked.append((rule["dsl_without_data_view"], row["without_data_view"]["hits"]))
        for dsl, numbers in asked:
            test = judge.compile_(dsl, schema)
            if {at for at, event in events.items() if test(event)} != events.keys() & set(numbers):
                found.append(rule["path"])
    return found
