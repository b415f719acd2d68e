"""Trails, and what they deliver: five-minute log files and hourly signed digests.

Memory holds only the windows that are still open. A window that grows past FILE_RECORDS goes out at once, as
CloudTrail does, which then delivers several files with one stamp.

Names, digest fields and the signed text: AWS CloudTrail User Guide, "CloudTrail log file examples",
"CloudTrail digest file structure" and "Custom implementations of CloudTrail log file integrity validation".
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable
from io import FileIO
from pathlib import Path
from random import Random
from typing import NamedTuple

import msgspec

from trailquery.simulate.keys import SigningKey
from trailquery.simulate.organization import ACCOUNTS, ORG_BUCKET, ORGANIZATION, PROD, PROD_BUCKET, REGIONS
from trailquery.simulate.record import Event, time_text

WINDOW_S = 300
HOUR_S = 3600
FILE_RECORDS = 2_000
GZIP_LEVEL = 1
ALPHANUMERIC = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Trail(NamedTuple):
    """One trail. `off` is [stopped, started), seconds UTC, while it records nothing."""

    name: str
    bucket: str
    prefix: str  # of the key, up to and with AWSLogs/ and the organisation
    accounts: tuple[str, ...]
    copies: bool = False  # it selects only what Event.copied marks
    off: tuple[int, int] | None = None

    def is_off(self, time: int) -> bool:
        """Whether logging is stopped at `time`; the calls that stop and start it are recorded."""
        return self.off is not None and self.off[0] < time < self.off[1]


class Stream:
    """What one series of log files holds: the records of a trail, account and region, of one folder."""

    __slots__ = ("account", "folder", "path", "region", "salt", "trail")

    def __init__(self, trail: Trail, account: str, region: str, folder: str, salt: int) -> None:
        self.trail, self.account, self.region, self.folder, self.salt = trail, account, region, folder, salt
        self.path = f"{trail.prefix}{account}/{folder}/{region}"

    def slot(self, time: int, wait: int, end: int) -> int:
        """The five minutes, counted from 1970, in which a record of `time` is delivered.

        Two minutes and `wait` (seconds) later; one window in a hundred a quarter to four hours later still.
        """
        slot = (time + 120 + wait) // WINDOW_S + 1
        chance = ((time // WINDOW_S * 2_654_435_761 + self.salt) & 0xFFFF_FFFF) >> 7
        if chance % 100 or self.trail.off:
            return slot
        late = slot + 3 + chance // 100 % 47
        return late if late * WINDOW_S <= end else slot


class Window:
    """Records that wait for the same delivery."""

    __slots__ = ("newest", "oldest", "records")

    def __init__(self, time: int) -> None:
        self.records: list[str] = []
        self.oldest = self.newest = time

    def add(self, event: Event) -> None:
        self.records.append(event.raw)
        self.oldest, self.newest = min(self.oldest, event.time), max(self.newest, event.time)


def trails_of(layout: str, off: tuple[int, int] | None) -> tuple[Trail, ...]:
    """The organisation's trail, or one for each account; and prod's second trail, stopped while `off`."""
    second = Trail("prod-trail", PROD_BUCKET, "prod-trail/AWSLogs/", (PROD,), True, off)
    if layout == "organization":
        return Trail("org-trail", ORG_BUCKET, f"AWSLogs/{ORGANIZATION}/", tuple(ACCOUNTS)), second
    own = [Trail(f"{name}-events", ORG_BUCKET, "AWSLogs/", (account,)) for account, name in ACCOUNTS.items()]
    return (*own, second)


class Delivery:
    """Takes events as they happen and writes the trails' files below `out`; counts what it wrote."""

    def __init__(self, out: Path, trails: Iterable[Trail], start: int, end: int, seed: int) -> None:
        self.out, self.trails, self.start, self.end = out, tuple(trails), start, end
        self.random = Random(f"delivery {seed}")  # noqa: S311 a simulation
        self.key = SigningKey(seed)
        self.open: dict[int, dict[Stream, Window]] = {}
        self.made: dict[tuple[str, str, str, str], Stream] = {}
        self.streams: dict[tuple[str, str, str, bool], tuple[Stream, ...]] = {}
        self.folders: set[str] = set()
        self.records = self.files = self.digests = self.most_open = 0
        self.chains = {
            (trail.name, account, region): Chain(self, trail, account, region)
            for trail in self.trails
            for account in trail.accounts
            for region in REGIONS
        }

    def add(self, event: Event) -> None:
        """Put `event` into the window of each trail that records it."""
        for stream in self.streams.get(event[1:5]) or self.streams_of(event):
            if stream.trail.is_off(event.time):
                continue
            slot = stream.slot(event.time, self.random.getrandbits(8), self.end)
            windows = self.open.setdefault(slot, {})
            window = windows.get(stream)
            if window is None:
                window = windows[stream] = Window(event.time)
            window.add(event)
            if len(window.records) >= FILE_RECORDS:
                self.write(stream, slot, windows.pop(stream))

    def streams_of(self, event: Event) -> tuple[Stream, ...]:
        """The streams for events like `event`, made at the first one; some for each, so never empty."""
        made = []
        for trail in self.trails:
            if event.account in trail.accounts and (event.copied or not trail.copies):
                key = trail.name, event.account, event.region, event.folder
                if key not in self.made:
                    self.made[key] = Stream(trail, *key[1:], self.random.getrandbits(32))
                made.append(self.made[key])
        self.streams[event[1:5]] = tuple(made)
        return self.streams[event[1:5]]

    def close(self, time: int) -> None:
        """Write every window due by `time`, before which nothing happens any more, and the digests due."""
        held = sum(len(window.records) for windows in self.open.values() for window in windows.values())
        self.most_open = max(self.most_open, held)
        for slot in sorted(slot for slot in self.open if slot * WINDOW_S <= time):
            for stream, window in self.open.pop(slot).items():
                self.write(stream, slot, window)
        for chain in self.chains.values():
            chain.write_due(time)

    def finish(self) -> None:
        """Write what is still open and the last digests."""
        self.close(self.end + HOUR_S)

    def counts(self) -> tuple[int, int, int]:
        """Records, log files and digests written so far."""
        return self.records, self.files, self.digests

    def write(self, stream: Stream, slot: int, window: Window) -> None:
        """Write one log file, its records out of order as CloudTrail leaves them."""
        stamp = time_text(slot * WINDOW_S)
        name = f"{stream.account}_{stream.folder}_{stream.region}_{compact(stamp[:16])}Z_"
        name += "".join(ALPHANUMERIC[int(self.random.random() * 62)] for _ in range(16)) + ".json.gz"
        path = f"{stream.path}/{folders(stamp)}/{name}"
        records = window.records[1::3] + window.records[::3] + window.records[2::3]
        content = f'{{"Records":[{",".join(records)}]}}'.encode()
        self.put(path, gzipped(content))
        self.files += 1
        self.records += len(records)
        entry = {
            "s3Bucket": stream.trail.bucket,
            "s3Object": path,
            "hashValue": hashlib.sha256(content).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": time_text(window.newest),
            "oldestEventTime": time_text(window.oldest),
        }
        self.chains[stream.trail.name, stream.account, stream.region].delivered.append((slot * WINDOW_S, entry))

    def put(self, path: str, content: bytes) -> None:
        """Write `content` to `path`, a key with slashes, below the simulated buckets."""
        folder = path.rpartition("/")[0]
        if folder not in self.folders:
            (self.out / folder).mkdir(parents=True, exist_ok=True)
            self.folders.add(folder)
        with FileIO(f"{self.out}/{path}", "w") as file:  # a trail is some thousand files: Path.open takes twice as long
            file.write(content)


