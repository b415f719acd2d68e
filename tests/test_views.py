"""The views: scope, grain, and what each column of judgement says."""

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import record, write_log

from trailquery import Lake, open_lake
from trailquery.catalog import resource_dir
from trailquery.events import ADDED_COLUMNS, EVENTS
from trailquery.ingest import ingest
from trailquery.views import statements

LakeOf = Callable[[list[dict[str, Any]]], Lake]
NOON = datetime(2024, 3, 1, 12)  # noqa: DTZ001 (a scope is naive UTC)


def ids(lake: Lake, view: str = "events") -> list[str]:
    return [row["event_id"] for row in lake.sql(f"SELECT event_id FROM {view} ORDER BY event_id").rows()]


def value(lake: Lake, expression: str, view: str = "events") -> Any:
    ((found,),) = [row.values() for row in lake.sql(f"SELECT {expression} FROM {view}").rows()]
    return found


@pytest.mark.parametrize("file", sorted((resource_dir("sql") / "views").glob("*.sql")), ids=lambda file: file.stem)
def test_a_file_of_views_is_taken_apart_as_duckdb_does_it(file: Path) -> None:
    def code(statement: str) -> str:
        return re.sub(r"--[^\n]*|\s|;", "", statement)

    text = file.read_text(encoding="utf-8")
    assert [code(one) for one in statements(text)] == [code(one.query) for one in duckdb.extract_statements(text)]


@pytest.mark.parametrize(
    "sql",
    [
        "WITH events AS (SELECT * FROM events WHERE event_id = 'one') SELECT event_id FROM events",
        "WITH mine AS (FROM EVENTS) SELECT mine.event_id FROM mine SEMI JOIN Main.History USING (event_id)",
        "SELECT event_id FROM query('FROM changes')",
        "SELECT event_id FROM query_table('changes')",
        "SELECT event_id FROM live.openings RIGHT JOIN changes USING (event_id)",
        "SELECT event_id FROM changes WHERE (SELECT count(*) FROM own_accounts) = 1 AND is_own_account(account_id)",
    ],
)
def test_a_view_is_there_however_a_query_names_it(lake_of: LakeOf, sql: str) -> None:
    lake = lake_of([record(eventID="one", eventName="PutThing", readOnly=False)])
    assert lake.sql(sql).rows() == [{"event_id": "one"}]


def test_scope_takes_its_first_instant_and_leaves_out_its_last(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            {"eventID": "before", "eventTime": "2024-03-01T11:59:59Z"},
            {"eventID": "first", "eventTime": "2024-03-01T12:00:00Z"},
            {"eventID": "last", "eventTime": "2024-03-01T17:59:59Z"},
            {"eventID": "over", "eventTime": "2024-03-01T18:00:00Z"},
        ]
    )
    scoped = lake.narrowed(since=NOON, until=NOON + timedelta(hours=6))
    assert ids(scoped) == ["first", "last"]
    assert ids(scoped, "history") == ["before", "first", "last", "over"]


def test_an_event_without_a_time_is_in_scope_by_the_date_of_its_delivery(tmp_path: Path) -> None:
    summary = record(eventID="summary", eventCategory="Aggregated", eventType="AwsAggregatedEvent")
    del summary["eventTime"]
    name = "111122223333_CloudTrail-Aggregated_us-east-1_20240301T1010Z_Mu0KsOhtH1ar15ZZ.json.gz"
    ingest([write_log(tmp_path / name, [summary])], tmp_path / "lake")
    lake = open_lake(tmp_path / "lake")
    assert ids(lake.narrowed(since=NOON, until=NOON + timedelta(hours=1))) == ["summary"]
    assert ids(lake.narrowed(since=NOON + timedelta(days=1))) == []
    assert ids(lake.narrowed(until=NOON - timedelta(days=1))) == []


def test_a_region_scope_keeps_global_services_and_every_sign_in(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            {"eventID": "asked-for", "awsRegion": "eu-west-1"},
            {"eventID": "elsewhere", "awsRegion": "eu-west-2"},
            {"eventID": "global", "eventSource": "iam.amazonaws.com"},
            {"eventID": "global-sts", "eventSource": "sts.amazonaws.com"},
            {"eventID": "regional-sts", "eventSource": "sts.amazonaws.com", "awsRegion": "eu-west-2"},
            {
                "eventID": "sign-in",
                "eventSource": "sso.amazonaws.com",
                "eventName": "Authenticate",
                "eventType": "AwsServiceEvent",
                "awsRegion": "eu-west-2",
            },
        ]
    )
    assert ids(lake.narrowed(regions=("eu-west-1",))) == ["asked-for", "global", "global-sts", "sign-in"]


