import json
import re
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from conftest import record
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trailquery.containers import Reject
from trailquery.events import EVENTS
from trailquery.logs import Origin, decode
from trailquery.soundness import canonical

ORIGIN = Origin("a.json.gz", "ab" * 32, datetime(2024, 3, 1, 10, 10))  # noqa: DTZ001
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.integers(-(10**400), 10**400) | st.sampled_from(["\0", "\ud800", {"a": 1, "A": 2}])
    | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)  # fmt: skip
FIELDS = (
    *record(),
    "eventId",
    "eventid",
    "EVENTID",
    "accountId",
    "resources",
    "additionalEventData",
    "addendum",
    "tlsDetails",
    "insightDetails",
)


def read(*raws: bytes) -> tuple[list[dict[str, Any]], list[Reject]]:
    """The rows and rejects of one log file of these records."""
    (only,) = decode([(ORIGIN, b'{"Records":[' + b",".join(raws) + b"]}")])
    (file,) = only.files
    assert file.rows == only.table.num_rows
    return only.table.to_pylist(), file.rejects


def row(raw: bytes) -> dict[str, Any]:
    (only,), _ = read(raw)
    return only


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), JSON, max_size=12))
def test_any_json_object_becomes_a_row_whose_raw_is_its_bytes_or_a_reject(value: dict[str, Any]) -> None:
    raw = json.dumps(value).encode()
    ((table, (file,)),) = decode([(ORIGIN, b'{"Records":[' + raw + b"]}")])
    assert file.rows + len(file.rejects) == 1
    assert all(raw in reject.data for reject in file.rejects)
    if file.rows:
        assert table["raw"].to_pylist() == [raw.decode()]
        connection = duckdb.connect()
        connection.register("events", table)
        connection.execute("SELECT json_keys(raw), json_structure(raw), request ->> '$.x', * FROM events").fetchall()


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FIELDS), JSON)
def test_a_field_of_any_type_never_costs_the_row(field: str, value: Any) -> None:
    assume("\\ud800" not in json.dumps(value))
    assert read(json.dumps(record(**{field: value})).encode())[1] == []


def test_every_column_is_filled_in_its_order_from_a_record_that_says_everything() -> None:
    made = record(
        eventID="one", eventVersion="1.10", errorCode="AccessDenied", errorMessage="no", sharedEventID="shared",
        vpcEndpointId="vpce-1", vpcEndpointAccountId="444455556666", sessionCredentialFromConsole="true",
        eventSource="s3.amazonaws.com", eventName="GetObject", eventCategory="Data", managementEvent=False,
        requestParameters={"bucketName": "b", "key": "k"}, responseElements={"x": 1},
        additionalEventData={"bytesTransferredOut": 10.0}, serviceEventDetails={"y": 1}, insightDetails={"z": 1},
        eventContext={"c": 1}, addendum={"reason": "DELIVERY_DELAY", "originalEventID": "zero"},
        tlsDetails={"tlsVersion": "TLSv1.3", "clientProvidedHostHeader": "b.s3.amazonaws.com"},
    )  # fmt: skip
    raw = json.dumps(made).encode()
    expected = {
        "event_id": "one", "event_id_made": False, "event_time": datetime(2024, 3, 1, 10), "account_id": "111122223333",  # noqa: DTZ001
        "delivered_at": ORIGIN.delivered_at, "category": "data", "access": "read", "service": "s3", "api": "GetObject",
        "action": "s3:GetObject", "event_source": "s3.amazonaws.com", "event_name": "GetObject", "region": "us-east-1",
        "target": "s3://b/k", "outcome": "denied", "error_class": "denied", "error_code": "AccessDenied", "error_message": "no",
        "identity_type": "IAMUser", "actor": "alice", "access_key_id": "AKIAIOSFODNN7EXAMPLE", "key_kind": "long-term",
        "client_ip": "198.51.100.7", "ip_scope": "public", "client": "console", "from_console_session": True,
        "vpc_endpoint_id": "vpce-1", "vpc_endpoint_account_id": "444455556666", "tls_version": "TLSv1.3",
        "host_header": "b.s3.amazonaws.com", "is_cross_account": False, "bucket": "b", "object_key": "k", "bytes_out": None,
        "shared_event_id": "shared", "request_id": "11111111-2222-3333-4444-555555555555", "is_truncated": False,
        "addendum_reason": "DELIVERY_DELAY", "amends_event_id": "zero", "event_type": "AwsApiCall", "event_category": "Data",
        "event_version": "1.10", "event_version_minor": 10, "request": '{"bucketName": "b", "key": "k"}', "response": '{"x": 1}',
        "additional": '{"bytesTransferredOut": 10.0}', "service_details": '{"y": 1}', "insight": '{"z": 1}',
        "event_context": '{"c": 1}', "raw": raw.decode(), "source_file": "a.json.gz", "file_sha256": "ab" * 32, "position": 0,
    }  # fmt: skip
    found = row(raw)
    assert list(found) == EVENTS.names
    assert {name: found[name] for name in expected} == expected


