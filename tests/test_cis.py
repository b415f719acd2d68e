"""docs/cis_monitoring.md: of each control an event is counted by cis_monitoring, and its near twin is not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trailquery import Lake
from trailquery.catalog import find_query

LakeOf = Callable[[list[dict[str, Any]]], Lake]

PAGE = Path(__file__).parents[1] / "docs" / "cis_monitoring.md"
ROOT = {
    "type": "Root",
    "principalId": "111122223333",
    "arn": "arn:aws:iam::111122223333:root",
    "accountId": "111122223333",
}
SIGNED_IN = {
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
    "readOnly": False,
    "responseElements": {"ConsoleLogin": "Success"},
    "additionalEventData": {"LoginTo": "https://console.aws.amazon.com/", "MobileVersion": "No", "MFAUsed": "Yes"},
}


def call(action: str, **changes: Any) -> dict[str, Any]:
    service, _, api = action.partition(":")
    return {"eventSource": f"{service}.amazonaws.com", "eventName": api, "readOnly": False, **changes}


EVENT_AND_TWIN = {
    "4.1": (
        call("ec2:StopInstances", errorCode="Client.UnauthorizedOperation"),
        call("ec2:StopInstances", errorCode="Client.InvalidInstanceID.NotFound"),
    ),
    "4.2": (SIGNED_IN | {"additionalEventData": {"MFAUsed": "No"}}, SIGNED_IN),
    "4.3": (
        call("s3:ListBuckets", userIdentity=ROOT),
        call(
            "s3:ListBuckets",
            userIdentity=ROOT | {"invokedBy": "support.amazonaws.com"},
            sourceIPAddress="support.amazonaws.com",
        ),
    ),
    "4.4": (call("iam:CreatePolicy"), call("organizations:CreatePolicy")),
    "4.5": (call("cloudtrail:StopLogging", errorCode="TrailNotFoundException"), call("cloudtrail:GetTrailStatus")),
    "4.6": (
        SIGNED_IN | {"responseElements": {"ConsoleLogin": "Failure"}, "errorMessage": "Failed authentication"},
        SIGNED_IN,
    ),
    "4.7": (call("kms:ScheduleKeyDeletion"), call("kms:CancelKeyDeletion")),
    "4.8": (call("s3:PutBucketPolicy"), call("s3:GetBucketPolicy")),
    "4.9": (call("config:StopConfigurationRecorder"), call("config:StartConfigurationRecorder")),
    "4.10": (call("ec2:ModifySecurityGroupRules"), call("ec2:DescribeSecurityGroupRules")),
    "4.11": (call("ec2:ReplaceNetworkAclEntry"), call("ec2:DescribeNetworkAcls")),
    "4.12": (call("ec2:AttachInternetGateway"), call("ec2:CreateNatGateway")),
    "4.13": (call("ec2:CreateRoute"), call("apigateway:CreateRoute")),
    "4.14": (call("ec2:AcceptVpcPeeringConnection"), call("ec2:CreateSubnet")),
    "4.15": (call("organizations:DeletePolicy"), call("iam:DeletePolicy")),
}


def table() -> list[list[str]]:
    """The cells of each control on the page."""
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| 4.")]


def test_the_page_names_the_controls_of_the_view_and_each_is_tested(lake_of: LakeOf) -> None:
    controls = lake_of([]).sql("SELECT control FROM cis_controls ORDER BY number").rows()
    assert [(cells[0], cells[-1]) for cells in table()] == [(row["control"], "yes") for row in controls]
    assert [cells[0] for cells in table()] == list(EVENT_AND_TWIN)


def test_the_page_points_to_queries_that_there_are() -> None:
    for cells in table():
        find_query(cells[4].strip("`"))


@pytest.mark.parametrize("control", [cells[0] for cells in table()])
def test_an_event_of_the_control_is_counted_and_its_near_twin_is_not(control: str, lake_of: LakeOf) -> None:
    event, twin = EVENT_AND_TWIN[control]
    lake = lake_of([event | {"eventID": "event"}, twin | {"eventID": "twin"}])
    (row,) = lake.run("cis_monitoring", control=control).rows()
    assert (row["events"], row["last_event_id"]) == (1, "event")


def test_every_listed_action_is_counted_once(lake_of: LakeOf) -> None:
    listed = lake_of([]).sql("SELECT control, unnest(actions) AS action FROM cis_controls").rows()
    lake = lake_of([call(row["action"], eventID=row["action"]) for row in listed])
    counted = {row["control"]: row["events"] for row in lake.run("cis_monitoring").rows() if row["events"]}
    assert counted == {control: sum(row["control"] == control for row in listed) for control in counted}
    assert sum(counted.values()) == len(listed)
