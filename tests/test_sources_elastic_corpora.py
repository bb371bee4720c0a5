"""Elastic's rules in TOML, JSON and AsciiDoc, which lie beside the repository: read or refused, and the facts agree."""

from __future__ import annotations

import json
import tarfile
import tomllib
import tracemalloc
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from tests.conftest import ndjson
from translator import filters, kql, rewrite, sources
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.needs import NewTerms, ThreatMatch, Threshold
from translator.pipeline import compile_rule
from translator.rule import Rule
from translator.schema import Schema
from translator.sources import Found

pytestmark = pytest.mark.shared

TOML = "elastic_rules_toml.tar.xz"
ASCIIDOC = "prebuilt_pages_asciidoc.tar.xz"
MARKDOWN = "prebuilt_pages_markdown.tar.xz"


@pytest.fixture(scope="module")
def rules(shared: Path) -> list[Found]:
    return list(sources.scan([shared / "corpus" / TOML]))


@pytest.fixture(scope="module")
def rows(shared: Path) -> dict[str, dict[str, Any]]:
    return {row["path"]: row for row in ndjson(shared / "corpus" / "elastic_kql_rules.ndjson.gz")}


def inner(rule: Rule) -> str:
    return rule.source.name.partition(f"{TOML}/")[2]


def read(found: list[Found]) -> list[Rule]:
    return [each for each in found if isinstance(each, Rule)]


def test_every_toml_file_is_read_or_refused_for_its_language(rules: list[Found]) -> None:
    types = Counter(rule.type for rule in read(rules))
    findings = [found for each in rules if isinstance(each, TranslatorError) for found in each.diagnostics]
    refused = Counter(found.message for found in findings)

    print(f"{len(rules)} TOML files: {len(read(rules))} read {dict(types)}, refused {dict(refused)}")
    assert len(rules) == 534
    assert types == {"query": 309, "new_terms": 154, "threshold": 18, "threat_match": 7}
    assert sum(refused.values()) == 46
    assert {found.code for found in findings} == {Code.OTHER_LANGUAGE}


def test_every_rule_equals_its_row_of_json(rules: list[Found], rows: dict[str, dict[str, Any]]) -> None:
    assert {inner(rule) for rule in read(rules)} == set(rows)
    for rule in read(rules):
        row = rows[inner(rule)]
        assert rule.query.text == row["query"]
        assert (rule.id, rule.title, rule.type) == (row["rule_id"], row["name"], row["type"])
        assert (rule.index, rule.severity, rule.risk_score) == (tuple(row["index"]), row["severity"], row["risk_score"])
        assert rule.tags == tuple(row["tags"])
        assert [_threat(each) for each in row["threat"] or []] == [
            (threat.id, threat.name, [part.id for part in threat.techniques]) for threat in rule.threats
        ]
        assert [each.value for each in rule.filters] == (row["filters"] or [])
        assert rule.deprecated == (row["metadata"]["maturity"] == "deprecated")
        assert rule.building_block == ("building_block_type" in row["rule"])
        assert rule.date == row["metadata"]["creation_date"].replace("/", "-")


def test_needs_are_kept_as_the_rows_say_them(rules: list[Found], rows: dict[str, dict[str, Any]]) -> None:
    counted: Counter[str] = Counter()
    for rule in read(rules):
        row = rows[inner(rule)]["rule"]
        for need in rule.needs:
            counted[need.kind] += 1
            match need.detail:
                case Threshold(fields, value, cardinality):
                    assert (list(fields), value) == (row["threshold"]["field"], row["threshold"]["value"])
                    assert [{"field": each.field, "value": each.value} for each in cardinality] == row["threshold"].get(
                        "cardinality", []
                    )
                case NewTerms(fields, since):
                    assert list(fields) == row["new_terms"]["value"]
                    assert since == row["new_terms"]["history_window_start"][0]["value"]
                case ThreatMatch(index, query, _, chosen, mapping, path):
                    assert query is not None
                    assert (list(index), query.text) == (row["threat_index"], row["threat_query"])
                    assert path == row["threat_indicator_path"]
                    assert [each.value for each in chosen] == row.get("threat_filters", [])
                    assert [[(each.field, each.indicator) for each in group] for group in mapping] == [
                        [(each["field"], each["value"]) for each in group["entries"]] for group in row["threat_mapping"]
                    ]
                case other:
                    pytest.fail(f"{rule.title} needs {other}")

    print(f"needs kept as data: {dict(counted)}")
    assert counted == {"new_terms": 154, "threshold": 18, "threat_match": 7}


def test_a_rule_is_the_same_from_toml_and_from_json(rules: list[Found], rows: dict[str, dict[str, Any]]) -> None:
    """White space around a text is no difference; dates and maturity stand in the TOML's metadata alone."""
    text = "".join(f"{json.dumps(_api(row['rule']))}\n" for row in rows.values())
    from_json = read(list(sources.scan([File("rules.ndjson", text.encode())])))
    by_id = {rule.id: rule for rule in from_json}

    assert len(from_json) == 488
    for rule in read(rules):
        other = by_id[rule.id]
        for name in (
            "title",
            "type",
            "description",
            "index",
            "severity",
            "risk_score",
            "interval",
            "look_back",
            "tags",
            "maximum_alerts",
            "references",
            "authors",
            "license",
            "guide",
            "setup",
            "false_positives",
            "threats",
            "building_block",
            "enabled",
            "suppression",
        ):
            assert getattr(rule, name) == getattr(other, name), name
        assert rule.query.text == other.query.text
        assert [need.message for need in rule.needs] == [need.message for need in other.needs]
        assert rule.check(Schema.default()).formula == other.check(Schema.default()).formula


