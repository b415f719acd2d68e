"""Fixtures: real log files through the real pipeline."""

import gzip
import json
import os
import signal
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
from aws import fresh_bucket, moto_url  # noqa: F401  # fixtures
from runner import ask  # noqa: F401  # a fixture
from told import Told

from trailquery import Lake, open_lake
from trailquery.ingest import Summary, ingest

os.environ.pop("TRAILQUERY_LAKE", None)  # each test names its own

SHARED = Path(__file__).parents[1] / ".." / "shared" / "data"
LOG_NAME = "111122223333_CloudTrail_us-east-1_20240301T1010Z_Mu0KsOhtH1ar15ZZ.json.gz"
SMALLEST_RECORD = {
    "eventVersion": "1.11",
    "userIdentity": {
        "type": "IAMUser",
        "principalId": "AIDAIOSFODNN7EXAMPLE",
        "arn": "arn:aws:iam::111122223333:user/alice",
        "accountId": "111122223333",
        "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
        "userName": "alice",
    },
    "eventTime": "2024-03-01T10:00:00Z",
    "eventSource": "ec2.amazonaws.com",
    "eventName": "DescribeInstances",
    "awsRegion": "us-east-1",
    "sourceIPAddress": "198.51.100.7",
    "userAgent": "aws-cli/2.15.0",
    "requestParameters": None,
    "responseElements": None,
    "requestID": "11111111-2222-3333-4444-555555555555",
    "readOnly": True,
    "eventType": "AwsApiCall",
    "managementEvent": True,
    "recipientAccountId": "111122223333",
    "eventCategory": "Management",
}


def record(**changes: Any) -> dict[str, Any]:
    """The smallest valid record with `changes`."""
    return {"eventID": "an-event", **SMALLEST_RECORD, **changes}


def write_log(path: Path, records: list[Any]) -> Path:
    """A delivered log file of `records`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    body = json.dumps({"Records": records}, separators=(",", ":")).encode()
    path.write_bytes(gzip.compress(body, mtime=0) if path.suffix == ".gz" else body)
    return path


def lake_in(folder: Path, records: list[Any]) -> Lake:
    """The lake of the records, delivered in one log file, made in the folder."""
    ingest([write_log(folder / "logs" / LOG_NAME, records)], folder / "lake")
    return open_lake(folder / "lake")


def counts(summary: Summary) -> dict[str, int]:
    """What an ingest counted."""
    return {
        name: getattr(summary, name) for name in ("read", "loaded", "duplicate", "variant", "rejected", "files", "held")
    }


def recording(name: str) -> Path:
    """The folder of one of the public recordings; skips where they are not there."""
    if not (SHARED / name).is_dir():
        pytest.skip(f"the public recordings are not beside the checkout: {name}")
    return SHARED / name


def pytest_configure() -> None:
    """Programs started in the background ignore Ctrl-C, as would those that the tests start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With TRAILQUERY_NOTHING_SKIPS set, as in CI, a test that would skip fails."""
    report = yield
    if report.skipped and os.environ.get("TRAILQUERY_NOTHING_SKIPS"):
        report.outcome, report.longrepr = "failed", f"nothing may skip here: {report.longrepr}"
    return report


@pytest.fixture
def lake_of(tmp_path: Path) -> Callable[[list[dict[str, Any]]], Lake]:
    """The lake of the given records, delivered in one log file."""
    return lambda records: lake_in(tmp_path, [record(**changes) for changes in records])


@pytest.fixture(scope="module")
def told_lake(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake of every record told in the module."""
    records = [
        record(**{"eventID": f"{test.__name__}/{name}", **changes})
        for test in vars(request.module).values()
        for name, changes in getattr(test, "told", {}).items()
    ]
    return lake_in(tmp_path_factory.mktemp("told"), records)


@pytest.fixture
def seen(told_lake: Lake, request: pytest.FixtureRequest) -> Told:
    """What the views show of the records told to the test."""
    return Told(told_lake, request.function.__name__)


@pytest.fixture(scope="session")
def shared_lake(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Lake]:
    """The lake of one of the public recordings, ingested once a session; skips where they are not there."""
    made: dict[str, Path] = {}

    def lake(name: str) -> Lake:
        folder = recording(name)
        if name not in made:
            made[name] = tmp_path_factory.mktemp(name) / "lake"
            ingest([folder], made[name])
        return open_lake(made[name])

    return lake


@pytest.fixture(scope="session")
def lake_of_cases(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake of the records of every case of a query: each query finds what its case shows, and what others show."""
    from cases import events_of_cases

    return lake_in(tmp_path_factory.mktemp("cases"), [record(**event) for event in events_of_cases()])


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    return lake_in(tmp_path_factory.mktemp("empty"), [])


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The lake of the scenes of every module that was imported."""
    from scenes import SCENES

    return lake_in(tmp_path_factory.mktemp("scenes"), [told for records in SCENES.values() for told in records])


@pytest.fixture(scope="session")
def every_link(stage: Lake) -> dict[str, tuple[Any, ...]]:
    rows = stage.sql(
        "SELECT e.event_id, (SELECT min(p.actor) FROM history AS p WHERE p.session_id = s.parent_session_id) AS parent,"
        " split_part(s.issued_by_event_id, '/', 2) AS issued_by_event_id, s.link, s.certainty, s.origin"
        " FROM history AS e INNER JOIN session_links AS s ON s.session_id = e.session_id"
    ).rows()
    return {event: tuple(link) for event, *link in (row.values() for row in rows)}


@pytest.fixture
def links(every_link: dict[str, tuple[Any, ...]], request: pytest.FixtureRequest) -> dict[str, tuple[Any, ...]]:
    """By event of the scene, how its session was opened: parent's actor, event, link, certainty, origin."""
    scenes = ((event.split("/"), link) for event, link in every_link.items())
    return {event: link for (name, event), link in scenes if name == request.function.__name__}
