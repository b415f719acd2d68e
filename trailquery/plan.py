"""What reading a bucket would take: who asks, what lies there, what it costs, what is missing. Nothing is loaded."""

import re
import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from trailquery.errors import TrailqueryError
from trailquery.ledger import Ledger
from trailquery.sources import Held, LeftAlone, Unread, delivery_path
from trailquery.sources.aws import asking, caller, lacking, message_of, reason
from trailquery.sources.s3 import Bucket, Object, fetching, listing
from trailquery.sources.tree import trail_of

# List prices of S3 Standard in us-east-1, November 2025, US dollars. Source: aws.amazon.com/s3/pricing.
PRICES_OF = "November 2025"
LIST_DOLLARS = 0.005 / 1000
GET_DOLLARS = 0.0004 / 1000
OUT_DOLLARS = 0.09 / (1 << 30)  # to the internet, after 100 GB a month; nothing within the region
_DECRYPT = "kms:Decrypt"
_KMS_KEY = re.compile(r"arn:[a-z-]+:kms:[^\s\"',]+")
LAKE_BYTES_PER_BYTE = 2  # measured on simulated trails: 0.7 for files of three records, 1.6 for one of 24,000


def plan(bucket: Bucket, lake: Path) -> Iterator[str]:
    """Lines to read, in the form of `info`. The bucket is listed as an ingest would list it."""
    with asking() as pool:
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
    is_listed = bucket.choice.keys is None  # a plain list of keys tells no sizes
    unsized = 0 if is_listed else sum(not found.stored.size_bytes for found in objects)
    more = f"; the size of {unsized:,} is not known" if unsized else ""
    yield f"to fetch     {len(objects):,} objects, {size:,} bytes{more}"
    yield f"not fetched  {held:,} already held, {archived:,} archived, {left:,} left alone"
    requests = bucket.list_requests * LIST_DOLLARS + len(objects) * GET_DOLLARS
    yield (
        f"cost         {bucket.list_requests:,} LIST and {len(objects):,} GET requests: {requests:.2f} USD;"
        f" {size * OUT_DOLLARS:.2f} USD more for the way out of AWS (list prices of {PRICES_OF})"
    )
    needed, free = size * LAKE_BYTES_PER_BYTE, shutil.disk_usage(_existing(lake)).free
    yield f"lake         about {needed:,} bytes more, {free:,} are free" + ("" if needed < free else ": NOT ENOUGH")
    tried = tried_on(bucket, objects)
    yield f"permissions  {_granted(bucket, tried)}"
    refused = [(one.on, one.refusal) for one in tried if one.refusal]
    for place, why in [*((one.place, one.reason) for one in unread if one.status == "unread"), *refused]:
        yield f"{'missing' if why.endswith(' is missing') else 'unread':<13}{place}: {why}"


def _caller(bucket: Bucket) -> str:
    try:
        account, arn = caller(bucket.session, bucket.s3.meta.region_name)
    except TrailqueryError as error:  # another S3 has no STS, or a network lets nobody reach it
        return f"not known: {error}"
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


class _Tried(NamedTuple):
    """One attempt: on which object, or with which KMS key, and why it was refused."""

    permission: str
    on: str
    refusal: str | None


def tried_on(bucket: Bucket, objects: list[Object]) -> list[_Tried]:
    """What came of reading one byte of the newest and the oldest object of each trail, account and region."""
    ends: dict[str, list[Object]] = {}
    for item in objects:
        ends.setdefault(trail_of(item.key), [item, item])[1] = item
    samples = dict.fromkeys(chain.from_iterable(ends.values()))
    with asking() as pool:
        tries = list(chain.from_iterable(pool.map(lambda item: _try(bucket, item), samples)))
    return list(dict.fromkeys(tries))


def _try(bucket: Bucket, item: Object) -> list[_Tried]:
    fetched = _Tried(fetching(item), bucket.place(item), None)
    try:
        key = _kms_key(bucket.fetch_start(item))
    except (BotoCoreError, ClientError) as error:
        why = reason(error, fetched.permission)
        if lacking(error, fetched.permission) != _DECRYPT:
            return [fetched._replace(refusal=why)]
        return [fetched, _Tried(_DECRYPT, _refused_key(bucket, item, error), why)]
    return [fetched, _Tried(_DECRYPT, key, None)] if key else [fetched]


def _refused_key(bucket: Bucket, item: Object, error: BotoCoreError | ClientError) -> str:
    """The KMS key in the refusal, else as S3 names it, else the object."""
    if named := _KMS_KEY.search(message_of(error)):
        return named[0]
    try:
        return _kms_key(bucket.sealed(item)) or bucket.place(item)
    except (BotoCoreError, ClientError):
        return bucket.place(item)


def _kms_key(encryption: str | None) -> str:
    return (encryption or "").partition(" ")[2]


def _granted(bucket: Bucket, tried: list[_Tried]) -> str:
    """On how many objects, and with how many keys, each permission works."""
    granted = [f"{listing(bucket.choice)} is granted"] if bucket.list_requests else []
    for permission in sorted({one.permission for one in tried}, reverse=True):
        refusals = [one.refusal for one in tried if one.permission == permission]
        what = "keys" if permission == _DECRYPT else "objects"
        granted.append(f"{permission} on {refusals.count(None)} of {len(refusals)} {what} tried")
    return ", ".join(granted) or "nothing could be tried"
