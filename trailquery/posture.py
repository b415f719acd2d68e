"""What the settings of a bucket and of its trails are worth as evidence, from what AWS answers. Pure.

Sources: Amazon S3 User Guide, "Locking objects with Object Lock", "Configuring MFA delete", "Managing your storage
lifecycle"; AWS CloudTrail User Guide, "Security best practices in AWS CloudTrail".
"""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from trailquery.bucket_policy import CLOUDTRAIL, EVERYONE, denied_to_all, grants

Answer = dict[str, Any]

_KEPT_DAYS = 365
_DELETING = ("s3:DeleteObject", "s3:DeleteObjectVersion")


class Check(NamedTuple):
    """One thing that was looked at: `what` is how it is, `meaning` what that is worth."""

    name: str
    state: str  # good, weak or unknown
    what: str
    meaning: str


class Where(NamedTuple):
    bucket: str
    prefix: str


class Setting(NamedTuple):
    """One call of S3: the checks it is for, what it needs, the codes for `nothing is set`, and who judges the answer."""

    names: tuple[str, ...]
    call: str
    permission: str
    absent: tuple[str, ...]
    judge: Callable[[Where, Answer], Iterable[Check]]


def _versioning(_: Where, answer: Answer) -> Iterator[Check]:
    status = answer.get("Status", "never switched on")
    if status == "Enabled":
        yield Check("versioning", "good", "on", "what is overwritten or deleted stays as an older version")
    else:
        yield Check("versioning", "weak", status.lower(), "a log file that is overwritten or deleted is gone for good")
    if answer.get("MFADelete") == "Enabled":
        yield Check("MFA delete", "good", "on", "only the root user, with its device, deletes a version")
    else:
        yield Check("MFA delete", "weak", "off", "who holds s3:DeleteObjectVersion deletes a version with a key alone")


def _object_lock(_: Where, answer: Answer) -> Iterator[Check]:
    lock = answer.get("ObjectLockConfiguration", {})
    kept = lock.get("Rule", {}).get("DefaultRetention", {})
    if lock.get("ObjectLockEnabled") != "Enabled":
        yield Check("object lock", "weak", "off", "nothing keeps an administrator from deleting log files")
    elif not kept:
        yield Check("object lock", "weak", "on, without a default retention", "log files are delivered without a lock")
    else:
        span = f"{kept['Days']} days" if kept.get("Days") else f"{kept.get('Years')} years"
        told = f"{kept.get('Mode')}, {span}"
        if kept.get("Mode") == "COMPLIANCE":
            yield Check("object lock", "good", told, "nobody deletes a log file before that, not even root")
        else:
            yield Check("object lock", "weak", told, "whoever holds s3:BypassGovernanceRetention deletes before that")


def _encryption(_: Where, answer: Answer) -> Iterator[Check]:
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    default: Answer = next(
        (rule["ApplyServerSideEncryptionByDefault"] for rule in rules if "ApplyServerSideEncryptionByDefault" in rule),
        {},
    )
    algorithm, key = default.get("SSEAlgorithm"), default.get("KMSMasterKeyID", "the AWS managed key")
    if algorithm is None:
        yield Check("encryption", "weak", "no default", "an object that does not ask for it lies there unsealed")
    elif algorithm.startswith("aws:kms"):
        yield Check(
            "encryption",
            "good",
            f"{algorithm}, {key}",
            "reading takes kms:Decrypt, too; without that key the evidence is lost",
        )
    else:
        yield Check("encryption", "good", algorithm, "sealed on disk; whoever may get an object reads it")


def _lifecycle(where: Where, answer: Answer) -> Iterator[Check]:
    told, is_weak = [], False
    for rule in answer.get("Rules", []):
        if rule.get("Status") != "Enabled" or not _concerns(rule, where.prefix):
            continue
        gone, older = rule.get("Expiration", {}), rule.get("NoncurrentVersionExpiration", {})
        if gone.get("Days") or gone.get("Date"):
            told.append(
                f"log files go after {gone['Days']} days"
                if gone.get("Days")
                else f"log files go at {gone['Date']:%Y-%m-%d}"
            )
            is_weak |= not gone.get("Days") or gone["Days"] < _KEPT_DAYS
        if older.get("NoncurrentDays"):
            told.append(f"overwritten versions go after {older['NoncurrentDays']} days")
            is_weak |= older["NoncurrentDays"] < _KEPT_DAYS
        told += [
            f"{move['StorageClass']} after {move.get('Days')} days: restore before reading"
            for move in rule.get("Transitions", [])
            if move.get("StorageClass") in ("GLACIER", "DEEP_ARCHIVE")
        ]
    if is_weak:
        yield Check("lifecycle", "weak", "; ".join(told), "evidence ends within a year: collect it before that")
    else:
        yield Check(
            "lifecycle", "good", "; ".join(told) or "nothing expires", "no rule deletes log files within a year"
        )


