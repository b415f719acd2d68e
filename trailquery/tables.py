"""The five Delta tables of a lake: their schemas, how rows are written, how a snapshot is read.

We write the Parquet files ourselves, sorted, and commit them to the Delta log in one atomic step; a file that no
commit names is invisible. A table's history is kept for ever, so that a report can pin the versions it saw.
"""

import json
import os
import shlex
import stat
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError
from deltalake.transaction import AddAction, RemoveAction

from trailquery.errors import UsageError, refused
from trailquery.events import EVENTS, TEXT, TIME

ROW_GROUP = 32_768  # rows at most
ROW_GROUP_BYTES = 128 << 20  # about
PAGE_ROWS = 2_048  # as many as DuckDB works on at once: a page without a row that is asked for is not inflated
UNIQUE_FPP = 1e-4  # so that hundreds of ids looked up at once read few row groups in vain
REPEATED_FPP = 1e-2
FEW_IDS = 2_000  # as many at most are looked up in Bloom filters; more are joined
PROPERTIES = {
    "delta.logRetentionDuration": "interval 36500 days",
    "delta.deletedFileRetentionDuration": "interval 36500 days",
    "delta.enableExpiredLogCleanup": "false",
    "delta.checkpointInterval": "10",  # commits: as many more are read by whoever opens the table
}
EVENT_DATE = pa.field("event_date", pa.date32())
NO_DATE = "__HIVE_DEFAULT_PARTITION__"

_PLACE = [pa.field("source_file", TEXT), pa.field("file_sha256", TEXT), pa.field("position", pa.int32())]


class Table(NamedTuple):
    """One Delta table: `by_date` is partitioned by event_date, `unique` are text columns that hardly ever repeat;
    `asked_for` has a Bloom filter for each column that questions pick few rows by. Of those in `bare` the pages are not
    compressed: they hardly shrink, and are read by nearly every answer."""

    name: str
    schema: pa.Schema
    by_date: bool = False
    sort: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    asked_for: tuple[str, ...] = ()
    bare: frozenset[str] = frozenset()


_LONG = ("event_id", "request_id", "request", "response", "additional", "insight", "event_context", "raw")
_ASKED_FOR = ("event_id", "access_key_id", "client_ip", "requested_role_arn", "bucket", "session_id")
_SHRINKING = {*_LONG[1:], "shared_event_id", "target", "object_key", "resources", "user_agent", "error_message"}
_BARE = frozenset(EVENTS.names) - _SHRINKING
_SORT = ("category", "principal_key", "event_time", "event_id")
EVENT_TABLE = Table("events", EVENTS, True, _SORT, _LONG, _ASKED_FOR, _BARE)
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
VARIANTS = Table("variants", EVENTS, True, ("event_time", "event_id"), _LONG, bare=_BARE)
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
            pa.field("metadata", TEXT),
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
        configuration=PROPERTIES,
    )


def refuse_unless_lake(lake: Path) -> None:
    """Raises UsageError where there is no lake."""
    if not all((lake / table.name / "_delta_log").is_dir() for table in TABLES):
        raise UsageError(
            f"{lake}: no lake here; make one with: trailquery ingest SOURCE --lake {shlex.quote(str(lake))}"
        )


