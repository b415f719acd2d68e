"""What one file holds, in every shape in which CloudTrail records travel, sound and broken."""

import codecs
import gzip
import hashlib
import json
import time
from base64 import b64encode

import pytest
from conftest import recording
from hypothesis import given, settings
from hypothesis import strategies as st
from shapes import SHAPES, delivery, envelope, held, joined, log_event, numbered, record, rejected, text_of

from trailquery.containers import REJECT_BYTES, Contents, Reject, contents_of, read_contents

ONE, TWO, THREE = record("one"), record("two", requestParameters={"tags": [{"key": "a"}]}), record("three")


parts = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def any_record(draw: st.DrawFn) -> bytes:
    fields = {"eventVersion": "1.08", "requestParameters": draw(parts), "eventID": draw(st.text(max_size=5))}
    text = json.dumps(fields, indent=draw(st.sampled_from([None, 2])), ensure_ascii=draw(st.booleans()))
    return text.encode()


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=25, deadline=None)
@given(records=st.lists(any_record(), min_size=1, max_size=4))
def test_records_come_back_byte_for_byte_and_in_order_from_every_shape(shape, records):
    contents = read_contents(SHAPES[shape](records))
    assert (contents.kind, held(contents), contents.rejects, contents.problem) == ("log", numbered(*records), [], None)


@settings(max_examples=300, deadline=None)
@given(st.lists(any_record(), min_size=1, max_size=4), st.sampled_from(sorted(SHAPES)), st.data())
def test_no_cut_and_no_changed_byte_raises_or_empties_a_file_in_silence(records, shape, data):
    text = SHAPES[shape](records)
    at = data.draw(st.integers(0, len(text) - 1))
    changed = data.draw(st.sampled_from(b'"{}[],:\\\n\xff\x00 1a'))
    for damaged in (text[: max(at, 1)], text[:at] + bytes([changed]) + text[at + 1 :]):
        contents = read_contents(damaged)
        assert len(contents.records) + len(contents.rejects) >= 1
        places = sorted(contents.positions + [reject.position for reject in contents.rejects])
        assert places == list(range(len(places)))


@settings(max_examples=200, deadline=None)
@given(at=st.integers(0, len(TWO) - 1), changed=st.sampled_from(b'"{}[],:\\\n\xff\x00 1a'))
def test_a_changed_byte_in_one_record_costs_no_other(at, changed):
    contents = read_contents(delivery(ONE, TWO[:at] + bytes([changed]) + TWO[at + 1 :], THREE))
    assert {ONE, THREE} <= {bytes(value) for value in contents.records}


def test_a_delivered_file_tells_hash_and_size_of_its_inflated_bytes():
    text = delivery(ONE, TWO)
    contents = read_contents(gzip.compress(text))
    assert (contents.inflated_sha256, contents.inflated_bytes) == (hashlib.sha256(text).hexdigest(), len(text))


def test_strings_that_inflate_to_more_than_the_room_in_memory_stop(monkeypatch):
    payload, inflated = SHAPES["subscription of a Lambda function"]([ONE]), len(SHAPES["subscription"]([ONE]))
    monkeypatch.setattr("trailquery.containers.MAX_INFLATED_BYTES", 3 * inflated - 2)
    contents = contents_of(b"", payload * 4, None)
    assert (len(contents.records), rejected(contents)) == (2, [(2, payload), (3, payload)])


def test_a_wrong_checksum_of_what_lies_packed_in_a_string_makes_a_reject():
    packed = bytearray(gzip.compress(SHAPES["subscription"]([ONE])))
    packed[-8] ^= 1
    text = b'{"awslogs":{"data":"%s"}}' % b64encode(packed)
    contents = contents_of(b"", text, None)
    assert (contents.records, rejected(contents)) == ([], [(0, text)])


@pytest.mark.parametrize(
    "data", [b"eyJ", b"eyJ!", b"ew", b64encode(b"{]"), b64encode(b64encode(ONE)), b64encode(b"[" * 200_000)]
)
def test_text_that_only_looks_like_base64_of_a_record_is_a_reject(data):
    text = b'{"data":"%s"}' % data
    contents = read_contents(text)
    assert (contents.records, rejected(contents)) == ([], [(0, text)])


