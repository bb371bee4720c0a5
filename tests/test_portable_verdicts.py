"""A portable rule decides about a log's event as the rule decides about Elastic's form of it.

The names of the fields were written down here a second time, from Sigma's taxonomy and the logs' own documentation, so
that the tables are not their own judge. Events vary in what the rule asks; what the log source says stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from translator.backends import sigma
from translator.errors import Code
from translator.pipeline import compile_rule, convert
from translator.rule import Rule
from translator.schema import Schema
from translator.source import Source

#: What the names do not tell of their values.
TYPES = Schema.from_yaml("DestinationIp: ip\nsourceIPAddress: ip\n")

#: Elastic's name -> the log's.
SYSMON = {
    "process.executable": "Image",
    "process.command_line": "CommandLine",
    "process.parent.executable": "ParentImage",
    "process.parent.command_line": "ParentCommandLine",
    "process.pe.original_file_name": "OriginalFileName",
    "file.path": "TargetFilename",
    "destination.ip": "DestinationIp",
    "destination.port": "DestinationPort",
    "registry.path": "TargetObject",
}
SECURITY = {
    "event.code": "EventID",
    "winlog.event_data.ObjectName": "ObjectName",
    "winlog.event_data.AccessMask": "AccessMask",
}
CLOUDTRAIL = {
    "event.provider": "eventSource",
    "event.action": "eventName",
    "user_agent.original": "userAgent",
    "aws.cloudtrail.error_code": "errorCode",
    "aws.cloudtrail.user_identity.type": "userIdentity.type",
    "source.ip": "sourceIPAddress",
}
OKTA = {"event.action": "eventType", "okta.outcome.result": "outcome.result", "okta.actor.id": "actor.id"}
SIGN_IN = {
    "event.action": "operationName",
    "azure.signinlogs.properties.app_id": "properties.appId",
    "azure.signinlogs.properties.status.error_code": "properties.status.errorCode",
    "azure.signinlogs.properties.device_detail.operating_system": "properties.deviceDetail.operatingSystem",
}

_PROCESS = {"event.category": "process", "event.type": "start"}

#: (query, the log's names, what every event of the log source is, an event that matches, other values for its fields)
RULES: list[tuple[str, dict[str, str], dict[str, Any], dict[str, Any], list[Any]]] = [
    (
        "event.category:file and host.os.type:macos and not event.type:deletion and file.path:"
        "(/private/etc/periodic/* or /private/etc/defaults/periodic.conf or /private/etc/periodic.conf)",
        SYSMON,
        {"event.category": "file", "event.type": "creation", "host.os.type": "macos"},
        {"file.path": "/private/etc/periodic/daily/1"},
        [
            "/private/etc/periodic.conf",
            "/private/etc/periodic",
            "/private/etc/PERIODIC.conf.d",
            "/tmp/private/etc/periodic/x",
        ],
    ),
    (
        "event.category:process and event.type:start and host.os.type:windows and "
        "process.executable:*\\\\rundll32.exe and "
        "process.command_line:(*javascript* or *vbscript*) and "
        'not process.parent.executable:("C:\\\\a\\\\b.exe" or D\\:\\\\*)',
        SYSMON,
        {**_PROCESS, "host.os.type": "windows"},
        {
            "process.executable": "C:\\Windows\\rundll32.exe",
            "process.command_line": "rundll32 javascript:x",
            "process.parent.executable": "C:\\x.exe",
        },
        ["C:\\a\\b.exe", "D:\\setup.exe", "vbscript", "C:\\rundll32.exe", "D:\\rundll32.exe.txt", "rundll32.exe"],
    ),
    (
        "event.category:process and event.action:exec and host.os.type:linux and (process.executable:/tmp/* or "
        "(process.parent.executable:/usr/sbin/apache2 and process.command_line:*curl*))",
        SYSMON,
        {"event.category": "process", "event.type": "start", "event.action": "exec", "host.os.type": "linux"},
        {
            "process.executable": "/tmp/x",
            "process.parent.executable": "/usr/sbin/apache2",
            "process.command_line": "sh -c curl",
        },
        ["/usr/bin/curl", "/tmp", "/tmp/", "/usr/sbin/apache2"],
    ),
    (
        "event.category:network and host.os.type:windows and destination.port:(445 or 139) and "
        'destination.ip:(10.0.0.0/8 or "fe80::/10") and not process.executable:System',
        SYSMON,
        {"event.category": "network", "host.os.type": "windows"},
        {"destination.port": 445, "destination.ip": "10.1.2.3", "process.executable": "C:\\x.exe"},
        [139, 4450, "fe80::1", "11.1.2.3", "System"],
    ),
    (
        "winlog.channel:Security and event.code:(4656 or 4663) and winlog.event_data.ObjectName:*\\\\lsass.exe and "
        "not winlog.event_data.AccessMask:(0x1000 or 0x3000)",
        SECURITY,
        {"winlog.channel": "Security"},
        {
            "event.code": "4656",
            "winlog.event_data.ObjectName": "\\Device\\lsass.exe",
            "winlog.event_data.AccessMask": "0x10",
        },
        ["4663", "4624", "0x1000", "lsass.exe", "\\lsass.exe.bak"],
    ),
    (
        "data_stream.dataset:aws.cloudtrail and event.provider:iam.amazonaws.com and "
        "event.action:(CreateUser or AttachUser*) and "
        "event.outcome:success and not user_agent.original:*terraform*",
        CLOUDTRAIL,
        {"data_stream.dataset": "aws.cloudtrail"},
        {
            "event.provider": "iam.amazonaws.com",
            "event.action": "AttachUserPolicy",
            "user_agent.original": "aws-cli",
            "aws.cloudtrail.error_code": None,
        },
        ["CreateUser", "AttachUser", "CreateUsers", "aws terraform 1", "AccessDenied"],
    ),
    (
        "event.dataset:okta.system and event.action:user.session.start and not okta.actor.id:okta* and "
        "event.outcome:failure",
        OKTA,
        {"event.dataset": "okta.system"},
        {"event.action": "user.session.start", "okta.outcome.result": "FAILURE", "okta.actor.id": "00u1"},
        ["SUCCESS", "DENY", "CHALLENGE", "okta1", "user.session.end"],
    ),
    (
        "event.dataset:azure.signinlogs and event.category:authentication and azure.signinlogs.properties.app_id:* and "
        "azure.signinlogs.properties.device_detail.operating_system:(Ios* or *roid)",
        SIGN_IN,
        {"event.dataset": "azure.signinlogs", "event.category": "authentication"},
        {
            "event.action": "Sign-in activity",
            "azure.signinlogs.properties.app_id": "x",
            "azure.signinlogs.properties.device_detail.operating_system": "Ios 17",
        },
        ["Android", "Ios", "MacIos", ""],
    ),
]


def variants(matching: dict[str, Any], values: list[Any]) -> Iterator[dict[str, Any]]:
    """The event, without each of its fields, and with each other value in each field."""
    yield matching
    for field in matching:
        yield {name: value for name, value in matching.items() if name != field}
        for value in values:
            yield matching | {field: value}
    for first, second in zip(list(matching), list(matching)[1:], strict=False):
        for value in values:
            yield matching | {first: value, second: values[0]}


def elastics(event: dict[str, Any]) -> dict[str, Any]:
    """What Elastic's integrations derive, in the words of their documentation."""
    derived = dict(event)
    if event.get("data_stream.dataset") == "aws.cloudtrail":
        derived["event.outcome"] = "success" if event.get("aws.cloudtrail.error_code") is None else "failure"
    if event.get("event.dataset") == "okta.system":
        words = {"SUCCESS": "success", "ALLOW": "success", "FAILURE": "failure", "DENY": "failure"}
        derived["event.outcome"] = words.get(event.get("okta.outcome.result", ""), "unknown")
    return derived


