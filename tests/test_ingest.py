import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from conftest import LOG_NAME, SHARED, record, write_log
from hypothesis import given, settings
from hypothesis import strategies as st

from trailquery import Lake, TrailqueryError, open_lake
from trailquery.errors import MachineError, UsageError
from trailquery.ingest import Summary, ingest

RECORDINGS = {"invictus": (2900, 0), "otrf": (103, 0), "flaws-sample": (184, 1), "stratus": (156, 0), "cloudtrail-tracker": (142, 0)}  # fmt: skip


def counts(summary: Summary) -> dict[str, int]:
    return {
        name: getattr(summary, name) for name in ("read", "loaded", "duplicate", "variant", "rejected", "files", "held")
    }


def contents(path: Path) -> dict[str, Any]:
    """What a lake holds, as sets that do not depend on the order of arrival."""
    lake = open_lake(path)

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return sorted((tuple(row.values()) for row in lake.sql(sql).rows()), key=repr)

    copies = "SELECT event_id, account_id, {} FROM stored.loaded UNION ALL SELECT event_id, account_id, {} FROM stored.differing"
    return {
        "events": rows(copies.replace("{}", "raw")),
        "places": rows(
            copies.replace("{}", "file_sha256, position")
            + " UNION ALL SELECT event_id, account_id, file_sha256, position FROM stored.sightings"
        ),
        "shown": rows("SELECT event_id, account_id, raw FROM history"),
        "rejects": rows("SELECT file_sha256, position, reason, bytes FROM rejects"),
        "files": rows("SELECT file_sha256, places, kind, status, records, rejected FROM files"),
    }


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_public_recording_is_loaded_whole(name: str, shared_lake: Callable[[str], Lake]) -> None:
    lake = shared_lake(name)
    held = lake.sql(
        "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM variants) AS variants,"
        " (SELECT count(*) FROM rejects) AS rejects"
    ).rows()
    events, variants = RECORDINGS[name]
    assert held == [{"events": events, "variants": variants, "rejects": 0}]
    again = ingest([SHARED / name], lake.path)
    assert (again.read, again.files) == (0, 0)
    assert again.held > 0


def test_invictus_holds_the_sources_its_readme_states(shared_lake: Callable[[str], Lake]) -> None:
    lake = shared_lake("invictus")
    assert lake.sql(
        "SELECT count(DISTINCT event_source) AS sources, count(DISTINCT (event_source, event_name)) AS pairs,"
        " list(DISTINCT event_category) AS categories FROM events"
    ).rows() == [{"sources": 29, "pairs": 262, "categories": ["Management"]}]
    trail_stops = "SELECT api, outcome, error_code FROM events WHERE api IN ('StopLogging', 'DeleteTrail') AND outcome <> 'success' ORDER BY api"
    assert lake.sql(trail_stops).rows() == [
        {"api": api, "outcome": "error", "error_code": "TrailNotFoundException"}
        for api in ("DeleteTrail", "StopLogging", "StopLogging", "StopLogging")
    ]


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


def test_a_record_without_an_id_gets_one_from_its_content(tmp_path: Path) -> None:
    nameless = {name: value for name, value in record().items() if name != "eventID"}
    write_log(tmp_path / "a.json", [nameless, nameless, nameless | {"userAgent": "other"}])
    summary = ingest([tmp_path / "a.json"], tmp_path / "lake")
    assert (summary.loaded, summary.duplicate) == (2, 1)
    rows = open_lake(tmp_path / "lake").sql("SELECT DISTINCT event_id_made, left(event_id, 5) AS id FROM events").rows()
    assert rows == [{"event_id_made": True, "id": "made-"}]


