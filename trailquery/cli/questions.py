"""Commands that ask a lake: sql, find, run, info."""

import shlex
import sys
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from click.shell_completion import CompletionItem

from trailquery.catalog import Query, bind, find_query, query_files
from trailquery.cli.hiding import with_pseudonyms
from trailquery.cli.library import complete_names, folders, lake_option, queries_option
from trailquery.cli.options import Asked, asked_from, command_line, opened, put, question_options, say
from trailquery.errors import UsageError
from trailquery.find import find as find_value
from trailquery.info import Info
from trailquery.info import info as lake_info
from trailquery.output import printable
from trailquery.parameters import Param, shown_value, spelled_out
from trailquery.result import Result
from trailquery.times import shown, zone
from trailquery.wording import counted


@click.command()
@click.argument("statement", required=False, metavar="[SELECT]")
@click.option(
    "-f", "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Read the SQL from a file."
)
@click.option(
    "--table",
    "tables",
    multiple=True,
    metavar="NAME=FILE",
    help="Add a read-only table from .csv, .tsv, .json, .jsonl or .parquet. Repeatable.",
)
@question_options
def sql(statement: str | None, file: Path | None, tables: tuple[str, ...], **options: Any) -> None:
    """Run one SELECT over the views; - reads it from stdin. Try: trailquery sql "FROM events LIMIT 5"."""
    asked = asked_from(options)
    if (statement is None) == (file is None):
        raise UsageError('sql: write one SELECT, - for stdin, or -f FILE; for example trailquery sql "FROM files"')
    if file is not None:
        statement = _sql_text(file.read_bytes(), str(file))
    elif statement == "-":
        statement = _sql_text(sys.stdin.buffer.read(), "stdin")
    lake = opened(asked, dict(_named_file(table) for table in tables))
    statement = _utf8(statement or "", "sql")
    try:
        answer = lake.sql(statement)
    except UsageError as error:
        hint = "; add it with --table NAME=FILE" if _SEES_NO_FILES in str(error) else ""
        raise UsageError(f"{error}{hint}") from None
    put(answer, asked)


_SEES_NO_FILES = "file system operations are disabled"  # DuckDB's words


