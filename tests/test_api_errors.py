"""Calls that did not succeed, and who refused them."""

from collections.abc import Callable
from typing import Any

import pytest

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

USER = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: "
BUCKET = 'on resource: "arn:aws:s3:::payroll"'
SECRET = "arn:aws:secretsmanager:us-east-1:111122223333:secret:db-1"
SCP = "arn:aws:organizations::111122223333:policy/o-abcdefghij/service_control_policy/p-12345678"
ENCODED = "Encoded authorization failure message: Z_F6euBZ0gW5GXH25_rC"
NOTHING = (None, None, "unstated", None, None)


def because(kind: str, action: str) -> str:
    return f"because no {kind} allows the {action} action"


REFUSALS = {
    f"{USER}s3:ListBucket {BUCKET} {because('identity-based policy', 's3:ListBucket')}": (
        ("s3:ListBucket", "arn:aws:s3:::payroll", "missing-allow:identity", False, None)
    ),
    f"{USER}secretsmanager:GetSecretValue on resource: {SECRET} "
    f"{because('resource-based policy', 'secretsmanager:GetSecretValue')}": (
        ("secretsmanager:GetSecretValue", SECRET, "missing-allow:resource", False, None)
    ),
    f"{USER}sts:AssumeRole on resource: arn:aws:iam::111122223333:role/Admin "
    f"{because('role trust policy', 'sts:AssumeRole')}": (
        ("sts:AssumeRole", "arn:aws:iam::111122223333:role/Admin", "missing-allow:trust", False, None)
    ),
    f"{USER}codecommit:ListRepositories {because('service control policy', 'codecommit:ListRepositories')}": (
        ("codecommit:ListRepositories", None, "scp", False, None)
    ),
    f"{USER}s3:GetObject {BUCKET} {because('resource control policy', 's3:GetObject')}": (
        ("s3:GetObject", "arn:aws:s3:::payroll", "rcp", False, None)
    ),
    f"{USER}codedeploy:ListDeployments on resource: * {because('permissions boundary', 'codedeploy:ListDeployments')}": (
        ("codedeploy:ListDeployments", "*", "permissions-boundary", False, None)
    ),
    f"{USER}sns:Publish {because('session policy', 'sns:Publish')}": (
        ("sns:Publish", None, "session-policy", False, None)
    ),
    f"{USER}sns:Publish {because('VPC endpoint policy', 'sns:Publish')}": (
        ("sns:Publish", None, "vpc-endpoint", False, None)
    ),
    f"{USER}s3:GetObject {BUCKET} with an explicit deny in an identity-based policy": (
        ("s3:GetObject", "arn:aws:s3:::payroll", "explicit-deny:identity", True, None)
    ),
    f"{USER}s3:GetObject {BUCKET} with an explicit deny in a resource-based policy": (
        ("s3:GetObject", "arn:aws:s3:::payroll", "explicit-deny:resource", True, None)
    ),
    f"{USER}sts:AssumeRole with an explicit deny in the role trust policy": (
        ("sts:AssumeRole", None, "explicit-deny:trust", True, None)
    ),
    f"{USER}cloudtrail:StopLogging on resource: arn:aws:cloudtrail:us-east-1:111122223333:trail/main "
    f"with an explicit deny in a service control policy: {SCP}": (
        ("cloudtrail:StopLogging", "arn:aws:cloudtrail:us-east-1:111122223333:trail/main", "scp", True, SCP)
    ),
    f"{USER}s3:GetObject {BUCKET} with an explicit deny in a resource control policy": (
        ("s3:GetObject", "arn:aws:s3:::payroll", "rcp", True, None)
    ),
    f"{USER}sagemaker:ListModels with an explicit deny in a permissions boundary": (
        ("sagemaker:ListModels", None, "permissions-boundary", True, None)
    ),
    f"{USER}sns:Publish with an explicit deny in a sessions policy": (
        ("sns:Publish", None, "session-policy", True, None)
    ),
    f"{USER}sns:Publish with an explicit deny in a VPC endpoint policy": (
        ("sns:Publish", None, "vpc-endpoint", True, None)
    ),
    f"{USER}iam:CreateUser on resource: arn:aws:iam::111122223333:user/eve with an explicit deny": (
        ("iam:CreateUser", "arn:aws:iam::111122223333:user/eve", "explicit-deny:unstated", True, None)
    ),
    f"{USER}s3:PutBucketPolicy {BUCKET} because public policies are prevented by the BlockPublicPolicy setting in S3 "
    "Block Public Access.": ("s3:PutBucketPolicy", "arn:aws:s3:::payroll", "block-public-access", None, None),
    f"{USER}iam:AttachUserPolicy on resource: user ci-deploy {because('identity-based policy', 'iam:AttachUserPolicy')}": (
        ("iam:AttachUserPolicy", "user ci-deploy", "missing-allow:identity", False, None)
    ),
    "You are not authorized to perform this operation. "
    f"{USER}ec2:RunInstances on resource: arn:aws:ec2:us-east-1:111122223333:instance/* "
    f"{because('identity-based policy', 'ec2:RunInstances')}. {ENCODED}": (
        ("ec2:RunInstances", "arn:aws:ec2:us-east-1:111122223333:instance/*", "missing-allow:identity", False, None)
    ),
    f"You are not authorized to perform this operation. {ENCODED}": (None, None, "encoded", None, None),
    f"{USER}apigateway:GET on resource: arn:aws:apigateway:us-east-1::/restapis": (
        ("apigateway:GET", "arn:aws:apigateway:us-east-1::/restapis", "unstated", None, None)
    ),
    f"{USER}glue:GetJobs": ("glue:GetJobs", None, "unstated", None, None),
    "Not authorized to perform sts:AssumeRoleWithWebIdentity": (
        ("sts:AssumeRoleWithWebIdentity", None, "unstated", None, None)
    ),
    f"{USER}kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this "
    "Region, no resource-based policies allow access, or a resource-based policy explicitly denies access": (
        ("kms:Decrypt", None, "unstated", None, None)
    ),
    f"{USER}sns:Publish on resource: arn:aws:sns:us-east-1:111122223333:a because no identity-bas": (
        ("sns:Publish", "arn:aws:sns:us-east-1:111122223333:a", "unstated", None, None)
    ),
    "The request was denied due to a VPC endpoint policy": (None, None, "vpc-endpoint", None, None),
    "Access Denied": NOTHING,
    "The role defined for the function cannot be assumed by Lambda.": NOTHING,
}
DENIED = "denied_action, denied_resource, denied_by, is_explicit_deny, denied_policy_arn"


