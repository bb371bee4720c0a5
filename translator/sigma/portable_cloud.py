"""What the fields of cloud and network logs are called where Elastic's integrations have not renamed them.

Sigma has no list of these fields; its authors write the names that the log itself has. Where they settled on others
(``gcp.audit.*``, ECS for ``network``), those stand here. That the renamings say the same was checked on events that
hold the original text beside what the integration made of it.
"""

from __future__ import annotations

from translator import logic
from translator.ledger import Effect
from translator.rule import LogSource
from translator.schema import Type
from translator.sigma.portable_names import How, Rename, Table, absent, is_, other, same

_PRINTED = "Elastic prints the object as text of its own"
_LISTED = "the log holds a list of names and values"
_ONE_TEXT = "the log writes them into one text"
_DERIVED = "Elastic derives it from several parts of the event"

_NO_ERROR = logic.And((absent("errorCode"), absent("errorMessage")))

_CLOUDTRAIL: Table = {
    "event.provider": Rename("eventSource"),
    "event.action": Rename("eventName"),
    "event.id": Rename("eventID"),
    "event.outcome": Rename(
        "errorCode",
        How.VALUES,
        why="failed sign-ins have no error code",
        values={"success": (_NO_ERROR, Effect.WIDER), "failure": (logic.Not(_NO_ERROR), Effect.NARROWER)},
        only=("event.provider", frozenset({"signin.amazonaws.com"})),
    ),
    "source.address": Rename("sourceIPAddress"),
    "source.ip": Rename("sourceIPAddress"),
    "user_agent.original": Rename("userAgent"),
    "user.id": Rename("userIdentity.principalId"),
    "user.name": Rename("userIdentity.userName", effect=Effect.MIXED, why=_DERIVED),
    "user.target.name": Rename("requestParameters.userName", effect=Effect.MIXED, why=_DERIVED),
    "group.name": Rename("requestParameters.groupName", effect=Effect.MIXED, why=_DERIVED),
    "cloud.region": Rename("awsRegion"),
    "cloud.account.id": Rename("userIdentity.accountId", effect=Effect.MIXED, why=_DERIVED),
    "aws.cloudtrail.api_version": Rename("apiVersion"),
    "aws.cloudtrail.error_code": Rename("errorCode"),
    "aws.cloudtrail.error_message": Rename("errorMessage"),
    "aws.cloudtrail.event_category": Rename("eventCategory"),
    "aws.cloudtrail.event_type": Rename("eventType"),
    "aws.cloudtrail.event_version": Rename("eventVersion"),
    "aws.cloudtrail.management_event": Rename("managementEvent"),
    "aws.cloudtrail.read_only": Rename("readOnly"),
    "aws.cloudtrail.recipient_account_id": Rename("recipientAccountId"),
    "aws.cloudtrail.request_id": Rename("requestID"),
    "aws.cloudtrail.resources.arn": Rename("resources.ARN"),
    "aws.cloudtrail.resources.type": Rename("resources.type"),
    "aws.cloudtrail.session_credential_from_console": Rename("sessionCredentialFromConsole"),
    "aws.cloudtrail.shared_event_id": Rename("sharedEventID"),
    "aws.cloudtrail.vpc_endpoint_id": Rename("vpcEndpointId"),
    "aws.cloudtrail.user_identity.*": Rename("userIdentity.", camel=True),
    "aws.cloudtrail.user_identity.session_context.mfa_authenticated": Rename(
        "userIdentity.sessionContext.attributes.mfaAuthenticated"
    ),
    "aws.cloudtrail.user_identity.session_context.creation_date": Rename(
        "userIdentity.sessionContext.attributes.creationDate"
    ),
    "aws.cloudtrail.console_login.additional_eventdata.mfa_used": Rename(
        "additionalEventData.MFAUsed",
        How.VALUES,
        values={
            "true": (is_("additionalEventData.MFAUsed", "Yes"), None),
            "false": (is_("additionalEventData.MFAUsed", "No"), None),
        },
    ),
    "aws.cloudtrail.console_login.additional_eventdata.login_to": Rename("additionalEventData.LoginTo"),
    "aws.cloudtrail.flattened.additional_eventdata.*": Rename("additionalEventData."),
    "aws.cloudtrail.flattened.request_parameters.*": Rename("requestParameters."),
    "aws.cloudtrail.flattened.response_elements.*": Rename("responseElements."),
    "aws.cloudtrail.flattened.service_event_details.*": Rename("serviceEventDetails."),
    "aws.cloudtrail.additional_eventdata": Rename("additionalEventData", effect=Effect.MIXED, why=_PRINTED),
    "aws.cloudtrail.request_parameters": Rename("requestParameters", effect=Effect.MIXED, why=_PRINTED),
    "aws.cloudtrail.response_elements": Rename("responseElements", effect=Effect.MIXED, why=_PRINTED),
}

