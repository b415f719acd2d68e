"""Many small Parquet files of a lake -> few, with the same rows; superseded and orphaned files removed in time.

Small files come of small ingests. Those of one partition are merged in one atomic step that changes no row, by an
ingest once there are more than MANY, by `compact` whenever there are two; a crash leaves the lake as it was before or
after. A file that the newest version does not name
stays for KEPT_S from when it was superseded, or written by a commit that never was: who opened the lake before that
reads on, and each version of that time can be opened. After it, only files named by a pinned version stay:
`pins/NAME.json` in the lake holds {table: version}. While the lake is on hold nothing of this happens.

Pruning takes the events of old dates out of the newest version; their files go in the same way.
"""

import json
import time
from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from trailquery import tables, utc
from trailquery.hold import held, refuse_while_held, told

SMALL_BYTES = 16 << 20
MERGED_BYTES = 32 << 20
MERGED_INFLATED_BYTES = 400 << 20  # they are held in memory at once
MANY = 8
KEPT_S = 7 * 86_400


class Compacted(NamedTuple):
    """What a compaction did; a part is a date of a table, or a table that has no dates."""

    parts: int = 0
    before: int = 0
    after: int = 0
    removed: int = 0
    seconds: float = 0.0
    skipped: str | None = None  # why nothing was done


def compact(lake: Path) -> Compacted:
    """Merge small files wherever there are two, and remove what nobody needs. Raises UsageError without a lake, and on
    hold."""
    tables.refuse_unless_lake(lake)
    tables.refuse_foreign(lake)
    refuse_while_held(lake, "compact")
    with tables.only_writer(lake):
        return _compacted(lake, 1, tables.TABLES)


def compact_small_files(lake: Path) -> Compacted:
    """What an ingest does at its end, holding the lake's lock: as `compact`, where there are more than MANY."""
    # sooner told by the folder than by the log, which the ingest has read
    crowded = [table for table in tables.TABLES if len([*(lake / table.name).rglob("part-*.parquet")]) > MANY]
    return _compacted(lake, MANY, crowded)


def _compacted(lake: Path, more_than: int, looked_at: Iterable[tables.Table]) -> Compacted:
    """Merge the small files of each partition that has more of them, and remove what nobody needs; on hold, nothing."""
    if now := held(lake):
        return Compacted(skipped=f"not compacted: {lake} {told(now)}")
    start, parts, before, after = time.monotonic(), 0, 0, 0
    for table in looked_at:
        for small in _small_files(lake, table, more_than):
            parts += 1
            for files in _groups(small):
                tables.replace(lake, table, files)
                before, after = before + len(files), after + 1
    removed = 0 if held(lake) else vacuum(lake, time.time())  # it may have come meanwhile
    return Compacted(parts, before, after, removed, time.monotonic() - start)


def vacuum(lake: Path, now: float) -> int:
    """Remove the Parquet files that neither the newest version nor a pinned one names and that were superseded, or
    written, more than KEPT_S before `now`, in seconds since 1970; returns how many. Raises UsageError on hold.

    Of the checkpoints of the log, from which each version can be told as well, the last two stay.
    """
    refuse_while_held(lake, "vacuum")
    removed = 0
    pins = [json.loads(pin.read_text(encoding="utf-8")) for pin in sorted((lake / "pins").glob("*.json"))]
    for table in tables.TABLES:
        root = lake / table.name
        old = {file.name: file for file in root.rglob("part-*.parquet") if now - file.stat().st_mtime > KEPT_S}
        versions = [None, *{pin[table.name] for pin in pins if table.name in pin}] if old else []
        for version in versions:
            for uri in tables.opened(lake, table, version).file_uris():
                old.pop(Path(unquote(uri)).name, None)
        for file in old.values():
            file.unlink()
        removed += len(old)
        for checkpoint in sorted((root / "_delta_log").glob("*.checkpoint.parquet"))[:-2]:
            checkpoint.unlink()
    return removed


