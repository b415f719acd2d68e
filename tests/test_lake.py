from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from trailquery import Lake, Scope, open_lake, tables
from trailquery.errors import UsageError

Lakes = Callable[[list[dict[str, Any]]], Lake]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY events TO '{lake}/x.csv'",
        "WITH a AS (COPY (SELECT 1) TO '{lake}/x.csv') SELECT 1",
        "SELECT * FROM (WITH a AS (COPY (SELECT 1) TO '{lake}/x.csv') SELECT 1)",
        "WITH a AS (INSERT INTO stored.swaps VALUES ('', 1) RETURNING 1) SELECT * FROM a",
        "WITH a AS (DELETE FROM stored.swaps) SELECT 1",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{lake}/x.csv'",
        "EXPLAIN ANALYZE WITH a AS (COPY (SELECT 1) TO '{lake}/x.csv') SELECT 1",
        "CREATE TABLE x AS SELECT 1",
        "SET lock_configuration = false",
        "SET VARIABLE scope_since = NULL",
        "ATTACH '{lake}/x.db'",
        "INSTALL httpfs",
        "PRAGMA database_list",
        "CALL pragma_version()",
        "SELECT 1; SELECT 2",
        "",
    ],
)
def test_what_is_not_one_reading_select_is_refused_and_writes_nothing(lake_of: Lakes, sql: str) -> None:
    lake = lake_of([{}])
    before = sorted(lake.path.rglob("*"))
    with pytest.raises(UsageError, match="^sql: "):
        lake.sql(sql.replace("{lake}", str(lake.path))).rows()
    assert sorted(lake.path.rglob("*")) == before


def test_a_lake_that_lacks_our_columns_is_told_in_one_line(tmp_path: Path) -> None:
    for table in tables.TABLES:
        tables.create(
            tmp_path, table._replace(schema=pa.schema(list(table.schema)[:-1])) if table is tables.FILES else table
        )
    with pytest.raises(UsageError) as refused:
        open_lake(tmp_path)
    last = tables.FILES.schema.names[-1]
    assert str(refused.value) == (
        f"{tmp_path}: made by an earlier version, its files lack {last}; ingest the log files again, into a new lake"
    )


@pytest.mark.parametrize(
    "sql",
    [
        "FROM read_text('/etc/hostname')",
        "FROM '/etc/hostname'",
        "FROM read_csv('/proc/self/environ')",
        "FROM glob('/etc/*')",
        "FROM read_parquet('{lake}/../other.parquet')",
        "FROM outside",
    ],
)
def test_nothing_outside_the_lake_can_be_read(lake_of: Lakes, sql: str) -> None:
    outside = [1]  # a Python variable that DuckDB would offer as a table
    lake = lake_of([{}])
    with pytest.raises(UsageError, match="^sql: "):
        lake.sql(sql.replace("{lake}", str(lake.path))).rows()
    assert outside == [1]


@pytest.mark.parametrize(
    "sql", ["FROM events", "EXPLAIN SELECT 1", "DESCRIBE events", "SUMMARIZE events", "SHOW TABLES", "VALUES (1)"]
)
def test_every_way_to_only_read_is_allowed(lake_of: Lakes, sql: str) -> None:
    assert len(lake_of([{}]).sql(sql)) > 0


def test_a_query_stops_at_the_time_limit(lake_of: Lakes) -> None:
    lake = open_lake(lake_of([{}]).path, timeout_s=0.2)
    with pytest.raises(UsageError, match="stopped after 0.2 s"):
        lake.sql("SELECT count(*) FROM range(10000000000) AS a, range(1000) AS b").rows()


def test_values_are_bound_and_never_become_sql(lake_of: Lakes) -> None:
    lake = lake_of([{"eventID": "x' OR '1'='1"}])
    sql = "SELECT event_id FROM events WHERE event_id = $id"
    assert lake.sql(sql, id="x' OR '1'='1").rows() == [{"event_id": "x' OR '1'='1"}]
    assert lake.sql(sql, id="' OR '1'='1").rows() == []


def test_scope_narrows_events_and_leaves_history_whole(lake_of: Lakes) -> None:
    lake = lake_of(
        [
            {"eventID": "before", "eventTime": "2024-02-29T23:59:59Z"},
            {"eventID": "at-since", "eventTime": "2024-03-01T00:00:00Z"},
            {"eventID": "at-until", "eventTime": "2024-03-02T00:00:00Z"},
        ]
    )
    scoped = lake.narrowed(since=datetime(2024, 3, 1), until=datetime(2024, 3, 2))  # noqa: DTZ001
    assert scoped.sql("SELECT event_id FROM events").rows() == [{"event_id": "at-since"}]
    assert len(scoped.sql("FROM history")) == 3
    assert scoped.scope == Scope(since=datetime(2024, 3, 1), until=datetime(2024, 3, 2))  # noqa: DTZ001


def test_a_region_scope_keeps_global_services_and_sign_ins_unless_it_is_strict(lake_of: Lakes) -> None:
    lake = lake_of(
        [
            {"eventID": "here", "awsRegion": "eu-west-1"},
            {"eventID": "elsewhere", "awsRegion": "us-east-1"},
            {"eventID": "global", "awsRegion": "us-east-1", "eventSource": "iam.amazonaws.com", "eventName": "CreateUser"},
            {"eventID": "signin", "awsRegion": "us-east-2", "eventSource": "signin.amazonaws.com",
             "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"},
        ]
    )  # fmt: skip
    rows = lake.narrowed(regions=("eu-west-1",)).sql("SELECT event_id FROM events ORDER BY event_id").rows()
    assert [row["event_id"] for row in rows] == ["global", "here", "signin"]
    strict = lake.narrowed(regions=("eu-west-1",), strict_region=True)
    assert strict.sql("SELECT event_id FROM events").rows() == [{"event_id": "here"}]


