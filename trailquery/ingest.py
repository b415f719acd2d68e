"""Log files -> lake: read, decode, set duplicates apart, commit.

The commits of one batch run events, sightings, variants, rejects, and the ledger last. A crash leaves at worst
rows of files that the ledger does not know; reading those files again adds nothing, since every row they would add
is stored under its (file, position) already.
"""

import gc
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from deltalake.exceptions import DeltaError

from trailquery import tables, utc
from trailquery.compaction import Compacted, compact_small_files
from trailquery.containers import Reject
from trailquery.dedupe import Dedupe
from trailquery.errors import UsageError, refused
from trailquery.events import EVENTS
from trailquery.ledger import Ledger, end_progress, file_row, keep_digest, keep_keys, unread_id, write_progress
from trailquery.logs import TABLE_RECORDS, FileRead, Origin
from trailquery.sources import Found, Held, LeftAlone, Listed, LogFile, Source, Unread, delivery_path, open_source
from trailquery.sources.found import SoFar
from trailquery.workers import decode_in_parallel, usable_cores

BATCH_RECORDS = 60_000  # under a gigabyte while they are sorted and written
BATCH_BYTES = 256 << 20  # of tables: twice what the log files inflate to, as request and response stand there twice


class Summary:
    """What an ingest did. `read == loaded + duplicate + variant + rejected` always holds."""

    def __init__(self) -> None:
        self.loaded = self.duplicate = self.variant = self.rejected = 0
        self.files = self.held = self.digests = self.companions = 0
        self.listed = 0  # files that S3 listed, read or not
        self.compacted = Compacted()
        self.left_alone: list[LeftAlone] = []
        self.unread: list[Unread] = []  # what could not be had: the next ingest tries again
        self.unsound: list[tuple[str, str]] = []  # (place, reason) of each file that is not whole

    @property
    def read(self) -> int:
        return self.loaded + self.duplicate + self.variant + self.rejected

    @property
    def done(self) -> int:
        """Files that need no more reading."""
        return self.files + self.held + self.digests + self.companions


def ingest(
    sources: Iterable[str | Path | Source],
    lake: Path,
    on_file: Callable[[Summary, str], None] = lambda _summary, _place: None,
    jobs: int | None = None,
) -> Summary:
    """Add every log file of `sources` to the lake, which is made if it is not there.

    `on_file(summary so far, place)` is called after each file. `jobs` processes decode what is more than a handful of
    files: as many as there are cores, if not said. Raises UsageError for a source that is not there,
    and MachineError when the machine fails; the lake is then as after its last commit.
    """
    opened = [open_source(source, lake) for source in sources]  # one that is not there is told before anything is made
    try:
        _make_lake(lake)
        with tables.only_writer(lake), _own_collections():
            summary = _Ingest(lake, on_file).run(opened, jobs or usable_cores())
            summary.compacted = compact_small_files(lake)
            return summary
    except (OSError, DeltaError, duckdb.Error) as error:
        raise refused(
            error, getattr(error, "filename", None) or lake, "the lake is as after its last commit"
        ) from error


def _make_lake(lake: Path) -> None:
    if lake.exists() and not lake.is_dir():
        raise UsageError(f"{lake}: not a folder; name a folder for the lake with --lake")
    if re.search(r"[%\[\]\\\x00-\x1f\x7f]", lake.absolute().as_posix()):
        told = "Delta tables cannot lie below a path with %, [, ], \\ or a control character"
        raise UsageError(f"{lake}: {told}; name another with --lake")
    lake.mkdir(mode=0o700, parents=True, exist_ok=True)
    tables.refuse_foreign(lake)
    *before, last = [lake / table.name / "_delta_log" for table in tables.TABLES]
    if last.is_dir() and (gone := next((log for log in before if not log.is_dir()), None)):
        told = "is gone; the lake was changed by hand: bring it back, or ingest the log files into a new lake"
        raise UsageError(f"{gone}: {told}")
    for table in tables.TABLES:
        tables.create(lake, table)


