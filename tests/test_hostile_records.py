"""No record, whatever stands in it, is lost or makes a query on other records fail."""

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conftest import LOG_NAME, record, write_log
from hypothesis import given, settings
from hypothesis import strategies as st

from trailquery import open_lake
from trailquery.ingest import ingest

SESSION = {
    "type": "AssumedRole", "principalId": "AROAIOSFODNN7EXAMPLE:x", "accountId": "111122223333", "invokedBy": "AWS Internal",
    "arn": "arn:aws:sts::111122223333:assumed-role/Deploy/x", "accessKeyId": "ASIAIOSFODNN7EXAMPLE", "userName": "x",
    "sessionContext": {
        "sessionIssuer": {"type": "Role", "principalId": "AROAIOSFODNN7EXAMPLE", "arn": "arn:aws:iam::111122223333:role/Deploy"},
        "attributes": {"creationDate": "2024-03-01T10:00:00Z", "mfaAuthenticated": "true"},
        "sourceIdentity": "alice", "ec2RoleDelivery": "2.0",
    },
    "onBehalfOf": {"userId": "u"}, "inScopeOf": {"credentialsIssuedTo": "c"}, "credentialId": "c", "identityProvider": "p",
}  # fmt: skip
EVERYTHING = {
    "userIdentity": SESSION, "errorCode": "AccessDenied", "errorMessage": "not authorized to perform: s3:GetObject on resource: b",
    "resources": [{"ARN": "arn:aws:s3:::b", "accountId": "111122223333", "type": "AWS::S3::Bucket"}],
    "additionalEventData": {"bytesTransferredOut": 1.5, "MFAUsed": "Yes", "SwitchFrom": "x", "vpcEndpointId": "vpce-1"},
    "addendum": {"reason": "UPDATED_DATA", "originalEventID": "x"}, "tlsDetails": {"tlsVersion": "TLSv1.3"},
    "eventContext": {}, "sharedEventID": "s", "vpcEndpointId": "v", "vpcEndpointAccountId": "1", "apiVersion": "1",
    "serviceEventDetails": {"UserAuthentication": "Success"}, "sessionCredentialFromConsole": "true",
}  # fmt: skip
CREDENTIALS = {"accessKeyId": "ASIAI44QH8DHBEXAMPLE", "expiration": "Mar 1, 2024, 11:00:00 AM"}
RULE = {"ipProtocol": "tcp", "fromPort": 22, "toPort": 22, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}}
STATEMENT = {
    "Effect": "Allow",
    "Action": "*",
    "Resource": "*",
    "Principal": {"AWS": "*"},
    "Condition": {"Bool": {"a": "b"}},
}
AVERAGE = {"average": 1.5}
# One record for each view that reads into a request, a response or details.
SOUND = [
    record(**EVERYTHING),
    record(
        eventSource="sts.amazonaws.com", eventName="AssumeRole", responseElements={"credentials": CREDENTIALS},
        requestParameters={"roleArn": "arn:aws:iam::111122223333:role/R", "roleSessionName": "y", "durationSeconds": 900},
    ),
    record(
        eventName="AuthorizeSecurityGroupIngress", readOnly=False,
        requestParameters={"groupId": "sg-1", "ipPermissions": {"items": [RULE]}},
    ),
    record(
        eventSource="s3.amazonaws.com", eventName="PutBucketPolicy", readOnly=False,
        requestParameters={"bucketName": "b", "bucketPolicy": {"Statement": [STATEMENT]}},
    ),
    record(
        eventSource="signin.amazonaws.com", eventName="ConsoleLogin", eventType="AwsConsoleSignIn",
        responseElements={"ConsoleLogin": "Success"}, additionalEventData={"MFAUsed": "No", "LoginTo": "x"},
    ),
    record(
        eventCategory="Insight", sharedEventID="i",
        insightDetails={"state": "Start", "insightContext": {"statistics": {"baseline": AVERAGE}, "attributions": []}},
    ),
]  # fmt: skip
ODD = [
    None, True, 7, -1.5, 10**400, 1e308, "", "x", "\u0000", "\ud800", "1e999", "9999-99-99T00:00:00Z", "0001-01-01T00:00:00+14:00",
    [], [[]], [None], {}, {"a": 1, "A": 2}, {"items": {"items": []}}, json.loads("[" * 120 + "]" * 120), "\U0001f600'\"\\",
]  # fmt: skip
Path_ = tuple[str | int, ...]


def paths(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Where each value lies in a record."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, child in inside:
        if step != "eventID":  # each record is an event of its own
            yield (*path, step)
        yield from paths(child, (*path, step))


def with_value(whole: dict[str, Any], path: Path_, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(whole)
    place: Any = changed
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return changed


PLACES = [(number, path) for number, whole in enumerate(SOUND) for path in paths(whole)]


def hold_all(records: list[dict[str, Any]]) -> None:
    """Every record is in the lake or in rejects with its bytes, every view can be read whole, a sound record is as it was."""
    sound = record(eventID="sound")
    with tempfile.TemporaryDirectory() as folder:
        log = write_log(Path(folder, LOG_NAME), [*records, sound])
        ingest([log], Path(folder, "lake"))
        lake = open_lake(Path(folder, "lake"))
        views = lake.sql("SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND NOT internal").rows()
        for view in views:
            lake.sql(f"SELECT * FROM {view['view_name']}").arrow()
        kept = lake.sql("SELECT raw FROM events UNION ALL SELECT raw FROM variants").rows()
        rejected = lake.sql("SELECT bytes FROM rejects").rows()
        found = {row["raw"].encode() for row in kept} | {row["bytes"] for row in rejected}
        assert found >= {json.dumps(one, separators=(",", ":")).encode() for one in [*records, sound]}
        told = lake.sql("SELECT actor, client_ip, outcome FROM events WHERE event_id = 'sound'").rows()
        assert told == [{"actor": "alice", "client_ip": "198.51.100.7", "outcome": "success"}]


def test_a_wrong_type_in_any_documented_field_costs_no_other_record() -> None:
    odd = [(*place, value) for place in PLACES for value in ODD]
    hold_all(
        [
            with_value(SOUND[base], path, value) | {"eventID": f"odd-{number}"}
            for number, (base, path, value) in enumerate(odd)
        ]
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=())),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@settings(max_examples=2, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=20, max_size=60))
def test_no_record_makes_a_query_on_other_records_fail(odd: list[tuple[tuple[int, Path_], Any]]) -> None:
    hold_all(
        [
            with_value(SOUND[base], path, value) | {"eventID": f"odd-{number}"}
            for number, ((base, path), value) in enumerate(odd)
        ]
    )
