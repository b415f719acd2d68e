"""A bucket copied as evidence: whole, with every fact, from moto over HTTP."""

import base64
import hashlib
import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from aws import delivered, key, metadata
from collecting import Trail, bucket_to_collect, fetches, files_of, log_lines, sidecar  # noqa: F401  # a fixture
from lakes import contents, without_root
from runner import run

from trailquery import open_lake
from trailquery.collect import collect
from trailquery.digests import read_keys as read_keys_of
from trailquery.evidence import held_by_source
from trailquery.ingest import ingest
from trailquery.simulate import simulate
from trailquery.sources import open_source
from trailquery.sources.aws import Access
from trailquery.sources.keys import read_keys
from trailquery.sources.s3 import open_bucket
from trailquery.sources.tree import Wanted

ROLE = "arn:aws:iam::111122223333:role/Responder"
KMS = "arn:aws:kms:eu-west-1:111122223333:key/11111111-aaaa-bbbb-cccc-111111111111"
DENIED = (403, "AccessDenied", "no")


def test_a_copy_holds_each_byte_each_fact_and_the_public_keys(trail: Trail, tmp_path: Path) -> None:
    made, copy = tmp_path / "trail", tmp_path / "copy"
    simulate(made, events=300, story=None, days=1)
    trail.upload(made)
    collected = trail.collect(copy)
    whole = {file.relative_to(made).as_posix(): file.read_bytes() for file in delivered(made)}
    assert files_of(copy) == whole
    assert (collected.copied, collected.bytes) == (len(whole), sum(map(len, whole.values())))
    assert (collected.unread, collected.held, collected.keys) == ([], 0, 1)
    for path, data in whole.items():
        said, listed = sidecar(copy, path), trail.s3.head_object(Bucket=trail.name, Key=path)
        collected_at = said.pop("collected_at")
        assert said == {
            "trailquery": "object-metadata",
            "bucket": trail.name,
            "key": path,
            "version_id": None,
            "etag": listed["ETag"].strip('"'),
            "size": len(data),
            "last_modified": listed["LastModified"].isoformat().replace("+00:00", "Z"),
            "storage_class": None,
            "encryption": None,
            "sha256": hashlib.sha256(data).hexdigest(),
            "metadata": metadata(made / path),
        }
        assert collected_at.endswith("Z")
    (made_key,), (kept,) = (read_keys_of(at / "public-keys.json").values() for at in (made, copy))
    assert kept == made_key
    digest_regions = {path.split("/")[4] for path in whole if "CloudTrail-Digest" in path and path.startswith("AWS")}
    assert {region for region, _ in trail.proxy.asked_for_keys} == digest_regions | {"us-east-1"}


def test_facts_that_only_some_objects_have_are_kept(trail: Trail, tmp_path: Path) -> None:
    trail.s3.put_bucket_versioning(Bucket=trail.name, VersioningConfiguration={"Status": "Enabled"})
    trail.put(key("2024/03/01"), "one", ServerSideEncryption="aws:kms", SSEKMSKeyId=KMS, StorageClass="STANDARD_IA")
    version = trail.s3.head_object(Bucket=trail.name, Key=key("2024/03/01"))["VersionId"]
    trail.collect(tmp_path / "copy")
    said = sidecar(tmp_path / "copy", key("2024/03/01"))
    assert (said["version_id"], said["encryption"], said["storage_class"]) == (version, f"aws:kms {KMS}", "STANDARD_IA")
    (line,) = log_lines(tmp_path / "copy")
    assert {name: line[name] for name in ("key", "version_id", "etag", "size", "sha256", "outcome", "path")} == {
        **{name: said[name] for name in ("key", "version_id", "etag", "size", "sha256")},
        "outcome": "copied",
        "path": key("2024/03/01"),
    }


def test_what_is_copied_is_read_only_and_its_owners_alone(trail: Trail, tmp_path: Path) -> None:
    trail.put(key("2024/03/01"), "one")
    trail.put("AWSLogs/../odd.json.gz", "two")
    before = os.umask(0)
    try:
        trail.collect(tmp_path / "copy")
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o7777 for path in (tmp_path / "copy").rglob("*") if path.is_file()}
    assert modes.pop("collection.jsonl") == 0o600
    assert set(modes.values()) == {0o400}
    folders = [tmp_path / "copy", *(path for path in (tmp_path / "copy").rglob("*") if path.is_dir())]
    assert {folder.stat().st_mode & 0o7777 for folder in folders} == {0o700}


