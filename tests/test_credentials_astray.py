"""Credentials used where or how they should not be: what the views on keys, sessions and their addresses tell."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]
Records = dict[str, dict[str, Any]]

HOME, AWAY, IN_AWS, BY_TOR = "198.51.100.7", "203.0.113.9", "52.94.5.1", "185.220.101.1"
IAM = {"eventSource": "iam.amazonaws.com", "readOnly": False}
STS = {"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole"}
REFUSED = {"errorCode": "AccessDenied"}
LAMBDA = {"userAgent": "Boto3/1.34.0 md/Botocore#1.34.0 exec-env/AWS_Lambda_python3.12"}


def at(clock: str, ip: str = HOME, day: int = 1) -> dict[str, Any]:
    return {"eventTime": f"2024-03-{day:02}T{clock}:00Z", "sourceIPAddress": ip}


def user(name: str, account: str = "111122223333") -> dict[str, Any]:
    """A call of the user's, with a key of its own."""
    identity = {"type": "IAMUser", "principalId": f"AIDA{name.upper():X<16}", "userName": name}
    arn = f"arn:aws:iam::{account}:user/{name}"
    return {"userIdentity": identity | {"arn": arn, "accountId": account, "accessKeyId": f"AKIA{name.upper():X<16}"}}


def session(name: str, role: str = "Deploy", **context: Any) -> dict[str, Any]:
    """A call of a session of the role, with a key of its own."""
    issuer = {"type": "Role", "arn": f"arn:aws:iam::111122223333:role/{role}", "userName": role}
    identity = {
        "type": "AssumedRole",
        "principalId": f"AROADEPLOYXXXXXXXXXX:{name}",
        "arn": f"arn:aws:sts::111122223333:assumed-role/{role}/{name}",
        "accountId": "111122223333",
        "accessKeyId": f"ASIA{name.upper().replace('-', ''):X<16}"[:20],
        "sessionContext": {"sessionIssuer": issuer, **context},
    }
    return {"userIdentity": identity}


def given(lake_of: LakeOf, records: Records) -> Lake:
    return lake_of([{"eventID": name} | changes for name, changes in records.items()])


def rows(lake: Lake, sql: str) -> list[tuple[Any, ...]]:
    """The rows, in order; times as day, hour and minute."""
    told = lake.sql(f"{sql} ORDER BY ALL").rows()
    return [tuple(f"{is_:%d %H:%M}" if isinstance(is_, datetime) else is_ for is_ in row.values()) for row in told]


def handed_out(key: str, expires: str) -> dict[str, Any]:
    """Credentials of the role Deploy, for a session named work."""
    arn = "arn:aws:sts::111122223333:assumed-role/Deploy/work"
    answer = {"credentials": {"accessKeyId": key, "expiration": expires}, "assumedRoleUser": {"arn": arn}}
    request = {"roleArn": "arn:aws:iam::111122223333:role/Deploy", "roleSessionName": "work"}
    return STS | {"requestParameters": request, "responseElements": answer}


def key_for(name: str) -> dict[str, Any]:
    answer = {"accessKey": {"accessKeyId": f"AKIA{name.upper():X<16}", "userName": name}}
    return IAM | {
        "eventName": "CreateAccessKey",
        "requestParameters": {"userName": name},
        "responseElements": answer,
    }


WORK_KEY = "ASIAWORKXXXXXXXXXXXX"
KEY_RECORDS: Records = {
    "handed-out": handed_out(WORK_KEY, "Mar 1, 2024, 11:00:00 AM") | at("10:00"),
    "seen-by-the-other-account": handed_out(WORK_KEY, "Mar 1, 2024, 11:00:00 AM") | at("10:01", AWAY) | user("dave"),
    "used": session("work") | at("10:05"),
    "used-and-refused": session("work") | at("10:06", AWAY) | REFUSED,
    "used-by-aws": session("work") | at("10:05", "AWS Internal", 2),
    "a-day-later-where-it-was": session("work") | at("10:06", AWAY, 2),
    "a-minute-less-than-a-day": session("work") | at("10:04", IN_AWS, 2) | {"eventSource": "s3.amazonaws.com"},
    "a-day-later-elsewhere": session("work") | at("10:06", BY_TOR, 2),
    "and-elsewhere-again": session("work") | at("10:07", "203.0.113.77", 2),
    "without-a-key": {"userIdentity": {"type": "Root", "principalId": "111122223333", "accountId": "111122223333"}},
    "made-for-bob": key_for("bob") | at("09:00", day=3),
    "refused-for-erin": IAM | {"eventName": "CreateAccessKey", "requestParameters": {"userName": "erin"}} | REFUSED,
}


