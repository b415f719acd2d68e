"""The curated queries: one `.sql` file a question, its front-matter read and checked, its parameters bound.

A file is trusted (it ships with the program), what is given for its parameters is not: `bind` turns Python
values and their text forms into what DuckDB binds, so that no value ever becomes SQL.
"""

import math
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from trailquery.errors import CatalogError, UsageError

ATTACK_VERSION = "17.1"  # of MITRE ATT&CK for Enterprise; every id in `mitre` is one of this version
CATEGORIES = ("management", "data", "signin", "service", "insight", "network", "any")
KINDS = ("question", "lead", "finding")
SEVERITIES = ("info", "low", "medium", "high", "critical")
TYPES = ("text", "integer", "number", "boolean", "timestamp", "interval", "choice", "list")

_OPEN, _CLOSE = "-- /// trailquery", "-- ///"
_TEXTS = ("title", "question", "category", "kind", "example")
_OF_A_FINDING = ("severity", "why", "next")
_KEYS = frozenset((*_TEXTS, *_OF_A_FINDING, "mitre", "params", "columns"))
_OF_AN_EVENT = frozenset(("actor", "session_id", "event_id"))  # what `next` may name beside a query's columns
_PARAM_KEYS = frozenset(("type", "about", "default", "choices"))
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_TECHNIQUE = re.compile(r"T\d{4}(\.\d{3})?")
_SPAN = re.compile(r"([0-9]{1,9})\s*([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Param:
    """A parameter of a query; `default` is already of its type, and None where one is required."""

    name: str
    type: str
    about: str
    default: Any = None
    required: bool = True
    choices: tuple[str, ...] = ()


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


def resource_dir(name: str) -> Path:
    """The folder `sql` or `notebooks`: beside the package in a checkout, inside it once installed."""
    package = Path(__file__).parent
    project = package.parent / "pyproject.toml"
    if project.is_file() and '\nname = "trailquery"\n' in project.read_text(encoding="utf-8"):
        return package.parent / name
    return package / name


def queries() -> list[Query]:
    """Every curated query, by theme and name. Raises CatalogError."""
    return [read_query(path) for path in sorted(_files("*"), key=lambda path: (path.parent.name, path.stem))]


def search(word: str) -> list[Query]:
    """The queries that mention `word`, in any capitals, in name, theme, title, question, mitre or columns."""
    wanted = word.casefold()
    return [query for query in queries() if wanted in _said(query)]


def find_query(name: str) -> Query:
    """The query `name`, hyphens and underscores alike, reading only its file. Raises UsageError."""
    wanted = name.replace("-", "_")
    files = _files(wanted) if _NAME.fullmatch(wanted) else []
    if files:
        return read_query(files[0])
    guess = _did_you_mean(wanted, [path.stem for path in _files("*")])
    raise UsageError(f"no query named {name!r}; {guess or 'see: trailquery queries'}")


def read_query(path: Path) -> Query:
    """Read and check one query file. Raises CatalogError naming the file and line."""
    lines = path.read_text(encoding="utf-8").splitlines()
    if not lines or lines[0] != _OPEN:
        raise CatalogError(f"{path}:1: the first line is not {_OPEN!r}")
    if _CLOSE not in lines:
        raise CatalogError(f"{path}:{len(lines)}: front-matter has no end; write {_CLOSE!r}")
    end = lines.index(_CLOSE)
    for number, line in enumerate(lines[1:end], 2):
        if line != "--" and not line.startswith("-- "):
            raise CatalogError(f"{path}:{number}: line of front-matter does not start with '-- '")
    header = "\n".join(line[3:] for line in lines[1:end])
    try:
        said = tomllib.loads(header)
    except tomllib.TOMLDecodeError as error:
        what, _, where = str(error).partition(" (at ")
        at = re.match(r"line (\d+)", where)
        raise CatalogError(f"{path}:{int(at[1]) + 1 if at else end}: not TOML: {what}.") from None
    sql = "\n".join(lines[end + 1 :]).strip()
    return _FrontMatter(path, lines[:end], said).query(sql)


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
            raise UsageError(f"{query.name}: no parameter {name!r}; {_did_you_mean(name, names) or takes}")
    return {param.name: _value_of(query, param, wanted) for param in query.params}


def _value_of(query: Query, param: Param, given: Mapping[str, Any]) -> Any:
    if param.name not in given:
        if param.required:
            raise UsageError(f"{query.name}: {param.name} is missing; for example: {query.example}")
        return param.default
    value = given[param.name]
    try:
        return _convert(param, value)
    except (ValueError, OverflowError):
        wrong = f"{query.name}: {param.name} is {value!r}, not"
    if param.type == "choice":
        raise UsageError(f"{wrong} one of {', '.join(param.choices)}.")
    raise UsageError(f"{wrong} {param.type}.")


def _convert(param: Param, value: Any) -> Any:
    """`value` in the type of `param`. Raises ValueError, OverflowError where it cannot be."""
    if param.type == "choice":
        return param.choices[param.choices.index(value)]
    return _CONVERTERS[param.type](value.strip() if isinstance(value, str) and param.type != "text" else value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _integer(value: Any) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", str(value)):
        raise ValueError
    return int(value)


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str) or not math.isfinite(float(value)):
        raise ValueError
    return float(value)


def _boolean(value: Any) -> bool:
    words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


def _timestamp(value: Any) -> datetime:
    """Naive UTC; a time without an offset is UTC, a date is its first instant."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime(value.year, value.month, value.day, tzinfo=UTC)
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(_text(value))
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment


def _interval(value: Any) -> timedelta:
    span = _SPAN.fullmatch(value) if isinstance(value, str) else None
    if span:
        return timedelta(**{_UNITS[span[2]]: int(span[1])})
    if not isinstance(value, timedelta):
        raise ValueError
    return value


def _list(value: Any) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list | tuple | set | frozenset):
        raise ValueError
    return [_text(part) for part in (sorted(value) if isinstance(value, set | frozenset) else value)]


_CONVERTERS: dict[str, Callable[[Any], Any]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "timestamp": _timestamp,
    "interval": _interval,
    "list": _list,
}


class _FrontMatter:
    """The front-matter of one file while it is checked; says at which line something is wrong."""

    def __init__(self, path: Path, lines: list[str], said: dict[str, Any]) -> None:
        self.path = path
        self.lines = lines
        self.said = said

    def wrong(self, what: str, near: str = "") -> CatalogError:
        """The error; its line is the first of the front-matter that starts with `near`, else the first."""
        starts = [number for number, line in enumerate(self.lines, 1) if line.startswith(f"-- {near}")]
        return CatalogError(f"{self.path}:{starts[0] if near and starts else 1}: {what}")

    def query(self, sql: str) -> Query:
        said = self.said
        for key in sorted(said.keys() - _KEYS):
            raise self.wrong(f"front-matter has an unknown key {key!r}.", key)
        for key in (*_TEXTS, "columns"):
            if not said.get(key):
                raise self.wrong(f"front-matter lacks {key}.")
        for key in _TEXTS:
            if not isinstance(said[key], str):
                raise self.wrong(f"{key} is not text.", key)
        for key, allowed in (("category", CATEGORIES), ("kind", KINDS)):
            if said[key] not in allowed:
                raise self.wrong(f"{key} is {said[key]!r}, not one of {', '.join(allowed)}.", key)
        if said["kind"] == "finding":
            self.check_finding()
        else:
            for key in said.keys() & set(_OF_A_FINDING):
                raise self.wrong(f"{key} belongs to the kind finding.", key)
        if said["kind"] != "question" and not said["columns"].keys() & {"event_id", "event_ids"}:
            raise self.wrong(
                f"a {said['kind']} names its events: it lacks a column event_id or event_ids.", "[columns]"
            )
        if not _NAME.fullmatch(self.path.stem):
            raise self.wrong(f"the file's name {self.path.stem!r} is not snake_case.")
        if not sql:
            raise self.wrong("there is no SELECT after the front-matter.")
        return Query(
            name=self.path.stem,
            theme=self.path.parent.name,
            path=self.path,
            **{key: said[key] for key in _TEXTS},
            mitre=self.techniques(),
            params=tuple(self.param(name, param) for name, param in self.table("params").items()),
            columns={name: self.meaning(name, meaning) for name, meaning in self.table("columns").items()},
            sql=sql,
            severity=said.get("severity"),
            why=said.get("why"),
            next=said.get("next"),
        )

    def check_finding(self) -> None:
        said = self.said
        for key in (*_OF_A_FINDING, "mitre"):
            if not said.get(key):
                raise self.wrong(f"a finding lacks {key}.")
        for key in _OF_A_FINDING:
            if not isinstance(said[key], str):
                raise self.wrong(f"{key} is not text.", key)
        if said["severity"] not in SEVERITIES:
            raise self.wrong(f"severity is {said['severity']!r}, not one of {', '.join(SEVERITIES)}.", "severity")
        for name in sorted(set(re.findall(r"\{(.*?)\}", said["next"])) - said["columns"].keys() - _OF_AN_EVENT):
            raise self.wrong(f"next names {name!r}, which is no column.", "next")

    def table(self, key: str) -> dict[str, Any]:
        table = self.said.get(key, {})
        if not isinstance(table, dict):
            raise self.wrong(f"{key} is not a table; write [{key}].", key)
        return table

    def techniques(self) -> tuple[str, ...]:
        ids = self.said.get("mitre", [])
        if not isinstance(ids, list):
            raise self.wrong("mitre is not a list.", "mitre")
        for one in ids:
            if not isinstance(one, str) or not _TECHNIQUE.fullmatch(one):
                raise self.wrong(f"mitre has {one!r}, which is no ATT&CK technique id.", "mitre")
        return tuple(ids)

    def meaning(self, column: str, meaning: Any) -> str:
        if not isinstance(meaning, str) or not meaning:
            raise self.wrong(f"column {column} has no meaning.", column)
        return meaning

    def param(self, name: str, said: Any) -> Param:
        near = f"[params.{name}]"
        if not isinstance(said, dict) or not _NAME.fullmatch(name):
            raise self.wrong(f"parameter {name!r} is not a table named in snake_case.", near)
        for key in sorted(said.keys() - _PARAM_KEYS):
            raise self.wrong(f"parameter {name} has an unknown key {key!r}.", near)
        if said.get("type") not in TYPES:
            raise self.wrong(f"parameter {name} has the type {said.get('type')!r}; write {', '.join(TYPES)}.", near)
        if not isinstance(said.get("about"), str):
            raise self.wrong(f"parameter {name} lacks about.", near)
        choices = said.get("choices", [])
        if (said["type"] == "choice") != bool(choices) or not all(isinstance(one, str) for one in choices):
            raise self.wrong(f"parameter {name}: choices, a list of text, belong to the type choice.", near)
        bare = Param(name, said["type"], said["about"], choices=tuple(choices))
        if "default" not in said:
            return bare
        try:
            return replace(bare, default=_convert(bare, said["default"]), required=False)
        except (ValueError, OverflowError):
            raise self.wrong(f"parameter {name}: default {said['default']!r} is not {bare.type}.", near) from None


def _files(name: str) -> list[Path]:
    return list((resource_dir("sql") / "queries").glob(f"*/{name}.sql"))


def _said(query: Query) -> str:
    texts = (query.name, query.theme, query.title, query.question, *query.mitre, *query.columns)
    return "\n".join(texts).casefold()


def _did_you_mean(name: str, names: list[str]) -> str:
    close = get_close_matches(name, names, n=1)
    return f"did you mean {close[0]!r}?" if close else ""
