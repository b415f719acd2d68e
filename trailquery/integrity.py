"""The digests of trails -> a verdict on every log file and digest, with the reason. Pure: no I/O, no clock.

A log file is `intact` when a digest lists its hash, CloudTrail signed that digest, and the chain is whole up to it; `changed`
when its bytes are others; `missing` when a digest lists it and it is not there; `unlisted` when a digest of its hour is there
and does not list it; `pending` when that digest is not due yet; `unverifiable` when no sound digest tells.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import chain
from typing import NamedTuple

from trailquery.digests import (
    Digest,
    DigestName,
    FaultError,
    Listed,
    PublicKey,
    check_signature,
    digest_name,
    instant,
    read_digest,
)
from trailquery.sources import delivery_path

VERDICTS = ("intact", "pending", "unverifiable", "unlisted", "changed", "missing")
SOUND = ("intact", "pending")
DUE = timedelta(hours=2)  # after the start of its hour, a digest is delivered at the latest
_LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC, as everywhere
_HOUR = timedelta(hours=1)
_LATE = timedelta(hours=24)  # events may come so late, with the reason in their addendum
_EDGE = timedelta(minutes=15)  # a file delivered at the end of an hour may stand in the next digest
_BRANCH = re.compile(
    r"(?P<base>(?:.*[/!])?AWSLogs/(?:o-[a-z0-9]+/)?(?P<account>\d{12}))/CloudTrail[A-Za-z-]*/(?P<region>[a-z0-9-]+)/.*",
    re.ASCII | re.DOTALL,
)
_KEY_FAULTS = ("public key not found", "unable to load", "the key ")
_HASH_ONLY = "hash only: nothing at hand signs it; its signature stands in the object's metadata, which this copy lacks"


class Stored(NamedTuple):
    """A file as it lies; `sha256` is that of its inflated bytes, None where it does not inflate."""

    place: str
    sha256: str | None
    problem: str | None = None  # what is wrong with it as a gzip
    text: bytes | None = None  # of a digest, inflated
    metadata: Mapping[str, str] | None = None  # of the S3 object; None where the copy does not keep it
    unread: str | None = None  # why its bytes could not be had


class Verdict(NamedTuple):
    """On one file; `hour` is the end of the digest that tells of it, naive UTC."""

    place: str
    kind: str  # log or digest
    verdict: str
    reason: str
    trail: str | None = None
    hour: datetime | None = None


class ChainVerdict(NamedTuple):
    """On the digests of one trail in one account and region: whole, gap (logging was off, signed), unsigned or broken."""

    trail: str
    account_id: str
    region: str
    verdict: str
    reason: str
    since: datetime
    until: datetime
    digests: int


class Verified(NamedTuple):
    files: list[Verdict]
    chains: list[ChainVerdict]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong and nothing is left unchecked."""
        chains = (one.verdict in ("whole", "gap") for one in self.chains)
        return all(file.verdict in SOUND for file in self.files) and all(chains)


def verify(
    digests: Iterable[Stored], logs: Iterable[Stored], keys: Mapping[str, PublicKey], now: datetime,
    since: datetime | None = None,
) -> Verified:  # fmt: skip
    """Verdicts on what lies there; `now` (naive UTC) is when it lay so, `since` leaves out what was delivered before."""
    since = since or _LONG_AGO
    waiting = {log.place: log for log in logs if (delivery_path(log.place).delivered_at or now) >= since}
    links: defaultdict[tuple[str, str, bool], list[_Link]] = defaultdict(list)
    verdicts = []
    for stored in digests:
        name, branch = digest_name(stored.place), _BRANCH.fullmatch(stored.place)
        if name is None or branch is None:
            reason = "its name, or the folders it lies in, are not those of a digest"
            verdicts.append(Verdict(stored.place, "digest", "unverifiable", reason))
        elif name.end > since:
            links[f"{branch['base']}/{branch['region']}", name.trail, name.is_backfill].append(_Link(stored, name))
    by_region: defaultdict[str, list[_Chain]] = defaultdict(list)
    for (region, _, _), members in sorted(links.items()):
        by_region[region].append(_Chain(members, keys, now, since))
    chains = list(chain.from_iterable(by_region.values()))
    every_link = [link for one in chains for link in one.links]
    for link in sorted(every_link, key=lambda link: link.fault is not None):  # what a sound digest lists is settled
        verdicts += link.judge_listed(waiting)
    verdicts += [verdict for one in chains for verdict in one.judge_digests()]
    verdicts += [_judge_unlisted(log, by_region, now) for log in waiting.values()]
    return Verified(sorted(verdicts), [one.verdict() for one in chains])


