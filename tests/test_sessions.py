"""Credentials, sessions and lineage: who opened what, how that is known, and what is left open."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from conftest import record, write_log

from trailquery import Lake, open_lake
from trailquery.ingest import ingest

SharedLake = Callable[[str], Lake]
LakeOf = Callable[[list[dict[str, Any]]], Lake]
Record = dict[str, Any]
Links = dict[str, tuple[Any, ...]]

HOME, OTHER = "111122223333", "444455556666"
LONG_TERM = "AKIAIOSFODNN7EXAMPLE"
ALICE = {
    "type": "IAMUser",
    "principalId": "AIDAIOSFODNN7EXAMPLE",
    "arn": f"arn:aws:iam::{HOME}:user/alice",
    "accountId": HOME,
    "accessKeyId": LONG_TERM,
    "userName": "alice",
}
BOB = ALICE | {
    "principalId": "AIDABOBBOBBOBEXAMPLE",
    "arn": f"arn:aws:iam::{HOME}:user/bob",
    "accessKeyId": "AKIABOBBOBBOBEXAMPLE",
    "userName": "bob",
}
WORDS = "Mar 1, 2024, 11:00:00\u202fAM"


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


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    folder = tmp_path_factory.mktemp("scenes")
    ingest([write_log(folder / "log.json", [told for records in SCENES.values() for told in records])], folder / "lake")
    return open_lake(folder / "lake")


@pytest.fixture(scope="module")
def every_link(stage: Lake) -> Links:
    rows = stage.sql(
        "SELECT e.event_id, (SELECT min(p.actor) FROM history AS p WHERE p.session_id = s.parent_session_id) AS parent,"
        " split_part(s.issued_by_event_id, '/', 2) AS issued_by_event_id, s.link, s.certainty, s.origin"
        " FROM history AS e INNER JOIN session_links AS s ON s.session_id = e.session_id"
    ).rows()
    return {event: tuple(link) for event, *link in (row.values() for row in rows)}


@pytest.fixture
def links(every_link: Links, request: pytest.FixtureRequest) -> Links:
    """By event of the scene, how its session was opened: parent's actor, event, link, certainty, origin."""
    scenes = ((event.split("/"), link) for event, link in every_link.items())
    return {event: link for (name, event), link in scenes if name == request.function.__name__}


def issued(lake: Lake, columns: str) -> list[tuple[Any, ...]]:
    return [
        tuple(row.values()) for row in lake.sql(f"SELECT {columns} FROM credential_issuance ORDER BY event_id").rows()
    ]


def session_of(lake: Lake, event: str, columns: str) -> tuple[Any, ...]:
    """Columns of the session that made the event."""
    of_event = "session_id = (SELECT session_id FROM history WHERE event_id = $event)"
    (row,) = lake.sql(f"SELECT {columns} FROM sessions WHERE {of_event}", event=event).rows()
    return tuple(row.values())


# ---- what was handed out


KEY = "ASIAIOSFODNN7EXAMPLE"
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


# ---- how a session is known to come from another

APIS = ("AssumeRole", "AssumeRoot", "GetFederationToken", "GetSessionToken")
NOT_HELD = (None, None, None, None, "issuing event not held")


@scene(
    *(hand_out(api, f"ASIA{api:A>16}EXAMPLE", eventID=f"call-{api}") for api in APIS),
    *(
        {"eventID": api, "userIdentity": in_role(f"ASIA{api:A>16}EXAMPLE", "2024-03-01T09:00:00Z", name=api)}
        for api in APIS
    ),
)
def test_the_key_handed_out_links_a_session_to_who_asked_for_it(links: Links) -> None:
    expected = {api: ("alice", f"call-{api}", "access-key", "proven", None) for api in APIS}
    assert {api: links[api] for api in APIS} == expected


CREATED = {"accessKey": {"accessKeyId": BOB["accessKeyId"], "userName": "bob"}}
CREATE_KEY = {"eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey"}


