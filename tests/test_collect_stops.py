"""A collection that is stopped, a copy that is damaged, a folder that is something else."""

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws import key
from collecting import Trail, bucket_to_collect, fetches, files_of, log_lines, sidecar  # noqa: F401  # a fixture

from trailquery.collect import collect
from trailquery.errors import MachineError, UsageError
from trailquery.sources import LogFile, log_files
from trailquery.sources.aws import Access
from trailquery.sources.folder import SIDECAR
from trailquery.sources.s3 import open_bucket


def stretched(trail: Trail) -> dict[str, bytes]:
    """Objects that take a while."""
    dice, made = random.Random(6), {}
    for number in range(120):
        name, body = key(f"2024/03/{number % 9 + 1:02}", number=number), dice.randbytes(30_000)
        trail.s3.put_object(Bucket=trail.name, Key=name, Body=body)
        made[name] = body
    return made


READY = "import trailquery.cli, trailquery.cli.collect, trailquery.collect; print('ready', flush=True); trailquery.cli.main()"


def started(trail: Trail, copy: Path) -> "subprocess.Popen[bytes]":
    """A collection just before its first step."""
    command = [sys.executable, "-c", READY, "collect", f"s3://{trail.name}", copy, "--endpoint-url", trail.url]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return process


def signal_after(trail: Trail, process: "subprocess.Popen[bytes]", objects: int, how: signal.Signals) -> None:
    """Send a signal when so many objects were asked for; then no more."""
    left = iter(range(objects))

    def fault(method: str, path: str) -> None:
        if path.endswith(".gz") and next(left, None) is None:
            process.send_signal(how)
            trail.proxy.fault = lambda method, path: None

    trail.proxy.fault = fault


def test_a_collection_that_is_killed_again_and_again_ends_as_one_that_is_not(trail: Trail, tmp_path: Path) -> None:
    made, copy, dice = stretched(trail), tmp_path / "copy", random.Random(7)
    killed, grown = 0, -1
    while True:
        process = started(trail, copy)
        signal_after(trail, process, dice.randint(25, 50), signal.SIGKILL)
        if process.wait(600) == 0:
            break
        killed += 1
        whole = files_of(copy) if copy.exists() else {}
        assert whole == {path: made[path] for path in whole}
        assert len(whole) >= grown
        grown = len(whole)
    assert (killed >= 3, files_of(copy)) == (True, made)
    assert not (copy / ".part").exists()
    logged = {line["key"]: line["sha256"] for line in log_lines(copy)}
    assert logged == {name: hashlib.sha256(body).hexdigest() for name, body in made.items()}
    assert all(sidecar(copy, name)["sha256"] == logged[name] for name in made)


def test_ctrl_c_is_noted_and_the_same_command_goes_on(trail: Trail, tmp_path: Path) -> None:
    made, copy = stretched(trail), tmp_path / "copy"
    process = started(trail, copy)
    signal_after(trail, process, 60, signal.SIGINT)
    assert process.wait(600) == 130
    (end,) = log_lines(copy, "end")
    assert (end["outcome"], end["copied"]) == ("stopped", len(log_lines(copy)))
    assert started(trail, copy).wait(600) == 0
    assert files_of(copy) == made