@contextmanager
def _own_collections() -> Iterator[None]:
    """Python's collector off: `_commit` collects. By itself it would walk all that is remembered, over and over."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


class _Ingest:
    """One ingest under way: what is being read, and the rows that wait for the next commit."""

    def __init__(self, lake: Path, on_file: Callable[[Summary, str], None]) -> None:
        self._lake, self._on_file = lake, on_file
        self._summary, self._ledger, self._dedupe = Summary(), Ledger(lake), Dedupe(lake)
        self._is_at_end = False
        self._being_read: dict[str, list[LogFile]] = {}  # the files of each SHA-256, without their bytes
        self._empty()

    def _empty(self) -> None:
        self._events = [EVENTS.empty_table()]
        self._rejects: list[dict[str, Any]] = []
        self._files: list[dict[str, Any]] = []
        self._bytes = 0

    def run(self, sources: Iterable[Source], jobs: int) -> Summary:
        write_progress(self._lake, 0, 0)
        found = (found for source in sources for found in source.files(self._ledger))
        with closing(self._dedupe):
            while not self._is_at_end:
                self._read(found, jobs)
                write_progress(self._lake, self._summary.done, self._summary.listed)
        end_progress(self._lake)
        return self._summary

    def _read(self, found: Iterator[Found | SoFar], jobs: int) -> None:
        """Read and commit what comes up to the end, or until a source wants it committed."""
        table_records = min(TABLE_RECORDS, BATCH_RECORDS)
        with closing(decode_in_parallel(self._new_files(found), table_records, jobs)) as tables_read:
            for decoded in tables_read:
                self._events.append(decoded.table)
                self._bytes += decoded.table.nbytes
                for file in decoded.files:
                    self._take(file)
                if self._is_full():
                    self._commit()
                    write_progress(self._lake, self._summary.done, self._summary.listed)
        self._commit()

    def _new_files(self, every_found: Iterable[Found | SoFar]) -> Iterator[tuple[Origin, bytes]]:
        """The log files whose bytes the lake does not hold; what else is found is noted."""
        for found in every_found:
            if isinstance(found, SoFar):
                return
            if isinstance(found, LogFile) and found.data is not None:
                file_sha256 = hashlib.sha256(found.data).hexdigest()
                if file_sha256 in self._ledger.held:
                    self._note_copy(file_sha256, found)
                elif file_sha256 in self._being_read:
                    self._being_read[file_sha256].append(replace(found, data=None))
                else:
                    self._being_read[file_sha256] = [replace(found, data=None)]
                    yield Origin(found.place, file_sha256, delivery_path(found.place).delivered_at), found.data
            else:
                self._note(found)
            if not isinstance(found, LeftAlone | Listed):
                self._on_file(self._summary, found.place)
        self._is_at_end = True

    def _note(self, found: Found) -> None:
        """Take in what has no bytes to read."""
        if isinstance(found, Unread):
            self._summary.unread.append(found)
            self._files += self._ledger.missing(found, utc.now())
        elif isinstance(found, LeftAlone):
            self._summary.left_alone.append(found)
        else:
            if isinstance(found, LogFile):
                self._take_unreadable(found.place, found.problem or "unreadable")
            elif isinstance(found, Held):
                self._summary.held += 1
            else:
                self._summary.listed += found.files
            self._files += self._ledger.read_since(found.place, utc.now())

    def _note_copy(self, file_sha256: str, found: LogFile) -> None:
        self._summary.held += 1
        self._files += self._ledger.another_place(file_sha256, found, utc.now())
        self._files += self._ledger.read_since(found.place, utc.now())

    def _take_unreadable(self, place: str, reason: str) -> None:
        """Without bytes there is no digest: the place stands for the file."""
        self._summary.files += 1
        self._summary.unsound.append((place, reason))
        self._reject(place, unread_id(place), [Reject(0, b"", reason)])

    def _take(self, file: FileRead) -> None:
        """Take in a log file that was read, and each place where it lies."""
        file_sha256, summary = file.origin.file_sha256, self._summary
        found, *copies = self._being_read.pop(file_sha256)
        self._files += self._ledger.read_since(found.place, utc.now())
        if file.kind == "companion":
            summary.companions += 1 + len(copies)
            for one in (found, *copies):
                keep_keys(self._lake, one.place, file.data)
            return
        summary.files += file.kind == "log"
        summary.digests += file.kind == "digest"
        if file.problem:
            summary.unsound.append((found.place, file.problem))
        if file.data is not None:
            keep_digest(self._lake, file_sha256, file.data)
        self._reject(found.place, file_sha256, file.rejects)
        row = file_row(file, found, utc.now())
        self._files.append(row)
        self._ledger.note(row)
        for copy in copies:
            self._note_copy(file_sha256, copy)

    def _reject(self, place: str, file_sha256: str, rejects: Iterable[Reject]) -> None:
        file = {"source_file": place, "file_sha256": file_sha256, "ingested_at": utc.now()}
        self._rejects += [file | {"position": one.position, "bytes": one.data, "reason": one.reason} for one in rejects]

    def _is_full(self) -> bool:
        records = sum(table.num_rows for table in self._events) + len(self._rejects)
        return records >= BATCH_RECORDS or self._bytes >= BATCH_BYTES

    def _commit(self) -> None:
        """What waits, in five commits at most; only then does the summary count it."""
        lake, summary = self._lake, self._summary
        arriving = _dated(_joined(self._events))
        found = self._dedupe.sort(arriving)
        tables.append(lake, tables.EVENT_TABLE, arriving, found.is_new)
        tables.append(lake, tables.SIGHTINGS, found.sightings)
        tables.append(lake, tables.VARIANTS, arriving, found.is_variant)
        tables.append(lake, tables.REJECTS, _new_rejects(lake, self._rejects))
        tables.append(lake, tables.FILES, pa.Table.from_pylist(self._files, schema=tables.FILES.schema))
        summary.loaded += found.counts["loaded"]
        summary.duplicate += found.counts["duplicate"]
        summary.variant += found.counts["variant"]
        summary.rejected += len(self._rejects)
        self._empty()
        gc.collect(1)  # what came since the last commit


def _joined(parts: list[pa.Table]) -> pa.Table:
    """One table of `parts`, which are let go, each column in one piece: else every `take` would join them anew."""
    rows = pa.concat_tables(parts)
    parts.clear()
    for number, field in enumerate(rows.schema):
        rows = rows.set_column(number, field, rows.column(number).combine_chunks())
    return rows


def _dated(rows: pa.Table) -> pa.Table:
    """`rows` with event_date: the day of the event, else of its delivery, else null."""
    dates = pc.coalesce(rows["event_time"], rows["delivered_at"]).cast(pa.date32(), safe=False)
    return rows.append_column(tables.EVENT_DATE, dates)


def _new_rejects(lake: Path, rejects: list[dict[str, Any]]) -> pa.Table:
    """The rejects whose (file, position) is not stored yet."""
    files = tables.parquet_files(lake, tables.REJECTS) if rejects else []
    stored: set[tuple[Any, ...]] = set()
    if files:
        query = "SELECT file_sha256, position FROM read_parquet($files) WHERE file_sha256 IN (SELECT unnest($wanted))"
        wanted = list({reject["file_sha256"] for reject in rejects})
        stored = set(duckdb.connect().execute(query, {"files": files, "wanted": wanted}).fetchall())
    new = [reject for reject in rejects if (reject["file_sha256"], reject["position"]) not in stored]
    return pa.Table.from_pylist(new, schema=tables.REJECTS.schema)
