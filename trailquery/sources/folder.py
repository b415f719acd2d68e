"""The log files in a folder: every file of the tree, in the order of their places.

Nothing is followed or opened that could lead out of the tree or hang: links, pipes, sockets and devices are
named and left alone. A link that points into the tree loses nothing: its target is read where it lies.
"""

import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from trailquery import utc
from trailquery.sources.archive import contents_of, left_alone, storable
from trailquery.sources.found import NO_OBJECT, LeftAlone, LogFile, ObjectVersion, Unread

# O_NONBLOCK: a pipe put in place of a file after it was listed must not hang the reader.
_OPEN = sum(getattr(os, flag, 0) for flag in ("O_RDONLY", "O_NONBLOCK", "O_NOFOLLOW", "O_BINARY", "O_CLOEXEC"))
SIDECAR = ".metadata.json"  # beside a copied object X, what S3 said of it lies in X.metadata.json
_MOST_METADATA = 1 << 20
_NO_FILE = "a pipe, socket or device, not a file"


def files_below(folder: Path, lake: Path | None = None) -> Iterator[LogFile | LeftAlone | Unread]:
    """What lies in `folder` and below, sorted by place, without the files of the lake itself."""
    root = folder.resolve()
    waiting: list[os.DirEntry[str] | Path] = [folder]
    while waiting:
        entry = waiting.pop()
        path = Path(entry)
        try:
            if lake and path.name == lake.name and path.resolve() == lake:
                yield left_alone(path.as_posix(), "the lake itself")
            elif isinstance(entry, Path) or entry.is_dir(follow_symlinks=False):
                with os.scandir(path) as entries:
                    waiting += _last_first(entries)
            elif entry.is_symlink():
                yield left_alone(path.as_posix(), _where_it_leads(path, root))
            elif entry.is_file(follow_symlinks=False):
                yield from _files_in(path)
            else:
                yield left_alone(path.as_posix(), _NO_FILE)
        except OSError as error:
            yield unread(path, error)


def unread(path: Path, error: OSError) -> Unread:
    """A file, or a folder, that cannot be read this time."""
    return Unread(storable(path.as_posix()), f"cannot be read: {error.strerror or error}")


def _last_first(entries: Iterable[os.DirEntry[str]]) -> list[os.DirEntry[str]]:
    """In an order that makes a walk from the end, folder by folder, come out sorted by whole places."""
    return sorted(entries, key=lambda e: f"{e.name}/" if e.is_dir(follow_symlinks=False) else e.name, reverse=True)


def _where_it_leads(link: Path, root: Path) -> str:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a loop, up to Python 3.12
        return "a link that leads nowhere or to itself"
    if link.parent.resolve().is_relative_to(target):
        return "a link that loops back to a folder above it"
    if target.is_relative_to(root):
        return "a link; its target is read where it lies"
    return "a link that leads out of the source"


def _files_in(path: Path) -> Iterator[LogFile | LeftAlone]:
    """What the file at `path` holds. Raises OSError when it cannot be opened or read."""
    with os.fdopen(os.open(path, _OPEN), "rb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            stored = _object_at(path)
            for found in contents_of(path.as_posix(), file):
                yield replace(found, stored=stored) if isinstance(found, LogFile) else found
        else:
            yield left_alone(path.as_posix(), _NO_FILE)


def _object_at(path: Path) -> ObjectVersion:
    """What lies beside the copy of an object says of it."""
    try:
        with os.fdopen(os.open(f"{path}{SIDECAR}", _OPEN), "rb") as file:
            is_file = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            facts = read_companion(file.read(_MOST_METADATA)) if is_file else {}
    except OSError:  # a plain copy
        return NO_OBJECT
    metadata = facts.get("metadata")
    said = (facts.get(name) for name in ("etag", "version_id", "storage_class", "encryption"))
    etag, version_id, storage_class, encryption = (one if isinstance(one, str) else None for one in said)
    kept = json.dumps(metadata, sort_keys=True) if isinstance(metadata, dict) else None
    return ObjectVersion(etag, 0, version_id, time_in(facts, "last_modified"), storage_class, encryption, kept)


def is_object(place: str) -> bool:
    """Whether the file at a place is the copy of an object of a bucket, or lies in one, or in an archive within an archive.

    Whoever could write to the bucket may have written it.
    """
    names = place.split("!")
    with suppress(OSError, ValueError):  # a name that this system cannot have
        return len(names) > 2 or any(Path("!".join(names[:count]) + SIDECAR).is_file() for count in (1, 2))
    return True


def read_companion(data: bytes) -> dict[str, Any]:
    """What a file of ours beside a log file says; nothing where it is none."""
    try:
        said = json.loads(data)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) and said.get("trailquery") == "object-metadata" else {}


def metadata_in(text: str | None) -> dict[str, Any] | None:
    """The user's own metadata of an object, which S3 or a file beside it told; None where the text holds none."""
    try:
        said = json.loads(text) if text else None
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def time_in(facts: dict[str, Any], name: str) -> datetime | None:
    """A time that a file of ours says, naive UTC."""
    try:
        return utc.instant(str(facts.get(name)))
    except (ValueError, OverflowError):
        return None
