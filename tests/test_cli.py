"""The command as a user meets it: its streams, its exit codes, a real terminal."""

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from conftest import LOG_NAME, record, write_log
from runner import PROGRAM, Ask, Said, on_terminal, run

from trailquery.cli import COMMANDS
from trailquery.simulate import STORIES

FORMULA = "=cmd|' /C calc'!A0"
ESCAPE = "\x1b]0;owned\x07\x1b[2J"
SCRIPT = "<script>alert(1)</script>"
LONG_ARN = "arn:aws:iam::111122223333:role/" + "a-long-path/" * 20 + "Admin"
HEAVY = "SELECT count(*) FROM range(10000000000) AS a, range(1000) AS b"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `lake`: 120 plain events and one with hostile text; ingested by the command itself."""
    folder = tmp_path_factory.mktemp("cli")
    plain = [record(eventID=f"event-{n:03}", eventTime=f"2024-03-01T10:{n // 60:02}:{n % 60:02}Z") for n in range(120)]
    hostile = record(
        eventID="hostile", eventTime="2024-03-02T00:00:00Z", userAgent=FORMULA, errorMessage=ESCAPE, errorCode=SCRIPT
    )
    write_log(folder / "logs" / LOG_NAME, [*plain, hostile])
    (folder / "logs" / "\x1b[31mnotes.txt").write_text("no log")
    said = run(folder, "ingest", "logs")
    assert said == Said(
        0,
        "read 121 = loaded 121 + duplicate 0 + variant 0 + rejected 0\n"
        "files: 1 read, 0 already held, 0 digests, 0 companions, 1 left alone\n",
        "left alone: logs/\\x1b[31mnotes.txt: no log file by its name or its first bytes\n",
    )
    return folder


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("sqll", 2, "no command 'sqll'; did you mean 'sql'?"),
        ("frobnicate", 2, "no command 'frobnicate'; see: trailquery --help"),
        ("timeline-key x", 2, "no command 'timeline-key'; write: trailquery run timeline-key"),
        ("run stopped_working x", 2, "trailquery run stopped_working: got unexpected extra argument (x); name its option: --actor; see:"
         " trailquery run stopped_working --help"),
        ("run timeline_ip 10.0.0.300", 2, "timeline_ip: 10.0.0.300 is no address or CIDR such as 198.51.100.0/24"),
        ("sql --formt csv x", 2, "trailquery sql: no such option '--formt'. Did you mean '--format'?"),
        ("sql", 2, 'sql: write one SELECT, - for stdin, or -f FILE; for example trailquery sql "FROM files"'),
        ("sql 'SELECT 1' --limit ten", 2, "trailquery sql: --limit: 'ten' is not a valid integer range; see: trailquery sql --help"),
        ("sql 'SELECT 1' --timeout nan", 2, "trailquery sql: --timeout: 'nan' is not a valid integer range; see: trailquery sql --help"),
        ("sql 'SELEC 1'", 2, 'sql: Parser Error: syntax error at or near "SELEC" (line 1)'),
        ("sql \"FROM 'iocs.csv'\"", 2, 'sql: Permission Error: Cannot access file "iocs.csv" - file system operations are disabled by'
         " configuration; add it with --table NAME=FILE"),
        ("sql 'SELECT 1' --since yesterday", 2, "--since 'yesterday': no time; write 2026-11-20, 2026-11-20T02:11:09Z,"
         " or a span back from now such as 7d or 36h"),
        ("sql 'SELECT 1' --since ''", 2, "--since '': no time; write 2026-11-20, 2026-11-20T02:11:09Z,"
         " or a span back from now such as 7d or 36h"),
        ("sql 'SELECT 1' --since 2024-03-02 --until 2024-03-01", 2,
         "--since 2024-03-02: not before --until 2024-03-01; swap them"),
        ("sql 'SELECT 1' --tz Mars", 2, "--tz 'Mars': no such time zone; write UTC or a name such as Europe/Berlin"),
        ("sql 'SELECT 1' --lake elsewhere", 2, "elsewhere: no lake here; make one with: trailquery ingest SOURCE --lake elsewhere"),
        ("info --lake 'no where'", 2, "no where: no lake here; make one with: trailquery ingest SOURCE --lake 'no where'"),
        ("compact --lake 'no where'", 2, "no where: no lake here; make one with: trailquery ingest SOURCE --lake 'no where'"),
        ("sql 'SELECT 1' --table iocs", 2, "--table iocs: write NAME=FILE, for example --table iocs=iocs.csv"),
        ("sql 'FROM i' --table i=README.md", 2,
         "--table i=README.md: its ending names no kind of table; those are .csv, .tsv, .json, .jsonl, .parquet"),
        ("sql 'SELECT 1' --output rows.xlsx", 2, "--output rows.xlsx: its ending names no format; add --format,"
         " one of table, line, csv, json, jsonl, parquet, markdown"),
        ("sql 'SELECT 1' --output nowhere/rows.csv", 5, "nowhere/rows.csv: No such file or directory"),
        ("sql -f nowhere.sql", 2, "trailquery sql: --file: File 'nowhere.sql' does not exist; see: trailquery sql --help"),
        ("sql -f logs/" + LOG_NAME, 2, f"logs/{LOG_NAME}: byte 1 is not UTF-8; save the SQL as UTF-8 text"),
        ("run timeline_kye A", 2, "no query named 'timeline_kye'; did you mean 'timeline_key'?"),
        ("run timeline_key", 2, "trailquery run timeline_key: missing argument 'KEY'; see: trailquery run timeline_key --help"),
        ("run timeline_key --key=A", 2, "trailquery run timeline_key: --key is no option; give the value alone, without --key; see:"
         " trailquery run timeline_key --help"),
        ("run console_logins --result Maybe", 2, "trailquery run console_logins: --result: 'Maybe' is not one of 'any', 'Success',"
         " 'Failure'; see: trailquery run console_logins --help"),
        ("show denied", 2, "no query named 'denied'; did you mean 'access_denied'?"),
        ("queries zebra", 2, "queries: none mentions 'zebra'; trailquery queries lists all"),
        ("find ' '", 2, "find: nothing to look for; for example trailquery find 198.51.100.7"),
        ("find \udcff", 2, "find: '\\\\udcff' is not UTF-8 text; write it in UTF-8"),
        ("simulate lake", 2, "lake: is not empty; name a new folder, or empty this one."),
        ("demo --out lake", 2, "lake: is not an empty folder; remove it, or name another with --out"),
        ("run \x1b[2J", 2, "no query named '\\\\x1b[2J'; see: trailquery queries"),
    ],
)  # fmt: skip
def test_a_wrong_request_is_one_line_on_stderr(ask: Ask, arguments: str, code: int, message: str) -> None:
    assert ask(*shlex.split(arguments)) == Said(code, "", message + "\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ("sql", "SELECT error('x')"),
        ("sql", "FROM events", "--output", "nowhere/x.csv"),
    ],
)
def test_nothing_but_the_error_is_on_stderr_when_the_process_ends(home: Path, arguments: tuple[str, ...]) -> None:
    said = run(home, *arguments)
    assert (said.out, said.err.count("\n"), said.code) == ("", 1, 5 if "--output" in arguments else 2)


def test_a_heavy_query_stops_at_the_timeout(ask: Ask) -> None:
    message = "sql: stopped after 1 s; narrow it with --since and --until, or raise --timeout\n"
    assert ask("sql", HEAVY, "--timeout", "1") == Said(2, "", message)


def test_without_arguments_the_help_comes_and_names_every_command(ask: Ask) -> None:
    said = ask()
    assert (said.code, said.out) == (2, "")
    assert re.findall(r"^  (\w+)  +\w", said.err, re.MULTILINE) == list(COMMANDS)
    assert ask("--help") == Said(0, said.err, "")


def test_rows_are_csv_in_a_pipe_and_hostile_cells_are_harmless(ask: Ask) -> None:
    said = ask("sql", "SELECT event_id, user_agent, error_message, error_code FROM events WHERE event_id = 'hostile'")
    rows = list(csv.reader(io.StringIO(said.out)))
    assert (said.code, said.err) == (0, "")
    assert rows[1] == ["hostile", "'" + FORMULA, "\\u001b]0;owned\\u0007\\u001b[2J", SCRIPT]


def test_hostile_cells_are_harmless_on_a_terminal(home: Path) -> None:
    said = on_terminal(home, "sql", "SELECT error_message, user_agent FROM events WHERE event_id = 'hostile'")
    assert (said.code, "\\x1b]0;owned\\x07\\x1b[2J" in said.out, FORMULA in said.out) == (0, True, True)
    assert set(re.findall(r"[\x00-\x1f\x7f]", said.out)) == {"\n"}


def test_a_terminal_gets_a_hundred_rows_with_whole_values_and_the_count_of_the_rest(home: Path) -> None:
    said = on_terminal(home, "sql", f"SELECT event_id, '{LONG_ARN}' AS arn FROM events ORDER BY event_id")
    lines = said.out.splitlines()
    assert (lines[2], lines[-2:], len(lines)) == (
        f"event-000  {LONG_ARN}",
        [f"event-099  {LONG_ARN}", "... 21 more (--limit 0)"],
        103,
    )


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("table", "n  t\n-  -\n1  a\n"),
        ("line", "n: 1\nt: a\n"),
        ("csv", "n,t\n1,a\n"),
        ("json", '[\n{"n":1,"t":"a"}\n]\n'),
        ("jsonl", '{"n":1,"t":"a"}\n'),
        ("markdown", "| n | t |\n| ---: | --- |\n| 1 | a |\n"),
    ],
)
def test_every_text_format_is_written_to_stdout_and_to_a_file(ask: Ask, home: Path, form: str, text: str) -> None:
    assert ask("sql", "SELECT 1 AS n, 'a' AS t", "--format", form) == Said(0, text, "")
    name = {"table": "rows.txt", "markdown": "rows.md", "line": "rows.line"}.get(form, f"rows.{form}")
    assert ask("sql", "SELECT 1 AS n, 'a' AS t", "--output", name) == Said(0, "", "")
    assert (home / name).read_text() == text


def test_parquet_goes_to_a_file_and_a_pipe_but_not_to_a_terminal(home: Path, ask: Ask) -> None:
    query = ("sql", "SELECT event_time FROM events WHERE event_id = 'hostile'")
    assert ask(*query, "-o", "rows.parquet") == Said(0, "", "")
    piped = subprocess.run([*PROGRAM, *query, "--format", "parquet"], cwd=home, capture_output=True, timeout=60)
    assert pq.read_table(home / "rows.parquet").equals(pq.read_table(io.BytesIO(piped.stdout)))
    assert on_terminal(home, *query, "--format", "parquet") == Said(
        2, "--format parquet: not for a terminal; add --output FILE.parquet\n", ""
    )


def test_a_failing_query_leaves_the_old_file_and_no_half_one(ask: Ask, home: Path) -> None:
    (home / "kept").mkdir()
    (home / "kept" / "rows.csv").write_text("old")
    late = "SELECT CASE WHEN i = 900000 THEN error('late') ELSE i END FROM range(1000000) AS r(i)"
    assert ask("sql", late, "-o", "kept/rows.csv").code == 2
    assert {path.name: path.read_text() for path in (home / "kept").iterdir()} == {"rows.csv": "old"}


def test_output_to_what_is_no_file_is_written_into_it(ask: Ask, home: Path) -> None:
    os.mkfifo(home / "pipe")
    reader = os.open(home / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert ask("sql", "SELECT 1 AS n", "-o", "pipe", "--format", "csv") == Said(0, "", "")
    assert (os.read(reader, 100), (home / "pipe").is_fifo()) == (b"n\n1\n", True)
    os.close(reader)


def test_sql_comes_from_a_file_or_stdin(ask: Ask, home: Path) -> None:
    (home / "question.sql").write_bytes(b"\xef\xbb\xbfSELECT 1 AS n -- a comment\n")
    assert ask("sql", "-f", "question.sql") == Said(0, "n\n1\n", "")
    assert ask("sql", "-", stdin=b"SELECT 2 AS n") == Said(0, "n\n2\n", "")


def test_several_tables_can_be_joined(ask: Ask, home: Path) -> None:
    (home / "iocs.csv").write_text("ip,why\n198.51.100.7,tor\n")
    (home / "owners.json").write_text('[{"why": "tor", "owner": "soc"}]')
    said = ask(
        "sql", "SELECT DISTINCT client_ip, owner FROM events JOIN iocs ON ip = client_ip JOIN owners USING (why)",
        "--table", "iocs=iocs.csv", "--table", "owners=owners.json",
    )  # fmt: skip
    assert said == Said(0, "client_ip,owner\n198.51.100.7,soc\n", "")


def test_a_reader_that_leaves_early_is_no_error(home: Path) -> None:
    command = shlex.join([*PROGRAM, "sql", "FROM events, range(200)"])
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1; exit ${{PIPESTATUS[0]}}"], cwd=home, capture_output=True, timeout=60
    )
    assert (done.returncode, done.stdout[:9], done.stderr) == (0, b"event_id,", b"")


def test_without_stdout_nothing_is_opened(tmp_path: Path) -> None:
    command = ["sh", "-c", '"$@" >&-', "sh", *PROGRAM, "ingest", str(tmp_path), "--lake", str(tmp_path / "lake")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    told = "stdout: is closed; give the command one, such as /dev/null\n"
    assert (done.returncode, done.stderr, list(tmp_path.iterdir())) == (5, told, [])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("sql", "-"), "sql: 0 statements; write exactly one SELECT\n"),
        (("verify", "-"), "-: holds no log files and no digests of a trail\n"),
    ],
)
def test_a_stdin_that_is_closed_is_empty(arguments: tuple[str, ...], told: str, home: Path) -> None:
    command = ["sh", "-c", '"$@" <&-', "sh", *PROGRAM, *arguments]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", told)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("arguments", [("sql", "FROM events"), ("queries",)])
def test_a_full_disk_behind_stdout_is_one_line(home: Path, arguments: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run([*PROGRAM, *arguments], cwd=home, stdout=full, stderr=subprocess.PIPE, timeout=60)
    assert (done.returncode, done.stderr) == (5, b"stdout: No space left on device; make room there\n")


def test_ctrl_c_while_the_program_is_being_imported_ends_in_silence_with_130(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("raise KeyboardInterrupt")
    assert run(tmp_path, "--help") == Said(130, "", "")


def test_ctrl_c_ends_a_query_with_130(home: Path) -> None:
    said = on_terminal(home, "sql", HEAVY, "--until", "2025-01-01", interrupt_after="window: ")
    assert (said.code, said.out.splitlines()[-1]) == (130, "stopped; the lake is as after its last commit")


def test_find_names_the_next_command_with_the_lake_that_was_given(ask: Ask) -> None:
    columns = "event_time,outcome,action,target,actor,client_ip,account_id,region,event_id"
    said = ask("find", "198.51.100.7", "--limit", "1", "--lake", "lake")
    row = "2024-03-02T00:00:00Z,error,ec2:DescribeInstances,,alice,198.51.100.7,111122223333,us-east-1,hostile"
    assert said == Said(
        0,
        f"{columns}\n{row}\n",
        "... 120 more (--limit 0)\nIPv4 address: 121 events, newest first\n"
        "next: trailquery run timeline_ip 198.51.100.7 --lake lake\n",
    )
    assert ask("find", "nothing'here") == Said(0, columns + "\n", "text: 0 events, newest first\n")


def test_what_is_asked_for_with_pseudonyms_may_be_one(home: Path, tmp_path: Path) -> None:
    hiding = ("--pseudonyms", str(tmp_path / "key"))
    values = "SELECT '198.51.100.7' AS ip, '111122223333' AS account"
    made = next(csv.DictReader(io.StringIO(run(home, "sql", values, *hiding).out)))
    (tmp_path / "111122223333").symlink_to(home)
    lake = ("--lake", str(tmp_path / made["account"] / "lake"))
    found = run(home, "find", made["ip"], "--account", made["account"], *lake, *hiding)
    rows = list(csv.DictReader(io.StringIO(found.out)))
    assert {(row["client_ip"], row["account_id"]) for row in rows} == {(made["ip"], made["account"])}
    assert len(rows) == 121
    assert "alice" not in found.out  # the names in the lake were learned
    assert run(home, "find", made["ip"]).out.count("\n") == 1


def test_the_next_command_can_be_pasted_whatever_was_looked_for(ask: Ask) -> None:
    (line,) = [line for line in ask("find", "alice", "--lake", "./lake").err.splitlines() if line.startswith("next: ")]
    assert ask(*shlex.split(line.removeprefix("next: trailquery "))).out.count("\n") == 122


def test_run_takes_required_values_by_place_and_the_rest_as_options(ask: Ask) -> None:
    key = "AKIAIOSFODNN7EXAMPLE"
    assert ask("run", "timeline_key", key).out.count("\n") == 122
    assert ask("run", "timeline-key", key, "--writes-only").out.count("\n") == 1
    assert ask("run", "timeline_key", key, "--no-writes-only", "--until", "2024-03-01T10:00:10Z").out.count("\n") == 11


def test_help_of_a_query_shows_its_question_parameters_and_example(ask: Ask) -> None:
    text = ask("run", "timeline_key", "--help").out
    for part in (
        "What was done with this access key",
        "KEY",
        "--writes-only / --no-writes-only",
        "Example: trailquery run timeline_key",
    ):
        assert part in text


def test_no_rows_of_a_category_the_lake_lacks_is_called_a_blind_spot(ask: Ask) -> None:
    note = "blind spot: the lake holds no signin events at all; a trail may not have recorded them\n"
    said = ask("run", "console_logins")
    assert (said.code, said.out.count("\n"), said.err) == (0, 1, note)


@pytest.mark.parametrize(
    ("query", "what"),
    [("messages_sent", "SNS message data"), ("dynamodb_reads", "DynamoDB item data"), ("insights", "insight")],
)
def test_data_events_of_a_service_that_the_lake_lacks_are_a_blind_spot(ask: Ask, query: str, what: str) -> None:
    note = f"blind spot: the lake holds no {what} events at all; a trail may not have recorded them\n"
    assert ask("run", query).err == note


def test_no_rows_lead_to_where_a_name_is_found_and_are_no_blind_spot_beside_their_kind(ask: Ask) -> None:
    note = "is it named anywhere: trailquery find 'ci deploi'\n"
    assert ask("run", "deploy_failure", "ci deploi").err == note
    assert ask("run", "root_changes").err == ""


def test_show_prints_the_file_of_a_query(ask: Ask) -> None:
    file = next(Path(__file__).parents[1].glob("sql/queries/*/timeline_key.sql"))
    assert ask("show", "timeline_key") == Said(0, file.read_text(), "")


def test_info_reads_as_text_and_as_data(ask: Ask) -> None:
    text = ask("info").out.splitlines()
    assert text[:3] == [
        "events      121 on 2 days, 2024-03-01T10:00:00Z .. 2024-03-02T00:00:00Z",
        "settings    none",
        "accounts    111122223333 121",
    ]
    (held,) = json.loads(ask("info", "--format", "json").out)
    assert (held["events"], held["last_event"]) == (121, "2024-03-02T00:00:00Z")
    assert (
        ask("info", "--tz", "Europe/Berlin", "--format", "csv")
        .out.splitlines()[1]
        .startswith("121,2024-03-01T11:00:00+01:00,")
    )


def test_ingest_reads_stdin_names_what_is_not_whole_and_says_where_rejects_are(ask: Ask, tmp_path: Path) -> None:
    log = write_log(tmp_path / "logs" / LOG_NAME, [record(), None]).read_bytes()
    said = ask("ingest", "-", "--lake", "o'lake", stdin=log)
    assert said.out.splitlines()[0] == "read 2 = loaded 1 + duplicate 0 + variant 0 + rejected 1"
    assert said.err == (
        "what was rejected, and why: trailquery sql 'SELECT source_file, position, reason FROM rejects' --lake 'o'\"'\"'lake'\n"
    )
    cut = ask("ingest", "-", "--lake", "o'lake", stdin=log[:-20])
    assert cut.err.startswith("not whole: -: ")


def test_ingest_shows_a_bar_on_a_terminal_and_names_twenty_of_many(tmp_path: Path) -> None:
    write_log(tmp_path / "logs" / LOG_NAME, [record()])
    for number in range(25):
        (tmp_path / "logs" / f"{number:02}.txt").write_text("no log")
    said = on_terminal(tmp_path, "ingest", "logs")
    assert (said.code, "reading" in said.out, said.out.count("left alone: ")) == (0, True, 20)
    assert "... and 5 more left alone\n" in said.out


@pytest.mark.parametrize("story", STORIES)
def test_the_demo_finds_its_story_and_its_commands_can_be_pasted(ask: Ask, story: str) -> None:
    said = ask("demo", "--out", f"it's-{story}", "--events", "400", "--days", "1", "--story", story)
    steps = re.findall(r"^  found    .*\n +trailquery (.*)$", said.out, re.MULTILINE)
    assert len(steps) >= 9
    assert (said.code, re.findall("^Story: .*", said.out, re.MULTILINE)) == (
        0,
        [f"Story: {len(steps)} of {len(steps)} steps found by curated queries:"],
    )
    for step in sorted(set(steps)):
        pasted = ask(*shlex.split(step))
        assert (pasted.code, pasted.out.count("\n") > 1) == (0, True), step


def test_help_and_the_catalogue_start_without_the_heavy_libraries(home: Path) -> None:
    program = "import sys, trailquery.cli; print(sorted({'pandas', 'pyarrow', 'duckdb', 'cryptography', 'trailquery.simulate'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=home, capture_output=True, timeout=60)
    assert done.stdout == b"[]\n"


def test_the_version_is_that_of_the_package(ask: Ask) -> None:
    assert re.fullmatch(r"trailquery, version \d+\.\d+\.\d+\n", ask("--version").out)