#: What all of Azure's logs share.
_AZURE: Table = {
    "event.action": Rename("operationName"),
    "event.duration": Rename("durationMs", effect=Effect.MIXED, why="Elastic counts nanoseconds"),
    "azure.correlation_id": Rename("correlationId"),
    "azure.tenant_id": Rename("tenantId"),
    "azure.resource.id": Rename("resourceId"),
    "azure.resource.name": Rename(
        "resourceId", How.NAME, Effect.MIXED, "Elastic takes it out of the resource's id", mark="/"
    ),
    "source.ip": Rename("callerIpAddress", effect=Effect.MIXED, why="some events have the address elsewhere"),
    "source.address": Rename("callerIpAddress", effect=Effect.MIXED, why="some events have the address elsewhere"),
    "user_agent.original": Rename("properties.userAgent"),
}

_ACTIVITY: Table = {
    "event.outcome": Rename(
        "resultType",
        How.VALUES,
        why=_DERIVED,
        values={
            "success": (is_("resultType", "Success"), Effect.MIXED),
            "failure": (is_("resultType", "Failure", "Failed"), Effect.MIXED),
        },
    ),
    "azure.activitylogs.*": Rename("", camel=True),
    "azure.activitylogs.identity.claims_initiated_by_user.*": Rename(
        "identity.claims.", effect=Effect.MIXED, why="the log has each claim under its full address"
    ),
}

_AUDIT: Table = {
    "event.outcome": Rename("properties.result"),
    "azure.auditlogs.*": Rename("", camel=True),
    "azure.auditlogs.level": Rename("Level"),
    "azure.auditlogs.properties.activity_datetime": Rename("properties.activityDateTime"),
}

_SIGN_IN: Table = {
    "event.outcome": Rename(
        "resultType",
        How.VALUES,
        values={"success": (is_("resultType", "0"), None), "failure": (logic.Not(is_("resultType", "0")), None)},
    ),
    "user.id": Rename("properties.userId"),
    "azure.signinlogs.*": Rename("", camel=True),
    "azure.signinlogs.properties.authentication_processing_details.*": Rename(
        "properties.authenticationProcessingDetails.", effect=Effect.MIXED, why=_LISTED
    ),
    "azure.signinlogs.properties.created_at": Rename("properties.createdDateTime"),
    "azure.signinlogs.properties.processing_time_ms": Rename("properties.processingTimeInMilliseconds"),
    "azure.signinlogs.properties.risk_level_during_signin": Rename("properties.riskLevelDuringSignIn"),
}

_RISK: Table = {
    "azure.identityprotection.*": Rename("", camel=True),
    "azure.identityprotection.properties.*": Rename("", camel=True),
}

_GOOGLE_CLOUD: Table = {
    "gcp.audit.*": Rename("gcp.audit."),
    "event.action": Rename("gcp.audit.method_name"),
    "event.outcome": Rename(
        "gcp.audit.status.code",
        How.VALUES,
        why=_DERIVED,
        values={
            "success": (absent("gcp.audit.status.code"), Effect.MIXED),
            "failure": (logic.Exists(other("gcp.audit.status.code")), Effect.MIXED),
        },
    ),
    "service.name": Rename("gcp.audit.service_name"),
    "client.user.email": Rename("gcp.audit.authentication_info.principal_email"),
    "user.email": Rename("gcp.audit.authentication_info.principal_email"),
    "source.ip": Rename("gcp.audit.request_metadata.caller_ip"),
    "user_agent.original": Rename("gcp.audit.request_metadata.caller_supplied_user_agent"),
}