def test_an_account_scope_keeps_the_receiving_accounts_named(lake_of: LakeOf) -> None:
    others = [
        {"eventID": account, "recipientAccountId": account}
        for account in ("012345678901", "444455556666", "777788889999")
    ]
    assert ids(lake_of(others).narrowed(accounts=("012345678901", "777788889999"))) == [
        "012345678901",
        "777788889999",
    ]


@pytest.mark.parametrize(
    ("since", "until", "files"),
    [("2024-03-15 06:00", "2024-03-17 00:00", 2), ("2024-03-27 00:00", None, 2), (None, None, 28)],
)
def test_the_scope_reads_only_the_dates_it_needs(
    tmp_path: Path, since: str | None, until: str | None, files: int
) -> None:
    connection = duckdb.connect()
    days = "TIMESTAMP '2024-03-01 12:00' + to_days(day::INTEGER)"
    connection.execute(
        f"COPY (SELECT {days} AS event_time, ({days})::DATE AS event_date, 'management' AS category,"
        " '111122223333' AS account_id, 'us-east-1' AS region, 'ec2' AS service, '' AS integrity FROM range(28) AS t(day))"
        f" TO '{tmp_path}/events' (FORMAT parquet, PARTITION_BY (event_date))"
    )
    connection.execute(
        f"CREATE VIEW history AS FROM read_parquet('{tmp_path}/events/*/*.parquet', hive_partitioning = true)"
    )
    for name in ("00_macros.sql", "20_events.sql"):
        connection.execute((resource_dir("sql") / "views" / name).read_text(encoding="utf-8"))
    for name, moment in (("since", since), ("until", until)):
        bound = datetime.fromisoformat(moment) if moment else None
        connection.execute(f"SET VARIABLE scope_{name} = $bound", {"bound": bound})
    for name in ("accounts", "regions"):
        connection.execute(f"SET VARIABLE scope_{name} = $bound", {"bound": []})
    plan = connection.execute("EXPLAIN ANALYZE SELECT count(event_time) FROM events").fetchall()[0][1]
    assert re.findall(r"Total Files Read: (\d+)", plan) == [str(files)]


def test_history_has_the_columns_of_an_event_in_order_and_the_others_add_theirs(lake_of: LakeOf) -> None:
    lake = lake_of([])
    added = {
        "history": [],
        "events": [],
        "call_origins": ["origin_kind", "origin"],
        "counted_calls": ["whose", "what", "who_key", "who", "hour_start"],
        "identity_center_events": ["permission_set", "center_users"],
        "unused_keys": [],
        "impaired_defenses": ["defense"],
        "supply_chain_changes": ["part"],
        "machine_orders": [
            *["instance_type", "asked_for", "vcpus", "is_accelerated"],
            *["names_miner", "got_before", "is_repetition"],
        ],
        "address_changes": [
            *["session_or_token", "previous_time", "previous_ip", "previous_client", "previous_event_id"],
        ],
        "credentials_for_others": ["for_user", "user_created_at", "user_seen_there"],
        "console_crossings": ["direction"],
        "session_signs": ["sign"],
        "secret_calls": ["secret_kind", "secrets", "got_before"],
        "model_calls": ["model_use", "model", "by_api_key"],
        "machine_entries": ["machines"],
        "abuse_lookups": ["abuse_kind"],
        "access_removals": ["person"],
        "passed_roles": ["passed_role", "passed_role_name"],
        "rights_raised": ["kind", "on_self"],
        "footholds": ["kind"],
        "removals": ["removed_thing"],
        "data_copies": ["copy_of", "to_bucket"],
        "data_losses": ["loss"],
        "database_openings": ["way", "opened_to"],
        "ransom_signs": ["expires_in_days", "sign"],
        "resource_openings": ["taker", "allowed", "conditions"],
        "public_openings": ["allowed", "opened_by"],
        "network_openings": ["way", "let_in"],
        "management_events": [],
        "variants": [],
        "service_events": ["details"],
        "data_events": ["data_type", "presigned"],
        "signin_events": ["result", "mfa", "saml_provider", "login_to"],
        "network_events": ["is_external_principal"],
    }
    columns = {view: list(lake.describe(f"SELECT * FROM {view}", {})) for view in added}
    integrity, *looked_up = [column.name for column in ADDED_COLUMNS]
    every = [*EVENTS.names, "event_date", integrity]
    assert columns.pop("variants") == every
    assert columns == {view: [*every, *looked_up, *more] for view, more in added.items() if view != "variants"}


