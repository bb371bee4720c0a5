"""The portable profile: Sigma's field names, its manner, and every difference told.

What is expected here was written by hand, as an author of such rules would: by Sigma's taxonomy and SigmaHQ's habits.
"""

from __future__ import annotations

from typing import Any

import pytest

from translator import logic
from translator.artefact import Artefact
from translator.errors import Code, TranslatorError
from translator.ledger import Effect
from translator.pipeline import convert
from translator.rule import LogSource, Rule
from translator.schema import FieldRef, Type
from translator.sigma.portable import rewrite
from translator.source import Source

LINUX = "event.category:process and event.type:start and host.os.type:linux and "
WINDOWS = "event.category:process and event.type:start and host.os.type:windows and "
FILES = "event.category:file and host.os.type:macos and "
TRAIL = "event.dataset:aws.cloudtrail and "


def portable(query: str, *index: str, allow: tuple[str, ...] = ()) -> Artefact:
    source = Source(query)
    rule = Rule(id="12345678-1234-4234-8234-123456789012", title="x", query=source, source=source, index=index)
    return convert(rule, to="sigma", profile="portable", allow=allow)


def detection(artefact: Artefact) -> dict[str, Any]:
    return {name: value for name, value in artefact.data["detection"].items() if name != "condition"}


def told(artefact: Artefact, code: Code) -> list[str]:
    return [note.message for note in artefact.notes if note.code is code]


def refused(query: str, *index: str) -> set[tuple[Code, str]]:
    with pytest.raises(TranslatorError) as caught:
        portable(query, *index)
    return {(each.code, each.message) for each in caught.value.diagnostics}


