import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal
from html.parser import HTMLParser

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailquery.errors import UsageError
from trailquery.output import FORMATS, Written, printable, to_html, write

TEXT_FORMATS = [name for name in FORMATS if name != "parquet"]

HOSTILE = [
    "=HYPERLINK(1)",
    "\x1b]0;title\x07\x1b[2J",
    "<script>alert(1)</script>",
    "user\u202egpj.exe",
    "[x](javascript:alert(1)) `|` @root",
    "NUL\0 and\r\nnewline",
]

# Short texts, with the characters that some format could trip over far more often than by chance.
texts = st.one_of(
    st.text(max_size=8),
    st.text(
        alphabet="\\x1bnu2029\n\x1b\u2029\xad`|*_<>&[]()#~!:@ '\",;=+-\t\r\0\x85\u200d\U000e0041$",
        max_size=12,
    ),
)


def written(format: str, rows: pa.Table, limit: int = 0, width: int = 0) -> str:  # noqa: A002
    stream = io.BytesIO()
    write(rows.to_reader(), format, stream, limit=limit, width=width)
    return stream.getvalue().decode()


def unsafe(text: str) -> set[str]:
    """The characters that must not reach a terminal, by what Unicode says of them."""
    joiners = {"\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u061c", "\ufeff", "\xad"}
    bidi = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return {
        char
        for char in text
        if unicodedata.category(char) in ("Cc", "Zl", "Zp", "Cs")
        or unicodedata.bidirectional(char) in bidi
        or char in joiners
    }


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31m", r"\x1b[31m"),
        ("a\r\n\tb", r"a\r\n\tb"),
        ("\0\x7f\x9b", r"\x00\x7f\x9b"),
        ("exe.\u202egpj", r"exe.\u202egpj"),
        ("ad\u200bmin\ufeff\u2028", r"ad\u200bmin\ufeff\u2028"),
        ("\U000e0041", r"\U000e0041"),
        ("\udc80.json", r"\udc80.json"),
        (r"CORP\alice C:\Users", r"CORP\alice C:\Users"),
        (r"\x1b \n \q \\", r"\\x1b \\n \q \\"),
        (r"\u202e \u20 \U000e0041 \x1", r"\\u202e \u20 \\U000e0041 \x1"),
        ("\\\n", r"\\\n"),
        ("Ärger 日本 🔑 العربية", "Ärger 日本 🔑 العربية"),
    ],
)
def test_printable_escapes_what_is_harmful_and_nothing_else(text: str, expected: str) -> None:
    assert printable(text) == expected


@given(texts)
def test_a_printable_text_can_be_read_back_so_no_two_texts_look_the_same(text: str) -> None:
    def read(found: re.Match[str]) -> str:
        slashes, escape = len(found[1]), found[2]
        decoded = f"\\{escape}".encode().decode("unicode_escape") if slashes % 2 else escape
        return "\\" * (slashes // 2) + decoded

    escapes = re.compile(r"(\\+)([nrt]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8})")
    assert escapes.sub(read, printable(text)) == text
    assert unsafe(printable(text)) == set()


# ---- hostile text


@pytest.mark.parametrize(
    ("format", "expected"),
    [
        (
            "csv",
            "user_agent,n\n"
            "'=HYPERLINK(1),-1\n"
            "\\u001b]0;title\\u0007\\u001b[2J,-1\n"
            "<script>alert(1)</script>,-1\n"
            "user\\u202egpj.exe,-1\n"
            "[x](javascript:alert(1)) `|` @root,-1\n"
            "NUL\\u0000 and\\r\\nnewline,-1\n",
        ),
        (
            "table",
            "user_agent                           n\n"
            "----------------------------------  --\n"
            "=HYPERLINK(1)                       -1\n"
            "\\x1b]0;title\\x07\\x1b[2J             -1\n"
            "<script>alert(1)</script>           -1\n"
            "user\\u202egpj.exe                   -1\n"
            "[x](javascript:alert(1)) `|` @root  -1\n"
            "NUL\\x00 and\\r\\nnewline              -1\n",
        ),
        (
            "jsonl",
            '{"user_agent":"=HYPERLINK(1)","n":-1}\n'
            '{"user_agent":"\\u001b]0;title\\u0007\\u001b[2J","n":-1}\n'
            '{"user_agent":"<script>alert(1)</script>","n":-1}\n'
            '{"user_agent":"user\\u202egpj.exe","n":-1}\n'
            '{"user_agent":"[x](javascript:alert(1)) `|` @root","n":-1}\n'
            '{"user_agent":"NUL\\u0000 and\\r\\nnewline","n":-1}\n',
        ),
        (
            "markdown",
            "| `user_agent` | n |\n"
            "| --- | ---: |\n"
            "| `=HYPERLINK(1)` | -1 |\n"
            "| `\\x1b]0;title\\x07\\x1b[2J` | -1 |\n"
            "| `<script>alert(1)</script>` | -1 |\n"
            "| `user\\u202egpj.exe` | -1 |\n"
            "| `` [x](javascript:alert(1)) ` ``&#124;`` ` @root `` | -1 |\n"
            "| `NUL\\x00 and\\r\\nnewline` | -1 |\n",
        ),
    ],
)
def test_hostile_cells_come_out_harmless(format: str, expected: str) -> None:  # noqa: A002
    assert written(format, pa.table({"user_agent": HOSTILE, "n": pa.array([-1] * len(HOSTILE))})) == expected


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        *((f"{start}1+1", f"'{start}1+1") for start in "=+-@\uff1d\uff0b\uff0d\uff20\u2212"),
        ("  =1+1", "'  =1+1"),
        ("\t=1+1", r"'\t=1+1"),
        ("\rcmd", r"'\rcmd"),
        ("\u3000@SUM(1)", "'\u3000@SUM(1)"),
        ('=1,"2"', '\'=1,"2"'),
        ("a=1", "a=1"),
        ("198.51.100.7", "198.51.100.7"),
        ('{"Sid": "a\\nb\\\\"}', '{"Sid": "a\\nb\\\\"}'),
    ],
)
def test_a_csv_cell_is_no_formula_and_else_the_text_itself(text: str, cell: str) -> None:
    rows = list(csv.reader(io.StringIO(written("csv", pa.table({text: [text]})))))
    assert rows == [[cell], [cell]]


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.lists(st.none() | texts, min_size=n, max_size=n), min_size=1)))
def test_csv_read_back_has_the_same_shape(rows: list[list[str | None]]) -> None:
    table = pa.table([pa.array(column, pa.string()) for column in zip(*rows, strict=True)], names=["c"] * len(rows[0]))
    read = list(csv.reader(io.StringIO(written("csv", table)), strict=True))
    assert [len(row) for row in read] == [len(rows[0])] * (1 + len(rows))


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "text": st.none() | texts,
                "whole": st.none() | st.integers(-(2**63), 2**63 - 1),
                "real": st.none() | st.floats(allow_nan=False, allow_infinity=False),
                "flag": st.none() | st.booleans(),
                "nested": st.none()
                | st.lists(st.none() | st.fixed_dictionaries({"arn": st.none() | texts}), max_size=3),
            }
        ),
        max_size=4,
    )
)
def test_json_and_jsonl_read_back_are_the_rows_exactly(rows: list[dict[str, object]]) -> None:
    nested = pa.list_(pa.struct({"arn": pa.string()}))
    types = {
        "text": pa.string(),
        "whole": pa.int64(),
        "real": pa.float64(),
        "flag": pa.bool_(),
        "nested": nested,
    }
    table = pa.Table.from_pylist(rows, schema=pa.schema(types))
    assert json.loads(written("json", table)) == rows
    assert [json.loads(line) for line in written("jsonl", table).split("\n")[:-1]] == rows


