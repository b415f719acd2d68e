"""Access keys that were handed out and of which no use is held: they may still work."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

USED, UNUSED = "AKIAI44QH8DHBEXAMPLE", "AKIAJ55QH8DHBEXAMPLE"
BOB = {"type": "IAMUser", "principalId": "AIDACKCEVSQ6C2EXAMPLE", "arn": "arn:aws:iam::111122223333:user/bob"}


def made(key: str) -> dict[str, Any]:
    return {
        "eventSource": "iam.amazonaws.com",
        "eventName": "CreateAccessKey",
        "readOnly": False,
        "requestParameters": {"userName": "bob"},
        "responseElements": {"accessKey": {"accessKeyId": key, "userName": "bob", "status": "Active"}},
    }


def test_a_key_of_which_no_use_is_held_is_unused_whatever_the_scope(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            made(USED) | {"eventID": "makes-a-key-that-is-used"},
            made(UNUSED) | {"eventID": "makes-a-key-that-is-not"},
            {"eventID": "uses-it", "eventTime": "2024-03-09T10:00:00Z", "userIdentity": BOB | {"accessKeyId": USED}},
            {"eventID": "signed-with-none", "userIdentity": BOB},
            made(USED) | {"eventID": "refused", "errorCode": "AccessDenied", "responseElements": None},
        ]
    ).narrowed(since=datetime(2024, 3, 2), until=datetime(2024, 3, 3))  # noqa: DTZ001 (a scope is naive UTC)
    rows = lake.sql("SELECT event_id, issued_key_id FROM unused_keys").rows()
    assert rows == [{"event_id": "makes-a-key-that-is-not", "issued_key_id": UNUSED}]
