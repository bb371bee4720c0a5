"""The matcher on events of every shape, and what it refuses to compile."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import strategies
from translator import kql, logic
from translator.artefact import Options, Predicate
from translator.backends import matcher
from translator.errors import Code, TranslatorError
from translator.meaning import read_json
from translator.pipeline import convert
from translator.rule import query_rule
from translator.schema import FieldRef, Schema, Type, typed
from translator.source import Source
from translator.values import Wild

SCHEMA = Schema.from_mapping(
    {
        "properties": {
            "user": {"properties": {"name": {"type": "keyword"}}},
            "file": {"properties": {"path": {"type": "keyword", "fields": {"text": {"type": "text"}}}}},
            "process": {"properties": {"pid": {"type": "long"}}},
            "source": {"properties": {"ip": {"type": "ip"}}},
            "event": {"properties": {"type": {"type": "keyword"}}},
            "@timestamp": {"type": "date"},
            "labels": {"type": "flattened"},
            "flag": {"type": "boolean"},
            "score": {"type": "half_float"},
            "message": {"type": "text"},
            "parts": {"type": "nested", "properties": {"name": {"type": "keyword"}, "size": {"type": "integer"}}},
        }
    }
)


def compiled(query: str, schema: Schema = SCHEMA) -> Predicate:
    source = Source(query)
    return matcher.compile_(kql.check(kql.parse(source), schema, source).formula, source=source, schema=schema)


# Event shapes.


@pytest.mark.parametrize(
    ("query", "hits"),
    [
        ("user.name:root", [0, 1, 2, 3, 4, 5, 9]),
        ("user.name:*", [0, 1, 2, 3, 4, 5, 8, 9]),
        ("user:*", [0, 1, 2, 3, 4, 5, 8, 9]),
        ("not user.name:root", [6, 7, 8, 10, 11]),
        ('user.name:""', [8]),
        ("user.name:(root and alice)", [4]),
        ("user.name:*oo*", [0, 1, 2, 3, 4, 5, 9]),
    ],
)
def test_a_field_is_found_however_it_is_written(query: str, hits: list[int]) -> None:
    events: list[dict[str, Any]] = [
        {"user": {"name": "root"}},
        {"user.name": "root"},
        {"user": [{"name": "root"}, {"id": 1}]},
        {"user": {"name": [["root"]]}},
        {"user": {"name": "alice"}, "user.name": "root"},
        {"user": [[{"name": [None, "root"]}]]},
        {"user": {"name": None}},
        {"user": {"name": []}},
        {"user": {"name": ["", None]}},
        {"user": {"name": ("x", "root")}},
        {"user": "root"},
        {},
    ]

    assert [at for at, event in enumerate(events) if compiled(query)(event)] == hits


def test_numbers_of_json_text_keep_their_spelling() -> None:
    """What a keyword field holds of a number is its text in the document (section 7.1 of the reference)."""
    test = compiled("user.name:1.10")

    assert test(read_json(b'{"user": {"name": 1.10}}'))
    assert not test(read_json(b'{"user": {"name": 1.1}}'))


@pytest.mark.parametrize("wrap", [MappingProxyType, UserDict], ids=["proxy", "UserDict"])
def test_any_mapping_is_an_event(wrap: Any) -> None:
    event = wrap({"user": wrap({"name": wrap({"first": "x"})}), "event": wrap({"type": ["start"]})})

    assert compiled("event.type:start and not user.name:x")(event)
    assert compiled("start")(event)


ODD = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        strategies.texts,
        st.binary(max_size=3),
        st.sampled_from(
            [
                "\ud800",
                "10.0.0.1/8",
                "now",
                "2020-01-01",
                "1e400",
                "9" * 5000,
                -(10**400),
                Decimal("NaN"),
                Decimal(1),
                object(),
                {1},
                float("nan"),
                "x" * 40000,
                "NaN",
                "0x1p3",
                "9999-12-31T23:59:59.999999999+18:00",
                "-9999-01-01",
                "1" * 200,
                "::%" + "z" * 90,
            ]
        ),
        st.integers(4000, 6000).map(lambda digits: 10**digits),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.one_of(
                st.sampled_from(["name", "type", "pid", "ip", "gte", "a.b", "", ".", "user.name", "parts.name"]),
                st.integers(),
            ),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=6,
)
ODD_EVENTS = st.dictionaries(
    st.sampled_from(
        [
            "user",
            "user.name",
            "file",
            "file.path",
            "process",
            "process.pid",
            "source.ip",
            "source",
            "event",
            "@timestamp",
            "labels",
            "labels.a",
            "flag",
            "score",
            "message",
            "parts",
            "parts.name",
            "x",
            "",
        ]
    ),
    ODD,
    max_size=5,
)

EVERY_QUESTION = [
    compiled(query)
    for query in (
        "user.name:root",
        "user.name:r*t",
        "user.name > a",
        "file.path.text:a b",
        'file.path.text:"a b"',
        "file.path.text:a*",
        "process.pid >= 0",
        "process.pid:5",
        "source.ip:10.0.0.0/8",
        "source.ip > 10.0.0.1",
        "@timestamp >= now-1d",
        "@timestamp:2020",
        "labels:x",
        "labels.a:x",
        "labels.a:*x",
        "labels.a:*",
        "flag:true",
        "score < 0.1",
        "message:foo",
        'message:"foo bar"',
        "message:f*",
        "parts:{ name:a and size > 5 }",
        "not parts:{ *:* }",
        "foo",
        '"foo bar"',
        "*oo*",
        "*",
        "us*:*",
        "x:*",
        "x.y:1",
        "x > 5",
        "user:*",
        "message:* AND x",
    )
] + [compiled(query, Schema.none()) for query in ("x:1", "x:*", "x.y:{ z:1 }", "foo", "x*:y*", "x > 5")]


@given(ODD_EVENTS)
@settings(max_examples=300)
def test_no_event_makes_it_raise_or_changes(event: dict[str, Any]) -> None:
    before = shape(event)
    for test in EVERY_QUESTION:
        assert test(event) in (True, False)

    assert shape(event) == before


def shape(value: Any) -> Any:
    """What an event is made of: the keys, and which very object each value is."""
    if isinstance(value, dict):
        return [(key, shape(each)) for key, each in value.items()]
    return [shape(each) for each in value] if isinstance(value, list) else id(value)


def test_arrays_of_any_depth_cost_no_recursion() -> None:
    deep: Any = "root"
    for _ in range(100_000):
        deep = [deep]

    assert compiled("user.name:root")({"user": {"name": deep}})
    assert compiled("user.name:root")({"user": [[{"name": deep}]]})
    assert compiled("root")({"x": deep})


@given(strategies.rule_queries, strategies.events())
def test_not_is_the_exact_complement(query: str, event: dict[str, Any]) -> None:
    assert compiled(f"not ({query})")(event) is not compiled(query)(event)


def nested(event: Mapping[str, Any]) -> dict[str, Any]:
    """``event`` without a dot in a key."""
    made: dict[str, Any] = {}
    for key, value in event.items():
        *holders, last = key.split(".")
        here = made
        for holder in holders:
            here = here.setdefault(holder, {})
        here[last] = nested(value) if isinstance(value, dict) else value
    return made


def dotted(event: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """``event`` without an object in it."""
    made: dict[str, Any] = {}
    for key, value in event.items():
        made |= dotted(value, f"{prefix}{key}.") if isinstance(value, dict) and value else {f"{prefix}{key}": value}
    return made


@st.composite
def spelt(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """One event twice: with names of four parts cut at dots by chance, and without any dot."""
    names = ["a.b.c.d", "a.b.e", "a.f", "g", "a.b.h.i"]
    values = {name: draw(st.sampled_from(["x", "y", ["x", "z"], None, 1])) for name in names if draw(st.booleans())}
    made: dict[str, Any] = {}
    for name, value in values.items():
        here, rest = made, name
        while "." in rest and draw(st.booleans()):
            cut = draw(st.integers(1, rest.count(".")))
            parts = rest.split(".")
            key, rest = ".".join(parts[:cut]), ".".join(parts[cut:])
            here = here.setdefault(key, {})
        here[rest] = value
    return made, nested(values)


SPELT = [
    compiled(query, schema)
    for query in (
        "a.b.c.d:x",
        "a.b.e:x*",
        "a.f:*",
        "a.b:*",
        "a:*",
        "a.b.h.i:(x or y)",
        "a.b*:z",
        "x",
        "not a.b.c.d:*",
        "a.b.c.d >= y",
    )
    for schema in (
        Schema.none(),
        Schema.from_yaml("a.b.c.d: keyword\na.b.e: keyword\na.f: keyword\na.b.h.i: keyword\n"),
    )
]


@given(spelt())
def test_dotted_and_nested_spellings_give_one_verdict(both: tuple[dict[str, Any], dict[str, Any]]) -> None:
    cut, whole = both
    for test in SPELT:
        assert test(cut) is test(whole) is test(dotted(whole))


# Formulas.


def deep(levels: int) -> logic.Formula:
    """So many levels of `Not`, `And` and `Or` in one another."""
    formula: logic.Formula = logic.Equals(typed("user.name", Type.KEYWORD), "root")
    other = logic.Exists(typed("event.type", Type.KEYWORD))
    for level in range(levels):
        formula = [logic.Not(formula), logic.And((formula, logic.Not(other))), logic.Or((formula, other))][level % 3]
    return formula


def test_depth_costs_no_recursion() -> None:
    """The deepest rule there can be: 256 levels (contracts: Depth)."""
    formula = deep(256)
    written = matcher.emit(query_rule(Source("deep")), formula, Options(Schema.none())).text

    test = matcher.compile_(formula)
    again = matcher.matches(written, Schema.none())
    for event in ({"user": {"name": "root"}}, {}, {"event.type": "x"}):
        assert test(event) is again(event)


@given(strategies.rule_queries, strategies.events())
def test_a_written_module_gives_the_same_verdict(query: str, event: dict[str, Any]) -> None:
    text = convert(query, to="matcher", schema=SCHEMA).text

    assert matcher.matches(text, SCHEMA)(event) is compiled(query)(event)


@pytest.mark.parametrize(
    "query",
    [
        "foo",
        "us*:*",
        "user:*",
        "unknown.field:*",
        "parts:{ name:x and size >= 5 }",
        "labels.a:*x",
        "message:\"\\\\ \\\" '''\"",
        "user.name:\\u0041",
        "@timestamp >= now-1d/d",
        "us*.na*:*x",
        "*x* AND y",
        "not *",
    ],
)
def test_a_written_module_carries_what_its_question_needs(query: str) -> None:
    """A search without a field asks the schema for fields, so the module holds them."""
    text = convert(query, to="matcher", schema=SCHEMA).text
    events: list[dict[str, Any]] = [
        {},
        {"user.name": "foo x"},
        {"message": "foo"},
        {"parts": [{"name": "x", "size": 5}]},
        {"labels": {"b": "x"}},
        {"source.ip": "10.0.0.1"},
        {"unknown": {"field": {"z": 1}}},
    ]
    test, again = compiled(query), matcher.matches(text, Schema.none())

    assert [test(event) for event in events] == [again(event) for event in events]


def test_letter_case_of_sigma_folds_code_point_by_code_point() -> None:
    """Unicode's simple case folding (contracts: Case): no letter becomes two."""

    def test(value: str, event: str) -> bool:
        field = FieldRef("a")
        return matcher.compile_(logic.Equals(field, value, cased=False))({"a": event})

    assert test("STRASSE", "strasse")
    assert not test("strasse", "straße")
    assert test("ẞ", "ß")
    assert test("\u212a", "k")
    assert test("ΣΑΣ", "σας")
    assert not test("i", "İ")
    assert matcher.compile_(logic.Matches(FieldRef("a"), ("É", Wild.ONE, Wild.ANY), cased=False))({"a": "éxyz"})


