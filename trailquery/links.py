"""A digest that is held, as a link of its chain: what is wrong with it, and what it says of its log files. Pure: no I/O."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from trailquery.digests import (
    Digest,
    DigestName,
    FaultError,
    KeyFaultError,
    Listed,
    PublicKey,
    check_signature,
    read_digest,
)
from trailquery.utc import instant

HOUR = timedelta(hours=1)
DUE = HOUR  # after its end, a digest is delivered at the latest
EDGE = timedelta(minutes=15)  # a file delivered at the end of an hour may stand in the next digest
_LATE = timedelta(hours=24)  # events may come so late, with the reason in their addendum
BRANCH = re.compile(
    r"(?P<base>(?P<above>(?:.*[/!])?)AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>\d{12}))"
    r"/CloudTrail[A-Za-z-]*/(?P<region>[a-z0-9-]+)/.*",
    re.ASCII | re.DOTALL,
)
VERSION = re.compile(r"(?P<s3>s3://.*)\?versionId=[^/]*|(?P<root>(?:.*[/!])?)\.versions/(?P<key>.*)/[^/]*", re.DOTALL)
HASH_ONLY = "hash only: nothing at hand signs it; its signature stands in the object's metadata, which this copy lacks"


class Stored(NamedTuple):
    """A file as it lies; times are naive UTC."""

    place: str
    sha256: str | None  # of its inflated bytes; None where it does not inflate
    problem: str | None = None  # what is wrong with it as a gzip
    text: bytes | None = None  # of a digest, inflated
    metadata: Mapping[str, str] | None = None  # of the S3 object; None where the copy does not keep it
    unread: str | None = None  # why its bytes could not be had
    file_sha256: str | None = None  # of its bytes as they are
    seen_at: datetime | None = None  # when it lay there; None where a copy does not tell
    written_at: datetime | None = None  # when S3 stored it
    is_altered: bool = False  # its bytes are not those that were collected

    @property
    def remark(self) -> str:
        return "; its bytes are not those that were collected" if self.is_altered else ""


class Verdict(NamedTuple):
    """On one file; `hour`, naive UTC, is the end of the digest that tells of it, or that should."""

    place: str
    kind: str  # log or digest
    verdict: str
    reason: str
    trail: str | None = None
    hour: datetime | None = None
    file_sha256: str | None = None


class Link:
    """A digest that is held, and what is wrong with it. `home` is the place of its newest version."""

    def __init__(self, stored: Stored, home: str, name: DigestName, branch: re.Match[str]) -> None:
        self.stored, self.home, self.name, self.branch = stored, home, name, branch
        self.digest: Digest | None = None
        self.fault: FaultError | None = None
        self.is_signed = False
        try:
            if stored.text is None:
                raise (
                    KeyFaultError(stored.unread) if stored.unread else FaultError(f"invalid format: {stored.problem}")
                )
            self.digest = read_digest(stored.text)
            self._check_place(self.digest)
        except FaultError as fault:
            self.fault = fault

    @property
    def said(self) -> Digest | None:
        """What it says, unless something speaks against it; that a key lacks does not."""
        return self.digest if self.fault is None or isinstance(self.fault, KeyFaultError) else None

    @property
    def start(self) -> datetime:
        return self.said.start if self.said else self.name.end - HOUR

    @property
    def end(self) -> datetime:
        return self.name.end

    @property
    def copied_from(self) -> str | None:
        """The bucket it was delivered to, where it lies in another one: a replica, or a copy of the whole."""
        bucket = self.digest.digest_s3_bucket if self.digest else None
        is_elsewhere = self.home.startswith("s3://") and not self.home.startswith(f"s3://{bucket}/")
        return bucket if is_elsewhere else None

    @property
    def metadata(self) -> Mapping[str, str] | None:
        """Of the S3 object; None where a copy does not keep it."""
        kept = self.stored.metadata
        return None if self.copied_from and "signature" not in (kept or {}) else kept

    def _check_place(self, digest: Digest) -> None:
        bucket, key, account = digest.digest_s3_bucket, digest.digest_s3_object, self.branch["account"]
        if self.home != self.place_of(bucket, key):
            raise FaultError(f"moved from its original location s3://{bucket}/{key}")
        if account != digest.aws_account_id:
            raise FaultError(f"it is of account {digest.aws_account_id} and lies in the folder of {account}")
        if digest.end != self.name.end:
            raise FaultError(f"it ends at {digest.digest_end_time}, and its name says {self.name.end}Z")

    def place_of(self, bucket: str | None, key: str) -> str:
        """Where an object of its bucket lies; a copy may have left out what stands before AWSLogs."""
        if self.home.startswith("s3://") and not self.copied_from:
            return f"s3://{bucket}/{key}"
        above, own = self.branch["above"], self.digest.digest_s3_object.rpartition("AWSLogs/")[0] if self.digest else ""
        if above.endswith(own):
            return above.removesuffix(own) + key
        return above + "".join(key.rpartition("AWSLogs/")[1:])

    @property
    def previous(self) -> str | None:
        """Where the digest before it lies; None where it is a first one, or does not tell."""
        said = self.said
        if said is None or said.previous_digest_s3_object is None:
            return None
        return self.place_of(said.previous_digest_s3_bucket, said.previous_digest_s3_object)

    def check_signature(self, following: Iterable["Link"], keys: Mapping[str, PublicKey]) -> None:
        """Whether CloudTrail signed it, by its metadata, or by the next digest, which repeats the signature.

        Of the digests that name it as the one before, all but one are planted.
        """
        if self.digest is None or self.fault or self.stored.text is None:
            return
        metadata, signed_at = self.metadata, self.digest.end
        if metadata is None:
            repeated = (link.said.previous_digest_signature for link in following if link.said)
            signatures = [signature for signature in repeated if signature]
        else:
            signatures = [metadata.get("signature", "") if "signature-algorithm" in metadata else ""]
        for signature in signatures:
            try:
                if not (signature and isinstance(signature, str)):
                    raise FaultError("signature verification failed: its metadata lacks the signature")
                if metadata is not None and self.name.is_backfill:
                    signed_at = generated(metadata)
                check_signature(self.digest, self.stored.text, signature, keys, signed_at)
                self.is_signed, self.fault = True, None
                return
            except FaultError as fault:
                self.fault = fault

    def compare(self, before: "Link") -> None:
        """Whether the digest before it is the one that it names."""
        said, metadata = self.said, before.metadata
        if said is None or before.said is None or (before.is_signed and not self.is_signed):
            return  # what anyone may have planted speaks against nothing that is signed
        if before.stored.sha256 != said.previous_digest_hash_value:
            before.fault = FaultError(f"its SHA-256 is not the one that {self.home} names")
        elif metadata and metadata.get("signature") != said.previous_digest_signature:
            before.fault = FaultError(f"its signature is not the one that {self.home} names")

    def judge(self) -> Verdict:
        """The verdict on the digest itself."""
        if self.fault:
            said = "unverifiable" if isinstance(self.fault, KeyFaultError) else "changed", str(self.fault)
        elif self.stored.problem:
            said = "changed", f"{self.stored.problem}; what it says is signed"
        elif self.is_signed:
            said = "intact", "signed by CloudTrail"
        else:
            said = "unverifiable", HASH_ONLY
        verdict, reason = said[0], said[1] + self.stored.remark
        return Verdict(self.stored.place, "digest", verdict, reason, self.name.trail, self.end, self.stored.file_sha256)

    def judge_listed(self, waiting: dict[str, list[Stored]], settled: set[str]) -> list[Verdict]:
        """On each log file that it lists and that is not `settled` yet; it is taken out of `waiting`."""
        verdicts = []
        for listed in self.digest.log_files if self.digest else ():
            place = self.place_of(listed.s3_bucket, listed.s3_object)
            if place in settled:
                continue
            settled.add(place)
            logs = waiting.pop(place, None) or waiting.pop(place.removesuffix(".gz"), [])
            older = [log for log in logs if VERSION.fullmatch(log.place)]
            kept = next(
                (f"; what was delivered is kept at {log.place}" for log in older if log.sha256 == listed.hash_value), ""
            )
            for log in logs:
                verdict, reason = self._judge_log(listed, log, place)
                reason += log.remark + kept * (verdict == "changed")
                verdicts.append(Verdict(log.place, "log", verdict, reason, self.name.trail, self.end, log.file_sha256))
            if len(older) == len(logs):
                verdict, why = self._absent(listed.s3_bucket), f"not found; listed by {self.home}"
                if not self.is_signed:  # anyone may have made up what it lists
                    verdict, why = "unverifiable", f"{why}, of which nothing proves that CloudTrail signed it"
                verdicts.append(Verdict(place, "log", verdict, why + kept, self.name.trail, self.end))
        return verdicts

    def _absent(self, bucket: str | None) -> str:
        """The verdict on what is not there: of another bucket than its own, nobody looked."""
        own = self.digest.digest_s3_bucket if self.digest else None
        return "unverifiable" if self.home.startswith("s3://") and bucket != own else "missing"

    def lost(self, end: datetime, why: str, named: str | None = None) -> Verdict:
        """The verdict on a digest of its chain that is not there."""
        stamp, day = f"{self.end:_%Y%m%dT%H%M%SZ}", f"{self.end:/%Y/%m/%d/}"
        place = self.home.replace(stamp, f"{end:_%Y%m%dT%H%M%SZ}").replace(day, f"{end:/%Y/%m/%d/}")
        bucket = self.digest.previous_digest_s3_bucket if named and self.digest else None
        verdict = self._absent(bucket) if named else "missing"
        return Verdict(named or place, "digest", verdict, f"not found; {why}", self.name.trail, end)

    def _judge_log(self, listed: Listed, log: Stored, place: str) -> tuple[str, str]:
        if log.unread:
            return "unverifiable", f"its bytes could not be had: {log.unread}"
        if log.sha256 != listed.hash_value:
            return "changed", f"its SHA-256 is {log.sha256 or 'unknown'}, the digest says {listed.hash_value}"
        if log.problem and home_of(log.place) == place:
            return "changed", f"{log.problem}; what it holds is what the digest says"
        if self.fault:
            return "unverifiable", f"its hash is right, but the digest {self.home} is not sound: {self.fault}"
        if not self.is_signed:
            return "unverifiable", f"its hash is right, but {HASH_ONLY}"
        return "intact", f"listed by {self.home}{self._remarks(listed, log)}"

    def _remarks(self, listed: Listed, log: Stored) -> str:
        """What is odd about an intact log: its events lie outside the hour by more than the delivery takes; it was put again."""
        oldest, newest, said = listed.oldest_event_time, listed.newest_event_time, ""
        if oldest and newest and (instant(oldest) < self.start - _LATE or instant(newest) > self.end):
            said = f"; its events, {oldest} to {newest}, lie outside the hour of the digest"
        if log.written_at and log.written_at > self.end + DUE:
            said += f"; it was written again at {log.written_at:%Y-%m-%dT%H:%M:%SZ}, with the same content"
        return said


def generated(metadata: Mapping[str, str]) -> datetime:
    """When a backfill digest was made. Raises FaultError."""
    try:
        return instant(metadata["backfill-generation-timestamp"])
    except (KeyError, TypeError, ValueError, OverflowError):
        raise FaultError("invalid format: its metadata lacks backfill-generation-timestamp") from None


def home_of(place: str) -> str:
    """The place of the newest version of what lies at `place`."""
    version = VERSION.fullmatch(place)
    return place if version is None else version["s3"] or f"{version['root']}{version['key']}"