def test_a_status_of_success_in_place_of_an_error_hides_no_failure_that_stands_elsewhere() -> None:
    def outcome(state: str) -> tuple[str | None, str]:
        details = {"result": {"statusType": state}}
        said = row(
            json.dumps(record(eventType="AwsServiceEvent", errorCode="200", serviceEventDetails=details)).encode()
        )
        return said["error_code"], said["outcome"]

    assert [outcome("success"), outcome("failure")] == [(None, "success"), ("failure", "error")]


def test_a_record_laid_out_for_reading_differs_from_the_same_on_one_line_in_raw_alone() -> None:
    made = record(
        requestParameters={"Rule": {"Expiration": {"Days": 1}, "text": "a\n : b\u0026"}, "size": 10**30, "none": []},
        responseElements={"x": [1, {"y": None}]}, additionalEventData={"z": 1.50}, resources=[{"ARN": "arn:aws:s3:::b"}],
    )  # fmt: skip
    short, laid_out = json.dumps(made, separators=(",", ":")), json.dumps(made, indent="\t").replace("\n", "\r\n")
    assert row(laid_out.encode()) == row(short.encode()) | {"raw": laid_out}


OBJECTS = ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "serviceEventDetails",
           "insightDetails", "eventContext", "addendum", "tlsDetails")  # fmt: skip


def as_text(made: dict[str, Any], **layout: Any) -> bytes:
    """The record as exports write it whose columns are scalars: each part as JSON text."""
    texts = {name: json.dumps(part, **layout) for name, part in made.items() if name in OBJECTS or name == "resources"}
    return json.dumps(made | texts).encode()


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(OBJECTS), st.dictionaries(st.text(max_size=5), JSON, max_size=3)),
    st.lists(st.dictionaries(st.sampled_from(["ARN", "accountId", "type"]), st.text())),
    st.sampled_from([None, 2]),
)
def test_parts_that_are_json_text_fill_the_columns_that_objects_fill(
    parts: dict[str, Any], resources: list[dict[str, str]], indent: int | None
) -> None:
    made = record(
        eventSource="s3.amazonaws.com", **{"requestParameters": {"bucketName": "b"}, **parts}, resources=resources
    )
    assume("\\ud800" not in json.dumps(made))
    delivered, text = (
        json.dumps(made, separators=(",", ":")).encode(),
        as_text(made, indent=indent, separators=(",", ":")),
    )
    (rows, rejects), (text_rows, text_rejects) = read(delivered), read(text)
    assert text_rows == [one | {"raw": text.decode()} for one in rows]
    assert [_placeless(one.reason) for one in text_rejects] == [_placeless(one.reason) for one in rejects]
    assert canonical(text) == canonical(delivered)


@pytest.mark.parametrize(
    "text",
    ["", "b", "{", "{bucketName=b}", '{"bucketName":"b"', '{"bucketName":"b"} and more', '["b"]', '"{}"', "true", "1e999", '{"a":' * 50_000, '{"a":"\\ud800"}'],
)  # fmt: skip
def test_text_in_the_place_of_a_part_that_is_no_json_object_stays_what_it_is(text: str) -> None:
    raw = json.dumps(record(requestParameters=text)).encode()
    found = row(raw)
    assert (found["request"], found["raw"], found["actor"]) == (json.dumps(text), raw.decode(), "alice")


