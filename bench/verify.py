"""`trailquery verify` beside `aws cloudtrail validate-logs`, and beside hashing alone; writes bench/RESULTS.md.

python bench/verify.py [--events 40000] [--hashed-events 2000000] [--delay-ms 50] [--delay-ms 100] [--runs 5]

Both ask the same moto server for the same month of one region: as it is, and with a delay before each answer, as S3 has one:
AWS's guidelines on the performance of S3 name tens of milliseconds in the median, and 100 to 200 for small objects.
What the server alone takes to answer is measured as well: nothing that asks it can be faster.
"""

import argparse
import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from subprocess import DEVNULL, PIPE, Popen, check_call
from types import SimpleNamespace
from typing import Any

import boto3
from corpus import CORPORA
from isal import isal_zlib
from results import table, write_section

from trailquery.simulate import simulate
from trailquery.sources.aws import CONNECTIONS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from aws import CREDENTIALS
from validate_logs import AWSCLI, services

TRAIL, BUCKET = "org-trail", "example-org-trail"
VERIFY = [sys.executable, "-m", "trailquery", "verify", "--format", "json"]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--events", type=int, default=40_000)
    options.add_argument("--hashed-events", type=int, default=2_000_000)
    options.add_argument("--delay-ms", type=int, action="append")
    options.add_argument("--runs", type=int, default=5)
    options.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    options.add_argument("--hash", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.serve is not None:
        serve(asked.serve)
    elif asked.hash:
        print(hash_alone(asked.hash))
    else:
        write_section("verify", f"{beside_awscli(asked)}\n\n{beside_hashing(asked)}")


def beside_awscli(asked: Any) -> str:
    """Each on a bucket that holds the month, without and with a delay."""
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0, tzinfo=None)
    tree, account, region, files = month(asked.events, 0.5, end)
    lake = tree.with_name(f"{tree.name}-lake")
    shutil.rmtree(lake, ignore_errors=True)
    check_call([sys.executable, "-m", "trailquery", "ingest", str(tree), "--lake", str(lake)])
    rows, theirs = [], dict[int, float]()
    for delay_ms in (0, *(asked.delay_ms or (50, 100))):
        with server(delay_ms) as url, services(trail(tree, account)) as services_url:
            os.environ |= CREDENTIALS | {"AWS_ENDPOINT_URL_S3": url, "AWS_ENDPOINT_URL_CLOUDTRAIL": services_url}
            os.environ["AWS_ENDPOINT_URL_ORGANIZATIONS"] = services_url
            put(tree, url)
            theirs[delay_ms] = timed(validate_logs(account, region, end), 1)
            said = f" (answers after {delay_ms} ms)" if delay_ms else ""
            rows.append(row(f"aws cloudtrail validate-logs{said}", theirs[delay_ms], theirs[delay_ms]))
            ours = timed([*VERIFY, f"s3://{BUCKET}"], asked.runs)
            rows.append(row(f"trailquery verify s3://{said}", ours, theirs[delay_ms]))
            alone = median(answers_alone(tree, url) for _ in range(asked.runs))
            rows.append(row(f"the server's answers alone{said}", alone, theirs[delay_ms]))
    for what, command in (("a collected copy", [*VERIFY, str(tree)]), ("the lake", [*VERIFY, "--lake", str(lake)])):
        rows.append(row(f"trailquery verify, of {what}", timed(command, asked.runs), theirs[0]))
    about = (
        f"A month of one region: {files:,} log files and their digests, on one moto server, whose Python answers one request"
        " at a time. The server's answers alone: each file fetched once by a client that does nothing else, below which no"
        " verification of a bucket can come. S3 answers for a small object after 100 to 200 ms, by AWS's guidelines. The AWS"
        f" CLI once, all others the median of {asked.runs}; those that need no server are compared with the AWS CLI without a"
        " delay."
    )
    return f"{about}\n\n{table(('what', 'wall s', 'times faster'), rows)}"


def beside_hashing(asked: Any) -> str:
    """Whole commands, with the start of Python: every file inflated and hashed, and nothing else."""
    tree, _, _, files = month(asked.hashed_events, 1.0, None)
    alone, ours = [sys.executable, __file__, "--hash", str(tree)], [*VERIFY, str(tree)]
    walls: dict[str, list[float]] = {"alone": [], "ours": []}
    for _ in range(asked.runs):
        walls["alone"].append(timed(alone, 1))
        walls["ours"].append(timed(ours, 1))
    hashed_s, verified_s = (median(each) for each in walls.values())
    size = sum(path.stat().st_size for path in tree.rglob("*.json.gz"))
    rows = [
        ("hashing alone", f"{hashed_s:.1f}", "100 %"),
        ("trailquery verify", f"{verified_s:.1f}", f"{hashed_s / verified_s:.0%}"),
    ]
    about = f"A copy of a busier month of one region: {files:,} log files, {size / 1e6:,.0f} MB as delivered. Median of {asked.runs}, in turns."
    return f"{about}\n\n{table(('what', 'wall s', 'speed'), rows)}"


def row(name: str, wall_s: float, theirs_s: float) -> tuple[str, ...]:
    return name, f"{wall_s:.1f}", f"{theirs_s / wall_s:.1f}"


