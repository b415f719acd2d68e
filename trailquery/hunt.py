"""Every finding in one go: whose events they are, when, whether it worked, and how to go on.

What people did, and what did not work, is read once, into a table, with the columns that the queries name. What AWS did
by itself and with success, most of a lake, stays in its files: that branch of the union says `is_aws_call` and `outcome`
as constants, so that DuckDB drops it from every query that leaves AWS out. Costly views are worked out once. So each
query sees the rows that `run` sees.
"""

import re
import shlex
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

import pyarrow as pa

from trailquery.catalog import (
    SEVERITIES,
    Query,
    Wanted,
    bind,
    chosen,
    events_lacking,
    find_query,
    placeholders,
    queries,
)
from trailquery.errors import UsageError
from trailquery.events import ADDED_COLUMNS, EVENTS, TEXT, TIME
from trailquery.result import Result
from trailquery.settings import Settings
from trailquery.wording import counted

LINES = pa.schema(
    [
        ("severity", TEXT),  # of a finding; null for a lead
        ("query", TEXT),
        ("mitre", pa.list_(TEXT)),
        ("outcome", TEXT),  # success or attempt; null where the lake does not hold the events, or they are no calls
        ("actor", TEXT),
        ("session_id", TEXT),
        ("events", pa.int64()),
        ("first", TIME),
        ("last", TIME),
        ("next", TEXT),
        ("principal_key", TEXT),
        ("account_ids", pa.list_(TEXT)),
        ("event_ids", pa.list_(TEXT)),
    ]
)
_COLUMNS = [*EVENTS.names, *(column.name for column in ADDED_COLUMNS), "event_date"]
_QUIET = "is_aws_call AND outcome = 'success'"
_COSTLY_VIEWS = ("policy_statements", "security_group_rule_changes")
_GATHERED = """
WITH named AS (
    SELECT number, event_id, min(said) AS said FROM hunted.found GROUP BY number, event_id
),

excluded AS (
    SELECT
        unnest($exclusions::INTEGER[]) AS exclusion, unnest($numbers::INTEGER[]) AS number,
        unnest($principals::VARCHAR[]) AS principal, unnest($accounts::VARCHAR[]) AS account
),

known AS (
    SELECT
        named.number,
        named.event_id,
        named.said,
        coalesce(held.actor, named.said[1]) AS actor,
        held.session_id,
        held.principal_key,
        held.account_id,
        held.event_time,
        held.outcome = 'success' AS worked,
        excluded.exclusion
    FROM named
    LEFT JOIN history AS held ON named.event_id = held.event_id
    LEFT JOIN excluded
        ON
            named.number = excluded.number
            AND held.account_id = excluded.account
            AND excluded.principal IN (
                held.principal_key, held.role_arn,
                CASE WHEN held.identity_type IN ('IAMUser', 'Root') THEN held.actor_arn END
            )
)

SELECT
    number,
    exclusion,
    actor,
    session_id,
    principal_key,
    worked,
    count(DISTINCT event_id) AS events,
    min(event_time) AS first,
    max(event_time) AS last,
    list_sort(list(DISTINCT account_id) FILTER (WHERE account_id IS NOT NULL)) AS account_ids,
    list_sort(list(DISTINCT event_id) FILTER (WHERE event_id IS NOT NULL)) AS event_ids,
    arg_min(said, (event_time, event_id)) AS said,
    arg_min(event_id, (event_time, event_id)) AS event_id
FROM known
GROUP BY number, exclusion, actor, session_id, principal_key, worked
"""

_NEXT = "trailquery run event {event_id}"
_MOST_ALIKE = 5  # lines of one query and outcome: what is more comes after all others of its severity
# How many days before its newest the account with most of them has.
DAYS_HELD = """
SELECT max(days) AS days FROM (
    SELECT count(DISTINCT event_date) - 1 AS days FROM history WHERE event_date IS NOT NULL GROUP BY account_id
)
"""

Line = dict[str, Any]


class Step(NamedTuple):
    """A statement of ours, and the name it goes by in errors."""

    name: str
    reads: str  # a SELECT that names the views it needs, or ""
    statement: str
    params: Mapping[str, Any] = MappingProxyType({})


