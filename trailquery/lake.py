"""A lake opened for reading: one snapshot of its tables, the views over them, and queries that see nothing else."""

import os
import re
import threading
from collections.abc import Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from trailquery import tables
from trailquery.catalog import bind, find_query, resource_dir
from trailquery.errors import MachineError, UsageError
from trailquery.events import TEXT, TIME
from trailquery.readonly import refuse_unless_select
from trailquery.records import canonical
from trailquery.result import Result
from trailquery.times import zone

QUERY_TIMEOUT_S = 300.0


class Scope(NamedTuple):
    """What `events` is narrowed to: [since, until) in naive UTC; None or empty leaves that side open."""

    since: datetime | None = None
    until: datetime | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


def default_lake() -> Path:
    """$TRAILQUERY_LAKE, else ./lake."""
    return Path(os.environ.get("TRAILQUERY_LAKE") or "lake")


def open_lake(
    path: str | Path | None = None,
    *,
    scope: Scope | None = None,
    tz: str = "UTC",
    timeout_s: float = QUERY_TIMEOUT_S,
    extra_tables: Mapping[str, str | Path] | None = None,
) -> "Lake":
    """The lake at `path` as its last commit left it. Raises UsageError where there is none."""
    return Lake(
        Path(path) if path is not None else default_lake(),
        scope or Scope(),
        zone(tz).key,
        timeout_s,
        extra_tables or {},
    )


class Lake:
    """One snapshot of a lake. Times in results are shown in `zone_name`; a query stops after `timeout_s` seconds."""

    def __init__(
        self,
        path: Path,
        scope: Scope,
        zone_name: str,
        timeout_s: float,
        extra_tables: Mapping[str, str | Path],
    ) -> None:
        if not all((path / table.name / "_delta_log").is_dir() for table in tables.TABLES):
            raise UsageError(f"{path}: no lake here; make one with: trailquery ingest SOURCE --lake {path}")
        self.path = path
        self.scope = scope
        self.zone_name = zone_name
        self.timeout_s = timeout_s
        self._connection = duckdb.connect(
            config={"temp_directory": str(path / "cache"), "python_enable_replacements": "false"}
        )
        self._connection.execute("SET TimeZone = 'UTC'")
        self._add_stored()
        for view in sorted((resource_dir("sql") / "views").glob("*.sql")):
            self._connection.execute(view.read_text(encoding="utf-8"))
        for name, file in extra_tables.items():
            self._add_table(name, Path(file))
        # From here on nothing outside the lake can be read, and no setting changed.
        self._connection.execute("SET allowed_directories = $dirs", {"dirs": [str(path)]})
        self._connection.execute("SET enable_external_access = false")
        self._connection.execute("SET lock_configuration = true")

    def sql(self, sql: str, **params: Any) -> Result:
        """Rows of one SELECT over the views; `$name` in it takes the keyword argument `name`.

        Raises UsageError for anything but one SELECT, for a mistake in it, and past the time limit.
        """
        refuse_unless_select(sql)
        return Result(self._execute("sql", sql, params), self.zone_name)

    def run(self, name: str, **params: Any) -> Result:
        """Rows of the curated query `name`. Raises UsageError for an unknown name or parameter."""
        query = find_query(name)
        return Result(self._execute(query.name, query.sql, bind(query, params)), self.zone_name)

    def narrowed(self, **changes: Any) -> "Lake":
        """The same lake with another scope: `narrowed(since=..., accounts=(...))`."""
        return Lake(self.path, self.scope._replace(**changes), self.zone_name, self.timeout_s, {})

    def describe(self, sql: str, params: Mapping[str, Any]) -> dict[str, str]:
        """Column name to DuckDB type of what `sql` returns, without running it."""
        rows = self._cursor().execute(f"DESCRIBE {sql}", dict(params)).fetchall()
        return {row[0]: row[1] for row in rows}

    def _add_stored(self) -> None:
        """Schema `stored`: each table of the lake as a view over the Parquet files of its newest version."""
        self._connection.execute("CREATE SCHEMA stored")
        for table in tables.TABLES:
            name = "loaded" if table is tables.EVENT_TABLE else "differing" if table is tables.VARIANTS else table.name
            self._connection.execute(f"CREATE VIEW stored.{name} AS {_scan(self.path, table)}")
        files, positions = self._swapped_places()
        (swaps,) = self._connection.execute(
            "CREATE TABLE stored.swaps AS SELECT unnest($files::VARCHAR[]) AS file_sha256, unnest($positions::INTEGER[]) AS position",
            {"files": files, "positions": positions},
        ).fetchall()[0]
        events, variants = "FROM stored.loaded", "FROM stored.differing"
        if swaps:  # the rare case costs every query a join, the usual one nothing
            is_swapped = "(e.file_sha256, e.position) IN (FROM stored.swaps)"
            kept, replaced = (f"FROM stored.{name} AS e WHERE NOT {is_swapped}" for name in ("loaded", "differing"))
            events = f"{kept} UNION ALL FROM stored.differing AS e WHERE {is_swapped}"
            variants = f"{replaced} UNION ALL FROM stored.loaded AS e WHERE {is_swapped}"
        self._connection.execute(f"CREATE VIEW stored.events AS {events}; CREATE VIEW stored.variants AS {variants}")

    def _swapped_places(self) -> tuple[list[str], list[int]]:
        """Where copies of an event differ, the content alone elects the one to show, whichever came first.

        Files and positions of the elected copies that are not in `loaded`, and of those they replace.
        """
        copies = self._connection.execute(
            "SELECT true, event_id, account_id, addendum_reason, raw, file_sha256, position FROM stored.loaded"
            " WHERE EXISTS (SELECT 1 FROM stored.differing WHERE differing.event_id = loaded.event_id"
            " AND differing.account_id IS NOT DISTINCT FROM loaded.account_id)"
            " UNION ALL"
            " SELECT false, event_id, account_id, addendum_reason, raw, file_sha256, position FROM stored.differing"
        ).fetchall()
        by_event: dict[tuple[str, str | None], list[Any]] = {}
        for loaded, event_id, account_id, reason, raw, *place in copies:
            rank = (reason != "UPDATED_DATA", sha256(canonical(raw)).digest())
            by_event.setdefault((event_id, account_id), []).append((rank, loaded, place))
        places = [
            place
            for group in by_event.values()
            for elected in [min(group)]
            if not elected[1]
            for place in (elected[2], next(copy[2] for copy in group if copy[1]))
        ]
        return [file for file, _ in places], [position for _, position in places]

    def _add_table(self, name: str, file: Path) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UsageError(f"--table {name}: a table's name is letters, digits and _; write --table iocs=FILE.csv")
        reader = {".csv": "read_csv", ".tsv": "read_csv", ".json": "read_json", ".jsonl": "read_json"}.get(
            file.suffix.lower(), "read_parquet"
        )
        try:
            self._connection.execute(f"CREATE TABLE {name} AS FROM {reader}($file)", {"file": str(file)})
        except duckdb.Error as error:
            raise UsageError(f"--table {name}: {file}: {str(error).splitlines()[0]}") from None

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        cursor = self._connection.cursor()
        for name, value in self.scope._asdict().items():
            bound = list(value) if isinstance(value, tuple) else value
            cursor.execute(f"SET VARIABLE scope_{name} = $bound", {"bound": bound})
        return cursor

    def _execute(self, name: str, sql: str, params: Mapping[str, Any]) -> pa.RecordBatchReader:
        cursor = self._cursor()
        with _TimeLimit(cursor, self.timeout_s):
            try:
                reader = cursor.sql(sql, params=dict(params)).to_arrow_reader()
            except (duckdb.Error, RuntimeError) as error:
                raise self._explained(name, error) from None
        return pa.RecordBatchReader.from_batches(reader.schema, self._batches(name, reader, cursor))

    def _batches(
        self, name: str, reader: pa.RecordBatchReader, cursor: duckdb.DuckDBPyConnection
    ) -> Iterator[pa.RecordBatch]:
        with _TimeLimit(cursor, self.timeout_s):
            try:
                yield from reader
            except (duckdb.Error, RuntimeError, pa.ArrowException, OSError) as error:
                raise self._explained(name, error) from None

    def _explained(self, name: str, error: Exception) -> BaseException:
        """What to raise for `error`, which DuckDB raised while it ran the query `name`."""
        text = str(error)
        if isinstance(error, duckdb.InterruptException) or "INTERRUPT" in text:
            return UsageError(
                f"{name}: stopped after {self.timeout_s:g} s; narrow it with --since and --until, or raise --timeout"
            )
        if type(error) is RuntimeError:  # DuckDB's word for Ctrl-C
            return KeyboardInterrupt() if "interrupted" in text else error
        if isinstance(error, duckdb.IOException) or "No space left" in text:
            return MachineError(f"{self.path}: {text.splitlines()[0]}")
        return UsageError(f"{name}: {text}")


