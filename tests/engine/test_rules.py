"""The rules of `rules/` on a real engine: the Query DSL written for each gives the verdicts that its events expect."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.engine.comparison import spell
from tests.engine.mappings import mapping
from tests.engine.node import Node
from translator import rule_events
from translator.pipeline import convert
from translator.schema import Schema
from translator.sources import read

pytestmark = pytest.mark.engine

FOLDERS = sorted(path for path in (ROOT / "rules").iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_engine_gives_the_verdict_that_the_events_expect(folder: Path, node: Node) -> None:
    (rule,) = (rule for path in sorted(folder.glob("rule.*")) for rule in read(path))
    beside = rule_events.read(folder / "events.yaml")
    schema = beside.schema(Schema.default())
    formula = rule.check(schema).formula
    events = [each.event for each in beside.events]
    refused = node.index(folder.name, mapping(schema, [formula], events), [spell(each) for each in events])
    hits = node.search(folder.name, convert(rule, to="dsl", schema=schema).data)

    assert refused == {}
    assert [each.name for at, each in enumerate(beside.events) if (at in hits) is not each.expected] == []
