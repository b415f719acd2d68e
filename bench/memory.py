"""Whether the memory of an ingest grows while it goes on; writes bench/RESULTS.md.

    python bench/memory.py [--events 2000000 20000000]

Of each tenth of a run the largest and the middle sum over all its processes: the longer a run, the more of its moments the
largest is of, so that growth shows where the middle rises from tenth to tenth as well.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from corpus import CORPORA, corpus
from measure import watched
from results import table, write_section

PARTS = 10


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--events", type=int, nargs="+", default=[2_000_000, 20_000_000])
    rows = []
    for events in options.parse_args().events:
        parts = _parts(events)
        for name, figure in (("largest", max), ("middle", median)):
            rows.append((f"{events:,}", name, *(f"{figure(part) / 2**20:,.0f}" for part in parts)))
    head = ("events", "", *(f"{number}/{PARTS}" for number in range(1, PARTS + 1)))
    write_section("memory", "MiB in each tenth of an ingest.\n\n" + table(head, rows))


def _parts(events: int) -> list[list[int]]:
    """The bytes of all processes from moment to moment, in each part of an ingest."""
    with tempfile.TemporaryDirectory(dir=CORPORA) as folder:
        log_files, lake = corpus(events, max(50, events // 4_000)), Path(folder) / "lake"
        _, samples = watched([sys.executable, "-m", "trailquery", "ingest", log_files, "--lake", lake])
    step = len(samples) / PARTS
    return [samples[int(part * step) : int((part + 1) * step)] for part in range(PARTS)]


if __name__ == "__main__":
    main()
