"""The story ransom: an archive is copied, encrypted and deleted, and its backups with it."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.machines import CALLER_IDENTITY, assume_role
from trailquery.simulate.organization import ARCHIVE, CLI, OFFICE_IPV6, PROD, Organization
from trailquery.simulate.record import DAY_S, Actor, Event, Template, words_text
from trailquery.simulate.s3 import BUCKET, GET_OBJECT, HOST, LIST_OBJECTS, NO_LOCK, XMLNS, bucket_call, object_call
from trailquery.simulate.services import S3_EXTRA
from trailquery.simulate.story import LIST_BUCKETS, PYTHON, STOP_REFUSED, Story, at, clocks, event_id, key_of, refused

RAIDER_IP = "198.51.100.170"
KEY = "7c1e5a52-0d3f-4b86-9c27-6a1f02d7e9b4"
VAULT = "archive-vault"
SSE_C = {"x-amz-server-side-encryption-customer-algorithm": "AES256"}
VERSIONING = bucket_call("GetBucketVersioning", {"versioning": ""}, read=True)
SUSPENDED = bucket_call("PutBucketVersioning", {"versioning": "", "VersioningConfiguration": {"xmlns": XMLNS, "Status": "Suspended"}})  # fmt: skip
EXPIRING = bucket_call("PutBucketLifecycle", {"lifecycle": "", "LifecycleConfiguration": {"xmlns": XMLNS, "Rule": {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}, "ID": "tidy"}}})  # fmt: skip
ENCRYPTED = object_call("CopyObject", SSE_C | {"x-amz-copy-source": "$bucket$/$object$", "x-amz-metadata-directive": "COPY"}, response=SSE_C)  # fmt: skip
DELETED = Template("s3", "DeleteObjects", category="Data", request={"bucketName": "$bucket$", "Host": HOST, "delete": ""}, additional=S3_EXTRA, resources=[{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::$bucket$/"}, BUCKET], request_id="$s3_request$", host="$bucket$.s3.%s.amazonaws.com")  # fmt: skip
NOTE = object_call("PutObject", {"x-amz-storage-class": "STANDARD"}, response={"x-amz-server-side-encryption": "AES256"})  # fmt: skip
POINTS = Template("backup", "ListRecoveryPointsByBackupVault", read=True, request={"backupVaultName": VAULT})
POINT = "arn:aws:backup:$region$:$account$:recovery-point:$point$"
POINT_DELETED = Template("backup", "DeleteRecoveryPoint", request={"backupVaultName": VAULT, "recoveryPointArn": POINT})
POINT_REFUSED = Template("backup", "DeleteRecoveryPoint", error=refused("backup:DeleteRecoveryPoint", POINT, "with an explicit deny in a resource-based policy", "AccessDeniedException"))  # fmt: skip
SNAPSHOTS = Template("ec2", "DescribeSnapshots", read=True, request={"snapshotSet": {}, "ownersSet": {"items": [{"owner": "self"}]}, "sharedUsersSet": {}, "filterSet": {}})  # fmt: skip
SNAPSHOT_DELETED = Template("ec2", "DeleteSnapshot", request={"snapshotId": "$snapshot$", "force": False}, response={"requestId": "$request_id$", "_return": True})  # fmt: skip
DATABASE_REFUSED = Template("rds", "DeleteDBInstance", error=("InvalidParameterCombination", "Cannot delete protected DB Instance, please disable deletion protection and try again."), request={"dBInstanceIdentifier": "customers", "skipFinalSnapshot": True, "deleteAutomatedBackups": True})  # fmt: skip
DISABLED = Template("kms", "DisableKey", request={"keyId": KEY}, resources=[{"accountId": "$account$", "type": "AWS::KMS::Key", "ARN": f"arn:aws:kms:$region$:$account$:key/{KEY}"}])  # fmt: skip
SCHEDULED = Template("kms", "ScheduleKeyDeletion", request={"keyId": KEY, "pendingWindowInDays": 7}, response={"keyId": f"arn:aws:kms:$region$:$account$:key/{KEY}", "keyState": "PendingDeletion", "deletionDate": "$deletion$", "pendingWindowInDays": 7}, resources=[{"accountId": "$account$", "type": "AWS::KMS::Key", "ARN": f"arn:aws:kms:$region$:$account$:key/{KEY}"}])  # fmt: skip
PASSWORD_REFUSED = Template("iam", "DeleteLoginProfile", error=refused("iam:DeleteLoginProfile", "user alice"))


def ransom(org: Organization, until: int, main_trail: str) -> Story:
    """An engineer's key takes the storage role: the archive is read, encrypted with a foreign key, and deleted."""
    engineer = org.user(PROD, "data.engineer", OFFICE_IPV6, CLI + "s3.ls")
    raider = org.user(PROD, "data.engineer", RAIDER_IP, PYTHON)
    key = key_of(raider)
    subjects = {"user": "data.engineer", "access_key_id": key, "ip": RAIDER_IP, "bucket": ARCHIVE, "kms_key": KEY}
    story = Story(org, until, "ransom", "The archive is stolen, encrypted and deleted, backups first", 5, subjects)
    usual = story.calls(engineer, (LIST_BUCKETS, "07:40:02"), (LIST_OBJECTS, "07:41:37"), bucket=ARCHIVE)
    story.step(f"data.engineer works as always, from {OFFICE_IPV6}", usual, "timeline_key", key=key)
    first = story.calls(raider, (CALLER_IDENTITY, "17:20:08"), (LIST_BUCKETS, "17:20:31"))
    story.step(f"the key is used from {RAIDER_IP}", first, "timeline_key", key=key)
    admin, taken = assume_role(org, raider, PROD, "storage-admin", "session", at(until, "17:22:13"), PYTHON)
    story.step("the role storage-admin is taken", list(taken), "role_assumptions")
    looks = [(VERSIONING, "17:23:01"), (NO_LOCK, "17:23:02"), (LIST_OBJECTS, "17:23:40"), (POINTS, "17:25:16"), (SNAPSHOTS, "17:25:58")]  # fmt: skip
    story.step(
        "how the archive is protected is looked up",
        story.calls(admin, *looks, bucket=ARCHIVE),
        "timeline_ip",
        ip=RAIDER_IP,
    )
    read = objects(story, GET_OBJECT, admin, "17:30:07", "118000000.0")
    story.step("twelve objects are read, 1.4 GB", read, "s3_access", bucket=ARCHIVE)
    stop = story.call(STOP_REFUSED, "17:48:20", admin, trail=main_trail)
    story.step("stopping the trail is refused", [stop], "trail_tampering", decisive=True)
    backups_destroyed(story, admin)
    archive_destroyed(story, admin)
    story.chain = [event_id(first[0]), event_id(stop)]
    return story


