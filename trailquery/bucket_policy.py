"""What a bucket's policy lets others do to log files. Pure; conditions are told, not judged.

Source: AWS IAM User Guide, "IAM JSON policy elements reference"; AWS CloudTrail User Guide, "Amazon S3 bucket policy for
CloudTrail".
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple

CLOUDTRAIL = "cloudtrail.amazonaws.com"
EVERYONE = "everyone"
_SOURCES = ("aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths")


class Grant(NamedTuple):
    """Whom a statement concerns, and under which condition keys (lower case)."""

    principal: str
    conditions: tuple[str, ...]

    @property
    def names_source(self) -> bool:
        """Whether a service may act for named trails or accounts alone."""
        return any(key in _SOURCES for key in self.conditions)


def grants(policy: dict[str, Any], effect: str, action: str, bucket: str, prefix: str) -> list[Grant]:
    """The Allow or Deny that statements give for an action on objects below a prefix, or on some of them."""
    return [
        Grant(principal, conditions)
        for statement in _listed(policy.get("Statement", []))
        if statement.get("Effect") == effect and _covers(statement, action, f"{bucket}/{prefix}")
        for conditions in [tuple(key.lower() for test in statement.get("Condition", {}).values() for key in test)]
        for principal in _principals(statement)
    ]


def denied_to_all(policy: dict[str, Any], actions: Iterable[str], bucket: str, prefix: str) -> bool | None:
    """Whether each action is denied to everyone; None where it is under a condition, or but for some."""
    verdicts = [
        _is_whole(policy, action, bucket, prefix) or (None if grants(policy, "Deny", action, bucket, prefix) else False)
        for action in actions
    ]
    return False if False in verdicts else None if None in verdicts else True


def _is_whole(policy: dict[str, Any], action: str, bucket: str, prefix: str) -> bool:
    """Whether one unconditional denial covers every object below the prefix."""
    return any(
        _matches(_plain(resource), f"{bucket}/{prefix}\0")
        for statement in _listed(policy.get("Statement", []))
        if statement.get("Effect") == "Deny" and not statement.get("Condition") and _has_action(statement, action)
        and _principals(statement) == [EVERYONE]
        for resource in _listed(statement.get("Resource", []))
    )  # fmt: skip


def _principals(statement: dict[str, Any]) -> list[str]:
    if "NotPrincipal" in statement:
        return [f"{EVERYONE} but {', '.join(_named(statement['NotPrincipal']))}"]
    return _named(statement.get("Principal", {}))


def _named(principal: Any) -> list[str]:
    if isinstance(principal, dict):
        return [EVERYONE if one == "*" else str(one) for value in principal.values() for one in _listed(value)]
    return [EVERYONE if principal == "*" else str(principal)]


def _covers(statement: dict[str, Any], action: str, objects: str) -> bool:
    """Whether a statement concerns the action on any object whose name begins with `objects`."""
    if not _has_action(statement, action):
        return False
    if "NotResource" in statement:
        return not any(_matches(_plain(one), f"{objects}\0") for one in _listed(statement["NotResource"]))
    return any(_meets(_plain(one), objects) for one in _listed(statement.get("Resource", [])))


def _has_action(statement: dict[str, Any], action: str) -> bool:
    if "NotAction" in statement:
        return not any(_matches(one.lower(), action.lower()) for one in _listed(statement["NotAction"]))
    return any(_matches(one.lower(), action.lower()) for one in _listed(statement.get("Action", [])))


def _meets(pattern: str, start: str) -> bool:
    """Whether names that begin with `start` may match; what follows the first wildcard is taken to."""
    literal, *wild = re.split(r"[*?$]", pattern, maxsplit=1)
    return literal.startswith(start) or (bool(wild) and start.startswith(literal))


def _matches(pattern: str, text: str) -> bool:
    parts = (".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in pattern)
    return re.fullmatch("".join(parts), text, re.DOTALL) is not None


def _plain(resource: str) -> str:
    return re.sub(r"arn:[^:]*:s3:::", "", resource)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
