"""Targets that pySigma's backends write: what they are known to lose is said another way, or declared.

What each backend loses, and what its product makes of a query, is told by pySigma itself and by the products' own
documentation; `GAPS` holds the former against the backends that are installed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from translator.backends import _pysigma_plugins as plugins
from translator.backends import backend, backends, foreign
from translator.backends._pysigma_dialects import DIALECTS
from translator.cli import main
from translator.errors import Code, TranslatorError
from translator.pipeline import convert
from translator.schema import Schema
from translator.sources import read_text

pytest.importorskip("sigma.backends.splunk")
pytest.importorskip("sigma.backends.kusto")
pytest.importorskip("sigma.backends.loki")
pytest.importorskip("sigma.backends.opensearch")

#: `f` and `g` are keywords, `n` a number, `b` a truth value, `ip` an address.
SCHEMA = Schema.from_yaml(
    "f: keyword\ng: keyword\nn: long\nb: boolean\nip: ip\nmessage: text\nevent.type: keyword\na.b: ip\n"
)

RULE = """
title: Drawn
id: 4a1b7a3e-6a55-4d0e-9a40-0d2f6d0ffb41
logsource: {{category: process_creation, product: windows}}
detection:
  selection: {selection}
  condition: {condition}
"""


def query(text: str, target: str, **settings: Any) -> str:
    """The query alone, without the line that says what it is."""
    artefact = convert(text, to=target, schema=SCHEMA, **settings)
    data: str = artefact.data
    return data


def sigma(selection: str, target: str, condition: str = "selection", **settings: Any) -> str:
    (rule,) = read_text(RULE.format(selection=selection, condition=condition), format="sigma")
    data: str = convert(rule, to=target, schema=Schema.none(), **settings).data
    return data


def codes(text: str, target: str) -> set[tuple[Code, str]]:
    """What a query loses, all being allowed."""
    artefact = convert(text, to=target, schema=SCHEMA, allow=["mixed"])
    return {(loss.code, loss.effect.value) for loss in artefact.losses}


def converted(target: str, selection: Mapping[str, Any]) -> str | None:
    """What the backend itself makes of a selection; None where it refuses."""
    from sigma.collection import SigmaCollection

    row = DIALECTS[target]
    rule = {
        "title": "Gap",
        "logsource": {"category": "process_creation", "product": "windows"},
        "detection": {"selection": dict(selection), "condition": "selection"},
    }
    try:
        return str(plugins.load(row.module, row.plugin)().convert(SigmaCollection.from_dicts([rule])))
    except Exception:
        return None


#: Selections that mean different things, of which a backend makes one text or none. Where a gap closes, what goes round
#: it can go too.
GAPS = [
    *[
        (each, {"f|cased": ["Foo", "Bar"]}, {"f": ["Foo", "Bar"]})
        for each in ("eql", "esql", "kusto", "lucene", "opensearch", "splunk")
    ],
    *[(each, {"f|cased": "Foo"}, None) for each in ("esql", "kusto", "lucene", "opensearch", "splunk")],
    ("eql", {"f|exists": True}, None),
    ("splunk", {"f": "a?b"}, {"f": "a*b"}),
    ("loki", {"f": True}, None),
    ("duckdb", {"f|contains": "a_b"}, {"f": "*a?b*"}),
]


@pytest.mark.parametrize(("target", "one", "other"), GAPS)
def test_the_gaps_that_are_gone_round_are_still_there(
    target: str, one: Mapping[str, Any], other: Mapping[str, Any] | None
) -> None:
    assert converted(target, one) == (None if other is None else converted(target, other))


#: What a rule becomes where the backend alone would have lost something.
WORKED_ROUND = [
    # `==` minds case, `like~` would not.
    ("eql", "f:(Foo or Bar)", 'any where f == "Foo" or f == "Bar"'),
    # A missing field is asked for by an optional name; `exists` is not known.
    ("eql", "f:* and not g:*", "any where (?g == null) and ?f != null"),
    # `:` and `like~` take texts only.
    ("eql", "n:(4 or 5)", "any where (n >= 4 and n <= 4) or (n >= 5 and n <= 5)"),
    # EQL has no escape for a wildcard, but its expressions have.
    ("eql", 'f:"1*2"', 'any where f regex~ "1\\\\*2"'),
    # Lucene and ES|QL mind letter case on keywords, as KQL does, and know no modifier for it.
    ("lucene", "f:(Foo or foo)", "f:(Foo OR foo)"),
    ("esql", "f:(Foo or Bar)", 'f in ("Foo", "Bar")'),
    # Operators of Lucene's that are values.
    ("lucene", "f:(AND or OR or Foo)", "(f:/AND/ OR f:/OR/) OR f:Foo"),
    ("lucene", 'f:">10"', "f:/\\>10/"),
    # `a OR NOT b` is Lucene's `a and not b`; a group of its own is no such clause. And no `NOT NOT`.
    ("lucene", "f:x or not g:*", "f:x OR (NOT _exists_:g)"),
    ("lucene", "not (not f:*)", "_exists_:f"),
    ("splunk", "not (not f:*)", "f=*"),
    # Text is asked for its words, as Kibana asks.
    ("lucene", 'message:"quick Fox"', 'message:"quick Fox"'),
    # Three-valued logic: `not` at each leaf, true where the field is missing.
    ("esql", "not (f:x and g:y)", 'f is null or not f=="x" or g is null or not g=="y"'),
    ("duckdb", "not f:x", 'SELECT * FROM logs WHERE NOT "f" IS NOT NULL OR (NOT "f" GLOB \'x\')'),
    # Backslashes and stars in a `like` of ES|QL.
    ("esql", "f:*\\\\x*", 'f rlike ".*\\\\\\\\x.*"'),
    # Kusto's own operators mind no case; its expressions are not bound to the whole value.
    ("kusto", "f:Foo", 'f matches regex "(?s:^Foo$)"'),
    # A name of Loki's is a label, also before a network.
    ("loki", "a.b:10.0.0.0/8", 'a_b=ip("10.0.0.0/8")'),
    ("loki", "b:true and not f:*", "b=~`(?i)^true$` and f=``"),
    ("loki", 'f:"1*2"', "f=~`(?is:1\\*2)`"),
    # Underscores and quotes are characters, not wildcards nor ends.
    ("duckdb", "f:a_*", "SELECT * FROM logs WHERE \"f\" GLOB 'a_*'"),
    # Names that are more than a word, and names that are words of SQL.
    ("eql", "cs-method:GET", '`cs-method` == "GET"'),
    ("duckdb", "Group:x", "SELECT * FROM logs WHERE \"Group\" GLOB 'x'"),
    ("sqlite", "not f:x", "SELECT * FROM logs WHERE NOT COALESCE((f GLOB 'x'), 0)"),
]


@pytest.mark.parametrize(("target", "text", "expected"), WORKED_ROUND)
def test_a_loss_of_a_backends_is_gone_round(target: str, text: str, expected: str) -> None:
    artefact = convert(text, to=target, schema=SCHEMA)

    assert artefact.fidelity == "exact"
    assert artefact.data.endswith(expected), artefact.data


@pytest.mark.parametrize("target", ["esql", "eql"])
def test_a_line_end_in_an_expression_is_escaped_in_a_string(target: str) -> None:
    """Strings of both languages end with the line, and know ``\\n`` and ``\\r``."""
    text = "title: x\nlogsource:\n    product: x\ndetection:\n    s:\n        f|re: 'a\\s'\n    condition: s\n"
    (rule,) = read_text(text, format="sigma")
    artefact = convert(rule, to=target, allow=("mixed",))

    assert r"\n" in artefact.data
    assert not {"\n", "\r"} & set(artefact.data)


#: What no other wording helps against, with the effect on the rule.
DECLARED = [
    ("splunk", "f:Foo", {(Code.CASE, "wider")}),
    ("splunk", "not f:Foo", {(Code.CASE, "narrower")}),
    ("eql", "f:Foo*", {(Code.CASE, "wider")}),
    ("eql", "b:true", {(Code.TEXT_COMPARED, "mixed")}),
    ("kusto", "b:true", {(Code.TEXT_COMPARED, "mixed")}),
    ("splunk", 'f:"1*2"', {(Code.TEXT_COMPARED, "mixed")}),
    ("esql", "event.type:start", {(Code.LISTS, "narrower")}),
    ("esql", "not event.type:start", {(Code.LISTS, "narrower")}),
    ("lucene", "event.type:start", set()),
    # An address may be spelled otherwise; a text may begin like one and be none.
    ("sqlite", 'ip:"2001:db8::/32"', {(Code.TEXT_COMPARED, "mixed")}),
    ("duckdb", 'ip:"10.0.0.0/8"', {(Code.TEXT_COMPARED, "mixed")}),
    ("sqlite", "ip:10.0.0.1", {(Code.TEXT_COMPARED, "narrower")}),
    ("sqlite", "not ip:10.0.0.1", {(Code.TEXT_COMPARED, "wider")}),
    ("loki", 'f:""', {(Code.TEXT_COMPARED, "wider")}),
    ("open_search_ppl", "f:1\\\\2", {(Code.TEXT_COMPARED, "mixed")}),
    ("esql", "message:fox", {(Code.TOKENS, "mixed")}),
]


@pytest.mark.parametrize(("target", "text", "expected"), DECLARED)
def test_what_no_wording_helps_against_is_declared(target: str, text: str, expected: set[tuple[Code, str]]) -> None:
    assert codes(text, target) == expected


def test_a_loss_that_is_not_allowed_refuses_the_rule_at_its_place() -> None:
    with pytest.raises(TranslatorError) as caught:
        convert("g:1 and f:Foo", to="splunk", schema=SCHEMA)
    (found,) = caught.value.diagnostics

    assert found.code is Code.CASE
    assert found.source.text[found.span.start : found.span.end].endswith("Foo")


def test_letter_case_that_does_not_matter_is_written_out_or_declared() -> None:
    """Faithful: as an expression, which Lucene and ES|QL mind case in; portable: as a text, with the loss."""
    assert sigma("{f: aB}", "lucene") == "f:/[Aa][Bb]/"
    assert sigma("{f|contains: 'a.b'}", "esql").endswith('where f rlike ".*[Aa]\\\\.[Bb].*"')
    assert sigma("{f: aB}", "lucene", profile="portable") == "winlog.event_data.f:aB"
    assert sigma("{f: aB}", "splunk") == 'f="aB"'
    assert sigma("{f: aB}", "kusto") == 'f =~ "aB"'


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("lucene", "f:/(.*)?ab/"),
        ("kusto", 'f matches regex "ab$"'),
        ("loki", "f=~`.*(?:ab$).*`"),
        ("splunk", '*\n| regex f="ab$"'),
    ],
)
def test_an_expression_is_searched_for_whatever_the_engine_compares(target: str, expected: str) -> None:
    """Lucene and Loki compare an expression with the whole value; Kusto and Splunk search for it."""
    found = sigma("{f|re: 'ab$'}", target)

    assert found.endswith(expected) or found == "f:/.*ab/", found


def test_what_a_backend_or_a_pipeline_refuses_is_a_refusal_of_ours() -> None:
    refused = {
        "esql": lambda: sigma("['a', 'b']", "esql", allow=["mixed"]),  # NotImplementedError
        "lucene": lambda: sigma("{f|fieldref: g}", "lucene", allow=["mixed"]),  # SigmaFeatureNotSupportedByBackendError
        "kusto": lambda: query("f:x", "kusto", pipelines=["microsoft_xdr"]),  # SigmaTransformationError
    }
    for name, attempt in refused.items():
        with pytest.raises(TranslatorError) as caught:
            attempt()
        assert {each.code for each in caught.value.diagnostics} == {Code.TARGET_REFUSES}, name
        assert "Error" not in str(caught.value)


def test_a_name_that_a_backend_would_write_as_something_else_is_refused() -> None:
    """Kusto reads 'a.b' as a text, and a.b as a part of a."""
    with pytest.raises(TranslatorError) as caught:
        query("a.b:10.0.0.1", "kusto")

    assert {each.code for each in caught.value.diagnostics} == {Code.FIELD_NAME}
    assert query("a.b:10.0.0.1", "lucene") == "a.b:10.0.0.1"


def test_pipelines_are_used_by_name_and_by_file(tmp_path: Path) -> None:
    path = tmp_path / "names.yml"
    path.write_text(
        "name: names\npriority: 10\ntransformations:\n"
        "  - {id: names, type: field_name_mapping, mapping: {f: renamed}}\n",
        "utf-8",
    )

    assert query("f:x", "splunk", pipelines=[str(path)], allow=["L001"]) == 'renamed="x"'
    assert "process.executable" in sigma("{Image: x}", "lucene", pipelines=["ecs_windows"])
    with pytest.raises(TranslatorError) as caught:
        query("f:x", "lucene", pipelines=["ecs_window"])
    assert [each.code for each in caught.value.diagnostics] == [Code.UNKNOWN_PIPELINE]
    assert "ecs_windows" in str(caught.value)


def test_the_portable_profile_takes_the_pipeline_that_fits() -> None:
    (rule,) = read_text(RULE.format(selection="{Image|endswith: '\\x.exe'}", condition="selection"), format="sigma")

    assert "process.executable" in convert(rule, to="lucene", profile="portable").text
    assert convert(rule, to="microsoft365defender", profile="portable").data.startswith("DeviceProcessEvents")
    assert (
        'source="WinEventLog:' in convert(rule, to="splunk", profile="portable").text
        or "Image=" in convert(rule, to="splunk", profile="portable").text
    )


def test_an_artefact_says_whether_it_was_run() -> None:
    foreign_, own = convert("n:4", to="esql", schema=SCHEMA), convert("n:4", to="sqlite", schema=SCHEMA)

    assert (foreign_.verified, own.verified) == (False, True)
    assert Code.NOT_VERIFIED in {each.code for each in foreign_.notes}
    assert Code.NOT_VERIFIED not in {each.code for each in own.notes}
    assert foreign_.text.startswith("// ")
    assert "Not verified" in foreign_.text.splitlines()[0]
    assert own.text.startswith("-- ")
    assert "verified" not in own.text


def test_a_rule_s_index_patterns_are_asked() -> None:
    rule = RULE.format(selection="{n: 4}", condition="selection") + "elastic: {index: [logs-a-*, logs-b-*]}\n"
    (read,) = read_text(rule, format="sigma")

    assert "from logs-a-*,logs-b-* metadata" in convert(read, to="esql").text
    assert "index: logs-a-*,logs-b-*" in convert(read, to="elastalert").text


def test_a_siem_rule_is_an_elastic_rule_with_a_lucene_query() -> None:
    (rule,) = read_text(RULE.format(selection="{EventID: 4}", condition="selection"), format="sigma")
    said = json.loads(convert(rule, to="siem_rule").text)

    assert (said["language"], said["query"], said["type"]) == ("lucene", "event.code:4", "query")
    assert said["rule_id"] == rule.id
    assert json.loads(convert(rule, to="siem_rule", profile="portable").text)["query"] == said["query"]


def test_every_target_that_is_installed_is_listed() -> None:
    """By the names of the product; what has no row goes by pySigma's own."""
    assert {
        "duckdb",
        "elastalert",
        "eql",
        "esql",
        "kusto",
        "loki",
        "lucene",
        "microsoft365defender",
        "open_search_ppl",
        "opensearch",
        "siem_rule",
        "splunk",
        "splunk_spl2",
        "sqlite",
    } <= foreign().keys()
    assert not foreign().keys() & backends().keys()
    assert backend("kibana_kql") is None


