"""What the fields of events on a host are called in Sigma's taxonomy, which has Sysmon's names for them."""

from __future__ import annotations

from collections.abc import Mapping

from translator.ledger import Effect
from translator.rule import LogSource
from translator.schema import Type
from translator.sigma.portable_names import How, Rename, Table, is_

_NOT_ITS_PATH = "a process's name is not always the last part of its path"
_ARGUMENT = "an argument may be part of another one"
_WHOLE_PATH = "Elastic keeps the parts of a path as fields of their own"
_NO_BACKSLASH = "Sysmon writes a folder with a backslash at its end"

_BACKSLASH = "\\"


def _name(of: str, why: str = _WHOLE_PATH, separator: str | None = None) -> Rename:
    return Rename(of, How.NAME, Effect.MIXED, why, mark=separator)


def _argument(of: str) -> Rename:
    return Rename(of, How.ARGUMENT, Effect.WIDER, _ARGUMENT)


def _hashes(prefix: str) -> dict[str, Rename]:
    return {
        f"{prefix}.{name}": Rename(
            "Hashes",
            How.HASH,
            Effect.NARROWER,
            "a log has the hashes that its collector was told to compute",
            mark=f"{name.upper()}=",
        )
        for name in ("md5", "sha1", "sha256", "imphash")
    }


def _process(prefix: str, image: str) -> dict[str, Rename]:
    return {f"{prefix}.executable": Rename(image), f"{prefix}.name": _name(image, _NOT_ITS_PATH)}


#: Who did it, in every event that Sysmon reports of a process.
_ACTOR: Table = {
    **_process("process", "Image"),
    "process.pid": Rename("ProcessId"),
    "process.entity_id": Rename("ProcessGuid", effect=Effect.MIXED, why="each collector makes these ids its own way"),
    "user.name": Rename("User"),
    "user.id": Rename(
        "User",
        How.VALUES,
        values={"0": (is_("User", "root"), Effect.MIXED)},
        why="a user of this number may have another name",
    ),
}

_PROCESS: Table = {
    **_ACTOR,
    **_process("process.parent", "ParentImage"),
    "process.command_line": Rename("CommandLine"),
    "process.args": _argument("CommandLine"),
    "process.parent.command_line": Rename("ParentCommandLine"),
    "process.parent.args": _argument("ParentCommandLine"),
    "process.parent.pid": Rename("ParentProcessId"),
    "process.parent.user.name": Rename("ParentUser"),
    "process.working_directory": Rename("CurrentDirectory"),
    "process.pe.original_file_name": Rename("OriginalFileName"),
    "process.pe.company": Rename("Company"),
    "process.pe.description": Rename("Description"),
    "process.pe.file_version": Rename("FileVersion"),
    "process.pe.product": Rename("Product"),
    "process.Ext.token.integrity_level_name": Rename("IntegrityLevel"),
    "winlog.event_data.IntegrityLevel": Rename("IntegrityLevel"),
    **_hashes("process.hash"),
    "process.pe.imphash": _hashes("process.pe")["process.pe.imphash"],
}

_FILE: Table = {
    **_ACTOR,
    "file.path": Rename("TargetFilename"),
    "file.name": _name("TargetFilename"),
    "file.extension": Rename("TargetFilename", How.EXTENSION, Effect.MIXED, _WHOLE_PATH),
    "file.directory": Rename(
        "TargetFilename", How.FOLDER, Effect.WIDER, "a folder's path begins those of folders in it too"
    ),
}

_CONNECTION: Table = {
    **_ACTOR,
    "source.ip": Rename("SourceIp"),
    "source.port": Rename("SourcePort"),
    "source.domain": Rename("SourceHostname"),
    "destination.ip": Rename("DestinationIp"),
    "destination.port": Rename("DestinationPort"),
    "destination.domain": Rename("DestinationHostname"),
    "network.transport": Rename("Protocol"),
    "network.direction": Rename(
        "Initiated",
        How.VALUES,
        why="Sysmon tells only who began the connection",
        values={
            **{word: (is_("Initiated", "true"), Effect.MIXED) for word in ("egress", "outbound")},
            **{word: (is_("Initiated", "false"), Effect.MIXED) for word in ("ingress", "inbound")},
        },
    ),
    "event.action": Rename(
        "Initiated",
        How.VALUES,
        why="Sysmon tells only who began the connection",
        values={
            "connection_attempted": (is_("Initiated", "true"), Effect.MIXED),
            "ipv4_connection_attempt_event": (is_("Initiated", "true"), Effect.MIXED),
            "connection_accepted": (is_("Initiated", "false"), Effect.MIXED),
            "ipv4_connection_accept_event": (is_("Initiated", "false"), Effect.MIXED),
        },
    ),
}

