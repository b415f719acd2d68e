"""The log files behind rows of a lake, read again from where they lay: a path, a member of an archive, S3 when it is asked."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from trailquery.sources import LogFile, Source, Unread, log_files
from trailquery.sources.found import NothingKnown

Fetch = Callable[[str, list[tuple[str, str | None]]], Source]  # a bucket, and keys of it with their version ids


def read_again(
    places: Mapping[str, Iterable[tuple[str, str | None]]], fetch: Fetch | None = None
) -> Iterator[tuple[str, str, bytes | None]]:
    """(SHA-256, place, bytes) of each file that is as it was, then (SHA-256, reason, None) of the others.

    `places` has by SHA-256 where a file lay, with its version id in S3.
    """
    wanted = {file_sha256: dict(at) for file_sha256, at in places.items()}
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    containers: dict[str, None] = {}
    buckets: defaultdict[str, dict[tuple[str, str | None], None]] = defaultdict(dict)
    for file_sha256, at in wanted.items():
        for place, version_id in at.items():
            if place.startswith("s3://"):
                bucket, _, key = place.removeprefix("s3://").partition("/")
                buckets[bucket][key.removesuffix(f"?versionId={version_id}").partition("!")[0], version_id] = None
                if fetch is None:
                    reasons[file_sha256].append(f"{place}: not fetched; add --fetch")
            elif container := _container(place):
                containers[container] = None
            else:
                reasons[file_sha256].append(f"{place}: {_why_not(place)}")
    readers: list[Iterable[object]] = [log_files([name]) for name in containers]
    if fetch is not None:
        readers += [fetch(bucket, list(keys)).files(NothingKnown()) for bucket, keys in buckets.items()]
    yield from _matched(readers, wanted, reasons)
    for file_sha256, at in wanted.items():
        there = [f"{place}: no longer there as it was read" for place in at]
        yield file_sha256, "; ".join(reasons[file_sha256] or there), None


def _matched(
    readers: Iterable[Iterable[object]], wanted: dict[str, dict[str, str | None]], reasons: Mapping[str, list[str]]
) -> Iterator[tuple[str, str, bytes | None]]:
    """What is wanted among what is read, by its bytes; it is taken out of `wanted`."""
    places = {place: file_sha256 for file_sha256, at in wanted.items() for place in at}
    for found in (found for reader in readers for found in reader):
        if isinstance(found, LogFile) and found.data is not None:
            file_sha256 = hashlib.sha256(found.data).hexdigest()
            if wanted.pop(file_sha256, None) is not None:
                yield file_sha256, found.place, found.data
            elif found.place in places:
                reasons[places[found.place]].append(f"{found.place}: its SHA-256 is {file_sha256} now")
        elif isinstance(found, LogFile | Unread) and found.place in places:
            why = found.reason if isinstance(found, Unread) else found.problem
            reasons[places[found.place]].append(f"{found.place}: {why}")


def _container(place: str) -> str | None:
    """The file on this machine that is `place`, or the archive in which it lies."""
    names = place.split("!")
    paths = (["!".join(names[:count]) for count in range(len(names), 0, -1)]) if place != "-" else []
    return next((path for path in paths if _is_file(path)), None)


def _is_file(path: str) -> bool:
    try:
        return Path(path).is_file()
    except (OSError, ValueError):  # a name that this system cannot have
        return False


def _why_not(place: str) -> str:
    if place.partition("!")[0] == "-":
        return "it came through standard input"
    return "a page of the event history" if place.startswith("cloudtrail:") else "nothing lies there"
