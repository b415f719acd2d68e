"""What makes the obvious query on CloudTrail wrong: who called, and with which credentials."""

from datetime import UTC, datetime
from typing import Any

from told import Told, told

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


# ---- 12. identity types; every one with all its columns is in test_identities


FEDERATED = {
    "type": "FederatedUser",
    "principalId": f"{HOME}:carol",
    "arn": f"arn:aws:sts::{HOME}:federated-user/carol",
    "accountId": HOME,
    "sessionContext": {"sessionIssuer": {"type": "IAMUser", "principalId": ALICE["principalId"], "userName": "alice"}},
}


@told(
    user={"userIdentity": ALICE},
    root={"userIdentity": {"type": "Root", "principalId": HOME, "arn": f"arn:aws:iam::{HOME}:root", "accountId": HOME}},
    role={"userIdentity": in_role("work")},
    federated={"userIdentity": FEDERATED},
    account={"userIdentity": {"type": "AWSAccount", "principalId": "AROAOTHERACCOUNTXXXX:x", "accountId": OTHER}},
    service={"userIdentity": {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}},
    saml={"userIdentity": {"type": "SAMLUser", "principalId": "q:dave", "userName": "dave", "identityProvider": "q"}},
    identity_center={
        "userIdentity": {"type": "IdentityCenterUser", "onBehalfOf": {"userId": "user-1"}},
        "eventSource": "signin.amazonaws.com",
        "eventName": "CredentialChallenge",
        "additionalEventData": {"UserName": "erin"},
    },
    identity_center_before={"userIdentity": {"type": "Unknown", "principalId": "user-1", "userName": "erin"}},
    directory={"userIdentity": {"type": "Directory", "userName": "frank", "accountId": HOME}},
    service_event={"userIdentity": {"accountId": HOME, "invokedBy": "kms.amazonaws.com"}},
    nobody={"userIdentity": None, "eventSource": "kms.amazonaws.com"},
)
def test_every_type_of_identity_has_an_actor_and_a_key_to_group_by(seen: Told) -> None:
    assert seen.each("identity_type, actor, principal_key") == {
        "user": ("IAMUser", "alice", "AIDAIOSFODNN7EXAMPLE"),
        "root": ("Root", "root", f"{HOME}:root"),
        "role": ("AssumedRole", "Deploy/work", "AROAIOSFODNN7EXAMPLE"),
        "federated": ("FederatedUser", "federated/carol", "AIDAIOSFODNN7EXAMPLE"),
        "account": ("AWSAccount", f"account {OTHER}", "AROAOTHERACCOUNTXXXX"),
        "service": ("AWSService", "ec2.amazonaws.com", "ec2.amazonaws.com"),
        "saml": ("SAMLUser", "dave@q", "q:dave"),
        "identity_center": ("IdentityCenterUser", "sso/erin", "user-1"),
        "identity_center_before": ("Unknown", "erin", "user-1"),
        "directory": ("Directory", "frank", "frank"),
        "service_event": ("AWSService", "kms.amazonaws.com", "kms.amazonaws.com"),
        "nobody": ("Unknown", "kms.amazonaws.com", "kms.amazonaws.com"),
    }
    by_name = seen.found("(raw ->> '$.userIdentity.userName') IS NOT NULL")
    assert by_name == {"user", "saml", "identity_center_before", "directory"}


@told(
    new={"userIdentity": {"type": "AWSAccount", "principalId": "", "accountId": "anonymous"}},
    old={"userIdentity": {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}},
)
def test_an_anonymous_caller_is_of_no_account_and_still_has_a_name(seen: Told) -> None:
    nobody = ("anonymous", "anonymous", None, False)
    columns = "actor, principal_key, actor_account_id, is_cross_account"
    assert seen.each(columns) == {"new": nobody, "old": nobody}


# ---- 13. users have no session issuer


WRITE = {"eventName": "RunInstances", "readOnly": False}
LINKED = {"type": "AssumedRole", "principalId": "AROALINKED:x", "invokedBy": "elasticloadbalancing.amazonaws.com"}


@told(
    user=WRITE | {"userIdentity": ALICE},
    root=WRITE | {"userIdentity": {"type": "Root", "accountId": HOME}},
    role=WRITE | {"userIdentity": in_role("work")},
    service=WRITE | {"userIdentity": LINKED, "sourceIPAddress": "elasticloadbalancing.amazonaws.com"},
)
def test_changes_of_users_and_root_are_kept_although_they_have_no_session_issuer(seen: Told) -> None:
    issuer = "(raw ->> '$.userIdentity.sessionContext.sessionIssuer.userName')"
    assert seen.found(f"{issuer} NOT LIKE 'AWSServiceRole%'") == {"role"}
    assert seen.found("true", "changes") == {"user", "root", "role"}


