"""What `trailquery verify` found, as tables of `stored`: a verdict on each file, and through it on each event.

Nothing of it is kept in the rows: digests come later than the events, and a verdict is that of the file as it is now.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from trailquery.columns import declared
from trailquery.errors import UsageError
from trailquery.events import TEXT, TIME
from trailquery.settings import lake_option
from trailquery.tables import FEW_IDS
from trailquery.wording import counted

VERDICTS_FILE = "evidence/verdicts.parquet"
NOT_CHECKED = "not checked"
# From the best to the worst. What nobody looked at may be sound; what is unlisted or changed has something against it.
ORDER = ("intact", "pending", "unverifiable", NOT_CHECKED, "unlisted", "changed", "missing")
_WRONG = ORDER[4:]
SCHEMA = pa.schema(
    [(name, TEXT) for name in ("place", "kind", "file_sha256", "verdict", "reason", "trail")]
    + [("hour", TIME), ("verified_at", TIME)]
)
_TABLES = f"""
CREATE TABLE stored.verdicts ({declared(SCHEMA)});
CREATE TABLE stored.file_verdicts (file_sha256 VARCHAR, verdict VARCHAR, rank INTEGER);
CREATE TABLE stored.better (file_sha256 VARCHAR, position INTEGER, verdict VARCHAR, rank INTEGER);
"""
# The same bytes at two places are as good as the better one; so is a row as its best sighting, equal to the byte.
_FILL = """
INSERT INTO stored.verdicts
SELECT place, kind, file_sha256, verdict, reason, trail, hour, verified_at FROM read_parquet($file);
INSERT INTO stored.file_verdicts
SELECT file_sha256, arg_min(verdict, rank), min(rank)
FROM (SELECT *, list_position($order, verdict) AS rank FROM stored.verdicts WHERE file_sha256 IS NOT NULL)
GROUP BY file_sha256;
INSERT INTO stored.better
SELECT copy.same_as_file, copy.same_as_position, arg_min(theirs.verdict, theirs.rank), min(theirs.rank)
FROM stored.sightings AS copy
INNER JOIN stored.file_verdicts AS theirs ON copy.file_sha256 = theirs.file_sha256
LEFT JOIN stored.file_verdicts AS own ON copy.same_as_file = own.file_sha256
WHERE copy.raw IS NULL AND (own.rank IS NULL OR theirs.rank < own.rank)
GROUP BY copy.same_as_file, copy.same_as_position;
"""
_JUDGED = """
SELECT copy.*, coalesce(better.verdict, own.verdict, 'not checked') AS integrity
FROM {source} AS copy
LEFT JOIN stored.file_verdicts AS own ON copy.file_sha256 = own.file_sha256
LEFT JOIN stored.better AS better ON copy.file_sha256 = better.file_sha256 AND copy.position = better.position
"""


class Met(NamedTuple):
    """What an answer held, as far as its footer needs it: how many rows, and of each its ids and its integrity."""

    rows: int
    ids: pa.Table  # the columns that `id_columns` names


class Verdicts:
    """The verdicts on one lake as they are when first asked for; `exist` says whether there are any at all."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
        connection.execute(_TABLES)
        self._connection = connection
        self._file = lake / VERDICTS_FILE
        self._at = "".join(f" {quote(word)}" for word in lake_option(lake))
        self._filling = threading.Lock()
        self._is_filled = False
        self.exist = self._file.is_file()

    def fill(self) -> None:
        """Read them into `stored.verdicts`, `stored.file_verdicts` and `stored.better`. Raises UsageError where it cannot."""
        with self._filling:
            if self.exist and not self._is_filled:
                for statement in _FILL.split(";\n")[:-1]:
                    params = {"file": str(self._file), "order": list(ORDER)}
                    used = {name: value for name, value in params.items() if f"${name}" in statement}
                    try:
                        self._connection.execute(statement, used)
                    except duckdb.Error as error:
                        told = str(error).splitlines()[0]
                        raise UsageError(f"{self._file}: holds no verdicts ({told}); {self._to_verify}") from None
                self._is_filled = True

    @property
    def _to_verify(self) -> str:
        return f"run: trailquery verify{self._at}"

    def footer(self, cursor: duckdb.DuckDBPyConnection, met: Met, scope: Mapping[str, Any]) -> Iterator[str]:
        """Lines for below an answer: how sound its rows are, and how many of their events have copies that differ.

        Where its columns name no events, the files in scope are counted instead.
        """
        names = met.ids.column_names if met.rows else []
        is_looked_up = names and (self.exist or cursor.execute("SELECT 1 FROM stored.others LIMIT 1").fetchall())
        if is_looked_up:
            cursor.register("met", met.ids)
            cursor.execute(f"CREATE OR REPLACE TEMP TABLE answer AS {_ANSWER.format(ids=_ids(names))}")
            cursor.unregister("met")
        if not self.exist:
            yield f"integrity: {counted(met.rows, 'row') + ' ' if names else ''}not checked; {self._to_verify}"
        elif "integrity" in names:
            yield self._told("rows", Counter(map(str, met.ids["integrity"].to_pylist()))) + self._age(cursor)
        elif names:
            yield self._told("rows", dict(_of_rows(cursor))) + self._age(cursor)
        else:
            yield self._told("files in scope", dict(cursor.execute(_OF_FILES, dict(scope)).fetchall())) + self._age(
                cursor
            )
        if is_looked_up:
            yield from self._on_variants(cursor)

    def _told(self, of: str, counts: Mapping[str, int]) -> str:
        said = ", ".join(f"{counts[verdict]:,} {verdict}" for verdict in ORDER if counts.get(verdict))
        wrong = [verdict for verdict in _WRONG if counts.get(verdict)]
        see = f"; see: trailquery sql \"FROM verdicts WHERE verdict = '{wrong[-1]}'\"{self._at}" if wrong else ""
        return f"integrity of the {of}: {said or 'none'}{see}"

    def _age(self, cursor: duckdb.DuckDBPyConnection) -> str:
        """What to add where files came after the last verify."""
        ((verified, ingested),) = cursor.execute(_TIMES).fetchall()
        if verified is None or ingested is None or ingested <= verified:
            return ""
        minutes = int((ingested - verified) / timedelta(minutes=1))
        age = next((f"{minutes // size:,} {unit}" for size, unit in _UNITS if minutes >= 2 * size), "less than 2 min")
        return f"; verified {age} before the last ingest; {self._to_verify}"

    def _on_variants(self, cursor: duckdb.DuckDBPyConnection) -> Iterator[str]:
        """Which events of the answer have a copy that differs: one of the two was changed, or planted."""
        ids = [event_id for (event_id,) in cursor.execute(_WITH_VARIANTS).fetchall()]
        if ids:
            listed = ", ".join(f"'{event_id}'" for event_id in ids[:_NAMED] if _PLAIN.fullmatch(event_id))
            where = f" WHERE event_id IN ({listed})" if listed else ""
            of = "1 of these events has a copy" if len(ids) == 1 else f"{len(ids):,} of these events have copies"
            columns = "event_id, integrity, source_file, position, raw"
            select = f"SELECT {columns} FROM variants{where}"  # noqa: S608 (checked to be letters, digits and -)
            yield f'variants: {of} that differ{"s" if len(ids) == 1 else ""}: trailquery sql "{select}"{self._at}'


