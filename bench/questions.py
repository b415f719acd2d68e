"""Ten forensic questions, each as our SQL, in Polars, in ClickHouse's SQL, and as SQL over raw log files.

    python questions.py CONTENDER PLACE RUNS

prints one JSON object: seconds a question, the median of RUNS runs in one process, and how many rows came back.
PLACE is the lake, a DuckDB database, a JSON file listing the lake's Parquet files, or a folder of log files.
"""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from time import perf_counter

NAMES = (
    "by access key", "by address", "failed sign-ins", "who assumed a role", "top errors", "first seen",
    "bytes an hour and principal", "one bucket", "one event id", "a week, by hour",
)  # fmt: skip

# {key} {address} {role} {bucket} {event_id} {week} are taken from the lake itself, one that is there.
OURS = (
    "SELECT event_time, action, target, outcome FROM {events} WHERE access_key_id = '{key}' ORDER BY event_time, event_id",
    "SELECT event_time, actor, action, outcome FROM {events} WHERE client_ip = '{address}' ORDER BY event_time, event_id",
    "SELECT event_time, actor, client_ip FROM {events} WHERE category = 'signin' AND outcome <> 'success' ORDER BY event_time, event_id",
    "SELECT event_time, actor, client_ip FROM {events} WHERE action = 'sts:AssumeRole' AND requested_role_arn = '{role}'"
    " ORDER BY event_time, event_id",
    "SELECT error_code, action, count(*) AS calls FROM {events} WHERE error_code IS NOT NULL GROUP BY error_code, action"
    " ORDER BY calls DESC, error_code, action LIMIT 20",
    "SELECT principal_key, client_ip, min(event_time) AS first FROM {events} WHERE client_ip IS NOT NULL"
    " GROUP BY principal_key, client_ip ORDER BY first, principal_key, client_ip LIMIT 100",
    "SELECT date_trunc('hour', event_time) AS hour, principal_key, sum(bytes_out) AS bytes FROM {events}"
    " WHERE bytes_out IS NOT NULL GROUP BY hour, principal_key ORDER BY hour, principal_key",
    "SELECT event_time, actor, action, object_key FROM {events} WHERE bucket = '{bucket}' ORDER BY event_time, event_id",
    "SELECT event_time, actor, action, raw FROM {events} WHERE event_id = '{event_id}'",
    "SELECT date_trunc('hour', event_time) AS hour, count(*) AS calls FROM {events} WHERE event_date >= DATE '{week}'"
    " AND event_date < DATE '{week}' + 7 GROUP BY hour ORDER BY hour",
)
_RECORDS = (
    '(SELECT unnest(json_transform(json, \'{{"Records": ["JSON"]}}\').Records) AS r'
    " FROM read_json_objects('{folder}/**/*.json.gz', maximum_object_size = 33554432))"
)
_TIME = "(r->>'$.eventTime')::TIMESTAMP"
RAW = (
    f"SELECT {_TIME} AS t, (r->>'$.eventName') AS api FROM {_RECORDS} WHERE (r->>'$.userIdentity.accessKeyId') = '{{key}}' ORDER BY t",
    f"SELECT {_TIME} AS t, (r->>'$.eventName') AS api FROM {_RECORDS} WHERE (r->>'$.sourceIPAddress') = '{{address}}' ORDER BY t",
    f"SELECT {_TIME} AS t FROM {_RECORDS} WHERE (r->>'$.eventType') = 'AwsConsoleSignIn'"
    " AND (r->>'$.responseElements.ConsoleLogin') = 'Failure' ORDER BY t",
    f"SELECT {_TIME} AS t FROM {_RECORDS} WHERE (r->>'$.eventName') = 'AssumeRole'"
    " AND (r->>'$.requestParameters.roleArn') = '{role}' ORDER BY t",
    f"SELECT (r->>'$.errorCode') AS code, (r->>'$.eventName') AS api, count(*) AS calls FROM {_RECORDS}"
    " WHERE (r->>'$.errorCode') IS NOT NULL GROUP BY code, api ORDER BY calls DESC LIMIT 20",
    f"SELECT (r->>'$.userIdentity.principalId') AS who, (r->>'$.sourceIPAddress') AS ip, min({_TIME}) AS first FROM {_RECORDS}"
    " GROUP BY who, ip ORDER BY first LIMIT 100",
    f"SELECT date_trunc('hour', {_TIME}) AS hour, (r->>'$.userIdentity.principalId') AS who,"
    f" sum((r->>'$.additionalEventData.bytesTransferredOut')::DOUBLE) AS bytes FROM {_RECORDS} GROUP BY hour, who ORDER BY hour, who",
    f"SELECT {_TIME} AS t FROM {_RECORDS} WHERE (r->>'$.requestParameters.bucketName') = '{{bucket}}' ORDER BY t",
    f"SELECT r FROM {_RECORDS} WHERE (r->>'$.eventID') = '{{event_id}}'",
    f"SELECT date_trunc('hour', {_TIME}) AS hour, count(*) AS calls FROM {_RECORDS} WHERE {_TIME} >= DATE '{{week}}'"
    f" AND {_TIME} < DATE '{{week}}' + 7 GROUP BY hour ORDER BY hour",
)


