"""What the views aggregate, kept below lake/cache/derived: sessions, how they are linked, principals.

Nothing here is evidence: each file may be deleted at any moment, and is made again from the events by the views of
schema `live`, so that the cache answers as they do. A file is named

    view.content.parquet

where `content` is its SHA-256, and lists in its metadata what it was made of: the keys of dates (a digest of the SQL, the Parquet
files of the date and its elected variants), or one key of all dates. Dates that changed or came are made again, together in one
file; what older files hold of the others is kept. All dates are merged anew.
"""

import hashlib
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import duckdb

from trailquery.atomic import UNUSED_S, content_of, put
from trailquery.parameters import literal
from trailquery.tables import NO_DATE
from trailquery.views import Snapshot

_DAYS = ("session_days", "openings", "principal_days")
_MADE_OF = {
    "session_links": ("session_days", "openings"),
    "sessions": ("session_days", "session_links"),
    "session_lineage": ("session_links",),
    "principals": ("principal_days",),
}
_LIVE = "SELECT view_name FROM duckdb_views() WHERE schema_name = 'live'"


class Derived:
    """The cache of one snapshot of a lake."""

    def __init__(self, lake: Path, snapshot: Snapshot) -> None:
        self._folder = lake / "cache" / "derived"
        self._dates = _date_keys(snapshot)
        self._sound: dict[Path, tuple[int, int]] = {}
        self._building = threading.Lock()

    def prepare(self, cursor: duckdb.DuckDBPyConnection, named: set[str]) -> None:
        """Make what is `named` in a query answer from files, if it is any of ours and the disk can hold it."""
        if not named & _MADE_OF.keys():
            return
        with self._building:
            try:
                for name in sorted(named & _MADE_OF.keys()):
                    self._provide(cursor, name)
            except (OSError, duckdb.IOException):  # a disk that is full or read-only: `live` answers all the same
                for (name,) in cursor.execute(_LIVE).fetchall():
                    cursor.execute(f"CREATE OR REPLACE VIEW derived.{name} AS SELECT * FROM live.{name}")  # noqa: S608

    def _provide(self, cursor: duckdb.DuckDBPyConnection, name: str) -> None:
        """Let `derived.name` answer from files, made now where they are not there."""
        if not self._dates:  # a lake without events
            return
        keys = set(self._dates) if name in _DAYS else {_digest(*self._dates)}
        held = self._held(cursor, name, keys)
        if missing := keys - held.keys():
            for part in _MADE_OF.get(name, ()):
                self._provide(cursor, part)
            held |= dict.fromkeys(missing, self._make(cursor, name, missing))
            self._sweep(cursor)
        chosen = " UNION ALL ".join(
            f"SELECT * FROM read_parquet({literal(str(file))}) WHERE {self._of(key for key in held if held[key] == file)}"  # noqa: S608 (our own text)
            for file in sorted(set(held.values()))
        )
        cursor.execute(f"CREATE OR REPLACE VIEW derived.{name} AS {chosen}")

    def _of(self, keys: Iterable[str]) -> str:
        """SQL: the row is of one of the dates with these keys; the key of all dates is that of every row."""
        dates = [self._dates.get(key) for key in sorted(keys)]
        if None in dates:
            return "true"
        days = ", ".join(f"DATE '{date}'" for date in dates if date != NO_DATE)
        return " OR ".join(["event_date IS NULL"] * (NO_DATE in dates) + [f"event_date IN ({days})"] * bool(days))

    def _make(self, cursor: duckdb.DuckDBPyConnection, name: str, keys: set[str]) -> Path:
        """Write what `live.name` answers of what has these keys."""
        rows = f"SELECT * FROM live.{name} WHERE {self._of(keys)}"  # noqa: S608 (our own text)
        form = f"FORMAT parquet, KV_METADATA {{keys: '{' '.join(sorted(keys))}'}}"
        made = put(
            self._folder,
            f"{name}.{{}}.parquet",
            lambda file: cursor.execute(f"COPY ({rows}) TO {literal(str(file))} ({form})"),
        )
        self._sound[made] = _stamp(made)
        return made

    def _held(self, cursor: duckdb.DuckDBPyConnection, name: str, keys: set[str]) -> dict[str, Path]:
        """Of the keys those that a file of `name` holds, and that file, marked as used; none whose bytes have changed."""
        held: dict[str, Path] = {}
        for file in sorted(self._folder.glob(f"{name}.*.parquet")):
            with suppress(OSError):
                if self._sound.get(file) != _stamp(file) and content_of(file) != file.name.split(".")[1]:
                    continue
                if wanted := keys & _keys(cursor, file) - held.keys():
                    with suppress(OSError):  # on a disk that cannot be written nothing is swept either
                        os.utime(file)
                    held |= dict.fromkeys(wanted, file)
                self._sound[file] = _stamp(file)
        return held

    def _sweep(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Remove files that this snapshot has no use for and that no process used lately."""
        useful = {*self._dates, _digest(*self._dates)}
        for file in self._folder.iterdir():
            with suppress(OSError):
                if time.time() - file.stat().st_mtime > UNUSED_S and not _keys(cursor, file) & useful:
                    file.unlink()


def _keys(cursor: duckdb.DuckDBPyConnection, file: Path) -> set[str]:
    """What the file was made of; empty for what is no file of the cache."""
    try:
        said = cursor.execute("SELECT value FROM parquet_kv_metadata($file) WHERE key = 'keys'", {"file": str(file)})
        return {key for (value,) in said.fetchall() for key in value.decode().split()}
    except (duckdb.InvalidInputException, duckdb.IOException):
        return set()


def _date_keys(snapshot: Snapshot) -> dict[str, str]:
    """Each date, as its folder writes it, by the digest of what its events are made of: SQL, files, elected variants."""
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for file in snapshot.event_files:
        parts[Path(file).parent.name.removeprefix("event_date=")].append(Path(file).name)
    for date, file_sha256, position in snapshot.swaps:
        parts[f"{date}" if date else NO_DATE].append(f"{file_sha256} {position}")
    return {_digest(snapshot.sql, date, *sorted(parts[date])): date for date in sorted(parts)}


def _digest(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def _stamp(file: Path) -> tuple[int, int]:
    """What changes when the file does: its size and when it was last written or marked as used, in ns."""
    status = file.stat()
    return status.st_size, status.st_mtime_ns
