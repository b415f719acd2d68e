"""The pages of the query library: what each query asks and answers on the demo lake, and the techniques they show."""

import csv
import shlex
import tempfile
from collections.abc import Iterator
from functools import cache
from io import BytesIO
from itertools import groupby
from pathlib import Path
from unittest.mock import patch

from cases import case_of, lake_of_case
from click.testing import CliRunner

from docs import _fenced, _table, run_of_demo
from trailquery import open_lake
from trailquery.catalog import Query, queries
from trailquery.cli import trailquery
from trailquery.output import write
from trailquery.parameters import shown_value
from trailquery.result import Result

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
    """Every query, by theme: a line each, then what it asks, takes and returns, and what it says of the demo."""
    lines = (
        (f"[{one.theme}](#{one.theme})", f"[`{one.name}`](#{one.name})", one.kind, one.question) for one in queries()
    )
    parts = [_table(("theme", "query", "kind", "question"), lines)]
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
            (f"`{one.name}`", one.type, "required" if one.required else f"`{shown_value(one.default)}`", one.about)
            for one in query.params
        )
        parts.append(_table(("parameter", "type", "default", "meaning"), rows))
    parts.append(_table(("column", "meaning"), ((f"`{name}`", said) for name, said in query.columns.items())))
    return "\n\n".join([*parts, _fenced(_answer(query))])


def _answer(query: Query) -> str:
    """The example as a command and the first rows of its answer; where the demo has nothing to find for it, what all
    options left out find there, or, last, what the query finds in its case."""
    words = shlex.split(query.example)[1:]
    required = [one.name for one in query.params if one.required]
    for number, name in enumerate(required, 2):
        words[number] = _OF_THE_DEMO.get(name, words[number])
    lake, _ = run_of_demo()
    for asked in (words, words[: 2 + len(required)]):
        if rows := _rows(_said([*asked, "--lake", str(lake)])):
            return f"$ {shlex.join(['trailquery', *asked])}\n{_first(rows, ROWS)}"
    found = f"no rows in the demo; in the records of its case:\n\n{_first(_rows(_of_its_case(query)), 1)}"
    return f"$ {shlex.join(['trailquery', *words])}\n{found}"


_open_once = cache(open_lake)


def _said(words: list[str]) -> str:
    # what stands below an answer is not shown, and takes time, as does a lake that is opened for each answer
    with (
        patch.object(Result, "footer", return_value=[]),
        patch("trailquery.cli.options.open_lake", _open_once),
    ):
        return CliRunner().invoke(trailquery, [*words, "--format", "line"], catch_exceptions=False).stdout


def _of_its_case(query: Query) -> str:
    with tempfile.TemporaryDirectory() as folder:
        found = lake_of_case(query, Path(folder)).run(query, **case_of(query).get("params", {}))
        text = BytesIO()
        write(found.arrow().to_reader(), "line", text)
    return text.getvalue().decode().replace(f"{folder}/", "")


def _rows(text: str) -> list[str]:
    return [row.strip("\n") for row in text.split("\n\n") if row.strip()]


def _first(rows: list[str], count: int) -> str:
    shown = ["\n".join(line[:WIDTH].rstrip() for line in row.splitlines()) for row in rows[:count]]
    return "\n\n".join(shown) + (f"\n... {len(rows) - count:,} more" if len(rows) > count else "")


def _named(technique: str) -> str:
    return ", ".join(
        f"**`{query.name}`**" if query.severity else f"`{query.name}`"
        for query in queries()
        if technique in query.mitre
    )


def _techniques() -> Iterator[dict[str, str]]:
    with (Path(__file__).parents[1] / "docs" / "attack.csv").open(newline="") as file:
        yield from csv.DictReader(file)
