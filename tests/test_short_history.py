"""A question that compares with the days before says so when too few are held."""

from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import record, write_log

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
