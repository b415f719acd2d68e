"""Options that several commands share, and what they turn into."""

import json
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import reduce
from pathlib import Path
from shutil import get_terminal_size
from typing import Any, BinaryIO, NamedTuple, TypeVar
from zoneinfo import ZoneInfo

import click

from trailquery import hidden
from trailquery.atomic import replaced
from trailquery.cli.hiding import again
from trailquery.cli.library import lake_option
from trailquery.errors import UsageError, at
from trailquery.lake import QUERY_TIMEOUT_S, Lake, Scope, open_lake
from trailquery.ledger import progress
from trailquery.output import FORMATS, printable, write
from trailquery.result import SHOWN_ROWS, Result
from trailquery.times import shown, window, zone
from trailquery.wording import counted, did_you_mean

Command = TypeVar("Command", bound=Callable[..., Any])

_SHOWN_NOTES = 20
_SUFFIXES = {"md": "markdown", "ndjson": "jsonl", "txt": "table", "": "csv"}

_SCOPE = [
    click.option("--since", metavar="TIME", help="From this time on: 2026-11-20, 2026-11-20T02:00Z, 7d, 36h (back from now)."),
    click.option("--until", metavar="TIME", help="Before this time; written like --since."),
    click.option("--account", multiple=True, metavar="ID", help="Only events of this account. Repeatable."),
    click.option("--region", multiple=True, metavar="REGION", help="Only this region, with global services and sign-ins. Repeatable."),
    click.option("--strict-region", is_flag=True, help="With --region: without those of other regions."),
    click.option("--only-intact", is_flag=True, help="Only events of log files that trailquery verify found intact."),
    click.option("--tz", default="UTC", show_default=True, metavar="ZONE", help="Time zone for reading and showing times."),
    click.option("--timeout", default=int(QUERY_TIMEOUT_S), show_default=True, type=click.IntRange(1, 86_400), metavar="SECONDS", help="Time limit."),
]  # fmt: skip
_FORM = [
    click.option("--format", "form", type=click.Choice(FORMATS), help="Default: by the ending of --output, else table on a terminal, csv in a pipe."),
    click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the rows to this file, when all is well."),
    click.option("--limit", type=click.IntRange(min=0), metavar="ROWS", help=f"At most so many, 0 for all. Default: {SHOWN_ROWS} on a terminal, else 0."),
]  # fmt: skip


class Asked(NamedTuple):
    """What the shared options of one call said."""

    lake: Path | None
    since: str | None
    until: str | None
    account: tuple[str, ...]
    region: tuple[str, ...]
    strict_region: bool
    only_intact: bool
    tz: str
    timeout: int
    form: str | None
    output: Path | None
    limit: int | None


def with_options(options: Sequence[Callable[..., Any]]) -> Callable[[Command], Command]:
    """What adds the options to a command, in their order."""
    return lambda command: reduce(lambda done, option: option(done), reversed(options), command)


question_options = with_options([lake_option, *_SCOPE, *_FORM])  # `asked_from` collects them again
scope_options = with_options([lake_option, *_SCOPE])  # for a command that shows no rows


def asked_from(options: dict[str, Any]) -> Asked:
    """Takes the shared options out of `options`. Raises UsageError where two do not go together."""
    asked = Asked(**{name: options.pop(name) for name in Asked._fields})
    if form_of(asked) == "parquet" and _on_terminal(asked):
        raise UsageError("--format parquet: not for a terminal; add --output FILE.parquet")
    if asked.strict_region and not asked.region:
        raise UsageError("--strict-region: nothing to be strict about; add --region REGION")
    return asked


def opened(asked: Asked, extra_tables: Mapping[str, Path] | None = None, queries: Iterable[Path] = ()) -> Lake:
    """The lake in the scope that was asked for; tells on stderr which window the times came to, and if it is empty."""
    tz = zone(asked.tz)
    since, until = window(asked.since, asked.until, tz)
    scope = Scope(since, until, asked.account, asked.region, asked.strict_region, asked.only_intact)
    lake = open_lake(
        asked.lake, scope=scope, tz=asked.tz, timeout_s=asked.timeout, extra_tables=extra_tables, queries=queries
    )
    if unfinished := progress(lake.path):
        say(f"{unfinished}, newest day first; run it again if it was stopped")
    if since or until:
        say(f"window: {shown(since, tz) if since else 'start'} .. {shown(until, tz) if until else 'end'}")
    if scope != Scope():
        _tell_scope(lake, tz)
    return lake