@pytest.mark.parametrize(
    ("written", "event_time"),
    [
        ("2024-03-01 10:00:00.000", "2024-03-01T10:00:00"),
        ("2024-03-01 10:00:00 UTC", "2024-03-01T10:00:00"),
        ("2024-03-01 10:00:00.5 UTC", "2024-03-01T10:00:00.500000"),
        ("2024-03-01 10:00:00.000 Z", "2024-03-01T10:00:00"),
        ("2024-03-01 10:00:00.000 -0800", "2024-03-01T18:00:00"),
        ("2024-03-01 10:00:00 +05:30", "2024-03-01T04:30:00"),
        ("2024-03-01 10:00:00 CET", None),
        ("2024-03-01 UTC UTC", None),
    ],
)
def test_a_time_as_databases_export_it_is_the_time_that_was_delivered(written: str, event_time: str | None) -> None:
    found = row(json.dumps(record(eventTime=written)).encode())["event_time"]
    assert (found and found.isoformat()) == event_time


def test_text_inside_a_part_stays_text() -> None:
    request = {"policyDocument": '{"Statement":[]}', "userIdentity": '{"a":1,"a":2}'}
    delivered = json.dumps(request, separators=(",", ":"))
    assert row(as_text(record(requestParameters=request), separators=(",", ":")))["request"] == delivered


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"bucketName":"b","bucketName":"c"}', "the key 'bucketName' occurs twice in one object"),
        ('{"a":1e400}', "the number 1e400 is beyond the range of a double"),
        ('{"a":' + "[" * 101 + "]" * 101 + "}", "nested deeper than 100 levels"),
    ],
)
def test_a_part_that_is_text_is_held_to_what_objects_are_held_to(text: str, reason: str) -> None:
    raw = json.dumps(record(requestParameters=text)).encode()
    assert read(raw) == ([], [(0, raw, reason)])


def test_a_copy_with_other_text_in_a_part_has_other_content() -> None:
    one, other = (as_text(record(requestParameters={"bucketName": name})) for name in "ab")
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"null", "not a JSON object but null"),
        (b'"text"', "not a JSON object but a string"),
        (b"[1]", "not a JSON object but an array"),
        (b"true", "not a JSON object but a boolean"),
        (b"1.5", "not a JSON object but a number"),
        (b'{"name":"x"}', "no CloudTrail record: an object of 'name'"),
        (b'{"eventVersion":"2.1","eventSource":"aws:s3","s3":{}}', "no CloudTrail record: a message of aws:s3 to a Lambda function"),
        (b'{"eventID":"a","eventTime":"x","eventID":"b"}', "the key 'eventID' occurs twice in one object"),
        (b'{"eventID":"a","eventTime":"x","userIdentity":{"type":"Root","type":"IAMUser"}}', "the key 'type' occurs twice in one object"),
        (b'{"eventID":"a","eventTime":"x","resources":[{"ARN":"a","ARN" :"b"}]}', "the key 'ARN' occurs twice in one object"),
        (b'{"eventID":"a","eventTime":"x","new":{"a":1,"a":2}}', "the key 'a' occurs twice in one object"),
        (b'{"eventID":"a","eventTime":"x","event\\u0049D":"b"}', "the key 'eventID' occurs twice in one object"),
        (b'{"eventID":"a","eventTime":"x","new":1e400}', "the number 1e400 is beyond the range of a double"),
        (b'{"eventID":"a","eventTime":"x","resources":[-1e400]}', "the number -1e400 is beyond the range of a double"),
        (b'{"eventID":"a","eventTime":"x","readOnly":' + b"9" * 5_000 + b"}", "a number of more than 4,300 digits"),
        (b'{"eventID":"a","eventTime":"x","new":' + b"[" * 101 + b"]" * 101 + b"}", "nested deeper than 100 levels"),
    ],
)  # fmt: skip
def test_what_would_show_two_faces_or_spoil_others_is_rejected_with_its_reason(raw: bytes, reason: str) -> None:
    good = json.dumps(record()).encode()
    rows, rejects = read(good, raw, good)
    assert ([one["position"] for one in rows], rejects) == ([0, 2], [(1, raw, reason)])


@pytest.mark.parametrize("text", ['x":"y', '{"a":1,"a":2}', "a : b", 'back\\slash":', "\U0001f600", "\0"])
def test_text_that_only_looks_suspicious_is_kept(text: str) -> None:
    assert row(json.dumps(record(userAgent="agent", requestParameters={"policy": text})).encode())["actor"] == "alice"


def test_a_hundred_levels_are_not_too_deep() -> None:
    assert read(json.dumps(record(new=json.loads("[" * 99 + "]" * 99))).encode())[1] == []