def test_every_rule_with_filters_is_one_formula(rules: list[Found]) -> None:
    filtered = [rule for rule in read(rules) if rule.filters]
    count = sum(filters.is_active(each) for rule in filtered for each in rule.filters)
    for rule in read(rules):
        compile_rule(rule)

    print(f"{len(filtered)} rules with {count} filters are formulas; all {len(read(rules))} rules compile")
    assert (len(filtered), count) == (15, 37)


def test_formatting_changes_nothing_but_the_query(shared: Path) -> None:
    changed = 0
    with tarfile.open(shared / "corpus" / TOML) as archive:
        files = [File(member.name, archive.extractfile(member).read()) for member in archive if member.isfile()]
    for file in files:
        for rule in read(list(sources.scan([file], "toml"))):
            new = File(file.name, rewrite.formatted(file, [rule], 80))
            (again,) = sources.scan([new], "toml")
            assert isinstance(again, Rule)
            assert kql.parse(again.query) == kql.parse(rule.query)
            assert _around(file, rule) == _around(new, again)
            assert {**tomllib.loads(new.content.decode())["rule"], "query": 0} == {
                **tomllib.loads(file.content.decode())["rule"],
                "query": 0,
            }
            changed += new.content != file.content

    print(f"{changed} of 488 queries were not canonical and were written anew")
    assert changed > 400


def test_every_asciidoc_page_is_read_as_its_markdown_is_in_bounded_memory(shared: Path) -> None:
    facts = {
        PurePosixPath(rule.source.name).stem: _facts(rule)
        for rule in sources.scan([shared / "corpus" / MARKDOWN])
        if isinstance(rule, Rule)
    }
    counted: Counter[str] = Counter()
    tracemalloc.start()
    try:
        for each in sources.scan([shared / "corpus" / ASCIIDOC]):
            counted["pages"] += 1
            if isinstance(each, Rule):
                counted["read"] += 1
                counted["equal"] += facts[PurePosixPath(each.source.name).stem] == _facts(each)
            else:
                assert {found.code for found in each.diagnostics} == {Code.OTHER_LANGUAGE}
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    print(f"{dict(counted)} AsciiDoc pages, {peak / 2**20:.1f} MiB at most")
    assert counted == {"pages": 9254, "read": 3361, "equal": 3361}
    assert peak < 96 * 2**20  # 64 of them are what xz itself needs for an archive packed so tightly


@pytest.mark.parametrize("name", ["S01", "S02"])
def test_a_reported_export_decides_as_its_reporters_say(name: str, shared: Path) -> None:
    case = next(row for row in ndjson(shared / "field" / "cases.ndjson") if row["id"] == name)
    (rule,) = sources.read(shared / "field" / "files" / name / "export.ndjson")
    schema = Schema.from_yaml("".join(f"{field}: {type_}\n" for field, type_ in case["input"]["mapping"].items()))
    matches = compile_rule(rule, schema=schema)

    expected = case["expected"]
    assert [matches(event) for event in case["input"]["events"]] == expected.get("match", expected.get("match_base"))


def test_a_rule_in_toml_and_in_an_export_are_one(shared: Path) -> None:
    folder = shared / "field" / "files" / "S06"
    (toml,), (export,) = sources.read(folder / "a.toml"), sources.read(folder / "b.ndjson")

    assert (toml.id, toml.title, toml.severity) == (export.id, export.title, export.severity)
    assert toml.check(Schema.default()).formula == export.check(Schema.default()).formula


def test_an_export_with_broken_lines_gives_the_others(shared: Path) -> None:
    found = list(sources.scan([shared / "field" / "files" / "R02" / "broken.ndjson"]))
    errors = [each.diagnostics[0] for each in found if isinstance(each, TranslatorError)]

    assert [error.source.locate(error.span.start).line for error in errors] == [2, 4]
    assert any(rule.title == "Field saved object" for rule in read(found))


def _around(file: File, rule: Rule) -> tuple[str, str]:
    """The file's text before and after the string that holds the query."""
    text = file.decode().text
    literal = rule.query.literal  # type: ignore[attr-defined]
    return text[: literal.start], text[literal.end :]


def _threat(entry: dict[str, Any]) -> tuple[str, str, list[str]]:
    parts = [
        part["id"]
        for technique in entry.get("technique", [])
        for part in (technique, *technique.get("subtechnique", []))
    ]
    return entry["tactic"]["id"], entry["tactic"]["name"], parts


def _api(rule: dict[str, Any]) -> dict[str, Any]:
    """A row's rule as the API gives it: new terms have two keys of their own there."""
    new = rule.get("new_terms")
    if new is None:
        return rule
    return {
        **{key: value for key, value in rule.items() if key != "new_terms"},
        "new_terms_fields": new["value"],
        "history_window_start": new["history_window_start"][0]["value"],
    }


def _facts(rule: Rule) -> tuple[Any, ...]:
    return (
        rule.id,
        rule.title,
        rule.type,
        rule.status,
        rule.index,
        rule.severity,
        rule.risk_score,
        rule.interval,
        rule.look_back,
        rule.maximum_alerts,
        rule.references,
        rule.tags,
        rule.version,
        rule.license,
        rule.false_positives,
        rule.threats,
        rule.building_block,
        [need.kind for need in rule.needs],
        rule.query.text.split(),
    )