#: (query, the selections). All that is only renamed, or said without letter case.
RENAMED = [
    (LINUX + "process.executable:/usr/bin/nc", {"Image": "/usr/bin/nc"}),
    (LINUX + "process.executable:(/tmp/* or /var/tmp/*)", {"Image|startswith": ["/tmp/", "/var/tmp/"]}),
    (WINDOWS + "process.command_line:*whoami*", {"CommandLine|contains": "whoami"}),
    (WINDOWS + "process.parent.executable:*\\\\cmd.exe", {"ParentImage|endswith": "\\cmd.exe"}),
    (WINDOWS + "process.pe.original_file_name:PsExec.c", {"OriginalFileName": "PsExec.c"}),
    (WINDOWS + "process.Ext.token.integrity_level_name:system", {"IntegrityLevel": "system"}),
    (WINDOWS + "process.executable.caseless:*\\\\cmd.exe", {"Image|endswith": "\\cmd.exe"}),
    (
        "event.category:registry and host.os.type:windows and registry.path:*\\\\Run\\\\*",
        {"TargetObject|contains": "\\Run\\\\"},
    ),
    (
        "event.category:network and host.os.type:windows and destination.ip:10.0.0.0/8 and destination.port:445",
        {"DestinationIp|cidr": "10.0.0.0/8", "DestinationPort": 445},
    ),
    (
        "event.code:4662 and winlog.event_data.AccessMask:0x100 and winlog.channel:Security",
        {"EventID": 4662, "AccessMask": "0x100"},
    ),
    (
        "winlog.channel:Security and event.action:(logged-in or reset-password)",
        {"EventID": [4624, 4724]},
    ),
    (
        "event.code:4624 and winlog.logon.type:(NewCredentials or Network) and winlog.channel:Security",
        {"EventID": 4624, "LogonType": [9, 3]},
    ),
    (
        TRAIL + "event.provider:iam.amazonaws.com and event.action:CreateUser",
        {"eventSource": "iam.amazonaws.com", "eventName": "CreateUser"},
    ),
    (
        TRAIL + "event.provider:iam.amazonaws.com and event.outcome:success",
        {"eventSource": "iam.amazonaws.com", "errorCode": None, "errorMessage": None},
    ),
    (
        TRAIL + "aws.cloudtrail.user_identity.session_context.session_issuer.type:Role",
        {"userIdentity.sessionContext.sessionIssuer.type": "Role"},
    ),
    (TRAIL + "aws.cloudtrail.flattened.request_parameters.roleName:x", {"requestParameters.roleName": "x"}),
    (
        "event.dataset:okta.system and okta.debug_context.debug_data.threat_suspected:true and event.outcome:failure",
        {"debugContext.debugData.threatSuspected": "true", "outcome.result": ["FAILURE", "DENY"]},
    ),
    (
        "event.dataset:azure.signinlogs and event.outcome:success and "
        "azure.signinlogs.properties.device_detail.trust_type:x",
        {"resultType": 0, "properties.deviceDetail.trustType": "x"},
    ),
    (
        "event.dataset:azure.auditlogs and event.outcome:Success and "
        "azure.auditlogs.properties.target_resources.*.type:x",
        {"properties.targetResources.type": "x", "properties.result": "Success"},
    ),
    (
        "event.dataset:o365.audit and event.provider:Exchange and event.action:New-InboxRule and o365.audit.UserType:2",
        {"Workload": "Exchange", "Operation": "New-InboxRule", "UserType": 2},
    ),
    (
        "event.dataset:gcp.audit and service.name:k8s.io and event.action:v*.pods.create",
        {"gcp.audit.service_name": "k8s.io", "gcp.audit.method_name": "v*.pods.create"},
    ),
    (
        "event.dataset:github.audit and event.action:git.clone and not user.name:*",
        {"action": "git.clone", "actor": None},
    ),
    (
        "event.dataset:kubernetes.audit_logs and kubernetes.audit.verb:create and user.name:x",
        {"verb": "create", "user.username": "x"},
    ),
    (
        "event.dataset:google_workspace.admin and event.provider:admin and event.action:DELETE_ROLE",
        {"eventService": "admin.googleapis.com", "eventName": "DELETE_ROLE"},
    ),
    (
        "event.dataset:network_traffic.flow and destination.port:53 and network.transport:udp",
        {"destination.port": 53, "network.transport": "udp"},
    ),
    ("event.module:auditd and event.action:loaded-kernel-module", {"type": "KERN_MODULE"}),
]


@pytest.mark.parametrize(("query", "selection"), RENAMED)
def test_fields_get_the_names_that_they_have_in_the_log(query: str, selection: dict[str, Any]):
    artefact = portable(query)

    assert detection(artefact) == {"selection": selection}
    assert artefact.data["detection"]["condition"] == "selection"
    assert {loss.code for loss in artefact.losses} <= {Code.CASE}