_DNS_QUERY: Table = {
    **_ACTOR,
    "dns.question.name": Rename("QueryName"),
    "dns.resolved_ip": Rename(
        "QueryResults", How.PART, Effect.WIDER, "Sysmon writes all answers into one text", Type.KEYWORD
    ),
    "dns.answers.data": Rename(
        "QueryResults", How.PART, Effect.WIDER, "Sysmon writes all answers into one text", Type.KEYWORD
    ),
}

_REGISTRY: Table = {
    **_ACTOR,
    "registry.path": Rename("TargetObject"),
    "registry.value": _name("TargetObject", separator=_BACKSLASH),
    "registry.key": Rename("TargetObject", How.PART, Effect.WIDER, _WHOLE_PATH),
    "registry.data.strings": Rename("Details", effect=Effect.MIXED, why="Sysmon writes all kinds of data as one text"),
}


def _module(prefix: str) -> dict[str, Rename]:
    return {
        f"{prefix}.path": Rename("ImageLoaded"),
        f"{prefix}.name": _name("ImageLoaded"),
        f"{prefix}.pe.original_file_name": Rename("OriginalFileName"),
        f"{prefix}.code_signature.subject_name": Rename("Signature"),
        f"{prefix}.code_signature.exists": Rename("Signed"),
        f"{prefix}.code_signature.trusted": Rename(
            "SignatureStatus",
            How.VALUES,
            values={
                "true": (is_("SignatureStatus", "Valid"), Effect.MIXED),
            },
            why="what is trusted depends on the machine that checks it",
        ),
        f"{prefix}.code_signature.status": Rename(
            "SignatureStatus", effect=Effect.MIXED, why="Sysmon's words differ from Elastic's"
        ),
        **_hashes(f"{prefix}.hash"),
    }


_LOADED: Table = {**_ACTOR, **_module("dll")}

_DRIVER: Table = {**_module("driver"), **_module("dll"), **_module("file")}

#: What all logs of Windows share. The fields of an event that no field of ECS holds keep their names.
_WINDOWS: Table = {
    "winlog.event_data.*": Rename(""),
    "event.code": Rename("EventID", type=Type.LONG),
    "winlog.event_id": Rename("EventID", type=Type.LONG),
    "event.provider": Rename("Provider_Name"),
    "winlog.provider_name": Rename("Provider_Name"),
    "winlog.channel": Rename("Channel"),
    "winlog.computer_name": Rename("Computer"),
    "winlog.user.identifier": Rename("Security_UserID"),
}

#: Windows puts the domain before a user's name.
_WINDOWS_USER: Table = {
    "user.name": _name("User", "Sigma's name of a user has the domain before it", _BACKSLASH),
    "user.id": Rename("User", How.VALUES, why="Sigma has a user's name, not the number"),
}

_WINDOWS_PROCESS: Table = {
    "process.working_directory": Rename("CurrentDirectory", effect=Effect.MIXED, why=_NO_BACKSLASH),
}

