"""The curated queries, and the user's own: one `.sql` file a question, its front-matter read and checked.

A file is trusted (it ships with the program, or the user put it there), what is given for its parameters is not: `bind`
turns Python values and their text forms into what DuckDB binds, so that no value ever becomes SQL.
"""

import re
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from trailquery.errors import CatalogError, UsageError
from trailquery.parameters import TYPES, Param, convert
from trailquery.wording import did_you_mean

CATEGORIES = ("management", "data", "signin", "service", "insight", "network", "any")
KINDS = ("question", "lead", "finding")
SEVERITIES = ("info", "low", "medium", "high", "critical")
# What a trail must be told to record, by service. Source: CloudTrail User Guide, "Logging data events".
DATA_EVENTS = {
    "bedrock": "Bedrock", "cognito-identity": "Cognito identity", "dynamodb": "DynamoDB item", "ebs": "EBS block",
    "lambda": "Lambda invocation", "rds-data": "RDS data", "s3": "S3 object", "sns": "SNS message", "sqs": "SQS message",
    "ssmmessages": "Session Manager",
}  # fmt: skip

_OPEN, _CLOSE = "-- /// trailquery", "-- ///"
_TEXTS = ("title", "question", "category", "kind", "example")
_OF_A_FINDING = ("severity", "why", "next")
_KEYS = frozenset((*_TEXTS, *_OF_A_FINDING, "mitre", "params", "columns"))
_OF_AN_EVENT = frozenset(("actor", "session_id", "event_id"))  # what `next` may name beside a query's columns
_PARAM_KEYS = frozenset(("type", "about", "default", "choices"))
_LIKE = {
    "integer": "20", "number": "6.5", "boolean": "true or false", "timestamp": "2026-11-20T02:00Z",
    "interval": "30m, 36h or 7d",
}  # fmt: skip
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")


@dataclass(frozen=True)
class Query:
    """One question: `sql` is one SELECT with `$name` for each of `params`; `columns` is name -> meaning.

    A finding has a `severity`, `why` it is trouble, and `next`: the command that goes on from one of its rows, with
    `{column}` for what the row says. Each row of a lead or finding names its events: `event_id`, or the list `event_ids`.
    """

    name: str
    theme: str
    path: Path
    title: str
    question: str
    category: str
    kind: str
    mitre: tuple[str, ...]
    example: str
    params: tuple[Param, ...]
    columns: dict[str, str]
    sql: str
    severity: str | None = None
    why: str | None = None
    next: str | None = None


class Wanted(NamedTuple):
    """Which queries to choose: those that fit every part that is given."""

    words: str = ""  # each in name, theme, title, question, mitre or columns, in any capitals
    themes: tuple[str, ...] = ()
    mitre: tuple[str, ...] = ()  # a technique has its sub-techniques with it
    categories: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()


def resource_dir(name: str) -> Path:
    """The folder `sql` or `notebooks`: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parent
    project = package.parent / "pyproject.toml"
    if project.is_file() and '\nname = "trailquery"\n' in project.read_text(encoding="utf-8"):
        return package.parent / name
    return package / name


def queries(folders: Iterable[Path] = ()) -> list[Query]:
    """Every curated query, and those in `folders` of the user's own, by theme and name. Raises CatalogError."""
    files = query_files(folders).values()
    return [read_query(path) for path in sorted(files, key=lambda path: (path.parent.name, path.stem))]


def chosen(listed: Iterable[Query], wanted: Wanted) -> list[Query]:
    """Of the queries `listed` those that are `wanted`. Raises UsageError for a theme or technique that none has."""
    listed = list(listed)
    _check_known("--theme", wanted.themes, {query.theme for query in listed})
    techniques = {technique for query in listed for technique in query.mitre}
    _check_known("--mitre", wanted.mitre, techniques | {technique.partition(".")[0] for technique in techniques})
    return [query for query in listed if _fits(query, wanted)]


def find_query(name: str, folders: Iterable[Path] = ()) -> Query:
    """The query `name`, hyphens and underscores alike, reading only its file. Raises UsageError and CatalogError."""
    wanted, files = name.replace("-", "_"), query_files(folders)
    for spelled in (wanted, name):  # a file's own name may have no hyphen: reading it tells
        if spelled in files:
            return read_query(files[spelled])
    guess = did_you_mean(wanted, files)
    raise UsageError(f"no query named {name!r}; {guess or 'see: trailquery queries'}")


