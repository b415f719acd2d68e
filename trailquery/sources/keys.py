"""Lists of keys to read instead of listing a bucket: an S3 Inventory, or one key or URL a line.

Source: Amazon S3 User Guide, "Locating your inventory list": the manifest names the columns and the files, which have
no header; keys are URL-encoded.
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote_plus

import msgspec

from trailquery.errors import UsageError
from trailquery.inflate import GZIP_MAGIC
from trailquery.sources.archive import left_alone
from trailquery.sources.found import NO_OBJECT, LeftAlone, ObjectVersion
from trailquery.sources.s3 import Object

Columns = tuple[str, ...]

_CURRENT: Columns = ("Bucket", "Key", "Size", "LastModifiedDate", "ETag")  # in the order in which S3 writes them
_VERSIONS: Columns = ("Bucket", "Key", "VersionId", "IsLatest", "IsDeleteMarker", *_CURRENT[2:])
_SIZE = re.compile(r"[0-9]{1,15}")
_ETAG = re.compile(r"[0-9a-f]{32}(?:-[0-9]+)?")


class _File(msgspec.Struct):
    key: str


class _Manifest(msgspec.Struct, rename="camel"):
    file_format: str
    file_schema: str
    files: list[_File]


def read_keys(path: Path, bucket: str) -> tuple[Object | LeftAlone, ...]:
    """The objects that a list names in `bucket`, each once, and the delete markers.

    A list is a manifest.json of S3 Inventory, with its csv files beside it or in ../data; one such csv; or lines of a key
    or s3://bucket/key. Raises UsageError for a list that cannot be read or names other buckets alone.
    """
    text = _text(path)
    if text.startswith("{"):
        columns, lines = _inventory(path, text)
    else:
        columns, lines = None, _lines(text)
    named = tuple(dict.fromkeys(_objects(lines, bucket, columns)))
    if lines and not named:
        raise UsageError(f"--keys {path}: names no key of the bucket {bucket}; its first line is {lines[0]!r}")
    return named


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(
            f"--keys {path}: {error}; write one key a line, or take an S3 Inventory csv, not Parquet or ORC"
        ) from None


def _lines(text: str) -> list[str]:
    return [line.rstrip("\r") for line in text.split("\n") if line.strip()]  # a key may hold other ends of lines


def _inventory(path: Path, text: str) -> tuple[Columns, list[str]]:
    """The columns that a manifest names, and the lines of its files."""
    try:
        manifest = msgspec.json.decode(text, type=_Manifest)
    except msgspec.MsgspecError as error:
        raise UsageError(f"--keys {path}: no manifest of S3 Inventory: {error}; write one key a line") from None
    if manifest.file_format != "CSV":
        raise UsageError(f"--keys {path}: an inventory in {manifest.file_format}; order it as CSV, or list its keys")
    lines: list[str] = []
    for file in manifest.files:
        name = file.key.rpartition("/")[2]
        near = (path.parent / name, path.absolute().parent.parent / "data" / name)
        found = next((place for place in near if place.is_file()), None)
        if found is None:
            raise UsageError(
                f"--keys {path}: names {file.key}, which is neither beside it nor in ../data; copy it there"
            )
        lines += _lines(_text(found))
    return tuple(name.strip() for name in manifest.file_schema.split(",")), lines


def _objects(lines: Iterable[str], bucket: str, columns: Columns | None) -> Iterator[Object | LeftAlone]:
    """What each line names in `bucket`; without `columns` a line may be a key or a row of an inventory."""
    for line in lines:
        if columns or line.startswith(('"', f"{bucket},")):
            row = next(csv.reader([line]))
            said = dict(zip(columns or _columns_of(row), row, strict=False))
            if said.get("Bucket") == bucket:
                yield _object(said)
        elif not line.startswith("s3://"):
            yield Object(line.strip(), NO_OBJECT)
        elif line.startswith(f"s3://{bucket}/"):
            yield Object(line.strip().removeprefix(f"s3://{bucket}/"), NO_OBJECT)


def _columns_of(row: list[str]) -> Columns:
    is_of_versions = len(row) > 4 and set(row[3:5]) <= {"true", "false"}
    return _VERSIONS if is_of_versions else _CURRENT


def _object(said: dict[str, str]) -> Object | LeftAlone:
    """The object of a row. A value that is none of its column, where a row names no columns, is as if it were not there."""
    key, size, etag = unquote_plus(said.get("Key", "")), said.get("Size", ""), said.get("ETag", "")
    if said.get("IsDeleteMarker") == "true":
        when = said.get("LastModifiedDate") or "a time the list does not tell"
        return left_alone(f"s3://{said['Bucket']}/{key}", f"a delete marker: the object was deleted at {when}")
    stored = ObjectVersion(
        etag=etag if _ETAG.fullmatch(etag) else None,
        size_bytes=int(size) if _SIZE.fullmatch(size) else 0,
        version_id=said.get("VersionId") or None,
    )
    return Object(key, stored, is_current=said.get("IsLatest") != "false")
