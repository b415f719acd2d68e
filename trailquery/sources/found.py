"""What a source of log files yields, and what it may ask of the lake while it looks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol


class ObjectVersion(NamedTuple):
    """What S3 says of an object; None where it does not."""

    etag: str | None = None
    size_bytes: int = 0
    version_id: str | None = None
    last_modified: datetime | None = None  # naive UTC
    storage_class: str | None = None  # None: STANDARD
    encryption: str | None = None  # AES256, or aws:kms and the key's ARN
    metadata: str | None = None  # the user's own, x-amz-meta-*, as a JSON object; a digest's signature is there


NO_OBJECT = ObjectVersion()  # a file that does not come from S3


@dataclass(frozen=True, slots=True)
class LogFile:
    place: str  # the path as given, joined with /; members as archive!member; - for stdin; s3://bucket/key
    data: bytes | None
    problem: str | None  # why there is no data
    stored: ObjectVersion = NO_OBJECT


@dataclass(frozen=True, slots=True)
class LeftAlone:
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """A file that the lake holds already; its bytes were not fetched."""

    place: str


@dataclass(frozen=True, slots=True)
class Unread:
    """A file, or a whole prefix, whose bytes could not be had this time; the next ingest tries again."""

    place: str
    reason: str
    status: str = "unread"  # or archived: it must be restored first
    stored: ObjectVersion = NO_OBJECT


@dataclass(frozen=True, slots=True)
class Listed:
    """A prefix was listed whole, and holds so many files."""

    place: str
    files: int


@dataclass(frozen=True, slots=True)
class SoFar:
    """What came so far took long to get, and is to be committed before more is asked for."""


Found = LogFile | LeftAlone | Held | Unread | Listed


class Known(Protocol):
    """What the lake holds of places outside it."""

    def holds(self, place: str, etag: str, size_bytes: int) -> bool:
        """Whether these bytes of this place were read."""

    def etag_at(self, place: str) -> str | None:
        """The ETag of bytes that were read at `place`."""

    def places_below(self, start: str) -> Iterable[str]:
        """The places that begin with `start` and were read."""


class NothingKnown:
    """Of a source that is read whole, nothing is known before."""

    def holds(self, place: str, etag: str, size_bytes: int) -> bool:  # noqa: ARG002
        return False

    def etag_at(self, place: str) -> str | None:  # noqa: ARG002
        return None

    def places_below(self, start: str) -> Iterable[str]:  # noqa: ARG002
        return ()


class Source(Protocol):
    def files(self, known: Known) -> Iterator[Found | SoFar]:
        """Every file of the source, once."""
