"""Databases opened: by which new way to sign in, and to what of the Internet."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]


def call(action: str, answer: dict[str, Any] | None = None, **asked: Any) -> dict[str, Any]:
    service, _, api = action.partition(":")
    return {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": api,
        "readOnly": False,
        "requestParameters": asked,
        "responseElements": answer,
    }


PUBLIC = {"dBInstanceIdentifier": "payroll", "publiclyAccessible": True}
USER_NAMES = {"authenticationMode": {"passwords": ["****"], "type": "password"}}
OPENINGS = {  # way to sign in, opened to
    "password": (call("rds:ModifyDBInstance", masterUserPassword="****"), ("password", None)),
    "password-refused": (
        call("redshift-serverless:UpdateNamespace", adminUserPassword="****") | {"errorCode": "AccessDenied"},
        ("password", None),
    ),
    "password-of-several": (call("elasticache:ModifyUser", passwords=["****"]), ("password", None)),
    "password-in-a-mode": (call("memorydb:UpdateUser", **USER_NAMES), ("password", None)),
    "token": (call("elasticache:ModifyReplicationGroup", authToken="****"), ("password", None)),
    "in-a-directory": (call("ds:ResetUserPassword", newPassword="****"), ("password", None)),
    "for-anybody": (
        call("es:UpdateDomainConfig", advancedSecurityOptions={"enabled": True, "anonymousAuthEnabled": True}),
        ("no password", None),
    ),
    "iam": (call("rds:ModifyDBCluster", enableIAMDatabaseAuthentication=True), ("IAM sign-in", None)),
    "data-api": (call("rds:EnableHttpEndpoint"), ("Data API", None)),
    "data-api-of-old": (call("rds:ModifyDBCluster", enableHttpEndpoint=True), ("Data API", None)),
    "public": (call("rds:ModifyDBInstance", **PUBLIC), (None, "public address")),
    "both": (call("rds:ModifyDBInstance", masterUserPassword="****", **PUBLIC), ("password", "public address")),
    "graph": (call("neptune-graph:UpdateGraph", publicConnectivity=True), (None, "public address")),
    "restored-public": (call("rds:RestoreDBInstanceFromDBSnapshot", PUBLIC), (None, "public address")),
    "group": (call("redshift:AuthorizeClusterSecurityGroupIngress", cIDRIP="0.0.0.0/0"), (None, "0.0.0.0/0")),
}
OTHERS = {
    "made-with-a-password": call("rds:CreateDBInstance", masterUserPassword="****"),
    "password-kept-by-aws": call("rds:ModifyDBInstance", manageMasterUserPassword=True),
    "password-not-told": call("rds:ModifyDBInstance", masterUserPassword=None),
    "iam-off": call("rds:ModifyDBCluster", enableIAMDatabaseAuthentication=False),
    "made-with-iam": call("rds:CreateDBCluster", enableIAMDatabaseAuthentication=True),
    "data-api-off": call("rds:ModifyDBCluster", enableHttpEndpoint=False),
    "made-with-the-data-api": call("rds:CreateDBCluster", enableHttpEndpoint=True),
    "private": call("rds:ModifyDBInstance", publiclyAccessible=False),
    "public-before": call("rds:ModifyDBInstance", PUBLIC, backupRetentionPeriod=7),
    "broker": call("amazonmq:CreateBroker", publiclyAccessible=True),
    "office": call("redshift:AuthorizeClusterSecurityGroupIngress", cIDRIP="198.51.100.0/24"),
    "group-closed": call("redshift:RevokeClusterSecurityGroupIngress", cIDRIP="0.0.0.0/0"),
}


def test_a_call_tells_the_way_that_it_opens_and_to_whom(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in OPENINGS.items()} | OTHERS
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows = lake.sql("SELECT event_id, way, opened_to FROM database_openings").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {
        name: opened for name, (_, opened) in OPENINGS.items()
    }
