"""Hunt: it finds what each query finds, in lines that tell who, when, whether it worked and how to go on; nothing is
left out in silence."""

import re
import shlex
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from cases import QUERIES
from conftest import LOG_NAME, record, write_log
from own_queries import own_query

from trailquery import Lake, open_lake
from trailquery.catalog import find_query
from trailquery.cli.questions import parsed_example
from trailquery.errors import UsageError
from trailquery.exclusions import Exclusion
from trailquery.ingest import ingest
from trailquery.settings import Settings
from trailquery.views import Views

LakeOf = Callable[[list[dict[str, Any]]], Lake]
ROLE = {
    "type": "AssumedRole",
    "principalId": "AROAIOSFODNN7EXAMPLE:night",
    "arn": "arn:aws:sts::111122223333:assumed-role/Backup/night",
    "accountId": "111122223333",
    "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
    "sessionContext": {
        "sessionIssuer": {
            "type": "Role",
            "principalId": "AROAIOSFODNN7EXAMPLE",
            "arn": "arn:aws:iam::111122223333:role/Backup",
            "accountId": "111122223333",
            "userName": "Backup",
        },
        "attributes": {"creationDate": "2024-03-01T09:00:00Z", "mfaAuthenticated": "false"},
    },
}


@pytest.fixture
def hunted(tmp_path: Path) -> Callable[..., Any]:
    """The lines of the user's own queries in tmp_path/mine, over the records given."""

    def hunt(
        records: list[dict[str, Any]], exclusions: tuple[Exclusion, ...] = (), timeout_s: float = 300, **options: Any
    ) -> Any:
        log = write_log(tmp_path / "logs" / LOG_NAME, [record(**changes) for changes in records])
        ingest([log], tmp_path / "lake")
        settings = Settings(tmp_path / "trailquery.toml", exclusions=exclusions)
        lake = open_lake(tmp_path / "lake", settings=settings, queries=[tmp_path / "mine"], timeout_s=timeout_s)
        return lake.hunt(**{"themes": ["mine"], **options})

    return hunt


def cells(found: Any, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in found.rows()]


def notes(found: Any) -> list[str]:
    """What a hunt tells of itself but own accounts, and the integrity of log files: see their own tests."""
    *told, own = [note for note in found.notes if not note.startswith("integrity: ")]
    assert own == "own accounts: the 1 recipient seen"
    return told


# ---- the same rows as run


@pytest.mark.parametrize("scope", [{}, {"since": datetime(2024, 3, 1, 12), "accounts": ("111122223333",)}])  # noqa: DTZ001
def test_hunt_finds_the_events_that_each_query_finds(lake_of_cases: Lake, scope: dict[str, Any]) -> None:
    lake = lake_of_cases.narrowed(**scope)
    hunted = defaultdict(set)
    for line in lake.hunt(severity="info", leads=True).rows():
        hunted[line["query"]] |= set(line["event_ids"])
    asked = [q for q in QUERIES.values() if q.kind != "question" and not any(param.required for param in q.params)]
    for query in asked:
        rows = lake.run(query.name).rows()
        found = {event_id for row in rows for event_id in row.get("event_ids") or [row.get("event_id")]}
        assert hunted[query.name] == found, query.name
    assert len([query for query in asked if hunted[query.name]]) > (5 if scope else len(asked) * 0.8)


def test_aws_calls_are_found_as_well_whether_they_worked_or_not(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "keys_made", "GenerateDataKey")
    service = {"eventSource": "kms.amazonaws.com", "eventName": "GenerateDataKey", "sourceIPAddress": "s3.amazonaws.com",
               "userIdentity": {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}}  # fmt: skip
    found = hunted([{"eventID": "worked", **service}, {"eventID": "refused", "errorCode": "AccessDenied", **service}])
    assert cells(found, "outcome", "actor", "event_ids") == [
        ("success", "s3.amazonaws.com", ["worked"]),
        ("attempt", "s3.amazonaws.com", ["refused"]),
    ]


