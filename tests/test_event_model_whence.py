"""What makes the obvious query on CloudTrail wrong: whence a call came, and traps of SQL itself."""

from typing import Any

import pytest
from told import Told, told

from trailquery.errors import UsageError

HOME, OTHER = "111122223333", "444455556666"
ROLE = {"type": "AssumedRole", "principalId": "AROAIOSFODNN7EXAMPLE:erin", "accountId": HOME}
SIGN_IN = {"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"}
S3_DATA = {"eventSource": "s3.amazonaws.com", "eventCategory": "Data", "managementEvent": False}


# ---- 38. addresses


@told(
    public={"sourceIPAddress": "198.51.100.7"},
    ipv6={"sourceIPAddress": "2001:db8::7"},
    endpoint={"sourceIPAddress": "10.0.0.7", "vpcEndpointId": "vpce-1"},
    other_vpc={"sourceIPAddress": "10.0.0.7", "vpcEndpointId": "vpce-2"},
    service={"sourceIPAddress": "cloudformation.amazonaws.com"},
    internal={"sourceIPAddress": "AWS Internal"},
    look_alike={"sourceIPAddress": "198.51.100.7; DROP"},
    look_alike_service={"sourceIPAddress": "s3.amazonaws.com; DROP"},
    console={"sourceIPAddress": "198.51.100.8", "userAgent": "console.amazonaws.com"},
    missing={"sourceIPAddress": None},
)
def test_a_client_ip_is_an_address_and_nothing_else_that_stands_in_its_field(seen: Told) -> None:
    assert seen.each("client_ip, ip_scope, vpc_endpoint_id") == {
        "public": ("198.51.100.7", "public", None),
        "ipv6": ("2001:db8::7", "public", None),
        "endpoint": ("10.0.0.7", "private", "vpce-1"),
        "other_vpc": ("10.0.0.7", "private", "vpce-2"),
        "service": (None, "aws-service", None),
        "internal": (None, "aws-internal", None),
        "look_alike": (None, "none", None),
        "look_alike_service": (None, "none", None),
        "console": ("198.51.100.8", "public", None),
        "missing": (None, "none", None),
    }


# ---- 39. user agents


AGENTS = {
    "bracketed": ("[aws-sdk-go/1.44 (go1.19; linux; amd64)]", "aws-sdk-go/1.44 (go1.19; linux; amd64)", "sdk"),
    "cut_off": ("[Boto3/1.26 " + "x" * 1012, "Boto3/1.26 " + "x" * 1012, "sdk"),
    "kali": ("aws-cli/2.15 os/linux#6.1-kali9-amd64", "aws-cli/2.15 os/linux#6.1-kali9-amd64", "cli"),
    "console": ("console.amazonaws.com", "console.amazonaws.com", "console"),
    "cloudshell": ("aws-cli/2.15 exec-env/CloudShell", "aws-cli/2.15 exec-env/CloudShell", "cloudshell"),
    "terraform": ("HashiCorp Terraform/1.5 aws-sdk-go/1.44", "HashiCorp Terraform/1.5 aws-sdk-go/1.44", "iac"),
    "browser": ("Mozilla/5.0 (X11; Linux)", "Mozilla/5.0 (X11; Linux)", "browser"),
    "service": ("ec2.amazonaws.com", "ec2.amazonaws.com", "service"),
    "made_up": ("a name of my own", "a name of my own", "other"),
    "none": (None, None, None),
}


@told(**{name: {"userAgent": agent} for name, (agent, _, _) in AGENTS.items()})
def test_a_user_agent_loses_its_brackets_and_tells_the_kind_of_client(seen: Told) -> None:
    assert seen.each("user_agent, client") == {name: (plain, kind) for name, (_, plain, kind) in AGENTS.items()}
    assert seen.found("(raw ->> '$.userAgent') LIKE 'aws-sdk-go%'") == set()


@told(
    bill={"eventType": "AwsConsoleAction", "userAgent": "Mozilla/5.0 (X11; Linux x86_64)"},
    call={"userAgent": "Mozilla/5.0 (X11; Linux x86_64)"},
)
def test_what_the_console_did_without_an_api_call_was_done_in_the_console(seen: Told) -> None:
    assert seen.each("client, from_console_session") == {"bill": ("console", False), "call": ("browser", False)}


