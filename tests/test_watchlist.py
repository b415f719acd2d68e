"""The reference tables of abused APIs: each names a technique, and incidents that have a source."""

import re

import pytest
from conftest import LOG_NAME, write_log

from trailquery import Lake, open_lake
from trailquery.ingest import ingest


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("watchlist")
    ingest([write_log(folder / "logs" / LOG_NAME, [])], folder / "lake")
    return open_lake(folder / "lake")


def test_every_action_is_listed_once_as_cloudtrail_names_it(lake: Lake) -> None:
    actions = [row["action"] for row in lake.sql("SELECT action FROM api_watchlist").rows()]
    assert len(actions) == len(set(actions))
    assert [action for action in actions if not re.fullmatch(r"[a-z0-9-]+:[A-Z]\w+", action)] == []


def test_every_row_has_a_technique_and_a_page_that_says_so(lake: Lake) -> None:
    rows = lake.sql("SELECT technique, seen_in_incidents, sources FROM api_watchlist").rows()
    for row in rows:
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", row["technique"])
        assert len(row["sources"]) == max(len(row["seen_in_incidents"]), 1)
        assert all(re.fullmatch(r"https://\S+", source) for source in row["sources"])


def test_every_reported_incident_is_seen_in_the_watchlist(lake: Lake) -> None:
    reported = lake.sql("SELECT incident FROM reported_incidents").rows()
    seen = lake.sql("SELECT DISTINCT unnest(seen_in_incidents) AS incident FROM api_watchlist").rows()
    assert {row["incident"] for row in seen} == {row["incident"] for row in reported}
