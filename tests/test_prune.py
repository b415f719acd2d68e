"""Old days can be removed from a lake; it stays known that they were there, and an empty answer over them says so."""

import json
from datetime import date
from pathlib import Path

import pytest
from conftest import counts
from runner import run
from test_coverage import Bucket

from trailquery import open_lake
from trailquery.compaction import compact, prune
from trailquery.errors import UsageError
from trailquery.hold import hold, release
from trailquery.ingest import ingest
from trailquery.tables import EVENT_TABLE, parquet_files

NEXT_DAY = date(2024, 3, 2)
COUNT = "SELECT event_date, count(*) AS events FROM history GROUP BY event_date ORDER BY event_date"


@pytest.fixture
def bucket(tmp_path: Path) -> Bucket:
    """A day and three hours of a trail."""
    made = Bucket(tmp_path)
    for hour in (0, 22, 24, 26):
        made.log(hour)
    made.digest(*range(27))
    made.ingested()
    return made


def days_of(lake: Path) -> dict[str, int]:
    return {str(row["event_date"]): row["events"] for row in open_lake(lake).sql(COUNT).rows()}


def test_the_events_of_old_days_go_and_no_ingest_of_their_files_brings_them_back(bucket: Bucket) -> None:
    lake = bucket.lake_path
    opened = open_lake(lake)
    told = prune(lake, NEXT_DAY, really=False)
    assert days_of(lake) == {"2024-03-01": 2, "2024-03-02": 2}
    assert prune(lake, NEXT_DAY, really=True) == told
    assert told is not None
    assert (told.rows, told.first, told.last, told.files) == (2, "2024-03-01", "2024-03-01", 2)
    assert days_of(lake) == {"2024-03-02": 2}
    assert prune(lake, NEXT_DAY, really=True) is None
    assert counts(ingest([bucket.root], lake))["loaded"] == 0
    compact(lake)
    assert len(opened.sql("FROM history")) == 4  # who has it open reads on


def test_files_and_coverage_say_pruned_and_an_empty_answer_over_these_hours_is_not_taken_for_quiet(
    bucket: Bucket,
) -> None:
    prune(bucket.lake_path, NEXT_DAY, really=True)
    lake = open_lake(bucket.lake_path)
    rows = lake.sql("SELECT reason FROM files WHERE status = 'pruned'").rows()
    assert [row["reason"][:37] for row in rows] == ["events before 2024-03-02 were pruned "] * 2
    statuses = bucket.statuses(lake)
    assert {hour for hour, status in statuses.items() if status == "pruned"} == {0, 22}
    assert [statuses[hour] for hour in (1, 23, 24)] == ["quiet", "quiet", "delivered"]
    (said,) = bucket.ask("sql", "SELECT event_id FROM events WHERE actor = 'nobody'", "--until", "2024-03-02")[2:3]
    assert said == "0 rows; 22 of 24 h covered; pruned 2024-03-01 00Z; pruned 2024-03-01 22Z"


def test_a_file_of_which_some_events_stay_is_pruned_too_and_can_be_verified(bucket: Bucket) -> None:
    bucket.log(24, eventTime="2024-03-01T23:59:00Z", eventID="late")
    bucket.ingested()
    before = json.loads(run(bucket.lake_path.parent, "verify", "--format", "json").out)
    prune(bucket.lake_path, NEXT_DAY, really=True)
    assert bucket.statuses(open_lake(bucket.lake_path))[24] == "pruned"
    after = json.loads(run(bucket.lake_path.parent, "verify", "--format", "json").out)
    assert "before the last ingest" not in "".join(bucket.ask("sql", "FROM events"))
    assert (after["files"], after["chains"]) == (before["files"], before["chains"])


def test_on_hold_nothing_is_pruned(bucket: Bucket) -> None:
    hold(bucket.lake_path, "case 42")
    with pytest.raises(UsageError, match=r"prune: .* is on hold since .*: case 42"):
        prune(bucket.lake_path, NEXT_DAY, really=True)
    release(bucket.lake_path)
    assert len(parquet_files(bucket.lake_path, EVENT_TABLE)) == 2


def test_the_command_tells_first_and_removes_when_told_to(bucket: Bucket) -> None:
    folder, before = bucket.lake_path.parent, ("prune", "--before", "2024-03-02")
    told = run(folder, *before).out
    assert told.startswith("would remove 2 events, ")
    assert told.endswith(" bytes, of 2024-03-01 .. 2024-03-01, from 2 log files; nothing is removed yet, add --yes\n")
    assert run(folder, *before, "--yes").out == told.replace("would remove", "removed").partition(";")[0] + "\n"
    assert run(folder, *before).out == "nothing is held of days before 2024-03-02\n"
    assert run(folder, "prune", "--before", "yesteryear").code == 2


def test_a_variant_of_a_later_day_stays_when_the_event_it_differs_from_is_pruned(bucket: Bucket) -> None:
    bucket.log(25, eventID="twice", eventTime="2024-03-01T23:50:00Z")
    bucket.ingested()
    bucket.log(26, eventID="twice", eventTime="2024-03-02T01:50:00Z")
    bucket.ingested()
    assert len(open_lake(bucket.lake_path).sql("FROM variants")) == 1
    prune(bucket.lake_path, NEXT_DAY, really=True)
    lake = open_lake(bucket.lake_path)
    shown = lake.sql("SELECT event_time FROM events WHERE event_id = 'twice'").rows()
    assert [f"{row['event_time']:%d %H:%M}" for row in shown] == ["02 01:50"]
    assert len(lake.sql("FROM variants")) == 0
