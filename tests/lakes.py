"""Log files in which everything happens, and what a lake holds, in the forms in which lakes are compared."""

import json
from pathlib import Path
from typing import Any

from conftest import record, write_log

from trailquery import open_lake


def delivery(folder: Path) -> Path:
    """Files whose batches hold new events, copies, variants and rejects."""
    write_log(folder / "1.json", [record(eventID="a"), record(eventID="b"), None])
    write_log(folder / "2.json.gz", [record(eventID="b"), record(eventID="c"), record(eventID="a", userAgent="other")])
    write_log(folder / "3.json", [record(eventID="c"), record(eventID="d"), "text"])
    (folder / "4.json").write_text(
        json.dumps({"Records": [record(eventID="d"), record(eventID="a", userAgent="third")]}, indent=1)
    )
    (folder / "5.json").write_bytes(b"{broken")
    write_log(folder / "6.json", [record(eventID="e"), record(eventID="e"), record(eventID="a", userAgent="other")])
    return folder


def contents(path: Path) -> dict[str, Any]:
    """What a lake holds, as sets that do not depend on the order of arrival."""
    lake = open_lake(path)

    def rows(sql: str) -> list[tuple[Any, ...]]:
        return sorted((tuple(row.values()) for row in lake.sql(sql).rows()), key=repr)

    copies = "SELECT event_id, account_id, {} FROM stored.loaded UNION ALL SELECT event_id, account_id, {} FROM stored.differing"
    return {
        "events": rows(copies.replace("{}", "raw")),
        "places": rows(
            copies.replace("{}", "file_sha256, position")
            + " UNION ALL SELECT event_id, account_id, file_sha256, position FROM stored.sightings"
        ),
        "shown": rows("SELECT event_id, account_id, raw FROM history"),
        "rejects": rows("SELECT file_sha256, position, reason, bytes FROM rejects"),
        "files": rows("SELECT file_sha256, places, kind, status, records, rejected FROM files"),
    }


def without_root(held: dict[str, Any], root: str) -> dict[str, Any]:
    """`contents` of a lake with places as they are below the root of the trail."""
    files = [(sha256, [place.removeprefix(root) for place in places], *more) for sha256, places, *more in held["files"]]
    return held | {"files": sorted(files, key=repr)}


def events(lake: Path) -> list[str]:
    return [row["event_id"] for row in open_lake(lake).sql("SELECT event_id FROM events ORDER BY event_id").rows()]


def statuses(lake: Path) -> list[tuple[str, str, str | None]]:
    rows = open_lake(lake).sql("SELECT places[1] AS place, status, reason FROM files ORDER BY place").rows()
    return [(row["place"].rpartition("/")[2], row["status"], row["reason"]) for row in rows]
