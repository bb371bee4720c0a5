"""Kibana's filters as logic: what they ask of an event, and what no formula can ask."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import DATA, ndjson
from translator import filters, json_reader, logic
from translator.backends.matcher import compile_
from translator.dsl import wildcard
from translator.errors import Code, Diagnostic, TranslatorError
from translator.ledger import Effect
from translator.meaning import read_json
from translator.pipeline import compile_rule, convert
from translator.query_dsl import DslReader
from translator.rule import Rule
from translator.schema import Schema
from translator.source import Source
from translator.sources import read_text
from translator.values import Wild

SCHEMA = Schema.from_mapping(
    {
        "properties": {
            "k": {"type": "keyword"},
            "l": {"type": "keyword"},
            "n": {"type": "long"},
            "t": {"type": "text"},
            "ip": {"type": "ip"},
            "day": {"type": "date"},
            "o": {"type": "nested", "properties": {"a": {"type": "keyword"}, "b": {"type": "keyword"}}},
        }
    }
)

#: Recorded queries that this package does not answer as the engine did, and why.
OUT_OF_REACH = {
    "_seq_no:0": "an event has no sequence number",
    "_seq_no > 0": "an event has no sequence number",
    "unmapped and bad ip": "the error stands beside a clause that is never true",
    "bad ip and unmapped": "the error stands beside a clause that is never true",
    "exists unmapped and bad": "the error stands beside a clause that is never true",
    "range unmapped and bad": "the error stands beside a clause that is never true",
    "match_none and bad": "the error stands beside a clause that is never true",
    "must_not match_all, bad": "the error stands beside a clause that is never true",
    "wrapped term unmapped + bad": "the error stands beside a clause that is never true",
    "nested bad in empty": "the error stands beside a clause that is never true",
    "bad in nested unmapped": "what stands in an unmapped block is not read",
}


def phrase(field: str, value: Any, **meta: Any) -> dict[str, Any]:
    return {"meta": meta, "query": {"match_phrase": {field: value}}}


def rule(*entries: Any, query: str = "k:*") -> Rule:
    text = json.dumps(
        {
            "rule_id": "5f5e7a10-0000-4000-8000-00000000d001",
            "name": "x",
            "type": "query",
            "query": query,
            "filters": list(entries),
            "severity": "low",
            "risk_score": 1,
        },
        indent=2,
    )
    (read,) = read_text(text, "json", "rule.json")
    return read


def refused(*entries: Any) -> tuple[Diagnostic, ...]:
    with pytest.raises(TranslatorError) as error:
        rule(*entries).check(SCHEMA)
    return error.value.diagnostics


def should(*queries: Any, **more: Any) -> dict[str, Any]:
    return {"meta": {}, "query": {"bool": {"should": list(queries), **more}}}


A, B = {"match_phrase": {"k": "a"}}, {"match_phrase": {"l": "b"}}
CASES: list[tuple[str, list[Any], Mapping[str, Any], bool]] = [
    ("phrase", [phrase("k", "a b")], {"k": "a b"}, True),
    ("phrase", [phrase("k", "a b")], {"k": "a"}, False),
    ("phrase of a number", [phrase("n", 5)], {"k": "a", "n": 5}, True),
    ("phrase with options", [phrase("k", {"query": "a", "slop": 0})], {"k": "a"}, True),
    (
        "phrase before version 7",
        [{"meta": {}, "query": {"match": {"k": {"query": "a", "type": "phrase"}}}}],
        {"k": "a"},
        True,
    ),
    ("negated", [phrase("k", "a", negate=True)], {"k": "a"}, False),
    ("negated, and the field is missing", [phrase("l", "a", negate=True)], {"k": "x"}, True),
    ("switched off", [phrase("k", "a", disabled=True)], {"k": "x"}, True),
    ("two are and-ed", [phrase("k", "a"), phrase("l", "b")], {"k": "a"}, False),
    ("phrases", [should(A, B, minimum_should_match=1)], {"k": "x", "l": "b"}, True),
    ("phrases", [should(A, B, minimum_should_match=1)], {"k": "x", "l": "c"}, False),
    ("exists", [{"meta": {}, "query": {"exists": {"field": "l"}}}], {"k": "a", "l": ""}, True),
    ("exists", [{"meta": {}, "query": {"exists": {"field": "l"}}}], {"k": "a"}, False),
    ("exists, as it was before version 8", [{"meta": {}, "exists": {"field": "l"}}], {"k": "a"}, False),
    ("range", [{"meta": {}, "query": {"range": {"n": {"gte": 5, "lt": 9}}}}], {"k": "a", "n": 8}, True),
    ("range", [{"meta": {}, "query": {"range": {"n": {"gte": 5, "lt": 9}}}}], {"k": "a", "n": 9}, False),
    (
        "range, no one value within",
        [{"meta": {}, "query": {"range": {"n": {"gte": 5, "lt": 9}}}}],
        {"k": "a", "n": [1, 20]},
        False,
    ),
    (
        "range of dates",
        [
            {
                "meta": {},
                "query": {"range": {"day": {"format": "strict_date_optional_time", "gte": "2024-01-01T00:00:00.000Z"}}},
            }
        ],
        {"k": "a", "day": "2024-02-02"},
        True,
    ),
    ("wildcard", [{"query": {"wildcard": {"k": {"value": "C:\\\\?\\\\*"}}}}], {"k": "C:\\a\\b"}, True),
    ("wildcard minds case", [{"query": {"wildcard": {"k": "c:\\\\*"}}}], {"k": "C:\\a"}, False),
    (
        "wildcard in any case",
        [{"query": {"wildcard": {"k": {"value": "c:\\\\*", "case_insensitive": True}}}}],
        {"k": "C:\\a"},
        True,
    ),
    ("wildcard, exactly one", [{"query": {"wildcard": {"k": {"value": "a?"}}}}], {"k": "abc"}, False),
    ("wildcard with plain signs", [{"query": {"wildcard": {"k": {"value": "a\\*\\?"}}}}], {"k": "a*?"}, True),
    ("prefix", [{"query": {"prefix": {"k": {"value": "a*", "boost": 2}}}}], {"k": "a*b"}, True),
    ("term", [{"query": {"term": {"k": "a"}}}], {"k": "A"}, False),
    ("term in any case", [{"query": {"term": {"k": {"value": "a", "case_insensitive": True}}}}], {"k": "A"}, True),
    ("terms", [{"query": {"terms": {"k": ["a", "b"], "boost": 1}}}], {"k": "b"}, True),
    ("no terms", [{"query": {"terms": {"k": []}}}], {"k": "b"}, False),
    ("network", [{"query": {"term": {"ip": "10.0.0.0/8"}}}], {"k": "a", "ip": "10.1.1.1"}, True),
    ("a single clause for a list", [{"query": {"bool": {"must": A, "must_not": B}}}], {"k": "a", "l": "b"}, False),
    ("choices beside a filter do not count", [should(B, filter=[A])], {"k": "a"}, True),
    ("choices beside a filter that must", [should(B, filter=[A], minimum_should_match=1)], {"k": "a"}, False),
    ("all of the choices", [should(A, B, minimum_should_match="2")], {"k": "a"}, False),
    ("match_none", [{"query": {"match_none": {}}}], {"k": "a"}, False),
    (
        "one object",
        [
            {
                "query": {
                    "nested": {
                        "path": "o",
                        "score_mode": "avg",
                        "query": {"bool": {"filter": [{"term": {"o.a": "x"}}, {"term": {"o.b": "y"}}]}},
                    }
                }
            }
        ],
        {"k": "a", "o": [{"a": "x"}, {"b": "y"}]},
        False,
    ),
    ("Kibana asks inside nested objects by itself", [phrase("o.a", "x")], {"k": "a", "o": [{"a": "x"}]}, True),
    (
        "combined with or",
        [{"meta": {"type": "combined", "relation": "OR", "params": [phrase("k", "a"), phrase("l", "b", negate=True)]}}],
        {"k": "x", "l": "c"},
        True,
    ),
    (
        "combined with or, none of them",
        [{"meta": {"type": "combined", "relation": "OR", "params": [phrase("k", "a"), phrase("l", "b", negate=True)]}}],
        {"k": "x", "l": "b"},
        False,
    ),
    (
        "combined, negated as a whole",
        [
            {
                "meta": {
                    "type": "combined",
                    "relation": "AND",
                    "negate": True,
                    "params": [phrase("k", "a"), phrase("l", "b")],
                },
                "query": {},
            }
        ],
        {"k": "a", "l": "b"},
        False,
    ),
    (
        "combined, one part switched off",
        [
            {
                "meta": {
                    "type": "combined",
                    "relation": "AND",
                    "params": [phrase("k", "a"), phrase("l", "b", disabled=True)],
                }
            }
        ],
        {"k": "a"},
        True,
    ),
    (
        "combined, lists within",
        [
            {
                "meta": {
                    "type": "combined",
                    "relation": "OR",
                    "params": [[phrase("k", "a"), phrase("l", "b")], phrase("k", "z")],
                }
            }
        ],
        {"k": "a", "l": "c"},
        False,
    ),
    ("regexp", [{"query": {"regexp": {"k": "ab+.*"}}}], {"k": "abbc"}, True),
    ("regexp is of the whole value", [{"query": {"regexp": {"k": "ab+"}}}], {"k": "abbc"}, False),
    ("regexp minds case", [{"query": {"regexp": {"k": {"value": "ab.*"}}}}], {"k": "ABC"}, False),
    (
        "regexp without case",
        [{"query": {"regexp": {"k": {"value": "ab.*@", "flags": "NONE", "case_insensitive": True}}}}],
        {"k": "ABC@"},
        True,
    ),
]


@pytest.mark.parametrize(("name", "entries", "event", "expected"), CASES, ids=[name for name, *_ in CASES])
def test_filters_decide_as_kibana_sends_them(name: str, entries: list[Any], event: Any, expected: bool) -> None:
    """Expected verdicts are those of the clauses, as Elasticsearch documents them."""
    assert compile_rule(rule(*entries), schema=SCHEMA)(event) is expected


def test_every_recorded_query_means_what_the_engine_answered() -> None:
    """Clauses that an engine judged, read as a filter's: the formula gives its verdicts, or the clause is refused.

    ``case_insensitive`` folds ASCII letters only in the engine, so texts with other letters are left out of the count.
    """
    judged, wrong = 0, set()
    suites = [suite for name in ("dsl_forms", "engine_verdicts") for suite in ndjson(DATA / f"{name}.ndjson.gz")]
    for suite in suites:
        schema = Schema.from_mapping(suite.get("mapping_after", suite["mapping"]), settings=suite.get("settings"))
        texts = suite.get("docs_raw") or [json.dumps(each) for each in suite["docs"]]
        kept = [at for at, text in enumerate(texts) if at not in suite["refused"]]
        events = {at: read_json(texts[at]) for at in kept}
        for query in suite["queries"]:
            reader = DslReader(schema)
            formula = reader.clause(json_reader.read(Source(json.dumps(query["dsl"]))))
            if reader.found or query["q"] in OUT_OF_REACH or ("hits" not in query and _too_deep(query)):
                continue
            if "case_insensitive" in json.dumps(query["dsl"]):
                plain = query["q"].isascii() and "\\u" not in json.dumps(query["dsl"])
                kept_here = [at for at in kept if plain and json.dumps(events[at]).count("\\u") == 0]
            else:
                kept_here = kept
            try:
                test = compile_(formula, schema=schema)
            except TranslatorError:
                found: Any = "error"
            else:
                found = [at for at in kept_here if test(events[at])]
            hits = [at for at in query["hits"] if at in kept_here] if "hits" in query else "error"
            judged += 1
            if found != hits:
                wrong.add(query["q"])

    print(f"{judged} recorded clauses judged")
    assert judged > 4000
    assert wrong == set()


def _too_deep(query: Mapping[str, Any]) -> bool:
    """Elasticsearch takes 30 queries in one another; a filter may be deeper as long as it is not written so."""
    return json.dumps(query["dsl"]).count('"bool"') >= 29


@pytest.mark.parametrize(
    ("entry", "code", "at"),
    [
        ({"query": {"query_string": {"query": "a:b"}}}, Code.BAD_FILTER, '"query_string"'),
        ({"query": {"regexp": {"k": "a@"}}}, Code.BAD_FILTER, '"regexp"'),
        ({"query": {"regexp": {"t": "a.*"}}}, Code.BAD_FILTER, '"regexp"'),
        ({"query": {"regexp": {"k": "a["}}}, Code.BAD_FIELD_VALUE, '"regexp"'),
        ({"query": {"regexp": {"ip": "10.*"}}}, Code.BAD_FIELD_VALUE, '"regexp"'),
        ({"query": {"regexp": {"k": {"value": "a", "rewrites": 1}}}}, Code.BAD_FILTER, '"rewrites"'),
        ({"query": {"script": {"script": {"source": "1"}}}}, Code.BAD_FILTER, '"script"'),
        ({"script": {"script": {"source": "1"}}}, Code.BAD_FILTER, '"script"'),
        ({"query": {"geo_distance": {"distance": "1km"}}}, Code.BAD_FILTER, '"geo_distance"'),
        ({"query": {"bool": {"filter": [{"fuzzy": {"k": "a"}}]}}}, Code.BAD_FILTER, '"fuzzy"'),
        ({"query": {"match": {"k": {"query": "a", "fuzziness": 1}}}}, Code.BAD_FILTER, '"fuzziness"'),
        ({"query": {"match": {"k": {"query": "a b", "operator": "and"}}}}, Code.BAD_FILTER, '"match"'),
        ({"query": {"match_phrase": {"k": {"query": "a b", "slop": 2}}}}, Code.BAD_FILTER, '"match_phrase"'),
        ({"query": {"terms": {"k": {"index": "x", "id": "1", "path": "p"}}}}, Code.BAD_FILTER, '"terms"'),
        ({"query": {"range": {"day": {"gte": "01/02/2024", "format": "dd/MM/yyyy"}}}}, Code.BAD_FILTER, '"format"'),
        ({"query": {"range": {"n": {"gt": 1, "gte": 2}}}}, Code.BAD_FILTER, '"n"'),
        (
            {"query": {"bool": {"should": [A, A, B], "minimum_should_match": 2}}},
            Code.BAD_FILTER,
            '"minimum_should_match"',
        ),
        (
            {"query": {"bool": {"must_not": A, "adjust_pure_negative": False}}},
            Code.BAD_FILTER,
            '"adjust_pure_negative"',
        ),
        ({"query": {"term": {"k": None}}}, Code.BAD_FILTER, '"k"'),
        ({"query": {"term": {"k": "a", "l": "b"}}}, Code.BAD_FILTER, '"term"'),
        ({"query": {"term": {"k": "a"}, "exists": {"field": "k"}}}, Code.BAD_FILTER, '"query"'),
        ({"query": {"term": {"ip": {"value": "10.0.0.1", "case_insensitive": True}}}}, Code.BAD_FIELD_VALUE, '"term"'),
        ({"query": {"bool": {"filter": [{"term": {"o.a": "x"}}]}}}, Code.NESTED_OUTSIDE, '"o.a"'),
        ({"meta": {"negate": True}}, Code.BAD_FILTER, "{"),
        ({"meta": {"type": "combined", "relation": "XOR", "params": []}}, Code.BAD_FILTER, '"meta"'),
    ],
)
def test_what_no_formula_can_ask_is_refused_at_its_place(entry: Any, code: Code, at: str) -> None:
    (found,) = refused(entry)

    assert found.code is code
    assert found.hint
    assert found.source.text[found.span.start :].startswith(at)


def test_mistakes_of_the_query_and_of_all_filters_are_told_at_once() -> None:
    with pytest.raises(TranslatorError) as error:
        rule({"query": {"fuzzy": {}}}, {"query": {"script": {}}}, query="k:(").check(SCHEMA)

    assert [found.code for found in error.value.diagnostics] == [Code.SYNTAX, Code.BAD_FILTER, Code.BAD_FILTER]


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("C:\\\\*", ("C:\\", Wild.ANY)),
        ("a?", ("a", Wild.ONE)),
        ("\\*\\?\\a", ("*?a",)),
        ("a\\", ("a\\",)),
        ("**", (Wild.ANY, Wild.ANY)),
    ],
)
def test_a_pattern_is_read_as_the_wildcard_query_reads_it(text: str, shape: Any) -> None:
    assert wildcard.decode(text) == shape


def test_a_loss_points_into_the_filter() -> None:
    entries = [phrase("l", "b"), {"query": {"wildcard": {"k": {"value": "a?c*", "case_insensitive": True}}}}]
    artefact = convert(rule(*entries, query="k:a"), to="kql", schema=SCHEMA, allow=["mixed"])
    lost = {loss.code: (loss.source.text[loss.span.start : loss.span.end], loss.effect) for loss in artefact.losses}

    assert artefact.text == 'k:a and l:"b" and k:a*c*\n'
    assert lost == {Code.CASE: ('"a?c*"', Effect.NARROWER), Code.ONE_CHARACTER: ('"a?c*"', Effect.WIDER)}


def test_two_bounds_of_one_value_are_exact_in_dsl_and_a_loss_in_kql_and_sigma() -> None:
    """Two comparisons may be met by different values of a list; a range asks one value for both."""
    ranged = rule({"meta": {"negate": True}, "query": {"range": {"n": {"gte": 1, "lt": 5}}}}, query="k:a")

    dsl = convert(ranged, to="dsl", schema=SCHEMA)
    excluded = dsl.data["bool"]["filter"][1]["bool"]["must_not"]
    assert excluded["bool"]["should"] == [{"range": {"n": {"gte": 1, "lt": 5}}}]
    for target in ("kql", "sigma"):
        with pytest.raises(TranslatorError) as error:
            convert(ranged, to=target, schema=SCHEMA)
        assert [found.code for found in error.value.diagnostics] == [Code.TWO_BOUNDS]
        assert convert(ranged, to=target, schema=SCHEMA, allow=["narrower"]).losses[0].effect is Effect.NARROWER


@pytest.mark.parametrize(
    ("clause", "field", "code"),
    [
        ({"term": {"t": "Foo"}}, "t", Code.TEXT_COMPARED),
        ({"wildcard": {"t": "F*"}}, "t", Code.TEXT_COMPARED),
        ({"wildcard": {"new.field": "a b*"}}, "new.field", Code.SPLIT),
    ],
)
def test_a_clause_that_kql_would_ask_otherwise_is_a_loss_in_kql(clause: Any, field: str, code: Code) -> None:
    """KQL analyses what it looks for in a text, and splits a pattern at blanks on a field that Kibana does not know."""
    with pytest.raises(TranslatorError) as error:
        convert(rule({"query": clause}), to="kql", schema=SCHEMA)

    assert [found.code for found in error.value.diagnostics] == [code]
    assert field in error.value.diagnostics[0].message


def test_letters_that_elasticsearch_does_not_fold_are_said() -> None:
    checked = rule({"query": {"term": {"k": {"value": "Büro", "case_insensitive": True}}}}).check(SCHEMA)

    assert [note.code for note in checked.notes] == [Code.ASCII_FOLDING]


def test_fields_of_filters_that_the_schema_does_not_know_are_said_once() -> None:
    checked = rule(phrase("new.a", 1), phrase("new.b", 1), phrase("new.a", 2), query="new.b:1").check(SCHEMA)

    assert [(note.code, "new.a" in note.message, "new.b" in note.message) for note in checked.notes] == [
        (Code.UNKNOWN_FIELD, False, True),
        (Code.UNKNOWN_FIELD, True, False),
    ]


def test_the_whole_of_a_rule_is_its_query_and_what_stands_beside_it() -> None:
    read = rule(phrase("k", "a"), phrase("k", "off", disabled=True), {"query": {"exists": {"field": "l"}}}, query="n:1")
    first, _, rest = read.whole.text.partition("\n")
    beside, end = json.JSONDecoder().raw_decode(rest)

    assert first == "n:1"
    assert beside["query"] == {"match_phrase": {"k": "a"}}
    assert json.loads(rest[end:])["query"] == {"exists": {"field": "l"}}
    formula = read.check(SCHEMA).formula
    leaves = [node for node in logic.walk(formula) if not logic.children(node)]
    assert [read.whole.text[leaf.span.start : leaf.span.end] for leaf in leaves] == ["n:1", '"a"', '"l"']
    assert [read.source.text[span.start : span.end] for span in (read.whole.to_root(leaf.span) for leaf in leaves)] == [
        "n:1",
        '"a"',
        '"l"',
    ]


def test_a_query_that_asks_nothing_adds_nothing() -> None:
    assert rule(phrase("k", "a"), query="*:*").check(SCHEMA) == rule(phrase("k", "a"), query="").check(SCHEMA)
    assert filters.is_active(rule(phrase("k", "a")).filters[0])
