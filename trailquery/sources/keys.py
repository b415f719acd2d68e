"""Lists of keys to read instead of listing a bucket: S3 Inventory files, or one key or URL a line."""

import csv
import gzip
import zlib
from pathlib import Path
from urllib.parse import unquote_plus

from trailquery.errors import UsageError
from trailquery.inflate import GZIP_MAGIC
from trailquery.sources.found import NO_OBJECT
from trailquery.sources.s3 import Object


def read_keys(path: Path, bucket: str) -> tuple[Object, ...]:
    """The objects that a list names in `bucket`, each once.

    A line is a key, s3://bucket/key, or a row of an S3 Inventory csv: bucket, key (URL-encoded), and more that is not
    needed. Raises UsageError for a list that cannot be read or names other buckets alone.
    """
    try:
        data = path.read_bytes()
        text = (gzip.decompress(data) if data.startswith(GZIP_MAGIC) else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UsageError(
            f"--keys {path}: {error}; write one key a line, or take an S3 Inventory csv, not Parquet or ORC"
        ) from None
    lines = [line.rstrip("\r") for line in text.split("\n") if line.strip()]  # a key may hold other ends of lines
    keys = {key: None for line in lines if (key := _key(line, bucket))}
    if lines and not keys:
        raise UsageError(f"--keys {path}: names no key of the bucket {bucket}; its first line is {lines[0]!r}")
    return tuple(Object(key, NO_OBJECT) for key in keys)


def _key(line: str, bucket: str) -> str | None:
    if line.startswith("s3://"):
        name, _, key = line.removeprefix("s3://").strip().partition("/")
        return key if name == bucket else None
    if not line.startswith(('"', f"{bucket},")):
        return line.strip()
    name, key, *_ = [*next(csv.reader([line])), "", ""]
    return unquote_plus(key) if name == bucket else None
