"""Ways back in that calls leave, by kind, and what took them away again."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}}
FUNCTION = "arn:aws:lambda:us-east-1:111122223333:function:x"
POOL = "us-east-1_aBcDeFgHi"
BOB = {"items": [{"userId": "444455556666"}]}


def call(service: str, name: str, /, **request: Any) -> dict[str, Any]:
    source = {"eventSource": f"{service}.amazonaws.com", "eventName": name, "readOnly": False}
    return source | {"requestParameters": request}


def snapshot(**change: Any) -> dict[str, Any]:
    return call("ec2", "ModifySnapshotAttribute", snapshotId="snap-0abc1234", createVolumePermission=change)


ADMIN = {"userName": "eve", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}
PORTS = {"groupId": "sg-0abc1234", "ipPermissions": {"items": [{"ipProtocol": "tcp", "fromPort": 22, "toPort": 22}]}}
SIGN_IN = {"userPoolId": POOL, "lambdaConfig": {"preAuthentication": FUNCTION}}

FOOTHOLDS: dict[str, tuple[dict[str, Any], str]] = {
    "user": (call("iam", "CreateUser", userName="eve"), "identity"),
    "key": (call("iam", "CreateAccessKey", userName="eve"), "credential"),
    "refused": (call("iam", "CreateAccessKey", userName="bob") | {"errorCode": "AccessDenied"}, "credential"),
    "admin": (call("iam", "AttachUserPolicy", **ADMIN), "rights"),
    "user-of-a-pool": (call("cognito-idp", "AdminCreateUser", userPoolId=POOL, username="eve"), "identity"),
    "data-lake-admin": (call("lakeformation", "PutDataLakeSettings", dataLakeSettings={}), "rights"),
    "anchor": (call("rolesanywhere", "CreateTrustAnchor", name="x", enabled=True), "trust"),
    "function": (call("lambda", "CreateFunction20150331", functionName="x"), "code"),
    "rule": (call("events", "PutRule", name="nightly"), "trigger"),
    "own-check": (call("config", "PutConfigRule", configRule={"source": {"owner": "CUSTOM_LAMBDA"}}), "trigger"),
    "all-logs": (call("logs", "PutAccountPolicy", policyType="SUBSCRIPTION_FILTER_POLICY"), "trigger"),
    "rotation": (call("secretsmanager", "RotateSecret", secretId="payroll", rotationLambdaARN=FUNCTION), "trigger"),
    "sign-in": (call("cognito-idp", "UpdateUserPool", **SIGN_IN), "trigger"),
    "sign-in-of-new-pool": (call("cognito-idp", "CreateUserPool", **SIGN_IN), "trigger"),
    "pool": (call("cognito-idp", "UpdateUserPool", userPoolId=POOL, lambdaConfig={}), "automation"),
    "hook": (call("amplify", "CreateWebhook", appId="d1a2b3c4d5e6f7", branchName="main"), "automation"),
    "document": (call("ssm", "CreateDocument", name="x", content="{}"), "automation"),
    "task": (call("ssm", "UpdateMaintenanceWindowTask", windowId="mw-0abc1234", taskArn="x"), "automation"),
    "script": (call("ec2", "ModifyInstanceAttribute", instanceId="i-0abc1234", userData="<hidden>"), "machine"),
    "port": (call("ec2", "AuthorizeSecurityGroupIngress", **PORTS), "network"),
    "entitled": (call("account-access", "CreateEntitlement", entitlement={}), "rights"),
    "shared": (snapshot(add=BOB), "sharing"),
    "bucket": (call("s3", "PutBucketPolicy", bucketName="web"), "sharing"),
}
OTHERS = {
    "by-aws": call("iam", "CreateAccessKey", userName="eve") | BY_AWS,
    "shared-no-more": snapshot(remove=BOB),
    "resized": call("ec2", "ModifyInstanceAttribute", instanceId="i-0abc1234", instanceType={"value": "t3.large"}),
    "check-of-aws": call("config", "PutConfigRule", configRule={"source": {"owner": "AWS"}}),
    "masked": call("logs", "PutAccountPolicy", policyType="DATA_PROTECTION_POLICY"),
    "rotated": call("secretsmanager", "RotateSecret", secretId="payroll"),
    "new-pool": call("cognito-idp", "CreateUserPool", poolName="shop", lambdaConfig={}),
    "kept-for-a-month": call("logs", "PutRetentionPolicy", logGroupName="app", retentionInDays=30),
}


def test_each_way_back_in_is_of_one_kind(lake_of: LakeOf) -> None:
    told = {name: record for name, (record, _) in FOOTHOLDS.items()} | OTHERS
    lake = lake_of([record | {"eventID": name} for name, record in told.items()])
    rows = lake.sql("SELECT event_id, kind FROM footholds").rows()
    assert {row["event_id"]: row["kind"] for row in rows} == {name: kind for name, (_, kind) in FOOTHOLDS.items()}
    assert len(rows) == len(FOOTHOLDS)


REMOVALS = {
    "key-deleted": (call("iam", "DeleteAccessKey", userName="eve"), "iam:AccessKey user/eve"),
    "detached": (call("iam", "DetachUserPolicy", **ADMIN), "iam:UserPolicy user/eve +policy/AdministratorAccess"),
    "shared-no-more": (snapshot(remove=BOB), "ec2:SnapshotAttribute snap-0abc1234 +444455556666"),
}
KEPT = {
    "key-made": call("iam", "CreateAccessKey", userName="eve"),
    "shared": snapshot(add=BOB),
    "refused": call("iam", "DeleteAccessKey", userName="eve") | {"errorCode": "AccessDenied"},
}


def test_what_is_taken_away_is_named_as_by_the_call_that_made_it(lake_of: LakeOf) -> None:
    told = {name: record for name, (record, _) in REMOVALS.items()} | KEPT
    records = [record | {"eventID": name, "eventTime": "2024-03-01T10:00:00Z"} for name, record in told.items()]
    lake = lake_of(records).narrowed(since=datetime(2024, 3, 2))  # noqa: DTZ001 (removals are told whatever the scope)
    rows = lake.sql("SELECT event_id, removed_thing FROM removals").rows()
    assert {row["event_id"]: row["removed_thing"] for row in rows} == {
        name: thing for name, (_, thing) in REMOVALS.items()
    }
    made = "SELECT thing_of(service, api, target) AS thing FROM history WHERE event_id IN ('key-made', 'shared')"
    assert {row["thing"] for row in lake.sql(made).rows()} == {
        REMOVALS["key-deleted"][1],
        REMOVALS["shared-no-more"][1],
    }
