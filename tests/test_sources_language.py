"""KQL told from its neighbours: only by what no author of KQL can mean."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from tests.conftest import ndjson
from translator import kql
from translator.errors import Code, TranslatorError
from translator.source import Source
from translator.sources import read_text
from translator.sources._language import demand_kql

#: Texts that look foreign and are KQL, as Kibana's grammar says.
KQL = [
    "a:1 AND NOT b:2 OR (c:3)",
    "process where true",
    "from home",
    "url.path:/api/*/users/",
    "file.path:(/home/*/.*/ssh or /opt/)",
    "process.args:(-t or --target* or +s)",
    "message:[brackets]",
    'message:"[1 TO 5]"',
    'message:"_exists_:a"',
    'query:"sequence by x [process where true]"',
    "to:a",
    "select * from x",
    "a~1",
    "C\\:/temp/[a-z]+",
]

OTHER = [
    ('process where process.name == "nc"', "EQL"),
    ('any where event.code : "1" and not user.id in ("0", "1")', "EQL"),
    ("sequence by host.id with maxspan=1m\n  [process where true]\n  [file where true]", "EQL"),
    ('FROM logs-* | WHERE user.name == "root" | STATS count = COUNT(*)', "ES|QL"),
    ('from logs-okta*\n| where event.action like "x*"', "ES|QL"),
    ("destination.port:[1 TO 1024]", "Lucene"),
    ("bytes:{100 TO *]", "Lucene"),
    ("a:b AND NOT _exists_:user.name", "Lucene"),
    ("dns.question.name:/[a-z]{12,}\\.example/", "Lucene"),
    ("url.full:/http:\\/\\/[0-9]{1,3}\\.x/", "Lucene"),
    ("user:(a || b) && c:d", "Lucene"),
    ("+a:b -c:d", "Lucene"),
    ("bytes:>100 AND a:b", "Lucene"),
    ('name:"john smith"~2 AND a:b', "Lucene"),
    ("SELECT count(*) FROM logs WHERE user = 'root'", "SQL"),
    ('{"query": {"match_all": {}}}', "JSON"),
    ("[rule]\nname = \"x\"\nquery = '''\na:b\n'''", "TOML"),
    ("title: x\nlogsource:\n  product: linux\ndetection:\n  a: b\n", "Sigma"),
]


@pytest.mark.parametrize("text", KQL)
def test_kql_that_looks_foreign_passes(text: str):
    demand_kql(Source(text))

    kql.parse(text)


@pytest.mark.parametrize(("text", "language"), OTHER)
def test_another_language_is_named(text: str, language: str):
    with pytest.raises(TranslatorError) as error:
        read_text(text, "kql", "rule.kql")

    (found,) = error.value.diagnostics
    assert found.code is Code.OTHER_LANGUAGE
    assert found.message == f"The query is written in {language}, not in KQL."
    assert found.hint


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("field:>5", "`field > 5`"),
        ("a:1 && b:2", "`and`"),
        ("a:1 || b:2", "`or`"),
        ("+a:1 -b:2", "`and not`"),
        ('name:"john smith"~2 AND a:b', "and` or `or`"),
        ("a:/x(y)+/", "regular expressions"),
    ],
)
def test_a_habit_of_lucene_is_told_what_to_write(text: str, advice: str):
    with pytest.raises(TranslatorError) as error:
        demand_kql(Source(text))

    assert advice in (error.value.diagnostics[0].hint or "")


def test_broken_kql_without_another_language_is_left_to_the_parser():
    (rule,) = read_text("a:(b or", "kql")

    assert rule.query.text == "a:(b or"


@pytest.mark.parametrize("part", ["a:[    ", "a:/", '"aa', "x:1 ", "a:{b TO", "\n"])
def test_a_long_text_is_judged_without_going_back_and_forth(part: str):
    text = part[:1] + part[1:] * 20_000
    with suppress(TranslatorError):
        demand_kql(Source(text))


@pytest.mark.shared
def test_no_query_that_people_wrote_in_kql_is_taken_for_another_language(shared: Path):
    passed = broken = named = 0
    for case in ndjson(shared / "corpus" / "kql_queries.ndjson.gz"):
        source = Source(case["query"])
        try:
            kql.parse(source)
        except TranslatorError:
            broken += 1
            try:
                demand_kql(source)
            except TranslatorError:
                named += 1
            continue
        demand_kql(source)
        passed += 1

    print(f"{passed} queries are KQL and pass; of {broken} others {named} are told to be in another language")
    assert passed > 5_000
    assert named > 30
