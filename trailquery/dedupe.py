"""Which arriving records are new, which say again what the lake holds, and which differ from it.

An event is its (account, event id, content); content is equal as JSON whatever the order of keys and white space.
A row's place is its (file, position). A row whose place is already stored is counted and not stored again, which is
what makes it safe to read a file again after a crash. Copies can differ in time, so that every arriving id is looked
for in the whole lake: a few in its Bloom filters, many among hashes of all ids it holds, kept in a file from one batch
to the next. The rest is read of those that are there.
"""

from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from trailquery import tables
from trailquery.soundness import canonical

Key = tuple[str, str | None]  # (event_id, account_id)
Place = tuple[str, int]  # (file_sha256, position)
MARKS_MEMORY = "64MB"  # of the file of marks, however large that is


class Sorted(NamedTuple):
    """Which of the arriving rows to add to events and to variants, the sightings to add, and how many count as what."""

    is_new: pa.BooleanArray
    is_variant: pa.BooleanArray
    sightings: pa.Table
    counts: dict[str, int]  # loaded, duplicate, variant


class _Copies:
    """What is known of one event: the place of each differing copy by its bytes, and the kind of every stored place."""

    __slots__ = ("_by_content", "_unread", "places", "stored")

    def __init__(self) -> None:
        self.places: dict[str, Place] = {}
        self.stored: dict[Place, str] = {}
        self._by_content: dict[bytes, str] = {}
        self._unread: list[str] = []  # copies not yet in it: most are equal to the byte, and never need to be

    def add(self, raw: str, place: Place) -> None:
        self.places[raw] = place
        self._unread.append(raw)

    def same_as(self, raw: str) -> tuple[str, Place] | None:
        """The bytes and the place of the copy that is equal to `raw` as JSON."""
        if raw not in self.places and self.places:
            self._by_content |= {canonical(copy): copy for copy in self._unread}
            self._unread.clear()
            raw = self._by_content.get(canonical(raw), raw)
        return (raw, self.places[raw]) if raw in self.places else None


class Dedupe:
    """Sorts batches of records against all that `lake` holds; only one of these may write to the lake. To be closed."""

    def __init__(self, lake: Path) -> None:
        self._lake = lake
        self._connection = duckdb.connect()
        self._connection.execute("SET python_enable_replacements = false")
        self._marks: _Marks | None = None

    def sort(self, arriving: pa.Table) -> Sorted:
        """`arriving` (columns of EVENTS and event_date, in order of arrival) sorted into new, seen again and differing.

        What is called new counts as held from now on.
        """
        keys = arriving.select(["event_id", "account_id"]).append_column("row", pa.arange(0, len(arriving)))
        self._connection.register("arriving", keys)
        known = self._held(arriving)
        meeting = [row for (row,) in self._connection.execute(_MEETING).fetchall()]
        counts = {"loaded": len(arriving) - len(meeting), "duplicate": 0, "variant": 0}
        is_new, is_variant = [True] * len(arriving), [False] * len(arriving)
        sightings: list[tuple[int, str, int, str | None]] = []  # row, the place it equals, its own bytes if they differ
        columns = ["event_id", "account_id", "raw", "file_sha256", "position"]
        close = arriving.select(columns).take(pa.array(meeting, pa.int64()))
        records = zip(*(column.to_pylist() for column in close.columns), strict=True)
        for row, (event_id, account_id, raw, *place) in zip(meeting, records, strict=True):
            copies = known.get((event_id, account_id)) or known.setdefault((event_id, account_id), _Copies())
            kind, (same_raw, same_place), is_stored = _judge(copies, raw, tuple(place))
            counts[kind] += 1
            is_new[row] = kind == "loaded" and not is_stored
            is_variant[row] = kind == "variant" and not is_stored
            if kind == "duplicate" and not is_stored:
                sightings.append((row, *same_place, None if raw == same_raw else raw))
        is_new_row = pa.array(is_new, pa.bool_())
        if self._marks:
            self._marks.add(arriving.select(["event_id", "event_date"]).filter(is_new_row))
        return Sorted(is_new_row, pa.array(is_variant, pa.bool_()), _sightings(arriving, sightings), counts)

    def close(self) -> None:
        if self._marks:
            self._marks.close()

    def _held(self, arriving: pa.Table) -> dict[Key, _Copies]:
        """What the whole lake knows of the arriving ids; also the table `held` of those ids."""
        known: dict[Key, _Copies] = {}
        wanted, parts = self._maybe_held(arriving["event_id"])
        # of these files a killed ingest may have stored some rows
        files = arriving["file_sha256"].unique().to_pylist() if wanted else []
        for kind, rows in (
            ("loaded", self._stored_rows(tables.EVENT_TABLE, "event_id", wanted, parts)),
            ("variant", self._stored_rows(tables.VARIANTS, "event_id", wanted)),
            ("duplicate", self._stored_rows(tables.SIGHTINGS, "file_sha256", files)),
        ):
            for event_id, account_id, raw, file_sha256, position in rows:
                copies = known.setdefault((event_id, account_id), _Copies())
                copies.stored[file_sha256, position] = kind
                if kind != "duplicate":
                    copies.add(raw, (file_sha256, position))
        self._connection.execute(
            "CREATE OR REPLACE TABLE held AS"
            " SELECT unnest($events::VARCHAR[]) AS event_id, unnest($accounts::VARCHAR[]) AS account_id",
            {"events": [event_id for event_id, _ in known], "accounts": [account_id for _, account_id in known]},
        )
        return known

    def _maybe_held(self, event_ids: pa.ChunkedArray) -> tuple[list[str], set[str] | None]:
        """The ids of which the lake may hold a copy, all of few, of many those whose marks it holds; and in which
        partitions, None for any."""
        if len(event_ids) <= tables.FEW_IDS:
            return event_ids.unique().to_pylist(), None
        if not self._marks:
            files = tables.parquet_files(self._lake, tables.EVENT_TABLE)  # written first: other tables add no id
            if not files:
                return [], None
            self._marks = _Marks(self._lake / "cache" / "marks.duckdb", files)
        return self._marks.among(event_ids)

    def _stored_rows(
        self, table: tables.Table, column: str, values: list[str], parts: set[str] | None = None
    ) -> list[tuple[Any, ...]]:
        """Id, account, bytes and place of the rows of `table` that have one of the values, in these partitions or any."""
        files = tables.parquet_files(self._lake, table) if values else []
        if parts is not None:
            files = [file for file in files if Path(file).parent.name in parts]
        if not files:
            return []
        sought = "$values" if len(values) <= tables.FEW_IDS else "(SELECT unnest($values))"
        return self._connection.execute(
            "SELECT event_id, account_id, raw, file_sha256, position FROM read_parquet($files)"  # noqa: S608
            f" WHERE {column} IN {sought}",
            {"files": files, "values": values},
        ).fetchall()


