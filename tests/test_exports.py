"""Exports of other tools as whole files: CSV with a column of records, and those in which the record itself is lost."""

import json

import pytest
from shapes import csv, held, numbered, record, rejected, text_of

from trailquery.containers import Reject, read_contents
from trailquery.logs import Origin, decode

ONE, TWO, THREE = record("one"), record("two"), record("three")


def test_a_record_in_a_cell_that_is_none_of_records_is_not_read():
    [one, planted] = [value.decode().replace('"', '""') for value in (ONE, record("planted"))]
    contents = read_contents(f'userAgent,@message\n"{planted}","{one}"\n"{planted}",\n'.encode())
    row = f'"{planted}",'.encode()
    assert held(contents) == numbered(ONE)
    assert contents.rejects == [Reject(1, row, "no CloudTrail record in the row")]


@pytest.mark.parametrize(
    "row",
    [
        b'x,"{""eventVersion""',
        b'x,a"b",y',
        b'x,"a"b',
        b"x",
        b'x,"no JSON"',
        b'x,"{}"',
        b'"x",{"a":1}',
        b'x,"[[[["',
        b'x,""',
        b",",
    ],
)
def test_a_row_without_a_whole_record_is_a_reject_and_the_others_are_kept(row):
    lines = csv("@timestamp,@message", [["x", ONE.decode()], ["x", THREE.decode()]]).splitlines(keepends=True)
    torn = row.count(b'"') % 2  # an open quote takes what follows with it, as far as the next one
    contents = read_contents(b"".join([*lines, row + b"\r\n"] if torn else [*lines[:2], row + b"\r\n", *lines[2:]]))
    places = (0, 1) if torn else (0, 2)
    assert held(contents) == list(zip(places, (ONE, THREE), strict=True))
    assert contents.rejects == [Reject(2 if torn else 1, row, "no CloudTrail record in the row")]


def test_records_below_a_line_that_only_looks_like_the_header_of_a_csv_are_read_as_ever():
    contents = read_contents(b"message\n" + ONE + b"\n" + TWO)
    assert (held(contents), rejected(contents)) == ([(1, ONE), (2, TWO)], [(0, b"message")])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b'{"eventversion":"1.08","useridentity":{"type":"Root"},"eventid":"one"}', "a row of Athena"),
        (b'"eventversion","eventid","useridentity"\r\n"1.08","one","{type=Root, arn=x}"\r\n', "a row of Athena"),
        (b'{"EventName":"GetUser","UserIdentityType":"Root","AwsEventId":"one"}', "a row of Microsoft Sentinel"),
        (b'TimeGenerated,AwsEventId,RequestParameters\n1,one,"{""a"":1}"\n', "a row of Microsoft Sentinel"),
        (
            b"User name,AWS access key,Event time,Event source,Event name\nalice,,x,iam,GetUser\n",
            "a row of the event history",
        ),
        (
            b'{"aws":{"cloudtrail":{"event_type":"AwsApiCall"}},"message":"x"}',
            "fields of Elastic without event.original",
        ),
        (b"@timestamp,aws.cloudtrail.event_type\nx,AwsApiCall\n", "fields of Elastic without event.original"),
        (b'{"class_uid":6003,"api":{"operation":"GetUser"}}', "OCSF without raw_data"),
        (b'{"message":"iam:GetUser by x","event_source":"iam.amazonaws.com"}', "fields that were made of a record"),
        (b"Events:\r\n- CloudTrailEvent: '{}'\r\n", "YAML of the AWS CLI"),
        (b'{"EVENTID":"one","USERIDENTITY":"{}"}', "fields that were made of a record"),
        (b'[{"eventID":"one"},{"userIdentity":"{type=Root}"}]', "a row of a query that left it out"),
        (b'[{"field":"eventID","value":"one"},{"field":"@ptr","value":"x"}]', "a row of a query that left it out"),
    ],
)
def test_an_export_that_lost_the_record_is_named_with_what_to_read_instead(text, told):
    contents = read_contents(text)
    assert (held(contents), rejected(contents)) == ([], [(0, text)])
    assert contents.problem == contents.rejects[0].reason
    assert contents.problem.startswith(f"no CloudTrail record: {told}; ")


def test_each_row_that_lost_its_record_is_told_beside_one_that_did_not():
    lost = b'{"eventversion":"1.08","useridentity":{"type":"Root"}}'
    ((_, (file,)),) = decode([(Origin("a.json", "ab", None), b"[" + lost + b"," + ONE + b"]")])
    assert [(reject.position, reject.data) for reject in file.rejects] == [(0, lost)]
    assert (file.rows, file.rejects[0].reason.partition(";")[0]) == (1, "no CloudTrail record: a row of Athena")


@pytest.mark.parametrize(
    "text",
    [
        b'[{"eventID":"one"},{"Records":[' + ONE + b"]}]",
        b'[{"field":"x","value":"y"},' + ONE + b"]",
        b'[{"a":"b"},{"message":' + text_of(ONE).encode() + b"}]",
        b"eventversion\n" + ONE,
    ],
)
def test_what_only_looks_like_an_export_that_lost_the_record_hides_none(text):
    assert ONE in [bytes(value) for value in read_contents(text).records]


def test_names_inside_texts_of_the_log_do_not_tell_the_form():
    text = json.dumps({"a": '{"useridentity":1}', "b.useridentity": 1, "class_uidx": "Events:"}).encode()
    assert read_contents(text).problem == "no CloudTrail record: an object of 'a, b.useridentity, class_uidx'"
