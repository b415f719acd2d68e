"""The tamper matrix, run: the real `aws cloudtrail validate-logs` and `trailquery verify`, on the same bucket."""

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any

import boto3
import pytest
from aws import NUMBERS, use_credentials
from click.testing import CliRunner
from tamper import CASES, Case
from trails import Trail
from validate_logs import needs_awscli, services, validate_logs

from trailquery.cli import trailquery


def put(trail: Trail, url: str) -> None:
    s3 = boto3.client("s3", endpoint_url=url)
    s3.create_bucket(Bucket=trail.bucket)
    for key, item in trail.objects.items():
        s3.put_object(Bucket=trail.bucket, Key=key, Body=item.data, Metadata=dict(item.metadata))


def verified(source: str) -> dict[str, Any]:
    run = CliRunner().invoke(trailquery, ["verify", source, "--format", "json"], catch_exceptions=False)
    said = json.loads(run.stdout)
    assert run.exit_code == (0 if said["sound"] else 4)
    return said


def told(said: dict[str, Any]) -> str:
    """What `verify` found, in a line like those of the table."""
    counts = Counter((file["kind"], file["verdict"]) for file in said["files"] if file["verdict"] != "intact")
    files = [
        f"{count} {kind}{'s' * (count > 1)} {verdict}" for (kind, verdict), count in sorted(counts.items(), key=_order)
    ]
    chains = sorted({chain["verdict"] for chain in said["chains"]} - {"whole"})
    return "; ".join([", ".join(files) or "all intact", *(f"chain {verdict}" for verdict in chains)])


def _order(counted: tuple[tuple[str, str], int]) -> tuple[str, int]:
    (kind, verdict), _ = counted
    return kind, ("pending", "unverifiable", "unlisted", "changed", "missing").index(verdict)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_was_done_is_seen(case: Case, upstream: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_credentials(monkeypatch)
    trail = Trail(bucket=f"tampered-{os.getpid()}-{next(NUMBERS)}", **case.trail)
    harmed = case.harm(trail)
    put(trail, upstream)
    monkeypatch.setattr("trailquery.utc.now", lambda: trail.now)
    with services(trail) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", upstream)
        monkeypatch.setenv("AWS_ENDPOINT_URL_CLOUDTRAIL", url)
        online = verified(f"s3://{trail.bucket}")
        offline = verified(str(trail.write(tmp_path / "copy")))
        needs_awscli()
        aws = validate_logs(trail, upstream, url)
    assert told(online) == told(offline) == case.ours
    reasons = [file["reason"] for file in online["files"]] + [chain["reason"] for chain in online["chains"]]
    assert any(case.because in reason for reason in reasons)
    unsound = {_key(file["place"], trail) for file in online["files"] if file["verdict"] not in ("intact", "pending")}
    assert set(harmed) <= unsound
    assert aws.told == case.aws
    assert aws.invalid <= unsound


def _key(place: str, trail: Trail) -> str:
    return place.removeprefix(f"s3://{trail.bucket}/")
