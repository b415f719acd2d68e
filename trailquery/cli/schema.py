"""Commands that tell the shape of a lake: schema, connect."""

from pathlib import Path
from typing import Any

import click
import pyarrow as pa

from trailquery.cli.library import lake_option
from trailquery.cli.options import asked_from, opened, put, question_options, say
from trailquery.lake import open_lake
from trailquery.result import Result
from trailquery.schema import connect as write_database
from trailquery.schema import drift as uncovered_fields
from trailquery.schema import every_view
from trailquery.schema import schema as columns_of


@click.command()
@click.argument("view", required=False)
@click.option("--all", "every_column", is_flag=True, help="Every column of every view.")
@click.option("--drift", is_flag=True, help="Fields in the data that no column covers, by event version and service.")
@question_options
def schema(view: str | None, every_column: bool, drift: bool, **options: Any) -> None:
    """What one row of each view is; or what each column of VIEW means."""
    asked = asked_from(options)
    lake = opened(asked)
    if drift:
        put(uncovered_fields(lake), asked)
        return
    rows = columns_of(lake, view) if view or every_column else every_view()
    put(Result(pa.Table.from_pylist(rows).to_reader(), asked.tz), asked)


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.duckdb")
@lake_option
def connect(file: Path, lake: Path | None) -> None:
    """Write FILE.duckdb: the views of the lake for the duckdb shell, harlequin or DBeaver; the rows stay in the lake."""
    write_database(open_lake(lake), file)
    say(f"{file}: try FROM events LIMIT 5")