@scene(CREATE_KEY | {"eventID": "create", "responseElements": CREATED}, {"eventID": "use", "userIdentity": BOB})
def test_a_long_term_key_comes_from_the_session_that_created_it(links: Links) -> None:
    assert links == {
        "create": (None, None, None, None, "long-term-key"),
        "use": ("alice", "create", "access-key", "proven", None),
    }


HIDDEN = {"none": None, "words": "HIDDEN_DUE_TO_SECURITY_REASONS", "stars": "ASIA************"}
ROOT_OF_OTHER = {"type": "Root", "principalId": OTHER, "arn": f"arn:aws:iam::{OTHER}:root", "accountId": OTHER}
OFF = [
    (f"{how}-{second}", key, second) for how, key in HIDDEN.items() for second in ("09:59:59", "10:00:00", "10:00:01")
]


@scene(
    *(assume(key, name=name, eventID=f"call-{name}") for name, key, _ in OFF),
    *({"eventID": name, "userIdentity": in_role(KEY, f"2024-03-01T{second}Z", name)} for name, _, second in OFF),
)
def test_where_the_key_is_hidden_arn_and_second_of_issue_link_within_one_second(links: Links) -> None:
    expected = {name: ("alice", f"call-{name}", "arn+time", "inferred", None) for name, _, _ in OFF}
    assert {name: links[name] for name in expected} == expected


@scene(
    hand_out("AssumeRoot", None, eventID="call", requestParameters={"targetPrincipal": OTHER}),
    {"eventID": "use", "userIdentity": temporary(ROOT_OF_OTHER, KEY, "2024-03-01T10:00:00Z")},
)
def test_a_hidden_key_of_another_accounts_root_links_by_the_account_and_the_second(links: Links) -> None:
    assert links["use"] == ("alice", "call", "arn+time", "inferred", None)


@scene(
    assume(None, eventID="call"),
    {"eventID": "late", "userIdentity": in_role(KEY, "2024-03-01T10:00:02Z")},
    {"eventID": "other", "userIdentity": in_role("ASIAOTHEROTHEREXAMPLE", name="other")},
)
def test_two_seconds_apart_or_another_session_name_is_no_link(links: Links) -> None:
    assert (links["late"], links["other"]) == (NOT_HELD, NOT_HELD)


@scene(assume("ASIAOTHEROTHEREXAMPLE", eventID="call"), {"eventID": "use", "userIdentity": in_role(KEY)})
def test_a_call_that_answered_with_another_key_did_not_open_the_session(links: Links) -> None:
    assert links["use"] == NOT_HELD


@scene(
    assume(None, eventID="by-alice"),
    assume(None, eventID="by-bob", eventTime="2024-03-01T10:00:01Z", userIdentity=BOB),
    {"eventID": "use", "userIdentity": in_role(KEY)},
)
def test_several_callers_in_the_same_second_are_ambiguous_and_none_is_guessed(links: Links, stage: Lake) -> None:
    assert links["use"] == (None, None, None, None, "ambiguous: several issuing events")
    scene_name = "test_several_callers_in_the_same_second_are_ambiguous_and_none_is_guessed"
    (candidates,) = session_of(stage, f"{scene_name}/use", "candidate_event_ids")
    assert candidates == [f"{scene_name}/by-alice", f"{scene_name}/by-bob"]


@scene(
    assume(None, eventID="first"),
    assume(None, eventID="again", eventTime="2024-03-01T10:00:01Z"),
    {"eventID": "use", "userIdentity": in_role(KEY)},
)
def test_several_calls_of_one_caller_leave_open_which_call_but_not_who(links: Links) -> None:
    assert links["use"] == ("alice", None, "arn+time", "inferred", None)


REDACTED = ["AKIA****", "ASIA****************", "ASIAIOSF", "HIDDEN_DUE_TO_SECURITY_REASONS", "ASIAXXXXXXXXXXXXXXXX"]