def test_a_lake_of_the_copy_is_that_of_the_bucket(trail: Trail, tmp_path: Path) -> None:
    simulate(tmp_path / "trail", events=200, story=None, days=1)
    trail.upload(tmp_path / "trail")
    trail.ingest(tmp_path / "direct")
    trail.collect(tmp_path / "copy")
    summary = ingest([tmp_path / "copy"], tmp_path / "lake")
    assert (summary.rejected, summary.unsound, summary.left_alone) == (0, [], [])
    copied = without_root(contents(tmp_path / "lake"), f"{tmp_path}/copy/")
    assert copied == without_root(contents(tmp_path / "direct"), f"s3://{trail.name}/")


def test_the_copy_holds_what_a_verification_asks_for(trail: Trail, tmp_path: Path) -> None:
    simulate(tmp_path / "trail", events=200, story=None, days=1)
    trail.upload(tmp_path / "trail")
    trail.collect(tmp_path / "copy")
    held = held_by_source(open_source(tmp_path / "copy"))
    assert (len(held.digests) + len(held.logs), len(held.keys)) == (len(delivered(tmp_path / "trail")), 1)
    assert all(digest.metadata for digest in held.digests)


def test_a_second_collection_fetches_only_what_is_new_and_adds_to_the_log(trail: Trail, tmp_path: Path) -> None:
    trail.put(key("2024/03/01"), "one")
    trail.collect(tmp_path / "copy")
    begun = (tmp_path / "copy/collection.jsonl").read_bytes()
    trail.put(key("2024/02/29"), "late")
    trail.proxy.asked.clear()
    collected = trail.collect(tmp_path / "copy")
    assert (collected.copied, collected.held, fetches(trail)) == (1, 1, 1)
    assert (tmp_path / "copy/collection.jsonl").read_bytes().startswith(begun)
    assert [line["outcome"] for line in log_lines(tmp_path / "copy", "end")] == ["complete", "complete"]
    assert [line["key"] for line in log_lines(tmp_path / "copy")] == [key("2024/03/01"), key("2024/02/29")]


def test_what_was_overwritten_since_is_kept_beside_the_new_one(trail: Trail, tmp_path: Path) -> None:
    trail.put(key("2024/03/01"), "real")
    trail.collect(tmp_path / "copy")
    real = files_of(tmp_path / "copy")[key("2024/03/01")]
    etag = sidecar(tmp_path / "copy", key("2024/03/01"))["etag"]
    trail.put(key("2024/03/01"), "planted")
    trail.collect(tmp_path / "copy")
    kept = files_of(tmp_path / "copy")
    aside = f".versions/{key('2024/03/01')}/null-{etag}.json.gz"
    assert (set(kept), kept[aside]) == ({key("2024/03/01"), aside}, real)
    assert sidecar(tmp_path / "copy", aside)["sha256"] == hashlib.sha256(real).hexdigest()
    assert trail.collect(tmp_path / "copy").held == 1
    ingest([tmp_path / "copy"], tmp_path / "lake")
    rows = open_lake(tmp_path / "lake").sql("SELECT event_id FROM events ORDER BY event_id").rows()
    assert [row["event_id"] for row in rows] == ["planted", "real"]


def test_each_version_is_copied_once_even_of_equal_bytes_and_a_deletion_is_told(trail: Trail, tmp_path: Path) -> None:
    trail.s3.put_bucket_versioning(Bucket=trail.name, VersioningConfiguration={"Status": "Enabled"})
    signed, name = key("2024/03/01", folder="CloudTrail-Digest"), key("2024/03/02")
    first = trail.s3.put_object(Bucket=trail.name, Key=signed, Body=b"{}", Metadata={"signature": "5a"})["VersionId"]
    trail.collect(tmp_path / "copy", versions=True)
    second = trail.s3.put_object(Bucket=trail.name, Key=signed, Body=b"{}")["VersionId"]
    trail.put(name, "deleted")
    deleted = trail.s3.head_object(Bucket=trail.name, Key=name)["VersionId"]
    trail.s3.delete_object(Bucket=trail.name, Key=name)
    collected = trail.collect(tmp_path / "copy", versions=True)
    aside = {f".versions/{signed}/{first}.json.gz", f".versions/{name}/{deleted}.json.gz"}
    assert set(files_of(tmp_path / "copy")) == {signed, *aside}
    facts = [sidecar(tmp_path / "copy", path) for path in (signed, f".versions/{signed}/{first}.json.gz")]
    assert [(one["version_id"], one["metadata"]) for one in facts] == [(second, {}), (first, {"signature": "5a"})]
    assert (collected.copied, collected.held) == (2, 1)
    (told,) = [line for line in log_lines(tmp_path / "copy") if line["outcome"] == "left alone"]
    assert (told["key"], told["reason"].partition(":")[0]) == (name, "a delete marker")
    again = trail.collect(tmp_path / "copy", versions=True)
    assert (again.copied, again.held) == (0, 3)


