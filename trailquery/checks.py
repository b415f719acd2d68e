"""What is wrong with a folder of queries: front-matter, SELECT, parameters, columns, example; all of it, not the first."""

import re
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb

from trailquery.catalog import Query, examine, line_of, own_files, query_files
from trailquery.errors import TrailqueryError, UsageError
from trailquery.ingest import ingest
from trailquery.lake import Lake, open_lake
from trailquery.readonly import parsed_select
from trailquery.settings import Settings

Example = Callable[[Query], Mapping[str, Any]]
_DATE = re.compile(r"'\d{4}-\d\d(-\d\d([T ].*)?)?'")
_OF_EVENTS = {"event_id": "VARCHAR", "event_ids": "VARCHAR[]"}


def problems(folder: Path, others: tuple[Path, ...], example: Example) -> tuple[int, list[str]]:
    """How many queries `folder` holds, and what is wrong with them: "file:line: what".

    Their names must be new beside the curated ones and those in `others`. `example` is the values in the example of a
    query, each of its type, and raises UsageError where it is no command for the query. Raises UsageError where there
    are no queries.
    """
    files = own_files([folder])
    names = query_files(others)
    with tempfile.TemporaryDirectory() as place:
        ingest([], Path(place))
        lake = open_lake(place, settings=Settings())
        wrong = [problem for file in files for problem in _of_file(file, names, lake, example)]
    return len(files), wrong


def _of_file(file: Path, names: dict[str, Path], lake: Lake, example: Example) -> Iterator[str]:
    other = names.setdefault(file.stem, file)
    if other.resolve() != file:
        yield f"{file}:1: there is a query {file.stem!r} already, in {other}; give one another name"
    query, wrong = examine(file)
    yield from wrong
    if query is not None and query.sql:
        yield from _Checked(query, not wrong, lake, example).problems(names)


class _Checked:
    """One query while its SELECT is held against its front-matter; `is_whole` if that has nothing wrong in itself."""

    def __init__(self, query: Query, is_whole: bool, lake: Lake, example: Example) -> None:
        self.query, self.is_whole, self.lake, self.example = query, is_whole, lake, example
        self.lines = query.path.read_text(encoding="utf-8").splitlines()
        self.first = "\n".join(self.lines).rpartition(query.sql)[0].count("\n") + 1  # line of the SELECT

    def at(self, line: int, what: str) -> str:
        return f"{self.query.path}:{line}: {what}"

    def near(self, key: str, what: str) -> str:
        return self.at(line_of(self.lines, key), what)

    def in_sql(self, message: str) -> str:
        """DuckDB's message in one line, at the line of the file that it draws."""
        text, _, drawing = message.partition("\n\nLINE ")
        number = re.match(r"\d+", drawing)
        return self.at(self.first + (int(number[0]) - 1 if number else 0), " ".join(text.split()))

    def problems(self, names: dict[str, Path]) -> Iterator[str]:
        try:
            parsed_select(self.query.sql, duckdb.connect(), "SELECT")
        except UsageError as error:
            yield self.in_sql(str(error))
            return
        yield from self.form()
        undeclared = list(self.parameters())
        yield from undeclared
        if self.is_whole and not undeclared:
            yield from self.next_command(names)
            yield from self.answer()

    def form(self) -> Iterator[str]:
        """What no query may hold, though DuckDB runs it: a date, a path into raw JSON, rows in any order."""
        is_ordered, depth = False, 0
        for line, word in _words(self.query.sql):
            depth += {"(": 1, ")": -1}.get(word, 0)
            is_ordered |= depth == 0 and word.lower() == "order"
            if word in ("->", "->>"):
                yield self.at(self.first + line, f"{word} goes into raw JSON; ask for a column, or json_extract_string")
            elif _DATE.fullmatch(word):
                what = f"{word} is a date; leave it to --since and --until, or to a parameter of the type timestamp"
                yield self.at(self.first + line, what)
        if not is_ordered:
            line = self.query.sql.count("\n")
            yield self.at(self.first + line, "the rows have no order; end with ORDER BY, up to the event_id")

    def parameters(self) -> Iterator[str]:
        declared = {param.name for param in self.query.params}
        (statement,) = duckdb.extract_statements(self.query.sql)
        for name in sorted(statement.named_parameters - declared):
            line = self.query.sql[: self.query.sql.index(f"${name}")].count("\n")
            yield self.at(self.first + line, f"${name} is not declared; add [params.{name}], or leave it out")
        if self.is_whole:
            for name in sorted(declared - statement.named_parameters):
                yield self.near(f"[params.{name}]", f"parameter {name} is not used; write ${name}, or leave it out")

    def next_command(self, names: dict[str, Path]) -> Iterator[str]:
        words = shlex.split(self.query.next or "")
        if words[:2] == ["trailquery", "run"] and words[2:3] and words[2].replace("-", "_") not in names:
            yield self.near("next", f"next runs {words[2]!r}, which is no query")

    def answer(self) -> Iterator[str]:
        """Runs the example on an empty lake, and holds the columns against those declared."""
        try:
            values = self.example(self.query)
        except UsageError as error:
            yield self.near("example", str(error))
            return
        try:
            described = self.lake.describe(self.query.sql, values)
            len(self.lake.run(self.query, **values))
        except (duckdb.Error, TrailqueryError) as error:
            yield self.in_sql(str(error).removeprefix(f"{self.query.name}: "))
            return
        declared = list(self.query.columns)
        if more := [name for name in described if name not in declared]:
            rest = f" and {len(more) - 3} more" if len(more) > 3 else ""
            what = f"{', '.join(more[:3])}{rest}"
            yield self.near("[columns]", f"returned but not declared: {what}; add a line for each: {more[0]} = ...")
        for name in [name for name in declared if name not in described]:
            yield self.near(f"{name} ", f"column {name} is declared but not returned")
        if list(described) != declared and sorted(described) == sorted(declared):
            yield self.near("[columns]", f"columns are returned in another order: {', '.join(described)}")
        for name in described.keys() & _OF_EVENTS if self.query.kind != "question" else ():
            if described[name] != _OF_EVENTS[name]:
                yield self.near(f"{name} ", f"column {name} is {described[name]}, not {_OF_EVENTS[name]}")


def _words(sql: str) -> Iterator[tuple[int, str]]:
    """The words of `sql`, a text in quotes being one, each with its line from 0; no comments."""
    data = sql.encode()
    tokens = duckdb.tokenize(sql)
    ends = [start for start, _ in tokens[1:]] + [len(data)]
    for (start, kind), end in zip(tokens, ends, strict=True):
        if kind != duckdb.token_type.comment:
            yield data.count(b"\n", 0, start), data[start:end].decode().strip()
