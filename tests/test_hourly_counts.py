"""How many calls, writes, errors and refusals each identity and each service had in each clock hour."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

HOME, OTHER = "111122223333", "444455556666"
S3 = {"eventSource": "s3.amazonaws.com", "eventName": "PutBucketTagging", "readOnly": False}
BY_AWS = {
    "userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    "sourceIPAddress": "ec2.amazonaws.com",
}


def session(name: str) -> dict[str, Any]:
    return {
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": f"AROAIOSFODNN7EXAMPLE:{name}",
            "arn": f"arn:aws:sts::{HOME}:assumed-role/Deploy/{name}",
            "accountId": HOME,
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        }
    }


EVENTS: dict[str, dict[str, Any]] = {
    "reads": {"eventTime": "2024-03-01T10:00:00Z"},
    "writes": S3 | {"eventTime": "2024-03-01T10:59:59Z"},
    "refused": S3 | {"eventTime": "2024-03-01T10:30:00Z", "errorCode": "AccessDenied"},
    "failed": {"eventTime": "2024-03-01T11:00:00Z", "errorCode": "Client.InvalidParameterValue"},
    "of-a-session": session("one") | {"eventTime": "2024-03-01T10:10:00Z"},
    "of-another-session": session("two") | {"eventTime": "2024-03-01T10:20:00Z"},
    "elsewhere": {"eventTime": "2024-03-01T10:00:00Z", "recipientAccountId": OTHER},
    "by-aws": BY_AWS | {"eventTime": "2024-03-01T10:00:00Z"},
}
ALICE, DEPLOY = ("AIDAIOSFODNN7EXAMPLE", "alice"), ("AROAIOSFODNN7EXAMPLE", "Deploy")
COUNTS = [  # account, hour, whose, key, who, what, how many
    (HOME, 10, "identity", *ALICE, "calls", 3),
    (HOME, 10, "identity", *ALICE, "denied", 1),
    (HOME, 10, "identity", *ALICE, "errors", 1),
    (HOME, 10, "identity", *ALICE, "writes", 2),
    (HOME, 10, "identity", *DEPLOY, "calls", 2),
    (HOME, 10, "service", "ec2", "ec2", "calls", 3),
    (HOME, 10, "service", "s3", "s3", "calls", 2),
    (HOME, 10, "service", "s3", "s3", "denied", 1),
    (HOME, 10, "service", "s3", "s3", "errors", 1),
    (HOME, 10, "service", "s3", "s3", "writes", 2),
    (HOME, 11, "identity", *ALICE, "calls", 1),
    (HOME, 11, "identity", *ALICE, "errors", 1),
    (HOME, 11, "service", "ec2", "ec2", "calls", 1),
    (HOME, 11, "service", "ec2", "ec2", "errors", 1),
    (OTHER, 10, "identity", *ALICE, "calls", 1),
    (OTHER, 10, "service", "ec2", "ec2", "calls", 1),
]


def test_every_hour_counts_what_each_identity_and_each_service_did_whatever_the_scope(lake_of: LakeOf) -> None:
    lake = lake_of([changes | {"eventID": name} for name, changes in EVENTS.items()]).narrowed(
        since=datetime(2024, 3, 2)  # noqa: DTZ001 (a scope is naive UTC)
    )
    sql = "SELECT account_id, hour_start, whose, who_key, who, what, counted FROM hourly_counts"
    assert sorted(tuple(row.values()) for row in lake.sql(sql).rows()) == [
        (account, datetime(2024, 3, 1, hour, tzinfo=UTC), *counted) for account, hour, *counted in COUNTS
    ]


def test_a_counted_call_tells_as_what_it_counts(lake_of: LakeOf) -> None:
    lake = lake_of([changes | {"eventID": name} for name, changes in EVENTS.items()])
    sql = "SELECT event_id, list_sort(list(what)) AS kinds FROM counted_calls WHERE whose = 'service' GROUP BY event_id"
    assert {row["event_id"]: row["kinds"] for row in lake.sql(sql).rows()} == {
        "reads": ["calls"],
        "writes": ["calls", "writes"],
        "refused": ["calls", "denied", "errors", "writes"],
        "failed": ["calls", "errors"],
        "of-a-session": ["calls"],
        "of-another-session": ["calls"],
        "elsewhere": ["calls"],
    }
