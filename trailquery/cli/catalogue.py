"""Commands that read the catalogue of curated queries and no lake: queries, show."""

from itertools import groupby

import click

from trailquery.catalog import find_query, search
from trailquery.catalog import queries as all_queries
from trailquery.errors import UsageError


@click.command()
@click.argument("word", required=False)
def queries(word: str | None) -> None:
    """List the curated queries, by theme, or those that mention WORD."""
    listed = search(word) if word else all_queries()
    if not listed:
        raise UsageError(f"queries: none mentions {word!r}; trailquery queries lists all")
    wide = max(len(query.name) for query in listed)
    for theme, members in groupby(listed, key=lambda query: query.theme):
        click.echo(theme)
        for query in members:
            click.echo(f"  {query.name:{wide}}  {query.question}")


@click.command()
@click.argument("name")
def show(name: str) -> None:
    """Print the SQL and the front-matter of a curated query."""
    click.echo(find_query(name).path.read_text(encoding="utf-8"), nl=False)
