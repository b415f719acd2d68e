"""Data and ways back that are lost: which call takes what, what of S3 a ransom is made of, who loses access."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "dlm.amazonaws.com"}}
ROOT = {
    "userIdentity": {
        "type": "Root",
        "principalId": "111122223333",
        "arn": "arn:aws:iam::111122223333:root",
        "accountId": "111122223333",
    }
}


def call(action: str, **asked: Any) -> dict[str, Any]:
    service, _, api = action.partition(":")
    return {
        "eventSource": f"{service}.amazonaws.com",
        "eventName": api,
        "readOnly": False,
        "requestParameters": asked or None,
    }


def found(lake: Lake, view: str, column: str) -> dict[str, list[Any]]:
    rows = lake.sql(f"SELECT event_id, list_sort(list({column})) AS told FROM {view} GROUP BY event_id").rows()
    return {row["event_id"]: row["told"] for row in rows}


def lake_told(lake_of: LakeOf, told: dict[str, tuple[dict[str, Any], list[Any]]]) -> Lake:
    return lake_of([changes | {"eventID": name} for name, (changes, _) in told.items()])


def expected(told: dict[str, tuple[dict[str, Any], list[Any]]]) -> dict[str, list[Any]]:
    return {name: kinds for name, (_, kinds) in told.items() if kinds}


def versioning(**asked: str) -> dict[str, Any]:
    return call("s3:PutBucketVersioning", bucketName="payroll", VersioningConfiguration=asked)


def lifecycle(*rules: dict[str, Any]) -> dict[str, Any]:
    rule = rules[0] if len(rules) == 1 else list(rules)
    return call("s3:PutBucketLifecycle", bucketName="payroll", LifecycleConfiguration={"Rule": rule})


def lock(**asked: Any) -> dict[str, Any]:
    return call("s3:PutBucketObjectLockConfiguration", bucketName="payroll", ObjectLockConfiguration=asked)


def opted(**types: bool) -> dict[str, Any]:
    return call("backup:UpdateRegionSettings", resourceTypeOptInPreference=types)


ON, OFF = {"Status": "Enabled"}, {"Status": "Disabled"}
SOON = "2024-03-05T00:00:00Z"
RULE = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}
STORE, BACKUP, SHOT = ["data store deleted"], ["backup destroyed"], ["snapshot or image deleted"]

LOSSES: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "snapshot": (call("ec2:DeleteSnapshot", snapshotId="snap-0123456789abcdef0"), SHOT),
    "snapshot-refused": (call("rds:DeleteDBClusterSnapshot") | {"errorCode": "AccessDenied"}, SHOT),
    "image": (call("ec2:DeregisterImage", imageId="ami-0123456789abcdef0"), SHOT),
    "snapshot-by-aws": (call("ec2:DeleteSnapshot", snapshotId="snap-0123456789abcdef0") | BY_AWS, []),
    "snapshot-asked-for": (call("ec2:DeleteSnapshot") | {"readOnly": True}, []),
    "snapshots": (call("redshift:BatchDeleteClusterSnapshots", identifiers=[{"snapshotIdentifier": "nightly"}]), SHOT),
    "snapshot-schedule": (call("redshift:DeleteSnapshotSchedule"), []),
    "versions-off": (versioning(Status="Suspended"), ["versioning suspended"]),
    "versions-on": (versioning(Status="Enabled", MfaDelete="Disabled"), []),
    "acceleration-off": (call("s3:PutAccelerateConfiguration", AccelerateConfiguration={"Status": "Suspended"}), []),
    "no-mfa": (versioning(Status="Enabled", MfaDelete="Disabled") | ROOT, ["deletion without MFA"]),
    "mfa": (versioning(Status="Enabled", MfaDelete="Enabled") | ROOT, []),
    "no-lock": (lock(ObjectLockEnabled="Enabled"), ["no lock of new objects"]),
    "lock": (lock(ObjectLockEnabled="Enabled", Rule=RULE), []),
    "expires": (lifecycle(ON | {"Expiration": {"Days": 7}}), ["expiry within a week"]),
    "one-of-two": (
        lifecycle(ON | {"Expiration": {"Days": 90}}, ON | {"Expiration": {"Days": 1}}),
        ["expiry within a week"],
    ),
    "expires-at-a-date": (lifecycle(ON | {"Expiration": {"Date": SOON}}), ["expiry within a week"]),
    "expires-later": (lifecycle(ON | {"Expiration": {"Days": 30}}), []),
    "expires-not": (lifecycle(OFF | {"Expiration": {"Days": 1}}, ON | {"Expiration": {"Days": 90}}), []),
    "old-versions": (lifecycle(ON | {"NoncurrentVersionExpiration": {"NoncurrentDays": 1}}), []),
    "protection": (call("rds:ModifyDBInstance", deletionProtection=False), ["deletion protection lifted"]),
    "protection-in-a-value": (
        call("ec2:ModifyInstanceAttribute", disableApiTermination={"value": False}),
        ["deletion protection lifted"],
    ),
    "protection-by-name": (
        call("ec2:ModifyInstanceAttribute", instanceId="i-0abc1234", attribute="disableApiTermination", value="false"),
        ["deletion protection lifted"],
    ),
    "protection-among-attributes": (
        call(
            "elasticloadbalancing:ModifyLoadBalancerAttributes",
            attributes=[{"key": "deletion_protection.enabled", "value": "false"}],
        ),
        ["deletion protection lifted"],
    ),
    **{
        f"protection-of-{kind}": (call(action, **{setting: off}), ["deletion protection lifted"])
        for kind, action, setting, off in (
            ("users", "cognito-idp:UpdateUserPool", "deletionProtection", "INACTIVE"),
            ("a-cluster", "eks:UpdateClusterConfig", "deletionProtection", False),
            ("a-table", "dynamodb:UpdateTable", "deletionProtectionEnabled", False),
            ("a-firewall", "network-firewall:UpdateFirewallDeleteProtection", "deleteProtection", False),
            ("policies", "verifiedpermissions:UpdatePolicyStore", "deletionProtection", "DISABLED"),
            ("a-group", "autoscaling:UpdateAutoScalingGroup", "deletionProtection", "none"),
            ("incidents", "ssm-incidents:UpdateDeletionProtection", "deletionProtected", False),
        )
    },
    "users-protected": (call("cognito-idp:UpdateUserPool", deletionProtection="ACTIVE"), []),
    "image-protection": (call("ec2:DisableImageDeregistrationProtection"), ["deletion protection lifted"]),
    "log-protection": (
        call("logs:PutLogGroupDeletionProtection", deletionProtectionEnabled=False),
        ["deletion protection lifted"],
    ),
    "snapshot-unlocked": (call("ec2:UnlockSnapshot"), ["deletion protection lifted"]),
    "snapshot-locked": (call("ec2:LockSnapshot"), []),
    "protected": (call("rds:ModifyDBInstance", deletionProtection=True), []),
    "made-unprotected": (call("rds:CreateDBInstance", deletionProtection=False), []),
    "two-in-one": (
        call("rds:ModifyDBInstance", deletionProtection=False, backupRetentionPeriod=0),
        ["backup destroyed", "deletion protection lifted"],
    ),
    "vault": (call("backup:DeleteBackupVault", backupVaultName="main"), BACKUP),
    "vault-by-aws": (call("backup:DeleteBackupVault", backupVaultName="main") | BY_AWS, []),
    "vault-read": (call("backup:DescribeBackupVault", backupVaultName="main"), []),
    "no-backups": (call("rds:ModifyDBCluster", backupRetentionPeriod=0), BACKUP),
    "no-backups-of-files": (
        call("fsx:UpdateFileSystem", windowsConfiguration={"automaticBackupRetentionDays": 0}),
        BACKUP,
    ),
    "no-backups-of-a-cache": (call("elasticache:ModifyReplicationGroup", snapshotRetentionLimit=0), BACKUP),
    "some-backups": (call("rds:ModifyDBCluster", backupRetentionPeriod=30), []),
    "made-without-backups": (call("rds:CreateDBCluster", backupRetentionPeriod=0), []),
    "by-time-off": (call("dynamodb:UpdateContinuousBackups", x={"pointInTimeRecoveryEnabled": False}), BACKUP),
    "by-time-on": (call("dynamodb:UpdateContinuousBackups", x={"pointInTimeRecoveryEnabled": True}), []),
    "by-time-never": (call("dynamodb:RestoreTableFromBackup", x={"pointInTimeRecoveryEnabled": False}), []),
    "files-off": (call("elasticfilesystem:PutBackupPolicy", backupPolicy={"status": "DISABLED"}), BACKUP),
    "files-on": (call("elasticfilesystem:PutBackupPolicy", backupPolicy={"status": "ENABLED"}), []),
    "files-written": (call("elasticfilesystem:UpdateFileSystemProtection", replication="DISABLED"), []),
    "recovery": (call("drs:DisconnectSourceServer", sourceServerID="s-0123456789abcdef0"), BACKUP),
    "snapshots-off": (call("dlm:UpdateLifecyclePolicy", policyId="policy-0a1b2c3d", State="DISABLED"), BACKUP),
    "snapshots-on": (call("dlm:UpdateLifecyclePolicy", policyId="policy-0a1b2c3d", State="ENABLED"), []),
    "made-off": (call("dlm:CreateLifecyclePolicy", State="DISABLED"), []),
    "a-week": (call("backup:UpdateRecoveryPointLifecycle", lifecycle={"deleteAfterDays": 7}), BACKUP),
    "ten-weeks": (call("backup:UpdateRecoveryPointLifecycle", lifecycle={"deleteAfterDays": 70}), []),
    "short-backup": (call("backup:StartBackupJob", lifecycle={"deleteAfterDays": 1}), []),
    "types-out": (opted(EBS=False, Aurora=False), BACKUP),
    "types-in": (opted(EBS=True, Aurora=False), []),
    "types-told": (opted(EBS=False) | {"eventName": "DescribeRegionSettings"}, []),
    "table": (call("dynamodb:DeleteTable", tableName="orders"), STORE),
    "table-by-aws": (call("dynamodb:DeleteTable", tableName="orders") | BY_AWS, []),
    "table-changed": (call("dynamodb:UpdateTable", tableName="orders"), []),
    "database": (call("rds:DeleteDBInstance", skipFinalSnapshot=False), STORE),
    "packages": (call("codeartifact:DeleteRepository", domain="corp", repository="internal"), STORE),
    "graph-and-copy": (call("neptune-graph:DeleteGraph", skipSnapshot=True), [*STORE, "no last snapshot"]),
    "database-and-copy": (call("rds:DeleteDBInstance", skipFinalSnapshot=True), [*STORE, "no last snapshot"]),
}


def test_a_call_loses_each_thing_that_it_takes_and_no_other(lake_of: LakeOf) -> None:
    assert found(lake_told(lake_of, LOSSES), "data_losses", "loss") == expected(LOSSES)


def put(api: str, key: str = "jan.csv", **asked: Any) -> dict[str, Any]:
    data = {"eventCategory": "Data", "managementEvent": False}
    return call(f"s3:{api}", bucketName="payroll", key=key, **asked) | data


def encrypted(account: str) -> dict[str, Any]:
    key = f"arn:aws:kms:us-east-1:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    return put("CopyObject", **{"x-amz-server-side-encryption-aws-kms-key-id": key})


OWN_KEY = {"x-amz-server-side-encryption-customer-algorithm": "AES256"}
SIGNS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "deleted": (put("DeleteObject"), ["objects deleted"]),
    "many-deleted": (call("s3:DeleteObjects", bucketName="payroll"), ["objects deleted"]),
    "deleted-by-aws": (put("DeleteObject") | BY_AWS, []),
    "versions-off": (versioning(Status="Suspended"), ["versioning suspended"]),
    "versions-on": (versioning(Status="Enabled"), []),
    "acceleration-off": (call("s3:PutAccelerateConfiguration", AccelerateConfiguration={"Status": "Suspended"}), []),
    "expires": (lifecycle(ON | {"Expiration": {"Days": 400}}), ["expires within days"]),
    "moved": (lifecycle(ON | {"Transition": {"StorageClass": "GLACIER", "Days": 1}}), []),
    "with-a-key-of-the-caller": (put("CopyObject", **OWN_KEY), ["encrypted with a customer-provided key"]),
    "read-with-a-key-of-the-caller": (put("GetObject", **OWN_KEY) | {"readOnly": True}, []),
    "elsewhere-with-a-key": (put("PutObject", **OWN_KEY) | {"eventSource": "s3-outposts.amazonaws.com"}, []),
    "with-the-key-of-a-stranger": (encrypted("777788889999"), ["encrypted with a key of another account"]),
    "with-a-key-of-ours": (encrypted("111122223333"), []),
    "note": (put("PutObject", key="a/README-to-decrypt.txt"), ["note left"]),
    "no-note": (put("PutObject", key="ransomware-training.html"), []),
}


def test_each_sign_of_a_ransom_is_told_by_the_call_alone(lake_of: LakeOf) -> None:
    assert found(lake_told(lake_of, SIGNS), "ransom_signs", "sign") == expected(SIGNS)


def test_the_soonest_of_several_rules_of_expiry_counts(lake_of: LakeOf) -> None:
    soon = ON | {"Expiration": {"Days": 30}, "NoncurrentVersionExpiration": {"NoncurrentDays": 3}}
    lake = lake_of([lifecycle(ON | {"Expiration": {"Days": 90}}, soon)])
    assert found(lake, "ransom_signs", "expires_in_days") == {"an-event": [3]}


REMOVALS: dict[str, tuple[dict[str, Any], list[Any]]] = {
    "password": (call("iam:DeleteLoginProfile", userName="bob"), ["bob"]),
    "factor-refused": (call("iam:DeactivateMFADevice", userName="bob") | {"errorCode": "AccessDenied"}, ["bob"]),
    "assignment": (
        call("sso:DeleteAccountAssignment", principalType="USER", principalId="94482488-3041-7055-1111-c90b0a13b6d0"),
        ["94482488-3041-7055-1111-c90b0a13b6d0"],
    ),
    "center": (
        call("sso-directory:DisableUser", userId="94482488-3041-7055-1111-c90b0a13b6d0"),
        ["94482488-3041-7055-1111-c90b0a13b6d0"],
    ),
    "tagged": (call("iam:TagUser", userName="bob"), []),
    "by-aws": (call("iam:DeleteUser", userName="bob") | BY_AWS, []),
}


def test_who_loses_access_is_named_as_the_users_own_calls_name_them(lake_of: LakeOf) -> None:
    assert found(lake_told(lake_of, REMOVALS), "access_removals", "person") == expected(REMOVALS)
