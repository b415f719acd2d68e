"""One five-minute log file into a large lake, process start included; writes bench/RESULTS.md.

    python bench/adding.py [--events 10000000] [--lake LAKE] [--runs 20]

The file holds 300 records with ids of their own, which are looked up in the whole lake. The lake grows by what is added.
"""

import argparse
import gzip
import json
import sys
import uuid
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from corpus import corpus
from measure import run
from query import lake_of
from results import table, write_section

from trailquery import open_lake

RECORDS = 300


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--events", type=int, default=10_000_000)
    options.add_argument("--lake", type=Path)
    options.add_argument("--runs", type=int, default=20)
    asked = options.parse_args()
    lake = asked.lake or lake_of(asked.events)
    (held,) = (
        open_lake(lake)
        .sql("SELECT (SELECT count(*) FROM events) AS events, (SELECT count(*) FROM files) AS files")
        .rows()
    )
    records = _records()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "111122223333_CloudTrail_us-east-1_20261120T1005Z_0000000000000000.json.gz"
        costs = []
        for _ in range(asked.runs):
            fresh = [record | {"eventID": str(uuid.uuid4())} for record in records]
            file.write_bytes(gzip.compress(json.dumps({"Records": fresh}).encode()))
            costs.append(run([sys.executable, "-m", "trailquery", "ingest", file, "--lake", lake]))
    rows = [
        (name, *(f"{of(getattr(cost, field) / unit for cost in costs):,.2f}" for of in (min, median, max)))
        for name, field, unit in (("wall s", "wall_s", 1), ("CPU s", "cpu_s", 1), ("peak MiB", "peak_bytes", 2**20))
    ]
    text = f"{RECORDS} records into {held['events']:,} events of {held['files']:,} log files; {asked.runs} runs, each adds its file."
    write_section("adding", f"{text}\n\n{table(('', 'least', 'median', 'most'), rows)}")


def _records() -> list[dict[str, object]]:
    """The first records of a corpus."""
    read = (
        json.loads(gzip.decompress(path.read_bytes()))["Records"] for path in sorted(corpus(200_000, 50).rglob("*.gz"))
    )
    return list(islice((record for records in read for record in records), RECORDS))


if __name__ == "__main__":
    main()
