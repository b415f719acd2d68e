"""Verdicts on log files and digests from the digests of their trails."""

import gzip
import hashlib
import json
from collections import Counter
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trails import BUCKET, HOUR, OTHER_ACCOUNT, START, Object, Trail, packed, zulu

from trailquery.integrity import Verified, verify
from trailquery.links import Stored
from trailquery.simulate.keys import SigningKey
from trailquery.sources import delivery_path


def verified(of: Trail, **asked: Any) -> Verified:
    return verify(*of.stored(), of.public_keys(), of.now, **asked)


def wrong(found: Verified) -> dict[str, str]:
    """The key of each file that is not intact, and its verdict."""
    files = (file for file in found.files if file.verdict != "intact")
    return {file.place.removeprefix(f"s3://{BUCKET}/"): file.verdict for file in files}


def test_a_trail_that_nobody_touched_is_intact_and_whole():
    found = verified(Trail(hours=6, logs=2))
    assert Counter((file.kind, file.verdict) for file in found.files) == {
        ("digest", "intact"): 6,
        ("log", "intact"): 12,
    }
    assert [(one.verdict, one.digests) for one in found.chains] == [("whole", 6)]
    assert found.is_sound


def test_without_keys_nothing_is_intact_and_a_deleted_digest_is_named_all_the_same():
    trail = Trail()
    gone = trail.digests[2]
    del trail.objects[gone]
    found = verify(*trail.stored(), {}, trail.now)
    assert {file.verdict for file in found.files} == {"unverifiable", "missing"}
    assert [file.place for file in found.files if file.verdict == "missing"] == [f"s3://{BUCKET}/{gone}"]
    assert [one.verdict for one in found.chains] == ["broken"]


@cache
def thousand() -> tuple[Trail, list[Stored], list[Stored]]:
    """A trail of a hundred hours and a thousand log files, looked at in time for every digest to be due."""
    trail = Trail(hours=100, logs=10)
    trail.now += 2 * HOUR
    digests, logs = trail.stored()
    return (
        trail,
        [one._replace(seen_at=trail.now - HOUR) for one in digests],
        [one._replace(seen_at=None) for one in logs],
    )


@settings(max_examples=150, deadline=None)
@given(st.sets(st.integers(0, 1_099), min_size=1, max_size=40) | st.sets(st.integers(0, 99), min_size=1))
def test_whatever_is_deleted_of_a_thousand_files_is_named_in_full(numbers: set[int]):
    trail, digests, logs = thousand()
    gone = {key for at, key in enumerate([*trail.digests, *trail.log_files]) if at in numbers}
    left = [
        [one for one in files if one.place.removeprefix(f"s3://{BUCKET}/") not in gone] for files in (digests, logs)
    ]
    found = verify(*left, trail.public_keys(), trail.now)
    assert wrong(found) == expected(trail, gone)


def expected(trail: Trail, gone: set[str]) -> dict[str, str]:
    """A digest that is gone is missing, the logs that it alone listed cannot be judged, and those gone too leave no trace.

    Of the digests before the oldest that is left, that one tells of the last.
    """
    held = [at for at, key in enumerate(trail.digests) if key not in gone]
    told = dict.fromkeys(trail.digests[max(held[0] - 1, 0) :] if held else (), "missing")
    for at, digest in enumerate(trail.digests):
        if at in held:
            told.pop(digest)
        for log in trail.log_files[10 * at : 10 * at + 10]:
            if (log in gone) == (at in held):
                told[log] = "missing" if at in held else "unverifiable"
    return told


@settings(max_examples=300, deadline=None)
@given(st.integers(0, 5), st.sampled_from(sorted(json.loads(Trail(hours=1).objects[Trail(hours=1).digests[0]].text))), st.one_of(
    st.none(), st.integers(), st.text(), st.dates().map(str), st.sampled_from(["9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"]),
    st.lists(st.dictionaries(st.sampled_from(["s3Bucket", "s3Object", "hashValue"]), st.text())),
))  # fmt: skip
def test_whatever_an_unsigned_digest_says_its_log_files_are_not_intact(number: int, field: str, value: Any):
    trail = Trail()
    hour, key = trail.listed_by(number), trail.digests[number]
    said = json.loads(trail.objects[key].text)
    if said[field] == value:
        return
    trail.objects[key] = trail.objects[key]._replace(data=packed(json.dumps(said | {field: value}).encode()))
    for metadata in (trail.objects[key].metadata, None):  # in a bucket, and in a plain copy
        digests, logs = trail.stored()
        digests = [one._replace(metadata=None) for one in digests] if metadata is None else digests
        found = verify(digests, logs, trail.public_keys(), trail.now)
        told = {file.place.removeprefix(f"s3://{BUCKET}/"): file.verdict for file in found.files}
        assert {told[key], *(told[log] for log in hour)} & {"intact", "pending"} == set()