def test_the_text_of_a_record_counts_and_not_the_fields_made_of_it_beside():
    made = b'{"eventVersion":"1.08","eventID":"made","%s":' + text_of(ONE).encode() + b"}"
    for name in (b"_raw", b"@rawstring", b"@message", b"eventJson"):
        assert held(read_contents(made % name)) == numbered(ONE)


def test_elements_that_are_no_records_are_left_to_the_record_decoder_in_their_place():
    contents = read_contents(delivery(ONE, b"null", b'"text"', b"12", b"{}"))
    assert held(contents) == numbered(ONE, b"null", b'"text"', b"12", b"{}")


@pytest.mark.parametrize("text", [b'{"Records":[]}', b"[]", b'{"Events": []}'])
def test_a_file_of_no_records_is_sound(text):
    assert read_contents(text) == Contents("log", [], [], [], hashlib.sha256(text).hexdigest(), len(text), None)


def test_a_control_message_holds_no_records_and_is_no_error():
    text = b'{"messageType":"CONTROL_MESSAGE","logEvents":[{"id":"","message":"CWL CONTROL MESSAGE: hello"}]}'
    contents = read_contents(
        text + b"\n" + joined('{"messageType":"DATA_MESSAGE","logEvents":[', [log_event(ONE)], "]}")
    )
    assert (held(contents), contents.rejects, contents.problem) == (numbered(ONE), [], None)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (b'{"awsAccountId":"111122223333","digestStartTime":"2026-11-20T01:00:00Z","logFiles":[]}', "digest"),
        (b'{"trailquery": "public keys", "keys": []}', "companion"),
        (b'{"trailquery": "collection", "event": "started"}', "companion"),
        (b'{"trailquery": 1, "message": ' + text_of(ONE).encode() + b"}", "log"),
        (b'{"digestStartTime": 1, "logFiles": []}\n' + ONE, "log"),
        (b'{"trailquery": 1, "eventVersion": "1.08", "eventID": "one"}', "log"),
        (b'{"trailquery": 1, "digestStartTime": 1, "logFiles": [], "Records": [' + ONE + b"]}", "log"),
    ],
)
def test_digests_and_companions_are_told_by_their_keys_unless_they_hold_records(text, kind):
    contents = read_contents(text)
    assert (contents.kind, len(contents.records), contents.rejects) == (kind, kind == "log", [])


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_utf16_holds_the_records_in_utf8_and_hash_and_size_are_those_of_its_own_bytes(codec, pack):
    text = delivery(record("ünï\U0001f600"), TWO).decode().encode(codec)
    contents = read_contents(pack(text))
    assert held(contents) == numbered(record("ünï\U0001f600"), TWO)
    told = (contents.rejects, contents.problem, contents.inflated_sha256, contents.inflated_bytes)
    assert told == ([], None, hashlib.sha256(text).hexdigest(), len(text))


def test_utf16_with_half_a_surrogate_pair_or_half_a_character_costs_no_other_record():
    text = delivery(ONE, TWO, THREE).decode().encode("utf-16").replace("two".encode("utf-16-le"), b"\0\xd8")
    contents = read_contents(text + b"\n")
    assert held(contents) == [(0, ONE), (2, THREE)]
    broken = TWO.replace(b"two", b"\xed\xa0\x80")
    reason = f"invalid UTF-8 at byte {broken.index(0xED)} of the record"
    assert (contents.rejects, contents.problem) == (
        [Reject(1, broken, reason)],
        "UTF-16 text ends in the middle of a character",
    )


# --- gzip


def test_a_truncated_gzip_keeps_the_records_before_the_cut():
    packed = gzip.compress(delivery(ONE, TWO, THREE), mtime=0)
    contents = read_contents(packed[:-14])
    assert held(contents) == numbered(ONE, TWO)
    assert [(place, THREE.startswith(data)) for place, data in rejected(contents)] == [(2, True)]
    assert contents.problem == f"gzip ends early at byte {len(packed) - 14} of {len(packed) - 14}"


