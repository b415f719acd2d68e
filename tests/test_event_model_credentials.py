"""What makes the obvious query on CloudTrail wrong: credentials and the sessions they open."""

from datetime import UTC, datetime

from callers import ALICE, HOME, ISSUER, OTHER, SIGN_IN, Record, assume, in_role, links, session_arn, sts
from told import Told, told

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
    "GetDelegatedAccessToken": ("sts", "credentials"),
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


@told(
    opened={
        "userIdentity": in_role("work", "2024-03-01T09:00:00Z", "ASIAROLEXAMPLE000001"),
        "eventSource": "s3express.amazonaws.com",
        "eventName": "CreateSession",
        "responseElements": {"credentials": {"accessKeyId": "ASIAZONALEXAMPLE0001"}},
    },
    used={
        "userIdentity": in_role("work", "2024-03-01T10:00:00Z", "ASIAZONALEXAMPLE0001"),
        "eventSource": "s3express.amazonaws.com",
        "eventName": "GetObject",
    },
)
def test_a_session_of_a_directory_bucket_comes_from_the_session_that_opened_it(seen: Told) -> None:
    assert links(seen)["used"] == ("opened", "access-key", None)


KEY = "ASIAOFASERVICE000001"


@told(
    node={"eventSource": "ssm.amazonaws.com", "eventName": "GetAccessToken"},
    environment={"eventSource": "datazone.amazonaws.com", "eventName": "GetEnvironmentCredentials"},
    table={"eventSource": "lakeformation.amazonaws.com", "eventName": "GetTemporaryGlueTableCredentials"},
    queue={"eventSource": "deadline.amazonaws.com", "eventName": "AssumeQueueRoleForUser"},
    build={"eventSource": "gamelift.amazonaws.com", "eventName": "RequestUploadCredentials"},
    told_beside={
        "eventSource": "datazone.amazonaws.com",
        "eventName": "GetEnvironmentCredentials",
        "responseElements": {"accessKeyId": KEY, "expiration": "2024-03-01T11:00:00Z"},
    },
    described={"eventSource": "datazone.amazonaws.com", "eventName": "GetEnvironment"},
)
def test_a_service_that_hands_out_credentials_of_a_role_of_its_own_issues_them_too(seen: Told) -> None:
    issued = dict.fromkeys(("node", "environment", "table", "queue", "build"))
    assert seen.each("child_access_key_id", "credential_issuance") == {**issued, "told_beside": KEY}
    assert seen.each("issued_key_id")["told_beside"] == KEY


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
    second_before={"userIdentity": in_role("quiet", "2024-03-01T11:59:59Z", "ASIAQUIETEXAMPLE0005")},
    second_later={"userIdentity": in_role("quiet", "2024-03-01T12:00:01Z", "ASIAQUIETEXAMPLE0002")},
    two_later={"userIdentity": in_role("quiet", "2024-03-01T12:00:02Z", "ASIAQUIETEXAMPLE0003")},
    other_session={"userIdentity": in_role("loud", "2024-03-01T12:00:00Z", "ASIAQUIETEXAMPLE0004")},
    told_key=assume("known", "ASIAQUIETEXAMPLE0006", eventTime="2024-03-01T12:30:00Z"),
    other_key={"userIdentity": in_role("known", "2024-03-01T12:30:00Z", "ASIAQUIETEXAMPLE0007")},
)
def test_where_the_key_is_hidden_arn_and_second_of_creation_lead_to_the_issuing_call(seen: Told) -> None:
    opened = {user: issuer for user, (issuer, link, _) in links(seen).items() if link == "arn+time"}
    assert opened == dict.fromkeys(("same_second", "second_before", "second_later"), "issue")


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
    another_call=sts("AssumeRole", sharedEventID="another", eventTime="2024-03-01T09:59:59Z"),
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
        "another_call": ("IAMUser", ALICE["accessKeyId"], HOME),
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
