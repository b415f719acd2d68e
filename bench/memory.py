"""Whether the memory of an ingest grows while it goes on; writes bench/RESULTS.md.

    python bench/memory.py [--events 2000000 20000000]

Of each tenth of a run the largest sum over all its processes: one peak more or less is chance, ten in a row are none.
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
        peaks = [peak / 2**20 for peak in _peaks(events)]
        rows.append((f"{events:,}", *(f"{peak:,.0f}" for peak in (*peaks, median(peaks)))))
    head = ("events", *(f"{number}/{PARTS}" for number in range(1, PARTS + 1)), "median")
    write_section("memory", "Peak MiB of each tenth of an ingest.\n\n" + table(head, rows))


def _peaks(events: int) -> list[int]:
    """The peak of each part of an ingest, in bytes."""
    with tempfile.TemporaryDirectory(dir=CORPORA) as folder:
        log_files, lake = corpus(events, max(50, events // 4_000)), Path(folder) / "lake"
        _, samples = watched([sys.executable, "-m", "trailquery", "ingest", log_files, "--lake", lake])
    step = len(samples) / PARTS
    return [max(samples[int(part * step) : int((part + 1) * step)]) for part in range(PARTS)]


if __name__ == "__main__":
    main()
