"""Whence the call came and with what program."""

import re
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from trailquery.meaning.fields import text
from trailquery.meaning.origins import origin

# Not ipaddress.is_private: that also holds the documentation ranges, and misses 100.64.0.0/10.
_PRIVATE_NETWORKS = """
    10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16
    ::1/128 fc00::/7 fe80::/10
"""
_PRIVATE = tuple(map(ip_network, _PRIVATE_NETWORKS.split()))
_SERVICE_HOST = re.compile(r"[a-z0-9][a-z0-9._-]*\.[a-z]+", re.IGNORECASE)
# In whose name a person's clicks (until about 2020) and the tools of a person's agent are forwarded.
# Source: AWS MCP Server User Guide, "Logging AWS MCP Server API calls using AWS CloudTrail", and recordings.
_OF_PERSONS = re.compile(r"(signin|[a-z0-9-]+-mcp)\.amazonaws\.com")
_LONGEST_AGENT = 1_024  # AWS cuts there; what is longer was written by somebody else, and takes long to search
_CONSOLE = re.compile(
    r"^(signin|console)\.amazonaws\.com|^console\.|S3Console/|ConsoleFrontend|Console, aws-internal"
    r"|^AWS \w+ Console$",
    re.IGNORECASE,
)
_BY_AGENT = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("iac", r"terraform|opentofu|pulumi|aws-cdk|aws-sam-cli|ansible|crossplane|packer|serverless/"),
        ("cli", r"aws-cli/"),
        ("browser", r"^(Mozilla|Opera)/"),
        ("service", r"^[\w.-]+\.amazonaws\.com|^AWS Internal|aws-internal/"),
        ("sdk", r"aws-?sdk|aws_sdk|boto|AWSPowerShell|aws-chalice"),
    )
)


def client_ip(source_ip_address: object) -> str | None:
    """The address as delivered, of a list the first; null for service names, `AWS Internal` and look-alikes."""
    return _first(source_ip_address) if _address(source_ip_address) else None


def ip_scope(source_ip_address: object) -> str:
    """private, aws, cloud, vpn, tor, public, aws-service, aws-internal or none.

    Behind a VPC endpoint an address is private; public is an address that no published list names.
    """
    address = _address(source_ip_address)
    if address:
        return "private" if _is_private(address) else origin(_plain(address)).scope
    source = text(source_ip_address) or ""
    if source.startswith("AWS Internal"):
        return "aws-internal"
    return "aws-service" if _SERVICE_HOST.fullmatch(source) else "none"


def ip_owner(source_ip_address: object) -> str | None:
    """The provider whose published ranges hold the address: aws, gcp, mullvad, tor; null where none does."""
    address = _address(source_ip_address)
    return origin(_plain(address)).owner if address and not _is_private(address) else None


def plain_user_agent(user_agent: object) -> str | None:
    """The client's own words without the brackets S3 puts around them; the closing one may be cut off."""
    agent = text(user_agent)
    return text(agent[1:].removesuffix("]")) if agent and agent.startswith("[") else agent


def client(user_agent: object, source_ip_address: object, from_console: bool | None = None) -> str | None:
    """console, cloudshell, cli, sdk, iac, browser, service or other; null without a user agent. Forgeable.

    `from_console`: a person did it in the console, whose own machines may stand before it as `AWS Internal`.
    """
    agent = (plain_user_agent(user_agent) or "")[:_LONGEST_AGENT]
    from_address = _address(source_ip_address) is not None
    if "cloudshell" in agent.lower():
        return "cloudshell"
    if source_ip_address == "cloudformation.amazonaws.com":
        return "iac"
    by_person = from_console and (from_address or source_ip_address == "AWS Internal")
    passed_on = from_address and ("aws-internal/" in agent or agent == "AWS Internal")  # by the console's own machines
    if _CONSOLE.search(agent) or by_person or passed_on:
        return "console"
    if not agent:
        return None
    return next((name for name, pattern in _BY_AGENT if pattern.search(agent)), "other")


def vpc_endpoint(
    endpoint_id: str | None, account_id: str | None, elsewhere: str | None
) -> tuple[str | None, str | None]:
    """The id and the owner of the endpoint the call came through; null where AWS puts a service in their place."""
    found = next((one for one in (endpoint_id, elsewhere) if one and one.startswith("vpce-")), None)
    return found, account_id if account_id and account_id.isdigit() else None


def is_aws_call(identity_type: object, invoked_by: object, source_ip_address: object) -> bool:
    """AWS called by itself: an AWS service, or a call that a service forwarded, with no client address.

    What the console forwarded a person did, and what an MCP server of AWS forwarded a person's agent: records
    name them in `invokedBy`.
    """
    host = text(invoked_by)
    forwarded = host is not None and not _OF_PERSONS.fullmatch(host) and _address(source_ip_address) is None
    return identity_type == "AWSService" or forwarded


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    plain = _plain(address)
    return any(plain in network for network in _PRIVATE)


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address in an IPv6 one such as ::ffff:198.51.100.7; every other as it is."""
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _first(source_ip_address: object) -> str | None:
    """The client of `client, proxy, proxy`, which Managed Grafana was told by the proxies; forgeable."""
    source = text(source_ip_address)
    return text(source.partition(",")[0].strip()) if source else None


def _address(source_ip_address: object) -> IPv4Address | IPv6Address | None:
    source = _first(source_ip_address)
    if source is None or "%" in source:  # a scope id may hold any text
        return None
    try:
        return ip_address(source)
    except ValueError:
        return None
