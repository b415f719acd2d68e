"""Lineage, and what sessions and principals count."""

from datetime import UTC, datetime
from typing import Any

import pytest
from scenes import (
    ALICE,
    BOB,
    HANDED_OUT,
    HOME,
    KEY,
    LONG_TERM,
    OTHER,
    REFRESHED,
    STRANGER,
    LakeOf,
    Record,
    SharedLake,
    assume,
    in_role,
    issued,
    scene,
    session_of,
    temporary,
)

from trailquery import Lake

# ---- lineage


def chain_of(length: int) -> list[Record]:
    """alice assumes role R1, R1 assumes R2, and so on."""
    keys = [f"ASIA{number:09}EXAMPLE" for number in range(length + 1)]
    callers = [ALICE, *(in_role(keys[number], role=f"R{number}") for number in range(1, length + 1))]
    calls = [
        assume(keys[number + 1], role=f"R{number + 1}", eventID=f"assume-{number + 1}", userIdentity=callers[number])
        for number in range(length)
    ]
    return [*calls, {"eventID": "use", "userIdentity": callers[-1]}]


@pytest.fixture
def ancestors(stage: Lake, request: pytest.FixtureRequest) -> list[tuple[Any, ...]]:
    """Lineage of the session that made the scene's event `use`: actor, depth, ends, length of the path."""
    rows = stage.sql(
        "SELECT (SELECT min(h.actor) FROM history AS h WHERE h.session_id = l.ancestor_session_id) AS actor,"
        " l.depth, l.ends, len(l.path) AS steps FROM session_lineage AS l"
        " WHERE l.session_id = (SELECT session_id FROM history WHERE event_id = $event) ORDER BY l.depth",
        event=f"{request.function.__name__}/use",
    ).rows()
    return [tuple(row.values()) for row in rows]


@scene(*chain_of(2))
def test_the_lineage_of_a_role_chain_goes_up_to_the_long_term_key(ancestors: list[tuple[Any, ...]]) -> None:
    assert ancestors == [("R2/work", 0, None, 1), ("R1/work", 1, None, 2), ("alice", 2, "origin", 3)]


def test_the_lineage_of_a_role_chain_goes_down_to_all_that_came_of_a_key(lake_of: LakeOf) -> None:
    rows = lake_of(chain_of(2)).sql(
        "SELECT depth, ends FROM session_lineage WHERE ancestor_session_id = $key ORDER BY depth", key=LONG_TERM
    )
    assert [row["depth"] for row in rows.rows()] == [0, 1, 2]


@scene(*chain_of(14))
def test_a_lineage_ends_after_twelve_steps_and_says_so(ancestors: list[tuple[Any, ...]]) -> None:
    assert [step[1] for step in ancestors] == list(range(13))
    assert [step[2] for step in ancestors] == [None] * 12 + ["depth"]


ONE, TWO = (in_role(key, role=role) for key, role in zip(REFRESHED, ("One", "Two"), strict=True))


@scene(
    assume(REFRESHED[1], role="Two", eventID="use", userIdentity=ONE),
    assume(REFRESHED[0], role="One", eventID="two-opens-one", userIdentity=TWO),
)
def test_a_cycle_ends_where_it_closes(ancestors: list[tuple[Any, ...]]) -> None:
    assert ancestors == [("One/work", 0, None, 1), ("Two/work", 1, "cycle", 2)]


@scene(assume(KEY, eventID="use", userIdentity=in_role(KEY)))
def test_a_session_that_hands_itself_its_own_key_is_not_its_own_parent(ancestors: list[tuple[Any, ...]]) -> None:
    assert ancestors == [("Deploy/work", 0, "not held", 1)]


def test_a_parent_out_of_scope_is_found_all_the_same(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            assume(KEY, eventID="call", eventTime="2024-03-01T08:00:00Z"),
            {"eventID": "use", "userIdentity": in_role(KEY, "2024-03-01T08:00:00Z")},
        ]
    ).narrowed(since=datetime(2024, 3, 1, 9))  # noqa: DTZ001 (a scope is naive UTC)
    assert session_of(lake, "use", "parent_session_id") == (LONG_TERM,)
    assert issued(lake, "event_id") == []


