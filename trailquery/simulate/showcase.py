"""One of every kind of record that is rare: each identity type, each category, amendments, cut requests.

Shapes of records that no genuine file at hand holds follow the AWS CloudTrail User Guide: "CloudTrail
userIdentity element", "CloudTrail record contents", "Insights event record fields", "Network activity event
record fields", and the IAM Identity Center User Guide, "CloudTrail events".
"""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.organization import (
    ACCESS_LOGS,
    BROWSER,
    CI_AGENT,
    CLI,
    DEV,
    LOGS,
    OFFICE_IP,
    PAYROLL,
    PROD,
    Organization,
    role_arn,
    session_attributes,
)
from trailquery.simulate.record import (
    Actor,
    Event,
    Template,
    holed,
    json_text,
    letters16,
    time_text,
    uuid,
    words_text,
)
from trailquery.simulate.s3 import BUCKET
from trailquery.simulate.services import CREDENTIALS, S3_EXTRA, service

OIDC = f"arn:aws:iam::{DEV}:oidc-provider/token.actions.githubusercontent.com"
STORE = "arn:aws:identitystore::777788889999:identitystore/d-9067642ac7"
ASSUMED = {"assumedRoleId": "$role_id$:$session$", "arn": "$session_arn$"}

WITH_SAML = Template("sts", "AssumeRoleWithSAML", version="1.08", read=True, request={"sAMLAssertionID": "_$uuid$", "roleSessionName": "$session$", "durationSeconds": 3600, "roleArn": "$role$", "principalArn": "arn:aws:iam::$account$:saml-provider/corporate"}, response={"credentials": CREDENTIALS, "assumedRoleUser": ASSUMED, "subject": "$session$", "subjectType": "persistent", "issuer": "https://idp.example.com/saml", "audience": "https://signin.aws.amazon.com/saml", "nameQualifier": "8GxRk3Qn0Yk5wZbXc7pVtA4s1dE="}, host="sts.%s.amazonaws.com")  # fmt: skip
WITH_WEB = Template("sts", "AssumeRoleWithWebIdentity", version="1.08", read=True, request={"roleArn": "$role$", "roleSessionName": "$session$", "durationSeconds": 3600}, response={"credentials": CREDENTIALS, "subjectFromWebIdentityToken": "repo:example/app:ref:refs/heads/main", "assumedRoleUser": ASSUMED, "provider": OIDC, "audience": "sts.amazonaws.com"}, resources=[{"accountId": "$account$", "type": "AWS::IAM::Role", "ARN": "$role$"}], host="sts.%s.amazonaws.com")  # fmt: skip
FEDERATION = Template("sts", "GetFederationToken", version="1.08", read=True, request={"name": "partner-portal", "durationSeconds": 3600}, response={"credentials": CREDENTIALS, "federatedUser": {"federatedUserId": "$account$:partner-portal", "arn": "arn:aws:sts::$account$:federated-user/partner-portal"}, "packedPolicySize": 6}, host="sts.%s.amazonaws.com")  # fmt: skip
SESSION_TOKEN = Template("sts", "GetSessionToken", version="1.08", read=True, request={"serialNumber": "arn:aws:iam::$account$:mfa/data.analyst", "durationSeconds": 3600}, response={"credentials": CREDENTIALS}, host="sts.%s.amazonaws.com")  # fmt: skip
ROOT_LOGIN = Template("signin", "ConsoleLogin", response={"ConsoleLogin": "Success"}, additional={"LoginTo": "https://console.aws.amazon.com/console/home", "MobileVersion": "No", "MFAIdentifier": "arn:aws:iam::$account$:mfa/root-account-mfa-device", "MFAUsed": "Yes"}, request_id=None, kind="AwsConsoleSignIn", host="signin.aws.amazon.com")  # fmt: skip
ROOT_CALL = Template("iam", "GetAccountSummary", read=True)
AUTHENTICATED = Template("signin", "UserAuthentication", version="1.08", request=None, additional={"AuthWorkflowID": "$uuid$", "LoginTo": "https://portal.sso.us-east-1.amazonaws.com", "CredentialType": "PASSWORD", "UserName": "carol"}, request_id=None, kind="AwsServiceEvent", details={"UserAuthentication": "Success"})  # fmt: skip
FEDERATED_IN = Template("sso", "Federate", version="1.08", kind="AwsServiceEvent", details={"role_name": "AdministratorAccess", "account_id": DEV})  # fmt: skip
LIST_APPLICATIONS = Template("sso", "ListProfilesForApplication", version="1.08", read=True)
SEARCH_USERS = Template("ds-data", "SearchUsers", read=True, category="Data", request={"directoryId": "d-9067642ac7", "searchString": "HIDDEN_DUE_TO_SECURITY_REASONS"}, host="ds-data.%s.amazonaws.com")  # fmt: skip
ANONYMOUS_GET = Template("s3", "GetObject", category="Data", read=True, error=("AccessDenied", "Access Denied"), request={"bucketName": "$bucket$", "Host": "$bucket$.s3.amazonaws.com", "key": "backup.zip"}, additional={"CipherSuite": "TLS_AES_128_GCM_SHA256", "bytesTransferredIn": 0.0, "x-amz-id-2": "$s3_id2$", "bytesTransferredOut": 243.0}, resources=[{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::$bucket$/backup.zip"}, BUCKET], request_id="$s3_request$", host="$bucket$.s3.amazonaws.com")  # fmt: skip
FOREIGN_LIST = Template("s3", "ListObjects", category="Data", read=True, request={"list-type": "2", "bucketName": "$bucket$", "Host": "$bucket$.s3.us-east-1.amazonaws.com", "prefix": "reports/"}, additional=S3_EXTRA, resources=[{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::$bucket$/reports/"}, BUCKET], request_id="$s3_request$", shared=True, host="$bucket$.s3.us-east-1.amazonaws.com")  # fmt: skip
ROTATED = Template("kms", "RotateKey", version="1.11", request_id=None, kind="AwsServiceEvent", resources=[{"accountId": "$account$", "type": "AWS::KMS::Key", "ARN": "arn:aws:kms:us-east-1:$account$:key/$uuid$"}], details={"keyId": "$uuid$"})  # fmt: skip
EVICTED = Template(
    "ec2",
    "BidEvictedEvent",
    version="1.08",
    request_id=None,
    kind="AwsServiceEvent",
    details={"instanceIdSet": ["i-0$hex16$"]},
)
SECRET_ROTATED = Template("secretsmanager", "RotationStarted", version="1.08", kind="AwsServiceEvent", additional={"SecretId": "arn:aws:secretsmanager:us-east-1:$account$:secret:prod/web/database-Kq2VfA"}, request_id="SecretRotation:$uuid$")  # fmt: skip
BIG_REQUEST = Template(
    "glue",
    "BatchCreatePartition",
    version="1.08",
    request={"reason": "requestParameters too large", "omitted": True, "originalSize": 143_872},
)
OLD_USERS = Template("iam", "ListUsers", version="1.05", read=None, request={"maxItems": 100})
OLD_DATA = Template("s3", "GetObject", version="1.07", category="Data", read=True, request={"bucketName": "$bucket$", "Host": "$bucket$.s3.amazonaws.com", "key": "reports/index.html"}, additional=S3_EXTRA, resources=[BUCKET], request_id="$s3_request$")  # fmt: skip
OLD_TAGS = Template("elasticmapreduce", "AddTags", version="1.06", request={"resourceId": "j-2AXXXXXXGAPLF", "tags": [{"key": "team", "value": "data"}]})  # fmt: skip
LATE = Template("ec2", "DescribeVolumes", read=True, request={"volumeSet": {}, "filterSet": {}}, extra={"addendum": {"reason": "DELIVERY_DELAY"}})  # fmt: skip
AMENDED = Template("iam", "GetUser", read=True, request={"userName": "alice"}, extra={"addendum": {"reason": "UPDATED_DATA", "updatedFields": "userAgent", "originalRequestID": "$first_request$", "originalEventID": "$first_event$"}})  # fmt: skip
GET_USER = Template("iam", "GetUser", read=True, request={"userName": "alice"})


def showcase(org: Organization, start: int, end: int) -> list[Event]:
    """The rare records, spread over [start, end), seconds UTC; about forty, always the same number."""
    step = (end - start) // 40
    times = iter(range(start + step // 2 + 13, end, step - 7))
    events: list[Event] = []
    for make in (federated, single_sign_on, roots, cross_account, service_events, versions):
        events += make(org, next(times))
    for n in range(3):
        events += insight(org, next(times), n)
        events += network_activity(org, next(times), n)
    return events


def federated(org: Organization, time: int) -> list[Event]:
    """SAML, web identity, GetFederationToken and GetSessionToken, each with a use of what it issued."""
    events = []
    for template, role, session, identity in (
        (WITH_SAML, "corporate-readonly", "erin@example.com", {"type": "SAMLUser", "principalId": "8GxRk3Qn0Yk5wZbXc7pVtA4s1dE=:erin@example.com", "userName": "erin@example.com", "identityProvider": "8GxRk3Qn0Yk5wZbXc7pVtA4s1dE="}),
        (WITH_WEB, "github-deploy", "GitHubActions", {"type": "WebIdentityUser", "principalId": f"{OIDC}:sts.amazonaws.com:repo:example/app:ref:refs/heads/main", "userName": "repo:example/app:ref:refs/heads/main", "identityProvider": OIDC}),
    ):  # fmt: skip
        key = org.id("ASIA", f"{session} {time}")
        actor = org.role_session(DEV, role, session, key, time, OFFICE_IP, CI_AGENT, source_identity=session)
        holes = {"role": role_arn(DEV, role), "role_id": org.id("AROA", f"{DEV}/{role}"), "session": session}
        holes |= {"session_arn": actor.arn, "key": key, "expiration": words_text(time + 3600)}
        caller = Actor(DEV, json_text(identity), OFFICE_IP, CI_AGENT)
        events.append(template.event(org.random, caller, time, "us-east-1", **holes))
        events.append(GET_USER.event(org.random, actor, time + 41, "us-east-1"))
    analyst = org.user(DEV, "data.analyst", OFFICE_IP, CLI + "sts.get-federation-token")
    key = org.id("ASIA", f"federation {time}")
    arn = f"arn:aws:sts::{DEV}:federated-user/partner-portal"
    issuer = {"type": "IAMUser", "principalId": org.id("AIDA", f"{DEV}/data.analyst"), "arn": analyst.arn}
    context = {"sessionIssuer": issuer | {"accountId": DEV, "userName": "data.analyst"}}
    identity = {"type": "FederatedUser", "principalId": f"{DEV}:partner-portal", "arn": arn, "accountId": DEV}
    context["attributes"] = session_attributes(time, False)
    portal = Actor(DEV, json_text(identity | {"accessKeyId": key, "sessionContext": context}), OFFICE_IP, BROWSER, arn)
    given = {"key": key, "expiration": words_text(time + 3600)}
    events.append(FEDERATION.event(org.random, analyst, time, "us-east-1", **given))
    events.append(LATE.event(org.random, portal, time + 77, "eu-west-1"))
    given["key"] = org.id("ASIA", f"session {time}")
    events.append(SESSION_TOKEN.event(org.random, analyst, time + 90, "us-east-1", **given))
    return events


def single_sign_on(org: Organization, time: int) -> list[Event]:
    """Identity Center before and after it named its users, and a user of a directory."""
    user = {"userId": "9067642ac7-3f6d1c52-8a0b-4e77-9d21-c5b8e4f0a163", "identityStoreArn": STORE}
    center = {
        "type": "IdentityCenterUser",
        "accountId": LOGS,
        "onBehalfOf": user,
        "credentialId": org.digest("credential", 40),
    }
    unknown = {
        "type": "Unknown",
        "principalId": user["userId"],
        "arn": "",
        "accountId": LOGS,
        "accessKeyId": "",
        "userName": "carol",
    }
    directory = {"type": "Directory", "principalId": "d-9067642ac7:S-1-5-21-1004336348-1177238915-682003330-1112", "accountId": LOGS, "userName": "a.novak"}  # fmt: skip
    named, before, joined = (
        Actor(LOGS, json_text(identity), OFFICE_IP, BROWSER) for identity in (center, unknown, directory)
    )
    return [
        AUTHENTICATED.event(org.random, named, time, "us-east-1"),
        FEDERATED_IN.event(org.random, named, time + 4, "us-east-1"),
        LIST_APPLICATIONS.event(org.random, before, time + 5, "us-east-1"),
        SEARCH_USERS.event(org.random, joined, time + 60, "us-east-1"),
    ]


def roots(org: Organization, time: int) -> list[Event]:
    """The root user: a sign-in and two calls of the same console session."""
    identity = {"type": "Root", "principalId": DEV, "arn": f"arn:aws:iam::{DEV}:root", "accountId": DEV}
    signed = Actor(DEV, json_text(identity | {"accessKeyId": ""}), OFFICE_IP, BROWSER)
    session = {
        "accessKeyId": org.id("ASIA", f"root {time}"),
        "sessionContext": {"attributes": session_attributes(time, True)},
    }
    root = Actor(DEV, json_text(identity | session), OFFICE_IP, BROWSER, from_console=True)
    calls = [ROOT_CALL.event(org.random, root, time + wait, "us-east-1") for wait in (17, 58)]
    return [ROOT_LOGIN.event(org.random, signed, time, "us-east-1"), *calls]


def cross_account(org: Organization, time: int) -> list[Event]:
    """Another account reads a bucket, nobody at all tries to, and a role calls with its own identity."""
    other = {"type": "AWSAccount", "principalId": f"{org.id('AROA', 'auditor')}:audit", "accountId": LOGS}
    nobody = {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}
    auditor = Actor(PROD, json_text(other), "203.0.113.90", CLI + "s3.ls", endpoint="vpce-0d985940f92611b87")
    scanner = Actor(PROD, json_text(nobody), "198.51.100.201", "Mozilla/5.0 zgrab/0.x")
    role = org.role_session(PROD, "log-reader", "reader", "", time - 60, OFFICE_IP, CI_AGENT, kind="Role")
    return [
        FOREIGN_LIST.event(org.random, auditor, time, "us-east-1", bucket=ACCESS_LOGS),
        ANONYMOUS_GET.event(org.random, scanner, time + 31, "us-east-1", bucket=PAYROLL),
        ANONYMOUS_GET.event(org.random, scanner, time + 33, "us-east-1", bucket=ACCESS_LOGS),
        LATE.event(org.random, role, time + 35, "eu-central-1"),
    ]


def service_events(org: Organization, time: int) -> list[Event]:
    """What services report of themselves: no type of identity at all, or AWSService."""
    events = []
    for template, name, wait in (
        (ROTATED, "kms", 0),
        (EVICTED, "ec2", 300),
        (SECRET_ROTATED, "secretsmanager", 600),
    ):
        host = f"{name}.amazonaws.com"
        bare = Actor(PROD, json_text({"accountId": PROD, "invokedBy": host}), host, host, tls=False)
        events.append(template.event(org.random, bare, time + wait, "us-east-1"))
    return [*events, ROTATED.event(org.random, service(org, PROD, "kms"), time + 900, "us-east-1")]


def versions(org: Organization, time: int) -> list[Event]:
    """Records of old versions, a request too large to keep, and one record that amends another."""
    alice = org.user(PROD, "alice", OFFICE_IP, CLI + "iam.get-user")
    first = {"first_event": uuid(org.random), "first_request": uuid(org.random)}
    original = {"event_id": first["first_event"], "request_id": first["first_request"]}
    return [
        OLD_USERS.event(org.random, alice, time, "us-east-1"),
        OLD_TAGS.event(org.random, alice, time + 1, "us-east-1"),
        OLD_DATA.event(org.random, alice, time + 2, "us-east-1", bucket=ACCESS_LOGS),
        BIG_REQUEST.event(org.random, alice, time + 3, "us-east-1"),
        GET_USER.event(org.random, alice, time + 4, "us-east-1", **original),
        AMENDED.event(org.random, alice, time + 4, "us-east-1", **first),
    ]


INSIGHTS = (
    ("iam", "GetUser", "ApiCallRateInsight", "", 0.25, 31.4),
    ("ec2", "RunInstances", "ApiErrorRateInsight", "Client.UnauthorizedOperation", 0.0020833333, 6.0),
    ("sts", "AssumeRole", "ApiCallRateInsight", "", 14.2, 96.5),
)


def insight(org: Organization, time: int, n: int) -> list[Event]:
    """The Start and the End of one unusual rate, which share an id; no caller, no address."""
    source, name, kind, error, usual, unusual = INSIGHTS[n]
    shared, minutes = uuid(org.random), 4 + n
    events = []
    for state, at in (("Start", time), ("End", time + 60 * minutes)):
        statistics: dict[str, object] = {"baseline": {"average": usual}, "insight": {"average": unusual}}
        statistics |= {"insightDuration": minutes if state == "End" else 1, "baselineDuration": 10_181}
        attributions = [
            attribution("userIdentityArn", f"arn:aws:iam::{PROD}:user/ci-deploy", unusual, usual),
            attribution("userAgent", CI_AGENT, unusual, usual),
            attribution("errorCode", error or "null", unusual, usual),
        ]
        context = {"statistics": statistics, "attributions": attributions}
        details = {
            "state": state,
            "eventSource": f"{source}.amazonaws.com",
            "eventName": name,
            "insightType": kind,
        }
        details_json = details | ({"errorCode": error} if error else {}) | {"insightContext": context}
        body = {
            "eventVersion": "1.11",
            "eventTime": time_text(at),
            "awsRegion": "us-east-1",
            "eventID": uuid(org.random),
        }
        body |= {"eventType": "AwsCloudTrailInsight", "recipientAccountId": PROD, "sharedEventID": shared}
        raw = json_text(body | {"insightDetails": details_json, "eventCategory": "Insight"})
        events.append(Event(at, PROD, "us-east-1", "CloudTrail-Insight", False, raw))
    return events


def attribution(attribute: str, value: str, unusual: float, usual: float) -> dict[str, object]:
    return {
        "attribute": attribute,
        "insight": [{"value": value, "average": unusual}],
        "baseline": [{"value": value, "average": usual}],
    }


NETWORK = {
    "eventVersion": "1.11",
    "userIdentity": "$#identity$",
    "eventTime": "$time$",
    "eventSource": "s3.amazonaws.com",
    "eventName": "PutObject",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "10.20.3.17",
}
REFUSED = {
    "errorCode": "VpceAccessDenied",
    "errorMessage": "The request was denied due to a VPC endpoint policy",
}


def network_activity(org: Organization, time: int, n: int) -> list[Event]:
    """A call through a VPC endpoint that its policy refused, and one that it let through."""
    outsider = {"type": "AWSAccount", "principalId": org.id("AIDA", "outsider"), "accountId": "999988887777"}
    own = org.role_session(
        PROD, "web-server-role", org.instances[PROD][n], org.id("ASIA", f"endpoint {n}"), time - 99, "", ""
    )
    endpoint = {"vpcEndpointId": "vpce-0d985940f92611b87", "vpcEndpointAccountId": PROD}
    events = []
    for identity, denied in ((json_text(outsider), True), (own.identity, False)):
        ids = {"requestID": "$s3_request$", "eventID": "$event_id$", "eventType": "AwsVpceEvent"}
        ids |= {"recipientAccountId": PROD, "sharedEventID": "$shared_id$"}
        body = NETWORK | (REFUSED if denied else {}) | ids | endpoint | {"eventCategory": "NetworkActivity"}
        fields = {"identity": identity, "time": time_text(time + 20 * denied), "event_id": uuid(org.random)}
        fields |= {"shared_id": uuid(org.random), "s3_request": letters16(org.random)}
        raw = holed(body) % fields
        events.append(Event(time + 20 * denied, PROD, "us-east-1", "CloudTrail-NetworkActivity", False, raw))
    return events
