"""What `trailquery verify` found, at every row: the verdict of the file it was read from, or of an equal copy."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from conftest import record, write_log

from trailquery import open_lake
from trailquery.cli import trailquery
from trailquery.errors import UsageError
from trailquery.ingest import ingest
from trailquery.schema import connect
from trailquery.settings import Settings
from trailquery.verdicts import VERDICTS_FILE

COLUMNS = ("place", "kind", "file_sha256", "verdict", "reason", "trail", "hour", "verified_at")
NAME = "111122223333_CloudTrail_us-east-1_20240301T10{}0Z_Mu0KsOhtH1ar15ZZ.json.gz"
CHECK = "run: trailquery verify"


class Trail:
    """Log files, a lake of them, and what was found of each."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.lake = folder, folder / "lake"

    def deliver(self, number: int, *records: Any) -> None:
        """A log file of these changes to the smallest record; text is a record as it stands."""
        path = self.folder / NAME.format(number)
        if all(isinstance(one, str) for one in records):
            path.write_bytes(gzip.compress(f'{{"Records":[{",".join(records)}]}}'.encode(), mtime=0))
        else:
            write_log(path, [record(**changes) for changes in records])
        ingest([path], self.lake)

    def find(self, verdicts: Mapping[int, str], verified_at: datetime | None = None) -> None:
        """Write these verdicts, as `verify` does; the other files are not checked."""
        files = open_lake(self.lake).sql("SELECT unnest(places) AS place, file_sha256 FROM files").rows()
        now = (verified_at or datetime.now(UTC) + timedelta(days=1)).replace(tzinfo=None)
        rows = [
            dict.fromkeys(COLUMNS) | file | {"kind": "log", "verdict": verdict, "verified_at": now}
            for file in files
            for number, verdict in verdicts.items()
            if file["place"].endswith(NAME.format(number))
        ]
        text, time = pa.string(), pa.timestamp("us")
        schema = pa.schema([(name, time if name in ("hour", "verified_at") else text) for name in COLUMNS])
        (self.lake / "evidence").mkdir(exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, schema), self.lake / VERDICTS_FILE)

    def shown(self, sql: str = "SELECT event_id, integrity FROM events") -> dict[str, str]:
        return {row["event_id"]: row["integrity"] for row in open_lake(self.lake).sql(sql).rows()}

    def ask(self, *words: str) -> list[str]:
        """What stands on stderr."""
        done = CliRunner().invoke(trailquery, words, catch_exceptions=False)
        return done.stderr.splitlines()


@pytest.fixture
def trail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trail:
    trail = Trail(tmp_path)
    monkeypatch.setenv("TRAILQUERY_LAKE", str(trail.lake))
    return trail


@pytest.fixture
def three(trail: Trail) -> Trail:
    """Three files of one event each, of which one is intact, one changed, and one was not looked at."""
    for number, name in enumerate(("good", "bad", "new")):
        trail.deliver(number, {"eventID": name})
    trail.find({0: "intact", 1: "changed"})
    return trail


def test_an_event_has_the_verdict_of_its_file_and_one_of_a_file_without_verdict_is_not_checked(three: Trail) -> None:
    assert three.shown() == {"good": "intact", "bad": "changed", "new": "not checked"}


def test_before_the_first_verify_nothing_is_checked(trail: Trail) -> None:
    trail.deliver(0, {"eventID": "one"})
    assert trail.shown() == {"one": "not checked"}
    assert trail.ask("sql", "SELECT event_id FROM events") == [f"integrity: 1 row not checked; {CHECK}"]


@pytest.mark.parametrize(
    "sql",
    [
        "FROM events",
        "SELECT * EXCLUDE (raw) FROM history",
        "SELECT e.event_id, e.INTEGRITY AS integrity FROM events AS e",
        "SELECT events.event_id, events['integrity'] AS integrity FROM events",
        "SELECT event_id, to_json(e)->>'integrity' AS integrity FROM events AS e",
        "SELECT event_id, (SELECT h.integrity FROM history AS h WHERE h.event_id = e.event_id) AS integrity FROM events e",
        "SELECT event_id, integrity FROM management_events",
        "WITH whole AS (SELECT * FROM events) SELECT event_id, integrity FROM whole",
    ],
)
def test_however_a_statement_comes_by_the_column_it_is_true(three: Trail, sql: str) -> None:
    assert three.shown(sql) == {"good": "intact", "bad": "changed", "new": "not checked"}


