"""A small signed trail in memory, to be tampered with: what its bucket holds, and who signs it."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, NamedTuple

from trailquery.digests import PublicKey, public_key
from trailquery.integrity import Stored
from trailquery.simulate.keys import SigningKey

BUCKET = "trail-logs"
ACCOUNT, OTHER_ACCOUNT = "111122223333", "444455556666"
START = datetime(2024, 3, 1, 10)  # noqa: DTZ001 naive UTC, as everywhere
HOUR = timedelta(hours=1)


class Object(NamedTuple):
    """What lies at a key: its bytes and the user's own metadata."""

    data: bytes
    metadata: Mapping[str, str] = MappingProxyType({})

    @property
    def text(self) -> bytes:
        return gzip.decompress(self.data)


@dataclass
class Trail:
    """The trail of one account and region: `hours` of it, each with a digest and `logs` log files."""

    hours: int = 6
    logs: int = 2
    bucket: str = BUCKET
    account: str = ACCOUNT
    region: str = "us-east-1"
    name: str = "events"
    prefix: str = ""
    organization: str = ""
    key: SigningKey = field(default_factory=lambda: SigningKey(1))
    now: datetime = START + 6 * HOUR + timedelta(minutes=10)
    objects: dict[str, Object] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.keys = self.keys or [self.key.listing(START - 1000 * HOUR, START + 1000 * HOUR)["PublicKeyList"][0]]  # type: ignore[index]
        self.digests: list[str] = []
        self.log_files: list[str] = []
        for hour in range(self.hours):
            self.add_hour(START + hour * HOUR)

    def add_hour(self, start: datetime, **changes: Any) -> str:
        """Deliver the log files of an hour, then its digest; `changes` are made to what the digest says."""
        listed = [self.add_log(start + timedelta(minutes=5 + 50 * at // max(self.logs, 1))) for at in range(self.logs)]
        return self.add_digest(start, start + HOUR, listed, **changes)

    def add_log(self, delivered: datetime) -> dict[str, Any]:
        """Deliver one log file; returns what a digest says of it."""
        number = len(self.log_files)
        event = {"eventVersion": "1.11", "eventID": f"event-{number}", "eventTime": zulu(delivered - HOUR / 12)}
        text = json.dumps({"Records": [event]}).encode()
        key = f"{self.folder('CloudTrail', delivered)}{self.account}_CloudTrail_{self.region}_{delivered:%Y%m%dT%H%M}Z_{number:016}.json.gz"
        self.objects[key] = Object(packed(text))
        self.log_files.append(key)
        return {
            "s3Bucket": self.bucket,
            "s3Object": key,
            "hashValue": hashlib.sha256(text).hexdigest(),
            "hashAlgorithm": "SHA-256",
            "newestEventTime": event["eventTime"],
            "oldestEventTime": event["eventTime"],
        }

    def add_digest(
        self, start: datetime, end: datetime, listed: list[dict[str, Any]], ending: str = "", **changes: Any
    ) -> str:
        name = (
            f"{self.account}_CloudTrail-Digest_{self.region}_{self.name}_us-east-1_{end:%Y%m%dT%H%M%S}Z{ending}.json.gz"
        )
        key = self.folder("CloudTrail-Digest", end) + name
        digest = {
            "awsAccountId": self.account,
            "digestStartTime": zulu(start),
            "digestEndTime": zulu(end),
            "digestS3Bucket": self.bucket,
            "digestS3Object": key,
            "digestPublicKeyFingerprint": self.key.fingerprint,
            "digestSignatureAlgorithm": "SHA256withRSA",
            "newestEventTime": zulu(end),
            "oldestEventTime": zulu(start),
            **self.previous(),
            "logFiles": listed,
        }
        self.put_digest(key, digest | changes)
        self.digests.append(key)
        return key

    def previous(self) -> dict[str, Any]:
        """What the next digest says of the newest one."""
        before = self.objects[self.digests[-1]] if self.digests else None
        return {
            "previousDigestS3Bucket": self.bucket if before else None,
            "previousDigestS3Object": self.digests[-1] if before else None,
            "previousDigestHashValue": hashlib.sha256(before.text).hexdigest() if before else None,
            "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "previousDigestSignature": before.metadata["signature"] if before else None,
        }

    def put_digest(self, key: str, digest: dict[str, Any], signer: SigningKey | None = None) -> None:
        """Sign a digest as it stands, and put it at `key`."""
        text = json.dumps(digest).encode()
        place = f"{digest['digestS3Bucket']}/{digest['digestS3Object']}"
        previous = digest["previousDigestSignature"] or "null"
        signed = f"{digest['digestEndTime']}\n{place}\n{hashlib.sha256(text).hexdigest()}\n{previous}"
        metadata = {
            "signature": (signer or self.key).sign(signed.encode()),
            "signature-algorithm": "SHA256withRSA",
        }
        self.objects[key] = Object(packed(text), metadata)

    def folder(self, kind: str, day: datetime) -> str:
        parts = [self.prefix, "AWSLogs", self.organization, self.account, kind, self.region, f"{day:%Y/%m/%d}/"]
        return "/".join(filter(None, parts))

    def public_keys(self) -> dict[str, PublicKey]:
        return {key["Fingerprint"]: public_key(key) for key in self.keys}

    def stored(self) -> Iterator[tuple[bool, Stored]]:
        """What lies in the bucket, as `integrity` judges it, and whether each is a digest."""
        for key, item in self.objects.items():
            is_digest = "CloudTrail-Digest" in key
            text = item.text
            yield (
                is_digest,
                Stored(
                    f"s3://{self.bucket}/{key}",
                    hashlib.sha256(text).hexdigest(),
                    None,
                    text if is_digest else None,
                    item.metadata,
                ),
            )


def packed(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


def zulu(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
