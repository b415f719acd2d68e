"""Every event of the recorded attack techniques, against what an analyst reads in its raw JSON."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import recording

from trailquery import Lake

# One row an event, by technique and time, written by hand; an empty cell is what the record does not hold.
# `event` is the start of the event id. `session` says which events share one: a long-term key is a session of
# its own; a role session and a sign-in are named by principal and time of issue.
with (Path(__file__).parent / "stratus" / "expected.csv").open(newline="") as file:
    EXPECTED = [{column: value or None for column, value in row.items()} for row in csv.DictReader(file)]
TECHNIQUES = sorted({str(row["technique"]) for row in EXPECTED})
COLUMNS = [column for column in EXPECTED[0] if column not in ("technique", "event_time", "event", "session")]
SAID = f"""
    SELECT
        regexp_extract(source_file, 'aws\\.([^/]+)\\.json$', 1) AS technique,
        event_id[:8] AS event,
        strftime(event_time, '%Y-%m-%dT%H:%M:%SZ') AS event_time,
        session_id,
        {", ".join(COLUMNS)}
    FROM events
    ORDER BY technique, events.event_time, event_id
"""


@pytest.fixture(scope="module")
def said(shared_lake: Callable[[str], Lake]) -> list[dict[str, object]]:
    return shared_lake("stratus").sql(SAID).rows()


def test_every_recorded_event_is_in_the_table() -> None:
    recorded = {path.stem.removeprefix("aws.") for path in recording("stratus").glob("aws.*.json")}
    assert (set(TECHNIQUES), len(EXPECTED)) == (recorded, 156)


@pytest.mark.parametrize("technique", TECHNIQUES)
def test_actor_key_target_and_outcome_are_what_an_analyst_reads(said: list[dict[str, object]], technique: str) -> None:
    columns = ["event_time", "event", *COLUMNS]
    read, wanted = (
        [[row[column] for column in columns] for row in rows if row["technique"] == technique]
        for rows in (said, EXPECTED)
    )
    assert read == wanted


def test_events_share_a_session_where_an_analyst_says_so(said: list[dict[str, object]]) -> None:
    pairs = {(wanted["session"], row["session_id"]) for wanted, row in zip(EXPECTED, said, strict=True)}
    named, made = ({pair[side] for pair in pairs} for side in (0, 1))
    assert (len(named), len(made), None in made) == (len(pairs), len(pairs), False)


def test_the_session_of_a_long_term_key_is_the_key(said: list[dict[str, object]]) -> None:
    by_key = [row for row in said if str(row["access_key_id"]).startswith("AKIA")]
    assert len(by_key) == sum(str(row["session"]).startswith("AKIA") for row in EXPECTED)
    assert [row for row in by_key if row["session_id"] != row["access_key_id"]] == []
