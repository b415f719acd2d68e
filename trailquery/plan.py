"""What reading a bucket would take: who asks, what lies there, what it costs, what is missing. Nothing is loaded."""

import shutil
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from trailquery.ledger import Ledger
from trailquery.sources import Held, LeftAlone, Unread, delivery_path
from trailquery.sources.aws import CONNECTIONS, caller, reason
from trailquery.sources.s3 import Bucket, Object

# List prices of S3 Standard in us-east-1, November 2025, US dollars. Source: aws.amazon.com/s3/pricing.
PRICES_OF = "November 2025"
LIST_DOLLARS = 0.005 / 1000
GET_DOLLARS = 0.0004 / 1000
OUT_DOLLARS = 0.09 / (1 << 30)  # to the internet, after 100 GB a month; nothing within the region
LAKE_BYTES_PER_BYTE = 2  # measured on simulated trails: 0.7 for files of three records, 1.6 for one of 24,000


def plan(bucket: Bucket, lake: Path) -> Iterator[str]:
    """Lines to read, in the form of `info`. The bucket is listed as an ingest would list it."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        listed = list(bucket.listed(pool, Ledger(lake)))
    objects = [found for found in listed if isinstance(found, Object)]
    unread = [found for found in listed if isinstance(found, Unread)]
    held = sum(isinstance(found, Held) for found in listed)
    left = sum(isinstance(found, LeftAlone) for found in listed)
    archived = sum(found.status == "archived" for found in unread)
    size = sum(found.stored.size_bytes for found in objects)
    paths = [delivery_path(found.key) for found in objects]
    yield f"bucket       {bucket.url(bucket.prefix)} in {bucket.s3.meta.region_name}"
    yield f"caller       {_caller(bucket)}"
    yield f"accounts     {_counted(path.account_id for path in paths)}"
    yield f"regions      {_counted(path.region for path in paths)}"
    yield f"days         {_days([path.delivered_at.date().isoformat() for path in paths if path.delivered_at])}"
    yield f"to fetch     {len(objects):,} objects, {size:,} bytes"
    yield f"not fetched  {held:,} already held, {archived:,} archived, {left:,} left alone"
    requests = bucket.list_requests * LIST_DOLLARS + len(objects) * GET_DOLLARS
    yield (
        f"cost         {bucket.list_requests:,} LIST and {len(objects):,} GET requests: {requests:.2f} USD;"
        f" {size * OUT_DOLLARS:.2f} USD more for the way out of AWS (list prices of {PRICES_OF})"
    )
    needed, free = size * LAKE_BYTES_PER_BYTE, shutil.disk_usage(_existing(lake)).free
    yield f"lake         about {needed:,} bytes more, {free:,} are free" + ("" if needed < free else ": NOT ENOUGH")
    for found in unread:
        if found.status == "unread":
            yield f"unread       {found.place}: {found.reason}"
    yield f"permissions  {_fetchable(bucket, objects)}"


def _caller(bucket: Bucket) -> str:
    account, arn = caller(bucket.session, bucket.s3.meta.region_name)
    return f"{arn} (account {account})"


def _counted(names: Iterator[str | None]) -> str:
    counts = Counter(name or "(none)" for name in names)
    return (
        ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
        or "none"
    )


def _days(days: list[str]) -> str:
    return f"{len(set(days)):,}, {min(days)} .. {max(days)}" if days else "none"


def _existing(path: Path) -> Path:
    return next(folder for folder in (path.absolute(), *path.absolute().parents) if folder.exists())


def _fetchable(bucket: Bucket, objects: list[Object]) -> str:
    """Whether one object can be read, tried on its first byte; a key of KMS is used for that as well."""
    if not objects:
        return "s3:ListBucket is granted; there is no object to try s3:GetObject on"
    item = min(objects, key=lambda item: item.stored.size_bytes)
    try:
        bucket.fetch_start(item)
    except (BotoCoreError, ClientError) as error:
        return f"{bucket.url(item.key)}: {reason(error, 's3:GetObject')}"
    return "s3:ListBucket and s3:GetObject (with kms:Decrypt where sealed) work on the one object tried"