CONSOLE_ITSELF = {"sourceIPAddress": "AWS Internal", "userAgent": "AWS Internal", "sessionCredentialFromConsole": True}


@told(
    person=CONSOLE_ITSELF,
    forwarded=CONSOLE_ITSELF | {"userIdentity": ROLE | {"invokedBy": "AWS Internal"}},
    no_console=CONSOLE_ITSELF | {"sessionCredentialFromConsole": None},
)
def test_what_the_machines_of_the_console_pass_on_was_done_in_the_console(seen: Told) -> None:
    assert seen.each("client, is_aws_call") == {
        "person": ("console", False),
        "forwarded": ("service", True),
        "no_console": ("service", False),
    }


# ---- 40. MFA


ROLE_WITHOUT_MFA = ROLE | {"sessionContext": {"attributes": {"mfaAuthenticated": "false"}}}


def mfa(used: str, **changes: Any) -> dict[str, Any]:
    return SIGN_IN | {
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MFAUsed": used},
        **changes,
    }


def by_password(**who: Any) -> dict[str, Any]:
    """A sign-in of a user whom a directory knows, in one step."""
    return {
        "eventSource": "signin.amazonaws.com",
        "eventName": "UserAuthentication",
        "eventType": "AwsServiceEvent",
        "userIdentity": {"type": "Unknown", "principalId": HOME, "accountId": HOME, "userName": "erin", **who},
        "additionalEventData": {"CredentialType": "PASSWORD"},
        "serviceEventDetails": {"UserAuthentication": "Success"},
    }


@told(
    yes=mfa("Yes"),
    capitals=mfa("YES"),
    no=mfa("No"),
    at_idp=mfa("No", userIdentity=ROLE),
    saml={
        **mfa("No"),
        "additionalEventData": {"MFAUsed": "No", "SamlProviderArn": f"arn:aws:iam::{HOME}:saml-provider/q"},
    },
    portal=by_password(principalId="94482488-3041"),
    portal_since_2025=by_password(onBehalfOf={"userId": "94482488-3041"}),
    desktop=by_password(),
)
def test_a_sign_in_that_only_the_identity_provider_saw_is_not_one_without_mfa(seen: Told) -> None:
    assert seen.each("mfa", "signin_events") == {
        "yes": "yes",
        "capitals": "yes",
        "no": "no",
        "at_idp": "at-idp",
        "saml": "at-idp",
        "portal": "no",
        "portal_since_2025": "no",
        "desktop": None,
    }
    assert seen.found("(additional ->> '$.MFAUsed') = 'Yes'") == {"yes"}
    assert seen.found("(additional ->> '$.MFAUsed') = 'No'") == {"no", "at_idp", "saml"}


@told(role={"userIdentity": ROLE_WITHOUT_MFA}, user={})
def test_the_mfa_flag_of_a_role_session_is_false_whatever_the_user_did(seen: Told) -> None:
    assert seen.each("session_mfa") == {"role": False, "user": None}


# ---- 41. other accounts


SERVICE = {"type": "AWSService", "invokedBy": "ec2.amazonaws.com", "accountId": OTHER}


@told(
    foreign={"userIdentity": {"type": "AWSAccount", "principalId": "AIDAOTHER", "accountId": OTHER}},
    own={"sharedEventID": "both-halves"},
    service={"userIdentity": SERVICE, "sharedEventID": "of-a-service"},
)
def test_a_call_is_cross_account_by_the_account_of_its_caller_and_not_by_its_shared_id(seen: Told) -> None:
    assert seen.found("is_cross_account") == {"foreign"}
    assert seen.found("shared_event_id IS NOT NULL") == {"own", "service"}


# ---- 42. bytes


MOVED = {"additionalEventData": {"bytesTransferredOut": 2_360_000.0, "bytesTransferredIn": 12.0}}


@told(
    read=S3_DATA | MOVED | {"eventName": "GetObject"},
    refused=S3_DATA | MOVED | {"eventName": "PutObject", "errorCode": "AccessDenied"},
)
def test_the_bytes_of_a_refused_call_are_no_egress(seen: Told) -> None:
    assert seen.each("bytes_out, bytes_in", "data_events") == {"read": (2_360_000, 12), "refused": (None, None)}
    assert seen.found("(additional ->> '$.bytesTransferredOut')::DOUBLE > 0") == {"read", "refused"}


# ---- 43. VPC endpoints


