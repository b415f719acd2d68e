"""Bytes of log files -> Arrow tables of events, and the rejects beside them. Pure: no I/O, no clock.

Every sound JSON object with at least two of `RECORD_KEYS` becomes a row, whatever the types of its values.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from trailquery.containers import Reject, cut
from trailquery.events import EVENTS
from trailquery.pieces import read_pieces
from trailquery.records import columns_of, forget
from trailquery.soundness import Record, UnsoundError, examine, read_record

TABLE_RECORDS = 20_000
TABLE_BYTES = 32 << 20
_KEPT = ("_CloudTrail-Digest_", "public-keys.json")  # in the names of evidence whose bytes are kept
LONG_RECORD = 16 << 10  # bytes
_STEP = 100  # so many records are added before a table may end


class Origin(NamedTuple):
    """Where the records of one log file come from; `delivered_at` is naive UTC."""

    source_file: str
    file_sha256: str
    delivered_at: datetime | None


@dataclass(slots=True, eq=False)
class FileRead:
    """What one log file held: `rows` of its records are in tables, `rejects` are not. Times are naive UTC."""

    origin: Origin
    size_bytes: int
    kind: str = "log"  # as in Contents, like the next three
    inflated_sha256: str = ""
    inflated_bytes: int = 0
    problem: str | None = None
    rejects: list[Reject] = field(default_factory=list)
    data: bytes | None = None  # of a digest, also of one that cannot be read, and of public keys
    rows: int = 0
    first_event_time: datetime | None = None
    last_event_time: datetime | None = None

    def count(self, event_time: datetime | None) -> None:
        self.rows += 1
        if event_time is not None:
            self.first_event_time = min(self.first_event_time or event_time, event_time)
            self.last_event_time = max(self.last_event_time or event_time, event_time)


class Decoded(NamedTuple):
    """A table of EVENTS, and the files whose last row is in it."""

    table: pa.Table
    files: list[FileRead]


def decode(files: Iterable[tuple[Origin, bytes]], table_records: int = TABLE_RECORDS) -> Iterator[Decoded]:
    """The records of log files, each given as its bytes, in tables of `table_records` rows or some more.

    A table ends early at TABLE_BYTES of records.
    """
    waiting, long_bytes = _Waiting(), 0
    for origin, data in files:
        file, records = FileRead(origin, len(data)), 0
        for contents in read_pieces(data):
            file.rejects += contents.rejects
            records += len(contents.records)
            long_bytes += sum(size for size in map(len, contents.records) if size > LONG_RECORD)
            if long_bytes > TABLE_BYTES:
                forget()
                long_bytes = 0
            for start in range(0, len(contents.records), _STEP):
                if len(waiting.records) >= table_records or waiting.bytes >= TABLE_BYTES:
                    yield waiting.decoded()
                    waiting = _Waiting()
                part = slice(start, start + _STEP)
                waiting.add(file, contents.records[part], contents.positions[part])
        file.kind, file.problem = contents.kind, contents.problem
        file.inflated_sha256, file.inflated_bytes = contents.inflated_sha256, contents.inflated_bytes
        if file.problem and not file.rejects:  # what is lost or wrong has no bytes to show, but it is listed
            file.rejects.append(Reject(records, b"", file.problem))
        if file.kind == "digest" or any(name in origin.source_file for name in _KEPT):
            file.data = data
        waiting.files.append(file)
    yield waiting.decoded()


class _Waiting:
    """Records that are to become a table, with the position and file of each."""

    def __init__(self) -> None:
        self.files: list[FileRead] = []
        self.records: list[Record] = []
        self.raws: list[bytes] = []
        self.positions: list[int] = []
        self.owners: list[FileRead] = []
        self.bytes = 0

    def add(self, file: FileRead, raws: Sequence[msgspec.Raw], positions: Sequence[int]) -> None:
        for raw, position in zip(raws, positions, strict=True):
            try:
                self.records.append(read_record(raw))
            except UnsoundError as reason:
                file.rejects.append(cut(position, memoryview(raw), str(reason)))
            else:
                self.raws.append(bytes(raw))
                self.positions.append(position)
                self.owners.append(file)
                self.bytes += len(raw)

    def decoded(self) -> Decoded:
        """The table of what waits."""
        columns, plain = columns_of(self.records, self.raws)
        if not all(plain) and self._reject_unsound(plain):
            columns, _ = columns_of(self.records, self.raws)
        for file in self.files:
            file.rejects.sort()
        for file, event_time in zip(self.owners, columns["event_time"], strict=True):
            file.count(event_time)
        columns["position"] = self.positions
        for number, name in enumerate(Origin._fields):
            columns[name] = [file.origin[number] for file in self.owners]
        return Decoded(pa.table({name: columns[name] for name in EVENTS.names}, schema=EVENTS), self.files)

    def _reject_unsound(self, plain: list[bool]) -> bool:
        """Move what an exact look finds unsound to the rejects of its file; whether there was any."""
        for place in [place for place, is_plain in enumerate(plain) if not is_plain]:
            try:
                examine(self.raws[place])
            except UnsoundError as reason:
                self.owners[place].rejects.append(cut(self.positions[place], self.raws[place], str(reason)))
            else:
                plain[place] = True
        columns: tuple[list[Any], ...] = (self.records, self.raws, self.positions, self.owners)
        for waiting in columns:
            waiting[:] = compress(waiting, plain)
        return not all(plain)
