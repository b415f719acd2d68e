"""Bucket -> a copy of its logs and digests with all that S3 and CloudTrail say of them, so that nothing needs AWS any more.

What the copy looks like: `collection`.
"""

import platform
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

from trailquery.collection import ODD, Copy, Facts, Log, check_folder, open_log
from trailquery.digests import DIGEST_FOLDER, digest_name
from trailquery.errors import TrailqueryError, refused
from trailquery.hold import login
from trailquery.sources import Found, Held, LeftAlone, ObjectVersion, Unread, delivery_path
from trailquery.sources.aws import asking, caller
from trailquery.sources.public_keys import list_public_keys
from trailquery.sources.s3 import Bucket, Fetched, Object
from trailquery.sources.tree import is_day, trail_of


class Collected:
    """What a collection did."""

    def __init__(self) -> None:
        self.copied = self.bytes = self.held = self.odd = self.digests = self.keys = 0
        self.left_alone: list[LeftAlone] = []
        self.unread: list[Unread] = []  # what could not be had: the next collection tries again
        self.damaged: list[str] = []  # files that were not what their sidecars say any more

    @property
    def done(self) -> int:
        return self.copied + self.held + len(self.unread)

    def counts(self) -> dict[str, int]:
        return {name: len(said) if isinstance(said, list) else said for name, said in vars(self).items()}


def collect(
    bucket: Bucket,
    root: Path,
    told: Mapping[str, Any] | None = None,
    check: bool = False,
    on_object: Callable[[Collected], None] = lambda _collected: None,
) -> Collected:
    """Copy what was chosen of the bucket to `root`; what is there already is not fetched again.

    `told` (case, command, options) stands in the log; `check` hashes again what is there. Raises UsageError for a folder
    that is no copy of this bucket, MachineError when the machine fails; what is copied stays whole.
    """
    try:
        check_folder(root, bucket.name)
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open_log(root) as log:
            return _Collection(bucket, root, log, check, on_object).run(told or {})
    except OSError as error:
        raise refused(error, error.filename or root, "what is copied stays; run the same command again") from error


