"""The credentials a call handed out, and the role it asked for.

Source: API references of STS, IAM, IAM Identity Center, Cognito and IAM Roles Anywhere.
"""

import re
from typing import NamedTuple

from trailquery.meaning.fields import HIDDEN, items, mapping, text, text_at

_ROLE = re.compile(r"(arn:aws[\w-]*):iam::(\d{12}):role/(?:.*/)?([^/]+)")
_SETS = ("credentials", "Credentials", "roleCredentials", "accessKey")
_WITH_KEY = frozenset(
    {
        ("sts", "AssumeRole"),
        ("sts", "AssumeRoleWithSAML"),
        ("sts", "AssumeRoleWithWebIdentity"),
        ("sts", "AssumeRoot"),
        ("sts", "GetSessionToken"),
        ("sts", "GetFederationToken"),
        ("iam", "CreateAccessKey"),
        ("signin", "GetSigninToken"),
        ("sso", "GetRoleCredentials"),
        ("cognito-identity", "GetCredentialsForIdentity"),
        ("rolesanywhere", "CreateSession"),
    }
)


class Issued(NamedTuple):
    issued_key_id: str | None
    issued_arn: str | None


def issued(service: object, api: object, response: object, request: object) -> Issued:
    """The access key and the session ARN that the call handed out; nothing when it handed out none.

    EC2's own AssumeRole lacks assumedRoleUser: the session ARN is then made from role and session name.
    """
    if (service, api) not in _WITH_KEY or not mapping(response):
        return Issued(None, None)
    parts = [response, *items(mapping(response).get("credentialSet"))]  # Roles Anywhere answers with a set
    return Issued(
        next((key for part in parts if (key := _key_id(part))), None),
        next((arn for part in parts if (arn := _holder_arn(part))), None) or _session_arn(request),
    )


def requested_role_arn(request: object) -> str | None:
    """The role the call asks for, or hands to a service: iam:PassRole itself is never an event."""
    wanted = mapping(request)
    for name in ("roleArn", "RoleArn", "roleARN", "role", "executionRoleArn", "taskRoleArn", "serviceRole"):
        arn = text(wanted.get(name))
        if arn and _ROLE.fullmatch(arn):
            return arn
    return None


def _key_id(document: object) -> str | None:
    spellings = ((name, key) for name in _SETS for key in ("accessKeyId", "AccessKeyId"))
    keys = (text_at(document, *spelling) for spelling in spellings)
    return next((key for key in keys if key and key != HIDDEN), None)


def _holder_arn(document: object) -> str | None:
    return text_at(document, "assumedRoleUser", "arn") or text_at(document, "federatedUser", "arn")


def _session_arn(request: object) -> str | None:
    role, session_name = (
        _ROLE.fullmatch(requested_role_arn(request) or ""),
        text_at(request, "roleSessionName"),
    )
    if role is None or session_name is None:
        return None
    partition, account_id, role_name = role.groups()
    return f"{partition}:sts::{account_id}:assumed-role/{role_name}/{session_name}"
