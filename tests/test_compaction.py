import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from conftest import record, write_log
from deltalake import DeltaTable
from lakes import contents, delivery
from runner import run

from trailquery import compaction, open_lake, tables
from trailquery.compaction import KEPT_S, Compacted, compact, compact_small_files, vacuum
from trailquery.errors import UsageError
from trailquery.ingest import ingest

DAY_S = 86_400


@pytest.fixture
def scattered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A lake of ten ingests, each with a new event, a further copy, a variant and a reject; nothing is merged yet."""
    monkeypatch.setattr(compaction, "MANY", 100)
    for number in range(10):
        late = record(eventID=f"late-{number}", eventTime=f"2024-03-0{1 + number % 2}T10:00:00Z")
        undated = record(eventID=f"undated-{number}", eventTime=None)
        copies = [record(eventID="seen-again"), record(eventID="differs", userAgent=str(number))]
        ingest([write_log(tmp_path / f"{number}.json", [late, undated, *copies, None])], tmp_path / "lake")
    monkeypatch.undo()
    return tmp_path / "lake"


def stored(lake: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, with every column."""
    opened = open_lake(lake)
    names = ("loaded", "differing", "sightings", "rejects", "files")
    return {name: sorted(opened.sql(f"FROM stored.{name}").rows(), key=repr) for name in names}


def on_disk(lake: Path) -> set[Path]:
    return set(lake.rglob("part-*.parquet"))


def test_of_the_checkpoints_of_a_log_two_stay_and_every_version_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailquery.ingest.BATCH_RECORDS", 1)
    for number in range(35):
        write_log(tmp_path / f"logs/{number}.json", [record(eventID=f"event-{number}")])
    ingest([tmp_path / "logs"], tmp_path / "lake", jobs=1)
    root = tmp_path / "lake" / "events"
    kept = [file.name for file in sorted((root / "_delta_log").glob("*.checkpoint.parquet"))]
    assert [int(name.partition(".")[0]) for name in kept] == [19, 29]
    assert [len(DeltaTable(str(root), version=version).file_uris()) for version in (0, 5, 19, 35)] == [0, 5, 19, 35]


@pytest.mark.parametrize(
    ("merge", "merged", "files"),
    [  # events: five files of each of two dates, ten of no date
        (compact, Compacted(parts=7, before=20 + 9 + 9 + 10 + 10, after=7), 3),
        (compact_small_files, Compacted(parts=5, before=10 + 9 + 9 + 10 + 10, after=5), 11),
    ],
)
def test_a_compaction_changes_no_row_and_merges_two_files_or_only_many(
    scattered: Path, merge: Callable[[Path], Compacted], merged: Compacted, files: int
) -> None:
    before = stored(scattered)
    assert len(tables.parquet_files(scattered, tables.EVENT_TABLE)) == 20
    assert merge(scattered)._replace(seconds=0) == merged
    assert stored(scattered) == before
    left = {table.name: len(tables.parquet_files(scattered, table)) for table in tables.TABLES}
    assert left == {"events": files, "variants": 1, "sightings": 1, "rejects": 1, "files": 1}
    assert merge(scattered)._replace(seconds=0) == Compacted()


def test_a_merged_file_is_sorted_and_keeps_its_date(scattered: Path) -> None:
    compact(scattered)
    for file in tables.parquet_files(scattered, tables.EVENT_TABLE):
        rows = pq.read_table(file, partitioning=None)
        order = pc.sort_indices(rows, sort_keys=[(name, "ascending") for name in tables.EVENT_TABLE.sort])
        assert order.equals(pa.array(range(len(rows)), pa.uint64()))
    days = "SELECT event_date::VARCHAR AS day, count(*) AS events FROM stored.loaded GROUP BY event_date ORDER BY day"
    assert open_lake(scattered).sql(days).rows() == [
        {"day": "2024-03-01", "events": 7}, {"day": "2024-03-02", "events": 5}, {"day": None, "events": 10},
    ]  # fmt: skip


def test_who_opened_the_lake_before_a_compaction_reads_on(scattered: Path) -> None:
    opened = open_lake(scattered)
    before = opened.sql("FROM history ORDER BY event_id").rows()
    compact(scattered)
    assert opened.sql("FROM history ORDER BY event_id").rows() == before