def _sql_text(data: bytes, place: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{place}: byte {error.start} is not UTF-8; save the SQL as UTF-8 text") from None


def _utf8(text: str, where: str) -> str:
    """`text`, as DuckDB takes it. Raises UsageError for bytes of a command line that are no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{where}: {text!r} is not UTF-8 text; write it in UTF-8") from None
    return text


def _named_file(table: str) -> tuple[str, Path]:
    name, equals, file = table.partition("=")
    if not equals or not file:
        raise UsageError(f"--table {table}: write NAME=FILE, for example --table iocs=iocs.csv")
    return name, Path(file)


@click.command()
@click.argument("value")
@question_options
def find(value: str, **options: Any) -> None:
    """Find any string: an access key, address, ARN, account, resource, event id, or just text; newest first."""
    asked = asked_from(options)
    value = _utf8(value, "find").strip()
    if not value:
        raise UsageError("find: nothing to look for; for example trailquery find 198.51.100.7")
    found = find_value(opened(asked), value)
    rows = put(found.result, asked)
    say(f"{found.kind}: {counted(rows, 'event')}, newest first")
    if found.next:
        say(f"next: {command_line(found.next, asked.lake)}")


@click.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True}, add_help_option=False)
@lake_option
@queries_option
def _where(**_: Any) -> None:
    """What the words after `run` say of where queries come from, before the query named among them is known."""


class _Queries(click.Group):
    """One subcommand a query, built from its front-matter when it is asked for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        said = _where.make_context("run", list(args), resilient_parsing=True).params
        ctx.params["queries"] = (*(ctx.params.get("queries") or ()), *(said["queries"] or ()))
        ctx.params["lake"] = said["lake"]
        return super().resolve_command(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(query_files(_folders(ctx)))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command:
        return _command_of(find_query(cmd_name, _folders(ctx)), ctx.params.get("queries") or ())

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        names = complete_names(ctx, None, incomplete)
        return names if names else click.Command.shell_complete(self, ctx, incomplete)


def _folders(ctx: click.Context) -> tuple[Path, ...]:
    return folders(ctx.params.get("queries") or (), ctx.params.get("lake"))


@click.group(cls=_Queries, subcommand_metavar="NAME [REQUIRED] [OPTIONS]")
@queries_option
def run(**_: Any) -> None:
    """Run a curated query; `trailquery run NAME --help` shows its parameters, `trailquery queries` all of them."""


def _command_of(query: Query, named: tuple[Path, ...]) -> click.Command:
    @click.command(query.name, help=_about(query), short_help=query.title)
    @click.option("--explain", is_flag=True, help="Print the SQL with these values in it, as `trailquery sql` runs it.")
    @queries_option
    @question_options
    def ask(explain: bool, **options: Any) -> None:
        del options["queries"]  # they were needed to find this query
        asked = asked_from(options)
        given = {name: _utf8(v, query.name) if isinstance(v, str) else v for name, v in options.items()}
        if explain:
            click.echo(spelled_out(query.sql, bind(query, given)))
            _tell_scope(asked)
            return
        lake = opened(asked, queries=named)
        rows = put(lake.run(query, **given), asked)
        if not rows:
            _tell_names(query, given, asked.lake)

    ask.params[:0] = [click_param(param) for param in query.params]
    return with_pseudonyms(ask)


def parsed_example(query: Query) -> dict[str, Any]:
    """The values in the example of a query, each in its type. Raises UsageError where it is no command for it."""
    words = shlex.split(query.example)
    if words[:2] != ["trailquery", "run"] or [word.replace("-", "_") for word in words[2:3]] != [query.name]:
        raise UsageError(f"the example is no command for this query; write: trailquery run {query.name}")
    command = _command_of(query, ())
    names = [param.name for param in command.params]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"parameter {twice[0]} has the name of an option that every query has; give it another")
    try:
        given = command.make_context(query.name, words[3:]).params
    except click.ClickException as error:
        raise UsageError(f"the example is refused: {error.format_message()}") from None
    return bind(query, {param.name: given[param.name] for param in query.params})


def _about(query: Query) -> str:
    required = [f"{param.name.upper()}: {param.about}" for param in query.params if param.required]
    told = "".join(f"\n\n{line}" for line in (*required, query.why or ""))
    return f"{query.question}{told}\n\n\b\nExample: {query.example}"


def click_param(param: Param) -> click.Parameter:
    """The option for a parameter, or the argument where it is required."""
    choice = click.Choice(param.choices) if param.type == "choice" else None
    if param.required:
        return click.Argument([param.name], type=choice)
    option = "--" + param.name.replace("_", "-")
    told = f" [default: {shown_value(param.default)}]" if param.default not in ("", []) else ""
    if param.type == "boolean":
        return click.Option([f"{option}/--no-{option[2:]}"], default=None, help=param.about + told)
    metavar = None if choice else _METAVARS.get(param.type, param.type.upper())
    return click.Option([option], type=choice, metavar=metavar, help=param.about + told)


_METAVARS = {"list": "A,B,...", "interval": "30m|36h|7d", "timestamp": "TIME"}


def _tell_scope(asked: Asked) -> None:
    """Which options the SQL of a query does not hold."""
    names = ("since", "until", "account", "region", "strict_region", "only_intact")
    if scope := ", ".join(f"--{name.replace('_', '-')}" for name in names if getattr(asked, name)):
        say(f"the scope is no part of the SQL: give trailquery sql {scope} as well")


def _tell_names(query: Query, given: dict[str, Any], lake: Path | None) -> None:
    """Nobody of that name did it, or nobody has that name: how to see whether the lake holds it at all."""
    for param in query.params:
        if param.type == "text" and given[param.name] not in (None, param.default):
            say(f"is it named anywhere: {command_line(['find', given[param.name]], lake)}")


@click.command()
@question_options
def info(**options: Any) -> None:
    """What the lake holds: accounts, regions, days, categories, data events, trails, files, rejects."""
    asked = asked_from(options)
    held = lake_info(opened(asked))
    if asked.output is None and asked.form in (None, "table"):
        for line in _info_lines(held, asked.tz):
            click.echo(line)
    else:
        put(Result(pa.Table.from_pylist([held._asdict()]).to_reader(), asked.tz), asked)


def _account(held: dict[str, Any]) -> str:
    name = f" ({held['account_name']})" if held["account_name"] else ""
    return f"{printable((held['account_id'] or '(none)') + name)} {held['events']:,}"


def _info_lines(held: Info, tz: str) -> list[str]:
    def span(first: Any, last: Any) -> str:
        return f"{shown(first, zone(tz))} .. {shown(last, zone(tz))}" if first else "none"

    def counts(rows: list[dict[str, Any]], name: str) -> str:
        return ", ".join(f"{printable(row[name] or '(none)')} {row['events']:,}" for row in rows) or "none"

    data = (f"{row['service']} {row['events']:,} (resources: {row['resources']:,})" for row in held.data_events)
    trails = [
        f"trail       {printable(row['prefix'] or '').rstrip('/')}/AWSLogs/{printable(row['organization_id'] or '')}"
        f"{'/' if row['organization_id'] else ''}{printable(row['account_id'] or '?')}: {counted(row['files'], 'file')},"
        f" {counted(row['regions'], 'region')}, delivered {span(row['first_delivered'], row['last_delivered'])}"
        for row in held.trails
    ]
    files = ", ".join(f"{row['files']:,} {row['kind']} {row['status']}" for row in held.files)
    return [
        f"events      {held.events:,} on {counted(held.days, 'day')}, {span(held.first_event, held.last_event)}",
        f"settings    {printable(held.settings_file or 'none')}",
        f"accounts    {', '.join(map(_account, held.accounts)) or 'none'}",
        f"regions     {counts(held.regions, 'region')}",
        f"categories  {counts(held.categories, 'category')}",
        f"data events {', '.join(data) or 'none: no trail recorded them, or they are not in this lake'}",
        *trails,
        f"files       {files or 'none'}",
        f"evidence    {held.sightings:,} further copies, {held.variants:,} variants, {held.rejects:,} rejects",
    ]