class Ground(NamedTuple):
    """The lake of a hunt, whose views nobody else uses."""

    run: Callable[[Sequence[Step]], Iterator[list[tuple[Any, ...]]]]  # the rows of each, in order; some run at once
    settings: Settings
    views: Callable[[str], str]  # the SQL that defines those which a statement stands on
    since: datetime | None
    until: datetime | None
    at: tuple[str, ...]  # the words that name the lake in a command


class Choice(NamedTuple):
    """What is hunted for: findings of `severity` and above, and `leads` too, of the queries that are `wanted`."""

    severity: str = "high"
    leads: bool = False
    wanted: Wanted = Wanted()


class Hunted(Result):
    """The lines of a hunt, one for each query, actor, session and outcome, most severe first: columns as in LINES.

    `counts` says how many lines there are of each severity, those that were not asked for too.
    """

    def __init__(self, lines: list[Line], zone: str, notes: list[str], counts: Counter[str]) -> None:
        super().__init__(pa.Table.from_pylist(lines, LINES).to_reader(), zone, tuple(notes))
        self.counts = counts

    def at_least(self, severity: str) -> int:
        """How many lines are of this severity or above."""
        return sum(self.counts[one] for one in SEVERITIES[SEVERITIES.index(severity) :])


def hunt(ground: Ground, choice: Choice, zone: str, on_query: Callable[[int], None]) -> Hunted:
    """The lines that are asked for, and notes on all that they leave out.

    `on_query` is told how many queries there are before the first of them is asked, and again after each.
    """
    if choice.severity not in SEVERITIES:
        raise UsageError(f"hunt: severity is {choice.severity!r}, not one of {', '.join(SEVERITIES)}")
    _check_exclusions(ground.settings)
    known = queries(ground.settings.queries)
    kinds = ("finding", "lead") if choice.leads else ("finding",)
    fitting = [query for query in chosen(known, choice.wanted) if query.kind in kinds]
    asked = [query for query in fitting if not any(param.required for param in query.params)]
    on_query(len(asked))
    _hold(ground, asked)
    steps = [
        Step(query.name, query.sql, _into_found(number, query), bind(query, {})) for number, query in enumerate(asked)
    ]
    for _ in ground.run(steps):
        on_query(len(asked))
    lines, left_out = _lines(ground, asked)
    counts = Counter(line["severity"] for line in lines if line["severity"])
    shown = SEVERITIES[SEVERITIES.index(choice.severity) :]
    answered = {line["query"] for line in lines}
    unanswered = [query for query in asked if query.name not in answered]
    notes = [
        *_on_exclusions(ground.settings, left_out),
        *_on_others(known, fitting, asked, choice),
        *_on_severities(counts, shown),
        *_on_blind_spots(ground, unanswered),
        *_on_short_history(ground, unanswered),
    ]
    return Hunted([line for line in lines if line["severity"] in (None, *shown)], zone, notes, counts)


def _check_exclusions(settings: Settings) -> None:
    for number, exclusion in enumerate(settings.exclusions, 1):
        try:
            find_query(exclusion.query, settings.queries)
        except UsageError as error:
            raise UsageError(f"{settings.file}: [[exclusions]] {number}: {error}") from None


def _hold(ground: Ground, asked: Sequence[Query]) -> None:
    """Read the lake into `events` of the database `hunted`; from here on the views see that, and the files for the rest."""
    code = "\n".join(["FROM events", _QUIET, DAYS_HELD, _GATHERED, *(query.sql for query in asked)])
    words = set(re.findall(r"\w+", (ground.views(code) + code).lower()))
    columns = ", ".join(column for column in _COLUMNS if column in words)
    dates = _dates(ground)
    whole = f"SELECT {columns} FROM stored.whole WHERE"  # noqa: S608 (our own text, as all that follows)
    quiet = f"SELECT * REPLACE (true AS is_aws_call, 'success' AS outcome) FROM ({whole} {dates} AND {_QUIET})"  # noqa: S608
    for statement in (
        "CREATE TABLE hunted.found (number INTEGER, event_id VARCHAR, said VARCHAR[])",
        "CREATE TABLE hunted.own_accounts AS FROM stored.own_accounts",
        "CREATE OR REPLACE VIEW stored.own_accounts AS FROM hunted.own_accounts",
        "ALTER VIEW stored.enriched RENAME TO whole",
        f"CREATE TABLE hunted.events AS {whole} {dates} AND ({_QUIET}) IS NOT TRUE",
        f"CREATE VIEW stored.enriched AS FROM hunted.events UNION ALL {quiet} UNION ALL {whole} ({dates}) IS NOT TRUE",
    ):
        _rows(ground, "", statement)
    for view in _COSTLY_VIEWS:
        if sum(bool(re.search(rf"\b{view}\b", query.sql)) for query in asked) > 1:
            _rows(ground, f"FROM {view}", f"CREATE TABLE hunted.{view} AS FROM {view}")
            _rows(ground, "", f"CREATE OR REPLACE VIEW {view} AS FROM hunted.{view}")


