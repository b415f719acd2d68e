"""A digest file: what it says, and whether it is what CloudTrail signed. Pure: no I/O, no clock.

Source: AWS CloudTrail User Guide, "CloudTrail digest file structure" and "Custom implementations of CloudTrail log file
integrity validation"; what the AWS CLI's `cloudtrail validate-logs` says of each fault.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from trailquery.errors import UsageError
from trailquery.inflate import GZIP_MAGIC, inflate
from trailquery.utc import instant

DIGEST_FOLDER = "CloudTrail-Digest"
KEYS = "public-keys.json"
_LONGEST_BYTES = 64 << 20  # of a digest, inflated
_SIGNING = timedelta(hours=2)  # after its end, a digest is signed at the latest
_NAME = re.compile(
    r"\d{12}_CloudTrail-Digest_(?P<region>[a-z0-9-]+?)_(?P<trail>.+)_(?P<home>[a-z]+(?:-[a-z]+)+-\d+[a-z]?)"
    r"_(?P<stamp>\d{8}T\d{6})Z(?P<backfill>_backfill)?\.json(?:\.gz)?",
    re.ASCII | re.DOTALL,
)
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")


class DigestName(NamedTuple):
    """What the name of a digest tells; `end` is naive UTC."""

    trail: str
    home_region: str
    end: datetime
    is_backfill: bool


class PublicKey(NamedTuple):
    """A key of `ListPublicKeys`: PKCS#1 DER, and when it signs, naive UTC."""

    fingerprint: str
    der: bytes
    valid_from: datetime
    valid_until: datetime


class Listed(msgspec.Struct, rename="camel"):
    """A log file as a digest lists it; `hash_value` is the SHA-256 of its inflated bytes, hex."""

    s3_bucket: str
    s3_object: str
    hash_value: str
    newest_event_time: str | None = None
    oldest_event_time: str | None = None


class Digest(msgspec.Struct, rename="camel"):
    """What a digest says."""

    aws_account_id: str
    digest_start_time: str
    digest_end_time: str
    digest_s3_bucket: str
    digest_s3_object: str
    digest_public_key_fingerprint: str
    log_files: list[Listed]
    previous_digest_signature: str | None
    previous_digest_s3_bucket: str | None = None
    previous_digest_s3_object: str | None = None
    previous_digest_hash_value: str | None = None

    @property
    def start(self) -> datetime:
        """Naive UTC."""
        return instant(self.digest_start_time)

    @property
    def end(self) -> datetime:
        return instant(self.digest_end_time)


class FaultError(Exception):
    """Why a digest proves nothing; the message is the reason."""


class KeyFaultError(FaultError):
    """The same, where nothing is wrong with the digest itself as far as can be told."""


_read = msgspec.json.Decoder(Digest).decode


def digest_name(place: str) -> DigestName | None:
    """What the name at the end of a key or path tells; None where it is not that of a digest."""
    match = _NAME.fullmatch(re.split(r"[/!\\]", place)[-1]) if DIGEST_FOLDER in place else None
    if match is None:
        return None
    try:
        end = datetime.fromisoformat(match["stamp"])
    except ValueError:
        return None
    return DigestName(match["trail"], match["home"], end, match["backfill"] is not None) if end.year >= 2000 else None


def read_digest(text: bytes) -> Digest:
    """What a digest says, given inflated. Raises FaultError where it is none."""
    try:
        digest = _read(text)
        if digest.start > digest.end:
            raise ValueError("its start is after its end")
    except (ValueError, OverflowError, RecursionError) as error:  # msgspec's errors, too
        raise FaultError(f"invalid format: {error}") from None
    return digest


def read_digest_file(data: bytes) -> Digest:
    """What a digest says, given as it lies, a gzip or not. Raises FaultError where it is none."""
    return read_digest(inflate(data, _LONGEST_BYTES)[0] if data[:2] == GZIP_MAGIC else data)


def read_keys(file: Path) -> dict[str, PublicKey]:
    """The public keys in a file as `aws cloudtrail list-public-keys` prints them, by fingerprint. Raises UsageError."""
    try:
        return public_keys(file.read_bytes(), str(file))
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}; write it with: aws cloudtrail list-public-keys") from None


def public_keys(data: bytes, place: str) -> dict[str, PublicKey]:
    """The keys that the file at `place` lists. Raises UsageError."""
    try:
        return {key["Fingerprint"]: public_key(key) for key in json.loads(data)["PublicKeyList"]}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError) as error:
        told = f"{place}: holds no PublicKeyList ({error}); write it with: aws cloudtrail list-public-keys"
        raise UsageError(told) from None


def key_list(keys: Iterable[Mapping[str, Any]]) -> bytes:
    """The text of a public-keys.json of keys of `ListPublicKeys`, as JSON; of two with one fingerprint the last."""
    by_fingerprint = sorted({key["Fingerprint"]: key for key in keys}.items())
    return json.dumps(
        {"trailquery": "public-keys", "PublicKeyList": [key for _, key in by_fingerprint]}, indent=1
    ).encode()


def public_key(said: Mapping[str, Any]) -> PublicKey:
    """One key of `ListPublicKeys`, as JSON. Raises ValueError, KeyError, TypeError where it is none."""
    der = base64.b64decode(said["Value"], validate=True)
    if not _FINGERPRINT.fullmatch(said["Fingerprint"]):
        raise ValueError("a Fingerprint is 32 hexadecimal digits")
    return PublicKey(said["Fingerprint"], der, instant(said["ValidityStartTime"]), instant(said["ValidityEndTime"]))


def signed_text(digest: Digest, text: bytes) -> bytes:
    """The bytes CloudTrail signed for a digest of inflated `text`.

    Four lines joined by a newline, none at the end: digestEndTime as written, `bucket/object`, SHA-256 of the inflated
    file (hex), the previous signature (hex; the word `null` where there is none).
    """
    place = f"{digest.digest_s3_bucket}/{digest.digest_s3_object}"
    previous = digest.previous_digest_signature or "null"
    return f"{digest.digest_end_time}\n{place}\n{hashlib.sha256(text).hexdigest()}\n{previous}".encode()


def check_signature(
    digest: Digest, text: bytes, signature: str, keys: Mapping[str, PublicKey], signed_at: datetime
) -> None:
    """Raises FaultError unless `signature`, hex, is that of the digest by one of the keys, valid at that time.

    It is a KeyFaultError where the keys are not what it takes to tell.
    """
    fingerprint = digest.digest_public_key_fingerprint
    key = keys.get(fingerprint)
    if key is None:
        raise KeyFaultError(f"public key not found: none of the keys at hand has the fingerprint {fingerprint}")
    if hashlib.md5(key.der, usedforsecurity=False).hexdigest() != fingerprint:
        raise KeyFaultError(f"the key that is listed under the fingerprint {fingerprint} has another one")
    if key.valid_from > signed_at + _SIGNING or key.valid_until < signed_at:
        raise KeyFaultError(f"the key {fingerprint} signs from {key.valid_from}Z to {key.valid_until}Z only")
    try:
        _loaded(key.der).verify(binascii.unhexlify(signature), signed_text(digest, text), PKCS1v15(), SHA256())
    except ValueError:
        raise FaultError("the signature is not hexadecimal") from None
    except InvalidSignature:
        raise FaultError("signature verification failed") from None


@lru_cache(maxsize=64)
def _loaded(der: bytes) -> RSAPublicKey:
    """The RSA key. Raises KeyFaultError where it is none."""
    try:
        key = load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, RSAPublicKey):
        raise KeyFaultError("unable to load the key: it is no RSA key in PKCS #1 DER")
    return key
