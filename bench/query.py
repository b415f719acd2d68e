"""Ten forensic questions on the lake against the same rows elsewhere; writes bench/RESULTS.md.

    python bench/query.py [--events 2000000 20000000] [--runs 5]

The lake is as `trailquery compact` leaves it. The others are a native DuckDB table of the same rows, DuckDB, Polars and chdb
on the same Parquet files without our views, and, once for each question and on the smaller lake only, DuckDB on the raw
log files.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import duckdb
from corpus import CORPORA, corpus, made_once
from ingest import python_of
from measure import told
from questions import NAMES
from results import table, write_section

from trailquery import Lake, open_lake, tables
from trailquery.compaction import compact

HERE = Path(__file__).parent
Answers = list[tuple[float, int]]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--events", type=int, nargs="+", default=[2_000_000, 20_000_000])
    options.add_argument("--runs", type=int, default=5)
    asked = options.parse_args()
    sections = [_compared(events, asked.runs, number == 0) for number, events in enumerate(asked.events)]
    write_section("query", "\n\n".join(sections))


def lake_of(events: int) -> Path:
    """The lake of a corpus of `events` simulated events, ingested when it is missing."""

    def ingest(lake: Path) -> None:
        command = [sys.executable, "-m", "trailquery", "ingest", _logs_of(events), "--lake", lake]
        subprocess.run(command, check=True)

    return made_once(CORPORA / f"{events}-events-lake", ingest)


def _logs_of(events: int) -> Path:
    return corpus(events, max(500, events // 4_000))


def _compared(events: int, runs: int, with_raw: bool) -> str:
    place = lake_of(events)
    compact(place)
    lake = open_lake(place)
    values = values_of(lake)
    files = tables.parquet_files(place, tables.EVENT_TABLE)
    listed, native = place.with_suffix(".files.json"), place.with_suffix(".duckdb")
    listed.write_text(json.dumps(files))
    _linked(files, place.parent / "parquet")
    if not native.exists():
        source = "FROM read_parquet($files, hive_partitioning = true, hive_types = {event_date: DATE})"
        duckdb.connect(str(native)).execute(f"CREATE TABLE events AS {source}", {"files": files})
    answers = {
        "trailquery": asked_of("ours", place, runs, values),
        "DuckDB table": asked_of("table", native, runs, values),
        "bare Parquet": asked_of("bare", listed, runs, values),
        "Polars": asked_of("polars", listed, runs, values),
        "chdb": asked_of("chdb", listed, runs, values),
    }
    if with_raw:
        answers["raw files"] = asked_of("raw", _logs_of(events), 1, values)
    ours = answers.pop("trailquery")
    rows = [
        (
            name,
            f"{seconds * 1000:,.0f}",
            f"{count:,}",
            *(f"{each[number][0] / seconds:.1f}" for each in answers.values()),
        )
        for number, (name, (seconds, count)) in enumerate(zip(NAMES, ours, strict=True))
    ]
    total = sum(seconds for seconds, _ in ours)
    sums = (f"{sum(seconds for seconds, _ in each) / total:.1f}" for each in answers.values())
    rows.append(("sum", f"{total * 1000:,.0f}", "", *sums))
    head = ("question", "trailquery ms", "rows", *(f"{name}, times ours" for name in answers))
    about = f"{events:,} events in {len(files):,} files; median of {runs} runs in one process each"
    return f"{about}\n\n{table(head, rows)}"


def asked_of(contender: str, place: Path, runs: int, values: dict[str, str]) -> Answers:
    python = python_of("chdb") if contender == "chdb" else sys.executable
    command = [python, HERE / "questions.py", contender, place, str(runs)]
    answers: Answers = told(command, json.dumps(values))
    return answers


def values_of(lake: Lake) -> dict[str, str]:
    """What the questions ask for."""
    role = "CASE WHEN action = 'sts:AssumeRole' THEN requested_role_arn END"
    values = usual({"key": "access_key_id", "address": "client_ip", "role": role, "bucket": "bucket"}, lake)
    (one,) = lake.sql("SELECT max(event_id) AS id, min(event_date) + 7 AS week FROM events").rows()
    return {**values, "event_id": one["id"], "week": one["week"].isoformat()[:10]}


def usual(columns: dict[str, str], lake: Lake) -> dict[str, str]:
    """Of each column a value that the lake holds, neither the rarest nor the commonest, and without a quote."""
    values = {}
    for name, column in columns.items():
        ranked = lake.sql(
            f"SELECT {column} AS value FROM events WHERE {column} IS NOT NULL AND NOT contains({column}, '''')"
            f" GROUP BY {column} ORDER BY count(*), {column}"
        ).rows()
        values[name] = ranked[len(ranked) // 2]["value"]
    return values


def _linked(files: list[str], folder: Path) -> None:
    """The lake's files under names without a partition: chdb takes one pattern."""
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for number, file in enumerate(files):
        (folder / f"{number}.parquet").symlink_to(Path(file).resolve())


if __name__ == "__main__":
    main()
