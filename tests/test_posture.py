"""What answers of AWS are worth as evidence: those that no emulator gives."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from trailquery.posture import SETTINGS, Where, trail_selectors, trail_settings, trail_status

TRAIL = {"Name": "main", "HomeRegion": "eu-west-1"}
HERE = Where("trail-logs", "AWSLogs/")


def judged(call: str, answer: dict[str, Any], where: Where = HERE) -> dict[str, tuple[str, str]]:
    """State and finding of each check of a call."""
    (setting,) = [setting for setting in SETTINGS if setting.call == call]
    return {check.name: (check.state, check.what) for check in setting.judge(where, answer)}


def test_mfa_delete_is_good_only_where_it_is_on() -> None:
    for said, state in (("Enabled", "good"), ("Disabled", "weak"), (None, "weak")):
        answer = {"Status": "Enabled"} | ({"MFADelete": said} if said else {})
        assert judged("get_bucket_versioning", answer)["MFA delete"][0] == state


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"Expiration": {"Days": 364}}, ("weak", "log files go after 364 days")),
        ({"Expiration": {"Days": 365}}, ("good", "log files go after 365 days")),
        ({"Expiration": {"Date": datetime(2024, 3, 1, tzinfo=UTC)}}, ("weak", "log files go at 2024-03-01")),
        ({"Expiration": {"ExpiredObjectDeleteMarker": True}}, ("good", "nothing expires")),
        ({"Expiration": {"Days": 1}, "Status": "Disabled"}, ("good", "nothing expires")),
        ({"Expiration": {"Days": 1}, "Filter": {"Prefix": "other/"}}, ("good", "nothing expires")),
        ({"Expiration": {"Days": 1}, "Filter": {"Prefix": "AWSLogs/111122223333/"}}, ("weak", "log files go after 1 days")),
        ({"Expiration": {"Days": 1}, "Prefix": "AWS"}, ("weak", "log files go after 1 days")),
        ({"Expiration": {"Days": 1}, "Filter": {"Tag": {"Key": "a", "Value": "b"}}}, ("good", "nothing expires")),
        (
            {"Expiration": {"Days": 1}, "Filter": {"And": {"Prefix": "AWSLogs/", "ObjectSizeGreaterThan": 1}}},
            ("weak", "log files go after 1 days"),
        ),
        ({"NoncurrentVersionExpiration": {"NoncurrentDays": 7}}, ("weak", "overwritten versions go after 7 days")),
        (
            {"Transitions": [{"Days": 30, "StorageClass": "GLACIER"}, {"Days": 9, "StorageClass": "STANDARD_IA"}]},
            ("good", "GLACIER after 30 days: restore before reading"),
        ),
    ],
)  # fmt: skip
def test_a_lifecycle_is_weak_where_evidence_ends_within_a_year(rule: dict[str, Any], told: tuple[str, str]) -> None:
    rules = {"Rules": [{"Status": "Enabled", "Filter": {"Prefix": ""}} | rule]}
    assert judged("get_bucket_lifecycle_configuration", rules) == {"lifecycle": told}


def statement(
    effect: str, principal: Any, action: Any, resource: Any = "arn:aws:s3:::trail-logs/*", **more: Any
) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}


MALLORY = "arn:aws:iam::444455556666:root"
CLOUDTRAIL = {"Service": "cloudtrail.amazonaws.com"}
SOURCE = {"StringEquals": {"AWS:SourceArn": "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main"}}
OTHERS = {"StringNotEquals": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/Janitor"}}


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([], ("weak", "the policy does not forbid it")),
        ([statement("Allow", {"AWS": MALLORY}, "s3:DeleteObject")], ("weak", f"the policy allows {MALLORY}")),
        ([statement("Allow", "*", ["S3:del*"])], ("weak", "the policy allows everyone")),
        ([statement("Allow", {"AWS": [MALLORY, "*"]}, "*", "*")], ("weak", f"the policy allows {MALLORY}, everyone")),
        ([statement("Allow", {"AWS": MALLORY}, "s3:DeleteObject", "arn:aws:s3:::trail-logs/other/*")], ("weak", "the policy does not forbid it")),
        ([statement("Allow", {"AWS": MALLORY}, "s3:DeleteBucket", "arn:aws:s3:::trail-logs")], ("weak", "the policy does not forbid it")),
        ([{"Effect": "Allow", "Principal": "*", "NotAction": "s3:Get*", "Resource": "*"}], ("weak", "the policy allows everyone")),
        ([{"Effect": "Allow", "NotPrincipal": {"AWS": MALLORY}, "Action": "*", "Resource": "*"}], ("weak", f"the policy allows everyone but {MALLORY}")),
        ([{"Effect": "Allow", "Principal": "*", "Action": "*", "NotResource": "arn:aws:s3:::trail-logs/AWSLogs/*"}], ("weak", "the policy does not forbid it")),
        ([statement("Deny", "*", "s3:DeleteObject*")], ("good", "the policy denies it to everyone")),
        ([statement("Deny", {"AWS": "*"}, ["s3:DeleteObject", "s3:DeleteObjectVersion"])], ("good", "the policy denies it to everyone")),
        ([statement("Deny", "*", "s3:DeleteObject")], ("weak", "the policy does not forbid it")),
        (
            [statement("Deny", "*", "s3:DeleteObject*", "arn:aws:s3:::trail-logs/AWSLogs/111122223333/*")],
            ("unknown", "the policy denies it but for some or under a condition"),
        ),
        ([statement("Deny", "*", "s3:DeleteObject*", Condition=OTHERS)], ("unknown", "the policy denies it but for some or under a condition")),
        ([statement("Deny", {"AWS": MALLORY}, "s3:DeleteObject*")], ("unknown", "the policy denies it but for some or under a condition")),
        ([statement("Deny", "*", "s3:*"), statement("Allow", "*", "s3:*")], ("good", "the policy denies it to everyone")),
    ],
)  # fmt: skip
def test_who_may_delete_by_the_policy(statements: list[dict[str, Any]], told: tuple[str, str]) -> None:
    answer = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}
    assert judged("get_bucket_policy", answer)["who may delete"] == told


@pytest.mark.parametrize(
    ("statements", "told"),
    [
        ([statement("Allow", CLOUDTRAIL, "s3:PutObject", Condition=SOURCE)], ("good", "CloudTrail alone, for named trails")),
        (
            [statement("Allow", CLOUDTRAIL, "s3:PutObject", "arn:aws:s3:::trail-logs/AWSLogs/111122223333/*", Condition=SOURCE)],
            ("good", "CloudTrail alone, for named trails"),
        ),
        (
            [statement("Allow", CLOUDTRAIL, "s3:PutObject", Condition={"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}})],
            ("weak", "CloudTrail, for the trail of any account"),
        ),
        (
            [statement("Allow", CLOUDTRAIL, "s3:PutObject", Condition=SOURCE), statement("Allow", {"AWS": MALLORY}, "s3:Put*")],
            ("weak", f"the policy allows {MALLORY}"),
        ),
        ([statement("Allow", {"Service": "delivery.logs.amazonaws.com"}, "s3:PutObject")], ("weak", "the policy allows delivery.logs.amazonaws.com")),
        ([statement("Allow", CLOUDTRAIL, "s3:GetBucketAcl", "arn:aws:s3:::trail-logs")], ("unknown", "the policy lets nobody, not even CloudTrail")),
    ],
)  # fmt: skip
def test_who_may_write_by_the_policy(statements: list[dict[str, Any]], told: tuple[str, str]) -> None:
    answer = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": statements})}
    assert judged("get_bucket_policy", answer)["who may write"] == told


def test_who_may_write_by_the_acl() -> None:
    owner = {"Grantee": {"Type": "CanonicalUser", "ID": "me"}, "Permission": "FULL_CONTROL"}
    everyone = {
        "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
        "Permission": "WRITE",
    }
    reader = everyone | {"Permission": "READ"}
    answer = {"Owner": {"ID": "me"}, "Grants": [owner, reader]}
    assert judged("get_bucket_acl", answer) == {"ACL": ("good", "lets only its owner write")}
    answer["Grants"] = [owner, everyone]
    assert judged("get_bucket_acl", answer) == {"ACL": ("weak", f"lets write: {everyone['Grantee']['URI']}")}


def test_a_default_encryption_is_told_with_its_key() -> None:
    def default(**by: str) -> dict[str, Any]:
        return {"ServerSideEncryptionConfiguration": {"Rules": [{"ApplyServerSideEncryptionByDefault": by}]}}

    assert judged("get_bucket_encryption", default(SSEAlgorithm="AES256")) == {"encryption": ("good", "AES256")}
    assert judged("get_bucket_encryption", default(SSEAlgorithm="aws:kms:dsse", KMSMasterKeyID="k")) == {
        "encryption": ("good", "aws:kms:dsse, k")
    }
    assert judged("get_bucket_encryption", {}) == {"encryption": ("weak", "no default")}


@pytest.mark.parametrize(
    ("rule", "state"),
    [
        ({}, "good"),
        ({"Status": "Disabled"}, "weak"),
        ({"Filter": {"Prefix": "other/"}}, "weak"),
        ({"Prefix": "AWSLogs/"}, "good"),
    ],
)
def test_a_replication_counts_where_it_is_on_and_for_log_files(rule: dict[str, Any], state: str) -> None:
    rules = [{"Status": "Enabled", "Destination": {"Bucket": "arn:aws:s3:::vault"}} | rule]
    assert judged("get_bucket_replication", {"ReplicationConfiguration": {"Rules": rules}})["replication"][0] == state


def test_the_last_errors_of_delivery_are_told() -> None:
    status = {"IsLogging": True, "LatestDeliveryError": "AccessDenied", "LatestDigestDeliveryError": "NoSuchBucket"}
    checks = {check.name: (check.state, check.what) for check in trail_status(TRAIL, status)}
    assert checks == {
        "main: logging": ("good", "on"),
        "main: delivery": ("weak", "log files: AccessDenied; digests: NoSuchBucket"),
    }


def test_the_settings_of_a_trail_are_told() -> None:
    whole = {
        "LogFileValidationEnabled": True, "IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": True,
        "SnsTopicARN": "arn:aws:sns:eu-west-1:111122223333:notices", "KmsKeyId": "k",
    }  # fmt: skip
    assert {check.state for check in trail_settings(TRAIL | whole)} == {"good"}
    for setting, name in zip(whole, ("digests", "regions", "global services", "notices", "KMS key"), strict=True):
        weak = [check.name for check in trail_settings(TRAIL | whole | {setting: None}) if check.state == "weak"]
        assert weak == [f"main: {name}"]


ALL = {"ReadWriteType": "All", "IncludeManagementEvents": True, "DataResources": []}
OBJECTS = {"Type": "AWS::S3::Object", "Values": ["arn:aws:s3"]}


def fields(**equals: list[str]) -> dict[str, Any]:
    return {"FieldSelectors": [{"Field": name.replace("_", "."), "Equals": values} for name, values in equals.items()]}


@pytest.mark.parametrize(
    ("answer", "management", "data"),
    [
        ({"EventSelectors": [ALL]}, "good", None),
        ({"EventSelectors": [ALL | {"ReadWriteType": "WriteOnly"}]}, "weak", None),
        ({"EventSelectors": [ALL | {"IncludeManagementEvents": False, "DataResources": [OBJECTS]}]}, "weak", "AWS::S3::Object"),
        ({"EventSelectors": [ALL | {"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}, "weak", None),
        ({"AdvancedEventSelectors": [fields(eventCategory=["Management"])]}, "good", None),
        ({"AdvancedEventSelectors": [fields(eventCategory=["Management"], readOnly=["false"])]}, "weak", None),
        (
            {"AdvancedEventSelectors": [fields(eventCategory=["Data"], resources_type=["AWS::S3::Object"]),
                fields(eventCategory=["Data"], resources_type=["AWS::Lambda::Function"])]},
            "weak",
            "AWS::Lambda::Function, AWS::S3::Object",
        ),
        ({}, "weak", None),
    ],
)  # fmt: skip
def test_what_a_trail_records_is_told(answer: dict[str, Any], management: str, data: str | None) -> None:
    checks = {check.name: (check.state, check.what) for check in trail_selectors(TRAIL, answer)}
    assert checks["main: management events"][0] == management
    assert checks["main: data events"] == (("good", data) if data else ("weak", "none"))