def _rows(
    ground: Ground, reads: str, statement: str, params: Mapping[str, Any] = MappingProxyType({})
) -> list[tuple[Any, ...]]:
    (rows,) = ground.run([Step("hunt", reads, statement, params)])
    return rows


def _dates(ground: Ground) -> str:
    """SQL: the event's date is one of the scope's."""
    bounds = []
    if ground.since:
        bounds.append(f"event_date >= DATE '{ground.since:%Y-%m-%d}'")
    if ground.until:
        bounds.append(f"event_date <= DATE '{ground.until - timedelta(microseconds=1):%Y-%m-%d}'")
    return " AND ".join(bounds) or "true"


def _said_columns(query: Query) -> list[str]:
    """The columns of a query that a line takes from it: those that `next` names, and who it was."""
    return [name for name in dict.fromkeys(["actor", *placeholders(query.next or "")]) if name in query.columns]


def _into_found(number: int, query: Query) -> str:
    """A statement that asks the query and keeps what events its rows are about; a row without events is kept as well."""
    said = {name: f"answer.{_quoted(name)}::VARCHAR" for name in _said_columns(query)}
    one = "answer.event_id" if "event_id" in query.columns else "NULL"
    ids = f"coalesce(nullif(answer.event_ids, []), [{one}])" if "event_ids" in query.columns else f"[{one}]"
    kept = ", ".join([said.pop("actor", "NULL"), *said.values()])
    return f"""
        INSERT INTO hunted.found
        SELECT {number}, unnest({ids})::VARCHAR, [{kept}]::VARCHAR[]
        FROM (
            {query.sql.removesuffix(";")}
        ) AS answer
    """  # noqa: S608 (a query that ships, or the user's own, and was found to be one SELECT)


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _lines(ground: Ground, asked: Sequence[Query]) -> tuple[list[Line], Counter[int]]:
    """All lines, in the order in which they are shown, and how many events each exclusion leaves out."""
    numbers = {query.name: number for number, query in enumerate(asked)}
    excluded = [
        (place, numbers[one.query], one.principal, one.account)
        for place, one in enumerate(ground.settings.exclusions)
        if one.query in numbers and not one.is_over()
    ]
    names = ("exclusions", "numbers", "principals", "accounts")
    params = dict(zip(names, map(list, zip(*excluded, strict=True)) if excluded else ([] for _ in names), strict=True))
    lines, left_out = [], Counter[int]()
    for number, exclusion, *group in _rows(ground, "FROM history", _GATHERED, params):
        line = _line(asked[number], group, ground.at)
        if exclusion is None:
            lines.append(line)
        else:
            left_out[exclusion] += line["events"]
    return _in_order(lines), left_out


def _in_order(lines: list[Line]) -> list[Line]:
    """The lines, most severe first, then what worked, then by time; but many of one kind hide no other kind: an attacker
    would else bury a line by making hundreds."""
    alike = Counter[tuple[str, str | None]]()
    placed = []
    for line in sorted(lines, key=_order):
        alike[line["query"], line["outcome"]] += 1
        rank = SEVERITIES.index(line["severity"]) if line["severity"] else -1
        placed.append(((-rank, alike[line["query"], line["outcome"]] > _MOST_ALIKE), line))
    return [line for _, line in sorted(placed, key=itemgetter(0))]


