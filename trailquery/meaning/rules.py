"""Security group rules as one readable string."""

import re
from collections.abc import Iterator, Mapping

from trailquery.meaning.fields import items, mapping, text

_PEERS = ("cidrip", "cidripv4", "cidripv6", "prefixlistid", "referencedgroupid", "groupid", "groupname")
_PORT = re.compile(r"-?[0-9]{1,5}")
_PEER_LISTS = ("ipranges", "ipv6ranges", "groups", "prefixlistids")


def security_group_rules(api: str, request: object, response: object) -> str | None:
    """`sg-1 +tcp/22 0.0.0.0/0 and 2 more`; null for calls that change no rule.

    The rule stands in ipPermissions, or flat beside an empty ipPermissions, or is named by its id alone, or,
    in ModifySecurityGroupRules, in a wrapper with capitals; what EC2 answers is the last resort.
    """
    sign = {"Authorize": "+", "Revoke": "-", "Modify": "~"}.get(api.partition("Security")[0])
    asked = _small(request)
    if len(asked) == 1:
        asked = _small(next(iter(asked.values()))) or asked
    group = text(asked.get("groupid")) or text(asked.get("groupname"))
    if sign is None or not api.endswith(("gress", "Rules")):
        return None
    rules = list(dict.fromkeys(_asked_rules(asked))) or list(dict.fromkeys(_answered_rules(response)))
    if not rules:
        return group
    more = f" and {len(rules) - 1} more" if len(rules) > 1 else ""
    return f"{group or '?'} {sign}{rules[0]}{more}"


def _asked_rules(asked: Mapping[str, object]) -> Iterator[str]:
    for permission in map(_small, items(asked.get("ippermissions"))):
        peers = [_peer(_small(one)) for name in _PEER_LISTS for one in items(permission.get(name))]
        for peer in peers or [None]:
            yield _rule(permission, peer)
    if text(asked.get("ipprotocol")) or text(asked.get("cidrip")) or text(asked.get("cidripv6")):
        yield _rule(asked, text(asked.get("cidrip")) or text(asked.get("cidripv6")) or _source_group(asked))
    for change in map(_small, items(asked.get("securitygrouprule"))):
        rule = _small(change.get("securitygrouprule"))
        yield _rule(rule, _peer(rule)) if rule else text(change.get("securitygroupruleid")) or "?"
    for by_id in items(asked.get("securitygroupruleids")):
        rule_id = text(_small(by_id).get("securitygroupruleid")) or text(by_id)
        if rule_id:
            yield rule_id


def _answered_rules(response: object) -> Iterator[str]:
    for one in map(_small, items(mapping(response).get("securityGroupRuleSet"))):
        referenced = _small(one.get("referencedgroupinfo"))
        peer = _peer({name: value for name, value in one.items() if name not in ("groupid", "groupname")})
        yield _rule(one, peer or _peer(referenced))


def _rule(rule: Mapping[str, object], peer: str | None) -> str:
    protocol = str(rule.get("ipprotocol") or "-1")
    ends = [str(rule.get("fromport")), str(rule.get("toport"))]  # a number, or one in quotes
    numbers = [int(end) for end in ends if _PORT.fullmatch(end)]
    if protocol == "-1":
        what = "all"
    elif len(numbers) < 2 or numbers[0] == -1:
        what = protocol
    elif numbers[0] == numbers[1]:
        what = f"{protocol}/{numbers[0]}"
    else:
        what = f"{protocol}/{numbers[0]}-{numbers[1]}"
    return f"{what} {peer}" if peer else what


def _peer(said: Mapping[str, object]) -> str | None:
    return next((peer for name in _PEERS if (peer := text(said.get(name)))), None)


def _source_group(asked: Mapping[str, object]) -> str | None:
    return text(asked.get("sourcesecuritygroupname")) or text(asked.get("sourcesecuritygroupid"))


def _small(value: object) -> Mapping[str, object]:
    """An object with its names in small letters: newer EC2 APIs write them with capitals."""
    return {name.lower(): inner for name, inner in mapping(value).items() if isinstance(name, str)}