@scene(
    *(assume(key, name=key, eventID=f"call-{key}", userIdentity=BOB | {"accessKeyId": key}) for key in REDACTED),
    *({"eventID": key, "userIdentity": in_role(key, "2024-03-01T08:00:00Z", name=key)} for key in REDACTED),
    assume(KEY, name="child", eventID="call", userIdentity=BOB | {"accessKeyId": "AKIA****"}),
    {"eventID": "child", "userIdentity": in_role(KEY, name="child")},
)
def test_redacted_keys_never_link(links: Links, stage: Lake) -> None:
    assert {links[key] for key in REDACTED} == {(None, None, None, None, "key redacted")}
    assert links["child"] == (None, "call", "access-key", "proven", "key redacted")
    rows = stage.sql(
        "SELECT DISTINCT parent_session_id, parent_access_key_id FROM credential_issuance"
        " WHERE starts_with(event_id, 'test_redacted_keys_never_link/')"
    ).rows()
    assert rows == [{"parent_session_id": None, "parent_access_key_id": None}]


# ---- between accounts: one AssumeRole from HOME into OTHER, as each of them records it


STRANGER = {"type": "AWSAccount", "principalId": "AIDAIOSFODNN7EXAMPLE", "accountId": HOME}
CALLERS_HALF = assume(KEY, account=OTHER, eventID="callers-half", sharedEventID="shared-EXAMPLE")
KEYLESS_HALF = assume(None, account=OTHER, eventID="callers-half", sharedEventID="shared-EXAMPLE")
ROLES_HALF = CALLERS_HALF | {"eventID": "roles-half", "userIdentity": STRANGER, "recipientAccountId": OTHER}
USE_IN_OTHER = {"eventID": "use", "userIdentity": in_role(KEY, account=OTHER), "recipientAccountId": OTHER}


@scene(CALLERS_HALF, ROLES_HALF, USE_IN_OTHER)
def test_a_role_of_another_account_comes_from_the_callers_half_of_the_call(links: Links) -> None:
    assert links["use"] == ("alice", "callers-half", "access-key", "proven", None)


@scene(KEYLESS_HALF, ROLES_HALF, USE_IN_OTHER)
def test_the_shared_event_id_joins_the_half_with_the_key_to_the_half_with_the_caller(links: Links) -> None:
    assert links["use"] == ("alice", "callers-half", "shared-event", "proven", None)


@scene(ROLES_HALF, USE_IN_OTHER)
def test_without_the_callers_half_the_caller_is_in_another_account(links: Links) -> None:
    assert links["use"] == (None, "roles-half", "access-key", "proven", "caller in another account")


# ---- the console

CONSOLE_KEYS = [f"ASIA{number}OSFODNN7EXAMPLE" for number in range(3)]


def test_all_keys_of_one_console_login_are_one_session_with_the_login(lake_of: LakeOf) -> None:
    calls = [{"eventID": key, "userIdentity": temporary(ALICE, key, "2024-03-01T10:00:00Z")} for key in CONSOLE_KEYS]
    lake = lake_of([sign_in(ALICE), *calls])
    rows = lake.sql(
        "SELECT access_key_ids, events, session_kind, link, issued_by_event_id, origin FROM sessions"
    ).rows()
    assert [tuple(row.values()) for row in rows] == [
        (CONSOLE_KEYS, 4, "console", "console-login", "sign-in", "console sign-in")
    ]


@scene(sign_in(ALICE), {"eventID": "use", "userIdentity": temporary(ALICE, KEY, "2024-03-01T10:00:01Z")})
def test_console_credentials_stamped_a_second_off_come_from_the_login(links: Links) -> None:
    assert links["use"] == ("alice", "sign-in", "console-login", "inferred", None)


TOKEN = {
    "eventID": "token",
    "eventTime": "2024-03-01T09:55:00Z",
    "eventSource": "signin.amazonaws.com",
    "eventName": "GetSigninToken",
    "userIdentity": in_role(KEY, "2024-03-01T09:00:00Z"),
    "responseElements": {"GetSigninToken": "Success"},
}