class _Link:
    """A digest that is held, and what is wrong with it."""

    def __init__(self, stored: Stored, name: DigestName) -> None:
        self.stored, self.name = stored, name
        self.digest: Digest | None = None
        self.fault: str | None = None
        self.is_signed = False
        try:
            if stored.text is None:
                raise FaultError(stored.unread or f"invalid format: {stored.problem}")
            self.digest = read_digest(stored.text)
            self._check_place(self.digest)
        except FaultError as fault:
            self.fault = str(fault)
        said = self.digest if not self.fault else None
        self.end = said.end if said else name.end
        self.start = said.start if said else name.end - _HOUR

    def _check_place(self, digest: Digest) -> None:
        branch = _BRANCH.fullmatch(self.stored.place)
        if self.stored.place != self.place_of(digest.digest_s3_bucket, digest.digest_s3_object):
            raise FaultError(
                f"moved from its original location s3://{digest.digest_s3_bucket}/{digest.digest_s3_object}"
            )
        if branch and branch["account"] != digest.aws_account_id:
            raise FaultError(f"it is of account {digest.aws_account_id} and lies in the folder of {branch['account']}")
        if digest.end != self.name.end:
            raise FaultError(f"it ends at {digest.digest_end_time}, and its name says {self.name.end}Z")

    def place_of(self, bucket: str | None, key: str) -> str:
        """Where an object of its bucket lies; in a copy, below the folder that stands for the bucket."""
        if self.stored.place.startswith("s3://"):
            return f"s3://{bucket}/{key}"
        own = self.digest.digest_s3_object if self.digest else ""
        root = self.stored.place.removesuffix(own)
        return root + key if root == "" or root.endswith("/") else key

    def check_signature(self, following: "_Link | None", keys: Mapping[str, PublicKey]) -> None:
        """Whether CloudTrail signed it, by its metadata, or by the next digest, which repeats the signature."""
        if self.digest is None or self.fault or self.stored.text is None:
            return
        metadata = self.stored.metadata
        repeated = following.signature_of(self) if following else None
        signature = repeated if metadata is None else metadata.get("signature")
        try:
            if metadata is not None and not (signature and "signature-algorithm" in metadata):
                raise FaultError("signature verification failed: its metadata lacks the signature")
            if self.name.is_backfill and metadata is not None and "backfill-generation-timestamp" not in metadata:
                raise FaultError("invalid format: its metadata lacks backfill-generation-timestamp")
            if signature and keys:
                check_signature(self.digest, self.stored.text, signature, keys)
                self.is_signed = True
        except FaultError as fault:
            self.fault = str(fault)

    def names(self, other: "_Link") -> bool:
        """Whether it says that `other` is the digest before it."""
        said = self.digest
        if said is None or said.previous_digest_s3_object is None:
            return False
        return other.stored.place == self.place_of(said.previous_digest_s3_bucket, said.previous_digest_s3_object)

    def signature_of(self, other: "_Link") -> str | None:
        return self.digest.previous_digest_signature if self.digest and self.names(other) else None

    def judge(self) -> tuple[str, str]:
        """The verdict on the digest itself, and the reason."""
        if self.fault:
            is_open = self.stored.unread or self.fault.startswith(_KEY_FAULTS)
            return ("unverifiable" if is_open else "changed"), self.fault
        if self.stored.problem:
            return "changed", f"{self.stored.problem}; what it says is signed"
        return ("intact", "signed by CloudTrail") if self.is_signed else ("unverifiable", _HASH_ONLY)

    def judge_listed(self, waiting: dict[str, Stored]) -> Iterator[Verdict]:
        """On each log file that it lists and that is not judged yet, which is taken out of `waiting`."""
        for listed in self.digest.log_files if self.digest else ():
            place = self.place_of(listed.s3_bucket, listed.s3_object)
            verdict, reason = self._judge_log(listed, waiting.pop(place, None))
            yield Verdict(place, "log", verdict, reason, self.name.trail, self.end)

    def _judge_log(self, listed: Listed, log: Stored | None) -> tuple[str, str]:
        if log is None:
            return "missing", f"not found; listed by {self.stored.place}"
        if log.unread:
            return "unverifiable", f"its bytes could not be had: {log.unread}"
        if log.sha256 != listed.hash_value:
            return "changed", f"its SHA-256 is {log.sha256 or 'unknown'}, the digest says {listed.hash_value}"
        if log.problem:
            return "changed", f"{log.problem}; what inflates is what the digest says"
        if self.fault:
            return "unverifiable", f"its hash is right, but the digest {self.stored.place} is not sound: {self.fault}"
        if not self.is_signed:
            return "unverifiable", f"its hash is right, but {_HASH_ONLY}"
        return "intact", f"listed by {self.stored.place}{self._out_of_hour(listed)}"

    def _out_of_hour(self, listed: Listed) -> str:
        """What to add where a log's events lie outside the hour of its digest by more than the delivery takes."""
        oldest, newest = listed.oldest_event_time, listed.newest_event_time
        if oldest and newest and (instant(oldest) < self.start - _LATE or instant(newest) > self.end):
            return f"; its events, {oldest} to {newest}, lie outside the hour of the digest"
        return ""