def judged(source: str) -> str:
    """SQL: the rows of `source`, a view or SELECT in brackets of copies of events, each with its `integrity`."""
    return _JUDGED.format(source=source)


def unjudged(source: str) -> str:
    """SQL: the same where nobody asks for it, or nothing was verified."""
    return f"SELECT *, 'not checked' AS integrity FROM {source}"  # noqa: S608 (our own text)


def id_columns(schema: pa.Schema) -> list[str]:
    """The columns of an answer that tell which events its rows are of, and integrity beside them."""
    types = {field.name: field.type for field in schema}
    ids = [name for name in ("event_ids", "event_id") if name in types and _holds_ids(name, types[name])]
    return [*ids, *(["integrity"] if ids and "integrity" in schema.names else [])]


def _holds_ids(name: str, kind: pa.DataType) -> bool:
    if name == "event_ids":
        return (pa.types.is_list(kind) or pa.types.is_large_list(kind)) and _holds_ids("", kind.value_type)
    return kind in (pa.string(), pa.large_string(), pa.string_view())


def _ids(names: list[str]) -> str:
    """SQL: the event ids of a row, from the columns there are."""
    one = "[event_id]" if "event_id" in names else "[]::VARCHAR[]"
    return f"list_concat(event_ids, {one})" if "event_ids" in names else one


def _of_rows(cursor: duckdb.DuckDBPyConnection) -> list[tuple[str, int]]:
    """Verdicts and how many rows have each; a row of several events has the worst of theirs."""
    ids = cursor.execute("SELECT DISTINCT event_id FROM answer LIMIT $most", {"most": FEW_IDS + 1}).fetchall()
    is_few = len(ids) <= FEW_IDS
    statement = _OF_ROWS.format(where="WHERE event_id IN $ids" if is_few else "")
    params = {"ids": [event_id for (event_id,) in ids]} if is_few else {}
    return cursor.execute(statement, {"order": list(ORDER)} | params).fetchall()


_NAMED = 3
_PLAIN = re.compile(r"[A-Za-z0-9-]+")  # an id in a log is text that anyone may have written
_UNITS = ((1_440, "days"), (60, "h"), (1, "min"))
_ANSWER = """
SELECT row, unnest(ids) AS event_id FROM (SELECT row_number() OVER () AS row, {ids} AS ids FROM met)
"""
_OF_ROWS = """
WITH worst AS (
    SELECT max(coalesce(better.rank, own.rank, list_position($order, 'not checked'))) AS rank
    FROM answer
    INNER JOIN (SELECT event_id, file_sha256, position FROM stored.shown {where}) AS copy
        ON answer.event_id = copy.event_id
    LEFT JOIN stored.file_verdicts AS own ON copy.file_sha256 = own.file_sha256
    LEFT JOIN stored.better AS better ON copy.file_sha256 = better.file_sha256 AND copy.position = better.position
    GROUP BY answer.row
)

SELECT $order[rank] AS verdict, count(*) AS rows FROM worst GROUP BY rank
"""
_OF_FILES = """
SELECT coalesce(own.verdict, 'not checked') AS verdict, count(DISTINCT files.file_sha256) AS files
FROM stored.files AS files
LEFT JOIN stored.file_verdicts AS own ON files.file_sha256 = own.file_sha256
WHERE files.kind <> 'digest'
    AND ($since::TIMESTAMP IS NULL OR files.delivered_at >= $since)
    AND ($until::TIMESTAMP IS NULL OR files.delivered_at < $until)
    AND (len($accounts::VARCHAR[]) = 0 OR list_contains($accounts::VARCHAR[], files.account_id))
    AND (len($regions::VARCHAR[]) = 0 OR list_contains($regions::VARCHAR[], files.region))
GROUP BY ALL
"""
_TIMES = """
SELECT
    (SELECT max(verified_at) FROM stored.verdicts),
    (SELECT max(ingested_at) FROM stored.files WHERE status <> 'pruned')  -- which is no new file
"""
_WITH_VARIANTS = """
SELECT DISTINCT event_id FROM stored.others WHERE event_id IN (SELECT event_id FROM answer) ORDER BY event_id
"""