@scene(TOKEN, sign_in(in_role(KEY)))
def test_a_console_opened_with_a_sign_in_token_comes_from_who_asked_for_the_token(links: Links) -> None:
    assert links["sign-in"] == ("Deploy/work", "token", "console-login", "inferred", None)


SWITCH = {
    "eventID": "switch",
    "eventName": "SwitchRole",
    "responseElements": {"SwitchRole": "Success"},
    "additionalEventData": {"SwitchFrom": ALICE["arn"]},
}
SWITCHED = sign_in(in_role(None, role="Admin"), "2024-03-01T11:00:00Z") | SWITCH
YESTERDAY = sign_in(ALICE, "2024-02-29T22:00:00Z") | {"eventID": "yesterday"}


@scene(YESTERDAY, sign_in(ALICE), SWITCHED)
def test_a_switch_of_role_comes_from_the_only_console_session_it_can(links: Links) -> None:
    assert links["switch"] == ("alice", "switch", "console-login", "inferred", None)


@scene(sign_in(ALICE, "2024-03-01T09:00:00Z") | {"eventID": "twice"}, sign_in(ALICE), SWITCHED)
def test_a_switch_of_role_from_one_of_two_console_sessions_is_ambiguous(links: Links) -> None:
    assert links["switch"] == (None, None, None, None, "ambiguous: several issuing events")


# ---- what is above the first session

INSTANCE = "i-0123456789abcdef0"
REFRESHED = ["ASIA1OSFODNN7EXAMPLE", "ASIA2OSFODNN7EXAMPLE"]


@scene(
    assume(KEY, name=INSTANCE, eventID="call", userIdentity=of_service("ec2.amazonaws.com")),
    {"eventID": "use", "userIdentity": in_role(KEY, name=INSTANCE)},
)
def test_a_session_of_a_service_is_said_to_be_issued_by_it(links: Links) -> None:
    assert links["use"] == (None, "call", "access-key", "proven", "issued by an AWS service")


def test_refreshed_keys_of_one_instance_session_are_one_session(lake_of: LakeOf) -> None:
    calls = [
        assume(key, name=INSTANCE, eventID=f"call-{key}", userIdentity=of_service("ec2.amazonaws.com"))
        for key in REFRESHED
    ]
    uses = [{"eventID": key, "userIdentity": in_role(key, name=INSTANCE)} for key in REFRESHED]
    rows = lake_of([*calls, *uses]).sql("SELECT access_key_ids, session_kind, origin FROM sessions").rows()
    assert [tuple(row.values()) for row in rows] == [(REFRESHED, "ec2-instance", "issued by an AWS service")]


SAML = {"type": "SAMLUser", "principalId": "x:alice", "userName": "alice"}
WEB = {"type": "WebIdentityUser", "principalId": "x:y:z", "userName": "z"}


@scene(
    assume(KEY, eventID="a", eventName="AssumeRoleWithSAML", userIdentity=SAML),
    assume(REFRESHED[0], name="web", eventID="b", eventName="AssumeRoleWithWebIdentity", userIdentity=WEB),
    {"eventID": "saml", "userIdentity": in_role(KEY)},
    {"eventID": "web", "userIdentity": in_role(REFRESHED[0], name="web")},
)
def test_a_federated_session_comes_from_its_identity_provider(links: Links) -> None:
    assert links["saml"] == (None, "a", "access-key", "proven", "identity provider")
    assert links["web"] == (None, "b", "access-key", "proven", "identity provider")


SSO_ROLE = "AWSReservedSSO_Admin_0123456789abcdef"
PORTAL = {
    "eventID": "portal",
    "eventSource": "sso.amazonaws.com",
    "eventName": "GetRoleCredentials",
    "userIdentity": {"type": "IdentityCenterUser", "accountId": HOME, "onBehalfOf": {"userId": "u-1"}},
    "responseElements": {"roleCredentials": {"accessKeyId": KEY}},
}