def _line(query: Query, group: list[Any], at: tuple[str, ...]) -> Line:
    actor, session_id, principal_key, worked, events, first, last, account_ids, event_ids, said, event_id = group
    values = {"actor": actor, "session_id": session_id, "event_id": event_id}
    told = zip([name for name in _said_columns(query) if name != "actor"], said[1:], strict=True)
    return {
        "severity": query.severity,
        "query": query.name,
        "mitre": query.mitre,
        "outcome": None if worked is None else "success" if worked else "attempt",
        "actor": actor,
        "session_id": session_id,
        "events": events,
        "first": first,
        "last": last,
        "next": _next(query.next or _NEXT, values | {name: value for name, value in told if value}, at),
        "principal_key": principal_key,
        "account_ids": account_ids,
        "event_ids": event_ids,
    }


def _next(template: str, values: Mapping[str, str | None], at: tuple[str, ...]) -> str | None:
    """The command to paste; that of the event, where a value is not known or would be read as an option."""
    for words in (shlex.split(template), shlex.split(_NEXT)):
        named = [values.get(name) for word in words for name in placeholders(word)]
        if all(value and not value.startswith("-") for value in named):
            return shlex.join([*(re.sub(r"\{(.*?)\}", lambda name: str(values[name[1]]), word) for word in words), *at])
    return None


def _order(line: Line) -> tuple[Any, ...]:
    return (
        line["outcome"] != "success",
        str(line["first"] or "~"),
        line["query"],
        line["actor"] or "",
        line["session_id"] or "",
    )


def _on_exclusions(settings: Settings, left_out: Counter[int]) -> Iterator[str]:
    """What each exclusion left out; that one has expired."""
    for place, one in enumerate(settings.exclusions):
        if one.is_over():
            yield f"exclusion: {one.told()} (renew or remove it in {settings.file})"
        elif left_out[place]:
            yield f"left out: {counted(left_out[place], 'event')} of {one.told()}"


def _on_others(
    known: Sequence[Query], fitting: Sequence[Query], asked: Sequence[Query], choice: Choice
) -> Iterator[str]:
    """Which queries were not asked, and what asks them."""
    in_reach = chosen(known, choice.wanted)
    findings = sum(query.kind == "finding" for query in known) - sum(query.kind == "finding" for query in in_reach)
    if findings:
        yield f"not asked: {counted(findings, 'finding')} of other themes and techniques (leave out --theme, --mitre)"
    if leads := sum(query.kind == "lead" for query in in_reach) if not choice.leads else 0:
        yield f"not asked: {counted(leads, 'lead')} (--leads)"
    if silent := [query.name for query in fitting if query not in asked]:
        yield f"not asked, as they need a value: {', '.join(silent)} (trailquery run NAME --help)"


def _on_severities(counts: Counter[str], shown: Sequence[str]) -> Iterator[str]:
    lower = [severity for severity in reversed(SEVERITIES) if severity not in shown and counts[severity]]
    if lower:
        told = ", ".join(f"{counts[severity]:,} {severity}" for severity in lower)
        yield f"held back: {told} (--severity {lower[-1]})"


def _on_blind_spots(ground: Ground, unanswered: Sequence[Query]) -> Iterator[str]:
    """Which events the lake lacks, though queries that found nothing ask for them, or for them among others."""
    held = set(_rows(ground, "FROM history", "SELECT DISTINCT category, service FROM history"))
    if lacking := [lacks for query in unanswered if (lacks := events_lacking(query, held))]:
        what = ", ".join(sorted(set().union(*lacking)))
        yield f"blind spot: no {what} events: {counted(len(lacking), 'query')} could not be asked in full"


def _on_short_history(ground: Ground, unanswered: Sequence[Query]) -> Iterator[str]:
    """How many queries call nothing new, as too few days are held to compare with."""
    needed = [days for query in unanswered if (days := history_needed(bind(query, {})))]
    ((held,),) = _rows(ground, "FROM history", DAYS_HELD) if needed else ((0,),)
    if silent := [days for days in needed if days > (held or 0)]:
        told = counted(len(silent), "query")
        yield f"short history: {held or 0} of {max(silent)} days held before the newest: {told} could call nothing new"


def history_needed(params: Mapping[str, Any]) -> int:
    """How many days a query with a baseline must have before it calls anything new; 0 for one without."""
    days: int = min(params.get("baseline_days", 0), params.get("min_history_days", 0))
    return days
