"""The views over one snapshot of a lake's tables, made on any DuckDB connection."""

import re
import threading
from collections.abc import Callable
from datetime import date
from functools import cache, partial
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from trailquery import tables
from trailquery.catalog import resource_dir
from trailquery.columns import sql_type
from trailquery.coverage import define_digests, fill_digests
from trailquery.enrich import define_enriched
from trailquery.parameters import literal
from trailquery.readonly import Syntax
from trailquery.settings import Settings
from trailquery.soundness import canonical
from trailquery.verdicts import NOT_CHECKED, Verdicts, judged, unjudged

_ENDS_STATEMENT = re.compile(r";[ \t]*(?:--[^\n]*)?\n")
_COMMENT = re.compile(r"--.*")
_CREATES = re.compile(r"^CREATE (?:VIEW|MACRO|SCHEMA) ([\w.]+)", re.MULTILINE)

EVERYTHING = "*"
# Views that several others stand on, more than once: each is a table from the first query that needs it.
_WORKED_OUT_ONCE = tuple(
    f"stored.{name}" for name in ("file_places", "digest_places", "chains", "listed_files", "chain_files")
)
_CATALOG = re.compile("duckdb_|pragma_|query")  # functions that list what is defined, or read SQL of their own


class Snapshot(NamedTuple):
    """What the views were made of: their text, the Parquet files of each table, and of each copy that is not shown
    where it was stored, or shown where it was not, the date (None without one), file and position."""

    sql: str
    files: dict[str, list[str]]
    swaps: list[tuple[date | None, str, int]]

    @property
    def event_files(self) -> list[str]:
        return self.files[tables.EVENT_TABLE.name]


class Named(NamedTuple):
    """What a statement needs: the tables and views it names, in lower case, all of ours that those stand on, whether it
    looks at `integrity`, and whether it takes columns by a star, of which that may be one."""

    tables: set[str]
    stands_on: set[str]
    wants_integrity: bool
    has_star: bool