def objects(story: Story, template: Template, actor: Actor, clock: str, size: str) -> list[Event]:
    """`template` on each of twelve objects of the archive, from `clock` on, within eight minutes."""
    return [
        story.call(template, time, actor, bucket=ARCHIVE, object=f"customers/{2014 + n}.tar.zst", size=size)
        for n, time in enumerate(clocks(clock, 37, 12))
    ]


def backups_destroyed(story: Story, admin: Actor) -> None:
    """Recovery points, snapshots, a database: some protected, some not."""
    vault = story.calls(admin, (POINT_REFUSED, "18:02:09"), point="8f1d7c33-5b02-4e1a-9c8f-40d6b27a1e95")
    vault += [
        story.call(POINT_DELETED, clock, admin, point=point)
        for clock, point in (("18:02:31", "1b6a90e4-77c3-4d15-8e02-c95f3a60d7b8"), ("18:02:40", "e4c2d8f7-10b9-4a6e-b3d5-52f8a91c06e7"))
    ]  # fmt: skip
    key = key_of(admin)
    story.step("recovery points are deleted; one is protected", vault, "backups_destroyed", decisive=True)
    gone = [
        story.call(SNAPSHOT_DELETED, clock, admin, snapshot=f"snap-0{story.org.digest(f'archive {clock}', 16)}")
        for clock in clocks("18:05:12", 4, 3)
    ]
    story.step("three snapshots are deleted", gone, "timeline_key", key=key)
    database = story.call(DATABASE_REFUSED, "18:07:46", admin)
    story.step("the database is protected from deletion", [database], "timeline_key", key=key)


def archive_destroyed(story: Story, admin: Actor) -> None:
    """The archive's versions end, its objects are encrypted with a key AWS does not hold, the rest is deleted."""
    key, deletion = key_of(admin), words_text(at(story.until, "18:31:50") + 7 * DAY_S)
    weakened = story.calls(admin, (SUSPENDED, "18:08:54"), (EXPIRING, "18:09:27"), bucket=ARCHIVE)
    story.step("versioning ends, and everything expires after a day", weakened, "s3_ransom_signs", decisive=True)
    encrypted = objects(story, ENCRYPTED, admin, "18:12:07", "0.0")
    story.step("objects are encrypted with a key from elsewhere", encrypted, "s3_ransom_signs", decisive=True)
    deleted = [story.call(DELETED, clock, admin, bucket=ARCHIVE) for clock in clocks("18:26:02", 11, 5)]
    story.step("up to five thousand objects are deleted", deleted, "s3_ransom_signs", decisive=True)
    lost = story.calls(admin, (DISABLED, "18:31:22"), (SCHEDULED, "18:31:50"), deletion=deletion)
    story.step("the archive's own key is disabled and to be deleted", lost, "kms_key_loss", decisive=True)
    locked = story.call(PASSWORD_REFUSED, "18:36:09", admin)
    story.step("taking alice's password away is refused", [locked], "timeline_key", key=key)
    note = story.call(NOTE, "18:40:33", admin, bucket=ARCHIVE, object="HOW-TO-RESTORE.txt")
    story.step("a note is left", [note], "timeline_resource", resource=ARCHIVE)
    story.needle = {
        "question": "Who left HOW-TO-RESTORE.txt?",
        "find": "HOW-TO-RESTORE.txt",
        "event_id": event_id(note),
    }
