"""A bucket to collect, behind a proxy that signs nothing but tells the public keys; and how a copy is read."""

import json
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from aws import Aws, Proxy, served, upload, use_credentials

from trailquery.collect import Collected, collect
from trailquery.sources.aws import Access
from trailquery.sources.folder import SIDECAR
from trailquery.sources.s3 import Choice, open_bucket


class Listening(Proxy):
    """Notes the user agent of each request, and answers ListPublicKeys with `keys`: moto does not know it."""

    def __init__(self, upstream: str) -> None:
        super().__init__(upstream)
        self.agents: list[str] = []
        self.keys: list[dict[str, Any]] = []
        self.asked_for_keys: list[tuple[str, dict[str, float]]] = []  # region, span
        self.denies_keys = False

    def handler(self) -> type[BaseHTTPRequestHandler]:
        proxy, passing = self, super().handler()

        class Handler(passing):  # type: ignore[valid-type,misc]
            def parse_request(self) -> bool:
                is_read: bool = super().parse_request()
                proxy.agents.append(self.headers.get("User-Agent", "") if is_read else "")
                return is_read

            def do_POST(self) -> None:  # noqa: N802  a name of http.server
                if not self.headers.get("X-Amz-Target", "").endswith("ListPublicKeys"):
                    self._pass_on()
                    return
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                region = self.headers["Authorization"].split("/")[2]
                proxy.asked_for_keys.append((region, body))
                answer = {"PublicKeyList": proxy.keys}
                if proxy.denies_keys:
                    answer = {"__type": "AccessDeniedException", "Message": "no"}  # type: ignore[dict-item]
                content = {"Content-Type": "application/x-amz-json-1.1"}
                self._answer(400 if proxy.denies_keys else 200, content, json.dumps(answer).encode())

        return Handler


class Trail(Aws):
    proxy: Listening

    def collect(self, copy: Path, prefix: str = "", check: bool = False, **choice: Any) -> Collected:
        bucket = open_bucket(f"s3://{self.name}/{prefix}", Access(endpoint_url=self.url), Choice(**choice))
        return collect(bucket, copy, {"case": None}, check)

    def upload(self, folder: Path) -> None:
        upload(folder, self)
        for known in json.loads((folder / "public-keys.json").read_bytes())["PublicKeyList"]:
            times = {
                name: datetime.fromisoformat(known[name]).timestamp() for name in known if name.startswith("Validity")
            }
            self.proxy.keys.append(known | times)


@pytest.fixture(name="trail")
def bucket_to_collect(upstream: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Trail]:
    use_credentials(monkeypatch)
    proxy = Listening(upstream)
    with served(proxy.handler()) as url:
        for service in ("STS", "CLOUDTRAIL"):
            monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", url)
        yield Trail(upstream, proxy, url)


def log_lines(copy: Path, event: str = "object") -> list[dict[str, Any]]:
    said = [json.loads(line) for line in (copy / "collection.jsonl").read_text().splitlines()]
    return [line for line in said if line["event"] == event]


def sidecar(copy: Path, path: str) -> dict[str, Any]:
    return dict(json.loads((copy / f"{path}{SIDECAR}").read_bytes()))


def files_of(copy: Path) -> dict[str, bytes]:
    """The objects of a copy, by path."""
    return {
        file.relative_to(copy).as_posix(): file.read_bytes()
        for file in copy.rglob("*")
        if file.is_file() and not file.name.endswith(SIDECAR) and file.parent != copy
    }


def fetches(trail: Trail) -> int:
    return sum(".gz" in asked and "list" not in asked for asked in trail.proxy.asked)
