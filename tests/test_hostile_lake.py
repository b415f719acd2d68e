"""A lake that somebody else made: whatever lies in it, nothing outside it is written, and no command ends in a traceback."""

import gzip
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from runner import Said, run
from trails import Trail

from trailquery import tables
from trailquery.atomic import replaced
from trailquery.errors import UsageError
from trailquery.hold import hold, holds, refuse_while_held, release
from trailquery.ingest import ingest
from trailquery.ledger import progress, write_progress
from trailquery.verdicts import VERDICTS_FILE


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    ingest([Trail(hours=2).write(tmp_path / "logs")], tmp_path / "lake")
    return tmp_path / "lake"


def verify(lake: Path) -> Said:
    return run(lake.parent, "verify", "--lake", "lake")


@pytest.mark.parametrize("is_pipe", [True, False])
@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("cache", ["ingest", "logs"]),
        ("cache/derived", ["sql", "FROM sessions"]),
        ("cache/derived/sessions.0.parquet", ["sql", "FROM sessions"]),
        ("cache/digests/0.parquet", ["coverage"]),
        ("cache/progress.json", ["info"]),
        ("cache/writer.lock", ["compact"]),
        ("evidence", ["verify"]),
        ("evidence/digests", ["ingest", "logs"]),
        ("evidence/verdicts.parquet", ["info"]),
        ("events/_delta_log/00000000000000000099.json", ["info"]),
        ("hold.jsonl", ["hold", "case"]),
        ("pins/one.json", ["compact"]),
    ],
)
def test_no_command_follows_a_link_or_waits_for_a_pipe_in_a_lake(
    name: str, command: list[str], is_pipe: bool, lake: Path
) -> None:
    place, outside = lake / name, lake.parent / "outside"
    place.parent.mkdir(exist_ok=True)
    if place.exists():
        place.rename(outside)
    if is_pipe:
        os.mkfifo(place)
    else:
        place.symlink_to(outside)
    before = contents(outside)
    said = run(lake.parent, *command, "--lake", "lake")
    told = f"lake/{name}: is a link, a pipe, a socket or a device, as no lake holds them; move it away\n"
    assert (said, contents(outside)) == (Said(2, "", told), before)


def contents(outside: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in [outside, *outside.rglob("*")] if file.is_file()}


def test_a_date_of_events_that_is_a_link_is_not_followed(lake: Path) -> None:
    (day,) = (lake / "events").glob("event_date=*")
    day.rename(lake.parent / "outside")
    day.symlink_to(lake.parent / "outside")
    told = f"lake/events/{day.name}: is a link, a pipe, a socket or a device, as no lake holds them; move it away\n"
    assert run(lake.parent, "info", "--lake", "lake") == Said(2, "", told)


@pytest.mark.parametrize("is_pipe", [True, False])
def test_of_kept_digests_what_is_no_file_is_none(is_pipe: bool, lake: Path) -> None:
    (kept, *_) = sorted((lake / "evidence" / "digests").iterdir())
    kept.rename(lake.parent / "outside")
    if is_pipe:
        os.mkfifo(kept)
    else:
        kept.symlink_to(lake.parent / "outside")
    said = verify(lake)
    assert (said.code, "the lake keeps no copy of it; ingest it again" in said.out) == (4, True)
    assert run(lake.parent, "coverage", "--lake", "lake").code == 0


@pytest.mark.parametrize("is_pipe", [True, False])
def test_events_that_are_no_file_are_not_read(is_pipe: bool, lake: Path) -> None:
    (events,) = (lake / "events").glob("event_date=*/*")
    events.rename(lake.parent / "outside")
    if is_pipe:
        os.mkfifo(events)
    else:
        events.symlink_to(lake.parent / "outside")
    told = f"{events}: is a link, a pipe, a socket or a device, as no lake holds them; move it away\n"
    assert run(lake.parent, "info", "--lake", "lake") == Said(2, "", told)


NO_PROGRESS = ["", "[]", "5", "{}", '{"loaded": "x", "listed": 0}', '{"loaded": 1, "listed": "x"}', "[" * 100_000]


