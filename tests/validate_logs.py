"""`aws cloudtrail validate-logs`, the real one, against moto's S3 and a stub of the other services it asks.

Its botocore is not ours, so it lies in a venv of its own, .venv-awscli, which `make awscli` fills.
"""

import json
import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aws import CREDENTIALS, served
from trails import START, Trail, zulu

AWSCLI = Path(__file__).parents[1] / ".venv-awscli" / "bin" / "aws"
_INVALID = re.compile(r"(?P<kind>Digest|Log) file\ts3://(?P<place>\S+)\tINVALID: (?P<what>.*)")
_VALID = re.compile(r"(?:Digest|Log) file\ts3://\S+\tvalid")


class Said(NamedTuple):
    """`told` in a line; `invalid`: the keys it calls so."""

    told: str
    invalid: frozenset[str]
    exit_code: int


def needs_awscli() -> None:
    """Skips where it is not installed."""
    if not AWSCLI.exists():
        pytest.skip("the AWS CLI is not in .venv-awscli: make awscli")


def validate_logs(trail: Trail, s3_url: str, services_url: str) -> Said:
    """What it says of the whole trail, run to its end."""
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        **CREDENTIALS,
        "AWS_ENDPOINT_URL_S3": s3_url,
        "AWS_ENDPOINT_URL_CLOUDTRAIL": services_url,
        "AWS_ENDPOINT_URL_ORGANIZATIONS": services_url,
    }
    arn = f"arn:aws:cloudtrail:us-east-1:{trail.account}:trail/{trail.name}"
    command = [
        *(str(AWSCLI), "cloudtrail", "validate-logs", "--verbose", "--region", trail.region, "--trail-arn", arn),
        *("--start-time", zulu(START), "--end-time", zulu(trail.now), "--account-id", trail.account),
    ]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return Said(
        _told(run),
        frozenset(found["place"].partition("/")[2] for found in _INVALID.finditer(run.stderr)),
        run.returncode,
    )


def _told(run: "subprocess.CompletedProcess[str]") -> str:
    if run.returncode not in (0, 1):
        return f"crashes, exit {run.returncode}"
    invalid = Counter(f"{found['kind'].lower()} {_short(found['what'])}" for found in _INVALID.finditer(run.stderr))
    parts = [f"{count} x {what}" if count > 1 else what for what, count in invalid.items()]
    if "No log files were delivered by CloudTrail between" in run.stderr:
        parts.append("no log files were delivered between")
    if "No digests found" in run.stdout:
        parts.append("no digests found")
    return "; ".join(parts) or f"{len(_VALID.findall(run.stdout))} files valid"


def _short(what: str) -> str:
    return re.sub(r" in region .*| with fingerprint .*", "", what)


@contextmanager
def services(trail: Trail) -> Iterator[str]:
    """The URL of a CloudTrail and an Organizations that know this trail, and answer with its keys."""
    answers = {
        "ListPublicKeys": {"PublicKeyList": [_with_ticks(key) for key in trail.keys]},
        "DescribeTrails": {
            "trailList": [
                {
                    "TrailARN": f"arn:aws:cloudtrail:us-east-1:{trail.account}:trail/{trail.name}",
                    "S3BucketName": trail.bucket,
                    "IsOrganizationTrail": bool(trail.organization),
                    **({"S3KeyPrefix": trail.prefix} if trail.prefix else {}),
                }
            ]
        },
        "DescribeOrganization": {"Organization": {"Id": trail.organization}},
    }

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def do_POST(self) -> None:  # a name of http.server
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.dumps(answers[self.headers["X-Amz-Target"].rpartition(".")[2]]).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with served(Handler) as url:
        yield url


def _with_ticks(key: dict[str, Any]) -> dict[str, Any]:
    times = {name: datetime.fromisoformat(key[name]).timestamp() for name in ("ValidityStartTime", "ValidityEndTime")}
    return key | times