class _Collection:
    """One collection under way."""

    def __init__(
        self, bucket: Bucket, root: Path, log: Log, check: bool, on_object: Callable[[Collected], None]
    ) -> None:
        self._bucket, self._log, self._on_object = bucket, log, on_object
        self._collected, self._check = Collected(), check
        self._copy = Copy(root, bucket.name)
        self._spans: dict[str, tuple[datetime, datetime]] = {}  # of each region whose digests were met

    def run(self, told: Mapping[str, Any]) -> Collected:
        bucket, collected = self._bucket, self._collected
        self._log.write("start", bucket=bucket.name, prefix=bucket.prefix, **_origin(bucket), **told)
        outcome = "stopped"
        try:
            if self._check:
                self._look_for_damage()
            bucket.choice = bucket.choice._replace(is_had=self._copy.has)
            if bucket.choice.keys is not None:
                self._add_digests(bucket.choice.keys)
            for found in bucket.fetched(self._copy):
                self._take(found)
            self._keep_keys()
            for path in sorted(self._copy.damaged):
                self._take(Unread(path, "it was changed since it was collected, and was not fetched again"))
            outcome = "incomplete" if collected.unread else "complete"
        finally:
            self._log.write("end", outcome=outcome, **collected.counts())
        return collected

    def _take(self, found: Found | Fetched) -> None:
        collected = self._collected
        if isinstance(found, Fetched):
            path = self._copy.store(found, self._copied)
            collected.copied += 1
            collected.bytes += len(found.data)
            collected.odd += ODD in path.split("/")
            self._meet(found.item.key)
        elif isinstance(found, Held):
            collected.held += 1
            self._meet(found.place)
        elif isinstance(found, Unread):
            collected.unread.append(found)
            self._missed(found.place, found.status, found.reason, found.stored)
        elif isinstance(found, LeftAlone):
            collected.left_alone.append(found)
            self._missed(found.place, "left alone", found.reason, ObjectVersion())
        self._on_object(collected)

    def _copied(self, path: str, facts: Facts) -> None:
        said = {name: facts[name] for name in ("key", "version_id", "etag", "size", "sha256")}
        self._log.write("object", outcome="copied", path=path, **said)

    def _missed(self, place: str, outcome: str, why: str, stored: ObjectVersion) -> None:
        start, version_id = self._bucket.url(""), stored.version_id
        key = place.removeprefix(start).removesuffix(f"?versionId={version_id}") if place.startswith(start) else None
        said = {"key": key, "version_id": version_id, "etag": stored.etag, "size": stored.size_bytes or None}
        self._log.write("object", outcome=outcome, place=place, reason=why, **said)

    def _look_for_damage(self) -> None:
        for path, sha256, expected in self._copy.check():
            self._collected.damaged.append(path)
            self._log.write("object", outcome="damaged", path=path, sha256=sha256, expected_sha256=expected)

    def _meet(self, place: str) -> None:
        """Note the regions in which the key of a digest is to be asked for: its own; and the trail's, to be sure."""
        path, name = delivery_path(place), digest_name(place.partition("?versionId=")[0])
        if path.folder != DIGEST_FOLDER or name is None:
            return
        self._collected.digests += 1
        for region in {path.region or name.home_region, name.home_region}:
            first, last = self._spans.get(region, (name.end, name.end))
            self._spans[region] = min(first, name.end), max(last, name.end)

    def _add_digests(self, keys: Iterable[Object | LeftAlone]) -> None:
        """The digests that may cover the listed keys, as a list of keys seldom names them."""
        named = {item.key for item in keys if isinstance(item, Object)}
        prefixes = sorted({prefix for key in named for prefix in _digest_days(key)})
        more: list[Object] = []
        with asking() as pool:
            for level in pool.map(lambda prefix: self._bucket.level(prefix, ""), prefixes):
                more += [item for item in level.items if item.key not in named]
                for found in level.found:
                    if isinstance(found, Unread):
                        self._take(found)
        self._bucket.choice = self._bucket.choice._replace(keys=(*keys, *more))

    def _keep_keys(self) -> None:
        """Add to public-keys.json the keys that may have signed the digests met."""
        kept = self._copy.public_keys()
        hour = timedelta(hours=1)  # before the end of a digest it began
        spans = {region: (first - hour, last) for region, (first, last) in self._spans.items()}
        listed, problems = list_public_keys(self._bucket.session, spans)
        for problem in problems:
            place, _, why = problem.partition(": ")
            self._take(Unread(place, why))
        if listed:
            fingerprints = sorted({key["Fingerprint"] for key in listed})
            self._log.write("public-keys", regions=sorted(spans), fingerprints=fingerprints)
        keys = kept | {key["Fingerprint"]: key for key in listed}
        if len(keys) > len(kept):
            self._copy.keep_public_keys(keys)
        self._collected.keys = len(keys)


def _digest_days(key: str) -> list[str]:
    """The prefixes in which the digests lie that list the log file at `key`: of its day, and of the next one."""
    folder = key.rpartition("/")[0] + "/"
    if not is_day(folder) or delivery_path(key).folder == DIGEST_FOLDER:
        return []
    account, _, region = trail_of(key).rstrip("/").rsplit("/", 2)
    try:
        day = datetime.strptime(folder[-11:-1], "%Y/%m/%d")  # noqa: DTZ007
    except ValueError:
        return []
    days = (day, day + timedelta(days=1))
    return [f"{account}/{DIGEST_FOLDER}/{region}/{one:%Y/%m/%d}/" for one in days]


def _origin(bucket: Bucket) -> dict[str, Any]:
    """Who collects, from where, with what."""
    try:
        account, arn = caller(bucket.session, bucket.s3.meta.region_name)
        who: dict[str, Any] = {"caller": arn, "account": account}
    except TrailqueryError as error:  # another S3 has no STS, or a network lets nobody reach it
        who = {"caller": None, "account": None, "caller_unknown": str(error)}
    return {**who, "host": platform.node(), "user": login(), "version": version("trailquery")}
