"""Commands that make or read log files: simulate, ingest."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from trailquery.cli.options import command_line, lake_option, say
from trailquery.ingest import Summary
from trailquery.ingest import ingest as ingest_files
from trailquery.lake import default_lake
from trailquery.output import printable
from trailquery.simulate import LAYOUTS, STORIES
from trailquery.simulate import simulate as simulate_trail

_SHOWN_NOTES = 20
_FILES_A_LINE = 1_000


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
    made = simulate_trail(out, **options)
    click.echo(
        f"{made.events:,} events, {len(made.accounts)} accounts, {len(made.regions)} regions, {len(made.trails)} trails"
    )
    click.echo(
        f"{made.files:,} log files with {made.records:,} records, {made.digests:,} digests, in {printable(str(out))}"
    )


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@lake_option
def ingest(sources: tuple[str, ...], lake: Path | None) -> None:
    """Add log files to the lake: folders, files, zip and tar archives, or - for stdin.

    Reads delivered trails of any layout (.json.gz, .json), lookup-events output, EventBridge envelopes and CloudWatch
    Logs exports. Files the lake already holds are not read again. What cannot be read is kept in `rejects`.
    """
    with _progress(sources) as on_file:
        summary = ingest_files(sources, lake or default_lake(), on_file)
    _name_those([(left.place, left.reason) for left in summary.left_alone], "left alone")
    _name_those(summary.unsound, "not whole")
    click.echo(
        f"read {summary.read:,} = loaded {summary.loaded:,} + duplicate {summary.duplicate:,}"
        f" + variant {summary.variant:,} + rejected {summary.rejected:,}"
    )
    click.echo(
        f"files: {summary.files:,} read, {summary.held:,} already held, {summary.digests:,} digests,"
        f" {summary.companions:,} companions, {len(summary.left_alone):,} left alone"
    )
    if summary.rejected:
        select = "SELECT source_file, position, reason FROM rejects"
        say(f"what was rejected, and why: {command_line(['sql', select], lake)}")


def _name_those(files: Sequence[tuple[str, str]], what: str) -> None:
    for place, reason in files[:_SHOWN_NOTES]:
        say(f"{what}: {printable(place)}: {printable(reason)}")
    if len(files) > _SHOWN_NOTES:
        say(f"... and {len(files) - _SHOWN_NOTES:,} more {what}")


@contextmanager
def _progress(sources: Sequence[str]) -> Iterator[Callable[[Summary, str], None]]:
    """What to call after each file: a bar on a terminal, a line now and then elsewhere; both on stderr."""
    total = sum(
        1 if not Path(source).is_dir() else sum(len(files) for *_, files in os.walk(source)) for source in sources
    )
    done, left, last = 0, 0, ""

    def on_file(summary: Summary, place: str) -> None:
        nonlocal done, left, last
        path = place.partition("!")[0]  # an archive counts once, however many members it has
        if path == last:
            return
        done, last = done + 1, path
        if on_terminal:
            bar.update(1 + len(summary.left_alone) - left)
            left = len(summary.left_alone)
        elif done % _FILES_A_LINE == 0:
            say(f"{done:,} of {total:,} files")

    on_terminal = sys.stderr.isatty()
    with click.progressbar(
        length=total,
        label="reading",
        file=sys.stderr,
        show_pos=True,
        update_min_steps=1 + total // 200,
        hidden=not on_terminal,
    ) as bar:
        yield on_file
