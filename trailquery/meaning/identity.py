"""Who called: everything that follows from `userIdentity`, and the little that needs more of the record.

Source of the types and fields: AWS CloudTrail User Guide, "CloudTrail userIdentity element" and
"Logging IAM Identity Center API calls"; the rest is measured on public recordings.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import md5
from typing import Any, NamedTuple

from trailquery.meaning.fields import HIDDEN, flag, instant, mapping, text, text_at

HIDDEN_USER = "(hidden user name)"
ANONYMOUS = "anonymous"
SESSION_OPENERS = frozenset({"ConsoleLogin", "SwitchRole"})
TELL_MORE = frozenset({"signin.amazonaws.com", "sso-oauth.amazonaws.com"})  # of the caller, outside userIdentity


class Identity(NamedTuple):
    """The columns of `events` about the caller, under their names; times are naive UTC."""

    identity_type: str = "Unknown"
    actor: str | None = None
    actor_arn: str | None = None
    principal_key: str | None = None
    principal_id: str | None = None
    actor_account_id: str | None = None
    user_name: str | None = None
    user_name_hidden: bool = False
    role_arn: str | None = None
    role_name: str | None = None
    session_name: str | None = None
    access_key_id: str | None = None
    key_kind: str | None = None
    session_created_at: datetime | None = None
    session_id: str | None = None
    session_mfa: bool | None = None
    source_identity: str | None = None
    imds_version: str | None = None
    signin_session_arn: str | None = None
    invoked_by: str | None = None
    identity_provider: str | None = None
    on_behalf_of_user: str | None = None
    credential_id: str | None = None
    credentials_issued_to: str | None = None
    delegate_account_id: str | None = None


def identity(user_identity: object) -> Identity:
    """The caller as `userIdentity` alone tells; `complete` adds the rest where `is_incomplete`."""
    who = mapping(user_identity)
    session = mapping(who.get("sessionContext"))
    issuer = mapping(session.get("sessionIssuer"))
    arn, user_name = text(who.get("arn")), text(who.get("userName"))
    if who.get("type") == "FederatedUser":  # the user who asked for the token, to whom principal_key belongs, too
        user_name = user_name or text(issuer.get("userName"))
    invoked_by, access_key_id = text(who.get("invokedBy")), text(who.get("accessKeyId"))
    created_at = instant(text_at(session, "attributes", "creationDate"))
    kind, account_id = text(who.get("type")) or ("AWSService" if invoked_by else "Unknown"), text(who.get("accountId"))
    caller = Identity(
        identity_type=kind,
        actor_arn=arn,
        principal_id=_principal_id(kind, text(who.get("principalId")), account_id),
        actor_account_id=_account_id(account_id, arn),
        user_name=None if user_name == HIDDEN else user_name,
        user_name_hidden=user_name == HIDDEN,
        access_key_id=access_key_id,
        key_kind=key_kind(access_key_id),
        session_created_at=created_at,
        session_mfa=flag(mapping(session.get("attributes")).get("mfaAuthenticated")),
        source_identity=text(session.get("sourceIdentity")),
        imds_version=text(session.get("ec2RoleDelivery")),
        signin_session_arn=text(session.get("signInSessionArn")),
        invoked_by=invoked_by,
        identity_provider=text(who.get("identityProvider")),
        on_behalf_of_user=text_at(who, "onBehalfOf", "userId"),
        credential_id=text(who.get("credentialId")),
        credentials_issued_to=text_at(who, "inScopeOf", "credentialsIssuedTo"),
        delegate_account_id=text_at(who, "invokedByDelegate", "accountId"),
    )
    if kind == "Role" and issuer:  # the role is the caller, by a session all the same
        caller = caller._replace(identity_type="AssumedRole")
    caller = _in_role(caller, issuer)
    return caller._replace(
        identity_type=kind,
        actor=_actor(caller),
        principal_key=_principal_key(caller, issuer),
        session_id=_session_id(caller),
    )


def is_incomplete(caller: Identity, event_source: object) -> bool:
    """More of the record than `userIdentity` is needed to say who called; cheap."""
    return (
        event_source in TELL_MORE
        or caller.actor is None
        or caller.principal_key is None
        or (caller.identity_type == "IdentityCenterUser" and caller.user_name is None)
    )


def complete(
    caller: Identity,
    *,
    event_source: object,
    event_name: object,
    event_time: datetime | None,
    outcome: str | None,
    additional: object,
    recipient_account_id: object,
) -> Identity:
    """`caller` with what the rest of the record adds.

    A successful sign-in carries no session, but the session it opens is stamped with the sign-in's own
    second. The name of an Identity Center user stands only in additionalEventData of the sign-in, as does the
    user for whom an application asks for a token. A service event without an identity is told by its event source,
    a call that names no more than the key that signed it by the account of the key.
    """
    account_id, source = text(recipient_account_id), text(event_source)
    if source == "signin.amazonaws.com" and event_name in SESSION_OPENERS and outcome == "success":
        created_at = caller.session_created_at or event_time
        caller = caller._replace(session_created_at=created_at)
        caller = caller._replace(session_id=_session_id(caller))
    if source == "sso-oauth.amazonaws.com" and caller.on_behalf_of_user is None:
        caller = caller._replace(on_behalf_of_user=text_at(additional, "identitystore:UserId"))
    if caller.identity_type == "Root" and caller.principal_key is None and account_id:
        caller = caller._replace(actor_account_id=account_id, principal_key=f"{account_id}:root")
    if caller.identity_type == "IdentityCenterUser" and caller.user_name is None:
        name = text_at(additional, "UserName")
        name = None if name == HIDDEN else name
        caller = caller._replace(user_name=name)
        caller = caller._replace(actor=_actor(caller), principal_key=caller.principal_key or name)
    if caller.actor is None and caller.identity_type in ("AWSService", "Unknown"):
        signer = caller.actor_account_id if caller.access_key_id else None
        actor = f"account {signer}" if signer else source
        caller = caller._replace(actor=actor, principal_key=caller.principal_key or signer or source)
    return caller


def is_cross_account(caller: Identity, account_id: object) -> bool:
    """The account that acts is known and not the receiving one; AWS services have no account to differ."""
    acting = caller.delegate_account_id or caller.actor_account_id
    if caller.identity_type == "AWSService" or acting is None:
        return False
    return text(account_id) is not None and acting != account_id


def key_kind(access_key_id: str | None) -> str | None:
    """long-term, temporary or other; the prefixes are those of the IAM User Guide, "IAM identifiers"."""
    if access_key_id is None:
        return None
    return {"AKIA": "long-term", "ASIA": "temporary"}.get(access_key_id[:4], "other")


def _principal_id(kind: str, principal_id: str | None, account_id: str | None) -> str | None:
    """The id as delivered; null where the account stands in for a user whom a directory knows: it is of all of them."""
    return None if kind == "Unknown" and principal_id == account_id else principal_id


def _account_id(account_id: str | None, arn: str | None) -> str | None:
    """userIdentity.accountId, else the account in the ARN; an anonymous caller has none."""
    if account_id and account_id.lower().startswith(ANONYMOUS):
        return None
    if account_id is None and arn:
        parts = arn.split(":", 5)
        account_id = text(parts[4]) if len(parts) == 6 else None
    return account_id


def _in_role(caller: Identity, issuer: Mapping[str, Any]) -> Identity:
    """`caller` with its role and session name.

    The ARN of a role session lacks the path of the role: the role's own ARN is that of the session issuer.
    """
    _, session_name = _role_and_session(caller.principal_id, issuer)
    if caller.identity_type != "AssumedRole":
        is_role = (caller.principal_id or "").startswith("AROA")
        return caller._replace(session_name=text(session_name)) if is_role else caller
    head, _, rest = (caller.actor_arn or "").partition(":assumed-role/")
    role_name, _, arn_session = rest.partition("/")
    role_arn = text(issuer.get("arn"))
    if role_arn is None and role_name and ":sts:" in head:
        role_arn = f"{head.replace(':sts:', ':iam:', 1)}:role/{role_name}"
    return caller._replace(
        role_arn=role_arn,
        role_name=text(issuer.get("userName")) or text(role_name) or _last(role_arn),
        session_name=text(session_name) or text(arn_session),
    )


def _actor(caller: Identity) -> str | None:
    """The caller, readable; null when only the event source could tell."""
    kind, name = caller.identity_type, caller.user_name or _last(caller.actor_arn)
    unique_id, _, suffix = (caller.principal_id or "").partition(":")
    if kind == "Root":
        return "root"
    if kind == "AssumedRole" and (caller.role_name or caller.principal_id):
        return f"{caller.role_name or unique_id}/{caller.session_name or '?'}"
    if kind == "FederatedUser" and (_last(caller.actor_arn) or caller.principal_id):
        return f"federated/{_last(caller.actor_arn) or suffix or unique_id}"
    if _is_anonymous(caller):
        return ANONYMOUS
    if kind == "AWSAccount":
        owner = caller.actor_account_id or caller.principal_id
        return f"account {owner}" if owner else None
    if kind in ("SAMLUser", "WebIdentityUser") and (caller.user_name or caller.principal_id):
        return f"{caller.user_name or caller.principal_id}@{caller.identity_provider or '?'}"
    if kind == "IdentityCenterUser":
        known_as = caller.user_name or caller.on_behalf_of_user or caller.principal_id
        return f"sso/{known_as}" if known_as else None
    if caller.user_name_hidden:
        return HIDDEN_USER
    if kind == "AWSService":
        return caller.invoked_by or name or caller.principal_id
    if kind == "Unknown" and not (name or caller.principal_id) and caller.on_behalf_of_user:
        return f"sso/{caller.on_behalf_of_user}"
    return name or caller.principal_id or caller.invoked_by


def _principal_key(caller: Identity, issuer: Mapping[str, Any]) -> str | None:
    """The identity that survives renames and sessions.

    Only role sessions carry a session name behind the colon of principalId; in a SAML or web identity
    the colon parts the provider from the user, so the whole of it is the key.
    """
    kind = caller.identity_type
    unique_id, _ = _role_and_session(caller.principal_id, issuer)
    if kind == "Root":
        return f"{caller.actor_account_id}:root" if caller.actor_account_id else None
    if kind == "AWSService":
        return caller.invoked_by or caller.principal_id
    if kind == "FederatedUser":
        issuer_id = text(issuer.get("principalId"))
        return f"{issuer_id}:root" if issuer_id and issuer.get("type") == "Root" else issuer_id or caller.principal_id
    if kind == "AssumedRole":
        return unique_id or text(issuer.get("principalId")) or caller.role_arn
    if _is_anonymous(caller):
        return ANONYMOUS
    if kind == "AWSAccount":
        return unique_id or caller.actor_account_id
    if kind == "IdentityCenterUser":
        return caller.on_behalf_of_user or caller.principal_id or caller.user_name
    if kind == "Unknown" and caller.principal_id is None and caller.on_behalf_of_user:
        return caller.on_behalf_of_user
    return caller.principal_id or caller.actor_arn or caller.user_name or caller.invoked_by


def _role_and_session(principal_id: str | None, issuer: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """The two halves of a principal id: `AROA...` and `session`.

    The id of a role that AWS itself gave an instance has colons of its own: `111122223333:aws:ec2-infrastructure`.
    """
    whole, role_id = principal_id or "", text(issuer.get("principalId"))
    if role_id and whole.startswith(f"{role_id}:"):
        return role_id, text(whole[len(role_id) + 1 :])
    unique_id, _, session_name = whole.partition(":")
    return text(unique_id), text(session_name)


def _is_anonymous(caller: Identity) -> bool:
    """S3 writes an account of nobody, Cognito an Unknown whose id is `Anonymous`."""
    if caller.identity_type == "Unknown":
        return (caller.principal_id or "").lower() == ANONYMOUS
    named = caller.principal_id or caller.actor_account_id or ANONYMOUS
    return caller.identity_type == "AWSAccount" and named.lower().startswith(ANONYMOUS)


def _session_id(caller: Identity) -> str | None:
    """One issued credential set; every key of one console login has the same. A long-term key is its own."""
    principal = caller.principal_id or caller.actor_arn
    if caller.session_created_at is None or principal is None or caller.key_kind == "long-term":
        return caller.access_key_id
    seed = f"{principal}|{caller.session_created_at.isoformat(timespec='seconds')}Z"
    return md5(seed.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def _last(arn: str | None) -> str | None:
    return text(arn.rpartition("/")[2]) if arn and "/" in arn else None
