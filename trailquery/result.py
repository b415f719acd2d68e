"""The rows a query returns: shown as a table, converted to what the reader works with."""

from collections.abc import Callable, Iterable
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from trailquery.errors import UsageError
from trailquery.output import printable, to_html, write
from trailquery.verdicts import Met, id_columns

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

SHOWN_ROWS = 100


class Result:
    """Rows of one query. Times are aware, in the lake's zone. `reader()` streams; everything else holds all rows.

    `notes` say what the rows do not show, and `footer()` how far they can be trusted; both stand below the table.
    """

    def __init__(
        self,
        reader: pa.RecordBatchReader,
        zone: str,
        notes: tuple[str, ...] = (),
        below: Callable[[Met], Iterable[str]] = lambda _: (),
    ) -> None:
        self.notes = notes
        self._below = below
        self._footer: tuple[str, ...] | None = None
        self._id_columns = id_columns(reader.schema)
        self._met: list[pa.RecordBatch] = []  # what the footer needs of the rows, which may be streamed away
        self._reader = reader
        self._zone = zone
        self._table: pa.Table | None = None
        self._streamed = False

    def reader(self) -> pa.RecordBatchReader:
        """The rows as a stream that can be taken once, unless all rows are held already. Raises UsageError."""
        if self._table is not None:
            return self._table.to_reader()
        if self._streamed:
            raise UsageError("result: its rows were streamed away; run the query again, or take arrow() first")
        self._streamed = True
        schema = pa.schema([field.with_type(_aware(field.type, self._zone)) for field in self._reader.schema])
        aware = (pa.Table.from_batches([self._noted(batch)]).cast(schema) for batch in self._reader)
        return pa.RecordBatchReader.from_batches(schema, (batch for table in aware for batch in table.to_batches()))

    def arrow(self) -> pa.Table:
        if self._table is None:
            self._table = self.reader().read_all()
        return self._table

    def footer(self) -> tuple[str, ...]:
        """How sound the rows are, and what an empty answer stands on; of rows that are streamed, once they are read."""
        if self._footer is None:
            if not self._streamed:
                self.arrow()
            rows = sum(batch.num_rows for batch in self._met)
            ids = pa.Table.from_batches(self._met, pa.schema(map(self._reader.schema.field, self._id_columns)))
            self._footer = tuple(self._below(Met(rows, ids)))
        return self._footer

    def _noted(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        self._met.append(batch.select(self._id_columns))
        return batch

    def df(self) -> "pd.DataFrame":
        frame: pd.DataFrame = self.arrow().to_pandas()
        return frame

    def pl(self) -> "pl.DataFrame":
        """A Polars frame; polars is not installed with trailquery."""
        try:
            import polars as pl
        except ModuleNotFoundError:
            raise UsageError("result: polars is not installed; pip install polars, or take df() or arrow()") from None
        return pl.DataFrame(self.arrow())

    def rows(self) -> list[dict[str, Any]]:
        """One dict a row, values as Python objects."""
        rows: list[dict[str, Any]] = self.arrow().to_pylist()
        return rows

    def __len__(self) -> int:
        return int(self.arrow().num_rows)

    def __repr__(self) -> str:
        text = BytesIO()
        more = write(self.arrow().to_reader(), "table", text, limit=SHOWN_ROWS).more
        below = [f"... {more:,} more"] * bool(more) + [printable(note) for note in (*self.notes, *self.footer())]
        return text.getvalue().decode() + "".join(f"{line}\n" for line in below)

    def _repr_html_(self) -> str:
        notes = "".join(
            f'<p class="tex2jax_ignore mathjax_ignore">{escape(printable(note))}</p>\n'
            for note in (*self.notes, *self.footer())
        )
        return to_html(self.arrow(), limit=SHOWN_ROWS) + notes


def _aware(kind: pa.DataType, zone: str) -> pa.DataType:
    """`kind` with every naive timestamp in it, nested ones too, read as UTC and shown in `zone`.

    What is null alone is text: Arrow cannot cast lists of structs with a member of type null.
    """
    if pa.types.is_timestamp(kind):
        return pa.timestamp(kind.unit, tz=zone)
    if pa.types.is_null(kind):
        return pa.string()
    if pa.types.is_list(kind):
        return pa.list_(kind.value_field.with_type(_aware(kind.value_type, zone)))
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_aware(field.type, zone)) for field in kind])
    return kind
