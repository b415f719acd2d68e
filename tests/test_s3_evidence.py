"""What is kept beside the events, so that logs can be verified later and without AWS."""

import gzip
import hashlib
import json
from pathlib import Path

import pytest
from aws import Aws, key
from conftest import record, write_log

from trailquery import open_lake
from trailquery.ingest import ingest

DIGEST = {"awsAccountId": "111122223333", "digestStartTime": "2024-03-01T09:00:00Z", "logFiles": []}
SIGNED = {"signature": "5a", "signature-algorithm": "SHA256withRSA"}
DIGEST_KEY = key("2024/03/01", folder="CloudTrail-Digest")


def kept(lake: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in (lake / "evidence/digests").iterdir()}


def ledger(lake: Path) -> list[tuple[str, str | None, str | None]]:
    """Kind, version and metadata of each place, by place."""
    rows = open_lake(lake).sql("SELECT kind, version_id, metadata FROM stored.files ORDER BY place").rows()
    return [(row["kind"], row["version_id"], row["metadata"]) for row in rows]


def test_a_digest_is_kept_as_it_came_with_its_signature(aws: Aws, tmp_path: Path) -> None:
    body = gzip.compress(json.dumps(DIGEST).encode())
    aws.s3.put_bucket_versioning(Bucket=aws.name, VersioningConfiguration={"Status": "Enabled"})
    version = aws.s3.put_object(Bucket=aws.name, Key=DIGEST_KEY, Body=body, Metadata=SIGNED)["VersionId"]
    aws.put(key("2024/03/01"), "one")
    aws.ingest(tmp_path / "lake")
    digest, log = ledger(tmp_path / "lake")
    assert (log[0], log[2]) == ("log", "{}")
    assert (digest[:2], json.loads(digest[2] or "")) == (("digest", version), SIGNED)
    assert kept(tmp_path / "lake") == {f"{hashlib.sha256(body).hexdigest()}.json.gz": body}


def test_how_an_object_was_encrypted_is_kept(aws: Aws, tmp_path: Path) -> None:
    arn = "arn:aws:kms:eu-west-1:111122223333:key/11111111-aaaa-bbbb-cccc-111111111111"
    aws.put(key("2024/03/01"), "one", ServerSideEncryption="aws:kms", SSEKMSKeyId=arn)
    aws.put(key("2024/03/02"), "two", ServerSideEncryption="AES256")
    aws.ingest(tmp_path / "lake")
    rows = open_lake(tmp_path / "lake").sql("SELECT encryption FROM files ORDER BY places").rows()
    assert [row["encryption"] for row in rows] == [f"aws:kms {arn}", "AES256"]


def test_digests_of_a_folder_are_kept_and_no_metadata_is_made_up(tmp_path: Path) -> None:
    plain, packed = json.dumps(DIGEST).encode(), gzip.compress(json.dumps(DIGEST | {"awsAccountId": "1"}).encode())
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/renamed.json").write_bytes(plain)
    (tmp_path / "logs" / Path(DIGEST_KEY).name).write_bytes(packed[:-9])
    ingest([tmp_path / "logs"], tmp_path / "lake")
    assert kept(tmp_path / "lake") == {
        f"{hashlib.sha256(plain).hexdigest()}.json": plain,
        f"{hashlib.sha256(packed[:-9]).hexdigest()}.json.gz": packed[:-9],
    }
    assert [metadata for *_, metadata in ledger(tmp_path / "lake")] == [None, None]


def test_the_signature_of_a_digest_that_was_held_as_a_copy_is_noted_when_it_is_seen_in_its_bucket(
    aws: Aws, tmp_path: Path
) -> None:
    body = gzip.compress(json.dumps(DIGEST).encode())
    (tmp_path / "copy.json.gz").write_bytes(body)
    aws.s3.put_object(Bucket=aws.name, Key=DIGEST_KEY, Body=body, Metadata=SIGNED)
    ingest([tmp_path / "copy.json.gz"], tmp_path / "lake")
    assert [aws.ingest(tmp_path / "lake").held for _ in range(2)] == [1, 1]
    assert [metadata and json.loads(metadata) for *_, metadata in ledger(tmp_path / "lake")] == [None, SIGNED]


def test_what_is_kept_is_its_owners_alone_and_there_before_the_ledger_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "digest.json").write_text(json.dumps(DIGEST))
    write_log(tmp_path / "log.json", [record()])
    monkeypatch.setattr("trailquery.tables.append", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        ingest([tmp_path / "digest.json", tmp_path / "log.json"], tmp_path / "lake")
    (digest,) = (tmp_path / "lake/evidence/digests").iterdir()
    assert [path.stat().st_mode & 0o777 for path in (digest, digest.parent, digest.parent.parent)] == [
        0o600, 0o700, 0o700,
    ]  # fmt: skip