#: (query, the selections, the losses): what another field says only nearly.
APPROXIMATE = [
    (WINDOWS + "process.name:cmd.exe", {"Image|endswith": "\\cmd.exe"}, {(Code.FIELD_APPROXIMATE, Effect.MIXED)}),
    (
        LINUX + "process.name:(nc or ncat)",
        {"Image|endswith": ["/nc", "/ncat"]},
        {(Code.FIELD_APPROXIMATE, Effect.MIXED)},
    ),
    (LINUX + "process.name:python*", {"Image|contains": "/python"}, {(Code.FIELD_APPROXIMATE, Effect.MIXED)}),
    (LINUX + "process.name:*shell", {"Image|endswith": "shell"}, {(Code.FIELD_APPROXIMATE, Effect.MIXED)}),
    (
        WINDOWS + "process.args:(query and hklm*)",
        {"CommandLine|contains|all": ["query", "hklm"]},
        {(Code.FIELD_APPROXIMATE, Effect.WIDER)},
    ),
    (
        LINUX + 'process.args:(640 or "-c")',
        {"CommandLine|contains": ["640", " -c"]},
        {(Code.FIELD_APPROXIMATE, Effect.WIDER), (Code.FIELD_APPROXIMATE, Effect.MIXED)},
    ),
    (FILES + "file.extension:plist", {"TargetFilename|endswith": ".plist"}, {(Code.FIELD_APPROXIMATE, Effect.MIXED)}),
    (
        FILES + "file.directory:/Library/LaunchDaemons",
        {"TargetFilename|startswith": "/Library/LaunchDaemons/"},
        {(Code.FIELD_APPROXIMATE, Effect.WIDER)},
    ),
    (
        WINDOWS + "process.hash.md5:0123456789abcdef0123456789abcdef",
        {"Hashes|contains": "MD5=0123456789abcdef0123456789abcdef"},
        {(Code.FIELD_APPROXIMATE, Effect.NARROWER)},
    ),
    (LINUX + "user.id:0", {"User": "root"}, {(Code.FIELD_APPROXIMATE, Effect.MIXED)}),
    (WINDOWS + "user.name:root", {"User|endswith": "\\root"}, {(Code.FIELD_APPROXIMATE, Effect.MIXED)}),
    (
        TRAIL + "event.action:ConsoleLogin and event.outcome:success",
        {"eventName": "ConsoleLogin", "errorCode": None, "errorMessage": None},
        {(Code.FIELD_APPROXIMATE, Effect.WIDER)},
    ),
    (
        "event.category:network and host.os.type:linux and event.action:connection_attempted and destination.port:22",
        {"Initiated": "true", "DestinationPort": 22},
        {(Code.FIELD_APPROXIMATE, Effect.MIXED)},
    ),
]


@pytest.mark.parametrize(("query", "selection", "losses"), APPROXIMATE)
def test_what_another_field_says_only_nearly_is_a_loss(query: str, selection: dict[str, Any], losses: set):
    artefact = portable(query, allow=("L014",))

    assert detection(artefact) == {"selection": selection}
    assert {(loss.code, loss.effect) for loss in artefact.losses if loss.code is not Code.CASE} == losses
    assert {code for code, _ in refused(query)} == {Code.FIELD_APPROXIMATE}


def test_an_effect_turns_round_under_a_not():
    artefact = portable(f"{LINUX}process.args:foo and not process.args:bar", allow=("L014",))

    assert [(loss.code, loss.effect) for loss in artefact.losses] == [
        (Code.FIELD_APPROXIMATE, Effect.WIDER),
        (Code.CASE, Effect.WIDER),
        (Code.FIELD_APPROXIMATE, Effect.NARROWER),
        (Code.CASE, Effect.NARROWER),
    ]
    assert artefact.fidelity == "mixed"


def test_the_profile_accepts_letter_case_and_says_so():
    artefact = portable(f"{LINUX}process.executable:/usr/bin/nc")

    assert [(loss.code, loss.effect) for loss in artefact.losses] == [(Code.CASE, Effect.WIDER)]
    assert artefact.fidelity == "wider"


def test_a_value_without_letters_is_the_same_in_every_case():
    assert (
        portable("event.dataset:network_traffic.flow and destination.port:53 and network.vlan.id:12").fidelity
        == "exact"
    )
    assert portable(f"{WINDOWS}process.executable.caseless:cmd").fidelity == "exact"


