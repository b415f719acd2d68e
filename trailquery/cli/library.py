"""Where queries come from, for commands that name one; and what a shell completes. No lake is opened here."""

from collections.abc import Callable, Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from trailquery.catalog import Query, queries
from trailquery.cli.hiding import learn_lake
from trailquery.errors import TrailqueryError
from trailquery.settings import default_lake, find_settings


def _named(_ctx: click.Context, _param: click.Parameter, lake: Path | None) -> Path | None:
    learn_lake(lake or default_lake())
    return lake


lake_option = click.option(
    "--lake",
    type=click.Path(path_type=Path),
    callback=_named,
    help="The lake's folder. Default: $TRAILQUERY_LAKE, else ./lake.",
)
queries_option = click.option(
    "--queries",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Also your own queries in this folder. Repeatable; or name it in trailquery.toml.",
)


def complete_names(ctx: click.Context, _param: click.Parameter | None, incomplete: str) -> list[CompletionItem]:
    """Names of queries for the shell."""
    return _completed(ctx, incomplete, lambda query: [query.name])


def _themes(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _completed(ctx, incomplete, lambda query: [query.theme])


def _techniques(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _completed(ctx, incomplete, lambda query: query.mitre)


theme_option = click.option(
    "--theme", multiple=True, metavar="THEME", help="Only this theme. Repeatable.", shell_complete=_themes
)
mitre_option = click.option(
    "--mitre",
    multiple=True,
    metavar="TECHNIQUE",
    help="Only this ATT&CK technique, with its sub-techniques. Repeatable.",
    shell_complete=_techniques,
)


def folders(named: Iterable[Path], lake: Path | None = None) -> tuple[Path, ...]:
    """The folders of the user's own queries: those of trailquery.toml, and those that --queries named."""
    return (*find_settings(lake or default_lake()).queries, *named)


def _completed(ctx: click.Context, incomplete: str, values: Callable[[Query], Iterable[str]]) -> list[CompletionItem]:
    try:
        listed = queries(folders(ctx.params.get("queries") or ()))
    except TrailqueryError:  # told by the command itself; a shell that completes has no place for it
        return []
    found = {value: query.title for query in listed for value in values(query)}
    return [CompletionItem(value, help=title) for value, title in sorted(found.items()) if value.startswith(incomplete)]