@pytest.mark.parametrize("text", NO_PROGRESS)
def test_a_progress_that_no_ingest_wrote_is_none(text: str, lake: Path) -> None:
    write_progress(lake, 1_200, 5_000)
    assert (
        progress(lake) == "not all is loaded: an ingest, under way or stopped, has loaded 1,200 of 5,000 listed files"
    )
    (lake / "cache" / "progress.json").write_text(text)
    assert progress(lake) is None


@pytest.mark.parametrize("line", ["[]", "5", "{}", '{"at": "", "by": "", "reason": "", "more": ""}', "no JSON", "\x00"])
def test_a_list_of_holds_that_is_broken_frees_nothing(line: str, lake: Path) -> None:
    hold(lake, "case 42")
    release(lake)
    with (lake / "hold.jsonl").open("a") as file:
        file.write(f"{line}\n")
    for command in (holds, lambda lake: refuse_while_held(lake, "prune")):
        with pytest.raises(UsageError, match=r"hold\.jsonl: is no list of holds"):
            command(lake)


def test_verdicts_that_cannot_be_read_are_told_and_made_anew(lake: Path) -> None:
    file, ask = (
        lake / VERDICTS_FILE,
        ("sql", "SELECT event_id, integrity FROM history ORDER BY 1 LIMIT 1", "--lake", "lake"),
    )
    verify(lake)
    for broken in (b"", b"PAR1", file.read_bytes()[:-9]):
        file.write_bytes(broken)
        said = run(lake.parent, *ask)
        assert (said.code, "holds no verdicts" in said.err, "Traceback" in said.err) == (2, True, False)
    pq.write_table(pa.table({"place": ["x"]}), file)
    assert "holds no verdicts" in run(lake.parent, *ask).err
    assert verify(lake).code == 0
    assert run(lake.parent, *ask).out.splitlines()[1:] == ["event-0,intact"]


@pytest.mark.parametrize("metadata", ["[]", "5", "{", "[" * 100_000, '{"signature": 5, "signature-algorithm": []}'])
def test_metadata_of_any_form_in_a_ledger_prove_nothing(metadata: str, lake: Path) -> None:
    for file in (lake / tables.FILES.name).glob("*.parquet"):
        rows = pq.read_table(file)
        at = rows.schema.get_field_index("metadata")
        pq.write_table(rows.set_column(at, "metadata", pa.array([metadata] * len(rows))), file)
    said = verify(lake)
    assert (said.code, "Traceback" in said.err, " unverifiable" in said.out) == (4, False, True)
    assert run(lake.parent, "bundle", "out.zip", "--events", "event-0", "--lake", "lake").code == 0


def name_a_file(lake: Path, path: str) -> None:
    """Commit by hand that the ledger has a file at `path`."""
    log = lake / tables.FILES.name / "_delta_log"
    added = next(
        said["add"]
        for file in sorted(log.glob("*.json"))
        for said in map(json.loads, file.read_text().splitlines())
        if "add" in said
    )
    number = len(list(log.glob("*.json")))
    (log / f"{number:020}.json").write_text(json.dumps({"add": added | {"path": path}}) + "\n")


def test_a_ledger_that_names_a_file_that_is_not_there_is_told_without_a_letter_a_terminal_obeys(lake: Path) -> None:
    name_a_file(lake, "gone\x1b[2J.parquet")
    said = verify(lake)
    assert (said.code, "its ledger cannot be read" in said.err, "\x1b" in said.err) == (5, True, False)


@pytest.mark.parametrize(
    ("command", "table"), [("info", "files"), ("info", "events"), ("ingest logs", "files"), ("verify", "files")]
)
def test_a_damaged_file_of_a_lake_is_told_in_one_line(command: str, table: str, lake: Path) -> None:
    (damaged,) = (lake / table).rglob("part-*.parquet")
    os.truncate(damaged, 10)
    said = run(lake.parent, *command.split(), "--lake", "lake")
    assert (said.code, said.err.count("\n"), damaged.name in said.err) == (5, 1, True)


