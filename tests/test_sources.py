"""Where log files lie: folders, archives, standard input."""

import bz2
import gzip
import io
import lzma
import os
import socket
import struct
import sys
import tarfile
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest

from trailquery.errors import UsageError
from trailquery.sources import LeftAlone, LogFile, Unread, log_files

LOG = b'{"Records":[]}'
NO_LOG = "no log file by its name or its first bytes"
NO_FILE = "a pipe, socket or device, not a file"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty current folder, so that places are as short as they are given."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(place, data=LOG):
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def found(*sources):
    return list(log_files(sources))


def read(place, data=LOG):
    return LogFile(place, data, None)


def tar_of(mode, **members):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return packed.getvalue()


def zip_of(**members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return packed.getvalue()


# --- folders


def test_a_folder_is_read_to_its_depth_sorted_by_place(here):
    for place in ("logs/b/c.json", "logs/b-a.json", "logs/b.json", "logs/a/z.json.gz", "logs/a/b/y.jsonl"):
        write(place)
    places = [file.place for file in found("logs/")]
    assert places == sorted(places)
    assert found("logs") == [read(place) for place in places]
    assert len(places) == 5


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b"text"),
        ("a.JSON.GZ", b""),
        ("a.ndjson", b"x"),
        ("a.log.gz", b"x"),
        ("packed", gzip.compress(LOG, mtime=0)),
        ("object", b"\xef\xbb\xbf\r\n  {}"),
        ("list.txt", b"[]"),
        ("texts.txt", b'"{\\"eventVersion\\"'),
        ("powershell.txt", "{}".encode("utf-16")),
        ("export.csv", b'x,_raw\n1,"{""eventVersion""'),
        ("000000", b'2026-11-20T02:11:09.000Z {"eventVersion"'),
    ],
)
def test_a_log_file_is_told_by_its_name_or_its_first_bytes(here, name, data):
    write(f"logs/{name}", data)
    assert found("logs") == [read(f"logs/{name}", data)]


def test_an_archive_that_is_not_opened_is_left_alone_with_what_to_do(here):
    write("logs/a.7z", b"7z\xbc\xaf\x27\x1c\0\4")
    write("logs/b.json", b"Rar!\x1a\x07\1\0")
    seven, rar = (
        LeftAlone("logs/a.7z", "a 7z archive is not opened; unpack it first"),
        LeftAlone("logs/b.json", "a rar archive is not opened; unpack it first"),
    )
    assert (found("logs"), found("logs/a.7z")) == ([seven, rar], [seven])


def test_what_is_no_log_is_named_and_left_alone_unless_it_is_named_as_a_source(here):
    write("logs/LICENSE", b"Apache License")
    write("logs/labels.csv", b"class,event\n")
    write("logs/._a.json", b"\0\x05\x16\x07\0\2\0\0Mac OS X")
    assert found("logs") == [LeftAlone(f"logs/{name}", NO_LOG) for name in ("._a.json", "LICENSE", "labels.csv")]
    assert found("logs/labels.csv") == [read("logs/labels.csv", b"class,event\n")]


def test_links_are_not_followed_and_say_where_they_lead(here):
    write("outside/secret.json")
    write("logs/a/real.json")
    write("logs/d/e/f.json")
    for link, target in {
        "logs/a/up": "..",
        "logs/d/e/up": "../../d",
        "logs/loop": "loop",
        "logs/nowhere": "missing.json",
        "logs/out.json": "../outside/secret.json",
        "logs/outside": "../outside",
        "logs/same.json": "a/real.json",
        "logs/whole": "../logs",
    }.items():
        Path(link).symlink_to(target)
    assert found("logs") == [
        read("logs/a/real.json"),
        LeftAlone("logs/a/up", "a link that loops back to a folder above it"),
        read("logs/d/e/f.json"),
        LeftAlone("logs/d/e/up", "a link that loops back to a folder above it"),
        LeftAlone("logs/loop", "a link that leads nowhere or to itself"),
        LeftAlone("logs/nowhere", "a link that leads nowhere or to itself"),
        LeftAlone("logs/out.json", "a link that leads out of the source"),
        LeftAlone("logs/outside", "a link that leads out of the source"),
        LeftAlone("logs/same.json", "a link; its target is read where it lies"),
        LeftAlone("logs/whole", "a link that loops back to a folder above it"),
    ]


