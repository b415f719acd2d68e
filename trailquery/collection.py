"""The folder of a copy of a bucket, which `collect` fills: where each object lies, whether it is there, and the log.

    DIR/<key>                          the bytes of an object
    DIR/<key>.metadata.json            its sidecar: what S3 said of it, and its SHA-256
    DIR/.versions/<key>/<version id>   what was overwritten or deleted, with its sidecar
    DIR/.odd/<SHA-256 of the key>      an object whose key is no safe path; its sidecar tells the key
    DIR/public-keys.json               what ListPublicKeys answers, in each region whose digests were met
    DIR/collection.jsonl               the collection log, which only ever grows

Each file is written beside its place and put there whole; an object is had when its sidecar is there, which comes last.
"""

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trailquery import utc
from trailquery.digests import KEYS, key_list, public_keys
from trailquery.errors import UsageError
from trailquery.sources.archive import HEAD_BYTES
from trailquery.sources.folder import SIDECAR
from trailquery.sources.found import NothingKnown, ObjectVersion
from trailquery.sources.s3 import Fetched, Object

LOG = "collection.jsonl"
VERSIONS, ODD, _PART = ".versions", ".odd", ".part"
_LONGEST_NAME = 255 - len(SIDECAR)  # bytes, of one folder or file
_VERSION_NAME = re.compile(r"[\w+=.-]{0,200}[\w+=-]", re.ASCII)
_ENDING = re.compile(r"(?:\.json)?(?:\.gz)?\Z")

Facts = dict[str, Any]  # what a sidecar says
_FACTS = {"key", "version_id", "etag", "size", "last_modified", "sha256"}


class Copy(NothingKnown):
    """The copy of one bucket, which answers what a source asks of a lake: `has` tells what is held."""

    def __init__(self, root: Path, bucket: str) -> None:
        self.root, self.bucket = root, bucket
        self.damaged: set[str] = set()  # places whose file is not as its sidecar says, until it is fetched again
        self._folders = {root}

    def has(self, item: Object) -> bool:
        """Whether this version of an object is there. An older one may have been copied when it was the newest."""
        paths = [path for name in _names(item.key) for path in (_place(name, item), name)]
        return item.stored.etag is not None and any(
            _is_same(facts, item.stored) for path in paths if (facts := self._whole(path, item.key))
        )

    def etag_at(self, place: str) -> str | None:
        """The ETag of what lies at an object's own place, where a list of keys tells none."""
        key = place.removeprefix(f"s3://{self.bucket}/")
        return next((str(facts["etag"]) for name in _names(key) if (facts := self._whole(name, key))), None)

    def store(self, fetched: Fetched, log: Callable[[str, Facts], None]) -> str:
        """Put an object in its place, tell `log` the place and its facts, then add its sidecar; returns the place."""
        item, facts = fetched.item._replace(stored=fetched.stored), self._facts(fetched)
        path = self._free_place(item)
        if item.is_current:
            self._set_aside(path, item)
        self._write(path, fetched.data)
        log(path, facts)
        self._write(path + SIDECAR, json.dumps(facts).encode())
        self.damaged.discard(path)
        return path

    def check(self) -> Iterator[tuple[str, str | None, str]]:
        """Hash every file again: the place, SHA-256 now (None: it is gone) and as collected, of each that is damaged."""
        for sidecar in sorted(self.root.rglob(f"*{SIDECAR}")):
            path = sidecar.relative_to(self.root).as_posix().removesuffix(SIDECAR)
            try:
                with (self.root / path).open("rb") as file:
                    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            except FileNotFoundError:
                sha256 = None
            expected = (self._sidecar(path) or {}).get("sha256", "")
            if sha256 != expected:
                self.damaged.add(path)
                yield path, sha256, expected

    def public_keys(self) -> dict[str, Facts]:
        """The keys of public-keys.json by fingerprint. Raises UsageError where it holds none."""
        kept = self.root / KEYS
        if not kept.exists():
            return {}
        data = kept.read_bytes()
        public_keys(data, str(kept))
        return {key["Fingerprint"]: key for key in json.loads(data)["PublicKeyList"]}

    def keep_public_keys(self, keys: Mapping[str, Facts]) -> None:
        self._write(KEYS, key_list(keys.values()))

    def _facts(self, fetched: Fetched) -> Facts:
        stored = fetched.stored
        return {
            "trailquery": "object-metadata",
            "bucket": self.bucket,
            "key": fetched.item.key,
            "version_id": stored.version_id,
            "etag": stored.etag,
            "size": len(fetched.data),
            "last_modified": utc.zulu(stored.last_modified) if stored.last_modified else None,
            "storage_class": stored.storage_class,
            "encryption": stored.encryption,
            "sha256": hashlib.sha256(fetched.data).hexdigest(),
            "metadata": json.loads(stored.metadata or "{}"),
            "collected_at": utc.zulu(utc.now()),
        }

    def _sidecar(self, path: str) -> Facts | None:
        try:
            facts = json.loads((self.root / (path + SIDECAR)).read_bytes())
        except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
            return None
        is_ours = isinstance(facts, dict) and facts.keys() >= _FACTS and isinstance(facts["size"], int)
        is_ours = is_ours and all(isinstance(facts[name], str | None) for name in _FACTS - {"size"})
        return facts if is_ours else None

    def _whole(self, path: str, key: str) -> Facts | None:
        """The sidecar of the file at `path`, when it is that of `key` and the file is as it says."""
        facts, file = self._sidecar(path), self.root / path
        if facts is None or facts["key"] != key or path in self.damaged or not file.is_file():
            return None
        return facts if file.stat().st_size == facts["size"] else None

    def _free_place(self, item: Object) -> str:
        """Where a version can lie: a key may be another's folder, or differ from it in case alone."""
        return next(place for name in _names(item.key) if self._is_free(place := _place(name, item), item.key))

    def _is_free(self, path: str, key: str) -> bool:
        facts, file = self._sidecar(path), self.root / path
        is_below_file = any(folder.is_file() for folder in file.parents if folder.is_relative_to(self.root))
        return not file.is_dir() and not is_below_file and (facts is None or facts["key"] == key)

    def _set_aside(self, path: str, item: Object) -> None:
        """Keep what was copied earlier and has been overwritten in the bucket since."""
        facts = self._whole(path, item.key)
        if facts is None or _is_same(facts, item.stored):
            return
        older = ObjectVersion(facts["etag"], version_id=facts["version_id"])
        aside = self._free_place(Object(item.key, older, is_current=False))
        self._write(aside + SIDECAR, json.dumps(facts).encode())
        (self.root / path).replace(self.root / aside)

    def _write(self, path: str, data: bytes) -> None:
        """`data` at `path`, or nothing: its first block is written last, so that what a kill leaves looks like no log."""
        for folder in [*Path(path).parents][-2::-1]:
            if self.root / folder not in self._folders:
                (self.root / folder).mkdir(mode=0o700, exist_ok=True)
                if (self.root / folder).is_symlink():  # the copy came from somebody else
                    raise UsageError(f"{self.root / folder}: is a link, as in no copy; collect into a new folder")
                self._folders.add(self.root / folder)
        part = self.root / _PART
        part.unlink(missing_ok=True)
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o400), "wb") as file:
            file.seek(HEAD_BYTES)
            file.write(data[HEAD_BYTES:])
            file.seek(0)
            file.write(data[:HEAD_BYTES])
        part.replace(self.root / path)