@pytest.mark.parametrize("stamp", ["99991231T235959", "00010101T000000", "20240301T100000"])
@pytest.mark.parametrize("text", [b"", b"[]", b"{}", b"\xff", b'{"x":' + b"[" * 100_000, None])
def test_a_planted_digest_of_any_time_harms_no_other(stamp: str, text: bytes | None):
    trail = Trail()
    digests, logs = trail.stored()
    place = digests[0].place.replace("20240301T110000", stamp)
    found = verify([*digests, Stored(place, "", text=text)], logs, trail.public_keys(), trail.now)
    told = {file.place: file.verdict for file in found.files}
    assert told.pop(place) in ("changed", "unverifiable")
    assert set(told.values()) == {"intact"}


def plant(trail: Trail, end: datetime, **said: Any) -> str:
    """A digest that somebody else signed, of the hour before `end`."""
    digest = json.loads(trail.objects[trail.digests[0]].text) | {"logFiles": []} | trail.names(None) | said
    stamp, day = f"{START + HOUR:%Y%m%dT%H%M%S}", f"{START:%Y/%m/%d}"
    key = trail.digests[0].replace(stamp, f"{end:%Y%m%dT%H%M%S}").replace(day, f"{end:%Y/%m/%d}")
    key = key.replace("_events_", f"_{said.get('name', 'events')}_")
    forger = SigningKey(2)
    named = {"digestS3Object": key, "digestPublicKeyFingerprint": forger.fingerprint}
    times = {"digestStartTime": zulu(end - HOUR), "digestEndTime": zulu(end)}
    trail.put_digest(key, digest | named | times, forger)
    return key


def judged(trail: Trail, is_plain: bool) -> dict[str, str]:
    """What is not intact, in a bucket or in a plain copy."""
    digests, logs = trail.stored()
    digests = [one._replace(metadata=None) for one in digests] if is_plain else digests
    return wrong(verify(digests, logs, trail.public_keys(), trail.now))


@pytest.mark.parametrize("is_plain", [False, True])
def test_a_planted_digest_speaks_against_none_that_is_signed(is_plain: bool):
    trail = Trail()
    before = judged(trail, is_plain)
    accused = trail.names(trail.digests[1]) | {
        "previousDigestHashValue": "0" * 64,
        "previousDigestSignature": "00" * 256,
    }
    planted = plant(trail, START + 1.5 * HOUR, **accused)
    assert judged(trail, is_plain) == before | {planted: "unverifiable"}


def test_a_log_file_that_a_planted_digest_alone_lists_is_not_missing():
    trail, log = Trail(), "AWSLogs/111122223333/CloudTrail/us-east-1/2024/03/01/never.json.gz"
    listed = {"s3Bucket": BUCKET, "s3Object": log, "hashValue": "0" * 64}
    planted = plant(trail, START + 1.5 * HOUR, logFiles=[listed])
    assert judged(trail, is_plain=False) == {planted: "unverifiable", log: "unverifiable"}


def test_a_log_file_that_a_planted_digest_lists_is_judged_by_the_signed_one():
    trail = Trail()
    log, text = trail.log_files[3], b'{"Records":[]}'
    trail.objects[log] = Object(packed(text))
    listed = {"s3Bucket": BUCKET, "s3Object": log, "hashValue": hashlib.sha256(text).hexdigest()}
    plant(trail, START + 2 * HOUR, name="aaa", logFiles=[listed])
    assert judged(trail, is_plain=True)[log] == "changed"


