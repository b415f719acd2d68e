"""`trailquery ingest` of a bucket and `trailquery files`, as a user meets them: real processes, real sockets."""

import gzip
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from urllib.parse import quote_plus

import pytest
from aws import Aws, key
from conftest import record, write_log
from lakes import contents
from runner import PROGRAM, Said, on_terminal, run

from trailquery.cli import trailquery
from trailquery.errors import UsageError
from trailquery.ingest import ingest

ROLE = "arn:aws:iam::111122223333:role/Responder"


def ingest_bucket(aws: Aws, home: Path, *options: str) -> Said:
    return run(home, "ingest", f"s3://{aws.name}", "--endpoint-url", aws.url, *options)


def test_a_bucket_is_loaded_and_what_is_missing_ends_with_exit_code_5(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one")
    closed = aws.put(key("2024/03/02"), "two")
    aws.proxy.fault = lambda method, path: (403, "AccessDenied", "no\u202e") if path.endswith(closed) else None
    said = ingest_bucket(aws, tmp_path)
    assert said == Said(
        5,
        "read 1 = loaded 1 + duplicate 0 + variant 0 + rejected 0\n"
        "files: 1 read, 0 already held, 0 digests, 0 companions, 0 left alone, 1 unread\n",
        f"unread: s3://{aws.name}/{closed}: AccessDenied: no\\u202e; s3:GetObject is missing\n"
        "1 place could not be read, everything else is loaded; run the same command again, and see:"
        " trailquery files --status unread\n",
    )
    listed = run(tmp_path, "files", "--status", "unread", "--format", "line")
    assert (listed.code, f'["s3://{aws.name}/{closed}"]' in listed.out) == (0, True)
    aws.proxy.fault = lambda method, path: None
    assert ingest_bucket(aws, tmp_path).code == 0
    assert run(tmp_path, "files", "--status", "unread", "--format", "jsonl") == Said(0, "", "")


@pytest.mark.parametrize(
    ("account", "told"), [("444455556666", ["s3://{}/AWSLogs/444455556666/"]), ("111122223333", [])]
)
def test_an_unread_prefix_is_in_every_scope_that_its_path_does_not_rule_out(
    aws: Aws, tmp_path: Path, account: str, told: list[str]
) -> None:
    aws.put(key("2024/03/01"), "open")
    aws.put(key("2024/03/01", account="444455556666"), "closed")
    aws.proxy.fault = lambda method, path: (403, "AccessDenied", "no") if "444455556666%2F" in path else None
    assert ingest_bucket(aws, tmp_path).code == 5
    scope = ["--since", "2024-01-01", "--until", "2024-02-01", "--region", "ap-east-1", "--account", account]
    listed = run(tmp_path, "files", *scope, "--format", "jsonl").out.splitlines()
    assert [json.loads(line)["places"] for line in listed] == [[place.format(aws.name)] for place in told]


@pytest.mark.parametrize("option", [["--account", "444455556666"], ["--since", "2024-04-01"]])
def test_a_bucket_where_nothing_lies_says_so(aws: Aws, tmp_path: Path, option: list[str]) -> None:
    aws.put(key("2024/03/01"), "one")
    said = ingest_bucket(aws, tmp_path, *option)
    assert (said.code, said.err.splitlines()[-1]) == (
        0,
        "no file lies there; look at the source, and at --since, --until, --account and --region if you gave them",
    )
    assert "no file lies there" not in ingest_bucket(aws, tmp_path).err
    assert "no file lies there" not in ingest_bucket(aws, tmp_path).err  # held, but there


def test_a_region_or_account_of_which_nothing_came_is_told(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one")
    aws.put(key("2024/03/01", region="us-east-1"), "global")
    said = ingest_bucket(
        aws, tmp_path, "--region", "eu-wset-1", "--account", "111122223333", "--account", "111122223334"
    )
    assert (said.code, said.out.splitlines()[0]) == (0, "read 1 = loaded 1 + duplicate 0 + variant 0 + rejected 0")
    assert said.err.splitlines() == [
        "--account 111122223334: no event of the lake is of it; did you mean '111122223333'?",
        "--region eu-wset-1: no event of the lake is of it; did you mean 'us-east-1'?",
    ]


def test_the_bar_that_was_full_after_one_day_of_a_bucket_goes_on_with_the_next(aws: Aws, tmp_path: Path) -> None:
    for day, number in (("2024/03/02", 0), ("2024/03/01", 1), ("2024/03/01", 2)):
        aws.put(key(day, number=number), f"event-{number}")
    got = on_terminal(tmp_path, "ingest", f"s3://{aws.name}", "--endpoint-url", aws.url).out
    assert re.findall(r"\[([#-]+)\]  (\d/\d)", got) == [
        ("-" * 36, "0/0"),
        ("#" * 36, "1/1"),
        ("#" * 24 + "-" * 12, "2/3"),
        ("#" * 36, "3/3"),
    ]


def test_a_dry_run_tells_what_it_would_take_and_makes_no_lake(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one")
    aws.put(key("2024/03/02", account="444455556666"), "two")
    said = ingest_bucket(aws, tmp_path, "--dry-run", "--since", "2024-03-01")
    size = sum(item["Size"] for item in aws.s3.list_objects_v2(Bucket=aws.name)["Contents"])
    lines = {line[:13].strip(): line[13:] for line in said.out.splitlines()}
    assert {name: lines[name] for name in ("bucket", "accounts", "regions", "days", "to fetch", "not fetched")} == {
        "bucket": f"s3://{aws.name}/ in us-east-1",
        "accounts": "111122223333 1, 444455556666 1",
        "regions": "eu-west-1 2",
        "days": "2, 2024-03-01 .. 2024-03-02",
        "to fetch": f"2 objects, {size} bytes",
        "not fetched": "0 already held, 0 archived, 0 left alone",
    }
    assert "and 2 GET requests" in lines["cost"]
    assert lines["caller"].endswith("(account 123456789012)")
    assert lines["permissions"] == "s3:ListBucket is granted, s3:GetObject on 2 of 2 objects tried"
    assert (said.code, said.err, (tmp_path / "lake").exists()) == (0, "", False)
    assert ingest_bucket(aws, tmp_path).code == 0
    aws.proxy.fault = lambda method, path: (403, "AccessDenied", "no") if path.endswith(".gz") else None
    aws.put(key("2024/03/03"), "three")
    again = ingest_bucket(aws, tmp_path, "--dry-run").out
    assert "not fetched  2 already held," in again
    assert f"missing      s3://{aws.name}/{key('2024/03/03')}: AccessDenied: no; s3:GetObject is missing" in again


@pytest.mark.parametrize(
    ("until", "days"),
    [("2024-03-02", "2, 2024-03-01 .. 2024-03-02"), ("2024-03-02T00:01", "3, 2024-03-01 .. 2024-03-03")],
)
def test_until_midnight_ends_with_the_day_before_and_the_late_files_of_one_more(
    aws: Aws, tmp_path: Path, until: str, days: str
) -> None:
    for day in ("2024/03/01", "2024/03/02", "2024/03/03", "2024/03/04"):
        aws.s3.put_object(Bucket=aws.name, Key=key(day), Body=b"")
    plan = ingest_bucket(aws, tmp_path, "--dry-run", "--until", until).out
    assert (f"days         {days}\n" in plan, f"to fetch     {days[0]} objects, 0 bytes\n" in plan) == (True, True)


def test_a_list_of_keys_is_read_without_a_listing_and_not_fetched_twice(aws: Aws, tmp_path: Path) -> None:
    keys = [aws.put(key("2024/03/01", number=number), f"event-{number}") for number in range(3)]
    keys.append(aws.put("AWSLogs/of a, b\x85c.json.gz", "event-3"))
    odd = aws.put("AWSLogs/odd key+ü.json.gz", "odd")
    inventory = "\n".join(f'"{aws.name}","{quote_plus(name)}","99"' for name in [keys[0], odd])
    (tmp_path / "inventory.csv.gz").write_bytes(gzip.compress(inventory.encode()))
    (tmp_path / "list.txt").write_text(f"{keys[3]}\ns3://{aws.name}/{keys[2]}\ns3://other-bucket/x.json.gz\n")
    assert "loaded 2 " in ingest_bucket(aws, tmp_path, "--keys", "inventory.csv.gz").out
    plan = ingest_bucket(aws, tmp_path, "--keys", "list.txt", "--dry-run").out
    assert "to fetch     2 objects, 0 bytes; the size of 2 is not known\n" in plan
    assert "permissions  s3:GetObject on 2 of 2 objects tried\n" in plan
    assert "loaded 2 " in ingest_bucket(aws, tmp_path, "--keys", "list.txt").out
    assert [asked for asked in aws.proxy.asked if "list-type" in asked] == []
    again = ingest_bucket(aws, tmp_path, "--keys", "list.txt")
    assert again.out.splitlines()[1].startswith("files: 0 read, 2 already held,")
    (tmp_path / "others.txt").write_text("s3://other-bucket/x.json.gz\n")
    said = ingest_bucket(aws, tmp_path, "--keys", "others.txt")
    assert (said.code, said.err.count("\n")) == (2, 1)
    assert said.err.startswith(f"--keys others.txt: names no key of the bucket {aws.name};")


def test_a_role_is_assumed_with_its_external_id(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one")
    role = ("--role-arn", ROLE, "--external-id", "42", "--session-name", "case-7")
    said = ingest_bucket(aws, tmp_path, "--dry-run", *role)
    assert f"caller       {ROLE.replace('iam', 'sts').replace('role/', 'assumed-role/')}/case-7" in said.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["logs", "--since", "7d"], "ingest: --since is for s3:// and event-history; ingest the folder without it"),
        (["logs", "--dry-run"], "ingest: --dry-run is for s3:// and event-history; ingest the folder without it"),
        (["event-history", "--versions"], "event-history: takes no --versions; leave it out"),
        (["s3://b", "--since", "1d", "--until", "2d"], "--since 1d: not before --until 2d; swap them"),
        (
            ["s3://b", "--since", ""],
            "--since '': no time; write 2026-11-20, 2026-11-20T02:11:09Z, or a span back from now such as 7d or 36h",
        ),
        (["s3://b", "--account", "11112222333"], "--account 11112222333: no account id; those have twelve digits"),
        (
            ["s3://b", "--region", "eu-west-1", "--region", "EU-WEST-2"],
            "--region EU-WEST-2: no region; they are written like eu-west-1",
        ),
        (["s3://"], "s3://: names no bucket; write s3://bucket/prefix"),
    ],
)
def test_a_wrong_request_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    (tmp_path / "logs").mkdir()
    with chdir(tmp_path), pytest.raises(UsageError) as error:
        trailquery.main(["ingest", *arguments], standalone_mode=False)
    assert str(error.value) == message


def _killing(process_id: int, stop: signal.Signals, fetches: int) -> Callable[[str, str], None]:
    """A fault that ends the process when it asks for the n-th log file."""
    left = iter(range(fetches))

    def fault(_method: str, path: str) -> None:
        if path.endswith(".json.gz") and next(left, None) == fetches - 1:
            os.kill(process_id, stop)

    return fault


def test_killed_at_any_moment_the_next_run_ends_with_the_same_lake(aws: Aws, tmp_path: Path) -> None:
    for number in range(40):
        aws.put(key(f"2024/03/{1 + number % 4:02}", number=number), f"event-{number}", "in-every-file")
    aws.ingest(tmp_path / "whole")
    whole = contents(tmp_path / "whole")
    dice = random.Random(7)
    small_batches = (
        "import sys, trailquery.ingest, trailquery.cli;"
        "sys.modules['trailquery.ingest'].BATCH_RECORDS = 8; trailquery.cli.main()"
    )
    lake = tmp_path / "lake"
    for stop in (signal.SIGKILL, signal.SIGINT, signal.SIGKILL):
        command = [
            sys.executable,
            "-c",
            small_batches,
            "ingest",
            f"s3://{aws.name}",
            "--endpoint-url",
            aws.url,
            "--lake",
            lake,
        ]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
            aws.proxy.fault = _killing(process.pid, stop, dice.randrange(1, 40))
            told = process.communicate(timeout=60)[1]
        if stop == signal.SIGINT:
            stopped = (130, "stopped; the lake is as after its last commit")
            assert (process.returncode, told.strip()) in (stopped, (0, ""))  # or it came to its end before
        else:
            assert process.returncode in (-stop, 0)
    aws.proxy.fault = lambda method, path: None
    aws.ingest(lake)
    assert contents(lake) == whole


@pytest.mark.parametrize("command", ["ingest {}", "ingest {} --dry-run", "collect {} copy"])
def test_ctrl_c_ends_at_once_while_an_answer_stands_still(aws: Aws, tmp_path: Path, command: str) -> None:
    aws.put(key("2024/03/01"), "one")
    arguments = [*command.format(f"s3://{aws.name}").split(), "--endpoint-url", aws.url]
    process = subprocess.Popen([*PROGRAM, *arguments], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def fault(_method: str, path: str) -> str | None:
        if "03%2F01" not in path and not path.endswith(".json.gz"):
            return None
        process.send_signal(signal.SIGINT)
        return "stall"

    aws.proxy.fault = fault
    try:
        told = process.communicate(timeout=25)[1].decode()  # a body may stand still for thirty seconds
    finally:
        process.kill()
    assert (process.returncode, told.strip().split(";")[0]) == (130, "stopped")


def test_of_two_ingests_into_one_lake_the_second_is_refused_and_the_first_goes_on(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one")
    write_log(tmp_path / "logs/a.json", [record(eventID="two")])
    second: list[Said] = []

    def meanwhile(_method: str, path: str) -> None:
        if path.endswith(".json.gz") and not second:
            second.append(run(tmp_path, "ingest", "logs"))

    aws.proxy.fault = meanwhile
    assert "loaded 1 " in ingest_bucket(aws, tmp_path).out
    assert second == [Said(2, "", "lake: another ingest is writing to this lake; wait until it is done\n")]
    assert "loaded 1 " in run(tmp_path, "ingest", "logs").out


def test_a_question_says_when_an_ingest_has_not_come_to_its_end(tmp_path: Path) -> None:
    write_log(tmp_path / "logs/a.json", [record(eventID="one")])
    ingest([tmp_path / "logs"], tmp_path / "lake")
    assert run(tmp_path, "sql", "SELECT 1 AS n").err == ""
    (tmp_path / "lake/cache/progress.json").write_text('{"loaded": 120, "listed": 5000}')
    assert run(tmp_path, "sql", "SELECT 1 AS n") == Said(
        0,
        "n\n1\n",
        "not all is loaded: an ingest, under way or stopped, has loaded 120 of 5,000 listed files, newest day first;"
        " run it again if it was stopped\n",
    )


def test_other_commands_do_not_wait_for_the_import_of_boto3() -> None:
    seen = "import sys, trailquery.cli.ingest, trailquery.cli.questions, trailquery.cli.evidence; print('boto3' in sys.modules)"
    assert subprocess.run([PROGRAM[0], "-c", seen], capture_output=True, text=True, check=True).stdout == "False\n"


def test_an_mfa_code_without_a_terminal_is_told_in_one_line(aws: Aws, tmp_path: Path) -> None:
    words = [
        "ingest",
        f"s3://{aws.name}",
        "--endpoint-url",
        aws.url,
        "--role-arn",
        ROLE,
        "--mfa-serial",
        "arn:aws:iam::111122223333:mfa/alice",
    ]
    said = subprocess.run(
        [*PROGRAM, *words],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        start_new_session=True,
    )
    told = "--mfa-serial: its code is asked for on a terminal, and there is none; sign in before, and leave it out\n"
    assert (said.returncode, said.stdout, said.stderr) == (2, "", told)
