import gzip
import json
import os
import random
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from conftest import LOG_NAME, counts, record, recording, write_log
from lakes import contents

from trailquery import Lake, TrailqueryError, open_lake
from trailquery.errors import MachineError, UsageError
from trailquery.ingest import ingest
from trailquery.sources import LeftAlone, Unread

RECORDINGS = {"invictus": (2900, 0), "otrf": (103, 0), "flaws-sample": (184, 1), "stratus": (156, 0), "cloudtrail-tracker": (142, 0)}  # fmt: skip


@pytest.mark.parametrize("name", RECORDINGS)
def test_a_public_recording_is_loaded_whole(name: str, shared_lake: Callable[[str], Lake]) -> None:
    lake = shared_lake(name)
    held = lake.sql(
        "SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM variants) AS variants,"
        " (SELECT count(*) FROM rejects) AS rejects"
    ).rows()
    events, variants = RECORDINGS[name]
    assert held == [{"events": events, "variants": variants, "rejects": 0}]
    again = ingest([recording(name)], lake.path)
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


def test_a_record_without_an_id_gets_one_from_its_content(tmp_path: Path) -> None:
    nameless = {name: value for name, value in record().items() if name != "eventID"}
    write_log(tmp_path / "a.json", [nameless, nameless, nameless | {"userAgent": "other"}])
    summary = ingest([tmp_path / "a.json"], tmp_path / "lake")
    assert (summary.loaded, summary.duplicate) == (2, 1)
    rows = open_lake(tmp_path / "lake").sql("SELECT DISTINCT event_id_made, left(event_id, 5) AS id FROM events").rows()
    assert rows == [{"event_id_made": True, "id": "made-"}]


def test_a_masked_id_is_none_and_every_record_that_bears_it_is_an_event(tmp_path: Path) -> None:
    masks = ["REDACTED", "<redacted>", "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx", "00000000-0000", "***"]
    records = [record() | {"eventID": mask, "userAgent": agent} for mask in masks for agent in ("one", "other")]
    write_log(tmp_path / "a.json", [*records, *(record() | {"eventID": name} for name in ("000", "redacted-1"))])
    summary = ingest([tmp_path / "a.json"], tmp_path / "lake")
    assert (summary.loaded, summary.duplicate, summary.variant) == (12, 0, 0)
    rows = open_lake(tmp_path / "lake").sql("SELECT left(event_id, 5) AS id FROM events WHERE event_id_made").rows()
    assert rows == [{"id": "made-"}] * 10


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
        "bomb.json.gz": gzip.compress(b'{"Records":[' + b" " * (120 << 20), 9),
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


def test_of_bad_evidence_the_rest_is_loaded_and_the_bad_part_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailquery.pieces.MAX_TEXT_BYTES", 100 << 20)
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


def test_a_file_that_cannot_be_read_is_unread_until_it_can(tmp_path: Path) -> None:
    log, closed, lake = tmp_path / "logs" / "a.json", tmp_path / "logs" / "b.json", tmp_path / "lake"
    write_log(log, [record(eventID="one")])
    closed.symlink_to("/proc/self/mem")
    statuses = "SELECT places[1] AS place, status, reason FROM files WHERE status <> 'loaded'"
    why = "cannot be read: Input/output error"
    for loaded in (1, 0):
        summary = ingest([log, closed], lake)
        assert (summary.loaded, summary.rejected, summary.unread) == (loaded, 0, [Unread(closed.as_posix(), why)])
        assert open_lake(lake).sql(statuses).rows() == [{"place": str(closed), "status": "unread", "reason": why}]
    closed.unlink()
    write_log(closed, [record(eventID="two")])
    assert ingest([log, closed], lake).loaded == 1
    assert open_lake(lake).sql(statuses).rows() == []


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


def test_the_lake_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    ingest([write_log(tmp_path / "a.json", [record()])], tmp_path / "lake")
    assert (tmp_path / "lake").stat().st_mode & 0o777 == 0o700


def test_a_source_that_is_not_there_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        ingest([tmp_path / "nowhere"], tmp_path / "lake")
    with pytest.raises(TrailqueryError):
        ingest([write_log(tmp_path / "a.json", [record()])], tmp_path / "a.json")
    assert issubclass(MachineError, TrailqueryError)


def test_the_lake_in_a_folder_that_is_a_source_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write_log(Path(LOG_NAME), [record()])
    write_log(Path("old/lake") / LOG_NAME, [record(eventID="in-a-folder-of-its-name")])
    for held in (0, 2):
        summary = ingest(["."], Path("lake"))
        assert (summary.held, summary.rejected) == (held, 0)
        assert summary.left_alone == [LeftAlone("lake", "the lake itself")]
    assert len(open_lake("lake").sql("FROM events").rows()) == 2


def test_a_source_that_is_not_there_makes_no_lake(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nowhere"):
        ingest([tmp_path / "nowhere"], tmp_path / "lake")
    assert not (tmp_path / "lake").exists()


def test_a_lake_may_lie_below_a_path_with_spaces_and_not_where_delta_fails(tmp_path: Path) -> None:
    log = write_log(tmp_path / "a.json", [record(eventID="one")])
    for _ in range(2):
        ingest([log], tmp_path / "my lake é")
    assert open_lake(tmp_path / "my lake é").sql("SELECT event_id FROM events").rows() == [{"event_id": "one"}]
    for name in ("50%", "a[b", "a]b", "a\\b", "a\nb", "a\tb", "a\x7fb"):
        with pytest.raises(UsageError, match="cannot lie below a path with"):
            ingest([log], tmp_path / name)
        assert not (tmp_path / name).exists()


def test_a_query_under_way_on_duckdbs_default_connection_is_not_in_the_way(tmp_path: Path) -> None:
    under_way = duckdb.execute("SELECT 1 UNION ALL SELECT 2")
    log = write_log(tmp_path / LOG_NAME, [record()])
    assert ingest([log], tmp_path / "lake").loaded == 1
    assert ingest([log], tmp_path / "lake").held == 1
    assert sorted(under_way.fetchall()) == [(1,), (2,)]
