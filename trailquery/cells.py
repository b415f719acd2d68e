"""Text of comma-separated rows, as consoles save results -> the cells that may hold a record. Pure: no I/O.

Source of the names: CloudTrail Lake (eventJson), Splunk (_raw), LogScale (@rawstring), CloudWatch Logs Insights (@message),
Kibana and OpenSearch Dashboards (event.original, _source, message), Graylog (full_message), Loki (line), `lookup-events`
(CloudTrailEvent).
"""

import re
from collections.abc import Iterator

# Of several the first counts first.
_COLUMNS = (
    b"eventjson _raw @rawstring @message event.original cloudtrailevent _source message full_message line".split()
)
_QUOTED_OBJECT = re.compile(rb'"\s*+\{\s*+""')
_ROW = re.compile(rb'(?:[^"\n]++|"[^"]*+")*+(?:"[^\n]*+)?+\n?')  # an open quote ends with its line
_CELLS = {mark: re.compile(rb'(?:"((?:[^"]++|"")*+)"|([^"%b]*+))%b' % (mark, mark)) for mark in (b",", b";", b"\t")}


def record_cells(text: bytes) -> Iterator[tuple[bytes, list[bytes]]] | None:
    """Each row below the header, and its cells in _COLUMNS; None when `text` is no CSV of records."""
    header = text[: text.find(b"\n")].strip().lower()
    for mark in _CELLS if _QUOTED_OBJECT.search(text) else ():
        names = _cells(header, mark)
        if places := [names.index(name) for name in _COLUMNS if name in names]:
            return _rows(text, mark, places)
    return None


def end_of_rows(text: bytes) -> int:
    """Where the last whole row of `text` ends, of those that follow one another from its start."""
    end = 0
    for row in _ROW.finditer(text):
        if not row[0].endswith(b"\n") or row[0].count(b'"') % 2:
            break
        end = row.end()
    return end


def _rows(text: bytes, mark: bytes, places: list[int]) -> Iterator[tuple[bytes, list[bytes]]]:
    for match in _ROW.finditer(text, text.find(b"\n") + 1):
        row = match[0].rstrip(b"\r\n")
        if row:
            cells = _cells(row, mark)
            yield row, [cells[place] for place in places if place < len(cells)]


def _cells(row: bytes, mark: bytes) -> list[bytes]:
    """The cells of a row, unquoted; none when a quote in it is open or out of place."""
    cells, at, row = list[bytes](), 0, row + mark
    while at < len(row):
        cell = _CELLS[mark].match(row, at)
        if cell is None:
            return []
        cells.append(cell[2] if cell[1] is None else cell[1].replace(b'""', b'"'))
        at = cell.end()
    return cells
