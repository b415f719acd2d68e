"""Killed fifty times, at any moment: in the end the lake of one undisturbed ingest."""

import random
import subprocess
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

from conftest import record, write_log
from lakes import delivery

from trailquery import open_lake

KILLS = 50

# The command line as it is, with batches and parcels so small that a few files fill many; it says when it begins.
SMALL = """
import sys
import trailquery.cli, trailquery.ingest, trailquery.workers
sys.modules["trailquery.ingest"].BATCH_RECORDS = 12
trailquery.workers.PARCEL_FILES = 3
print("ready", flush=True)
trailquery.cli.main()
"""


def started(logs: Path, lake: Path) -> "subprocess.Popen[bytes]":
    """An ingest with two workers, just before its first step."""
    command = [sys.executable, "-c", SMALL, "ingest", logs, "--lake", lake, "--jobs", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def is_killed(process: "subprocess.Popen[bytes]", after_s: float) -> bool:
    """Whether it was still at work after so many seconds, and was killed; else it came to its end."""
    with process:
        try:
            assert process.wait(timeout=after_s) == 0
        except subprocess.TimeoutExpired:
            process.kill()
            return True
        return False


def everything(lake: Path) -> dict[str, list[Any]]:
    """Rows, variants, sightings, rejects and the ledger of a lake, but for the time of ingest, and the digests it keeps."""
    opened, held = open_lake(lake), {}
    for table in ("loaded", "differing", "sightings", "rejects", "files"):
        rows = [row | {"ingested_at": None} for row in opened.sql(f"FROM stored.{table}").rows()]
        held[table] = sorted(rows, key=repr)
    digests = sorted((lake / "evidence/digests").glob("*.json"))
    return held | {"digests": [(file.name, file.read_bytes()) for file in digests]}


def test_an_ingest_that_is_killed_fifty_times_ends_with_the_lake_of_one_that_is_not(tmp_path: Path) -> None:
    logs = delivery(tmp_path / "logs")
    for number in range(8):
        events = [record(eventID=f"event-{number}-{place}") for place in range(5)]
        events.append(record(eventID=f"shared-{number // 2}", userAgent="odd" if number == 3 else "even"))
        write_log(logs / f"more-{number}.json.gz", events)
        (logs / f"digest-{number}.json").write_text(f'{{"digestStartTime": {number}, "logFiles": []}}')
    with started(logs, tmp_path / "whole") as process:
        begun = time.monotonic()
        assert process.wait() == 0
    lasted_s = time.monotonic() - begun
    whole, dice, killed = everything(tmp_path / "whole"), random.Random(5), 0
    for number in count():
        lake = tmp_path / f"lake{number}"
        while is_killed(started(logs, lake), dice.uniform(0, lasted_s) if killed < KILLS else 600):
            killed += 1
        assert everything(lake) == whole
        if killed >= KILLS:
            break
    assert number > 2
