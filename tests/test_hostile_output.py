"""Text that attackers wrote comes out harmless, and read back as it was."""

import csv
import io
import json
import re
import unicodedata
from html.parser import HTMLParser

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_output import HOSTILE, written

from trailquery.output import FORMATS, printable, to_html

TEXT_FORMATS = [name for name in FORMATS if name != "parquet"]

# Short texts, with the characters that some format could trip over far more often than by chance.
texts = st.one_of(
    st.text(max_size=8),
    st.text(
        alphabet="\\x1bnu2029\n\x1b\u2029\xad`|*_<>&[]()#~!:@ '\",;=+-\t\r\0\x85\u200d\U000e0041$",
        max_size=12,
    ),
)


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