def test_the_source_identity_survives_the_chain_of_roles(lake_of: LakeOf) -> None:
    first, second = "ASIA1OSFODNN7EXAMPLE", "ASIA2OSFODNN7EXAMPLE"
    one, two = in_role(first, role="One"), in_role(second, role="Two")
    for role in (one, two):
        role["sessionContext"]["sourceIdentity"] = "alice"
    lake = lake_of(
        [
            assume(first, role="One", eventID="a", asked={"sourceIdentity": "alice"}),
            assume(second, role="Two", eventID="b", userIdentity=one),
            {"eventID": "c", "userIdentity": two},
        ]
    )
    assert issued(lake, "event_id, source_identity") == [("a", "alice"), ("b", "alice")]
    rows = lake.sql("SELECT DISTINCT source_identity FROM sessions WHERE identity_type = 'AssumedRole'").rows()
    assert rows == [{"source_identity": "alice"}]


def test_deleting_a_key_does_not_end_the_sessions_it_opened(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            assume(KEY, eventID="call"),
            {
                "eventID": "delete",
                "eventTime": "2024-03-01T10:10:00Z",
                "eventSource": "iam.amazonaws.com",
                "eventName": "DeleteAccessKey",
                "requestParameters": {"accessKeyId": LONG_TERM},
                "userIdentity": BOB,
            },
            {"eventID": "after", "eventTime": "2024-03-01T10:50:00Z", "userIdentity": in_role(KEY)},
        ]
    )
    rows = lake.sql(
        "SELECT s.actor, i.expires_at FROM session_lineage AS d"
        " INNER JOIN sessions AS s ON s.session_id = d.session_id"
        " INNER JOIN credential_issuance AS i ON i.event_id = s.issued_by_event_id"
        " INNER JOIN events AS e ON e.event_id = 'delete' AND s.last_seen > e.event_time"
        " WHERE d.ancestor_session_id = $key AND d.depth > 0",
        key=LONG_TERM,
    ).rows()
    assert rows == [{"actor": "Deploy/work", "expires_at": datetime(2024, 3, 1, 11, tzinfo=UTC)}]


# ---- sessions and principals, counted


def test_a_session_counts_what_it_did_and_from_where(lake_of: LakeOf) -> None:
    user = in_role(KEY)
    lake = lake_of(
        [
            {"eventID": "a", "userIdentity": user},
            {"eventID": "b", "userIdentity": user, "readOnly": False, "sourceIPAddress": "198.51.100.9"},
            {"eventID": "c", "userIdentity": user, "errorCode": "AccessDenied", "eventTime": "2024-03-01T10:30:00Z"},
        ]
    )
    rows = lake.sql(
        "SELECT actor, account_id, session_kind, created_at, last_seen, events, writes, denied, client_ips, clients, mfa FROM sessions"
    ).rows()
    first, last = datetime(2024, 3, 1, 10, tzinfo=UTC), datetime(2024, 3, 1, 10, 30, tzinfo=UTC)
    assert [tuple(row.values()) for row in rows] == [
        ("Deploy/work", HOME, "assumed-role", first, last, 3, 1, 1, ["198.51.100.7", "198.51.100.9"], ["cli"], False)
    ]


def test_long_term_and_temporary_keys_of_one_user_are_sessions_of_two_kinds(lake_of: LakeOf) -> None:
    lake = lake_of([{"eventID": "a"}, {"eventID": "b", "userIdentity": temporary(ALICE, KEY, "2024-03-01T10:00:00Z")}])
    rows = lake.sql("SELECT session_kind FROM sessions ORDER BY session_kind").rows()
    assert [row["session_kind"] for row in rows] == ["long-term-key", "session-token"]


