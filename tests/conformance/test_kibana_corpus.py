"""Kibana's answers for the rules people run, and every query of the corpus; the texts lie outside this repository."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.conftest import ndjson
from translator import kibana
from translator.dsl.emit import emit
from translator.errors import Code, TranslatorError
from translator.kql import check, parse, print_
from translator.schema import Schema
from translator.source import Source

pytestmark = pytest.mark.shared


def queries(shared: Path) -> dict[str, str]:
    return {row["rule_id"]: row["query"] for row in ndjson(shared / "corpus" / "elastic_kql_rules.ndjson.gz")}


def test_every_rule_becomes_kibanas_dsl(shared: Path) -> None:
    view = json.loads((shared / "conformance" / "data_view_rules.json").read_text())
    texts = queries(shared)
    answered = wrong = 0
    for row in ndjson(shared / "conformance" / "kibana_rule_dsl.ndjson.gz"):
        answered += 1
        wrong += kibana.to_elasticsearch_query(texts[row["rule_id"]], view) != row["dsl"]
        if "dsl_without_data_view" in row:
            wrong += kibana.to_elasticsearch_query(texts[row["rule_id"]]) != row["dsl_without_data_view"]
    print(f"{answered} rules asked of Kibana, {wrong} wrong")

    assert (answered, wrong) == (488, 0)


def test_every_rule_survives_formatting(shared: Path) -> None:
    schema = Schema.default()
    for text in queries(shared).values():
        query = parse(text)
        for width in (0, 40, 100):
            written = print_(query, width=width)
            assert parse(written) == query
            assert print_(parse(written), width=width) == written
            again = check(parse(written), schema, Source(written)).formula
            assert emit(again) == emit(check(query, schema, Source(text)).formula)


def test_every_query_of_the_corpus_is_read_or_refused_with_a_place(shared: Path) -> None:
    read = refused = 0
    codes: set[Code] = set()
    for row in ndjson(shared / "corpus" / "kql_queries.ndjson.gz"):
        try:
            query = parse(row["query"])
        except TranslatorError as error:
            refused += 1
            codes |= {each.code for each in error.diagnostics}
            continue
        read += 1
        assert parse(print_(query, width=80)) == query
    print(f"{read} queries read, {refused} refused")

    assert codes == {Code.SYNTAX}
    assert read + refused == 5639
