"""Whatever is delivered how often and in whatever order, and wherever an ingest dies: the same lake."""

import json
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conftest import LOG_NAME, counts, record, write_log
from hypothesis import given, settings
from hypothesis import strategies as st
from lakes import contents, delivery

from trailquery import open_lake
from trailquery.errors import UsageError
from trailquery.ingest import Summary, ingest


def test_the_same_event_in_two_trails_is_one_event_seen_twice(tmp_path: Path) -> None:
    write_log(tmp_path / "logs/a.json", [record(eventID="one"), record(eventID="two")])
    write_log(tmp_path / "logs/b.json.gz", [record(eventID="two"), record(eventID="three")])
    summary = ingest([tmp_path / "logs"], tmp_path / "lake")
    assert counts(summary) == {
        "read": 4, "loaded": 3, "duplicate": 1, "variant": 0, "rejected": 0, "files": 2, "held": 0,
    }  # fmt: skip


def test_ingesting_the_same_file_twice_adds_nothing_and_a_new_place_is_noted(tmp_path: Path) -> None:
    first = write_log(tmp_path / "a" / LOG_NAME, [record(eventID="one")])
    ingest([first], tmp_path / "lake")
    before = contents(tmp_path / "lake")
    second = tmp_path / "b.json.gz"
    shutil.copy(first, second)
    summary = ingest([first, second], tmp_path / "lake")
    assert counts(summary) == {
        "read": 0, "loaded": 0, "duplicate": 0, "variant": 0, "rejected": 0, "files": 0, "held": 2,
    }  # fmt: skip
    after = contents(tmp_path / "lake")
    assert after["events"] == before["events"]
    (held,) = open_lake(tmp_path / "lake").sql("SELECT places FROM files").rows()
    assert held["places"] == sorted([str(first), str(second)])


def test_copies_equal_as_json_are_sightings_and_their_bytes_are_kept(tmp_path: Path) -> None:
    event = record(eventID="one", eventTime="2024-03-01T10:00:00Z", requestParameters={"a": 1, "b": 2.0})
    reordered = dict(reversed(event.items())) | {"requestParameters": {"b": 2.0, "a": 1}}
    write_log(tmp_path / "a.json", [event])
    (tmp_path / "b.json").write_text(json.dumps({"Records": [reordered]}, indent=2))
    summary = ingest([tmp_path / "a.json", tmp_path / "b.json"], tmp_path / "lake")
    assert (summary.loaded, summary.duplicate, summary.variant) == (1, 1, 0)
    (sighting,) = open_lake(tmp_path / "lake").sql("SELECT event_id, raw FROM stored.sightings").rows()
    assert json.loads(sighting["raw"]) == event


def test_a_copy_that_differs_is_kept_and_which_is_shown_does_not_depend_on_the_order(tmp_path: Path) -> None:
    logs = [
        write_log(tmp_path / f"{name}.json", [record(eventID="one", userAgent=name)])
        for name in ("real", "planted", "third")
    ]
    shown = set()
    for number, order in enumerate([logs, logs[::-1], [logs[1], logs[0], logs[2]]]):
        lake = tmp_path / f"lake{number}"
        for log in order:
            ingest([log], lake)
        opened = open_lake(lake)
        agents = opened.sql("SELECT user_agent FROM history UNION ALL SELECT user_agent FROM variants").rows()
        assert sorted(row["user_agent"] for row in agents) == ["planted", "real", "third"]
        shown.add(opened.sql("SELECT user_agent FROM history").rows()[0]["user_agent"])
    assert len(shown) == 1


def test_an_amended_record_is_shown_before_the_one_it_amends(tmp_path: Path) -> None:
    amended = record(
        eventID="one", addendum={"reason": "UPDATED_DATA", "originalEventID": "one"}, errorCode="AccessDenied"
    )
    logs = [write_log(tmp_path / "a.json", [record(eventID="one")]), write_log(tmp_path / "b.json", [amended])]
    for number, order in enumerate([logs, logs[::-1]]):
        ingest(order, tmp_path / f"lake{number}")
        assert open_lake(tmp_path / f"lake{number}").sql("SELECT outcome FROM events").rows() == [{"outcome": "denied"}]


def test_the_same_event_id_in_another_account_is_another_event(tmp_path: Path) -> None:
    write_log(tmp_path / "a.json", [record(eventID="one"), record(eventID="one", recipientAccountId="444455556666")])
    assert ingest([tmp_path / "a.json"], tmp_path / "lake").loaded == 2


