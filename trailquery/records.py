"""Records of a log file -> Arrow table of events, and the rejects beside it. Pure: no I/O, no clock.

Every sound JSON object with at least two of `RECORD_KEYS` becomes a row, whatever the types of its values.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from itertools import chain, repeat
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa

from trailquery.containers import RECORD_KEYS, Contents, Reject, cut
from trailquery.events import EVENTS
from trailquery.meaning import action, client, credentials, failure, identity, levels, resources, storage, target
from trailquery.meaning.fields import flag, text_at
from trailquery.soundness import UnsoundError, examine, is_suspect

_Text = str | None | msgspec.UnsetType
_Flag = bool | str | None | msgspec.UnsetType
_Json = msgspec.Raw | msgspec.UnsetType
_UNSET = msgspec.UNSET


class _Record(msgspec.Struct, gc=False, rename="camel"):
    """A CloudTrail record with the parts that differ by service left as bytes."""

    user_identity: _Json = _UNSET
    request_parameters: _Json = _UNSET
    response_elements: _Json = _UNSET
    additional_event_data: _Json = _UNSET
    service_event_details: _Json = _UNSET
    insight_details: _Json = _UNSET
    event_context: _Json = _UNSET
    resources: _Json = _UNSET
    addendum: _Json = _UNSET
    tls_details: _Json = _UNSET
    read_only: _Flag = _UNSET
    management_event: _Flag = _UNSET
    session_credential_from_console: _Flag = _UNSET
    event_id: _Text = msgspec.field(name="eventID", default=_UNSET)
    event_time: _Text = _UNSET
    event_version: _Text = _UNSET
    event_source: _Text = _UNSET
    event_name: _Text = _UNSET
    event_type: _Text = _UNSET
    event_category: _Text = _UNSET
    aws_region: _Text = _UNSET
    source_ip_address: _Text = msgspec.field(name="sourceIPAddress", default=_UNSET)
    user_agent: _Text = _UNSET
    error_code: _Text = _UNSET
    error_message: _Text = _UNSET
    request_id: _Text = msgspec.field(name="requestID", default=_UNSET)
    recipient_account_id: _Text = _UNSET
    shared_event_id: _Text = msgspec.field(name="sharedEventID", default=_UNSET)
    vpc_endpoint_id: _Text = _UNSET
    vpc_endpoint_account_id: _Text = _UNSET
    api_version: _Text = _UNSET
    # Aggregated records and some Insight records spell these three their own way
    aggregated_id: _Text = msgspec.field(name="eventId", default=_UNSET)
    aggregated_account_id: _Text = msgspec.field(name="accountId", default=_UNSET)
    insight_shared_id: _Text = msgspec.field(name="sharedEventId", default=_UNSET)


_FIELDS = len(_Record.__struct_fields__)
_PARTS = 10  # the first fields of _Record hold JSON parts
_decode = msgspec.json.Decoder(_Record).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode


class Decoded(NamedTuple):
    """One log file's records: `rows[i]`, in the order of ROW, stands at `positions[i]`; the rest are rejects."""

    rows: list[tuple[Any, ...]]
    positions: list[int]
    rejects: list[Reject]

    def event_times(self) -> list[datetime]:
        """The times of its events, naive UTC."""
        return [row[_EVENT_TIME] for row in self.rows if row[_EVENT_TIME] is not None]


class Origin(NamedTuple):
    """Where the records of one log file come from; `delivered_at` is naive UTC."""

    source_file: str
    file_sha256: str
    delivered_at: datetime | None


def decode(contents: Contents) -> Decoded:
    """The records of one log file as rows and rejects."""
    decoded = Decoded([], [], list(contents.rejects))
    for position, record in zip(contents.positions, contents.records, strict=True):
        raw = bytes(record)
        try:
            decoded.rows.append(_row(raw))
            decoded.positions.append(position)
        except UnsoundError as reason:
            decoded.rejects.append(cut(position, raw, str(reason)))
    if contents.problem and not contents.rejects:  # what is lost or wrong has no bytes to show, but it is listed
        decoded.rejects.append(Reject(len(contents.records), b"", contents.problem))
    return decoded


def to_table(files: Sequence[tuple[Origin, Decoded]]) -> pa.Table:
    """The rows of several log files as one table of EVENTS, in their order."""
    rows = [row for _, decoded in files for row in decoded.rows]
    columns: dict[str, Any] = dict(zip(ROW, zip(*rows, strict=True), strict=True)) if rows else {}
    columns["position"] = [position for _, decoded in files for position in decoded.positions]
    counts = [len(decoded.rows) for _, decoded in files]
    for number, name in enumerate(Origin._fields):
        columns[name] = list(chain.from_iterable(map(repeat, (origin[number] for origin, _ in files), counts)))
    return pa.Table.from_arrays([pa.array(columns.get(field.name, ()), field.type) for field in EVENTS], schema=EVENTS)


