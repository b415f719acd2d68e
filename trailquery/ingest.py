"""Log files -> lake: read, decode, set duplicates apart, commit.

The commits of one batch run events, sightings, variants, rejects, and the ledger last. A crash leaves at worst
rows of files that the ledger does not know; reading those files again adds nothing, since every row they would add
is stored under its (file, position) already.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from deltalake.exceptions import DeltaError

from trailquery import tables
from trailquery.containers import Contents, cut, read_contents
from trailquery.dedupe import dedupe
from trailquery.errors import MachineError, UsageError
from trailquery.ledger import Ledger, end_progress, file_row, unread_id, write_progress
from trailquery.records import Decoded, Origin, decode, to_table
from trailquery.sources import Held, LeftAlone, Listed, LogFile, Source, Unread, delivery_path, open_source

TABLE_RECORDS = 20_000
BATCH_RECORDS = 250_000
BATCH_BYTES = 512 << 20


class Summary:
    """What an ingest did. `read == loaded + duplicate + variant + rejected` always holds."""

    def __init__(self) -> None:
        self.loaded = self.duplicate = self.variant = self.rejected = 0
        self.files = self.held = self.digests = self.companions = 0
        self.listed = 0  # files that S3 listed, read or not
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


class _Batch:
    """Rows that wait for the next commit."""

    def __init__(self) -> None:
        self.events: list[pa.Table] = []
        self.decoded: list[tuple[Origin, Decoded]] = []  # log files whose rows are not in `events` yet
        self.waiting = 0  # rows in `decoded`
        self.rejects: list[dict[str, Any]] = []
        self.files: list[dict[str, Any]] = []
        self.records = self.bytes = 0

    def add(self, origin: Origin, decoded: Decoded) -> None:
        self.decoded.append((origin, decoded))
        self.waiting += len(decoded.rows)
        self.records += len(decoded.rows) + len(decoded.rejects)
        if self.waiting >= TABLE_RECORDS:
            self.to_tables()

    def to_tables(self) -> None:
        """Rows are many times smaller as Arrow, but a table for each small file would cost more than it saves."""
        self.events.append(to_table(self.decoded))
        self.decoded, self.waiting = [], 0

    def is_full(self) -> bool:
        return self.records >= BATCH_RECORDS or self.bytes >= BATCH_BYTES


def ingest(
    sources: Iterable[str | Path | Source],
    lake: Path,
    on_file: Callable[[Summary, str], None] = lambda _summary, _place: None,
) -> Summary:
    """Add every log file of `sources` to the lake, which is made if it is not there.

    `on_file(summary so far, place)` is called after each file. Raises UsageError for a source that is not there,
    and MachineError when the machine fails; the lake is then as after its last commit.
    """
    opened = [open_source(source) for source in sources]  # one that is not there is told before anything is made
    try:
        _make_lake(lake)
        with _only_writer(lake):
            return _ingest(opened, lake, on_file)
    except (OSError, DeltaError, duckdb.IOException) as error:
        raise MachineError(f"{lake}: {str(error).splitlines()[0]}; the lake is as after its last commit") from error


def _make_lake(lake: Path) -> None:
    if lake.exists() and not lake.is_dir():
        raise UsageError(f"{lake}: not a folder; name a folder for the lake with --lake")
    if any(sign in str(lake.absolute()) for sign in "%[]"):
        raise UsageError(f"{lake}: Delta tables cannot lie below a path with %, [ or ]; name another with --lake")
    lake.mkdir(mode=0o700, parents=True, exist_ok=True)
    (lake / "cache").mkdir(exist_ok=True)
    for table in tables.TABLES:
        tables.create(lake, table)


@contextmanager
def _only_writer(lake: Path) -> Iterator[None]:
    """Hold the lake's lock; the system frees it when the process ends, however it ends."""
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


def _ingest(sources: Iterable[Source], lake: Path, on_file: Callable[[Summary, str], None]) -> Summary:
    summary, batch, ledger = Summary(), _Batch(), Ledger(lake)
    write_progress(lake, 0, 0)
    for found in (found for source in sources for found in source.files(ledger)):
        now = datetime.now(UTC).replace(tzinfo=None)
        if isinstance(found, LogFile):
            _take(found, summary, batch, ledger, now)
        elif isinstance(found, Unread):
            summary.unread.append(found)
            batch.files += ledger.missing(found, now)
        elif isinstance(found, LeftAlone):
            summary.left_alone.append(found)
            continue
        elif isinstance(found, Held):
            summary.held += 1
        if isinstance(found, Listed):
            summary.listed += found.files
        else:
            on_file(summary, found.place)
        if not isinstance(found, Unread):
            batch.files += ledger.read_since(found.place, now)
        if batch.is_full():
            _commit(lake, batch, summary)
            write_progress(lake, summary.done, summary.listed)
            batch = _Batch()
    _commit(lake, batch, summary)
    end_progress(lake)
    return summary


def _take(found: LogFile, summary: Summary, batch: _Batch, ledger: Ledger, now: datetime) -> None:
    """Read one log file into the batch, unless the lake holds its bytes."""
    data = found.data or b""
    file_sha256 = hashlib.sha256(data).hexdigest()
    if found.data is None:  # without bytes there is no digest: the place stands for the file
        file_sha256 = unread_id(found.place)
    elif file_sha256 in ledger.held:
        summary.held += 1
        batch.files += ledger.another_place(file_sha256, found, now)
        return
    contents = read_contents(data) if found.data is not None else _unreadable(found)
    if contents.kind == "companion":
        summary.companions += 1
        return
    path = delivery_path(found.place)
    decoded = decode(contents)
    summary.files += contents.kind == "log"
    summary.digests += contents.kind == "digest"
    if contents.problem:
        summary.unsound.append((found.place, contents.problem))
    batch.add(Origin(found.place, file_sha256, path.delivered_at), decoded)
    place = {"source_file": found.place, "file_sha256": file_sha256, "ingested_at": now}
    batch.rejects.extend(
        place | {"position": reject.position, "bytes": reject.data, "reason": reject.reason}
        for reject in decoded.rejects
    )
    batch.bytes += contents.inflated_bytes
    if found.data is not None:
        row = file_row(file_sha256, found, contents, decoded, path, now)
        batch.files.append(row)
        ledger.note(row)


def _unreadable(found: LogFile) -> Contents:
    reason = found.problem or "unreadable"
    return Contents("log", [], [], [cut(0, b"", reason)], "", 0, reason)


def _commit(lake: Path, batch: _Batch, summary: Summary) -> None:
    """The batch, in five commits at most; only then does the summary count it."""
    batch.to_tables()
    found = dedupe(lake, pa.concat_tables(batch.events).combine_chunks())
    tables.append(lake, tables.EVENT_TABLE, _dated(found.loaded))
    tables.append(lake, tables.SIGHTINGS, found.sightings)
    tables.append(lake, tables.VARIANTS, _dated(found.variants))
    tables.append(lake, tables.REJECTS, _new_rejects(lake, batch.rejects))
    tables.append(lake, tables.FILES, pa.Table.from_pylist(batch.files, schema=tables.FILES.schema))
    summary.loaded += found.counts["loaded"]
    summary.duplicate += found.counts["duplicate"]
    summary.variant += found.counts["variant"]
    summary.rejected += len(batch.rejects)


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