def test_a_superseded_file_goes_a_week_after_its_compaction_however_old_it_is(scattered: Path) -> None:
    before = on_disk(scattered)
    for file in before:
        os.utime(file, (0, 0))
    done = compact_small_files(scattered)
    now = time.time()
    assert (done.removed, vacuum(scattered, now + KEPT_S - DAY_S)) == (0, 0)
    rows = stored(scattered)
    assert vacuum(scattered, now + KEPT_S + DAY_S) == done.before
    assert len(on_disk(scattered)) == len(before) - done.before + done.after
    assert stored(scattered) == rows


def test_a_pinned_version_keeps_its_files(scattered: Path) -> None:
    version, later = tables.DeltaTable(str(scattered / "events")).version(), time.time() + 2 * KEPT_S
    (scattered / "pins").mkdir()
    (scattered / "pins" / "report.json").write_text(json.dumps({"events": version}))
    done = compact(scattered)
    assert vacuum(scattered, later) == done.before - 20
    assert len(tables.DeltaTable(str(scattered / "events"), version=version).to_pyarrow_table()) == 22
    (scattered / "pins" / "report.json").unlink()
    assert vacuum(scattered, later) == 20


def test_a_file_that_no_commit_names_goes_after_a_week(scattered: Path) -> None:
    orphan = scattered / "events" / "event_date=2024-03-01" / "part-orphan.parquet"
    shutil.copy(tables.parquet_files(scattered, tables.EVENT_TABLE)[0], orphan)
    assert (vacuum(scattered, time.time()), vacuum(scattered, time.time() + 2 * KEPT_S)) == (0, 1)
    assert not orphan.exists()


def test_compact_tells_what_it_did_and_where_there_is_no_lake(scattered: Path, tmp_path: Path) -> None:
    said = run(tmp_path, "compact", "--lake", "lake")
    assert (said.code, said.out.rpartition(",")[0]) == (0, "compacted 7 dates: 58 files into 7")
    assert run(tmp_path, "compact", "--lake", "lake").out == "nothing to compact\n"
    with pytest.raises(UsageError, match="no lake here"):
        compact(tmp_path / "nowhere")


def test_shuffled_split_repeated_and_compacted_deliveries_make_the_same_lake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(delivery(tmp_path / "logs").iterdir())
    monkeypatch.setattr(compaction, "MANY", 1)
    held = []
    for seed in range(4):
        chance, lake = random.Random(seed), tmp_path / f"lake{seed}"
        order = chance.sample(files, len(files)) + chance.choices(files, k=3)
        while order:
            taken = chance.randint(1, 4)
            ingest(order[:taken], lake)
            del order[:taken]
        told = contents(lake)
        told.pop("events")  # of copies equal as JSON the bytes of the first are in events
        told["shown"] = [(event_id, account_id, json.loads(raw)) for event_id, account_id, raw in told["shown"]]
        held.append(told)
    assert held[1:] == held[:-1]


COMPACTING = """
import sys
from pathlib import Path
from trailquery import compaction
from trailquery.ingest import ingest
compaction.MANY = 1
sys.modules['trailquery.ingest'].BATCH_RECORDS = 2
print('started', flush=True)
ingest([Path(sys.argv[1])], Path(sys.argv[2]))
"""


def test_killed_at_any_moment_the_next_run_ends_with_the_same_lake(tmp_path: Path) -> None:
    logs, chance = delivery(tmp_path / "logs"), random.Random(9)
    ingest([logs], tmp_path / "whole")
    lake, ends = tmp_path / "lake", []
    for _ in range(10):
        child = subprocess.Popen([sys.executable, "-c", COMPACTING, logs, lake], stdout=subprocess.PIPE)
        assert child.stdout
        assert child.stdout.readline() == b"started\n"
        try:
            child.wait(timeout=chance.uniform(0, 0.6))
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGKILL)
        ends.append(child.wait())
        child.stdout.close()
    assert set(ends) <= {0, -signal.SIGKILL}
    ingest([logs], lake)
    assert contents(lake) == contents(tmp_path / "whole")


def test_each_of_thousands_of_differing_copies_is_read_once(tmp_path: Path) -> None:
    spaced = [json.dumps(record(eventID="one", userAgent=str(number))) for number in range(3_000)]
    (tmp_path / "a.json").write_text(f'{{"Records": [{",".join(spaced)}]}}')
    write_log(tmp_path / "b.json", [record(eventID="one", userAgent=str(number)) for number in range(3_000)])
    summary = ingest([tmp_path / "a.json", tmp_path / "b.json"], tmp_path / "lake")
    assert (summary.loaded, summary.variant, summary.duplicate) == (1, 2_999, 3_000)