def timed(command: list[str], runs: int) -> float:
    """Median wall seconds. Nothing watches its memory: that would take a share of the core the server is on."""
    walls = []
    for _ in range(runs):
        start = time.monotonic()
        check_call(command, stdout=DEVNULL)
        walls.append(time.monotonic() - start)
    print(f"{' '.join(command[:6])} …: {', '.join(f'{wall:.1f}' for wall in walls)} s", flush=True)
    return median(walls)


def month(events: int, rank: float, end: datetime | None) -> tuple[Path, str, str, int]:
    """A tree of one region of the organisation's trail, its account, its region, and how many log files it has.

    `rank`: 0 is the quietest region, 1 the busiest.
    """
    whole, tree = CORPORA / (f"verify-{events}-whole" if end else f"{events}-events"), CORPORA / f"verify-{events}"
    shutil.rmtree(tree, ignore_errors=True)
    if end:  # by the clock, as a bucket is verified by the clock
        shutil.rmtree(whole, ignore_errors=True)
        simulate(whole, events=events, story=None, days=30, end=end)
    elif not whole.is_dir():
        simulate(whole, events=events, story=None, days=30)
    of_region: dict[Path, int] = {
        path: sum(file.stat().st_size for file in path.rglob("*.gz"))
        for path in whole.glob("AWSLogs/o-*/*/CloudTrail/*")
    }
    by_size = sorted(of_region, key=of_region.__getitem__)
    chosen = by_size[round(rank * (len(by_size) - 1))]
    for kind in chosen.parents[1].glob("CloudTrail*"):
        if (kind / chosen.name).is_dir():
            shutil.copytree(kind / chosen.name, tree / kind.relative_to(whole) / chosen.name)
    shutil.copy(whole / "public-keys.json", tree)
    if end:
        shutil.rmtree(whole)
    return tree, chosen.parents[1].name, chosen.name, sum(1 for _ in tree.rglob("CloudTrail/**/*.gz"))


def trail(tree: Path, account: str) -> Any:
    """What the stub of CloudTrail knows."""
    keys = json.loads((tree / "public-keys.json").read_bytes())["PublicKeyList"]
    return SimpleNamespace(
        keys=keys, name=TRAIL, account=account, bucket=BUCKET, organization="o-exampleorg", prefix=""
    )


def validate_logs(account: str, region: str, end: datetime) -> list[str]:
    arn = f"arn:aws:cloudtrail:us-east-1:{account}:trail/{TRAIL}"
    times = (f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in (end - timedelta(days=30), end + timedelta(minutes=10)))
    start, until = times
    return [
        *(str(AWSCLI), "cloudtrail", "validate-logs", "--trail-arn", arn, "--account-id", account, "--region", region),
        *("--start-time", start, "--end-time", until),
    ]


def put(tree: Path, url: str) -> None:
    """The tree as a bucket, with the metadata that lies beside each digest."""
    from trailquery.sources.folder import SIDECAR, read_companion

    s3 = boto3.client("s3", endpoint_url=url)
    s3.create_bucket(Bucket=BUCKET)

    def put_one(path: Path) -> None:
        beside = Path(f"{path}{SIDECAR}")
        metadata = read_companion(beside.read_bytes())["metadata"] if beside.exists() else {}
        s3.put_object(Bucket=BUCKET, Key=path.relative_to(tree).as_posix(), Body=path.read_bytes(), Metadata=metadata)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put_one, tree.rglob("*.json.gz")))


def answers_alone(tree: Path, url: str) -> float:
    """Wall seconds in which the server answers a bare GET of every file, as many at a time as `trailquery` asks."""
    s3, host = boto3.client("s3", endpoint_url=url), url.removeprefix("http://")
    keys = (path.relative_to(tree).as_posix() for path in tree.rglob("*.json.gz"))
    signed = [s3.generate_presigned_url("get_object", {"Bucket": BUCKET, "Key": key}).removeprefix(url) for key in keys]

    def ask(path: str) -> None:
        with closing(HTTPConnection(host)) as connection:
            connection.request("GET", path)
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status

    start = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(ask, signed))
    return time.monotonic() - start


@contextmanager
def server(delay_ms: int) -> Iterator[str]:
    """The URL of a moto server in a process of its own."""
    with Popen([sys.executable, __file__, "--serve", str(delay_ms)], stdout=PIPE, stderr=DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def serve(delay_ms: int) -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    moto = DomainDispatcherApplication(create_backend_app)

    def late(environ: Any, start_response: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET":
            time.sleep(delay_ms / 1000)
        return moto(environ, start_response)

    http = make_server("127.0.0.1", 0, late, threaded=True)
    print(f"http://127.0.0.1:{http.server_port}", flush=True)
    http.serve_forever()


def hash_alone(tree: Path) -> int:
    def hashed(path: Path) -> bytes:
        return hashlib.sha256(isal_zlib.decompressobj(31).decompress(path.read_bytes())).digest()

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(1 for _ in pool.map(hashed, tree.rglob("*.json.gz")))


if __name__ == "__main__":
    main()
