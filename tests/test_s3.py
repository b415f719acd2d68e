"""Buckets read over real sockets: moto's server behind a proxy that injects faults."""

import io
import json
import re
import zipfile
from datetime import date
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from aws import CREDENTIALS, Aws, key
from botocore.utils import parse_timestamp
from conftest import record
from lakes import contents, events, statuses

from trailquery import open_lake
from trailquery.errors import MachineError, UsageError
from trailquery.ingest import ingest
from trailquery.sources.aws import Access
from trailquery.sources.s3 import open_bucket
from trailquery.sources.tree import Wanted


def test_every_layout_in_one_bucket_is_read_and_what_is_no_trail_is_not(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "plain")
    aws.put(key("2024/03/01", above="AWSLogs/o-exampleorg/"), "organisation")
    aws.put(key("2024/03/01", above="some/prefix/AWSLogs/"), "prefixed")
    aws.put(key("2024/03/01", folder="CloudTrail-Insight"), "insight")
    aws.put(key("2024/03/01", folder="CloudTrail-NetworkActivity"), "network")
    aws.put("AWSLogs/111122223333/vpcflowlogs/eu-west-1/2024/03/01/flow.log.gz", "no-trail")
    aws.put("copied/here.json.gz", "copied")
    summary = aws.ingest(tmp_path / "lake")
    assert events(tmp_path / "lake") == ["copied", "insight", "network", "organisation", "plain", "prefixed"]
    assert (summary.files, summary.unread, summary.left_alone) == (6, [], [])


def test_outside_of_trails_the_name_decides_and_one_that_is_asked_for_is_read(aws: Aws, tmp_path: Path) -> None:
    firehose = "2024/03/01/10/logs-1-2024-03-01-10-05-00-0a1b2c3d-1111-2222-3333-444455556666"
    plain = json.dumps(record(eventID="firehose")).encode()
    packed = pa.compress(json.dumps(record(eventID="packed")).encode(), codec="zstd", asbytes=True)
    for name, body in {firehose: plain, "a.json.zst": packed, "2024-03-01-10-05-00-0A1B2C3D4E5F6071": plain}.items():
        aws.s3.put_object(Bucket=aws.name, Key=name, Body=body)
    summary = aws.ingest(tmp_path / "lake")
    assert events(tmp_path / "lake") == ["firehose", "packed"]
    (access_log,) = summary.left_alone
    assert access_log.place == f"s3://{aws.name}/2024-03-01-10-05-00-0A1B2C3D4E5F6071"
    assert aws.ingest(tmp_path / "lake", "2024-03-01-10-05-00-0A1B2C3D4E5F6071").held == 1  # read, and it is the same


def test_what_the_lake_holds_is_not_fetched_again_by_any_route(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "one")
    aws.ingest(tmp_path / "lake")
    (file,) = open_lake(tmp_path / "lake").sql("SELECT places, etag, size_bytes, storage_class FROM files").rows()
    body = aws.s3.get_object(Bucket=aws.name, Key=key("2024/03/01"))
    assert file == {
        "places": [f"s3://{aws.name}/{key('2024/03/01')}"],
        "etag": body["ETag"].strip('"'),
        "size_bytes": body["ContentLength"],
        "storage_class": None,
    }
    aws.proxy.asked.clear()
    assert aws.ingest(tmp_path / "lake").held == 1
    assert [asked for asked in aws.proxy.asked if ".json.gz" in asked] == []
    (tmp_path / "copy.json.gz").write_bytes(body["Body"].read())
    assert (ingest([tmp_path / "copy.json.gz"], tmp_path / "lake").held, events(tmp_path / "lake")) == (1, ["one"])


