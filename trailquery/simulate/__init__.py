"""A made-up organisation's trail as S3 would hold it, with an incident woven in and its truth written down.

The same arguments make the same bytes, on any machine with the same zlib (the digests hash what is inside).
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

import msgspec

from trailquery.errors import UsageError
from trailquery.simulate.background import Background
from trailquery.simulate.delivery import Delivery, trails_of
from trailquery.simulate.organization import ACCOUNTS, REGIONS, Organization
from trailquery.simulate.record import DAY_S
from trailquery.simulate.showcase import showcase
from trailquery.simulate.stories import STORIES, tell

__all__ = ["STORIES", "Simulation", "simulate"]

LAYOUTS = ("organization", "account")
LEAST_EVENTS = 200


@dataclass(frozen=True)
class Simulation:
    """What was written. `records` counts deliveries: an event that two trails record is delivered twice."""

    events: int
    records: int
    files: int
    digests: int
    accounts: dict[str, str]
    regions: tuple[str, ...]
    trails: tuple[str, ...]
    story: dict[str, object] | None
    most_open: int  # records held in memory at most, between two steps of five minutes


def simulate(
    out: Path,
    *,
    events: int = 20_000,
    seed: int = 1,
    story: str | None = "leaked-key",
    layout: str = "organization",
    end: datetime = datetime(2026, 11, 21),  # noqa: DTZ001 naive UTC, as everywhere
    days: int = 3,
) -> Simulation:
    """Write `events` distinct events of the `days` before `end` (naive UTC) below `out`.

    Raises UsageError for a story or layout that does not exist, too few events, and an `out` in use.
    """
    check(out, events, story, layout, days)
    until = int(end.replace(tzinfo=UTC).timestamp())
    start = until - days * DAY_S
    org = Organization(seed)
    told = tell(org, story, until, layout) if story else None
    fixed = sorted([*showcase(org, start, until), *(told.events if told else ())])
    delivery = Delivery(out, trails_of(layout, told.trail_off if told else None), start, until, seed)
    written = 0
    for step_end, happened in Background(org, events - len(fixed), start, until).batches():
        due = bisect_left(fixed, (step_end,))
        for event in chain(fixed[:due], happened):
            delivery.add(event)
            written += 1
        del fixed[:due]
        delivery.close(step_end)
    delivery.finish()
    truth = told.truth() if told else None
    put_json(
        out / "public-keys.json",
        delivery.key.listing(end - timedelta(days=days + 30), end + timedelta(days=335)),
    )
    if truth:
        put_json(out / "story.json", truth)
    trails, counts = tuple(trail.name for trail in delivery.trails), delivery.counts()
    return Simulation(written, *counts, dict(ACCOUNTS), REGIONS, trails, truth, delivery.most_open)


def check(out: Path, events: int, story: str | None, layout: str, days: int) -> None:
    """Raise UsageError for a request that cannot be met, before anything is written."""
    if story is not None and story not in STORIES:
        raise UsageError(f"--story: no story named {story!r}; the stories are {', '.join(STORIES)}.")
    if layout not in LAYOUTS:
        raise UsageError(f"--layout: no layout named {layout!r}; the layouts are {', '.join(LAYOUTS)}.")
    if events < LEAST_EVENTS:
        raise UsageError(
            f"--events: {events} is too few for a story and one of each record; give {LEAST_EVENTS} or more."
        )
    if days < 1:
        raise UsageError(f"--days: {days} is no span of time; give 1 or more.")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out}: is a file; name a folder that is new or empty.")
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"{out}: is not empty; name a new folder, or empty this one.")


def put_json(path: Path, value: object) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
