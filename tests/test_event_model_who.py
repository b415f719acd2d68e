"""What makes the obvious query on CloudTrail wrong: who called."""

from callers import ALICE, HOME, ISSUER, OTHER, SIGN_IN, assume, in_role, links, session_arn, sts
from told import Told, told

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
    web={"userIdentity": {"type": "WebIdentityUser", "principalId": "p:app:gus", "identityProvider": "p"}},
    role_itself={"userIdentity": {"type": "Role", "principalId": "AROAIOSFODNN7EXAMPLE", "arn": ISSUER["arn"]}},
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
        "web": ("WebIdentityUser", "p:app:gus@p", "p:app:gus"),
        "role_itself": ("Role", "Deploy", "AROAIOSFODNN7EXAMPLE"),
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


HIDDEN = {"type": "IAMUser", "accountId": HOME, "accessKeyId": "", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}


@told(
    mistyped=SIGN_IN | {"userIdentity": HIDDEN, "responseElements": {"ConsoleLogin": "Failure"}},
    right=SIGN_IN | {"userIdentity": ALICE, "responseElements": {"ConsoleLogin": "Success"}},
)
def test_a_hidden_user_name_is_no_name_and_an_empty_key_is_no_key(seen: Told) -> None:
    assert seen.each("user_name, user_name_hidden, actor, access_key_id") == {
        "mistyped": (None, True, "(hidden user name)", None),
        "right": ("alice", False, "alice", "AKIAIOSFODNN7EXAMPLE"),
    }


# ---- 16. forwarded access


def temporary(hour: int, **more: str) -> dict[str, object]:
    session = {"attributes": {"creationDate": f"2024-03-01T0{hour}:00:00Z"}}
    return ALICE | {"accessKeyId": f"ASIAFORWARDEXAMPLE0{hour}", "sessionContext": session, **more}


@told(
    one={
        "userIdentity": temporary(8, invokedBy="cloudformation.amazonaws.com"),
        "sourceIPAddress": "cloudformation.amazonaws.com",
    },
    two={"userIdentity": temporary(8, invokedBy="AWS Internal"), "sourceIPAddress": "AWS Internal"},
    own={"userIdentity": temporary(9)},
    own_forwarded={"userIdentity": temporary(9, invokedBy="AWS Internal"), "sourceIPAddress": "AWS Internal"},
)
def test_a_session_of_nothing_but_forwarded_calls_is_no_person(seen: Told) -> None:
    forwarded = dict.fromkeys(("one", "two", "own_forwarded"), ("alice", None, True))
    assert seen.each("actor, client_ip, is_aws_call") == forwarded | {"own": ("alice", "198.51.100.7", False)}
    sql = (
        "SELECT access_key_ids, session_kind, events FROM sessions"
        " WHERE starts_with(access_key_ids[1], 'ASIAFORWARD') ORDER BY access_key_ids"
    )
    assert [tuple(row.values()) for row in seen.lake.sql(sql).rows()] == [
        (["ASIAFORWARDEXAMPLE08"], "forwarded", 2),
        (["ASIAFORWARDEXAMPLE09"], "session-token", 2),
    ]


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
