"""`trailquery ingest`: log files of every source into the lake, or what that would cost."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from trailquery.cli.aws import ACCESS, CHOICE, is_remote, opened_source
from trailquery.cli.compact import told
from trailquery.cli.hiding import learn_lake
from trailquery.cli.library import lake_option
from trailquery.cli.options import command_line, lacking, name_those, say
from trailquery.errors import MachineError, UsageError
from trailquery.ingest import Summary
from trailquery.ingest import ingest as ingest_files
from trailquery.lake import Scope, open_lake
from trailquery.output import printable
from trailquery.settings import default_lake
from trailquery.sources import Source
from trailquery.wording import counted

_FILES_A_LINE = 1_000


@click.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@lake_option
@click.option("--jobs", type=click.IntRange(min=1), metavar="N", help="Processes that decode. Default: one a core.")
def ingest(sources: tuple[str, ...], lake: Path | None, jobs: int | None, dry_run: bool, **options: Any) -> None:
    """Add log files to the lake: folders, files, zip and tar archives, - for stdin, s3://BUCKET/PREFIX, or the
    event-history that CloudTrail keeps of 90 days.

    Reads delivered trails of any layout (.json.gz, .json), lookup-events output, EventBridge envelopes and exports of
    CloudWatch Logs, Elasticsearch and Splunk. Files the lake already holds are not read again. What is no record is
    kept in `rejects`; a file that cannot be opened or fetched is `unread` in `files`, is tried again by the next
    ingest, and ends this one with exit code 5. All options but --lake and --jobs are for s3:// and event-history.
    """
    given = {name: value for name, value in options.items() if value and name != "session_name"}
    opened = [opened_source(source, options, dry_run) if is_remote(source) else source for source in sources]
    if (given or dry_run) and not any(map(is_remote, sources)):
        option = next(iter(given), "dry_run").replace("_", "-")
        raise UsageError(f"ingest: --{option} is for s3:// and event-history; ingest the folder without it")
    if dry_run:
        _tell_plan(opened, lake or default_lake())
        return
    with _progress(sources) as on_file:
        summary = ingest_files(opened, lake or default_lake(), on_file, jobs)
    learn_lake(lake or default_lake())  # it names more now
    if options["account"] or options["region"]:
        scope = Scope(accounts=options["account"], regions=options["region"])
        for note in lacking(open_lake(lake, scope=scope)):
            say(printable(note))
    _tell(summary, lake)


ingest.params += [
    *ACCESS,
    *CHOICE,
    click.Option(["--dry-run"], is_flag=True, help="Tell what would be read and what it costs; nothing is loaded."),
]


def _tell_plan(sources: Sequence[Source | str], lake: Path) -> None:
    from trailquery.plan import plan
    from trailquery.sources.s3 import Bucket

    for source in sources:
        if not isinstance(source, Bucket):
            raise UsageError("--dry-run: is for s3:// alone; leave the other sources out")
        for line in plan(source, lake):
            click.echo(printable(line))


def _tell(summary: Summary, lake: Path | None) -> None:
    """The summary on stdout, what needs a look on stderr. Raises MachineError when files could not be read."""
    archived = [left for left in summary.unread if left.status == "archived"]
    unread = [left for left in summary.unread if left.status == "unread"]
    name_those([(left.place, left.reason) for left in summary.left_alone], "left alone")
    name_those(summary.unsound, "not whole")
    name_those([(left.place, left.reason) for left in archived], "archived")
    name_those([(left.place, left.reason) for left in unread], "unread")
    click.echo(
        f"read {summary.read:,} = loaded {summary.loaded:,} + duplicate {summary.duplicate:,}"
        f" + variant {summary.variant:,} + rejected {summary.rejected:,}"
    )
    click.echo(
        f"files: {summary.files:,} read, {summary.held:,} already held, {summary.digests:,} digests,"
        f" {summary.companions:,} companions, {len(summary.left_alone):,} left alone"
        + (f", {len(archived):,} archived" if archived else "")
        + (f", {len(unread):,} unread" if unread else "")
    )
    if not (summary.done or summary.left_alone or summary.unread):
        say("no file lies there; look at the source, and at --since, --until, --account and --region if you gave them")
    if done := told(summary.compacted):
        click.echo(done)
    if summary.rejected:
        select = "SELECT source_file, position, reason FROM rejects"
        say(f"what was rejected, and why: {command_line(['sql', select], lake)}")
    if unread:
        raise MachineError(
            f"{counted(len(unread), 'place')} could not be read, everything else is loaded; run the same command again,"
            f" and see: {command_line(['files', '--status', 'unread'], lake)}"
        )


@contextmanager
def _progress(sources: Sequence[str]) -> Iterator[Callable[[Summary, str], None]]:
    """What to call after each file: a bar on a terminal, a line now and then elsewhere; both on stderr."""
    total = sum(
        1 if not Path(source).is_dir() else sum(len(files) for *_, files in os.walk(source))
        for source in sources
        if not is_remote(source)
    )
    done, left, last = 0, 0, ""

    def on_file(summary: Summary, place: str) -> None:
        nonlocal done, left, last
        path = place.partition("!")[0]  # an archive counts once, however many members it has
        if path == last:
            return
        done, last = done + 1, path
        if on_terminal:
            bar.length, bar.finished = total + summary.listed, False  # a day of S3 that is done is followed by the next
            bar.update(1 + len(summary.left_alone) - left)
            left = len(summary.left_alone)
        elif done % _FILES_A_LINE == 0:
            say(f"{done:,} of {total + summary.listed:,} files")

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