#: What Elastic calls the events of the Security log, and their numbers.
_SECURITY_EVENTS: Mapping[str, str] = {
    "added-computer-account": "4741",
    "added-group-account": "4727 4731 4754",
    "added-member-to-group": "4728 4732 4756",
    "added-user-account": "4720",
    "audit-log-cleared": "1102",
    "changed-audit-config": "4719",
    "changed-computer-account": "4742",
    "changed-password": "4723",
    "created-process": "4688",
    "credential-validated": "4776",
    "deleted-computer-account": "4743",
    "deleted-group-account": "4730 4734 4758",
    "deleted-user-account": "4726",
    "disabled-user-account": "4725",
    "domain-policy-changed": "4739",
    "domain-trust-added": "4706",
    "domain-trust-removed": "4707",
    "enabled-user-account": "4722",
    "exited-process": "4689",
    "group-membership-enumerated": "4798",
    "kerberos-authentication-ticket-requested": "4768",
    "kerberos-preauth-failed": "4771",
    "kerberos-service-ticket-renewed": "4770",
    "kerberos-service-ticket-requested": "4769",
    "locked-out-user-account": "4740",
    "logged-in": "4624",
    "logged-in-explicit": "4648",
    "logged-out": "4634",
    "logon-failed": "4625",
    "modified-group-account": "4735 4737 4755",
    "modified-user-account": "4738",
    "network-share-object-access-checked": "5145",
    "network-share-object-accessed": "5140",
    "permissions-changed": "4670",
    "privileged-operation": "4674",
    "privileged-service-called": "4673",
    "removed-member-from-group": "4729 4733 4757",
    "renamed-user-account": "4781",
    "reset-password": "4724",
    "scheduled-task-created": "4698",
    "service-installed": "4697",
    "session-disconnected": "4779",
    "session-reconnected": "4778",
    "unlocked-user-account": "4767",
    "user-member-enumerated": "4799",
}

_SECURITY: Table = {
    "event.action": Rename(
        "EventID",
        How.VALUES,
        values={action: (is_("EventID", *codes.split()), None) for action, codes in _SECURITY_EVENTS.items()},
    ),
    "source.ip": Rename("IpAddress"),
    "source.port": Rename("IpPort"),
    "source.domain": Rename("WorkstationName"),
    "winlog.logon.id": Rename("TargetLogonId", effect=Effect.MIXED, why="an event may name two logons"),
    "winlog.logon.type": Rename(
        "LogonType",
        How.VALUES,
        values={
            word.lower(): (is_("LogonType", number), None)
            for word, number in {
                "System": "0",
                "Interactive": "2",
                "Network": "3",
                "Batch": "4",
                "Service": "5",
                "Unlock": "7",
                "NetworkCleartext": "8",
                "Network Cleartext": "8",
                "NewCredentials": "9",
                "New Credentials": "9",
                "RemoteInteractive": "10",
                "Remote Interactive": "10",
                "CachedInteractive": "11",
                "Cached Interactive": "11",
            }.items()
        },
    ),
    "process.executable": Rename("ProcessName", effect=Effect.MIXED, why="some events have the path in another field"),
    "process.name": Rename("ProcessName", How.NAME, Effect.MIXED, "some events have the path in another field"),
    "user.name": Rename("SubjectUserName", effect=Effect.MIXED, why="an event may name two users"),
    "user.id": Rename("SubjectUserSid", effect=Effect.MIXED, why="an event may name two users"),
    "group.name": Rename("TargetUserName", effect=Effect.MIXED, why="the field holds users too"),
}

_SCRIPT: Table = {
    "powershell.file.script_block_text": Rename("ScriptBlockText"),
    "powershell.file.script_block_id": Rename("ScriptBlockId"),
    "powershell.sequence": Rename("MessageNumber"),
    "powershell.total": Rename("MessageTotal"),
    "file.path": Rename("Path"),
    "file.name": _name("Path"),
    "file.extension": Rename("Path", How.EXTENSION, Effect.MIXED, _WHOLE_PATH),
    "file.directory": Rename("Path", How.FOLDER, Effect.WIDER, "a folder's path begins those of folders in it too"),
    "user.id": Rename("Security_UserID"),
}

_TWO_PROCESSES: Table = {
    "process.executable": Rename("SourceImage"),
    "process.name": _name("SourceImage", _NOT_ITS_PATH),
    "process.pid": Rename("SourceProcessId"),
}

#: The actions that Linux's audit daemon is said to have seen, and the types of its records.
_AUDIT_TYPES: Mapping[str, str] = {
    "failed-log-in-too-many-times-to": "ANOM_LOGIN_FAILURES",
    "attempted-log-in-from-unusual-place-to": "ANOM_LOGIN_LOCATION",
    "opened-too-many-sessions-to": "ANOM_LOGIN_SESSIONS",
    "attempted-log-in-during-unusual-hour-to": "ANOM_LOGIN_TIME",
    "added-user-account": "ADD_USER",
    "deleted-user-account": "DEL_USER",
    "added-group-account-to": "ADD_GROUP",
    "deleted-group-account-from": "DEL_GROUP",
    "loaded-kernel-module": "KERN_MODULE",
}

