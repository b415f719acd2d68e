"""What was really changed, and what was named in a call."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

WRITE = {"eventSource": "iam.amazonaws.com", "eventName": "DeleteRole", "readOnly": False}
ROOT = {"type": "Root", "principalId": "111122223333", "accountId": "111122223333"}
FORWARDED = {"sourceIPAddress": "autoscaling.amazonaws.com"}
SERVICE = {"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}
ROLE = {
    "type": "AssumedRole",
    "principalId": "AROAIOSFODNN7EXAMPLE:i-0123456789abcdef0",
    "arn": "arn:aws:sts::111122223333:assumed-role/web/i-0123456789abcdef0",
    "accountId": "111122223333",
    "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "web"}},
}
LOGIN = {
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
    "readOnly": False,
    "responseElements": {"ConsoleLogin": "Success"},
}


def rows(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in lake.sql(sql).rows()]


JUDGED = {
    "write": (WRITE, True),
    "write-in-words": (WRITE | {"readOnly": "false"}, True),
    "write-by-its-verb": (WRITE | {"readOnly": None}, True),
    "by-root": (WRITE | {"userIdentity": ROOT}, True),
    "by-a-role": (WRITE | {"userIdentity": ROLE}, True),
    "sign-in": (LOGIN, True),
    "read": (WRITE | {"readOnly": True}, False),
    "refused": (WRITE | {"errorCode": "AccessDenied"}, False),
    "failed": (WRITE | {"errorCode": "NoSuchEntityException"}, False),
    "dry-run": (WRITE | {"errorCode": "Client.DryRunOperation"}, False),
    "failed-sign-in": (LOGIN | {"responseElements": {"ConsoleLogin": "Failure"}}, False),
    "by-aws": (WRITE | {"userIdentity": SERVICE, **FORWARDED}, False),
    "forwarded": (WRITE | {"userIdentity": {**ROLE, "invokedBy": "autoscaling.amazonaws.com"}, **FORWARDED}, False),
    "data": (WRITE | {"eventCategory": "Data", "managementEvent": False}, False),
    "network": (WRITE | {"eventCategory": "NetworkActivity", "eventType": "AwsVpceEvent"}, False),
    "insight": (WRITE | {"eventCategory": "Insight"}, False),
}


def test_a_change_is_a_write_that_worked_and_was_not_made_by_aws(lake_of: LakeOf) -> None:
    lake = lake_of([changes | {"eventID": name} for name, (changes, _) in JUDGED.items()])
    expected = sorted((name,) for name, (_, is_change) in JUDGED.items() if is_change)
    assert rows(lake, "SELECT event_id FROM changes ORDER BY event_id") == expected


@pytest.mark.parametrize("error", [{}, {"errorCode": "AccessDenied"}])
@pytest.mark.parametrize("summary", ["Insight", "Aggregated"])
def test_what_sums_up_calls_is_no_change_and_no_error(lake_of: LakeOf, summary: str, error: dict[str, Any]) -> None:
    lake = lake_of(
        [WRITE | error | {"eventID": "call"}, WRITE | error | {"eventID": "summary", "eventCategory": summary}]
    )
    assert rows(lake, "SELECT access, outcome FROM events WHERE event_id = 'summary'") == [(None, None)]
    assert rows(lake, "SELECT event_id FROM changes UNION ALL SELECT event_id FROM api_errors") == [("call",)]


def test_a_caller_without_a_role_is_kept_where_null_would_drop_it(lake_of: LakeOf) -> None:
    callers = {"user": {}, "root": {"userIdentity": ROOT}, "role": {"userIdentity": ROLE}}
    lake = lake_of([WRITE | {"eventID": name, **caller} for name, caller in callers.items()])
    naive = "(raw ->> '$.userIdentity.sessionContext.sessionIssuer.userName') NOT LIKE 'AWSServiceRole%'"
    by_column = "role_name IS NULL OR NOT starts_with(role_name, 'AWSServiceRole')"
    assert rows(lake, f"SELECT event_id FROM changes WHERE {naive}") == [("role",)]
    assert rows(lake, f"SELECT event_id FROM changes WHERE {by_column} ORDER BY 1") == [("role",), ("root",), ("user",)]


def test_one_name_finds_an_api_of_every_version(lake_of: LakeOf) -> None:
    names = ("CreateFunction20150331", "CreateFunction20150331v2", "CreateFunction")
    changes = WRITE | {"eventSource": "lambda.amazonaws.com"}
    lake = lake_of([changes | {"eventID": name, "eventName": name} for name in names])
    assert rows(lake, "SELECT count(*) FROM changes WHERE action = 'lambda:CreateFunction'") == [(3,)]
    assert rows(lake, "SELECT event_id FROM changes WHERE event_name = 'CreateFunction'") == [("CreateFunction",)]


def test_a_json_null_is_sql_null_in_the_columns(lake_of: LakeOf) -> None:
    lake = lake_of([WRITE | {"requestParameters": None, "responseElements": None}])
    assert rows(lake, "SELECT request IS NULL, response IS NULL FROM changes") == [(True, True)]
    assert rows(lake, "SELECT json_extract(raw, '$.requestParameters') IS NULL FROM changes") == [(False,)]


BUCKET = {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::payroll", "accountId": "444455556666"}


def test_each_resource_that_an_event_names_is_one_row_with_where_it_was_named(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            {
                "eventSource": "s3.amazonaws.com",
                "eventName": "PutObjectAcl",
                "readOnly": False,
                "requestParameters": {"bucketName": "payroll", "key": "2026.csv"},
                "resources": [BUCKET, {"ARNPrefix": "arn:aws:s3:::payroll/"}],
            },
            {"eventID": "nothing"},
        ]
    )
    sql = "SELECT event_id, type, resource, arn, owner_account_id, via FROM resources ORDER BY resource, via"
    assert rows(lake, sql) == [
        ("an-event", "AWS::S3::Bucket", "payroll", "arn:aws:s3:::payroll", "444455556666", "resources"),
        ("an-event", "AWS::S3::Object", "payroll/", "arn:aws:s3:::payroll/", None, "resources"),
        ("an-event", "AWS::S3::Object", "payroll/2026.csv", None, None, "request.key"),
    ]


def test_a_refused_call_without_a_request_names_the_resource_of_its_message(lake_of: LakeOf) -> None:
    said = (
        "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: iam:DeleteRole on resource: "
        "role Admin because no identity-based policy allows the iam:DeleteRole action"
    )
    lake = lake_of([WRITE | {"errorCode": "AccessDenied", "errorMessage": said}])
    sql = "SELECT type, resource, via, outcome FROM resources"
    assert rows(lake, sql) == [("AWS::IAM::Role", "Admin", "errorMessage", "denied")]


def test_a_call_that_deletes_many_objects_names_the_bucket_alone(lake_of: LakeOf) -> None:
    asked = {"bucketName": "payroll", "delete": "", "Host": "payroll.s3.us-east-1.amazonaws.com"}
    data = {"eventSource": "s3.amazonaws.com", "eventName": "DeleteObjects", "eventCategory": "Data"}
    lake = lake_of([data | {"requestParameters": asked}])
    assert rows(lake, "SELECT type, resource FROM resources") == [("AWS::S3::Bucket", "payroll")]


def test_the_views_of_facts_are_narrowed_by_the_scope(lake_of: LakeOf) -> None:
    group = {"groupId": "sg-1", "ipPermissions": {}, "ipProtocol": "tcp", "cidrIp": "0.0.0.0/0"}
    opened = {"eventName": "AuthorizeSecurityGroupIngress", "readOnly": False, "requestParameters": group}
    policy = {"policyDocument": '{"Statement": {"Effect": "Deny", "Action": "*"}}', "roleName": "web"}
    put = WRITE | {"eventName": "PutRolePolicy", "requestParameters": policy}
    records = [opened, put, {"errorCode": "AccessDenied", "readOnly": False}]
    lake = lake_of(
        [
            changes | {"eventID": f"{day}-{number}", "eventTime": f"{day}T10:00:00Z"}
            for day in ("2024-03-01", "2024-03-02")
            for number, changes in enumerate(records)
        ]
    ).narrowed(since=datetime(2024, 3, 1, 12))  # noqa: DTZ001 (a scope is naive UTC)
    views = ("changes", "resources", "api_errors", "policy_statements", "security_group_rule_changes")
    days = {view: rows(lake, f"SELECT DISTINCT event_id[:10] FROM {view}") for view in views}
    assert set(map(tuple, days.values())) == {(("2024-03-02",),)}


def test_every_column_of_a_view_of_rows_of_its_own_has_a_sentence(lake_of: LakeOf) -> None:
    views = (
        "('event_copies', 'hourly_counts', 'impairing_calls', 'log_stores', 'resources', 'policy_statements',"
        " 'security_group_rule_changes')"
    )
    sql = f"SELECT table_name, column_name FROM duckdb_columns() WHERE table_name IN {views} AND comment IS NULL"
    assert rows(lake_of([]), sql) == []


def test_the_public_attack_changed_what_its_recording_says(shared_lake: Callable[[str], Lake]) -> None:
    sql = "SELECT actor, count(*) FROM changes GROUP BY actor ORDER BY 2 DESC, 1"
    assert rows(shared_lake("invictus"), sql) == [
        ("bert-jan", 417),
        ("stratus-red-team-ec2-steal-credentials-role/i-0dbc91f429e48eeed", 10),
        ("stratus-red-team-ec2-enumerate-role/i-05c30218156bcc246", 8),
        ("stratus-red-team-nmfalu-gfjyeaypjt", 1),
    ]