def test_a_refusal_tells_which_permission_was_missing_on_what_and_who_said_no(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            {"eventID": str(number), "errorCode": "AccessDenied", "errorMessage": message}
            for number, message in enumerate(REFUSALS)
        ]
    )
    found = lake.sql(f"SELECT error_message, {DENIED} FROM api_errors").rows()
    assert {row.pop("error_message"): tuple(row.values()) for row in found} == REFUSALS


def test_what_a_caller_named_does_not_speak_for_aws(lake_of: LakeOf) -> None:
    key = "payroll/x because no permissions boundary allows the s3:GetObject action.txt"
    said = f'{USER}s3:GetObject on resource: "arn:aws:s3:::{key}" with an explicit deny in a resource-based policy'
    (row,) = (
        lake_of([{"errorCode": "AccessDenied", "errorMessage": said}]).sql(f"SELECT {DENIED} FROM api_errors").rows()
    )
    assert tuple(row.values()) == ("s3:GetObject", f"arn:aws:s3:::{key}", "explicit-deny:resource", True, None)


ERRORS = [
    ("refused", {"errorCode": "AccessDenied"}, "denied", "unstated"),
    ("endpoint", {"errorCode": "VpceAccessDenied"}, "denied", "vpc-endpoint"),
    ("bad-key", {"errorCode": "InvalidClientTokenId"}, "denied", None),
    ("dry-run", {"errorCode": "Client.DryRunOperation"}, "dry-run", None),
    ("limit", {"errorCode": "Client.VcpuLimitExceeded", "errorMessage": f"{USER}x:y"}, "error", None),
    ("message", {"errorMessage": "Something broke"}, "error", None),
    (
        "sign-in",
        {
            "eventSource": "signin.amazonaws.com",
            "eventName": "ConsoleLogin",
            "eventType": "AwsConsoleSignIn",
            "responseElements": {"ConsoleLogin": "Failure"},
            "errorMessage": "Failed authentication",
        },
        "denied",
        None,
    ),
]


def test_every_call_that_did_not_succeed_is_one_row_and_only_a_refusal_has_a_refuser(lake_of: LakeOf) -> None:
    lake = lake_of([changes | {"eventID": name} for name, changes, _, _ in ERRORS] + [{"eventID": "worked"}])
    found = lake.sql("SELECT event_id, outcome, denied_by FROM api_errors ORDER BY event_id").rows()
    assert [tuple(row.values()) for row in found] == sorted((name, said, by) for name, _, said, by in ERRORS)


def test_throttling_dry_runs_and_reads_of_what_is_not_there_are_usual(lake_of: LakeOf) -> None:
    codes = {
        "Throttling": True,
        "Client.DryRunOperation": True,
        "NoSuchBucket": True,
        "AccessDenied": False,
        "BucketAlreadyExists": False,
    }
    lake = lake_of(
        [{"eventID": code, "errorCode": code} for code in codes]
        + [{"eventID": "write", "errorCode": "NoSuchBucket", "readOnly": False}]
    )
    rows = lake.sql("SELECT event_id, is_usual FROM api_errors").rows()
    assert {row["event_id"]: row["is_usual"] for row in rows} == codes | {"write": False}


def test_the_permission_that_was_missing_need_not_be_the_call(lake_of: LakeOf) -> None:
    role = "arn:aws:iam::111122223333:role/Admin"
    said = f"{USER}iam:PassRole on resource: {role} {because('identity-based policy', 'iam:PassRole')}"
    lake = lake_of([{"eventName": "RunInstances", "errorCode": "AccessDenied", "errorMessage": said}])
    (row,) = lake.sql("SELECT action, denied_action, denied_resource FROM api_errors").rows()
    assert tuple(row.values()) == ("ec2:RunInstances", "iam:PassRole", role)


@pytest.mark.parametrize(
    ("recording", "refused"),
    [
        ("flaws-sample", {"unstated": 85}),
        ("invictus", {"encoded": 44, "unstated": 19, "missing-allow:identity": 1}),
    ],
)
def test_recorded_refusals_are_told_apart(
    shared_lake: Callable[[str], Lake], recording: str, refused: dict[str, int]
) -> None:
    sql = "SELECT denied_by, count(*) FROM api_errors WHERE outcome = 'denied' GROUP BY denied_by"
    assert {tuple(row.values()) for row in shared_lake(recording).sql(sql).rows()} == set(refused.items())
