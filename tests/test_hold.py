import json
import os
import time
from pathlib import Path

import pytest
from conftest import counts, record, write_log
from runner import Said, run

from trailquery import compaction
from trailquery.compaction import KEPT_S, compact, vacuum
from trailquery.errors import UsageError
from trailquery.hold import held, hold, holds, release
from trailquery.ingest import ingest

REASON = "case 42 \x1b[31m"


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lake of three ingests, of which no two are merged, and in which much is small."""
    monkeypatch.setattr(compaction, "MANY", 100)
    for number in range(3):
        ingest([write_log(tmp_path / f"{number}.json", [record(eventID=f"event-{number}")])], tmp_path / "lake")
    monkeypatch.setattr(compaction, "MANY", 2)
    return tmp_path / "lake"


def on_disk(lake: Path) -> set[Path]:
    return set(lake.rglob("part-*.parquet"))


def test_on_hold_nothing_is_merged_or_removed_and_after_the_release_it_is(lake: Path) -> None:
    (lake / "events" / "part-orphan.parquet").write_bytes(b"of a commit that never was")
    before, next_month = on_disk(lake), time.time() + 4 * KEPT_S
    hold(lake, REASON)
    with pytest.raises(UsageError, match=r"compact: .* is on hold since .*: case 42"):
        compact(lake)
    with pytest.raises(UsageError, match=r"vacuum: .* is on hold since .*: case 42"):
        vacuum(lake, next_month)
    assert on_disk(lake) == before
    release(lake)
    assert compact(lake).before > 0
    assert vacuum(lake, next_month) > 0


def test_ingest_goes_on_and_leaves_its_files_unmerged(lake: Path, tmp_path: Path) -> None:
    now, before = hold(lake, "case 42"), on_disk(lake)
    done = ingest([write_log(tmp_path / "late.json", [record(eventID="late")])], lake)
    assert counts(done)["loaded"] == 1
    assert done.compacted.skipped == f"not compacted: {lake} is on hold since {now.at}, by {now.by}: case 42"
    assert before < on_disk(lake)


def test_a_hold_that_comes_while_files_are_merged_lets_none_be_removed(
    lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lake / "events" / "part-orphan.parquet").write_bytes(b"of a commit that never was")
    monkeypatch.setattr(compaction, "KEPT_S", -1)
    merge = compaction.tables.replace

    def merge_and_hold(*merged: object) -> None:
        merge(*merged)  # type: ignore[arg-type]
        if not held(lake):
            hold(lake, "meanwhile")

    monkeypatch.setattr(compaction.tables, "replace", merge_and_hold)
    before = on_disk(lake)
    assert compact(lake).removed == 0
    assert before < on_disk(lake)


def test_every_hold_and_release_is_kept_in_order(lake: Path) -> None:
    hold(lake, "first")
    release(lake)
    hold(lake, "second")
    assert [one.reason for one in holds(lake)] == ["first", None, "second"]
    assert [json.loads(line)["reason"] for line in (lake / "hold.jsonl").read_text().splitlines()] == ["first", None, "second"]  # fmt: skip


def test_what_makes_no_sense_is_refused_and_changes_nothing(lake: Path) -> None:
    with pytest.raises(UsageError, match="not on hold"):
        release(lake)
    with pytest.raises(UsageError, match="without a reason"):
        hold(lake, " ")
    first = hold(lake, "first")
    with pytest.raises(UsageError, match=r"on hold since .*: first already"):
        hold(lake, "second")
    assert holds(lake) == [first]


def test_a_user_without_a_name_is_told_by_number(lake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    assert hold(lake, "case 42").by == str(os.getuid())


def test_the_command_holds_shows_and_releases(lake: Path, tmp_path: Path) -> None:
    assert run(tmp_path, "hold") == Said(0, "", "not on hold\n")
    assert run(tmp_path, "hold", REASON).out.endswith(": case 42 \\x1b[31m\n")
    (begun,) = holds(lake)
    told = f"compact: lake is on hold since {begun.at}, by {begun.by}: case 42 \\x1b[31m"
    assert run(tmp_path, "compact") == Said(2, "", f"{told}; release it first: trailquery hold --release\n")
    write_log(tmp_path / "late.json", [record(eventID="late")])
    assert "not compacted: lake is on hold since" in run(tmp_path, "ingest", "late.json").out
    shown = run(tmp_path, "hold")
    assert (shown.code, shown.err) == (0, "")
    assert shown.out.endswith("hold: case 42 \\x1b[31m\n")
    assert run(tmp_path, "hold", "again").code == 2
    assert run(tmp_path, "hold", "again", "--release").code == 2
    assert run(tmp_path, "hold", "--release").out.startswith("released; it was on hold since")
    assert run(tmp_path, "hold").out.endswith("released\n")
    assert run(tmp_path, "hold", "--lake", "nowhere").code == 2
