"""Where log files lie: what each SOURCE of an ingest yields, and what the place of a file says about it."""

import difflib
import io
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from trailquery.errors import UsageError
from trailquery.sources.archive import contents_of
from trailquery.sources.folder import files_below, unread
from trailquery.sources.found import Found, Held, Known, LeftAlone, Listed, LogFile, ObjectVersion, Source, Unread

__all__ = [
    "DeliveryPath",
    "Found",
    "Held",
    "Known",
    "LeftAlone",
    "Listed",
    "LogFile",
    "ObjectVersion",
    "Source",
    "Unread",
    "delivery_path",
    "log_files",
    "open_source",
]


def open_source(source: str | Path | Source, lake: Path | None = None) -> Source:
    """The source behind `source`: a place on this machine, s3://bucket/prefix with the credentials of the
    environment, event-history, or a source that is open already; a folder without `lake`, should it lie there.
    Raises UsageError when it is not there."""
    if not isinstance(source, str | Path):
        return source
    if str(source).startswith("s3://"):
        from trailquery.sources.s3 import open_bucket  # boto3 takes longer to import than most commands run

        return open_bucket(str(source))
    if str(source) == "event-history":
        from trailquery.sources.history import open_history

        return open_history()
    _check(str(source))
    return _Local(str(source), lake.resolve() if lake else None)


class _Local:
    """A folder, a file, an archive or "-" for standard input."""

    def __init__(self, source: str, lake: Path | None) -> None:
        self._source, self._lake = source, lake

    def files(self, known: Known) -> Iterator[Found]:  # noqa: ARG002  # the lake tells by the bytes
        return _files_of(self._source, self._lake)


def log_files(sources: Sequence[str | Path]) -> Iterator[LogFile | LeftAlone | Unread]:
    """Every log file of the sources, a folder's sorted by place; what is none, or cannot be read, is named with the reason.

    A source is a folder, a file, an archive or "-" for standard input. Raises UsageError before anything is
    read when one of them is not there.
    """
    for source in sources:
        _check(str(source))
    return (found for source in sources for found in _files_of(str(source)))


def _check(source: str) -> None:
    path = Path(source)
    if source == "-" or path.exists():
        return
    if _REMOTE.match(source):
        raise UsageError(f"{source}: there is no such file or folder; write a bucket as s3://BUCKET/PREFIX")
    parent = next(folder for folder in path.absolute().parents if folder.is_dir())
    close = difflib.get_close_matches(path.name, [found.name for found in parent.iterdir()], n=1)
    guess = f"did you mean {(parent / close[0]).as_posix()!r}?" if close else f"the nearest folder is {str(parent)!r}."
    raise UsageError(f"{source}: there is no such file or folder; {guess}")


def _files_of(source: str, lake: Path | None = None) -> Iterator[LogFile | LeftAlone | Unread]:
    path = Path(source)
    if source == "-":
        yield from contents_of("-", io.BytesIO(sys.stdin.buffer.read()), named=True)
    elif path.is_dir():
        yield from files_below(path, lake)
    else:
        try:
            with path.open("rb") as file:
                seekable = file if file.seekable() else io.BytesIO(file.read())  # a shell's <(command) is a pipe
                yield from contents_of(path.as_posix(), seekable, named=True)
        except OSError as error:
            yield unread(path, error)


class DeliveryPath(NamedTuple):
    """What the place of a log file says; None where it says nothing. The records may say otherwise."""

    account_id: str | None
    region: str | None
    organization_id: str | None
    folder: str | None  # CloudTrail, CloudTrail-Digest, CloudTrail-Insight, CloudTrail-NetworkActivity, ...
    delivered_at: datetime | None  # naive UTC
    prefix: str | None  # what stands before AWSLogs


_REMOTE = re.compile(r"s3:|https?:|arn:aws", re.IGNORECASE)
REGION = r"[a-z]+(?:-[a-z]+)+-\d+[a-z]?"
_FOLDER = r"CloudTrail(?:-[A-Za-z]+)?"
_PAGE = re.compile(r"cloudtrail:LookupEvents/(?P<account_id>[0-9]{12})/(?P<region>[a-z0-9-]+)/")
_TREE = re.compile(
    rf"(?:(?P<prefix>.*)[/!])?AWSLogs/(?:(?P<organization_id>o-\w+)/)?(?P<account_id>\d{{12}})"
    rf"(?:/(?P<folder>{_FOLDER})(?:/(?P<region>{REGION}))?)?/",
    re.ASCII | re.DOTALL,
)
_NAME = re.compile(
    rf"(?P<account_id>\d{{12}})_(?P<folder>{_FOLDER})_(?P<region>{REGION})[_-]"
    r"(?:.*[_-])?(?P<stamp>\d{8}T\d{4}(?:\d\d)?)Z?(?![0-9A-Za-z])",
    re.ASCII | re.DOTALL,
)


def delivery_path(place: str) -> DeliveryPath:
    """What CloudTrail wrote into the key of a delivered file, as far as `place` still holds it.

    The key is `[prefix/]AWSLogs/[organization/]account/CloudTrail[-X]/region/Y/m/d/` and the name
    `account_CloudTrail[-X]_region_YYYYMMDDTHHMMZ_random.json.gz`; a digest's has the trail's name and home
    region before a stamp with seconds. The folders win over the name. A page of the event history has account and region.

    Source: AWS CloudTrail User Guide, "Finding your CloudTrail log files" and "Digest file structure".
    """
    place = place.replace("\\", "/")
    tree, name = _TREE.match(place), _NAME.match(re.split("[/!]", place)[-1])
    page = _PAGE.match(place)
    said = page.groupdict() if page else name.groupdict() if name else {}
    said |= {part: text for part, text in tree.groupdict().items() if text} if tree else {}
    return DeliveryPath(
        said.get("account_id"),
        said.get("region"),
        said.get("organization_id"),
        said.get("folder"),
        _stamp(said.get("stamp", "")),
        said.get("prefix", "") if tree else None,
    )


def _stamp(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
