"""What a source or a lake holds, in the form in which `integrity` judges it, and the verdicts on a lake.

Beside a copied object `X` its metadata lies in `X.metadata.json`: {"trailquery": "object-metadata", "metadata": {...}}; the public
keys lie in `public-keys.json`, as `ListPublicKeys` answers. A plain copy has neither. What lies so in a bucket is not
believed, nor are keys that were collected from one: whoever can change the logs can put them there.
"""

import hashlib
import re
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from trailquery import tables, utc
from trailquery.atomic import replaced
from trailquery.digests import DIGEST_FOLDER, KEYS, FaultError, PublicKey, digest_name, public_keys
from trailquery.errors import MachineError, UsageError
from trailquery.inflate import GZIP_MAGIC, Text, inflate_sound
from trailquery.integrity import Verified
from trailquery.ledger import kept_digest, kept_keys
from trailquery.links import Stored, generated, home_of
from trailquery.sources import LogFile, Source, Unread, delivery_path
from trailquery.sources.folder import SIDECAR, is_object, metadata_in, read_companion, time_in
from trailquery.sources.found import NothingKnown
from trailquery.verdicts import SCHEMA, VERDICTS_FILE
from trailquery.workers import parcels, usable_cores

_LONG_AGO = datetime(2000, 1, 1)  # noqa: DTZ001 naive UTC, as everywhere
_A_DAY = timedelta(days=1)  # a clock may be wrong
_LONG_BYTES = 64 << 20
_AHEAD = 8
_PARCEL_FILES = 64
_DAMAGE = re.compile(r"(?:.* )?at byte \d+ of \d+")  # what `inflate` says of a gzip


class Held(NamedTuple):
    """What `integrity.verify` takes; `now` is naive UTC."""

    digests: list[Stored]
    logs: list[Stored]
    keys: dict[str, PublicKey]
    now: datetime

    def trails(self) -> set[str]:
        """The names of the trails whose digests are held."""
        return {name.trail for digest in self.digests if (name := digest_name(home_of(digest.place)))}

    def unsigned_spans(self) -> dict[str, tuple[datetime, datetime]]:
        """Of each region in which the key of a digest may be listed that is not held: the first and last time of signing."""
        spans: dict[str, tuple[datetime, datetime]] = {}
        for digest in self.digests:
            name = digest_name(home_of(digest.place))
            if name is None or digest.text is None or any(one.encode() in digest.text for one in self.keys):
                continue
            try:
                at = generated(digest.metadata or {})
            except FaultError:
                at = name.end
            if not _LONG_AGO < at < self.now + _A_DAY:  # a name or a metadatum that was made up
                continue
            for region in {delivery_path(digest.place).region or name.home_region, name.home_region}:
                first, last = spans.get(region, (at, at))
                spans[region] = min(first, at - timedelta(hours=1)), max(last, at + timedelta(hours=2))
        return spans


def held_by_source(source: Source) -> Held:
    """What lies in a source, each file inflated and hashed."""
    held, beside = Held([], [], {}, utc.now()), dict[str, dict[str, Any]]()
    for stored in _hashed(_evidence(source, held.keys, beside)):
        (held.digests if _is_digest(stored.place) else held.logs).append(stored)
    if beside:
        for files in (held.digests, held.logs):
            files[:] = [_with_facts(one, beside[one.place]) if one.place in beside else one for one in files]
    return held


def _evidence(
    source: Source, keys: dict[str, PublicKey], beside: dict[str, dict[str, Any]]
) -> Iterator[LogFile | Unread]:
    """The log files and digests of a source; fills `keys`, and in `beside` what lies there of each file, by its place."""
    for found in source.files(NothingKnown()):
        if not isinstance(found, LogFile | Unread):
            continue
        is_copy, name = not found.place.startswith("s3://"), re.split("[/!]", found.place)[-1]
        if isinstance(found, Unread) or found.data is None:  # a folder or an archive, too: what lies in it is not known
            yield found
        elif is_copy and name == KEYS:
            keys |= {} if is_object(found.place) else public_keys(found.data, found.place)
        elif is_copy and name.endswith(SIDECAR):
            beside[found.place.removesuffix(SIDECAR)] = read_companion(found.data)
        elif delivery_path(found.place).folder or _is_digest(found.place):
            yield found


def _with_facts(stored: Stored, facts: dict[str, Any]) -> Stored:
    metadata = facts.get("metadata")
    return stored._replace(
        metadata=metadata if isinstance(metadata, dict) else None,
        seen_at=time_in(facts, "collected_at"),
        written_at=time_in(facts, "last_modified"),
        is_altered=facts.get("sha256") not in (None, stored.file_sha256),
    )