def test_a_record_without_a_time_takes_its_delivery_date(tmp_path: Path) -> None:
    aggregated = {
        "eventVersion": "1.0", "accountId": "111122223333", "eventId": "sum", "eventCategory": "Aggregated",
        "eventType": "AwsAggregatedEvent", "awsRegion": "us-east-1", "eventSource": "s3.amazonaws.com",
        "timeWindow": {"windowStart": "2024-03-01T09:00:00Z"}, "summary": {},
    }  # fmt: skip
    write_log(tmp_path / "logs" / LOG_NAME, [aggregated])
    write_log(tmp_path / "logs" / "nowhere.json", [aggregated | {"eventId": "undated"}])
    ingest([tmp_path / "logs"], tmp_path / "lake")
    lake = open_lake(tmp_path / "lake")
    rows = lake.sql(
        "SELECT event_id, account_id, category, event_time, event_date::VARCHAR AS day FROM history ORDER BY 1"
    ).rows()
    common = {"account_id": "111122223333", "category": "aggregated", "event_time": None}
    assert rows == [
        {"event_id": "sum", **common, "day": "2024-03-01"},
        {"event_id": "undated", **common, "day": None},
    ]


def bad_files(folder: Path) -> dict[str, Path]:
    """One file of every kind of bad evidence, each beside one good record where the form allows it."""
    good = [record(eventID=f"good-{number}") for number in range(3)]
    body = json.dumps({"Records": good}).encode()
    made = {
        "truncated.json.gz": gzip.compress(body)[:-30],
        "bomb.json.gz": gzip.compress(b'{"Records":[' + b" " * (600 << 20), 9),
        "empty.json.gz": b"",
        "not-gzip.json.gz": b"this is no gzip",
        "not-json.json": b"{not json",
        "no-cloudtrail.json": b'{"name": "package", "version": 1}',
        "null.json": json.dumps({"Records": [None, "text", 7, record(eventID="beside-null")]}).encode(),
        "utf8.json": json.dumps({"Records": [record(eventID="X"), record(eventID="beside-utf8")]}).encode().replace(b'"X"', b'"\xff"'),
        "surrogate.json": json.dumps({"Records": [record(eventID="s", userAgent="\ud800"), record(eventID="beside-surrogate")]}).encode(),
        "twice.json": json.dumps({"Records": [record(eventID="t"), record(eventID="beside-twice")]}).encode().replace(
            b'"eventName"', b'"eventName":"Shown","eventName"', 1),
        "twice-inside.json": json.dumps({"Records": [record(eventID="ti", requestParameters={"roleName": "a"})]}).encode().replace(
            b'"roleName"', b'"roleName": "b", "roleName"', 1),
        "twice-spaced.json": json.dumps({"Records": [record(eventID="ts")]}, separators=(",", ":")).encode().replace(
            b'"eventName":', b'"eventName" :"Shown","eventName":', 1),
        "case.json": json.dumps({"Records": [record(eventID="case", requestParameters={"Key": 1, "key": 2})]}).encode(),
        "big-number.json": json.dumps({"Records": [record(eventID="big", requestParameters={"n": 2**63 + 1, "m": 2**80})]}).encode(),
        "nul.json": json.dumps({"Records": [record(eventID="nul", userAgent="a\0b")]}).encode(),
        "deep.json": json.dumps({"Records": [record(eventID="deep"), record(eventID="beside-deep")]}).encode().replace(
            b'"requestParameters": null', b'"requestParameters": ' + b"[" * 50_000 + b"]" * 50_000, 1),
    }  # fmt: skip
    folder.mkdir()
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in made}


REASONS = {
    "truncated.json.gz": "gzip ends early",
    "bomb.json.gz": "inflates to more than",
    "empty.json.gz": "empty",
    "not-gzip.json.gz": "no JSON",
    "not-json.json": "at byte 1 of the text",
    "no-cloudtrail.json": "no CloudTrail record",
    "null.json": "not a JSON object but",
    "utf8.json": "invalid UTF-8",
    "surrogate.json": "hex escape",
    "twice.json": "'eventName' occurs twice",
    "twice-inside.json": "'roleName' occurs twice",
    "twice-spaced.json": "'eventName' occurs twice",
    "deep.json": "nested too deep",
}


