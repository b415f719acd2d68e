"""A trail in an S3 that is neither AWS nor a mock of it: nothing lost, nothing doubled."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws import NUMBERS, Aws, delivered, key, metadata, upload, use_credentials
from lakes import contents, events, without_root
from seaweedfs import seaweedfs

from trailquery import open_lake
from trailquery.ingest import Summary, ingest
from trailquery.plan import plan
from trailquery.simulate import simulate
from trailquery.sources.aws import Access
from trailquery.sources.s3 import Choice, open_bucket


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with seaweedfs(tmp_path_factory.mktemp("weed")) as at:
        yield at


class Bucket:
    """A bucket of its own for one test."""

    put = Aws.put

    def __init__(self, url: str) -> None:
        self.name, self.url = f"trail-logs-{next(NUMBERS)}", url
        self.s3 = boto3.client("s3", endpoint_url=url)
        self.s3.create_bucket(Bucket=self.name)

    def ingest(self, lake: Path, **choice: Any) -> Summary:
        return ingest([open_bucket(f"s3://{self.name}", Access(endpoint_url=self.url), Choice(**choice))], lake)


@pytest.fixture
def bucket(url: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    use_credentials(monkeypatch)
    return Bucket(url)


def test_a_trail_is_the_same_from_its_bucket_as_from_a_folder(bucket: Bucket, tmp_path: Path) -> None:
    trail, lake = tmp_path / "trail", tmp_path / "lake"
    simulate(trail, events=300, story=None, days=1)
    upload(trail, bucket)
    first, files = bucket.ingest(lake), len(delivered(trail))
    assert (first.files + first.held + first.digests, first.unread, first.unsound) == (files, [], [])
    ingest([trail], tmp_path / "copied")
    whole = without_root(contents(tmp_path / "copied"), f"{trail}/")
    assert without_root(contents(lake), f"s3://{bucket.name}/") == whole
    again = bucket.ingest(lake)
    assert (again.read, again.files, again.held) == (0, 0, files)
    assert without_root(contents(lake), f"s3://{bucket.name}/") == whole
    rows = open_lake(lake).sql("SELECT place, metadata FROM stored.files WHERE kind = 'digest'").rows()
    said = {row["place"].removeprefix(f"s3://{bucket.name}/"): json.loads(row["metadata"]) for row in rows}
    signed = {file.relative_to(trail).as_posix(): metadata(file) for file in delivered(trail) if metadata(file)}
    assert said == signed
    assert len(list((lake / "evidence/digests").iterdir())) == len(signed) > 100


def test_versions_are_read_and_not_read_twice(bucket: Bucket, tmp_path: Path) -> None:
    bucket.s3.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    bucket.put(key("2024/03/01"), "overwritten")
    bucket.put(key("2024/03/01"), "shown")
    bucket.put(key("2024/03/02"), "deleted")
    bucket.s3.delete_object(Bucket=bucket.name, Key=key("2024/03/02"))
    bucket.ingest(tmp_path / "lake")
    assert events(tmp_path / "lake") == ["shown"]
    summary = bucket.ingest(tmp_path / "lake", versions=True)
    assert (summary.files, summary.held, len(summary.left_alone)) == (2, 1, 1)
    assert events(tmp_path / "lake") == ["deleted", "overwritten", "shown"]
    assert bucket.ingest(tmp_path / "lake", versions=True).held == 3


def test_a_dry_run_does_not_need_what_another_s3_lacks(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setattr("trailquery.sources.aws.ATTEMPTS", 1)
    bucket.put(key("2024/03/01"), "one")
    lines = list(plan(open_bucket(f"s3://{bucket.name}", Access(endpoint_url=bucket.url)), tmp_path))
    assert lines[1].startswith("caller       not known: sts:GetCallerIdentity: ")
    assert lines[-1] == "permissions  s3:ListBucket is granted, s3:GetObject on 1 of 1 objects tried"
