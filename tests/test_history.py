"""The event history, from a stub that speaks as CloudTrail and STS do, over a real socket."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs

import pytest
from aws import CREDENTIALS, served
from conftest import record

from trailquery import open_lake
from trailquery.errors import MachineError, UsageError
from trailquery.ingest import ingest
from trailquery.ledger import Ledger
from trailquery.sources import history
from trailquery.sources.aws import Access

NOW = datetime.now(UTC).replace(microsecond=0)
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/alice</Arn>"
    "<UserId>AIDAIOSFODNN7EXAMPLE</UserId><Account>111122223333</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)


class CloudTrail:
    """Events of one region by time, in pages of `page`; `faults` are the error codes, or the pages, of the next answers."""

    def __init__(self) -> None:
        self.events: list[tuple[datetime, str]] = []
        self.page = 50
        self.faults: list[str | None] = []
        self.answer: str | None = None  # to everything
        self.asked: list[tuple[int, int]] = []
        self.on_lookup: Callable[[], None] = lambda: None

    def lookup(self, asked: dict[str, Any]) -> dict[str, Any]:
        start, end = asked["StartTime"], asked["EndTime"]
        self.on_lookup()
        self.asked.append((start, end))
        found = [event for event in sorted(self.events, reverse=True) if start <= event[0].timestamp() <= end]
        first = int(asked.get("NextToken", 0))
        shown, more = found[first : first + self.page], found[first + self.page :]
        page: dict[str, Any] = {"Events": [self._event(*event) for event in shown]}
        return page | ({"NextToken": str(first + self.page)} if more else {})

    def _event(self, time: datetime, name: str) -> dict[str, Any]:
        text = json.dumps(record(eventID=name, eventTime=time.isoformat().replace("+00:00", "Z")))
        return {"EventId": name, "EventTime": time.timestamp(), "CloudTrailEvent": text}

    def handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None: ...

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if stub.answer is not None:
                    self._answer(200, stub.answer)
                    return
                if "X-Amz-Target" not in self.headers:
                    assert parse_qs(body.decode())["Action"] == ["GetCallerIdentity"]
                    self._answer(200, IDENTITY)
                    return
                assert self.headers["X-Amz-Target"].endswith(".LookupEvents")
                fault = stub.faults.pop(0) if stub.faults else None
                if fault:
                    page = fault if fault.startswith("<") else json.dumps({"__type": fault, "message": "no"})
                    self._answer(400, page)
                else:
                    self._answer(200, json.dumps(stub.lookup(json.loads(body))))

            def _answer(self, status: int, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

        return Handler


@pytest.fixture
def cloudtrail(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudTrail]:
    stub = CloudTrail()
    monkeypatch.setattr(history, "_PAUSE_S", 0)
    with served(stub.handler()) as url:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": url}.items():
            monkeypatch.setenv(name, value)
        yield stub


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


def loaded(lake: Path) -> list[str]:
    return [row["event_id"] for row in open_lake(lake).sql("SELECT event_id FROM events ORDER BY event_id").rows()]


def test_the_history_is_loaded_page_by_page_and_its_bytes_are_kept(cloudtrail: CloudTrail, tmp_path: Path) -> None:
    cloudtrail.events = [(ago(days=number), f"event-{number:02}") for number in range(1, 8)]
    cloudtrail.page = 3
    summary = ingest([history.open_history()], tmp_path / "lake")
    assert (summary.files, summary.loaded, summary.rejected, summary.unsound) == (3, 7, 0, [])
    assert loaded(tmp_path / "lake") == [f"event-{number:02}" for number in range(1, 8)]
    (row,) = open_lake(tmp_path / "lake").sql("SELECT raw, source_file FROM events WHERE event_id = 'event-01'").rows()
    assert row["raw"] == cloudtrail._event(ago(days=1), "event-01")["CloudTrailEvent"]
    assert row["source_file"].startswith("cloudtrail:LookupEvents/111122223333/us-east-1/")


def test_the_next_ingest_asks_only_for_what_no_page_covers(cloudtrail: CloudTrail, tmp_path: Path) -> None:
    cloudtrail.events = [(ago(days=1), "settled"), (ago(minutes=5), "young")]
    ingest([history.open_history()], tmp_path / "lake")
    cloudtrail.events += [(ago(minutes=10), "late"), (ago(minutes=1), "new")]
    cloudtrail.asked.clear()
    assert ingest([history.open_history()], tmp_path / "lake").loaded == 2
    assert loaded(tmp_path / "lake") == ["late", "new", "settled", "young"]
    ((start, _),) = cloudtrail.asked
    assert timedelta(minutes=59) <= datetime.now(UTC) - datetime.fromtimestamp(start, UTC) <= timedelta(minutes=62)


def test_of_a_page_in_the_place_of_an_answer_the_first_line_is_told(cloudtrail: CloudTrail, tmp_path: Path) -> None:
    cloudtrail.faults = ["<html>\n<body>Sign in to this network</body></html>"]
    (refused,) = ingest([history.open_history()], tmp_path / "lake").unread
    assert refused.reason == "400: <html>; run the same command again"


def test_throttling_is_waited_for_and_what_stays_broken_is_resumed(cloudtrail: CloudTrail, tmp_path: Path) -> None:
    cloudtrail.events = [(ago(days=number), f"event-{number}") for number in range(1, 7)]
    cloudtrail.page = 2
    cloudtrail.faults = ["ThrottlingException", None, "ThrottlingException", None, "AccessDeniedException"]
    (refused,) = ingest([history.open_history()], tmp_path / "lake").unread
    assert refused.reason == "AccessDeniedException: no; cloudtrail:LookupEvents is missing"
    assert loaded(tmp_path / "lake") == ["event-1", "event-2", "event-3", "event-4"]
    summary = ingest([history.open_history()], tmp_path / "lake")
    assert (summary.unread, loaded(tmp_path / "lake")) == ([], [f"event-{number}" for number in range(1, 7)])
    assert open_lake(tmp_path / "lake").sql("FROM files WHERE status = 'unread'").rows() == []


@pytest.mark.parametrize("answer", ["", "<html>Sign in to this network</html>", "<p>Sign in <br>"])
def test_an_answer_that_is_not_of_aws_is_told_in_one_line(cloudtrail: CloudTrail, tmp_path: Path, answer: str) -> None:
    cloudtrail.events = [(ago(days=1), "one")]
    opened = history.open_history()
    cloudtrail.answer = answer
    with pytest.raises(MachineError, match="the answer to GetCallerIdentity is not of AWS"):
        history.open_history()
    (strange,) = ingest([opened], tmp_path / "lake").unread
    assert strange.reason.startswith("the answer to LookupEvents is not of AWS; something stands between")


def test_events_of_one_second_on_two_pages_are_not_lost_to_a_cut(cloudtrail: CloudTrail, tmp_path: Path) -> None:
    cloudtrail.events = [(ago(days=1), f"event-{number}") for number in range(5)]
    cloudtrail.page = 2
    cloudtrail.faults = [None, "AccessDeniedException"]
    ingest([history.open_history()], tmp_path / "lake")
    ingest([history.open_history()], tmp_path / "lake")
    assert loaded(tmp_path / "lake") == [f"event-{number}" for number in range(5)]


def test_only_the_window_asked_for_is_paged(cloudtrail: CloudTrail, tmp_path: Path) -> None:
    cloudtrail.events = [(ago(days=number), f"event-{number}") for number in range(1, 7)]
    since, until = ago(days=4).replace(tzinfo=None), ago(days=2).replace(tzinfo=None)
    ingest([history.open_history(Access(), ("eu-west-1",), since, until)], tmp_path / "lake")
    assert loaded(tmp_path / "lake") == ["event-3", "event-4"]
    with pytest.raises(UsageError, match="keeps 90 days"):
        history.open_history(until=ago(days=100).replace(tzinfo=None))


# An ingest of the command line that pages without pauses, and wants `argv[1]` seconds of paging committed.
PAGING = """
import sys
from trailquery.cli import main
from trailquery.sources import history
history._PAUSE_S, history._COMMIT_S = 0, float(sys.argv.pop(1))
main()
"""


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGINT])
def test_stopped_while_it_pages_it_goes_on_where_it_was(
    cloudtrail: CloudTrail, tmp_path: Path, stop: signal.Signals
) -> None:
    cloudtrail.events = [(ago(days=number), f"event-{number:02}") for number in range(1, 21)]
    cloudtrail.page = 2
    command = [sys.executable, "-c", PAGING, "0", "ingest", "event-history", "--lake", str(tmp_path / "lake")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:

        def stop_at_the_seventh_page() -> None:
            if len(cloudtrail.asked) == 6:
                os.kill(process.pid, stop)

        cloudtrail.on_lookup = stop_at_the_seventh_page
        _, said = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGKILL, 130), said
    assert loaded(tmp_path / "lake") == [f"event-{number:02}" for number in range(1, 13)]
    cloudtrail.asked.clear()
    cloudtrail.on_lookup = lambda: None
    ingest([history.open_history()], tmp_path / "lake")
    assert loaded(tmp_path / "lake") == [f"event-{number:02}" for number in range(1, 21)]
    settled = [start for start, end in cloudtrail.asked if end < ago(hours=2).timestamp()]
    assert {end for _, end in cloudtrail.asked if end < ago(hours=2).timestamp()} == {ago(days=12).timestamp()}
    assert len(settled) == 5


def test_what_was_paged_is_committed_after_a_minute_and_not_at_each_page(
    cloudtrail: CloudTrail, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudtrail.events = [(ago(days=number), f"event-{number}") for number in range(1, 7)]
    cloudtrail.page = 1
    seconds = iter(range(0, 10_000, 25))
    clock = SimpleNamespace(monotonic=lambda: next(seconds), sleep=lambda _: None)
    monkeypatch.setattr(history, "time", clock)
    found = [type(one).__name__ for one in history.open_history().files(Ledger(tmp_path))]
    assert found == [*["LogFile"] * 3, "SoFar", *["LogFile"] * 3, "SoFar", "Listed"]
