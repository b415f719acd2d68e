"""Scenes of who opened which session, as records tell them; one lake holds the scenes of all tests."""

import json
from collections.abc import Callable
from typing import Any

from callers import ALICE, HOME, OTHER
from conftest import record

from trailquery import Lake

SharedLake = Callable[[str], Lake]
LakeOf = Callable[[list[dict[str, Any]]], Lake]
Record = dict[str, Any]
Links = dict[str, tuple[Any, ...]]

LONG_TERM = ALICE["accessKeyId"]
BOB = ALICE | {
    "principalId": "AIDABOBBOBBOBEXAMPLE",
    "arn": f"arn:aws:iam::{HOME}:user/bob",
    "accessKeyId": "AKIABOBBOBBOBEXAMPLE",
    "userName": "bob",
}
KEY = "ASIAIOSFODNN7EXAMPLE"
WORDS = "Mar 1, 2024, 11:00:00\u202fAM"
STRANGER = {"type": "AWSAccount", "principalId": "AIDAIOSFODNN7EXAMPLE", "accountId": HOME}
REFRESHED = ["ASIA1OSFODNN7EXAMPLE", "ASIA2OSFODNN7EXAMPLE"]
CREDENTIALS = {"accessKeyId": KEY, "expiration": WORDS}
HANDED_OUT = [
    ("sts", "AssumeRole", {"credentials": CREDENTIALS}),
    ("sts", "AssumeRoleWithSAML", {"credentials": CREDENTIALS}),
    ("sts", "AssumeRoleWithWebIdentity", {"credentials": CREDENTIALS}),
    ("sts", "AssumeRoot", {"credentials": CREDENTIALS}),
    ("sts", "GetSessionToken", {"credentials": CREDENTIALS}),
    ("sts", "GetFederationToken", {"credentials": CREDENTIALS}),
    ("iam", "CreateAccessKey", {"accessKey": CREDENTIALS}),
    ("signin", "GetSigninToken", {"credentials": CREDENTIALS}),
    ("sso", "GetRoleCredentials", {"roleCredentials": CREDENTIALS}),
    ("cognito-identity", "GetCredentialsForIdentity", {"credentials": CREDENTIALS}),
    ("rolesanywhere", "CreateSession", {"credentialSet": [{"credentials": CREDENTIALS}]}),
    ("eks-auth", "AssumeRoleForPodIdentity", {"credentials": CREDENTIALS}),
    ("s3", "GetDataAccess", {"Credentials": {"AccessKeyId": KEY, "Expiration": WORDS}}),
    ("signin", "CreateOAuth2Token", {"credentials": CREDENTIALS}),
]


def temporary(identity: Record, key: str | None, created: str, **context: Any) -> Record:
    """`identity` with temporary credentials issued at `created`."""
    session = {"attributes": {"creationDate": created, "mfaAuthenticated": "false"}, **context}
    plain = {name: value for name, value in identity.items() if name != "accessKeyId"}
    return plain | {"sessionContext": session} | ({"accessKeyId": key} if key else {})


def in_role(
    key: str | None,
    created: str = "2024-03-01T10:00:00Z",
    name: str = "work",
    role: str = "Deploy",
    account: str = HOME,
) -> Record:
    """A session of a role."""
    issuer = {"type": "Role", "principalId": f"AROA{role}{account}", "arn": f"arn:aws:iam::{account}:role/{role}"}
    who = {
        "type": "AssumedRole",
        "principalId": f"AROA{role}{account}:{name}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{name}",
        "accountId": account,
    }
    return temporary(who, key, created, sessionIssuer=issuer | {"accountId": account, "userName": role})


def hand_out(api: str, key: str | None, **changes: Any) -> Record:
    """A call of STS that answers with `key`."""
    credentials = {"expiration": WORDS, "sessionToken": "x"} | ({"accessKeyId": key} if key else {})
    response = {"credentials": credentials} | changes.pop("answer", {})
    return {"eventSource": "sts.amazonaws.com", "eventName": api, "responseElements": response} | changes


def assume(
    key: str | None,
    name: str = "work",
    role: str = "Deploy",
    account: str = HOME,
    asked: Record | None = None,
    **changes: Any,
) -> Record:
    """An AssumeRole that answers with `key`."""
    arn = f"arn:aws:sts::{account}:assumed-role/{role}/{name}"
    request = {"roleArn": f"arn:aws:iam::{account}:role/{role}", "roleSessionName": name, **(asked or {})}
    return hand_out("AssumeRole", key, requestParameters=request, answer={"assumedRoleUser": {"arn": arn}}) | changes


def sign_in(identity: Record, at: str = "2024-03-01T10:00:00Z", **changes: Any) -> Record:
    """A successful sign-in to the console; it is signed by no key."""
    plain = {name: value for name, value in identity.items() if name not in ("accessKeyId", "sessionContext")}
    return {
        "eventID": "sign-in",
        "eventTime": at,
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "eventType": "AwsConsoleSignIn",
        "userIdentity": plain,
        "responseElements": {"ConsoleLogin": "Success"},
    } | changes


def of_service(name: str) -> Record:
    return {"type": "AWSService", "invokedBy": name}


SCENES: dict[str, list[Record]] = {}


def scene(*records: Record) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """What the test is told about: one lake holds the scenes of all tests, each with accounts and keys of its own."""

    def register(test: Callable[..., None]) -> Callable[..., None]:
        number, name = len(SCENES), test.__name__
        text = json.dumps([record(**changes) for changes in records]).replace("EXAMPLE", f"{number:07}")
        text = text.replace(HOME, f"1111{number:08}").replace(OTHER, f"4444{number:08}")
        SCENES[name] = [told | {"eventID": f"{name}/{told['eventID']}"} for told in json.loads(text)]
        return test

    return register


def issued(lake: Lake, columns: str) -> list[tuple[Any, ...]]:
    return [
        tuple(row.values()) for row in lake.sql(f"SELECT {columns} FROM credential_issuance ORDER BY event_id").rows()
    ]


def session_of(lake: Lake, event: str, columns: str) -> tuple[Any, ...]:
    """Columns of the session that made the event."""
    of_event = "session_id = (SELECT session_id FROM history WHERE event_id = $event)"
    (row,) = lake.sql(f"SELECT {columns} FROM sessions WHERE {of_event}", event=event).rows()
    return tuple(row.values())