def is_foreign(path: str | Path) -> bool:
    """Whether it is neither file nor folder: a link leads out of a lake, and a pipe hangs who opens it."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:  # nothing lies there
        return False
    return not (stat.S_ISREG(mode) or stat.S_ISDIR(mode))


def refuse_foreign(lake: Path, *names: str) -> None:
    """Raises UsageError where one of these entries of the lake, or of all, is neither file nor folder, or holds such.

    Dates and digests are many: who reads one of their files looks at it by itself.
    """
    waiting = [entry for entry in os.scandir(lake) if not names or entry.name in names]
    for entry in waiting:
        if not entry.is_dir(follow_symlinks=False):
            if not entry.is_file(follow_symlinks=False):
                raise UsageError(_FOREIGN.format(entry.path))
        elif not (entry.name.startswith("event_date=") or Path(entry).parts[-2:] == ("evidence", "digests")):
            with suppress(OSError):  # gone meanwhile, or of somebody else
                waiting += os.scandir(entry)


_FOREIGN = "{}: is a link, a pipe, a socket or a device, as no lake holds them; move it away"


def opened(lake: Path, table: Table, version: int | None = None) -> DeltaTable:
    """The table at this version, or the newest. Raises MachineError where its log is damaged or cannot be read."""
    refuse_foreign(lake, table.name, "cache", "evidence", "pins")
    try:
        return DeltaTable(str(lake / table.name), version=version)
    except (OSError, DeltaError) as error:
        raise refused(error, lake / table.name / "_delta_log") from None


def parquet_files(lake: Path, table: Table) -> list[str]:
    """Paths of the Parquet files of the table's newest version, sorted.

    Raises UsageError where it lacks columns of ours, or names files elsewhere, or what is no file.
    """
    delta = opened(lake, table)
    missing = set(table.schema.names) - {field.name for field in delta.schema().fields}
    if missing:
        raise UsageError(
            f"{lake}: made by an earlier version, its {table.name} lack {', '.join(sorted(missing))};"
            " ingest the log files again, into a new lake"
        )
    files = sorted(os.path.normpath(unquote(uri)) for uri in delta.file_uris())
    root = f"{os.path.realpath(lake / table.name)}{os.sep}"
    if foreign := next(filter(is_foreign, files), None):
        raise UsageError(_FOREIGN.format(foreign))
    if astray := next((file for file in files if not file.startswith(root)), None):
        raise UsageError(f"{lake}: its {table.name} name {astray}, which lies elsewhere; the lake was changed by hand")
    return files


def partition(day: str | None) -> str:
    """The folder of the rows of an event_date, ISO, or of those without one."""
    return f"event_date={day or NO_DATE}"


def day_of(file: Path) -> str | None:
    """The event_date, ISO, of the rows in a file of a partition."""
    day = file.parent.name.removeprefix("event_date=")
    return None if day == NO_DATE else day


def append(lake: Path, table: Table, rows: pa.Table, chosen: pa.BooleanArray | None = None) -> None:
    """Commit the `chosen` of `rows`, or all, in one atomic step: columns of `table.schema`, and event_date where
    partitioned by it."""
    root = lake / table.name
    actions: list[AddAction | RemoveAction] = [
        _write_part(root, table, day, rows, order) for day, order in _sorted_parts(table, rows, chosen)
    ]
    if actions:
        _commit(opened(lake, table), table, actions)


def replace(lake: Path, table: Table, files: list[Path]) -> None:
    """Commit one sorted file in the place of `files`, which hold rows of one partition, in one atomic step.

    The rows stay as they are, and versions before this one too: the old files stay on the disk, and carry the time from
    which no newer version needs them.
    """
    root, delta, day = lake / table.name, opened(lake, table), day_of(files[0])
    rows = pa.concat_tables([pq.read_table(file, partitioning=None) for file in files])
    order = _order(rows, table.sort, pa.arange(0, len(rows)))
    added = _write_part(root, table, day, rows, order, data_change=False)
    _commit(delta, table, [added, *(_superseded(table, file, data_change=False) for file in files)])


def remove(lake: Path, table: Table, files: list[Path]) -> None:
    """Commit that the rows of `files`, of a table that is partitioned by date, are gone, in one atomic step."""
    delta = opened(lake, table)
    _commit(delta, table, [_superseded(table, file, data_change=True) for file in files])


def _superseded(table: Table, file: Path, data_change: bool) -> RemoveAction:
    """That no newer version needs the file; it carries the time from which this is so."""
    os.utime(file)
    path, status = f"{file.parent.name}/{file.name}" if table.by_date else file.name, file.stat()
    values = {"event_date": day_of(file)} if table.by_date else {}
    return RemoveAction(quote(path, safe="/="), data_change, int(status.st_mtime * 1000), status.st_size, values)


@contextmanager
def only_writer(lake: Path) -> Iterator[None]:
    """Hold the lake's lock; the system frees it when the process ends, however it ends."""
    refuse_foreign(lake, "cache")
    (lake / "cache").mkdir(exist_ok=True)
    with (lake / "cache" / "writer.lock").open("a+b") as lock:
        try:
            if os.name == "nt":
                import msvcrt

                msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
            else:
                import fcntl

                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UsageError(f"{lake}: another ingest is writing to this lake; wait until it is done") from None
        yield


