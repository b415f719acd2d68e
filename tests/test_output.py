"""Rows as each format writes them, to the byte and as they come."""

import io
import json
import re
from collections.abc import Iterator
from decimal import Decimal

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trailquery.errors import UsageError
from trailquery.output import FORMATS, Written, write

HOSTILE = [
    "=HYPERLINK(1)",
    "\x1b]0;title\x07\x1b[2J",
    "<script>alert(1)</script>",
    "user\u202egpj.exe",
    "[x](javascript:alert(1)) `|` @root",
    "NUL\0 and\r\nnewline",
]


def written(format: str, rows: pa.Table, limit: int = 0, width: int = 0) -> str:  # noqa: A002
    stream = io.BytesIO()
    write(rows.to_reader(), format, stream, limit=limit, width=width)
    return stream.getvalue().decode()


# ---- each format, whole


ROWS = pa.table(
    {
        "event_time": pa.array([1_795_140_669_000_000, 1_795_140_820_500_000], pa.timestamp("us")),
        "actor": ["ci-deploy", None],
        "bytes_out": pa.array([7, 12345]),
        "from_console_session": [True, None],
    }
)


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        (
            "table",
            "event_time              actor      bytes_out  from_console_session\n"
            "----------------------  ---------  ---------  --------------------\n"
            "2026-11-20T02:11:09Z    ci-deploy          7  true\n"
            "2026-11-20T02:13:40.5Z  -              12345  -\n",
        ),
        (
            "line",
            "event_time:           2026-11-20T02:11:09Z\n"
            "actor:                ci-deploy\n"
            "bytes_out:            7\n"
            "from_console_session: true\n"
            "\n"
            "event_time:           2026-11-20T02:13:40.5Z\n"
            "actor:                -\n"
            "bytes_out:            12345\n"
            "from_console_session: -\n",
        ),
        (
            "csv",
            "event_time,actor,bytes_out,from_console_session\n"
            "2026-11-20T02:11:09Z,ci-deploy,7,true\n"
            "2026-11-20T02:13:40.5Z,,12345,\n",
        ),
        (
            "json",
            "[\n"
            '{"event_time":"2026-11-20T02:11:09Z","actor":"ci-deploy","bytes_out":7,"from_console_session":true},\n'
            '{"event_time":"2026-11-20T02:13:40.5Z","actor":null,"bytes_out":12345,"from_console_session":null}\n'
            "]\n",
        ),
        (
            "jsonl",
            '{"event_time":"2026-11-20T02:11:09Z","actor":"ci-deploy","bytes_out":7,"from_console_session":true}\n'
            '{"event_time":"2026-11-20T02:13:40.5Z","actor":null,"bytes_out":12345,"from_console_session":null}\n',
        ),
        (
            "markdown",
            "| `event_time` | actor | `bytes_out` | `from_console_session` |\n"
            "| --- | --- | ---: | --- |\n"
            "| `2026-11-20T02:11:09Z` | `ci-deploy` | 7 | true |\n"
            "| `2026-11-20T02:13:40.5Z` |  | 12345 |  |\n",
        ),
    ],
)
def test_the_same_rows_read_as_expected_in_every_format(format: str, expected: str) -> None:  # noqa: A002
    assert written(format, ROWS) == expected


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        ("table", "id  n\n--  -\n"),
        ("line", ""),
        ("csv", "id,n\n"),
        ("json", "[]\n"),
        ("jsonl", ""),
        ("markdown", "| id | n |\n| --- | ---: |\n"),
    ],
)
def test_no_rows_are_still_well_formed(format: str, expected: str) -> None:  # noqa: A002
    assert written(format, pa.table({"id": pa.array([], pa.string()), "n": pa.array([], pa.int8())})) == expected


def test_parquet_keeps_every_value_and_type() -> None:
    rows = pa.table(
        {
            "text": [*HOSTILE, None],
            "time": pa.array([0, 1, None, -1, 2, 3, 4], pa.timestamp("us", "Europe/Berlin")),
            "resources": pa.array(
                [[{"arn": "a"}], [], None, [], [], [], []], pa.list_(pa.struct({"arn": pa.string()}))
            ),
            "big": pa.array([Decimal(10**37)] * 7, pa.decimal128(38, 0)),
        }
    )
    stream = io.BytesIO()
    assert write(rows.to_reader(), "parquet", stream) == Written(7, 0)
    assert pq.read_table(stream).equals(rows)
    assert pq.ParquetFile(stream).metadata.row_group(0).column(0).compression == "ZSTD"


def test_parquet_refuses_an_interval_by_name_before_it_writes_a_byte() -> None:
    stream = io.BytesIO()
    rows = pa.table({"gap": pa.array([(1, 2, 3)], pa.month_day_nano_interval())})
    with pytest.raises(UsageError, match=r"^parquet: .*month_day_nano_interval; cast that column to VARCHAR\.$"):
        write(rows.to_reader(), "parquet", stream)
    assert stream.getvalue() == b""