HOSTILE = [
    "AWSLogs/../../../escaped.json.gz",
    "/etc/absolute.json.gz",
    "AWSLogs//empty.json.gz",
    "AWSLogs/./dot.json.gz",
    "..\\..\\windows.json.gz",
    "C:/drive.json.gz",
    "AWSLogs/\x1b[2J.json.gz",
    "AWSLogs/\u202egz.json.gz",
    f"AWSLogs/{'long' * 60}.json.gz",
    ".odd/planted.json.gz",
    ".versions/planted.json.gz",
    "collection.jsonl",
    "Public-Keys.json",
    "AWSLogs/111122223333/public-keys.json",
    "AWSLogs/collection.jsonl",
    "AWSLogs/real.json.gz.metadata.json",
    "AWSLogs/real.json.gz.metadata.json/folder.json.gz",
]


def test_no_key_leads_out_of_the_folder_or_into_what_is_ours(trail: Trail, tmp_path: Path) -> None:
    copy = tmp_path / "above" / "copy"
    for number, name in enumerate([*HOSTILE, "AWSLogs/real.json.gz"]):
        trail.s3.put_object(Bucket=trail.name, Key=name, Body=f'{{"Records":[{number}]}}'.encode())
    collected = trail.collect(copy)
    assert (collected.copied, collected.odd, collected.unread) == (len(HOSTILE) + 1, len(HOSTILE), [])
    odd = {f".odd/{hashlib.sha256(name.encode()).hexdigest()}": name for name in HOSTILE}
    kept = files_of(copy)
    assert set(kept) == {"AWSLogs/real.json.gz", *odd}
    assert {sidecar(copy, path)["key"]: kept[path] for path in odd} == {
        name: f'{{"Records":[{number}]}}'.encode() for number, name in enumerate(HOSTILE)
    }
    assert [path.name for path in tmp_path.iterdir()] == ["above"]
    assert [path.name for path in (tmp_path / "above").iterdir()] == ["copy"]
    assert {line["key"] for line in log_lines(copy)} == {*HOSTILE, "AWSLogs/real.json.gz"}
    assert trail.collect(copy).held == len(HOSTILE) + 1


def test_a_key_that_is_another_ones_folder_is_kept(trail: Trail, tmp_path: Path) -> None:
    names = ["AWSLogs/a.json.gz/below.json.gz", "AWSLogs/a.json.gz", "AWSLogs/a.json.gz/more/below.json.gz"]
    trail.put(names[0], "one")
    trail.collect(tmp_path / "copy")
    trail.put(names[1], "two")
    trail.put(names[2], "three")
    assert trail.collect(tmp_path / "copy").odd == 1
    assert trail.collect(tmp_path / "copy").held == 3
    assert {sidecar(tmp_path / "copy", path)["key"] for path in files_of(tmp_path / "copy")} == set(names)