@scene(
    assume(KEY, role=SSO_ROLE, eventID="saml", eventName="AssumeRoleWithSAML", userIdentity=SAML),
    PORTAL,
    {"eventID": "use", "userIdentity": in_role(KEY, role=SSO_ROLE)},
)
def test_an_identity_center_session_comes_from_its_provider_though_two_events_give_its_key(
    links: Links, stage: Lake
) -> None:
    assert links["use"][2:] == ("access-key", "proven", "identity provider")
    scene_name = "test_an_identity_center_session_comes_from_its_provider_though_two_events_give_its_key"
    assert session_of(stage, f"{scene_name}/use", "session_kind") == ("identity-center",)


ANYWHERE = {
    "eventID": "certificate",
    "eventSource": "rolesanywhere.amazonaws.com",
    "eventName": "CreateSession",
    "userIdentity": {"type": "Unknown", "principalId": "00aa", "accountId": HOME},
    "responseElements": {"credentialSet": [{"credentials": {"accessKeyId": KEY}}]},
}


@scene(
    ANYWHERE,
    assume(KEY, eventID="for-it", userIdentity=of_service("rolesanywhere.amazonaws.com")),
    {"eventID": "use", "userIdentity": in_role(KEY)},
)
def test_a_session_opened_with_a_certificate_comes_from_outside_and_not_from_the_service(links: Links) -> None:
    assert links["use"][2:] == ("access-key", "proven", "identity provider")


def test_a_service_that_calls_in_the_role_it_assumed_forwards_no_ones_call(lake_of: LakeOf) -> None:
    cluster = of_service("elasticmapreduce.amazonaws.com")
    use = in_role(None) | {"invokedBy": "elasticmapreduce.amazonaws.com"}
    lake = lake_of([assume(KEY, eventID="call", userIdentity=cluster), {"eventID": "use", "userIdentity": use}])
    assert session_of(lake, "use", "session_kind, link") == ("assumed-role", "arn+time")


FORWARDED = temporary(ALICE, KEY, "2024-03-01T10:00:00Z") | {"invokedBy": "secretsmanager.amazonaws.com"}


