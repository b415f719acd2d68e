"""An answer without rows says so when too few days are held to compare with, or none of the events it asks for."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import record, write_log

from trailquery import Lake
from trailquery.cli import trailquery
from trailquery.ingest import ingest


def said_of_days(folder: Path, days: int, *options: str) -> str:
    """What first_seen_actions tells beside its rows on a lake of so many days."""
    calls = [
        record(eventID=f"on-{day}", eventTime=f"2024-03-{day:02}T10:00:00Z", readOnly=False, eventName="StopInstances")
        for day in range(1, days + 1)
    ]
    ingest([write_log(folder / "log.json", calls)], folder / "lake")
    asked = ["run", "first_seen_actions", *options, "--lake", str(folder / "lake")]
    return CliRunner().invoke(trailquery, asked, catch_exceptions=False).stderr


@pytest.mark.parametrize(
    ("days", "options", "told"),
    [
        (4, (), "3 of 14 days held before the newest: nothing is called new yet; see --min-history-days\n"),
        (4, ("--min-history-days", "3"), ""),
        (15, (), ""),
    ],
)
def test_few_days_are_told_where_nothing_is_called_new(
    tmp_path: Path, days: int, options: tuple[str, ...], told: str
) -> None:
    lines = [line for line in said_of_days(tmp_path, days, *options).splitlines(keepends=True) if "days held" in line]
    assert "".join(lines) == told


@pytest.mark.parametrize(
    ("account", "told"),
    [
        ("111122223333", ""),
        (
            "444455556666",
            "blind spot: the lake holds no S3 object data events of 444455556666 at all; a trail may not have recorded them\n",
        ),
    ],
)
def test_what_another_account_records_is_no_sight_of_this_one(tmp_path: Path, account: str, told: str) -> None:
    read = {
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "eventCategory": "Data",
        "managementEvent": False,
    }
    calls = [record(eventID="read", **read), record(eventID="called", recipientAccountId="444455556666")]
    ingest([write_log(tmp_path / "log.json", calls)], tmp_path / "lake")
    asked = ["run", "s3_sensitive_keys", "--account", account, "--lake", str(tmp_path / "lake")]
    said = CliRunner().invoke(trailquery, asked, catch_exceptions=False).stderr
    assert "".join(line for line in said.splitlines(True) if line.startswith("blind spot")) == told


def test_in_python_an_answer_tells_the_same(lake_of: Callable[..., Lake]) -> None:
    lake = lake_of([{"eventID": "one"}])
    assert lake.run("console_logins").footer()[2:] == (
        "blind spot: the lake holds no signin events at all; a trail may not have recorded them",
    )
    assert lake.run("first_seen_actions").footer()[2:] == (
        "0 of 14 days held before the newest: nothing is called new yet; see --min-history-days",
    )
    assert len(lake.run("timeline_actor", actor="alice").footer()) == 1