def _concerns(rule: Answer, prefix: str) -> bool:
    """Whether a rule of lifecycle or replication is for log files, which CloudTrail delivers without tags."""
    chosen = rule.get("Filter", {})
    both = chosen.get("And", {})
    start = chosen.get("Prefix") or both.get("Prefix") or rule.get("Prefix") or ""
    has_tags = "Tag" in chosen or both.get("Tags")
    return not has_tags and (start.startswith(prefix) or prefix.startswith(start))


def _public(_: Where, answer: Answer) -> Iterator[Check]:
    blocks = answer.get("PublicAccessBlockConfiguration", {})
    open_ones = [
        name
        for name in ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
        if not blocks.get(name)
    ]
    if open_ones:
        yield Check(
            "public access",
            "weak",
            f"not set: {', '.join(open_ones)}",
            "only the account's own block, if any, keeps it from being public",
        )
    else:
        yield Check("public access", "good", "blocked", "no policy or ACL makes it public")


def _policy(where: Where, answer: Answer) -> Iterator[Check]:
    policy = json.loads(answer.get("Policy", "{}"))
    yield Check("who may delete", *_who_deletes(policy, where))
    yield Check("who may write", *_who_writes(policy, where))


def _who_deletes(policy: Answer, where: Where) -> tuple[str, str, str]:
    deleters = sorted({one.principal for action in _DELETING for one in grants(policy, "Allow", action, *where)})
    is_denied = denied_to_all(policy, _DELETING, *where)
    if is_denied:
        return "good", "the policy denies it to everyone", "first it must be changed, which CloudTrail records"
    if deleters:
        return "weak", f"the policy allows {', '.join(deleters)}", "they can remove evidence"
    if is_denied is None:
        told = "the policy denies it but for some or under a condition"
        return "unknown", told, "read it: aws s3api get-bucket-policy"
    danger = "whoever holds s3:DeleteObject in the bucket's account can remove evidence"
    return "weak", "the policy does not forbid it", danger


def _who_writes(policy: Answer, where: Where) -> tuple[str, str, str]:
    writers = grants(policy, "Allow", "s3:PutObject", *where)
    others = sorted({one.principal for one in writers if one.principal != CLOUDTRAIL})
    deliveries = [one for one in writers if one.principal == CLOUDTRAIL]
    if others:
        danger = "they can plant or overwrite log files; only digests tell"
        return "weak", f"the policy allows {', '.join(others)}", danger
    if not deliveries:
        return "unknown", "the policy lets nobody, not even CloudTrail", "no trail can deliver here now"
    if not all(one.names_source for one in deliveries):
        danger = "add the condition aws:SourceArn: a stranger's trail may deliver here"
        return "weak", "CloudTrail, for the trail of any account", danger
    return "good", "CloudTrail alone, for named trails", "nobody else writes here by the policy"


def _acl(_: Where, answer: Answer) -> Iterator[Check]:
    owner = answer.get("Owner", {}).get("ID")
    others = [
        grant["Grantee"].get("URI") or grant["Grantee"].get("ID", EVERYONE)
        for grant in answer.get("Grants", [])
        if grant.get("Permission") in ("WRITE", "FULL_CONTROL", "WRITE_ACP") and grant["Grantee"].get("ID") != owner
    ]
    if others:
        yield Check("ACL", "weak", f"lets write: {', '.join(others)}", "they can plant or overwrite log files")
    else:
        yield Check("ACL", "good", "lets only its owner write", "no ACL lets others plant log files")


def _replication(where: Where, answer: Answer) -> Iterator[Check]:
    rules = answer.get("ReplicationConfiguration", {}).get("Rules", [])
    copies = [
        rule["Destination"] for rule in rules if rule.get("Status") == "Enabled" and _concerns(rule, where.prefix)
    ]
    if not copies:
        yield Check("replication", "weak", "off", "there is no second copy to compare with or to fall back on")
        return
    told = ", ".join(
        copy["Bucket"] + (f" of account {copy['Account']}" if copy.get("Account") else "") for copy in copies
    )
    yield Check(
        "replication",
        "good",
        told,
        "a second copy; it is worth more in an account that intruders of this one do not reach",
    )