# ---- values


def test_every_duckdb_type_has_a_sensible_text_and_json_keeps_it_exact() -> None:
    row = r"""
        SELECT
            170141183460469231731687303715884105727::hugeint AS huge, 18446744073709551615::ubigint AS ubig,
            1.50::decimal(10, 2) AS dec, 1e-10::decimal(20, 10) AS tiny, 'nan'::double AS nan,
            '-inf'::double AS inf, INTERVAL '14 months 1 day 3.5 seconds' AS gap,
            INTERVAL '-2 days' AS back, 'a\x00b'::blob AS bytes,
            DATE '2026-11-20' AS day, TIME '24:00:00' AS midnight, 'x'::ENUM ('x', 'y') AS kind,
            TIMESTAMP_NS '2026-11-20 00:00:00.123456789' AS nanos, 'infinity'::timestamp AS never,
            [1, NULL] AS list, [1, 2]::int[2] AS pair, {'at': [TIMESTAMP '2026-11-20'], '%s': 'é"'} AS struct,
            map {'iam': 3, 'sts': NULL} AS counts, map {1: 'x'} AS by_number, union_value(num := 2) AS either,
            NULL AS nothing
    """
    rows = duckdb.sql(row).to_arrow_table()
    assert written("line", rows) == (
        "huge:      170141183460469231731687303715884105727\n"
        "ubig:      18446744073709551615\n"
        "dec:       1.50\n"
        "tiny:      0.0000000001\n"
        "nan:       nan\n"
        "inf:       -inf\n"
        "gap:       14 months 1 day 00:00:03.5\n"
        "back:      -2 days\n"
        "bytes:     \\x610062\n"
        "day:       2026-11-20\n"
        "midnight:  24:00:00\n"
        "kind:      x\n"
        "nanos:     2026-11-20T00:00:00.123456789Z\n"
        "never:     after year 9999\n"
        "list:      [1,null]\n"
        "pair:      [1,2]\n"
        'struct:    {"at":["2026-11-20T00:00:00Z"],"%s":"é\\""}\n'
        'counts:    {"iam":3,"sts":null}\n'
        'by_number: {"1":"x"}\n'
        "either:    2\n"
        "nothing:   -\n"
    )
    assert written("jsonl", rows) == (
        '{"huge":170141183460469231731687303715884105727,"ubig":18446744073709551615,"dec":1.50,'
        '"tiny":0.0000000001,"nan":null,"inf":null,"gap":"14 months 1 day 00:00:03.5","back":"-2 days",'
        '"bytes":"\\\\x610062","day":"2026-11-20","midnight":"24:00:00","kind":"x",'
        '"nanos":"2026-11-20T00:00:00.123456789Z","never":"after year 9999","list":[1,null],"pair":[1,2],'
        '"struct":{"at":["2026-11-20T00:00:00Z"],"%s":"é\\""},"counts":{"iam":3,"sts":null},'
        '"by_number":{"1":"x"},"either":2,"nothing":null}\n'
    )


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        ("UTC", "2026-07-01T02:11:09Z"),
        ("Europe/Berlin", "2026-07-01T04:11:09+02:00"),
        ("America/New_York", "2026-06-30T22:11:09-04:00"),
        ("+05:30", "2026-07-01T07:41:09+05:30"),
        (None, "2026-07-01T02:11:09Z"),
    ],
)
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_a_time_is_printed_in_the_zone_of_its_column(unit: str, zone: str | None, expected: str) -> None:
    seconds = pa.array([1_782_871_869], pa.timestamp("s", zone))
    assert written("csv", pa.table({"t": seconds.cast(pa.timestamp(unit, zone))})) == f"t\n{expected}\n"


def test_a_slice_of_nested_rows_shows_its_own_values() -> None:
    lists = pa.array([[1], None, [2, 3], []], pa.list_(pa.int8()))
    counts = pa.array([[("a", 1)], [("b", 2)], None, [("c", 3), ("d", 4)]], pa.map_(pa.string(), pa.int8()))
    rows = pa.table({"lists": lists, "counts": counts}).slice(1)
    assert [json.loads(line) for line in written("jsonl", rows).splitlines()] == [
        {"lists": None, "counts": {"b": 2}},
        {"lists": [2, 3], "counts": None},
        {"lists": [], "counts": {"c": 3, "d": 4}},
    ]


def test_columns_of_one_name_stay_apart_in_json() -> None:
    rows = pa.table([["a"], ["b"], ["c"]], names=["x", "x", "x_1"])
    assert json.loads(written("jsonl", rows)) == {"x": "a", "x_1": "b", "x_1_1": "c"}