class _Chain:
    """The digests of one trail in one region of one account, oldest first."""

    def __init__(self, links: list[_Link], keys: Mapping[str, PublicKey], now: datetime, since: datetime) -> None:
        self.links = sorted(links, key=lambda link: (link.name.end, link.stored.place))
        self._since = since
        self.gaps: list[tuple[datetime, datetime]] = []  # logging was off: signed by who was there before and after
        self.lost: dict[datetime, Verdict] = {}  # digests that are not there, by their end
        self._broken: list[str] = []
        for link, following in zip(self.links, [*self.links[1:], None], strict=True):
            link.check_signature(following, keys)
        for before, link in zip([None, *self.links[:-1]], self.links, strict=True):
            self._follow(before, link)
        self._broken += [f"{link.stored.place}: {link.fault}" for link in self.links if link.fault]
        last = self.links[-1]
        if not last.name.is_backfill:
            why = "no digest has come since: logging was stopped, or they are gone"
            self._lose(_hours(last.end, now - DUE + _HOUR), last, why)

    def _follow(self, before: _Link | None, link: _Link) -> None:
        """Compare what a digest says of the one before it with the one that is there."""
        digest = link.digest if not link.fault else None
        if digest is None:
            if before:
                self._lose(_hours(before.end, link.start), link, "it would lie between two that are there")
        elif digest.previous_digest_s3_object is None:
            if before and link.start > before.end:
                self.gaps.append((before.end, link.start))
        elif before is None or not link.names(before):
            self._lose(self._before(before, link, digest), link, f"named by {link.stored.place}")
        elif before.stored.sha256 != digest.previous_digest_hash_value:
            before.fault = before.fault or f"its SHA-256 is not the one that {link.stored.place} names"
        elif (before.stored.metadata or {}).get(
            "signature", digest.previous_digest_signature
        ) != digest.previous_digest_signature:
            before.fault = before.fault or f"its signature is not the one that {link.stored.place} names"
        elif link.start != before.end:
            self._broken.append(
                f"{link.stored.place}: it starts at {link.start}Z, the one before ends at {before.end}Z"
            )

    def _before(self, before: _Link | None, link: _Link, digest: Digest) -> list[datetime]:
        """The ends of the digests that lack before `link`; of those before the oldest that is held, what is asked for."""
        if before:
            hours = list(_hours(before.end, link.start))
        elif self._since > _LONG_AGO:
            hours = [
                hour
                for hour in _hours(link.start - _whole_hours(link.start - self._since), link.start)
                if hour > self._since
            ]
        else:
            hours = []
        named = digest_name(digest.previous_digest_s3_object or "")
        end = named.end if named else link.start
        return hours if end in hours or end <= self._since else [*hours, end]

    def _lose(self, ends: Iterable[datetime], near: _Link, why: str) -> None:
        """Name the digests of these ends, after the name of their neighbour."""
        stamp, day = f"{near.name.end:_%Y%m%dT%H%M%SZ}", f"{near.name.end:/%Y/%m/%d/}"
        for end in ends:
            place = near.stored.place.replace(stamp, f"{end:_%Y%m%dT%H%M%SZ}").replace(day, f"{end:/%Y/%m/%d/}")
            self.lost[end] = Verdict(place, "digest", "missing", f"not found; {why}", near.name.trail, end)

    def judge_digests(self) -> Iterator[Verdict]:
        yield from self.lost.values()
        for link in self.links:
            yield Verdict(link.stored.place, "digest", *link.judge(), link.name.trail, link.end)

    def judge_unlisted(self, stamp: datetime, now: datetime) -> tuple[str, str]:
        """On a log file delivered at `stamp` that no digest lists, as far as this chain tells."""
        link = next((link for link in self.links if stamp <= link.end), None)
        last = self.links[-1]
        if link is None or (link is last and stamp > link.end - _EDGE):
            if now < max(stamp, last.end) + DUE:
                return "pending", "the digest of its hour is not due yet"
            return "unverifiable", f"the digest of its hour is missing: the newest is {last.stored.place}"
        lost = next((self.lost[end] for end in sorted(self.lost) if end - _HOUR <= stamp <= end), None)
        if lost:
            return "unverifiable", f"the digest of its hour is missing: {lost.place}"
        if link.fault:
            return "unverifiable", f"the digest of its hour, {link.stored.place}, is not sound: {link.fault}"
        if stamp < self.links[0].start:
            return "unverifiable", f"it is older than the oldest digest that is held, {link.stored.place}"
        off = next((gap for gap in self.gaps if gap[0] < stamp < gap[1]), None)
        said = f"logging was off from {off[0]}Z to {off[1]}Z" if off else f"{link.stored.place} does not list it"
        return "unlisted", f"{said}: it was not delivered by CloudTrail, or into another trail's folder"

    def verdict(self) -> ChainVerdict:
        first, last = self.links[0], self.links[-1]
        place, reason, verdict = delivery_path(first.stored.place), "", "whole"
        unsigned = sum(not link.is_signed for link in self.links)
        wrong = [f"{lost.place}: {lost.reason}" for lost in self.lost.values()] + self._broken
        if wrong:
            verdict, reason = "broken", f"{wrong[0]}{f', and {len(wrong) - 1} more' if len(wrong) > 1 else ''}"
        elif unsigned:
            verdict, reason = "unsigned", f"{unsigned} of {len(self.links)} digests: {_HASH_ONLY}"
        elif self.gaps:
            verdict = "gap"
            reason = "; ".join(f"logging was off from {start}Z to {end}Z" for start, end in self.gaps)
        return ChainVerdict(
            first.name.trail, place.account_id or "", place.region or "", verdict, reason, first.start, last.end, len(self.links)
        )  # fmt: skip


def _judge_unlisted(log: Stored, chains: Mapping[str, list[_Chain]], now: datetime) -> Verdict:
    branch, stamp = _BRANCH.fullmatch(log.place), delivery_path(log.place).delivered_at
    if branch is None or stamp is None:
        reason = "it does not lie in the folders of a trail, so that no digest lists it"
        return Verdict(log.place, "log", "unverifiable", reason)
    told = [one.judge_unlisted(stamp, now) for one in chains.get(f"{branch['base']}/{branch['region']}", [])]
    told = told or [("unverifiable", "no digest of its account and region is held")]
    return Verdict(log.place, "log", *min(told, key=lambda said: VERDICTS.index(said[0])))


def _hours(after: datetime, until: datetime) -> Iterator[datetime]:
    """The ends of the hours that follow `after`, up to `until`."""
    while (after := after + _HOUR) <= until:
        yield after


def _whole_hours(span: timedelta) -> timedelta:
    return span // _HOUR * _HOUR