@pytest.mark.parametrize("missing", range(1, 9))
def test_a_gzip_that_lacks_only_its_checksum_keeps_every_record(missing):
    contents = read_contents(gzip.compress(delivery(ONE, TWO))[:-missing])
    assert (held(contents), contents.rejects) == (numbered(ONE, TWO), [])
    assert contents.problem.startswith("gzip ends early")


def test_a_wrong_checksum_keeps_every_record_and_is_a_problem():
    packed = bytearray(gzip.compress(delivery(ONE, TWO)))
    packed[-6] ^= 1
    contents = read_contents(bytes(packed))
    assert (held(contents), contents.rejects) == (numbered(ONE, TWO), [])
    assert contents.problem.startswith("gzip is damaged (incorrect data check) at byte")


def test_a_damaged_byte_deep_in_a_gzip_keeps_what_inflates_before_it():
    records = [record(hashlib.sha256(b"%d" % number).hexdigest()) for number in range(3000)]
    packed = bytearray(gzip.compress(delivery(*records)))
    packed[len(packed) // 2 : len(packed) // 2 + 8] = b"\xff" * 8
    contents = read_contents(bytes(packed))
    assert held(contents)[:1400] == numbered(*records[:1400])
    assert contents.problem.startswith("gzip is damaged")


def test_other_data_after_the_gzip_is_a_problem_and_zeros_are_none():
    packed = gzip.compress(delivery(ONE))
    followed, padded = read_contents(packed + b"appended"), read_contents(packed + b"\0" * 512)
    assert (held(followed), followed.problem) == (
        numbered(ONE),
        f"other data follows the gzip at byte {len(packed)} of {len(packed) + 8}",
    )
    assert (held(padded), padded.problem) == (numbered(ONE), None)


def test_a_gzip_bomb_is_rejected_and_one_byte_less_is_not():
    text = delivery(ONE).ljust(1000)
    assert held(read_contents(gzip.compress(text), max_inflated_bytes=1000)) == numbered(ONE)
    bomb = gzip.compress(text, mtime=0)
    reason = "the gzip inflates to more than 999 bytes and was not read"
    assert read_contents(bomb, max_inflated_bytes=999) == Contents(
        "log", [], [], [Reject(0, bomb, reason)], "", 0, reason
    )


def test_a_million_empty_gzip_members_end_in_seconds():
    started = time.process_time()
    contents = read_contents(gzip.compress(b"") * 200_000 + gzip.compress(delivery(ONE)))
    assert held(contents) == numbered(ONE)
    assert time.process_time() - started < 10


# --- what is no log


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b" \n", "empty file"),
        (b"\xef\xbb\xbf", "empty file"),
        (gzip.compress(b"", mtime=0), "empty file"),
        (b"\x1f\x8bno gzip", "gzip is damaged (unknown compression method) at byte 3 of 9"),
        (b"hello\nworld", "no JSON at byte 0 of the text"),
        (b"null", "no CloudTrail record: not a JSON object but null"),
        (b'{"b":1,"a":[1]}', "no CloudTrail record: an object of 'a, b'"),
        (b'{"@t":1,"event":{"kind":"alert"}}', "no CloudTrail record: an object of '@t, event'"),
        (b'{"@t":1,"event":"alert"}', "no CloudTrail record: an object of '@t, event'"),
        (b'{"Records":null}', "no CloudTrail record: an object of 'Records'"),
        (b"[[[", "ends early, at byte 3 of the text"),
        (codecs.BOM_UTF16_LE, "empty file"),
        (codecs.BOM_UTF16_BE + b"\0", "UTF-16 text ends in the middle of a character"),
        (b'{"message": "no JSON"}', "the text in it is no JSON: JSON is malformed: invalid character (byte 1)"),
    ],
)
def test_a_file_without_any_record_is_one_reject_with_its_bytes(data, reason):
    contents = read_contents(data)
    assert (held(contents), contents.rejects, contents.problem) == ([], [Reject(0, data, reason)], reason)


def test_a_reject_holds_a_mebibyte_and_tells_the_whole_size():
    [reject] = read_contents(b"x" * (REJECT_BYTES + 1)).rejects
    assert reject.data == b"x" * REJECT_BYTES
    assert reject.reason.endswith("; 1048577 bytes, of which the first 1048576 are kept")


