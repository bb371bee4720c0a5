"""The matcher against what Elasticsearch and OpenSearch answered: each recorded query that KQL can say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import DATA, ndjson
from translator import kql
from translator.backends import matcher
from translator.dsl.emit import Config, emit
from translator.errors import TranslatorError
from translator.logic import Formula
from translator.meaning import read_json
from translator.schema import Ask, Schema
from translator.source import Source

#: What an event does not carry.
OUT_OF_REACH = {"_seq_no:0", "_seq_no > 0"}

SUITES = list(ndjson(DATA / "engine_verdicts.ndjson.gz"))


def option(dsl: Any, name: str) -> Any:
    """The value of an option anywhere in a query."""
    inner = dsl.values() if isinstance(dsl, Mapping) else dsl if isinstance(dsl, list) else ()
    if isinstance(dsl, Mapping) and not isinstance(dsl.get(name), Mapping | None):
        return dsl[name]
    return next((found for each in inner if (found := option(each, name)) is not None), None)


def spellings(note: str) -> list[str]:
    """The KQL in the note that a recorded query carries: all of it, or all but a remark at its end."""
    return [note, re.sub(r" *\([^()]*\)$", "", note), re.sub(r" (qs|outside|ignore_unmapped)$", "", note)]


def said(query: Mapping[str, Any], schemas: list[Schema], config: Config) -> tuple[Source, Formula, Schema] | None:
    """The KQL that a recorded query came from, if it builds the same Query DSL."""
    for note in spellings(query["q"]):
        source = Source(note)
        for schema in schemas:
            try:
                formula = kql.check(kql.parse(source), schema, source).formula
            except TranslatorError:
                continue
            if emit(formula, config) == query["dsl"]:
                return source, formula, schema
    return None


def answers(suite: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Each query of a suite that KQL can say, what the matcher answers, what the engine did."""
    mapped = Schema.from_mapping(suite.get("mapping_after", suite["mapping"]), settings=suite.get("settings"))
    without_view = replace(mapped, fields={name: replace(each, ask=Ask.MATCH) for name, each in mapped.fields.items()})
    texts = suite.get("docs_raw") or [json.dumps(each) for each in suite["docs"]]
    events = [(at, read_json(text)) for at, text in enumerate(texts) if at not in suite["refused"]]
    for query in suite["queries"]:
        config = Config(
            time_zone=option(query["dsl"], "time_zone"),
            nested_ignore_unmapped=option(query["dsl"], "ignore_unmapped"),
            case_insensitive=option(query["dsl"], "case_insensitive"),
        )
        if (found := said(query, [mapped, without_view], config)) is None:
            continue
        source, formula, schema = found
        try:
            test = matcher.compile_(formula, source=source, schema=schema, config=config)
        except TranslatorError:
            yield query["q"], "error", query.get("hits", "error")
            continue
        yield query["q"], [at for at, event in events if test(event)], query.get("hits", "error")


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: f"{suite['suite']} {suite['topic']}")
def test_kql_is_answered_as_by_the_engine(suite: Mapping[str, Any]) -> None:
    wrong = [
        (query, ours, theirs) for query, ours, theirs in answers(suite) if ours != theirs and query not in OUT_OF_REACH
    ]

    assert wrong == []


def test_most_recorded_queries_are_kql() -> None:
    """The table above would be worth nothing if it asked little."""
    assert sum(1 for suite in SUITES for _ in answers(suite)) >= 3800
