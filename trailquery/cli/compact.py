"""`trailquery compact`: few files where small ingests left many."""

from pathlib import Path

import click

from trailquery.cli.options import lake_option
from trailquery.compaction import Compacted
from trailquery.compaction import compact as compact_lake
from trailquery.lake import default_lake
from trailquery.output import printable


@click.command()
@lake_option
def compact(lake: Path | None) -> None:
    """Merge the small files of each date that has more than eight, and remove files that were superseded a week ago.

    Rows stay as they are. `ingest` does the same when it is done; who has the lake open reads on.
    """
    click.echo(told(compact_lake(lake or default_lake())) or "nothing to compact")


def told(done: Compacted) -> str:
    """What a compaction did, in a line, or why it did not; "" when there was nothing to do."""
    if done.skipped:
        return printable(done.skipped)
    merged = f"compacted {done.parts:,} dates: {done.before:,} files into {done.after:,}, {done.seconds:.1f} s"
    said = [merged] if done.before else []
    return "; ".join([*said, f"removed {done.removed:,} superseded files"] if done.removed else said)