def _workspace(application: str) -> Table:
    return {
        "event.action": Rename("eventName"),
        "event.provider": Rename(
            "eventService",
            How.VALUES,
            values={application: (is_("eventService", f"{application}.googleapis.com"), None)},
        ),
        f"google_workspace.{application}.new_value": Rename("new_value"),
        f"google_workspace.{application}.old_value": Rename("old_value"),
        f"google_workspace.{application}.*": Rename("", effect=Effect.MIXED, why=_LISTED),
        "google_workspace.event.type": Rename("eventType"),
        "source.ip": Rename("ipAddress"),
        "user.email": Rename("actor.email"),
    }


_M365: Table = {
    "event.action": Rename("Operation"),
    "event.provider": Rename("Workload"),
    "event.code": Rename("RecordType", effect=Effect.MIXED, why="the log itself has a number, its exports this name"),
    "event.outcome": Rename(
        "ResultStatus",
        How.VALUES,
        why="Elastic takes an event without a status for a success",
        values={
            "success": (is_("ResultStatus", "Success", "Succeeded", "PartiallySucceeded", "True"), Effect.MIXED),
            "failure": (is_("ResultStatus", "Failed", "Failure", "False"), Effect.MIXED),
        },
    ),
    "user.id": Rename("UserId"),
    "organization.id": Rename("OrganizationId"),
    "source.ip": Rename("ClientIP", effect=Effect.MIXED, why="the log may have a port behind the address"),
    "user_agent.original": Rename("UserAgent", effect=Effect.MIXED, why=_DERIVED),
    "o365.audit.*": Rename(""),
    **{
        f"o365.audit.{holder}.*": Rename(f"{holder}.", effect=Effect.MIXED, why=_LISTED)
        for holder in (
            "ExtendedProperties",
            "Parameters",
            "ModifiedProperties",
            "DeviceProperties",
            "OperationProperties",
        )
    },
}


def _okta_part(of: str, mark: str | None = None) -> Rename:
    return Rename(f"debugContext.debugData.{of}", How.PART, Effect.MIXED, _ONE_TEXT, mark=mark)


_OKTA: Table = {
    "event.action": Rename("eventType"),
    "event.outcome": Rename(
        "outcome.result",
        How.VALUES,
        values={
            "success": (is_("outcome.result", "SUCCESS", "ALLOW"), None),
            "failure": (is_("outcome.result", "FAILURE", "DENY"), None),
            "unknown": (is_("outcome.result", "SKIPPED", "CHALLENGE", "UNKNOWN"), None),
        },
    ),
    "okta.*": Rename("", camel=True),
    "okta.debug_context.debug_data.flattened.*": Rename("debugContext.debugData."),
    **{
        f"okta.debug_context.debug_data.flattened.{holder}.*": Rename(
            f"debugContext.debugData.{holder}.", effect=Effect.MIXED, why=_ONE_TEXT
        )
        for holder in ("behaviors", "logOnlySecurityData", "risk")
    },
    "okta.debug_context.debug_data.risk_behaviors": _okta_part("behaviors"),
    "okta.debug_context.debug_data.risk_level": _okta_part("risk", "level="),
    "okta.debug_context.debug_data.risk_reasons": _okta_part("risk"),
    "okta.client.ip": Rename("client.ipAddress"),
    "okta.device.*": Rename("device."),
    "okta.security_context.as.number": Rename("securityContext.asNumber"),
    "okta.security_context.as.organization.name": Rename("securityContext.asOrg"),
    "client.ip": Rename("client.ipAddress"),
    "source.ip": Rename("client.ipAddress"),
    "client.user.id": Rename("actor.id"),
    "user_agent.original": Rename("client.userAgent.rawUserAgent"),
    "user_agent.os.name": Rename(
        "client.userAgent.os", effect=Effect.MIXED, why="Elastic has its own names for systems"
    ),
    "user.full_name": Rename("actor.displayName"),
}

_GITHUB: Table = {
    "event.action": Rename("action"),
    "user.name": Rename("actor"),
    "user.target.name": Rename("user"),
    "client.geo.country_iso_code": Rename("actor_location.country_code"),
    "github.*": Rename(""),
    "github.category": Rename("action", How.FOLDER, mark="."),
    "github.team": Rename("data.team"),
}

