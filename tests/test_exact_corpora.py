"""What is called exact is exact: artefacts of real rules, read back, on real events and on what lies close to them."""

from __future__ import annotations

import random
import tarfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ndjson
from tests.test_sigma_verdicts_corpora import flat, folds_otherwise
from translator.artefact import Artefact
from translator.backends import backends
from translator.errors import TranslatorError
from translator.files import File
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import read_text, scan
from translator.witness import witnesses

pytestmark = pytest.mark.shared

_Events = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def documents(shared: Path) -> list[dict[str, Any]]:
    """Every hundredth document and the first that each rule of Elastic's hits; every tenth near miss."""
    hits = ndjson(shared / "conformance" / "engine" / "rule_hits.ndjson.gz")
    chosen = {at for each in hits for at in each["hits"][:1]}
    documents = enumerate(ndjson(shared / "corpus" / "documents.ndjson.gz"))
    near = islice(ndjson(shared / "conformance" / "engine" / "near_misses.ndjson.gz"), 0, None, 10)
    found = [each for at, each in documents if at % 100 == 0 or at in chosen]
    return found + [each["event"] for each in near if "refused" not in each]


@pytest.fixture(scope="module")
def recorded(shared: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The events that SigmaHQ recorded for its rules, by Sigma's names and by Elastic's."""
    rows = list(ndjson(shared / "corpus" / "sigmahq_regression.ndjson.gz"))
    return (
        [flat(event) for row in rows for event in row["events_raw"]],
        [event for row in rows for event in row["events_ecs_derived"]],
    )


def exact(rule: Rule, targets: Sequence[str], schema: Schema, fields: str | None = None) -> Iterator[Artefact]:
    for target in targets:
        try:
            artefact = convert(rule, to=target, schema=schema, fields=fields)
        except TranslatorError:
            continue
        yield artefact


def differing(
    rule: Rule, made: Sequence[Artefact], events: _Events, schema: Schema, fields: str | None
) -> Counter[str]:
    """By target, how many events an artefact and its rule disagree about; ``*`` counts those that the rule matches."""
    test = compile_rule(rule, schema=schema, fields=fields)
    verdicts = [test(event) for event in events]
    found = Counter({"*": sum(verdicts)})
    for artefact in made:
        matches = backends()[artefact.target].matches
        assert matches is not None
        again = matches(artefact.text, schema)
        pairs = zip(events, verdicts, strict=True)
        found[artefact.target] += sum(
            again(event) is not verdict and not folds_otherwise(event) for event, verdict in pairs
        )
    return found


def test_what_is_exact_of_elastic_s_rules_gives_their_verdicts(
    shared: Path, documents: _Events, recorded: tuple[_Events, _Events]
) -> None:
    """Whole rules, with their filters and exceptions; the witnesses of every tenth beside."""
    schema = Schema.default()
    events = [*documents, *recorded[1]]
    with tarfile.open(shared / "corpus" / "elastic_rules_toml.tar.xz") as archive:
        files = [File(each.name, archive.extractfile(each).read()) for each in archive if each.isfile()]
    rules = [each for each in scan(files) if isinstance(each, Rule)]
    counts: Counter[str] = Counter()
    wrong: dict[tuple[str, str], int] = {}
    for number, rule in enumerate(rules):
        made = list(exact(rule, ["sigma", "dsl", "kql", "elastic_rule"], schema))
        beside = []
        if number % 10 == 0:
            formula = rule.check(schema).formula
            beside = [each.event for each in witnesses(formula, source=rule.whole, schema=schema).events]
        found = differing(rule, made, [*events, *beside], schema, None)
        counts.update(each.target for each in made)
        counts["matching"] += found.pop("*") > 0
        counts["verdicts"] += len(made) * (len(events) + len(beside))
        wrong |= {(rule.title, target): count for target, count in found.items() if count}
    print(dict(counts))

    assert len(rules) == 488
    assert counts["dsl"] == counts["elastic_rule"] == 488
    assert counts["kql"] >= 474
    assert counts["sigma"] >= 294
    assert counts["matching"] >= 400
    assert wrong == {}


@pytest.mark.parametrize("fields", ["none", "ecs"])
def test_what_is_exact_of_sigmahq_s_rules_gives_their_verdicts(
    shared: Path, documents: _Events, recorded: tuple[_Events, _Events], fields: str
) -> None:
    schema = Schema.default()
    events = [*documents, *recorded[fields == "ecs"]]
    rows = [each["yaml"] for each in ndjson(shared / "corpus" / "sigmahq_rules.ndjson.gz")]
    regression = [each["rule_yaml"] for each in ndjson(shared / "corpus" / "sigmahq_regression.ndjson.gz")]
    counts: Counter[str] = Counter()
    wrong: dict[tuple[str, str], int] = {}
    for number, text in enumerate([*random.Random(23).sample(rows, 200), *regression]):
        (rule,) = read_text(text, "sigma")
        made = list(exact(rule, ["dsl", "kql", "elastic_rule", "sigma"], schema, fields))
        if not made:
            counts["refused"] += 1
            continue
        beside = []
        if number % 10 == 0:
            formula = rule.check(schema, elastic_names=fields == "ecs").formula
            beside = [each.event for each in witnesses(formula, source=rule.whole, schema=schema).events]
        found = differing(rule, made, [*events, *beside], schema, fields)
        counts.update(each.target for each in made)
        counts["matching"] += found.pop("*") > 0
        counts["verdicts"] += len(made) * (len(events) + len(beside))
        wrong |= {(rule.title, target): count for target, count in found.items() if count}
    print(dict(counts))

    assert counts["dsl"] >= 240
    assert counts["matching"] >= 80
    assert wrong == {}
