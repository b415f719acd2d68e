"""`trailquery ingest` against what a user would write instead, on the same log files; writes bench/RESULTS.md.

    python bench/ingest.py [--events 2000000] [--slice 200000] [--runs 3] [--steps]

The others write one Parquet file with the columns that come straight from a path in the record, and the whole
record. `trailquery` writes these and all that it judges, sorts the rows, finds the duplicates and commits. The columns below
requestParameters and responseElements are left out for the others: their JSON text stands for them.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
from contenders import JSON_PARTS
from corpus import CORPORA, corpus, records, size_bytes
from measure import Cost, alternately, run, told
from results import table, write_section

from trailquery.events import COLUMNS, TIME

HERE = Path(__file__).parent
TOOLS = {
    "duckdb2": ["duckdb==2.0.1"],
    "duckdb15": ["duckdb==1.5.6"],
    "chdb": ["chdb==4.4.0"],
    "pandas": ["pandas==3.1.1", "pyarrow==26.0.1"],
    "floor": ["deflate==0.9.0", "pysimdjson==7.0.2", "pyarrow==26.0.1"],
}
WHOLE = [("duckdb2", form) for form in ("duckdb_objects", "duckdb_transform", "duckdb_extract")] + [
    ("duckdb15", form) for form in ("duckdb_objects", "duckdb_transform", "duckdb_extract", "duckdb_natural")
]
BEST = [("duckdb2", "duckdb_objects"), ("duckdb15", "duckdb_objects"), ("duckdb15", "duckdb_transform")]  # of WHOLE
SLICE = [("duckdb2", "duckdb_natural"), ("pandas", "pandas"), ("chdb", "chdb")]
_TYPES = {TIME: "TIMESTAMP", pa.bool_(): "BOOLEAN"}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--events", type=int, default=2_000_000)
    options.add_argument("--slice", type=int, default=200_000)
    options.add_argument("--runs", type=int, default=3)
    options.add_argument("--steps", action="store_true", help="only the steps of our own ingest")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory(dir=CORPORA.parent) as folder:
        work = Path(folder)
        write_section("ingest-steps", _steps(corpus(asked.slice, 50), work / "lake"))
        if asked.steps:
            return
        columns = work / "columns.json"
        columns.write_text(json.dumps(_columns()))
        sections = list[str]()
        for events, files, others in (
            (asked.slice, 50, SLICE),
            (asked.events, 500, WHOLE),
            (asked.events, 20_000, BEST),
        ):
            sections.append(_compared(corpus(events, files), others, asked.runs, work, columns))
            write_section("ingest", "\n\n".join(sections))  # what was measured stays when the next is stopped


def _columns() -> list[list[str]]:
    """name, path, type of every column that a path gives, a path once."""
    by_path = {
        column.path: [
            column.name,
            column.path,
            "JSON" if column.path in JSON_PARTS else _TYPES.get(column.type, "VARCHAR"),
        ]
        for column in reversed(COLUMNS)
        if column.path and not ("." in column.path and column.path.partition(".")[0] in JSON_PARTS)
    }
    return list(by_path.values())


def _compared(folder: Path, others: list[tuple[str, str]], runs: int, work: Path, columns: Path) -> str:
    """One table: what each costs a million records, and ours as a ratio of it."""
    count, inflated = records(folder), size_bytes(folder)
    files = sum(1 for _ in folder.rglob("*.json.gz"))
    contenders: dict[str, Callable[[], Cost]] = {"trailquery": lambda: _ours(folder, work / "lake")}
    for tool, form in others:
        out = work / f"{tool}-{form}.parquet"
        command = [python_of(tool), HERE / "contenders.py", form, folder, out, columns]
        contenders[f"{tool} {form}"] = lambda command=command: run(command)  # type: ignore[misc]
    costs = alternately(runs, contenders)
    ours = costs["trailquery"]
    rows = [
        (
            name,
            f"{cost.cpu_s / count * 1e6:.1f}",
            f"{cost.wall_s / count * 1e6:.1f}",
            f"{cost.peak_bytes / 2**20:,.0f}",
            f"{ours.cpu_s / cost.cpu_s:.2f}",
            f"{ours.wall_s / cost.wall_s:.2f}",
        )
        for name, cost in sorted(costs.items(), key=lambda item: item[1].cpu_s)
    ]
    steps = _floor(folder, work / f"{others[0][0]}-{others[0][1]}.parquet", runs)
    floor_s = sum(steps.values())
    rows.append(
        ("floor: " + ", ".join(f"{step} {seconds / count * 1e6:.1f}" for step, seconds in steps.items()),
         f"{floor_s / count * 1e6:.1f}", "", "", f"{ours.cpu_s / floor_s:.2f}", "")
    )  # fmt: skip
    head = ("contender", "CPU s a million", "wall s a million", "peak MiB", "ours / its CPU", "ours / its wall")
    title = f"{count:,} records in {files:,} log files, {inflated / count:,.0f} bytes a record; median of {runs} runs, in turn"
    return f"{title}\n\n{table(head, rows)}"


def _ours(folder: Path, lake: Path) -> Cost:
    shutil.rmtree(lake, ignore_errors=True)
    return run([sys.executable, "-m", "trailquery", "ingest", folder, "--lake", lake])


def _floor(folder: Path, rows: Path, runs: int) -> dict[str, float]:
    """CPU seconds of each step of the floor: the least of several runs."""
    said = [told([python_of("floor"), HERE / "floor.py", folder, rows]) for _ in range(runs)]
    return {step: min(one[step] for one in said) for step in said[0]}


def _steps(folder: Path, lake: Path) -> str:
    """Which step of our ingest holds its cost."""
    steps = told([sys.executable, HERE / "steps.py", folder, lake])
    count, total = records(folder), sum(steps.values())
    rows = [
        (step, f"{seconds / count * 1e6:.1f}", f"{seconds / total:.0%}")
        for step, seconds in sorted(steps.items(), key=lambda item: -item[1])
    ]
    rows.append(("sum", f"{total / count * 1e6:.1f}", ""))
    head = ("step of trailquery", "CPU s a million", "of all")
    return f"{count:,} records, one process without its start, each step with what it costs to time it\n\n{table(head, rows)}"


def python_of(tool: str) -> Path:
    """The Python of a venv that holds one contender alone."""
    venv = CORPORA / "venvs" / tool
    python = venv / "bin" / "python"
    if not (venv / "made").exists():
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", venv], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *TOOLS[tool]], check=True)
        (venv / "made").touch()
    return python


if __name__ == "__main__":
    main()