def held_by_lake(lake: Path) -> Held:
    """What the ledger of a lake tells of the files that were read into it, and the digests it keeps.

    Raises UsageError where there is no lake, MachineError where the ledger cannot be read.
    """
    if not (lake / tables.FILES.name / "_delta_log").is_dir():
        raise UsageError(f"{lake}: no lake here; name one with --lake, or a SOURCE")
    files = tables.parquet_files(lake, tables.FILES)
    try:
        rows = duckdb.connect().execute(_FILES, {"files": files}).fetchall() if files else []
    except duckdb.Error as error:
        raise MachineError(f"{lake}: its ledger cannot be read: {str(error).splitlines()[0]}") from None
    held = Held([], [], kept_keys(lake), utc.now())
    for place, status, reason, file_sha256, content_sha256, metadata, ingested_at, last_modified in rows:
        stored = Stored(
            place,
            content_sha256,
            problem=reason if reason and _DAMAGE.fullmatch(reason) else None,
            unread=reason if status in ("unread", "archived") or not content_sha256 else None,
            file_sha256=file_sha256,
            seen_at=ingested_at if place.startswith("s3://") else None,
            written_at=last_modified,
        )
        if _is_digest(place):
            data = kept_digest(lake, file_sha256)
            text, _, problem = _inflated(data) if data else (None, None, None)
            unread = stored.unread if data else stored.unread or "the lake keeps no copy of it; ingest it again"
            said = stored._replace(text=text, problem=problem, metadata=metadata_in(metadata), unread=unread)
            held.digests.append(said)
        elif delivery_path(place).folder or stored.unread:
            held.logs.append(stored)
    return held


def keep_verdicts(lake: Path, verified: Verified, now: datetime) -> None:
    """Write what was found into the lake, in the place of what was found before."""
    rows = [{"verified_at": now, **one._asdict()} for one in verified.files]
    kept = lake / VERDICTS_FILE
    kept.parent.mkdir(mode=0o700, exist_ok=True)
    with replaced(kept) as file:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCHEMA), file, compression="zstd")


def _hashed(files: Iterable[LogFile | Unread]) -> Iterator[Stored]:
    """What `integrity` needs of each file, in their order, hashed on every core."""
    now = utc.now()
    with ThreadPoolExecutor(usable_cores()) as threads:
        waiting: deque[Future[list[Stored]]] = deque()
        for parcel in parcels(files, _size, _PARCEL_FILES):  # a thread does not pay for one small file
            waiting.append(threads.submit(lambda parcel: [_stored(found, now) for found in parcel], parcel))
            if len(waiting) > _AHEAD:
                yield from waiting.popleft().result()
        for stored in waiting:
            yield from stored.result()


def _size(found: LogFile | Unread) -> int:
    return len(found.data or b"") if isinstance(found, LogFile) else 0


def _stored(found: LogFile | Unread, now: datetime) -> Stored:
    place, version, is_remote = found.place, found.stored, found.place.startswith("s3://")
    metadata = metadata_in(version.metadata)
    seen_at, written_at = now if is_remote else None, version.last_modified
    if isinstance(found, Unread) or found.data is None:
        reason = found.reason if isinstance(found, Unread) else found.problem or "unreadable"
        return Stored(place, None, metadata=metadata, unread=reason, seen_at=seen_at, written_at=written_at)
    text, sha256, problem = _inflated(found.data)
    kept, file_sha256 = text if _is_digest(place) else None, hashlib.sha256(found.data).hexdigest()
    return Stored(place, sha256, problem, kept, metadata, None, file_sha256, seen_at, written_at)


def _inflated(data: bytes) -> tuple[bytes | None, str | None, str | None]:
    """Text (None where it is long), its SHA-256, and what is wrong with the gzip."""
    if data[:2] != GZIP_MAGIC:
        return data, hashlib.sha256(data).hexdigest(), "it is no gzip"
    whole = inflate_sound(data, _LONG_BYTES)
    if whole is not None:
        return whole, hashlib.sha256(whole).hexdigest(), None
    text, parts = Text(data), list[bytes]()
    for part in text:
        parts.append(part)
        if text.size_bytes > _LONG_BYTES:
            parts.clear()
    problem = text.problem
    if not problem and text.first_member_bytes < len(data):
        problem = "other data follows the first member of the gzip"  # CloudTrail writes one member
    sha256 = text.sha256.hexdigest() if text.size_bytes or not problem else None
    return b"".join(parts) if text.size_bytes <= _LONG_BYTES else None, sha256, problem


def _is_digest(place: str) -> bool:
    return DIGEST_FOLDER in place and (delivery_path(place).folder == DIGEST_FOLDER or digest_name(place) is not None)


_FILES = """
SELECT place, status, reason, file_sha256, content_sha256, metadata, ingested_at, last_modified FROM (
    SELECT *, row_number() OVER (PARTITION BY place, file_sha256 ORDER BY ingested_at DESC) AS newest
    FROM read_parquet($files)
)
WHERE newest = 1 AND status <> 'read since' ORDER BY place
"""