# ---- 14. the role and the session's name


@told(session={"userIdentity": in_role("anything-at-all")})
def test_the_arn_of_the_role_keeps_the_path_that_the_session_loses(seen: Told) -> None:
    assert seen.each("role_arn, role_name, actor_arn") == {
        "session": (f"arn:aws:iam::{HOME}:role/team/Deploy", "Deploy", session_arn("anything-at-all"))
    }


@told(
    issue=assume("i-0123456789abcdef0", "ASIANAMEDEXAMPLE0001"),
    use={"userIdentity": in_role("i-0123456789abcdef0", key="ASIANAMEDEXAMPLE0001")},
)
def test_a_session_name_is_chosen_by_the_caller_so_the_issuing_event_says_who_it_was(seen: Told) -> None:
    assert seen.each("actor, session_name")["use"] == ("Deploy/i-0123456789abcdef0", "i-0123456789abcdef0")
    assert seen.each("actor, session_name", "credential_issuance") == {"issue": ("alice", "i-0123456789abcdef0")}
    assert links(seen)["use"] == ("issue", "access-key", None)


# ---- 15. hidden names, empty keys


SIGN_IN = {"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin", "eventType": "AwsConsoleSignIn"}
HIDDEN = {"type": "IAMUser", "accountId": HOME, "accessKeyId": "", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}


@told(
    mistyped=SIGN_IN | {"userIdentity": HIDDEN, "responseElements": {"ConsoleLogin": "Failure"}},
    right=SIGN_IN | {"userIdentity": ALICE, "responseElements": {"ConsoleLogin": "Success"}},
)
def test_a_hidden_user_name_is_no_name_and_an_empty_key_is_no_key(seen: Told) -> None:
    assert seen.each("user_name, user_name_hidden, access_key_id") == {
        "mistyped": (None, True, None),
        "right": ("alice", False, "AKIAIOSFODNN7EXAMPLE"),
    }


# ---- 16. forwarded access


TEMPORARY = ALICE | {
    "accessKeyId": "ASIAFORWARDEXAMPLE01",
    "invokedBy": "cloudformation.amazonaws.com",
    "sessionContext": {"attributes": {"creationDate": "2024-03-01T09:00:00Z"}},
}


@told(
    one={"userIdentity": TEMPORARY, "sourceIPAddress": "cloudformation.amazonaws.com"},
    two={"userIdentity": TEMPORARY | {"invokedBy": "AWS Internal"}, "sourceIPAddress": "AWS Internal"},
)
def test_a_session_of_nothing_but_forwarded_calls_is_no_person(seen: Told) -> None:
    assert seen.each("actor, client_ip, is_aws_call") == dict.fromkeys(("one", "two"), ("alice", None, True))
    sql = "SELECT session_kind, events FROM sessions WHERE list_contains(access_key_ids, 'ASIAFORWARDEXAMPLE01')"
    assert [tuple(row.values()) for row in seen.lake.sql(sql).rows()] == [("forwarded", 2)]


# ---- 17. source identity


@told(
    set_now=sts("AssumeRole", {}, {"roleArn": ISSUER["arn"], "roleSessionName": "x", "sourceIdentity": "alice"}),
    carried_on=assume("y", None, userIdentity=in_role("x", sourceIdentity="alice")),
    used={"userIdentity": in_role("y", sourceIdentity="alice")},
)
def test_the_source_identity_is_in_the_request_that_sets_it_and_in_every_session_after(seen: Told) -> None:
    assert seen.each("source_identity") == {"set_now": None, "carried_on": "alice", "used": "alice"}
    issuance = seen.each("source_identity", "credential_issuance")
    assert issuance == {"set_now": "alice", "carried_on": "alice"}


# ---- 18. the key handed out is the key used


def hands_out(source: str, api: str, answer: str, key: str) -> Record:
    issued: Record = {"credentials": {"accessKeyId": key}} if answer == "credentialSet" else {"accessKeyId": key}
    return {
        "eventSource": f"{source}.amazonaws.com",
        "eventName": api,
        "responseElements": {answer: [issued] if answer == "credentialSet" else issued},
    }