def query_files(folders: Iterable[Path] = ()) -> dict[str, Path]:
    """Name to file of every curated query and of those in `folders`, which have the same form: folders named for
    themes, or loose files, whose theme is the folder. Raises CatalogError where two have one name."""
    files = {path.stem: path for path in (resource_dir("sql") / "queries").glob("*/*.sql")}
    for path in own_files(folders):
        other = files.setdefault(path.stem, path)
        if other.resolve() != path:
            raise CatalogError(f"{path}: there is a query {path.stem!r} already, in {other}; give one another name")
    return files


def own_files(folders: Iterable[Path]) -> list[Path]:
    """The query files in folders of the user's own, each once. Raises UsageError where a folder holds none."""
    found: dict[Path, None] = {}
    for folder in folders:
        files = sorted([*folder.glob("*.sql"), *folder.glob("*/*.sql")]) if folder.is_dir() else []
        if not files:
            raise UsageError(f"{folder}: no folder with queries; put NAME.sql into it, or into a folder THEME below it")
        found |= dict.fromkeys(file.resolve() for file in files)
    return list(found)


def read_query(path: Path) -> Query:
    """Read and check one query file. Raises CatalogError naming the file and line."""
    query, problems = examine(path)
    if query is None or problems:
        raise CatalogError(problems[0])
    return query


