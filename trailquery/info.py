"""What a lake holds, in one look."""

from datetime import datetime
from typing import Any, NamedTuple

from trailquery.lake import Lake


class Info(NamedTuple):
    """Counts and spans over the events in scope; times are aware. Lists are sorted, most events first."""

    events: int
    first_event: datetime | None
    last_event: datetime | None
    days: int
    accounts: list[dict[str, Any]]
    regions: list[dict[str, Any]]
    categories: list[dict[str, Any]]
    data_events: list[dict[str, Any]]
    trails: list[dict[str, Any]]
    files: list[dict[str, Any]]
    sightings: int
    variants: int
    rejects: int
    settings_file: str | None


def info(lake: Lake) -> Info:
    """What the lake holds in its scope; trails, files, sightings, variants and rejects of the whole lake."""
    (total,) = lake.sql(
        "SELECT count(*) AS events, min(event_time) AS first_event, max(event_time) AS last_event,"
        " count(DISTINCT event_date) AS days FROM events"
    ).rows()
    (other,) = lake.sql(
        "SELECT (SELECT count(*) FROM stored.sightings) AS sightings, (SELECT count(*) FROM variants) AS variants,"
        " (SELECT count(*) FROM rejects) AS rejects"
    ).rows()
    return Info(
        **total,
        accounts=_events_by(lake, "account_id, account_name"),
        regions=_events_by(lake, "region"),
        categories=_events_by(lake, "category"),
        data_events=lake.sql(
            "SELECT service, count(DISTINCT coalesce(bucket, target)) AS resources, count(*) AS events"
            " FROM events WHERE category = 'data' GROUP BY service ORDER BY events DESC, service"
        ).rows(),
        trails=lake.sql(
            "SELECT prefix, organization_id, account_id, count(DISTINCT region) AS regions, count(*) AS files,"
            " min(delivered_at) AS first_delivered, max(delivered_at) AS last_delivered"
            " FROM files WHERE folder IS NOT NULL AND kind <> 'digest'"
            " GROUP BY prefix, organization_id, account_id ORDER BY prefix, organization_id, account_id"
        ).rows(),
        files=lake.sql(
            "SELECT kind, status, count(*) AS files FROM files GROUP BY kind, status ORDER BY kind, status"
        ).rows(),
        **other,
        settings_file=str(lake.settings.file) if lake.settings.file else None,
    )


def _events_by(lake: Lake, columns: str) -> list[dict[str, Any]]:
    return lake.sql(
        f"SELECT {columns}, count(*) AS events FROM events GROUP BY {columns} ORDER BY events DESC, {columns}"  # noqa: S608 (our own text)
    ).rows()