class _Marks:
    """A hash of every event id in a lake, and the date of the event, in a file of which MARKS_MEMORY at most is in memory."""

    _MARK = "hash(event_id)"

    def __init__(self, file: Path, parquet: list[str]) -> None:
        self._files = file, file.with_name(f"{file.name}.wal")
        self._remove()  # that of an ingest that was killed
        self._connection = duckdb.connect(
            str(file), config={"memory_limit": MARKS_MEMORY, "python_enable_replacements": "false"}
        )
        self._connection.execute(
            f"CREATE TABLE marks AS SELECT {self._MARK} AS mark, event_date"  # noqa: S608 (our own text)
            " FROM read_parquet($parquet, hive_partitioning = true, hive_types = {event_date: DATE})",
            {"parquet": parquet},
        )

    def add(self, new: pa.Table) -> None:
        """Take in `new`: event_id and event_date."""
        self._connection.register("new", new)
        self._connection.execute(f"INSERT INTO marks SELECT {self._MARK}, event_date FROM new")  # noqa: S608

    def among(self, event_ids: pa.ChunkedArray) -> tuple[list[str], set[str]]:
        """Which of the ids the lake may hold, each once, and in which partitions."""
        self._connection.register("arriving", pa.table({"event_id": event_ids}))
        marked = f"SELECT DISTINCT event_id, event_date FROM arriving JOIN marks ON mark = {self._MARK}"  # noqa: S608
        found = self._connection.execute(marked).fetchall()
        return list({event_id for event_id, _ in found}), {tables.partition(day and f"{day}") for _, day in found}

    def close(self) -> None:
        self._connection.close()
        self._remove()

    def _remove(self) -> None:
        for file in self._files:
            file.unlink(missing_ok=True)


# an id that comes twice, or that the lake holds; the rest, nearly all, is new without a closer look
_MEETING = """
SELECT row FROM (
    SELECT row, event_id, account_id, count(*) OVER (PARTITION BY event_id, account_id) AS copies FROM arriving
) AS counted
WHERE copies > 1 OR EXISTS (
    SELECT 1 FROM held WHERE held.event_id = counted.event_id
        AND held.account_id IS NOT DISTINCT FROM counted.account_id
)
ORDER BY row
"""


def _judge(copies: _Copies, raw: str, place: Place) -> tuple[str, tuple[str, Place], bool]:
    """What the record counts as, the copy it equals, and whether its place is stored already."""
    if place in copies.stored:
        return copies.stored[place], (raw, place), True
    same = copies.same_as(raw)
    kind = "duplicate" if same else "variant" if copies.places else "loaded"
    if same is None:
        copies.add(raw, place)
    copies.stored[place] = kind
    return kind, same or (raw, place), False


def _sightings(arriving: pa.Table, found: list[tuple[int, str, int, str | None]]) -> pa.Table:
    """The rows to add to sightings: the number of an arriving row, the place of the copy it equals, its bytes or None."""
    numbers, *said = zip(*found, strict=True) if found else [()] * 4
    schema = tables.SIGHTINGS.schema
    given = arriving.select(schema.names[:-3]).take(pa.array(numbers, pa.int64()))
    added = [pa.array(values, field.type) for values, field in zip(said, list(schema)[-3:], strict=True)]
    return pa.table([*given.columns, *added], schema=schema)