class _TimeLimit:
    """Interrupts what runs on `cursor` once `timeout_s` seconds have passed."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, timeout_s: float) -> None:
        # A cell that is emptied at the end: the thread must not keep the connection alive.
        self._running = [cursor]
        self._timer = threading.Timer(timeout_s, self._interrupt)
        self._timer.daemon = True

    def _interrupt(self) -> None:
        for cursor in self._running:
            cursor.interrupt()

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._running.clear()
        self._timer.cancel()
        self._timer.join()


def _scan(lake: Path, table: tables.Table) -> str:
    """SQL that reads every row of `table`; no row when it has no files yet."""
    files = tables.parquet_files(lake, table)
    if files:
        listed = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        hive = ", hive_partitioning = true, hive_types = {event_date: DATE}" if table.by_date else ""
        return f"FROM read_parquet([{listed}]{hive})"
    fields = [*table.schema, tables.EVENT_DATE] if table.by_date else list(table.schema)
    return f"SELECT {', '.join(f'NULL::{_sql_type(field.type)} AS {field.name}' for field in fields)} WHERE false"


def _sql_type(kind: pa.DataType) -> str:
    """DuckDB's name for the type of a column of ours."""
    if pa.types.is_list(kind):
        return f"{_sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"STRUCT({', '.join(f'{field.name} {_sql_type(field.type)}' for field in kind)})"
    return _SQL_TYPES[kind]


_SQL_TYPES = {
    TEXT: "VARCHAR",
    TIME: "TIMESTAMP",
    pa.bool_(): "BOOLEAN",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
}
