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
from trailquery.records import Decoded, Origin, decode, to_table
from trailquery.sources import DeliveryPath, LeftAlone, LogFile, delivery_path, log_files

TABLE_RECORDS = 20_000
BATCH_RECORDS = 250_000
BATCH_BYTES = 512 << 20


class Summary:
    """What an ingest did. `read == loaded + duplicate + variant + rejected` always holds."""

    def __init__(self) -> None:
        self.loaded = self.duplicate = self.variant = self.rejected = 0
        self.files = self.held = self.digests = self.companions = 0
        self.left_alone: list[LeftAlone] = []
        self.unsound: list[tuple[str, str]] = []  # (place, reason) of each file that is not whole

    @property
    def read(self) -> int:
        return self.loaded + self.duplicate + self.variant + self.rejected


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
    sources: Iterable[str | Path],
    lake: Path,
    on_file: Callable[[Summary, str], None] = lambda _summary, _place: None,
) -> Summary:
    """Add every log file of `sources` to the lake, which is made if it is not there.

    `on_file(summary so far, place)` is called after each file. Raises UsageError for a source that is not there,
    and MachineError when the machine fails; the lake is then as after its last commit.
    """
    found = log_files(list(sources))  # a source that is not there is told before anything is made
    try:
        _make_lake(lake)
        with _only_writer(lake):
            return _ingest(found, lake, on_file)
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


def _ingest(files: Iterable[LogFile | LeftAlone], lake: Path, on_file: Callable[[Summary, str], None]) -> Summary:
    summary, batch, ledger = Summary(), _Batch(), _Ledger(lake)
    for found in files:
        if isinstance(found, LeftAlone):
            summary.left_alone.append(found)
            continue
        _take(found, summary, batch, ledger)
        on_file(summary, found.place)
        if batch.is_full():
            _commit(lake, batch, summary)
            batch = _Batch()
    _commit(lake, batch, summary)
    return summary


class _Ledger:
    """The log files the lake holds: rows of `files` by SHA-256, and the places where each was seen."""

    def __init__(self, lake: Path) -> None:
        files = tables.parquet_files(lake, tables.FILES)
        scan = duckdb.read_parquet(files).to_arrow_table() if files else tables.FILES.schema.empty_table()
        stored = scan.to_pylist()
        self.held = {row["file_sha256"]: row for row in stored}
        self.places = {(row["file_sha256"], row["place"]) for row in stored}


def _take(found: LogFile, summary: Summary, batch: _Batch, ledger: _Ledger) -> None:
    """Read one log file into the batch, unless the lake holds its bytes."""
    data, now = found.data or b"", datetime.now(UTC).replace(tzinfo=None)
    file_sha256 = hashlib.sha256(data).hexdigest()
    if found.data is None:  # without bytes there is no digest: the place stands for the file
        file_sha256 = "unreadable-" + hashlib.sha256(found.place.encode()).hexdigest()[:32]
    held = ledger.held.get(file_sha256)
    if held is not None and found.data is not None:
        summary.held += 1
        if (file_sha256, found.place) not in ledger.places:
            ledger.places.add((file_sha256, found.place))
            batch.files.append(held | {"place": found.place, "ingested_at": now})
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
    row = _ledger_row(file_sha256, found, contents, decoded, path, now)
    batch.bytes += contents.inflated_bytes
    if found.data is not None:
        batch.files.append(row)
        ledger.held[file_sha256] = row
        ledger.places.add((file_sha256, found.place))


def _unreadable(found: LogFile) -> Contents:
    reason = found.problem or "unreadable"
    return Contents("log", [], [], [cut(0, b"", reason)], "", 0, reason)


def _ledger_row(
    file_sha256: str, found: LogFile, contents: Contents, decoded: Decoded, path: DeliveryPath, now: datetime
) -> dict[str, Any]:
    times, rejected = decoded.event_times(), len(decoded.rejects)
    reason = contents.problem or (f"{rejected} of its records are in rejects" if rejected else None)
    return {
        "file_sha256": file_sha256,
        "place": found.place,
        "kind": _KINDS.get(path.folder or "", "log") if contents.kind == "log" else contents.kind,
        "status": "loaded" if reason is None else "partial" if decoded.rows else "rejected",
        "reason": reason,
        "size_bytes": len(found.data or b""),
        "content_sha256": contents.inflated_sha256 or None,
        "content_bytes": contents.inflated_bytes,
        "records": len(decoded.rows) + rejected,
        "rejected": rejected,
        "first_event_time": min(times, default=None),
        "last_event_time": max(times, default=None),
        "delivered_at": path.delivered_at,
        "account_id": path.account_id,
        "region": path.region,
        "organization_id": path.organization_id,
        "folder": path.folder,
        "prefix": path.prefix,
        "ingested_at": now,
    }


_KINDS = {
    "CloudTrail-Insight": "insight",
    "CloudTrail-NetworkActivity": "network-activity",
    "CloudTrail-Aggregated": "aggregated",
}


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
