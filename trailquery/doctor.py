"""What a bucket and the trails that deliver to it are worth as evidence: one check after another, each on its own.

A check that is refused is `unknown`, says which permission it needs, and the others go on.
"""

from collections.abc import Iterator
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from trailquery.digests import DIGEST_FOLDER
from trailquery.plan import tried_on
from trailquery.posture import SETTINGS, Answer, Check, Where, trail_selectors, trail_settings, trail_status
from trailquery.sources import Unread, delivery_path
from trailquery.sources.aws import DEFAULT_REGION, asking, client, code_of, lacking, reason
from trailquery.sources.s3 import Bucket, Level, Object
from trailquery.sources.tree import is_day

_SAMPLED_FOLDERS = 24  # of a trail, account and region; the newest and the oldest object of each is tried
_MOST_LISTINGS = 2_000


class Examined(NamedTuple):
    checks: list[Check]
    policy: Answer  # the least that reading everything takes


def examine(bucket: Bucket) -> Examined:
    """Every check of a bucket that could be reached, in the order in which to read them."""
    found = _look(bucket)
    reading, keys = _reading(bucket, found)
    checks = [*reading, *_settings(bucket), *_trails(bucket, found)]
    return Examined(checks, _least_policy(bucket, keys))


# --- what lies there, and may it be read


class _Found(NamedTuple):
    folders: list[str]  # of one trail, account and region each
    objects: list[Object]  # of some folders the newest and the oldest
    unread: list[Unread]


