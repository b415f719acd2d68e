"""Calls for secrets: what each is after, and which secrets it names."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "config.amazonaws.com"}}
REFUSED = {"errorCode": "AccessDeniedException"}


def call(action: str, **asked: Any) -> dict[str, Any]:
    service, name = action.split(":")
    return {"eventSource": f"{service}.amazonaws.com", "eventName": name, "requestParameters": asked or None}


def filtered(action: str, *values: str, key: str = "name") -> dict[str, Any]:
    return call(action, filters=[{"key": key, "values": list(values)}])


BY_NAME = {"parameterFilters": [{"key": "Name", "option": "BeginsWith", "values": ["/app/"]}]}
BATCH = "secretsmanager:BatchGetSecretValue"
USER_DATA = call("ec2:DescribeInstanceAttribute", instanceId="i-0123456789abcdef0", attribute="userData")

TOLD: dict[str, tuple[dict[str, Any], tuple[str, list[str]]]] = {
    "listed": (call("secretsmanager:ListSecrets", maxResults=100), ("listing", [])),
    "listed-in-vain": (call("secretsmanager:ListSecrets") | REFUSED, ("listing", [])),
    "listed-by-tag": (filtered("secretsmanager:ListSecrets", "env", key="tag-key"), ("listing", [])),
    "listed-but-one": (filtered("secretsmanager:ListSecrets", "!db"), ("listing", [])),
    "parameters-listed": (call("ssm:DescribeParameters", maxResults=50), ("listing", [])),
    "batch-by-tag": (filtered(BATCH, "env", key="tag-key"), ("batch", [])),
    "batch-in-vain": (call(BATCH) | REFUSED, ("batch", [])),
    "batch-by-prefix": (filtered(BATCH, "db/"), ("value", [])),
    "batch-by-id": (call(BATCH, secretIdList=["db/main", "db/root"]), ("value", ["db/main", "db/root"])),
    "read": (call("secretsmanager:GetSecretValue", secretId="db/main"), ("value", ["db/main"])),
    "decrypted": (call("ssm:GetParameters", names=["/app/token"], withDecryption=True), ("value", ["app/token"])),
    "password": (call("ec2:GetPasswordData", instanceId="i-0123456789abcdef0"), ("machine", [])),
    "script": (USER_DATA, ("machine", [])),
    "attribute-untold": (call("ec2:DescribeInstanceAttribute") | REFUSED, ("machine", [])),
    "registry": (call("ecr:GetAuthorizationToken"), ("token", [])),
    "workflow": (call("airflow:CreateCliToken", Name="etl"), ("token", [])),
    "connection": (call("glue:GetConnection", name="orders", hidePassword=False), ("token", [])),
    "connections": (call("glue:GetConnections"), ("token", [])),
    "key-of-an-api": (call("apigateway:GetApiKey", apiKey="a1b2c3d4e5", includeValue=True), ("token", [])),
}
OTHERS = {
    "listed-by-aws": call("secretsmanager:ListSecrets") | BY_AWS,
    "listed-by-name": filtered("secretsmanager:ListSecrets", "db"),
    "parameters-by-name": call("ssm:DescribeParameters", **BY_NAME),
    "parameters-of-a-cache": call("dax:DescribeParameters", parameterGroupName="default.dax1.0"),
    "described": call("secretsmanager:DescribeSecret", secretId="db/main"),
    "in-plain-text": call("ssm:GetParameter", name="/app/flags", withDecryption=False),
    "decrypted-elsewhere": call("ssm-incidents:GetParameter", name="/app/token", withDecryption=True),
    "size": USER_DATA | {"requestParameters": {"instanceId": "i-0123456789abcdef0", "attribute": "instanceType"}},
    "size-refused": USER_DATA | {"requestParameters": {"attribute": "instanceType"}} | REFUSED,
    "attribute-of-none": call("ec2:DescribeInstanceAttribute"),
    "attribute-of-an-image": call("ec2:DescribeImageAttribute", attribute="userData"),
    "connection-without-password": call("glue:GetConnection", name="orders", hidePassword=True),
    "connection-made": call("glue:CreateConnection", connectionInput={"name": "orders"}),
    "names-of-api-keys": call("apigateway:GetApiKeys"),
    "values-of-others": call("apigateway:GetUsagePlans", includeValues=True),
}


def test_each_call_tells_what_it_is_after_and_of_which_secrets(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in TOLD.items()} | OTHERS
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows = lake.sql("SELECT event_id, secret_kind, secrets FROM secret_calls").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {name: is_ for name, (_, is_) in TOLD.items()}


def test_calls_before_the_scope_are_there_to_compare_with(lake_of: LakeOf) -> None:
    early = call("secretsmanager:ListSecrets") | {"eventTime": "2024-03-01T10:00:00Z"}
    lake = lake_of([early]).narrowed(since=datetime(2024, 3, 2))  # noqa: DTZ001
    assert lake.sql("SELECT count(*) AS calls FROM secret_calls").rows() == [{"calls": 1}]