@pytest.mark.parametrize("number", [b"1E2", b"-0", b"1e-999", b"9" * 4_300])
def test_a_number_however_written_costs_neither_the_row_nor_what_stands_beside_it(number: bytes) -> None:
    raw = json.dumps(record(eventSource="s3.amazonaws.com", requestParameters={"bucketName": "b", "size": 0})).encode()
    assert row(raw.replace(b'"size": 0', b'"size": ' + number))["target"] == "s3://b"


def test_tables_of_bounded_size_hold_what_one_table_would() -> None:
    def log(number: int) -> tuple[Origin, bytes]:
        raws = [json.dumps(record(eventID=f"{number}-{place}")) for place in range(150)]
        return Origin(f"{number}.json", str(number) * 64, None), ('{"Records":[null,' + ",".join(raws) + "]}").encode()

    files = [log(1), log(2)]
    (whole,), parts = decode(files), list(decode(files, table_records=60))
    assert [part.table.num_rows for part in parts] == [99, 150, 51]
    assert pa.concat_tables(part.table for part in parts) == whole.table
    read_files = [file for part in parts for file in part.files]
    assert [(file.origin.source_file, file.rows, len(file.rejects)) for file in read_files] == [
        ("1.json", 150, 1),
        ("2.json", 150, 1),
    ]


def test_canonical_content_ignores_order_and_space_and_nothing_else() -> None:
    assert canonical(b'{"b": [1, 2.50], "a": "x"}') == canonical(b'{"a":"x","b":[1,2.50]}')
    different = [b'{"a":1}', b'{"a":1.0}', b'{"a":"1"}', b'{"a":[1]}', b'{"a":null}', b"{}", b'{"a":true}', b'{"a":10}']
    assert len({canonical(raw) for raw in different}) == len(different)


PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(0, 9)
    | st.sampled_from(["arn:aws:s3:::b/k", "i-0123456789abcdef0", "é", "\b\f"]),
    lambda children: (
        st.lists(children, max_size=2) | st.dictionaries(st.sampled_from(["key", "bucketName", "a"]), children)
    ),
    max_leaves=6,
)
ODDITIES = (
    ("{", "{ "), (":", " :"), ('"a"', '"a":1,"a"'), ('"key"', '"\\u006bey"'), ("é", "\\u00e9"), ("true", "1e999"), (":9", ":9.50"),
    ("null", "9" * 5000), ('"eventID"', '"new":1,"eventID"'), ('"eventID"', '"eventID":"\\b\\b\\b\\b","eventID"'), ("null", "[" * 100 + "]" * 100),
)  # fmt: skip


@st.composite
def any_raw(draw: st.DrawFn) -> bytes:
    """A record, plain or with one or two oddities somewhere, sound or not."""
    fields = draw(st.dictionaries(st.sampled_from(FIELDS), PLAIN, max_size=4))
    text = json.dumps(record(**fields), separators=(",", ":"), ensure_ascii=False)
    for plain, odd in draw(st.lists(st.sampled_from(ODDITIES), max_size=2)):
        pieces = text.split(plain)
        at = draw(st.integers(1, max(len(pieces) - 1, 1)))
        text = plain.join(pieces[:at]) + (odd if len(pieces) > 1 else "") + plain.join(pieces[at:])
    return text.encode()


@settings(max_examples=300, deadline=None)
@given(st.lists(any_raw(), min_size=1, max_size=4))
def test_a_quick_look_and_an_exact_one_judge_alike(raws: list[bytes]) -> None:
    spaced = [raw.replace(b"{", b"{ ", 1) for raw in raws]  # equal as JSON, and never plain
    (rows, rejects), (exact_rows, exact_rejects) = read(*raws), read(*spaced)
    assert [row | {"raw": spaced[row["position"]].decode()} for row in rows] == exact_rows
    (told, exactly_told) = (
        [(one.position, _placeless(one.reason)) for one in some] for some in (rejects, exact_rejects)
    )
    assert told == exactly_told


def _placeless(reason: str) -> str:
    """A reason without the byte that it names: the space moves it by one."""
    return re.sub(r"at (byte|character) \d+", r"at \1", reason)


@settings(max_examples=100, deadline=None)
@given(st.lists(any_raw(), min_size=2, max_size=4))
def test_no_record_changes_the_row_of_another(raws: list[bytes]) -> None:
    together, rejects = read(*raws)
    alone = [read(raw) for raw in raws]
    assert together == [row | {"position": place} for place, (rows, _) in enumerate(alone) for row in rows]
    assert rejects == [one._replace(position=place) for place, (_, found) in enumerate(alone) for one in found]