def _look(bucket: Bucket) -> _Found:
    """The folders of trails below the prefix, and objects to try, without listing what lies between."""
    found = _Found([], [], [])
    prefixes, listings = [bucket.prefix], 0
    with asking() as pool:
        while prefixes and listings < _MOST_LISTINGS:
            below: list[str] = []
            for level in pool.map(lambda prefix: _level(bucket, prefix, "/", found), prefixes[:_MOST_LISTINGS]):
                found.objects.extend(item for item in level.items[:1] if item.key.endswith((".gz", ".json")))
                below += filter(bucket.choice.wanted.has_branch, level.prefixes)
            listings += len(prefixes)
            found.folders.extend(filter(_is_trail, below))
            prefixes = [prefix for prefix in below if not _is_trail(prefix)]
        del found.objects[_SAMPLED_FOLDERS:]
        some = found.folders[:: 1 + len(found.folders) // _SAMPLED_FOLDERS]
        for ends in pool.map(lambda folder: [_end_of(bucket, folder, end, found) for end in (-1, 0)], some):
            found.objects.extend(item for item in dict.fromkeys(ends) if item)
    return found


def _level(bucket: Bucket, prefix: str, delimiter: str, found: _Found) -> Level:
    level = bucket.level(prefix, delimiter)
    found.unread.extend(one for one in level.found if isinstance(one, Unread))
    return level


def _is_trail(prefix: str) -> bool:
    """Whether folders of years lie in it."""
    return is_day(f"{prefix}2000/01/01/") and not is_day(prefix)


def _end_of(bucket: Bucket, folder: str, end: int, found: _Found) -> Object | None:
    """The newest (-1) or oldest (0) object of a folder that has one for each year, month and day."""
    while not is_day(folder):
        below = sorted(_level(bucket, folder, "/", found).prefixes)
        if not below:
            return None
        folder = below[end]
    items = sorted(_level(bucket, folder, "", found).items, key=lambda item: item.key)
    readable = [item for item in items if not item.is_archived]
    return readable[end] if readable else None


def _reading(bucket: Bucket, found: _Found) -> tuple[list[Check], list[str]]:
    """Whether everything may be read; and the KMS keys that were met."""
    tried = tried_on(bucket, found.objects)
    needs = "without it the log files cannot be had"
    checks = [_listed(found.unread), _versions_listed(bucket)]
    for name, permission in (("get", "s3:GetObject"), ("decrypt", "kms:Decrypt")):
        refused = [(one.on, one.refusal) for one in tried if one.permission == permission and one.refusal]
        count = sum(one.permission == permission for one in tried)
        what = "keys" if name == "decrypt" else "objects"
        if refused:
            told = "; ".join(f"{on}: {why}" for on, why in refused[:3])
            checks.append(
                Check(name, "weak", f"{permission} refused on {len(refused)} of {count} {what}: {told}", needs)
            )
        elif count:
            checks.append(
                Check(name, "good", f"{permission} works on {count} of {count} {what} tried", "these can be read")
            )
        elif name == "decrypt" and any(one.refusal is None for one in tried):
            checks.append(Check(name, "good", "no object tried is sealed with a KMS key", "no key is needed to read"))
        else:
            checks.append(Check(name, "unknown", f"no object to try {permission} on", needs))
    checks.append(_keys_listed(bucket))
    return checks, sorted({one.on for one in tried if one.permission == "kms:Decrypt" and one.on.startswith("arn:")})


def _listed(unread: list[Unread]) -> Check:
    if unread:
        told = f"{unread[0].place}: {unread[0].reason}"
        state = "weak" if unread[0].reason.endswith(" is missing") else "unknown"
        return Check("list", state, told, "what cannot be listed is read by --keys alone")
    return Check("list", "good", "s3:ListBucket works on each prefix tried", "what lies there can be seen")


def _versions_listed(bucket: Bucket) -> Check:
    try:
        bucket.s3.list_object_versions(Bucket=bucket.name, Prefix=bucket.prefix, MaxKeys=1, **bucket.payer)
    except (BotoCoreError, ClientError) as error:
        return _refused("list versions", error, "s3:ListBucketVersions", "overwritten and deleted versions stay unseen")
    return Check(
        "list versions",
        "good",
        "s3:ListBucketVersions works",
        "overwritten and deleted versions can be had: --versions",
    )


def _refused(name: str, error: BotoCoreError | ClientError, permission: str, meaning: str) -> Check:
    """Weak where a permission is missing, unknown for any other fault."""
    return Check(name, "weak" if lacking(error, permission) else "unknown", reason(error, permission), meaning)


def _keys_listed(bucket: Bucket) -> Check:
    try:
        client(bucket.session, "cloudtrail", bucket.s3.meta.region_name).list_public_keys()
    except (BotoCoreError, ClientError) as error:
        return _refused(
            "public keys", error, "cloudtrail:ListPublicKeys", "without the public keys no digest proves anything"
        )
    return Check("public keys", "good", "cloudtrail:ListPublicKeys works", "the signatures of digests can be checked")


# --- the settings of the bucket, and the trails that deliver here


def _settings(bucket: Bucket) -> Iterator[Check]:
    where = Where(bucket.name, bucket.prefix)
    for setting in SETTINGS:
        try:
            answer = getattr(bucket.s3, setting.call)(Bucket=bucket.name)
        except (BotoCoreError, ClientError) as error:
            if code_of(error) not in setting.absent:
                why = reason(error, setting.permission)
                yield from (Check(name, "unknown", why, "not checked") for name in setting.names)
                continue
            answer = {}
        yield from setting.judge(where, answer)


def _trails(bucket: Bucket, found: _Found) -> Iterator[Check]:
    """The checks of each trail that delivers here; where none can be seen, what the keys tell."""
    paths = [delivery_path(folder) for folder in found.folders]
    own = {bucket.s3.meta.region_name, bucket.session.region_name or DEFAULT_REGION, DEFAULT_REGION}
    trails, refusals = dict[str, Answer](), list[str]()
    for region in sorted(own | {path.region for path in paths if path.region}):
        try:
            described = client(bucket.session, "cloudtrail", region).describe_trails()["trailList"]
        except (BotoCoreError, ClientError) as error:
            refusals.append(f"{region}: {reason(error, 'cloudtrail:DescribeTrails')}")
        else:
            trails |= {trail["TrailARN"]: trail for trail in described if trail.get("S3BucketName") == bucket.name}
    if refusals:
        yield Check("trails", "unknown", refusals[0], f"trails of {len(refusals)} regions were not looked at")
    elif not trails:
        yield Check(
            "trails",
            "unknown",
            "no trail that this account sees delivers here",
            "ask the account that has it; the keys tell the following",
        )
    for _, trail in sorted(trails.items()):
        yield from _trail(bucket, trail)
    if not trails:
        yield from _inferred(found)


def _trail(bucket: Bucket, trail: Answer) -> Iterator[Check]:
    cloudtrail = client(bucket.session, "cloudtrail", trail["HomeRegion"])
    yield from trail_settings(trail)
    for call, asked, permission, judge in (
        (cloudtrail.get_trail_status, "Name", "cloudtrail:GetTrailStatus", trail_status),
        (cloudtrail.get_event_selectors, "TrailName", "cloudtrail:GetEventSelectors", trail_selectors),
    ):
        try:
            answer = call(**{asked: trail["TrailARN"]})
        except (BotoCoreError, ClientError) as error:
            name = f"{trail['Name']}: {permission.removeprefix('cloudtrail:Get')}"
            yield Check(name, "unknown", reason(error, permission), "not checked")
        else:
            yield from judge(trail, answer)


def _inferred(found: _Found) -> Iterator[Check]:
    """What the folders of a bucket tell of its trails."""
    paths = [delivery_path(folder) for folder in found.folders]
    newest = max(
        (
            path.delivered_at
            for item in found.objects
            if (path := delivery_path(item.key)).folder == DIGEST_FOLDER and path.delivered_at
        ),
        default=None,
    )
    if newest:
        yield Check(
            "digests",
            "good",
            f"there are some; the newest of those looked at is of {newest}Z",
            "verify tells what they prove",
        )
    elif paths:
        yield Check("digests", "weak", "no digest was found", "nothing proves that the log files are whole")
    regions = sorted({path.region for path in paths if path.region and path.folder != DIGEST_FOLDER})
    if regions:
        state = "good" if len(regions) > 1 else "weak"
        yield Check("regions", state, ", ".join(regions), "log files are here of these regions alone")


# --- the policy


def _least_policy(bucket: Bucket, keys: list[str]) -> Answer:
    """The least that reading everything and checking everything here takes, as an IAM policy."""
    arn = f"arn:{bucket.session.get_partition_for_region(bucket.s3.meta.region_name)}:s3:::{bucket.name}"
    statements = [
        {"Sid": "ListLogs", "Action": ["s3:ListBucket", "s3:ListBucketVersions"], "Resource": arn},
        {"Sid": "ReadLogs", "Action": ["s3:GetObject", "s3:GetObjectVersion"], "Resource": f"{arn}/{bucket.prefix}*"},
        {"Sid": "OpenSealedLogs", "Action": ["kms:Decrypt"], "Resource": keys},
        {"Sid": "CheckBucket", "Action": sorted(setting.permission for setting in SETTINGS), "Resource": arn},
        {"Sid": "CheckTrails", "Action": _OF_TRAILS, "Resource": "*"},
    ]
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow"} | one for one in statements if one["Resource"]]}


_OF_TRAILS = [
    f"cloudtrail:{call}" for call in ("DescribeTrails", "GetEventSelectors", "GetTrailStatus", "ListPublicKeys")
]