@pytest.mark.parametrize("format", TEXT_FORMATS)
@given(name=texts, values=st.lists(st.none() | texts, min_size=1, max_size=4))
def test_nothing_that_a_terminal_obeys_or_the_eye_cannot_see_gets_through(
    format: str,  # noqa: A002
    name: str,
    values: list[str | None],
) -> None:
    table = pa.table({name: pa.array(values, pa.string()), "nested": pa.array([[v] for v in values])})
    assert unsafe(written(format, table)) <= {"\n"}


@given(st.lists(texts, min_size=1, max_size=4))
def test_markdown_leaves_only_words_outside_code_spans_and_no_pipe_inside(values: list[str]) -> None:
    """Code spans are read as CommonMark does: a run of backticks ends at the next run of equal length."""
    span = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)")
    header, _, *lines = written("markdown", pa.table({"a": values, "b": values[::-1]})).split("\n")[:-1]
    assert header == "| a | b |"
    assert len(lines) == len(values)
    for line in lines:
        assert not any("|" in found[2] for found in span.finditer(line))
        outside = span.sub("", line).replace("&#124;", "")
        assert re.fullmatch(r"\| [A-Za-z0-9]* \| [A-Za-z0-9]* \|", outside)


def test_html_is_the_whole_table_and_nothing_else() -> None:
    rows = pa.table({"user<b>": ["<script>alert('$x$')</script>\x1b", None, "z"], "n": pa.array([1, 2, 3])})
    assert to_html(rows, limit=2) == (
        '<table class="tex2jax_ignore mathjax_ignore">\n'
        '<tr><th style="text-align:left;white-space:pre">user&lt;b&gt;</th><th style="text-align:right;white-space:pre">n</th></tr>\n'
        '<tr><td style="text-align:left;white-space:pre">&lt;script&gt;alert(&#x27;$x$&#x27;)&lt;/script&gt;\\x1b</td>'
        '<td style="text-align:right;white-space:pre">1</td></tr>\n'
        '<tr><td style="text-align:left;white-space:pre">-</td><td style="text-align:right;white-space:pre">2</td></tr>\n'
        "</table>\n"
        "<p>... 1 more</p>\n"
    )


@given(st.lists(texts.filter(str.strip), min_size=1, max_size=4))
def test_a_browser_reads_each_html_cell_as_the_printable_text(values: list[str]) -> None:
    class Cells(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.cells: list[str] = []
            self.tags: set[str] = set()

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.tags.add(tag)
            if tag in ("td", "th"):
                self.cells.append("")

        def handle_data(self, data: str) -> None:
            if self.cells and data != "\n":
                self.cells[-1] += data

    page = Cells()
    page.feed(to_html(pa.table({"a": values})))
    page.close()
    assert (page.cells, page.tags) == (["a", *map(printable, values)], {"table", "tr", "th", "td"})


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
