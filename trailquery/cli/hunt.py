"""`trailquery hunt`: what needs a look, most severe first."""

import shlex
import sys
from collections import Counter
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from trailquery.catalog import SEVERITIES
from trailquery.cli.hiding import again
from trailquery.cli.library import mitre_option, queries_option, theme_option
from trailquery.cli.options import asked_from, form_of, opened, put, question_options, say
from trailquery.output import printable, write
from trailquery.result import Result
from trailquery.times import shown, zone
from trailquery.wording import counted

_MOST_LINES = 25
EXIT_FOUND = 10  # none of errors.py, and no code of a shell
_WHOLE = ("csv", "json", "jsonl", "parquet")


@click.command()
@click.option(
    "--severity", type=click.Choice(SEVERITIES), default="high", show_default=True, help="Findings this bad or worse."
)
@click.option("--leads", is_flag=True, help="Also leads: what is worth a look when you already suspect.")
@theme_option
@mitre_option
@click.option(
    "--fail-on",
    type=click.Choice(SEVERITIES),
    help=f"Exit code {EXIT_FOUND} when there is a finding this bad or worse: for cron.",
)
@queries_option
@question_options
@click.pass_context
def hunt(
    context: click.Context,
    /,
    severity: str,
    leads: bool,
    theme: tuple[str, ...],
    mitre: tuple[str, ...],
    fail_on: str | None,
    queries: tuple[Path, ...],
    **options: Any,
) -> None:
    """All findings in one go, most severe first: one line a query, actor, session and outcome.

    A line says how bad it is, whether it worked (success) or was refused or failed (attempt), the query and its ATT&CK
    techniques, who, in which account and session, how many events, from when to when, and the command that goes on. At
    most 25 lines are shown; stderr tells what is held back, and the option that shows it. --format jsonl writes one finding a line
    with its event_ids, however many. What [[exclusions]] of trailquery.toml leave out is told on stderr.
    """
    asked = asked_from(options)
    lake = opened(asked, queries=queries)
    with click.progressbar(length=1, label="hunting", file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def on_query(count: int) -> None:
            bar.length = count + 1
            bar.update(1)

        found = lake.hunt(severity=severity, leads=leads, themes=theme, mitre=mitre, on_query=on_query)
    limit = _MOST_LINES if asked.limit is None else asked.limit
    if asked.form is None and asked.output is None:
        _put_lines(found, limit, asked.tz)
    elif form_of(asked) in _WHOLE:
        put(found, asked._replace(limit=asked.limit or 0))
    else:
        shorter = Result(found.arrow().drop_columns(["event_ids"]).to_reader(), asked.tz)
        put(shorter, asked._replace(limit=limit))
    for note in found.notes:
        say(printable(note))
    if fail_on and (bad := found.at_least(fail_on)):
        say(f"--fail-on {fail_on}: {counted(bad, 'finding')}; exit code {EXIT_FOUND}")
        context.exit(EXIT_FOUND)


def _put_lines(found: Result, limit: int, tz: str) -> None:
    """A line each, aligned; on stderr how many more there are."""
    lines = found.rows()
    told = [_told(line, tz) for line in (lines[:limit] if limit else lines)]
    if told:
        text = BytesIO()
        write(pa.Table.from_pylist(told).to_reader(), "table", text)
        sys.stdout.buffer.writelines(text.getvalue().splitlines(True)[2:])  # what stands in a line tells what it is
        sys.stdout.buffer.flush()
    else:
        say("nothing found")
    if more := len(lines) - len(told):
        often = Counter(line["query"] for line in lines[limit:]).most_common(3)
        of = ", ".join(f"{count:,} {query}" for query, count in often)
        say(f"... {more:,} more, most of them {of} (--limit 0 shows all, --theme and --mitre fewer)")


def _told(line: dict[str, Any], tz: str) -> dict[str, str]:
    return {
        "severity": line["severity"] or "lead",
        "outcome": line["outcome"] or "-",
        "query": line["query"],
        "mitre": " ".join(line["mitre"]) or "-",
        "actor": line["actor"] or "-",
        "account": " ".join(line["account_ids"] or []) or "-",
        "session": line["session_id"] or "-",
        "events": counted(line["events"], "event"),
        "when": _span(line["first"], line["last"], tz),
        "next": f"{line['next']} {shlex.join(again())}".rstrip() if line["next"] else "-",
    }


def _span(first: datetime | None, last: datetime | None, tz: str) -> str:
    """From when to when; the date is said once where it is the same."""
    if first is None or last is None:
        return "-"
    begun, ended = shown(first, zone(tz)), shown(last, zone(tz))
    if begun == ended:
        return begun
    return f"{begun} .. {ended[11:] if begun[:10] == ended[:10] else ended}"
