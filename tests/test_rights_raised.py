"""Calls that can raise rights: by what, for oneself or others, and who is left out."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]


def as_role(name: str, session: str = "work", path: str = "") -> dict[str, Any]:
    issuer = {"type": "Role", "arn": f"arn:aws:iam::111122223333:role/{path}{name}", "userName": name}
    caller = {"type": "AssumedRole", "principalId": f"AROAIOSFODNN7EXAMPLE:{session}", "accountId": "111122223333"}
    arn = f"arn:aws:sts::111122223333:assumed-role/{name}/{session}"
    return {"userIdentity": caller | {"arn": arn, "sessionContext": {"sessionIssuer": issuer}}}


def call(name: str, /, *, service: str = "iam", **request: Any) -> dict[str, Any]:
    source = {"eventSource": f"{service}.amazonaws.com", "eventName": name, "readOnly": False}
    return source | {"requestParameters": request or None}


ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
DENIES = "arn:aws:iam::aws:policy/AWSDenyAll"
ATTACHED = call("AttachRolePolicy", roleName="Deploy", policyArn=ADMIN)
ALICE = "arn:aws:iam::111122223333:user/alice"
BY_IDENTITY_CENTER = as_role("AWSServiceRoleForSSO", "SSO-Controller", "aws-service-role/sso.amazonaws.com/")

RAISED = {  # kind, on oneself
    "policy-for-bob": (call("AttachUserPolicy", userName="bob", policyArn=ADMIN), ("policy", False)),
    "policy-for-myself": (call("AttachUserPolicy", userName="alice", policyArn=ADMIN), ("policy", True)),
    "version": (call("CreatePolicyVersion", policyArn=ADMIN), ("policy", False)),
    "role-helps-itself": (ATTACHED | as_role("Deploy"), ("policy", True)),
    "role-named-as-i-am": (call("PutRolePolicy", roleName="alice", policyName="p"), ("policy", False)),
    "joins": (call("AddUserToGroup", userName="alice", groupName="admins"), ("group", True)),
    "team": (call("AssociateTeamMember", service="codestar", userArn=ALICE), ("team", True)),
    "profile": (
        call("AddRoleToInstanceProfile", roleName="Deploy", instanceProfileName="web") | as_role("Deploy"),
        ("profile", True),
    ),
    "own-key": (call("CreateAccessKey"), ("credential", True)),
    "key-of-bob": (call("CreateAccessKey", userName="bob"), ("credential", False)),
    "of-a-user-not-named": (call("CreateServiceSpecificCredential"), ("credential", False)),
    "boundary-off": (call("DeleteUserPermissionsBoundary", userName="alice"), ("boundary", True)),
    "trust": (call("UpdateAssumeRolePolicy", roleName="Admin"), ("trust", False)),
    "denial-taken-off-myself": (call("DeleteUserPolicy", userName="alice", policyName="DenyAll"), ("denial", True)),
    "denial-taken-off-bob": (call("DetachUserPolicy", userName="bob", policyArn=DENIES), ("denial", False)),
    "role-takes-off-its-own": (
        call("DetachRolePolicy", roleName="Deploy", policyArn=DENIES) | as_role("Deploy"),
        ("denial", True),
    ),
    "by-a-namesake": (ATTACHED | as_role("AWSServiceRoleForSSO", "SSO-Controller"), ("policy", False)),
    "refused": (ATTACHED | {"errorCode": "AccessDenied"}, ("policy", False)),
}
OTHERS = {
    "by-identity-center": ATTACHED | BY_IDENTITY_CENTER,
    "taken-away": call("DetachUserPolicy", userName="alice", policyArn=ADMIN),
    "user-made": call("CreateUser", userName="eve"),
}


def test_each_call_tells_by_what_rights_are_raised_and_whether_for_oneself(lake_of: LakeOf) -> None:
    told = {name: record for name, (record, _) in RAISED.items()} | OTHERS
    lake = lake_of([record | {"eventID": name} for name, record in told.items()])
    rows = lake.sql("SELECT event_id, kind, on_self FROM rights_raised").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {
        name: is_ for name, (_, is_) in RAISED.items()
    }
