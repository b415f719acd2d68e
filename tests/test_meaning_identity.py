"""Who called: one test a type of userIdentity, and one a trap."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailquery.meaning.identity import (
    HIDDEN_USER,
    Identity,
    complete,
    identity,
    is_cross_account,
    is_incomplete,
)

ACCOUNT = "111122223333"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
FIELDS = """
    type arn principalId accountId userName invokedBy accessKeyId sessionContext onBehalfOf inScopeOf
"""


def role_session(**changes):
    return {
        "type": "AssumedRole",
        "principalId": "AROAEXAMPLEROLE000001:alice",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/alice",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIAIOSFODNN7EXAMPLE",
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": "AROAEXAMPLEROLE000001",
                "arn": f"arn:aws:iam::{ACCOUNT}:role/teams/ci/Deploy",
                "accountId": ACCOUNT,
                "userName": "Deploy",
            },
            "attributes": {"creationDate": "2024-03-01T10:00:00Z", "mfaAuthenticated": "false"},
        },
        **changes,
    }


def user(**changes):
    return {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLEUSER000001",
        "arn": f"arn:aws:iam::{ACCOUNT}:user/ops/bob",
        "accountId": ACCOUNT,
        "userName": "bob",
        **changes,
    }


def who(user_identity):
    """type, actor and key of the caller."""
    caller = identity(user_identity)
    return caller.identity_type, caller.actor, caller.principal_key


def completed(caller, **record):
    facts = {
        "event_source": "signin.amazonaws.com",
        "event_name": "ConsoleLogin",
        "event_time": datetime.fromisoformat("2024-03-01T09:30:12"),
        "outcome": "success",
        "additional": None,
        "recipient_account_id": ACCOUNT,
    }
    return complete(caller, **(facts | record))


def test_users_of_a_directory_that_share_the_id_of_the_account_are_told_apart():
    told = {"type": "Unknown", "principalId": ACCOUNT, "accountId": ACCOUNT, "arn": "", "accessKeyId": ""}
    assert who(told | {"userName": "erin"}) == ("Unknown", "erin", "erin")
    assert who(told | {"userName": "erin", "onBehalfOf": {"userId": "9448-30"}}) == ("Unknown", "erin", "9448-30")
    assert who(told | {"principalId": "9448-30", "userName": "erin"}) == ("Unknown", "erin", "9448-30")
    nameless = completed(identity(told), event_name="CredentialChallenge")
    assert (nameless.actor, nameless.principal_id) == ("signin.amazonaws.com", None)


def test_the_id_of_a_role_may_have_colons_of_its_own():
    role_id, session = f"{ACCOUNT}:aws:infrastructure", "i-0abc:1"
    issuer = {"type": "Role", "principalId": role_id, "userName": "aws:infrastructure"}
    caller = identity(role_session(principalId=f"{role_id}:{session}", sessionContext={"sessionIssuer": issuer}))
    assert (caller.principal_key, caller.session_name, caller.actor) == (
        role_id,
        session,
        f"aws:infrastructure/{session}",
    )


def test_a_role_session_is_its_role_and_session_with_the_path_of_the_role_kept():
    assert identity(role_session()) == Identity(
        identity_type="AssumedRole",
        actor="Deploy/alice",
        actor_arn=f"arn:aws:sts::{ACCOUNT}:assumed-role/Deploy/alice",
        principal_key="AROAEXAMPLEROLE000001",
        principal_id="AROAEXAMPLEROLE000001:alice",
        actor_account_id=ACCOUNT,
        role_arn=f"arn:aws:iam::{ACCOUNT}:role/teams/ci/Deploy",
        role_name="Deploy",
        session_name="alice",
        access_key_id="ASIAIOSFODNN7EXAMPLE",
        key_kind="temporary",
        session_created_at=datetime.fromisoformat("2024-03-01T10:00:00"),
        session_id="82fea737a937e694a099784a38dd58a3",
        session_mfa=False,
    )


def test_a_user_is_named_and_keyed_by_its_unique_id():
    assert who(user()) == ("IAMUser", "bob", "AIDAEXAMPLEUSER000001")


def test_root_is_keyed_by_its_account():
    root = {
        "type": "Root",
        "principalId": ACCOUNT,
        "arn": f"arn:aws:iam::{ACCOUNT}:root",
        "accountId": ACCOUNT,
    }
    assert who(root) == ("Root", "root", f"{ACCOUNT}:root")
    assert who(root | {"userName": "company-alias"}) == ("Root", "root", f"{ACCOUNT}:root")


def test_root_without_an_account_takes_the_receiving_account():
    caller = identity({"type": "Root"})
    assert is_incomplete(caller, "iam.amazonaws.com")
    caller = completed(caller, event_source="iam.amazonaws.com", event_name="GetUser")
    assert (caller.principal_key, caller.actor_account_id) == (f"{ACCOUNT}:root", ACCOUNT)


def test_a_role_identity_without_a_session_is_named_by_its_arn():
    role = {
        "type": "Role",
        "principalId": "AROAEXAMPLEROLE000001",
        "arn": f"arn:aws:iam::{ACCOUNT}:role/x/Deploy",
    }
    assert who(role) == ("Role", "Deploy", "AROAEXAMPLEROLE000001")


def test_a_role_identity_with_a_session_is_named_like_other_sessions_of_the_role():
    assert identity(role_session(type="Role")) == identity(role_session())._replace(identity_type="Role")


def test_a_federated_user_is_keyed_by_its_issuer():
    federated = {
        "type": "FederatedUser",
        "principalId": f"{ACCOUNT}:contractor",
        "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/contractor",
        "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {"type": "IAMUser", "principalId": "AIDAEXAMPLEUSER000001"}},
    }
    assert who(federated) == ("FederatedUser", "federated/contractor", "AIDAEXAMPLEUSER000001")
    by_root = federated | {"sessionContext": {"sessionIssuer": {"type": "Root", "principalId": ACCOUNT}}}
    assert who(by_root) == ("FederatedUser", "federated/contractor", f"{ACCOUNT}:root")


def test_a_directory_is_named_by_its_principal():
    assert who({"type": "Directory", "principalId": "d-1234567890"}) == (
        "Directory",
        "d-1234567890",
        "d-1234567890",
    )


def test_a_caller_of_another_account_is_that_account_keyed_by_its_principal():
    other = {"type": "AWSAccount", "principalId": "AROAEXAMPLEROLE000002:eve", "accountId": "444455556666"}
    caller = identity(other)
    assert (caller.actor, caller.principal_key, caller.session_name) == (
        "account 444455556666",
        "AROAEXAMPLEROLE000002",
        "eve",
    )
    assert is_cross_account(caller, ACCOUNT)


@pytest.mark.parametrize(
    "spelling",
    [
        {"accountId": "anonymous", "principalId": ""},
        {"accountId": "ANONYMOUS_PRINCIPAL"},
        {"principalId": "ANONYMOUS_PRINCIPAL"},
    ],
)
def test_an_anonymous_caller_is_no_account(spelling):
    caller = identity({"type": "AWSAccount", **spelling})
    assert (caller.actor, caller.principal_key, caller.actor_account_id) == ("anonymous", "anonymous", None)


def test_an_unknown_caller_is_anonymous_when_the_record_says_so():
    callers = [identity({"type": "Unknown", "principalId": name}) for name in ("Anonymous", "anonymous-coward")]
    assert [(caller.actor, caller.principal_key) for caller in callers] == [
        ("anonymous", "anonymous"),
        ("anonymous-coward", "anonymous-coward"),
    ]


def test_an_aws_service_is_keyed_by_its_name_and_never_cross_account():
    caller = identity({"type": "AWSService", "invokedBy": "config.amazonaws.com"})
    assert (caller.actor, caller.principal_key) == ("config.amazonaws.com", "config.amazonaws.com")
    assert not is_cross_account(caller._replace(actor_account_id="444455556666"), ACCOUNT)


def test_an_identity_center_user_is_keyed_by_its_user_id():
    person = {
        "type": "IdentityCenterUser",
        "accountId": ACCOUNT,
        "onBehalfOf": {
            "userId": "94482488-3041-7055-1111-c90b0a13b6d0",
            "identityStoreArn": f"arn:aws:identitystore::{ACCOUNT}:identitystore/d-1234567890",
        },
        "credentialId": "c0ffee",
    }
    user_id = "94482488-3041-7055-1111-c90b0a13b6d0"
    assert who(person) == ("IdentityCenterUser", f"sso/{user_id}", user_id)
    named = completed(identity(person), event_name="UserAuthentication", additional={"UserName": "carol"})
    assert (named.actor, named.user_name, named.principal_key) == ("sso/carol", "carol", user_id)


def test_identity_center_before_2025_is_unknown_by_type_and_known_by_name():
    before = {"type": "Unknown", "principalId": "94482488-3041", "userName": "carol", "accountId": ACCOUNT}
    assert who(before) == ("Unknown", "carol", "94482488-3041")


def test_an_unknown_caller_without_a_name_is_the_identity_center_user_it_acts_for():
    nameless = {"type": "Unknown", "principalId": ACCOUNT, "accountId": ACCOUNT, "onBehalfOf": {"userId": "94482488"}}
    assert who(nameless) == ("Unknown", "sso/94482488", "94482488")
    assert who(nameless | {"userName": "carol"}) == ("Unknown", "carol", "94482488")


def test_saml_and_web_users_are_keyed_by_the_whole_principal_not_by_their_provider():
    saml = {
        "type": "SAMLUser",
        "principalId": "dGhlIHF1YWxpZmllcg==:dave",
        "userName": "dave",
        "identityProvider": "dGhlIHF1YWxpZmllcg==",
    }
    assert who(saml) == ("SAMLUser", "dave@dGhlIHF1YWxpZmllcg==", "dGhlIHF1YWxpZmllcg==:dave")
    web = {
        "type": "WebIdentityUser",
        "principalId": "cognito.example:app:dave",
        "userName": "dave",
        "identityProvider": "cognito.example",
    }
    assert who(web) == ("WebIdentityUser", "dave@cognito.example", "cognito.example:app:dave")


def test_a_service_event_without_a_type_is_the_service_that_invoked_it():
    assert who({"accountId": ACCOUNT, "invokedBy": "secretsmanager.amazonaws.com"}) == (
        "AWSService",
        "secretsmanager.amazonaws.com",
        "secretsmanager.amazonaws.com",
    )


@pytest.mark.parametrize("nothing", [None, {}, {"accountId": ACCOUNT}, [], "text"])
def test_a_record_without_an_identity_falls_back_to_its_event_source(nothing):
    caller = identity(nothing)
    assert is_incomplete(caller, "s3.amazonaws.com")
    caller = completed(caller, event_source="s3.amazonaws.com", event_name="ObjectRestored")
    assert (caller.identity_type, caller.actor) == ("Unknown", "s3.amazonaws.com")


def test_a_call_of_which_only_the_signing_key_is_told_is_of_the_account_and_not_of_the_service():
    caller = identity({"accountId": ACCOUNT, "accessKeyId": "AKIAIOSFODNN7EXAMPLE"})
    caller = completed(caller, event_source="billingconsole.amazonaws.com", event_name="SetContactAddress")
    assert (caller.actor, caller.principal_key) == (f"account {ACCOUNT}", ACCOUNT)


def test_a_hidden_user_name_is_null_and_flagged():
    caller = identity(
        {
            "type": "IAMUser",
            "accountId": ACCOUNT,
            "accessKeyId": "",
            "userName": "HIDDEN_DUE_TO_SECURITY_REASONS",
        }
    )
    assert (caller.user_name, caller.user_name_hidden, caller.actor, caller.access_key_id) == (
        None,
        True,
        HIDDEN_USER,
        None,
    )


@pytest.mark.parametrize("partition", ["aws-cn", "aws-us-gov"])
def test_a_role_without_an_issuer_gets_its_arn_from_the_session_in_any_partition(partition):
    arn = f"arn:{partition}:sts::{ACCOUNT}:assumed-role/Deploy/alice"
    caller = identity(role_session(arn=arn, sessionContext={}, accountId=None))
    assert (caller.role_arn, caller.role_name, caller.actor_account_id) == (
        f"arn:{partition}:iam::{ACCOUNT}:role/Deploy",
        "Deploy",
        ACCOUNT,
    )


def test_all_keys_of_one_console_login_share_one_session_with_the_login_itself():
    context = {"attributes": {"creationDate": "2024-03-01T09:30:12Z", "mfaAuthenticated": "true"}}
    keys = ["ASIAIOSFODNN7EXAMPLE", "ASIAIOSFODNN7EXAMPL2", "ASIAIOSFODNN7EXAMPL3"]
    sessions = {identity(user(accessKeyId=key, sessionContext=context)).session_id for key in keys}
    login = completed(identity(user()))
    assert sessions == {login.session_id}
    assert login.session_created_at == datetime.fromisoformat("2024-03-01T09:30:12")


def test_a_failed_login_opens_no_session():
    failed = completed(identity(user()), outcome="denied")
    assert (failed.session_id, failed.session_created_at) == (None, None)


def test_two_sessions_of_one_role_are_told_apart_by_their_creation():
    later = role_session()
    later["sessionContext"]["attributes"] = {"creationDate": "2024-03-01T10:00:01Z"}
    assert identity(role_session()).session_id != identity(later).session_id


def test_a_long_term_key_is_its_own_session():
    caller = identity(user(accessKeyId="AKIAIOSFODNN7EXAMPLE"))
    assert (caller.session_id, caller.key_kind) == ("AKIAIOSFODNN7EXAMPLE", "long-term")
    context = {"attributes": {"creationDate": "2024-03-01T09:30:12Z"}}
    dated = identity(user(accessKeyId="AKIAIOSFODNN7EXAMPLE", sessionContext=context))
    assert dated.session_id == "AKIAIOSFODNN7EXAMPLE"


def test_a_forwarded_call_keeps_the_service_that_forwarded_it():
    assert identity(user(invokedBy="cloudformation.amazonaws.com")).invoked_by == "cloudformation.amazonaws.com"


def test_source_identity_instance_delivery_and_sign_in_come_from_the_session_context():
    session = role_session()
    signin = "arn:aws:signin:us-east-1:111122223333:session/5a8d"
    told = {"sourceIdentity": "alice@example.com", "ec2RoleDelivery": "2.0", "signInSessionArn": signin}
    session["sessionContext"] |= told
    caller = identity(session | {"inScopeOf": {"credentialsIssuedTo": "arn:aws:lambda:x"}})
    assert (caller.source_identity, caller.imds_version, caller.signin_session_arn, caller.credentials_issued_to) == (
        "alice@example.com",
        "2.0",
        signin,
        "arn:aws:lambda:x",
    )


def test_a_product_provider_that_acts_for_a_role_is_told_beside_it():
    caller = identity(role_session() | {"invokedByDelegate": {"accountId": "444455556666"}})
    assert (caller.delegate_account_id, caller.invoked_by) == ("444455556666", None)
    assert caller._replace(delegate_account_id=None) == identity(role_session())
    assert [is_cross_account(caller, account) for account in (ACCOUNT, "444455556666")] == [True, False]


def test_root_or_user_of_the_own_account_is_not_cross_account():
    assert not is_cross_account(identity(user()), ACCOUNT)
    assert is_cross_account(identity(user()), "444455556666")
    assert not is_cross_account(identity({}), ACCOUNT)


@given(st.dictionaries(st.sampled_from(FIELDS.split()), JSON) | JSON, JSON, JSON)
def test_no_json_value_makes_an_identity_raise(user_identity, additional, account):
    caller = completed(identity(user_identity), additional=additional, recipient_account_id=account)
    assert isinstance(caller, Identity)
