"""What makes the obvious query on CloudTrail wrong: duplicates, amendments, times, regions, size, category, access."""

import json
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

from conftest import record, write_log
from told import Told, told

from trailquery import Lake, open_lake
from trailquery.ingest import ingest

AT = "111122223333_CloudTrail_{}_20240301T{}Z_Mu0KsOhtH1ar15ZZ.json.gz"
REGIONS = ("us-east-1", "eu-central-1")
S3 = {"eventSource": "s3.amazonaws.com", "managementEvent": None, "eventCategory": None}


def lake_of_files(folder: Path, *files: list[dict[str, Any]]) -> Lake:
    """The lake of log files of two regions in turn, ingested in the order given, one after the other."""
    for number, records in enumerate(files):
        log = folder / "logs" / AT.format(REGIONS[number % 2], 1010 + number)
        ingest([write_log(log, records)], folder / "lake")
    return open_lake(folder / "lake")


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def rows(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in lake.sql(sql).rows()]


# ---- 1. duplicates


def test_copies_of_one_event_in_several_trails_and_regions_are_one_event_seen_several_times(tmp_path: Path) -> None:
    reordered = dict(reversed(record().items()))
    lake = lake_of_files(tmp_path, [record()], [reordered], [record(eventID="another"), record()])
    assert rows(lake, "SELECT event_id FROM events ORDER BY event_id") == [("an-event",), ("another",)]
    assert rows(lake, "SELECT event_id FROM variants") == []
    sightings = {name: lake.run("event", event_id=name).rows()[0]["sightings"] for name in ("an-event", "another")}
    assert sightings == {"an-event": 3, "another": 1}


def test_of_copies_that_differ_the_same_one_is_shown_in_every_order_and_none_is_lost(tmp_path: Path) -> None:
    copies = [record(eventTime=f"2024-03-01T10:00:0{second}Z") for second in range(3)]
    found = set()
    for number, files in enumerate(permutations([copy] for copy in copies)):
        lake = lake_of_files(tmp_path / str(number), *files)
        shown, others = rows(lake, "SELECT raw FROM events"), rows(lake, "SELECT raw FROM variants ORDER BY raw")
        found.add((tuple(shown), tuple(others)))
        assert sorted(shown + others) == sorted((json.dumps(copy, separators=(",", ":")),) for copy in copies)
    assert len(found) == 1


@told(
    caller={"sharedEventID": "shared"},
    owner={"sharedEventID": "shared", "recipientAccountId": "444455556666"},
)
def test_the_copies_of_a_call_in_two_accounts_are_two_events(seen: Told) -> None:
    assert seen.each("account_id, shared_event_id") == {
        "caller": ("111122223333", "shared"),
        "owner": ("444455556666", "shared"),
    }


# ---- 2. amendments


def test_an_amended_record_takes_the_place_of_the_one_it_amends(tmp_path: Path) -> None:
    change = {"errorCode": "AccessDenied", "addendum": {"reason": "UPDATED_DATA", "updatedFields": "errorCode"}}
    names = "abcdefgh"  # several, since the content of a copy elects it where neither is amended
    first, amended = [record(eventID=name) for name in names], [record(eventID=name, **change) for name in names]
    columns = "event_id, outcome, addendum_reason"
    for number, files in enumerate(permutations([first, amended])):
        lake = lake_of_files(tmp_path / str(number), *files)
        shown, others = (
            rows(lake, f"SELECT {columns} FROM {view} ORDER BY event_id") for view in ("events", "variants")
        )
        assert shown == [(name, "denied", "UPDATED_DATA") for name in names]
        assert others == [(name, "success", None) for name in names]


@told(
    late={"addendum": {"reason": "DELIVERY_DELAY"}},
    outage={"addendum": {"reason": "SERVICE_OUTAGE"}},
    again={"addendum": {"reason": "UPDATED_DATA", "originalEventID": "the-first"}},
    plain={},
)
def test_an_addendum_says_why_a_record_is_late_or_what_it_amends(seen: Told) -> None:
    assert seen.each("addendum_reason, amends_event_id") == {
        "late": ("DELIVERY_DELAY", None),
        "outage": ("SERVICE_OUTAGE", None),
        "again": ("UPDATED_DATA", "the-first"),
        "plain": (None, None),
    }


