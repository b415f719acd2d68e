"""Whose network an address is of: AWS, another provider of machines, a VPN, Tor.

Source: package iporigin, which gathers the ranges that providers publish, with the day they were taken.
"""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

_SHORT = {"Amazon AWS": "aws", "Google Cloud": "gcp", "Microsoft Azure": "azure"}


class Origin(NamedTuple):
    """`scope` is aws, cloud, vpn, tor or public; `owner` a provider in small letters, or null."""

    scope: str
    owner: str | None


@lru_cache(maxsize=1 << 16)
def origin(address: IPv4Address | IPv6Address) -> Origin:
    """Who publishes a range that holds `address`. Hosters, delivery networks and crawlers all count as cloud."""
    from iporigin import classify  # its ranges take 20 ms to load: only ingest pays for them

    found = classify(address)  # type: ignore[no-untyped-call]
    if not found.provider:
        return Origin("public", None)
    owner = _SHORT.get(found.provider, found.provider.lower().replace(" ", "-"))
    scope = owner if owner == "aws" else found.kind if found.kind in ("vpn", "tor") else "cloud"
    return Origin(scope, owner)