@pytest.mark.parametrize(("query", "names", "always", "matching", "values"), RULES)
def test_the_log_and_elastics_form_of_it_get_one_verdict(
    query: str, names: dict[str, str], always: dict[str, Any], matching: dict[str, Any], values: list[Any]
):
    source = Source(query)
    rule = Rule(id="12345678-1234-4234-8234-123456789012", title="x", query=source, source=source)
    artefact = convert(rule, to="sigma", profile="portable")
    decide = compile_rule(rule)
    portable = sigma.matches(artefact.text, TYPES)
    verdicts = []
    for event in variants(matching, values):
        log = {names[name]: value for name, value in event.items()}
        verdicts.append((decide(elastics(always | event)), portable(log), event))

    assert {loss.code for loss in artefact.losses} <= {Code.CASE}
    assert [event for expected, found, event in verdicts if expected is not found] == []
    assert verdicts[0][0]
    assert len({expected for expected, _, _ in verdicts}) == 2


def test_letter_case_is_the_one_difference():
    query = "event.dataset:okta.system and event.action:user.session.start"
    artefact = convert(query, to="sigma", profile="portable")
    portable = sigma.matches(artefact.text, Schema.none())

    assert not compile_rule(query)({"event.dataset": "okta.system", "event.action": "User.Session.Start"})
    assert portable({"eventType": "User.Session.Start"})
    assert artefact.fidelity == "wider"
