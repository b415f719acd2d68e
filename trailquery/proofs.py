"""The digests that vouch for log files of a lake: those that list them, with the one before and the one after."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from trailquery.digests import Digest, FaultError, digest_name, read_digest_file
from trailquery.lake import Lake
from trailquery.ledger import kept_digest
from trailquery.links import EDGE
from trailquery.sources.folder import SIDECAR, metadata_in, read_companion

_FIRST = 2000  # no digest is of a year before
_TRIED = 3  # digests of each trail, from the hour of the file on
_DIGESTS = """
SELECT place, max_by(file_sha256, ingested_at) AS file_sha256, max_by(metadata, ingested_at) AS metadata,
    any_value(account_id) AS account_id, any_value(region) AS region
FROM stored.files
WHERE kind = 'digest' AND concat(account_id, ' ', region) IN (SELECT unnest($regions::VARCHAR[]))
GROUP BY place
"""


class Proof(NamedTuple):
    """A digest as the lake keeps it, and which key is to have signed it; `signature`, hex, is None where nothing at hand tells it."""

    place: str
    data: bytes
    fingerprint: str
    signature: str | None


class _Link(NamedTuple):
    end: datetime  # naive UTC
    place: str
    file_sha256: str
    metadata: str | None


class Proofs:
    """`digests`, oldest first in each trail; `listed_by`: place of a log file to places of the digests that list it."""

    def __init__(self, lake: Lake, files: Iterable[dict[str, Any]]) -> None:
        self._lake = lake
        self._read: dict[str, tuple[bytes, Digest | None]] = {}
        self.listed_by: defaultdict[str, list[str]] = defaultdict(list)  # one of them may be planted
        timed = [file for file in files if file["region"] and file["delivered_at"]]
        wanted = [file for file in timed if file["delivered_at"].year >= _FIRST]  # others have a name that was made up
        chains = self._chains(sorted({f"{file['account_id']} {file['region']}" for file in wanted}))
        needed: defaultdict[tuple[str, ...], set[int]] = defaultdict(set)
        for file in wanted:
            for key, chain in chains.items():
                start = bisect_left(chain, file["delivered_at"].replace(tzinfo=None) - EDGE, key=lambda link: link.end)
                for number in range(start, min(start + _TRIED, len(chain))):
                    if self._lists(chain[number], file["place"]):
                        needed[key] |= {number - 1, number, number + 1} & set(range(len(chain)))
                        self.listed_by[file["place"]].append(chain[number].place)
        self.digests = [
            proof
            for key in sorted(needed)
            for number in sorted(needed[key])
            if (proof := self._proof(chains[key], number))
        ]

    def _chains(self, regions: list[str]) -> dict[tuple[str, ...], list[_Link]]:
        chains: defaultdict[tuple[str, ...], list[_Link]] = defaultdict(list)
        for row in self._lake.sql(_DIGESTS, regions=regions).rows():
            if name := digest_name(row["place"]):
                root = row["place"].partition("CloudTrail-Digest")[0]
                key = (root, row["region"], name.trail, name.home_region, str(name.is_backfill))
                chains[key].append(_Link(name.end, row["place"], row["file_sha256"], row["metadata"]))
        return {key: sorted(chain) for key, chain in chains.items()}

    def _digest(self, link: _Link) -> tuple[bytes, Digest | None]:
        """Its bytes, empty where they are not kept, and what it says."""
        if link.place not in self._read:
            data = kept_digest(self._lake.path, link.file_sha256) or b""
            try:
                said = read_digest_file(data)
            except FaultError:
                said = None
            self._read[link.place] = data, said
        return self._read[link.place]

    def _lists(self, link: _Link, place: str) -> bool:
        digest = self._digest(link)[1]
        return digest is not None and any(
            place == _place_of(link.place, digest, log.s3_bucket, log.s3_object) for log in digest.log_files
        )

    def _proof(self, chain: list[_Link], number: int) -> Proof | None:
        link, following = chain[number], chain[number + 1] if number + 1 < len(chain) else None
        data, digest = self._digest(link)
        if digest is None:
            return None
        signature = _metadata(link).get("signature")
        after = self._digest(following)[1] if following and signature is None else None
        if following and after and after.previous_digest_s3_object:
            before = _place_of(following.place, after, after.previous_digest_s3_bucket, after.previous_digest_s3_object)
            signature = after.previous_digest_signature if before == link.place else None
        return Proof(link.place, data, digest.digest_public_key_fingerprint, signature)


def _metadata(link: _Link) -> dict[str, str]:
    """What S3 kept with a digest: by the ledger, or by the sidecar of a copy."""
    said: Any = metadata_in(link.metadata)
    if said is None:
        with suppress(OSError, ValueError):
            said = read_companion(Path(link.place + SIDECAR).read_bytes()).get("metadata")
    return {str(name): str(value) for name, value in said.items()} if isinstance(said, dict) else {}


def _place_of(digest_place: str, digest: Digest, bucket: str | None, key: str) -> str:
    """Where an object that a digest names lies, in the bucket or in a copy of it."""
    if digest_place.startswith(f"s3://{digest.digest_s3_bucket}/"):
        return f"s3://{bucket}/{key}"
    return digest_place.removesuffix(digest.digest_s3_object) + key
