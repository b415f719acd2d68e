"""`trailquery compact`: few files where small ingests left many."""

from datetime import UTC, datetime
from pathlib import Path

import click

from trailquery.cli.library import lake_option
from trailquery.compaction import Compacted
from trailquery.compaction import compact as compact_lake
from trailquery.compaction import prune as prune_lake
from trailquery.errors import at
from trailquery.output import printable
from trailquery.settings import default_lake
from trailquery.times import parse_time, zone


@click.command()
@lake_option
def compact(lake: Path | None) -> None:
    """Merge the small files of each date, and remove files that were superseded a week ago.

    Rows stay as they are, and questions need less time: each file that they read costs some. `ingest` does the same when
    it is done, for dates of more than eight small files; who has the lake open reads on.
    """
    lake = lake or default_lake()
    with at(lake):
        done = compact_lake(lake)
    click.echo(told(done) or "nothing to compact")


@click.command()
@click.option(
    "--before", required=True, metavar="TIME", help="Events of all days (UTC) before that of TIME go: 2026-01-01, 400d."
)
@click.option("--yes", is_flag=True, help="Remove them. Without it, it is only told what would go.")
@lake_option
def prune(before: str, yes: bool, lake: Path | None) -> None:
    """Remove the events of old days from the lake; evidence stays: log files where they lie, digests, verdicts, rejects.

    That their log files were read stays known, as `pruned` in `files` and in `coverage`: no ingest of the same files brings
    the events back, a new lake does. The disk gets its space back with the first compact or ingest after a week.
    """
    day = parse_time(before, zone("UTC"), datetime.now(UTC), "--before").date()
    lake = lake or default_lake()
    with at(lake):
        gone = prune_lake(lake, day, yes)
    if gone is None:
        click.echo(f"nothing is held of days before {day}")
        return
    what = f"{gone.rows:,} events, {gone.bytes:,} bytes, of {gone.first} .. {gone.last}, from {gone.files:,} log files"
    click.echo(f"removed {what}" if yes else f"would remove {what}; nothing is removed yet, add --yes")


def told(done: Compacted) -> str:
    """What a compaction did, in a line, or why it did not; "" when there was nothing to do."""
    if done.skipped:
        return printable(done.skipped)
    merged = f"compacted {done.parts:,} dates: {done.before:,} files into {done.after:,}, {done.seconds:.1f} s"
    said = [merged] if done.before else []
    return "; ".join([*said, f"removed {done.removed:,} superseded files"] if done.removed else said)
