"""`trailquery bundle`: events and the proof of them, in one zip."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from trailquery.bundle import Question
from trailquery.bundle import bundle as pack
from trailquery.catalog import find_query
from trailquery.cli.library import complete_names, folders, queries_option
from trailquery.cli.options import asked_from, opened, say, scope_options
from trailquery.cli.questions import click_param
from trailquery.errors import UsageError
from trailquery.originals import Fetch
from trailquery.output import printable
from trailquery.sources import Source


@click.command()
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False), metavar="OUT.zip")
@click.argument("values", nargs=-1, metavar="[-- PARAMETERS OF THE QUERY]", type=click.UNPROCESSED)
@click.option("--events", multiple=True, metavar="ID,ID,...", help="These events; - reads ids from stdin. Repeatable.")
@click.option("--query", "name", metavar="NAME", help="The events that its rows name.", shell_complete=complete_names)
@click.option("--fetch", is_flag=True, help="Read log files that came from S3 there again.")
@click.option("--profile", metavar="NAME", help="AWS profile, with --fetch. Default: the environment's credentials.")
@click.option("--endpoint-url", metavar="URL", help="Another S3 endpoint, with --fetch.")
@queries_option
@scope_options
def bundle(
    out: Path,
    values: tuple[str, ...],
    events: tuple[str, ...],
    name: str | None,
    fetch: bool,
    profile: str | None,
    endpoint_url: str | None,
    queries: tuple[Path, ...],
    **options: Any,
) -> None:
    """Pack events into OUT.zip: their records, log files, digests, keys and verdicts, the question asked, and a script
    that checks all this anywhere.

    The scope is that of the query; --events names events whatever it is. Log files are read again where they lay when they
    were ingested; one that is gone or was changed is named in the manifest, and below. Note the SHA-256 of the manifest, which is
    printed, elsewhere: `trailquery verify OUT.zip --sha256 ..` and `python check.py OUT.zip ..` compare with it.

    \b
    Example: trailquery bundle case.zip --query timeline_key -- AKIAIOSFODNN7EXAMPLE
    """
    if not events and name is None:
        raise UsageError("bundle: nothing named; add --events ID or --query NAME")
    if values and name is None:
        raise UsageError(f"bundle: {values[0]!r} is a parameter of no query; add --query NAME")
    if (profile or endpoint_url) and not fetch:
        raise UsageError("bundle: --profile and --endpoint-url are for --fetch; add it")
    asked = asked_from(options | {"form": None, "output": None, "limit": None})
    question = _question(name, values, folders(queries, asked.lake)) if name else None
    made = pack(opened(asked), _ids(events), out, question, _fetch(profile, endpoint_url) if fetch else None)
    for lack in made.absent:
        say(printable(f"absent: {lack['what']}: {lack['reason']}"))
    say(f"{made.events:,} events, {made.records:,} records, {made.sources:,} log files, {made.digests:,} digests")
    click.echo(made.manifest_sha256)


def _ids(events: Iterable[str]) -> list[str]:
    words = (sys.stdin.read().split() if text == "-" else text.split(",") for text in events)
    return [word.strip() for line in words for word in line if word.strip()]


def _question(name: str, values: tuple[str, ...], own: Iterable[Path]) -> Question:
    query = find_query(name, tuple(own))
    command = click.Command(query.name, params=[click_param(param) for param in query.params])
    return Question(query, command.make_context(query.name, list(values)).params)


def _fetch(profile: str | None, endpoint_url: str | None) -> Fetch:
    def fetch(bucket: str, keys: list[tuple[str, str | None]]) -> Source:
        from trailquery.sources.aws import Access  # boto3 takes longer to import than a bundle to make
        from trailquery.sources.found import ObjectVersion
        from trailquery.sources.s3 import Choice, Object, open_bucket

        objects = tuple(Object(key, ObjectVersion(version_id=version_id)) for key, version_id in keys)
        access = Access(profile=profile, endpoint_url=endpoint_url)
        return open_bucket(f"s3://{bucket}", access, Choice(keys=objects, versions=True))

    return fetch
