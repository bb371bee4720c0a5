"""Which log source of Sigma's a rule reads, by what every event that matches must be."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.conftest import ndjson
from translator.errors import Code, Diagnostic
from translator.rule import LogSource, Rule
from translator.schema import Schema
from translator.sigma.log_source import infer
from translator.source import Source

SCHEMA = Schema.default()


def inferred(query: str, *index: str) -> tuple[str, tuple[Diagnostic, ...]]:
    source = Source(query)
    rule = Rule(id="x", title="x", query=source, source=source, index=index)
    found, notes = infer(rule, rule.check(SCHEMA).formula)
    return "/".join(part or "-" for part in (found.product, found.category, found.service)), notes


#: (query, indices, product/category/service as Sigma's taxonomy has them)
STANDARD = [
    (
        "event.category:file and host.os.type:macos and not event.type:deletion",
        ["logs-endpoint.events.*"],
        "macos/file_event/-",
    ),
    ("data_stream.dataset:aws.cloudtrail and event.action:x", [], "aws/-/cloudtrail"),
    (
        "event.dataset:(gsuite.admin or google_workspace.admin) and event.category:iam",
        ["filebeat-*"],
        "gcp/-/google_workspace.admin",
    ),
    ("event.dataset:azure.identity_protection and a:b", [], "azure/-/riskdetection"),
    ("event.dataset:o365.audit and event.category:web", [], "m365/-/audit"),
    ("a:b", ["logs-kubernetes.audit_logs-*"], "kubernetes/application/audit"),
    ("a:b", ["filebeat-*", "logs-system.auth-*"], "linux/-/auth"),
    ("a:b", ["logs-nginx.access-*", "logs-apache.access-*"], "-/webserver/-"),
    ("a:b", ["logs-system.security*", "logs-windows.forwarded*", "winlogbeat-*"], "windows/-/security"),
    ("a:b", ["remote:logs-okta.system-*"], "okta/-/okta"),
    ("event.category:process and event.type:start and host.os.type:linux", ["auditbeat-*"], "linux/process_creation/-"),
    ("event.category:process and event.type:end and host.os.type:windows", [], "windows/process_termination/-"),
    ("event.category:process and host.os.type:(linux or macos)", [], "-/process_creation/-"),
    (
        "event.category:process",
        ["winlogbeat-*", "logs-windows.*", "logs-endpoint.events.process-*"],
        "windows/process_creation/-",
    ),
    ("event.category:process", ["winlogbeat-*", "logs-windows.*", "auditbeat-*"], "-/process_creation/-"),
    ("event.category:file and event.type:deletion and host.os.type:windows", [], "windows/file_delete/-"),
    ("event.category:file and event.action:open and host.os.type:windows", [], "windows/file_access/-"),
    ("event.category:file and event.action:open and host.os.type:macos", [], "macos/file_event/-"),
    ("event.category:registry and a:b", [], "windows/registry_event/-"),
    ("event.category:library and host.os.type:windows", [], "windows/image_load/-"),
    ("event.category:driver", [], "windows/driver_load/-"),
    ("event.category:network and host.os.type:linux", [], "linux/network_connection/-"),
    ("event.category:(network or network_traffic) and a:b", ["packetbeat-*"], "-/network/connection"),
    ("data_stream.dataset:network_traffic.flow or event.category:network_traffic", [], "-/network/connection"),
    ("data_stream.dataset:endpoint.events.process and host.os.type:linux", [], "linux/process_creation/-"),
    ("host.os.type:linux and a:b", ["logs-endpoint.events.process*"], "linux/process_creation/-"),
    (
        "event.category:process and powershell.file.script_block_text:x",
        ["logs-windows.powershell*", "winlogbeat-*"],
        "windows/ps_script/-",
    ),
    (
        "event.category:process and event.code:10",
        ["winlogbeat-*", "logs-windows.sysmon_operational-*"],
        "windows/process_access/-",
    ),
    ("event.category:file and event.code:5145", ["logs-system.security-*"], "windows/-/security"),
    ("winlog.channel:Security and event.code:4624", ["winlogbeat-*"], "windows/-/security"),
    ("event.provider:Microsoft-Windows-Sysmon and event.code:(17 or 18)", ["winlogbeat-*"], "windows/pipe_created/-"),
    ("event.module:auditd and a:b", ["auditbeat-*"], "linux/-/auditd"),
]

#: The same, where Sigma's taxonomy has no name for the data or the rule tells too little, and a word of the note.
NOTED = [
    ("event.dataset:(azure.signinlogs or azure.auditlogs)", [], "azure/-/-", "several"),
    ("event.dataset:(okta.system or o365.audit)", [], "elastic/-/-", "share nothing"),
    ("data_stream.dataset:azure.platformlogs", [], "azure/-/platformlogs", "no log source"),
    ("data_stream.dataset:zoom.webhook", [], "zoom/-/webhook", "no log source"),
    ("data_stream.dataset:google_workspace.token", [], "gcp/-/google_workspace.token", "no log source"),
    ("data_stream.dataset:network_traffic.icmp", [], "-/network/icmp", "no log source"),
    ("kibana.alert.rule.name:*", [".alerts-security.*"], "elastic/-/alerts", "no log source"),
    ("event.kind:alert", ["logs-endpoint.alerts-*"], "elastic/-/alerts", "no log source"),
    ("processor.event:transaction", ["apm-*-transaction*", "traces-apm*"], "elastic/-/apm", "no log source"),
    ("event.category:network and host.os.type:macos", [], "macos/network_connection/-", "no log source"),
    ("a:b", ["logs-aws*"], "aws/-/-", "no more"),
    ("host.os.type:linux", ["auditbeat-*"], "linux/-/-", "no more"),
    ("event.category:process and event.type:change and host.os.type:linux", [], "linux/-/-", "no more"),
    ("a:b", [], "elastic/-/-", "Nothing"),
    ("a:b", ["logs-*"], "elastic/-/-", "Nothing"),
    ("data_stream.dataset:a* or b:c", [], "elastic/-/-", "Nothing"),
    ("data_stream.dataset:az*", [], "elastic/-/-", "Nothing"),
    ("*", [], "elastic/-/-", "Nothing"),
]

#: Conditions that do not hold for all matching events tell nothing.
UNTOLD = [
    "not event.dataset:aws.cloudtrail",
    "event.dataset:aws.cloudtrail or user.name:root",
    "not (event.category:process or host.os.type:linux)",
    "user.name:(event and dataset)",
    "event.dataset:*",
    "event.category:(process or file)",
]


@pytest.mark.parametrize(("query", "index", "expected"), STANDARD)
def test_a_log_source_of_the_taxonomy_is_told_without_a_note(query: str, index: list[str], expected: str):
    assert inferred(query, *index) == (expected, ())


@pytest.mark.parametrize(("query", "index", "expected", "word"), NOTED)
def test_what_the_taxonomy_does_not_name_is_said_with_a_note(query: str, index: list[str], expected: str, word: str):
    found, (note,) = inferred(query, *index)

    assert found == expected
    assert note.code is Code.LOGSOURCE_UNKNOWN
    assert word in note.message


@pytest.mark.parametrize("query", UNTOLD)
def test_only_what_every_matching_event_has_counts(query: str):
    found, (note,) = inferred(query)

    assert found == "elastic/-/-"
    assert note.message == "Nothing in the rule tells its log source."


def test_branches_that_agree_count():
    query = "(event.dataset:okta.system and a:b) or (c:d and not (e:f) and event.dataset:okta.system)"

    assert inferred(query) == ("okta/-/okta", ())


def test_the_note_points_at_the_data_set():
    query = "user.name:a and event.dataset:zoom.webhook"
    _, (note,) = inferred(query)

    assert query[note.span.start : note.span.end] == "event.dataset:zoom.webhook"


def test_many_branches_are_given_up_quickly():
    query = " and ".join(f"(event.action:a{n} or event.category:b{n})" for n in range(40))

    assert inferred(query)[0] == "elastic/-/-"
    assert inferred(f"{query} and event.dataset:okta.system") == ("okta/-/okta", ())


def test_a_sigma_rule_keeps_its_log_source():
    source = Source("event.category:process")
    rule = Rule(id="x", title="x", query=source, source=source, log_source=LogSource("webserver"))

    assert infer(rule, rule.check(SCHEMA).formula) == (LogSource("webserver"), ())


@pytest.mark.shared
def test_the_log_sources_that_were_measured_by_hand_are_found_again(shared: Path):
    """The table has a row for each kind of rule, told by its indices, category and operating system.

    It leaves some kinds open (``?``, ``MULTI``, nothing); only what it decides is compared.
    """
    rows: dict[str, list[dict[str, str]]] = {}
    with (shared / "reference" / "sigma_logsources.tsv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            rows.setdefault(row["index"], []).append(row)
    outcome: Counter[str] = Counter()
    for each in ndjson(shared / "corpus" / "elastic_kql_rules.ndjson.gz"):
        found, _ = inferred(each["query"], *each["index"] or ())
        assert found != "-/-/-"
        alike = rows["+".join(each["index"] or ())]
        alike = [
            row
            for row in alike
            if all(
                row[field] == "-" or all(value in each["query"] for value in row[field].split(","))
                for field in ("dataset", "event.category", "host.os.type")
            )
        ] or alike
        wanted = {
            "/".join(row[f"sigma {name}"].replace("*", "") or "-" for name in ("product", "category", "service"))
            for row in alike
        }
        if any("?" in name or name.startswith("MULTI") or name == "-/-/-" for name in wanted):
            outcome["left open"] += 1
        elif (
            found in wanted
            or found.replace("/network/", "/network/firewall/") in wanted
            or (found == "-/network/connection" and "-/network/firewall/connection" in wanted)
        ):
            outcome["same"] += 1
        else:
            outcome["other"] += 1
            print(f"{each['path']}: {wanted} in the table, {found} here")

    print(dict(outcome))
    assert outcome["same"] >= 430
    assert outcome["other"] <= 11