def examine(path: Path) -> tuple[Query | None, list[str]]:
    """The query in a file, None where nothing can be told of it, and what is wrong with its front-matter: "file:line: what"."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        return None, [f"{path}:1: {error.strerror}"]
    except UnicodeDecodeError as error:
        return None, [f"{path}:1: byte {error.start} is not UTF-8; save it as UTF-8 text"]
    if not lines or lines[0] != _OPEN:
        return None, [f"{path}:1: the first line is not {_OPEN!r}"]
    if _CLOSE not in lines:
        return None, [f"{path}:{len(lines)}: front-matter has no end; write {_CLOSE!r}"]
    end = lines.index(_CLOSE)
    bare = [number for number, line in enumerate(lines[1:end], 2) if line != "--" and not line.startswith("-- ")]
    if bare:
        return None, [f"{path}:{number}: line of front-matter does not start with '-- '" for number in bare]
    header = "\n".join(line[3:] for line in lines[1:end])
    try:
        said = tomllib.loads(header)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).partition(" (at ")
        at = re.match(r"line (\d+)", where)
        return None, [f"{path}:{int(at[1]) + 1 if at else end}: not TOML: {what}."]
    front = _FrontMatter(path, lines[:end], said)
    query = front.query("\n".join(lines[end + 1 :]).strip())
    return query, front.problems


def line_of(lines: Sequence[str], near: str) -> int:
    """The first line of front-matter, counted from 1, that starts with `near`; else the first of all."""
    starts = [number for number, line in enumerate(lines, 1) if line.startswith(f"-- {near}")]
    return starts[0] if near and starts else 1


def bind(query: Query, given: Mapping[str, Any]) -> dict[str, Any]:
    """Values for every parameter of `query`: what is given, in its type, and the defaults of the rest.

    A given value may be of the type or its text form; None counts as not given. Times come out as naive UTC,
    intervals as timedelta. Raises UsageError.
    """
    wanted = {name.replace("-", "_"): value for name, value in given.items() if value is not None}
    names = [param.name for param in query.params]
    for name in wanted:
        if name not in names:
            takes = f"it takes {', '.join(names)}" if names else "it takes none"
            raise UsageError(f"{query.name}: no parameter {name!r}; {did_you_mean(name, names) or takes}")
    return {param.name: _value_of(query, param, wanted) for param in query.params}


def _value_of(query: Query, param: Param, given: Mapping[str, Any]) -> Any:
    if param.name not in given:
        if param.required:
            raise UsageError(f"{query.name}: {param.name} is missing; for example: {query.example}")
        return param.default
    value = given[param.name]
    try:
        return convert(param, value)
    except (ValueError, OverflowError):
        wrong = f"{query.name}: {param.name} is {value!r}, not"
    if param.type == "choice":
        raise UsageError(f"{wrong} one of {', '.join(param.choices)}.")
    like = f"; write it like {_LIKE[param.type]}" if param.type in _LIKE else "."
    raise UsageError(f"{wrong} {param.type}{like}")


class _FrontMatter:
    """The front-matter of one file while it is checked: `problems` gathers what is wrong, and at which line."""

    def __init__(self, path: Path, lines: list[str], said: dict[str, Any]) -> None:
        self.path = path
        self.lines = lines
        self.said = said
        self.problems: list[str] = []

    def wrong(self, what: str, near: str = "") -> None:
        """Note a problem, at the first line of the front-matter that starts with `near`."""
        self.problems.append(f"{self.path}:{line_of(self.lines, near)}: {what}")

    def query(self, sql: str) -> Query:
        """The query; of no use once there are problems."""
        said = self.said
        self.check_keys()
        if said.get("kind") == "finding":
            self.check_finding()
        elif said.get("kind") in KINDS:
            for key in (key for key in _OF_A_FINDING if key in said):
                self.wrong(f"{key} belongs to the kind finding.", key)
        columns = {name: self.meaning(name, meaning) for name, meaning in self.table("columns").items()}
        if said.get("kind") in ("lead", "finding") and not columns.keys() & {"event_id", "event_ids"}:
            self.wrong(f"a {said['kind']} names its events: it lacks a column event_id or event_ids.", "[columns]")
        if not _NAME.fullmatch(self.path.stem):
            self.wrong(f"the file's name {self.path.stem!r} is not snake_case; write it like timeline_key.")
        if not sql:
            self.wrong("there is no SELECT after the front-matter.")
        return Query(
            name=self.path.stem,
            theme=self.path.parent.name,
            path=self.path,
            **{key: said.get(key, "") for key in _TEXTS},
            mitre=self.techniques(),
            params=tuple(self.param(name, param) for name, param in self.table("params").items()),
            columns=columns,
            sql=sql,
            severity=said.get("severity"),
            why=said.get("why"),
            next=said.get("next"),
        )

    def check_keys(self) -> None:
        said = self.said
        for key in sorted(said.keys() - _KEYS):
            self.wrong(f"front-matter has an unknown key {key!r}.", key)
        for key in (*_TEXTS, "columns"):
            if not said.get(key):
                self.wrong(f"front-matter lacks {key}.")
            elif key in _TEXTS and not isinstance(said[key], str):
                self.wrong(f"{key} is not text.", key)
        for key, allowed in (("category", CATEGORIES), ("kind", KINDS)):
            if said.get(key) and said[key] not in allowed:
                self.wrong(f"{key} is {said[key]!r}, not one of {', '.join(allowed)}.", key)

    def check_finding(self) -> None:
        said = self.said
        for key in (*_OF_A_FINDING, "mitre"):
            if not said.get(key):
                self.wrong(f"a finding lacks {key}.")
            elif key in _OF_A_FINDING and not isinstance(said[key], str):
                self.wrong(f"{key} is not text.", key)
        if said.get("severity", SEVERITIES[0]) not in SEVERITIES:
            self.wrong(f"severity is {said['severity']!r}, not one of {', '.join(SEVERITIES)}.", "severity")
        next_command = str(said.get("next", ""))
        for name in sorted(set(placeholders(next_command)) - self.table("columns").keys() - _OF_AN_EVENT):
            self.wrong(f"next names {name!r}, which is no column.", "next")
        for word in next_command.split():  # what a log says must never be more than one word of a command
            if placeholders(word) and not re.fullmatch(r"\{\w+\}", word):
                self.wrong(f"next has {word!r}; let {{column}} stand alone.", "next")

    def table(self, key: str) -> dict[str, Any]:
        table = self.said.get(key, {})
        if isinstance(table, dict):
            return table
        self.wrong(f"{key} is not a table; write [{key}].", key)
        return {}

    def techniques(self) -> tuple[str, ...]:
        ids = self.said.get("mitre", [])
        if not isinstance(ids, list):
            self.wrong("mitre is not a list.", "mitre")
            return ()
        for one in ids:
            if not isinstance(one, str) or not _TECHNIQUE.fullmatch(one):
                self.wrong(f"mitre has {one!r}, which is no ATT&CK technique id.", "mitre")
        return tuple(ids)

    def meaning(self, column: str, meaning: Any) -> str:
        if not isinstance(meaning, str) or not meaning:
            self.wrong(f"column {column} has no meaning.", column)
        return str(meaning)

    def param(self, name: str, said: Any) -> Param:
        near = f"[params.{name}]"
        if not isinstance(said, dict) or not _NAME.fullmatch(name):
            self.wrong(f"parameter {name!r} is not a table named in snake_case.", near)
            return Param(name, "text", "")
        for key in sorted(said.keys() - _PARAM_KEYS):
            self.wrong(f"parameter {name} has an unknown key {key!r}.", near)
        if said.get("type") not in TYPES:
            self.wrong(f"parameter {name} has the type {said.get('type')!r}; write {', '.join(TYPES)}.", near)
            return Param(name, "text", "")
        if not isinstance(said.get("about"), str):
            self.wrong(f"parameter {name} lacks about.", near)
        choices = said.get("choices", [])
        texts = isinstance(choices, list) and all(isinstance(one, str) for one in choices)
        if not texts or (said["type"] == "choice") != bool(choices):
            self.wrong(f"parameter {name}: choices, a list of text, belong to the type choice.", near)
            return Param(name, "text", "")
        bare = Param(name, said["type"], str(said.get("about")), choices=tuple(choices))
        if "default" not in said:
            return bare
        try:
            return replace(bare, default=convert(bare, said["default"]), required=False)
        except (ValueError, OverflowError):
            self.wrong(f"parameter {name}: default {said['default']!r} is not {bare.type}.", near)
            return bare


def events_lacking(query: Query, held: Collection[tuple[str, str]]) -> set[str]:
    """Which events the query asks for, itself or by a view, and are not among those held: (category, service) of each."""
    named = _services_named(query.sql) if query.category in ("data", "any") else set()
    if services := DATA_EVENTS.keys() & named:
        return {f"{DATA_EVENTS[service]} data" for service in services if ("data", service) not in held}
    return {query.category} - {"any", *(category for category, _ in held)}


def _services_named(sql: str) -> set[str]:
    """The services whose names or actions stand in `sql`, else in the views of events that it takes rows from."""
    views = _views_of_events()
    taken = [views[name] for name in re.findall(r"\b(?:FROM|JOIN)\s+(\w+)", sql) if name in views]
    itself, by_views = (set(re.findall(r"'([a-z0-9-]+)(?::\w+)?'", text)) for text in (sql, "\n".join(taken)))
    return itself if DATA_EVENTS.keys() & itself else by_views


@cache
def _views_of_events() -> dict[str, str]:
    """The SQL of each view that has every column of `history`, by name: those that judge calls."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in (resource_dir("sql") / "views").glob("*.sql"))
    views = re.findall(r"^CREATE VIEW (\w+) AS\n(.*?);$", text, re.MULTILINE | re.DOTALL)
    return {name: sql for name, sql in views if re.search(r"^SELECT\s+(events\.|history\.)?\*", sql, re.MULTILINE)}


def placeholders(next_command: str) -> list[str]:
    """The names in braces in a `next`."""
    return re.findall(r"\{(.*?)\}", next_command)


def _fits(query: Query, wanted: Wanted) -> bool:
    techniques = {technique for one in query.mitre for technique in (one, one.partition(".")[0])}
    said = "\n".join((query.name, query.theme, query.title, query.question, *query.mitre, *query.columns)).casefold()
    return (
        all(word in said for word in wanted.words.casefold().split())
        and (not wanted.themes or query.theme in wanted.themes)
        and (not wanted.mitre or not techniques.isdisjoint(wanted.mitre))
        and (not wanted.categories or query.category in wanted.categories)
        and (not wanted.kinds or query.kind in wanted.kinds)
    )


def _check_known(option: str, given: Iterable[str], known: Iterable[str]) -> None:
    known = sorted(known)
    for word in given:
        if word not in known:
            guess = did_you_mean(word, known) or f"there is {', '.join(known)}"
            raise UsageError(f"{option} {word}: no query has it; {guess}")
