"""Columns of Arrow as DuckDB declares them."""

from collections.abc import Iterable

import pyarrow as pa

from trailquery.events import TEXT, TIME

_SQL_TYPES = {
    TEXT: "VARCHAR",
    TIME: "TIMESTAMP",
    pa.bool_(): "BOOLEAN",
    pa.int16(): "SMALLINT",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.binary(): "BLOB",
    pa.date32(): "DATE",
}


def declared(fields: Iterable[pa.Field]) -> str:
    """Columns, or members of a STRUCT, as they stand in CREATE TABLE."""
    return ", ".join(f"{field.name} {sql_type(field.type)}" for field in fields)


def sql_type(kind: pa.DataType) -> str:
    """DuckDB's name for the type of a column of ours."""
    if pa.types.is_list(kind):
        return f"{sql_type(kind.value_type)}[]"
    if pa.types.is_struct(kind):
        return f"STRUCT({declared(kind)})"
    return _SQL_TYPES[kind]
