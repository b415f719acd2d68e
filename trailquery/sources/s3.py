"""The log files of a bucket: listed by day or by month, newest first, and fetched in parallel with a bound on the bytes held.

No marker of what was read last is kept: a bucket is listed again each time and compared with what the lake holds,
so that a file that was delivered late cannot be skipped.
"""

import io
import json
import random
import re
import time
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any, NamedTuple

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    ReadTimeoutError,
)

from trailquery import utc
from trailquery.containers import MAX_INFLATED_BYTES
from trailquery.errors import UsageError
from trailquery.sources.archive import LOG_NAMES, contents_of, left_alone, storable
from trailquery.sources.aws import CONNECTIONS, EXPIRED, Access, asking, client, code_of, reason, told
from trailquery.sources.found import Found, Held, Known, LeftAlone, Listed, LogFile, ObjectVersion, Unread
from trailquery.sources.tree import Wanted, day_of, days_of

_NAMES = (*LOG_NAMES, ".zip", ".tar", ".tgz", ".bz2", ".xz", ".zst")
# Source: Amazon Data Firehose Developer Guide, "Configure Amazon S3 object name format"; it has no ending of itself.
_FIREHOSE = re.compile(r"-\d{4}(?:-\d\d){5}-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_ARCHIVED = ("GLACIER", "DEEP_ARCHIVE")
_BYTES_AHEAD = 64 << 20  # fetched and not yet read by the ingest
_FILES_AHEAD = 4 * CONNECTIONS
_ATTEMPTS = 5


class _BrokenBodyError(Exception):
    """A body ended early, stood still, or is not what its checksum says: botocore does not try these again."""


class Object(NamedTuple):
    key: str
    stored: ObjectVersion
    is_current: bool = True
    is_archived: bool = False


class Fetched(NamedTuple):
    """The bytes of an object, and what S3 said with them."""

    item: Object
    data: bytes
    stored: ObjectVersion


class Choice(NamedTuple):
    """What is read of a bucket: `keys` instead of a listing; older versions too; at most so many bytes; nothing that
    `is_had` says is there already, instead of what a lake knows; by month, with fewer requests and more held at once."""

    wanted: Wanted = Wanted()
    keys: tuple[Object | LeftAlone, ...] | None = None
    versions: bool = False
    max_bytes: int | None = None
    is_had: Callable[[Object], bool] | None = None
    by_month: bool = False


def open_bucket(url: str, access: Access = Access(), choice: Choice = Choice(), look: bool = True) -> "Bucket":  # noqa: B008
    """The bucket of `s3://bucket/prefix`, met in its own region. Raises UsageError, MachineError when it cannot be.

    `look`: it is tried at once whether it may be listed.
    """
    name, _, prefix = url.removeprefix("s3://").partition("/")
    if not name:
        raise UsageError(f"{url}: names no bucket; write s3://bucket/prefix")
    session = access.session()
    s3 = client(session, "s3", None, access.endpoint_url)
    try:
        region = _region_of(s3, name)
        if region and region != s3.meta.region_name:
            s3 = client(session, "s3", region, access.endpoint_url)
        bucket = Bucket(session, s3, name, prefix, choice, access.request_payer)
        if look and choice.keys is None:
            bucket.look()
    except (BotoCoreError, ClientError) as error:
        raise told(url, error, f"{listing(choice)} on arn:aws:s3:::{name}") from None
    return bucket


def _region_of(s3: Any, name: str) -> str | None:
    """The region S3 names for a bucket: it says so even to whom it refuses everything else."""
    try:
        response = s3.head_bucket(Bucket=name)
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchBucket"):
            raise
        response = error.response
    region: str | None = response["ResponseMetadata"]["HTTPHeaders"].get("x-amz-bucket-region")
    return region


class Bucket:
    """One bucket, or what lies below a prefix of it."""

    def __init__(self, session: Any, s3: Any, name: str, prefix: str, choice: Choice, request_payer: bool) -> None:
        self.session, self.s3, self.name, self.prefix, self.choice = session, s3, name, prefix, choice
        self.payer = {"RequestPayer": "requester"} if request_payer else {}
        self._left = choice.max_bytes
        self._ended: str | None = None  # why nothing more can be had: the credentials ended
        self.list_requests = 0

    def place(self, item: Object) -> str:
        version = item.stored.version_id
        return self.url(item.key) + (f"?versionId={version}" if version and not item.is_current else "")

    def url(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def files(self, known: Known) -> Iterator[Found]:
        """Every file, in the order of its day, newest first; what the lake holds is not fetched."""
        for found in self.fetched(known):
            if isinstance(found, Fetched):
                yield from _contents(self.place(found.item), found.data, found.stored)
            else:
                yield found

    def fetched(self, known: Known) -> Iterator[Found | Fetched]:
        """Every object with its bytes as they are, in the same order."""
        with asking() as pool:
            waiting: deque[tuple[int, Future[Found | Fetched] | Found]] = deque()
            ahead = 0
            for found in self.listed(pool, known):
                size = found.stored.size_bytes if isinstance(found, Object) else 0
                waiting.append((size, pool.submit(self._read, found, known) if isinstance(found, Object) else found))
                ahead += size
                while waiting and (ahead > _BYTES_AHEAD or len(waiting) > _FILES_AHEAD or _is_there(waiting[0][1])):
                    size, first = waiting.popleft()
                    ahead -= size
                    yield first.result() if isinstance(first, Future) else first
            for _, last in waiting:
                yield last.result() if isinstance(last, Future) else last

    # --- listing

    def look(self) -> None:
        """One listing of one key. Raises what AWS raises."""
        list_some = self.s3.list_object_versions if self.choice.versions else self.s3.list_objects_v2
        list_some(Bucket=self.name, Prefix=self.prefix, MaxKeys=1, **self.payer)

    def listed(self, pool: ThreadPoolExecutor, known: Known) -> Iterator[Found | Object]:
        """What is to be fetched, as objects, and what is not, by day or month."""
        if self.choice.keys is not None:
            named = yield from self._named(self.choice.keys)
            newest_first = sorted(sorted(named, key=_by_key), key=lambda item: day_of(item.key) or "", reverse=True)
            yield from self._to_fetch(newest_first, known)
            return
        days: dict[str, list[str]] = defaultdict(list)
        yield from self._to_fetch((yield from self._walk(pool, days)), known)
        coming: list[Future[Level]] = []
        for day in [*sorted(days, reverse=True), None]:  # the next day is listed while this one is fetched
            levels, coming = coming, [pool.submit(self.level, prefix, "") for prefix in days[day]] if day else []
            items: list[Object] = []
            for level in levels:
                listed = level.result()
                yield from listed.found
                items += listed.items
            yield from self._to_fetch(sorted(items, key=_by_key), known)
            if self._left is not None and self._left < 0 and day:
                yield LeftAlone(self.url(self.prefix), f"--max-bytes is reached: {day} and older days are not read")
                return

    def _named(self, keys: Iterable[Object | LeftAlone]) -> Generator[Found, None, list[Object]]:
        """Of a list of keys those that are asked for: below the prefix, and older versions with --versions alone.

        Without it what lies at a key now is read, and the list does not know what that is.
        """
        items: list[Object] = []
        for item in keys:
            if isinstance(item, LeftAlone):
                yield item
            elif not self.choice.wanted.has_key(item.key) or not _is_below(self.prefix, item.key):
                continue
            elif self.choice.versions:
                items.append(item)
            elif item.is_current:
                items.append(Object(item.key, ObjectVersion(size_bytes=item.stored.size_bytes)))
            else:
                yield left_alone(self.place(item), "an older version; read it with --versions")
        yield Listed(self.url("--keys"), len(items))
        return items

    def _walk(self, pool: ThreadPoolExecutor, days: dict[str, list[str]]) -> Generator[Found, None, list[Object]]:
        """Fills `days` with the prefixes of each day or month; returns the objects that lie outside them."""
        loose: list[Object] = []
        prefixes = [self.prefix]
        while prefixes:
            below: list[str] = []
            for listed in pool.map(lambda prefix: self.level(prefix, "" if self._days_of(prefix) else "/"), prefixes):
                yield from listed.found
                loose += listed.items
                below += listed.prefixes
            prefixes = []
            for prefix in filter(self.choice.wanted.has_branch, below):
                day = self._days_of(prefix)
                (days[day] if day else prefixes).append(prefix)
        return sorted(loose, key=_by_key)

    def _days_of(self, prefix: str) -> str | None:
        return days_of(prefix, self.choice.by_month)

    def level(self, prefix: str, delimiter: str) -> "Level":
        """What lies below a prefix down to the next delimiter; in a prefix without / at its end, that file or folder."""
        level = Level([], [], [])
        operation = "list_object_versions" if self.choice.versions else "list_objects_v2"
        asked = {"Bucket": self.name, "Prefix": prefix, "Delimiter": delimiter, **self.payer}
        try:
            if self._ended:
                return Level([Unread(self.url(prefix), self._ended)], [], [])
            for page in self.s3.get_paginator(operation).paginate(OptionalObjectAttributes=["RestoreStatus"], **asked):
                self.list_requests += 1
                level.prefixes.extend(below["Prefix"] for below in page.get("CommonPrefixes", []))
                level.items.extend(map(_object, [*page.get("Contents", []), *page.get("Versions", [])]))
                level.found.extend(map(self._deleted, page.get("DeleteMarkers", [])))
        except (BotoCoreError, ClientError) as error:
            return Level([Unread(self.url(prefix), self._reason(error, listing(self.choice)))], [], [])
        if prefix and not prefix.endswith("/"):
            level.prefixes[:] = [below for below in level.prefixes if below == f"{prefix}/"]
            level.items[:] = [item for item in level.items if item.key == prefix]
        level.items[:] = [i for i in level.items if not i.key.endswith("/") and self.choice.wanted.has_key(i.key)]
        level.found.append(Listed(self.url(prefix), len(level.items)))
        return level

    def _deleted(self, marker: dict[str, Any]) -> LeftAlone:
        when = utc.zulu(marker["LastModified"])
        return left_alone(self.url(marker["Key"]), f"a delete marker: the object was deleted at {when}")

    def _to_fetch(self, items: Iterable[Object], known: Known) -> Iterator[Found | Object]:
        for item in items:
            place, stored = self.place(item), item.stored
            if self._is_held(item, known):
                yield Held(place)
            elif not self._is_named(item.key):
                yield left_alone(place, "no log file by its name")
            elif item.is_archived:
                yield Unread(place, f"{stored.storage_class}: {_RESTORE}", "archived", stored)
            elif stored.size_bytes > MAX_INFLATED_BYTES:
                yield Unread(place, f"larger than {MAX_INFLATED_BYTES} bytes", stored=stored)
            elif self._left is None or (self._left >= 0 and stored.size_bytes <= self._left):
                self._left = None if self._left is None else self._left - stored.size_bytes
                yield item
            else:
                self._left = -1
                yield left_alone(place, "beyond --max-bytes")

    def _is_named(self, key: str) -> bool:
        """Whether a key is that of a log file, or the one that was asked for."""
        return key == self.prefix or key.lower().endswith(_NAMES) or _FIREHOSE.search(key[-57:]) is not None

    def _is_held(self, item: Object, known: Known) -> bool:
        if self.choice.is_had:
            return self.choice.is_had(item)
        at = {self.place(item), self.url(item.key)}  # an older version may have been read when it was the newest
        etag, size = item.stored.etag, item.stored.size_bytes
        return etag is not None and any(known.holds(one, etag, size) for one in at)

    # --- fetching

    def _read(self, item: Object, known: Known) -> Found | Fetched:
        """The bytes of one object; a refusal, and a body that stays broken, is told as unread."""
        place = self.place(item)
        for attempt in range(_ATTEMPTS):
            if self._ended:
                return Unread(place, self._ended, stored=item.stored)
            try:
                data, stored = self._fetch(item, known)
            except _BrokenBodyError as error:
                broken = str(error)
                time.sleep(random.uniform(0, 0.1 * 2**attempt))  # noqa: S311  # so that threads do not return together
            except (BotoCoreError, ClientError) as error:
                if code_of(error) == "304":
                    return Held(place)
                status = "archived" if code_of(error) == "InvalidObjectState" else "unread"
                return Unread(place, self._reason(error, fetching(item)), status, item.stored)
            else:
                return Fetched(item, data, stored)
        return Unread(place, f"{broken}; {_ATTEMPTS} times in a row; run the same command again", stored=item.stored)

    def _fetch(self, item: Object, known: Known) -> tuple[bytes, ObjectVersion]:
        """The bytes of one object. Raises what AWS raises, after botocore's own attempts, and _BrokenBodyError."""
        held = known.etag_at(self.place(item))
        # A list of keys does not say what lies there now.
        unless = {"IfNoneMatch": f'"{held}"'} if held and item.stored.etag is None else {}
        got = self.s3.get_object(**self._address(item), **unless)
        try:
            data: bytes = got["Body"].read()
        except ReadTimeoutError:
            raise _BrokenBodyError("its body stood still") from None
        except (HTTPClientError, IncompleteReadError, FlexibleChecksumError) as error:
            raise _BrokenBodyError(str(error)) from None
        if len(data) != got["ContentLength"]:
            raise _BrokenBodyError(f"{len(data)} of {got['ContentLength']} bytes came")
        metadata = json.dumps(got["Metadata"], sort_keys=True)
        return data, _stored(got, len(data))._replace(encryption=_sealed(got), metadata=metadata)

    def fetch_start(self, item: Object) -> str | None:
        """How an object is encrypted, whose first byte was read. Raises what AWS raises."""
        got = self.s3.get_object(**self._address(item), Range="bytes=0-0")
        got["Body"].read()
        return _sealed(got)

    def sealed(self, item: Object) -> str | None:
        """How an object is encrypted, which S3 tells also to whom the key is refused. Raises what AWS raises."""
        return _sealed(self.s3.head_object(**self._address(item)))

    def _address(self, item: Object) -> dict[str, str]:
        version = {"VersionId": item.stored.version_id} if item.stored.version_id else {}
        return {"Bucket": self.name, "Key": item.key, **version, **self.payer}

    def _reason(self, error: BotoCoreError | ClientError, permission: str) -> str:
        said = reason(error, permission)
        if code_of(error) in EXPIRED:
            self._ended = said
        return said


def _is_there(found: Future[Found | Fetched] | Found) -> bool:
    return not isinstance(found, Future) or found.done()


class Level(NamedTuple):
    found: list[Found]
    items: list[Object]
    prefixes: list[str]


_RESTORE = "it is archived; restore it with: aws s3api restore-object"


def _contents(place: str, data: bytes, stored: ObjectVersion) -> Iterator[Found]:
    """The log file that an object is, or the members of an archive, unpacked as they are asked for."""
    for found in contents_of(storable(place), io.BytesIO(data), named=True):
        yield replace(found, stored=stored) if isinstance(found, LogFile) else found
    yield Listed(place, 0)  # an archive was read whole, and has no row of its own


def listing(choice: Choice) -> str:
    """The permission that listing takes."""
    return "s3:ListBucketVersions" if choice.versions else "s3:ListBucket"


def fetching(item: Object) -> str:
    """The permission that fetching takes."""
    return "s3:GetObjectVersion" if item.stored.version_id else "s3:GetObject"


def _sealed(said: dict[str, Any]) -> str | None:
    return f"{said.get('ServerSideEncryption', '')} {said.get('SSEKMSKeyId', '')}".strip() or None


def _is_below(prefix: str, key: str) -> bool:
    """Whether `prefix` is the key, a folder above it, or nothing."""
    return key == prefix or key.startswith(prefix if prefix.endswith("/") or not prefix else f"{prefix}/")


def _by_key(item: Object) -> tuple[str, str]:
    return item.key, item.stored.version_id or ""


def _object(listed: dict[str, Any]) -> Object:
    restored = "RestoreExpiryDate" in listed.get("RestoreStatus", {})
    is_archived = listed.get("StorageClass") in _ARCHIVED and not restored
    stored = _stored(listed, listed["Size"])
    return Object(listed["Key"], stored, listed.get("IsLatest", True), is_archived)


def _stored(said: dict[str, Any], size_bytes: int) -> ObjectVersion:
    modified = said.get("LastModified")
    return ObjectVersion(
        etag=said.get("ETag", "").strip('"') or None,
        size_bytes=size_bytes,
        version_id=said.get("VersionId"),
        last_modified=modified and utc.naive(modified),
        storage_class=said.get("StorageClass"),
    )