_KUBERNETES: Table = {
    "event.action": Rename("verb"),
    "user.name": Rename("user.username"),
    "user_agent.original": Rename("userAgent"),
    "source.ip": Rename("sourceIPs"),
    "kubernetes.audit.*": Rename(""),
    "kubernetes.audit.annotations.authorization_k8s_io/decision": Rename("annotations.authorization.k8s.io/decision"),
    "kubernetes.audit.annotations.authorization_k8s_io/reason": Rename("annotations.authorization.k8s.io/reason"),
}

_BITBUCKET: Table = {
    "bitbucket.audit.type.*": Rename("auditType."),
    "bitbucket.audit.*": Rename("", camel=True),
    "user.name": Rename("author.name"),
    "user.id": Rename("author.id"),
    "source.ip": Rename("source"),
}

_DUO: Table = {"cisco_duo.auth.*": Rename(""), "event.reason": Rename("reason")}

_FORTIGATE: Table = {
    "fortinet.firewall.*": Rename(""),
    "event.code": Rename("logid"),
    "event.action": Rename("action"),
    "source.ip": Rename("srcip"),
    "source.port": Rename("srcport"),
    "destination.ip": Rename("dstip"),
    "destination.port": Rename("dstport"),
    "user.name": Rename("user"),
    "message": Rename("msg"),
}

_ZEEK: Table = {
    "source.ip": Rename("id.orig_h"),
    "source.port": Rename("id.orig_p"),
    "destination.ip": Rename("id.resp_h"),
    "destination.port": Rename("id.resp_p"),
}


def _zeek(log: str) -> Table:
    return {**_ZEEK, f"zeek.{log}.*": Rename("")}


_ZEEK_HTTP: Table = {
    **_zeek("http"),
    "http.request.method": Rename("method"),
    "http.response.status_code": Rename("status_code"),
    "url.original": Rename("uri"),
    "url.domain": Rename("host"),
    "user_agent.original": Rename("user_agent"),
}

_ZEEK_DNS: Table = {
    **_zeek("dns"),
    "dns.question.name": Rename("query"),
    "dns.resolved_ip": Rename("answers", type=Type.KEYWORD),
}

#: Sigma takes ECS's names for what flows through a network.
_NETWORK: Table = {
    **{
        f"{holder}.*": Rename(f"{holder}.")
        for holder in (
            "client",
            "destination",
            "dns",
            "event",
            "http",
            "icmp",
            "network",
            "observer",
            "server",
            "source",
            "tls",
            "url",
            "user_agent",
        )
    },
    **same("data_stream.dataset", "event.dataset"),
}

TABLES: tuple[tuple[LogSource, Table], ...] = (
    (LogSource(product="aws", service="cloudtrail"), _CLOUDTRAIL),
    (LogSource(product="azure"), _AZURE),
    (LogSource(product="azure", service="activitylogs"), _ACTIVITY),
    (LogSource(product="azure", service="auditlogs"), _AUDIT),
    (LogSource(product="azure", service="signinlogs"), _SIGN_IN),
    (LogSource(product="azure", service="riskdetection"), _RISK),
    *(
        (LogSource(product="azure", service=service), {f"azure.{service}.*": Rename("", camel=True)})
        for service in ("platformlogs", "graphactivitylogs", "aadgraphactivitylogs", "provisioning")
    ),
    (LogSource(product="gcp", service="gcp.audit"), _GOOGLE_CLOUD),
    *(
        (LogSource(product="gcp", service=f"google_workspace.{application}"), _workspace(application))
        for application in ("admin", "login", "token", "drive", "groups", "user_accounts")
    ),
    (LogSource(product="m365"), _M365),
    (LogSource(product="okta", service="okta"), _OKTA),
    (LogSource(product="github", service="audit"), _GITHUB),
    (LogSource(product="kubernetes", service="audit"), _KUBERNETES),
    (LogSource(product="bitbucket", service="audit"), _BITBUCKET),
    (LogSource(product="cisco", service="duo"), _DUO),
    (LogSource(product="fortigate"), _FORTIGATE),
    *(
        (LogSource(product="zeek", service=log), _zeek(log))
        for log in ("connection", "dce_rpc", "kerberos", "rdp", "smb_files", "ssh", "ssl", "x509")
    ),
    (LogSource(product="zeek", service="http"), _ZEEK_HTTP),
    (LogSource(product="zeek", service="dns"), _ZEEK_DNS),
    (LogSource("network"), _NETWORK),
)
