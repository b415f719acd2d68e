"""What stands below the rows of an answer, whichever way they are taken."""

import pyarrow as pa
import pytest

from trailquery import Result
from trailquery.errors import UsageError
from trailquery.verdicts import Met

ROWS = pa.table({"event_id": ["one", "two", "three"], "integrity": ["intact"] * 3, "raw": ["{}"] * 3})


def result(table: pa.Table = ROWS) -> tuple[Result, list[Met]]:
    """A result of two batches, and what its footer is made of."""
    met: list[Met] = []

    def below(what: Met) -> list[str]:
        met.append(what)
        return [f"{what.rows} rows"]

    reader = pa.RecordBatchReader.from_batches(table.schema, table.to_batches(max_chunksize=2))
    return Result(reader, "UTC", notes=("a note",), below=below), met


def test_the_footer_knows_rows_that_were_streamed_away_and_those_that_are_held() -> None:
    streamed, of_streamed = result()
    assert sum(batch.num_rows for batch in streamed.reader()) == 3
    held, of_held = result()
    assert streamed.footer() == held.footer() == ("3 rows",)
    assert of_streamed[0].ids.to_pydict() == of_held[0].ids.to_pydict() == ROWS.drop_columns(["raw"]).to_pydict()


def test_the_footer_is_made_once_and_stands_below_the_notes() -> None:
    shown, met = result()
    assert repr(shown).splitlines()[-2:] == ["a note", "3 rows"]
    assert shown._repr_html_().index("a note") < shown._repr_html_().index("3 rows")
    assert len(met) == 1


def test_rows_without_ids_are_counted_and_columns_that_only_bear_the_names_are_no_ids() -> None:
    for table in (pa.table({"n": [1, 2, 3]}), pa.table({"event_id": [1, 2, 3]}), pa.table({"event_ids": ["a"] * 3})):
        counted, met = result(table)
        assert counted.footer() == ("3 rows",)
        assert met[0].ids.column_names == []
    lists, met = result(pa.table({"event_ids": [["a", "b"], [], None]}))
    assert lists.footer() == ("3 rows",)
    assert met[0].ids.to_pydict() == {"event_ids": [["a", "b"], [], None]}


def test_rows_that_were_streamed_away_are_not_read_again() -> None:
    streamed, _ = result()
    list(streamed.reader())
    with pytest.raises(UsageError, match="its rows were streamed away"):
        streamed.arrow()


def test_members_of_a_list_that_are_null_in_every_row_are_shown() -> None:
    rows = [{"accounts": [{"account_id": "111122223333", "name": None}, {"account_id": "444455556666", "name": None}]}]
    shown, _ = result(pa.Table.from_pylist(rows))
    assert shown.rows() == rows
