from typing import Any

import pytest
from identities import CALLERS, identities

HOME = "111122223333"
ALICE = f"arn:aws:iam::{HOME}:user/alice"
ERIN = "94482488-3041-7055-1111-c90b0a13b6d0"
KMS = "kms.amazonaws.com"
COLUMNS = (
    "identity_type",
    "actor",
    "principal_key",
    "actor_arn",
    "actor_account_id",
    "user_name",
    "access_key_id",
    "is_aws_call",
)

EXPECTED: dict[str, tuple[Any, ...]] = {
    "Root": ("Root", "root", f"{HOME}:root", f"arn:aws:iam::{HOME}:root", HOME, None, "AKIAI44QH8DHBEXAMPLE", False),
    "IAMUser": ("IAMUser", "alice", "AIDAIOSFODNN7EXAMPLE", ALICE, HOME, "alice", "AKIAIOSFODNN7EXAMPLE", False),
    "AssumedRole": (
        "AssumedRole", "Deploy/work", "AROAIOSFODNN7EXAMPLE", f"arn:aws:sts::{HOME}:assumed-role/Deploy/work", HOME,
        None, "ASIAIOSFODNN7EXAMPLE", False,
    ),
    "Role": (
        "Role", "Deploy", "AROAIOSFODNN7EXAMPLE", f"arn:aws:iam::{HOME}:role/team/Deploy", HOME, None, None, False,
    ),
    "FederatedUser": (
        "FederatedUser", "federated/carol", "AIDAIOSFODNN7EXAMPLE", f"arn:aws:sts::{HOME}:federated-user/carol", HOME,
        "alice", "ASIAI44QH8DHBEXAMPLE", False,
    ),
    "Directory": ("Directory", "dave", "d-1234567890", None, HOME, "dave", None, False),
    "AWSAccount": ("AWSAccount", "account 444455556666", "AIDAI44QH8DHBEXAMPLE", None, "444455556666", None, None, False),
    "AWSAccount, anonymous": ("AWSAccount", "anonymous", "anonymous", None, None, None, None, False),
    "AWSService": ("AWSService", "ec2.amazonaws.com", "ec2.amazonaws.com", None, None, None, None, True),
    "IdentityCenterUser": ("IdentityCenterUser", f"sso/{ERIN}", ERIN, None, HOME, None, None, False),
    "IdentityCenterUser, signing in": ("IdentityCenterUser", "sso/erin", ERIN, None, HOME, "erin", None, False),
    "SAMLUser": (
        "SAMLUser", "frank@SampleUkh1i4+ExamplexL/jEvs=", "SampleUkh1i4+ExamplexL/jEvs=:frank", None, None, "frank",
        None, False,
    ),
    "WebIdentityUser": (
        "WebIdentityUser", "grace@accounts.example.com", "accounts.example.com:app-1.apps.example.com:grace", None,
        None, "grace", None, False,
    ),
    "Unknown": ("Unknown", "erin", ERIN, None, HOME, "erin", None, False),
    "none, invoked by a service": ("AWSService", KMS, KMS, None, HOME, None, None, True),
    "none at all": ("Unknown", KMS, KMS, None, None, None, None, False),
    "none, Insight": ("Unknown", None, None, None, None, None, None, False),
}  # fmt: skip
DOCUMENTED = """
    Root IAMUser AssumedRole Role FederatedUser Directory AWSAccount AWSService IdentityCenterUser SAMLUser
    WebIdentityUser Unknown
"""


@pytest.fixture(scope="module")
def by_type() -> dict[str, dict[str, Any]]:
    return dict(zip((caller["type"] for caller in CALLERS), identities(), strict=True))


def test_every_type_of_identity_that_aws_documents_is_told() -> None:
    told = {(caller["record"]["userIdentity"] or {}).get("type") for caller in CALLERS}
    assert told == {*DOCUMENTED.split(), None}


@pytest.mark.parametrize("kind", EXPECTED)
def test_a_caller_has_the_columns_that_its_type_of_identity_can_fill(
    kind: str, by_type: dict[str, dict[str, Any]]
) -> None:
    assert tuple(by_type[kind][column] for column in COLUMNS) == EXPECTED[kind]


def test_only_who_calls_with_credentials_has_a_session(by_type: dict[str, dict[str, Any]]) -> None:
    with_session = {kind for kind, row in by_type.items() if row["session_id"]}
    assert with_session == {"Root", "IAMUser", "AssumedRole", "FederatedUser"}


def test_every_caller_without_an_arn_a_name_or_an_account_says_why(by_type: dict[str, dict[str, Any]]) -> None:
    silent = {caller["type"] for caller in CALLERS if not caller["why"]}
    lacking = {
        kind for kind, row in by_type.items() if not (row["actor_arn"] and row["user_name"] and row["session_id"])
    }
    assert silent.isdisjoint(lacking)
