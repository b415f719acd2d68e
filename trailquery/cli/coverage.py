"""`trailquery coverage`: which hours are held, and which trail records what."""

from typing import Any

import click

from trailquery.cli.options import asked_from, opened, put, question_options, say
from trailquery.errors import UsageError

STATUSES = ("delivered", "proven quiet", "quiet", "missing", "logging off", "not collected", "pruned", "not due")


@click.command()
@click.option("--status", multiple=True, type=click.Choice(STATUSES), help="Only these hours. Repeatable.")
@click.option("--hours", is_flag=True, help="A row an hour, not one for all the hours on end that are alike.")
@click.option("--trails", is_flag=True, help="The trails: what each records, and what others have that it lacks.")
@question_options
def coverage(status: tuple[str, ...], hours: bool, trails: bool, **options: Any) -> None:
    """Which hours are covered of each account, region and trail.

    delivered: log files are held. proven quiet: a signed digest lists none; quiet: one that was not verified. missing: a
    digest lists files that are not held, or is not held itself. logging off: as StopLogging says, or a digest that follows
    none. not collected: nothing is held that tells. pruned: held, and removed by `trailquery prune`. not due: too new to tell.
    """
    asked = asked_from(options)
    if asked.only_intact:
        raise UsageError("--only-intact: an hour has no verdict, files have; try: trailquery files --only-intact")
    lake = opened(asked)
    if trails:
        put(lake.sql("FROM trails ORDER BY trail, prefix"), asked)
        return
    if hours:
        put(lake.sql(_HOURS, status=list(status)), asked)
    else:
        put(lake.run("coverage", status=list(status)), asked)
    held = lake.sql("SELECT status, count(*) AS hours FROM coverage_hours GROUP BY status").rows()
    counts = {row["status"]: row["hours"] for row in held}
    say("hours: " + (", ".join(f"{counts[one]:,} {one}" for one in STATUSES if one in counts) or "none in scope"))


_HOURS = """
FROM coverage_hours WHERE len($status::VARCHAR[]) = 0 OR list_contains($status::VARCHAR[], status)
ORDER BY account_id, region, trail, hour, prefix
"""