@pytest.mark.parametrize("own", ["changed", "unlisted", "unverifiable", "pending", None])
def test_a_row_seen_in_several_files_has_the_best_of_their_verdicts(trail: Trail, own: str | None) -> None:
    trail.deliver(0, {"eventID": "twice"})
    trail.deliver(1, {"eventID": "twice"}, {"eventID": "beside"})
    trail.find({1: "intact"} | ({0: own} if own else {}))
    assert trail.shown() == {"twice": "intact", "beside": "intact"}
    trail.find({0: "intact", 1: "changed"})
    assert trail.shown() == {"twice": "intact", "beside": "changed"}


def test_a_copy_that_is_equal_but_not_to_the_byte_lends_nothing(trail: Trail) -> None:
    event = record(eventID="twice")
    trail.deliver(0, json.dumps(event))
    trail.deliver(1, json.dumps(dict(reversed(event.items()))))
    trail.find({0: "changed", 1: "intact"})
    assert trail.shown() == {"twice": "changed"}


def test_every_copy_tells_how_it_differs_from_the_one_shown_and_what_was_found_of_its_file(trail: Trail) -> None:
    event = record(eventID="several-times")
    trail.deliver(0, json.dumps(event))
    trail.deliver(1, json.dumps(event), json.dumps(record(eventID="once")))
    trail.deliver(2, json.dumps(dict(reversed(event.items()))))
    trail.deliver(3, json.dumps(event | {"eventName": "DescribeVpcs"}))
    trail.find({0: "intact", 1: "changed", 3: "unlisted"})
    sql = "SELECT event_id, account_id, kind, verdict, source_file, position, file_sha256 FROM event_copies"
    digest = {
        number: hashlib.sha256((trail.folder / NAME.format(number)).read_bytes()).hexdigest() for number in range(4)
    }
    assert sorted(tuple(row.values()) for row in open_lake(trail.lake).sql(sql).rows()) == sorted(
        (event_id, "111122223333", kind, verdict, str(trail.folder / NAME.format(number)), position, digest[number])
        for event_id, kind, verdict, number, position in [
            ("several-times", "shown", "intact", 0, 0),
            ("several-times", "equal to the byte", "changed", 1, 0),
            ("once", "shown", "changed", 1, 1),
            ("several-times", "equal", "not checked", 2, 0),
            ("several-times", "differs", "unlisted", 3, 0),
        ]
    )


REAL, PLANTED = {"eventID": "same", "eventName": "DeleteTrail"}, {"eventID": "same", "eventName": "ListTrails"}


@pytest.mark.parametrize("real", [0, 1])
@pytest.mark.parametrize("records", [(REAL, PLANTED), (PLANTED, REAL)])
def test_a_planted_record_with_the_id_of_a_real_one_never_replaces_it(
    trail: Trail, records: tuple[dict[str, Any], ...], real: int
) -> None:
    for number, one in enumerate(records):
        trail.deliver(number, one)
    trail.find({real: "intact", 1 - real: "unlisted"})
    lake = open_lake(trail.lake)
    shown, planted = records[real]["eventName"], records[1 - real]["eventName"]
    select = "SELECT api, integrity FROM"
    assert lake.sql(f"{select} events").rows() == [{"api": shown, "integrity": "intact"}]
    assert lake.sql(f"{select} variants").rows() == [{"api": planted, "integrity": "unlisted"}]
    assert lake.sql("SELECT api FROM history").rows() == [{"api": shown}]
    (asked,) = lake.run("event", event_id="same").rows()
    assert sorted(copy.partition(":")[0] for copy in asked["copies"]) == ["intact, shown", "unlisted, differs"]


