"""Generated documents of every shape, and questions that were asked Elasticsearch 8.19 one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.conftest import DATA, ndjson
from translator.dsl import judge
from translator.errors import TranslatorError
from translator.meaning import read_json
from translator.schema import Schema

SUITES = list(ndjson(DATA / "engine_shapes.ndjson.gz"))


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite["suite"])
def test_documents_of_every_shape_are_read_as_by_the_engine(suite: Mapping[str, Any]) -> None:
    """Dotted and nested keys, lists in lists, nulls, multi-fields, aliases, copies, nested in nested objects."""
    schema = Schema.from_mapping(suite["mapping"])
    events = [(at, read_json(json.dumps(each))) for at, each in enumerate(suite["docs"]) if at not in suite["refused"]]
    wrong = []
    for query in suite["queries"]:
        try:
            test = judge.compile_(query["dsl"], schema)
            answer: Any = [at for at, event in events if test(event)]
        except TranslatorError:
            answer = "error"
        if answer != query.get("hits", "error"):
            wrong.append((query, answer))

    assert wrong == []