def test_of_bad_evidence_the_rest_is_loaded_and_the_bad_part_is_listed(tmp_path: Path) -> None:
    bad_files(tmp_path / "logs")
    summary = ingest([tmp_path / "logs"], tmp_path / "lake")
    assert summary.read == summary.loaded + summary.duplicate + summary.variant + summary.rejected
    lake = open_lake(tmp_path / "lake")
    rejects = lake.sql("SELECT source_file, position, reason FROM rejects").rows()
    by_file = {name: [row["reason"] for row in rejects if row["source_file"].endswith("/" + name)] for name in REASONS}
    assert {
        name: any(REASONS[name] in reason for reason in reasons) for name, reasons in by_file.items()
    } == dict.fromkeys(REASONS, True)
    assert {Path(row["source_file"]).name for row in rejects} == set(REASONS)
    loaded = {row["event_id"] for row in lake.sql("SELECT event_id FROM events").rows()}
    assert loaded >= {
        "beside-null",
        "beside-utf8",
        "beside-surrogate",
        "beside-twice",
        "beside-deep",
        "case",
        "big",
        "nul",
    }
    assert not loaded & {"s", "t", "ti", "ts", "deep"}
    # no record makes a query on the others fail
    for query in (
        "SELECT * FROM events",
        "SELECT (raw ->> '$.eventName') AS n, json_keys(raw), json_structure(raw) FROM events",
        "SELECT (request ->> '$.n') AS n FROM events WHERE (request ->> '$.n') IS NOT NULL",
        "FROM data_events", "FROM signin_events", "FROM insight_events", "FROM network_events", "FROM files",
    ):  # fmt: skip
        lake.sql(query).rows()
    assert lake.sql(
        "SELECT request ->> '$.n' AS n, request ->> '$.m' AS m FROM events WHERE event_id = 'big'"
    ).rows() == [{"n": str(2**63 + 1), "m": str(2**80)}]
    again = ingest([tmp_path / "logs"], tmp_path / "lake")
    assert (again.loaded, again.rejected, again.files) == (0, 0, 0)


def test_records_before_the_cut_of_a_truncated_file_are_loaded(tmp_path: Path) -> None:
    records = [
        record(eventID=f"id-{number}", requestParameters={"n": random.Random(number).random()}) for number in range(200)
    ]
    log = write_log(tmp_path / LOG_NAME, records)
    log.write_bytes(log.read_bytes()[:-600])
    summary = ingest([log], tmp_path / "lake")
    assert (summary.rejected, 0 < summary.loaded < 200) == (1, True)
    (row,) = open_lake(tmp_path / "lake").sql("SELECT status, reason, records FROM files").rows()
    assert (row["status"], row["records"]) == ("partial", summary.read)


def test_a_file_of_60_megabytes_is_loaded(tmp_path: Path) -> None:
    padding = "x" * 90_000
    write_log(tmp_path / "big.json", [record(eventID=f"id-{n}", requestParameters={"p": padding}) for n in range(680)])
    assert (tmp_path / "big.json").stat().st_size > 60_000_000
    assert counts(ingest([tmp_path / "big.json"], tmp_path / "lake"))["loaded"] == 680


def test_a_file_that_cannot_be_read_is_a_reject_and_is_tried_again(tmp_path: Path) -> None:
    log = write_log(tmp_path / "logs" / "a.json", [record(eventID="one")])
    (tmp_path / "logs" / "b.json").symlink_to("/proc/self/mem")
    for _ in range(2):
        ingest([log, tmp_path / "logs" / "b.json"], tmp_path / "lake")
    rejects = open_lake(tmp_path / "lake").sql("SELECT source_file, position FROM rejects").rows()
    assert rejects == [{"source_file": str(tmp_path / "logs" / "b.json"), "position": 0}]


def test_a_zip_archive_is_read_without_unpacking_it(tmp_path: Path) -> None:
    log = write_log(tmp_path / LOG_NAME, [record(eventID="one")])
    with zipfile.ZipFile(tmp_path / "evidence.zip", "w") as archive:
        archive.writestr(f"AWSLogs/../../{LOG_NAME}", log.read_bytes())
    ingest([tmp_path / "evidence.zip"], tmp_path / "lake")
    (row,) = (
        open_lake(tmp_path / "lake")
        .sql("SELECT event_id, source_file, delivered_at::VARCHAR AS delivered FROM events")
        .rows()
    )
    assert row == {
        "event_id": "one",
        "source_file": f"{tmp_path}/evidence.zip!AWSLogs/../../{LOG_NAME}",
        "delivered": "2024-03-01 10:10:00",
    }


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


