"""The commands around the catalogue: queries, show, run with options of its own, own folders, completion in a shell."""

import os
import shlex
import subprocess
from pathlib import Path

import pytest
from cases import QUERIES
from conftest import LOG_NAME, record, write_log
from own_queries import SOUND
from runner import PROGRAM, run

from trailquery.ingest import ingest


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a lake of one event, and `mine` with the query `calls` of the theme `own`, and `bucket_calls`."""
    folder = tmp_path_factory.mktemp("catalogue")
    ingest([write_log(folder / "logs" / LOG_NAME, [record()])], folder / "lake")
    (folder / "mine" / "own").mkdir(parents=True)
    (folder / "mine" / "own" / "calls.sql").write_text(SOUND)
    (folder / "mine" / "bucket_calls.sql").write_text(SOUND.replace("run calls", "run bucket_calls"))
    return folder


def listed(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.startswith("  ")]


def test_queries_are_listed_by_theme_with_kind_or_severity_and_question(home: Path) -> None:
    code, out, _ = run(home, "queries", "--theme", "timeline", "--theme", "defense-evasion")
    wide = max(len(query.name) for query in QUERIES.values() if query.theme in ("timeline", "defense-evasion"))
    assert (code, out.splitlines()[0]) == (0, "defense-evasion")
    assert f"\n  {'trail_tampering':{wide}}  high     Was CloudTrail stopped" in out
    assert f"\ntimeline\n  {'activity_calendar':{wide}}  " in out
    assert f"\n  {'timeline_key':{wide}}           What was done with this access key" in out


@pytest.mark.parametrize(
    ("words", "attribute", "value"),
    [
        (("--kind", "lead"), "kind", "lead"),
        (("--category", "data"), "category", "data"),
        (("--theme", "s3-data"), "theme", "s3-data"),
    ],
)
def test_queries_can_be_narrowed(home: Path, words: tuple[str, str], attribute: str, value: str) -> None:
    expected = {query.name for query in QUERIES.values() if getattr(query, attribute) == value}
    assert expected
    assert set(listed(run(home, "queries", *words)[1])) == expected


def test_words_and_a_technique_narrow_together(home: Path) -> None:
    names = listed(run(home, "queries", "--mitre", "T1562.008", "cloudtrail", "stopped")[1])
    assert names == ["trail_tampering"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("queries --theme timelin", 2, "--theme timelin: no query has it; did you mean 'timeline'?"),
        ("queries --theme timeline --kind finding", 2, "queries: none is of all these kinds; trailquery queries lists all"),
        ("queries --queries nowhere", 2, "nowhere: no folder with queries; put NAME.sql into it, or into a folder THEME below it"),
        ("queries --check nowhere", 2, "nowhere: no folder with queries; put NAME.sql into it, or into a folder THEME below it"),
        ("run calls", 2, "no query named 'calls'; see: trailquery queries"),
        ("run cals --queries mine", 2, "no query named 'cals'; did you mean 'calls'?"),
        ("run calls --queries mine --servce s3", 2, "trailquery run calls: no such option '--servce'. (Did you mean one of: '--service', '--since'?)"),
        ("show cals --queries mine", 2, "no query named 'cals'; did you mean 'calls'?"),
        ("hunt --queries nowhere", 2, "nowhere: no folder with queries; put NAME.sql into it, or into a folder THEME below it"),
        ("hunt --theme own", 2, None),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_line(home: Path, words: str, code: int, said: str | None) -> None:
    got, out, err = run(home, *shlex.split(words))
    assert (got, out, err.count("\n")) == (code, "", 1)
    assert said is None or err == said + "\n"


@pytest.mark.parametrize("words", ["--queries mine run-it", "run-it --queries mine", "run-it --queries=mine"])
def test_an_own_query_runs_with_the_option_before_or_after_its_name(home: Path, words: str) -> None:
    typed = ["calls" if word == "run-it" else word for word in words.split()]
    assert run(home, "run", *typed) == (0, "event_time,actor,event_id\n2024-03-01T10:00:00Z,alice,an-event\n", "")


def test_own_queries_are_listed_and_shown_with_their_folder_or_by_the_settings(home: Path, tmp_path: Path) -> None:
    assert listed(run(home, "queries", "--queries", "mine", "--theme", "own")[1]) == ["calls"]
    assert run(home, "show", "calls", "--queries", "mine") == (0, SOUND, "")
    (tmp_path / "trailquery.toml").write_text(f'queries = ["{home}/mine"]\n')
    assert run(tmp_path, "show", "calls") == (0, SOUND, "")
    assert run(tmp_path, "run", "calls", "--lake", str(home / "lake"))[1].endswith(",alice,an-event\n")


def test_a_name_that_is_taken_is_refused_with_both_files(home: Path, tmp_path: Path) -> None:
    (tmp_path / "timeline_key.sql").write_text(SOUND)
    code, out, err = run(home, "run", "timeline_key", "A", "--queries", str(tmp_path))
    assert (code, out, err.count("\n")) == (3, "", 1)
    assert err.startswith(f"{tmp_path}/timeline_key.sql: there is a query 'timeline_key' already, in /")


@pytest.mark.parametrize("words", ["run my-calls", "show my-calls", "queries"])
def test_a_file_whose_name_has_a_hyphen_is_refused_with_the_reason(home: Path, tmp_path: Path, words: str) -> None:
    (tmp_path / "my-calls.sql").write_text(SOUND.replace("run calls", "run my-calls"))
    said = f"{tmp_path}/my-calls.sql:1: the file's name 'my-calls' is not snake_case; write it like timeline_key.\n"
    assert run(home, *words.split(), "--queries", str(tmp_path)) == (3, "", said)


def test_an_own_query_that_is_no_single_select_is_not_run(home: Path, tmp_path: Path) -> None:
    (tmp_path / "calls.sql").write_text(SOUND.replace("ORDER BY event_time, event_id", "; DROP TABLE events"))
    assert run(home, "run", "calls", "--queries", str(tmp_path)) == (
        2,
        "",
        "calls: 2 statements; write exactly one SELECT\n",
    )


def test_explain_prints_sql_that_runs_as_it_is_with_hostile_values_too(home: Path) -> None:
    code, spelled, err = run(home, "run", "calls", "--queries", "mine", "--service", "x' OR true; --", "--explain")
    assert (code, err) == (0, "")
    assert "WHERE service = 'x'' OR true; --'\n" in spelled
    assert run(home, "sql", "-", stdin=spelled) == (0, "event_time,actor,event_id\n", "")
    default = run(home, "run", "calls", "--queries", "mine", "--explain")[1]
    assert run(home, "sql", default) == run(home, "run", "calls", "--queries", "mine")
    scope = ("--since", "2024-01-01", "--strict-region", "--region", "eu-west-1")
    scoped = (
        0,
        default,
        "the scope is no part of the SQL: give trailquery sql --since, --region, --strict-region as well\n",
    )
    assert run(home, "run", "calls", "--queries", "mine", *scope, "--explain") == scoped


def test_the_help_of_a_query_tells_required_values_options_defaults_and_why(home: Path) -> None:
    told = " ".join(run(home, "run", "calls", "--queries", "mine", "--help")[1].split())
    assert "--service TEXT Only this service [default: ec2]" in told
    assert "Nobody should." in told
    assert "KEY: " in run(home, "run", "timeline_key", "--help")[1]


def completed(home: Path, line: str) -> list[str]:
    """What bash offers for the word at the end of `line`."""
    program = home / "bin" / "trailquery"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec {shlex.join(PROGRAM)} "$@"\n')
    program.chmod(0o755)
    words = [*line.split(), ""] if line.endswith(" ") else line.split()
    script = f"""
        eval "$(_TRAILQUERY_COMPLETE=bash_source trailquery)"
        COMP_WORDS=({" ".join(shlex.quote(word) for word in words)})
        COMP_CWORD={len(words) - 1}
        complete -p trailquery > complete.txt
        $(sed 's/.*-F \\([^ ]*\\).*/\\1/' complete.txt) trailquery
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    path = f"{program.parent}:{os.environ['PATH']}"
    said = subprocess.run(
        ["bash", "-c", script], cwd=home, env=os.environ | {"PATH": path}, capture_output=True, text=True, check=False
    )
    assert said.stderr == ""
    return said.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("trailquery hu", ["hunt"]),
        ("trailquery run timeline_k", ["timeline_key"]),
        ("trailquery run timeline_key --writes", ["--writes-only"]),
        ("trailquery run console_logins --result ", ["any", "Success", "Failure"]),
        ("trailquery run --queries mine cal", ["calls"]),
        ("trailquery run --queries mine bucket-", ["bucket-calls"]),
        ("trailquery run --queries mine bucket_", ["bucket_calls"]),
        ("trailquery run timeline-k", ["timeline-key"]),
        ("trailquery show trail_ta", ["trail_tampering"]),
        ("trailquery hunt --severity hi", ["high"]),
        ("trailquery hunt --theme defense", ["defense-evasion"]),
        ("trailquery queries --mitre T1562.008", ["T1562.008"]),
        ("trailquery run zebra", []),
    ],
)
def test_bash_completes_commands_names_options_and_choices(home: Path, line: str, offered: list[str]) -> None:
    assert completed(home, line) == offered


def test_a_shell_that_completes_hears_nothing_of_wrong_settings(home: Path, tmp_path: Path) -> None:
    (tmp_path / "trailquery.toml").write_text("wrong")
    assert completed(tmp_path, "trailquery run timeline_k") == []
