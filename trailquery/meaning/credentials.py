"""The credentials a call handed out, and the role it asked for.

Source: API references of STS, IAM, AWS Sign-In, IAM Identity Center, Cognito, IAM Roles Anywhere, EKS Auth, S3, Systems
Manager, DataZone, Lake Formation, Deadline Cloud and GameLift.
"""

import re
from datetime import datetime
from typing import NamedTuple

from trailquery.meaning.fields import HIDDEN, at, instant, items, mapping, text, text_at
from trailquery.meaning.identity import Identity

_ROLE = re.compile(r"(arn:aws[\w-]*):iam::(\d{12}):role/(?:.*/)?([^/]+)")
_ACCOUNT = re.compile(r"[0-9]{12}")
_SETS = (("credentials",), ("Credentials",), ("roleCredentials",), ("accessKey",), ("uploadCredentials",), ())
_FOR_A_ROLE = ("sts:AssumeRole", "sts:AssumeRoleWithSAML", "sts:AssumeRoleWithWebIdentity")
_FOR_THE_CALLER = (
    "sts:GetSessionToken",
    "signin:GetSigninToken",
    "signin:CreateOAuth2Token",
    "s3express:CreateSession",
)
HANDS_OUT = frozenset(
    {
        *_FOR_A_ROLE,
        *_FOR_THE_CALLER,
        "sts:AssumeRoot",
        "sts:GetFederationToken",
        "sts:GetDelegatedAccessToken",
        "iam:CreateAccessKey",
        "sso:GetRoleCredentials",
        "cognito-identity:GetCredentialsForIdentity",
        "rolesanywhere:CreateSession",
        "eks-auth:AssumeRoleForPodIdentity",
        "s3:GetDataAccess",
        "ssm:GetAccessToken",
        "datazone:GetEnvironmentCredentials",
        "lakeformation:AssumeDecoratedRoleWithSAML",
        "lakeformation:GetTemporaryDataLocationCredentials",
        "lakeformation:GetTemporaryGluePartitionCredentials",
        "lakeformation:GetTemporaryGlueTableCredentials",
        "deadline:AssumeFleetRoleForRead",
        "deadline:AssumeFleetRoleForWorker",
        "deadline:AssumeQueueRoleForRead",
        "deadline:AssumeQueueRoleForUser",
        "deadline:AssumeQueueRoleForWorker",
        "gamelift:GetComputeAccess",
        "gamelift:RequestUploadCredentials",
    }
)


class Issued(NamedTuple):
    """What a call handed out, under the names of `events`; `issued_expires_at` is naive UTC."""

    issued_key_id: str | None = None
    issued_arn: str | None = None
    issued_expires_at: datetime | None = None


NOTHING = Issued()


def issued(
    action: str | None, outcome: str | None, response: object, request: object, caller: Identity, account_id: str | None
) -> Issued:
    """The access key that the call handed out, whom it acts as, and when it ends; nothing when it handed out none."""
    if action not in HANDS_OUT or outcome != "success":
        return NOTHING
    parts = [response, *items(mapping(response).get("credentialSet"))]  # Roles Anywhere answers with a set
    return Issued(
        next((key for part in parts if (key := _key_id(part))), None),
        next((arn for part in parts if (arn := _holder_arn(part))), None)
        or _implied_arn(action, request, caller, account_id),
        next((end for part in parts if (end := _end(part))), None),
    )


def requested_role_arn(request: object) -> str | None:
    """The role the call asks for, or hands to a service: iam:PassRole itself is never an event."""
    wanted = mapping(request)
    others = (name for name in wanted if "role" in name.lower())  # serviceRoleArn, monitoringRoleArn, nodeRole and more
    for name in ("roleArn", "RoleArn", "roleARN", "role", "executionRoleArn", "taskRoleArn", *others):
        arn = text(wanted.get(name))
        if arn and _ROLE.fullmatch(arn):
            return arn
    return None


def _key_id(document: object) -> str | None:
    keys = (text_at(document, *path, key) for path in _SETS for key in ("accessKeyId", "AccessKeyId"))
    return next((key for key in keys if key and key != HIDDEN), None)


def _holder_arn(document: object) -> str | None:
    paths = (("assumedRoleUser", "arn"), ("federatedUser", "arn"), ("assumedPrincipal",))
    return next((arn for path in paths if (arn := text_at(document, *path))), None)


def _end(document: object) -> datetime | None:
    ends = (instant(at(document, *path, key)) for path in _SETS for key in ("expiration", "Expiration"))
    return next((end for end in ends if end), None)


def _implied_arn(action: str | None, request: object, caller: Identity, account_id: str | None) -> str | None:
    """Whom the credentials act as where the answer does not say it; EC2's own AssumeRole lacks assumedRoleUser."""
    if action in _FOR_A_ROLE:
        return _session_arn(request)
    if action in _FOR_THE_CALLER or caller.actor_arn is None:
        return caller.actor_arn
    partition = ":".join(caller.actor_arn.split(":")[:2])
    if action == "sts:AssumeRoot":
        account = _ACCOUNT.search(text_at(request, "targetPrincipal") or "")
        return f"{partition}:iam::{account[0]}:root" if account else None
    if action == "iam:CreateAccessKey":
        name = text_at(request, "userName")
        is_own = name is None or (name == caller.user_name and ":federated-user/" not in caller.actor_arn)
        return caller.actor_arn if is_own else f"{partition}:iam::{account_id}:user/{name}"
    return None


def _session_arn(request: object) -> str | None:
    role, session_name = _ROLE.fullmatch(requested_role_arn(request) or ""), text_at(request, "roleSessionName")
    if role is None or session_name is None:
        return None
    partition, account_id, role_name = role.groups()
    return f"{partition}:sts::{account_id}:assumed-role/{role_name}/{session_name}"