HANDED_OUT = {
    "AssumeRole": ("sts", "credentials"),
    "AssumeRoleWithSAML": ("sts", "credentials"),
    "AssumeRoleWithWebIdentity": ("sts", "credentials"),
    "AssumeRoot": ("sts", "credentials"),
    "GetSessionToken": ("sts", "credentials"),
    "GetFederationToken": ("sts", "credentials"),
    "GetSigninToken": ("signin", "credentials"),
    "GetRoleCredentials": ("sso", "roleCredentials"),
    "GetCredentialsForIdentity": ("cognito-identity", "credentials"),
    "CreateSession": ("rolesanywhere", "credentialSet"),
    "CreateAccessKey": ("iam", "accessKey"),
}
KEYS = {api: f"{'AKIA' if api == 'CreateAccessKey' else 'ASIA'}JOINEDEXAMPLE{n:03}" for n, api in enumerate(HANDED_OUT)}


@told(
    **{api: hands_out(source, api, answer, KEYS[api]) for api, (source, answer) in HANDED_OUT.items()},
    **{f"use_of_{api}": {"userIdentity": {"type": "Unknown", "accessKeyId": key}} for api, key in KEYS.items()},
)
def test_the_key_used_leads_to_the_call_that_handed_it_out_whatever_its_api(seen: Told) -> None:
    assert seen.each("child_access_key_id", "credential_issuance") == KEYS
    opened = {user: issuer for user, (issuer, link, _) in links(seen).items() if link == "access-key"}
    assert opened == {f"use_of_{api}": api for api in HANDED_OUT}


# ---- 19. instances


@told(
    instance=sts(
        "AssumeRole",
        {"credentials": {"accessKeyId": "ASIAINSTANCEEXAMPLE1", "expiration": 1709290800000}},
        {"roleArn": ISSUER["arn"], "roleSessionName": "i-0123456789abcdef1"},
        userIdentity={"type": "AWSService", "invokedBy": "ec2.amazonaws.com"},
    )
)
def test_the_session_of_an_instance_is_known_although_ec2_does_not_record_its_arn(seen: Told) -> None:
    assert seen.found("(raw ->> '$.responseElements.assumedRoleUser.arn') IS NOT NULL") == set()
    assert seen.each("issued_arn") == {"instance": session_arn("i-0123456789abcdef1")}


# ---- 20. hidden keys


@told(
    issue=assume("quiet", None, eventTime="2024-03-01T12:00:00Z"),
    same_second={"userIdentity": in_role("quiet", "2024-03-01T12:00:00Z", "ASIAQUIETEXAMPLE0001")},
    second_later={"userIdentity": in_role("quiet", "2024-03-01T12:00:01Z", "ASIAQUIETEXAMPLE0002")},
    two_later={"userIdentity": in_role("quiet", "2024-03-01T12:00:02Z", "ASIAQUIETEXAMPLE0003")},
    other_session={"userIdentity": in_role("loud", "2024-03-01T12:00:00Z", "ASIAQUIETEXAMPLE0004")},
)
def test_where_the_key_is_hidden_arn_and_second_of_creation_lead_to_the_issuing_call(seen: Told) -> None:
    opened = {user: issuer for user, (issuer, link, _) in links(seen).items() if link == "arn+time"}
    assert opened == {"same_second": "issue", "second_later": "issue"}


# ---- 21. console sign-ins


CONSOLE = "2024-03-01T13:00:00Z"
WITHOUT_KEY = {name: value for name, value in ALICE.items() if name != "accessKeyId"}


def in_console(key: str) -> Record:
    return ALICE | {"accessKeyId": key, "sessionContext": {"attributes": {"creationDate": CONSOLE}}}


@told(
    login=SIGN_IN
    | {"eventTime": CONSOLE, "userIdentity": WITHOUT_KEY, "responseElements": {"ConsoleLogin": "Success"}},
    one={"userIdentity": in_console("ASIACONSOLEEXAMPLE01"), "sessionCredentialFromConsole": "true"},
    two={"userIdentity": in_console("ASIACONSOLEEXAMPLE02"), "sessionCredentialFromConsole": True},
    three={"userIdentity": in_console("ASIACONSOLEEXAMPLE03")},
)
def test_one_console_sign_in_and_all_keys_it_mints_are_one_session(seen: Told) -> None:
    assert len(set(seen.each("session_id").values())) == 1
    assert seen.each("access_key_id")["login"] is None
    assert seen.each("from_console_session") == {"login": False, "one": True, "two": True, "three": False}
    sql = "SELECT events, access_key_ids, session_kind FROM sessions WHERE created_at = '2024-03-01 13:00:00'"
    assert [tuple(row.values()) for row in seen.lake.sql(sql).rows()] == [
        (4, [f"ASIACONSOLEEXAMPLE0{number}" for number in (1, 2, 3)], "console")
    ]


# ---- 22. refreshed keys