def ours(place: Path, asked: dict[str, str]) -> Iterator[Callable[[], int]]:
    from trailquery import open_lake

    lake = open_lake(place, timeout_s=3600)
    for sql in OURS:
        text = sql.format(events="events", **asked)
        yield lambda text=text: len(lake.sql(text))  # type: ignore[misc]


def table(place: Path, asked: dict[str, str]) -> Iterator[Callable[[], int]]:
    """A native DuckDB table of the same rows."""
    import duckdb

    connection = duckdb.connect(str(place), read_only=True)
    for sql in OURS:
        text = sql.format(events="events", **asked)
        yield lambda text=text: connection.sql(text).to_arrow_table().num_rows  # type: ignore[misc]


def bare(place: Path, asked: dict[str, str]) -> Iterator[Callable[[], int]]:
    """DuckDB on the lake's Parquet without views or scope: what of the time is the format's."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET parquet_metadata_cache = true")
    files = ", ".join(f"'{file}'" for file in json.loads(place.read_text()))
    scan = f"read_parquet([{files}], hive_partitioning = true, hive_types = {{event_date: DATE}})"
    connection.execute(f"CREATE VIEW events AS FROM {scan}")
    for sql in OURS:
        text = sql.format(events="events", **asked)
        yield lambda text=text: connection.sql(text).to_arrow_table().num_rows  # type: ignore[misc]


def raw(place: Path, asked: dict[str, str]) -> Iterator[Callable[[], int]]:
    """DuckDB on the delivered log files."""
    import duckdb

    for sql in RAW:
        text = sql.format(folder=place, **asked)
        yield lambda text=text: duckdb.sql(text).to_arrow_table().num_rows  # type: ignore[misc]


def chdb(place: Path, asked: dict[str, str]) -> Iterator[Callable[[], int]]:
    """ClickHouse in the process, on the lake's Parquet; event_date is the day of event_time there."""
    import chdb as clickhouse

    folder = place.parent / "parquet"
    for sql in OURS:
        text = sql.format(events=f"file('{folder}/*.parquet', Parquet)", **asked)
        text = text.replace(f"DATE '{asked['week']}'", f"toDate('{asked['week']}')").replace(
            "event_date", "toDate(event_time)"
        )

        def ask(text: str = text) -> int:
            result = clickhouse.query(text, "ArrowTable")
            return int(result.num_rows)

        yield ask


def polars(place: Path, asked: dict[str, str]) -> Iterator[Callable[[], int]]:
    """Polars' lazy frames on the lake's Parquet."""
    from datetime import date, timedelta

    import polars as pl

    events = pl.scan_parquet(json.loads(place.read_text()), hive_partitioning=True, try_parse_hive_dates=True)
    c, order = pl.col, ["event_time", "event_id"]
    week = date.fromisoformat(asked["week"])
    hour = c("event_time").dt.truncate("1h").alias("hour")
    frames = (
        events.filter(c("access_key_id") == asked["key"]).sort(order).select("event_time", "action", "target", "outcome"),
        events.filter(c("client_ip") == asked["address"]).sort(order).select("event_time", "actor", "action", "outcome"),
        events.filter((c("category") == "signin") & (c("outcome") != "success")).sort(order).select("event_time", "actor", "client_ip"),
        events.filter((c("action") == "sts:AssumeRole") & (c("requested_role_arn") == asked["role"]))
        .sort(order).select("event_time", "actor", "client_ip"),
        events.filter(c("error_code").is_not_null()).group_by("error_code", "action").len()
        .sort(["len", "error_code", "action"], descending=[True, False, False]).head(20),
        events.filter(c("client_ip").is_not_null()).group_by("principal_key", "client_ip").agg(c("event_time").min())
        .sort(["event_time", "principal_key", "client_ip"]).head(100),
        events.filter(c("bytes_out").is_not_null()).group_by(hour, "principal_key").agg(c("bytes_out").sum())
        .sort(["hour", "principal_key"]),
        events.filter(c("bucket") == asked["bucket"]).sort(order).select("event_time", "actor", "action", "object_key"),
        events.filter(c("event_id") == asked["event_id"]).select("event_time", "actor", "action", "raw"),
        events.filter((c("event_date") >= week) & (c("event_date") < week + timedelta(days=7))).group_by(hour).len().sort("hour"),
    )  # fmt: skip
    for frame in frames:
        yield lambda frame=frame: frame.collect().height  # type: ignore[misc]


_CONTENDERS = {"ours": ours, "table": table, "bare": bare, "raw": raw, "chdb": chdb, "polars": polars}


def timed(contender: str, place: Path, runs: int, asked: dict[str, str]) -> list[tuple[float, int]]:
    """(median seconds, rows) of each question."""
    answers = []
    for ask in _CONTENDERS[contender](place, asked):
        seconds = []
        for _ in range(runs):
            start = perf_counter()
            rows = ask()
            seconds.append(perf_counter() - start)
        answers.append((median(seconds), rows))
    return answers


if __name__ == "__main__":
    who, where, times = sys.argv[1:]
    print(json.dumps(timed(who, Path(where), int(times), json.load(sys.stdin))))