def _commit(delta: DeltaTable, table: Table, actions: Sequence[AddAction | RemoveAction]) -> None:
    partition_by = ["event_date"] if table.by_date else None
    delta.create_write_transaction(list(actions), mode="append", schema=delta.schema(), partition_by=partition_by)


def _order(rows: pa.Table, names: tuple[str, ...], indices: pa.Array) -> pa.Array:
    """`indices` of rows, sorted by these columns."""
    if not names:
        return indices
    keys = rows.select(names).take(indices)
    return indices.take(pc.sort_indices(keys, sort_keys=[(name, "ascending") for name in names]))


def _sorted_parts(
    table: Table, rows: pa.Table, chosen: pa.BooleanArray | None
) -> Iterator[tuple[str | None, pa.Array]]:
    """Each partition's event_date, ISO, and the indices of its chosen rows in the order in which they are written."""
    indices = pa.arange(0, len(rows)) if chosen is None else pc.indices_nonzero(chosen)
    if not len(indices):
        return
    if not table.by_date:
        yield None, _order(rows, table.sort, indices)
        return
    order = _order(rows, ("event_date", *table.sort), indices)
    runs = pc.run_end_encode(pa.chunked_array([rows["event_date"].combine_chunks().take(order)]).combine_chunks())
    start = 0
    for day, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True):
        yield day and day.isoformat(), order.slice(start, end - start)
        start = end


def _bloom_filter(column: pa.ChunkedArray, order: pa.Array, is_unique: bool) -> dict[str, float]:
    """How large the Bloom filters of a column of one file are made."""
    if is_unique:
        return {"ndv": min(len(order), ROW_GROUP), "fpp": UNIQUE_FPP}
    return {"ndv": min(max(1, pc.count_distinct(column.take(order)).as_py()), ROW_GROUP), "fpp": REPEATED_FPP}


def _leaves(schema: pa.Schema) -> Iterator[str]:
    """The columns as Parquet names them, which knows only those that hold values: `resources.list.element.arn`."""
    waiting = [(field.name, field.type) for field in schema]
    for path, kind in waiting:
        if pa.types.is_list(kind):
            waiting.append((f"{path}.list.element", kind.value_type))
        elif pa.types.is_struct(kind):
            waiting.extend((f"{path}.{field.name}", field.type) for field in kind)
        else:
            yield path


def _write_part(
    root: Path, table: Table, day: str | None, rows: pa.Table, order: pa.Array, data_change: bool = True
) -> AddAction:
    """One Parquet file of the rows at the indices `order`, of which a row group at a time is copied."""
    folder = f"{partition(day)}/" if table.by_date else ""
    path = f"{folder}part-{uuid.uuid4()}.parquet"
    (root / folder).mkdir(exist_ok=True)
    filters = {name: _bloom_filter(rows[name], order, name in table.unique) for name in table.asked_for}
    short = [name for name in table.schema.names if name not in table.unique]
    rows = rows.select(table.schema.names)
    step = max(1, min(ROW_GROUP, ROW_GROUP_BYTES * len(rows) // max(1, rows.nbytes)))
    with pq.ParquetWriter(
        root / path,
        table.schema,
        compression={leaf: "none" if leaf in table.bare else "zstd" for leaf in _leaves(table.schema)},
        use_dictionary=short,
        write_statistics=[*short, "event_id"] if table.unique else True,
        max_rows_per_page=PAGE_ROWS,
        bloom_filter_options=filters or None,
    ) as writer:
        for start in range(0, len(order), step):
            writer.write_table(rows.take(order.slice(start, step)).cast(table.schema), row_group_size=step)
    status = (root / path).stat()
    return AddAction(
        path=quote(path, safe="/="),
        size=status.st_size,
        partition_values={"event_date": day} if table.by_date else {},
        modification_time=int(status.st_mtime * 1000),
        data_change=data_change,
        stats=json.dumps({"numRecords": len(order)}),
    )
