"""What the pages show of the code; cog writes it there, and test_docs holds it to the code."""

import atexit
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import click
from conftest import lake_in, record
from identities import CALLERS, identities

from trailquery.cli import trailquery
from trailquery.events import COLUMNS
from trailquery.schema import schema


def cli_help() -> str:
    """The help of the program and of each command but those of the catalogue."""
    root = click.Context(trailquery, info_name="trailquery", **trailquery.context_settings)
    parts = [_fenced(trailquery.get_help(root))]
    for name in trailquery.list_commands(root):
        command = trailquery.get_command(root, name)
        if command is None or name == "run":  # its own help would list the catalogue again
            continue
        context = click.Context(command, info_name=name, parent=root)
        parts.append(f"## trailquery {name}\n\n{_fenced(command.get_help(context))}")
    return "\n\n".join(parts)


def views() -> str:
    """One line a view: what one row of it is."""
    rows = ((f"`{one['view']}`", one["meaning"]) for one in _schema() if one["column"] is None)
    return _table(("view", "meaning"), rows)


def view_columns() -> str:
    """Each view with its columns, but those it has of `events`."""
    names: dict[str, set[str]] = {}
    for one in _schema():
        names.setdefault(one["view"], set()).add(one["column"])
    stored = {column.name for column in COLUMNS}
    return "\n\n".join(
        _view(view, names["events"] if stored <= names[view] and view != "events" else set()) for view in names
    )


def callers() -> str:
    """What `events` has of a caller of each type, and why some columns are NULL."""
    asked = ("actor_arn", "actor_account_id", "user_name", "access_key_id", "session_id")
    rows = []
    for caller, row in zip(CALLERS, identities(), strict=True):
        empty = ", ".join(f"`{column}`" for column in asked if row[column] is None)
        why = f"{empty}: {caller['why']}" if empty else "nothing"
        said = (row[column] for column in ("actor", "principal_key", *asked[:2], "session_id"))
        rows.append((caller["type"], *(f"`{value}`" if value else "NULL" for value in said), why))
    return _table(
        ("type", "actor", "principal_key", "actor_arn", "actor_account_id", "session_id", "NULL, and why"), rows
    )


def demo() -> str:
    """The real output of the demo, run in an empty folder."""
    _, said = run_of_demo()
    return _fenced("\n".join(line.rstrip() for line in said.splitlines()))


@cache
def run_of_demo() -> tuple[Path, str]:
    """The lake that the demo makes, and what it prints."""
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    run = subprocess.run(
        [sys.executable, "-m", "trailquery", "demo"], cwd=folder, capture_output=True, text=True, check=True
    )
    return folder / "demo" / "lake", run.stdout


@cache
def _schema() -> list[dict[str, Any]]:
    """Every view and column with its meaning."""
    with tempfile.TemporaryDirectory() as folder:
        return schema(lake_in(Path(folder), [record()]))


def _view(view: str, known: set[str]) -> str:
    """The view with its columns, without those already `known`."""
    itself, *columns = (one for one in _schema() if one["view"] == view)
    own = [(f"`{one['column']}`", one["type"], one["meaning"]) for one in columns if one["column"] not in known]
    parts = [f"## {view}", itself["meaning"]]
    if len(own) < len(columns):
        but = "" if known <= {one["column"] for one in columns} | {None} else ", without those of trailquery.toml"
        parts.append(f"It has the columns of `events`{but}" + (" and these:" if own else "."))
    if own:
        parts.append(_table(("column", "type", "meaning"), own))
    return "\n\n".join(parts)


def _fenced(text: str) -> str:
    return f"```text\n{text.rstrip()}\n```"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [tuple(head), tuple("---" for _ in head), *map(tuple, rows)]  # type: ignore[arg-type]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