def test_an_account_scope_is_the_receiving_account(lake_of: Lakes) -> None:
    lake = lake_of([{"eventID": "a"}, {"eventID": "b", "recipientAccountId": "444455556666"}])
    rows = lake.narrowed(accounts=("444455556666",)).sql("SELECT event_id FROM events").rows()
    assert rows == [{"event_id": "b"}]


def test_times_come_out_aware_in_the_lakes_zone(lake_of: Lakes) -> None:
    path = lake_of([{"eventTime": "2024-03-01T23:30:00Z"}]).path
    for tz, shown in (("UTC", "2024-03-01T23:30:00+00:00"), ("Europe/Berlin", "2024-03-02T00:30:00+01:00")):
        lake = open_lake(path, tz=tz)
        (row,) = lake.sql("SELECT event_time, [event_time] AS times FROM events").rows()
        assert (row["event_time"].isoformat(), row["times"][0].isoformat()) == (shown, shown)
        assert str(lake.sql("SELECT event_time FROM events").df()["event_time"].dt.tz) == tz


def test_queries_run_in_utc_wherever_the_machine_is_and_keep_the_footers_they_read(
    lake_of: Lakes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    settings = "current_setting('TimeZone') AS zone, current_setting('parquet_metadata_cache') AS keeps_footers"
    assert lake_of([{}]).sql(f"SELECT {settings}, TIMESTAMPTZ '2024-03-01 10:00:00+00'::VARCHAR AS said").rows() == [
        {"zone": "UTC", "keeps_footers": True, "said": "2024-03-01 10:00:00+00"}
    ]


def test_a_result_converts_to_pandas_arrow_and_polars(lake_of: Lakes) -> None:
    result = lake_of([{"eventID": "one"}]).sql("SELECT event_id, bytes_out FROM events")
    assert result.df().to_dict("list")["event_id"] == ["one"]
    assert result.arrow().to_pylist() == result.pl().to_dicts() == [{"event_id": "one", "bytes_out": None}]
    assert len(result) == 1


def test_a_result_shows_itself_as_a_harmless_table(lake_of: Lakes) -> None:
    result = lake_of([{"userAgent": "<script>alert(1)</script>\x1b[31m"}]).sql("SELECT user_agent FROM events")
    html = result._repr_html_()
    assert "<script" not in html
    assert "&lt;script&gt;" in html
    assert "\x1b" not in html + repr(result)
    assert "<script>alert(1)</script>\\x1b[31m" in repr(result)


def test_two_results_can_be_read_at_the_same_time(lake_of: Lakes) -> None:
    lake = lake_of([{"eventID": "one"}])
    first, second = lake.sql("SELECT event_id FROM events"), lake.sql("SELECT 2 AS two")
    assert (second.rows(), first.rows()) == ([{"two": 2}], [{"event_id": "one"}])


def test_a_select_of_no_table_binds_no_view(lake_of: Lakes) -> None:
    lake = lake_of([{}])
    waiting = list(lake._views._waiting)
    assert lake.sql("SELECT 1 AS n").rows() == [{"n": 1}]
    assert list(lake._views._waiting) == waiting


def test_an_added_table_is_joined_and_a_wrong_one_is_named(lake_of: Lakes, tmp_path: Path) -> None:
    path = lake_of([{"eventID": "one"}]).path
    (tmp_path / "iocs.csv").write_text("ip,why\n198.51.100.7,tor\n")
    lake = open_lake(path, extra_tables={"iocs": tmp_path / "iocs.csv"})
    assert lake.sql("SELECT event_id, why FROM events JOIN iocs ON ip = client_ip").rows() == [
        {"event_id": "one", "why": "tor"}
    ]
    assert "principals" in lake._views._waiting  # the join needs none of the views that it does not name
    for name, file in (("a b", "iocs.csv"), ("events", "iocs.csv"), ("iocs", "nowhere.csv")):
        with pytest.raises(UsageError, match="^--table "):
            open_lake(path, extra_tables={name: tmp_path / file})
    with pytest.raises(UsageError, match="iocs.md: its ending names no kind of table; those are .csv, .tsv, .json"):
        open_lake(path, extra_tables={"iocs": tmp_path / "iocs.md"})


def test_a_scope_in_words_is_read_as_the_options_are(lake_of: Lakes) -> None:
    lake = lake_of([{"eventTime": "2024-03-01T10:00:00Z"}, {"eventTime": "2024-03-02T10:00:00Z"}])
    narrowed = open_lake(lake.path, tz="Europe/Berlin").narrowed(since="2024-03-02", until="2024-03-03")
    assert narrowed.scope == Scope(datetime(2024, 3, 1, 23), datetime(2024, 3, 2, 23))  # noqa: DTZ001 naive UTC
    assert (len(narrowed.sql("FROM events")), len(narrowed.hunt(severity="info", leads=True))) == (1, 0)
    with pytest.raises(UsageError, match="^since 'yesterdayish': no time"):
        lake.narrowed(since="yesterdayish")


def test_a_folder_that_is_no_lake_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no lake here; make one with: trailquery ingest"):
        open_lake(tmp_path)


def test_a_mistake_in_the_sql_is_told_in_duckdbs_words(lake_of: Lakes) -> None:
    with pytest.raises(UsageError, match='^sql: Binder Error: Referenced column "actr" not found'):
        lake_of([{}]).sql("SELECT actr FROM events")