def test_what_may_not_be_read_is_told_and_ends_with_exit_code_5_when_all_else_is_copied(
    trail: Trail, tmp_path: Path
) -> None:
    one, closed, sealed = (trail.put(key("2024/03/01", number=number), f"event-{number}") for number in range(3))
    archived = trail.put(key("2024/03/02"), "cold", StorageClass="DEEP_ARCHIVE")
    faults = {closed: DENIED, sealed: (403, "AccessDenied", f"not authorized to perform: kms:Decrypt on {KMS}")}
    trail.proxy.fault = lambda method, path: faults.get(path.removeprefix(f"/{trail.name}/"))
    url = f"s3://{trail.name}"
    said = run(tmp_path, "collect", url, "copy", "--endpoint-url", trail.url)
    assert (said.code, said.out.partition(",")[0]) == (5, "1 copied")
    assert "3 places could not be had" in said.err
    assert f"archived: {url}/{archived}: DEEP_ARCHIVE: it is archived" in said.err
    assert f"unread: {url}/{closed}: AccessDenied: no; s3:GetObject is missing" in said.err
    lines = {
        line["key"]: (line["outcome"], line.get("reason", "").rpartition("; ")[2])
        for line in log_lines(tmp_path / "copy")
    }
    assert lines == {
        one: ("copied", ""),
        closed: ("unread", "s3:GetObject is missing"),
        sealed: ("unread", "kms:Decrypt is missing"),
        archived: (
            "archived",
            "DEEP_ARCHIVE: it is archived; restore it with: aws s3api restore-object".rpartition("; ")[2],
        ),
    }
    (end,) = log_lines(tmp_path / "copy", "end")
    assert (end["outcome"], end["copied"], end["unread"]) == ("incomplete", 1, 3)
    trail.proxy.fault = lambda method, path: None
    trail.put(archived, "cold")
    assert run(tmp_path, "collect", url, "copy", "--endpoint-url", trail.url).code == 0


def test_each_call_carries_the_case_and_the_log_says_who_when_whence_and_with_what(
    trail: Trail, tmp_path: Path
) -> None:
    trail.s3.put_object(Bucket=trail.name, Key=key("2024/03/01"), Body=b"{}")
    digest = "AWSLogs/111122223333/CloudTrail-Digest/eu-west-1/2024/03/01/111122223333_CloudTrail-Digest_eu-west-1_t_us-east-1_20240301T101000Z.json.gz"
    trail.s3.put_object(Bucket=trail.name, Key=digest, Body=b"{}")
    said = run(
        tmp_path, "collect", f"s3://{trail.name}/AWSLogs", "copy", "--endpoint-url", trail.url, "--case", "ir-42",
        "--role-arn", ROLE, "--since", "2024-03-01",
    )  # fmt: skip
    assert said.code == 0, said.err
    assert {agent.rpartition(" ")[2] for agent in trail.proxy.agents} == {"trailquery-ir-42"}
    kinds = {line.split()[0] for line in trail.proxy.asked}
    assert kinds >= {"GET", "HEAD", "POST"}
    (start,) = log_lines(tmp_path / "copy", "start")
    assert start["caller"] == "arn:aws:sts::111122223333:assumed-role/Responder/trailquery-ir-42"
    assert (start["case"], start["account"], start["bucket"], start["prefix"]) == (
        "ir-42",
        "111122223333",
        trail.name,
        "AWSLogs",
    )
    assert start["command"].startswith(f"trailquery collect s3://{trail.name}/AWSLogs copy")
    assert start["options"] == {"endpoint_url": trail.url, "role_arn": ROLE, "since": "2024-03-01"}
    assert all(start[name] for name in ("host", "user", "version", "time"))


def test_a_session_of_another_name_does_not_break_the_user_agent(trail: Trail, tmp_path: Path) -> None:
    trail.put(key("2024/03/01"), "one")
    access = Access(endpoint_url=trail.url, session_name="alice@example.com\r\nX: y")
    collect(open_bucket(f"s3://{trail.name}", access), tmp_path / "copy")
    assert {agent.rpartition(" ")[2] for agent in trail.proxy.agents} == {"alice-example.com--X--y"}


@pytest.mark.parametrize("case", ["", "with space", "x" * 54, "a/b", "a\n"])
def test_a_case_that_no_session_can_be_named_after_is_refused(case: str, tmp_path: Path) -> None:
    said = run(tmp_path, "collect", "s3://some-bucket", "copy", "--case", case)
    assert (said.code, said.err.partition(": ")[0].partition(" ")[0]) == (2, "--case")


def test_days_accounts_and_regions_narrow_it_and_the_digests_come_along(trail: Trail, tmp_path: Path) -> None:
    for day in ("2024/02/27", "2024/03/01"):
        for folder in ("CloudTrail", "CloudTrail-Digest"):
            trail.s3.put_object(Bucket=trail.name, Key=key(day, folder=folder), Body=b"{}")
    trail.s3.put_object(Bucket=trail.name, Key=key("2024/03/01", region="eu-west-3"), Body=b"{}")
    trail.collect(tmp_path / "copy", wanted=Wanted(regions=("eu-west-1",), since=date(2024, 3, 1)))
    assert set(files_of(tmp_path / "copy")) == {key("2024/03/01"), key("2024/03/01", folder="CloudTrail-Digest")}


