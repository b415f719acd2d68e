"""`trailquery hold`: nothing of a lake is merged or removed until it is released."""

from pathlib import Path

import click

from trailquery import hidden, tables
from trailquery import hold as lake_hold
from trailquery.cli.library import lake_option
from trailquery.cli.options import say
from trailquery.errors import UsageError, at
from trailquery.output import printable
from trailquery.settings import default_lake


@click.command()
@click.argument("reason", required=False)
@click.option("--release", is_flag=True, help="End the hold.")
@lake_option
def hold(reason: str | None, release: bool, lake: Path | None) -> None:
    """Put the lake on hold for REASON: whatever merges or removes files refuses until it is released.

    Without a reason it shows every hold and release, the newest last. Ingest goes on, and leaves its files unmerged.
    """
    lake = lake or default_lake()
    tables.refuse_unless_lake(lake)
    tables.refuse_foreign(lake)
    if release and reason:
        raise UsageError("hold: takes a reason or --release; leave one out")
    if release:
        with at(lake):
            ended = lake_hold.release(lake)
        click.echo(printable(f"released; it was on hold since {ended.at}: {ended.reason}"))
    elif reason is not None:
        with at(lake):
            begun = lake_hold.hold(lake, reason)
        hidden.learn([begun.by])
        click.echo(printable(f"{lake} {lake_hold.told(begun)}"))
    else:
        _show(lake)


def _show(lake: Path) -> None:
    past = lake_hold.holds(lake)
    for one in past:
        click.echo(printable(f"{one.at}  {one.by}  {'released' if one.reason is None else f'hold: {one.reason}'}"))
    if not lake_hold.held(lake):
        say("not on hold")