@pytest.mark.parametrize("hours", [1, 2, 3])
def test_a_digest_of_several_hours_that_nothing_signs_hides_none_of_them(hours: int):
    trail = Trail(hours=6)
    *deleted, last = trail.digests[6 - hours :]
    first, newest = (json.loads(trail.objects[key].text) for key in (trail.digests[6 - hours], last))
    before = {name: said for name, said in first.items() if name.startswith("previous") or name == "digestStartTime"}
    trail.put_digest(last, newest | before)
    trail.delete(*deleted)
    told = judged(trail, is_plain=True)
    assert {key for key, verdict in told.items() if verdict == "missing"} == set(deleted)
    (chain,) = judged_chains(trail)
    assert chain == ("broken" if deleted else "unsigned")


def judged_chains(trail: Trail) -> list[str]:
    """The verdicts on the chains of a plain copy."""
    digests, logs = trail.stored()
    digests = [one._replace(metadata=None) for one in digests]
    return [chain.verdict for chain in verify(digests, logs, trail.public_keys(), trail.now).chains]


def test_a_planted_digest_of_long_ago_makes_no_hours_since_look_deleted():
    trail = Trail()
    oldest = [*trail.listed_by(0), trail.digests[0]]
    planted = plant(trail, datetime(2000, 1, 1))  # noqa: DTZ001
    trail.delete(trail.digests[0])
    assert judged(trail, is_plain=False) == dict.fromkeys(oldest, "unverifiable") | {
        oldest[-1]: "missing",
        planted: "unverifiable",
    }


def test_a_log_file_after_the_thousand_hours_that_are_named_is_not_pending():
    trail = Trail(hours=2)
    trail.add_log(START + 3000 * HOUR)
    trail.now += 5000 * HOUR
    assert wrong(verified(trail))[trail.log_files[-1]] == "unverifiable"


def test_a_file_that_is_damaged_is_not_pending():
    trail, flaw = Trail(hours=2), "other data follows the gzip at byte 9 of 10"
    trail.add_log(START + 2 * HOUR + timedelta(minutes=20))
    assert wrong(verified(trail)) == {trail.log_files[-1]: "pending"}
    digests, logs = trail.stored()
    logs = [log._replace(problem=flaw) if log.place.endswith(trail.log_files[-1]) else log for log in logs]
    (told,) = (file for file in verify(digests, logs, trail.public_keys(), trail.now).files if file.verdict != "intact")
    assert (told.verdict, told.reason) == ("unverifiable", flaw)


@pytest.mark.parametrize("odd", [5, None, [], {}, "", "\ud800", "0x00"])
@pytest.mark.parametrize("name", ["signature", "signature-algorithm", "backfill-generation-timestamp"])
def test_metadata_of_any_form_are_no_signature(name: str, odd: Any):
    trail = Trail(hours=2)
    late = trail.backfill()
    trail.objects[late] = trail.objects[late]._replace(metadata={**trail.objects[late].metadata, name: odd})
    told = wrong(verified(trail))
    is_sound = name == "signature-algorithm"  # whatever it says: the signature is checked as SHA256withRSA
    assert told == ({} if is_sound else {late: "changed", trail.log_files[-1]: "unverifiable"})


def test_since_leaves_out_what_was_delivered_before_and_asks_for_no_digest_of_then():
    trail = Trail()
    trail.delete(trail.digests[0], trail.log_files[2], trail.log_files[5])
    assert wrong(verified(trail, since=START + 2 * HOUR)) == {trail.log_files[5]: "missing"}


def test_until_asks_for_nothing_that_came_later():
    trail = Trail()
    trail.delete(trail.digests[5], trail.log_files[5], trail.log_files[11])
    trail.now += 5000 * HOUR
    assert wrong(verified(trail, until=START + 4 * HOUR)) == {trail.log_files[5]: "missing"}


def test_until_takes_the_digest_of_the_last_hour_that_ends_after_it():
    trail = Trail()
    until = START + 4 * HOUR - timedelta(minutes=20)
    found = verified(trail, until=until).files
    held = [file for file in found if file.kind == "log" and delivery_path(file.place).delivered_at < until]
    assert {file.verdict for file in held} == {"intact"}


def test_a_chain_that_ended_long_ago_names_a_thousand_hours_and_the_last():
    trail = Trail(hours=2)
    trail.now += 5000 * HOUR
    missing = [file for file in verified(trail).files if file.verdict == "missing"]
    assert len(missing) == 1001
    assert missing[-1].hour == trail.now - HOUR


