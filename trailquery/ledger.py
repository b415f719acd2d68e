"""The ledger of a lake: which log files it holds, where each was seen, and what could not be had."""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from trailquery import tables
from trailquery.atomic import replaced
from trailquery.digests import KEYS, PublicKey, key_list, public_keys
from trailquery.errors import UsageError
from trailquery.inflate import GZIP_MAGIC
from trailquery.logs import FileRead
from trailquery.sources import DeliveryPath, LogFile, ObjectVersion, Unread, delivery_path
from trailquery.sources.folder import is_object

_KINDS = {
    "CloudTrail-Insight": "insight",
    "CloudTrail-NetworkActivity": "network-activity",
    "CloudTrail-Aggregated": "aggregated",
}
_PROGRESS = "cache/progress.json"


class Ledger:
    """Rows of `files` by SHA-256; what was seen at which place; what waits to be read."""

    def __init__(self, lake: Path) -> None:
        is_lake = (lake / tables.FILES.name / "_delta_log").is_dir()
        files = tables.parquet_files(lake, tables.FILES) if is_lake else []
        scan = tables.FILES.schema.empty_table()
        if files:
            own = duckdb.connect()  # the default one is the caller's, who may be in the middle of a query
            scan = own.read_parquet(files).to_arrow_table()
        self._stored = scan.sort_by("ingested_at")  # a row becomes a dict only when it is asked for
        self.held: dict[str, dict[str, Any] | int] = {}  # a row, or its number in `_stored`
        self.places: set[tuple[str, str]] = set()  # (SHA-256, place)
        self._objects: dict[str, set[tuple[str, int]]] = defaultdict(set)  # place to (ETag, size)
        self._missing: dict[str, dict[str, Any] | int] = {}  # place to the row that says why
        keys = zip(*(self._stored[name].to_pylist() for name in _NOTED), strict=True)
        for number, key in enumerate(keys):
            self._note(number, *key)

    def note(self, row: dict[str, Any]) -> None:
        """Remember a row of `files`."""
        self._note(row, *(row[name] for name in _NOTED))

    def _note(
        self, row: dict[str, Any] | int, status: str, file_sha256: str, place: str, etag: str | None, size_bytes: int
    ) -> None:
        if status in _NOT_HELD:
            self._missing[place] = row
        elif status == _READ_SINCE:
            self._missing.pop(place, None)
        else:
            self.held[file_sha256] = row
            self.places.add((file_sha256, place))
            if etag:
                self._objects[place].add((etag, size_bytes))

    def _row(self, row: dict[str, Any] | int) -> dict[str, Any]:
        if isinstance(row, int):
            (stored,) = self._stored.slice(row, 1).to_pylist()
            return dict(stored)
        return row

    def holds(self, place: str, etag: str, size_bytes: int) -> bool:
        """Whether these bytes of this place were read. An archive never was: some of its members may be missing."""
        return (etag, size_bytes) in self._objects.get(place, ())

    def etag_at(self, place: str) -> str | None:
        return next((etag for etag, _ in self._objects.get(place, ())), None)

    def places_below(self, start: str) -> Iterator[str]:
        return (place for _, place in self.places if place.startswith(start))

    def another_place(self, file_sha256: str, found: LogFile, now: datetime) -> list[dict[str, Any]]:
        """The row to add when held bytes are seen at a new place, or under a new ETag."""
        stored = found.stored
        is_noted = stored.etag is None or self.holds(found.place, stored.etag, stored.size_bytes)
        if (file_sha256, found.place) in self.places and is_noted:
            return []
        row = self._row(self.held[file_sha256]) | _of_object(stored) | {"place": found.place, "ingested_at": now}
        self.note(row)
        return [row]

    def missing(self, unread: Unread, now: datetime) -> list[dict[str, Any]]:
        """The row to add when a place could not be read, unless it says so already."""
        before = self._row(self._missing[unread.place]) if unread.place in self._missing else None
        if before and (before["status"], before["reason"]) == (unread.status, unread.reason):
            return []
        path = delivery_path(unread.place)
        row = dict.fromkeys(tables.FILES.schema.names) | {
            "file_sha256": unread_id(unread.place),
            "place": unread.place,
            "kind": "digest" if path.folder == "CloudTrail-Digest" else _kind_of(path),
            "status": unread.status,
            "reason": unread.reason,
            "size_bytes": unread.stored.size_bytes,
            "ingested_at": now,
            **path._asdict(),
            **_of_object(unread.stored),
        }
        self.note(row)
        return [row]

    def read_since(self, place: str, now: datetime) -> list[dict[str, Any]]:
        """The row to add when a place that could not be read, was."""
        if place not in self._missing:
            return []
        row = self._row(self._missing[place]) | {"status": _READ_SINCE, "reason": None, "ingested_at": now}
        self.note(row)
        return [row]


