"""The reference tables of abused APIs: each names a technique, and incidents that have a source."""

import re

from trailquery import Lake


def test_every_action_is_listed_once_as_cloudtrail_names_it(empty_lake: Lake) -> None:
    actions = [row["action"] for row in empty_lake.sql("SELECT action FROM api_watchlist").rows()]
    assert len(actions) == len(set(actions))
    assert [action for action in actions if not re.fullmatch(r"[a-z0-9-]+:[A-Z]\w+", action)] == []


def test_every_row_has_a_technique_and_a_page_that_says_so(empty_lake: Lake) -> None:
    rows = empty_lake.sql("SELECT technique, seen_in_incidents, sources FROM api_watchlist").rows()
    for row in rows:
        assert re.fullmatch(r"T\d{4}(\.\d{3})?", row["technique"])
        assert len(row["sources"]) == max(len(row["seen_in_incidents"]), 1)
        assert all(re.fullmatch(r"https://\S+", source) for source in row["sources"])


def test_every_reported_incident_is_seen_in_the_watchlist(empty_lake: Lake) -> None:
    reported = empty_lake.sql("SELECT incident FROM reported_incidents").rows()
    seen = empty_lake.sql("SELECT DISTINCT unnest(seen_in_incidents) AS incident FROM api_watchlist").rows()
    assert {row["incident"] for row in seen} == {row["incident"] for row in reported}
