"""Where a call came from, and with what it was made: one row for each thing that tells."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

BY_AWS = {
    "userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    "sourceIPAddress": "ec2.amazonaws.com",
}


def origins(lake: Lake) -> dict[str, dict[str, str]]:
    rows = lake.sql("SELECT event_id, origin_kind, origin FROM call_origins ORDER BY event_id, origin_kind").rows()
    by_event: dict[str, dict[str, str]] = {row["event_id"]: {} for row in rows}
    for row in rows:
        by_event[row["event_id"]][row["origin_kind"]] = row["origin"]
    return by_event


def test_each_call_has_a_row_for_everything_that_tells_where_it_came_from(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            {"eventID": "ipv4"},
            {
                "eventID": "ipv6",
                "sourceIPAddress": "2001:db8:7::5",
                "userAgent": "Boto3/1.34",
                "awsRegion": "eu-west-1",
            },
            {"eventID": "without-an-agent", "userAgent": None},
            BY_AWS | {"eventID": "by-aws"},
        ]
    )
    assert origins(lake) == {
        "ipv4": {
            "ip": "198.51.100.7",
            "network": "198.51.100.0/24",
            "client": "cli",
            "user_agent": "aws-cli/2.15.0",
            "region": "us-east-1",
        },
        "ipv6": {
            "ip": "2001:db8:7::5",
            "network": "2001:db8:7::/48",
            "client": "sdk",
            "user_agent": "Boto3/1.34",
            "region": "eu-west-1",
        },
        "without-an-agent": {
            "ip": "198.51.100.7",
            "network": "198.51.100.0/24",
            "region": "us-east-1",
        },
    }


def test_origins_before_the_scope_are_there_to_compare_with(lake_of: LakeOf) -> None:
    lake = lake_of([{"eventTime": "2024-03-01T10:00:00Z"}]).narrowed(since=datetime(2024, 3, 2))  # noqa: DTZ001
    assert lake.sql("SELECT origin FROM call_origins WHERE origin_kind = 'ip'").rows() == [{"origin": "198.51.100.7"}]
