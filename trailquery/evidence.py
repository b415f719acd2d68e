"""What a source or a lake holds, in the form in which `integrity` judges it.

Beside a copied object `X` its metadata lies in `X.metadata.json`: {"trailquery": "object-metadata", "metadata": {...}}; the public
keys lie in `public-keys.json`, as `ListPublicKeys` answers. A plain copy has neither.
"""

import hashlib
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb

from trailquery import tables
from trailquery.digests import DIGEST_FOLDER, PublicKey, digest_name, public_key
from trailquery.inflate import GZIP_MAGIC, inflate, inflating
from trailquery.integrity import Stored
from trailquery.sources import LogFile, Source, Unread, delivery_path
from trailquery.workers import usable_cores

METADATA = ".metadata.json"
KEYS = "public-keys.json"
_LONG_BYTES = 64 << 20
_AHEAD = 64
_DAMAGE = re.compile(r"(?:.* )?at byte \d+ of \d+")  # what `inflate` says of a gzip


class Held(NamedTuple):
    """`now`, naive UTC, is when it lay so: of a copy, the time of its newest file."""

    digests: list[Stored]
    logs: list[Stored]
    keys: dict[str, PublicKey]
    now: datetime


class _Nothing:
    """Of a source that is read whole, nothing is known before."""

    def holds(self, place: str, etag: str, size_bytes: int) -> bool:  # noqa: ARG002
        return False

    def etag_at(self, place: str) -> str | None:  # noqa: ARG002
        return None

    def places_below(self, start: str) -> Iterable[str]:  # noqa: ARG002
        return ()


def held_by_source(source: Source) -> Held:
    """What lies in a source, each file inflated and hashed."""
    digests, logs, sidecars = list[Stored](), list[Stored](), dict[str, Mapping[str, str]]()
    keys: dict[str, PublicKey] = {}
    is_remote = False
    for found, stored in _hashed(source.files(_Nothing())):
        is_remote |= found.place.startswith("s3://")
        if found.place.endswith(METADATA):
            sidecars[found.place.removesuffix(METADATA)] = _companion(found).get("metadata") or {}
        elif found.place.rpartition("/")[2] == KEYS:
            keys |= {key["Fingerprint"]: public_key(key) for key in _companion(found).get("PublicKeyList", ())}
        elif _is_digest(found.place):
            digests.append(stored)
        elif delivery_path(found.place).folder:
            logs.append(stored)
    digests = [
        one._replace(metadata=sidecars[one.place]) if one.metadata is None and one.place in sidecars else one
        for one in digests
    ]
    now = datetime.now(UTC).replace(tzinfo=None) if is_remote else _newest([*digests, *logs])
    return Held(digests, logs, keys, now)


def held_by_lake(lake: Path) -> Held:
    """What the ledger of a lake tells of the files that were read into it, and the digests it keeps."""
    files = tables.parquet_files(lake, tables.FILES)
    rows = duckdb.execute(_FILES, {"files": files}).fetchall() if files else []
    digests, logs = list[Stored](), list[Stored]()
    read_at = datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC
    for place, status, reason, file_sha256, content_sha256, metadata, ingested_at in rows:
        if place.startswith("s3://"):
            read_at = max(read_at, ingested_at)
        unread = reason if status in ("unread", "archived") else None
        problem = reason if reason and _DAMAGE.fullmatch(reason) else None
        stored = Stored(place, content_sha256, problem, unread=unread)
        if _is_digest(place):
            text = _kept_digest(lake, file_sha256)
            digests.append(stored._replace(text=text, metadata=json.loads(metadata) if metadata else None))
        elif delivery_path(place).folder:
            logs.append(stored)
    return Held(digests, logs, kept_keys(lake), max(read_at, _newest([*digests, *logs])))


def kept_keys(lake: Path) -> dict[str, PublicKey]:
    """The public keys that lay beside the log files of the lake."""
    kept = lake / "evidence" / KEYS
    listed = json.loads(kept.read_bytes())["PublicKeyList"] if kept.is_file() else []
    return {key["Fingerprint"]: public_key(key) for key in listed}


def _kept_digest(lake: Path, file_sha256: str) -> bytes | None:
    for name in (f"{file_sha256}.json.gz", f"{file_sha256}.json"):
        kept = lake / "evidence" / "digests" / name
        if kept.is_file():
            data = kept.read_bytes()
            return inflate(data, _LONG_BYTES)[0] if data[:2] == GZIP_MAGIC else data
    return None


def _hashed(files: Iterable[Any]) -> Iterator[tuple[LogFile | Unread, Stored]]:
    """Each file with what `integrity` needs of it, in their order, hashed on every core."""
    with ThreadPoolExecutor(usable_cores()) as threads:
        waiting: deque[tuple[LogFile | Unread, Future[Stored]]] = deque()
        for found in files:
            if isinstance(found, LogFile | Unread):
                waiting.append((found, threads.submit(_stored, found)))
            if len(waiting) > _AHEAD:
                file, stored = waiting.popleft()
                yield file, stored.result()
        for file, stored in waiting:
            yield file, stored.result()


def _stored(found: LogFile | Unread) -> Stored:
    place, stored = found.place, found.stored
    metadata = json.loads(stored.metadata) if stored.metadata else None
    if isinstance(found, Unread) or found.data is None:
        reason = found.reason if isinstance(found, Unread) else found.problem
        return Stored(place, None, metadata=metadata, unread=reason or "unreadable")
    data, digest, problem = found.data, hashlib.sha256(), None
    if data[:2] != GZIP_MAGIC:
        return Stored(place, hashlib.sha256(data).hexdigest(), None, data if _is_digest(place) else None, metadata)
    text, problem = inflate(data, _LONG_BYTES)
    if len(text) <= _LONG_BYTES:
        digest.update(text)
    else:
        parts = inflating(data)
        while True:
            try:
                digest.update(next(parts))
            except StopIteration as end:
                problem = end.value
                break
    sha256 = digest.hexdigest() if text or problem is None else None
    return Stored(place, sha256, problem, text if _is_digest(place) else None, metadata)


def _companion(found: LogFile | Unread) -> dict[str, Any]:
    """What a file of ours beside the logs says; nothing where it is none."""
    try:
        said = json.loads(found.data or b"") if isinstance(found, LogFile) else None
    except ValueError:
        return {}
    return said if isinstance(said, dict) and "trailquery" in said else {}


def _is_digest(place: str) -> bool:
    return delivery_path(place).folder == DIGEST_FOLDER or digest_name(place) is not None


def _newest(stored: Iterable[Stored]) -> datetime:
    stamps = (delivery_path(one.place).delivered_at for one in stored)
    return max((stamp for stamp in stamps if stamp), default=datetime(1970, 1, 1))  # noqa: DTZ001


_FILES = """
SELECT place, status, reason, file_sha256, content_sha256, metadata, ingested_at FROM (
    SELECT *, row_number() OVER (PARTITION BY place, file_sha256 ORDER BY ingested_at DESC) AS newest
    FROM read_parquet($files)
)
WHERE newest = 1 AND status <> 'read since' ORDER BY place
"""
