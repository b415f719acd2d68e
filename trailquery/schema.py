"""What the views and their columns mean, what no column covers, and the views in a file of their own."""

from pathlib import Path
from typing import Any

import duckdb

from trailquery.errors import MachineError, UsageError
from trailquery.events import ADDED_COLUMNS, COLUMNS
from trailquery.lake import Lake
from trailquery.result import Result
from trailquery.views import define_views

_MEANINGS = {column.name: column.meaning for column in COLUMNS + ADDED_COLUMNS} | {
    "event_date": "The day of the event (UTC), else of its delivery: the partition of the lake"
}
# Fields that a column shows under another name, or that say nothing by themselves.
_COVERED = {column.path.partition(".")[0] for column in COLUMNS} | {
    "managementEvent", "apiVersion", "resources", "tlsDetails", "addendum", "eventId", "accountId", "sharedEventId",
}  # fmt: skip


def schema(lake: Lake, view: str | None = None) -> list[dict[str, Any]]:
    """What every view, or `view`, means: view, column, type, meaning; of each first the view itself, its column None.

    Raises UsageError for an unknown view.
    """
    rows = lake.sql(
        "SELECT view_name AS view, NULL AS column, 'view' AS type, comment AS meaning, -1 AS place FROM duckdb_views()"
        " WHERE schema_name = 'main' AND NOT internal"
        " UNION ALL"
        " SELECT table_name, column_name, data_type, comment, column_index FROM duckdb_columns()"
        " WHERE schema_name = 'main' AND NOT internal"
        " ORDER BY view, place"
    ).rows()
    if view is not None and view not in (names := sorted({row["view"] for row in rows})):
        raise UsageError(f"no view named {view!r}; there are {', '.join(names)}")
    return [
        {name: row[name] for name in ("view", "column", "type")}
        | {"meaning": row["meaning"] or _MEANINGS.get(row["column"])}
        for row in rows
        if view in (None, row["view"])
    ]


def drift(lake: Lake) -> Result:
    """Fields of the records in scope that no column covers: event_version, service, field, records.

    They are not lost: `raw` holds every record whole.
    """
    return lake.sql(
        "SELECT event_version, service, field, count(*) AS records"
        " FROM (SELECT event_version, service, unnest(json_keys(raw)) AS field FROM events)"
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
    part = file.with_name(f"{file.name}.part")  # a database that was not written whole is none
    part.unlink(missing_ok=True)
    try:
        with duckdb.connect(str(part)) as connection:
            connection.begin()  # one write to disk, not one a view and a comment
            define_views(connection, lake.path.resolve(), lake.settings)
            for column in schema(lake):
                if column["column"] is None:
                    continue
                meaning = (column["meaning"] or "").replace("'", "''")
                connection.execute(f"COMMENT ON COLUMN {column['view']}.\"{column['column']}\" IS '{meaning}'")
            connection.commit()
        part.replace(file)
    except duckdb.IOException as error:
        raise MachineError(f"{file}: {str(error).splitlines()[0].rpartition(': ')[2]}") from None
    finally:
        part.unlink(missing_ok=True)