@scene(
    {"eventID": "direct", "eventSource": "secretsmanager.amazonaws.com", "eventName": "GetSecretValue"},
    {"eventID": "forwarded", "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "userIdentity": FORWARDED},
)
def test_forwarded_calls_come_from_the_call_that_the_service_forwarded(links: Links) -> None:
    assert links["forwarded"] == ("alice", None, "arn+time", "inferred", None)


def test_a_session_of_forwarded_calls_alone_is_no_person(lake_of: LakeOf) -> None:
    forwarded = FORWARDED | {"invokedBy": "AWS Internal"}
    lake = lake_of([{"eventID": "use", "userIdentity": forwarded, "sourceIPAddress": "AWS Internal"}])
    assert session_of(lake, "use", "session_kind, origin, client_ips") == (
        "forwarded",
        "forwarded by an AWS service",
        [],
    )


def test_a_service_linked_role_is_assumed_by_its_service_alone(lake_of: LakeOf) -> None:
    user = in_role(None, role="AWSServiceRoleForRDS")
    user["sessionContext"]["sessionIssuer"]["arn"] = (
        f"arn:aws:iam::{HOME}:role/aws-service-role/rds.amazonaws.com/AWSServiceRoleForRDS"
    )
    lake = lake_of([{"eventID": "use", "userIdentity": user | {"invokedBy": "rds.amazonaws.com"}}])
    assert session_of(lake, "use", "session_kind, origin") == ("service-linked", "issued by an AWS service")


# ---- lineage


def chain_of(length: int) -> list[Record]:
    """alice assumes role R1, R1 assumes R2, and so on."""
    keys = [f"ASIA{number:09}EXAMPLE" for number in range(length + 1)]
    callers = [ALICE, *(in_role(keys[number], role=f"R{number}") for number in range(1, length + 1))]
    calls = [
        assume(keys[number + 1], role=f"R{number + 1}", eventID=f"assume-{number + 1}", userIdentity=callers[number])
        for number in range(length)
    ]
    return [*calls, {"eventID": "use", "userIdentity": callers[-1]}]


@pytest.fixture
def ancestors(stage: Lake, request: pytest.FixtureRequest) -> list[tuple[Any, ...]]:
    """Lineage of the session that made the scene's event `use`: actor, depth, ends, length of the path."""
    rows = stage.sql(
        "SELECT (SELECT min(h.actor) FROM history AS h WHERE h.session_id = l.ancestor_session_id) AS actor,"
        " l.depth, l.ends, len(l.path) AS steps FROM session_lineage AS l"
        " WHERE l.session_id = (SELECT session_id FROM history WHERE event_id = $event) ORDER BY l.depth",
        event=f"{request.function.__name__}/use",
    ).rows()
    return [tuple(row.values()) for row in rows]


@scene(*chain_of(2))
def test_the_lineage_of_a_role_chain_goes_up_to_the_long_term_key(ancestors: list[tuple[Any, ...]]) -> None:
    assert ancestors == [("R2/work", 0, None, 1), ("R1/work", 1, None, 2), ("alice", 2, "origin", 3)]


def test_the_lineage_of_a_role_chain_goes_down_to_all_that_came_of_a_key(lake_of: LakeOf) -> None:
    rows = lake_of(chain_of(2)).sql(
        "SELECT depth, ends FROM session_lineage WHERE ancestor_session_id = $key ORDER BY depth", key=LONG_TERM
    )
    assert [row["depth"] for row in rows.rows()] == [0, 1, 2]


@scene(*chain_of(14))
def test_a_lineage_ends_after_twelve_steps_and_says_so(ancestors: list[tuple[Any, ...]]) -> None:
    assert [step[1] for step in ancestors] == list(range(13))
    assert [step[2] for step in ancestors] == [None] * 12 + ["depth"]


ONE, TWO = (in_role(key, role=role) for key, role in zip(REFRESHED, ("One", "Two"), strict=True))


@scene(
    assume(REFRESHED[1], role="Two", eventID="use", userIdentity=ONE),
    assume(REFRESHED[0], role="One", eventID="two-opens-one", userIdentity=TWO),
)
def test_a_cycle_ends_where_it_closes(ancestors: list[tuple[Any, ...]]) -> None:
    assert ancestors == [("One/work", 0, None, 1), ("Two/work", 1, "cycle", 2)]


@scene(assume(KEY, eventID="use", userIdentity=in_role(KEY)))
def test_a_session_that_hands_itself_its_own_key_is_not_its_own_parent(ancestors: list[tuple[Any, ...]]) -> None:
    assert ancestors == [("Deploy/work", 0, "not held", 1)]


def test_a_parent_out_of_scope_is_found_all_the_same(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            assume(KEY, eventID="call", eventTime="2024-03-01T08:00:00Z"),
            {"eventID": "use", "userIdentity": in_role(KEY, "2024-03-01T08:00:00Z")},
        ]
    ).narrowed(since=datetime(2024, 3, 1, 9))  # noqa: DTZ001 (a scope is naive UTC)
    assert session_of(lake, "use", "parent_session_id") == (LONG_TERM,)
    assert issued(lake, "event_id") == []


def test_the_source_identity_survives_the_chain_of_roles(lake_of: LakeOf) -> None:
    first, second = "ASIA1OSFODNN7EXAMPLE", "ASIA2OSFODNN7EXAMPLE"
    one, two = in_role(first, role="One"), in_role(second, role="Two")
    for role in (one, two):
        role["sessionContext"]["sourceIdentity"] = "alice"
    lake = lake_of(
        [
            assume(first, role="One", eventID="a", asked={"sourceIdentity": "alice"}),
            assume(second, role="Two", eventID="b", userIdentity=one),
            {"eventID": "c", "userIdentity": two},
        ]
    )
    assert issued(lake, "event_id, source_identity") == [("a", "alice"), ("b", "alice")]
    rows = lake.sql("SELECT DISTINCT source_identity FROM sessions WHERE identity_type = 'AssumedRole'").rows()
    assert rows == [{"source_identity": "alice"}]