_AUDITD: Table = {
    "auditd.data.*": Rename(""),
    "auditd.message_type": Rename("type"),
    "event.action": Rename(
        "type", How.VALUES, values={action: (is_("type", name), None) for action, name in _AUDIT_TYPES.items()}
    ),
    "process.executable": Rename("exe"),
    "process.name": Rename("comm"),
    "process.pid": Rename("pid"),
    "process.parent.pid": Rename("ppid"),
    "process.working_directory": Rename("cwd"),
    "file.path": Rename("name", effect=Effect.MIXED, why="one action may name several paths"),
    "user.id": Rename("uid"),
    "user.audit.id": Rename("auid"),
    "user.effective.id": Rename("euid"),
}

_WEB: Table = {
    "source.ip": Rename("c-ip"),
    "destination.ip": Rename("s-ip"),
    "destination.port": Rename("s-port"),
    "user.name": Rename("cs-username"),
    "http.request.method": Rename("cs-method"),
    "http.request.referrer": Rename("cs-referer"),
    "http.request.body.bytes": Rename("cs-bytes", effect=Effect.MIXED, why="web servers count the whole request"),
    "http.response.body.bytes": Rename("sc-bytes", effect=Effect.MIXED, why="web servers count the whole answer"),
    "http.response.status_code": Rename("sc-status"),
    "http.version": Rename("cs-version", effect=Effect.MIXED, why="web servers write HTTP/ before the version"),
    "url.original": Rename("cs-uri"),
    "url.path": Rename("cs-uri-stem"),
    "url.query": Rename("cs-uri-query"),
    "url.domain": Rename("cs-host"),
    "user_agent.original": Rename("cs-user-agent"),
}

_FILES = (
    "file_event",
    "file_delete",
    "file_rename",
    "file_access",
    "file_change",
    "file_delete_detected",
    "file_executable_detected",
    "file_block_executable",
    "file_block_shredding",
    "create_stream_hash",
)

#: Categories of Windows whose events Sysmon's kin may give the command lines too.
_WITH_COMMAND_LINES: Table = {
    name: row for name, row in _PROCESS.items() if row.name in ("CommandLine", "ParentCommandLine", "ParentImage")
}

_CATEGORIES: Mapping[str, Table] = {
    "process_creation": _PROCESS,
    "process_termination": _ACTOR,
    "process_tampering": _ACTOR,
    "pipe_created": {**_ACTOR, "file.name": _name("PipeName", separator=_BACKSLASH)},
    "raw_access_thread": _ACTOR,
    **dict.fromkeys(_FILES, _FILE),
    "network_connection": _CONNECTION,
    "dns_query": _DNS_QUERY,
    "registry_event": _REGISTRY,
    "registry_set": _REGISTRY,
    "registry_add": _REGISTRY,
    "registry_delete": _REGISTRY,
    "registry_rename": _REGISTRY,
    "image_load": _LOADED,
    "driver_load": _DRIVER,
    "create_remote_thread": _TWO_PROCESSES,
    "process_access": _TWO_PROCESSES,
    "ps_script": _SCRIPT,
    "webserver": _WEB,
}

#: General first; a later table knows better.
TABLES: tuple[tuple[LogSource, Table], ...] = (
    (LogSource(product="windows"), _WINDOWS),
    *(
        (LogSource(category, "windows"), _WITH_COMMAND_LINES)
        for category in ("file_event", "file_delete", "file_rename", "file_access")
    ),
    *((LogSource(category), table) for category, table in _CATEGORIES.items()),
    *(
        (LogSource(category, "windows"), _WINDOWS_USER)
        for category, table in _CATEGORIES.items()
        if "user.name" in table
    ),
    (LogSource("process_creation", "windows"), _WINDOWS_PROCESS),
    (LogSource(product="windows", service="security"), _SECURITY),
    (LogSource(product="linux", service="auditd"), _AUDITD),
)
