"""The tamper matrix: what is done to a trail, what `aws cloudtrail validate-logs` says, what `trailquery verify` says.

A case takes a trail that nobody has touched, does its harm, and returns the keys that must be named. What AWS's validator
and ours say of it stands in the table; test_tamper.py runs both, docs/integrity.md shows it.
"""

import gzip
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

from trails import HOUR, OTHER_ACCOUNT, START, Object, Trail, listed, packed, zulu

from trailquery.simulate.keys import SigningKey

Harm = Callable[[Trail], list[str]]
OTHER_KEY = SigningKey(2)


class Case(NamedTuple):
    name: str
    what: str
    harm: Harm
    aws: str
    ours: str
    because: str  # in the reason of a file, or of the chain, that is named
    trail: dict[str, Any]


CASES: list[Case] = []


def case(what: str, aws: str, ours: str, because: str = "", **trail: Any) -> Callable[[Harm], Harm]:
    def add(harm: Harm) -> Harm:
        CASES.append(Case(harm.__name__, what, harm, aws, ours, because, {"hours": 4, **trail}))
        return harm

    return add


# What AWS's validator says of several,
ALL = "12 files valid"
GAP = "no log files were delivered between"
MORE_DATA = "log unexpected data after end of compressed stream"
OTHER_HASH = "log hash value doesn't match"
NO_DIGEST = "digest invalid format"
NOT_SIGNED = "digest signature verification failed"
# and ours.
SOUND = "all intact"
ONE_LOG_CHANGED = "1 log changed"
ONE_DIGEST_CHANGED = "1 digest changed, 2 logs unverifiable; chain broken"
ONE_DIGEST_MISSING = "1 digest missing, 2 logs unverifiable; chain broken"
NOTHING_SIGNED = "4 digests unverifiable, 8 logs unverifiable; chain unsigned"


# --- nothing is wrong


@case("nothing", ALL, SOUND)
def untouched(trail: Trail) -> list[str]:
    return []


@case("a trail of an organisation", ALL, SOUND, organization="o-exampleorg")
def organization_trail(trail: Trail) -> list[str]:
    return []


@case("a trail with a prefix in its bucket", ALL, SOUND, prefix="audit/trails")
def bucket_prefix(trail: Trail) -> list[str]:
    return []


@case("logging was off for three hours", GAP, "all intact; chain gap", "logging was off")
def signed_gap(trail: Trail) -> list[str]:
    trail.restart(3 * HOUR)
    return []


@case("the trail was deleted, and made again under its name", GAP, "all intact; chain gap", "logging was off")
def trail_made_again(trail: Trail) -> list[str]:
    trail.restart(HOUR / 2)
    return []


@case("a backfill digest lists a late log file", "14 files valid", SOUND)
def backfill(trail: Trail) -> list[str]:
    trail.backfill()
    return []


@case("a log file came after the newest digest", ALL, "1 log pending", "not due yet")
def not_due(trail: Trail) -> list[str]:
    trail.add_log(trail.now)
    return []


@case("a log file is compressed anew, its content is the same", ALL, SOUND, "")
def log_compressed_anew(trail: Trail) -> list[str]:
    key = trail.log_files[3]
    trail.objects[key] = Object(gzip.compress(trail.objects[key].text, 1))
    return []


# --- log files


def change(trail: Trail, key: str, changed: Callable[[Object], bytes]) -> list[str]:
    trail.objects[key] = trail.objects[key]._replace(data=changed(trail.objects[key]))
    return [key]


def change_log(trail: Trail, changed: Callable[[Object], bytes]) -> list[str]:
    return change(trail, trail.log_files[3], changed)


def change_digest(trail: Trail, changed: Callable[[Object], bytes]) -> list[str]:
    return change(trail, trail.digests[1], changed)


@case("a log file is deleted", "log not found", "1 log missing", "not found; listed by")
def log_deleted(trail: Trail) -> list[str]:
    return trail.delete(trail.log_files[3])


@case("every log file of an hour is deleted", "2 x log not found", "2 logs missing", "not found; listed by")
def hour_of_logs_deleted(trail: Trail) -> list[str]:
    return trail.delete(*trail.listed_by(1))


@case("a record is changed in a log file", OTHER_HASH, ONE_LOG_CHANGED, "its SHA-256 is")
def log_changed(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: packed(log.text.replace(b"event-3", b"event-x")))