def delivery(folder: Path) -> Path:
    """Files whose batches hold new events, copies, variants and rejects."""
    write_log(folder / "1.json", [record(eventID="a"), record(eventID="b"), None])
    write_log(folder / "2.json.gz", [record(eventID="b"), record(eventID="c"), record(eventID="a", userAgent="other")])
    write_log(folder / "3.json", [record(eventID="c"), record(eventID="d"), "text"])
    (folder / "4.json").write_text(
        json.dumps({"Records": [record(eventID="d"), record(eventID="a", userAgent="third")]}, indent=1)
    )
    (folder / "5.json").write_bytes(b"{broken")
    write_log(folder / "6.json", [record(eventID="e"), record(eventID="e"), record(eventID="a", userAgent="other")])
    return folder


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


def test_a_full_disk_is_one_line_and_the_lake_stays_as_after_the_last_commit(tmp_path: Path) -> None:
    first = write_log(tmp_path / "a.json", [record(eventID="one")])
    second = write_log(
        tmp_path / "b.json",
        [record(eventID=f"id-{n}", requestParameters={"r": os.urandom(4000).hex()}) for n in range(500)],
    )
    ingest([first], tmp_path / "lake")
    before = contents(tmp_path / "lake")
    limited = (
        "import resource, signal, sys; from trailquery.ingest import ingest;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20));"
        "from trailquery.errors import MachineError\n"
        "try:\n    ingest([sys.argv[1]], __import__('pathlib').Path(sys.argv[2]))\n"
        "except MachineError as error:\n    print(error); sys.exit(5)"
    )
    run = subprocess.run(
        [sys.executable, "-c", limited, second, tmp_path / "lake"], check=False, capture_output=True, text=True
    )
    assert (run.returncode, run.stdout.count("\n")) == (5, 1), run.stderr
    assert "the lake is as after its last commit" in run.stdout
    assert contents(tmp_path / "lake") == before
    assert ingest([second], tmp_path / "lake").loaded == 500


def test_a_second_ingest_into_the_same_lake_is_politely_refused(tmp_path: Path) -> None:
    log = write_log(tmp_path / "a.json", [record()])

    def ingest_meanwhile(_summary: Summary, _place: str) -> None:
        with pytest.raises(UsageError, match="another ingest is writing"):
            ingest([log], tmp_path / "lake")

    assert ingest([log], tmp_path / "lake", ingest_meanwhile).loaded == 1


def test_the_lake_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    ingest([write_log(tmp_path / "a.json", [record()])], tmp_path / "lake")
    assert (tmp_path / "lake").stat().st_mode & 0o777 == 0o700


def test_a_source_that_is_not_there_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        ingest([tmp_path / "nowhere"], tmp_path / "lake")
    with pytest.raises(TrailqueryError):
        ingest([write_log(tmp_path / "a.json", [record()])], tmp_path / "a.json")
    assert issubclass(MachineError, TrailqueryError)


def test_a_source_that_is_not_there_makes_no_lake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        ingest([tmp_path / "nowhere"], tmp_path / "lake")
    assert not (tmp_path / "lake").exists()


def test_a_lake_may_lie_below_a_path_with_spaces_and_not_where_delta_fails(tmp_path: Path) -> None:
    log = write_log(tmp_path / "a.json", [record(eventID="one")])
    for _ in range(2):
        ingest([log], tmp_path / "my lake é")
    assert open_lake(tmp_path / "my lake é").sql("SELECT event_id FROM events").rows() == [{"event_id": "one"}]
    for name in ("50%", "a[b", "a]b"):
        with pytest.raises(UsageError, match="cannot lie below a path with"):
            ingest([log], tmp_path / name)