def test_of_a_list_of_keys_the_digests_come_along(trail: Trail, tmp_path: Path) -> None:
    for day in ("2024/02/29", "2024/03/01", "2024/03/02", "2024/03/03"):
        for folder in ("CloudTrail", "CloudTrail-Digest"):
            trail.s3.put_object(Bucket=trail.name, Key=key(day, folder=folder), Body=b"{}")
    (tmp_path / "keys").write_text(f"{key('2024/03/01')}\nother.json.gz\n")
    keys = read_keys(tmp_path / "keys", trail.name)
    collected = trail.collect(tmp_path / "copy", keys=keys)
    digests = {key(day, folder="CloudTrail-Digest") for day in ("2024/03/01", "2024/03/02")}
    assert set(files_of(tmp_path / "copy")) == {key("2024/03/01"), *digests}
    assert [one.place for one in collected.unread] == [f"s3://{trail.name}/other.json.gz"]
    trail.proxy.asked.clear()
    assert (trail.collect(tmp_path / "copy", keys=keys).held, fetches(trail)) == (
        3,
        4,
    )  # which S3 answers without a body


def digest_key(region: str, stamp: str) -> str:
    day = f"{stamp[:4]}/{stamp[4:6]}/{stamp[6:8]}"
    name = f"111122223333_CloudTrail-Digest_{region}_my_trail_us-east-1_{stamp}Z.json.gz"
    return f"AWSLogs/111122223333/CloudTrail-Digest/{region}/{day}/{name}"


def public_key(fingerprint: str) -> dict[str, Any]:
    return {
        "Value": base64.b64encode(fingerprint.encode()).decode(),
        "ValidityStartTime": 1.7e9,
        "ValidityEndTime": 1.8e9,
        "Fingerprint": fingerprint,
    }


def test_keys_are_asked_for_in_the_region_of_each_digest_and_never_lost(trail: Trail, tmp_path: Path) -> None:
    for region, stamp in (
        ("eu-west-1", "20240301T101010"),
        ("eu-west-1", "20240302T101010"),
        ("eu-west-3", "20240301T111111"),
    ):
        trail.s3.put_object(Bucket=trail.name, Key=digest_key(region, stamp), Body=b"{}")
    one, another = "1" * 32, "2" * 32
    trail.proxy.keys = [public_key(one)]
    trail.collect(tmp_path / "copy")
    hour = 3600
    at = {
        name: datetime.fromisoformat(name + "+00:00").timestamp()
        for name in ("2024-03-01T10:10:10", "2024-03-02T10:10:10", "2024-03-01T11:11:11")
    }
    first, last, other = at.values()
    assert sorted(trail.proxy.asked_for_keys, key=str) == [
        ("eu-west-1", {"StartTime": first - hour, "EndTime": last}),
        ("eu-west-3", {"StartTime": other - hour, "EndTime": other}),
        ("us-east-1", {"StartTime": first - hour, "EndTime": last}),
    ]
    trail.proxy.keys = [public_key(another)]
    assert trail.collect(tmp_path / "copy").keys == 2
    kept = json.loads((tmp_path / "copy/public-keys.json").read_bytes())
    assert kept == {
        "trailquery": "public-keys",
        "PublicKeyList": [
            public_key(name)
            | {"ValidityStartTime": "2023-11-14T22:13:20+00:00", "ValidityEndTime": "2027-01-15T08:00:00+00:00"}
            for name in (one, another)
        ],
    }
    regions = ["eu-west-1", "eu-west-3", "us-east-1"]
    assert [(line["regions"], line["fingerprints"]) for line in log_lines(tmp_path / "copy", "public-keys")] == [
        (regions, [one]),
        (regions, [another]),
    ]


def test_keys_that_are_refused_are_told_and_the_copy_is_made(trail: Trail, tmp_path: Path) -> None:
    trail.s3.put_object(Bucket=trail.name, Key=digest_key("us-east-1", "20240301T101010"), Body=b"{}")
    trail.proxy.denies_keys = True
    collected = trail.collect(tmp_path / "copy")
    assert [(one.place, one.reason) for one in collected.unread] == [
        ("cloudtrail:ListPublicKeys in us-east-1", "AccessDeniedException: no; cloudtrail:ListPublicKeys is missing")
    ]
    assert (collected.copied, (tmp_path / "copy/public-keys.json").exists()) == (1, False)