@told(
    first={"userIdentity": in_role("i-0123456789abcdef2", "2024-03-01T14:00:00Z", "ASIAREFRESHEXAMPLE01")},
    refreshed={"userIdentity": in_role("i-0123456789abcdef2", "2024-03-01T14:00:00Z", "ASIAREFRESHEXAMPLE02")},
)
def test_an_instance_that_refreshes_its_keys_stays_in_one_session(seen: Told) -> None:
    assert len(set(seen.each("access_key_id").values())) == 2
    assert len(set(seen.each("session_id").values())) == 1


# ---- 23. expirations


def expiring(written: object) -> Record:
    return sts("AssumeRole", {"credentials": {"expiration": written}})


@told(
    words=expiring("Mar 1, 2024, 11:00:00 AM"),
    narrow_space=expiring("Mar 1, 2024, 11:00:00\u202fAM"),
    one_comma=expiring("Mar 1, 2024 11:00:00 AM"),
    iso=expiring("2024-03-01T11:00:00Z"),
    milliseconds=expiring(1709290800000),
    odd=expiring("tomorrow"),
)
def test_every_spelling_of_an_expiration_is_the_same_moment(seen: Told) -> None:
    spellings = ("words", "narrow_space", "one_comma", "iso", "milliseconds")
    expected = dict.fromkeys(spellings, datetime(2024, 3, 1, 11, tzinfo=UTC)) | {"odd": None}
    assert seen.each("expires_at", "credential_issuance") == expected


# ---- 24. containment


@told(
    issue=assume("after", "ASIAAFTEREXAMPLE0001", eventTime="2024-03-01T15:00:00Z")
    | {
        "responseElements": {
            "credentials": {"accessKeyId": "ASIAAFTEREXAMPLE0001", "expiration": "2024-03-01T16:00:00Z"},
            "assumedRoleUser": {"arn": session_arn("after")},
        }
    },
    contained={
        "eventTime": "2024-03-01T15:10:00Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "DeleteAccessKey",
        "readOnly": False,
        "requestParameters": {"accessKeyId": ALICE["accessKeyId"], "userName": "alice"},
    },
    use={
        "eventTime": "2024-03-01T15:30:00Z",
        "userIdentity": in_role("after", "2024-03-01T15:00:00Z", "ASIAAFTEREXAMPLE0001"),
    },
)
def test_a_session_lives_on_after_the_key_that_opened_it_is_deleted(seen: Told) -> None:
    sql = (
        "SELECT s.issued_by, i.expires_at > d.event_time AS outlives, s.last_seen > d.event_time AS used_after"
        " FROM sessions AS s INNER JOIN credential_issuance AS i ON s.issued_by_event_id = i.event_id, events AS d"
        " WHERE i.child_access_key_id = 'ASIAAFTEREXAMPLE0001' AND d.action = 'iam:DeleteAccessKey'"
    )
    assert [tuple(row.values()) for row in seen.lake.sql(sql).rows()] == [("alice", True, True)]


# ---- 25. role of another account


@told(
    callers_half=sts("AssumeRole", None, {"roleSessionName": "x"}, sharedEventID="two-halves"),
    owners_half=sts(
        "AssumeRole",
        {"credentials": {"accessKeyId": "ASIAHALVESEXAMPLE001"}},
        {"roleSessionName": "x"},
        sharedEventID="two-halves",
        recipientAccountId=OTHER,
        userIdentity={"type": "AWSAccount", "principalId": ALICE["principalId"], "accountId": HOME},
    ),
    use={"userIdentity": {"type": "Unknown", "accessKeyId": "ASIAHALVESEXAMPLE001"}, "recipientAccountId": OTHER},
)
def test_a_call_for_a_role_of_another_account_is_known_by_its_two_halves(seen: Told) -> None:
    assert seen.each("identity_type, access_key_id, account_id") == {
        "callers_half": ("IAMUser", ALICE["accessKeyId"], HOME),
        "owners_half": ("AWSAccount", None, OTHER),
        "use": ("Unknown", "ASIAHALVESEXAMPLE001", OTHER),
    }
    assert links(seen)["use"] == ("callers_half", "shared-event", None)


# ---- 26. prefixes


@told(
    long_term={"userIdentity": ALICE},
    temporary={"userIdentity": in_role("work", key="ASIAIOSFODNN7EXAMPLE")},
    other={"userIdentity": ALICE | {"accessKeyId": "ABIAIOSFODNN7EXAMPLE"}},
    keyless={"userIdentity": in_role("work")},
)
def test_the_prefix_tells_long_term_keys_from_temporary_ones_and_users_from_roles(seen: Told) -> None:
    assert seen.each("key_kind, left(principal_key, 4)") == {
        "long_term": ("long-term", "AIDA"),
        "temporary": ("temporary", "AROA"),
        "other": ("other", "AIDA"),
        "keyless": (None, "AROA"),
    }