@pytest.mark.parametrize(
    "caller", [{}, {"userIdentity": ROLE}, {"userIdentity": {"type": "AWSService", "invokedBy": "s3.amazonaws.com"}}]
)
def test_columns_without_a_value_stop_no_query(lake_of: LakeOf, caller: dict[str, Any]) -> None:
    # DuckDB 2.0.0 refused to compare an expression that its statistics say is always null
    call = {"eventSource": "sts.amazonaws.com", "eventName": "GetCallerIdentity", "errorCode": "AccessDenied"}
    lake = lake_of([{"eventID": f"call-{n}", **call, **caller} for n in range(3)])
    lines = lake.hunt(severity="info", leads=True).rows()
    assert all(set(line["event_ids"]) <= {"call-0", "call-1", "call-2"} for line in lines)
    for query in QUERIES.values():
        if not any(param.required for param in query.params):
            lake.run(query.name).rows()


def test_a_lake_of_insights_alone_holds_nothing_but_insights(lake_of: LakeOf) -> None:
    gone = dict.fromkeys(
        ("userIdentity", "sourceIPAddress", "userAgent", "eventSource", "eventName", "managementEvent")
    )
    sort = {"eventCategory": "Insight", "eventType": "AwsCloudTrailInsight", "sharedEventID": "one"}
    details = {"eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey"}
    lake = lake_of(
        [gone | sort | {"eventID": state, "insightDetails": details | {"state": state}} for state in ("Start", "End")]
    )
    lines = lake.hunt(severity="info", leads=True).rows()
    assert [(line["query"], line["outcome"], line["event_ids"]) for line in lines] == [
        ("insights", None, ["End", "Start"])
    ]
    for query in QUERIES.values():
        if not any(param.required for param in query.params):
            lake.run(query.name).rows()


# ---- lines


def test_a_hunt_reads_the_columns_of_those_views_alone_that_its_queries_stand_on(lake_of: LakeOf) -> None:
    views = Views(duckdb.connect(), lake_of([]).path, Settings())
    text = views.text("FROM main.UNUSED_KEYS")
    assert re.findall(r"CREATE VIEW (\S+)", text) == ["history", "unused_keys"]
    assert "CREATE MACRO set_of" in text


def test_a_line_is_a_query_an_actor_a_session_and_an_outcome(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "users_made", "CreateUser")
    call = {"eventName": "CreateUser", "eventSource": "iam.amazonaws.com"}
    night = ROLE | {"sessionContext": ROLE["sessionContext"] | {"attributes": {"creationDate": "2024-03-01T09:30:00Z"}}}
    found = hunted([
        {"eventID": "a-first", **call},
        {"eventID": "a-second", "eventTime": "2024-03-01T11:00:00Z", **call},
        {"eventID": "refused", "eventTime": "2024-03-01T09:00:00Z", "errorCode": "AccessDenied", **call},
        {"eventID": "role", "eventTime": "2024-03-01T12:00:00Z", "userIdentity": ROLE, **call},
        {"eventID": "role-again", "eventTime": "2024-03-01T12:00:00Z", "userIdentity": night, **call},
        {"eventID": "another-call"},
    ])  # fmt: skip
    assert cells(found, "severity", "mitre", "outcome", "actor", "events", "event_ids", "account_ids") == [
        ("high", ["T1098"], "success", "alice", 2, ["a-first", "a-second"], ["111122223333"]),
        ("high", ["T1098"], "success", "Backup/night", 1, ["role"], ["111122223333"]),
        ("high", ["T1098"], "success", "Backup/night", 1, ["role-again"], ["111122223333"]),
        ("high", ["T1098"], "attempt", "alice", 1, ["refused"], ["111122223333"]),
    ]
    first = found.rows()[0]
    assert [first[name].isoformat() for name in ("first", "last")] == [
        "2024-03-01T10:00:00+00:00",
        "2024-03-01T11:00:00+00:00",
    ]
    assert first["session_id"] == first["principal_key"].replace("AIDA", "AKIA") == "AKIAIOSFODNN7EXAMPLE"