def test_a_source_that_is_a_link_is_followed(here):
    write("logs/a.json")
    Path("link").symlink_to("logs")
    assert found("link") == [read("link/a.json")]


def test_pipes_sockets_and_devices_are_never_opened(here):
    write("logs/a.json")
    os.mkfifo("logs/pipe.json")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("logs/socket.json")
    assert found("logs") == [
        read("logs/a.json"),
        LeftAlone("logs/pipe.json", NO_FILE),
        LeftAlone("logs/socket.json", NO_FILE),
    ]


def test_a_file_that_vanishes_after_it_was_listed_is_unread_and_the_rest_goes_on(here):
    for name in ("a", "b", "c"):
        write(f"logs/{name}.json")
    files = log_files(["logs"])
    first = next(files)
    Path("logs/b.json").unlink()
    assert [first, *files] == [
        read("logs/a.json"),
        Unread("logs/b.json", "cannot be read: No such file or directory"),
        read("logs/c.json"),
    ]


def test_a_named_file_that_vanishes_is_unread(here):
    write("a.json")
    files = log_files(["a.json"])
    Path("a.json").unlink()
    assert list(files) == [Unread("a.json", "cannot be read: No such file or directory")]


def test_a_name_that_is_not_utf8_keeps_its_bytes_as_escapes(here):
    Path("logs").mkdir()
    Path(os.fsdecode(b"logs/caf\xe9.json")).write_bytes(LOG)
    assert found("logs") == [read("logs/caf\\udce9.json")]


# --- archives

ARCHIVES = {
    "evidence.zip": lambda **members: zip_of(**members),
    "evidence.tar": lambda **members: tar_of("w", **members),
    "evidence.tar.gz": lambda **members: tar_of("w:gz", **members),
    "evidence.tgz": lambda **members: tar_of("w:gz", **members),
    "evidence.tar.bz2": lambda **members: tar_of("w:bz2", **members),
    "evidence.tar.xz": lambda **members: tar_of("w:xz", **members),
    "no_ending": lambda **members: tar_of("w:gz", **members),
}
MEMBERS = {"AWSLogs/a.json.gz": gzip.compress(LOG, mtime=0), "AWSLogs/b.json": LOG, "README": b"read me"}


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("source", ["logs", "logs/{name}"])
def test_an_archive_is_opened_wherever_it_lies_and_its_other_members_are_named(here, name, source):
    write(f"logs/{name}", ARCHIVES[name](**MEMBERS))
    assert found(source.format(name=name)) == [
        read(f"logs/{name}!AWSLogs/a.json.gz", MEMBERS["AWSLogs/a.json.gz"]),
        read(f"logs/{name}!AWSLogs/b.json"),
        LeftAlone(f"logs/{name}!README", NO_LOG),
    ]


PACKED = {
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zst": lambda data: pa.compress(data, codec="zstd", asbytes=True),
    "gz": lambda data: gzip.compress(gzip.compress(data, mtime=0), mtime=0),
}


@pytest.mark.parametrize("ending", PACKED)
@pytest.mark.parametrize("source", ["logs", "logs/{name}"])
def test_a_log_file_that_was_packed_again_is_read_and_damage_is_told(here, ending, source):
    name = f"x.json.{ending}"
    packed, inner = PACKED[ending](LOG), gzip.compress(LOG, mtime=0) if ending == "gz" else LOG
    write(f"logs/{name}", packed)
    assert found(source.format(name=name)) == [read(f"logs/{name}!x.json", inner)]
    write(f"logs/{name}", packed[:-10])
    (damaged,) = found(source.format(name=name))
    assert (damaged.place, damaged.data, damaged.problem[:18]) == (f"logs/{name}!x.json", None, "member is damaged:")


def test_what_was_packed_and_is_no_log_is_left_alone(here):
    write("logs/photo.bz2", bz2.compress(b"\x89PNG"))
    assert found("logs") == [LeftAlone("logs/photo.bz2!photo", NO_LOG)]