# --- broken JSON


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        (b'{"eventVersion":"1.08,"eventID":"x"}', "expected ',' or '}'"),
        (b'{"eventVersion":"1.08","eventID":}', "invalid character"),
        (b'{"eventVersion":"1.08","eventID":"\\ud800"}', "unexpected end of hex escape"),
        (b'{"eventVersion":"1.08","eventID":"\x00"}', "invalid character"),
        (b'{"eventVersion":"1.08","eventID":' + b"[" * 50_000 + b"]" * 50_000 + b"}", "nested too deep"),
    ],
)
@pytest.mark.parametrize("wrap", [delivery, lambda *records: b"\n".join(records)])
def test_an_unreadable_record_is_rejected_in_its_place_and_the_others_are_kept(broken, fault, wrap):
    contents = read_contents(wrap(ONE, broken, THREE))
    assert held(contents) == [(0, ONE), (2, THREE)]
    assert rejected(contents) == [(1, broken)]
    assert contents.rejects[0].reason.startswith(fault)
    assert contents.problem is not None


def test_the_wrapper_is_no_part_of_a_first_record_that_is_rejected():
    broken = b'{"eventVersion":"1.08","eventID":"\\ud800"}'
    contents = read_contents(json.dumps({"Records": [1]}).encode().replace(b"1", broken + b", " + TWO))
    assert (rejected(contents), held(contents)) == ([(0, broken)], [(1, TWO)])


def test_a_reject_names_the_byte_of_the_text_at_which_reading_broke():
    broken = b'{"eventVersion":"1.08","eventID":?}'
    contents = read_contents(delivery(ONE, broken, THREE))
    at = delivery(ONE, broken, THREE).index(b"?")
    assert contents.rejects == [Reject(1, broken, f"invalid character at byte {at} of the text")]


@pytest.mark.parametrize("torn", [b'tity": {"a": 1}}', b'true, {"a": 1}]', b'12, {"a": 1}]', b'says {\\"a\\": 1}"}'])
def test_the_rest_of_a_torn_record_is_no_head_of_a_line(torn):
    contents = read_contents(torn + b"\n" + ONE)
    assert (held(contents), rejected(contents)) == ([(1, ONE)], [(0, torn)])


@pytest.mark.parametrize("text", [b'"{\\"eventVersion\\":', b'"x', b'""', b'"{\\"eventVersion\\": 1}"'])
def test_a_text_that_holds_no_whole_record_costs_no_text_beside_it(text):
    one, three = text_of(ONE).encode(), text_of(THREE).encode()
    contents = read_contents(b"\n".join([one, text, three]))
    assert (held(contents)[0], held(contents)[-1][1]) == ((0, ONE), THREE)
    assert b"\n".join(data for _, data in rejected(contents)) == text


def test_truncated_text_keeps_the_whole_records_and_rejects_the_tail():
    text = delivery(ONE, TWO, THREE)[:-5]
    contents = read_contents(text)
    assert held(contents) == numbered(ONE, TWO)
    assert contents.rejects == [Reject(2, THREE[:-3], f"ends early, at byte {len(text)} of the text")]


def test_a_bare_array_that_is_cut_keeps_its_first_record_too():
    contents = read_contents(b"[" + ONE + b"," + TWO[:-3])
    assert held(contents) == [(0, ONE)]
    assert rejected(contents) == [(1, TWO[:-3])]


def test_an_envelope_after_a_broken_line_is_still_peeled_off():
    contents = read_contents(b"\n".join([envelope(ONE), envelope(TWO)[:-9], envelope(THREE)]))
    assert held(contents) == [(0, ONE), (2, THREE)]
    assert rejected(contents) == [(1, envelope(TWO)[:-9])]


def test_a_log_event_cut_by_its_log_group_is_rejected_and_the_others_are_kept():
    events = [log_event(ONE), log_event(TWO[:20]), log_event(THREE)]
    contents = read_contents(joined('{"events":[', events, "]}"))
    assert (held(contents), rejected(contents)) == ([(0, ONE), (2, THREE)], [(1, events[1].encode())])