class Views:
    """Schema `stored`, the tables as their last commit left them, and the views of sql/views over it.

    DuckDB binds a view when it is defined, all of them in half a second: each waits until a query names it. Where they are
    `judged`, `integrity` is joined to each event, and otherwise a constant. `files` are those of a snapshot to share.
    Unless a lake `has_scope`, `events` are the `history`: to bind its conditions takes a millisecond a question.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        lake: Path,
        settings: Settings,
        judged: bool = False,
        files: dict[str, list[str]] | None = None,
        has_scope: bool = True,
    ) -> None:
        known = files or {table.name: tables.parquet_files(lake, table) for table in tables.TABLES}
        _define_tables(connection, known)
        self.verdicts = Verdicts(connection, lake)
        if judged:
            self.verdicts.fill()
        swaps = _define_copies(connection, self.verdicts, judged, known)
        define_digests(connection)
        self._filled_on_demand: dict[str, Callable[[], None]] = {
            "stored.verdicts": self.verdicts.fill,
            "stored.file_verdicts": self.verdicts.fill,
            "stored.digests": partial(fill_digests, connection, lake),
        }
        texts = sorted((resource_dir("sql") / "views").glob("*.sql"))
        macros, *views = (file.read_text(encoding="utf-8") for file in texts)
        connection.execute(macros)
        define_enriched(connection, lake, settings, " ".join(known[tables.EVENT_TABLE.name]))
        self.snapshot = Snapshot("\n".join([macros, *views]), known, swaps)
        self._waiting: dict[str, str] = {}  # by what they create, in an order in which each finds what it names
        self._comments: list[str] = []
        for statement in statements("\n".join(views)):
            if created := _CREATES.search(statement):
                self._waiting[created[1]] = statement
            else:
                self._comments.append(statement)
        if not has_scope:
            self._waiting["events"] = "CREATE VIEW events AS FROM history;\n"
        self._macros, self._texts = macros, dict(self._waiting)
        self._names = {name: self._named(statement) for name, statement in self._waiting.items()}
        self._names |= {name: set() for name in (*self._filled_on_demand, tables.SIGHTINGS.name)}
        self.names = self._names.keys()
        self._worked_out: set[str] = set()
        self._defining = threading.Lock()

    def named(self, syntax: Syntax) -> Named:
        """What a statement needs of ours."""

        def told(*at: str) -> set[str]:
            """The texts below one of `at`: a key, or a key and the one before it."""
            return {
                text.lower()
                for (before, key), texts in syntax.items()
                if key in at or f"{before}.{key}" in at
                for text in texts
                if text
            }

        tables_named, functions, ctes = told("table_name"), told("function_name"), told("map.key")
        ours = tables_named - (ctes - self._names.keys())
        is_told = not any(_CATALOG.match(name) for name in functions)
        needed = ours | (functions & self._names.keys()) if is_told else {EVERYTHING}
        columns = told("column_names", "using_columns")
        whole_rows = tables_named | told("from_table.alias", "left.alias", "right.alias")
        wants = not columns.isdisjoint({"integrity", *whole_rows})
        return Named(tables_named, self._closure(needed), wants, "star" in told("class"))

    def add(self, table: str) -> None:
        """A table of the user's own, which stands on none of ours."""
        self._names[table.lower()] = set()

    def text(self, sql: str) -> str:
        """The macros, and the definitions of all of ours that the words of `sql` may name."""
        named = {*re.findall(r"[\w.]+", sql.lower()), *re.findall(r"\w+", sql.lower())}
        return "\n".join(
            [self._macros, *(self._texts.get(name, "") for name in sorted(self._closure(named & self.names)))]
        )

    def define(self, connection: duckdb.DuckDBPyConnection, names: set[str]) -> None:
        """Define what is called one of `names` and what that stands on; where one is none of ours, everything."""
        with self._defining:
            wanted = self._closure(names)
            for name in wanted & self._filled_on_demand.keys():
                self._filled_on_demand.pop(name)()
            needed = wanted if wanted <= self._names.keys() else set(self._names)
            for name in [name for name in self._waiting if name in needed]:
                connection.execute(self._waiting[name])
                del self._waiting[name]
            if not self._waiting:
                connection.execute("".join(self._comments))
                self._comments = []
            for name in [name for name in _WORKED_OUT_ONCE if name in wanted - self._worked_out]:
                table = f"stored.once_{name.partition('.')[2]}"
                connection.execute(
                    f"CREATE TABLE {table} AS FROM {name}; CREATE OR REPLACE VIEW {name} AS FROM {table}"
                )
                self._worked_out.add(name)

    def _closure(self, names: set[str]) -> set[str]:
        """`names` and all of ours that they stand on."""
        while more := set().union(*(self._names.get(name, ()) for name in names)) - names:
            names = names | more
        return names

    def _named(self, statement: str) -> set[str]:
        """Which of ours the words of a statement may name; the schema of one that has any among them."""
        ours = self._waiting.keys() | self._filled_on_demand.keys()
        words = _words(statement)
        return ours & (words | {word.partition(".")[0] for word in words & ours})


def define_views(connection: duckdb.DuckDBPyConnection, lake: Path, settings: Settings) -> None:
    """Everything that Views defines, at once."""
    views = Views(connection, lake, settings, judged=True)
    views.define(connection, {EVERYTHING, *views.names})


@cache
def _words(statement: str) -> frozenset[str]:
    """The words of a statement of ours, which are the same for every lake."""
    return frozenset(re.findall(r"[\w.]+", _COMMENT.sub("", statement)))


def statements(sql: str) -> list[str]:
    """The statements of a file of sql/views: each ends with a line."""
    return [f"{statement};\n" for statement in _ENDS_STATEMENT.split(sql) if statement.strip()]


def _define_tables(connection: duckdb.DuckDBPyConnection, files: dict[str, list[str]]) -> None:
    """Schema `stored`: each table of the lake as a view over its Parquet files."""
    connection.execute("CREATE SCHEMA stored")
    for table in tables.TABLES:
        name = "loaded" if table is tables.EVENT_TABLE else "differing" if table is tables.VARIANTS else table.name
        connection.execute(f"CREATE VIEW stored.{name} AS FROM {_scan(table, files[table.name])}")


