"""Where queries come from, for commands that name one; and what a shell completes. No lake is opened here."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click
from click.shell_completion import CompletionItem

from trailquery.catalog import Query, queries
from trailquery.cli.hiding import learn_lake, real
from trailquery.errors import TrailqueryError
from trailquery.settings import default_lake, find_settings
from trailquery.wording import counted


def _named(_ctx: click.Context, _param: click.Parameter, lake: Path | None) -> Path | None:
    lake = real(lake)
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
    """Names of queries for the shell, each with its title; hyphens and underscores alike, as they were typed."""
    typed = incomplete.replace("-", "_")
    return [
        CompletionItem(incomplete + query.name[len(typed) :], help=query.title)
        for query in _listed(ctx)
        if query.name.startswith(typed)
    ]


def _themes(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _offered([query.theme for query in _listed(ctx)], incomplete)


def _techniques(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return _offered([technique for query in _listed(ctx) for technique in query.mitre], incomplete)


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


def _listed(ctx: click.Context) -> list[Query]:
    """All queries by name; none where something is wrong, which the command itself tells and a shell has no place for."""
    try:
        return sorted(queries(folders(ctx.params.get("queries") or ())), key=lambda query: query.name)
    except TrailqueryError:
        return []


def _offered(values: Iterable[str], incomplete: str) -> list[CompletionItem]:
    """Each value once, with how many queries have it."""
    counts = Counter(value for value in values if value.startswith(incomplete))
    return [CompletionItem(value, help=counted(count, "query")) for value, count in sorted(counts.items())]
