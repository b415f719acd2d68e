"""What was handed out: keys, to whom, until when."""

from datetime import UTC, datetime

from scenes import (
    ALICE,
    BOB,
    HANDED_OUT,
    HOME,
    KEY,
    LONG_TERM,
    OTHER,
    LakeOf,
    assume,
    hand_out,
    issued,
)


def test_every_api_that_hands_out_a_key_is_an_issuance_with_that_key_and_its_end(lake_of: LakeOf) -> None:
    calls = [
        {"eventID": api, "eventSource": f"{service}.amazonaws.com", "eventName": api, "responseElements": response}
        for service, api, response in HANDED_OUT
    ]
    lake = lake_of([*calls, {"eventID": "no-issuance", "eventName": "ListAccessKeys"}])
    expected = sorted((api, KEY, datetime(2024, 3, 1, 11, tzinfo=UTC)) for _, api, _ in HANDED_OUT)
    assert issued(lake, "event_id, child_access_key_id, expires_at") == expected


MOMENTS = [
    "Mar 1, 2024, 11:00:00\u202fAM",
    "Mar 1, 2024, 11:00:00 AM",
    "Mar 1, 2024 11:00:00 AM",
    "2024-03-01T11:00:00Z",
    "1709290800",
    1709290800,
    "1709290800000",
    1709290800000,
]


def test_every_spelling_of_an_expiration_is_the_same_moment(lake_of: LakeOf) -> None:
    answers = [{"credentials": {"accessKeyId": KEY, "expiration": moment}} for moment in MOMENTS]
    lake = lake_of([hand_out("GetSessionToken", KEY, answer=answer, eventID=str(answer)) for answer in answers])
    assert issued(lake, "expires_at") == [(datetime(2024, 3, 1, 11, tzinfo=UTC),)] * len(MOMENTS)


def test_an_issuance_tells_who_asked_for_what_under_which_conditions(lake_of: LakeOf) -> None:
    asked = {
        "externalId": "x-1",
        "serialNumber": "arn:aws:iam::111122223333:mfa/alice",
        "sourceIdentity": "alice@example.com",
        "policy": '{"Statement": []}',
        "policyArns": [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}],
        "durationSeconds": 900,
    }
    lake = lake_of([assume(KEY, asked=asked)])
    columns = (
        "issued_at", "actor", "parent_session_id", "parent_access_key_id", "child_arn", "role_arn", "session_name",
        "source_identity", "external_id", "mfa_serial", "session_policy", "session_policy_arns", "duration_seconds",
    )  # fmt: skip
    assert issued(lake, ", ".join(columns)) == [
        (
            datetime(2024, 3, 1, 10, tzinfo=UTC),
            "alice",
            LONG_TERM,
            LONG_TERM,
            f"arn:aws:sts::{HOME}:assumed-role/Deploy/work",
            f"arn:aws:iam::{HOME}:role/Deploy",
            "work",
            "alice@example.com",
            "x-1",
            f"arn:aws:iam::{HOME}:mfa/alice",
            '{"Statement": []}',
            ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            900,
        )
    ]


def test_identity_center_tells_the_permission_set_and_in_older_records_the_user(lake_of: LakeOf) -> None:
    portal = {"eventSource": "sso.amazonaws.com", "eventName": "GetRoleCredentials", "eventType": "AwsServiceEvent"}
    taken = {"serviceEventDetails": {"role_name": "Admin", "account_id": OTHER}}
    older = {"type": "Unknown", "accountId": HOME, "userName": "bob", "principalId": "x"}
    newer = {"type": "IdentityCenterUser", "accountId": HOME, "onBehalfOf": {"userId": "u-1"}}
    lake = lake_of(
        [
            portal | taken | {"eventID": "a", "userIdentity": older},
            portal | taken | {"eventID": "b", "userIdentity": newer},
            portal | {"eventID": "c", "userIdentity": newer, "requestParameters": {"roleName": "Audit"}},
            assume(KEY, eventID="d"),
            hand_out("GetSessionToken", KEY, eventID="e", requestParameters={"roleName": "none"}),
        ]
    )
    assert issued(lake, "event_id, role_name, role_arn, session_name") == [
        ("a", "Admin", None, "bob"),
        ("b", "Admin", None, None),
        ("c", "Audit", None, None),
        ("d", "Deploy", f"arn:aws:iam::{HOME}:role/Deploy", "work"),
        ("e", None, None, None),
    ]


def test_a_refused_request_for_credentials_is_an_issuance_of_nothing(lake_of: LakeOf) -> None:
    message = f"User: {ALICE['arn']} is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::{OTHER}:role/Admin"
    refused = {"errorCode": "AccessDenied", "errorMessage": message, "responseElements": None}
    lake = lake_of([assume(None) | refused | {"requestParameters": None}])
    assert issued(lake, "outcome, role_arn, child_arn, child_access_key_id") == [
        ("denied", f"arn:aws:iam::{OTHER}:role/Admin", None, None)
    ]


def test_the_child_of_a_call_acts_as_whom_the_call_names(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            hand_out("GetSessionToken", KEY, eventID="a-token"),
            hand_out("AssumeRoot", KEY, eventID="b-root", requestParameters={"targetPrincipal": OTHER}),
            hand_out("CreateAccessKey", None, eventID="c-own-key", eventSource="iam.amazonaws.com"),
            hand_out(
                "CreateAccessKey",
                None,
                eventID="d-key",
                eventSource="iam.amazonaws.com",
                requestParameters={"userName": "bob"},
            ),
        ]
    )
    assert issued(lake, "event_id, child_arn") == [
        ("a-token", ALICE["arn"]),
        ("b-root", f"arn:aws:iam::{OTHER}:root"),
        ("c-own-key", ALICE["arn"]),
        ("d-key", BOB["arn"]),
    ]
