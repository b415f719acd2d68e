"""CloudTrail records -> the columns of `events.py`. Pure: no I/O, no clock.

What follows from a few fields is worked out once for each of their values: each function with a cache names the
fields it needs and the columns it gives.
"""

import re
import sys
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from itertools import accumulate, chain
from typing import Any

import msgspec
import pyarrow as pa

from trailquery.events import RESOURCE, TEXT
from trailquery.meaning import action, client, credentials, failure, identity, kinds, levels, resources, storage, target
from trailquery.meaning.fields import flag, text_at
from trailquery.soundness import PARTS, Record, canonical, opened, read_part

_UNSET = msgspec.UNSET
_NULL = b"null"
_MEMO_BYTES = 2_048


def columns_of(records: list[Record], raws: list[bytes]) -> tuple[dict[str, Any], list[bool]]:
    """The columns of EVENTS that follow from records alone, and of each record whether all its parts are plain."""
    names = Record.__struct_fields__
    columns: dict[str, Any] = {"raw": raws}
    for name, given in zip(names, _transposed(map(msgspec.structs.astuple, records), len(names)), strict=True):
        if name in PARTS:
            columns[name] = [b"" if value is _UNSET else _as_delivered(name, bytes(value)) for value in given]
        elif name in _FLAGS:
            columns[name] = [value if value is False else value or None for value in given]
        else:
            columns[name] = [value or None for value in given]
    texts = {name: _json_array(columns[field]) for name, field in _JSON.items()}
    for gives, function, takes in _STEPS:
        results = map(function, *(columns[name] for name in takes))
        if isinstance(gives, str):
            columns[gives] = list(results)
        else:
            columns.update(zip(gives, _transposed(results, len(gives)), strict=True))
    plain = list(map(all, zip(*(columns[name] for name in columns if name.startswith("plain_")), strict=True)))
    return columns | texts | {"resources": _resource_array(columns["resources"])}, plain


def _as_delivered(name: str, part: bytes) -> bytes:
    """A part that is text or was laid out for reading as CloudTrail writes it: queries look for `"a":1` in it."""
    if part.startswith(b'"'):
        part = opened(name, part) or part
    return msgspec.json.format(part, indent=-1) if b"\n" in part else part


def _transposed(rows: Iterable[tuple[Any, ...]], width: int) -> list[tuple[Any, ...]]:
    return list(zip(*rows, strict=True)) or [()] * width


def forget() -> None:
    """Empty every memo: it holds so many values, however long they are."""
    for remembered in chain.from_iterable(vars(place).values() for place in (resources, kinds, sys.modules[__name__])):
        if hasattr(remembered, "cache_clear"):
            remembered.cache_clear()


@lru_cache(maxsize=1 << 14)
def _what(
    event_type: str | None,
    event_category: str | None,
    management_event: bool | str | None,
    source: str | None,
    name: str | None,
    read_only: bool | str | None,
) -> tuple[str, str | None, str | None, str | None, str | None, str | None]:
    """category, access, access_level, service, api, action."""
    service, api = action.short_service(source), action.api(name)
    category = action.category(event_type, event_category, management_event, source, name)
    access = action.access(category, read_only, name, levels.iam_level(service, api))
    return (
        category,
        access,
        levels.access_level(category, service, api, access),
        service,
        api,
        f"{service}:{api}" if service and api else None,
    )


