"""What `hunt` costs: every finding in one go, then the leads as well; writes bench/RESULTS.md.

The lake holds the noise of so many events, each story of `simulate`, the records of the queries' cases, a copy of one that differs
and a broken file, so that every view has rows.

python bench/hunt.py [--lake LAKE | --events 2000000] [--runs 3]
"""

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from cases import events_of_cases
from conftest import LOG_NAME, record, write_log
from corpus import made_once
from measure import Cost, middle, run, shown
from query import lake_of
from results import table, write_section

from trailquery import Lake, open_lake
from trailquery.catalog import queries
from trailquery.ingest import ingest
from trailquery.schema import schema
from trailquery.simulate import STORIES, simulate

PEOPLE = "NOT is_aws_call AND client IN ('console', 'browser', 'cli', 'cloudshell')"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--lake", type=Path)
    options.add_argument("--events", type=int, default=2_000_000)
    options.add_argument("--runs", type=int, default=3)
    asked = options.parse_args()
    place = asked.lake or _with_stories(lake_of(asked.events))
    findings = [query for query in queries() if query.kind == "finding"]
    leads = [query for query in queries() if query.kind == "lead"]
    shutil.rmtree(place / "cache" / "derived", ignore_errors=True)
    cold = _hunted(place)
    rows = [
        _row(f"{len(findings)} findings, cache empty", [cold]),
        _row(f"{len(findings)} findings", [_hunted(place) for _ in range(asked.runs)]),
        _row(f"{len(findings)} findings, {len(leads)} leads", [_hunted(place, "--leads") for _ in range(asked.runs)]),
    ]
    head = ("what is hunted for", "wall s", "CPU s", "peak MiB")
    write_section("hunt", f"{_held(open_lake(place))}; median of {asked.runs} runs.\n\n{table(head, rows)}")


def _with_stories(noise: Path) -> Path:
    def make(lake: Path) -> None:
        shutil.copytree(noise, lake)
        for seed, story in enumerate(STORIES, 2):
            with tempfile.TemporaryDirectory() as folder:
                simulate(Path(folder), events=8_000, story=story, seed=seed)
                ingest([folder], lake)
        with tempfile.TemporaryDirectory() as folder:
            ingest(_of_cases(Path(folder)), lake)

    return made_once(noise.with_name(f"{noise.name}-and-stories"), make)


def _of_cases(folder: Path) -> list[Path]:
    told = [record(**event) for event in events_of_cases()]
    differing = write_log(folder / "differing" / LOG_NAME, [told[0] | {"awsRegion": "eu-west-1"}])
    broken = folder / "broken.json"
    broken.write_text('{"Records": [{')
    return [write_log(folder / LOG_NAME, told), differing, broken]


def _hunted(place: Path, *words: str) -> Cost:
    cost = run([sys.executable, "-m", "trailquery", "hunt", "--severity", "info", "--lake", place, *words])
    print(shown(cost), flush=True)
    return cost


def _row(name: str, costs: list[Cost]) -> tuple[str, ...]:
    cost = middle(costs)
    return name, f"{cost.wall_s:.1f}", f"{cost.cpu_s:.1f}", f"{cost.peak_bytes / 2**20:,.0f}"


def _held(lake: Lake) -> str:
    """How many events, how many of them people's and how many not AWS's own, and which views have no rows."""
    (held,) = lake.sql(
        f"SELECT count(*) AS events, avg(({PEOPLE})::INTEGER) AS people, avg((NOT is_aws_call)::INTEGER) AS others FROM events"
    ).rows()
    views = sorted({one["view"] for one in schema(lake)})
    empty = [view for view in views if not len(lake.sql(f"SELECT 1 FROM {view} LIMIT 1"))]
    return (
        f"{held['events']:,} events, {held['people']:.1%} of them people's at a console or command line, {held['others']:.1%} not"
        f" AWS's own; {len(views) - len(empty)} of {len(views)} views have rows{', not: ' if empty else ''}{', '.join(empty)}"
    )


if __name__ == "__main__":
    main()