NETWORK = {"eventType": "AwsVpceEvent", "eventCategory": "NetworkActivity", "managementEvent": None}


@told(
    on_top={"vpcEndpointId": "vpce-1", "vpcEndpointAccountId": OTHER},
    inside={"additionalEventData": {"vpcEndpointId": "vpce-2"}},
    let_through=NETWORK | {"vpcEndpointId": "vpce-3"},
    refused=NETWORK | {"vpcEndpointId": "vpce-3", "errorCode": "VpceAccessDenied"},
    within_aws={"vpcEndpointId": "AWS Internal", "vpcEndpointAccountId": "AWS Internal"},
    by_service={"vpcEndpointId": "kms.amazonaws.com", "vpcEndpointAccountId": "vpce-4"},
    outside={"sessionCredentialFromConsole": "true", "tlsDetails": {"tlsVersion": "TLSv1.3"}},
)
def test_a_vpc_endpoint_is_found_in_both_of_its_places_and_refusals_at_it_are_told(seen: Told) -> None:
    assert seen.each("vpc_endpoint_id, vpc_endpoint_account_id, category, outcome") == {
        "on_top": ("vpce-1", OTHER, "management", "success"),
        "inside": ("vpce-2", None, "management", "success"),
        "let_through": ("vpce-3", None, "network", "success"),
        "refused": ("vpce-3", None, "network", "denied"),
        "within_aws": (None, None, "management", "success"),
        "by_service": (None, None, "management", "success"),
        "outside": (None, None, "management", "success"),
    }
    assert seen.each("denied_by", "api_errors") == {"refused": "vpc-endpoint"}
    assert seen.each("from_console_session, tls_version")["outside"] == (True, "TLSv1.3")


# ---- 44. arrows; that ours are in parentheses is a test of test_queries


@told(one={})
def test_without_parentheses_an_arrow_takes_what_stands_before_it(seen: Told) -> None:
    with pytest.raises(UsageError, match="Malformed JSON"):
        seen.found("'id ' || raw ->> '$.awsRegion' = 'id us-east-1'")
    assert seen.found("'id ' || (raw ->> '$.awsRegion') = 'id us-east-1'") == {"one"}


# ---- 45. patterns, JSON null, capitals


@told(one={})
def test_a_pattern_cannot_look_ahead(seen: Told) -> None:
    with pytest.raises(UsageError, match="invalid perl operator"):
        seen.found("regexp_matches(api, '^(?!Get)')")
    assert seen.found("NOT regexp_matches(api, '^Get')") == {"one"}


@told(null={"requestParameters": None, "responseElements": {"x": None}}, missing={"responseElements": {}})
def test_a_json_null_is_sql_null_in_a_column_and_as_text_but_not_as_json(seen: Told) -> None:
    assert seen.found("request IS NULL") == {"null", "missing"}
    assert seen.found("(response ->> '$.x') IS NULL") == {"null", "missing"}
    assert seen.found("(response -> '$.x') IS NULL") == {"missing"}


@told(one={"requestParameters": {"kmsKeyId": "alias/logs"}})
def test_a_key_of_json_in_other_capitals_is_another_key(seen: Told) -> None:
    assert seen.each("(request ->> '$.KmsKeyId'), (request ->> '$.kmsKeyId')") == {"one": (None, "alias/logs")}


# ---- 46. unequal and NULL


@told(worked={}, refused={"errorCode": "AccessDenied"}, slow={"errorCode": "Throttling"})
def test_an_unequal_sign_drops_the_calls_that_worked(seen: Told) -> None:
    assert seen.found("error_code <> 'Throttling'") == {"refused"}
    assert seen.found("error_code IS DISTINCT FROM 'Throttling'") == {"worked", "refused"}


@told(
    user={"readOnly": False},
    role={"readOnly": False, "userIdentity": ROLE | {"invokedBy": "AWS Internal"}},
    nobody={"readOnly": False, "userIdentity": None},
)
def test_no_caller_is_dropped_for_a_field_it_does_not_have(seen: Told) -> None:
    assert seen.found("invoked_by <> 'AWS Internal'") == set()
    assert seen.found("outcome = 'success' AND NOT is_aws_call") == {"user", "role", "nobody"}
    assert seen.found("is_aws_call IS NULL OR is_cross_account IS NULL OR outcome IS NULL OR access IS NULL") == set()
    assert seen.found("true", "changes") == {"user", "role", "nobody"}