def _remembered(read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    """`read`, once for each of the parts seen last, but for long ones: they would fill the memory."""
    memo = lru_cache(maxsize=1 << 12)(read)
    return lambda part: memo(part) if len(part) < _MEMO_BYTES else read(part)


@_remembered
def _who(user_identity: bytes) -> tuple[identity.Identity, bool, bool]:
    """The caller as far as userIdentity tells, whether more of the record is needed, whether it is plain JSON."""
    value, is_plain = _value(user_identity)
    caller = identity.identity(value)
    return caller, identity.is_incomplete(caller, None), is_plain


def _caller(
    caller: identity.Identity, is_incomplete: bool, source: str | None, name: str | None, event_time: datetime | None,
    outcome: str | None, additional: bytes, recipient: str | None,
) -> identity.Identity:  # fmt: skip
    """The columns about the caller."""
    if not is_incomplete and source not in identity.TELL_MORE:
        return caller
    return identity.complete(
        caller, event_source=source, event_name=name, event_time=event_time, outcome=outcome,
        additional=_value(additional)[0], recipient_account_id=recipient,
    )  # fmt: skip


@lru_cache(maxsize=1 << 14)
def _whence(
    source_ip: str | None,
    user_agent: str | None,
    console: bool | str | None,
    kind: str,
    invoked_by: str | None,
    event_type: str | None,
) -> tuple[Any, ...]:
    """client_ip, ip_scope, ip_owner, source_ip_address, user_agent, client, from_console_session, is_aws_call."""
    from_console = flag(console) is True
    is_aws_call = client.is_aws_call(kind, invoked_by, source_ip)
    in_console = not is_aws_call and (from_console or (event_type or "").lower() == "awsconsoleaction")
    return (
        client.client_ip(source_ip),
        client.ip_scope(source_ip),
        client.ip_owner(source_ip),
        source_ip,
        client.plain_user_agent(user_agent),
        client.client(user_agent, source_ip, in_console),
        from_console,
        is_aws_call,
    )


def _aimed_at(service: str | None, api: str | None, name: str | None, *said: Any) -> tuple[Any, ...]:
    """What follows from request and response. Long ones are not remembered."""
    is_short = sum(map(len, said[:5])) < _MEMO_BYTES
    return (_aimed_at_once if is_short else _aimed_at_once.__wrapped__)(service, api, name, *said)


@lru_cache(maxsize=1 << 11)
def _aimed_at_once(
    service: str | None, api: str | None, name: str | None, request_part: bytes, response_part: bytes,
    resources_part: bytes, details_part: bytes, told_part: bytes, message: str | None, account_id: str | None,
) -> tuple[Any, ...]:  # fmt: skip
    (request, plain), (response, plain_response) = _value(request_part), _value(response_part)
    (named, plain_named), (details, plain_details) = _value(resources_part), _value(details_part)
    told = _value(told_part)[0]
    found = resources.mentions(service, api, request, response, named, message, details, told)
    return (
        target.target(service, api, request, response, found, account_id),
        resources.resources_named(found),
        failure.code_elsewhere(response, details, name, told),
        credentials.requested_role_arn(request),
        storage.bucket(service, request, named),
        storage.object_key(service, request),
        _is_truncated(request) or _is_truncated(response),
        plain and plain_response and plain_named and plain_details,
    )


@lru_cache(maxsize=1 << 12)
def _failed(category: str, code: str | None, code_elsewhere: str | None, message: str | None) -> failure.Error:
    error = failure.error(failure.said_code(code) or code_elsewhere, message, None, None)
    return error._replace(outcome=None) if category in action.SUMMARIES else error


def _issued(
    action: str | None, outcome: str | None, response: bytes, request: bytes, actor_arn: str | None, user_name: str | None,
    account_id: str | None,
) -> credentials.Issued:  # fmt: skip
    if action not in credentials.HANDS_OUT:
        return credentials.NOTHING
    caller = identity.Identity("", actor_arn=actor_arn, user_name=user_name)
    return credentials.issued(action, outcome, _value(response)[0], _value(request)[0], caller, account_id)


def _beside(additional: bytes, outcome: str | None) -> tuple[int | None, int | None, str | None, str | None, bool]:
    """bytes_out, bytes_in, switch_from, the VPC endpoint when it stands here, whether it is plain JSON."""
    if not additional:
        return None, None, None, None, True
    value, is_plain = read_part(additional)
    moved = storage.bytes_moved(value, outcome)
    return *moved, text_at(value, "SwitchFrom"), text_at(value, "vpcEndpointId"), is_plain


@_remembered
def _tls(details: bytes) -> tuple[str | None, str | None, bool]:
    """tls_version, host_header, whether it is plain JSON."""
    value, is_plain = _value(details)
    return text_at(value, "tlsVersion"), text_at(value, "clientProvidedHostHeader"), is_plain


@_remembered
def _amends(addendum: bytes) -> tuple[str | None, str | None, bool]:
    """addendum_reason, amends_event_id, whether it is plain JSON."""
    value, is_plain = _value(addendum)
    return text_at(value, "reason"), text_at(value, "originalEventID"), is_plain


@lru_cache(maxsize=1 << 12)
def _crosses(
    identity_type: str, actor_account_id: str | None, delegate_account_id: str | None, account_id: str | None
) -> bool:
    caller = identity.Identity(
        identity_type=identity_type, actor_account_id=actor_account_id, delegate_account_id=delegate_account_id
    )
    return identity.is_cross_account(caller, account_id)


# Who publishes logs masks their ids; as ids they would make one event of all.
_MASKED_ID = re.compile(r"\W*(?:redacted|masked|hidden|removed|[x0]{8}[x0-]*)?\W*", re.IGNORECASE)


def _event_id(event_id: str | None, aggregated_id: str | None, raw: bytes) -> tuple[str, bool]:
    """event_id, event_id_made."""
    said = event_id or aggregated_id
    if said and not _MASKED_ID.fullmatch(said):
        return said, False
    return "made-" + sha256(canonical(raw)).hexdigest()[:32], True


def _account_id(recipient: str | None, caller: identity.Identity) -> str | None:
    return recipient or caller.actor_account_id


def _told(additional: bytes, event_type: str | None) -> bytes:
    """Where a service event says what others say in the request, beside its details."""
    return additional if (event_type or "").lower() == "awsserviceevent" else b""


def _either(one: Any, other: Any) -> Any:
    return one or other


def _value(part: bytes) -> tuple[Any, bool]:
    return read_part(part) if part and part != _NULL else (None, True)


def _is_plain(part: bytes) -> bool:
    return not part or read_part(part)[1]


_ZONE_APART = re.compile(r" (?:UTC$|(?=Z$|[+-]\d\d:?\d\d$))")  # as BigQuery and Snowflake export a time


@lru_cache(maxsize=1 << 11)
def _instant(value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(_ZONE_APART.sub("", value) if " " in value else value)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1 << 12)
def _minor(version: str | None) -> int | None:
    """10 of `1.10`."""
    minor = (version or "").partition(".")[2]
    return int(minor) if minor.isdecimal() and len(minor) < 4 else None


def _is_truncated(part: Any) -> bool:
    """AWS puts {"reason": "... too large", "omitted": true, "originalSize": n} in the place of what it leaves out."""
    if not isinstance(part, dict) or not part.keys() & {"omitted", "reason"}:
        return False
    return flag(part.get("omitted")) is True or "too large" in str(part.get("reason"))


_FLAGS = ("read_only", "management_event", "session_credential_from_console")
_CALL = ("event_source", "event_name")
_PARTS = ("request_parameters", "response_elements", "resources", "service_event_details", "told")
# What is given, by which function, of which fields and columns; in an order in which each finds what it takes.
_STEPS: tuple[tuple[str | tuple[str, ...], Callable[..., Any], tuple[str, ...]], ...] = (
    (("event_id", "event_id_made"), _event_id, ("event_id", "aggregated_id", "raw")),
    ("event_time", _instant, ("event_time",)),
    ("event_version_minor", _minor, ("event_version",)),
    ("shared_event_id", _either, ("shared_event_id", "insight_shared_id")),
    (("category", "access", "access_level", "service", "api", "action"), _what,
     ("event_type", "event_category", "management_event", *_CALL, "read_only")),
    (("caller", "is_incomplete", "plain_caller"), _who, ("user_identity",)),
    ("recipient", _either, ("recipient_account_id", "aggregated_account_id")),
    ("account_id", _account_id, ("recipient", "caller")),
    ("told", _told, ("additional_event_data", "event_type")),
    (("target", "resources", "code_elsewhere", "requested_role_arn", "bucket", "object_key", "is_truncated", "plain_aim"),
     _aimed_at,
     ("service", "api", "event_name", *_PARTS, "error_message", "account_id")),
    (failure.Error._fields, _failed, ("category", "error_code", "code_elsewhere", "error_message")),
    (identity.Identity._fields, _caller,
     ("caller", "is_incomplete", *_CALL, "event_time", "outcome", "additional_event_data", "recipient")),
    (credentials.Issued._fields, _issued,
     ("action", "outcome", "response_elements", "request_parameters", "actor_arn", "user_name", "account_id")),
    (("client_ip", "ip_scope", "ip_owner", "source_ip_address", "user_agent", "client", "from_console_session",
      "is_aws_call"), _whence,
     ("source_ip_address", "user_agent", "session_credential_from_console", "identity_type", "invoked_by", "event_type")),
    (("bytes_out", "bytes_in", "switch_from", "endpoint_elsewhere", "plain_additional"), _beside,
     ("additional_event_data", "outcome")),
    (("vpc_endpoint_id", "vpc_endpoint_account_id"), client.vpc_endpoint,
     ("vpc_endpoint_id", "vpc_endpoint_account_id", "endpoint_elsewhere")),
    (("tls_version", "host_header", "plain_tls"), _tls, ("tls_details",)),
    (("addendum_reason", "amends_event_id", "plain_addendum"), _amends, ("addendum",)),
    ("is_cross_account", _crosses, ("identity_type", "actor_account_id", "delegate_account_id", "account_id")),
    ("plain_insight", _is_plain, ("insight_details",)),
    ("plain_context", _is_plain, ("event_context",)),
)  # fmt: skip
_JSON = {
    "request": "request_parameters",
    "response": "response_elements",
    "additional": "additional_event_data",
    "service_details": "service_event_details",
    "insight": "insight_details",
    "event_context": "event_context",
    "raw": "raw",
}


def _json_array(parts: list[bytes]) -> pa.Array:
    """Valid UTF-8 as a column of text; null where there is none, or only `null`."""
    said = [None if part == _NULL else part or None for part in parts]
    return pa.array(said, pa.binary()).view(TEXT)


def _resource_array(named: Sequence[Sequence[resources.Resource]]) -> pa.Array:
    ends = array("i", accumulate(map(len, named), initial=0))
    members = _transposed(chain.from_iterable(named), len(RESOURCE))
    struct = pa.StructArray.from_arrays([pa.array(values, TEXT) for values in members], fields=list(RESOURCE))
    return pa.ListArray.from_arrays(pa.Array.from_buffers(pa.int32(), len(ends), [None, pa.py_buffer(ends)]), struct)