def test_a_key_has_an_owner_an_issue_and_uses_as_far_as_they_are_held(lake_of: LakeOf) -> None:
    lake = given(lake_of, KEY_RECORDS).narrowed(since=datetime(2024, 4, 1))  # noqa: DTZ001
    issue = "issued_at, issued_by, issued_from, issued_action, issued_event_id, expires_at"
    assert rows(lake, f"SELECT access_key_id, owner, account_id, {issue} FROM access_keys") == [
        (
            "AKIABOBXXXXXXXXXXXXX",
            "arn:aws:iam::111122223333:user/bob",
            "111122223333",
            "03 09:00",
            "alice",
            HOME,
            "iam:CreateAccessKey",
            "made-for-bob",
            None,
        ),
        ("AKIADAVEXXXXXXXXXXXX", "dave", "111122223333", None, None, None, None, None, None),
        ("AKIAIOSFODNN7EXAMPLE", "alice", "111122223333", None, None, None, None, None, None),
        (
            WORK_KEY,
            "Deploy/work",
            "111122223333",
            "01 10:00",
            "alice",
            HOME,
            "sts:AssumeRole",
            "handed-out",
            "01 11:00",
        ),
    ]
    use = "first_used, last_used, first_foreign_use, foreign_ip, uses, denied, client_ips, clients, services"
    assert rows(
        lake, f"SELECT {use} FROM access_keys WHERE starts_with(owner, 'Deploy') OR issued_action LIKE 'iam%'"
    ) == [
        (
            "01 10:05",
            "02 10:07",
            "02 10:06",
            BY_TOR,
            7,
            1,
            [BY_TOR, HOME, "203.0.113.77", AWAY, IN_AWS],
            ["cli"],
            ["ec2", "s3"],
        ),
        (None, None, None, None, 0, 0, None, None, None),
    ]


INSTANCE = "i-0123456789abcdef0"
BY_IMDS = {"ec2RoleDelivery": "2.0"}
MACHINE_RECORDS: Records = {
    "instance-at-home": session(INSTANCE) | at("10:00", IN_AWS),
    "instance-stolen": session(INSTANCE) | at("10:05", AWAY),
    "instance-stolen-by-ipv6": session(INSTANCE) | at("10:06", "2001:db8::9"),
    "instance-at-home-again": session(INSTANCE) | at("10:10", IN_AWS),
    "instance-inside": session(INSTANCE) | at("10:05", "10.0.0.7"),
    "moved-from": session("moved", **BY_IMDS) | at("10:00", IN_AWS),
    "moved-to": session("moved", **BY_IMDS) | at("10:05", AWAY),
    "by-tor": session("hidden", **BY_IMDS) | at("10:05", BY_TOR),
    "function": session("thumbs") | LAMBDA | at("10:00", IN_AWS),
    "function-out-of-aws": session("thumbs") | at("10:05", AWAY),
    "function-beside": session("thumbs") | at("10:06", "52.94.5.2"),
    "function-at-a-desk": session("desk") | LAMBDA | at("10:00", AWAY),
    "function-at-another-desk": session("desk") | at("10:05", HOME),
    "function-here": session("wide") | LAMBDA | at("10:00", IN_AWS),
    "function-there": session("wide") | LAMBDA | at("10:05", AWAY),
    "none-yet": session("draft") | at("10:00", IN_AWS),
    "none-now": session("draft") | at("10:05", AWAY),
    "function-by-tor": session("tunnel") | LAMBDA | at("10:00", BY_TOR),
    "role-of-a-person": session("eve") | at("10:00", IN_AWS),
    "role-of-a-person-elsewhere": session("eve") | at("10:05", AWAY),
    "role-of-a-person-again": session("eve") | at("10:10", IN_AWS),
    "person": user("bob") | LAMBDA | at("10:00", IN_AWS),
    "person-elsewhere": user("bob") | at("10:05", AWAY),
}