def canonical(raw: str | bytes) -> bytes:
    """The content of a record, equal for equal JSON: keys sorted, no white space, numbers as they are written."""
    value = json.loads(raw, object_pairs_hook=_in_order, parse_float=_Number, parse_int=_Number)
    return repr(value).encode(errors="surrogatepass")


class _Number(str):
    """A number as written, which `repr` leaves without the quotes of a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(sorted(pairs, key=itemgetter(0)))


def _row(raw: bytes) -> tuple[Any, ...]:
    """The record's values in the order of `ROW`. Raises UnsoundError."""
    record, parts, keys = _decoded(raw)
    if is_suspect(raw, keys):
        examine(raw)
    (_, request, response, additional, details, _, _, named, addendum, tls) = parts
    event_time = _instant(record.event_time)
    source, name = _said(record.event_source), _said(record.event_name)
    code, message = _said(record.error_code), _said(record.error_message)
    recipient = _said(record.recipient_account_id) or _said(record.aggregated_account_id)
    category, access, access_level, service, api, api_action = _what(
        _said(record.event_type), _said(record.event_category), _scalar(record.management_event), source, name,
        _scalar(record.read_only),
    )  # fmt: skip
    error_code, error_class, outcome = failure.error(code, message, response, name, details)
    caller = _who(_bytes(record.user_identity))
    if identity.is_incomplete(caller, source):
        caller = identity.complete(
            caller, event_source=source, event_name=name, event_time=event_time, outcome=outcome,
            additional=additional, recipient_account_id=recipient,
        )  # fmt: skip
    account_id = recipient or caller.actor_account_id
    event_id = _said(record.event_id) or _said(record.aggregated_id)
    version = _said(record.event_version)
    aim, mentions = _aimed_at(
        service, api, _bytes(record.request_parameters), _bytes(record.response_elements), _bytes(record.resources),
        message, account_id, _bytes(_service_details(record)),
    )  # fmt: skip
    return (
        event_id or "made-" + sha256(canonical(raw)).hexdigest()[:32], event_id is None, event_time, account_id,
        category, access, access_level, service, api, api_action, source, name, _said(record.aws_region),
        aim, outcome, error_class, error_code, message,
        *caller,
        *_whence(_said(record.source_ip_address), _said(record.user_agent),
                 _scalar(record.session_credential_from_console), caller.identity_type, caller.invoked_by),
        _said(record.vpc_endpoint_id) or text_at(additional, "vpcEndpointId"), _said(record.vpc_endpoint_account_id),
        text_at(tls, "tlsVersion"), text_at(tls, "clientProvidedHostHeader"),
        text_at(additional, "SwitchFrom"), identity.is_cross_account(caller, account_id),
        *credentials.issued(api_action, outcome, response, request, caller, account_id), credentials.requested_role_arn(request),
        storage.bucket(service, request, named), storage.object_key(service, request),
        *storage.bytes_moved(additional, outcome),
        mentions,
        _said(record.shared_event_id) or _said(record.insight_shared_id), _said(record.request_id),
        _is_truncated(request) or _is_truncated(response),
        text_at(addendum, "reason"), text_at(addendum, "originalEventID"),
        _said(record.event_type), _said(record.event_category), version, _minor(version),
        _json(record.request_parameters), _json(record.response_elements), _json(record.additional_event_data),
        _json(record.service_event_details), _json(record.insight_details), _json(record.event_context),
        raw.decode(),
    )  # fmt: skip


ROW = [name for name in EVENTS.names if name not in ("delivered_at", "source_file", "file_sha256", "position")]
_EVENT_TIME = ROW.index("event_time")


def _decoded(raw: bytes) -> tuple[_Record, list[Any], int]:
    """The record, its JSON parts decoded, and how many keys it has in all. Raises UnsoundError."""
    try:
        raw.decode()
        try:
            record = _decode(raw)
        except msgspec.ValidationError:
            record = _lenient(raw)
        fields = msgspec.structs.astuple(record)
        keys = _FIELDS - fields.count(_UNSET)
        parts = []
        for field in fields[:_PARTS]:
            part, part_keys = (None, 0) if field is _UNSET else _part(bytes(field))
            parts.append(part)
            keys += part_keys
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        examine(raw)
        raise
    if not _is_cloudtrail(record):
        raise UnsoundError("no CloudTrail record: fewer than two of " + ", ".join(sorted(RECORD_KEYS)))
    return record, parts, keys


def _is_cloudtrail(record: _Record) -> bool:
    return (
        (record.event_version is not _UNSET)
        + (record.event_id is not _UNSET or record.aggregated_id is not _UNSET)
        + (record.event_time is not _UNSET)
        + (record.event_source is not _UNSET)
        + (record.event_name is not _UNSET)
        + (record.event_type is not _UNSET)
        + (record.user_identity is not _UNSET)
    ) >= 2