SETTINGS = (
    Setting(("versioning", "MFA delete"), "get_bucket_versioning", "s3:GetBucketVersioning", (), _versioning),
    Setting(("object lock",), "get_object_lock_configuration", "s3:GetBucketObjectLockConfiguration", ("ObjectLockConfigurationNotFoundError",), _object_lock),
    Setting(("encryption",), "get_bucket_encryption", "s3:GetEncryptionConfiguration", ("ServerSideEncryptionConfigurationNotFoundError",), _encryption),
    Setting(("lifecycle",), "get_bucket_lifecycle_configuration", "s3:GetLifecycleConfiguration", ("NoSuchLifecycleConfiguration",), _lifecycle),
    Setting(("public access",), "get_public_access_block", "s3:GetBucketPublicAccessBlock", ("NoSuchPublicAccessBlockConfiguration",), _public),
    Setting(("who may delete", "who may write"), "get_bucket_policy", "s3:GetBucketPolicy", ("NoSuchBucketPolicy",), _policy),
    Setting(("ACL",), "get_bucket_acl", "s3:GetBucketAcl", (), _acl),
    Setting(("replication",), "get_bucket_replication", "s3:GetReplicationConfiguration", ("ReplicationConfigurationNotFoundError",), _replication),
)  # fmt: skip


# --- trails


def trail_settings(trail: Answer) -> Iterator[Check]:
    """What a trail of `DescribeTrails` is worth."""
    yield _trail(
        trail,
        "digests",
        trail.get("LogFileValidationEnabled"),
        good=("on", "a changed, deleted or planted log file can be proven"),
        weak=("off", "nothing proves that the log files are whole: switch on log file validation"),
    )
    yield _trail(
        trail,
        "regions",
        trail.get("IsMultiRegionTrail"),
        good=("all", "a region that nobody uses is recorded, too"),
        weak=(f"{trail.get('HomeRegion')} alone", "what is done in other regions is not recorded here"),
    )
    yield _trail(
        trail,
        "global services",
        trail.get("IncludeGlobalServiceEvents"),
        good=("on", "IAM, STS and sign-ins are recorded"),
        weak=("off", "IAM, STS and most sign-ins are not recorded here"),
    )
    topic = trail.get("SnsTopicARN") or trail.get("SnsTopicName")
    yield _trail(
        trail,
        "notices",
        topic,
        good=(str(topic), "each delivery was announced outside the bucket"),
        weak=("no SNS topic", "no notice outside the bucket tells that a deleted file was delivered"),
    )
    key = trail.get("KmsKeyId")
    yield _trail(
        trail,
        "KMS key",
        key,
        good=(str(key), "who reads the log files needs this key, and its use is recorded"),
        weak=("none", "whoever may get an object reads the log files"),
    )


def trail_status(trail: Answer, status: Answer) -> Iterator[Check]:
    """What `GetTrailStatus` tells."""
    stopped = status.get("StopLoggingTime")
    off = f"off since {stopped:%Y-%m-%dT%H:%M:%SZ}" if stopped else "off"
    yield _trail(
        trail,
        "logging",
        status.get("IsLogging"),
        good=("on", "it records now"),
        weak=(off, "nothing is recorded now: find StopLogging, and who called it"),
    )
    errors = [f"{what}: {status[name]}" for name, what in _ERRORS.items() if status.get(name)]
    yield _trail(
        trail,
        "delivery",
        not errors,
        good=("no error", "the last log file and digest arrived"),
        weak=("; ".join(errors), "log files, digests or notices are missing from then on"),
    )


_ERRORS = {
    "LatestDeliveryError": "log files",
    "LatestDigestDeliveryError": "digests",
    "LatestNotificationError": "notices",
}


def trail_selectors(trail: Answer, answer: Answer) -> Iterator[Check]:
    """What `GetEventSelectors` tells is recorded."""
    plain = answer.get("EventSelectors") or []
    advanced = [_fields(one) for one in answer.get("AdvancedEventSelectors") or []]
    is_whole = any(
        one.get("IncludeManagementEvents")
        and one.get("ReadWriteType", "All") == "All"
        and not one.get("ExcludeManagementEventSources")
        for one in plain
    ) or any(fields.keys() == {"eventCategory"} and "Management" in fields["eventCategory"] for fields in advanced)
    yield _trail(
        trail,
        "management events",
        is_whole,
        good=("all", "each change and each look is recorded"),
        weak=("none, or not all", "calls are missing that it does not select: see aws cloudtrail get-event-selectors"),
    )
    kinds = {data["Type"] for one in plain for data in one.get("DataResources", [])}
    kinds |= {kind for fields in advanced for kind in fields.get("resources.type", [])}
    yield _trail(
        trail,
        "data events",
        kinds,
        good=(", ".join(sorted(kinds)), "for these resources, as selected, reads and writes of data are recorded"),
        weak=("none", "who read or wrote objects, items, secrets of functions and the like is not recorded here"),
    )


def _fields(selector: Answer) -> dict[str, list[str]]:
    return {field["Field"]: field.get("Equals", []) for field in selector.get("FieldSelectors", [])}


def _trail(trail: Answer, name: str, is_good: Any, *, good: tuple[str, str], weak: tuple[str, str]) -> Check:
    """A check of a trail; `good` and `weak` are how it is, and what that is worth."""
    what, meaning = good if is_good else weak
    return Check(f"{trail['Name']}: {name}", "good" if is_good else "weak", what, meaning)
