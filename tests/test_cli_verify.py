"""`trailquery verify` as it is typed."""

import gzip
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from trails import BUCKET, HOUR, START, Object, Trail, packed

from trailquery.simulate.keys import SigningKey


def run(*arguments: str | Path, lake: Path | None = None) -> "subprocess.CompletedProcess[str]":
    command = [
        sys.executable,
        "-m",
        "trailquery",
        "verify",
        *map(str, arguments),
        *(["--lake", str(lake)] if lake else []),
    ]
    environment = {"PATH": "/usr/bin", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nowhere"}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_a_sound_copy_ends_with_0_and_a_line_a_chain(tmp_path: Path):
    copy = Trail().write(tmp_path / "copy")
    done = run(copy)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "trail   account       region     verdict  since                 until                 digests  logs",
        "------  ------------  ---------  -------  --------------------  --------------------  -------  ---------",
        "events  111122223333  us-east-1  whole    2024-03-01T10:00:00Z  2024-03-01T16:00:00Z  6        12 intact",
        "",
        "12 logs: 12 intact; 6 digests: 6 intact; 1 chain: 1 whole. Nothing is wrong.",
    ]


def test_what_is_wrong_is_named_the_gravest_first_and_ends_with_4(tmp_path: Path):
    trail = Trail()
    trail.delete(trail.log_files[0])
    trail.objects[trail.log_files[5]] = Object(packed(b"{}"))
    copy = trail.write(tmp_path / "copy")
    done = run(copy, "--limit", "1")
    assert done.returncode == 4
    lines = done.stdout.splitlines()
    (named,) = (line for line in lines if str(copy) in line)
    assert named.startswith("missing  log   2024-03-01T11:00:00Z")
    assert "... 1 more (--limit 0)" in lines
    assert (
        lines[-1]
        == "12 logs: 10 intact, 1 changed, 1 missing; 6 digests: 6 intact; 1 chain: 1 whole. Not everything is proven."
    )


def test_a_copy_of_a_trail_that_was_off_is_sound_and_says_so(tmp_path: Path):
    trail = Trail(hours=2)
    trail.restart(3 * HOUR)
    done = run(trail.write(tmp_path / "copy"))
    summary = "8 logs: 8 intact; 4 digests: 4 intact; 1 chain: 1 gap. Nothing is wrong, but logging was off at times."
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, summary)


def test_json_tells_of_every_file_and_chain(tmp_path: Path):
    trail = Trail(hours=2)
    said = json.loads(run(trail.write(tmp_path / "copy"), "--format", "json").stdout)
    assert said["sound"] is True
    assert {file["place"].removeprefix(f"{tmp_path}/copy/") for file in said["files"]} == {
        *trail.digests,
        *trail.log_files,
    }
    assert {file["hour"] for file in said["files"]} == {"2024-03-01T11:00:00Z", "2024-03-01T12:00:00Z"}
    (chain,) = said["chains"]
    assert (chain["trail"], chain["account_id"], chain["region"], chain["verdict"]) == (
        "events",
        trail.account,
        "us-east-1",
        "whole",
    )


def test_keys_of_a_file_take_the_place_of_those_of_the_copy(tmp_path: Path):
    copy, keys = Trail(hours=2).write(tmp_path / "copy"), tmp_path / "keys.json"
    keys.write_text(json.dumps(SigningKey(2).listing(START, START + HOUR)))
    done = run(copy, "--keys", keys)
    why = f"public key not found: none of the keys at hand has the fingerprint {SigningKey(1).fingerprint}"
    assert (done.returncode, sum(line.endswith(why) for line in done.stdout.splitlines())) == (4, 7)


