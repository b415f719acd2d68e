"""Known noise that hunt leaves out: what one query says of one principal in one account, for a reason, until a day.

[[exclusions]]
query = "secrets_read_in_bulk"
principal = "arn:aws:iam::111122223333:role/backup"  # or principal_key: AROA..., AIDA..., 111122223333:root, a service
account = "111122223333"
reason = "nightly copy of all secrets, ticket 4711"
expiry = 2027-03-31  # the last day (UTC) on which it holds

Whoever holds a stolen credential chooses its session's name and user agent, and often its address: none of them is a
principal.
"""

import re
from datetime import UTC, date, datetime
from ipaddress import ip_network
from typing import Any, NamedTuple

from trailquery.errors import UsageError

_KEYS = ("query", "principal", "account", "reason", "expiry")
_FORGED = re.compile(r"user_?agent|client|session|source_?ip|\bip\b|client_ip|addr|network", re.IGNORECASE)
_PRINCIPAL = re.compile(
    r"(AIDA|AROA)[A-Z0-9]{12,}"
    r"|[0-9]{12}:root"
    r"|arn:aws[a-z-]*:iam::[0-9]{12}:(root|(user|role)/[\w+=,.@/-]+)"
    r"|[a-z0-9.-]+\.amazonaws\.com(\.cn)?"
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"  # a user of Identity Center
)


class Exclusion(NamedTuple):
    """One of [[exclusions]]; `principal` is a principal_key, or the ARN of a user, a role or root."""

    query: str
    principal: str
    account: str
    reason: str
    expiry: date

    def is_over(self) -> bool:
        return self.expiry < datetime.now(UTC).date()

    def told(self) -> str:
        """The exclusion in a line."""
        until = f"expired on {self.expiry}, no longer left out" if self.is_over() else f"until {self.expiry}"
        return f"{self.query} by {self.principal} in {self.account}, {until}: {self.reason}"


def read_exclusion(where: str, said: Any) -> Exclusion:
    """The exclusion that `said`, a table of TOML, describes. Raises UsageError, which begins with `where`."""
    if not isinstance(said, dict):
        raise UsageError(f"{where} is {said!r}, not a table; write a line [[exclusions]] and its entries below")
    for key in said:
        if key not in _KEYS:
            why = f"{key} can be forged by an attacker" if _FORGED.search(key) else f"there is no {key}"
            raise UsageError(f"{where}: {why}; an exclusion has {', '.join(_KEYS)}")
    for key in _KEYS:
        if not said.get(key):
            raise UsageError(f"{where} lacks {key}; an exclusion has {', '.join(_KEYS)}")
    if not isinstance(said["expiry"], date) or isinstance(said["expiry"], datetime):
        raise UsageError(
            f"{where}: expiry is {said['expiry']!r}, not a date; write expiry = 2027-03-31, without quotes"
        )
    for key in ("query", "principal", "account", "reason"):
        if not isinstance(said[key], str) or not said[key].strip():
            raise UsageError(f"{where}: {key} is {said[key]!r}, not text; write it in quotes")
    if not re.fullmatch("[0-9]{12}", said["account"]):
        raise UsageError(f"{where}: account {said['account']!r} is not 12 digits; write all of them")
    if not _PRINCIPAL.fullmatch(said["principal"]):
        raise UsageError(
            f"{where}: principal {said['principal']!r} {_instead(said['principal'])}; write the ARN of the user or role,"
            " or its principal_key as hunt --format jsonl shows it"
        )
    return Exclusion(**said)


def _instead(text: str) -> str:
    """What a text that names no principal may be, and why that is no ground to leave anything out."""
    try:
        ip_network(text, strict=False)
    except ValueError:
        pass
    else:
        return "is an address, which an attacker can share or forge"
    if "assumed-role" in text or re.match("AROA[A-Z0-9]+:", text):
        return "holds a session name, which an attacker who takes the role can forge"
    if re.search(r"[\s/(]", text) and not text.startswith("arn:"):
        return "reads like a user agent, which an attacker can forge"
    return (
        "names no user, role or service for certain: a session name would read the same, and an attacker can forge one"
    )