class Chain:
    """The digests of one trail, account and region: each hour one, each naming the one before.

    Where logging was off, the chain ends with a last digest and a new one begins without predecessor.
    """

    def __init__(self, delivery: Delivery, trail: Trail, account: str, region: str) -> None:
        self.delivery, self.trail, self.account, self.region = delivery, trail, account, region
        self.delivered: list[tuple[int, dict[str, str]]] = []
        offset = delivery.random.randrange(7, WINDOW_S - 10)
        stopped, started = trail.off or (delivery.end, delivery.end)
        self.hours = hours(delivery.start + offset, min(stopped + 3 * WINDOW_S, delivery.end), delivery.end)
        self.hours += hours(started, delivery.end, delivery.end)
        self.previous: dict[str, str] = {}

    def write_due(self, time: int) -> None:
        """Write the digests whose hour is over by `time`."""
        while self.hours and self.hours[0][1] <= time:
            start, end = self.hours.pop(0)
            if self.previous and self.previous["end"] != time_text(start):
                self.previous = {}
            self.write(start, end)

    def write(self, start: int, end: int) -> None:
        """Write and sign the digest of [start, end), and its S3 metadata beside it."""
        files = [entry for stamp, entry in self.delivered if stamp < end]
        self.delivered = [(stamp, entry) for stamp, entry in self.delivered if stamp >= end]
        trail, key, previous, stamp = self.trail, self.delivery.key, self.previous, time_text(end)
        name = f"{self.account}_CloudTrail-Digest_{self.region}_{trail.name}_us-east-1_"
        name += compact(stamp) + ".json.gz"
        path = f"{trail.prefix}{self.account}/CloudTrail-Digest/{self.region}/{folders(stamp)}/{name}"
        digest = {
            "awsAccountId": self.account,
            "digestStartTime": time_text(start),
            "digestEndTime": stamp,
            "digestS3Bucket": trail.bucket,
            "digestS3Object": path,
            "digestPublicKeyFingerprint": key.fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": max((entry["newestEventTime"] for entry in files), default=None),
            "oldestEventTime": min((entry["oldestEventTime"] for entry in files), default=None),
            "previousDigestS3Bucket": trail.bucket if previous else None,
            "previousDigestS3Object": previous.get("path"),
            "previousDigestHashValue": previous.get("sha256"),
            "previousDigestHashAlgorithm": "SHA-256" if previous else None,
            "previousDigestSignature": previous.get("signature"),
            "logFiles": files,
        }
        content = msgspec.json.encode(digest)
        sha256 = hashlib.sha256(content).hexdigest()
        text = f"{stamp}\n{trail.bucket}/{path}\n{sha256}\n{previous.get('signature', 'null')}"
        signature = key.sign(text.encode())
        self.previous = {"path": path, "sha256": sha256, "signature": signature, "end": stamp}
        self.delivery.put(path, gzipped(content))
        metadata = {"signature": signature, "signature-algorithm": "SHA256withRSA"}
        sidecar = {"trailquery": "object-metadata", "metadata": metadata}
        self.delivery.put(path + ".metadata.json", msgspec.json.encode(sidecar))
        self.delivery.digests += 1


def hours(start: int, stop: int, end: int) -> list[tuple[int, int]]:
    """Hours one after another from `start`; the last one is cut at `stop` if logging stops before `end`."""
    whole = [(at, at + HOUR_S) for at in range(start, stop, HOUR_S)]
    if whole and stop < end:
        whole[-1] = whole[-1][0], stop
    return whole


def compact(stamp: str) -> str:
    return stamp.replace("-", "").replace(":", "")


def folders(stamp: str) -> str:
    """The year, month and day folders of a time."""
    return stamp[:10].replace("-", "/")


def gzipped(content: bytes) -> bytes:
    """`content` as a gzip member without time or system in its header."""
    deflate = zlib.compressobj(GZIP_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = deflate.compress(content) + deflate.flush()
    return b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + body + struct.pack("<LL", zlib.crc32(content), len(content))
