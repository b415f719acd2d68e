"""Verdicts on log files and digests from the digests of their trails."""

import gzip
from collections import Counter

from trails import BUCKET, Trail

from trailquery.integrity import Verified, verify


def verified(trail: Trail) -> Verified:
    return verify(*trail.stored(), trail.public_keys(), trail.now)


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


def test_a_deleted_log_file_is_missing_and_named_by_the_digest_that_lists_it():
    trail = Trail()
    gone = trail.log_files[5]
    del trail.objects[gone]
    found = verified(trail)
    assert wrong(found) == {gone: "missing"}
    assert not found.is_sound


def test_a_changed_log_file_is_changed():
    trail = Trail()
    key = trail.log_files[3]
    trail.objects[key] = trail.objects[key]._replace(data=gzip.compress(b'{"Records":[]}'))
    assert wrong(verified(trail)) == {key: "changed"}


def test_a_deleted_digest_is_missing_and_its_log_files_are_unverifiable():
    trail = Trail()
    gone = trail.digests[2]
    listed = trail.listed_by(2)
    del trail.objects[gone]
    found = verified(trail)
    assert wrong(found) == {gone: "missing", **dict.fromkeys(listed, "unverifiable")}
    assert [one.verdict for one in found.chains] == ["broken"]


def test_a_planted_log_file_is_unlisted():
    trail = Trail()
    planted = trail.log_files[4].replace("0000000004", "plantedxyz")
    trail.objects[planted] = trail.objects[trail.log_files[4]]
    assert wrong(verified(trail)) == {planted: "unlisted"}


def test_without_keys_nothing_is_intact():
    trail = Trail()
    found = verify(*trail.stored(), {}, trail.now)
    assert {file.verdict for file in found.files} == {"unverifiable"}
    assert [one.verdict for one in found.chains] == ["unsigned"]
