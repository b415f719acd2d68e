"""The ordinary life of the simulated organisation: everyone is there, in proportion, and nobody alarms."""

from pathlib import Path
from typing import Any

import pytest

from trailquery import Lake, open_lake
from trailquery.ingest import ingest
from trailquery.simulate import simulate
from trailquery.simulate.organization import OPT_IN

EVENTS = 20_000
Row = dict[str, Any]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """A week without a story."""
    folder = tmp_path_factory.mktemp("week")
    simulate(folder / "logs", events=EVENTS, days=7, seed=20, story=None)
    ingest([folder / "logs"], folder / "lake")
    return open_lake(folder / "lake")


def shares(lake: Lake, condition: str) -> float:
    """The part of all events for which `condition` holds."""
    return float(
        lake.sql(f"SELECT avg(CASE WHEN {condition} THEN 1.0 ELSE 0.0 END) AS share FROM history").rows()[0]["share"]
    )


def test_a_hunt_in_a_week_of_noise_shows_five_lines_at_most(week: Lake) -> None:
    lines = week.hunt().rows()
    assert len(lines) <= 5, lines


@pytest.mark.parametrize(
    ("who", "least", "most"),
    [
        ("is_aws_call", 0.72, 0.85),
        ("client = 'console' AND NOT is_aws_call", 0.025, 0.08),
        ("role_name = 'terraform-apply'", 0.015, 0.05),
        ("role_name = 'posture-scanner'", 0.01, 0.05),
        ("role_name = 'github-deploy'", 0.005, 0.03),
        ("actor LIKE 'AWSServiceRoleForAutoScaling/%' AND action = 'ec2:RunInstances'", 0.0005, 0.01),
        ("user_name = 'billing-export'", 0.01, 0.03),
    ],
)
def test_everyone_has_a_share_of_the_events(week: Lake, who: str, least: float, most: float) -> None:
    assert least < shares(week, who) < most


def test_people_make_at_least_one_event_in_twenty(week: Lake) -> None:
    people = "'alice', 'm.keller', 'bob', 'data.engineer', 'data.analyst', 'backup-operator'"
    by_hand = f"NOT is_aws_call AND (user_name IN ({people}) OR role_name LIKE 'AWSReservedSSO%')"
    assert shares(week, by_hand) >= 0.05


def test_what_terraform_takes_away_it_has_made_before(week: Lake) -> None:
    makers = {
        "iam:DeleteRole": "iam:CreateRole",
        "iam:DeletePolicy": "iam:CreatePolicy",
        "ec2:DeleteSecurityGroup": "ec2:CreateSecurityGroup",
        "ec2:DeleteKeyPair": "ec2:ImportKeyPair",
        "s3:DeleteBucket": "s3:CreateBucket",
    }
    rows = week.sql(
        "SELECT action, target, event_time FROM history WHERE role_name = 'terraform-apply' AND outcome = 'success'"
        " ORDER BY event_time"
    ).rows()
    made: dict[str, set[str]] = {action: set() for action in makers.values()}
    gone = set()
    for row in rows:
        if row["action"] in made:
            made[row["action"]].add(row["target"])
        elif row["action"] in makers:
            assert row["target"] in made[makers[row["action"]]], row
            gone.add(row["action"])
    assert gone == set(makers)


def test_the_scanner_reads_in_every_region_and_is_refused_where_it_is_forbidden(week: Lake) -> None:
    rows = week.sql(
        "SELECT account_id, region, outcome, count(*) AS n, bool_or(access = 'write') AS writes FROM history"
        " WHERE role_name = 'posture-scanner' GROUP BY account_id, region, outcome"
    ).rows()
    assert {row["region"] for row in rows} >= {"us-east-1", "eu-west-1", "eu-central-1", "ap-southeast-2", OPT_IN}
    refused = {(row["account_id"], row["region"]) for row in rows if row["outcome"] == "denied"}
    assert refused == {("111122223333", OPT_IN), ("444455556666", OPT_IN)}
    assert not any(row["writes"] for row in rows)


def test_the_job_fails_every_half_hour_and_never_works(week: Lake) -> None:
    rows = week.sql("SELECT event_time, outcome FROM history WHERE user_name = 'billing-export' ORDER BY 1").rows()
    assert {row["outcome"] for row in rows} == {"denied"}
    assert {row["event_time"].minute for row in rows} == {0, 30}
    assert len(rows) > 7 * 48 * 0.9


def test_a_page_of_the_console_opens_with_several_keys_of_one_sign_in(week: Lake) -> None:
    rows = week.sql(
        "SELECT session_id, count(DISTINCT access_key_id) AS keys, count(*) AS events FROM history"
        " WHERE client = 'console' AND NOT is_aws_call GROUP BY session_id"
    ).rows()
    assert max(row["keys"] for row in rows) >= 5
    assert max(row["events"] for row in rows) >= 10


def test_machines_that_end_were_started_by_the_same_group(week: Lake) -> None:
    rows = week.sql(
        "SELECT action, target, invoked_by FROM history WHERE actor LIKE 'AWSServiceRoleForAutoScaling/%'"
        " AND action IN ('ec2:RunInstances', 'ec2:TerminateInstances')"
    ).rows()
    targets = {
        action: {row["target"] for row in rows if row["action"] == action} for action in {r["action"] for r in rows}
    }
    assert targets["ec2:TerminateInstances"]
    assert targets["ec2:TerminateInstances"] <= targets["ec2:RunInstances"]
    assert {row["invoked_by"] for row in rows} == {"autoscaling.amazonaws.com"}


def test_sessions_of_deploys_scans_and_terraform_know_what_opened_them(week: Lake) -> None:
    rows = week.sql(
        "SELECT role_name, issued_by_action, count(*) AS sessions FROM"
        " (SELECT DISTINCT session_id, role_name FROM history WHERE role_name IN"
        " ('github-deploy', 'posture-scanner', 'terraform-apply') AND account_id <> '' AND session_id IS NOT NULL)"
        " INNER JOIN session_links USING (session_id) GROUP BY role_name, issued_by_action"
    ).rows()
    assert {(row["role_name"], row["issued_by_action"]) for row in rows} == {
        ("github-deploy", "sts:AssumeRoleWithWebIdentity"),
        ("posture-scanner", "sts:AssumeRole"),
        ("terraform-apply", "sts:AssumeRole"),
    }


def test_nothing_happens_before_the_first_or_after_the_last_day(week: Lake) -> None:
    days = week.sql(
        "SELECT min(event_time)::DATE::VARCHAR AS first, max(event_time)::DATE::VARCHAR AS last FROM history"
    )
    assert days.rows() == [{"first": "2026-11-14", "last": "2026-11-20"}]


@pytest.mark.parametrize("story", [None, "mining"])
@pytest.mark.parametrize("events", [200, 777])
def test_few_events_are_counted_exactly_too(tmp_path: Path, story: str | None, events: int) -> None:
    assert simulate(tmp_path / "logs", events=events, days=1, story=story).events == events


def test_every_view_but_those_of_bad_evidence_has_rows(week: Lake) -> None:
    views = ("api_errors", "changes", "credential_issuance", "data_events", "insight_events", "management_events")
    views += ("network_events", "own_accounts", "policy_statements", "principals", "resources", "service_events")
    views += ("security_group_rule_changes", "session_lineage", "session_links", "sessions", "signin_events")
    assert [view for view in views if week.sql(f"SELECT count(*) AS n FROM {view}").rows()[0]["n"] == 0] == []
