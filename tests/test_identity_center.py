"""Events behind which stands a user of Identity Center: by which names, and with which permission set."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

HOME = "111122223333"
USER = "94482488-3041-7055-1111-c90b0a13b6d0"
BEHALF = {
    "onBehalfOf": {"userId": USER, "identityStoreArn": f"arn:aws:identitystore::{HOME}:identitystore/d-1234567890"}
}


def session_of(role: str, **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:sts::{HOME}:assumed-role/{role}/carol@example.com"
    return {
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAIOSFODNN7EXAMPLE:carol@example.com",
            "arn": arn,
            "accountId": HOME,
            "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
            **more,
        }
    }


SET = "AWSReservedSSO_Admin_0123456789abcdef"
EVENTS: dict[str, tuple[dict[str, Any], list[str], str | None]] = {  # the user's names, the permission set
    "in-the-portal": (
        {"userIdentity": {"type": "IdentityCenterUser", "accountId": HOME, **BEHALF}},
        [USER, USER],
        None,
    ),
    "in-the-portal-before-july-2025": (
        {"userIdentity": {"type": "Unknown", "accountId": HOME, "userName": "carol", "principalId": USER}},
        [USER],
        None,
    ),
    "in-an-account": (session_of(SET), ["carol@example.com"], "Admin"),
    "in-an-account-of-a-set-with-a-hyphen": (
        session_of("AWSReservedSSO_Read_Only_fedcba9876543210"),
        ["carol@example.com"],
        "Read_Only",
    ),
    "an-application": (session_of("QueryApp", **BEHALF), [USER], None),
    "a-token-for-an-application": (
        session_of("QueryApp")
        | {
            "eventSource": "sso-oauth.amazonaws.com",
            "eventName": "CreateTokenWithIAM",
            "additionalEventData": {"identitystore:UserId": USER, "identitycenter:CredentialId": "c0ffee"},
        },
        [USER],
        None,
    ),
    "both": (session_of(SET, **BEHALF), ["carol@example.com", USER], "Admin"),
}
OTHERS = {
    "a-role-session-of-that-name": session_of("Deploy"),
    "a-role-named-alike": session_of("MyAWSReservedSSO_Admin_0123456789abcdef"),
    "a-user": {},
}


def test_each_event_of_an_identity_center_user_tells_the_user_and_the_permission_set(lake_of: LakeOf) -> None:
    told = {name: changes for name, (changes, *_) in EVENTS.items()} | OTHERS
    lake = lake_of([changes | {"eventID": name} for name, changes in told.items()])
    rows = lake.sql("SELECT event_id, center_users, permission_set FROM identity_center_events").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {
        name: (names, permission_set) for name, (_, names, permission_set) in EVENTS.items()
    }