def test_a_trail_is_judged_alone_where_two_share_a_folder():
    one, other = Trail(hours=3), Trail(hours=3, name="second")
    gone = other.digests[1]
    del other.objects[gone]
    one.objects |= {key: item for key, item in other.objects.items() if "Digest" in key}
    assert wrong(verified(one, trail="events")) == {}
    assert wrong(verified(one)) == {gone: "missing"}
    assert {chain.trail for chain in verified(one, trail="second").chains} == {"second"}


def test_a_planted_file_of_a_trail_with_a_backfill_digest_is_unlisted():
    trail = Trail()
    trail.backfill()
    planted = trail.log_files[4].replace("0000000004", "plantedxyz")
    trail.objects[planted] = Object(packed(b"{}"))
    assert wrong(verified(trail)) == {planted: "unlisted"}


def test_a_backfill_digest_may_be_signed_by_a_key_of_the_time_it_was_made():
    trail = Trail()
    key = trail.backfill()
    made = trail.objects[key].metadata | {"backfill-generation-timestamp": zulu(START - 5000 * HOUR)}
    trail.objects[key] = trail.objects[key]._replace(metadata=made)
    assert wrong(verified(trail)) == {key: "unverifiable", trail.log_files[-1]: "unverifiable"}


def test_older_versions_are_judged_each_and_the_one_that_was_delivered_is_intact():
    trail = Trail()
    digests, logs = trail.stored()
    (delivered,) = (log for log in logs if log.place.endswith(trail.log_files[3]))
    overwritten = delivered._replace(sha256="0" * 64)
    older = delivered._replace(place=f"{delivered.place}?versionId=abc")
    rest = [log for log in logs if log is not delivered]
    found = verify(digests, [*rest, overwritten, older], trail.public_keys(), trail.now)
    assert wrong(found) == {trail.log_files[3]: "changed"}
    says_where = f"; what was delivered is kept at {older.place}"
    assert [file.reason.endswith(says_where) for file in found.files if file.verdict == "changed"] == [True]
    found = verify(digests, [*rest, older], trail.public_keys(), trail.now)
    assert wrong(found) == {trail.log_files[3]: "missing"}
    assert [file.reason.endswith(says_where) for file in found.files if file.verdict == "missing"] == [True]
    assert {file.verdict for file in found.files if "versionId" in file.place} == {"intact"}


def test_the_same_place_with_other_bytes_has_a_verdict_of_its_own():
    trail = Trail()
    digests, logs = trail.stored()
    twice = [logs[0]._replace(file_sha256="a"), logs[0]._replace(file_sha256="b", sha256="0" * 64)]
    found = verify(digests, [*twice, *logs[1:]], trail.public_keys(), trail.now)
    assert {(file.file_sha256, file.verdict) for file in found.files if file.place == logs[0].place} == {
        ("a", "intact"),
        ("b", "changed"),
    }


def test_what_was_written_again_with_the_same_content_says_so():
    trail = Trail()
    digests, logs = trail.stored()
    again = logs[0]._replace(written_at=START + 9 * HOUR)
    on_time = logs[1]._replace(written_at=START + timedelta(minutes=56))
    found = verify(digests, [again, on_time, *logs[2:]], trail.public_keys(), trail.now)
    assert [file.place for file in found.files if "written again at 2024-03-01T19:00:00Z" in file.reason] == [
        again.place
    ]
    assert found.is_sound


def test_bytes_that_could_not_be_had_are_unverifiable_with_the_reason():
    trail = Trail()
    digests, logs = trail.stored()
    refused = logs[0]._replace(sha256=None, unread="AccessDenied")
    trail.add_log(trail.now)
    newest = trail.stored()[1][-1]._replace(sha256=None, unread="AccessDenied")
    archived = digests[4]._replace(sha256=None, text=None, unread="GLACIER: it is archived")
    found = verify([*digests[:4], archived, *digests[5:]], [refused, *logs[1:], newest], trail.public_keys(), trail.now)
    reasons = {file.place: file.reason for file in found.files if file.verdict == "unverifiable"}
    assert set(reasons) == {refused.place, newest.place, archived.place, logs[8].place, logs[9].place}
    assert "AccessDenied" in reasons[refused.place]
    assert reasons[newest.place] == "AccessDenied"
    assert "GLACIER" in reasons[archived.place]
    assert [chain.verdict for chain in found.chains] == ["unsigned"]


