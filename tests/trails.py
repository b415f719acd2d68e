"""A small signed trail in memory: what its bucket holds, and who signs it."""

import gzip
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from trailquery.digests import PublicKey, public_key
from trailquery.links import Stored
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
    objects: dict[str, Object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keys: list[dict[str, Any]] = [listed(self.key)]
        self.now = START + self.hours * HOUR + timedelta(minutes=10)
        self.digests: list[str] = []
        self.log_files: list[str] = []
        for hour in range(self.hours):
            self.add_hour(START + hour * HOUR)

    def add_hour(self, start: datetime, **changes: Any) -> str:
        """Deliver the log files of an hour, then its digest; `changes` are made to what the digest says."""
        delivered = [
            self.add_log(start + timedelta(minutes=5 + 50 * at // max(self.logs, 1))) for at in range(self.logs)
        ]
        return self.add_digest(start, start + HOUR, delivered, **changes)

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
        self, start: datetime, end: datetime, delivered: list[dict[str, Any]], ending: str = "", **changes: Any
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
            "logFiles": delivered,
        }
        self.put_digest(key, digest | changes)
        self.digests.append(key)
        return key

    def previous(self) -> dict[str, Any]:
        """What the next digest says of the newest one."""
        return self.names(self.digests[-1] if self.digests else None)

    def names(self, key: str | None) -> dict[str, Any]:
        """What a digest says of the one before it."""
        before = self.objects[key] if key else None
        return {
            "previousDigestS3Bucket": self.bucket if before else None,
            "previousDigestS3Object": key,
            "previousDigestHashValue": hashlib.sha256(before.text).hexdigest() if before else None,
            "previousDigestHashAlgorithm": "SHA-256" if before else None,
            "previousDigestSignature": before.metadata["signature"] if before else None,
        }

    def put_digest(
        self, key: str, digest: dict[str, Any], signer: SigningKey | None = None
    ) -> None:  # fmt: skip
        """Sign a digest as it stands, and put it at `key`."""
        text = json.dumps(digest).encode()
        place = f"{digest['digestS3Bucket']}/{digest['digestS3Object']}"
        previous = digest.get("previousDigestSignature") or "null"
        signed = f"{digest['digestEndTime']}\n{place}\n{hashlib.sha256(text).hexdigest()}\n{previous}"
        metadata = {"signature": (signer or self.key).sign(signed.encode()), "signature-algorithm": "SHA256withRSA"}
        self.objects[key] = Object(packed(text), metadata)

    def sign_again(self, number: int, signer: SigningKey | None = None, **changes: Any) -> str:
        """Change what a digest says, and sign it as if it had said so from the start."""
        key = self.digests[number]
        self.put_digest(key, json.loads(self.objects[key].text) | changes, signer)
        return key

    def mend(self, number: int) -> None:
        """Let a digest name the one before it as that is now, signed as if from the start."""
        self.sign_again(number, **self.names(self.digests[number - 1]))

    def delete(self, *keys: str) -> list[str]:
        for key in keys:
            del self.objects[key]
        return list(keys)

    def restart(self, off: timedelta) -> None:
        """Two more hours, after a time without logging: the first digest of them names none before it."""
        start = START + self.hours * HOUR + off
        self.add_hour(start, **dict.fromkeys(self.previous()))
        self.add_hour(start + HOUR)
        self.now = start + 2 * HOUR + timedelta(minutes=10)

    def backfill(self) -> str:
        """A log file of the second hour that came late, and the digest that lists it."""
        late = self.add_log(START + HOUR + timedelta(minutes=59))
        key = self.add_digest(START + HOUR, START + 2 * HOUR, [late], "_backfill", **dict.fromkeys(self.previous()))
        self.objects[key] = self.objects[key]._replace(
            metadata={**self.objects[key].metadata, "backfill-generation-timestamp": zulu(START + 3 * HOUR)}
        )
        return key

    def listed_by(self, number: int) -> list[str]:
        """The keys of the log files of one hour."""
        return [one["s3Object"] for one in json.loads(self.objects[self.digests[number]].text)["logFiles"]]

    def folder(self, kind: str, day: datetime) -> str:
        parts = [self.prefix, "AWSLogs", self.organization, self.account, kind, self.region, f"{day:%Y/%m/%d}/"]
        return "/".join(filter(None, parts))

    def public_keys(self) -> dict[str, PublicKey]:
        return {key["Fingerprint"]: public_key(key) for key in self.keys}

    def stored(self) -> tuple[list[Stored], list[Stored]]:
        """Digests and log files that lie in the bucket, as `integrity` judges them."""
        both: tuple[list[Stored], list[Stored]] = [], []
        for key, item in self.objects.items():
            is_log, text = "CloudTrail-Digest" not in key, item.text
            sha256 = hashlib.sha256(text).hexdigest()
            place = f"s3://{self.bucket}/{key}"
            both[is_log].append(Stored(place, sha256, None, None if is_log else text, item.metadata, seen_at=self.now))
        return both

    def write(self, out: Path) -> Path:
        """A collected copy: each object at its key, beside it what S3 said of it, and the public keys."""
        for key, item in self.objects.items():
            target = out / key
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(item.data)
            facts = {
                "trailquery": "object-metadata",
                "sha256": hashlib.sha256(item.data).hexdigest(),
                "metadata": dict(item.metadata),
                "collected_at": zulu(self.now),
            }
            Path(f"{target}.metadata.json").write_text(json.dumps(facts))
        out.mkdir(exist_ok=True)
        (out / "public-keys.json").write_text(json.dumps({"trailquery": "public-keys", "PublicKeyList": self.keys}))
        return out


def listed(
    key: SigningKey, since: datetime = START - 1000 * HOUR, until: datetime = START + 1000 * HOUR
) -> dict[str, Any]:
    """The key as ListPublicKeys answers."""
    (said,) = key.listing(since, until)["PublicKeyList"]  # type: ignore[misc, attr-defined]
    return said  # type: ignore[no-any-return]


def packed(text: bytes) -> bytes:
    return gzip.compress(text, mtime=0)


def zulu(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
