"""What the publishers of the recordings say of them holds in the lake; their counts are in test_ingest.py."""

import csv
from collections.abc import Callable
from typing import Any

from conftest import recording

from trailquery import Lake

SharedLake = Callable[[str], Lake]


def rows(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in lake.sql(sql).rows()]


def labels() -> list[dict[str, str]]:
    """The publisher's row of each invictus event: its class, who called, its errorCode."""
    with (recording("invictus") / "labels.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_account_of_the_path_is_not_that_of_the_records(shared_lake: SharedLake) -> None:
    sql = "SELECT account_id, count(*) FROM {} GROUP BY account_id"
    lake = shared_lake("invictus")
    assert rows(lake, sql.format("files")) == [("218007301253", 55)]
    assert rows(lake, sql.format("events")) == [("123837392027", 2900)]


def test_the_trails_of_the_attack_were_only_tried_and_those_of_its_setting_were_deleted(
    shared_lake: SharedLake,
) -> None:
    sql = """
        SELECT api, outcome, error_code, client, count(*) FROM events
        WHERE api IN ('StopLogging', 'DeleteTrail') GROUP BY ALL ORDER BY ALL
    """
    lake = shared_lake("invictus")
    assert rows(lake, sql) == [
        ("DeleteTrail", "error", "TrailNotFoundException", "other", 1),
        ("DeleteTrail", "success", None, "iac", 2),
        ("StopLogging", "error", "TrailNotFoundException", "other", 3),
    ]
    changed = "SELECT api, count(*) FROM changes WHERE api IN ('StopLogging', 'DeleteTrail') GROUP BY api"
    assert rows(lake, changed) == [("DeleteTrail", 2)]


def test_calls_of_aws_itself_are_those_that_the_publisher_labelled_so(shared_lake: SharedLake) -> None:
    lake = shared_lake("invictus")
    labelled = {label["eventID"] for label in labels() if label["klass"] == "AWS service / on behalf"}
    assert {event_id for (event_id,) in rows(lake, "SELECT event_id FROM events WHERE is_aws_call")} == labelled


def test_terraform_is_infrastructure_as_code_and_nothing_else_is(shared_lake: SharedLake) -> None:
    lake = shared_lake("invictus")
    labelled = {label["eventID"] for label in labels() if "Terraform" in label["klass"]}
    assert {event_id for (event_id,) in rows(lake, "SELECT event_id FROM events WHERE client = 'iac'")} == labelled


def test_actor_and_error_code_of_every_event_are_as_labelled(shared_lake: SharedLake) -> None:
    lake = shared_lake("invictus")
    said = rows(lake, "SELECT event_id, actor, error_code FROM events ORDER BY event_id")
    labelled = [
        (label["eventID"], label["actor"].rpartition(":assumed-role/")[2], label["errorCode"] or None)
        for label in sorted(labels(), key=lambda label: label["eventID"])
    ]
    assert said == labelled


def test_one_event_of_flaws_is_held_in_two_versions_that_differ_in_time(shared_lake: SharedLake) -> None:
    sql = """
        SELECT copy.event_id[:8], copy.event_time::VARCHAR, shown.event_time::VARCHAR
        FROM variants AS copy JOIN events AS shown USING (event_id, account_id)
    """
    assert rows(shared_lake("flaws-sample"), sql) == [("4a48a30a", "2020-10-01 00:00:39", "2020-09-30 23:53:39")]


def test_organisation_region_and_time_are_read_from_unusual_file_names(shared_lake: SharedLake) -> None:
    sql = """
        SELECT organization_id, account_id, region, delivered_at::VARCHAR, ends_with(places[1], '.gz')
        FROM files ORDER BY delivered_at
    """
    assert rows(shared_lake("flaws-sample"), sql) == [
        ("o-abcd", "811596193553", "us-east-1", "2020-09-30 22:00:00", False),
        ("o-abcd", "811596193553", "us-east-1", "2020-09-30 23:00:00", False),
        ("o-abcd", "811596193553", "ap-southeast-1", "2020-09-30 23:58:00", False),
        ("o-abcd", "811596193553", "us-east-1", "2020-10-01 00:00:00", True),
        ("o-abcd", "811596193553", "us-east-1", "2020-10-01 00:03:00", False),
    ]


def test_data_events_are_told_before_and_after_records_had_a_category(shared_lake: SharedLake) -> None:
    sql = """
        SELECT
            category, event_category, event_version, count(*),
            CASE category WHEN 'data' THEN list_sort(list(DISTINCT api)) END AS apis
        FROM events GROUP BY category, event_category, event_version ORDER BY event_version DESC
    """
    assert rows(shared_lake("otrf"), sql) == [
        ("data", "Data", "1.07", 9, ["GetObject", "ListObjects"]),
        ("management", None, "1.05", 94, None),
    ]
    assert rows(shared_lake("cloudtrail-tracker"), sql) == [
        ("management", None, "1.05", 101, None),
        ("management", None, "1.04", 41, None),
    ]


def test_writes_are_told_by_their_verb_where_records_do_not_say(shared_lake: SharedLake) -> None:
    sql = "SELECT action, count(*) FROM events WHERE access = 'write' GROUP BY action ORDER BY action"
    assert rows(shared_lake("cloudtrail-tracker"), sql) == [
        ("autoscaling:CreateAutoScalingGroup", 1),
        ("autoscaling:PutScalingPolicy", 3),
        ("ec2:CreateTags", 1),
        ("ec2:RunInstances", 1),
        ("elasticloadbalancing:RegisterInstancesWithLoadBalancer", 1),
        ("monitoring:PutMetricAlarm", 2),
    ]


def test_an_address_with_a_leading_zero_is_no_address_and_made_up_regions_are_kept(shared_lake: SharedLake) -> None:
    sql = """
        SELECT region, source_ip_address, client_ip, ip_scope, count(*) FROM events
        WHERE client_ip IS NULL GROUP BY ALL ORDER BY ALL
    """
    assert rows(shared_lake("stratus"), sql) == [
        ("ap-central-2r", "211.9.016.253", None, "none", 1),
        ("ap-isob-central-3r", "075.050.255.67", None, "none", 3),
        ("apiso-westcentral-3r", "255.18.064.253", None, "none", 19),
        ("ca-isob-northsouth-1r", "225.178.039.250", None, "none", 1),
        ("ca-south-3r", "06.237.252.245", None, "none", 3),
        ("eu-west-2r", "225.01.00.16", None, "none", 1),
        ("megov-westwest-1r", "08.1.250.216", None, "none", 1),
    ]
