"""What the views aggregate, kept below lake/cache/derived: sessions, how they are linked, principals.

Nothing here is evidence: each file may be deleted at any moment, and is made again from the events by the views of
schema `live`, so that the cache answers as they do. What a file holds is keyed by its name,

    view.key.content.parquet

where `key` tells what went in (the SQL, and of each date the Parquet files and the elected variants) and `content` is
the SHA-256 of the file. Files of one date are made again only when that date changed; all dates are merged anew.
"""

import hashlib
import os
import threading
import time
import uuid
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import duckdb

from trailquery.views import Snapshot

UNUSED_S = 3600  # other processes may still answer from a file that was used within this time
_NO_DATE = "event_date=__HIVE_DEFAULT_PARTITION__"
_DAYS = {"session_days": "session_id", "openings": "event_time", "principal_days": "principal_key"}
_MADE_OF = {
    "session_links": ("session_days", "openings"),
    "sessions": ("session_days", "session_links"),
    "session_lineage": ("session_links",),
    "principals": ("principal_days",),
}
_ORDER = {"principals": "principal_key"}
_TABLES_NAMED = "SELECT unnest(list_distinct(json_extract_string(json_serialize_sql($sql), '$..table_name')))"


class Derived:
    """The cache of one snapshot of a lake."""

    def __init__(self, lake: Path, snapshot: Snapshot) -> None:
        self._folder = lake / "cache" / "derived"
        self._dates = _date_keys(snapshot)
        self._sound: dict[Path, tuple[int, int]] = {}
        self._building = threading.Lock()

    def prepare(self, cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
        """Make what `sql` names answer from files, if it is any of ours and the disk can hold it."""
        tables = cursor.execute(_TABLES_NAMED, {"sql": sql}).fetchall()
        named = {name.lower() for (name,) in tables} & _MADE_OF.keys()
        if not named:
            return
        with self._building:
            try:
                for name in sorted(named):
                    self._provide(cursor, name)
            except (OSError, duckdb.IOException):  # a disk that is full or read-only: `live` answers all the same
                for name in (*_DAYS, *_MADE_OF):
                    cursor.execute(f"CREATE OR REPLACE VIEW derived.{name} AS SELECT * FROM live.{name}")  # noqa: S608

    def _provide(self, cursor: duckdb.DuckDBPyConnection, name: str) -> None:
        """Let `derived.name` answer from files, made now where they are not there."""
        if name in _DAYS:
            files = [self._file(name, key) or self._make(cursor, name, key, date) for date, key in self._dates.items()]
        else:
            key = _digest(*self._dates.values())
            files = [self._file(name, key) or self._merge(cursor, name, key)]
        if files:  # a lake without events has no dates
            listed = ", ".join(f"'{_quoted(file)}'" for file in files)
            cursor.execute(f"CREATE OR REPLACE VIEW derived.{name} AS FROM read_parquet([{listed}])")

    def _merge(self, cursor: duckdb.DuckDBPyConnection, name: str, key: str) -> Path:
        for part in _MADE_OF[name]:
            self._provide(cursor, part)
        made = self._make(cursor, name, key)
        self._sweep()
        return made

    def _make(self, cursor: duckdb.DuckDBPyConnection, name: str, key: str, date: str = "") -> Path:
        """Write what `live.name` answers, of one date for the views of days; other processes see the whole file or none."""
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f"{uuid.uuid4()}.unfinished"
        day = "NULL" if date == _NO_DATE else f"DATE '{date.removeprefix('event_date=')}'"
        rows = f"event_date IS NOT DISTINCT FROM {day}" if date else "true"
        order = _DAYS.get(name) or _ORDER.get(name, "session_id")
        try:
            cursor.execute(
                f"COPY (SELECT * FROM live.{name} WHERE {rows} ORDER BY {order}) TO '{_quoted(unfinished)}' (FORMAT parquet)"  # noqa: S608 (our own text)
            )
            made = self._folder / f"{name}.{key}.{_content(unfinished)}.parquet"
            unfinished.replace(made)
        finally:
            unfinished.unlink(missing_ok=True)
        self._sound[made] = _stamp(made)
        return made

    def _file(self, name: str, key: str) -> Path | None:
        """The file of that name and key, marked as used; None where there is none or its bytes have changed."""
        for file in sorted(self._folder.glob(f"{name}.{key}.*.parquet")):
            with suppress(OSError):
                if self._sound.get(file) != _stamp(file) and _content(file) != file.name.split(".")[2]:
                    continue
                with suppress(OSError):  # on a disk that cannot be written nothing is swept either
                    os.utime(file)
                self._sound[file] = _stamp(file)
                return file
        return None

    def _sweep(self) -> None:
        """Remove files that this snapshot has no use for and that no process used lately."""
        merged = _digest(*self._dates.values())
        useful = {f"{name}.{key}" for name in _DAYS for key in self._dates.values()}
        useful |= {f"{name}.{merged}" for name in _MADE_OF}
        for file in self._folder.iterdir():
            with suppress(OSError):
                if (
                    file.name.rpartition(".")[0].rpartition(".")[0] not in useful
                    and time.time() - file.stat().st_mtime > UNUSED_S
                ):
                    file.unlink()


def _date_keys(snapshot: Snapshot) -> dict[str, str]:
    """For each folder of a date, what its events are made of: SQL, files, elected variants."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for file in snapshot.event_files:
        parts[Path(file).parent.name].append(Path(file).name)
    for date, file_sha256, position in snapshot.swaps:
        parts[f"event_date={date}" if date else _NO_DATE].append(f"{file_sha256} {position}")
    return {date: _digest(snapshot.sql, date, *sorted(parts[date])) for date in sorted(parts)}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _content(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _stamp(file: Path) -> tuple[int, int]:
    """What changes when the file does: its size and when it was last written or marked as used, in ns."""
    status = file.stat()
    return status.st_size, status.st_mtime_ns


def _quoted(file: Path) -> str:
    return str(file).replace("'", "''")
