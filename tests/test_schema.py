from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from trailquery import Lake
from trailquery.errors import UsageError
from trailquery.events import ADDED_COLUMNS, COLUMNS
from trailquery.schema import connect, drift, schema

Lakes = Callable[[list[dict[str, Any]]], Lake]


def test_every_view_and_every_column_has_a_sentence_of_meaning(lake_of: Lakes) -> None:
    lake = lake_of([{}])
    columns = schema(lake)
    assert [f"{column['view']}.{column['column']}" for column in columns if not column["meaning"]] == []
    views = lake.sql(
        "SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal AND comment IS NULL"
    )
    assert views.rows() == []
    assert {"events", "history", "files", "rejects", "variants"} <= {column["view"] for column in columns}


def test_one_view_is_told_alone_in_the_order_of_its_columns(lake_of: Lakes) -> None:
    told = schema(lake_of([{}]), "events")
    assert [column["column"] for column in told] == [
        *(column.name for column in COLUMNS),
        "event_date",
        *(column.name for column in ADDED_COLUMNS),
    ]
    assert told[0] == {"view": "events", "column": "event_id", "type": "VARCHAR", "meaning": COLUMNS[0].meaning}


def test_a_view_that_is_not_there_is_a_wrong_request(lake_of: Lakes) -> None:
    with pytest.raises(UsageError, match="no view named 'evnts'; there are .*events"):
        schema(lake_of([{}]), "evnts")


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


def test_no_field_of_the_public_recordings_is_uncovered(shared_lake: Callable[[str], Lake]) -> None:
    for name in ("invictus", "otrf", "flaws-sample", "stratus", "cloudtrail-tracker"):
        assert drift(shared_lake(name)).rows() == []


def test_another_tool_reads_the_views_and_their_meanings_from_a_small_file(lake_of: Lakes, tmp_path: Path) -> None:
    lake = lake_of([{"eventID": "one"}])
    connect(lake, tmp_path / "views.duckdb")
    with duckdb.connect(str(tmp_path / "views.duckdb"), read_only=True) as other:
        assert other.execute("SELECT event_id, actor FROM management_events").fetchall() == [("one", "alice")]
        meaning = "SELECT comment FROM duckdb_columns() WHERE table_name = 'changes' AND column_name = 'event_id'"
        assert other.execute(meaning).fetchall() == [(COLUMNS[0].meaning,)]
    with pytest.raises(UsageError, match="is already there"):
        connect(lake, tmp_path / "views.duckdb")