def test_an_overwritten_object_is_read_again_and_a_late_file_is_not_skipped(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/02"), "one")
    aws.ingest(tmp_path / "lake")
    aws.put(key("2024/03/02"), "one", "planted")
    aws.put(key("2024/03/01"), "late")
    summary = aws.ingest(tmp_path / "lake")
    assert (summary.files, summary.loaded, summary.duplicate) == (2, 2, 1)
    assert aws.ingest(tmp_path / "lake").held == 2


def test_account_region_and_days_become_prefixes_with_a_day_to_spare(aws: Aws, tmp_path: Path) -> None:
    for day in ("2024/02/27", "2024/02/28", "2024/03/01", "2024/03/03", "2024/03/04"):
        aws.put(key(day), day)
    aws.put(key("2024/03/01", region="us-east-1"), "global")
    aws.put(key("2024/03/01", region="eu-west-3"), "elsewhere")
    aws.put(key("2024/03/01", account="444455556666"), "other-account")
    wanted = Wanted(("111122223333",), ("eu-west-1",), date(2024, 2, 29), date(2024, 3, 2))
    aws.ingest(tmp_path / "lake", wanted=wanted)
    assert events(tmp_path / "lake") == ["2024/02/28", "2024/03/01", "2024/03/03", "global"]
    listed = [asked for asked in aws.proxy.asked if "list-type" in asked]
    assert [
        asked for asked in listed if "eu-west-3%2F" in asked or "444455556666%2FC" in asked or "27%2F" in asked
    ] == []


def test_by_month_the_same_is_read_in_fewer_requests(aws: Aws, tmp_path: Path) -> None:
    for day in ("2023/12/31", "2024/02/27", "2024/02/28", "2024/03/01", "2024/03/03", "2024/03/04"):
        aws.put(key(day), day)
    aws.put("copied/here.json.gz", "copied")
    wanted = Wanted(since=date(2024, 2, 29), until=date(2024, 3, 2))
    read, listed = {}, {}
    for by_month in (False, True):
        aws.proxy.asked.clear()
        aws.ingest(tmp_path / f"{by_month}", wanted=wanted, by_month=by_month)
        read[by_month] = events(tmp_path / f"{by_month}")
        listed[by_month] = sorted(re.findall(r"%2F(2\d\d\d%2F.*?)&", "\n".join(aws.proxy.asked)))
    assert read[True] == read[False] == ["2024/02/28", "2024/03/01", "2024/03/03", "copied"]
    days = ["2024%2F02%2F28%2F", "2024%2F03%2F01%2F", "2024%2F03%2F03%2F"]
    assert listed[True] == ["2024%2F", "2024%2F02%2F", "2024%2F03%2F"]
    assert listed[False] == sorted([*listed[True], *days])


def test_throttling_resets_and_cut_bodies_are_tried_again(aws: Aws, tmp_path: Path) -> None:
    keys = [aws.put(key("2024/03/01", number=n), f"event-{n}") for n in range(3)]
    faults = dict(zip(keys, [(503, "SlowDown", "Please reduce"), "reset", "cut"], strict=True))
    aws.proxy.fault = lambda method, path: faults.pop(path.removeprefix(f"/{aws.name}/"), None)
    summary = aws.ingest(tmp_path / "lake")
    assert (faults, summary.unread, events(tmp_path / "lake")) == ({}, [], ["event-0", "event-1", "event-2"])


def test_a_body_that_stands_still_is_tried_again_and_then_unread(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trailquery.sources.aws.READ_TIMEOUT_S", 0.3)
    once, always = (aws.put(key("2024/03/01", number=number), f"event-{number}") for number in range(2))
    faults = {once: ["stall"], always: ["stall"] * 9}
    aws.proxy.fault = lambda method, path: next(
        iter([f.pop() for name, f in faults.items() if path.endswith(name) and f]), None
    )
    summary = aws.ingest(tmp_path / "lake")
    (left,) = summary.unread
    assert (left.place, len(faults[always])) == (f"s3://{aws.name}/{always}", 4)
    assert left.reason == "its body stood still; 5 times in a row; run the same command again"
    assert events(tmp_path / "lake") == ["event-0"]
    faults.clear()
    aws.ingest(tmp_path / "lake")
    assert events(tmp_path / "lake") == ["event-0", "event-1"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (
            (503, "SlowDown", "Please reduce your request rate."),
            "SlowDown: Please reduce your request rate; run the same",
        ),
        ("reset", "Connection was closed before we received a valid response from endpoint URL"),
        ("stall", "its body stood still; 5 times in a row; run the same command again"),
        ("cut", "5 times in a row; run the same command again"),
        ((404, "NoSuchKey", "no"), "NoSuchKey: no; it was listed, and is gone"),
        ((403, "AccessDenied", "no"), "AccessDenied: no; s3:GetObject is missing"),
        (b"<html>Sign in to this network</html>", "the answer to GetObject is not of AWS; something stands between"),
        (
            (400, "ExpiredToken", "no"),
            "ExpiredToken: no; sign in again, then run the same command: what is loaded stays",
        ),
    ],
)
def test_a_fault_that_stays_is_told_in_files_until_it_ends(
    aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Any, told: str
) -> None:
    monkeypatch.setattr("trailquery.sources.aws.READ_TIMEOUT_S", 0.3)
    monkeypatch.setattr("trailquery.sources.aws.ATTEMPTS", 2)
    faulty = aws.put(key("2024/03/01"), "one")
    aws.proxy.fault = lambda method, path: fault if path.endswith(".json.gz") else None
    aws.ingest(tmp_path / "lake")
    ((name, status, reason),) = statuses(tmp_path / "lake")
    assert (name, status, told in str(reason)) == (faulty.rpartition("/")[2], "unread", True)
    aws.proxy.fault = lambda method, path: None
    aws.ingest(tmp_path / "lake")
    assert statuses(tmp_path / "lake") == [(name, "loaded", None)]


def test_what_stays_broken_is_unread_until_it_can_be_read(aws: Aws, tmp_path: Path) -> None:
    keys = [aws.put(key("2024/03/01", number=n), f"event-{n}") for n in range(4)]
    faults = {
        keys[0]: (403, "AccessDenied", "no"),
        keys[1]: (403, "AccessDenied", "not authorized to perform: kms:Decrypt"),
        keys[2]: (404, "NoSuchKey", "The specified key does not exist."),
    }
    aws.proxy.fault = lambda method, path: faults.get(path.removeprefix(f"/{aws.name}/"))
    for _ in range(2):
        summary = aws.ingest(tmp_path / "lake")
    assert [left.reason for left in summary.unread] == [
        "AccessDenied: no; s3:GetObject is missing",
        "AccessDenied: not authorized to perform: kms:Decrypt; kms:Decrypt is missing",
        "NoSuchKey: The specified key does not exist; it was listed, and is gone",
    ]
    assert [status for _, status, _ in statuses(tmp_path / "lake")] == ["unread", "unread", "unread", "loaded"]
    aws.proxy.fault = lambda method, path: None
    aws.ingest(tmp_path / "lake")
    aws.ingest(tmp_path / "whole")
    assert contents(tmp_path / "lake") == contents(tmp_path / "whole")


def test_a_prefix_that_may_not_be_listed_is_unread_and_the_others_are_loaded(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "open")
    aws.put(key("2024/03/01", account="444455556666"), "closed")
    aws.proxy.fault = lambda method, path: (403, "AccessDenied", "no") if "444455556666%2F" in path else None
    (refused,) = aws.ingest(tmp_path / "lake").unread
    assert refused.place == f"s3://{aws.name}/AWSLogs/444455556666/"
    assert refused.reason == "AccessDenied: no; s3:ListBucket is missing"
    assert events(tmp_path / "lake") == ["open"]
    aws.proxy.fault = lambda method, path: None
    assert aws.ingest(tmp_path / "lake").unread == []
    assert [status for _, status, _ in statuses(tmp_path / "lake")] == ["loaded", "loaded"]


@pytest.mark.parametrize("versions", [False, True])
@pytest.mark.parametrize("answer", [b"", b"<html>Sign in to this network</html>"])
def test_an_answer_that_is_not_of_aws_is_never_an_empty_listing(
    aws: Aws, tmp_path: Path, answer: bytes, versions: bool
) -> None:
    aws.put(key("2024/03/01"), "one")
    aws.put(key("2024/03/02"), "two")
    aws.proxy.fault = lambda method, path: answer if "03%2F01%2F" in path else None
    (strange,) = aws.ingest(tmp_path / "lake", versions=versions).unread
    operation = "ListObjectVersions" if versions else "ListObjectsV2"
    assert (strange.place, strange.reason) == (
        f"s3://{aws.name}/{key('2024/03/01').rpartition('/')[0]}/",
        f"the answer to {operation} is not of AWS; something stands between, such as a proxy or a sign-in page",
    )
    assert events(tmp_path / "lake") == ["two"]


def test_credentials_that_end_in_the_middle_end_the_requests_and_nothing_is_lost(aws: Aws, tmp_path: Path) -> None:
    for number in range(100):
        aws.put(key("2024/03/01", number=number), f"event-{number:03}")
    fetched = count()

    def fault(_method: str, path: str) -> Any:
        expired = (400, "ExpiredToken", "The provided token has expired.")
        return expired if path.endswith(".json.gz") and next(fetched) >= 20 else None

    aws.proxy.fault = fault
    summary = aws.ingest(tmp_path / "lake")
    assert (len(events(tmp_path / "lake")), len(summary.unread)) == (20, 80)
    assert len([asked for asked in aws.proxy.asked if asked.endswith(".json.gz")]) < 60
    aws.proxy.fault = lambda method, path: None
    assert aws.ingest(tmp_path / "lake").files == 80
    aws.ingest(tmp_path / "whole")
    assert contents(tmp_path / "lake") == contents(tmp_path / "whole")


def test_the_members_of_an_archive_are_read_and_not_loaded_twice(aws: Aws, tmp_path: Path) -> None:
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        for name in ("a", "b"):
            archive.writestr(f"{name}.json", json.dumps({"Records": [record(eventID=name)]}))
    aws.s3.put_object(Bucket=aws.name, Key="evidence.zip", Body=body.getvalue())
    aws.proxy.fault = lambda method, path: (403, "AccessDenied", "no") if path.endswith(".zip") else None
    assert [left.place for left in aws.ingest(tmp_path / "lake").unread] == [f"s3://{aws.name}/evidence.zip"]
    aws.proxy.fault = lambda method, path: None
    for _ in range(2):
        aws.ingest(tmp_path / "lake")
    assert events(tmp_path / "lake") == ["a", "b"]
    assert statuses(tmp_path / "lake") == [
        ("evidence.zip!a.json", "loaded", None),
        ("evidence.zip!b.json", "loaded", None),
    ]


def test_an_archived_object_is_told_and_fatal_to_nothing(aws: Aws, tmp_path: Path) -> None:
    aws.put(key("2024/03/01"), "cold", StorageClass="DEEP_ARCHIVE")
    aws.put(key("2024/03/02"), "warm")
    (archived,) = aws.ingest(tmp_path / "lake").unread
    assert (archived.status, archived.reason) == (
        "archived",
        "DEEP_ARCHIVE: it is archived; restore it with: aws s3api restore-object",
    )
    assert [status for _, status, _ in statuses(tmp_path / "lake")] == ["archived", "loaded"]


def test_overwritten_and_deleted_versions_are_evidence_when_asked_for(aws: Aws, tmp_path: Path) -> None:
    aws.s3.put_bucket_versioning(Bucket=aws.name, VersioningConfiguration={"Status": "Enabled"})
    aws.put(key("2024/03/01"), "overwritten")
    aws.put(key("2024/03/01"), "shown")
    aws.put(key("2024/03/02"), "deleted")
    aws.s3.delete_object(Bucket=aws.name, Key=key("2024/03/02"))
    aws.ingest(tmp_path / "lake")
    assert events(tmp_path / "lake") == ["shown"]
    summary = aws.ingest(tmp_path / "lake", versions=True)
    assert events(tmp_path / "lake") == ["deleted", "overwritten", "shown"]
    assert summary.held == 1
    assert [left.reason.partition(" at ")[0] for left in summary.left_alone] == [
        "a delete marker: the object was deleted"
    ]


def test_max_bytes_takes_the_newest_days_first(aws: Aws, tmp_path: Path) -> None:
    for day in ("2024/03/01", "2024/03/02", "2024/03/03"):
        aws.put(key(day), day)
    size = aws.s3.head_object(Bucket=aws.name, Key=key("2024/03/01"))["ContentLength"]
    aws.ingest(tmp_path / "lake", max_bytes=2 * size)
    assert events(tmp_path / "lake") == ["2024/03/02", "2024/03/03"]


@pytest.mark.parametrize(
    ("prefix", "loaded"), [("AWSLogs", ["one"]), ("AWSLogs-old", ["old"]), ("AWSLogs-old/x.json.gz", ["old"])]
)
def test_a_prefix_is_a_folder_or_a_file(aws: Aws, tmp_path: Path, prefix: str, loaded: list[str]) -> None:
    aws.put(key("2024/03/01"), "one")
    aws.put("AWSLogs-old/x.json.gz", "old")
    aws.ingest(tmp_path / "lake", prefix)
    assert events(tmp_path / "lake") == loaded


def test_a_bucket_in_another_region_is_read_there(aws: Aws, tmp_path: Path) -> None:
    name = f"{aws.name}-abroad"
    aws.s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    bucket = open_bucket(f"s3://{name}", Access(endpoint_url=aws.url))
    assert bucket.s3.meta.region_name == "eu-central-1"


def test_a_wrong_request_is_told_before_a_lake_is_made(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    def said(kind: type[Exception], url: str, access: Access) -> str:
        with pytest.raises(kind) as error:
            open_bucket(url, access)
        return str(error.value)

    here = Access(endpoint_url=aws.url)
    assert said(UsageError, "s3://", here) == "s3://: names no bucket; write s3://bucket/prefix"
    assert said(UsageError, "s3://no-such-bucket-1", here).endswith("look for its name with: aws s3 ls")
    assert said(UsageError, f"s3://{aws.name}", Access(profile="nobody")).startswith("--profile nobody: ")
    assert "write http(s)://host[:port]" in said(UsageError, f"s3://{aws.name}", Access(endpoint_url="nowhere"))
    closed = Access(endpoint_url="http://127.0.0.1:1")
    assert "look at --endpoint-url" in said(MachineError, f"s3://{aws.name}", closed)
    aws.proxy.fault = lambda method, path: (403, "AccessDenied", "no")
    assert said(UsageError, f"s3://{aws.name}", here).endswith(
        f"AccessDenied: no; s3:ListBucket on arn:aws:s3:::{aws.name} is missing"
    )
    aws.proxy.fault = lambda method, path: (403, "RequestTimeTooSkewed", "no") if method == "GET" else None
    assert said(UsageError, f"s3://{aws.name}", here).endswith(
        "RequestTimeTooSkewed: no; set the clock of this machine"
    )
    aws.proxy.fault = lambda method, path: b"<html>Sign in</html>" if method == "GET" else None
    assert said(MachineError, f"s3://{aws.name}", here).endswith("; look at --endpoint-url, the network and the proxy")
    for name in CREDENTIALS:
        if "KEY" in name:
            monkeypatch.delenv(name)
    assert "no AWS credentials found" in said(UsageError, f"s3://{aws.name}", here)


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ("[profile p", "the profile of the environment: Unable to parse config file: "),
        (
            "[default]\nrole_arn = r\nsource_profile = p\n",
            'the profile of the environment: The source_profile "p" referenced',
        ),
        (
            "[default]\ncredential_process = false\n",
            "the profile of the environment: Error when retrieving credentials",
        ),
        ("[default]\nregion = eu west\n", "AWS_REGION: Provided region_name 'eu west' doesn't match"),
    ],
)
def test_settings_of_aws_that_are_broken_are_a_wrong_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str, told: str
) -> None:
    (tmp_path / "config").write_text(config)
    for name, value in {**CREDENTIALS, "AWS_CONFIG_FILE": str(tmp_path / "config")}.items():
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name)
    with pytest.raises(UsageError) as error:
        open_bucket("s3://trail-logs")
    assert str(error.value).startswith(told)


@pytest.mark.parametrize(
    "said", ["2024-03-01T00:05:03.123Z", "2024-03-01T00:05:03Z", "Fri, 01 Mar 2024 00:05:03 GMT", "2024-03-01T01:05:03+01:00", 1709251503.5]
)  # fmt: skip
def test_a_time_is_read_as_boto3_reads_it(said: str | float) -> None:
    ours = (
        Access().session()._session.get_component("response_parser_factory").create_parser("rest-xml")._timestamp_parser
    )
    assert ours != parse_timestamp
    assert (ours(said), ours(said).utcoffset()) == (parse_timestamp(said), parse_timestamp(said).utcoffset())
