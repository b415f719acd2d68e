"""A lake that somebody else made: whatever lies in it, nothing outside it is written, and no command ends in a traceback."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from test_cli import Said, run
from trails import Trail

from trailquery import tables
from trailquery.errors import UsageError
from trailquery.hold import hold, holds, refuse_while_held, release
from trailquery.ingest import ingest
from trailquery.ledger import progress, write_progress
from trailquery.simulate.keys import SigningKey
from trailquery.verdicts import VERDICTS

PRECIOUS = "what is outside stays"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    ingest([Trail(hours=2).write(tmp_path / "logs")], tmp_path / "lake")
    return tmp_path / "lake"


def link(lake: Path, name: str) -> Path:
    """A file outside the lake, to which what stands there leads."""
    outside = lake.parent / "outside"
    outside.write_text(PRECIOUS)
    (lake / name).unlink(missing_ok=True)
    (lake / name).symlink_to(outside)
    return outside


def ingest_more(lake: Path) -> Said:
    Trail(hours=1, account="444455556666", key=SigningKey(2)).write(lake.parent / "more")
    return run(lake.parent, "ingest", "more", "--lake", "lake")


def verify(lake: Path) -> Said:
    return run(lake.parent, "verify", "--lake", "lake")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("evidence/verdicts.part", verify),
        ("evidence/verdicts.parquet", verify),
        ("evidence/public-keys.part", ingest_more),
        ("cache/progress.part", ingest_more),
        ("cache/progress.json", ingest_more),
    ],
)
def test_no_link_in_a_lake_makes_a_file_outside_it_be_written(
    name: str, command: Callable[[Path], Said], lake: Path
) -> None:
    outside = link(lake, name)
    said = command(lake)
    assert (said.code, outside.read_text()) == (0, PRECIOUS)


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
    file, ask = lake / VERDICTS, ("sql", "SELECT event_id, integrity FROM history ORDER BY 1 LIMIT 1", "--lake", "lake")
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
    assert (said.code, "its ledger cannot be read" in said.err, "\x1b" in said.err) == (4, True, False)


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