SIGN_IN = {
    "eventSource": "signin.amazonaws.com",
    "eventName": "ConsoleLogin",
    "eventType": "AwsConsoleSignIn",
}
SSO = {
    "eventSource": "signin.amazonaws.com",
    "eventName": "UserAuthentication",
    "eventType": "AwsServiceEvent",
}
ROLE = {"type": "AssumedRole", "principalId": "AROAIOSFODNN7EXAMPLE:alice", "accountId": "111122223333"}


MFA = [
    (SIGN_IN | {"additionalEventData": {"MFAUsed": "Yes"}}, "yes"),
    (SIGN_IN | {"additionalEventData": {"MFAUsed": "YES"}}, "yes"),
    (SIGN_IN | {"additionalEventData": {"MFAUsed": "No"}}, "no"),
    (SIGN_IN | {"additionalEventData": {"MFAUsed": "No"}, "userIdentity": ROLE}, "at-idp"),
    (SIGN_IN | {"additionalEventData": {"MFAUsed": "No", "SamlProviderArn": "arn:aws:iam::1"}}, "at-idp"),
    (SIGN_IN | {"additionalEventData": {"LoginTo": "https://console.aws.amazon.com/"}}, None),
    (SSO | {"additionalEventData": {"CredentialType": "PASSWORD,TOTP"}}, "yes"),
    (SSO | {"additionalEventData": {"CredentialType": "PASSWORD"}}, "no"),
    (SSO | {"additionalEventData": {"CredentialType": "EXTERNAL_IDP"}}, "at-idp"),
]


def test_mfa_is_no_only_where_aws_would_know_of_it(lake_of: LakeOf) -> None:
    lake = lake_of([changes | {"eventID": str(number)} for number, (changes, _) in enumerate(MFA)])
    rows = lake.sql("SELECT mfa FROM signin_events ORDER BY event_id").rows()
    assert [row["mfa"] for row in rows] == [mfa for _, mfa in MFA]


def test_a_failed_sign_in_is_a_failure_though_it_has_no_error_code(lake_of: LakeOf) -> None:
    lake = lake_of([SIGN_IN | {"responseElements": {"ConsoleLogin": "Failure"}, "errorMessage": "No"}])
    assert value(lake, "result", "signin_events") == "Failure"


DATA = {"eventCategory": "Data", "managementEvent": False}
OBJECT = {"bucketName": "payroll", "key": "2026.csv"}