def test_credentials_of_a_machine_are_astray_where_another_uses_them(lake_of: LakeOf) -> None:
    lake = given(lake_of, MACHINE_RECORDS).narrowed(since=datetime(2024, 4, 1))  # noqa: DTZ001
    columns = "session_id, client_ip, ip_scope, first_used, last_used, other_ips, is_astray"
    assert rows(lake, f"SELECT {columns} FROM machine_origins") == [
        ("ASIADESKXXXXXXXXXXXX", AWAY, "public", "01 10:00", "01 10:00", [], False),
        ("ASIAHIDDENXXXXXXXXXX", BY_TOR, "tor", "01 10:05", "01 10:05", [], True),
        ("ASIAI0123456789ABCDE", "2001:db8::9", "public", "01 10:06", "01 10:06", [], False),
        ("ASIAI0123456789ABCDE", AWAY, "public", "01 10:05", "01 10:05", [IN_AWS], True),
        ("ASIAI0123456789ABCDE", IN_AWS, "aws", "01 10:00", "01 10:10", [], False),
        ("ASIAMOVEDXXXXXXXXXXX", AWAY, "public", "01 10:05", "01 10:05", [], False),
        ("ASIAMOVEDXXXXXXXXXXX", IN_AWS, "aws", "01 10:00", "01 10:00", [], False),
        ("ASIATHUMBSXXXXXXXXXX", AWAY, "public", "01 10:05", "01 10:05", [IN_AWS], True),
        ("ASIATHUMBSXXXXXXXXXX", IN_AWS, "aws", "01 10:00", "01 10:00", [], False),
        ("ASIATUNNELXXXXXXXXXX", BY_TOR, "tor", "01 10:00", "01 10:00", [], False),
        ("ASIAWIDEXXXXXXXXXXXX", AWAY, "public", "01 10:05", "01 10:05", [], False),
        ("ASIAWIDEXXXXXXXXXXXX", IN_AWS, "aws", "01 10:00", "01 10:00", [], False),
    ]


TOKEN = {
    "eventSource": "sso.amazonaws.com",
    "eventName": "GetRoleCredentials",
    "eventType": "AwsServiceEvent",
    "userIdentity": {"type": "IdentityCenterUser", "accountId": "111122223333", "credentialId": "token-1"},
}
CHANGE_RECORDS: Records = {
    "key-here": at("10:00"),
    "key-inside": at("10:01", "10.0.0.7"),
    "key-by-aws": at("10:02", "AWS Internal"),
    "key-there": at("10:03", AWAY) | {"userAgent": "Boto3/1.34.0"},
    "key-still-there": at("10:04", AWAY),
    "key-here-again": at("10:05"),
    "another-key": user("bob") | at("10:05", AWAY),
    "token-here": TOKEN | at("10:00"),
    "token-there": TOKEN | at("10:06", AWAY),
    "no-credentials": {"userIdentity": {"type": "AWSAccount", "accountId": "444455556666"}} | at("10:00"),
    "no-credentials-either": {"userIdentity": {"type": "AWSAccount", "accountId": "444455556666"}} | at("10:01", AWAY),
}


def test_an_address_changes_from_one_call_of_a_key_or_token_to_the_next(lake_of: LakeOf) -> None:
    previous = "previous_time, previous_ip, previous_client, previous_event_id"
    sql = f"SELECT event_id, session_or_token, client_ip, {previous} FROM address_changes"
    lake = given(lake_of, CHANGE_RECORDS)
    here_again = ("key-here-again", "AKIAIOSFODNN7EXAMPLE", HOME, "01 10:04", AWAY, "cli", "key-still-there")
    assert rows(lake, sql) == [
        here_again,
        ("key-there", "AKIAIOSFODNN7EXAMPLE", AWAY, "01 10:00", HOME, "cli", "key-here"),
        ("token-there", "token-1", AWAY, "01 10:00", HOME, "cli", "token-here"),
    ]
    assert rows(lake.narrowed(since=datetime(2024, 3, 1, 10, 4)), sql) == [here_again]  # noqa: DTZ001


