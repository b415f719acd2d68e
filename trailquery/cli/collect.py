"""`trailquery collect`: evidence out of a bucket, for ever."""

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from trailquery import hidden
from trailquery.cli.aws import ACCESS, CHOICE, opened_bucket
from trailquery.cli.options import command_line, name_those, say
from trailquery.errors import MachineError, UsageError
from trailquery.output import printable
from trailquery.wording import counted

_CASE = re.compile(r"[\w.-]{1,53}", re.ASCII)  # with trailquery- before it, the name of a role's session
_OBJECTS_A_LINE = 1_000


@click.command()
@click.argument("bucket", metavar="s3://BUCKET/PREFIX")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--case", metavar="NAME", help="Marks each call: user agent and role session end with trailquery-NAME.")
@click.option("--check", is_flag=True, help="Hash again what was copied before; what was changed is fetched again.")
def collect(bucket: str, folder: Path, case: str | None, check: bool, **options: Any) -> None:
    """Copy log files and digests of a bucket to DIR as evidence: with what S3 says of each, its SHA-256, and the keys.

    Each object lies at its key, read-only, beside it what S3 told of it (.metadata.json); public-keys.json holds the keys
    that sign the digests, collection.jsonl who collected what and when. Run it again to go on after a stop, or to add what
    is new: what is there is not fetched again, and what was overwritten since is kept below .versions. `ingest DIR` and
    `verify DIR` need no AWS. Digests of the days asked for always come along. What cannot be fetched is told, stands in
    the log and ends this with exit code 5 when all else is copied.
    """
    hidden.learn([case])
    if case is not None and not _CASE.fullmatch(case):
        raise UsageError(f"--case {case!r}: takes up to 53 letters, digits, dots, dashes and underscores")
    from trailquery.collect import Collected
    from trailquery.collect import collect as collect_objects

    def progress(collected: Collected) -> None:
        if collected.done and collected.done % _OBJECTS_A_LINE == 0:
            say(f"{collected.done:,} objects, {collected.bytes:,} bytes copied")

    opened = opened_bucket(bucket, options | {"session_name": f"trailquery-{case}" if case else "trailquery"})
    told = {
        "case": case,
        "command": shlex.join(["trailquery", *sys.argv[1:]]),
        "options": {name: str(value) for name, value in options.items() if value},
    }
    try:
        collected = collect_objects(opened, folder, told, check, progress)
    except KeyboardInterrupt:
        say("stopped; what is copied stays; run the same command again to go on")
        raise click.exceptions.Exit(130) from None
    _tell(collected, folder)


def _tell(collected: Any, folder: Path) -> None:
    """The counts on stdout, what needs a look on stderr. Raises MachineError when something could not be had."""
    name_those([(path, "it was not what was collected any more") for path in collected.damaged], "damaged")
    name_those([(left.place, left.reason) for left in collected.left_alone], "left alone")
    for status in ("archived", "unread"):
        name_those([(one.place, one.reason) for one in collected.unread if one.status == status], status)
    if not collected.digests:
        say("no digest was met: nothing here proves that the log files are whole; see: trailquery doctor")
    click.echo(
        f"{collected.copied:,} copied, {collected.bytes:,} bytes; {collected.held:,} were there already;"
        f" {collected.digests:,} of all are digests; {counted(collected.keys, 'public key')}"
    )
    if collected.odd:
        click.echo(f"{collected.odd:,} have keys that are no paths; they lie in {printable(str(folder / '.odd'))}")
    if collected.unread:
        raise MachineError(
            f"{counted(len(collected.unread), 'place')} could not be had, everything else is copied; run the same"
            f" command again; each is in {folder / 'collection.jsonl'}"
        )
    click.echo(f"next: {command_line(['ingest', str(folder)], None)}")


collect.params += [*(option for option in ACCESS if option.name != "session_name"), *CHOICE]
