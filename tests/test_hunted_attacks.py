"""What `hunt` makes of recorded attacks: each is found by its own events, and the ordinary work beside them stays quiet."""

import csv
import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import recording
from test_detonations import detonations, read

from trailquery import Lake, open_lake
from trailquery.catalog import find_query
from trailquery.ingest import ingest

# It knows the tool of these recordings by its user agent, which an attacker would not leave there.
BY_NAME = "offensive_tools"
CARRIERS = {"sts:AssumeRole", "sts:GetCallerIdentity"}  # calls that come with any technique

# What plain `hunt` prints of the 2,686 events that are no detonation, and why each is worth a person's time.
QUIET_LINES = {
    ("offensive_tools", "success"): "the attack tool prepares and cleans up under its own name",
    ("offensive_tools", "attempt"): "of these calls, those that were refused",
    (
        "trail_tampering",
        "success",
    ): "two trails are deleted: that they had been made for a test, nobody sees in the call",
    ("admin_granted", "success"): "a role gets AdministratorAccess",
}


def flagged(lake: Lake) -> dict[str, list[set[str]]]:
    """The events of each row of every finding and lead, by query; lines of a query that tells single events are
    taken apart."""
    rows: dict[str, list[set[str]]] = {}
    for line in lake.hunt(severity="info", leads=True).rows():
        ids, query = set(line["event_ids"]), line["query"]
        singly = "event_ids" not in find_query(query).columns
        if query != BY_NAME:
            rows.setdefault(query, []).extend([{one} for one in ids] if singly else [ids])
    return rows


def records_of(folder: Path) -> list[dict[str, Any]]:
    data = (path.read_bytes() for path in sorted(folder.rglob("*CloudTrail*.json*")))
    texts = (gzip.decompress(one) if one.startswith(b"\x1f\x8b") else one for one in data)
    return [record for text in texts for record in json.loads(text)["Records"]]


def call_of(record: dict[str, Any]) -> str:
    return f"{record['eventSource'].partition('.')[0]}:{record['eventName']}"


@pytest.fixture(scope="module")
def stratus_rows(shared_lake: Callable[[str], Lake]) -> dict[str, list[set[str]]]:
    return flagged(shared_lake("stratus"))


def test_each_recorded_technique_is_flagged_by_its_own_events(stratus_rows: dict[str, list[set[str]]]) -> None:
    folder = recording("stratus")
    found = set().union(*(ids for rows in stratus_rows.values() for ids in rows))
    with (folder / "labels.csv").open(newline="") as file:
        labels = list(csv.DictReader(file))
    missed = []
    for label in labels:
        documented = set(label["documented_events"].split("; "))
        own = documented - CARRIERS or documented
        records = json.loads((folder / f"{label['technique_id']}.json").read_bytes())["Records"]
        if not found & {record["eventID"] for record in records if call_of(record) in own}:
            missed.append(label["technique_id"])
    assert (len(labels), missed) == (23, [])


def test_detonations_stand_apart_from_the_work_around_them(shared_lake: Callable[[str], Lake]) -> None:
    runs = detonations()
    labelled = frozenset().union(*(run for of_technique in runs.values() for run in of_technique))
    rows = [ids for of_query in flagged(shared_lake("invictus")).values() for ids in of_query]
    apart = [ids for ids in rows if len(ids & labelled) * 2 > len(ids)]
    isolated = [run for of_technique in runs.values() for run in of_technique if any(run & ids for ids in apart)]
    assert len(isolated) == 29


def test_ordinary_work_gives_few_lines(tmp_path: Path) -> None:
    attack = {label["eventID"] for label in read("labels.csv") if label["klass"] == "detonation"}
    quiet = [record for record in records_of(recording("invictus")) if record["eventID"] not in attack]
    assert len(quiet) == 2_686
    (tmp_path / "log.json").write_text(json.dumps({"Records": quiet}))
    ingest([tmp_path / "log.json"], tmp_path / "lake")
    lines = open_lake(tmp_path / "lake").hunt().rows()
    assert len(lines) <= 12
    assert {(line["query"], line["outcome"]) for line in lines} == set(QUIET_LINES)
