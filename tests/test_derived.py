"""The cache of sessions, links, lineage and principals: it answers as the events do, and may be lost at any moment."""

import os
import random
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest
from conftest import SMALLEST_RECORD, record, write_log

from trailquery import Lake, open_lake
from trailquery.ingest import ingest

VIEWS = ("session_links", "sessions", "session_lineage", "principals")
VIEWS_OF_DAYS = ("session_days", "openings", "principal_days")
KEYS = [f"ASIA{number}OSFODNN7EXAMPLE" for number in range(4)]


def in_role(number: int) -> dict[str, Any]:
    arn = f"arn:aws:iam::111122223333:role/R{number}"
    issuer = {"type": "Role", "principalId": f"AROA{number}", "arn": arn, "userName": f"R{number}"}
    created = {"creationDate": f"2024-03-0{number + 1}T10:00:00Z"}
    return {
        "type": "AssumedRole",
        "principalId": f"AROA{number}:work",
        "arn": f"arn:aws:sts::111122223333:assumed-role/R{number}/work",
        "accountId": "111122223333",
        "accessKeyId": KEYS[number],
        "sessionContext": {"sessionIssuer": issuer, "attributes": created},
    }


def assume(number: int, caller: dict[str, Any]) -> dict[str, Any]:
    """The call that opens session `number`, on a day of its own."""
    return record(
        eventID=f"assume-{number}",
        eventTime=f"2024-03-0{number + 1}T10:00:00Z",
        eventSource="sts.amazonaws.com",
        eventName="AssumeRole",
        userIdentity=caller,
        requestParameters={"roleArn": f"arn:aws:iam::111122223333:role/R{number}", "roleSessionName": "work"},
        responseElements={"credentials": {"accessKeyId": KEYS[number]}},
    )


RECORDS = [
    *(assume(number, in_role(number - 1) if number else SMALLEST_RECORD["userIdentity"]) for number in range(4)),
    *(
        record(eventID=f"use-{number}-{day}", eventTime=f"2024-03-0{day}T12:00:00Z", userIdentity=in_role(number))
        for number in range(4)
        for day in range(number + 1, 7)
    ),
    record(eventID="use-0-2", eventTime="2024-03-09T12:00:00Z", userIdentity=in_role(1)),  # differs from its namesake
    record(eventID="use-1-3", eventTime="2024-03-09T12:00:00Z", userIdentity=in_role(2)),
    record(eventID="undated", eventTime=None),
]


def answers(lake: Lake) -> dict[str, list[dict[str, Any]]]:
    return {view: sorted(lake.sql(f"SELECT * FROM {view}").rows(), key=repr) for view in VIEWS}


def answers_without_cache(lake: Path) -> dict[str, list[dict[str, Any]]]:
    """What a copy of the lake answers that can hold no cache: a file lies in its place."""
    copy = lake.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(lake, copy, ignore=shutil.ignore_patterns("derived"))
    (copy / "cache" / "derived").write_text("no folder")
    return answers(open_lake(copy))


def cached(lake: Path) -> dict[str, int]:
    """The files of the cache and when they were made."""
    return {file.name: file.stat().st_ino for file in (lake / "cache" / "derived").iterdir()}


def deliver(lake: Path, number: int, records: list[dict[str, Any]]) -> None:
    ingest([write_log(lake.parent / "logs" / f"{number}.json", records)], lake)


@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_of_arrival_the_cache_answers_as_the_events_do(tmp_path: Path, seed: int) -> None:
    records = [*RECORDS, *RECORDS[:3]]
    random.Random(seed).shuffle(records)
    for number in range(4):
        deliver(tmp_path / "lake", number, records[number::4])
        lake = open_lake(tmp_path / "lake")
        assert answers(lake) == answers_without_cache(tmp_path / "lake")
    deliver(tmp_path / "whole", 9, records)
    assert answers(open_lake(tmp_path / "whole")) == answers(lake)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    deliver(tmp_path / "lake", 0, RECORDS[:-3])
    answers(open_lake(tmp_path / "lake"))
    return tmp_path / "lake"


def test_only_the_dates_that_changed_are_made_again(lake: Path) -> None:
    before = cached(lake)
    deliver(lake, 1, [record(eventID="late", eventTime="2024-03-02T23:00:00Z")])
    answers(open_lake(lake))
    made = sorted(name.split(".")[0] for name in cached(lake).keys() - before.keys())
    assert made == sorted([*VIEWS, *VIEWS_OF_DAYS])
    assert {name: cached(lake)[name] for name in before} == before
    (days,) = (name for name in cached(lake).keys() - before.keys() if name.startswith("session_days."))
    dates = duckdb.sql(f"SELECT DISTINCT event_date FROM '{lake / 'cache' / 'derived' / days}'").fetchall()
    assert dates == [(date(2024, 3, 2),)]


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: os.truncate(file, 50), lambda file: file.write_bytes(b"x")])
def test_a_cache_file_that_is_lost_or_broken_is_made_again(lake: Path, harm: Any) -> None:
    opened = open_lake(lake)
    expected = answers(opened)
    for name in cached(lake):
        harm(lake / "cache" / "derived" / name)
    assert answers(opened) == expected
    mended = cached(lake)
    assert answers(open_lake(lake)) == expected
    assert cached(lake) == mended


def test_queries_of_other_views_make_no_cache(tmp_path: Path) -> None:
    deliver(tmp_path / "lake", 0, RECORDS[:1])
    open_lake(tmp_path / "lake").sql("SELECT 'sessions' AS principals FROM events")
    assert not (tmp_path / "lake" / "cache" / "derived").exists()


def test_where_the_cache_cannot_be_written_the_events_answer(tmp_path: Path) -> None:
    deliver(tmp_path / "lake", 0, RECORDS[:4])
    rows = {view: len(rows) for view, rows in answers_without_cache(tmp_path / "lake").items()}
    assert rows == {"session_links": 4, "sessions": 4, "session_lineage": 10, "principals": 4}


def test_a_file_that_nothing_used_for_an_hour_goes_with_the_next_change(lake: Path) -> None:
    before = cached(lake)
    for name in before:
        os.utime(lake / "cache" / "derived" / name, (0, 0))
    deliver(lake, 1, [record(eventID="late", eventTime="2024-03-02T23:00:00Z")])
    answers(open_lake(lake))
    gone = sorted(name.split(".")[0] for name in before.keys() - cached(lake).keys())
    assert gone == sorted(VIEWS)  # those of days still hold the dates that did not change
