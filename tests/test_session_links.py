"""How a session is known to come from another, and what is left open."""

from scenes import (
    ALICE,
    BOB,
    HOME,
    KEY,
    OTHER,
    REFRESHED,
    STRANGER,
    LakeOf,
    Links,
    assume,
    hand_out,
    in_role,
    of_service,
    scene,
    session_of,
    sign_in,
    temporary,
)

from trailquery import Lake

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


@scene(
    assume("ASIAOTHEROTHEREXAMPLE", role=SSO_ROLE, eventID="saml", eventName="AssumeRoleWithSAML", userIdentity=SAML),
    {"eventID": "exchanged", "userIdentity": in_role(KEY, role=SSO_ROLE)},
    {"eventID": "later", "userIdentity": in_role(REFRESHED[0], "2024-03-01T10:00:02Z", role=SSO_ROLE)},
)
def test_identity_center_may_exchange_the_key_of_its_provider_for_one_of_the_same_second(links: Links) -> None:
    assert links["exchanged"] == (None, "saml", "arn+time", "inferred", "identity provider")
    assert links["later"] == NOT_HELD


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


CLICKED = temporary(ALICE, REFRESHED[0], "2018-03-01T09:00:00Z") | {"invokedBy": "signin.amazonaws.com"}


def test_a_console_session_of_old_is_a_person_with_and_without_an_address(lake_of: LakeOf) -> None:
    clicked = {"eventID": "clicked", "userIdentity": CLICKED, "userAgent": "signin.amazonaws.com"}
    for source in ("198.51.100.7", "signin.amazonaws.com"):
        lake = lake_of([clicked | {"sourceIPAddress": source}])
        asked = "session_kind, from_console, origin, clients"
        assert session_of(lake, "clicked", asked) == ("console", True, "issuing event not held", ["console"])


@scene(
    {
        "eventID": "clicked",
        "eventSource": "secretsmanager.amazonaws.com",
        "eventName": "GetSecretValue",
        "userIdentity": CLICKED,
    },
    {"eventID": "forwarded", "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "userIdentity": FORWARDED},
)
def test_forwarded_calls_come_from_a_click_in_the_console_of_old(links: Links) -> None:
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
