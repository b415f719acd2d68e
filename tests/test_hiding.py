"""With --pseudonyms no command writes anything real to stdout or stderr."""

import json
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from aws import CREDENTIALS, Proxy, served
from conftest import LOG_NAME, record, write_log
from runner import run
from test_pseudonyms import _UUID, FORMS

from trailquery.cli import COMMANDS
from trailquery.ingest import ingest
from trailquery.simulate import simulate

BUCKET = "quill-evidence"
NAMES = (
    "zoe.quill", "vault-keeper", BUCKET, "north-wing", "quill-trail", "quill-ops", "quill-42", "quill-desk", "quill-night", "prod-trail", "org-trail",
)  # fmt: skip
CALLER = {
    "type": "IAMUser", "principalId": "AIDAIOSFODNN7QUILL77", "arn": "arn:aws:iam::111122223333:user/zoe.quill",
    "accountId": "111122223333", "accessKeyId": "AKIAIOSFODNN7QUILL77", "userName": "zoe.quill",
}  # fmt: skip
_SHA256 = re.compile(r"\b[0-9a-f]{64}\b")  # in which twelve digits on end are no account
S3 = f"s3://{BUCKET}/north-wing"
AT = ("--profile", "quill-ops", "--endpoint-url", "URL")
ASKED = {  # of each command, what makes it say as much as it can
    "demo": [("demo", "--events", "200", "--days", "1")],
    "simulate": [("simulate", "made", "--events", "200", "--days", "1")],
    "ingest": [
        ("ingest", "logs", "--lake", "new"), ("ingest", S3, *AT, "--lake", "new-too"), ("ingest", S3, *AT, "--dry-run"),
        ("ingest", "s3://quill-evidence-gone/north-wing", *AT), ("ingest", "logs", "--since", "zoe.quill"),
    ],
    "collect": [
        ("collect", S3, "copy", *AT, "--case", "quill-42"), ("collect", S3, "logs", *AT), ("collect", S3, "copy-too", *AT, "--case", "quill-42/x"),
    ],
    "doctor": [("doctor", f"s3://{BUCKET}", *AT), ("doctor", f"s3://{BUCKET}", *AT, "--format", "json"), ("doctor", "s3://quill-evidence-gone", *AT)],
    "verify": [
        ("verify", "tree"), ("verify", "tree", "--format", "json"), ("verify",), ("verify", S3, *AT), ("verify", "case.zip"),
        ("verify", "tree", "--trail", "zoe.quill"),
    ],
    "prune": [("prune", "--before", "zoe.quill"), ("prune", "--before", "2024-01-01", "--lake", "held"), ("prune", "--before", "2024-03-05")],
    "compact": [("compact",), ("compact", "--lake", "held")],
    "bundle": [("bundle", "out.zip", "--events", "assumed"), ("bundle", "not.zip", "--events", "zoe.quill")],
    "hold": [("hold", "letter of zoe.quill, 198.51.100.77"), ("hold",), ("hold", "--release"), ("hold", "--lake", "held")],
    "info": [("info",)],
    "coverage": [("coverage",), ("coverage", "--hours"), ("coverage", "--trails")],
    "files": [("files",)],
    "find": [("find", "198.51.100.77"), ("find", "zoe.quill", "--account", "444455556666")],
    "hunt": [("hunt", "--severity", "low", "--leads")],
    "run": [
        ("run", "who_is_key", "AKIAIOSFODNN7QUILL77"), ("run", "actor_summary", "--actor", "zoe.quill", "--explain"),
        ("run", "who_is_key", "x", "zoe.quill"),
    ],
    "queries": [("queries", "zoe.quill")],
    "show": [("show", "zoe.quill"), ("show", "who_is_key")],
    "sql": [("sql", "SELECT * FROM events"), ("sql", "SELECT zoe.quill FROM events"), ("sql", "SELECT user_name::INTEGER FROM events")],
    "schema": [("schema", "--drift"), ("schema", "zoe.quill")],
    "settings": [("settings",)],
    "connect": [("connect", "views.duckdb")],
}  # fmt: skip


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with logs, a lake of them, one that is on hold, a bundle, a signed tree, and settings."""
    folder = tmp_path_factory.mktemp("hiding")
    assumed = {"roleArn": "arn:aws:iam::444455556666:role/vault-keeper", "roleSessionName": "zoe.quill"}
    events = [
        record(eventID="assumed", userIdentity=CALLER, sourceIPAddress="198.51.100.77", eventSource="sts.amazonaws.com",
               eventName="AssumeRole", requestParameters=assumed),
        record(eventID="denied", userIdentity=CALLER, sourceIPAddress="198.51.100.77", newField="zoe.quill",
               eventSource="s3.amazonaws.com", eventName="GetBucketAcl", requestParameters={"bucketName": BUCKET},
               errorCode="AccessDenied", errorMessage=f"User: {CALLER['arn']} is not authorized to read {BUCKET}"),
    ]  # fmt: skip
    prefix = "AWSLogs/111122223333/CloudTrail/us-east-1/2024/03/01"
    for name in (LOG_NAME, f"{LOG_NAME}.zoe.quill"):
        write_log(folder / "logs" / prefix / name, [*events, "zoe.quill"])
    (folder / "logs" / prefix / LOG_NAME.replace("1010Z", "1015Z")).write_bytes(b"\x1f\x8b zoe.quill")
    simulate(folder / "tree", events=200, days=1)
    next((folder / "tree").rglob("*_CloudTrail_*")).unlink()
    for lake in ("lake", "held"):
        ingest([folder / "logs"], folder / lake)
    assert run(folder, "hold", "letter of zoe.quill", "--lake", "held").code == 0
    assert run(folder, "bundle", "case.zip", "--events", "denied").code == 0
    said = '[accounts]\n"111122223333" = "quill-desk"\n[networks]\n"198.51.100.0/24" = "quill-desk"\n'
    (folder / "trailquery.toml").write_text(said)
    (folder / "aws").write_text("[profile quill-ops]\nregion = us-east-1\n")
    return folder


@pytest.fixture(scope="module")
def url(upstream: str, case: Path) -> Iterator[str]:
    """AWS with the logs and digests in a bucket to which a trail delivers, and a day that is denied."""
    keys = {
        "aws_access_key_id": "x",
        "aws_secret_access_key": "x",
        "region_name": "us-east-1",
        "endpoint_url": upstream,
    }
    s3, cloudtrail = (boto3.client(name, **keys) for name in ("s3", "cloudtrail"))
    s3.create_bucket(Bucket=BUCKET)
    for folder in ("logs", "tree"):
        for file in sorted(path for path in (case / folder).rglob("*.gz") if path.is_file())[:40]:
            s3.put_object(Bucket=BUCKET, Key=f"north-wing/{file.relative_to(case / folder)}", Body=file.read_bytes())
    cloudtrail.create_trail(Name="quill-trail", S3BucketName=BUCKET)
    proxy = Proxy(upstream)
    proxy.fault = lambda method, path: (403, "AccessDenied") if method == "GET" and LOG_NAME in path else None
    with served(proxy.handler()) as at:
        yield at


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"pseudonyms"}))  # which is for telling what is real
def test_no_command_writes_anything_real(command: str, case: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = CREDENTIALS | {
        "AWS_CONFIG_FILE": "aws",
        "AWS_ENDPOINT_URL_STS": url,
        "AWS_ENDPOINT_URL_CLOUDTRAIL": url,
    }
    for name, value in (environment | {"LOGNAME": "quill-night"}).items():
        monkeypatch.setenv(name, value)
    for asked in ASKED[command]:
        words = [url if word == "URL" else word for word in asked]
        said = run(case, *words, "--pseudonyms", "case.key")
        shown = _SHA256.sub("", _UUID.sub("", said.out + said.err))
        made = json.loads((case / "case.key").read_bytes())["names"].values()
        assert "Traceback" not in shown
        assert shown
        for name in NAMES:
            assert name not in shown, asked
        for form in FORMS[:4]:
            for found in re.findall(form, shown):
                assert found in made or found.startswith(("127.", "0.0.0.0")), asked


def test_a_stream_that_takes_ascii_alone_is_hidden_too(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    said = run(case, "hold", "--lake", "held", "--pseudonyms", "case.key")
    assert "hold: letter of name-" in said.out
    assert "zoe" not in said.out


def test_a_sentence_stays_one_behind_a_place(case: Path) -> None:
    said = run(case, "ingest", f"s3://{BUCKET}", "--endpoint-url", "http://127.0.0.1:9", "--pseudonyms", "case.key")
    real = run(case, "ingest", f"s3://{BUCKET}", "--endpoint-url", "http://127.0.0.1:9")
    assert real.err.startswith(f"s3://{BUCKET}: ")
    assert said.err.split(": ", 1)[1].split()[:4] == real.err.split(": ", 1)[1].split()[:4]


def test_a_bundle_holds_what_is_real_though_the_command_shows_pseudonyms(case: Path) -> None:
    asked = ("bundle", "real.zip", "--query", "timeline_key", "--pseudonyms", "case.key", "--", "AKIAIOSFODNN7QUILL77")
    assert run(case, *asked).code == 0
    with zipfile.ZipFile(case / "real.zip") as bundle:
        assert b"zoe.quill" in bundle.read("rows.csv")
        assert b"AKIAIOSFODNN7QUILL77" in bundle.read("manifest.json")
