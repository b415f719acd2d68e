"""Callers, and calls that hand out credentials, as records write them."""

from typing import Any

from told import Told

Record = dict[str, Any]

HOME, OTHER = "111122223333", "444455556666"
ALICE = {
    "type": "IAMUser",
    "principalId": "AIDAIOSFODNN7EXAMPLE",
    "arn": f"arn:aws:iam::{HOME}:user/alice",
    "accountId": HOME,
    "accessKeyId": "AKIAIOSFODNN7EXAMPLE",
    "userName": "alice",
}
SIGN_IN = {"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"}
ISSUER = {
    "type": "Role",
    "principalId": "AROAIOSFODNN7EXAMPLE",
    "arn": f"arn:aws:iam::{HOME}:role/team/Deploy",
    "accountId": HOME,
    "userName": "Deploy",
}


def in_role(name: str, created: str = "2024-03-01T10:00:00Z", key: str | None = None, **more: Any) -> Record:
    """A session of the role Deploy."""
    return {
        "type": "AssumedRole",
        "principalId": f"AROAIOSFODNN7EXAMPLE:{name}",
        "arn": session_arn(name),
        "accountId": HOME,
        **({"accessKeyId": key} if key else {}),
        "sessionContext": {"sessionIssuer": ISSUER, "attributes": {"creationDate": created}, **more},
    }


def session_arn(name: str) -> str:
    return f"arn:aws:sts::{HOME}:assumed-role/Deploy/{name}"


def sts(api: str, response: Record | None = None, request: Record | None = None, **changes: Any) -> Record:
    said = {"responseElements": response, "requestParameters": request}
    return {"eventSource": "sts.amazonaws.com", "eventName": api, **said, **changes}


def assume(name: str, key: str | None, **changes: Any) -> Record:
    """A call that opened a session of the role Deploy."""
    credentials = {"sessionToken": "x"} | ({"accessKeyId": key} if key else {})
    response = {"credentials": credentials, "assumedRoleUser": {"arn": session_arn(name)}}
    return sts("AssumeRole", response, {"roleArn": ISSUER["arn"], "roleSessionName": name}, **changes)


def links(seen: Told) -> dict[str, tuple[Any, ...]]:
    """By record: the record that opened its session, how that is known, or why it is not."""
    told_as = "split_part(e.event_id, '/', {})"
    rows = seen.lake.sql(
        f"SELECT {told_as.format(2)} AS user, split_part(s.issued_by_event_id, '/', 2) AS issuer, s.link, s.origin"
        " FROM history AS e INNER JOIN session_links AS s ON s.session_id = e.session_id"
        f" WHERE {told_as.format(1)} = $test ORDER BY ALL",
        test=seen.test,
    ).rows()
    return {row["user"]: (row["issuer"], row["link"], row["origin"]) for row in rows}