def iam(name: str, for_user: str, clock: str, day: int = 5) -> dict[str, Any]:
    return IAM | at(clock, day=day) | {"eventName": name, "requestParameters": {"userName": for_user}}


OTHER_ACCOUNT = {"recipientAccountId": "444455556666"}
BY_ROOT = {"userIdentity": {"type": "Root", "principalId": "111122223333", "accountId": "111122223333"}}
GIVEN_RECORDS: Records = {
    "bob-created": iam("CreateUser", "bob", "10:00", day=1),
    "bob-created-before": iam("CreateUser", "bob", "09:00", day=1),
    "bob-created-in-vain": iam("CreateUser", "bob", "10:00", day=2) | REFUSED,
    "bob-tagged": iam("TagUser", "bob", "10:00", day=2),
    "bob-created-elsewhere": iam("CreateUser", "bob", "10:00", day=2) | OTHER_ACCOUNT,
    "carol-created": iam("CreateUser", "carol", "10:00", day=2),
    "bob-created-afterwards": iam("CreateUser", "bob", "10:03"),
    "bob-elsewhere": user("bob") | at("10:00", AWAY, 3),
    "bob-of-another-account": user("bob", "444455556666") | at("10:00", day=3),
    "bob-there": user("bob") | at("10:01", day=4),
    "bob-there-again": user("bob") | at("10:00", day=6),
    "key-for-bob": iam("CreateAccessKey", "bob", "10:00"),
    "password-for-bob": iam("UpdateLoginProfile", "bob", "10:01") | REFUSED,
    "first-password-of-dave": iam("CreateLoginProfile", "dave", "10:02") | BY_ROOT,
    "key-of-ones-own": iam("CreateAccessKey", "alice", "10:00"),
    "password-deleted": iam("DeleteLoginProfile", "bob", "10:00"),
}


def test_a_credential_for_another_user_tells_how_old_the_user_is_and_whether_it_was_ever_there(lake_of: LakeOf) -> None:
    lake = given(lake_of, GIVEN_RECORDS).narrowed(since=datetime(2024, 3, 5))  # noqa: DTZ001
    columns = "event_id, for_user, outcome, user_created_at, user_seen_there"
    assert rows(lake, f"SELECT {columns} FROM credentials_for_others") == [
        ("first-password-of-dave", "dave", "success", None, None),
        ("key-for-bob", "bob", "success", "01 10:00", "04 10:01"),
        ("password-for-bob", "bob", "denied", "01 10:00", "04 10:01"),
    ]


SSO_ROLE = "AWSReservedSSO_Admin_0123456789abcdef"
FROM_A_PROVIDER = {"additionalEventData": {"SamlProviderArn": "arn:aws:iam::111122223333:saml-provider/Okta"}}


def signs_in(name: str, agent: str = "Mozilla/5.0") -> dict[str, Any]:
    signin = {"eventSource": "signin.amazonaws.com", "eventType": "AwsConsoleSignIn", "readOnly": False}
    return signin | {"eventName": name, "userAgent": agent, "responseElements": {name: "Success"}}


def shell(name: str) -> dict[str, Any]:
    return {"eventSource": "cloudshell.amazonaws.com", "eventName": name, "readOnly": False}


CROSSINGS: dict[str, tuple[dict[str, Any], str]] = {
    "link-made": (session("work") | signs_in("GetSigninToken", "python-requests/2.31.0"), "to-console"),
    "link-made-with-go": (session("work") | signs_in("GetSigninToken", "Go-http-client/2.0"), "to-console"),
    "link-refused": (session("work") | signs_in("GetSigninToken") | REFUSED, "to-console"),
    "link-made-for-a-user": (signs_in("GetSigninToken"), "to-console"),
    "link-of-a-portal-role": (session("eve", SSO_ROLE) | signs_in("GetSigninToken"), "to-console"),
    "link-followed": (session("work") | signs_in("ConsoleLogin"), "to-console"),
    "switched": (session("work") | signs_in("SwitchRole"), "switch"),
    "allowed": (signs_in("AuthorizeOAuth2Access"), "to-keys"),
    "logged-in": (signs_in("CreateOAuth2Token", "aws-cli/2.32.0"), "to-keys"),
    "shell-made": (shell("CreateEnvironment"), "to-keys"),
    "shell-opened": (session("eve", SSO_ROLE) | shell("CreateSession"), "to-keys"),
}
EVERYDAY: Records = {
    "through-the-portal": session("eve", SSO_ROLE) | signs_in("GetSigninToken", "Go-http-client/2.0"),
    "through-the-old-portal": session("eve", SSO_ROLE) | signs_in("GetSigninToken", "Jersey/${project.version}"),
    "from-the-portal": session("eve", SSO_ROLE) | signs_in("ConsoleLogin"),
    "from-a-provider": session("work") | signs_in("ConsoleLogin") | FROM_A_PROVIDER,
    "with-a-password": signs_in("ConsoleLogin"),
    "shell-listed": shell("DescribeEnvironments"),
}