#: (query, index, the conditions that are left out because the log source says them)
FOLDED = [
    (
        FILES + 'not event.type:"deletion" and file.path:/x',
        [],
        ["event.category:file", "host.os.type:macos", 'not event.type:"deletion"'],
    ),
    (
        LINUX + "event.action:(exec or exec_event) and process.executable:/x",
        [],
        ["event.category:process", "event.type:start", "host.os.type:linux", "event.action:(exec or exec_event)"],
    ),
    (
        LINUX + "not event.action:end and process.executable:/x",
        [],
        ["event.category:process", "event.type:start", "host.os.type:linux", "not event.action:end"],
    ),
    (
        "event.module:aws and data_stream.dataset:aws.cloudtrail and event.action:x",
        [],
        ["event.module:aws", "data_stream.dataset:aws.cloudtrail"],
    ),
    (
        "event.dataset:o365.audit and event.category:web and event.kind:event and event.action:x",
        [],
        ["event.dataset:o365.audit", "event.category:web", "event.kind:event"],
    ),
    (
        "(event.category:(network or network_traffic) or data_stream.dataset:network_traffic.flow) and source.port:1",
        ["packetbeat-*"],
        ["(event.category:(network or network_traffic) or data_stre..."],
    ),
    (
        "event.category:process and event.code:10 and winlog.event_data.TargetImage:x",
        ["winlogbeat-*", "logs-windows.sysmon_operational-*"],
        ["event.code:10"],
    ),
]


@pytest.mark.parametrize(("query", "index", "conditions"), FOLDED)
def test_what_the_log_source_says_is_left_out_and_listed(query: str, index: list[str], conditions: list[str]):
    artefact = portable(query, *index, allow=("L016",))

    folded = [message.split("`")[1] for message in told(artefact, Code.FOLDED)]
    assert folded == conditions
    assert len(artefact.data["detection"]["selection"]) == 1


#: Conditions that look like the log source's, and are not: each stays, is left out as a loss, or refuses the rule.
KEPT = [
    (f"{FILES}(event.type:deletion or file.path:/x)", Code.FIELD_UNMAPPED),
    (f"{FILES}event.type:change and file.path:/x", Code.CLASSIFICATION),
    (f"{FILES}not event.type:creation and file.path:/x", Code.CLASSIFICATION),
    (f"{FILES}event.action:rename and file.path:/x", Code.FIELD_UNMAPPED),
    (
        "event.category:process and event.type:start and host.os.type:(linux or macos) and process.executable:/x",
        Code.CLASSIFICATION,
    ),
    ("event.dataset:o365.audit and event.category:authentication and event.action:x", Code.CLASSIFICATION),
    ("event.dataset:(azure.signinlogs or azure.auditlogs) and event.action:x", Code.CLASSIFICATION),
    (f"{LINUX}process.executable:/x and not (event.type:start and process.pid:1)", Code.FIELD_UNMAPPED),
]


@pytest.mark.parametrize(("query", "code"), KEPT)
def test_what_the_log_source_does_not_say_is_no_folding(query: str, code: Code):
    assert {found for found, _ in refused(query)} == {code}


def test_a_classification_that_is_left_out_makes_the_rule_wider():
    artefact = portable(f"{FILES}event.type:change and file.path:/x", allow=("L016",))

    assert detection(artefact) == {"selection": {"TargetFilename": "/x"}}
    assert (Code.CLASSIFICATION, Effect.WIDER) in {(loss.code, loss.effect) for loss in artefact.losses}


def test_a_field_without_a_name_is_refused_by_its_own():
    query = f"{LINUX}process.executable:/x and not process.entry_leader.name:sshd"
    artefact = portable(query, allow=("L015",))

    assert refused(query) == {
        (
            Code.FIELD_UNMAPPED,
            "Sigma has no name for process.entry_leader.name in linux/process_creation; it keeps its own. (wider)",
        )
    }
    assert detection(artefact) == {
        "selection": {"Image": "/x"},
        "filter_main_sshd": {"process.entry_leader.name": "sshd"},
    }


def test_a_rule_that_does_not_tell_what_it_reads_is_refused():
    assert Code.LOG_SOURCE in {code for code, _ in refused("source.ip:10.0.0.1")}
    assert portable("source.ip:10.0.0.1", allow=("L015", "L017")).data["logsource"] == {"product": "elastic"}


def test_a_rule_that_is_no_more_than_its_log_source_is_refused():
    assert {code for code, _ in refused("event.dataset:okta.system")} == {Code.EVERYTHING}


