"""Which hours the lake covers: what kept digests list, as a table for SQL, and what to say below an empty answer."""

import shlex
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from time import time
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from trailquery.atomic import UNUSED_S, content_of, put
from trailquery.columns import declared
from trailquery.digests import FaultError, digest_name, read_digest_file
from trailquery.events import TEXT, TIME
from trailquery.parameters import literal
from trailquery.settings import lake_option
from trailquery.tables import is_foreign

DIGESTS = pa.schema(
    [
        ("file_sha256", TEXT),
        ("trail", TEXT),
        ("home_region", TEXT),
        ("starts_at", TIME),  # null, like the rest, where it is no digest
        ("ends_at", TIME),
        ("is_first", pa.bool_()),  # it names no digest before it: the trail is new, or logging was off
        ("names", pa.list_(TEXT)),  # of the log files that it lists, without folders
    ]
)
_QUICK = 20_000  # are read in seconds
_SPANS = 3
_COVERED = ("delivered", "proven quiet", "quiet")


def define_digests(connection: duckdb.DuckDBPyConnection) -> None:
    """View `stored.digests`, empty until it is filled."""
    connection.execute(f"CREATE TABLE stored.read_digests ({declared(DIGESTS)})")
    connection.execute("CREATE VIEW stored.digests AS FROM stored.read_digests")


def fill_digests(connection: duckdb.DuckDBPyConnection, lake: Path) -> None:
    """Let `stored.digests` tell of every digest that the lake keeps.

    Each is read once: what it says is kept in cache/digests, in a file named by the SHA-256 of its bytes.
    """
    kept, known = _kept(lake), _known(lake)
    rows = pq.read_table(known, schema=DIGESTS) if known else DIGESTS.empty_table()
    if new := sorted(kept.keys() - set(rows["file_sha256"].to_pylist())):
        rows = pa.concat_tables([rows, pa.Table.from_pylist([_row(one, kept[one]) for one in new], DIGESTS)])
        known = _keep(rows, lake / "cache" / "digests")
    if known:
        connection.execute(f"CREATE OR REPLACE VIEW stored.digests AS FROM read_parquet({literal(str(known))})")
    elif new:  # nothing can be written
        connection.register("new_digests", rows)
        connection.execute("INSERT INTO stored.read_digests FROM new_digests")
        connection.unregister("new_digests")


def is_quick(lake: Path) -> bool:
    """Whether few digests are still to be read, so that what they say can be told beside an answer."""
    known = _known(lake)
    return len(_kept(lake)) - (pq.read_metadata(known).num_rows if known else 0) <= _QUICK


def _kept(lake: Path) -> dict[str, Path]:
    """The digests of a lake by the SHA-256 of their bytes."""
    kept = (lake / "evidence" / "digests").glob("*.json*")
    return {file.name.partition(".")[0]: file for file in kept if file.suffix != ".part" and not is_foreign(file)}


def _known(lake: Path) -> Path | None:
    """The newest file of the cache; none whose bytes have changed."""
    made = sorted((lake / "cache" / "digests").glob("*.parquet"), key=_made, reverse=True)
    return next((file for file in made if content_of(file) == file.stem), None)


def _row(sha256: str, file: Path) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(DIGESTS.names) | {"file_sha256": sha256}
    try:
        said = read_digest_file(file.read_bytes())
    except FaultError:
        return row
    name = digest_name(said.digest_s3_object)
    return row | {
        "trail": name and name.trail,
        "home_region": name and name.home_region,
        "starts_at": said.start,
        "ends_at": said.end,
        "is_first": said.previous_digest_s3_object is None,
        "names": [listed.s3_object.rpartition("/")[2] for listed in said.log_files],
    }


def _keep(rows: pa.Table, folder: Path) -> Path | None:
    """Write the cache, and remove what nobody reads any more; None where the disk does not let us."""
    try:
        made = put(folder, "{}.parquet", lambda file: pq.write_table(rows, file, compression="zstd"))
    except OSError:
        return None
    for old in folder.iterdir():
        with suppress(OSError):
            if old != made and time() - _made(old) > UNUSED_S:
                old.unlink()
    return made


def _made(file: Path) -> float:
    return file.stat().st_mtime


def empty_answer(cursor: duckdb.DuckDBPyConnection, lake: Path) -> str:
    """Over which hours an answer without rows holds, and where the lake is blind; `cursor` knows the scope."""
    told_by = shlex.join(["trailquery", "coverage", *lake_option(lake)])
    rows = cursor.execute(_BLIND, {"covered": _COVERED}).fetchall()
    hours, covered, *_ = rows[0]
    if not hours:
        return f"0 rows; no hour of the scope is covered; see: {told_by}"
    spans = [span for _, _, *span in rows if covered < hours]
    told = [_span(*span) for span in spans[:_SPANS]]
    more = [f"and {len(spans) - _SPANS} more: {told_by}"] if len(spans) > _SPANS else []
    return "; ".join([f"0 rows; {covered:,} of {hours:,} h covered", *told, *more])


def _span(status: str, first: datetime, last: datetime, places: list[str], is_everywhere: bool) -> str:
    """One blind spot: missing 2026-11-19 03-07Z eu-west-1."""
    when = f"{first:%Y-%m-%d %H}"
    if first != last:
        when += f"-{last:%H}" if first.date() == last.date() else f"Z .. {last:%Y-%m-%d %H}"
    few = ", ".join(places[:_SPANS]) + (f" and {len(places) - _SPANS} more" if len(places) > _SPANS else "")
    return f"{status} {when}Z" + ("" if is_everywhere else f" {few}")


# An account and region is covered in an hour where any of its trails is. Of each blind spot a row, or one without.
_BLIND = """
WITH best AS MATERIALIZED (
    SELECT
        hour,
        account_id,
        region,
        bool_or(status IN $covered) AND NOT bool_or(status = 'pruned') AS is_covered,
        min(status) FILTER (WHERE status NOT IN $covered) AS status
    FROM coverage_hours
    GROUP BY hour, account_id, region
),

totals AS (
    SELECT count(*) AS hours, count(*) FILTER (WHERE is_covered) AS covered
    FROM (SELECT hour, bool_and(is_covered) AS is_covered FROM best GROUP BY hour)
),

numbered AS (
    SELECT
        *,
        epoch(hour)::BIGINT // 3600
        - row_number() OVER (PARTITION BY account_id, region, status ORDER BY hour) AS run
    FROM best
    WHERE NOT is_covered
),

runs AS (
    SELECT status, account_id, region, min(hour) AS first_hour, max(hour) AS last_hour
    FROM numbered
    GROUP BY status, account_id, region, run
),

regions AS (
    SELECT region, count(DISTINCT account_id) AS accounts FROM best GROUP BY region
),

places AS (
    SELECT
        runs.status,
        runs.first_hour,
        runs.last_hour,
        CASE
            WHEN count(*) = any_value(regions.accounts) THEN [runs.region]
            ELSE list(runs.account_id || '/' || runs.region)
        END AS places,
        count(*) AS chains
    FROM runs INNER JOIN regions ON runs.region = regions.region
    GROUP BY runs.status, runs.first_hour, runs.last_hour, runs.region
),

spans AS (
    SELECT
        status,
        first_hour,
        last_hour,
        list_sort(flatten(list(places))) AS places,
        sum(chains) = (SELECT sum(accounts) FROM regions) AS is_everywhere
    FROM places
    GROUP BY status, first_hour, last_hour
)

SELECT totals.hours, totals.covered, spans.*
FROM totals LEFT JOIN spans ON true
ORDER BY status = 'not due', status = 'not collected', first_hour, last_hour, status
"""
