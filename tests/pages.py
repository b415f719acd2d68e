"""The pages of the query library: what each query asks and answers on the demo lake, and the techniques they show."""

import csv
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from itertools import groupby
from pathlib import Path

from click.testing import CliRunner

from docs import _fenced, _table
from trailquery.catalog import Query, queries
from trailquery.cli import trailquery

ROWS, WIDTH = 2, 150
# What stands in the demo's story for the parameters that an example must name.
_OF_THE_DEMO = {
    "key": "AKIAA5LF4EY7326IT3FR",
    "session": "AKIAA5LF4EY7326IT3FR",
    "ip": "198.51.100.7",
    "actor": "ci-deploy",
    "role": "dev-admin",
    "role_or_session": "dev-admin",
    "bucket": "payroll-111122223333",
    "resource": "payroll-111122223333",
}


def attack() -> str:
    """A table a tactic."""
    techniques = _techniques()
    parts = []
    for tactic, members in groupby(techniques, key=lambda row: row["tactic"]):
        named = ((row["id"], row["name"], _named(row["id"]), row["unseen"]) for row in members)
        rows = ((one, name, asked or f"none: {unseen}", "yes" if asked else "no") for one, name, asked, unseen in named)
        parts.append(f"## {tactic}\n\n{_table(('technique', 'name', 'queries', 'tested'), rows)}")
    return "\n\n".join(parts)


def beyond_attack() -> str:
    known = {row["id"] for row in _techniques()}
    others = sorted({technique for query in queries() for technique in query.mitre} - known)
    return _table(("technique", "queries"), ((technique, _named(technique)) for technique in others))


def catalogue() -> str:
    """Every query, by theme: what it asks, takes and returns, and what it says of the demo."""
    parts = []
    for theme, members in groupby(queries(), key=lambda query: query.theme):
        parts += [f"## {theme}", *map(_page, members)]
    return "\n\n".join(parts)


def _page(query: Query) -> str:
    kind = f"{query.severity} finding" if query.severity else query.kind
    parts = [f"### {query.name}", f"{query.question} ({', '.join([kind, query.category, *query.mitre])})"]
    if query.why:
        parts.append(f"Why: {query.why} Next: `{query.next}`")
    if query.params:
        rows = (
            (f"`{one.name}`", one.type, "required" if one.required else f"`{one.default}`", one.about)
            for one in query.params
        )
        parts.append(_table(("parameter", "type", "default", "meaning"), rows))
    parts.append(_table(("column", "meaning"), ((f"`{name}`", said) for name, said in query.columns.items())))
    return "\n\n".join([*parts, _fenced(_answer(query))])


def _answer(query: Query) -> str:
    """The example as a command, and the first rows of its answer."""
    words = shlex.split(query.example)[1:]
    for number, param in enumerate(one for one in query.params if one.required):
        words[2 + number] = _OF_THE_DEMO.get(param.name, words[2 + number])
    said = CliRunner().invoke(
        trailquery, [*words, "--lake", str(_demo_lake()), "--format", "line"], catch_exceptions=False
    )
    rows = [row for row in said.stdout.split("\n\n") if row.strip()]
    shown = [line[:WIDTH].rstrip() for row in rows[:ROWS] for line in ["", *row.strip("\n").splitlines()]]
    more = f"... {len(rows) - ROWS:,} more" if len(rows) > ROWS else "no rows" if not rows else ""
    return "\n".join([f"$ {shlex.join(['trailquery', *words])}", *shown[1:], *filter(None, [more])])


@cache
def _demo_lake() -> Path:
    folder = Path(tempfile.mkdtemp())
    subprocess.run([sys.executable, "-m", "trailquery", "demo"], cwd=folder, capture_output=True, check=True)
    return folder / "demo" / "lake"


def _named(technique: str) -> str:
    return ", ".join(
        f"**`{query.name}`**" if query.severity else f"`{query.name}`"
        for query in queries()
        if technique in query.mitre
    )


def _techniques() -> Iterator[dict[str, str]]:
    with (Path(__file__).parents[1] / "docs" / "attack.csv").open(newline="") as file:
        yield from csv.DictReader(file)