@pytest.mark.parametrize(
    "text",
    [
        delivery(ONE)[:-1] + b',"Records":[' + TWO + b"," + THREE + b"]}",
        delivery(ONE, TWO, THREE)[:-1] + b',"Rec\\u006frds":[]}',
        b'{"more":[' + ONE + b"," + TWO + b'],"Records":[' + THREE + b"]}",
    ],
)
def test_records_outside_the_list_that_counts_are_not_hidden(text):
    contents = read_contents(text)
    assert [bytes(value) for value in contents.records] == [ONE, TWO, THREE]
    assert contents.problem == 'records stand outside the list "Records"; they were read as well'


def test_an_envelope_that_hides_one_record_behind_another_is_rejected():
    hiding = envelope(TWO)[:-1] + b',"detail":' + ONE + b"}"
    contents = read_contents(hiding)
    assert (held(contents), rejected(contents)) == ([], [(0, hiding)])


def test_invalid_utf8_rejects_the_record_that_holds_it_and_names_the_byte():
    broken = TWO.replace(b"two", b"tw\xff")
    contents = read_contents(delivery(record("ünï"), broken, THREE))
    assert held(contents) == [(0, record("ünï")), (2, THREE)]
    reason = f"invalid UTF-8 at byte {broken.index(255)} of the record"
    assert contents.rejects == [Reject(1, broken, reason)]


def test_rejects_of_every_kind_are_listed_by_position():
    contents = read_contents(b"\n".join([ONE.replace(b"one", b"\xff"), b"broken", TWO, b'{"a":1}', THREE]))
    assert [reject.position for reject in contents.rejects] == [0, 1, 3]
    assert held(contents) == [(2, TWO), (4, THREE)]


def test_duplicate_keys_large_numbers_and_keys_differing_in_case_stay_as_delivered():
    odd = b'{"eventVersion":"1.08","eventID":"a","eventID":"b","EventID":"c","n":123456789012345678901.50}'
    assert held(read_contents(delivery(odd))) == numbered(odd)


HOSTILE = {
    "open lists": b"[" * 4_000_000,
    "open objects": b"{" * 4_000_000,
    "nested candidates": b'\n[{"a":' * 300_000,
    "deep nests with a long filling": (b'[{"a":[' * 900 + b"1," * 100_000 + b"!") * 10,
    "broken records": delivery(*[b'{"eventVersion":"1.08","eventID":"1",}'] * 100_000),
    "broken lines": b'{"eventVersion":"1.08","eventID":"1",}\n' * 100_000,
    "unclosed texts": b'[{"a":"' * 300_000,
    "lines of open texts": b'\n"{' * 300_000,
    "lines of long open texts": (b'\n"{' + b"x" * 100_000) * 40,
    "open quotes of a CSV": b'_raw\n"{""' + b'"' * 4_000_001,
    "white space": b'{"a"' + b"\n" * 4_000_000,
    "zeros": b"\0" * 4_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_text_ends_soon_and_becomes_a_reject(name):
    started = time.process_time()
    contents = read_contents(HOSTILE[name])
    assert (len(contents.records), len(contents.rejects)) == (0, 1)
    assert time.process_time() - started < 10


@pytest.mark.parametrize("name", sorted(HOSTILE.keys() - {"nested candidates", "open quotes of a CSV"}))
def test_a_record_behind_hostile_text_is_still_found(name):
    contents = read_contents(HOSTILE[name][:200_000] + b"\n" + ONE)
    assert bytes(contents.records[-1]) == ONE


@pytest.mark.parametrize(
    ("folder", "count"),
    [("invictus", 2900), ("stratus", 156), ("otrf", 103), ("flaws-sample", 185), ("cloudtrail-tracker", 142)],
)
def test_every_recorded_event_is_read_and_none_is_rejected(folder, count):
    files = [read_contents(path.read_bytes()) for path in recording(folder).rglob("*.json*")]
    assert sum(len(contents.records) for contents in files) == count
    assert [contents.rejects or contents.problem for contents in files] == [None] * len(files)
