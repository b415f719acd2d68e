import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from runner import run

from trailquery import Lake
from trailquery.errors import MachineError, UsageError
from trailquery.events import ADDED_COLUMNS, COLUMNS
from trailquery.schema import connect, drift, schema

Lakes = Callable[[list[dict[str, Any]]], Lake]


def test_every_view_and_every_column_has_one_sentence_of_meaning(lake_of: Lakes) -> None:
    lake = lake_of([{}])
    told = schema(lake)
    no_sentence = re.compile(r"\n|[.!?] +[A-Z]|^\s*$")
    assert [one for one in told if one["meaning"] is None or no_sentence.search(one["meaning"])] == []
    held = lake.sql("SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal ORDER BY 1")
    assert [one["view"] for one in told if one["column"] is None] == [row["view_name"] for row in held.rows()]
    assert {(one["view"], one["column"]) for one in told if one["column"]} == {
        (view, column)
        for view in {one["view"] for one in told}
        for column in lake.describe(f"SELECT * FROM {view}", {})
    }


def test_one_view_is_told_alone_itself_first_and_then_its_columns_in_order(lake_of: Lakes) -> None:
    told = schema(lake_of([{}]), "changes")
    assert [one["column"] for one in told] == [
        None,
        *(column.name for column in COLUMNS),
        "event_date",
        *(column.name for column in ADDED_COLUMNS),
    ]
    assert told[:2] == [
        {
            "view": "changes",
            "column": None,
            "type": "view",
            "meaning": "Writes to the control plane that worked and were made by someone other than AWS itself.",
        },
        {"view": "changes", "column": "event_id", "type": "VARCHAR", "meaning": COLUMNS[0].meaning},
    ]


def test_each_view_alone_is_told_as_it_is_among_all(lake_of: Lakes) -> None:
    lake = lake_of([{}])
    told = schema(lake)
    for view in {one["view"] for one in told}:
        assert schema(lake, view) == [one for one in told if one["view"] == view]


def test_one_view_is_told_without_binding_those_that_it_does_not_stand_on(lake_of: Lakes) -> None:
    lake = lake_of([{}])
    assert [one["column"] for one in schema(lake, "api_errors")][:2] == [None, "event_id"]
    assert "principals" in lake._views._waiting


def test_the_views_are_listed_alone_unless_every_column_is_asked_for(lake_of: Lakes, tmp_path: Path) -> None:
    lake = lake_of([{}])
    told = schema(lake)
    listed, every = (
        json.loads(run(tmp_path, "schema", *more, "--lake", str(lake.path), "--format", "json").out)
        for more in ((), ("--all",))
    )
    assert listed == [{"view": one["view"], "meaning": one["meaning"]} for one in told if one["column"] is None]
    assert every == told


def test_a_view_that_is_not_there_is_a_wrong_request_and_the_nearest_is_named(lake_of: Lakes) -> None:
    with pytest.raises(UsageError, match="^no view named 'signin_event'; did you mean 'signin_events'\\?$"):
        schema(lake_of([{}]), "signin_event")
    with pytest.raises(UsageError, match="^no view named 'q'; there are abuse_lookups, access_keys, .*, verdicts$"):
        schema(lake_of([{}]), "q")


def test_drift_counts_the_fields_that_no_column_covers_by_version_and_service(lake_of: Lakes) -> None:
    lake = lake_of(
        [
            {"eventID": "known", "apiVersion": "2016-11-15", "tlsDetails": {}, "addendum": {}},
            {"eventID": "new", "newField": 1},
            {"eventID": "again", "newField": {"deep": 1}, "other": None, "eventSource": "s3.amazonaws.com"},
        ]
    )
    assert drift(lake).rows() == [
        {"event_version": "1.11", "service": "ec2", "field": "newField", "records": 1},
        {"event_version": "1.11", "service": "s3", "field": "newField", "records": 1},
        {"event_version": "1.11", "service": "s3", "field": "other", "records": 1},
    ]


def test_drift_looks_into_what_a_record_tells_of_the_caller(lake_of: Lakes) -> None:
    session = {"attributes": {}, "sessionIssuer": {"arn": "x"}, "webIdFederationData": {}, "newField": "x"}
    of_lambda = {"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": "x", "newField": "x"}
    who = {
        "type": "AssumedRole",
        "onBehalfOf": {"userId": "x"},
        "sessionContext": session,
        "inScopeOf": of_lambda,
        "newField": {},
    }
    from_web = {"type": "AssumedRole", "sessionContext": {"webIdFederationData": {"federatedProvider": "x"}}}
    lake = lake_of(
        [
            {"eventID": "new", "userIdentity": who},
            {"eventID": "web", "userIdentity": from_web},
            {"userIdentity": "text"},
        ]
    )
    assert [row["field"] for row in drift(lake).rows()] == [
        "userIdentity.inScopeOf.newField",
        "userIdentity.newField",
        "userIdentity.sessionContext.newField",
        "userIdentity.sessionContext.webIdFederationData.federatedProvider",
    ]


def test_no_field_of_the_public_recordings_is_uncovered(shared_lake: Callable[[str], Lake]) -> None:
    for name in ("invictus", "otrf", "flaws-sample", "stratus", "cloudtrail-tracker"):
        assert drift(shared_lake(name)).rows() == []


def test_what_another_process_is_writing_stays_its_own(lake_of: Lakes, tmp_path: Path) -> None:
    others = [tmp_path / "views.duckdb.part", tmp_path / ".views.duckdb.part"]
    for other in others:
        other.write_text("of another")
    connect(lake_of([{}]), tmp_path / "views.duckdb")
    assert [other.read_text() for other in others] == ["of another"] * 2


def test_another_tool_reads_the_views_and_their_meanings_from_a_small_file(lake_of: Lakes, tmp_path: Path) -> None:
    lake = lake_of([{"eventID": "one"}])
    connect(lake, tmp_path / "views.duckdb")
    with duckdb.connect(str(tmp_path / "views.duckdb"), read_only=True) as other:
        assert other.execute("SELECT event_id, actor FROM management_events").fetchall() == [("one", "alice")]
        of_columns = other.execute(
            "SELECT table_name, column_name, comment FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal"
        ).fetchall()
        of_views = other.execute(
            "SELECT view_name, NULL, comment FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal"
        ).fetchall()
    meanings = {(one["view"], one["column"]): one["meaning"] for one in schema(lake)}
    assert {(view, column): comment for view, column, comment in of_columns + of_views} == meanings
    with pytest.raises(UsageError, match="is already there"):
        connect(lake, tmp_path / "views.duckdb")


def test_a_database_of_views_is_written_whole_or_not_at_all(
    lake_of: Lakes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_lake: Lake) -> None:
        raise KeyboardInterrupt

    lake = lake_of([{}])
    (tmp_path / "file").touch()
    for folder, why in (("nowhere", "No such file or directory"), ("file", "Not a directory")):
        with pytest.raises(MachineError, match=f"^[^\n]*/{folder}/views.duckdb: {why}$"):
            connect(lake, tmp_path / folder / "views.duckdb")
    monkeypatch.setattr("trailquery.schema.schema", interrupted)
    with pytest.raises(KeyboardInterrupt):
        connect(lake, tmp_path / "views.duckdb")
    assert list(tmp_path.glob("views*")) == []
