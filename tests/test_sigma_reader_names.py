"""A Sigma rule's fields by Elastic's names: expected names are those of ECS, of Winlogbeat and of the integrations."""

from __future__ import annotations

from typing import Any

import pytest

from translator.backends import backends
from translator.errors import Code, TranslatorError
from translator.ledger import Effect
from translator.logic import walk
from translator.pipeline import compile_rule, convert
from translator.rule import LogSource, Rule
from translator.schema import Schema
from translator.sigma.elastic_names import named
from translator.sources import read_text


def rule(item: str, log_source: str = "{category: process_creation, product: windows}", header: str = "") -> Rule:
    text = f"title: A rule\n{header}logsource: {log_source}\ndetection:\n    s:\n        {item}\n    condition: s\n"
    return read_text(text, "sigma", "rule.yml")[0]


def paths(made: Rule) -> list[str]:
    formula = made.check(Schema.default(), elastic_names=True).formula
    return [node.field.path for node in walk(formula) if hasattr(node, "field")]


PROCESS = LogSource("process_creation", "windows")
SECURITY = LogSource(None, "windows", "security")


@pytest.mark.parametrize(
    ("log_source", "name", "path"),
    [
        (PROCESS, "Image", "process.executable"),
        (PROCESS, "CommandLine", "process.command_line"),
        (PROCESS, "ParentImage", "process.parent.executable"),
        (PROCESS, "OriginalFileName", "process.pe.original_file_name"),
        (PROCESS, "EventID", "event.code"),
        (PROCESS, "LogonId", "winlog.event_data.LogonId"),
        (PROCESS, "Hashes", "winlog.event_data.Hashes"),
        (PROCESS, "process.name", None),
        (LogSource("process_creation", "linux"), "Image", "process.executable"),
        (LogSource("file_event", "windows"), "TargetFilename", "file.path"),
        (LogSource("registry_set", "windows"), "TargetObject", "registry.path"),
        (LogSource("network_connection", "windows"), "DestinationIp", "destination.ip"),
        (LogSource("dns_query", "windows"), "QueryName", "dns.question.name"),
        (LogSource("image_load", "windows"), "ImageLoaded", "dll.path"),
        (SECURITY, "SubjectUserName", "winlog.event_data.SubjectUserName"),
        (SECURITY, "Channel", "winlog.channel"),
        (LogSource("ps_script", "windows"), "ScriptBlockText", "powershell.file.script_block_text"),
        (LogSource(None, "aws", "cloudtrail"), "eventName", "event.action"),
        (LogSource(None, "aws", "cloudtrail"), "userIdentity.type", "aws.cloudtrail.user_identity.type"),
        (LogSource(None, "okta", "okta"), "eventType", "event.action"),
        (LogSource(None, "azure", "signinlogs"), "properties.conditionalAccessStatus",
         "azure.signinlogs.properties.conditional_access_status"),
        (LogSource("nothing_known"), "Image", None),
        (PROCESS, "", None),
    ],
)  # fmt: skip
def test_a_field_has_this_name(log_source: LogSource, name: str, path: str | None) -> None:
    found = named(log_source, name)

    assert (found.path if found else None) == path


def test_elastic_s_targets_get_elastic_s_names_and_the_others_the_rule_s_own() -> None:
    made = rule("Image|cased|endswith: '\\a.exe'")

    assert convert(made, to="kql").text == "process.executable:*\\\\a.exe\n"
    assert "process.executable" in convert(made, to="dsl").text
    assert "Image|endswith|cased" in convert(made, to="sigma").text
    assert "'Image'" in convert(made, to="matcher").text
    assert convert(made, to="kql", fields="none", schema=Schema.none()).text == "Image:*\\\\a.exe\n"
    assert "taxonomy: ecs" in convert(made, to="sigma", fields="ecs").text


def test_the_types_are_those_of_elastic_s_fields() -> None:
    """An address becomes a network, and a script's text is analysed: the same question, or a declared loss."""
    network = rule("DestinationIp|startswith: '10.'", "{category: network_connection, product: windows}")
    script = rule("ScriptBlockText|contains: 'two words'", "{category: ps_script, product: windows}")

    assert convert(network, to="kql").text == "destination.ip:10.0.0.0/8\n"
    with pytest.raises(TranslatorError) as caught:
        convert(script, to="dsl")
    assert [each.code for each in caught.value.diagnostics] == [Code.TOKENS]


def test_verdicts_are_about_events_in_elastic_s_names() -> None:
    """The same rule, with and without letter case, on a keyword."""
    folded, cased = rule("Image|endswith: '\\PowerShell.exe'"), rule("Image|cased|endswith: '\\PowerShell.exe'")
    events: list[dict[str, Any]] = [
        {"process": {"executable": "C:\\W\\powershell.exe"}},
        {"process": {"executable": "C:\\W\\PowerShell.exe"}},
    ]
    matches = {name: backends()[name].matches for name in ("dsl", "kql")}

    for made, expected in ((folded, [True, True]), (cased, [False, True])):
        test = compile_rule(made, fields="ecs")
        again = matches["dsl"](convert(made, to="dsl").text, Schema.default())  # type: ignore[misc]
        assert [test(event) for event in events] == expected
        assert [again(event) for event in events] == expected
    narrower = convert(folded, to="kql", allow=["L001"])
    again = matches["kql"](narrower.text, Schema.default())  # type: ignore[misc]
    assert (narrower.fidelity, [again(event) for event in events]) == ("narrower", [False, True])


def test_each_new_name_is_told_once() -> None:
    artefact = convert(rule("Image|cased: [a, b]\n        CommandLine|cased: c"), to="kql")

    assert [note.message for note in artefact.notes if note.code is Code.RENAMED] == [
        "Image is called process.executable by Elastic.",
        "CommandLine is called process.command_line by Elastic.",
    ]


@pytest.mark.parametrize(
    ("item", "code", "effect"),
    [
        ("CurrentDirectory|cased: a", Code.FIELD_APPROXIMATE, Effect.MIXED),
        ("CurrentDirectory|cased|neq: a", Code.FIELD_APPROXIMATE, Effect.MIXED),
    ],
)
def test_what_is_only_nearly_the_same_is_a_loss(item: str, code: Code, effect: Effect) -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(rule(item), to="kql")
    artefact = convert(rule(item), to="kql", allow=[str(code)])

    assert [each.code for each in caught.value.diagnostics] == [code]
    assert [loss.effect for loss in artefact.losses] == [effect]


@pytest.mark.parametrize(
    ("item", "effect"), [("ResultType|cased: a", Effect.NARROWER), ("ResultType|cased|neq: a", Effect.WIDER)]
)
def test_a_field_without_a_name_of_elastic_s_is_a_loss(item: str, effect: Effect) -> None:
    made = rule(item, "{product: azure, service: signinlogs}")
    artefact = convert(made, to="dsl", allow=["mixed"])

    assert [(loss.code, loss.effect) for loss in artefact.losses] == [(Code.FIELD_UNMAPPED, effect)]


@pytest.mark.parametrize("header", ["taxonomy: ecs\n", "taxonomy: ours\n"])
def test_a_rule_of_another_taxonomy_keeps_its_names(header: str) -> None:
    assert paths(rule("Image: a", header=header)) == ["Image"]
    assert paths(rule("Image: a", header="taxonomy: sigma\n")) == ["process.executable"]


def test_there_are_three_ways_to_call_fields() -> None:
    with pytest.raises(TranslatorError) as caught:
        convert(rule("Image: a"), to="kql", fields="splunk")

    assert [each.code for each in caught.value.diagnostics] == [Code.UNKNOWN_FIELDS]
