"""AWS on loopback for the tests: moto's server in a process of its own, and a proxy before it that fails on demand."""

import gzip
import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
import pytest

from trailquery.ingest import Summary, ingest
from trailquery.sources.aws import Access
from trailquery.sources.s3 import Choice, open_bucket

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


def use_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)


@contextmanager
def moto() -> Iterator[str]:
    """The URL of an AWS that forgets everything at its end."""
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            url = next(found[0] for line in process.stderr if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
            Thread(target=process.stderr.read, daemon=True).start()
            yield url
        finally:
            process.kill()


@contextmanager
def served(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The URL of a threaded server on loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class Proxy:
    """Passes requests on to `upstream`; `fault(method, path)` may name one of FAULTS, or give (status, code), or the body to answer."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream.removeprefix("http://")
        self.fault: Callable[[str, str], Any] = lambda _method, _path: None
        self.asked: list[str] = []
        self.needs: tuple[str, str] | None = None  # a header, without which nothing is answered

    def handler(self) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: Any) -> None: ...

            def handle(self) -> None:
                with suppress(ConnectionError):  # the client was killed
                    super().handle()

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                proxy.asked.append(f"{self.command} {self.path}")
                fault = proxy.fault(self.command, self.path)
                if proxy.needs and self.command != "POST" and self.headers.get(proxy.needs[0]) != proxy.needs[1]:
                    fault = (403, "AccessDenied", "Access Denied")
                if fault == "reset":
                    self.connection.shutdown(socket.SHUT_RDWR)
                    self.close_connection = True
                    return
                if isinstance(fault, tuple):
                    text = f"<Error><Code>{fault[1]}</Code><Message>{fault[2]}</Message></Error>".encode()
                    self._answer(fault[0], {"Content-Type": "application/xml"}, text)
                    return
                if isinstance(fault, bytes):
                    self._answer(200, {"Content-Type": "text/html"}, fault)
                    return
                upstream = http.client.HTTPConnection(proxy.upstream)
                upstream.request(self.command, self.path, body, dict(self.headers))
                response = upstream.getresponse()
                answer = response.read()
                headers = {name: value for name, value in response.getheaders() if name.lower() not in _HOP}
                self._answer(response.status, headers, answer, fault)
                upstream.close()

            def _answer(self, status: int, headers: dict[str, str], body: bytes, fault: str | None = None) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body[: len(body) // 2] if fault else body)
                if fault == "stall":
                    self.connection.recv(1)  # nothing comes until the client has had enough
                self.close_connection = fault is not None

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass_on  # noqa: N815  # names of http.server

        return Handler


_HOP = ("content-length", "connection", "transfer-encoding", "date", "server")


NUMBERS = count()


@pytest.fixture(scope="session", name="upstream")
def moto_url() -> Iterator[str]:
    with moto() as url:
        yield url


class Aws:
    """A bucket of its own for one test, at moto's own URL and behind the proxy."""

    def __init__(self, direct: str, proxy: Proxy, url: str) -> None:
        self.name, self.proxy, self.url = f"trail-logs-{next(NUMBERS)}", proxy, url
        self.s3 = boto3.client("s3", endpoint_url=direct)
        self.s3.create_bucket(Bucket=self.name)

    def put(self, key: str, *event_ids: str, **extra: Any) -> str:
        """The key of a log file of these events, made up where only its day is given."""
        from conftest import SMALLEST_RECORD  # which imports this module for its fixtures

        body = gzip.compress(
            json.dumps({"Records": [{"eventID": name} | SMALLEST_RECORD for name in event_ids]}).encode(), mtime=0
        )
        self.s3.put_object(Bucket=self.name, Key=key, Body=body, **extra)
        return key

    def ingest(self, lake: Path, prefix: str = "", **choice: Any) -> Summary:
        bucket = open_bucket(f"s3://{self.name}/{prefix}", Access(endpoint_url=self.url), Choice(**choice))
        return ingest([bucket], lake)


@pytest.fixture(name="aws")
def fresh_bucket(upstream: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    use_credentials(monkeypatch)
    proxy = Proxy(upstream)
    with served(proxy.handler()) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        yield Aws(upstream, proxy, url)


def key(
    day: str,
    account: str = "111122223333",
    region: str = "eu-west-1",
    above: str = "AWSLogs/",
    folder: str = "CloudTrail",
    number: int = 0,
) -> str:
    name = f"{account}_{folder}_{region}_{day.replace('/', '')}T1010Z_{number:016}.json.gz"
    return f"{above}{account}/{folder}/{region}/{day}/{name}"


def delivered(trail: Path) -> list[Path]:
    return sorted(trail.rglob("AWSLogs/**/*.json.gz"))


def metadata(file: Path) -> dict[str, str]:
    """What S3 would tell of a file of a simulated trail."""
    beside = file.with_name(f"{file.name}.metadata.json")
    return dict(json.loads(beside.read_bytes())["metadata"]) if beside.exists() else {}


def upload(trail: Path, bucket: Any) -> None:
    """Put a simulated trail into a bucket, which has a `name` and a client `s3`."""

    def put(file: Path) -> None:
        place = file.relative_to(trail).as_posix()
        bucket.s3.put_object(Bucket=bucket.name, Key=place, Body=file.read_bytes(), Metadata=metadata(file))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, delivered(trail)))