@case("a bit of a log file is flipped", "log invalid format", ONE_LOG_CHANGED, "its SHA-256 is")
def log_flipped(trail: Trail) -> list[str]:
    def flipped(log: Object) -> bytes:
        data = bytearray(log.data)
        data[len(data) // 2] ^= 16
        return bytes(data)

    return change_log(trail, flipped)


@case("the checksum of a log's gzip is changed", "log invalid format", ONE_LOG_CHANGED, "gzip is damaged")
def log_checksum_changed(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: log.data[:-8] + b"\1\2\3\4" + log.data[-4:])


@case("a log file is cut in the middle", OTHER_HASH, ONE_LOG_CHANGED, "its SHA-256 is")
def log_cut(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: log.data[: len(log.data) // 2])


@case("the last bytes of a log's gzip are cut off", ALL, ONE_LOG_CHANGED, "gzip ends early")
def log_trailer_cut(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: log.data[:-5])


@case("a log file is emptied", OTHER_HASH, ONE_LOG_CHANGED, "its SHA-256 is")
def log_emptied(trail: Trail) -> list[str]:
    return change_log(trail, lambda _: b"")


@case("a log file is replaced by its text, not compressed", "log invalid format", ONE_LOG_CHANGED, "it is no gzip")
def log_unpacked(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: log.text)


@case("text follows the gzip of a log file", MORE_DATA, ONE_LOG_CHANGED, "other data follows")
def log_followed_by_text(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: log.data + b"more")


@case("a second gzip member follows, with a record", MORE_DATA, ONE_LOG_CHANGED, "its SHA-256 is")
def log_with_a_member_more(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: log.data + packed(b'{"Records":[]}'))


@case("an empty gzip member follows", MORE_DATA, ONE_LOG_CHANGED, "other data follows")
def log_with_an_empty_member_more(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: log.data + packed(b""))


@case("zeros follow the gzip of a log file", MORE_DATA, ONE_LOG_CHANGED, "other data follows")
def log_padded(trail: Trail) -> list[str]:
    return change_log(trail, lambda log: log.data + bytes(512))


@case("two log files change places", "2 x log hash value doesn't match", "2 logs changed", "its SHA-256 is")
def logs_swapped(trail: Trail) -> list[str]:
    one, other = trail.log_files[2:4]
    trail.objects[one], trail.objects[other] = trail.objects[other], trail.objects[one]
    return [one, other]


@case("a log file is moved to another name", "log not found", "1 log unlisted, 1 log missing", "not found; listed by")
def log_moved(trail: Trail) -> list[str]:
    moved = trail.log_files[3].replace("0000000003", "moved00003")
    trail.objects[moved] = trail.objects.pop(trail.log_files[3])
    return [trail.log_files[3], moved]


def plant(trail: Trail, near: str, stamp: str = "") -> list[str]:
    planted = near.replace("00000000000", "planted0000")
    planted = planted.replace(near.split("_")[-2], stamp) if stamp else planted
    trail.objects[planted] = Object(packed(b'{"Records":[{"eventID":"planted"}]}'))
    return [planted]


@case("a log file is planted", ALL, "1 log unlisted", "does not list it")
def log_planted(trail: Trail) -> list[str]:
    return plant(trail, trail.log_files[3])


@case("a log file is planted in an hour proven quiet", "4 files valid", "1 log unlisted", "does not list it", logs=0)
def log_planted_in_quiet_hour(trail: Trail) -> list[str]:
    key = trail.digests[1].replace("CloudTrail-Digest", "CloudTrail").rpartition("/")[0]
    return plant(trail, f"{key}/111122223333_CloudTrail_us-east-1_20240301T1110Z_0000000000000000.json.gz")


@case("a log file is planted where logging was off", GAP, "1 log unlisted; chain gap", "logging was off")
def log_planted_in_gap(trail: Trail) -> list[str]:
    trail.restart(3 * HOUR)
    return plant(trail, trail.log_files[7], f"{START + 5 * HOUR:%Y%m%dT%H%MZ}")


@case("a log file is planted before the oldest digest", ALL, "1 log unverifiable", "older than the oldest digest")
def log_planted_before_all(trail: Trail) -> list[str]:
    return plant(trail, trail.log_files[3], f"{START - 5 * HOUR:%Y%m%dT%H%MZ}")


@case("a log file is planted under a time that is to come", ALL, "1 log unlisted", "which is to come")
def log_planted_ahead(trail: Trail) -> list[str]:
    return plant(trail, trail.log_files[3], "99991231T2355Z")


@case("a signed digest lists events a week older than its hour", ALL, SOUND, "lie outside the hour of the digest")
def log_of_another_week(trail: Trail) -> list[str]:
    said = json.loads(trail.objects[trail.digests[3]].text)
    said["logFiles"][0] |= {"oldestEventTime": zulu(START - 168 * HOUR)}
    trail.sign_again(3, logFiles=said["logFiles"])
    return []


# --- digests that are gone


@case("a digest is deleted", "digest not found", ONE_DIGEST_MISSING, "not found; named by")
def digest_deleted(trail: Trail) -> list[str]:
    return [*trail.listed_by(1), *trail.delete(trail.digests[1])]


@case("the oldest digest is deleted", "digest not found", ONE_DIGEST_MISSING, "not found; named by")
def oldest_digest_deleted(trail: Trail) -> list[str]:
    return [*trail.listed_by(0), *trail.delete(trail.digests[0])]


@case(
    "three digests in a row are deleted",
    "digest not found",
    "3 digests missing, 6 logs unverifiable; chain broken",
    "not found",
    hours=6,
)
def digests_deleted(trail: Trail) -> list[str]:
    return trail.delete(*trail.digests[2:5])


@case("the newest digest is deleted", "9 files valid", ONE_DIGEST_MISSING, "no digest has come since")
def newest_digest_deleted(trail: Trail) -> list[str]:
    trail.now += HOUR
    return [*trail.listed_by(3), *trail.delete(trail.digests[3])]


@case(
    "the newest three digests are deleted",
    "9 files valid",
    "3 digests missing, 6 logs unverifiable; chain broken",
    "no digest has come since",
    hours=6,
)
def newest_digests_deleted(trail: Trail) -> list[str]:
    trail.now += HOUR
    return trail.delete(*trail.digests[3:])


@case("every digest is deleted", "no digests found", "8 logs unverifiable", "no digest of its account and region")
def every_digest_deleted(trail: Trail) -> list[str]:
    trail.delete(*trail.digests)
    return trail.log_files


@case(
    "the last digest before logging was off is deleted",
    GAP,
    "2 logs unlisted; chain gap",
    "by the digests that are there, logging was off",
)
def last_digest_before_gap_deleted(trail: Trail) -> list[str]:
    hour = trail.listed_by(3)
    trail.restart(3 * HOUR)
    trail.delete(trail.digests[3])
    return hour


@case(
    "an hour is deleted, digest and log files",
    "digest not found",
    "1 digest missing; chain broken",
    "not found; named by",
)
def hour_deleted(trail: Trail) -> list[str]:
    trail.delete(*trail.listed_by(1))
    return trail.delete(trail.digests[1])


# --- digests that are changed


def rewrite(trail: Trail, changed: Callable[[Object], bytes]) -> list[str]:
    """The log files that the digest listed are harmed, too."""
    return [*trail.listed_by(1), *change_digest(trail, changed)]


@case("a digest is emptied", NO_DIGEST, ONE_DIGEST_CHANGED, "invalid format")
def digest_emptied(trail: Trail) -> list[str]:
    return rewrite(trail, lambda _: b"")


@case("a digest is no gzip", NO_DIGEST, ONE_DIGEST_CHANGED, "invalid format")
def digest_no_gzip(trail: Trail) -> list[str]:
    return rewrite(trail, lambda _: b"nothing")


@case("a digest is cut in the middle", NO_DIGEST, ONE_DIGEST_CHANGED, "invalid format")
def digest_cut(trail: Trail) -> list[str]:
    return rewrite(trail, lambda digest: digest.data[: len(digest.data) // 2])


@case("a digest is no JSON", NO_DIGEST, ONE_DIGEST_CHANGED, "invalid format")
def digest_no_json(trail: Trail) -> list[str]:
    return rewrite(trail, lambda _: packed(b"{"))


@case("a digest lacks a field", NO_DIGEST, ONE_DIGEST_CHANGED, "invalid format")
def digest_without_a_field(trail: Trail) -> list[str]:
    said = json.loads(trail.objects[trail.digests[1]].text)
    del said["digestEndTime"]
    return rewrite(trail, lambda _: packed(json.dumps(said).encode()))


@case("a signed digest lacks logFiles", "crashes, exit 255", ONE_DIGEST_CHANGED, "invalid format")
def digest_without_log_files(trail: Trail) -> list[str]:
    hour, said = trail.listed_by(1), json.loads(trail.objects[trail.digests[1]].text)
    del said["logFiles"]
    trail.put_digest(trail.digests[1], said)
    return [trail.digests[1], *hour]


@case("a log file in a signed digest lacks its bucket", "crashes, exit 255", ONE_DIGEST_CHANGED, "invalid format")
def log_without_bucket(trail: Trail) -> list[str]:
    hour, said = trail.listed_by(1), json.loads(trail.objects[trail.digests[1]].text)
    del said["logFiles"][0]["s3Bucket"]
    return [trail.sign_again(1, logFiles=said["logFiles"]), *hour]


@case("a log file is struck from a digest", NOT_SIGNED, ONE_DIGEST_CHANGED, "signature verification failed")
def log_struck_from_digest(trail: Trail) -> list[str]:
    said = json.loads(trail.objects[trail.digests[1]].text)
    del said["logFiles"][0]
    return rewrite(trail, lambda _: packed(json.dumps(said).encode()))


@case("the end of a digest's gzip is cut off", NO_DIGEST, "1 digest changed", "gzip ends early")
def digest_trailer_cut(trail: Trail) -> list[str]:
    return change_digest(trail, lambda digest: digest.data[:-5])


@case("text follows the gzip of a digest", ALL, "1 digest changed", "other data follows")
def digest_followed_by_text(trail: Trail) -> list[str]:
    return change_digest(trail, lambda digest: digest.data + b"more")


@case(
    "two digests change places",
    "2 x digest has been moved from its original location",
    "2 digests changed, 4 logs unverifiable; chain broken",
    "moved from its original location",
)
def digests_swapped(trail: Trail) -> list[str]:
    one, other = trail.digests[1:3]
    trail.objects[one], trail.objects[other] = trail.objects[other], trail.objects[one]
    return [one, other]


@case(
    "the digest of another hour is put in place of one",
    "digest has been moved from its original location",
    ONE_DIGEST_CHANGED,
    "moved from its original location",
)
def digest_replaced_by_another(trail: Trail) -> list[str]:
    hour = trail.listed_by(1)
    trail.objects[trail.digests[1]] = trail.objects[trail.digests[2]]
    return [trail.digests[1], *hour]


# --- signatures and keys


@case("the signature of a digest is another's", NOT_SIGNED, ONE_DIGEST_CHANGED, "signature verification failed")
def signature_of_another(trail: Trail) -> list[str]:
    one, other = trail.digests[1:3]
    trail.objects[one] = trail.objects[one]._replace(metadata=trail.objects[other].metadata)
    return [one, *trail.listed_by(1)]


@case("the metadata of a digest is lost", NOT_SIGNED, ONE_DIGEST_CHANGED, "metadata lacks the signature")
def metadata_lost(trail: Trail) -> list[str]:
    trail.objects[trail.digests[1]] = trail.objects[trail.digests[1]]._replace(metadata={})
    return [trail.digests[1], *trail.listed_by(1)]


@case(
    "a signature is no hexadecimal number", "digest Non-hexadecimal digit found", ONE_DIGEST_CHANGED, "not hexadecimal"
)
def signature_not_hexadecimal(trail: Trail) -> list[str]:
    metadata = trail.objects[trail.digests[1]].metadata
    said = dict(metadata) | {"signature": "xy" * 256}
    trail.objects[trail.digests[1]] = trail.objects[trail.digests[1]]._replace(metadata=said)
    return [trail.digests[1], *trail.listed_by(1)]


NO_KEY = "1 digest unverifiable, 2 logs unverifiable; chain unsigned"


@case(
    "a digest is signed by a key that CloudTrail does not list",
    "digest public key not found",
    NO_KEY,
    "public key not found",
)
def unknown_key(trail: Trail) -> list[str]:
    return [trail.sign_again(3, OTHER_KEY, digestPublicKeyFingerprint=OTHER_KEY.fingerprint), *trail.listed_by(3)]


@case(
    "a digest is signed by another key, under the name of the right one",
    NOT_SIGNED,
    ONE_DIGEST_CHANGED,
    "signature verification failed",
)
def signed_by_another_key(trail: Trail) -> list[str]:
    return [trail.sign_again(3, OTHER_KEY), *trail.listed_by(3)]


@case("a digest is signed by another key that is listed", ALL, ONE_DIGEST_CHANGED, "is not the one that")
def signed_by_another_listed_key(trail: Trail) -> list[str]:
    trail.keys.append(listed(OTHER_KEY))
    return [trail.sign_again(1, OTHER_KEY, digestPublicKeyFingerprint=OTHER_KEY.fingerprint), *trail.listed_by(1)]


@case(
    "a forged key is listed under the fingerprint of the right one", ALL, NOTHING_SIGNED, "listed under the fingerprint"
)
def forged_fingerprint(trail: Trail) -> list[str]:
    trail.keys[0]["Value"] = listed(OTHER_KEY)["Value"]
    before: dict[str, Any] = {}
    for number, key in enumerate(trail.digests):
        trail.sign_again(number, OTHER_KEY, **before)
        before = trail.names(key)
    return trail.digests


@case("the key had expired when the digest was signed", ALL, NOTHING_SIGNED, "signs from")
def expired_key(trail: Trail) -> list[str]:
    trail.keys[0] = listed(trail.key, START - 100 * HOUR, START - HOUR)
    return trail.digests


@case(
    "the listed key cannot be read",
    "4 x digest Unable to load PKCS #1 key",
    NOTHING_SIGNED,
    "listed under the fingerprint",
)
def key_not_loadable(trail: Trail) -> list[str]:
    trail.keys[0]["Value"] = "bm90IGEga2V5"
    return trail.digests


@case("CloudTrail lists no key", "crashes, exit 255", NOTHING_SIGNED, "public key not found")
def no_keys(trail: Trail) -> list[str]:
    trail.keys.clear()
    return trail.digests


# --- chains


@case(
    "a signed digest names another hash for the one before", ALL, ONE_DIGEST_CHANGED, "its SHA-256 is not the one that"
)
def other_previous_hash(trail: Trail) -> list[str]:
    hour = trail.listed_by(1)
    trail.sign_again(2, previousDigestHashValue="0" * 64)
    trail.mend(3)
    return [trail.digests[1], *hour]


@case(
    "a signed digest names another signature for the one before",
    ALL,
    ONE_DIGEST_CHANGED,
    "its signature is not the one that",
)
def other_previous_signature(trail: Trail) -> list[str]:
    hour = trail.listed_by(1)
    trail.sign_again(2, previousDigestSignature="00" * 256)
    trail.mend(3)
    return [trail.digests[1], *hour]


@case("a digest does not begin where the one before ends", ALL, "all intact; chain broken", "it starts at")
def start_does_not_continue(trail: Trail) -> list[str]:
    trail.sign_again(2, digestStartTime=zulu(START + 2 * HOUR + timedelta(minutes=20)))
    trail.mend(3)
    return []


@case("a digest is of another account than its folder", ALL, ONE_DIGEST_CHANGED, "lies in the folder of")
def other_account(trail: Trail) -> list[str]:
    return [trail.sign_again(3, awsAccountId=OTHER_ACCOUNT), *trail.listed_by(3)]


@case(
    "a backfill digest lacks the time it was made",
    NO_DIGEST,
    "1 digest changed, 1 log unverifiable; chain broken",
    "lacks backfill-generation-timestamp",
)
def backfill_without_time(trail: Trail) -> list[str]:
    key = trail.backfill()
    metadata = {name: value for name, value in trail.objects[key].metadata.items() if "backfill" not in name}
    trail.objects[key] = trail.objects[key]._replace(metadata=metadata)
    return [key]


@case(
    "a log file of an organisation's trail is deleted",
    "log not found",
    "1 log missing",
    "not found",
    organization="o-exampleorg",
)
def log_of_organization_deleted(trail: Trail) -> list[str]:
    return trail.delete(trail.log_files[3])


@case("a digest below a prefix is deleted", "digest not found", ONE_DIGEST_MISSING, "not found", prefix="audit")
def digest_below_prefix_deleted(trail: Trail) -> list[str]:
    return [*trail.listed_by(1), *trail.delete(trail.digests[1])]


@case(
    "a digest and a log file of different hours are deleted",
    "log not found; digest not found",
    "1 digest missing, 2 logs unverifiable, 1 log missing; chain broken",
    "not found",
)
def two_things_deleted(trail: Trail) -> list[str]:
    return trail.delete(trail.digests[1], trail.log_files[6])


def matrix() -> str:
    """The cases as a table, for docs/integrity.md."""
    rows = [("what was done", "`aws cloudtrail validate-logs`", "`trailquery verify`", "its reason"), ("---",) * 4]
    rows += [(case.what, case.aws, case.ours, f"… {case.because} …" if case.because else "") for case in CASES]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)