# ---- 3. two clocks


@told(before_midnight={"eventTime": "2024-02-29T23:59:59Z"})
def test_an_event_delivered_the_day_after_is_in_scope_by_the_time_of_the_call(seen: Told) -> None:
    times = {"before_midnight": (utc(2024, 2, 29, 23, 59, 59), utc(2024, 3, 1, 10, 10))}
    assert seen.each("event_time, delivered_at") == times
    day = Told(
        seen.lake.narrowed(since=utc(2024, 2, 29).replace(tzinfo=None), until=utc(2024, 3, 1).replace(tzinfo=None)),
        seen.test,
    )
    assert day.each("event_time, delivered_at") == times
    by_delivery = "delivered_at >= '2024-02-29' AND delivered_at < '2024-03-01'"
    assert seen.found(by_delivery) == set()


def test_log_files_are_in_no_order_so_a_timeline_goes_by_the_time_of_the_call_and_then_by_id(tmp_path: Path) -> None:
    early = record(eventID="z", eventTime="2024-03-01T09:59:59Z")
    lake = lake_of_files(tmp_path, *([record(eventID=name)] for name in "edcba"), [early])
    assert [row["event_id"] for row in lake.run("timeline_actor", actor="alice").rows()] == [*"zabcde"]


# ---- 4. event version


@told(
    newer={"eventVersion": "1.10"},
    older={"eventVersion": "1.9"},
    oldest={"eventVersion": "1.02"},
    odd={"eventVersion": "x"},
)
def test_event_version_1_10_is_newer_than_1_9(seen: Told) -> None:
    assert seen.each("event_version_minor") == {"newer": 10, "older": 9, "oldest": 2, "odd": None}
    assert seen.found("event_version > '1.9'") == {"odd"}
    assert seen.found("event_version_minor > 9") == {"newer"}


# ---- 5. regions


