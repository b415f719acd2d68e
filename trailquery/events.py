"""The columns of an event: name, type, where in the record it comes from, what it means.

CloudTrail's camelCase ends here. Times are naive UTC (`timestamp[us]`): CloudTrail writes UTC only, and a
naive column means the same whatever time zone a session is set to; `output` adds the Z.

Source of the paths and of `since` (the first `eventVersion` with the field): AWS CloudTrail User Guide,
"CloudTrail record contents" and "CloudTrail userIdentity element".
"""

from typing import NamedTuple

import pyarrow as pa

TEXT = pa.string()
TIME = pa.timestamp("us")
RESOURCE = pa.struct([("type", TEXT), ("name", TEXT), ("arn", TEXT), ("account_id", TEXT), ("via", TEXT)])


class Column(NamedTuple):
    name: str
    type: pa.DataType
    path: str  # JSON path in the record; "" when the value is judged from several fields
    meaning: str
    since: str = ""


COLUMNS = (
    # what and when
    Column("event_id", TEXT, "eventID", "CloudTrail's id of the event; made from the content when the record has none or a masked one", "1.01"),
    Column("event_id_made", pa.bool_(), "", "The record has no id of its own, or it is masked; event_id is made from its content"),
    Column("event_time", TIME, "eventTime", "When the call completed at the service (UTC)"),
    Column("delivered_at", TIME, "", "When CloudTrail delivered the log file, from the stamp in its name (UTC)"),
    Column("account_id", TEXT, "recipientAccountId", "The account that received the event; else the caller's", "1.02"),
    Column("category", TEXT, "", "management, data, signin, service, insight, network or aggregated: exactly one"),
    Column("access", TEXT, "readOnly", "read or write: as readOnly says, else the verb of the API or the level of the action; null where it was no call"),
    Column("access_level", TEXT, "", "list, read, write, tagging or permissions-management, as IAM classes the action; null where it was no call"),
    Column("service", TEXT, "eventSource", "The service, short: event_source without .amazonaws.com"),
    Column("api", TEXT, "eventName", "The API without a version suffix: CreateFunction20150331 is CreateFunction"),
    Column("action", TEXT, "", "service:api, as IAM policies write it"),
    Column("event_source", TEXT, "eventSource", "The service as delivered: s3.amazonaws.com"),
    Column("event_name", TEXT, "eventName", "The API as delivered, with any version suffix"),
    Column("region", TEXT, "awsRegion", "The region that recorded the event; us-east-1 for global services"),
    Column("target", TEXT, "", "What the call was aimed at: s3://bucket/key, role/Admin, sg-1 +tcp/22 0.0.0.0/0; + added, - removed, ~ changed"),
    Column("outcome", TEXT, "", "success, denied, error or dry-run; null where it was no call: insight, aggregated"),
    Column("error_class", TEXT, "", "denied, auth-failed, throttled, limit, not-found, conflict, invalid, server, dry-run or other"),
    Column("error_code", TEXT, "errorCode", "The error; SigninFailure for a refused sign-in, ErrorMessageOnly where only a message was sent"),
    Column("error_message", TEXT, "errorMessage", "The error's text, cut by AWS at 1 KB"),
    # who
    Column("identity_type", TEXT, "userIdentity.type", "Kind of caller: Root, IAMUser, AssumedRole, AWSService, ..."),
    Column("actor", TEXT, "", "The caller, readable: root, user, role/session, federated/x, account N, service, anonymous"),
    Column("actor_arn", TEXT, "userIdentity.arn", "The caller's ARN; a role session has another one each time"),
    Column("principal_key", TEXT, "", "The durable identity behind the call, for grouping: AIDA... or AROA... id, account:root, service"),
    Column("principal_id", TEXT, "userIdentity.principalId", "The caller's unique id; for a role session AROA...:session-name"),
    Column("actor_account_id", TEXT, "userIdentity.accountId", "The account the caller belongs to; null for an anonymous caller"),
    Column("user_name", TEXT, "userIdentity.userName", "The user's name, of a federation token whoever asked for it; null where AWS hides it: mistyped"),
    Column("user_name_hidden", pa.bool_(), "", "AWS hid the user name (HIDDEN_DUE_TO_SECURITY_REASONS): a mistyped name, maybe a password"),
    Column("role_arn", TEXT, "userIdentity.sessionContext.sessionIssuer.arn", "The role behind the session, with its path"),
    Column("role_name", TEXT, "userIdentity.sessionContext.sessionIssuer.userName", "The role's name"),
    Column("session_name", TEXT, "", "The role session's name, chosen by whoever assumed the role"),
    Column("access_key_id", TEXT, "userIdentity.accessKeyId", "The access key that signed the call"),
    Column("key_kind", TEXT, "", "long-term (AKIA), temporary (ASIA) or other"),
    Column("session_created_at", TIME, "userIdentity.sessionContext.attributes.creationDate", "When its credentials were issued (UTC); of a sign-in its time"),
    Column("session_id", TEXT, "", "One issued credential set: made from principal and creation time, else the access key"),
    Column("session_mfa", pa.bool_(), "userIdentity.sessionContext.attributes.mfaAuthenticated", "Opened with MFA; false for every role session"),
    Column("source_identity", TEXT, "userIdentity.sessionContext.sourceIdentity", "Name set when the first role was assumed; it survives role chains", "1.08"),
    Column("imds_version", TEXT, "userIdentity.sessionContext.ec2RoleDelivery", "1.0 or 2.0: how the instance fetched its role credentials"),
    Column("signin_session_arn", TEXT, "userIdentity.sessionContext.signInSessionArn", "The sign-in behind the credentials: one for all its keys"),
    Column("invoked_by", TEXT, "userIdentity.invokedBy", "The AWS service that called on the identity's behalf"),
    Column("identity_provider", TEXT, "userIdentity.identityProvider", "The provider of a SAML or web identity"),
    Column("on_behalf_of_user", TEXT, "userIdentity.onBehalfOf.userId", "The Identity Center user behind the call"),
    Column("credential_id", TEXT, "userIdentity.credentialId", "Id of the credential of an Identity Center or bearer-token call"),
    Column("credentials_issued_to", TEXT, "userIdentity.inScopeOf.credentialsIssuedTo", "The resource to which a service session's credentials were issued"),
    Column("delegate_account_id", TEXT, "userIdentity.invokedByDelegate.accountId", "The account of a product provider that acted as the caller"),
    # whence
    Column("client_ip", TEXT, "sourceIPAddress", "The caller's address; null unless it is an IPv4 or IPv6 address"),
    Column("ip_scope", TEXT, "", "private, aws, cloud (other providers), vpn, tor, public; aws-service, aws-internal or none without an address"),
    Column("ip_owner", TEXT, "", "The provider whose published ranges held the address at ingest: aws, gcp, mullvad, tor; else null"),
    Column("source_ip_address", TEXT, "sourceIPAddress", "The address field as delivered: address, service name or AWS Internal"),
    Column("user_agent", TEXT, "userAgent", "The client's own words, brackets removed; forgeable, cut by AWS at 1 KB"),
    Column("client", TEXT, "", "console, cloudshell, cli, sdk, iac, browser, service or other, from the user agent"),
    Column("from_console_session", pa.bool_(), "sessionCredentialFromConsole", "AWS says the credentials came from a console session", "1.08"),
    Column("is_aws_call", pa.bool_(), "", "AWS called by itself: an AWS service, or a forwarded call without a client address"),
    Column("vpc_endpoint_id", TEXT, "vpcEndpointId", "The VPC endpoint the call came through", "1.04"),
    Column("vpc_endpoint_account_id", TEXT, "vpcEndpointAccountId", "The account that owns the VPC endpoint", "1.09"),
    Column("tls_version", TEXT, "tlsDetails.tlsVersion", "TLS version of the call", "1.08"),
    Column("host_header", TEXT, "tlsDetails.clientProvidedHostHeader", "Host name the client asked for", "1.08"),
    Column("switch_from", TEXT, "additionalEventData.SwitchFrom", "Who switched to this role in the console: the ARN of the session before"),
    Column("is_cross_account", pa.bool_(), "", "The caller's or delegate's account is not the receiving account; AWS services do not count"),
    # what it handed out or touched
    Column("issued_key_id", TEXT, "responseElements.credentials.accessKeyId", "The access key this call handed out"),
    Column("issued_arn", TEXT, "responseElements.assumedRoleUser.arn", "Whom the credentials this call handed out act as; a user's path may lack"),
    Column("issued_expires_at", TIME, "responseElements.credentials.expiration", "When the credentials this call handed out end (UTC)"),
    Column("requested_role_arn", TEXT, "requestParameters.roleArn", "The role this call asks for or hands to a service"),
    Column("bucket", TEXT, "requestParameters.bucketName", "S3 bucket"),
    Column("object_key", TEXT, "requestParameters.key", "S3 object key"),
    Column("bytes_out", pa.int64(), "additionalEventData.bytesTransferredOut", "Bytes sent to the caller; null unless the call worked"),
    Column("bytes_in", pa.int64(), "additionalEventData.bytesTransferredIn", "Bytes received from the caller; null unless the call worked"),
    Column("resources", pa.list_(RESOURCE), "", "Every resource the record names: type, name, arn, account_id, and via which field"),
    # relations and form
    Column("shared_event_id", TEXT, "sharedEventID", "Shared by the copies of one action in several accounts; for Insights by start and end", "1.03"),
    Column("request_id", TEXT, "requestID", "The service's id of the request", "1.01"),
    Column("is_truncated", pa.bool_(), "", "AWS left out an oversized request or response"),
    Column("addendum_reason", TEXT, "addendum.reason", "DELIVERY_DELAY, UPDATED_DATA or SERVICE_OUTAGE: why the record came late or again", "1.08"),
    Column("amends_event_id", TEXT, "addendum.originalEventID", "The event that this record amends", "1.08"),
    Column("event_type", TEXT, "eventType", "AwsApiCall, AwsServiceEvent, AwsConsoleSignIn, ...", "1.02"),
    Column("event_category", TEXT, "eventCategory", "The category as delivered: Management, Data, Insight, NetworkActivity, Aggregated", "1.07"),
    Column("event_version", TEXT, "eventVersion", "Version of the record format, as text"),
    Column("event_version_minor", pa.int16(), "eventVersion", "Its number after the point: 1.10 is 10, newer than 1.9"),
    # the record itself
    Column("request", TEXT, "requestParameters", "requestParameters, JSON text"),
    Column("response", TEXT, "responseElements", "responseElements, JSON text"),
    Column("additional", TEXT, "additionalEventData", "additionalEventData, JSON text"),
    Column("service_details", TEXT, "serviceEventDetails", "serviceEventDetails, JSON text"),
    Column("insight", TEXT, "insightDetails", "insightDetails, JSON text", "1.07"),
    Column("event_context", TEXT, "eventContext", "eventContext, JSON text", "1.11"),
    Column("raw", TEXT, "", "The whole record, exactly as delivered"),
    # provenance
    Column("source_file", TEXT, "", "Where the log file lay when it was read"),
    Column("file_sha256", TEXT, "", "SHA-256 of the log file's bytes, hex; joins to files"),
    Column("position", pa.int32(), "", "The record's place in the log file, from 0"),
)  # fmt: skip

EVENTS = pa.schema([pa.field(column.name, column.type) for column in COLUMNS])

# What the views add to these at the time of asking, from the verdicts of `trailquery verify`, trailquery.toml and .mmdb
# files; null where the last two say nothing.
ADDED_COLUMNS = (
    Column("integrity", TEXT, "", "The verdict on its log file: intact, pending, unverifiable, unlisted or changed; not checked before trailquery verify"),
    Column("account_name", TEXT, "", "Your name of account_id, from [accounts] of trailquery.toml"),
    Column("is_approved_region", pa.bool_(), "", "The region is in [regions] approved; global services and sign-ins, which choose none, count as approved"),
    Column("network", TEXT, "", "Your name of the narrowest network that holds client_ip, from [networks] of trailquery.toml"),
    Column("country", TEXT, "", "Country of client_ip, as two letters, from your .mmdb files"),
    Column("asn", pa.int64(), "", "Number of the autonomous system that announces client_ip, from your .mmdb files"),
    Column("as_name", TEXT, "", "Name of that autonomous system"),
)  # fmt: skip