def test_a_principal_is_one_row_over_its_sessions_and_federated_users(lake_of: LakeOf) -> None:
    federated = {
        "type": "FederatedUser",
        "principalId": f"{HOME}:guest",
        "arn": f"arn:aws:sts::{HOME}:federated-user/guest",
        "accountId": HOME,
    }
    issuer = {"type": "IAMUser", "principalId": ALICE["principalId"], "arn": ALICE["arn"], "accountId": HOME}
    lake = lake_of(
        [
            {"eventID": "a"},
            {"eventID": "b", "userIdentity": temporary(federated, KEY, "2024-03-01T10:00:00Z", sessionIssuer=issuer)},
            {"eventID": "c", "userIdentity": STRANGER, "recipientAccountId": OTHER, "errorCode": "AccessDenied"},
            {"eventID": "d", "userIdentity": in_role("ASIA1OSFODNN7EXAMPLE", name="one")},
            {"eventID": "e", "userIdentity": in_role("ASIA2OSFODNN7EXAMPLE", name="two")},
        ]
    )
    rows = lake.sql(
        "SELECT principal_key, identity_type, arn, name, events, denied, sessions FROM principals ORDER BY principal_key"
    ).rows()
    assert [tuple(row.values()) for row in rows] == [
        (ALICE["principalId"], "IAMUser", ALICE["arn"], "alice", 3, 1, 2),
        (f"AROADeploy{HOME}", "AssumedRole", f"arn:aws:iam::{HOME}:role/Deploy", "Deploy", 2, 0, 2),
    ]


# ---- anything may stand in a record

ODD = [None, True, 7, "", "x", [], [[]], {}, ["ASIA"], {"accessKeyId": ["ASIA"]}, {"credentials": []}, "\u0000'\""]


def test_no_value_of_any_json_type_breaks_a_view(lake_of: LakeOf) -> None:
    nested = [{"credentials": {"accessKeyId": odd, "expiration": odd}, "assumedRoleUser": odd} for odd in ODD]
    requests = [
        {"roleArn": odd, "policy": odd, "policyArns": odd, "durationSeconds": odd, "userName": odd} for odd in ODD
    ]
    records = [
        {
            "eventID": f"{api}-{number}",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": api,
            "responseElements": odd,
            "requestParameters": requests[number % len(ODD)] if number % 2 else odd,
            "additionalEventData": {"SwitchFrom": odd},
        }
        for service, api in [*((service, api) for service, api, _ in HANDED_OUT), ("signin", "SwitchRole")]
        for number, odd in enumerate([*ODD, *nested])
    ]
    lake = lake_of(records)
    assert len(lake.sql("SELECT * FROM credential_issuance")) == len(HANDED_OUT) * 2 * len(ODD)
    for view in ("session_links", "sessions", "session_lineage", "principals"):
        lake.sql(f"SELECT * FROM {view}").rows()


def test_each_view_has_a_sentence_for_itself_and_for_every_column(lake_of: LakeOf) -> None:
    lake = lake_of([])
    views = "('credential_issuance', 'session_links', 'session_lineage', 'sessions', 'principals')"
    commented = lake.sql(
        f"SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND view_name IN {views} AND comment IS NOT NULL"
    ).rows()
    silent = lake.sql(
        f"SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name IN {views} AND comment IS NULL"
    ).rows()
    assert (len(commented), silent) == (5, [])


# ---- a real recording


def test_each_role_session_of_the_recorded_attack_leads_to_the_attackers_key(shared_lake: SharedLake) -> None:
    rows = shared_lake("invictus").sql(
        "SELECT count(*) AS sessions, list(DISTINCT parent_session_id) AS parents FROM sessions"
        " WHERE issued_by = 'bert-jan' AND link = 'access-key'"
    )
    assert [tuple(row.values()) for row in rows.rows()] == [(5, ["AKIATFQR7NSC8Q4X20BJ"])]


def test_the_recorded_console_login_is_one_session_of_its_twenty_one_keys(shared_lake: SharedLake) -> None:
    rows = shared_lake("invictus").sql(
        "SELECT len(access_key_ids) AS keys, session_kind, link FROM sessions WHERE created_at = '2023-07-10 12:27:45'"
    )
    assert [tuple(row.values()) for row in rows.rows()] == [(21, "console", "console-login")]


def test_the_recorded_sessions_of_forwarded_calls_are_told_from_persons(shared_lake: SharedLake) -> None:
    rows = shared_lake("invictus").sql(
        "SELECT session_kind, count(*) AS sessions, count(parent_session_id) AS linked FROM sessions"
        " WHERE actor IN ('bert-jan', 'benjamin') GROUP BY session_kind ORDER BY session_kind"
    )
    assert [tuple(row.values()) for row in rows.rows()] == [
        ("console", 3, 0),
        ("forwarded", 8, 6),
        ("long-term-key", 3, 0),
    ]