def test_deleting_a_key_does_not_end_the_sessions_it_opened(lake_of: LakeOf) -> None:
    lake = lake_of(
        [
            assume(KEY, eventID="call"),
            {
                "eventID": "delete",
                "eventTime": "2024-03-01T10:10:00Z",
                "eventSource": "iam.amazonaws.com",
                "eventName": "DeleteAccessKey",
                "requestParameters": {"accessKeyId": LONG_TERM},
                "userIdentity": BOB,
            },
            {"eventID": "after", "eventTime": "2024-03-01T10:50:00Z", "userIdentity": in_role(KEY)},
        ]
    )
    rows = lake.sql(
        "SELECT s.actor, i.expires_at FROM session_lineage AS d"
        " INNER JOIN sessions AS s ON s.session_id = d.session_id"
        " INNER JOIN credential_issuance AS i ON i.event_id = s.issued_by_event_id"
        " INNER JOIN events AS e ON e.event_id = 'delete' AND s.last_seen > e.event_time"
        " WHERE d.ancestor_session_id = $key AND d.depth > 0",
        key=LONG_TERM,
    ).rows()
    assert rows == [{"actor": "Deploy/work", "expires_at": datetime(2024, 3, 1, 11, tzinfo=UTC)}]


# ---- sessions and principals, counted


def test_a_session_counts_what_it_did_and_from_where(lake_of: LakeOf) -> None:
    user = in_role(KEY)
    lake = lake_of(
        [
            {"eventID": "a", "userIdentity": user},
            {"eventID": "b", "userIdentity": user, "readOnly": False, "sourceIPAddress": "198.51.100.9"},
            {"eventID": "c", "userIdentity": user, "errorCode": "AccessDenied", "eventTime": "2024-03-01T10:30:00Z"},
        ]
    )
    rows = lake.sql(
        "SELECT actor, account_id, session_kind, created_at, last_seen, events, writes, denied, client_ips, clients, mfa FROM sessions"
    ).rows()
    first, last = datetime(2024, 3, 1, 10, tzinfo=UTC), datetime(2024, 3, 1, 10, 30, tzinfo=UTC)
    assert [tuple(row.values()) for row in rows] == [
        ("Deploy/work", HOME, "assumed-role", first, last, 3, 1, 1, ["198.51.100.7", "198.51.100.9"], ["cli"], False)
    ]


def test_long_term_and_temporary_keys_of_one_user_are_sessions_of_two_kinds(lake_of: LakeOf) -> None:
    lake = lake_of([{"eventID": "a"}, {"eventID": "b", "userIdentity": temporary(ALICE, KEY, "2024-03-01T10:00:00Z")}])
    rows = lake.sql("SELECT session_kind FROM sessions ORDER BY session_kind").rows()
    assert [row["session_kind"] for row in rows] == ["long-term-key", "session-token"]


def test_a_principal_is_one_row_over_its_sessions_and_federated_users(lake_of: LakeOf) -> None:
    federated = {
        "type": "FederatedUser",
        "principalId": f"{HOME}:guest",
        "arn": f"arn:aws:sts::{HOME}:federated-user/guest",
        "accountId": HOME,
    }
    issuer = {"type": "IAMUser", "principalId": ALICE["principalId"], "arn": ALICE["arn"], "accountId": HOME}
    lake = lake_of(
        [
            {"eventID": "a"},
            {"eventID": "b", "userIdentity": temporary(federated, KEY, "2024-03-01T10:00:00Z", sessionIssuer=issuer)},
            {"eventID": "c", "userIdentity": STRANGER, "recipientAccountId": OTHER, "errorCode": "AccessDenied"},
            {"eventID": "d", "userIdentity": in_role("ASIA1OSFODNN7EXAMPLE", name="one")},
            {"eventID": "e", "userIdentity": in_role("ASIA2OSFODNN7EXAMPLE", name="two")},
        ]
    )
    rows = lake.sql(
        "SELECT principal_key, identity_type, arn, name, events, denied, sessions FROM principals ORDER BY principal_key"
    ).rows()
    assert [tuple(row.values()) for row in rows] == [
        (ALICE["principalId"], "IAMUser", ALICE["arn"], "alice", 3, 1, 2),
        (f"AROADeploy{HOME}", "AssumedRole", f"arn:aws:iam::{HOME}:role/Deploy", "Deploy", 2, 0, 2),
    ]


