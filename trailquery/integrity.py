"""The digests of trails -> a verdict on every log file and digest, with the reason. Pure: no I/O, no clock.

A log file is `intact` when a digest lists its hash and CloudTrail signed that digest; `changed` when its bytes are others;
`missing` when a signed digest lists it and it is not there; `unlisted` when the digest of its hour is there and does not list
it; `pending` when that digest is not due yet; `unverifiable` when no sound digest tells.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from typing import NamedTuple

from trailquery.digests import FaultError, KeyFaultError, PublicKey, digest_name
from trailquery.links import BRANCH, DUE, EDGE, HASH_ONLY, HOUR, Link, Stored, Verdict, home_of
from trailquery.sources import delivery_path

VERDICTS = ("intact", "pending", "unverifiable", "unlisted", "changed", "missing")
SOUND = ("intact", "pending")
_LONG_AGO = datetime(1970, 1, 1)  # noqa: DTZ001 naive UTC, as everywhere
_AHEAD = timedelta(days=1)  # a clock may be wrong
_NAMED = 1_000  # hours without a digest, one by one, at the end of a chain
_AT_ONCE = timedelta(minutes=1)


class ChainVerdict(NamedTuple):
    """On the digests of one trail in one account and region.

    whole; gap (logging was off, signed); unsigned (some cannot be checked); broken (some are gone or changed).
    """

    trail: str
    account_id: str
    region: str
    verdict: str
    reason: str
    since: datetime
    until: datetime
    digests: int
    is_backfill: bool = False


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
    since: datetime | None = None, until: datetime | None = None, trail: str | None = None,
) -> Verified:  # fmt: skip
    """Verdicts on what lies there and was delivered in [since, until), naive UTC like `now`; `trail` leaves out others."""
    since, until = since or datetime.min, until or now + _AHEAD  # noqa: DTZ901 naive UTC, as everywhere
    waiting: defaultdict[str, list[Stored]] = defaultdict(list)
    for log in logs:
        waiting[home_of(log.place)].append(log)
    chains, verdicts = _chains(digests, keys, now, since, until)
    due, settled = _due(chains, waiting, now), set[str]()
    for chain in chains:
        chain.compare_gaps(chains)
        chain.find_end(min(due[chain.above], until))
    links_there = (link for one in chains for link in one.links)
    for link in sorted(links_there, key=lambda link: (not link.is_signed, bool(link.fault))):
        listed = link.judge_listed(waiting, settled)  # what a signed digest lists is settled first
        verdicts += listed if trail in (None, link.name.trail) else ()
    asked = [one for one in chains if trail in (None, one.trail)]
    verdicts += [verdict for one in asked for verdict in one.judge_digests()]
    by_series = defaultdict[str, list[_Chain]](list)
    for one in asked:
        by_series[one.series].append(one)
    for home, rest in waiting.items():
        stamp = delivery_path(home).delivered_at
        is_to_come = stamp is not None and stamp > now + _AHEAD
        if stamp is None or since <= stamp < until or is_to_come:
            verdicts += _judge_unlisted(home, stamp, is_to_come, rest, by_series, trail is None)
    return Verified(
        sorted(verdicts, key=lambda one: (one.place, one.file_sha256 or "")), [one.verdict() for one in asked]
    )


def _chains(
    digests: Iterable[Stored], keys: Mapping[str, PublicKey], now: datetime, since: datetime, until: datetime
) -> tuple[list["_Chain"], list[Verdict]]:
    """The chains of the digests that ended in that time, and the verdicts on what does not lie where a digest does."""
    verdicts, links = list[Verdict](), defaultdict[tuple[str, str, bool], list[Link]](list)
    for stored in digests:
        home = home_of(stored.place)
        name, branch = digest_name(home), BRANCH.fullmatch(home)
        if name is None or branch is None:
            why = "it does not lie below AWSLogs/ACCOUNT/CloudTrail-Digest/REGION under a digest's name"
            reason = stored.unread or why
            verdicts.append(Verdict(stored.place, "digest", "unverifiable", reason, file_sha256=stored.file_sha256))
        elif since < name.end and (name.end <= until + HOUR or name.end > now + _AHEAD):
            links[_series(branch), name.trail, name.is_backfill].append(Link(stored, home, name, branch))
    return [_Chain(links[series], keys, now, since) for series in sorted(links)], verdicts


class _Chain:
    """The digests of one trail in one region of one account, oldest first."""

    def __init__(self, links: list[Link], keys: Mapping[str, PublicKey], now: datetime, since: datetime) -> None:
        first = links[0]
        self.series, self.base, self.above = _series(first.branch), first.branch["base"], first.branch["above"]
        self.trail, self.is_backfill = first.name.trail, first.name.is_backfill
        self.gaps: list[tuple[datetime, datetime]] = []  # logging was off: signed by who was there before and after
        self.lost: dict[datetime, Verdict] = {}  # digests that are not there, by their end
        self._odd: list[str] = []
        following = defaultdict[str | None, list[Link]](list)
        for link in links:
            if link.end > now + _AHEAD:
                link.fault = FaultError(f"it ends at {link.end}Z, which is to come")
            following[link.previous].append(link)
        for link in links:
            link.check_signature(following[link.home], keys)
        by_home = {link.home: link for link in sorted(links, key=lambda link: (link.is_signed, not link.fault))}
        self.links = sorted(by_home.values(), key=lambda link: (link.end, link.home))
        self._others = [link for link in links if by_home[link.home] is not link]  # versions
        self._ends, self._homes = [link.end for link in self.links], set(by_home)
        sound = [link for link in self.links if link.said]
        for before, link in zip([None, *sound], sound, strict=False):
            self._follow(before, link, since)
        for link in sound:
            if link.previous in by_home:
                link.compare(by_home[link.previous])

    def _follow(self, before: Link | None, link: Link, since: datetime) -> None:
        """What lacks before `link`; `before` is the sound digest before it."""
        if before and link.is_signed and not before.is_signed:
            before = None  # anyone may have planted it, to make a thousand hours before `link` look deleted
        if link.previous is None:
            if before and link.start > before.end and not self.is_backfill:
                self.gaps.append((before.end, link.start))
            return
        if before and link.previous == before.home:
            if link.start != before.end and not self.is_backfill:
                self._odd.append(f"{link.home}: it starts at {link.start}Z, the one before ends at {before.end}Z")
            elif not (link.is_signed or self.is_backfill):  # CloudTrail writes one an hour
                why = f"its hour is within those of {link.home}, of which nothing proves that CloudTrail signed it"
                self._lose(islice(_hours(before.end, link.end - _AT_ONCE), _NAMED), link, why)
            return
        named = digest_name(link.previous)
        end = named.end if named else link.start
        if before and not self.is_backfill and (end - before.end + _AT_ONCE) % HOUR <= 2 * _AT_ONCE:
            ends = set(self._ends)
            hours = (hour for hour in _hours(before.end, end - _AT_ONCE) if hour not in ends)
            self._lose(hours, link, "it lay between two that are there")
        if link.previous not in self._homes and end > since:
            why = f"named by {link.home}" + ("" if before else "; if what you have begins there, say so with --since")
            self.lost[end] = link.lost(end, why, link.previous)

    def _lose(self, ends: Iterable[datetime], near: Link, why: str) -> None:
        for end in ends:
            self.lost[end] = near.lost(end, why)

    def compare_gaps(self, chains: Iterable["_Chain"]) -> None:
        """Name the digests before a gap that are gone: logging stops and starts in all regions of a trail at once."""
        if not self.gaps:
            return
        of_trail = [one for one in chains if (one.base, one.trail) == (self.base, self.trail)]
        for number, (start, end) in enumerate(self.gaps):
            same = (gap[0] for one in of_trail for gap in one.gaps if gap[0] < end and abs(gap[1] - end) <= HOUR)
            stopped = max(same, default=start)
            if stopped > start + _AT_ONCE:
                why = f"logging was on until {stopped}Z in other regions"
                self._lose([*_hours(start, stopped - _AT_ONCE), stopped], self.links[0], why)
                self.gaps[number] = stopped, end

    def find_end(self, due: datetime) -> None:
        """Name what should have come since the newest digest; digests that ended by `due` should be there."""
        if not self.is_backfill:
            last, why = self.links[-1], "no digest has come since: logging was stopped, or they are gone"
            self._lose(islice(_hours(last.end, due), _NAMED), last, why)
            if due - last.end >= (_NAMED + 1) * HOUR:
                self.lost[due] = last.lost(due, f"nor those of the hours before: {why}")
        self._due = due
        self._lost_ends = sorted(self.lost)

    def judge_digests(self) -> Iterator[Verdict]:
        yield from self.lost.values()
        for link in [*self.links, *self._others]:
            yield link.judge()

    def judge_unlisted(self, stamp: datetime) -> tuple[str, str, datetime]:
        """On a log file delivered at `stamp` that no digest lists, as far as this chain tells, with the hour."""
        at = bisect_left(self._lost_ends, stamp)
        if at < len(self._lost_ends) and self._lost_ends[at] - HOUR - EDGE <= stamp:
            end = self._lost_ends[at]
            return "unverifiable", f"the digest of its hour is missing: {self.lost[end].place}", end
        first, last, at = self.links[0], self.links[-1], bisect_left(self._ends, stamp)
        if stamp > last.end - EDGE:
            due = last.end + max((stamp - last.end) // HOUR + 1, 1) * HOUR
            if due <= self._due:
                return "unverifiable", "the digest of its hour is missing, and those of the hours before", due
            return "pending", f"the digest of its hour is not due yet; the newest is {last.home}", due
        link = self.links[at]
        if link.fault:
            return "unverifiable", f"the digest of its hour, {link.home}, is not sound: {link.fault}", link.end
        if stamp < first.start:
            end = first.start - (first.start - stamp) // HOUR * HOUR
            return "unverifiable", f"it is older than the oldest digest that is held, {first.home}", end
        off = next((gap for gap in self.gaps if gap[0] < stamp < gap[1]), None)
        said = (
            f"by the digests that are there, logging was off from {off[0]}Z to {off[1]}Z"
            if off
            else f"{link.home} does not list it"
        )
        return "unlisted", f"{said}: it was not delivered by CloudTrail, or into another trail's folder", link.end

    def verdict(self) -> ChainVerdict:
        first, last, verdict = self.links[0], self.links[-1], "whole"
        reason = ", ".join(sorted({f"a copy of s3://{link.copied_from}" for link in self.links if link.copied_from}))
        faults = [(link.fault, f"{link.home}: {link.fault}") for link in self.links if link.fault]
        wrong = [f"{lost.place}: {lost.reason}" for lost in self.lost.values()] + self._odd
        wrong += [told for fault, told in faults if not isinstance(fault, KeyFaultError)]
        unsigned = [link for link in self.links if not link.is_signed]
        if wrong:
            verdict, reason = "broken", f"{wrong[0]}{f', and {len(wrong) - 1:,} more' if len(wrong) > 1 else ''}"
        elif unsigned:
            why = faults[0][1] if faults else HASH_ONLY
            verdict, reason = "unsigned", f"{len(unsigned):,} of {len(self.links):,} digests: {why}"
        elif self.gaps:
            verdict = "gap"
            reason = "; ".join(f"logging was off from {start}Z to {end}Z" for start, end in self.gaps)
        branch = first.branch
        return ChainVerdict(
            self.trail, branch["account"], branch["region"], verdict, reason, first.start, last.end, len(self.links), self.is_backfill
        )  # fmt: skip


def _judge_unlisted(
    home: str, stamp: datetime | None, is_to_come: bool, logs: list[Stored], chains: Mapping[str, list[_Chain]], all_trails: bool,
) -> Iterator[Verdict]:  # fmt: skip
    """On log files at one place, delivered at `stamp`, that no digest lists; nothing where it is not asked for."""
    branch = BRANCH.fullmatch(home)
    near = [one for one in chains.get(_series(branch), ()) if not one.is_backfill] if branch else []
    if not (near or all_trails):
        return
    trail = near[0].trail if len(near) == 1 else None
    hour = stamp and stamp.replace(minute=0)  # in which it was delivered, for want of a digest
    if is_to_come:
        verdict, reason = "unlisted", f"its name says that it was delivered at {stamp}Z, which is to come"
    elif stamp is None and logs[0].unread:
        verdict, reason = "unverifiable", logs[0].unread
    elif branch is None or stamp is None:
        verdict, reason = "unverifiable", "it does not lie in the folders of a trail, so that no digest lists it"
    elif near:
        told = (one.judge_unlisted(stamp) for one in near)
        verdict, reason, hour = min(told, key=lambda said: VERDICTS.index(said[0]))
    else:
        verdict, reason = "unverifiable", "no digest of its account and region is held"
    for log in logs:
        flaw = log.unread or log.problem  # CloudTrail delivers no such file
        said = ("unverifiable", flaw) if flaw and verdict == "pending" else (verdict, reason + log.remark)
        yield Verdict(log.place, "log", *said, trail, hour, log.file_sha256)


def _due(chains: list[_Chain], logs: Mapping[str, list[Stored]], now: datetime) -> dict[str, datetime]:
    """By the folder above AWSLogs, the time by which ended what should be there.

    What is seen in S3 tells when it was looked at. Of a plain copy it is known that it was made after its newest digest
    and log file.
    """
    seen, told = dict[str, datetime](), defaultdict[str, datetime](lambda: _LONG_AGO)
    for chain in chains:
        for link in chain.links:
            _raise(seen, chain.above, link.stored.seen_at)
            _raise(told, chain.above, link.end if link.said else None)
    for home, stored in logs.items():
        branch, stamp = BRANCH.fullmatch(home), delivery_path(home).delivered_at
        if branch:
            _raise(seen, branch["above"], stored[0].seen_at)
            _raise(told, branch["above"], stamp - DUE if stamp and _LONG_AGO < stamp < now + _AHEAD else None)
    return {above: min(seen[above] - DUE if above in seen else told[above], now) for above in [*told, *seen]}


def _raise(times: dict[str, datetime], name: str, time: datetime | None) -> None:
    if time:
        times[name] = max(times.get(name, time), time)


def _series(branch: re.Match[str]) -> str:
    return f"{branch['base']}/{branch['region']}"


def _hours(after: datetime, until: datetime) -> Iterator[datetime]:
    """The ends of the hours that follow `after`, up to `until`."""
    while until - after >= HOUR:
        after += HOUR
        yield after