@pytest.mark.parametrize("command", [["ingest", "again.json"], ["sql", "SELECT min(raw) FROM events"]])
def test_a_file_of_a_lake_that_is_damaged_inside_is_told_in_one_line(command: list[str], lake: Path) -> None:
    log = next((lake.parent / "logs").rglob("*_CloudTrail_*.json.gz"))
    (lake.parent / "again.json").write_bytes(gzip.decompress(log.read_bytes()))
    (damaged,) = (lake / "events").rglob("part-*.parquet")
    content = damaged.read_bytes()
    damaged.write_bytes(content[:4].ljust(len(content) // 2, b"\0") + content[len(content) // 2 :])
    said = run(lake.parent, *command, "--lake", "lake")
    assert (said.code, said.out, said.err.splitlines()[-1].partition(";")[0]) == (
        5,
        "",
        "lake: TProtocolException: Invalid data",
    )


def test_two_that_write_one_file_of_a_lake_at_once_do_not_meet(tmp_path: Path) -> None:
    kept = tmp_path / "verdicts.parquet"
    second = f"from pathlib import Path\nfrom trailquery.atomic import replaced\nwith replaced(Path({str(kept)!r})) as file: file.write(b'second')"
    with replaced(kept) as first:
        first.write(b"fir")
        subprocess.run([sys.executable, "-c", second], check=True)
        assert kept.read_bytes() == b"second"
        first.write(b"st")
    assert {path.name: path.read_bytes() for path in kept.parent.iterdir()} == {kept.name: b"first"}


@pytest.mark.parametrize("command", [("verify",), ("info",), ("ingest", "logs"), ("compact",)])
def test_a_table_that_names_a_file_elsewhere_is_not_read(command: tuple[str, ...], lake: Path) -> None:
    (named,) = (lake / tables.FILES.name).glob("*.parquet")
    named.rename(lake.parent / "outside.parquet")
    name_a_file(lake, "../../outside.parquet")
    said = run(lake.parent, *command, "--lake", "lake")
    assert (said.code, said.err.splitlines()[-1]) == (
        2,
        f"lake: its files name {lake.parent}/outside.parquet, which lies elsewhere; the lake was changed by hand",
    )


@pytest.mark.parametrize("command", [("info",), ("sql", "FROM rejects"), ("files",), ("hunt",), ("coverage",)])
def test_a_table_that_names_a_file_that_is_not_there_is_told_in_a_line(command: tuple[str, ...], lake: Path) -> None:
    name_a_file(lake, "gone\x1b[2J.parquet")
    said = run(lake.parent, *command, "--lake", "lake")
    named = f"{lake}/files/gone\\x1b[2J.parquet"
    assert (said.code, said.err.splitlines()[-1]) == (
        5,
        f'lake: IO Error: No files found that match the pattern "{named}"; the lake was changed by hand:'
        " bring that file back, or ingest the log files into a new lake",
    )


@pytest.mark.parametrize("command", [("info",), ("compact",), ("verify",), ("ingest", "logs"), ("sql", "FROM events")])
def test_a_table_whose_log_is_damaged_is_told_in_a_line(command: tuple[str, ...], lake: Path) -> None:
    for table in (tables.EVENT_TABLE, tables.FILES):
        max((lake / table.name / "_delta_log").glob("*.json")).write_text("garbage")
    said = run(lake.parent, *command, "--lake", "lake")
    assert (said.code, said.out, re.sub("lake/(events|files)/", "", said.err)) == (
        5,
        "",
        "_delta_log: Kernel error: Json error: Encountered unexpected 'g' whilst parsing value\n",
    )


def test_a_table_that_is_gone_is_not_made_anew(lake: Path) -> None:
    (lake / "events" / "_delta_log").rename(lake.parent / "log of events")
    told = "is gone; the lake was changed by hand: bring it back, or ingest the log files into a new lake"
    assert run(lake.parent, "ingest", "logs", "--lake", "lake") == Said(2, "", f"lake/events/_delta_log: {told}\n")
    (lake.parent / "log of events").rename(lake / "events" / "_delta_log")
    assert run(lake.parent, "ingest", "logs", "--lake", "lake").code == 0