def test_the_most_severe_stand_first_and_leads_last(hunted: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    for severity in ("low", "critical", "info", "high", "medium", None):
        own_query(mine, f"of_{severity}".lower(), "DescribeInstances", severity)
    lines = hunted([{}], severity="info", leads=True)
    order = ["critical", "high", "medium", "low", "info", None]
    assert [line["severity"] for line in lines.rows()] == order
    assert cells(hunted([{}], severity="medium"), "query") == [("of_critical",), ("of_high",), ("of_medium",)]
    told = hunted([{}])
    assert cells(told, "query") == [("of_critical",), ("of_high",)]
    assert (told.counts, told.at_least("medium")) == (dict.fromkeys(order[:5], 1), 3)
    assert notes(told)[-2:] == ["not asked: 1 lead (--leads)", "held back: 1 medium, 1 low, 1 info (--severity info)"]


def test_many_lines_of_a_kind_hide_no_other_kind(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "flood", "DescribeInstances")
    own_query(tmp_path / "mine", "needle", "StopLogging")
    own_query(tmp_path / "mine", "worse", "DeleteTrail", "critical")
    users = [{"type": "IAMUser", "principalId": f"AIDAIOSFODNN7EXAMP{n:02}", "userName": f"u{n}"} for n in range(8)]
    calls = [{"eventID": f"flood-{n}", "userIdentity": user} for n, user in enumerate(users)]
    denied = {"eventTime": "2024-03-01T23:00:00Z", "errorCode": "AccessDenied"}
    tries = [denied | {"eventID": name, "eventName": name} for name in ("StopLogging", "DeleteTrail")]
    assert cells(hunted([*calls, *tries]), "query", "event_ids") == [
        ("worse", ["DeleteTrail"]),
        *(("flood", [f"flood-{n}"]) for n in range(5)),
        ("needle", ["StopLogging"]),
        *(("flood", [f"flood-{n}"]) for n in range(5, 8)),
    ]


def test_the_next_command_carries_values_as_single_words(hunted: Any, tmp_path: Path) -> None:
    own_query(
        tmp_path / "mine", "calls", "DescribeInstances", next="trailquery run timeline_actor {actor} --writes-only"
    )
    hostile = {
        "type": "IAMUser",
        "principalId": "AIDAIOSFODNN7EXAMPLE",
        "accountId": "111122223333",
        "userName": "a'; rm -rf / #",
    }
    (line,) = hunted([{"userIdentity": hostile}]).rows()
    words = ["trailquery", "run", "timeline_actor", "a'; rm -rf / #", "--writes-only", "--lake", str(tmp_path / "lake")]
    assert shlex.split(line["next"]) == words


def test_the_next_command_of_every_finding_answers(lake_of_cases: Lake) -> None:
    commands = {line["next"]: line["query"] for line in lake_of_cases.hunt(severity="info").rows()}
    asked = {command: find_query(shlex.split(command)[2]) for command in commands}
    silent = [
        (commands[command], command)
        for command, query in asked.items()
        if not len(lake_of_cases.run(query, **parsed_example(replace(query, example=command))))
    ]
    assert silent == []
    assert len({query.name for query in asked.values()}) > 8


@pytest.mark.parametrize(("name", "target"), [("--output=x", "{actor}"), ("bob", "{target}")])
def test_a_value_that_is_missing_or_reads_as_an_option_leads_to_the_event(
    hunted: Any, tmp_path: Path, name: str, target: str
) -> None:
    own_query(tmp_path / "mine", "calls", "Ask", next=f"trailquery run timeline_resource {target}")
    user = {"type": "IAMUser", "principalId": "AIDAIOSFODNN7EXAMPLE", "accountId": "111122223333", "userName": name}
    (line,) = hunted([{"eventID": "it", "eventName": "Ask", "userIdentity": user}]).rows()
    assert line["next"].startswith("trailquery run event it --lake ")


def test_a_row_about_events_that_are_not_held_is_a_line_all_the_same(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "gone", "DescribeInstances")
    file = tmp_path / "mine" / "gone.sql"
    file.write_text(file.read_text().replace("    event_id\nFROM", "    'not-held' AS event_id\nFROM"))
    found = hunted([{}])
    columns = ("actor", "outcome", "events", "first", "event_ids", "next")
    (line,) = cells(found, *columns)
    assert line[:-1] == ("alice", None, 1, None, ["not-held"])


# ---- what is left out is told


EXCLUSION = Exclusion("calls", "AROAIOSFODNN7EXAMPLE", "111122223333", "nightly copy", date(2999, 1, 1))


@pytest.mark.parametrize("principal", ["AROAIOSFODNN7EXAMPLE", "arn:aws:iam::111122223333:role/Backup"])
def test_an_exclusion_leaves_out_its_query_principal_and_account_and_is_told(
    hunted: Any, tmp_path: Path, principal: str
) -> None:
    own_query(tmp_path / "mine", "calls", "DescribeInstances")
    own_query(tmp_path / "mine", "others", "RunInstances")
    records = [
        {"eventID": "noise", "userIdentity": ROLE},
        {"eventID": "noise-too", "userIdentity": ROLE},
        {"eventID": "other-principal"},
        {"eventID": "other-account", "userIdentity": ROLE, "recipientAccountId": "444455556666"},
        {"eventID": "other-query", "userIdentity": ROLE, "eventName": "RunInstances"},
    ]
    found = hunted(records, (EXCLUSION._replace(principal=principal),))
    ids = {event_id for line in found.rows() for event_id in line["event_ids"]}
    assert ids == {"other-principal", "other-account", "other-query"}
    said = f"left out: 2 events of calls by {principal} in 111122223333, until 2999-01-01: nightly copy"
    assert said in found.notes
    assert said in repr(found)
    assert said in found._repr_html_()


def test_an_exclusion_for_a_user_goes_by_the_arn_of_the_user(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "calls", "DescribeInstances")
    alice = EXCLUSION._replace(principal="arn:aws:iam::111122223333:user/alice")
    assert cells(hunted([{}, {"eventID": "role", "userIdentity": ROLE}], (alice,)), "event_ids") == [(["role"],)]


def test_an_expired_exclusion_leaves_nothing_out_and_is_told(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "calls", "DescribeInstances")
    found = hunted([{"userIdentity": ROLE}], (EXCLUSION._replace(expiry=date(2020, 1, 1)),))
    assert len(found) == 1
    assert found.notes[0] == (
        "exclusion: calls by AROAIOSFODNN7EXAMPLE in 111122223333, expired on 2020-01-01, no longer left out: nightly"
        f" copy (renew or remove it in {tmp_path}/trailquery.toml)"
    )


def test_an_exclusion_of_no_query_is_refused(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "calls", "DescribeInstances")
    with pytest.raises(UsageError) as refused:
        hunted([{}], (EXCLUSION._replace(query="callz"),))
    assert (
        str(refused.value)
        == f"{tmp_path}/trailquery.toml: [[exclusions]] 1: no query named 'callz'; did you mean 'calls'?"
    )


def test_a_query_that_needs_a_value_and_themes_that_are_not_asked_are_told(hunted: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    own_query(mine, "calls", "DescribeInstances")
    value = '-- [params.user]\n-- type = "text"\n-- about = "Whose"\n--\n'
    own_query(mine, "calls_of", "DescribeInstances", param=value, condition="\n    AND user_name = $user")
    found = hunted([{}])
    assert cells(found, "query") == [("calls",)]
    findings = [query for query in QUERIES.values() if query.kind == "finding"]
    assert notes(found) == [
        f"not asked: {len(findings)} findings of other themes and techniques (leave out --theme, --mitre)",
        "not asked, as they need a value: calls_of (trailquery run NAME --help)",
    ]


def test_a_technique_chooses_its_sub_techniques_too(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "below", "DescribeInstances", mitre="T1562.008")
    own_query(tmp_path / "mine", "beside", "DescribeInstances", mitre="T1098")
    assert cells(hunted([{}], mitre=["T1562"]), "query") == [("below",)]


def test_data_events_that_the_lake_lacks_are_told_once(hunted: Any, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    for number in (1, 2):
        own_query(mine, f"reads_{number}", "GetObject", category="data", condition="\n    AND action = 's3:GetObject'")
    own_query(mine, "items", "GetItem", category="data", condition="\n    AND service = 'dynamodb'")
    own_query(mine, "unusual", "x", category="insight")
    own_query(mine, "calls", "DescribeInstances")
    item = {"eventID": "item", "eventSource": "dynamodb.amazonaws.com", "eventName": "PutItem", "eventCategory": "Data",
            "managementEvent": False}  # fmt: skip
    assert (
        notes(hunted([{}, item]))[-1]
        == "blind spot: no S3 object data, insight events: 3 queries could not be asked in full"
    )
    assert not [note for note in hunted([{}, item], themes=["mine"], mitre=["T1098"]).notes if "DynamoDB" in note]


def test_a_query_that_can_be_asked_in_part_is_told_as_well(lake_of: LakeOf) -> None:
    (note,) = (note for note in lake_of([{}]).hunt(themes=["s3-data"]).notes if note.startswith("blind spot: "))
    assert note == "blind spot: no S3 object data events: 3 queries could not be asked in full"


def test_too_short_a_history_is_told_once(lake_of: LakeOf) -> None:
    days = [{"eventID": f"on-{day}", "eventTime": f"2024-03-{day:02}T10:00:00Z"} for day in range(1, 17)]
    asked = {"leads": True, "themes": ["anomaly"]}
    told = "short history: 3 of 14 days held before the newest: 5 queries could call nothing new"
    assert told in lake_of(days[:4]).hunt(**asked).notes
    assert not [note for note in lake_of(days).hunt(**asked).notes if note.startswith("short history")]


def test_an_unknown_severity_is_refused(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "calls", "DescribeInstances")
    with pytest.raises(UsageError, match="severity is 'bad', not one of info, low, medium, high, critical"):
        hunted([{}], severity="bad")


def test_a_query_file_that_is_more_than_one_select_is_not_run(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "calls", "DescribeInstances", condition="\n) AS answer; DROP VIEW events; SELECT (1")
    with pytest.raises(UsageError, match="^calls: "):
        hunted([{}])


def test_all_queries_that_run_stop_at_the_time_limit(hunted: Any, tmp_path: Path) -> None:
    endless = "\n    AND (SELECT count(*) FROM range(10000000000) AS a, range(1000) AS b WHERE a.range <> b.range) > 0"
    for name in ("one", "three", "two"):
        own_query(tmp_path / "mine", name, "DescribeInstances", condition=endless)
    with pytest.raises(UsageError, match="^one: stopped after 2 s"):
        hunted([{}], timeout_s=2)


def test_what_is_asked_for_next_sees_the_lake_as_before(lake_of: LakeOf) -> None:
    lake = lake_of([{}])
    before = lake.sql("FROM events").arrow()
    lake.hunt()
    assert lake.sql("FROM events").arrow() == before


def test_a_hunt_leaves_nothing_in_the_lake_however_it_ends(lake_of: LakeOf) -> None:
    lake, under_way = lake_of([{}]), []
    lake.hunt(
        on_query=lambda _: under_way.append(([*lake.path.glob("cache/hunt-*")], [*lake.path.glob("cache/hunt-*/*")]))
    )
    ((_,), files) = under_way[-1]
    assert files == []
    assert [*lake.path.glob("cache/hunt-*")] == []


def test_a_lake_that_cannot_be_written_to_is_hunted_in_as_well(hunted: Any, tmp_path: Path) -> None:
    own_query(tmp_path / "mine", "calls", "DescribeInstances")
    found = hunted([{}]).arrow()
    shutil.rmtree(tmp_path / "lake" / "cache")
    (tmp_path / "lake" / "cache").touch()
    lake = open_lake(tmp_path / "lake", settings=Settings(), queries=[tmp_path / "mine"])
    assert lake.hunt(themes=["mine"]).arrow() == found
    assert len(found) == 1
