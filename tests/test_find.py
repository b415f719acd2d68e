import json
from pathlib import Path
from typing import Any

import pytest
from conftest import lake_in, record

from trailquery import Lake
from trailquery.find import COLUMNS, find

ID = "6f0a2b1c-0c5e-4e6e-9d53-0123456789ab"
ROLE = "arn:aws:iam::444455556666:role/ops/Admin"
SESSION = {
    "type": "AssumedRole",
    "principalId": "AROAIOSFODNN7EXAMPLE:shift",
    "arn": "arn:aws:sts::444455556666:assumed-role/Admin/shift",
    "accountId": "444455556666",
    "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "sessionContext": {
        "sessionIssuer": {
            "type": "Role", "principalId": "AROAIOSFODNN7EXAMPLE", "arn": ROLE,
            "accountId": "444455556666", "userName": "Admin",
        },
        "attributes": {"creationDate": "2024-03-01T09:00:00Z", "mfaAuthenticated": "false"},
    },
}  # fmt: skip
GET_OBJECT = {
    "eventSource": "s3.amazonaws.com",
    "eventName": "GetObject",
    "eventCategory": "Data",
    "managementEvent": False,
    "requestParameters": {"bucketName": "payroll", "key": "2026.csv"},
}
EVENTS: list[dict[str, Any]] = [
    {"eventID": ID, "eventTime": "2024-03-01T10:00:00Z"},
    {"eventID": "later", "eventTime": "2024-03-01T11:00:00Z"},
    {"eventID": "by-role", "userIdentity": SESSION, "sourceIPAddress": "2001:db8::1", "eventTime": "2024-03-01T12:00:00Z"},
    {"eventID": "object", "sourceIPAddress": "203.0.113.9", **GET_OBJECT, "userIdentity": SESSION},
    {
        "eventID": "group", "sourceIPAddress": "ec2.amazonaws.com", "userIdentity": SESSION,
        "eventName": "DeleteSecurityGroup", "readOnly": False, "requestParameters": {"groupId": "sg-0123456789abcdef0"},
    },
    {
        "eventID": "words", "sourceIPAddress": "AWS Internal", "userIdentity": SESSION,
        "userAgent": '100% "Pacu_Tool" \u00fcber', "requestParameters": {"cidrIp": "0.0.0.0/0", "at": "12:30:45"},
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_in(tmp_path_factory.mktemp("find"), [record(**event) for event in EVENTS])


@pytest.mark.parametrize(
    ("value", "kind", "event_ids", "following"),
    [
        ("AKIAIOSFODNN7EXAMPLE", "access key", ["later", ID], "run who_is_key AKIAIOSFODNN7EXAMPLE"),
        (ID, "event id", [ID], f"run event {ID}"),
        (ID.upper(), "event id", [ID], f"run event {ID}"),
        ("198.51.100.7", "IPv4 address", ["later", ID], "run timeline_ip 198.51.100.7"),
        ("198.51.100.0/24", "network", ["later", ID], "run timeline_ip 198.51.100.0/24"),
        ("198.51.100.7/24", "network", ["later", ID], "run timeline_ip 198.51.100.0/24"),
        ("2001:DB8::1", "IPv6 address", ["by-role"], "run timeline_ip 2001:db8::1"),
        ("2001:db8:0:0:0:0:0:1", "IPv6 address", ["by-role"], "run timeline_ip 2001:db8::1"),
        ("2001:db8::/32", "network", ["by-role"], "run timeline_ip 2001:db8::/32"),
        (ROLE, "identity ARN", ["by-role", "group", "object", "words"], f"run timeline_actor {ROLE}"),
        ("AROAIOSFODNN7EXAMPLE", "principal id", ["by-role", "group", "object", "words"], "run timeline_actor AROAIOSFODNN7EXAMPLE"),
        ("s3://payroll/2026.csv", "S3 object or bucket", ["object"], "run timeline_resource s3://payroll/2026.csv --no-writes-only"),
        ("s3://payroll/", "S3 object or bucket", ["object"], "run timeline_resource s3://payroll/ --no-writes-only"),
        ("sg-0123456789abcdef0", "resource id", ["group"], "run timeline_resource sg-0123456789abcdef0 --no-writes-only"),
        ("444455556666", "account", ["by-role", "group", "object", "words"], "run actor_summary --account 444455556666"),
        ("alice", "text", ["later", ID], "run timeline_actor alice"),
        ("payroll", "text", ["object"], "run timeline_resource payroll --no-writes-only"),
        ("pacu_tool", "text", ["words"], "run event words"),
        ("100%", "text", ["words"], "run event words"),
        ('"pacu_tool" \u00dcBER', "text", ["words"], "run event words"),
        ("0.0.0.0/0", "text", ["words"], "run event words"),
        ("12:30:45", "text", ["words"], "run event words"),
        ("eventName", "text", [event["eventID"] for event in (EVENTS[2], EVENTS[1])] + [ID, "group", "object", "words"], "run event by-role"),
    ],
)  # fmt: skip
def test_a_value_is_recognised_found_newest_first_and_leads_on(
    lake: Lake, value: str, kind: str, event_ids: list[str], following: str
) -> None:
    found = find(lake, value)
    assert (found.kind, [row["event_id"] for row in found.result.rows()]) == (kind, event_ids)
    assert " ".join(found.next) == following
    assert list(found.result.arrow().column_names) == COLUMNS.split(", ")


@pytest.mark.parametrize(
    "value", ["pacu%tool", "pacu.tool", "'; DROP TABLE x", "999.1.1.1", "AKIAAAAAAAAAAAAAAAAA", "$value"]
)
def test_what_no_record_holds_is_not_found_and_leads_nowhere(lake: Lake, value: str) -> None:
    found = find(lake, value)
    assert (found.kind, found.result.rows(), found.next) == ("text", [], [])


def test_the_scope_holds_for_find(lake: Lake) -> None:
    assert find(lake.narrowed(accounts=("999988887777",)), "alice").result.rows() == []


def test_policy_text_is_found_as_it_is_read_and_as_it_is_stored(tmp_path: Path) -> None:
    policy = {"Effect": "Allow", "Action": "*"}
    stored = {
        "as-object": {"bucketPolicy": policy},
        "as-text": {"policyDocument": json.dumps(policy, separators=(",", ":"))},
    }
    events = [record(eventID=name, requestParameters=request) for name, request in stored.items()]
    rows = find(lake_in(tmp_path, events), '"Effect":"allow"').result.rows()
    assert [row["event_id"] for row in rows] == ["as-object", "as-text"]