@told(
    iam={"eventSource": "iam.amazonaws.com"},
    cloudfront={"eventSource": "cloudfront.amazonaws.com"},
    route53={"eventSource": "route53.amazonaws.com"},
    organizations={"eventSource": "organizations.amazonaws.com"},
    global_sts={"eventSource": "sts.amazonaws.com"},
    regional_sts={"eventSource": "sts.amazonaws.com", "awsRegion": "us-east-2"},
    sign_in={"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "awsRegion": "us-east-2"},
    identity_center={"eventSource": "sso.amazonaws.com", "eventName": "Federate", "awsRegion": "us-east-2"},
    elsewhere={},
    here={"awsRegion": "eu-central-1"},
    sts_here={"eventSource": "sts.amazonaws.com", "awsRegion": "eu-central-1"},
)
def test_a_region_scope_keeps_global_services_and_sign_ins_unless_it_is_strict(seen: Told) -> None:
    here = Told(seen.lake.narrowed(regions=("eu-central-1",)), seen.test)
    global_ones = {"iam", "cloudfront", "route53", "organizations", "global_sts"}
    assert here.found("true") == global_ones | {"sign_in", "identity_center", "here", "sts_here"}
    strictly = Told(seen.lake.narrowed(regions=("eu-central-1",), strict_region=True), seen.test)
    assert strictly.found("true") == {"here", "sts_here"}
    assert seen.found("region = 'eu-central-1'") == {"here", "sts_here"}


# ---- 6. truncation


OMITTED = {"reason": "requestParameters too large", "omitted": True, "originalSize": 131_072}


@told(
    request={"eventName": "PutUserPolicy", "readOnly": False, "requestParameters": OMITTED},
    response={"responseElements": OMITTED | {"reason": "responseElements too large"}},
    whole={"requestParameters": {"omitted": False, "reason": "a test"}},
)
def test_a_request_too_large_for_cloudtrail_is_marked_and_not_taken_for_an_empty_one(seen: Told) -> None:
    assert seen.each("is_truncated, request IS NULL") == {
        "request": (True, False),
        "response": (True, True),
        "whole": (False, False),
    }


# ---- 7. AWS itself


@told(
    service={"userIdentity": {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}},
    forwarded={"userIdentity": {"type": "AssumedRole", "invokedBy": "AWS Internal"}, "sourceIPAddress": "AWS Internal"},
    through_service={
        "userIdentity": {"type": "IAMUser", "userName": "alice", "invokedBy": "fas.s3.amazonaws.com"},
        "sourceIPAddress": "fas.s3.amazonaws.com",
    },
    person={},
    person_through_a_service={
        "userIdentity": {"type": "IAMUser", "userName": "alice", "invokedBy": "signin.amazonaws.com"}
    },
    person_in_the_console_of_2014={
        "userIdentity": {"type": "IAMUser", "userName": "alice", "invokedBy": "signin.amazonaws.com"},
        "sourceIPAddress": "signin.amazonaws.com",
    },
)
def test_what_aws_does_by_itself_is_told_from_what_people_do(seen: Told) -> None:
    assert seen.found("is_aws_call") == {"service", "forwarded", "through_service"}
    assert seen.found("NOT is_aws_call") == {"person", "person_through_a_service", "person_in_the_console_of_2014"}


def test_questions_about_people_leave_aws_out_and_those_about_the_trail_do_not(tmp_path: Path) -> None:
    service = {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}
    lake = lake_of_files(tmp_path, [record(), record(eventID="of-aws", userIdentity=service)])
    assert [row["actor"] for row in lake.run("actor_summary").rows()] == ["alice"]
    everyone = lake.run("actor_summary", include_aws=True).rows()
    assert {row["actor"] for row in everyone} == {"alice", "cloudtrail.amazonaws.com"}
    assert [row["events"] for row in lake.run("coverage").rows()] == [2]


# ---- 8. the whole record


@told(
    rare={
        "userIdentity": {
            "type": "AssumedRole",
            "credentialId": "credential-1",
            "onBehalfOf": {
                "userId": "user-1",
                "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-1",
            },
            "inScopeOf": {"credentialsIssuedTo": "arn:aws:lambda:us-east-1:111122223333:function:f"},
            "sessionContext": {"sourceIdentity": "alice", "signInSessionArn": "arn:aws:signin:us-east-1:1:session/1"},
            "invokedByDelegate": {"accountId": "777788889999"},
        },
        "insightDetails": {"state": "Start"},
        "addendum": {"reason": "DELIVERY_DELAY"},
        "vpcEndpointAccountId": "444455556666",
        "eventContext": {"tagContext": {}},
        "fieldOfNextYear": {"Kept": [1, 2.50]},
    }
)
def test_no_field_of_a_record_is_lost(seen: Told) -> None:
    columns = (
        "source_identity, insight, addendum_reason, on_behalf_of_user, credentials_issued_to, credential_id,"
        " signin_session_arn, delegate_account_id, vpc_endpoint_account_id, event_context, (raw -> '$.fieldOfNextYear')::VARCHAR"
    )
    assert seen.each(columns) == {
        "rare": (
            "alice", '{"state":"Start"}', "DELIVERY_DELAY", "user-1", "arn:aws:lambda:us-east-1:111122223333:function:f",
            "credential-1", "arn:aws:signin:us-east-1:1:session/1", "777788889999",
            "444455556666", '{"tagContext":{}}', '{"Kept":[1,2.5]}',
        )
    }  # fmt: skip


# ---- 9. category


INSIGHT = {"eventType": "AwsCloudTrailInsight", "eventCategory": "Insight", "eventSource": None, "userIdentity": None}


@told(
    insight=INSIGHT | {"managementEvent": None},
    network={"eventType": "AwsVpceEvent", "eventCategory": "NetworkActivity", "managementEvent": None},
    aggregated={"eventType": "AwsAggregatedEvent", "eventCategory": "Aggregated", "managementEvent": None},
    sign_in={"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"},
    identity_center={"eventSource": "sso.amazonaws.com", "eventName": "Federate", "eventType": "AwsServiceEvent"},
    service={"eventSource": "kms.amazonaws.com", "eventName": "RotateKey", "eventType": "AwsServiceEvent"},
    data={"eventCategory": "Data", "managementEvent": False},
    data_by_flag={"eventCategory": None, "managementEvent": "false"},
    management={"eventSource": "s3.amazonaws.com", "eventName": "GetBucketAcl"},
    old_object=S3 | {"eventVersion": "1.05", "eventName": "GetObject"},
    old_invocation={
        "eventVersion": "1.05", "eventSource": "lambda.amazonaws.com", "eventName": "Invoke20150331",
        "managementEvent": None, "eventCategory": None,
    },
    old_bucket=S3 | {"eventVersion": "1.05", "eventName": "CreateBucket"},
)  # fmt: skip
def test_every_event_has_exactly_one_category_even_from_before_the_field_existed(seen: Told) -> None:
    assert seen.each("category") == {
        "insight": "insight",
        "network": "network",
        "aggregated": "aggregated",
        "sign_in": "signin",
        "identity_center": "signin",
        "service": "service",
        "data": "data",
        "data_by_flag": "data",
        "management": "management",
        "old_object": "data",
        "old_invocation": "data",
        "old_bucket": "management",
    }
    assert seen.found("event_category = 'Data'") == {"data"}


# ---- 10. read or write


@told(
    said_so={"eventName": "DeleteThing", "readOnly": True},
    in_words={"eventName": "GetThing", "readOnly": "False"},
    in_small_letters={"eventName": "DeleteThing", "readOnly": "true"},
    missing_read={"eventName": "DescribeInstances", "readOnly": None},
    missing_write={"eventName": "RunInstances", "readOnly": None},
    sign_in={
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "readOnly": None,
        "eventVersion": "1.05",
    },
)
def test_read_or_write_follows_the_record_in_any_spelling_and_else_the_verb(seen: Told) -> None:
    assert seen.each("access") == {
        "said_so": "read",
        "in_words": "write",
        "in_small_letters": "read",
        "missing_read": "read",
        "missing_write": "write",
        "sign_in": "write",
    }


@told(
    secret={"eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue"},
    key={"eventSource": "kms.amazonaws.com", "eventName": "Decrypt"},
    role={
        "eventSource": "sts.amazonaws.com",
        "eventName": "AssumeRole",
        "responseElements": {"credentials": {"accessKeyId": "ASIAIOSFODNN7EXAMPLE"}},
    },
)
def test_a_read_may_hand_out_secrets_and_credentials(seen: Told) -> None:
    assert seen.each("access") == dict.fromkeys(("secret", "key", "role"), "read")
    assert seen.found("true", "changes") == set()
    assert seen.each("child_access_key_id", "credential_issuance") == {"role": "ASIAIOSFODNN7EXAMPLE"}


# ---- 11. Insights


def insight(state: str, at: str) -> dict[str, Any]:
    details = {"state": state, "eventSource": "ec2.amazonaws.com", "eventName": "RunInstances"}
    gone = dict.fromkeys(("userIdentity", "sourceIPAddress", "eventSource", "eventName", "readOnly", "managementEvent"))
    return INSIGHT | gone | {"eventTime": at, "sharedEventID": "one-insight", "insightDetails": details}


@told(start=insight("Start", "2024-03-01T10:00:00Z"), end=insight("End", "2024-03-01T10:07:00Z"))
def test_the_start_and_the_end_of_an_insight_are_one_row_of_no_caller(seen: Told) -> None:
    assert seen.each("actor, client_ip") == {"start": (None, None), "end": (None, None)}
    assert seen.each("access, outcome") == {"start": (None, None), "end": (None, None)}
    columns = "insight_id, event_source, event_name, started_at, ended_at"
    assert rows(seen.lake, f"SELECT {columns} FROM insight_events WHERE insight_id = 'one-insight'") == [
        ("one-insight", "ec2.amazonaws.com", "RunInstances", utc(2024, 3, 1, 10), utc(2024, 3, 1, 10, 7))
    ]
