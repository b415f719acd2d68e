"""The credentials that a call handed out, the role it asked for, and where in S3 it went."""

from datetime import datetime

import pytest

from trailquery.meaning.credentials import Issued, issued, requested_role_arn
from trailquery.meaning.identity import Identity
from trailquery.meaning.storage import bucket, bytes_moved, object_key

ACCOUNT, OTHER = "111122223333", "444455556666"
ROLE = f"arn:aws:iam::{OTHER}:role/teams/ci/Deploy"
CREDENTIALS = {"accessKeyId": "ASIAIOSFODNN7EXAMPLE", "expiration": "Jul 10, 2023, 12:24:29 PM"}
END = datetime(2023, 7, 10, 12, 24, 29)  # noqa: DTZ001 (naive UTC)
ALICE = Identity("IAMUser", actor_arn=f"arn:aws:iam::{ACCOUNT}:user/alice", user_name="alice")
SESSION = f"arn:aws:sts::{OTHER}:assumed-role/Deploy/build"


@pytest.mark.parametrize(
    ("service", "api", "response", "arn"),
    [
        ("sts", "AssumeRole", {"credentials": CREDENTIALS, "assumedRoleUser": {"arn": SESSION}}, SESSION),
        ("sts", "AssumeRoleWithSAML", {"credentials": CREDENTIALS, "assumedRoleUser": {"arn": SESSION}}, SESSION),
        ("sts", "AssumeRoleWithWebIdentity", {"credentials": CREDENTIALS, "assumedRoleUser": {"arn": SESSION}}, SESSION),
        ("sts", "AssumeRoot", {"credentials": CREDENTIALS}, None),
        ("sts", "GetSessionToken", {"credentials": CREDENTIALS}, ALICE.actor_arn),
        ("sts", "GetFederationToken", {"credentials": CREDENTIALS, "federatedUser": {"arn": SESSION}}, SESSION),
        ("sts", "GetDelegatedAccessToken", {"credentials": CREDENTIALS, "assumedPrincipal": SESSION}, SESSION),
        ("iam", "CreateAccessKey", {"accessKey": CREDENTIALS}, ALICE.actor_arn),
        ("signin", "GetSigninToken", {"credentials": CREDENTIALS}, ALICE.actor_arn),
        ("s3express", "CreateSession", {"credentials": CREDENTIALS}, ALICE.actor_arn),
        ("sso", "GetRoleCredentials", {"roleCredentials": CREDENTIALS}, None),
        ("cognito-identity", "GetCredentialsForIdentity", {"credentials": CREDENTIALS}, None),
        ("rolesanywhere", "CreateSession", {"credentialSet": [{"credentials": CREDENTIALS, "assumedRoleUser": {"arn": SESSION}}]}, SESSION),
    ],
)  # fmt: skip
def test_whatever_api_hands_out_credentials_the_key_is_found(service, api, response, arn):
    handed_out = issued(f"{service}:{api}", "success", response, None, ALICE, ACCOUNT)
    assert handed_out == Issued("ASIAIOSFODNN7EXAMPLE", arn, END)


def test_the_session_of_an_instance_is_made_from_role_and_session_name():
    request = {"roleArn": ROLE, "roleSessionName": "i-0123456789abcdef0"}
    expected = Issued("ASIAIOSFODNN7EXAMPLE", f"arn:aws:sts::{OTHER}:assumed-role/Deploy/i-0123456789abcdef0", END)
    assert issued("sts:AssumeRole", "success", {"credentials": CREDENTIALS}, request, ALICE, ACCOUNT) == expected


def test_a_key_that_a_federation_token_makes_for_its_user_is_the_users():
    token = ALICE._replace(actor_arn=f"arn:aws:sts::{ACCOUNT}:federated-user/carol")
    made = issued("iam:CreateAccessKey", "success", {"accessKey": CREDENTIALS}, {"userName": "alice"}, token, ACCOUNT)
    assert made.issued_arn == ALICE.actor_arn


def test_a_refused_or_other_call_hands_out_nothing():
    request = {"roleArn": ROLE, "roleSessionName": "x"}
    assert issued("sts:AssumeRole", "denied", None, request, ALICE, ACCOUNT) == Issued()
    assert issued("iam:ListAccessKeys", "success", {"accessKey": CREDENTIALS}, None, ALICE, ACCOUNT) == Issued()


def test_a_role_passed_to_a_service_is_the_role_in_the_request():
    assert requested_role_arn({"role": ROLE, "functionName": "x"}) == ROLE
    assert requested_role_arn({"role": "Deploy"}) is None
    assert requested_role_arn({"clusterName": "x", "MonitoringRoleArn": ROLE}) == ROLE
    assert requested_role_arn({"loggingRole": f"arn:aws:iam::{ACCOUNT}:role/Log", "taskRoleArn": ROLE}) == ROLE
    assert requested_role_arn({"resource": ROLE}) is None


def test_bytes_of_a_refused_call_are_no_transfer():
    additional = {"bytesTransferredOut": 2360000.0, "bytesTransferredIn": 12}
    assert bytes_moved(additional, "success") == (2360000, 12)
    assert bytes_moved(additional, "denied") == (None, None)
    assert bytes_moved({"bytesTransferredOut": float("inf"), "bytesTransferredIn": "1"}, "success") == (
        None,
        None,
    )


def test_the_bucket_comes_from_the_request_else_from_the_resource_list():
    assert bucket("s3", {"bucketName": "payroll"}, None) == "payroll"
    assert bucket("s3", {"bucketName": "arn:aws:s3:::payroll"}, None) == "payroll"
    assert bucket("s3", None, [{"ARN": "arn:aws:s3:::payroll/2026/a.csv"}]) == "payroll"
    assert bucket("ec2", {"bucketName": "payroll"}, None) is None
    assert object_key("s3", {"key": "2026/a.csv"}) == "2026/a.csv"
    assert (bucket("s3express", {"bucketName": "fast"}, None), object_key("s3-outposts", {"Key": "a"})) == ("fast", "a")