@pytest.mark.parametrize("is_verified", [True, False])
def test_the_first_query_that_meets_an_event_with_a_variant_names_both(trail: Trail, is_verified: bool) -> None:
    trail.deliver(0, REAL)
    trail.deliver(1, PLANTED, {"eventID": "other"})
    if is_verified:
        trail.find({0: "intact", 1: "unlisted"})
    told = trail.ask("sql", "SELECT event_id FROM events")
    assert told[1:] == [
        "variants: 1 of these events has a copy that differs: trailquery sql"
        " \"SELECT event_id, integrity, source_file, position, raw FROM variants WHERE event_id IN ('same')\""
    ]
    assert len(trail.ask("sql", "SELECT event_id FROM events WHERE event_id = 'other'")) == 1


def test_an_id_that_is_no_id_stands_in_no_command(trail: Trail) -> None:
    name = "x') --\x1b[2J"
    trail.deliver(0, REAL | {"eventID": name})
    trail.deliver(1, PLANTED | {"eventID": name})
    (told,) = trail.ask("sql", "SELECT event_id FROM events")[1:]
    assert told.endswith('trailquery sql "SELECT event_id, integrity, source_file, position, raw FROM variants"')


SEE = "see: trailquery sql \"FROM verdicts WHERE verdict = 'changed'\""


def test_the_footer_counts_the_rows_by_verdict_and_says_where_to_look(three: Trail) -> None:
    told = f"1 intact, 1 not checked, 1 changed; {SEE}"
    assert three.ask("sql", "SELECT event_id FROM events") == [f"integrity of the rows: {told}"]
    assert three.ask("sql", "SELECT event_id, integrity FROM events") == [f"integrity of the rows: {told}"]
    assert three.ask("sql", "SELECT count(*) FROM events") == [f"integrity of the files in scope: {told}"]
    assert three.ask("sql", "SELECT event_id FROM events", "--limit", "1")[1:] == [f"integrity of the rows: {told}"]
    good = three.ask("sql", "SELECT event_id FROM events WHERE event_id = 'good'")
    assert good == ["integrity of the rows: 1 intact"]


def test_a_row_of_several_events_is_as_sound_as_the_worst_of_them(three: Trail) -> None:
    of_two = "SELECT list(event_id) AS event_ids FROM events WHERE event_id IN ('good', 'bad')"
    assert three.ask("sql", of_two) == [f"integrity of the rows: 1 changed; {SEE}"]


def test_commands_in_the_footer_name_a_lake_that_is_not_the_usual_one(tmp_path: Path) -> None:
    trail = Trail(tmp_path / "of the case")
    trail.deliver(0, REAL)
    trail.deliver(1, PLANTED)
    at = f"--lake '{trail.lake}'"
    checked, differing = trail.ask("sql", "SELECT event_id FROM events", "--lake", str(trail.lake))
    assert checked == f"integrity: 1 row not checked; {CHECK} {at}"
    assert differing.endswith(f"FROM variants WHERE event_id IN ('same')\" {at}")
    trail.find({0: "changed"})
    (told,) = trail.ask("sql", "SELECT count(*) FROM events", "--lake", str(trail.lake))
    assert told == f"integrity of the files in scope: 1 not checked, 1 changed; {SEE} {at}"


def test_what_is_not_about_events_has_no_footer(three: Trail) -> None:
    assert three.ask("sql", "SELECT 1 AS one") == three.ask("sql", "SELECT places FROM files") == []


def test_many_rows_are_counted_as_few_are(trail: Trail) -> None:
    trail.deliver(0, *({"eventID": f"event-{number}"} for number in range(2_500)))
    trail.deliver(1, {"eventID": "last"})
    trail.find({0: "intact", 1: "pending"})
    assert trail.ask("sql", "SELECT event_id FROM events") == ["integrity of the rows: 2,500 intact, 1 pending"]


def test_a_notebook_shows_the_footer_below_the_rows_as_text_and_as_html(three: Trail) -> None:
    result = open_lake(three.lake).sql("SELECT event_id FROM events WHERE event_id = 'good'")
    assert repr(result).splitlines()[-1] == "integrity of the rows: 1 intact"
    assert "integrity of the rows: 1 intact</p>" in result._repr_html_()