def test_ways_between_keys_and_console_are_told_apart_from_the_everyday_ones(lake_of: LakeOf) -> None:
    lake = given(lake_of, {name: changes for name, (changes, _) in CROSSINGS.items()} | EVERYDAY)
    assert dict(rows(lake, "SELECT event_id, direction FROM console_crossings")) == {
        name: direction for name, (_, direction) in CROSSINGS.items()
    }


def asks(role: str, session_name: str = "work") -> dict[str, Any]:
    request = {"roleArn": f"arn:aws:iam::111122223333:role/{role}", "roleSessionName": session_name}
    return STS | {"requestParameters": request}


BY_EC2 = {
    "userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    "sourceIPAddress": "ec2.amazonaws.com",
}
AGENT = {"eventSource": "ssm.amazonaws.com", "eventName": "UpdateInstanceInformation"}
IMDS_1 = {"ec2RoleDelivery": "1.0"}
SIGN_RECORDS: Records = {
    "handed-out": handed_out(WORK_KEY, "Mar 1, 2024, 11:00:00 AM") | at("10:00"),
    "in-the-last-minute": session("work") | at("11:01", BY_TOR),
    "after-expiry": session("work") | at("11:02", BY_TOR),
    "same-role": session("late") | asks("Deploy") | at("10:00", BY_TOR),
    "another-role": session("late") | asks("Admin") | at("10:00", BY_TOR),
    "passed-to-a-function": session("late") | asks("Deploy") | at("10:00", BY_TOR)
    | {"eventSource": "lambda.amazonaws.com", "eventName": "CreateFunction20150331"},
    "by-the-first-imds": session("old", **IMDS_1) | at("10:00", BY_TOR),
    "by-the-second-imds": session("new", **BY_IMDS) | at("10:00", BY_TOR),
    "agent-by-the-first-imds": session("old", **IMDS_1) | AGENT | at("10:00", BY_TOR),
    "instance-at-a-person": session(INSTANCE) | at("10:00"),
    "instance-at-a-person-and-by-the-first-imds": session("old", **IMDS_1) | at("10:00"),
    "instance-alone": session(INSTANCE) | at("10:00", IN_AWS),
    "another-session-there": session("other") | at("10:00", IN_AWS),
    "session-at-a-person": session("late") | at("10:00"),
    "instance-inside": session(INSTANCE) | at("10:00", "10.0.0.7"),
    "person-inside": user("bob") | at("10:00", "10.0.0.7"),
    "person": user("bob") | at("10:00"),
    "named-so": user("bob") | asks("Deploy", INSTANCE) | at("10:00"),
    "in-another-account": user("bob") | asks("Deploy") | at("10:00") | OTHER_ACCOUNT | {"eventID": "named-so"},
    "named-so-by-ec2": asks("Deploy", INSTANCE) | at("10:00") | BY_EC2,
}  # fmt: skip


def test_each_sign_of_an_odd_session_shows_in_its_call(lake_of: LakeOf) -> None:
    assert rows(given(lake_of, SIGN_RECORDS), "SELECT event_id, sign FROM session_signs") == [
        ("after-expiry", "used after expiry"),
        ("by-the-first-imds", "IMDSv1"),
        ("instance-at-a-person", "at a person's address"),
        ("instance-at-a-person-and-by-the-first-imds", "IMDSv1"),
        ("instance-at-a-person-and-by-the-first-imds", "at a person's address"),
        ("named-so", "named like an instance"),
        ("same-role", "own role again"),
    ]