def test_what_a_kill_in_the_midst_of_a_file_leaves_is_no_log_to_anybody(
    trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trail.s3.put_object(Bucket=trail.name, Key=key("2024/03/01"), Body=b'{"Records":[' + b"1," * 9_000 + b"1]}")
    real = os.fdopen

    def cut(*args: Any) -> Any:
        file, writes = real(*args), iter(range(9))
        whole = file.write
        return _Cut(file, lambda data: whole(data) if next(writes) == 0 else (_ for _ in ()).throw(KeyboardInterrupt))

    monkeypatch.setattr("trailquery.collection.os.fdopen", cut)
    with pytest.raises(KeyboardInterrupt):
        trail.collect(tmp_path / "copy")
    assert (tmp_path / "copy/.part").stat().st_size == 18_015
    monkeypatch.undo()
    assert [found.place for found in log_files([tmp_path / "copy"]) if isinstance(found, LogFile)] == [
        f"{tmp_path}/copy/collection.jsonl"
    ]


class _Cut:
    def __init__(self, file: Any, write: Callable[[bytes], Any]) -> None:
        self.file, self.write, self.seek = file, write, file.seek

    def __enter__(self) -> "_Cut":
        return self

    def __exit__(self, *_: Any) -> None:
        self.file.close()


def test_a_file_of_another_size_is_fetched_again(trail: Trail, tmp_path: Path) -> None:
    trail.put(key("2024/03/01"), "one")
    trail.collect(tmp_path / "copy")
    file = tmp_path / "copy" / key("2024/03/01")
    whole = file.read_bytes()
    file.chmod(0o600)
    file.write_bytes(b"")  # as a machine that lost power may leave it
    assert trail.collect(tmp_path / "copy").copied == 1
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (whole, 0o400)


def test_a_check_finds_what_was_changed_and_fetches_it_again(trail: Trail, tmp_path: Path) -> None:
    there, gone, _ = (trail.put(key("2024/03/01", number=number), f"event-{number}") for number in range(3))
    trail.collect(tmp_path / "copy")
    whole = files_of(tmp_path / "copy")
    for name in (there, gone):
        file = tmp_path / "copy" / name
        file.chmod(0o600)
        file.write_bytes(whole[name][:-1] + b"!")
    trail.s3.delete_object(Bucket=trail.name, Key=gone)
    assert trail.collect(tmp_path / "copy").damaged == []
    collected = trail.collect(tmp_path / "copy", check=True)
    assert (collected.damaged, collected.copied, collected.held) == ([there, gone], 1, 1)
    assert [(one.place, one.reason) for one in collected.unread] == [
        (gone, "it was changed since it was collected, and was not fetched again")
    ]
    assert files_of(tmp_path / "copy")[there] == whole[there]
    damaged = [line for line in log_lines(tmp_path / "copy") if line["outcome"] == "damaged"]
    assert [(line["path"], line["expected_sha256"]) for line in damaged] == [
        (name, hashlib.sha256(whole[name]).hexdigest()) for name in (there, gone)
    ]


def test_a_sidecar_that_is_broken_is_written_again(trail: Trail, tmp_path: Path) -> None:
    trail.put(key("2024/03/01"), "one")
    trail.collect(tmp_path / "copy")
    told = sidecar(tmp_path / "copy", key("2024/03/01"))
    broken = tmp_path / "copy" / (key("2024/03/01") + SIDECAR)
    broken.chmod(0o600)
    broken.write_text('{"key": 1')
    assert trail.collect(tmp_path / "copy", check=True).damaged == [key("2024/03/01")]
    assert {**sidecar(tmp_path / "copy", key("2024/03/01")), "collected_at": 0} == {**told, "collected_at": 0}


@pytest.mark.parametrize("odd", [{"size": "3"}, {"etag": 5}, {"version_id": 5}, {"last_modified": 5}, {"sha256": []}])
def test_a_sidecar_that_somebody_wrote_is_written_again(odd: dict[str, Any], trail: Trail, tmp_path: Path) -> None:
    trail.put(key("2024/03/01"), "one")
    trail.collect(tmp_path / "copy")
    told = sidecar(tmp_path / "copy", key("2024/03/01"))
    odd_one = tmp_path / "copy" / (key("2024/03/01") + SIDECAR)
    odd_one.chmod(0o600)
    odd_one.write_text(json.dumps(told | odd))
    assert trail.collect(tmp_path / "copy").copied == 1
    assert {**sidecar(tmp_path / "copy", key("2024/03/01")), "collected_at": 0} == {**told, "collected_at": 0}


def test_a_copy_that_somebody_made_leads_nowhere_else_and_is_told_what_is_odd_in_it(
    trail: Trail, tmp_path: Path
) -> None:
    trail.put(key("2024/03/01"), "one")
    linked, outside = tmp_path / "linked", tmp_path / "outside"
    for folder in (linked, outside):
        folder.mkdir()
    (linked / "collection.jsonl").touch()
    (linked / key("2024/03/01").partition("/")[0]).symlink_to(outside)
    with pytest.raises(UsageError, match="is a link, as in no copy"):
        trail.collect(linked)
    assert list(outside.iterdir()) == []
    for number, first in enumerate(("[]", "5", "{}", "no JSON", "[" * 100_000)):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "collection.jsonl").write_text(f"{first}\n")
        with pytest.raises(UsageError, match="does not begin as the log of a collection"):
            trail.collect(tmp_path / f"{number}")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "collection.jsonl").touch()
    (tmp_path / "keys" / "public-keys.json").write_text('{"PublicKeyList": [5]}')
    with pytest.raises(UsageError, match="holds no PublicKeyList"):
        trail.collect(tmp_path / "keys")


def test_a_folder_that_is_something_else_is_refused(trail: Trail, tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own/notes.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="own: holds files that were not collected here; name an empty folder"):
        trail.collect(tmp_path / "own")
    with pytest.raises(UsageError, match="file: not a folder"):
        trail.collect(tmp_path / "file")
    trail.put(key("2024/03/01"), "one")
    trail.collect(tmp_path / "copy")
    other = boto3.client("s3", endpoint_url=trail.url)
    other.create_bucket(Bucket="another-bucket")
    with pytest.raises(UsageError, match=f"copy: is the copy of the bucket {trail.name}; name another folder"):
        collect(open_bucket("s3://another-bucket", Access(endpoint_url=trail.url)), tmp_path / "copy")


def test_of_two_collections_into_one_folder_the_second_is_refused(trail: Trail, tmp_path: Path) -> None:
    trail.put(key("2024/03/01"), "one")
    refused: list[UsageError] = []

    def fault(method: str, path: str) -> None:
        if path.endswith(".gz"):
            trail.proxy.fault = lambda method, path: None
            try:
                trail.collect(tmp_path / "copy")
            except UsageError as error:
                refused.append(error)

    trail.proxy.fault = fault
    assert trail.collect(tmp_path / "copy").copied == 1
    assert [str(error).partition(": ")[2].partition(";")[0] for error in refused] == [
        "another collection is writing to this folder"
    ]


def test_a_full_disk_is_told_in_one_line(trail: Trail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trail.put(key("2024/03/01"), "one")

    def full(*_: Any) -> Any:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("trailquery.collection.os.fdopen", full)
    with pytest.raises(MachineError, match="copy: No space left on device; make room there; what is copied stays"):
        trail.collect(tmp_path / "copy")