def _tell_scope(lake: Lake, tz: ZoneInfo) -> None:
    """Accounts and regions that the lake lacks; and where nothing is in scope, why."""
    for note in lacking(lake):
        say(printable(note))
    is_empty = not len(lake.sql("SELECT 1 FROM events LIMIT 1"))
    if lake.scope.only_intact:
        (rest,) = lake.narrowed(only_intact=False).sql(_LEFT_OUT).rows()
        if rest["events"]:
            why = "; none in this scope is of a log file found intact; see: trailquery verify" if is_empty else ""
            say(f"--only-intact: {counted(rest['events'], 'event')} left out{why}")
            return
    if not is_empty:
        return
    (held,) = lake.sql("SELECT min(event_time) AS first, max(event_time) AS last FROM history").rows()
    first, last = (time and shown(time, tz) for time in held.values())
    say(f"no event of the lake is in this scope; {f'its first is {first}, its last {last}' if last else 'it is empty'}")


_LEFT_OUT = "SELECT count(*) AS events FROM events WHERE integrity <> 'intact'"


def lacking(lake: Lake) -> Iterator[str]:
    """Of each account and region that was named and that no event of the lake is of: what may have been meant."""
    scope, account_of = lake.scope, {name: account for account, name in lake.settings.accounts.items()}
    for option, named, column in (("--account", scope.accounts, "account_id"), ("--region", scope.regions, "region")):
        held = f"FROM history WHERE {column}"
        for one in named:
            if len(lake.sql(f"SELECT 1 {held} = $one LIMIT 1", one=one)):
                continue
            known = [row["known"] for row in lake.sql(f"SELECT DISTINCT {column} AS known {held} IS NOT NULL").rows()]
            guess = f"did you mean {account_of[one]!r}?" if one in account_of else did_you_mean(one, known)
            yield f"{option} {one}: no event of the lake is of it; {guess or 'see: trailquery info'}"


def put(result: Result, asked: Asked) -> int:
    """Write the rows where and how they were asked for; returns how many there are, shown or not."""
    on_terminal = _on_terminal(asked)
    limit = asked.limit if asked.limit is not None else SHOWN_ROWS if on_terminal else 0
    width = get_terminal_size().columns if on_terminal else 0
    with (
        at(asked.output or "stdout"),
        _stream_to(asked.output) if asked.output else nullcontext(sys.stdout.buffer) as stream,
    ):
        written = write(result.reader(), form_of(asked), stream, limit=limit, width=width)
    if written.more:
        say(f"... {written.more:,} more (--limit 0)")
    for note in result.footer():
        say(printable(note))
    return written.rows + written.more


def say(note: str) -> None:
    """A note on stderr; stdout carries rows and nothing else."""
    click.echo(note, err=True)


def name_those(files: Sequence[tuple[str, str]], what: str) -> None:
    """The place of each and the reason, as notes; of many the first."""
    for place, reason in files[:_SHOWN_NOTES]:
        say(f"{what}: {printable(place)}: {printable(reason)}")
    if len(files) > _SHOWN_NOTES:
        say(f"... and {len(files) - _SHOWN_NOTES:,} more {what}")


def put_json(said: Any, indent: int) -> None:
    """One JSON value on stdout; times are naive UTC."""
    text = json.dumps(hidden.value(said), indent=indent, default=lambda time: f"{time.isoformat()}Z")
    sys.stdout.buffer.write(f"{text}\n".encode())
    sys.stdout.buffer.flush()


def command_line(words: list[str], lake: Path | None) -> str:
    """A trailquery command to paste, against the lake that was named, with the pseudonyms in use."""
    return printable(shlex.join(["trailquery", *words, *(["--lake", str(lake)] if lake else []), *again()]))


def _on_terminal(asked: Asked) -> bool:
    return asked.output is None and sys.stdout.isatty()


def form_of(asked: Asked) -> str:
    if asked.form:
        return asked.form
    if asked.output is None:
        return "table" if sys.stdout.isatty() else "csv"
    ending = asked.output.suffix.lower().removeprefix(".")
    form = _SUFFIXES.get(ending, ending)
    if form not in FORMATS:
        raise UsageError(
            f"--output {asked.output}: its ending names no format; add --format, one of {', '.join(FORMATS)}"
        )
    return form


def _stream_to(output: Path) -> AbstractContextManager[BinaryIO]:
    target = output.resolve()
    is_special = target.exists() and not target.is_file()  # /dev/stderr, a named pipe
    return target.open("wb") if is_special else replaced(target)