def test_an_archive_writes_nothing_whatever_its_members_are_called(here):
    names = {"../../escaped.json": LOG, "/absolute.json": LOG}
    write("a.zip", zip_of(**names))
    write("a.tar", tar_of("w", **names))
    assert found("a.tar") == [read("a.tar!../../escaped.json"), read("a.tar!/absolute.json")]
    assert found("a.zip") == [read("a.zip!../../escaped.json"), read("a.zip!/absolute.json")]
    assert sorted(path.name for path in here.rglob("*")) == ["a.tar", "a.zip"]


def test_an_archive_within_an_archive_is_opened_but_not_without_end(here):
    inner = zip_of(**{"x.json": LOG})
    for _ in range(3):
        inner = zip_of(**{"in.zip": inner})
    write("a.zip", zip_of(**{"in.tgz": tar_of("w:gz", **{"x.json": LOG})}))
    write("deep.zip", inner)
    assert found("a.zip") == [read("a.zip!in.tgz!x.json")]
    problem = "an archive 3 archives deep is not opened"
    assert found("deep.zip") == [LogFile("deep.zip!in.zip!in.zip!in.zip", None, problem)]


def test_a_link_in_a_tar_is_left_alone(here):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        link = tarfile.TarInfo("link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    write("a.tar", packed.getvalue())
    assert found("a.tar") == [LeftAlone("a.tar!link.json", "a link or device, not a file")]


def test_an_encrypted_member_is_a_problem_and_the_others_are_read(here):
    packed = bytearray(zip_of(**{"a.json": LOG, "b.json": LOG}))
    entry = packed.index(b"PK\x01\x02")
    packed[entry + 8] |= 1  # the encryption flag of the first entry of the directory
    write("a.zip", bytes(packed))
    problem = "member is encrypted; unpack it with its password first"
    assert found("a.zip") == [LogFile("a.zip!a.json", None, problem), read("a.zip!b.json")]


def test_a_damaged_member_is_a_problem_and_the_others_are_read(here):
    packed = bytearray(zip_of(**{"a.json": LOG * 9, "b.json": LOG}))
    packed[40:44] = b"\xff\xff\xff\xff"
    write("a.zip", bytes(packed))
    damaged, sound = found("a.zip")
    assert (damaged.place, damaged.data, sound) == ("a.zip!a.json", None, read("a.zip!b.json"))
    assert damaged.problem.startswith("member is damaged: ")


def test_a_member_without_a_name_is_read(here):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive, archive.open(zipfile.ZipInfo(""), "w") as member:
        member.write(LOG)
    write("a.zip", packed.getvalue())
    assert found("a.zip") == [read("a.zip!")]


def test_a_truncated_zip_is_a_problem_and_other_files_are_read(here):
    write("logs/a.zip", zip_of(**{"a.json": LOG})[:-30])
    write("logs/b.json")
    assert found("logs") == [
        LogFile("logs/a.zip", None, "zip archive is damaged: File is not a zip file"),
        read("logs/b.json"),
    ]


@pytest.mark.parametrize("cut", [1600, 1536, 1400, 1024, 800])
def test_a_truncated_tar_yields_what_is_whole_and_says_that_it_ends_early(here, cut):
    write("a.tar", tar_of("w", **{"a.json": LOG, "b.json": LOG})[:cut])
    whole = [read("a.tar!a.json"), read("a.tar!b.json")][: 2 if cut >= 1550 else 1]
    *members, last = found("a.tar")
    assert members == whole
    assert (last.place, last.data, "tar archive" in last.problem) == ("a.tar", None, True)


def test_a_truncated_tar_gz_is_a_problem(here):
    write("a.tgz", tar_of("w:gz", **{"a.json": LOG, "b.json": os.urandom(9000)})[:-4000])
    first, last = found("a.tgz")
    assert first == read("a.tgz!a.json")
    assert last.problem.startswith("tar archive is damaged: Compressed file ended before")


def test_a_damaged_header_does_not_pass_for_the_end_of_a_tar(here):
    packed = bytearray(tar_of("w", **{"a.json": LOG, "b.json": LOG}))
    packed[1024 + 148] ^= 0xFF  # in the checksum of the second header
    write("a.tar", bytes(packed))
    problem = "tar archive ends early or is damaged at byte 1024, unpacked"
    assert found("a.tar") == [read("a.tar!a.json"), LogFile("a.tar", None, problem)]


def of_size(header, size):
    """A tar header that says another size, below 0 in the form of GNU."""
    packed = bytearray(header)
    packed[124:136] = (256**12 + size).to_bytes(12, "big")
    packed[148:156] = b" " * 8
    packed[148:156] = b"%06o\0 " % sum(packed)
    return bytes(packed)


@pytest.mark.parametrize("size", [-512, -1024, -1536])
def test_a_tar_whose_members_lead_back_to_others_is_read_once(here, size):
    header = tarfile.TarInfo("a.json").tobuf(tarfile.GNU_FORMAT)
    write("a.tar", header * 3 + of_size(header, size) + bytes(1024))
    told = "what follows byte 1536, unpacked, is said to lie before it"
    members = [read("a.tar!a.json", b"")] * 3
    assert found("a.tar") == [*members, LogFile("a.tar", None, f"tar archive is damaged: {told}")]


def test_a_tar_with_a_tower_of_headers_is_damaged(here):
    header = tarfile.TarInfo("a.json")
    header.pax_headers = {"comment": "x"}
    tower = header.tobuf(tarfile.PAX_FORMAT)[:1024] * 3000
    write("a.tar.gz", gzip.compress(tower + bytes(1024)))
    (told,) = found("a.tar.gz")
    assert told.problem.startswith("tar archive is damaged: maximum recursion depth exceeded")


def test_a_zip_that_says_that_a_member_lies_beyond_all_files_is_damaged(here):
    beyond = zipfile.ZipInfo("a.json")
    beyond.extra = struct.pack("<HHQQQ", 1, 24, 2**63, 2**63, 2**64 - 1)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(beyond, LOG)
    data = bytearray(packed.getvalue())
    at = data.rindex(b"PK\1\2")  # in the directory, its sizes and where it lies: see the extra field
    data[at + 20 : at + 28], data[at + 42 : at + 46] = b"\xff" * 8, b"\xff" * 4
    write("a.zip", zip_of(**{"b.zip": bytes(data)}))
    (told,) = found("a.zip")
    assert (told.place, told.data) == ("a.zip!b.zip!a.json", None)
    assert told.problem.startswith("member is damaged: ")


# --- standard input and what is not there


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (LOG, read("-")),
        (b"text", read("-", b"text")),
        (gzip.compress(LOG, mtime=0), read("-", gzip.compress(LOG, mtime=0))),
        (zip_of(**{"a.json": LOG}), read("-!a.json")),
        (tar_of("w:gz", **{"a.json": LOG}), read("-!a.json")),
    ],
)
def test_standard_input_may_be_a_log_or_an_archive(monkeypatch, data, expected):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    assert found("-") == [expected]


def test_a_pipe_named_as_a_source_is_read(here):
    read_end, write_end = os.pipe()
    os.write(write_end, LOG)
    os.close(write_end)
    assert found(f"/dev/fd/{read_end}") == [read(f"/dev/fd/{read_end}")]
    os.close(read_end)


def test_a_missing_source_is_refused_before_anything_is_read_with_what_comes_close(here):
    write("evidence/a.json")
    with pytest.raises(UsageError, match=r"^evidnce: there is no such file or folder; did you mean '.*/evidence'\?$"):
        log_files(["evidence", "evidnce"])
    with pytest.raises(UsageError, match=r"^x/y: there is no such file or folder; the nearest folder is '.*'\.$"):
        log_files(["x/y"])
    for bucket in ("S3://bucket", "https://bucket.s3.amazonaws.com/AWSLogs", "arn:aws:s3:::bucket"):
        with pytest.raises(UsageError, match=f"^{bucket}: .*; write a bucket as s3://BUCKET/PREFIX$"):
            log_files([bucket])
