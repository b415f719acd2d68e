"""Decoding in several processes: the same lake, and one line when a process is gone."""

import json
import os
import pickle
import select
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from conftest import record, write_log

from trailquery import open_lake, workers
from trailquery.errors import MachineError
from trailquery.ingest import ingest
from trailquery.logs import Origin

SCRIPT = """
import os
import sys
from contextlib import suppress
from pathlib import Path
from trailquery import workers
from trailquery.ingest import ingest
workers.PARCEL_FILES = 2
print(ingest([Path(sys.argv[1])], Path(sys.argv[2]), jobs=2).loaded)
"""


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Nine log files; the last is cut, two hold the same event, two copies of one differ."""
    for number in range(8):
        events = [record(eventID=f"event-{number}-{place}") for place in range(3)]
        events.append(record(eventID=f"shared-{number // 2}", userAgent="odd" if number == 3 else "even"))
        write_log(tmp_path / "logs" / f"{number}.json", events)
    whole = write_log(tmp_path / "logs" / "9.json", [record(eventID="cut")] * 2).read_bytes()
    (tmp_path / "logs" / "9.json").write_bytes(whole[:-40])
    return tmp_path / "logs"


@pytest.fixture(autouse=True)
def small_parcels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PARCEL_FILES", 2)


def held(lake: Path) -> list[list[dict[str, Any]]]:
    opened = open_lake(lake)
    tables = ("stored.loaded", "stored.differing", "stored.sightings", "stored.rejects", "stored.files")
    return [
        sorted(opened.sql(f"SELECT COLUMNS(lambda name: name <> 'ingested_at') FROM {table}").rows(), key=repr)
        for table in tables
    ]


def test_several_processes_make_the_same_lake_as_one(logs: Path, tmp_path: Path) -> None:
    one, two = (ingest([logs], tmp_path / f"lake-{jobs}", jobs=jobs) for jobs in (1, 2))
    assert (one.loaded, one.duplicate, one.variant, one.rejected) == (29, 3, 1, 1)
    assert vars(two) | {"compacted": None} == vars(one) | {"compacted": None}
    assert held(tmp_path / "lake-2") == held(tmp_path / "lake-1")


def test_one_parcel_of_files_starts_no_process(logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "PARCEL_FILES", 9)
    monkeypatch.setattr(workers, "_Worker", None)
    assert ingest([logs], tmp_path / "lake", jobs=2).loaded == 29


def test_a_script_without_a_guard_ingests_in_several_processes(logs: Path, tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "script.py", logs, tmp_path / "lake"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("29\n", "")


def test_nothing_is_imported_from_the_working_directory(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pickle.py").write_text("import os; os._exit(3)")
    monkeypatch.chdir(tmp_path)
    assert ingest([logs], tmp_path / "lake", jobs=2).loaded == 29


def test_a_worker_that_is_killed_ends_the_ingest_in_one_line(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    start = workers._Worker.__init__

    def killed_at_once(worker: Any, table_records: int) -> None:
        start(worker, table_records)
        started.append(worker._process)
        os.kill(worker._process.pid, signal.SIGKILL)

    monkeypatch.setattr(workers._Worker, "__init__", killed_at_once)
    with pytest.raises(
        MachineError, match=r"^\S+\d\.json: a worker process ended early, with exit code -9; the lake is as"
    ):
        ingest([logs], tmp_path / "lake", jobs=2)
    assert [process.poll() for process in started] == [-9, -9]
    monkeypatch.undo()
    assert ingest([logs], tmp_path / "lake").loaded == 29


def test_workers_end_when_the_process_that_started_them_is_killed(logs: Path, tmp_path: Path) -> None:
    script = SCRIPT.replace(
        "print(", "workers._Worker.decoded = lambda *_: (os.write(1, b'ready\\n'), sys.stdin.read())\nprint("
    )
    (tmp_path / "script.py").write_text(script)
    with subprocess.Popen(
        [sys.executable, tmp_path / "script.py", logs, tmp_path / "lake"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        children = [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
        process.kill()
    assert len(children) == 2
    for child in children:
        with suppress(ProcessLookupError):
            ended = os.pidfd_open(child)
            assert select.select([ended], [], [], 20)[0]
            os.close(ended)


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_worker_whose_parent_is_gone_says_nothing(is_cut: bool) -> None:
    origin = Origin("0.json", "0" * 64, None)
    request = pickle.dumps(([(origin, json.dumps({"Records": [record()]}).encode())], 10))
    with subprocess.Popen(
        [sys.executable, "-m", "trailquery.workers"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as worker:
        assert worker.stdin is not None
        assert worker.stdout is not None
        assert worker.stderr is not None
        worker.stdout.close()
        worker.stdin.write(request[:-10] if is_cut else request)
        worker.stdin.close()
        assert (worker.stderr.read(), worker.wait()) == (b"", 1)