# ---- anything may stand in a record

ODD = [None, True, 7, "", "x", [], [[]], {}, ["ASIA"], {"accessKeyId": ["ASIA"]}, {"credentials": []}, "\u0000'\""]


def test_no_value_of_any_json_type_breaks_a_view(lake_of: LakeOf) -> None:
    nested = [{"credentials": {"accessKeyId": odd, "expiration": odd}, "assumedRoleUser": odd} for odd in ODD]
    requests = [
        {"roleArn": odd, "policy": odd, "policyArns": odd, "durationSeconds": odd, "userName": odd} for odd in ODD
    ]
    records = [
        {
            "eventID": f"{api}-{number}",
            "eventSource": f"{service}.amazonaws.com",
            "eventName": api,
            "responseElements": odd,
            "requestParameters": requests[number % len(ODD)] if number % 2 else odd,
            "additionalEventData": {"SwitchFrom": odd},
        }
        for service, api in [*((service, api) for service, api, _ in HANDED_OUT), ("signin", "SwitchRole")]
        for number, odd in enumerate([*ODD, *nested])
    ]
    lake = lake_of(records)
    assert len(lake.sql("SELECT * FROM credential_issuance")) == len(HANDED_OUT) * 2 * len(ODD)
    for view in ("session_links", "sessions", "session_lineage", "principals"):
        lake.sql(f"SELECT * FROM {view}").rows()


def test_each_view_has_a_sentence_for_itself_and_for_every_column(lake_of: LakeOf) -> None:
    lake = lake_of([])
    views = "('credential_issuance', 'session_links', 'session_lineage', 'sessions', 'principals')"
    commented = lake.sql(
        f"SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' AND view_name IN {views} AND comment IS NOT NULL"
    ).rows()
    silent = lake.sql(
        f"SELECT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name IN {views} AND comment IS NULL"
    ).rows()
    assert (len(commented), silent) == (5, [])


# ---- a real recording


def test_each_role_session_of_the_recorded_attack_leads_to_the_attackers_key(shared_lake: SharedLake) -> None:
    rows = shared_lake("invictus").sql(
        "SELECT count(*) AS sessions, list(DISTINCT parent_session_id) AS parents FROM sessions"
        " WHERE issued_by = 'bert-jan' AND link = 'access-key'"
    )
    assert [tuple(row.values()) for row in rows.rows()] == [(5, ["AKIATFQR7NSC8Q4X20BJ"])]


def test_the_recorded_console_login_is_one_session_of_its_twenty_one_keys(shared_lake: SharedLake) -> None:
    rows = shared_lake("invictus").sql(
        "SELECT len(access_key_ids) AS keys, session_kind, link FROM sessions WHERE created_at = '2023-07-10 12:27:45'"
    )
    assert [tuple(row.values()) for row in rows.rows()] == [(21, "console", "console-login")]


def test_the_recorded_sessions_of_forwarded_calls_are_told_from_persons(shared_lake: SharedLake) -> None:
    rows = shared_lake("invictus").sql(
        "SELECT session_kind, count(*) AS sessions, count(parent_session_id) AS linked FROM sessions"
        " WHERE actor IN ('bert-jan', 'benjamin') GROUP BY session_kind ORDER BY session_kind"
    )
    assert [tuple(row.values()) for row in rows.rows()] == [
        ("console", 3, 0),
        ("forwarded", 8, 6),
        ("long-term-key", 3, 0),
    ]
