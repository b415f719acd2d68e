"""A lake opened for reading: one snapshot of its tables, the views over them, and queries that see nothing else."""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any, NamedTuple, TypeVar

import duckdb
import pyarrow as pa

from trailquery import tables
from trailquery.catalog import Query, Wanted, bind, events_lacking, find_query
from trailquery.coverage import empty_answer, is_quick
from trailquery.derived import Derived
from trailquery.errors import TrailqueryError, UsageError, refused
from trailquery.hunt import DAYS_HELD, Choice, Ground, Hunted, Step, history_needed, hunt
from trailquery.parameters import literal
from trailquery.readonly import parsed_select
from trailquery.result import Result
from trailquery.settings import Settings, default_lake, find_settings, lake_option
from trailquery.times import parse_time, zone
from trailquery.verdicts import Met
from trailquery.views import Named, Views
from trailquery.wording import counted

QUERY_TIMEOUT_S = 300.0
_CALLERS = 32  # threads that ask one lake at the same time; more of them wait
_AT_ONCE = 2  # queries of a hunt: most of them keep one core busy
_READERS = {
    ".csv": "read_csv",
    ".tsv": "read_csv",
    ".json": "read_json",
    ".jsonl": "read_json",
    ".parquet": "read_parquet",
}
_COPIES = {"history", "variants"}  # the views with a row a copy of an event
_HELD = """
SELECT DISTINCT category, service FROM history WHERE len($accounts) = 0 OR account_id IN (SELECT unnest($accounts))
"""

_MENDED = "the lake was changed by hand: bring that file back, or ingest the log files into a new lake"
Computed = TypeVar("Computed")


class Scope(NamedTuple):
    """What `events` is narrowed to: [since, until) in naive UTC; None or empty leaves that side open.

    `regions` keep global services and sign-ins, which choose no region, unless `strict_region`. `only_intact` keeps what
    was read from a file that CloudTrail vouches for, as `trailquery verify` found.
    """

    since: datetime | None = None
    until: datetime | None = None
    accounts: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    strict_region: bool = False
    only_intact: bool = False