def test_each_renaming_is_listed_once():
    artefact = portable(f"{LINUX}process.executable:(/a or /b) and not process.executable:/c")

    assert told(artefact, Code.RENAMED) == ["process.executable is called Image here."]


#: (query, detection): the manner of SigmaHQ's authors.
STYLE = [
    (
        FILES + "file.path:(/a/* or /b or /c)",
        {
            "selection_folder": {"TargetFilename|startswith": "/a/"},
            "selection_file": {"TargetFilename": ["/b", "/c"]},
            "condition": "1 of selection_*",
        },
    ),
    (
        LINUX + "process.parent.executable:/p and process.executable:(/a/* or *b or /c)",
        {
            "selection": {"ParentImage": "/p"},
            "selection_folder": {"Image|startswith": "/a/"},
            "selection_img": {"Image|endswith": "b"},
            "selection_img_exact": {"Image": "/c"},
            "condition": "selection and 1 of selection_*",
        },
    ),
    (
        WINDOWS + "process.command_line:(*a* and *b*) and not process.parent.executable:(setup or *y)",
        {
            "selection": {"CommandLine|contains|all": ["a", "b"]},
            "filter_main_setup": {"ParentImage": "setup"},
            "filter_main_parent": {"ParentImage|endswith": "y"},
            "condition": "selection and not 1 of filter_main_*",
        },
    ),
    (
        WINDOWS
        + "(process.executable:*a or process.pe.original_file_name:b) and "
        + "(process.command_line:*c* or process.parent.executable:d)",
        {
            "selection_img": [{"Image|endswith": "a"}, {"OriginalFileName": "b"}],
            "selection_cli": [{"CommandLine|contains": "c"}, {"ParentImage": "d"}],
            "condition": "all of selection_*",
        },
    ),
    (WINDOWS + "process.executable:(* and *a)", {"selection": {"Image|endswith": "a"}, "condition": "selection"}),
    (
        WINDOWS + "process.executable:(*\\\\Foo.exe or *\\\\foo.EXE)",
        {"selection": {"Image|endswith": "\\Foo.exe"}, "condition": "selection"},
    ),
    (
        "event.dataset:o365.audit and o365.audit.UserType:(0 or 2) and o365.audit.Target.Type:(1 and 2)",
        {
            "selection": {"UserType": [0, 2], "Target.Type": 1},
            "selection_target_type": {"Target.Type": 2},
            "condition": "selection and selection_target_type",
        },
    ),
    (
        "event.dataset:okta.system and not okta.actor.id:* and okta.actor.type:*",
        {"selection": {"actor.id": None, "actor.type|exists": True}, "condition": "selection"},
    ),
]


@pytest.mark.parametrize(("query", "expected"), STYLE)
def test_a_detection_is_arranged_as_a_careful_author_would(query: str, expected: dict[str, Any]):
    assert portable(query).data["detection"] == expected


def test_what_only_sigma_asks_goes_by_the_other_name_too():
    image, parent, title = (
        FieldRef(f"process.{name}", Type.KEYWORD) for name in ("executable", "parent.executable", "title")
    )
    asked = logic.And((logic.Regex(image, "a.*b"), logic.SameAs(image, parent), logic.Not(logic.Regex(title, "c"))))
    made = rewrite(asked, LogSource("process_creation", "linux"), Source(" "))

    assert [node.field.path for node in logic.walk(made.formula) if isinstance(node, logic.Regex | logic.SameAs)] == [
        "Image",
        "Image",
        "process.title",
    ]
    assert {(loss.code, loss.effect) for loss in made.losses} == {(Code.FIELD_UNMAPPED, Effect.WIDER)}


def test_processes_of_no_one_system_are_looked_for_with_both_separators():
    artefact = portable("event.category:process and event.type:start and process.name:nc", allow=("L014",))

    assert detection(artefact) == {"selection": {"Image|endswith": ["/nc", "\\nc"]}}