_NOTED = ("status", "file_sha256", "place", "etag", "size_bytes")
_NOT_HELD = ("unread", "archived")
_READ_SINCE = "read since"


def unread_id(place: str) -> str:
    """What stands for the SHA-256 of a file without bytes."""
    return "unreadable-" + hashlib.sha256(place.encode()).hexdigest()[:32]


def _kind_of(path: DeliveryPath) -> str:
    return _KINDS.get(path.folder or "", "log")


def file_row(file: FileRead, found: LogFile, now: datetime) -> dict[str, Any]:
    """The row of `files` for a log file that was read."""
    path, rejected = delivery_path(found.place), len(file.rejects)
    reason = file.problem or (f"{rejected} of its records are in rejects" if rejected else None)
    return {
        "file_sha256": file.origin.file_sha256,
        "place": found.place,
        "kind": _kind_of(path) if file.kind == "log" else file.kind,
        "status": "loaded" if reason is None else "partial" if file.rows else "rejected",
        "reason": reason,
        "size_bytes": file.size_bytes,
        "content_sha256": file.inflated_sha256 or None,
        "content_bytes": file.inflated_bytes,
        "records": file.rows + rejected,
        "rejected": rejected,
        "first_event_time": file.first_event_time,
        "last_event_time": file.last_event_time,
        "ingested_at": now,
        **path._asdict(),
        **_of_object(found.stored),
    }


def _of_object(stored: ObjectVersion) -> dict[str, Any]:
    return {name: value for name, value in stored._asdict().items() if name != "size_bytes"}


def keep_digest(lake: Path, file_sha256: str, data: bytes) -> None:
    """Keep the bytes of a digest below `evidence/digests`, so that logs can be verified without its bucket."""
    folder = lake / "evidence" / "digests"
    kept = folder / f"{file_sha256}.json{'.gz' if data.startswith(GZIP_MAGIC) else ''}"
    if kept.exists():
        return
    for made in (folder.parent, folder):
        made.mkdir(mode=0o700, exist_ok=True)
    with replaced(kept) as file:
        file.write(data)


def kept_digest(lake: Path, file_sha256: str) -> bytes | None:
    """The bytes of a digest as `keep_digest` kept them."""
    names = (lake / "evidence" / "digests" / f"{file_sha256}.json{ending}" for ending in (".gz", ""))
    return next((kept.read_bytes() for kept in names if kept.is_file() and not tables.is_foreign(kept)), None)


def keep_keys(lake: Path, place: str, data: bytes | None) -> None:
    """Add the public keys in the file at `place` to those of the lake, if it holds any.

    Those in a bucket are not believed: whoever can change the logs can put them there.
    """
    if data is None or place.startswith("s3://") or re.split("[/!]", place)[-1] != KEYS or is_object(place):
        return
    try:
        new = public_keys(data, place)
    except UsageError:  # it is no list of keys
        return
    if not new.keys() <= kept_keys(lake).keys():
        kept = lake / "evidence" / KEYS
        listed = json.loads(kept.read_bytes())["PublicKeyList"] if kept.is_file() else []
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        with replaced(kept) as file:
            file.write(key_list([*json.loads(data)["PublicKeyList"], *listed]))


def kept_keys(lake: Path) -> dict[str, PublicKey]:
    """The public keys that lay beside the log files of the lake, by fingerprint. Raises UsageError."""
    kept = lake / "evidence" / KEYS
    return public_keys(kept.read_bytes(), str(kept)) if kept.is_file() else {}


def write_progress(lake: Path, loaded: int, listed: int) -> None:
    """Say beside the lake how far an ingest has come; `listed` is 0 where nobody counted the files."""
    with replaced(lake / _PROGRESS) as file:
        file.write(json.dumps({"loaded": loaded, "listed": listed}).encode())


def end_progress(lake: Path) -> None:
    (lake / _PROGRESS).unlink(missing_ok=True)


def progress(lake: Path) -> str | None:
    """How far an ingest that has not ended has come, in a sentence; None where none is under way or was stopped."""
    try:
        said = json.loads((lake / _PROGRESS).read_text(encoding="utf-8"))
        of = f" of {said['listed']:,} listed" if said["listed"] else ""
        return f"not all is loaded: an ingest, under way or stopped, has loaded {said['loaded']:,}{of} files"
    except (OSError, ValueError, LookupError, TypeError, RecursionError):  # none, or what no ingest wrote
        return None
