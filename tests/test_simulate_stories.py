"""What story.json says of each incident is so in the lake that its log files make."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from trailquery import Lake, open_lake
from trailquery.ingest import ingest
from trailquery.simulate import STORIES, simulate

Row = dict[str, Any]


class Told:
    """A story's lake and its answer key."""

    def __init__(self, folder: Path, story: str) -> None:
        simulate(folder / "logs", events=1000, days=1, story=story)
        self.truth = json.loads((folder / "logs" / "story.json").read_text())
        ingest([folder / "logs"], folder / "lake")
        self.lake = open_lake(folder / "lake")

    def rows(self, columns: str, view: str, event_ids: list[str]) -> list[Row]:
        """The rows of these events, in their order of time."""
        ids = ", ".join(f"'{event_id}'" for event_id in event_ids)
        return self.lake.sql(f"SELECT {columns} FROM {view} WHERE event_id IN ({ids}) ORDER BY event_time").rows()

    def step_events(self, columns: str = "*") -> list[Row]:
        return [row for step in self.truth["steps"] for row in self.rows(columns, "history", step["event_ids"])]


@pytest.fixture(scope="module", params=STORIES)
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Told:
    return Told(tmp_path_factory.mktemp(request.param), request.param)


def found_by(lake: Lake, step: Row) -> set[str]:
    """The events among the rows of the query that the step names."""
    rows = lake.run(step["query"], **step["parameters"]).rows()
    return {event_id for row in rows for event_id in row.get("event_ids") or [row.get("event_id")]}


def test_every_step_is_found_by_the_query_it_names(told: Told) -> None:
    steps = told.truth["steps"]
    assert [step["step"] for step in steps if not set(step["event_ids"]) <= found_by(told.lake, step)] == []


def test_hunt_finds_every_decisive_step(told: Told) -> None:
    found = {event_id for line in told.lake.hunt().rows() for event_id in line["event_ids"]}
    decisive = [step for step in told.truth["steps"] if step["decisive"]]
    assert [step["step"] for step in decisive if not set(step["event_ids"]) <= found] == []


def test_every_event_of_a_step_is_held_once_and_its_meaning_is_known(told: Told) -> None:
    ids = [event_id for step in told.truth["steps"] for event_id in step["event_ids"]]
    events = told.step_events("event_id, actor, session_id, identity_type, category, outcome, error_class")
    assert sorted(event["event_id"] for event in events) == sorted(ids)
    assert {event["actor"] for event in events} & {None, ""} == set()
    assert [e for e in events if e["outcome"] in ("denied", "error") and e["error_class"] is None] == []
    own = {"IAMUser", "AssumedRole"}
    assert [e for e in events if e["identity_type"] in own and not e["session_id"] and e["outcome"] == "success"] == []


def test_the_last_credential_leads_back_to_the_first(told: Told) -> None:
    chain = told.truth["chain"]
    sessions = [told.rows("session_id", "history", [event_id])[0]["session_id"] for event_id in chain]
    assert None not in sessions
    if not sessions:
        return
    lineage = told.lake.sql(
        "SELECT ancestor_session_id AS session_id, depth, ends FROM session_lineage WHERE session_id = $last"
        " ORDER BY depth",
        last=sessions[-1],
    ).rows()
    assert [row["session_id"] for row in lineage] == sessions[::-1]
    assert [row["ends"] for row in lineage] == [None] * (len(sessions) - 1) + ["origin"]


def test_every_session_of_the_story_knows_what_opened_it(told: Told) -> None:
    sessions = {event["session_id"] for event in told.step_events("session_id")} - {None}
    names = ", ".join(f"'{session}'" for session in sessions)
    origins = told.lake.sql(f"SELECT DISTINCT origin FROM session_links WHERE session_id IN ({names})").rows()
    known = {None, "long-term-key", "console sign-in", "issued by an AWS service", "caller in another account"}
    assert {row["origin"] for row in origins} <= known | SUPPORT.get(told.truth["story"], set())


# alice's own session, in which she starts the trail again, was opened before the sign-in that is held.
SUPPORT = {"trail-tampering": {"issuing event not held"}}


def test_something_is_refused_and_something_works(told: Told) -> None:
    outcomes = {event["outcome"] for event in told.step_events("outcome")}
    assert {"success", "denied"} <= outcomes


def test_the_story_has_a_quiet_stretch_in_which_others_work(told: Told) -> None:
    times = sorted(event["event_time"] for event in told.step_events("event_time"))
    before, after = max(itertools.pairwise(times), key=lambda pair: pair[1] - pair[0])
    assert (after - before).total_seconds() > 3600
    others = told.lake.sql(
        "SELECT count(*) AS n FROM history WHERE event_time > $before AND event_time < $after",
        before=before,
        after=after,
    ).rows()
    assert others[0]["n"] > 20


def test_the_subjects_are_in_the_lake(told: Told) -> None:
    texts = "\n".join(event["raw"] for event in told.step_events("raw"))
    assert [name for name, value in told.truth["subjects"].items() if value not in texts] == []
