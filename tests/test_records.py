import json
from datetime import datetime
from typing import Any

import duckdb
import pytest
from conftest import record
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from trailquery.containers import RECORD_KEYS, read_contents
from trailquery.events import EVENTS
from trailquery.records import Decoded, Origin, canonical, decode, to_table

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


def decoded(*records: Any) -> Decoded:
    return decode(read_contents(json.dumps({"Records": records}).encode()))


def row(raw: bytes) -> dict[str, Any]:
    (only,) = to_table([(ORIGIN, decode(read_contents(b'{"Records":[' + raw + b"]}")))]).to_pylist()
    return only


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=3), JSON, max_size=12))
def test_any_json_object_becomes_a_row_whose_raw_is_its_bytes_or_a_reject(value: dict[str, Any]) -> None:
    raw = json.dumps(value).encode()
    found = decode(read_contents(b'{"Records":[' + raw + b"]}"))
    assert len(found.rows) + len(found.rejects) == 1
    assert all(raw in reject.data for reject in found.rejects)
    if found.rows:
        table = to_table([(ORIGIN, found)])
        assert table["raw"].to_pylist() == [raw.decode()]
        connection = duckdb.connect()
        connection.register("events", table)
        connection.execute("SELECT json_keys(raw), json_structure(raw), request ->> '$.x', * FROM events").fetchall()


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FIELDS), JSON)
def test_a_field_of_any_type_never_costs_the_row(field: str, value: Any) -> None:
    assume("\\ud800" not in json.dumps(value))
    assert len(decoded(record(**{field: value})).rows) == 1


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


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"null", "not a JSON object but null"),
        (b'"text"', "not a JSON object but a string"),
        (b"[1]", "not a JSON object but an array"),
        (b"true", "not a JSON object but a boolean"),
        (b"1.5", "not a JSON object but a number"),
        (b'{"name":"x"}', "no CloudTrail record: fewer than two of " + ", ".join(sorted(RECORD_KEYS))),
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
    found = decode(read_contents(b'{"Records":[' + good + b"," + raw + b"," + good + b"]}"))
    assert (found.positions, found.rejects) == ([0, 2], [(1, raw, reason)])


@pytest.mark.parametrize("text", ['x":"y', '{"a":1,"a":2}', "a : b", 'back\\slash":', "\U0001f600", "\0"])
def test_text_that_only_looks_suspicious_is_kept(text: str) -> None:
    assert row(json.dumps(record(userAgent="agent", requestParameters={"policy": text})).encode())["actor"] == "alice"


def test_a_hundred_levels_are_not_too_deep() -> None:
    assert len(decoded(record(new=json.loads("[" * 99 + "]" * 99))).rows) == 1


def test_canonical_content_ignores_order_and_space_and_nothing_else() -> None:
    assert canonical(b'{"b": [1, 2.50], "a": "x"}') == canonical(b'{"a":"x","b":[1,2.50]}')
    different = [b'{"a":1}', b'{"a":1.0}', b'{"a":"1"}', b'{"a":[1]}', b'{"a":null}', b"{}", b'{"a":true}', b'{"a":10}']
    assert len({canonical(raw) for raw in different}) == len(different)
