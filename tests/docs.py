"""What the README shows of the code; cog writes it there, and test_docs holds it to the code."""

import subprocess
import sys
import tempfile
from collections.abc import Iterable

import click

from trailquery.catalog import queries
from trailquery.cli import trailquery
from trailquery.events import ADDED_COLUMNS, COLUMNS


def cli_help() -> str:
    """The help of the program and of each command but those of the catalogue."""
    root = click.Context(trailquery, info_name="trailquery", max_content_width=110)
    parts = [_fenced(trailquery.get_help(root))]
    for name, command in sorted(trailquery.commands.items()):
        context = click.Context(command, info_name=name, parent=root, max_content_width=110)
        if name == "run":  # its own help would list the catalogue again
            continue
        parts.append(f"### trailquery {name}\n\n{_fenced(command.get_help(context))}")
    return "\n\n".join(parts)


def catalogue() -> str:
    """One line a curated query, by theme."""
    rows = ((q.theme, f"`{q.name}`", q.question, " ".join(f"`{p.name}`" for p in q.params)) for q in queries())
    return _table(("theme", "query", "question", "parameters"), rows)


def columns() -> str:
    """The columns of `history` and `events`."""
    rows = (
        (f"`{c.name}`", str(c.type) if c.name != "resources" else "list of struct", c.meaning)
        for c in COLUMNS + ADDED_COLUMNS
    )
    return _table(("column", "type", "meaning"), rows)


def demo() -> str:
    """The real output of the demo, run in an empty folder."""
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run(
            [sys.executable, "-m", "trailquery", "demo"], cwd=folder, capture_output=True, text=True, check=True
        )
    return _fenced("\n".join(line.rstrip() for line in run.stdout.splitlines()))


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(head), tuple("---" for _ in head), *map(tuple, rows)]  # type: ignore[arg-type]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