# an ingest that dies right after its n-th commit
KILLED = """
import os, sys
from pathlib import Path
from trailquery import tables
from trailquery.ingest import ingest
commits, append = 0, tables.append
def dying(lake, table, rows, chosen=None):
    global commits
    append(lake, table, rows, chosen)
    commits += (len(rows) if chosen is None else chosen.true_count) > 0
    if commits == int(sys.argv[3]):
        os._exit(9)
tables.append = dying
sys.modules['trailquery.ingest'].BATCH_RECORDS = 4
ingest([Path(sys.argv[1])], Path(sys.argv[2]))
os._exit(0 if commits else 3)
"""


def test_killed_after_any_commit_the_next_run_ends_with_the_same_lake(tmp_path: Path) -> None:
    logs = delivery(tmp_path / "logs")
    ingest([logs], tmp_path / "whole")
    whole = contents(tmp_path / "whole")
    for commit in range(1, 40):
        lake = tmp_path / f"killed{commit}"
        run = subprocess.run([sys.executable, "-c", KILLED, logs, lake, str(commit)], check=False)
        assert run.returncode in (9, 0)
        ingest([logs], lake)
        assert contents(lake) == whole, f"killed after commit {commit}"
        if run.returncode == 0:
            assert commit > 10
            return
    raise AssertionError("the ingest never came to its end")


def whatever_came_first(lake: Path) -> dict[str, Any]:
    """What a lake holds: of copies that are equal as JSON the first to come is in events, the others in sightings."""
    held = contents(lake)
    sightings = (
        open_lake(lake).sql("SELECT event_id, account_id, raw FROM stored.sightings WHERE raw IS NOT NULL").rows()
    )
    held["events"] = sorted({*held["events"], *(tuple(row.values()) for row in sightings)}, key=repr)
    held["shown"] = [(event_id, account_id, json.loads(raw)) for event_id, account_id, raw in held["shown"]]
    return held


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], dict[str, Any]]:
    """Log files, and what a lake holds that read them all at once."""
    folder = tmp_path_factory.mktemp("delivered")
    files = sorted(delivery(folder / "logs").iterdir())
    ingest([folder / "logs"], folder / "lake")
    return files, whatever_came_first(folder / "lake")


@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_however_deliveries_are_shuffled_split_and_repeated_the_lake_is_the_same(
    delivered: tuple[list[Path], dict[str, Any]], data: st.DataObject
) -> None:
    files, whole = delivered
    arriving = data.draw(st.permutations(files)) + data.draw(st.lists(st.sampled_from(files), max_size=4))
    cuts = data.draw(st.sets(st.integers(1, len(arriving) - 1), max_size=4))
    with TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        for start, end in pairwise([0, *sorted(cuts), len(arriving)]):
            ingest(arriving[start:end], lake)
        assert whatever_came_first(lake) == whole


def test_large_batches_find_what_the_lake_and_the_batches_before_them_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailquery.tables.FEW_IDS", 0)
    monkeypatch.setattr("trailquery.ingest.BATCH_RECORDS", 2)
    deliveries = [["a", "b"], ["c", "d"], ["c", "a"], ["e", "d"]]
    times = dict.fromkeys("abe", "2024-03-01T10:00:00Z") | {"c": "2024-03-02T10:00:00Z", "d": None}
    for number, names in enumerate(deliveries):
        write_log(tmp_path / f"logs/{number}.json", [record(eventID=name, eventTime=times[name]) for name in names])
    cache = tmp_path / "lake/cache"
    cache.mkdir(parents=True)
    for name in ("marks.duckdb", "marks.duckdb.wal"):
        (cache / name).write_text("of an ingest that was killed")
    summary = ingest([tmp_path / "logs"], tmp_path / "lake", jobs=1)
    assert counts(summary) == {
        "read": 8, "loaded": 5, "duplicate": 3, "variant": 0, "rejected": 0, "files": 4, "held": 0,
    }  # fmt: skip
    assert [*cache.glob("marks*")] == []


def test_a_second_ingest_into_the_same_lake_is_politely_refused(tmp_path: Path) -> None:
    log = write_log(tmp_path / "a.json", [record()])

    def ingest_meanwhile(_summary: Summary, _place: str) -> None:
        with pytest.raises(UsageError, match="another ingest is writing"):
            ingest([log], tmp_path / "lake")

    assert ingest([log], tmp_path / "lake", ingest_meanwhile).loaded == 1
