"""What may not be read: told by the name of each missing permission, and fatal to nothing."""

from pathlib import Path
from typing import Any

import pytest
from aws import Aws, key
from lakes import events, statuses

from trailquery.errors import UsageError
from trailquery.ingest import ingest
from trailquery.plan import plan
from trailquery.sources.aws import Access
from trailquery.sources.s3 import Choice, open_bucket

KEYS = [f"arn:aws:kms:eu-west-1:111122223333:key/{number * 8}-aaaa-bbbb-cccc-{number * 12}" for number in ("1", "2")]
DENIED = (403, "AccessDenied", "no")
NOT_AUTHORIZED = (
    "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: kms:Decrypt on resource:"
    f" {KEYS[1]} because no identity-based policy allows the kms:Decrypt action"
)
ENDED = "The ciphertext refers to a customer master key that you are not allowed to access: KMS."


def permissions(aws: Aws, lake: Path, **choice: Any) -> list[str]:
    """What a dry run says of permissions: its lines from that word on."""
    bucket = open_bucket(f"s3://{aws.name}", Access(endpoint_url=aws.url), Choice(**choice), look=False)
    lines = [line.replace(f"s3://{aws.name}/", "") for line in plan(bucket, lake)]
    return lines[[line[:13].strip() for line in lines].index("permissions") :]


def test_a_dry_run_tries_each_trail_and_each_kms_key(aws: Aws, tmp_path: Path) -> None:
    old, newer = key("2024/03/01"), key("2024/03/03")
    sealed = {"ServerSideEncryption": "aws:kms"}
    aws.put(old, "one", SSEKMSKeyId=KEYS[0], **sealed)
    aws.put(key("2024/03/02"), "two", SSEKMSKeyId=KEYS[0], **sealed)
    aws.put(newer, "three", SSEKMSKeyId=KEYS[1], **sealed)
    aws.put(key("2024/03/01", region="us-east-1"), "four", ServerSideEncryption="AES256")
    closed = aws.put(key("2024/03/01", account="444455556666"), "five")
    faults = {closed: DENIED, newer: (403, "AccessDenied", NOT_AUTHORIZED)}
    aws.proxy.fault = lambda method, path: faults.get(path.removeprefix(f"/{aws.name}/"))
    assert permissions(aws, tmp_path) == [
        "permissions  s3:ListBucket is granted, s3:GetObject on 3 of 4 objects tried, kms:Decrypt on 1 of 2 keys tried",
        f"missing      {KEYS[1]}: AccessDenied: {NOT_AUTHORIZED}; kms:Decrypt is missing",
        f"missing      {closed}: AccessDenied: no; s3:GetObject is missing",
    ]


def test_a_refusal_that_names_no_kms_key_is_told_with_the_key_of_the_object(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one", ServerSideEncryption="aws:kms", SSEKMSKeyId=KEYS[0])
    aws.proxy.fault = lambda method, path: (403, "AccessDenied", ENDED) if method == "GET" and "json" in path else None
    assert permissions(aws, tmp_path)[1:] == [
        f"missing      {KEYS[0]}: AccessDenied: {ENDED.rstrip('.')}; kms:Decrypt is missing"
    ]


def test_a_dry_run_of_versions_tries_the_permissions_of_versions(aws: Aws, tmp_path: Path) -> None:
    aws.s3.put_bucket_versioning(Bucket=aws.name, VersioningConfiguration={"Status": "Enabled"})
    aws.put(key("2024/03/01"), "one")
    aws.put(key("2024/03/01", account="444455556666"), "two")

    def fault(method: str, path: str) -> Any:
        return DENIED if "versionId=" in path or ("versions" in path and "444455556666%2FC" in path) else None

    aws.proxy.fault = fault
    said, prefix, version = permissions(aws, tmp_path, versions=True)
    assert said == "permissions  s3:ListBucketVersions is granted, s3:GetObjectVersion on 0 of 1 objects tried"
    assert prefix == "missing      AWSLogs/444455556666/CloudTrail/: AccessDenied: no; s3:ListBucketVersions is missing"
    assert version == f"missing      {key('2024/03/01')}: AccessDenied: no; s3:GetObjectVersion is missing"


def test_a_dry_run_names_what_is_missing_where_nothing_is_allowed(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws.proxy.fault = lambda method, path: DENIED
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setattr("trailquery.sources.aws.ATTEMPTS", 1)
    assert permissions(aws, tmp_path) == [
        "permissions  nothing could be tried",
        "missing      : AccessDenied: no; s3:ListBucket is missing",
    ]


def test_versions_are_refused_by_their_own_name_before_a_lake_is_made(aws: Aws, tmp_path: Path) -> None:
    aws.proxy.fault = lambda method, path: DENIED if "versions" in path else None
    aws.ingest(tmp_path / "lake")
    with pytest.raises(UsageError, match="s3:ListBucketVersions on arn:aws:s3:::trail-logs-[0-9]+ is missing"):
        aws.ingest(tmp_path / "lake", versions=True)


def test_a_requester_pays_bucket_is_read_by_who_says_that_he_pays(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one")
    aws.proxy.needs = ("x-amz-request-payer", "requester")
    with pytest.raises(UsageError, match="s3:ListBucket on .* is missing"):
        aws.ingest(tmp_path / "lake")
    paying = Access(endpoint_url=aws.url, request_payer=True)
    bucket = open_bucket(f"s3://{aws.name}", paying)
    assert [line for line in plan(bucket, tmp_path / "lake") if line.startswith(("missing", "unread"))] == []
    assert ingest([bucket], tmp_path / "lake").loaded == 1
    assert ingest([open_bucket(f"s3://{aws.name}", paying, Choice(versions=True))], tmp_path / "lake2").loaded == 1


def test_a_kms_key_that_is_refused_or_off_is_told_in_files(aws: Aws, tmp_path: Path) -> None:
    refused, off, _ = (aws.put(key("2024/03/01", number=number), f"event-{number}") for number in range(3))
    disabled = "arn:aws:kms:eu-west-1:111122223333:key/1 is disabled."
    faults = {refused: (403, "AccessDenied", NOT_AUTHORIZED), off: (400, "KMS.DisabledException", disabled)}
    aws.proxy.fault = lambda method, path: faults.get(path.removeprefix(f"/{aws.name}/"))
    aws.ingest(tmp_path / "lake")
    assert [(status, reason) for _, status, reason in statuses(tmp_path / "lake")] == [
        ("unread", f"AccessDenied: {NOT_AUTHORIZED}; kms:Decrypt is missing"),
        (
            "unread",
            f"KMS.DisabledException: {disabled[:-1]}; the KMS key that seals it is disabled or gone; ask its owner",
        ),
        ("loaded", None),
    ]
    assert events(tmp_path / "lake") == ["event-2"]
