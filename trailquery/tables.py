"""The five Delta tables of a lake: their schemas, how rows are written, how a snapshot is read.

We write the Parquet files ourselves, sorted, and commit them to the Delta log in one atomic step; a file that no
commit names is invisible. A table's history is kept for ever, so that a report can pin the versions it saw.
"""

import json
import uuid
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.transaction import AddAction, RemoveAction

from trailquery.errors import UsageError
from trailquery.events import EVENTS, TEXT, TIME

ROW_GROUP = 122_880
KEEP_FOREVER = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
}
EVENT_DATE = pa.field("event_date", pa.date32())

_PLACE = [pa.field("source_file", TEXT), pa.field("file_sha256", TEXT), pa.field("position", pa.int32())]


class Table(NamedTuple):
    """One Delta table: `by_date` is partitioned by event_date, `unique` are text columns that never repeat."""

    name: str
    schema: pa.Schema
    by_date: bool = False
    sort: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()


_LONG = ("event_id", "request_id", "request", "response", "additional", "insight", "event_context", "raw")
EVENT_TABLE = Table("events", EVENTS, True, ("category", "principal_key", "event_time", "event_id"), _LONG)
SIGHTINGS = Table(
    "sightings",
    pa.schema(
        [
            pa.field("event_id", TEXT),
            pa.field("account_id", TEXT),
            *_PLACE,
            pa.field("delivered_at", TIME),
            pa.field("same_as_file", TEXT),
            pa.field("same_as_position", pa.int32()),
            pa.field("raw", TEXT),  # only where the bytes differ from those of the copy it equals
        ]
    ),
)
VARIANTS = Table("variants", EVENTS, True, ("event_time", "event_id"), _LONG)
REJECTS = Table(
    "rejects",
    pa.schema([*_PLACE, pa.field("reason", TEXT), pa.field("bytes", pa.binary()), pa.field("ingested_at", TIME)]),
)
FILES = Table(
    "files",
    pa.schema(
        [
            pa.field("file_sha256", TEXT),
            pa.field("place", TEXT),
            pa.field("kind", TEXT),
            pa.field("status", TEXT),
            pa.field("reason", TEXT),
            pa.field("size_bytes", pa.int64()),
            pa.field("content_sha256", TEXT),
            pa.field("content_bytes", pa.int64()),
            pa.field("records", pa.int64()),
            pa.field("rejected", pa.int64()),
            pa.field("first_event_time", TIME),
            pa.field("last_event_time", TIME),
            pa.field("delivered_at", TIME),
            pa.field("account_id", TEXT),
            pa.field("region", TEXT),
            pa.field("organization_id", TEXT),
            pa.field("folder", TEXT),
            pa.field("prefix", TEXT),
            pa.field("etag", TEXT),
            pa.field("version_id", TEXT),
            pa.field("last_modified", TIME),
            pa.field("storage_class", TEXT),
            pa.field("encryption", TEXT),
            pa.field("ingested_at", TIME),
        ]
    ),
)
TABLES = (EVENT_TABLE, SIGHTINGS, VARIANTS, REJECTS, FILES)  # in the order in which an ingest commits them


def create(lake: Path, table: Table) -> None:
    """Make the empty table below `lake` unless it is there."""
    if DeltaTable.is_deltatable(str(lake / table.name)):
        return
    fields = [*table.schema, EVENT_DATE] if table.by_date else list(table.schema)
    DeltaTable.create(
        str(lake / table.name),
        schema=pa.schema(fields),
        partition_by=["event_date"] if table.by_date else None,
        configuration=KEEP_FOREVER,
    )


def parquet_files(lake: Path, table: Table) -> list[str]:
    """Paths of the Parquet files of the table's newest version, sorted. Raises UsageError where it lacks columns of ours."""
    delta = DeltaTable(str(lake / table.name))
    missing = set(table.schema.names) - {field.name for field in delta.schema().fields}
    if missing:
        raise UsageError(
            f"{lake}: made by an earlier version, its {table.name} lack {', '.join(sorted(missing))};"
            " ingest the log files again, into a new lake"
        )
    return sorted(map(unquote, delta.file_uris()))


def append(lake: Path, table: Table, rows: pa.Table) -> None:
    """Commit `rows` (columns of `table.schema`, and event_date where partitioned by it) in one atomic step."""
    if rows.num_rows == 0:
        return
    delta = DeltaTable(str(lake / table.name))
    if table.by_date:
        dates = rows["event_date"].unique().to_pylist()
        parts = [(day, rows.filter(_on_day(rows["event_date"], day)).drop(["event_date"])) for day in dates]
    else:
        parts = [(None, rows)]
    actions: list[AddAction | RemoveAction] = [_write_part(lake / table.name, table, day, part) for day, part in parts]
    delta.create_write_transaction(
        actions, mode="append", schema=delta.schema(), partition_by=["event_date"] if table.by_date else None
    )


def _on_day(dates: pa.ChunkedArray, day: date | None) -> pa.ChunkedArray:
    return pc.is_null(dates) if day is None else pc.fill_null(pc.equal(dates, day), False)


def _write_part(root: Path, table: Table, day: date | None, rows: pa.Table) -> AddAction:
    if table.sort:
        rows = rows.sort_by([(name, "ascending") for name in table.sort])
    value = day.isoformat() if day else None
    folder = f"event_date={value or '__HIVE_DEFAULT_PARTITION__'}/" if table.by_date else ""
    path = f"{folder}part-{uuid.uuid4()}.parquet"
    (root / folder).mkdir(exist_ok=True)
    options: dict[str, Any] = {}
    if "event_id" in table.unique:
        options["bloom_filter_options"] = {"event_id": {"ndv": rows.num_rows, "fpp": 0.01}}
    pq.write_table(
        rows.cast(table.schema),
        root / path,
        compression="zstd",
        row_group_size=ROW_GROUP,
        use_dictionary=[name for name in table.schema.names if name not in table.unique],
        **options,
    )
    status = (root / path).stat()
    return AddAction(
        path=quote(path, safe="/="),
        size=status.st_size,
        partition_values={"event_date": value} if table.by_date else {},
        modification_time=int(status.st_mtime * 1000),
        data_change=True,
        stats=json.dumps({"numRecords": rows.num_rows}),
    )
