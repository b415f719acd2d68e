"""Lists of keys to read instead of listing a bucket: an S3 Inventory, or one key or URL a line.

Source: Amazon S3 User Guide, "Locating your inventory list": the manifest names the columns and the files. Files in csv have
no header, and their keys are URL-encoded; in Parquet and ORC the columns are named as in csv, but last_modified_date.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from urllib.parse import unquote_plus

import msgspec
import pyarrow as pa
from pyarrow import compute, dataset

from trailquery.errors import UsageError
from trailquery.inflate import GZIP_MAGIC
from trailquery.sources.archive import left_alone
from trailquery.sources.found import LeftAlone, ObjectVersion
from trailquery.sources.s3 import Object

Columns = list[str]
Row = dict[str, str]  # column, in small letters without _, to value

_CURRENT = ["bucket", "key", "size", "lastmodifieddate", "etag"]  # in the order in which S3 writes them
_VERSIONS = ["bucket", "key", "versionid", "islatest", "isdeletemarker", *_CURRENT[2:]]
_TABLES = {b"PAR1": "parquet", b"ORC": "orc"}  # how a file of them begins
_SIZE = re.compile(r"[0-9]{1,15}")
_ETAG = re.compile(r"[0-9a-f]{32}(?:-[0-9]+)?")
_PRINTED = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +\d+ (?=.)")  # before a key, by `aws s3 ls --recursive`


class _File(msgspec.Struct):
    key: str


class _Manifest(msgspec.Struct, rename="camel"):
    file_schema: str
    files: list[_File]


def read_keys(path: Path, bucket: str) -> tuple[Object | LeftAlone, ...]:
    """The objects that a list names in `bucket`, each once, and the delete markers.

    A list is a manifest.json of S3 Inventory, with its files beside it or in ../data; one such file; lines of a key or
    s3://bucket/key; or keys as the AWS CLI prints them. Raises UsageError for a list that cannot be read or names other
    buckets alone.
    """
    rows = _rows(path, bucket)
    first = next(rows, None)
    if first is None:
        return ()
    named = tuple(dict.fromkeys(_object(row) for row in chain([first], rows) if row.get("bucket") == bucket))
    if not named:
        raise UsageError(f"--keys {path}: names no key of the bucket {bucket}; the first it names is {first}")
    return named


def _rows(path: Path, bucket: str, columns: Columns | None = None) -> Iterator[Row]:
    """What a file names; `columns` are those of a csv that has no header."""
    try:
        data = path.read_bytes()
        form = next((form for start, form in _TABLES.items() if data.startswith(start)), None)
        if form:
            yield from _rows_of_table(path, form)
            return
        text = (gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, pa.ArrowException) as error:
        raise UsageError(f"--keys {path}: {error}; write one key a line in UTF-8, or take an S3 Inventory") from None
    if text.startswith("{") and not columns:
        yield from _inventory(path, text, bucket)
    elif text.startswith("[") and not columns and (keys := _json_list(text)):
        yield from ({"bucket": bucket, "key": key} for key in keys)
    else:
        for line in re.split("\r?[\n\t]|\r$", text):  # a key may hold other ends of lines
            if line.strip():
                yield _row(line, bucket, columns)


def _rows_of_table(path: Path, form: str) -> Iterator[Row]:
    rows = dataset.dataset(path, format=form)
    wanted = {name: plain for name in rows.schema.names if (plain := _plain(name)) in _VERSIONS}
    for batch in rows.to_batches(columns=list(wanted)):
        texts = [compute.fill_null(column.cast(pa.string()), "").to_pylist() for column in batch.columns]
        yield from (dict(zip(wanted.values(), row, strict=True)) for row in zip(*texts, strict=True))


def _plain(column: str) -> str:
    return column.strip().replace("_", "").lower()


def _json_list(text: str) -> list[str] | None:
    """What `aws s3api list-objects-v2 --query 'Contents[].Key'` prints."""
    try:
        return msgspec.json.decode(text, type=list[str])
    except msgspec.MsgspecError:
        return None


def _inventory(path: Path, text: str, bucket: str) -> Iterator[Row]:
    """The rows of the files that a manifest names."""
    try:
        manifest = msgspec.json.decode(text, type=_Manifest)
    except msgspec.MsgspecError as error:
        raise UsageError(f"--keys {path}: no manifest of S3 Inventory: {error}; write one key a line") from None
    for file in manifest.files:
        name = file.key.rpartition("/")[2]
        near = (path.parent / name, path.absolute().parent.parent / "data" / name)
        found = next((place for place in near if place.is_file()), None)
        if found is None:
            raise UsageError(
                f"--keys {path}: names {file.key}, which is neither beside it nor in ../data; copy it there"
            )
        yield from _rows(found, bucket, list(map(_plain, manifest.file_schema.split(","))))


def _row(line: str, bucket: str, columns: Columns | None) -> Row:
    """What a line names; without `columns` it may be a row of an inventory, a URL or a key, in quotes or not."""
    if columns or line.startswith(('"', f"{bucket},")):
        values = next(csv.reader([line]))
        if columns or len(values) > 1:
            row = dict(zip(columns or _columns_of(values), values, strict=False))
            return row | {"key": unquote_plus(row.get("key", ""))}
        line = values[0]
    if line.startswith("s3://"):
        bucket, _, line = line.removeprefix("s3://").partition("/")
    return {"bucket": bucket, "key": _PRINTED.sub("", line.strip(), count=1)}


def _columns_of(row: list[str]) -> Columns:
    is_of_versions = len(row) > 4 and set(row[3:5]) <= {"true", "false"}
    return _VERSIONS if is_of_versions else _CURRENT


def _object(said: Row) -> Object | LeftAlone:
    """The object of a row. A value that is none of its column, where a row names no columns, is as if it were not there."""
    key, size, etag = said.get("key", ""), said.get("size", ""), said.get("etag", "")
    if said.get("isdeletemarker") == "true":
        when = said.get("lastmodifieddate") or "a time the list does not tell"
        return left_alone(f"s3://{said['bucket']}/{key}", f"a delete marker: the object was deleted at {when}")
    stored = ObjectVersion(
        etag=etag if _ETAG.fullmatch(etag) else None,
        size_bytes=int(size) if _SIZE.fullmatch(size) else 0,
        version_id=said.get("versionid") or None,
    )
    return Object(key, stored, is_current=said.get("islatest") != "false")