def test_files_that_came_after_the_last_verify_are_told(three: Trail) -> None:
    three.find({0: "intact"}, datetime.now(UTC) - timedelta(hours=2, minutes=5))
    (told,) = three.ask("sql", "SELECT event_id FROM events WHERE event_id = 'good'")
    assert told == f"integrity of the rows: 1 intact; verified 2 h before the last ingest; {CHECK}"


def test_only_intact_leaves_the_rest_out_of_events_and_nothing_out_of_history(three: Trail) -> None:
    lake = open_lake(three.lake, only_intact=True)
    assert [row["event_id"] for row in lake.sql("SELECT event_id FROM events").rows()] == ["good"]
    assert lake.sql("SELECT count(*) AS n FROM history").rows() == [{"n": 3}]
    done = CliRunner().invoke(
        trailquery, ["sql", "SELECT event_id FROM events", "--only-intact", "--lake", str(three.lake)]
    )
    told = "--only-intact: 2 events left out\nintegrity of the rows: 1 intact\n"
    assert (done.stdout, done.stderr) == ("event_id\ngood\n", told)


def test_only_intact_leaves_the_rest_out_of_files_and_is_refused_where_nothing_has_a_verdict(three: Trail) -> None:
    at = ["--only-intact", "--lake", str(three.lake)]
    done = CliRunner().invoke(trailquery, ["files", *at, "--format", "jsonl"])
    assert [json.loads(line)["places"][0][-55:] for line in done.stdout.splitlines()] == [NAME.format(0)[-55:]]
    with pytest.raises(UsageError, match="--only-intact: an hour has no verdict, files have"):
        CliRunner().invoke(trailquery, ["coverage", *at], standalone_mode=False, catch_exceptions=False)


def test_only_intact_holds_for_a_hunt_too(trail: Trail) -> None:
    stop = {"eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "readOnly": False}
    trail.deliver(0, stop | {"eventID": "planted"})
    trail.deliver(1, stop | {"eventID": "real"})
    trail.find({0: "unlisted", 1: "intact"})
    found = open_lake(trail.lake, only_intact=True, settings=Settings()).hunt()
    assert {event for line in found.rows() for event in line["event_ids"]} == {"real"}
    whole = open_lake(trail.lake, settings=Settings()).hunt()
    assert {event for line in whole.rows() for event in line["event_ids"]} == {"real", "planted"}
    assert whole.notes[-1].startswith("integrity of the rows: ")


def test_a_statement_that_does_not_ask_for_it_is_answered_without_the_join(three: Trail) -> None:
    lake = open_lake(three.lake)
    lake.sql("SELECT count(*) AS n, actor FROM events GROUP BY actor ORDER BY n").arrow()
    assert lake._judged is None
    assert "file_verdicts" not in str(lake._connection.execute("EXPLAIN SELECT actor FROM events").fetchall())
    lake.sql("SELECT integrity FROM events").arrow()
    assert lake._judged is not None


def test_verdicts_lists_every_file_with_its_verdict(three: Trail) -> None:
    listed = open_lake(three.lake).sql("SELECT place, verdict, reason FROM verdicts ORDER BY place").rows()
    assert [(row["place"][-24:-8], row["verdict"]) for row in listed] == [
        (NAME.format(number)[-24:-8], verdict) for number, verdict in enumerate(("intact", "changed", "not checked"))
    ]
    assert listed[2]["reason"] == "not verified since it was read"


def test_a_database_of_the_views_has_the_verdicts(three: Trail) -> None:
    connect(open_lake(three.lake), three.folder / "views.duckdb")
    with duckdb.connect(str(three.folder / "views.duckdb"), read_only=True) as views:
        rows = dict(views.execute("SELECT event_id, integrity FROM events").fetchall())
        assert views.execute("SELECT count(*) FROM verdicts").fetchall() == [(3,)]
    assert rows == {"good": "intact", "bad": "changed", "new": "not checked"}
