"""Commands that read the catalogue of queries and no lake: queries, show."""

from itertools import groupby
from pathlib import Path

import click

from trailquery.catalog import CATEGORIES, KINDS, Query, Wanted, chosen, find_query
from trailquery.catalog import queries as all_queries
from trailquery.cli.library import complete_names, folders, mitre_option, queries_option, theme_option
from trailquery.errors import CatalogError, UsageError
from trailquery.wording import counted


@click.command()
@click.argument("words", nargs=-1, metavar="[WORD]...")
@theme_option
@mitre_option
@click.option(
    "--category", multiple=True, type=click.Choice(CATEGORIES), help="Only those that need these events. Repeatable."
)
@click.option("--kind", multiple=True, type=click.Choice(KINDS), help="Only findings, leads or questions. Repeatable.")
@click.option(
    "--check",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="DIR",
    help="Say everything that is wrong with the queries in this folder; exit code 3.",
)
@queries_option
def queries(
    words: tuple[str, ...],
    theme: tuple[str, ...],
    mitre: tuple[str, ...],
    category: tuple[str, ...],
    kind: tuple[str, ...],
    check: Path | None,
    queries: tuple[Path, ...],
) -> None:
    """List the curated queries, by theme, or those that mention each WORD."""
    if check is not None:
        _check(check, folders(queries))
        return
    listed = chosen(all_queries(folders(queries)), Wanted(" ".join(words), theme, mitre, category, kind))
    if not listed:
        named = f"none mentions {' '.join(words)!r}" if words else "none is of all these kinds"
        raise UsageError(f"queries: {named}; trailquery queries lists all")
    wide = max(len(query.name) for query in listed)
    for title, members in groupby(listed, key=lambda query: query.theme):
        click.echo(title)
        for query in members:
            click.echo(f"  {query.name:{wide}}  {_kind(query):9}{query.question}")


def _kind(query: Query) -> str:
    return {"question": "", "lead": "lead"}.get(query.kind, query.severity or "")


def _check(folder: Path, others: tuple[Path, ...]) -> None:
    """Raises CatalogError where something is wrong, after every problem was told."""
    from trailquery.checks import problems
    from trailquery.cli.questions import parsed_example

    count, wrong = problems(folder, others, parsed_example)
    for problem in wrong:
        click.echo(problem)
    if wrong:
        raise CatalogError(f"{folder}: {counted(len(wrong), 'problem')} in {count:,} queries")
    click.echo(f"{folder}: {count:,} {'query is' if count == 1 else 'queries are'} sound")


@click.command()
@click.argument("name", shell_complete=complete_names)
@queries_option
def show(name: str, queries: tuple[Path, ...]) -> None:
    """Print the SQL and the front-matter of a curated query."""
    click.echo(find_query(name, folders(queries)).path.read_text(encoding="utf-8"), nl=False)
