"""How Parquet files of events are laid out, so that a question for few events reads few of them."""

from datetime import date

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trailquery import tables

DAY = date(2024, 3, 1)
EVENTS = 40_000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The one file of a date with 40,000 events, each with values of its own in the columns that questions pick rows by."""
    lake = tmp_path_factory.mktemp("lake")
    columns = {name: [f"{name}-{n}" for n in range(EVENTS)] for name in tables.EVENT_TABLE.asked_for}
    columns["event_date"] = [DAY] * EVENTS  # type: ignore[list-item]
    schema = pa.schema([*tables.EVENT_TABLE.schema, tables.EVENT_DATE])
    rows = pa.table({field.name: pa.array(columns.get(field.name, [None] * EVENTS), field.type) for field in schema})
    tables.create(lake, tables.EVENT_TABLE)
    tables.append(lake, tables.EVENT_TABLE, rows)
    (written,) = tables.parquet_files(lake, tables.EVENT_TABLE)
    return written


def test_a_row_group_holds_32768_events(file: str) -> None:
    groups = "SELECT DISTINCT row_group_id, row_group_num_rows FROM parquet_metadata($file) ORDER BY ALL"
    assert duckdb.execute(groups, {"file": file}).fetchall() == [(0, 32_768), (1, 7_232)]


@pytest.mark.parametrize(
    "column", ["event_id", "access_key_id", "client_ip", "requested_role_arn", "bucket", "session_id"]
)
def test_a_bloom_filter_tells_the_row_groups_that_hold_a_value(file: str, column: str) -> None:
    probe = (
        f"SELECT row_group_id, bloom_filter_excludes FROM parquet_bloom_probe($file, '{column}', $value) ORDER BY ALL"
    )
    excluded = [
        dict(duckdb.execute(probe, {"file": file, "value": f"{column}-{value}"}).fetchall()) for value in ("7", "none")
    ]
    assert sorted(excluded[0].values()) == [False, True]
    assert excluded[1] == {0: True, 1: True}


def test_texts_are_compressed_and_all_else_is_read_without_inflating(file: str) -> None:
    columns = pq.ParquetFile(file).metadata.row_group(0)
    compression = {columns.column(n).path_in_schema: columns.column(n).compression for n in range(columns.num_columns)}
    assert {name.partition(".")[0] for name, kind in compression.items() if kind == "ZSTD"} == {
        "request_id", "request", "response", "additional", "insight", "event_context", "raw",
        "shared_event_id", "target", "object_key", "resources", "user_agent", "error_message",
    }  # fmt: skip
    assert set(compression.values()) == {"UNCOMPRESSED", "ZSTD"}
