"""The recorded answers are still the engine's: mapping, documents and queries of each suite are asked again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import DATA, ndjson
from tests.engine.jars import Engine
from tests.engine.node import Node, Refusal

pytestmark = pytest.mark.engine

SUITES = [suite for name in ("engine_verdicts", "dsl_forms") for suite in ndjson(DATA / f"{name}.ndjson.gz")]
ASKED = [suite for suite in SUITES if suite["judge"] == Engine.ELASTICSEARCH]
#: OpenSearch is asked only about types that Elasticsearch's server alone does not have.
ASKED_ELSEWHERE = [
    suite
    for suite in SUITES
    if suite["judge"] == Engine.OPENSEARCH and suite["topic"].startswith(("constant_keyword", "match_only_text"))
]


def said(suite: Mapping[str, Any]) -> str:
    return f"{suite['suite']} {suite['topic']}"


def confirm(node: Node, suite: Mapping[str, Any]) -> None:
    texts = suite.get("docs_raw") or [json.dumps(each) for each in suite["docs"]]
    refused = node.index(suite["suite"], suite["mapping"], texts, suite.get("settings"))
    answers = node.search_all(suite["suite"], [query["dsl"] for query in suite["queries"]])
    node.drop(suite["suite"])
    other = []
    for query, answer in zip(suite["queries"], answers, strict=True):
        now = "error" if isinstance(answer, Refusal) else sorted(answer)
        if now != query.get("hits", "error"):
            other.append((query["q"], now))

    assert sorted(refused) == suite["refused"]
    assert other == []


@pytest.mark.parametrize("suite", ASKED, ids=said)
def test_elasticsearch_confirms_what_was_recorded(suite: Mapping[str, Any], node: Node) -> None:
    confirm(node, suite)


@pytest.mark.parametrize("suite", ASKED_ELSEWHERE, ids=said)
def test_opensearch_confirms_what_was_recorded(suite: Mapping[str, Any], opensearch: Node) -> None:
    confirm(opensearch, suite)
