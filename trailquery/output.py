r"""Rows as text: what attackers wrote into the logs comes out readable and harmless.

The values:

    TIMESTAMP    2026-11-20T02:11:09Z, or with the offset of the column's zone: 2026-11-20T03:11:09+01:00;
                 a fraction only when it is not zero; a column without a zone is UTC
    DATE, TIME   2026-11-20, 02:11:09.5
    INTERVAL     14 months 3 days 02:11:09.5
    BLOB         \x and hex
    numbers      every digit, decimals as they are stored
    nested       compact JSON
    NULL         `-` in table, line and HTML, empty in csv and markdown, null in json and jsonl

No format lets a character through that a terminal obeys or that the eye cannot see (see `printable`):

    table, line      `printable`; text that would be blank stands in double quotes
    csv              JSON's escapes with backslashes as they are, so that one-line JSON in a cell stays JSON;
                     text that a spreadsheet would run as a formula gets a leading `'`
    json, jsonl      JSON's escapes, so that the value stays exact; NaN and infinity are null
    markdown, HTML   `printable`, then in a code span, or escaped
"""

# ruff: noqa: A002

import html
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from itertools import islice
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from trailquery import hidden
from trailquery.errors import UsageError

FORMATS = ("table", "line", "csv", "json", "jsonl", "parquet", "markdown")

