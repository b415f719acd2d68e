"""Commands about log files as evidence: simulate, files."""

from pathlib import Path
from typing import Any

import click

from trailquery.cli.options import asked_from, opened, put, question_options
from trailquery.errors import at
from trailquery.output import printable
from trailquery.simulate import LAYOUTS, STORIES
from trailquery.simulate import simulate as simulate_trail

STATUSES = ("loaded", "partial", "rejected", "pruned", "unread", "archived")


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--events", default=20_000, show_default=True, help="How many events happen; some are delivered twice.")
@click.option("--story", type=click.Choice(STORIES), help="The incident woven in; its truth is OUT/story.json.")
@click.option("--seed", default=1, show_default=True, help="Equal seeds give equal bytes.")
@click.option("--days", default=3, show_default=True, help="How many days the trail covers.")
@click.option(
    "--layout", type=click.Choice(LAYOUTS), default="organization", show_default=True, help="Whose trail it is."
)
def simulate(out: Path, **options: Any) -> None:
    """Write the trail of a made-up organisation to OUT, as S3 would hold it."""
    with at(out):
        made = simulate_trail(out, **options)
    click.echo(
        f"{made.events:,} events, {len(made.accounts)} accounts, {len(made.regions)} regions, {len(made.trails)} trails"
    )
    click.echo(
        f"{made.files:,} log files with {made.records:,} records, {made.digests:,} digests, in {printable(str(out))}"
    )


@click.command()
@click.option("--status", type=click.Choice(STATUSES), help="Only these files.")
@question_options
def files(status: str | None, **options: Any) -> None:
    """The log files of the lake: status and why, places, counts; those that could not be read first.

    The scope is that of their delivery: the stamp in their name, the account and region of their path; what is unread and
    tells none, a whole prefix, is in every scope. --only-intact leaves those that `trailquery verify` found intact.
    """
    asked = asked_from(options)
    lake = opened(asked)
    scope = lake.scope
    put(
        lake.sql(
            _FILES,
            status=status,
            since=scope.since,
            until=scope.until,
            accounts=list(scope.accounts),
            regions=list(scope.regions),
            only_intact=scope.only_intact,
        ),
        asked,
    )


_FILES = """
SELECT status, reason, kind, delivered_at, account_id, region, records, rejected, first_event_time, last_event_time,
    size_bytes, places, etag, version_id, last_modified, storage_class, encryption, ingested_at, file_sha256
FROM files
WHERE ($status::VARCHAR IS NULL OR status = $status)
    AND ($since::TIMESTAMP IS NULL OR coalesce(delivered_at >= $since, status = 'unread'))
    AND ($until::TIMESTAMP IS NULL OR coalesce(delivered_at < $until, status = 'unread'))
    AND (len($accounts::VARCHAR[]) = 0 OR coalesce(list_contains($accounts::VARCHAR[], account_id), status = 'unread'))
    AND (len($regions::VARCHAR[]) = 0 OR coalesce(list_contains($regions::VARCHAR[], region), status = 'unread'))
    AND (NOT $only_intact OR file_sha256 IN (SELECT file_sha256 FROM verdicts WHERE verdict = 'intact'))
ORDER BY status = 'loaded', status, delivered_at DESC NULLS LAST, places, file_sha256
"""
