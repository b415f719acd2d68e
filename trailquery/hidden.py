"""Rows and notes with pseudonyms in the place of what is real, while a process uses any: what `output` writes goes through here."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from trailquery.errors import UsageError
from trailquery.pseudonyms import Pseudonyms

_in_use: Pseudonyms | None = None


def use(pseudonyms: Pseudonyms | None) -> None:
    """From now on everything that is written has these pseudonyms; None: what is real."""
    global _in_use  # a switch of the process, so that no output can pass it by
    _in_use = pseudonyms


def in_use() -> Pseudonyms | None:
    return _in_use


@contextmanager
def nothing() -> Iterator[None]:
    """Within it, what is real is written: a bundle is evidence."""
    before = _in_use
    use(None)
    try:
        yield
    finally:
        use(before)


def learn(values: Iterable[str | None]) -> None:
    """What these values are is a name, and is replaced from now on."""
    if _in_use:
        _in_use.learn(values)


def text(said: str) -> str:
    return _in_use.text(said) if _in_use else said


def rows(reader: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """The same columns and types. Raises UsageError for a type in which text cannot be replaced."""
    if _in_use is None:
        return reader
    for field in reader.schema:
        if _holds_text(field.type) and not _can_replace(field.type):
            raise UsageError(f"--pseudonyms: {text(field.name)} is of type {field.type}; cast it to VARCHAR")
    return pa.RecordBatchReader.from_batches(reader.schema, _replaced(reader))


def _replaced(reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    for batch in reader:
        columns = [_column(column) if _holds_text(column.type) else column for column in batch.columns]
        yield pa.RecordBatch.from_arrays(columns, schema=batch.schema)


def _column(column: pa.Array) -> pa.Array:
    if isinstance(column, pa.ExtensionArray):
        return pa.ExtensionArray.from_storage(column.type, _column(column.storage))
    if pa.types.is_nested(column.type):
        return pa.array([value(one) for one in column.to_pylist()], column.type)
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    different = pa.array([value(one) for one in coded.dictionary.to_pylist()], coded.dictionary.type)
    return different.take(coded.indices).cast(column.type)


def value(said: Any) -> Any:
    """Rows, lists and texts in it have pseudonyms; names of members stay."""
    if isinstance(said, str):
        return text(said)
    if isinstance(said, bytes):
        return text(said.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    if isinstance(said, dict):
        return {name: value(inner) for name, inner in said.items()}
    if isinstance(said, tuple) and type(said) is tuple:  # an entry of a map
        return tuple(map(value, said))
    return [value(inner) for inner in said] if isinstance(said, list) else said


def _holds_text(kind: pa.DataType) -> bool:
    if isinstance(kind, pa.ExtensionType):
        return _holds_text(kind.storage_type)
    if pa.types.is_dictionary(kind):
        return _holds_text(kind.value_type)
    if pa.types.is_nested(kind):
        return any(_holds_text(kind.field(number).type) for number in range(kind.num_fields))
    return any(is_text(kind) for is_text in _TEXTS)


def _can_replace(kind: pa.DataType) -> bool:
    if pa.types.is_nested(kind):
        inner = (kind.field(number).type for number in range(kind.num_fields))
        return not pa.types.is_union(kind) and all(map(_can_replace, inner))
    return True


_TEXTS = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view,
    pa.types.is_binary, pa.types.is_large_binary, pa.types.is_binary_view,
)  # fmt: skip
