"""Any string an analyst pastes -> what kind of thing it is, the events that hold it, and the next question to ask."""

import json
import re
from ipaddress import ip_network
from typing import Any, NamedTuple

from trailquery.lake import Lake
from trailquery.result import Result

COLUMNS = "event_time, outcome, action, target, actor, client_ip, account_id, region, event_id"
_NAMED = "list_contains(list_transform(resources, lambda named: named.{field}), $value)"
_NEXT_EVENT = ("run", "event", "{event_id}")
_NEXT_RESOURCE = ("run", "timeline_resource", "{value}", "--no-writes-only")
_NEXT_ACTOR = ("run", "timeline_actor", "{value}")


class Kind(NamedTuple):
    """A kind of value: the form it has, where events hold it, the command that goes on from there."""

    name: str
    form: str  # a regular expression for the whole value
    predicate: str  # over the columns of `events`, with $value
    next: tuple[str, ...]  # {value} is the value, {event_id} the event that is it, else the newest found


KINDS = (
    Kind("access key", r"(AKIA|ASIA)[A-Z0-9]{12,}", "access_key_id = $value OR issued_key_id = $value",
         ("run", "who_is_key", "{value}")),
    Kind("event id", r"(?i)[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}|made-[0-9a-f]{32}",
         "lower($value) IN (event_id, shared_event_id, amends_event_id, request_id)", _NEXT_EVENT),
    Kind("account", r"[0-9]{12}", "$value IN (account_id, actor_account_id)",
         ("run", "actor_summary", "--account", "{value}")),
    Kind("identity ARN", r"arn:aws[\w-]*:(iam|sts)::.+", "$value IN (actor_arn, role_arn, issued_arn, requested_role_arn) OR "
         + _NAMED.format(field="arn"), _NEXT_ACTOR),
    Kind("ARN", r"arn:aws[\w-]*:.+", "actor_arn = $value OR " + _NAMED.format(field="arn"),
         _NEXT_RESOURCE),
    Kind("principal id", r"(AIDA|AROA|ANPA|AGPA|AIPA)[A-Z0-9]{12,}(:.+)?", "$value IN (principal_key, principal_id)",
         _NEXT_ACTOR),
    Kind("S3 object or bucket", r"s3://.+", "target = $value OR 's3://' || bucket = rtrim($value, '/')",
         _NEXT_RESOURCE),
    Kind("resource id", r"[a-z]{1,12}-[0-9a-f]{8,17}", _NAMED.format(field="name"), _NEXT_RESOURCE),
)  # fmt: skip
_IPV4 = Kind("IPv4 address", "", "client_ip = $value", ("run", "timeline_ip", "{value}"))
_IPV6 = _IPV4._replace(name="IPv6 address", predicate="contains(client_ip, ':') AND in_network(client_ip, $value)")
_NETWORK = _IPV4._replace(name="network", predicate="in_network(client_ip, $value)")
_TEXT = Kind("text", "", "", _NEXT_EVENT)

# Of a name, which is searched as text: whether it is a caller or a resource, to go on from there.
_ROLE_OF_NAME = f"""
    SELECT
        count(*) FILTER (WHERE $value IN (actor, user_name, role_name)) AS calls,
        count(*) FILTER (WHERE target = $value OR {_NAMED.format(field="name")}) AS mentions
    FROM events
"""  # noqa: S608 (our own text)


class Found(NamedTuple):
    kind: str
    result: Result
    next: list[str]  # the words of the trailquery command that goes on from here; empty when nothing was found


def find(lake: Lake, value: str) -> Found:
    """The events in scope that hold `value`, newest first, with the columns of COLUMNS.

    A value of a known kind is looked up in the typed columns; any other text, and a known kind that no column
    holds, is searched in the records as delivered, in any capitals.
    """
    kind, bound = kind_of(value)
    if kind is not _TEXT:
        result = lake.sql(_select(kind.predicate), value=bound)
        if len(result):
            return Found(kind.name, result, _next(kind, bound, result))
    result = _search_text(lake, value)
    return Found(_TEXT.name, result, _next(_kind_of_name(lake, value), value, result))


def _kind_of_name(lake: Lake, value: str) -> Kind:
    """Text that turns out to be the name of a caller or a resource leads on from there."""
    (held,) = lake.sql(_ROLE_OF_NAME, value=value).rows()
    return _TEXT._replace(next=_NEXT_ACTOR if held["calls"] else _NEXT_RESOURCE if held["mentions"] else _NEXT_EVENT)


def kind_of(value: str) -> tuple[Kind, str]:
    """What `value` looks like, text when it looks like nothing we know; and the value as its kind is looked up."""
    try:
        network = ip_network(value, strict=False)
    except ValueError:
        return next((kind for kind in KINDS if re.fullmatch(kind.form, value)), _TEXT), value
    if "/" in value:
        # Everything lies in 0.0.0.0/0: who pastes that looks for rules and policies that say it.
        return (_NETWORK, str(network)) if network.prefixlen else (_TEXT, value)
    return (_IPV4 if network.version == 4 else _IPV6), str(network.network_address)


def _search_text(lake: Lake, value: str) -> Result:
    """Records that hold `value`, also where it is part of a JSON string; the wildcards of LIKE mean themselves."""
    cased = (value, value.lower(), value.upper())  # escapes such as \u00fc have capitals of their own
    forms = {
        form.lower()
        for text in cased
        for form in (text, *(json.dumps(text, ensure_ascii=a)[1:-1] for a in (False, True)))
    }
    params = {f"form_{number}": form for number, form in enumerate(sorted(forms))}
    return lake.sql(_select(" OR ".join(f"contains(lower(raw), ${name})" for name in params)), **params)


def _next(kind: Kind, value: str, result: Result) -> list[str]:
    ids: list[Any] = result.arrow()["event_id"].to_pylist()
    if not ids:
        return []
    event_id = value if value in ids else ids[0]
    return [word.format(value=value, event_id=event_id) for word in kind.next]


def _select(predicate: str) -> str:
    return f"SELECT {COLUMNS} FROM events WHERE {predicate} ORDER BY event_time DESC, event_id"  # noqa: S608 (our own text)