def test_without_keys_and_without_aws_the_reason_is_told(tmp_path: Path):
    copy = Trail(hours=2).write(tmp_path / "copy")
    (copy / "public-keys.json").unlink()
    done = run(copy)
    assert (done.returncode, done.stdout.splitlines()[-1], done.stderr) == (
        4,
        "4 logs: 4 unverifiable; 2 digests: 2 unverifiable; 1 chain: 1 unsigned. Not everything is proven.",
        "cloudtrail:ListPublicKeys in us-east-1: Unable to locate credentials; or name a file of keys with --keys\n",
    )


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--trail", "other"], "--trail other: no digest of this trail; those are events"),
        (["--since", "soon"], "--since 'soon': no time"),
        (["--since", "1d", "--until", "2d"], "--since 1d: not before --until 2d; swap them"),
        (["--keys", "none.json"], "none.json: No such file"),
        (["--sha256", "00"], "copy is no bundle; leave it out"),
    ],
)
def test_what_cannot_be_meant_is_refused(arguments: list[str], told: str, tmp_path: Path):
    done = run(Trail(hours=1).write(tmp_path / "copy"), *arguments)
    assert (done.returncode, told in done.stderr) == (2, True)


def test_where_nothing_lies_in_the_time_asked_for_nothing_is_said_to_be_right(tmp_path: Path):
    done = run(Trail().write(tmp_path / "copy"), "--since", "2030-01-01")
    assert (done.returncode, done.stdout) == (0, "Nothing lies in this time, so that nothing is proven.\n")


def test_an_archive_that_is_cut_and_a_file_that_cannot_be_read_are_named(tmp_path: Path):
    copy = Trail().write(tmp_path / "copy")
    archive = Path(shutil.make_archive(str(copy / "more"), "zip", copy))
    archive.write_bytes(archive.read_bytes()[:-100])
    done = run(copy)
    assert done.returncode == 4
    assert f"{archive}  zip archive is damaged: File is not a zip file" in done.stdout
    assert "13 logs: 12 intact, 1 unverifiable; 6 digests: 6 intact" in done.stdout


def test_what_was_changed_since_it_was_collected_says_so(tmp_path: Path):
    trail = Trail()
    copy = trail.write(tmp_path / "copy")
    changed, compressed_anew = copy / trail.log_files[1], copy / trail.log_files[2]
    changed.write_bytes(packed(b"{}"))
    compressed_anew.write_bytes(gzip.compress(gzip.decompress(compressed_anew.read_bytes()), 1))
    said = json.loads(run(copy, "--format", "json").stdout)
    remarked = {
        file["place"]: file["verdict"]
        for file in said["files"]
        if file["reason"].endswith("; its bytes are not those that were collected")
    }
    assert remarked == {str(changed): "changed", str(compressed_anew): "intact"}


def test_a_source_without_evidence_is_refused(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("none")
    done = run(tmp_path)
    assert (done.returncode, done.stderr) == (2, f"{tmp_path}: holds no log files and no digests of a trail\n")
    done = run(lake=tmp_path / "lake")
    assert (done.returncode, "no lake here" in done.stderr) == (2, True)


def test_hostile_names_come_out_harmless(tmp_path: Path):
    trail = Trail(hours=1)
    trail.objects[trail.log_files[0].replace("0000000000", "\x1b[2J\u202e")] = Object(packed(b"{}"))
    done = run(trail.write(tmp_path / "copy"))
    assert done.returncode == 4
    assert "\x1b" not in done.stdout
    assert "\u202e" not in done.stdout
    assert "\\x1b[2J\\u202e" in done.stdout


def test_a_lake_is_verified_where_no_source_is_named(tmp_path: Path):
    from trailquery.ingest import ingest

    trail = Trail(hours=2)
    ingest([trail.write(tmp_path / "copy")], tmp_path / "lake")
    done = run(lake=tmp_path / "lake")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "lake" / "evidence" / "verdicts.parquet").is_file()
    assert BUCKET not in done.stdout


def test_a_lake_keeps_the_keys_of_a_file(tmp_path: Path):
    from trailquery.ingest import ingest

    copy, keys = Trail(hours=2).write(tmp_path / "copy"), tmp_path / "keys.json"
    (copy / "public-keys.json").rename(keys)
    ingest([copy], tmp_path / "lake")
    assert run("--keys", keys, lake=tmp_path / "lake").returncode == 0
    keys.unlink()
    again = run(lake=tmp_path / "lake")
    assert (again.returncode, again.stderr) == (0, "")
