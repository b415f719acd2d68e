"""A long file is read in pieces as it would be read whole, in memory that does not grow with it."""

import gzip
import os
import re
import subprocess
import sys
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes import SHAPES, delivery, record

from trailquery import pieces
from trailquery.containers import Contents, read_contents
from trailquery.inflate import GZIP_MAGIC
from trailquery.pieces import read_pieces

RECORDS = [record(f"event-{number}", requestParameters={"items": [{"key": "}" * number}]}) for number in range(60)]
shapes = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)


@pytest.fixture(autouse=True, scope="module")
def _small_parts() -> Generator[None]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("trailquery.inflate._PART_BYTES", 500)
        yield


def in_pieces(data: bytes) -> tuple[list[Contents], Contents]:
    """The pieces of `data`, and all of them as one."""
    read = list(read_pieces(data, 300, 500))
    last = read[-1]
    records = [raw for piece in read for raw in piece.records]
    positions = [place for piece in read for place in piece.positions]
    rejects = [reject for piece in read for reject in piece.rejects]
    joined = Contents(last.kind, records, positions, rejects, last.inflated_sha256, last.inflated_bytes, last.problem)
    return read, joined


def held(contents: Contents) -> list[tuple[int, bytes]]:
    return [(place, bytes(raw)) for place, raw in zip(contents.positions, contents.records, strict=True)]


@shapes
@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_pieces_hold_what_the_whole_holds(
    shape: Callable[[list[bytes]], bytes], pack: Callable[[bytes], bytes]
) -> None:
    data = shape(RECORDS)
    data = data if data[:2] == GZIP_MAGIC else pack(data)
    _, read = in_pieces(data)
    whole = read_contents(data)
    assert held(read) == held(whole)
    assert (read.kind, read.rejects, read.problem) == (whole.kind, [], None)
    assert (read.inflated_sha256, read.inflated_bytes) == (whole.inflated_sha256, whole.inflated_bytes)


@pytest.mark.parametrize("name", ["delivered", "bare array", "one a line", "lookup-events", "CSV of Splunk"])
def test_no_piece_is_much_longer_than_asked_for(name: str) -> None:
    read, _ = in_pieces(SHAPES[name](RECORDS))
    assert len(read) > 10
    assert max(sum(map(len, piece.records)) for piece in read) < 1_200


@settings(max_examples=150, deadline=None)
@given(data=st.data(), name=st.sampled_from(["delivered", "bare array", "one a line", "other keys beside"]))
def test_a_changed_byte_or_a_cut_costs_no_other_record(data: st.DataObject, name: str) -> None:
    text = bytearray(SHAPES[name](RECORDS))
    at = data.draw(st.integers(0, len(text) - 1))
    if data.draw(st.booleans()):
        del text[at:]
    else:
        text[at] = data.draw(st.integers(0, 255))
    _, read = in_pieces(bytes(text))
    whole = {bytes(raw) for raw in read_contents(bytes(text)).records}
    assert whole - {bytes(raw) for raw in read.records} == set()
    assert read.positions == sorted(set(read.positions))
    assert not set(read.positions) & {reject.position for reject in read.rejects}


def test_a_piece_of_a_csv_begins_with_its_first_cell_though_that_is_empty() -> None:
    cells = [raw.decode().replace('"', '""') for raw in RECORDS]
    _, read = in_pieces(b"source,@message\n" + "".join(f',"{cell}"\n' for cell in cells).encode())
    assert [bytes(raw) for raw in read.records] == RECORDS
    assert (read.rejects, read.problem) == ([], None)


def test_records_behind_the_list_are_read_and_told() -> None:
    hidden = record("hidden")
    _, read = in_pieces(delivery(*RECORDS)[:-1] + b',"Records":[' + hidden + b"]}")
    assert [bytes(raw) for raw in read.records] == [*RECORDS, hidden]
    assert read.problem == 'records stand outside the list "Records"; they were read as well'


def test_a_long_gzip_that_is_cut_keeps_what_inflates_and_says_where_it_ends() -> None:
    data = gzip.compress(delivery(*RECORDS), mtime=0)[:-40]
    _, read = in_pieces(data)
    assert held(read) == held(read_contents(data))
    assert read.problem == f"gzip ends early at byte {len(data)} of {len(data)}"


def test_text_without_records_is_given_up_after_some_pieces() -> None:
    read, joined = in_pieces(delivery(*RECORDS[:20])[:-2] + b"\0" * 100_000)
    assert [bytes(raw) for raw in joined.records] == RECORDS[:20]
    assert len(read) < 60
    assert (joined.problem or "").endswith("bytes of its text was not read")


def test_a_bomb_of_records_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "MAX_TEXT_BYTES", 5_000)
    _, read = in_pieces(gzip.compress(delivery(*RECORDS)))
    assert [bytes(raw) for raw in read.records] == RECORDS[: len(read.records)]
    assert 20 < len(read.records) < len(RECORDS)
    told = r"the gzip inflates to more than 5000 bytes; what follows the first 5\d\d\d bytes of its text was not read"
    assert re.fullmatch(told, read.problem or "")
    assert read.rejects[-1] == (len(read.records) + len(read.rejects) - 1, b"", read.problem)


def test_a_long_file_is_ingested_in_the_memory_that_any_ingest_takes(tmp_path: Path) -> None:
    log = tmp_path / "long.json.gz"
    with gzip.open(log, "wb", 1) as out:
        for number in range(26_000):
            start = b"," if number else b'{"Records":['
            name = f"{number:05}" * 10_000
            out.write(start + record(f"event-{number}", requestParameters={"name": name}))
        out.write(b"]}")
    command = [sys.executable, "-m", "trailquery", "ingest", log, "--lake", tmp_path / "lake"]
    with (tmp_path / "said").open("w") as said:
        _, status, usage = os.wait4(subprocess.Popen(command, stdout=said).pid, 0)
    assert status == 0
    assert (tmp_path / "said").read_text().startswith("read 26,000 = loaded 26,000 + ")
    assert usage.ru_maxrss < 1_500_000_000 / 1024  # read whole, its 1.3 GB of text take 2.3
