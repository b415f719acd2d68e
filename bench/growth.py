"""How ingest, the lake and its queries grow with the number of events; writes bench/RESULTS.md.

    python bench/growth.py [--events 200000 632000 2000000 6320000 20000000]

The lake of each size is a fresh one. A slope of 1.00 is proportional growth: the exponent between one size and the next.
"""

import argparse
import shutil
import sys
from itertools import pairwise
from math import log

from corpus import CORPORA, corpus, records
from measure import run
from query import asked_of, values_of
from results import table, write_section

from trailquery import open_lake


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--events", type=int, nargs="+", default=[200_000, 632_000, 2_000_000, 6_320_000, 20_000_000])
    sizes = options.parse_args().events
    figures = [(events, *_grown(events)) for events in sizes]
    head = (
        "events",
        "records",
        "ingest wall s",
        "ingest CPU us a record",
        "peak MiB",
        "lake bytes an event",
        "ten questions ms",
    )
    rows = [
        (
            f"{events:,}", f"{count:,}", f"{wall_s:.1f}", f"{cpu_s / count * 1e6:.1f}", f"{peak / 2**20:,.0f}",
            f"{size / events:.0f}", f"{asked_s * 1000:,.0f}",
        )
        for events, count, wall_s, cpu_s, peak, size, asked_s in figures
    ]  # fmt: skip
    steps = [
        (f"{one[0]:,} to {two[0]:,}", *(f"{_slope(one, two, place):.2f}" for place in (2, 3, 5, 6)))
        for one, two in pairwise(figures)
    ]
    slopes = table(("slope", "ingest wall", "ingest CPU", "lake bytes", "ten questions"), steps)
    write_section("growth", f"{table(head, rows)}\n\n{slopes}")


def _grown(events: int) -> tuple[int, float, float, int, int, float]:
    """records, wall s, CPU s, peak bytes of the ingest; bytes of the lake; seconds of the ten questions in sum."""
    folder, lake = corpus(events, max(50, events // 4_000)), CORPORA / f"{events}-events-lake"
    shutil.rmtree(lake, ignore_errors=True)
    cost = run([sys.executable, "-m", "trailquery", "ingest", folder, "--lake", lake])
    size = sum(path.stat().st_size for path in lake.rglob("*.parquet"))
    answers = asked_of("ours", lake, 3, values_of(open_lake(lake)))
    return records(folder), cost.wall_s, cost.cpu_s, cost.peak_bytes, size, sum(seconds for seconds, _ in answers)


def _slope(one: tuple[float, ...], two: tuple[float, ...], place: int) -> float:
    return log(two[place] / one[place]) / log(two[0] / one[0])


if __name__ == "__main__":
    main()
