"""Copies of data: of what, and into which bucket."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]


def call(action: str, **asked: Any) -> dict[str, Any]:
    service, _, api = action.partition(":")
    return {"eventSource": f"{service}.amazonaws.com", "eventName": api, "requestParameters": asked}


BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "dlm.amazonaws.com"}}
STORED = {"CreateStoreImageTaskRequest": {"Bucket": "images-out", "ImageId": "ami-0abc1234567890def"}}
COPIES = {  # of what, into which bucket
    "disk": (call("ec2:CreateSnapshot", volumeId="vol-0123456789abcdef0"), ("disk or machine", None)),
    "disk-refused": (call("ec2:CopySnapshot") | {"errorCode": "AccessDenied"}, ("disk or machine", None)),
    "blocks-read": (call("ebs:GetSnapshotBlock") | {"readOnly": True}, ("disk or machine", None)),
    "disk-restored": (call("ec2:CreateVolume", snapshotId="snap-0123456789abcdef0"), ("disk or machine", None)),
    "image": (call("ec2:CreateStoreImageTask", **STORED), ("disk or machine", "images-out")),
    "table": (call("dynamodb:ExportTableToPointInTime", s3Bucket="tables-out"), ("database", "tables-out")),
    "database": (call("rds:StartExportTask", s3BucketName="dumps"), ("database", "dumps")),
    "replica": (call("rds:CreateDBInstanceReadReplica", sourceDBInstanceIdentifier="orders"), ("database", None)),
    "documents": (call("docdb-elastic:CreateClusterSnapshot", snapshotName="orders"), ("database", None)),
    "moved": (call("dms:StartReplicationTask", startReplicationTaskType="start-replication"), ("database", None)),
    "log": (call("rds:DownloadDBLogFilePortion", logFileName="error/postgresql.log"), ("log", None)),
    "log-group": (call("logs:CreateExportTask", logGroupName="/app", destination="logs-out"), ("log", "logs-out")),
    "secret": (call("secretsmanager:ReplicateSecretToRegions", secretId="db/main"), ("secret", None)),
    "files": (call("datasync:CreateLocationS3", s3BucketArn="arn:aws:s3:::files-out"), ("files", "files-out")),
    "cache": (call("elasticache:CopySnapshot", targetBucket="loot"), ("cache", "loot")),
    "backup": (call("backup:StartRestoreJob"), ("backup", None)),
}
OTHERS = {
    "disk-by-aws": call("ec2:CreateSnapshot", volumeId="vol-0123456789abcdef0") | BY_AWS,
    "disk-empty": call("ec2:CreateVolume", size="8"),
    "looked-up": call("ec2:DescribeSnapshots"),
    "stopped": call("datasync:CancelTaskExecution"),
}


def test_a_copy_tells_of_what_it_is_and_the_bucket_it_names(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, _) in COPIES.items()} | OTHERS
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows = lake.sql("SELECT event_id, copy_of, to_bucket FROM data_copies").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {
        name: copy for name, (_, copy) in COPIES.items()
    }
