import resource
import subprocess
from pathlib import Path

import pytest
from runner import PROGRAM, Said
from trails import Trail

from trailquery.errors import MachineError, at, refused
from trailquery.ingest import ingest


def test_what_the_system_refuses_is_told_with_where_what_and_what_mends_it() -> None:
    assert [str(refused(OSError(number, text), "lake", "it is as it was")) for number, text in _REFUSALS] == [
        "lake: Permission denied; change its permissions, or name another place; it is as it was",
        "lake: Read-only file system; name a place on another disk; it is as it was",
        "lake: No space left on device; make room there; it is as it was",
        "lake: File too large; it is as it was",
    ]


_REFUSALS = [
    (13, "Permission denied"), (30, "Read-only file system"), (28, "No space left on device"), (27, "File too large"),
]  # fmt: skip


def test_of_several_lines_of_delta_the_cause_is_told() -> None:
    mark = "\x1b[31m\u21b3\x1b[0m"
    error = OSError(f"Kernel error\n{mark} Unable to open file x\n{mark} Permission denied (os error 13)\n 1: clone3")
    told = "lake: Permission denied (os error 13); change its permissions, or name another place"
    assert str(refused(error, "lake")) == told


def test_what_is_refused_at_a_place_is_told_there_and_a_reader_that_has_gone_is_no_fault() -> None:
    with pytest.raises(MachineError, match="^out: No space left on device; make room there$"), at("out"):
        raise OSError(28, "No space left on device")
    with pytest.raises(BrokenPipeError), at("out"):
        raise BrokenPipeError


@pytest.mark.parametrize(
    ("command", "where"),
    [
        (["connect", "views.duckdb"], "views.duckdb"),
        (["simulate", "made"], "made"),
        (["hold", "wanted"], "lake"),
        (["verify"], "lake"),
        (["sql", "FROM events", "-o", "rows.csv"], "rows.csv"),
        (["bundle", "case.zip", "--query", "timeline_key", "--", "AKIAIOSFODNN7EXAMPLE"], "case.zip"),
    ],
)
def test_a_command_that_cannot_write_says_where_in_its_last_line(
    command: list[str], where: str, tmp_path: Path
) -> None:
    ingest([Trail(hours=2).write(tmp_path / "logs")], tmp_path / "lake")
    (tmp_path / "lake/hold.jsonl").touch()
    done = subprocess.run(
        [*PROGRAM, *command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),  # as on a full disk
    )
    assert Said(done.returncode, done.stdout, done.stderr.splitlines()[-1]) == Said(5, "", f"{where}: File too large")
    assert {file.name for file in tmp_path.iterdir()} <= {"lake", "logs", "made"}