# Controls, line separators, direction marks, and what has no width: soft hyphen, joiners, tags.
# All of it is non-printable to str.isprintable, which is the quick test.
_UNSAFE_CLASS = (
    r"\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    r"\ud800-\udfff\U000e0000-\U000e007f"
)
_UNSAFE = re.compile(f"[{_UNSAFE_CLASS}]")
_READS_AS_ESCAPE = re.compile(rf"\\+(?=[nrt{_UNSAFE_CLASS}]|x[0-9a-f]{{2}}|u[0-9a-f]{{4}}|U[0-9a-f]{{8}})")
# What spreadsheets take for the start of a formula, with the look-alikes that some of them fold to ASCII.
_FORMULA = re.compile("\\s*[\t\r=+\\-@\u2212\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000, "ns": 1_000_000_000}
_SLICE_ROWS = 8192
_encode_json = json.JSONEncoder(ensure_ascii=False).encode


class Written(NamedTuple):
    rows: int
    more: int  # rows held back by the limit


def write(reader: pa.RecordBatchReader, format: str, stream: BinaryIO, *, limit: int = 0, width: int = 0) -> Written:
    """Write at most `limit` rows (0: all) to `stream` as one of FORMATS, in UTF-8, and count the rest.

    `table` holds the rows it shows; every other format holds one batch. A table of one row that is wider
    than `width` terminal cells (0: any) comes as `line`. Raises UsageError when Parquet lacks a type.
    """
    head = _Head(hidden.rows(reader), limit)
    if format == "parquet":
        _write_parquet(head, stream)
    else:
        for text in _table(head, width) if format == "table" else _STREAMED[format](head):
            stream.write(text.encode())
    stream.flush()
    return Written(head.rows, head.held_back + sum(batch.num_rows for batch in reader))


def printable(text: str) -> str:
    r"""`text` as one line that is harmless on a terminal, with nothing in it that the eye cannot see.

    Controls, line separators, direction marks and characters without width become \n, \r, \t, \x1b,
    \u202e, \U000e0041; all else, in whatever script, is kept. Backslashes are kept too, but doubled where
    the text would otherwise read as one of these escapes, so that two texts never look the same.
    """
    if text.isprintable() and "\\" not in text:
        return text
    unambiguous = _READS_AS_ESCAPE.sub(lambda run: run[0] * 2, text)
    return _UNSAFE.sub(lambda char: char[0].encode("unicode_escape").decode(), unambiguous)


def to_html(table: pa.Table, *, limit: int = 100) -> str:
    """The first `limit` rows (0: all) as an HTML table that carries no script, link or formula of its own."""
    head = _Head(table.to_reader(), limit)
    aligns = ["right" if _is_number(field.type) else "left" for field in head.schema]

    def row(tag: str, cells: Sequence[str]) -> str:
        styled = (f"text-align:{align};white-space:pre" for align in aligns)
        drawn = (f'<{tag} style="{style}">{cell}</{tag}>' for style, cell in zip(styled, cells, strict=True))
        return f"<tr>{''.join(drawn)}</tr>\n"

    # The classes keep MathJax, which Jupyter runs over any HTML, from reading $...$ as a formula.
    parts = ['<table class="tex2jax_ignore mathjax_ignore">\n']
    parts.append(row("th", _names(head, _HTML)))
    for columns in _slices(head, _HTML):
        parts += [row("td", cells) for cells in zip(*columns, strict=True)]
    parts.append("</table>\n")
    if table.num_rows > head.rows:
        parts.append(f"<p>... {table.num_rows - head.rows:,} more</p>\n")
    return "".join(parts)


class _Head:
    """The first `limit` rows of `reader` (0: all) by batches; counts them, and the rest of the last batch."""

    def __init__(self, reader: pa.RecordBatchReader, limit: int) -> None:
        self.reader, self.limit, self.schema = reader, limit, reader.schema
        self.rows = self.held_back = 0

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        for batch in self.reader:
            shown = batch.slice(0, self.limit - self.rows) if self.limit else batch
            self.rows += shown.num_rows
            self.held_back += batch.num_rows - shown.num_rows
            yield shown
            if self.rows == self.limit != 0:
                return


def _write_parquet(head: _Head, stream: BinaryIO) -> None:
    """Exact values, zstd, a row group a batch."""
    try:
        writer = pq.ParquetWriter(stream, head.schema, compression="zstd")
    except pa.ArrowNotImplementedError as error:
        raise UsageError(f"parquet: {printable(str(error))}; cast that column to VARCHAR.") from error
    with writer:
        for batch in head:
            writer.write_batch(batch)


def _json_escaped(text: str) -> str:
    return text if text.isprintable() else _UNSAFE.sub(lambda char: json.dumps(char[0])[1:-1], text)


def _json_string(text: str) -> str:
    return _json_escaped(_encode_json(text))


def _quoted_if_blank(cell: str) -> str:
    return cell if cell.strip() else f'"{cell}"'


def _defused(text: str) -> str:
    """`text` for a spreadsheet: no control character, and no formula."""
    return f"'{_json_escaped(text)}" if _FORMULA.match(text) else _json_escaped(text)


def _csv_field(cell: str) -> str:
    return cell if cell and "," not in cell and '"' not in cell else '"' + cell.replace('"', '""') + '"'


def _code(cell: str) -> str:
    """`cell` in code spans, where no markup, HTML, link, mention or formula is seen; a plain word stays bare.

    A pipe ends a table's cell even there, and renderers differ on a backslash before it: so each pipe
    stands between two spans, as an entity.
    """
    if cell.isascii() and cell.isalnum():
        return cell
    return "&#124;".join(_code_span(part) if part else "" for part in cell.split("|"))


def _code_span(text: str) -> str:
    """One code span, fenced by more backticks than `text` has in a row (CommonMark 0.31, section 6.1)."""
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    pad = " " if text.strip(" ") and (text[0] in " `" or text[-1] in " `") else ""
    return f"{fence}{pad}{text}{pad}{fence}"


class _Style(NamedTuple):
    text: Callable[[str], str]  # makes harmless what comes from the logs
    cell: Callable[[str], str]  # then fits any value into the format
    number: Callable[[str], str]  # fits a number or boolean instead
    null: str


_TERMINAL = _Style(printable, _quoted_if_blank, str, "-")
_HTML = _Style(printable, lambda cell: html.escape(_quoted_if_blank(cell)), str, "-")
_CSV = _Style(_defused, _csv_field, str, "")
_MARKDOWN = _Style(printable, _code, str, "")
_JSON = _Style(str, _json_string, lambda text: "null" if text in ("nan", "inf", "-inf") else text, "null")


def _slices(head: _Head, style: _Style) -> Iterator[list[list[str]]]:
    """The cells of each column, a few thousand rows at a time."""
    for batch in head:
        for start in range(0, batch.num_rows, _SLICE_ROWS):
            yield [_cells(column, style) for column in batch.slice(start, _SLICE_ROWS).columns]


def _names(head: _Head, style: _Style) -> list[str]:
    return [style.cell(style.text(name)) for name in head.schema.names]


def _table(head: _Head, width: int) -> Iterator[str]:
    """Columns two spaces apart under a ruled header; a value is never cut, a wide row runs over."""
    columns = [[name] for name in _names(head, _TERMINAL)]
    for cells in _slices(head, _TERMINAL):
        for column, more in zip(columns, cells, strict=True):
            column += more
    fields = zip(columns, head.schema, strict=True)
    ruled = [_ruled(column, right=_is_number(field.type)) for column, field in fields]
    lines = ["  ".join(row).rstrip(" ") for row in zip(*ruled, strict=True)]
    if head.rows == 1 and 0 < width < len(lines[1]):
        yield _record(*map(list, zip(*columns, strict=True)))
    else:
        yield "\n".join(lines) + "\n"


def _ruled(column: list[str], *, right: bool) -> list[str]:
    """The name in `column`, a rule, and the cells below it, all of one width."""
    widths = list(map(_terminal_width, column))
    wide = max(widths)
    pads = (" " * (wide - cells) for cells in widths)
    name, *cells = (pad + cell if right else cell + pad for cell, pad in zip(column, pads, strict=True))
    return [name, "-" * wide, *cells]


def _line(head: _Head) -> Iterator[str]:
    """A line a value, a blank line between rows."""
    names = _names(head, _TERMINAL)
    before = ""
    for columns in _slices(head, _TERMINAL):
        yield before + "\n".join(_record(names, row) for row in zip(*columns, strict=True))
        before = "\n"


def _record(names: list[str], row: Sequence[str]) -> str:
    wide = max(map(_terminal_width, names))
    named = zip(names, row, strict=True)
    return "".join(f"{name}:{' ' * (wide - _terminal_width(name))} {cell}\n" for name, cell in named)


def _terminal_width(text: str) -> int:
    """The cells that `text` takes on a terminal (Unicode Annex 11: wide and full-width take two)."""
    if text.isascii():
        return len(text)
    marks = sum(unicodedata.category(char) in ("Mn", "Me") for char in text)
    return len(text) - marks + sum(unicodedata.east_asian_width(char) in "WF" for char in text)


def _csv(head: _Head) -> Iterator[str]:
    """RFC 4180 with newlines and a header. NULL is an empty field, but `""` when it is alone in its line."""
    yield ",".join(_names(head, _CSV)) + "\n"
    style = _CSV if len(head.schema) > 1 else _CSV._replace(null='""')
    for columns in _slices(head, style):
        yield "\n".join(map(",".join, zip(*columns, strict=True))) + "\n"


def _json(head: _Head) -> Iterator[str]:
    """One array, an object a line."""
    before = "[\n"
    for objects in _objects(head):
        yield before + ",\n".join(objects)
        before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def _jsonl(head: _Head) -> Iterator[str]:
    for objects in _objects(head):
        yield "\n".join(objects) + "\n"


def _objects(head: _Head) -> Iterator[list[str]]:
    template = _object_template(head.schema.names)
    for columns in _slices(head, _JSON):
        yield [template % values for values in zip(*columns, strict=True)]


def _object_template(names: list[str]) -> str:
    """A JSON object with %s for each value; a name that comes again is name_1, name_2, as DuckDB has it."""
    keys: list[str] = []
    for name in names:
        others = (f"{name}_{n}" for n in range(1, len(names) + 1))
        keys.append(name if name not in keys else next(other for other in others if other not in keys))
    return "{" + ",".join(_json_string(key).replace("%", "%%") + ":%s" for key in keys) + "}"


def _markdown(head: _Head) -> Iterator[str]:
    """A GitHub table."""
    rules = ["---:" if _is_number(field.type) else "---" for field in head.schema]
    yield f"| {' | '.join(_names(head, _MARKDOWN))} |\n| {' | '.join(rules)} |\n"
    for columns in _slices(head, _MARKDOWN):
        yield "".join(f"| {' | '.join(row)} |\n" for row in zip(*columns, strict=True))


_STREAMED = {"line": _line, "csv": _csv, "json": _json, "jsonl": _jsonl, "markdown": _markdown}


def _cells(column: pa.Array, style: _Style) -> list[str]:
    """The text of each value in `style`."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_nested(column.type):
        jsons = _nested_jsons(column)
        return jsons if style is _JSON else [style.null if j == "null" else style.cell(j) for j in jsons]
    bare = _is_number(column.type) or pa.types.is_boolean(column.type)
    fit = style.number if bare else style.cell
    # Values repeat, times and names above all: each different one is put into text once.
    column, text_of = _with_reader(column, style)
    coded = column.dictionary_encode()
    texts = [fit(text_of(value)) for value in coded.dictionary.to_pylist()]
    return [style.null if code is None else texts[code] for code in coded.indices.to_pylist()]


def _with_reader(column: pa.Array, style: _Style) -> tuple[pa.Array, Callable[[Any], str]]:
    """A column, times as counts of their unit, and the function from its values to text."""
    kind = column.type
    if kind in (pa.string(), pa.large_string(), pa.string_view()):
        return column, style.text
    if pa.types.is_date32(kind):
        return column.cast(pa.int32()), lambda days: _instant(days * 86_400, 1, UTC).partition("T")[0]
    if pa.types.is_timestamp(kind):
        zone = pa.scalar(0, pa.timestamp("s", kind.tz or "UTC")).as_py().tzinfo
        return column.cast(pa.int64()), lambda ticks: _instant(ticks, _PER_SECOND[kind.unit], zone)
    if pa.types.is_time64(kind):
        return column.cast(pa.int64()), lambda ticks: _clock(ticks, _PER_SECOND[kind.unit])
    return column, _text


def _text(value: object) -> str:
    if isinstance(value, pa.MonthDayNano):
        return _interval(value)
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _nested_jsons(column: pa.Array) -> list[str]:
    """Lists as arrays; structs and maps as objects; of a union the value that it holds."""
    kind = column.type
    if pa.types.is_union(kind):
        return [_cells(pa.repeat(scalar.value, 1), _JSON)[0] for scalar in column]
    if pa.types.is_struct(kind):
        template = _object_template([field.name for field in kind])
        rows = zip(*(_cells(field, _JSON) for field in column.flatten()), strict=True)
        nulls = column.is_null().to_pylist()
        return ["null" if null else template % row for null, row in zip(nulls, rows, strict=True)]
    if pa.types.is_map(kind):
        column = column.cast(pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)])))
        keys, values = (_cells(field, _JSON) for field in column.flatten().flatten())
        names = (key if key[0] == '"' else _json_string(key) for key in keys)
        entries, (left, right) = [f"{n}:{v}" for n, v in zip(names, values, strict=True)], "{}"
    else:
        entries, (left, right) = _cells(column.flatten(), _JSON), "[]"
    lengths, members = pc.list_value_length(column).to_pylist(), iter(entries)
    return ["null" if n is None else f"{left}{','.join(islice(members, n))}{right}" for n in lengths]


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind))


def _instant(ticks: int, per_second: int, zone: tzinfo) -> str:
    """ISO 8601 of a count since 1970-01-01T00:00:00Z; by its side what has no such year, such as infinity."""
    seconds, fraction = divmod(ticks, per_second)
    try:
        moment = (_EPOCH + timedelta(seconds=seconds)).astimezone(zone).isoformat()
    except OverflowError:
        return "after year 9999" if ticks > 0 else "before year 1"
    offset = "Z" if moment[19:] == "+00:00" else moment[19:]
    return moment[:19] + _fraction(fraction, per_second) + offset


def _clock(ticks: int, per_second: int) -> str:
    seconds, fraction = divmod(abs(ticks), per_second)
    minutes, second = divmod(seconds, 60)
    sign = "-" if ticks < 0 else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{second:02}{_fraction(fraction, per_second)}"


def _fraction(fraction: int, per_second: int) -> str:
    """The digits after the seconds, with their point; nothing when there are none."""
    return "." + str(per_second + fraction)[1:].rstrip("0") if fraction else ""


def _interval(interval: pa.MonthDayNano) -> str:
    units = ((interval.months, "month"), (interval.days, "day"))
    parts = [f"{count} {unit}{'' if abs(count) == 1 else 's'}" for count, unit in units if count]
    if interval.nanoseconds or not parts:
        parts.append(_clock(interval.nanoseconds, _PER_SECOND["ns"]))
    return " ".join(parts)