def test_a_digest_in_another_bucket_was_not_looked_at():
    trail = Trail(hours=3)
    trail.sign_again(
        0, previousDigestS3Bucket="old-bucket", previousDigestS3Object=trail.digests[2], previousDigestSignature="00"
    )
    trail.mend(1)
    trail.mend(2)
    assert {file.place: file.verdict for file in verified(trail).files if file.verdict != "intact"} == {
        f"s3://old-bucket/{trail.digests[2]}": "unverifiable"
    }


def copied(trail: Trail, has_metadata: bool = True) -> Verified:
    """On the trail as it lies in a bucket that it was copied to."""
    digests, logs = (
        [one._replace(place=one.place.replace(BUCKET, "replica", 1)) for one in files] for files in trail.stored()
    )
    if not has_metadata:
        digests = [one._replace(metadata={}) for one in digests]
    return verify(digests, logs, trail.public_keys(), trail.now)


def test_a_bucket_that_was_copied_to_another_is_as_good_as_the_first():
    found = copied(Trail(hours=3))
    assert Counter((file.kind, file.verdict) for file in found.files) == {("digest", "intact"): 3, ("log", "intact"): 6}
    assert [(one.verdict, one.reason) for one in found.chains] == [("whole", f"a copy of s3://{BUCKET}")]


def test_what_was_taken_from_a_copied_bucket_or_moved_in_it_is_named():
    trail = Trail(hours=4)
    first, second, gone = *trail.digests[:2], trail.log_files[7]
    del trail.objects[gone]
    trail.objects[first], trail.objects[second] = trail.objects[second], trail.objects[first]
    assert {file.place: file.verdict for file in copied(trail).files if file.verdict != "intact"} == {
        f"s3://replica/{gone}": "missing",
        **{f"s3://replica/{digest}": "changed" for digest in (first, second)},
        **{f"s3://replica/{log}": "unverifiable" for log in trail.log_files[:4]},
    }


def test_of_a_copied_bucket_without_metadata_all_but_the_newest_digest_is_proven_by_the_next():
    trail = Trail(hours=3)
    not_proven = [file.place for file in copied(trail, has_metadata=False).files if file.verdict != "intact"]
    assert not_proven == [f"s3://replica/{key}" for key in (trail.digests[2], *trail.log_files[4:])]


def test_logs_of_accounts_without_digests_cannot_be_verified():
    trail, other = Trail(hours=2), Trail(hours=1, account=OTHER_ACCOUNT)
    trail.objects |= {key: other.objects[key] for key in other.log_files}
    assert wrong(verified(trail)) == dict.fromkeys(other.log_files, "unverifiable")


@pytest.mark.parametrize(
    ("stamp", "verdict", "hour"),
    [
        (START - 90 * HOUR / 60, "unverifiable", START - HOUR),
        (START + 90 * HOUR / 60, "unlisted", START + 2 * HOUR),
        (START + 6 * HOUR, "pending", START + 7 * HOUR),
    ],
)
def test_a_log_file_that_no_digest_lists_has_the_hour_of_the_digest_that_should(
    stamp: datetime, verdict: str, hour: datetime
):
    trail = Trail()
    trail.add_log(stamp)
    (planted,) = (file for file in verified(trail).files if file.verdict != "intact")
    assert (planted.verdict, planted.hour) == (verdict, hour)


@pytest.mark.parametrize("stamp", ["99991231T2355Z", "20991231T0000Z", "00010101T0005Z"])
def test_a_log_file_of_any_time_is_named_and_harms_no_other(stamp: str):
    trail = Trail()
    planted = trail.log_files[3].replace(trail.log_files[3].split("_")[-2], stamp)
    trail.objects[planted] = Object(packed(b"{}"))
    digests, logs = trail.stored()
    plain = ([one._replace(seen_at=None) for one in found] for found in (digests, logs))
    found = verify(*plain, trail.public_keys(), trail.now + 9 * HOUR)
    assert list(wrong(found)) == [planted]
    assert [one.verdict for one in found.chains] == ["whole"]


def test_a_changed_log_file_is_changed():
    trail = Trail()
    key = trail.log_files[3]
    trail.objects[key] = trail.objects[key]._replace(data=gzip.compress(b'{"Records":[]}'))
    assert wrong(verified(trail)) == {key: "changed"}
