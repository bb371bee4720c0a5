"""Real pages and rules, which lie beside the repository: everything is read or refused, and the facts agree."""

from __future__ import annotations

import tarfile
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ndjson
from translator import sources
from translator.errors import Code, TranslatorError
from translator.files import File
from translator.rule import Rule
from translator.sources import Found

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def pages(shared: Path) -> list[Found]:
    with tarfile.open(shared / "corpus" / "prebuilt_pages_markdown.tar.xz") as archive:
        files = [File(member.name, archive.extractfile(member).read()) for member in archive if member.isfile()]
    return list(sources.scan(files))


def test_every_page_is_read_or_refused_for_its_language(pages: list[Found]):
    read = [page for page in pages if isinstance(page, Rule)]
    refused = [page.diagnostics for page in pages if isinstance(page, TranslatorError)]

    types = Counter(rule.type for rule in read)
    said = Counter(found.message for findings in refused for found in findings)
    print(f"{len(pages)} pages: {len(read)} read {dict(types)}, {len(refused)} refused {dict(said)}")
    assert len(pages) == 9254
    assert {found.code for findings in refused for found in findings} == {Code.OTHER_LANGUAGE}
    assert types["threshold"] == 190
    assert types["new_terms"] == 127
    assert types["threat_match"] == 48
    assert sum(count for message, count in said.items() if "type eql" in message) == 5377
    assert sum(count for message, count in said.items() if "type machine_learning" in message) == 484
    assert len(read) + len(refused) == len(pages)


def test_every_page_that_is_read_says_what_all_pages_say(pages: list[Found]):
    for rule in (page for page in pages if isinstance(page, Rule)):
        assert rule.title
        assert rule.description
        assert rule.index
        assert rule.severity in ("low", "medium", "high", "critical")
        assert rule.risk_score in range(1, 100)
        assert rule.authors
        assert rule.license
        assert rule.tags
        assert rule.source.text.count(rule.query.text) >= 1
        assert all("://" in each for each in rule.references)
        assert all(threat.id.startswith("TA") and threat.name for threat in rule.threats)
        assert all(line and "\n" not in line for line in rule.false_positives)


def test_all_versions_of_a_page_have_one_id_and_no_two_pages_share_it(pages: list[Found]):
    slugs: dict[str, set[str]] = {}
    for rule in (page for page in pages if isinstance(page, Rule)):
        name = Path(rule.source.name).stem.split("-", 5)[5]
        slugs.setdefault(rule.id, set()).add(name)

    print(f"{len(slugs)} rules in all their versions")
    assert all(len(names) == 1 for names in slugs.values())


def test_pages_agree_with_the_rules_that_they_were_printed_from(pages: list[Found], shared: Path):
    """A page prints one version of a rule; where the query is still the same, most of the rest is too."""
    rules = {rule["name"]: rule for rule in ndjson(shared / "corpus" / "elastic_kql_rules.ndjson.gz")}
    newest: dict[str, Rule] = {}
    for page in pages:
        if isinstance(page, Rule) and page.title in rules and _same(page.query.text, rules[page.title]["query"]):
            newest[page.title] = max(newest.get(page.title, page), page, key=lambda each: int(each.version or 0))
    agreed: Counter[str] = Counter()
    for title, page in newest.items():
        rule = rules[title]["rule"]
        agreed.update(
            type=page.type == rule["type"],
            index=page.index == tuple(rule.get("index", ())),
            severity=page.severity == rule["severity"],
            risk_score=page.risk_score == rule["risk_score"],
            interval=page.interval == rule.get("interval", "5m"),
            look_back=page.look_back == rule.get("from"),
            references=page.references == tuple(rule.get("references", ())),
            authors=page.authors == tuple(rule["author"]),
            license=page.license == rule["license"],
            building_block=page.building_block == ("building_block_type" in rule),
            description=_same((page.description or "").replace("’", "'"), rule["description"]),
            threats=[_threat(each) for each in rule.get("threat", [])]
            == [(threat.id, threat.name, [each.id for each in threat.techniques]) for threat in page.threats],
        )

    print(f"{len(newest)} pages have the query of a rule; of these agree: {dict(agreed)}")
    assert len(newest) == 31
    assert all(agreed[name] == 31 for name in ("type", "authors", "license", "building_block"))
    assert min(agreed.values()) >= 20


def test_the_eight_real_pages_are_read(shared: Path):
    rules = {rule.title: rule for rule in sources.read(shared / "corpus" / "prebuilt_pages")}

    assert len(rules) == 8
    assert Counter(rule.type for rule in rules.values()) == {"query": 5, "threshold": 2, "new_terms": 1}
    assert all(bool(rule.needs) == (rule.type != "query") for rule in rules.values())


def test_every_sigmahq_rule_is_read(shared: Path):
    rules = ndjson(shared / "corpus" / "sigmahq_rules.ndjson.gz")
    found = list(sources.scan(File(rule["path"], rule["yaml"].encode()) for rule in rules))

    print(f"{len(found)} SigmaHQ rules read")
    assert len(found) == 2225
    assert all(isinstance(rule, Rule) and rule.log_source and rule.date and rule.authors for rule in found)
    assert sum(bool(rule.threats) for rule in found if isinstance(rule, Rule)) == 2223


def _same(left: str, right: str) -> bool:
    return left.split() == right.split()


def _threat(entry: dict) -> tuple[str, str, list[str]]:
    parts = [
        part["id"]
        for technique in entry.get("technique", [])
        for part in (technique, *technique.get("subtechnique", []))
    ]
    return entry["tactic"]["id"], entry["tactic"]["name"], parts