class Pruned(NamedTuple):
    """What a pruning removes: rows of events and variants, their bytes on the disk, and of how many log files."""

    rows: int
    bytes: int
    first: str  # dates, ISO
    last: str
    files: int


def prune(lake: Path, before: date, really: bool) -> Pruned | None:
    """Remove the events of all dates before this one, if `really`; None where there are none.

    The ledger keeps that their log files were read, as `pruned`, so that no ingest brings them back and coverage tells.
    Who has the lake open reads on for KEPT_S; then the bytes go. Raises UsageError on hold and without a lake.
    """
    tables.refuse_unless_lake(lake)
    tables.refuse_foreign(lake)
    refuse_while_held(lake, "prune")
    with tables.only_writer(lake):
        old = {table: _files_before(lake, table, before) for table in (tables.EVENT_TABLE, tables.VARIANTS)}
        files = [file for of_table in old.values() for file in of_table]
        if not files:
            return None
        rows = sum(pq.read_metadata(file).num_rows for file in files)
        days = sorted(day for file in files if (day := tables.day_of(file)))
        marks = _marks(lake, before)
        if really:
            tables.append(lake, tables.FILES, marks)  # first: what is removed is never taken for quiet
            for table, of_table in old.items():
                if of_table:
                    tables.remove(lake, table, of_table)
        size = sum(file.stat().st_size for file in files)
        return Pruned(rows, size, days[0], days[-1], len(set(marks["file_sha256"].to_pylist())))


def _files_before(lake: Path, table: tables.Table, before: date) -> list[Path]:
    files = map(Path, tables.parquet_files(lake, table))
    return [file for file in files if (day := tables.day_of(file)) and day < before.isoformat()]


def _marks(lake: Path, before: date) -> pa.Table:
    """Rows of `files` that say so of each log file some of whose events go."""
    own, now = duckdb.connect(), utc.now()
    own.read_parquet(tables.parquet_files(lake, tables.FILES)).create_view("files")
    reason = f"events before {before} were pruned on {now:%Y-%m-%d}"
    return own.sql(_MARKS, params={"before": before, "reason": reason, "now": now}).to_arrow_table()


_MARKS = """
SELECT * REPLACE ('pruned' AS status, concat_ws('; ', $reason, reason) AS reason, $now::TIMESTAMP AS ingested_at)
FROM files
WHERE first_event_time < $before
QUALIFY row_number() OVER (PARTITION BY file_sha256, place ORDER BY ingested_at DESC) = 1
    AND status IN ('loaded', 'partial')
"""


def _small_files(lake: Path, table: tables.Table, more_than: int) -> list[list[Path]]:
    """The small files of each partition that has more of them."""
    by_folder: defaultdict[Path, list[Path]] = defaultdict(list)
    for file in map(Path, tables.parquet_files(lake, table)):
        if file.stat().st_size < SMALL_BYTES:
            by_folder[file.parent].append(file)
    return [files for files in by_folder.values() if len(files) > more_than]


def _groups(files: list[Path]) -> list[list[Path]]:
    """The files to merge into one, group by group; none comes to more than MERGED_BYTES or MERGED_INFLATED_BYTES."""
    groups: list[list[Path]] = []
    left, left_inflated = -1, -1
    for file in files:
        left, left_inflated = left - file.stat().st_size, left_inflated - _inflated_bytes(file)
        if left < 0 or left_inflated < 0:
            groups.append([])
            left = MERGED_BYTES - file.stat().st_size
            left_inflated = MERGED_INFLATED_BYTES - _inflated_bytes(file)
        groups[-1].append(file)
    return [group for group in groups if len(group) > 1]


def _inflated_bytes(file: Path) -> int:
    held = pq.read_metadata(file)
    return sum(held.row_group(number).total_byte_size for number in range(held.num_row_groups))