def _lenient(raw: bytes) -> _Record:
    """A record whose fields are not of the type that AWS documents: what is no text is kept as JSON text."""
    try:
        fields = _decode_fields(raw)
    except msgspec.ValidationError:
        examine(raw)
        raise
    record = _Record()
    for name, wire_name in zip(_Record.__struct_fields__, _Record.__struct_encode_fields__, strict=True):
        if wire_name in fields:
            value: Any = fields[wire_name]
            if name not in _Record.__struct_fields__[:_PARTS]:
                decoded = _decode_any(value)
                value = decoded if decoded is None or isinstance(decoded, str) else bytes(value).decode()
            setattr(record, name, value)
    return record


def _part(raw: bytes) -> tuple[Any, int]:
    """A JSON part decoded, and how many keys its objects have. The many equal ones are decoded once."""
    return _equal_part(raw) if len(raw) < _MEMO_BYTES else _fresh_part(raw)


def _fresh_part(raw: bytes) -> tuple[Any, int]:
    value = _decode_any(raw)
    return value, _keys_in(value)


_MEMO_BYTES = 2_048
_equal_part = lru_cache(maxsize=1 << 14)(_fresh_part)


def _keys_in(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_keys_in, value.values()))
    return sum(map(_keys_in, value)) if isinstance(value, list) else 0


@lru_cache(maxsize=1 << 16)
def _who(user_identity: bytes) -> identity.Identity:
    return identity.identity(_decode_any(user_identity))


@lru_cache(maxsize=1 << 14)
def _what(
    event_type: str | None,
    event_category: str | None,
    management_event: bool | str | None,
    source: str | None,
    name: str | None,
    read_only: bool | str | None,
) -> tuple[str, str, str | None, str | None, str | None, str | None]:
    """category, access, access_level, service, api, action."""
    service, api = action.short_service(source), action.api(name)
    category = action.category(event_type, event_category, management_event, source, name)
    access = action.access(read_only, name)
    return (
        category,
        access,
        levels.access_level(category, service, api, access),
        service,
        api,
        f"{service}:{api}" if service and api else None,
    )


@lru_cache(maxsize=1 << 16)
def _whence(
    source_ip: str | None,
    user_agent: str | None,
    console: bool | str | None,
    kind: str,
    invoked_by: str | None,
) -> tuple[Any, ...]:
    """client_ip, ip_scope, ip_owner, source_ip_address, user_agent, client, from_console_session, is_aws_call."""
    from_console = flag(console) is True
    return (
        client.client_ip(source_ip),
        client.ip_scope(source_ip),
        client.ip_owner(source_ip),
        source_ip,
        client.plain_user_agent(user_agent),
        client.client(user_agent, source_ip, from_console),
        from_console,
        client.is_aws_call(kind, invoked_by, source_ip),
    )


@lru_cache(maxsize=1 << 13)
def _aimed_at(
    service: str | None,
    api: str | None,
    request: bytes,
    response: bytes,
    named: bytes,
    message: str | None,
    account_id: str | None,
    details: bytes,
) -> tuple[str | None, list[resources.Resource]]:
    """target and resources."""
    said = (service, api, _part(request)[0], _part(response)[0], _part(named)[0], message)
    told = _part(details)[0]
    return target.target(*said, account_id, told), resources.resources_named(*said, told)


def _service_details(record: _Record) -> _Json:
    """Where a service event says what others say in the request."""
    if record.service_event_details is not _UNSET:
        return record.service_event_details
    return record.additional_event_data if record.event_type == "AwsServiceEvent" else _UNSET


def _bytes(value: _Json) -> bytes:
    return b"null" if value is _UNSET else bytes(value)


def _said(value: _Text) -> str | None:
    """A field's text; null where the record lacks it or leaves it empty."""
    return value if isinstance(value, str) and value else None


def _scalar(value: _Flag) -> bool | str | None:
    return value if isinstance(value, (bool, str)) else None


def _json(value: _Json) -> str | None:
    text = _bytes(value).decode()
    return None if text == "null" else text


def _instant(value: _Text) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None


def _minor(version: str | None) -> int | None:
    """10 of `1.10`."""
    minor = (version or "").partition(".")[2]
    return int(minor) if minor.isdecimal() and len(minor) < 4 else None


def _is_truncated(part: Any) -> bool:
    """AWS puts {"reason": "... too large", "omitted": true, "originalSize": n} in the place of what it leaves out."""
    if not isinstance(part, dict) or not part.keys() & {"omitted", "reason"}:
        return False
    return flag(part.get("omitted")) is True or "too large" in str(part.get("reason"))
