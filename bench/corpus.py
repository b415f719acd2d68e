"""Corpora to measure on: simulated trails, packed into as many log files as a measurement wants."""

import gzip
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from trailquery.simulate import simulate

CORPORA = Path(__file__).parent / "corpora"  # made when missing, never committed
_decode = msgspec.json.Decoder(dict[str, list[msgspec.Raw]]).decode


def corpus(events: int, files: int) -> Path:
    """A folder with the records of `events` simulated events in `files` log files of one account's trail."""

    def make(out: Path) -> None:
        simulated = CORPORA / f"{events}-events"
        made_once(simulated, lambda out: simulate(out, events=events, story=None, days=30))
        _pack(simulated, out, files)

    return made_once(CORPORA / f"{events}-events-{files}-files", make)


def records(folder: Path) -> int:
    """How many records the log files of a corpus hold."""
    return sum(len(_records_of(path)) for path in folder.rglob("*.json.gz"))


def size_bytes(folder: Path) -> int:
    """Bytes of the log files of a corpus, inflated."""
    return sum(len(gzip.decompress(path.read_bytes())) for path in folder.rglob("*.json.gz"))


def made_once(folder: Path, make: Callable[[Path], object]) -> Path:
    """`folder`, made where it is missing; if that is interrupted, it is made again."""
    if not folder.is_dir():
        half = folder.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        make(half)
        half.rename(folder)
    return folder


def _pack(simulated: Path, out: Path, files: int) -> None:
    """All records in the order of delivery, in `files` log files of equal length."""
    logs = sorted(
        (path for path in simulated.rglob("*.json.gz") if "CloudTrail-Digest" not in path.parts),
        key=lambda path: path.name.split("_")[3],
    )
    total = sum(len(_records_of(path)) for path in logs)
    start = datetime(2026, 10, 22, tzinfo=UTC)
    waiting: Iterator[bytes] = (bytes(record) for path in logs for record in _records_of(path))
    for number in range(files):
        count = total * (number + 1) // files - total * number // files
        stamp = start + timedelta(days=30) * number / files
        folder = out / f"AWSLogs/111122223333/CloudTrail/us-east-1/{stamp:%Y/%m/%d}"
        folder.mkdir(parents=True, exist_ok=True)
        body = b'{"Records":[' + b",".join(next(waiting) for _ in range(count)) + b"]}"
        name = f"111122223333_CloudTrail_us-east-1_{stamp:%Y%m%dT%H%MZ}_{number:016d}.json.gz"
        (folder / name).write_bytes(gzip.compress(body, 6, mtime=0))


def _records_of(path: Path) -> list[msgspec.Raw]:
    return _decode(gzip.decompress(path.read_bytes())).get("Records", [])