def open_lake(
    path: str | Path | None = None,
    *,
    scope: Scope | None = None,
    only_intact: bool = False,
    tz: str = "UTC",
    timeout_s: float = QUERY_TIMEOUT_S,
    extra_tables: Mapping[str, str | Path] | None = None,
    settings: Settings | None = None,
    queries: Iterable[str | Path] = (),
) -> "Lake":
    """The lake at `path` as its last commit left it, with the trailquery.toml found for it unless `settings` are given.

    `queries` are folders of your own queries beside those that the settings name. Raises UsageError where there is no
    lake, or where the settings are wrong.
    """
    folder = Path(path) if path is not None else default_lake()
    known = find_settings(folder) if settings is None else settings
    known_scope = scope or Scope()
    return Lake(
        folder,
        known_scope._replace(only_intact=only_intact or known_scope.only_intact),
        zone(tz).key,
        timeout_s,
        extra_tables or {},
        known._replace(queries=(*known.queries, *map(Path, queries))),
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
        settings: Settings,
        twin: "Lake | None" = None,
    ) -> None:
        tables.refuse_unless_lake(path)
        self.path = path
        self.scope = scope
        self.zone_name = zone_name
        self.timeout_s = timeout_s
        self.settings = settings
        self._extra_tables = extra_tables
        self._is_judged = scope.only_intact or twin is not None
        self._judged: Lake | None = None
        self._judging = threading.Lock()
        self._beside = ThreadPoolExecutor(_CALLERS, thread_name_prefix="query")
        self._connection = duckdb.connect(
            config={"temp_directory": str(path / "cache"), "python_enable_replacements": "false"}
        )
        # Without GLOBAL no cursor would see them; and no file ever changes.
        self._connection.execute("SET GLOBAL TimeZone = 'UTC'; SET GLOBAL parquet_metadata_cache = true")
        files = twin._views.snapshot.files if twin else None
        try:
            self._views: Views = Views(self._connection, path, settings, self._is_judged, files, any(scope))
        except duckdb.IOException as error:
            raise self._explained("", error) from None
        except duckdb.Error as error:  # a Parquet file of it is damaged
            raise refused(error, path, _MENDED) from None
        self._derived = Derived(path, self._views.snapshot)
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
        return self._result("sql", sql, params)

    def run(self, name: str | Query, **params: Any) -> Result:
        """Rows of a curated query, or one of the settings' folders. Raises UsageError for an unknown name or parameter."""
        query = name if isinstance(name, Query) else find_query(name, self.settings.queries)
        bound = bind(query, params)
        return self._result(query.name, query.sql, bound, partial(self._blind_spots, query, bound))

    def hunt(
        self,
        *,
        severity: str = "high",
        leads: bool = False,
        themes: Iterable[str] = (),
        mitre: Iterable[str] = (),
        on_query: Callable[[int], None] = lambda _: None,
    ) -> Hunted:
        """All findings at once, of `severity` and above, and leads; a line for each query, actor, session and outcome."""
        choice = Choice(severity, leads, Wanted(themes=tuple(themes), mitre=tuple(mitre)))
        beside = self.narrowed()  # a connection of its own: a hunt defines views anew
        if self.settings.queries and beside._views.verdicts.exist:
            beside = beside._with_verdicts()
        with beside._hunting_ground():
            cursors = [beside._connection.cursor() for _ in range(_AT_ONCE)]
            for cursor in cursors:
                beside._set_scope(cursor)
            run = partial(beside._run_steps, cursors, monotonic() + self.timeout_s)
            ground = Ground(
                run, self.settings, beside._views.text, self.scope.since, self.scope.until, lake_option(self.path)
            )
            found = hunt(ground, choice, self.zone_name, on_query)
        met = Met(len(found), found.arrow().select(["event_ids"]))
        found.notes += (self.own_accounts_source(), *self._footer(self._named("hunt", "FROM events"), met))
        return found

    def narrowed(self, **changes: Any) -> "Lake":
        """The same lake with another scope: `narrowed(since="2026-11-20", accounts=(...))`; a text is read as --since is."""
        tz, now = zone(self.zone_name), datetime.now(UTC)
        for side in ("since", "until"):
            if isinstance(changes.get(side), str):
                changes[side] = parse_time(changes[side], tz, now, side)
        return Lake(self.path, self.scope._replace(**changes), self.zone_name, self.timeout_s, {}, self.settings)

    def describe(self, sql: str, params: Mapping[str, Any]) -> dict[str, str]:
        """Column name to DuckDB type of what `sql` returns, without running it."""
        cursor = self._connection.cursor()
        self._set_scope(cursor)
        self._views.define(cursor, self._named("sql", sql).stands_on)
        rows = cursor.execute(f"DESCRIBE {sql}", dict(params)).fetchall()
        return {row[0]: row[1] for row in rows}

    def own_accounts_source(self) -> str:
        """Which accounts count as own in `is_own_account`, and where that is from."""
        if self.settings.accounts:
            return f"own accounts: {len(self.settings.accounts):,} of {self.settings.file}"
        return f"own accounts: the {counted(len(self.sql('FROM own_accounts')), 'recipient')} seen"

    def _add_table(self, name: str, file: Path) -> None:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise UsageError(f"--table {name}: a table's name is letters, digits and _; write --table iocs=FILE.csv")
        if name.lower() in self._views.names:
            raise UsageError(f"--table {name}: a view has this name; choose another")
        reader = _READERS.get(file.suffix.lower())
        if reader is None:
            raise UsageError(
                f"--table {name}={file}: its ending names no kind of table; those are {', '.join(_READERS)}"
            )
        try:
            self._connection.execute(f"CREATE TABLE {name} AS FROM {reader}($file)", {"file": str(file)})
        except duckdb.Error as error:
            raise UsageError(f"--table {name}: {file}: {str(error).splitlines()[0]}") from None
        self._views.add(name)

    def _with_verdicts(self) -> "Lake":
        """This snapshot with `integrity` joined to each event: a lake of its own, so that nobody else pays for it."""
        with self._judging:
            if self._judged is None:
                self._judged = Lake(
                    self.path, self.scope, self.zone_name, self.timeout_s, self._extra_tables, self.settings, self
                )
            return self._judged

    def _named(self, name: str, sql: str) -> Named:
        """What `sql` needs. Raises UsageError, which begins with `name`, for anything but one SELECT."""
        return self._views.named(parsed_select(sql, self._connection.cursor(), name))

    def _result(
        self, name: str, sql: str, params: Mapping[str, Any], if_empty: Callable[[], Iterable[str]] = tuple
    ) -> Result:
        named = self._named(name, sql)
        lake = self._with_verdicts() if self._is_about_integrity(named, sql, params) else self

        def below(met: Met) -> list[str]:
            return [*lake._footer(named, met), *(() if met.rows else if_empty())]

        return Result(lake._execute(name, sql, named, params), self.zone_name, below=below)

    def _blind_spots(self, query: Query, params: Mapping[str, Any]) -> Iterator[str]:
        """An empty answer and a blind spot are not the same: which events or days that `query` asks for the lake lacks."""
        accounts = list(self.scope.accounts)
        held = {(row["category"], row["service"]) for row in self.sql(_HELD, accounts=accounts).rows()}
        if lacking := ", ".join(sorted(events_lacking(query, held))):
            whose = f" of {', '.join(accounts)}" if accounts else ""
            yield f"blind spot: the lake holds no {lacking} events{whose} at all; a trail may not have recorded them"
        if needed := history_needed(params):
            days = self.sql(DAYS_HELD).rows()[0]["days"] or 0
            if days < needed:
                yield f"{days} of {needed} days held before the newest: nothing is called new yet; see --min-history-days"

    def _is_about_integrity(self, named: Named, sql: str, params: Mapping[str, Any]) -> bool:
        """Whether the answer takes the join with the verdicts."""
        if self._is_judged or not self._views.verdicts.exist:
            return False
        if named.wants_integrity or not named.has_star or not _COPIES & named.stands_on:
            return named.wants_integrity
        try:
            return "integrity" in self.describe(sql, params)
        except duckdb.Error:  # a mistake in it, which is told when it is run
            return False

    def _footer(self, named: Named, met: Met) -> list[str]:
        """What stands below an answer that is about events, or hangs on which accounts are own."""
        cursor = self._connection.cursor()

        def work() -> list[str]:
            if not _COPIES & named.stands_on:
                return []
            self._views.define(cursor, {"stored.verdicts"})
            self._set_scope(cursor)
            scope = {name: getattr(self.scope, name) for name in ("since", "until", "accounts", "regions")}
            notes = [*self._views.verdicts.footer(cursor, met, scope)]
            if not met.rows and "coverage_hours" not in named.stands_on and is_quick(self.path):
                self._views.define(cursor, {"coverage_hours"})
                notes.insert(0, empty_answer(cursor, self.path))
            return notes

        own = [self.own_accounts_source()] if "own_accounts" in named.stands_on else []
        return own + self._watched("footer", [cursor], monotonic() + self.timeout_s, work)

    def _set_scope(self, cursor: duckdb.DuckDBPyConnection) -> None:
        for name, value in self.scope._asdict().items():
            if not value:  # a variable that was not set is null, and narrows nothing
                continue
            bound = list(value) if isinstance(value, tuple) else value
            cursor.execute(f"SET VARIABLE scope_{name} = $bound", {"bound": bound})

    def _prepare(self, cursor: duckdb.DuckDBPyConnection, named: Named) -> None:
        """Let `cursor` see the scope, and what a statement needs."""
        self._set_scope(cursor)
        self._views.define(cursor, named.stands_on)
        self._derived.prepare(cursor, named.tables)

    def _execute(self, name: str, sql: str, named: Named, params: Mapping[str, Any]) -> pa.RecordBatchReader:
        cursor = self._connection.cursor()
        deadline = monotonic() + self.timeout_s

        def begin() -> pa.RecordBatchReader:
            self._prepare(cursor, named)
            return cursor.sql(sql, params=dict(params)).to_arrow_reader()

        reader = self._watched(name, [cursor], deadline, begin)
        return pa.RecordBatchReader.from_batches(reader.schema, self._batches(name, reader, cursor, deadline))

    def _batches(
        self, name: str, reader: pa.RecordBatchReader, cursor: duckdb.DuckDBPyConnection, deadline: float
    ) -> Iterator[pa.RecordBatch]:
        batches = iter(reader)
        while batch := self._watched(name, [cursor], deadline, lambda: next(batches, None)):
            yield batch

    @contextmanager
    def _hunting_ground(self) -> Iterator[None]:
        """Database `hunted`: on the disk, where DuckDB compresses it, or in memory if nothing can be written to the lake.

        This lake is closed afterwards.
        """
        with ExitStack() as stack:
            attach = "ATTACH {} AS hunted (RECOVERY_MODE NO_WAL_WRITES)".format
            try:
                folder = TemporaryDirectory(prefix="hunt-", dir=self.path / "cache", ignore_cleanup_errors=True)
            except OSError:
                stack.enter_context(self._connection).execute(attach(literal(":memory:")))
            else:
                file = Path(stack.enter_context(folder)) / "hunted.duckdb"
                stack.enter_context(self._connection).execute(attach(literal(str(file))))
                with suppress(OSError):  # nothing of it stays, however this ends; Windows keeps an open file until then
                    file.unlink()
            yield

    def _run_steps(
        self, cursors: Sequence[duckdb.DuckDBPyConnection], deadline: float, steps: Sequence[Step]
    ) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of each step, in order; as many steps run at once as there are cursors."""
        for step in steps:
            if step.reads:
                named = self._named(step.name, step.reads)
                self._watched(step.name, cursors, deadline, partial(self._prepare, cursors[0], named))
        idle = SimpleQueue[duckdb.DuckDBPyConnection]()
        for cursor in cursors:
            idle.put(cursor)

        def rows(step: Step) -> list[tuple[Any, ...]]:
            cursor = idle.get()
            try:
                return cursor.execute(step.statement, dict(step.params)).fetchall()
            finally:
                idle.put(cursor)

        lanes = ThreadPoolExecutor(len(cursors))
        answers = [lanes.submit(rows, step) for step in steps]
        try:
            for step, answer in zip(steps, answers, strict=True):
                yield self._watched(step.name, cursors, deadline, answer.result)
        finally:
            lanes.shutdown(wait=False, cancel_futures=True)
            while not all(answer.done() for answer in answers):
                _interrupt(cursors)
                wait(answers, 0.05)

    def _watched(
        self, name: str, cursors: Iterable[duckdb.DuckDBPyConnection], deadline: float, work: Callable[[], Computed]
    ) -> Computed:
        """What `work` computes on `cursors`, beside this thread: DuckDB hears neither Ctrl-C nor the clock by itself."""
        computing = self._beside.submit(work)
        try:
            return computing.result(deadline - monotonic())
        except (KeyboardInterrupt, TimeoutError) as reason:
            while not computing.done():  # an interrupt before the query runs is lost
                _interrupt(cursors)
                wait([computing], 0.05)
            if isinstance(reason, KeyboardInterrupt):
                raise
            raise UsageError(
                f"{name}: stopped after {self.timeout_s:g} s; narrow it with --since and --until, or raise --timeout"
            ) from None
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            raise self._explained(name, error) from None

    def _explained(self, name: str, error: Exception) -> TrailqueryError:
        """What to raise for `error`, which DuckDB raised while it ran the query `name`."""
        text = str(error)
        # what decodes Parquet has no class of its own
        is_damaged = type(error) is duckdb.Error or "No files found" in text
        if is_damaged or isinstance(error, duckdb.IOException) or "No space left" in text:
            return refused(error, self.path, _MENDED if is_damaged else "")
        return UsageError(f"{name}: {text.removeprefix('Invalid Input Error: ')}")  # what our macros refuse says it all


def _interrupt(cursors: Iterable[duckdb.DuckDBPyConnection]) -> None:
    for cursor in cursors:
        cursor.interrupt()
