"""What the views and their columns mean, what no column covers, and the views in a file of their own."""

import re
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import Any

import duckdb

from trailquery.atomic import unfinished
from trailquery.catalog import resource_dir
from trailquery.errors import UsageError, refused
from trailquery.events import ADDED_COLUMNS, COLUMNS
from trailquery.lake import Lake
from trailquery.parameters import literal
from trailquery.result import Result
from trailquery.views import define_views
from trailquery.wording import did_you_mean

_MEANINGS = {column.name: column.meaning for column in COLUMNS + ADDED_COLUMNS} | {
    "event_date": "The day of the event (UTC), else of its delivery: the partition of the lake"
}
# Fields that a column shows under another name, or that say nothing by themselves.
_COVERED = {place for column in COLUMNS for place in accumulate(column.path.split("."), "{}.{}".format)} | {
    "managementEvent", "apiVersion", "resources", "eventId", "accountId", "sharedEventId",
    "userIdentity.sessionContext.webIdFederationData", "userIdentity.inScopeOf.issuerType",
}  # fmt: skip
# The objects whose members AWS documents one by one, and in which new ones appear.
_DOCUMENTED = (
    "userIdentity",
    "userIdentity.sessionContext",
    "userIdentity.sessionContext.webIdFederationData",
    "userIdentity.inScopeOf",
)


def schema(lake: Lake, view: str | None = None) -> list[dict[str, Any]]:
    """What every view, or `view`, means: view, column, type, meaning; of each first the view itself, its column None.

    Raises UsageError for an unknown view.
    """
    comments = _comments()
    if view is None:
        rows = lake.sql(_EVERY_COLUMN).rows()
    elif view in comments:  # DuckDB need not bind the others
        columns = lake.describe(f"SELECT * FROM {view}", {})  # noqa: S608 (a name of ours)
        rows = [{"view": view, "column": name, "type": kind} for name, kind in [(None, "view"), *columns.items()]]
    else:
        names = sorted(name for name in comments if "." not in name)
        guess = did_you_mean(view, names) or f"there are {', '.join(names)}"
        raise UsageError(f"no view named {view!r}; {guess}")
    return [row | {"meaning": _meaning(comments, row["view"], row["column"])} for row in rows]


def every_view() -> list[dict[str, str]]:
    """What one row of each view is: view, meaning."""
    return [{"view": name, "meaning": told} for name, told in sorted(_comments().items()) if "." not in name]


_EVERY_COLUMN = """
SELECT "view", "column", "type"
FROM (
    SELECT view_name AS "view", NULL AS "column", 'view' AS "type", -1 AS place
    FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal
    UNION ALL
    SELECT table_name, column_name, data_type, column_index
    FROM duckdb_columns() WHERE schema_name = 'main' AND NOT internal
)
ORDER BY "view", place
"""
_COMMENT = re.compile(r"^COMMENT ON (?:VIEW|COLUMN) ([\w.]+) IS((?:\s*'(?:[^']|'')*')+);", re.MULTILINE)


def _comments() -> dict[str, str]:
    """What sql/views says of each view, and of columns, called view.column."""
    texts = (file.read_text(encoding="utf-8") for file in (resource_dir("sql") / "views").glob("*.sql"))
    return {
        name: "".join(re.findall(r"'((?:[^']|'')*)'", literals)).replace("''", "'")
        for text in texts
        for name, literals in _COMMENT.findall(text)
    }


def _meaning(comments: dict[str, str], view: str, column: str | None) -> str | None:
    return comments[view] if column is None else comments.get(f"{view}.{column}") or _MEANINGS.get(column)


def drift(lake: Lake) -> Result:
    """Fields of the records in scope that no column covers: event_version, service, field, records.

    Those of the caller count as well: `userIdentity.sessionContext.newField`.
    They are not lost: `raw` holds every record whole.
    """
    inside = ", ".join(
        f"list_transform(json_keys(raw, '$.{place}'), lambda name: '{place}.' || name)" for place in _DOCUMENTED
    )
    return lake.sql(
        "SELECT event_version, service, field, count(*) AS records"  # noqa: S608 (names of ours)
        f" FROM (SELECT event_version, service, unnest(list_concat(json_keys(raw), {inside})) AS field FROM events)"
        " WHERE NOT list_contains($covered, field)"
        " GROUP BY event_version, service, field ORDER BY records DESC, field, event_version, service",
        covered=sorted(_COVERED),
    )


def connect(lake: Lake, file: Path) -> None:
    """Write a small DuckDB database of the views, with their meanings as comments; the rows stay in the lake.

    Raises UsageError where the file is already there. The database shows the lake as it is now and needs it in its place.
    """
    if file.exists():
        raise UsageError(f"{file}: is already there; remove it, or name another file")
    with unfinished(file.parent) as part:
        try:
            with duckdb.connect(str(part)) as connection:
                connection.begin()  # one write to disk, not one a view and a comment
                define_views(connection, lake.path.resolve(), lake.settings)
                for column in schema(lake):
                    if column["column"] is None:
                        continue
                    meaning = literal(column["meaning"] or "")
                    connection.execute(f'COMMENT ON COLUMN {column["view"]}."{column["column"]}" IS {meaning}')
                connection.commit()
        except (duckdb.IOException, duckdb.TransactionException) as error:
            raise refused(OSError(0, str(error).splitlines()[0].rpartition(": ")[2]), file) from None
        finally:
            with suppress(OSError):  # it lies there where the disk was full
                part.with_name(f"{part.name}.wal").unlink()
        part.replace(file)
