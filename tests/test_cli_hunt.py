"""The command `hunt`: how many lines, in which form, with which exit code."""

import json
import os
import pty
import subprocess
from pathlib import Path

import pytest
from conftest import LOG_NAME, record, write_log
from own_queries import own_query
from runner import PROGRAM, Said, run

from trailquery.ingest import ingest


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake of thirty callers with hostile names, and a finding that all of them trip."""
    folder = tmp_path_factory.mktemp("hunt")
    own_query(folder / "mine", "calls", "DescribeInstances")
    users = [
        {"type": "IAMUser", "principalId": f"AIDAIOSFODNN7EXAMP{n:02}", "accountId": "111122223333", "userName": f"u{n}\x1b[2J\n"}
        for n in range(30)
    ]  # fmt: skip
    records = [record(eventID=f"event-{n}", userIdentity=user) for n, user in enumerate(users)]
    ingest([write_log(folder / "logs" / LOG_NAME, records)], folder / "lake")
    return folder


def hunt(home: Path, *words: str) -> Said:
    return run(home, "hunt", "--queries", "mine", "--theme", "mine", *words)


def test_the_command_prints_at_most_25_harmless_lines_and_tells_what_is_held_back(home: Path) -> None:
    said = hunt(home)
    lines = said.out.splitlines()
    assert (said.code, len(lines)) == (0, 25)
    assert " ".join(lines[0].split()) == (
        r"high success calls T1098 u0\x1b[2J\n 111122223333 - 1 event 2024-03-01T10:00:00Z trailquery run event event-0"
    )
    assert said.err.splitlines()[0] == (
        "... 5 more, most of them 5 calls (--limit 0 shows all, --theme and --mitre fewer)"
    )
    assert "\x1b" not in said.out + said.err
    assert len(hunt(home, "--limit", "0").out.splitlines()) == 30
    assert len(hunt(home, "--limit", "3").out.splitlines()) == 3


def test_a_line_with_pseudonyms_names_the_command_that_goes_on_with_them(home: Path) -> None:
    said = hunt(home, "--limit", "1", "--pseudonyms", "a key")
    assert said.out.endswith("  trailquery run event event-0 --pseudonyms 'a key'\n")


def test_jsonl_is_never_capped_and_a_finding_a_line(home: Path) -> None:
    said = hunt(home, "--format", "jsonl")
    lines = [json.loads(line) for line in said.out.splitlines()]
    assert len(lines) == 30
    wanted = {"query", "severity", "mitre", "actor", "session_id", "outcome", "first", "last", "event_ids"}
    assert wanted <= lines[0].keys()
    assert lines[0]["event_ids"] == ["event-0"]
    assert lines[0]["first"] == "2024-03-01T10:00:00Z"


@pytest.mark.parametrize(("fail_on", "code"), [("critical", 0), ("high", 10), ("info", 10)])
def test_fail_on_ends_with_a_code_of_its_own(home: Path, fail_on: str, code: int) -> None:
    said = hunt(home, "--fail-on", fail_on, "--limit", "1")
    told = f"--fail-on {fail_on}: 30 findings; exit code 10" in said.err.splitlines()
    assert (said.code, told) == (code, code == 10)


def test_a_table_has_no_event_ids_and_a_file_has_all(home: Path) -> None:
    assert len(hunt(home, "--format", "table").out.splitlines()) == 2 + 25
    assert "event_ids" not in hunt(home, "--format", "table").out
    assert hunt(home, "--output", "found.csv").code == 0
    text = (home / "found.csv").read_text()
    assert (text.count("\n"), "event_ids" in text) == (31, True)


def test_nothing_found_is_told_and_exclusions_are_told_beside_jsonl(home: Path, tmp_path: Path) -> None:
    excluded = "\n".join(
        '[[exclusions]]\nquery = "calls"\naccount = "111122223333"\nreason = "drill\\u001b[2J"\nexpiry = 2999-01-01\n'
        f'principal = "AIDAIOSFODNN7EXAMP{n:02}"'
        for n in range(30)
    )
    (tmp_path / "trailquery.toml").write_text(f'queries = ["{home}/mine"]\n{excluded}\n')
    words = ("hunt", "--theme", "mine", "--lake", str(home / "lake"))
    said = run(tmp_path, *words)
    assert (said.out, said.err.splitlines()[0]) == ("", "nothing found")
    left_out = [line for line in said.err.splitlines() if line.startswith("left out: 1 event of calls by AIDA")]
    assert len(left_out) == 30
    assert left_out[0].endswith(r"until 2999-01-01: drill\x1b[2J")
    as_data = run(tmp_path, *words, "--format", "jsonl")
    assert (as_data.out, as_data.err.count("left out: ")) == ("", 30)


def test_a_bar_is_shown_on_a_terminal_alone(home: Path) -> None:
    assert "hunting" not in hunt(home).err
    leader, follower = pty.openpty()
    command = [*PROGRAM, "hunt", "--queries", "mine", "--theme", "mine"]
    done = subprocess.run(
        command, cwd=home, stdout=subprocess.PIPE, stderr=follower, env=os.environ | {"TERM": "xterm"}
    )
    os.close(follower)
    assert (done.returncode, "hunting" in os.read(leader, 65_536).decode()) == (0, True)
    os.close(leader)
