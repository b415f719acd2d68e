"""What kind of call it was: service, API, category, read or write."""

import re

from trailquery.meaning.fields import flag, text

_SUFFIXES = (".amazonaws.com", ".amazonaws.com.cn", ".aws.amazon.com")
_REGIONAL = re.compile(r"([a-z0-9-]+)\.[a-z0-9-]+\.api\.aws")  # aws-mcp.us-east-1.api.aws
_VERSION = re.compile(r"(?<=[A-Za-z])20\d\d_?[01]\d_?[0-3]\d(v\d+)?$")
_READS = re.compile(
    r"(Get|List|Describe|Head|Lookup|Search|BatchGet|BatchDescribe|TransactGet|BatchCheck|Check|View|Select|Simulate|Test"
    r"|Validate|Preview|Query|Scan|Estimate|Download|Discover|AssumeRole|Encrypt|Decrypt|ReEncrypt|GenerateDataKey"
    r"|GenerateRandom|Verify(?!Domain|Email))(?![a-z])"
)
_SIGN_INS = frozenset(
    {"Authenticate", "Federate", "UserAuthentication", "CredentialChallenge", "CredentialVerification"}
)
_SIGN_IN_SOURCES = frozenset({"sso", "signin"})

# Data-plane calls that were recorded before records had eventCategory (1.07) and managementEvent (1.06).
# Source: Amazon S3 User Guide, "Amazon S3 CloudTrail events"; Lambda and DynamoDB Developer Guides, likewise.
_OBJECT_CALLS = """
    AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject DeleteObjects
    DeleteObjectTagging GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention
    GetObjectTagging GetObjectTorrent HeadBucket HeadObject InitiateMultipartUpload ListMultipartUploads
    ListObjects ListObjectVersions ListParts PostObject PutObject PutObjectAcl PutObjectLegalHold
    PutObjectRetention PutObjectTagging RestoreObject SelectObjectContent UploadPart UploadPartCopy
"""
_ITEM_CALLS = """
    BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction GetItem
    GetRecords GetShardIterator PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem
"""
_STATEMENT_CALLS = "BatchExecuteStatement BeginTransaction CommitTransaction ExecuteStatement RollbackTransaction"
_DATA_PLANE = {
    "s3": frozenset(_OBJECT_CALLS.split()),
    "lambda": frozenset({"Invoke", "InvokeAsync"}),
    "dynamodb": frozenset(_ITEM_CALLS.split()),
    "rdsdataapi": frozenset(_STATEMENT_CALLS.split()),
}
_GLOBAL_SERVICES = """
    account artifact aws-portal billing budgets ce cloudfront cur globalaccelerator health iam importexport
    networkmanager organizations payments route53 route53domains savingsplans shield signin support
    trustedadvisor waf
"""
_GLOBAL = frozenset(_GLOBAL_SERVICES.split())
SUMMARIES = frozenset({"insight", "aggregated"})  # of many calls, each with an outcome of its own


def short_service(event_source: object) -> str | None:
    """`s3` of `s3.amazonaws.com`, `aws-mcp` of `aws-mcp.us-east-1.api.aws`."""
    source = text(event_source)
    regional = _REGIONAL.fullmatch(source or "")
    if regional:
        return regional[1]
    suffix = next((suffix for suffix in _SUFFIXES if source and source.endswith(suffix)), "")
    return text(source.removesuffix(suffix)) if source else None


def api(event_name: object) -> str | None:
    """The API without its version: `AddPermission20150331v2`, `PublishFunction2020_05_31`."""
    name = text(event_name)
    return _VERSION.sub("", name) if name else None


def category(
    event_type: object,
    event_category: object,
    management_event: object,
    event_source: object,
    event_name: object,
) -> str:
    """management, data, signin, service, insight, network or aggregated: exactly one."""
    service, name, manages = short_service(event_source), api(event_name), flag(management_event)
    kind = (text(event_type) or "").lower()  # AWS writes AwsServiceEvent and AWSServiceEvent
    if event_category == "Insight" or kind == "awscloudtrailinsight":
        return "insight"
    if event_category == "Aggregated" or kind == "awsaggregatedevent":
        return "aggregated"
    if event_category == "NetworkActivity" or kind == "awsvpceevent":
        return "network"
    if kind == "awsconsolesignin" or event_source == "signin.amazonaws.com":
        return "signin"
    if service in _SIGN_IN_SOURCES and name in _SIGN_INS:
        return "signin"
    if kind == "awsserviceevent":
        return "service"
    if event_category == "Data" or manages is False:
        return "data"
    if event_category == "Management" or manages is True:
        return "management"
    return "data" if name in _DATA_PLANE.get(service or "", ()) else "management"


def access(category: str, read_only: object, event_name: object, level: str | None = None) -> str | None:
    """read or write: as the record says, else by the verb, else by IAM's access level; null of what is no call.

    A read may still hand out secrets or keys.
    """
    if category in SUMMARIES:
        return None
    reads = flag(read_only)
    if reads is None:
        name = text(event_name) or ""
        name = name[:1].upper() + name[1:]  # route53domains writes listDomains
        reads = level in ("list", "read") or _READS.match(name) is not None
    return "read" if reads else "write"


def is_global_service(event_source: object, region: object = None) -> bool:
    """The service records its events in us-east-1, wherever the caller is.

    STS does so only for its global endpoint; a regional endpoint records in its region.
    Source: AWS CloudTrail User Guide, "About global service events".
    """
    service = short_service(event_source)
    return service in _GLOBAL or (service == "sts" and region == "us-east-1")