# ---- the terminal


def test_columns_line_up_under_wide_and_combining_characters() -> None:
    rows = pa.table({"actor": ["日本", "e\u0301va", "ключ"], "n": pa.array([1, 22, 333])})
    assert written("table", rows) == ("actor    n\n-----  ---\n日本     1\ne\u0301va     22\nключ   333\n")


def test_an_arn_is_never_shortened_and_a_wide_row_runs_over() -> None:
    arn = "arn:aws:sts::111122223333:assumed-role/" + "a" * 300
    rows = pa.table({"actor_arn": [arn, arn]})
    assert written("table", rows, width=80) == f"actor_arn\n{'-' * len(arn)}\n{arn}\n{arn}\n"


def test_a_single_row_comes_as_lines_only_when_it_is_wider_than_the_terminal() -> None:
    row = pa.table({"event_id": ["abcdef"], "n": pa.array([1])})
    table = "event_id  n\n--------  -\nabcdef    1\n"
    assert [written("table", row, width=width) for width in (0, 11, 10)] == [
        table,
        table,
        "event_id: abcdef\nn:        1\n",
    ]


def test_blank_text_is_told_from_null_and_leaves_no_blank_line() -> None:
    rows = pa.table({"user_agent": ["", "  ", None]})
    assert written("table", rows) == 'user_agent\n----------\n""\n"  "\n-\n'
    assert written("csv", rows) == 'user_agent\n""\n  \n""\n'
    assert written("csv", rows.append_column("n", pa.array([1, 2, None]))) == 'user_agent,n\n"",1\n  ,2\n,\n'


# ---- limit and streaming


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("limit", range(9))
def test_rows_shown_and_rows_held_back_add_up(format: str, limit: int) -> None:  # noqa: A002
    batches = [
        pa.record_batch({"id": [f"e{n}" for n in ids]}, pa.schema({"id": pa.string()}))
        for ids in ([0, 1, 2], [], [3, 4, 5, 6])
    ]
    stream = io.BytesIO()
    reader = pa.RecordBatchReader.from_batches(batches[0].schema, batches)
    shown = min(limit, 7) if limit else 7
    assert write(reader, format, stream, limit=limit) == Written(shown, 7 - shown)
    if format == "parquet":
        assert pq.read_table(stream).to_pydict() == {"id": [f"e{n}" for n in range(shown)]}
    else:
        assert re.findall(r"e\d", stream.getvalue().decode()) == [f"e{n}" for n in range(shown)]


def test_a_batch_larger_than_a_slice_is_written_whole_and_in_order() -> None:
    rows = pa.table({"n": pa.array(range(20_001))})
    assert written("csv", rows) == "n\n" + "".join(f"{n}\n" for n in range(20_001))


class Listener(io.BytesIO):
    """A stream that notes, at each write, which batches had been asked for."""

    asked = 0

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[tuple[int, bytes]] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        for self.asked in (1, 2, 3):
            yield pa.record_batch({"n": [self.asked]})

    def write(self, data: bytes) -> int:
        self.heard.append((self.asked, data))
        return len(data)

    def flush(self) -> None:
        self.heard.append((self.asked, b"flushed"))


@pytest.mark.parametrize(
    ("format", "heard"),
    [
        ("csv", [(0, b"n\n"), (1, b"1\n"), (2, b"2\n"), (3, b"3\n")]),
        ("jsonl", [(1, b'{"n":1}\n'), (2, b'{"n":2}\n'), (3, b'{"n":3}\n')]),
        ("json", [(1, b'[\n{"n":1}'), (2, b',\n{"n":2}'), (3, b',\n{"n":3}'), (3, b"\n]\n")]),
        ("line", [(1, b"n: 1\n"), (2, b"\nn: 2\n"), (3, b"\nn: 3\n")]),
    ],
)
def test_a_batch_is_written_before_the_next_is_asked_for(format: str, heard: list[tuple[int, bytes]]) -> None:  # noqa: A002
    stream = Listener()
    write(pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), stream.batches()), format, stream)
    assert stream.heard == [*heard, (3, b"flushed")]


def test_a_parquet_row_group_is_written_before_the_next_batch_is_asked_for() -> None:
    stream = Listener()
    write(pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), stream.batches()), "parquet", stream)
    assert {asked for asked, _ in stream.heard} == {0, 1, 2, 3}


def test_the_shown_rows_are_out_before_the_rest_is_counted() -> None:
    stream = Listener()
    reader = pa.RecordBatchReader.from_batches(pa.schema({"n": pa.int64()}), stream.batches())
    assert write(reader, "table", stream, limit=1) == Written(1, 2)
    assert stream.heard == [(1, b"n\n-\n1\n"), (1, b"flushed")]