def python(*arguments: str, path: Path) -> str:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(path), str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-P", *arguments],
        cwd=path,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


STRANGER = """
from sigma.conversion.base import TextQueryBackend
from sigma.conditions import ConditionAND, ConditionNOT, ConditionOR

class AcmeBackend(TextQueryBackend):
    name = "Acme"
    formats = {"default": "Acme"}
    precedence = (ConditionNOT, ConditionOR, ConditionAND)
    group_expression = "({expr})"
    and_token, or_token, not_token, eq_token = "&", "|", "!", "="
    str_quote, escape_char = '"', "\\\\"
    wildcard_multi, wildcard_single = "*", "*"
    field_exists_expression = "{field}=*"
    bool_values = {True: "1", False: "0"}

del TextQueryBackend
"""


def test_a_backend_that_nobody_knew_is_asked_what_it_can_say(tmp_path: Path) -> None:
    home = tmp_path / "sigma" / "backends" / "acme"
    home.mkdir(parents=True)
    (home / "__init__.py").write_text(STRANGER, "utf-8")
    program = """
import json
from translator.backends import foreign
from translator.pipeline import convert
made = [convert(text, to="acme", allow=["mixed"]) for text in ('x:12 and (y:1 or z:*)', 'x:Foo', 'not x:12')]
print(json.dumps(["acme" in foreign(), [each.text.strip() for each in made],
                  [sorted({loss.code.number for loss in each.losses}) for each in made]]))
"""
    listed, texts, lost = json.loads(python("-c", program, path=tmp_path))

    assert listed
    assert texts == ['x="12" & (y="1" | z=*)', 'x="Foo"', '(! x=*) | (! x="12")']
    assert lost == [[], ["L001"], []]


def test_nothing_of_pysigma_is_loaded_before_it_is_used(tmp_path: Path) -> None:
    program = """
import sys
from click.testing import CliRunner
from translator.cli import main
for arguments in (["--version"], ["--help"], ["targets"]):
    assert CliRunner().invoke(main, arguments).exit_code == 0, arguments
print([name for name in sys.modules if name.startswith("sigma.") and name != "sigma.backends"])
"""
    assert python("-c", program, path=tmp_path).strip() == "[]"


def test_the_command_line_takes_pipelines(tmp_path: Path) -> None:
    from click.testing import CliRunner

    path = tmp_path / "rule.yml"
    path.write_text(RULE.format(selection="{Image: x}", condition="selection"), "utf-8")
    done = CliRunner().invoke(main, ["convert", str(path), "--to", "lucene", "-p", "ecs_windows", "-q"])

    assert done.exit_code == 0, done.output
    assert "process.executable" in done.output


def test_the_page_of_targets_names_them_all() -> None:
    page = (ROOT / "docs" / "targets.md").read_text("utf-8")
    ours = {"dsl", "kql", "matcher", "sigma"}  # the README's

    assert [name for name in {**backends(), **foreign()} if name not in ours and f"`{name}`" not in page] == []
