"""The rows and cells of CSV; what comes of them, whole and in pieces, is in test_exports and test_pieces."""

import pytest

from trailquery.cells import end_of_rows, record_cells

OBJECT = b'"{""a"":1}"'


def test_the_cells_of_records_come_in_the_order_in_which_they_count_and_the_row_as_it_stands():
    text = b'message,x,"_raw"\r\nsaid,"a\n,b",' + OBJECT + b"\r\n\r\n" + OBJECT + b",,\n"
    rows = [(b'said,"a\n,b",' + OBJECT, [b'{"a":1}', b"said"]), (OBJECT + b",,", [b"", b'{"a":1}'])]
    assert list(record_cells(text) or ()) == rows


@pytest.mark.parametrize(
    "text",
    [b"", b"_raw", b'_raw\n"text"\n', b"x,y\n" + OBJECT, b'_raw,"x\n' + OBJECT, b'{"_raw":1}\n' + OBJECT, b"raw_raw\n" + OBJECT],
)  # fmt: skip
def test_what_is_no_csv_with_a_column_of_records_has_no_rows(text):
    assert record_cells(text) is None


@pytest.mark.parametrize(
    ("text", "end"),
    [(b"", 0), (b"a,b", 0), (b"a\nb", 2), (b'a\n"x\n', 2), (b'"x\n"\ny,"', 5), (b'"a""\n"\n', 7), (b"\n\na", 2)],
)
def test_rows_end_at_the_last_line_end_that_no_quote_holds(text, end):
    assert end_of_rows(text) == end
