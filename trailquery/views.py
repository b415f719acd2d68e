"""The views over one snapshot of a lake's tables, made on any DuckDB connection."""

import re
import threading
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from trailquery import tables
from trailquery.catalog import resource_dir
from trailquery.enrich import define_enriched
from trailquery.events import TEXT, TIME
from trailquery.settings import Settings
from trailquery.soundness import canonical

_ENDS_STATEMENT = re.compile(r";[ \t]*(?:--[^\n]*)?\n")
_CREATES = re.compile(r"^CREATE (?:VIEW|MACRO|SCHEMA) ([\w.]+)", re.MULTILINE)

EVERYTHING = "*"
_CATALOG = re.compile("duckdb_|pragma_|query")  # functions that list what is defined, or read SQL of their own
_NAMED = """
SELECT
    json_extract_string(tree, '$..table_name'),
    json_extract_string(tree, '$..function_name'),
    json_extract_string(tree, '$..cte_map.map[*].key')
FROM (SELECT json_serialize_sql($sql) AS tree)
"""


class Snapshot(NamedTuple):
    """What the views were made of: their text, the Parquet files of the events, and of each copy that is not shown
    where it was stored, or shown where it was not, the date (None without one), file and position."""

    sql: str
    event_files: list[str]
    swaps: list[tuple[date | None, str, int]]


class Views:
    """Schema `stored`, the tables as their last commit left them, and the views of sql/views over it.

    DuckDB binds a view when it is defined, all of them in half a second: each waits until a query names it.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Path, settings: Settings) -> None:
        event_files, swaps = _define_stored(connection, lake)
        files = sorted((resource_dir("sql") / "views").glob("*.sql"))
        macros, *views = (file.read_text(encoding="utf-8") for file in files)
        connection.execute(macros)
        define_enriched(connection, lake, settings, " ".join(event_files))
        self.snapshot = Snapshot("\n".join([macros, *views]), event_files, swaps)
        self._waiting: dict[str, str] = {}  # by what they create, in an order in which each finds what it names
        self._comments: list[str] = []
        for statement in statements("\n".join(views)):
            if created := _CREATES.search(statement):
                self._waiting[created[1]] = statement
            else:
                self._comments.append(statement)
        self._names = {name: self._named(statement) for name, statement in self._waiting.items()}
        self.names = self._names.keys()
        self._defining = threading.Lock()

    def prepare(self, connection: duckdb.DuckDBPyConnection, sql: str) -> set[str]:
        """Define what `sql` needs; returns the names of the tables and views in it, in lower case."""
        ((tables_named, functions, ctes),) = connection.execute(_NAMED, {"sql": sql}).fetchall()
        named = {name.lower() for name in tables_named if name}
        ours = named - ({name.lower() for name in ctes} - self._names.keys())
        called = {name.lower() for name in functions}
        is_told = (tables_named or called) and not any(_CATALOG.match(name) for name in called)
        self.define(connection, ours | (called & self._names.keys()) if is_told else {EVERYTHING})
        return named

    def define(self, connection: duckdb.DuckDBPyConnection, names: set[str]) -> None:
        """Define what is called one of `names` and what that stands on; where one is none of ours, everything."""
        with self._defining:
            needed = names if names <= self._names.keys() else set(self._names)
            while more := set().union(*map(self._names.__getitem__, needed)) - needed:
                needed = needed | more
            for name in [name for name in self._waiting if name in needed]:
                connection.execute(self._waiting[name])
                del self._waiting[name]
            if not self._waiting:
                connection.execute("".join(self._comments))
                self._comments = []

    def _named(self, statement: str) -> set[str]:
        """Which of ours the words of a statement may name; the schema of one that has any among them."""
        words = set(re.findall(r"[\w.]+", statement))
        return (words | {word.partition(".")[0] for word in words & self._waiting.keys()}) & self._waiting.keys()


def define_views(connection: duckdb.DuckDBPyConnection, lake: Path, settings: Settings) -> None:
    """Everything that Views defines, at once."""
    views = Views(connection, lake, settings)
    views.define(connection, {EVERYTHING})


def statements(sql: str) -> list[str]:
    """The statements of a file of sql/views: each ends with a line."""
    return [f"{statement};\n" for statement in _ENDS_STATEMENT.split(sql) if statement.strip()]


def _define_stored(
    connection: duckdb.DuckDBPyConnection, lake: Path
) -> tuple[list[str], list[tuple[date | None, str, int]]]:
    """Schema `stored`: each table of the lake as a view over the Parquet files of its newest version."""
    connection.execute("CREATE SCHEMA stored")
    files = {table.name: tables.parquet_files(lake, table) for table in tables.TABLES}
    for table in tables.TABLES:
        name = "loaded" if table is tables.EVENT_TABLE else "differing" if table is tables.VARIANTS else table.name
        connection.execute(f"CREATE VIEW stored.{name} AS {_scan(table, files[table.name])}")
    swaps = _swapped_places(connection)
    connection.execute(
        "CREATE TABLE stored.swaps AS SELECT unnest($files::VARCHAR[]) AS file_sha256, unnest($positions::INTEGER[]) AS position",
        {"files": [file for _, file, _ in swaps], "positions": [position for _, _, position in swaps]},
    )
    events, variants = "FROM stored.loaded", "FROM stored.differing"
    if swaps:  # the rare case costs every query a join, the usual one nothing
        is_swapped = "(e.file_sha256, e.position) IN (FROM stored.swaps)"
        kept, replaced = (f"FROM stored.{name} AS e WHERE NOT {is_swapped}" for name in ("loaded", "differing"))
        events = f"{kept} UNION ALL FROM stored.differing AS e WHERE {is_swapped}"
        variants = f"{replaced} UNION ALL FROM stored.loaded AS e WHERE {is_swapped}"
    connection.execute(f"CREATE VIEW stored.events AS {events}; CREATE VIEW stored.variants AS {variants}")
    return files[tables.EVENT_TABLE.name], swaps


def _swapped_places(connection: duckdb.DuckDBPyConnection) -> list[tuple[date | None, str, int]]:
    """Where copies of an event differ, the content alone elects the one to show, whichever came first.

    Dates, files and positions of the elected copies that are not in `loaded`, and of those they replace.
    """
    copies = connection.execute(
        "SELECT true, event_id, account_id, addendum_reason, raw, event_date, file_sha256, position FROM stored.loaded"
        " WHERE EXISTS (SELECT 1 FROM stored.differing WHERE differing.event_id = loaded.event_id"
        " AND differing.account_id IS NOT DISTINCT FROM loaded.account_id)"
        " UNION ALL"
        " SELECT false, event_id, account_id, addendum_reason, raw, event_date, file_sha256, position FROM stored.differing"
    ).fetchall()
    by_event: dict[tuple[str, str | None], list[Any]] = {}
    for loaded, event_id, account_id, reason, raw, *place in copies:
        rank = (reason != "UPDATED_DATA", sha256(canonical(raw)).digest())
        by_event.setdefault((event_id, account_id), []).append((rank, loaded, place))
    return [
        tuple(place)
        for group in by_event.values()
        for elected in [min(group)]
        if not elected[1]
        for place in (elected[2], next(copy[2] for copy in group if copy[1]))
    ]


def _scan(table: tables.Table, files: list[str]) -> str:
    """SQL that reads every row of `table`; no row when it has no files yet."""
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