def _define_copies(
    connection: duckdb.DuckDBPyConnection, verdicts: Verdicts, is_judged: bool, files: dict[str, list[str]]
) -> list[tuple[date | None, str, int]]:
    """Views `shown` and `others`: of each event the copy that is shown, and those that differ from it; `events` and
    `variants` are these with their integrity. Returns the places that were swapped."""
    swaps = _swapped_places(connection, verdicts)
    connection.execute(
        "CREATE TABLE stored.swaps AS SELECT unnest($files::VARCHAR[]) AS file_sha256, unnest($positions::INTEGER[]) AS position",
        {"files": [file for _, file, _ in swaps], "positions": [position for _, _, position in swaps]},
    )
    shown, others = "FROM stored.loaded", "FROM stored.differing"
    # not by the views of these: each star of a view is bound anew
    sources = [_scan(table, files[table.name]) for table in (tables.EVENT_TABLE, tables.VARIANTS)]
    if swaps:  # the rare case costs every query a join, the usual one nothing
        sources = ["stored.shown", "stored.others"]
        is_swapped = "(e.file_sha256, e.position) IN (FROM stored.swaps)"
        kept, replaced = (f"FROM stored.{name} AS e WHERE NOT {is_swapped}" for name in ("loaded", "differing"))
        shown = f"{kept} UNION ALL FROM stored.differing AS e WHERE {is_swapped}"
        others = f"{replaced} UNION ALL FROM stored.loaded AS e WHERE {is_swapped}"
    with_integrity = judged if is_judged else unjudged
    connection.execute(
        f"CREATE VIEW stored.shown AS {shown}; CREATE VIEW stored.others AS {others};"
        f" CREATE VIEW stored.events AS {with_integrity(sources[0])};"
        f" CREATE VIEW stored.variants AS {with_integrity(sources[1])}"
    )
    return swaps


def _swapped_places(connection: duckdb.DuckDBPyConnection, verdicts: Verdicts) -> list[tuple[date | None, str, int]]:
    """Where copies of an event differ, the best verdict elects the one to show, and where those are equal the content
    alone, whichever came first.

    Dates, files and positions of the elected copies that are not in `loaded`, and of those they replace.
    """
    if not connection.execute("SELECT 1 FROM stored.differing LIMIT 1").fetchall():
        return []
    verdicts.fill()
    copies = connection.execute(_COPIES).fetchall()
    by_event: dict[tuple[str, str | None], list[Any]] = {}
    for is_loaded, verdict, event_id, account_id, reason, raw, *place in copies:
        rank = (_TRUST[verdict], reason != "UPDATED_DATA", sha256(canonical(raw)).digest())
        by_event.setdefault((event_id, account_id), []).append((rank, is_loaded, place))
    return [
        tuple(place)
        for group in by_event.values()
        for elected in [min(group)]
        if not elected[1]
        for place in (elected[2], *(copy[2] for copy in group if copy[1]))  # which may have been pruned
    ]


# Which copy of two is to be shown: nothing speaks for one that was not looked at more than for one that cannot be.
_TRUST = {"intact": 0, "pending": 1, "unverifiable": 2, NOT_CHECKED: 2, "unlisted": 3, "changed": 3, "missing": 3}
_DIFFERING = "event_id, account_id, addendum_reason, raw, event_date, file_sha256, position"
_OF_ONE_EVENT = f"""
SELECT true AS is_loaded, {_DIFFERING} FROM stored.loaded
WHERE EXISTS (
    SELECT 1 FROM stored.differing
    WHERE differing.event_id = loaded.event_id AND differing.account_id IS NOT DISTINCT FROM loaded.account_id
)
UNION ALL
SELECT false, {_DIFFERING} FROM stored.differing
"""  # noqa: S608 (our own text)
_COPIES = f"SELECT is_loaded, integrity, {_DIFFERING} FROM ({judged(f'({_OF_ONE_EVENT})')})"  # noqa: S608


def _scan(table: tables.Table, files: list[str]) -> str:
    """SQL: a source of every row of `table`; of no row when it has no files yet."""
    if files:
        hive = ", hive_partitioning = true, hive_types = {event_date: DATE}" if table.by_date else ""
        return f"read_parquet([{', '.join(map(literal, files))}]{hive})"
    fields = [*table.schema, tables.EVENT_DATE] if table.by_date else list(table.schema)
    return f"(SELECT {', '.join(f'NULL::{sql_type(field.type)} AS {field.name}' for field in fields)} WHERE false)"