# What Elasticsearch answers with an error.


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("source.ip:10.*", "source.ip:10.*"),
        ("source.ip:10.0.0.256", "source.ip:10.0.0.256"),
        ("source.ip > 10.0.0.0/8", "source.ip > 10.0.0.0/8"),
        ("process.pid:abc", "process.pid:abc"),
        ("process.pid:1*", "process.pid:1*"),
        ("user.name:root or flag:True", "flag:True"),
        ("labels.a > 5", "labels.a > 5"),
        ("user.name:null", "user.name:null"),
        ("unknown.field:null", "unknown.field:null"),
        ("@timestamp:2020*", "@timestamp:2020*"),
        ("@timestamp >= yesterday", "@timestamp >= yesterday"),
        ("null", "null"),
        ("null:{ a:1 }", "null:{ a:1 }"),
        ("other:{ a:1 }", "other:{ a:1 }"),
        ("_source:x", "_source:x"),
        ("message:x* AND", "message:x* AND"),
        ("process.pid > 99999999999999999999", "process.pid > 99999999999999999999"),
        ("parts:{ size:x }", "size:x"),
    ],
)
def test_what_elasticsearch_refuses_is_found_when_the_rule_is_compiled(query: str, place: str) -> None:
    with pytest.raises(TranslatorError) as caught:
        compiled(query)

    (found,) = caught.value.diagnostics
    assert found.code is Code.BAD_FIELD_VALUE
    assert query[found.span.start : found.span.end] == place
    assert found.hint


def test_a_pattern_that_reaches_elasticsearchs_own_fields_is_refused() -> None:
    """Without a data view Kibana sends the pattern as it is, and it names `_source`."""
    with pytest.raises(TranslatorError):
        compiled("**:*", Schema.none())


def test_a_value_longer_than_lucene_can_index_is_refused() -> None:
    """32,766 bytes are taken, one more is not (reference 7.10)."""
    assert not compiled(f"user.name:{'x' * 32_766}")({})
    with pytest.raises(TranslatorError):
        compiled(f"user.name:{'é' * 16_384}")


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(TranslatorError) as caught:
        compiled("source.ip:x and (process.pid:y or not flag:z)")

    assert len(caught.value.diagnostics) == 3


def test_lenient_searches_refuse_nothing() -> None:
    """``foo`` is no number and no address; a search without a field passes over fields that cannot hold it."""
    test = compiled("foo")

    assert test({"message": "a foo"})
    assert not test({"process": {"pid": 5}})