QUERY_STRING = {"AuthenticationMethod": "QueryString"}
LISTED = [
    {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::payroll"},
    {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::payroll/2026.csv"},
]
QUEUE = [{"type": "AWS::SQS::Queue", "ARN": "arn:aws:sqs:us-east-1:111122223333:jobs"}]
TOUCHED = [
    ({"eventSource": "s3.amazonaws.com", "requestParameters": OBJECT}, "AWS::S3::Object"),
    ({"eventSource": "s3.amazonaws.com", "requestParameters": {"bucketName": "payroll"}}, "AWS::S3::Bucket"),
    ({"eventSource": "s3.amazonaws.com", "resources": LISTED}, "AWS::S3::Object"),
    ({"eventSource": "sqs.amazonaws.com", "resources": QUEUE}, "AWS::SQS::Queue"),
    ({"eventSource": "lambda.amazonaws.com"}, None),
]


def test_a_data_event_tells_what_kind_of_thing_was_touched(lake_of: LakeOf) -> None:
    lake = lake_of([DATA | changes | {"eventID": str(number)} for number, (changes, _) in enumerate(TOUCHED)])
    rows = lake.sql("SELECT data_type FROM data_events ORDER BY event_id").rows()
    assert [row["data_type"] for row in rows] == [data_type for _, data_type in TOUCHED]


def test_a_request_signed_into_a_url_is_presigned(lake_of: LakeOf) -> None:
    lake = lake_of([DATA | {"eventID": "url", "additionalEventData": QUERY_STRING}, DATA | {"eventID": "header"}])
    rows = lake.sql("SELECT event_id, presigned FROM data_events ORDER BY event_id").rows()
    assert [tuple(row.values()) for row in rows] == [("header", False), ("url", True)]


def insight(event_id: str, shared_id: str, state: str, at: str) -> dict[str, Any]:
    rates = {"baseline": {"average": 0.25}, "insight": {"average": 12.5}}
    return {
        "eventID": event_id,
        "eventTime": at,
        "eventCategory": "Insight",
        "sharedEventID": shared_id,
        "insightDetails": {
            "state": state,
            "eventName": "RunInstances",
            "insightContext": {"statistics": rates},
        },
    }


def test_an_insight_is_one_row_even_when_its_start_or_end_is_missing(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            insight("a-start", "a", "Start", "2024-03-01T10:00:00Z"),
            insight("a-end", "a", "End", "2024-03-01T10:07:00Z"),
            insight("b-start", "b", "Start", "2024-03-01T11:00:00Z"),
            insight("c-end", "c", "End", "2024-03-01T00:01:00Z"),
        ]
    )
    rows = lake.sql(
        "SELECT insight_id, event_name, strftime(started_at, '%H:%M') AS started,"
        " strftime(ended_at, '%H:%M') AS ended, baseline_per_minute, insight_per_minute, event_ids"
        " FROM insight_events ORDER BY insight_id"
    ).rows()
    assert [tuple(row.values()) for row in rows] == [
        ("a", "RunInstances", "10:00", "10:07", 0.25, 12.5, ["a-end", "a-start"]),
        ("b", "RunInstances", "11:00", None, 0.25, 12.5, ["b-start"]),
        ("c", "RunInstances", None, "00:01", 0.25, 12.5, ["c-end"]),
    ]


def test_an_external_principal_is_one_of_another_account_without_a_name(lake_of: LakeOf) -> None:
    call = {"eventCategory": "NetworkActivity", "eventType": "AwsVpceEvent"}
    lake = lake_of(
        [
            call | {"eventID": "foreign", "userIdentity": {"type": "AWSAccount", "accountId": "444455556666"}},
            call | {"eventID": "own", "userIdentity": {"type": "AWSAccount", "accountId": "111122223333"}},
            call | {"eventID": "named"},
        ]
    )
    rows = lake.sql("SELECT event_id, is_external_principal FROM network_events ORDER BY event_id").rows()
    assert [tuple(row.values()) for row in rows] == [("foreign", True), ("named", False), ("own", False)]


HOSTILE = [
    None,
    True,
    7,
    1e308,
    "",
    "[]",
    [],
    [[]],
    {},
    {"$.MFAUsed": {}},
    ["Yes"],
    {"MFAUsed": ["Yes"]},
    "\u0000é'\"",
]


KINDS: dict[str, dict[str, Any]] = {
    "signin_events": SIGN_IN,
    "data_events": DATA | {"eventSource": "s3.amazonaws.com"},
    "service_events": {"eventType": "AwsServiceEvent"},
    "network_events": {"eventCategory": "NetworkActivity"},
    "insight_events": {"eventCategory": "Insight"},
}


def test_no_value_of_any_json_type_breaks_a_view(lake_of: LakeOf) -> None:
    parts = ("additionalEventData", "insightDetails", "serviceEventDetails", "requestParameters", "resources")
    nested = [
        {"insightContext": {"statistics": {"baseline": {"average": odd}, "insight": {"average": odd}}}, "state": odd}
        for odd in HOSTILE
    ]
    deep = [{"MFAUsed": odd, "AuthenticationMethod": odd, "CredentialType": odd} for odd in HOSTILE]
    lake = lake_of(
        [
            changes | {"eventID": f"odd-{view}-{number}"} | dict.fromkeys(parts, odd)
            for view, changes in KINDS.items()
            for number, odd in enumerate([*HOSTILE, *nested, *deep])
        ]
    )
    rows = {view: len(lake.sql(f"SELECT * FROM {view}")) for view in KINDS}
    assert rows == dict.fromkeys(KINDS, 3 * len(HOSTILE))


def test_a_copy_that_differs_is_in_variants_with_its_bytes_and_not_in_history(lake_of: LakeOf) -> None:
    lake = lake_of([{"userAgent": "one"}, {"userAgent": "two"}])
    shown, hidden = value(lake, "raw", "history"), value(lake, "raw", "variants")
    assert {json.loads(shown)["userAgent"], json.loads(hidden)["userAgent"]} == {"one", "two"}


def test_what_could_not_be_read_is_in_rejects_with_file_and_position(tmp_path: Path) -> None:
    log = write_log(tmp_path / "log.json", [record(), None])
    ingest([log], tmp_path / "lake")
    rows = open_lake(tmp_path / "lake").sql("SELECT source_file, position, bytes FROM rejects").rows()
    assert rows == [{"source_file": str(log), "position": 1, "bytes": b"null"}]


def test_a_log_file_that_lies_at_two_places_is_one_row_of_files(tmp_path: Path) -> None:
    places = [write_log(tmp_path / f"{folder}/log.json", [record()]) for folder in ("b", "a")]
    ingest(places, tmp_path / "lake")
    rows = open_lake(tmp_path / "lake").sql("SELECT places, records, rejected FROM files").rows()
    assert rows == [{"places": sorted(map(str, places)), "records": 1, "rejected": 0}]
