"""Where logs lie: buckets and keys of trails, and since when none of the trails is left."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
CLOUDTRAIL = {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
NINE, TEN, ELEVEN = (f"2024-03-01T{hour}:00:00Z" for hour in ("09", "10", "11"))
REFUSED = {"errorCode": "AccessDenied"}


def call(name: str, trail: str, at: str, **changes: Any) -> dict[str, Any]:
    asked = {"name": trail, **changes.pop("asked", {})}
    trails = {"eventSource": "cloudtrail.amazonaws.com", "eventName": name, "readOnly": False}
    return trails | {"eventID": f"{name}-{trail}-{at}", "eventTime": at, "requestParameters": asked} | changes


def given(trail: str, bucket: str, at: str = NINE, name: str = "CreateTrail", **changes: Any) -> dict[str, Any]:
    return call(name, trail, at, asked={"s3BucketName": bucket}, **changes)


def deleted(trail: str, at: str = TEN, **changes: Any) -> dict[str, Any]:
    return call("DeleteTrail", trail, at, **changes)


def delivered(service: str, **asked: Any) -> dict[str, Any]:
    source = {"eventSource": f"{service}.amazonaws.com", "eventName": "PutObject", "eventID": f"by-{service}"}
    if service == "kms":
        source["eventName"] = "GenerateDataKey"
    return source | {"userIdentity": CLOUDTRAIL, "sourceIPAddress": CLOUDTRAIL["invokedBy"], "requestParameters": asked}


def stores(lake: Lake) -> dict[str, str | None]:
    told = "strftime(released_at, '%Y-%m-%dT%H:%M:%SZ') AS released_at"
    return {row["store"]: row["released_at"] for row in lake.sql(f"SELECT store, {told} FROM log_stores").rows()}


def test_what_a_trail_is_given_and_cloudtrail_writes_to_and_with_is_a_store(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            call("CreateTrail", "main", NINE, asked={"s3BucketName": "main-logs", "kmsKeyId": f"alias/x/{KEY}"}),
            given("main", "moved-logs", TEN, "UpdateTrail"),
            given("main", "refused-logs", ELEVEN, "UpdateTrail", **REFUSED),
            delivered("s3", bucketName="old-logs", key="AWSLogs/x.json.gz"),
            delivered("kms", keyId=f"arn:aws:kms:us-east-1:111122223333:key/{KEY}"),
            {"eventID": "ordinary", "eventSource": "s3.amazonaws.com", "requestParameters": {"bucketName": "web"}},
            given("main", "asked-about", NINE, "GetTrail"),
        ]
    ).narrowed(since=datetime(2024, 3, 2))  # noqa: DTZ001 (a scope is naive UTC, and narrows nothing here)
    buckets = ("main-logs", "moved-logs", "refused-logs", "old-logs")
    assert stores(lake).keys() >= {*(f"s3://{bucket}" for bucket in buckets), f"key/{KEY}"}
    assert stores(lake).keys().isdisjoint({"s3://web", "s3://asked-about"})


def test_a_store_is_released_when_the_last_of_its_trails_is_deleted(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            given("gone", "gone-logs"),
            deleted("gone"),
            given("one", "shared-logs"),
            given("two", "shared-logs"),
            deleted("one"),
            deleted("two", ELEVEN),
            given("three", "half-shared-logs"),
            given("four", "half-shared-logs"),
            deleted("three"),
        ]
    )
    assert stores(lake) == {"s3://gone-logs": TEN, "s3://shared-logs": ELEVEN, "s3://half-shared-logs": None}


def test_a_namesake_elsewhere_or_a_refused_deletion_releases_nothing(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            given("main", "main-logs"),
            deleted("main", awsRegion="eu-west-1"),
            deleted("main", ELEVEN, recipientAccountId="444455556666"),
            deleted("main", "2024-03-01T12:00:00Z", **REFUSED),
        ]
    )
    assert stores(lake) == {"s3://main-logs": None}


def test_what_cloudtrail_wrote_to_is_released_with_the_trail_that_was_given_it(lake_of: LakeOf) -> None:
    writes = delivered("s3", bucketName="main-logs", key="AWSLogs/x.json.gz")
    assert stores(lake_of([given("main", "main-logs"), writes, deleted("main")])) == {"s3://main-logs": TEN}
