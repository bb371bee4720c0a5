"""Facts that tie Elastic's data to the log sources of Sigma's taxonomy.

Elastic names a data set ``integration.stream``; its index is ``logs-integration.stream-namespace``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from translator.rule import LogSource

#: Data sets for which Sigma has a log source.
DATASETS: dict[str, LogSource] = {
    "aws.cloudtrail": LogSource(product="aws", service="cloudtrail"),
    "azure.activitylogs": LogSource(product="azure", service="activitylogs"),
    "azure.auditlogs": LogSource(product="azure", service="auditlogs"),
    "azure.identity_protection": LogSource(product="azure", service="riskdetection"),
    "azure.signinlogs": LogSource(product="azure", service="signinlogs"),
    "gcp.audit": LogSource(product="gcp", service="gcp.audit"),
    "googlecloud.audit": LogSource(product="gcp", service="gcp.audit"),
    "google_workspace.admin": LogSource(product="gcp", service="google_workspace.admin"),
    "google_workspace.login": LogSource(product="gcp", service="google_workspace.login"),
    "gsuite.admin": LogSource(product="gcp", service="google_workspace.admin"),
    "gsuite.login": LogSource(product="gcp", service="google_workspace.login"),
    "o365.audit": LogSource(product="m365", service="audit"),
    "okta.system": LogSource(product="okta", service="okta"),
    "github.audit": LogSource(product="github", service="audit"),
    "atlassian_bitbucket.audit": LogSource(product="bitbucket", service="audit"),
    "kubernetes.audit_logs": LogSource(category="application", product="kubernetes", service="audit"),
    "onelogin.events": LogSource(product="onelogin", service="onelogin.events"),
    "cisco_duo.auth": LogSource(product="cisco", service="duo"),
    "fortinet_fortigate.log": LogSource(product="fortigate", service="event"),
    "auditd.log": LogSource(product="linux", service="auditd"),
    "auditd_manager.auditd": LogSource(product="linux", service="auditd"),
    "system.auth": LogSource(product="linux", service="auth"),
    "system.syslog": LogSource(product="linux", service="syslog"),
    "system.application": LogSource(product="windows", service="application"),
    "system.security": LogSource(product="windows", service="security"),
    "system.system": LogSource(product="windows", service="system"),
    "windows.applocker_exe_and_dll": LogSource(product="windows", service="applocker"),
    "windows.powershell": LogSource(product="windows", service="powershell-classic"),
    "windows.powershell_operational": LogSource(product="windows", service="powershell"),
    "windows.sysmon_operational": LogSource(product="windows", service="sysmon"),
    "windows.windows_defender": LogSource(product="windows", service="windefend"),
    "apache.access": LogSource(category="webserver"),
    "apache_tomcat.access": LogSource(category="webserver"),
    "iis.access": LogSource(category="webserver"),
    "nginx.access": LogSource(category="webserver"),
    "traefik.access": LogSource(category="webserver"),
    "network_traffic.dns": LogSource("network", service="dns"),
    "network_traffic.flow": LogSource("network", service="connection"),
    "zeek.connection": LogSource("network", service="connection"),
    "zeek.dce_rpc": LogSource(product="zeek", service="dce_rpc"),
    "zeek.dns": LogSource(product="zeek", service="dns"),
    "zeek.http": LogSource(product="zeek", service="http"),
    "zeek.kerberos": LogSource(product="zeek", service="kerberos"),
    "zeek.rdp": LogSource(product="zeek", service="rdp"),
    "zeek.smb_files": LogSource(product="zeek", service="smb_files"),
    "zeek.x509": LogSource(product="zeek", service="x509"),
}

#: Data sets for which Sigma has none, where the names of the integration and its stream would say too little.
OTHER_DATASETS: dict[str, LogSource] = {
    "cloud_defend.alerts": LogSource(product="elastic", service="alerts"),
    "cyberarkpas.audit": LogSource(product="cyberark", service="pas"),
    "endpoint.alerts": LogSource(product="elastic", service="alerts"),
    "panw.panos": LogSource(category="firewall", product="paloalto"),
}

#: What Sigma calls the product of an integration, where it is called otherwise; None: it tells none.
PRODUCTS: dict[str, str | None] = {
    "apm": "elastic",
    "auditd": "linux",
    "auditd_manager": "linux",
    "cloud_defend": "elastic",
    "cyberarkpas": "cyberark",
    "endpoint": "elastic",
    "fortinet_fortigate": "fortigate",
    "google_workspace": "gcp",
    "googlecloud": "gcp",
    "gsuite": "gcp",
    "iptables": "linux",
    "o365": "m365",
    "panw": "paloalto",
    "sysmon": "windows",
    "system": None,
}

#: Integrations whose services Sigma calls by the data set's whole name.
WHOLE_NAMES = frozenset({"gcp", "google_workspace", "onelogin", "endpoint"})

#: Integrations and Beats modules that report what happens on a host; ``event.category`` tells what that was.
HOST = frozenset(
    {
        "auditd_manager",
        "crowdstrike",
        "endpoint",
        "m365_defender",
        "sentinel_one_cloud_funnel",
        "system",
        "windows",
    }
)

#: The streams of Elastic's agent on a host, and the ``event.category`` of what is in them.
HOST_STREAMS = {
    "endpoint.events.file": "file",
    "endpoint.events.library": "library",
    "endpoint.events.network": "network",
    "endpoint.events.process": "process",
    "endpoint.events.registry": "registry",
}

#: Values of ``event.module`` that tell more than a product.
MODULES: dict[str, LogSource] = {
    "auditd": LogSource(product="linux", service="auditd"),
    "cloud_defend": LogSource(product="elastic", service="alerts"),
    "endgame": LogSource(product="endgame", service="alert"),
    "sysmon": LogSource(product="windows", service="sysmon"),
}

#: Windows channels (``winlog.channel``), and the providers (``event.provider``) that write to one channel only.
CHANNELS = {
    "application": "application",
    "microsoft-windows-powershell/operational": "powershell",
    "microsoft-windows-sysmon/operational": "sysmon",
    "microsoft-windows-taskscheduler/operational": "taskscheduler",
    "microsoft-windows-windows defender/operational": "windefend",
    "microsoft-windows-wmi-activity/operational": "wmi",
    "security": "security",
    "system": "system",
    "windows powershell": "powershell-classic",
}
PROVIDERS = {
    "microsoft-windows-security-auditing": "security",
    "microsoft-windows-sysmon": "sysmon",
    "microsoft-windows-taskscheduler": "taskscheduler",
}

#: Sysmon's event codes, and Sigma's categories of Windows.
SYSMON_CODES = {
    "1": "process_creation",
    "2": "file_change",
    "3": "network_connection",
    "5": "process_termination",
    "6": "driver_load",
    "7": "image_load",
    "8": "create_remote_thread",
    "9": "raw_access_thread",
    "10": "process_access",
    "11": "file_event",
    "12": "registry_event",
    "13": "registry_set",
    "14": "registry_rename",
    "15": "create_stream_hash",
    "17": "pipe_created",
    "18": "pipe_created",
    "19": "wmi_event",
    "20": "wmi_event",
    "21": "wmi_event",
    "22": "dns_query",
    "23": "file_delete",
    "24": "clipboard_capture",
    "25": "process_tampering",
    "26": "file_delete_detected",
    "27": "file_block_executable",
    "28": "file_block_shredding",
    "29": "file_executable_detected",
}

#: The products for which Sigma has a category. A rule for another product gets the next row of `CATEGORIES` that fits.
CATEGORY_PRODUCTS: dict[str, frozenset[str]] = {
    "process_creation": frozenset({"windows", "linux", "macos"}),
    "process_termination": frozenset({"windows", "linux"}),
    "file_event": frozenset({"windows", "linux", "macos"}),
    "file_delete": frozenset({"windows", "linux"}),
    "file_rename": frozenset({"windows"}),
    "file_access": frozenset({"windows"}),
    "registry_event": frozenset({"windows"}),
    "image_load": frozenset({"windows"}),
    "driver_load": frozenset({"windows"}),
    "dns_query": frozenset({"windows"}),
    "network_connection": frozenset({"windows", "linux"}),
}

#: The operating systems that Sigma's categories of hosts are for.
SYSTEMS = frozenset({"windows", "linux", "macos"})

_START = frozenset(
    {
        "start",
        "started",
        "process_started",
        "exec",
        "exec_event",
        "executed",
        "fork",
        "creation",
        "creation_event",
        "created-process",
        "processrollup2",
        "process create (rule: processcreate)",
        "process creation",
    }
)

_END = frozenset({"end", "terminated", "process_stopped", "terminated-process"})
_CREATED = frozenset(
    {"creation", "create", "created", "file_create_event", "created-file", "file created (rule: filecreate)"}
)
_DELETED = frozenset(
    {"deletion", "delete", "deleted", "file_delete_event", "deleted-file", "file delete archived (rule: filedelete)"}
)
_RENAMED = frozenset({"rename", "renamed", "file_rename_event", "renamed-file"})
_OPENED = frozenset({"access", "open", "opened-file", "opened"})

#: (``event.category``, what of ``event.type`` and ``event.action`` narrows it, Sigma's category). The first that fits
#: counts: no values fit always, None where neither field is asked.
CATEGORIES: tuple[tuple[str, frozenset[str] | None, str], ...] = (
    ("process", _START, "process_creation"),
    ("process", _END, "process_termination"),
    ("process", None, "process_creation"),
    ("file", _DELETED, "file_delete"),
    ("file", _RENAMED, "file_rename"),
    ("file", _OPENED, "file_access"),
    ("file", frozenset(), "file_event"),
    ("registry", frozenset(), "registry_event"),
    ("library", frozenset(), "image_load"),
    ("driver", frozenset(), "driver_load"),
    ("network", frozenset({"lookup_requested", "lookup_result"}), "dns_query"),
    ("network", frozenset(), "network_connection"),
)


@dataclass(frozen=True, slots=True)
class Words:
    """What a field of Elastic's holds in the events of a log source, in lower case.

    Each word of ``always`` is some collector's for what all of these events are; none of them has a word of ``never``.
    """

    always: frozenset[str]
    never: frozenset[str] = frozenset()


def _host(category: str, types: Words, actions: Words) -> Mapping[str, Words]:
    return {"event.category": Words(frozenset({category})), "event.type": types, "event.action": actions}


#: The same of Sigma's categories: what Elastic's collectors call their events.
CATEGORY_WORDS: Mapping[str, Mapping[str, Words]] = {
    "process_creation": _host("process", Words(_START, frozenset({"deletion", "change"}) | _END), Words(_START, _END)),
    "process_termination": _host("process", Words(_END, frozenset({"start"})), Words(_END, _START)),
    "file_event": _host(
        "file", Words(frozenset({"creation"}), frozenset({"deletion", "access"})), Words(_CREATED, _DELETED | _OPENED)
    ),
    "file_delete": _host(
        "file",
        Words(frozenset({"deletion"}), frozenset({"creation", "access"})),
        Words(_DELETED, _CREATED | _OPENED | _RENAMED),
    ),
    "file_rename": _host(
        "file",
        Words(frozenset({"change"}), frozenset({"deletion", "access"})),
        Words(_RENAMED, _DELETED | _OPENED | _CREATED),
    ),
    "file_access": _host(
        "file",
        Words(frozenset({"access"}), frozenset({"deletion", "creation"})),
        Words(_OPENED, _DELETED | _CREATED | _RENAMED),
    ),
    "registry_event": {"event.category": Words(frozenset({"registry"}))},
    "image_load": _host(
        "library", Words(frozenset({"start"})), Words(frozenset({"load", "image loaded (rule: imageload)"}))
    ),
    "driver_load": _host(
        "driver", Words(frozenset({"start"})), Words(frozenset({"load", "driver loaded (rule: driverload)"}))
    ),
    "dns_query": _host(
        "network",
        Words(frozenset({"protocol"}), frozenset({"end"})),
        Words(frozenset({"lookup_requested", "lookup_result", "dns query (rule: dnsquery)"})),
    ),
    "network_connection": _host(
        "network",
        Words(frozenset({"start", "connection"}), frozenset({"end", "denied"})),
        Words(frozenset({"network connection detected (rule: networkconnect)"})),
    ),
    "network": {
        "event.category": Words(frozenset({"network", "network_traffic"})),
        "event.type": Words(frozenset({"connection"})),
    },
    "ps_script": {"event.category": Words(frozenset({"process"}))},
}

#: Log sources to whose events Elastic's integrations give the same categories whatever happened.
CONSTANT_CATEGORIES: Mapping[LogSource, frozenset[str]] = {
    LogSource(product="m365", service="audit"): frozenset({"web"}),
    LogSource(product="github", service="audit"): frozenset({"configuration", "web"}),
    LogSource(product="gcp", service="google_workspace.admin"): frozenset({"iam"}),
    LogSource(product="gcp", service="google_workspace.login"): frozenset({"authentication"}),
    LogSource(product="azure", service="signinlogs"): frozenset({"authentication"}),
}