def _names(key: str) -> tuple[str, ...]:
    """Where an object may lie below the root: at its key, where that is a path that leads nowhere else."""
    odd = f"{ODD}/{hashlib.sha256(key.encode('utf-8', 'backslashreplace')).hexdigest()}"
    parts = key.split("/")
    is_safe = (
        key.isprintable()
        and not any(sign in key for sign in "\\:")
        and all(part not in ("", ".", "..") and len(part.encode()) <= _LONGEST_NAME for part in parts)
        and parts[0].lower() not in (VERSIONS, ODD, _PART)
        and not any(part.lower() in (KEYS, LOG) or part.lower().endswith(SIDECAR) for part in parts)
    )
    return (key, odd) if is_safe else (odd,)


def _place(name: str, item: Object) -> str:
    """Where a version lies; where there are no versions, its ETag tells it from others."""
    if item.is_current:
        return name
    version_id = _version(item.stored.version_id) or f"null-{item.stored.etag}"
    if not _VERSION_NAME.fullmatch(version_id):
        version_id = hashlib.sha256(version_id.encode()).hexdigest()
    ending = _ENDING.search(item.key)
    return f"{VERSIONS}/{name}/{version_id}{ending[0] if ending else ''}"


def _version(version_id: str | None) -> str | None:
    return None if version_id == "null" else version_id


def _is_same(facts: Facts, stored: ObjectVersion) -> bool:
    """Whether a sidecar tells of the version that S3 tells of, as far as it does: a listing may name no version."""
    return (
        (facts["etag"], facts["size"]) == (stored.etag, stored.size_bytes)
        and (stored.version_id is None or _version(facts["version_id"]) == _version(stored.version_id))
        and (stored.last_modified is None or (facts["last_modified"] or "")[:19] == utc.zulu(stored.last_modified)[:19])
    )


class Log:
    """The collection log: one JSON object a line, each written at once."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def write(self, event: str, **said: Any) -> None:
        told = {"trailquery": "collection", "event": event, "time": utc.zulu(utc.now()), **said}
        line = json.dumps(told).encode() + b"\n"
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@contextmanager
def open_log(root: Path) -> Iterator[Log]:
    """The log, locked until the process ends, however it ends. Raises UsageError when another collection has it."""
    (root / LOG).touch(mode=0o600)
    with (root / LOG).open("a+b", buffering=0) as file:
        _lock(file, root)
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":  # the disk was full
                file.write(b"\n")
        yield Log(file)


def _lock(file: Any, root: Path) -> None:
    if os.name == "nt":  # which has no such lock
        return
    import fcntl

    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise UsageError(f"{root}: another collection is writing to this folder; wait until it is done") from None


def check_folder(root: Path, bucket: str) -> None:
    """Raises UsageError unless `root` is empty, not there, or a copy of the bucket."""
    if not root.exists():
        return
    if not root.is_dir():
        raise UsageError(f"{root}: not a folder; name one for the copy")
    log = root / LOG
    if not log.exists():
        if any(root.iterdir()):
            raise UsageError(f"{root}: holds files that were not collected here; name an empty folder")
        return
    with log.open("rb") as lines:
        first = lines.readline()
    try:
        of = json.loads(first)["bucket"] if first else bucket
    except (ValueError, LookupError, TypeError, RecursionError):
        raise UsageError(f"{log}: does not begin as the log of a collection; name an empty folder") from None
    if of != bucket:
        raise UsageError(f"{root}: is the copy of the bucket {of}; name another folder for {bucket}")
