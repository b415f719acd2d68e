"""A record's bytes -> the record, unless it would spoil the others or show two faces.

Invalid UTF-8 and lone surrogates make every query on the column fail; of duplicate keys JSON readers disagree on
which value counts; nested deeper than `MAX_DEPTH`, DuckDB's JSON functions fail; numbers beyond a double they refuse.
Such a record is rejected whole.

Nearly every record is plain: written again it has the bytes it had. Then no key came twice and nothing is odd about
it, at the price of a second look; `examine` tells about the rest, exactly and slowly.
"""

import json
import math
from operator import itemgetter
from typing import Any

import msgspec

from trailquery.containers import why_no_record

MAX_DEPTH = 100

Text = str | None | msgspec.UnsetType
Flag = bool | str | None | msgspec.UnsetType
Part = msgspec.Raw | msgspec.UnsetType
_UNSET = msgspec.UNSET
_NULL = b"null"


class UnsoundError(Exception):
    """A record that cannot become a row; the message is the reason."""


class Record(msgspec.Struct, gc=False, rename="camel"):
    """A CloudTrail record with the parts that differ by service left as bytes."""

    user_identity: Part = _UNSET
    request_parameters: Part = _UNSET
    response_elements: Part = _UNSET
    additional_event_data: Part = _UNSET
    service_event_details: Part = _UNSET
    insight_details: Part = _UNSET
    event_context: Part = _UNSET
    resources: Part = _UNSET
    addendum: Part = _UNSET
    tls_details: Part = _UNSET
    read_only: Flag = _UNSET
    management_event: Flag = _UNSET
    session_credential_from_console: Flag = _UNSET
    event_id: Text = msgspec.field(name="eventID", default=_UNSET)
    event_time: Text = _UNSET
    event_version: Text = _UNSET
    event_source: Text = _UNSET
    event_name: Text = _UNSET
    event_type: Text = _UNSET
    event_category: Text = _UNSET
    region: Text = msgspec.field(name="awsRegion", default=_UNSET)
    source_ip_address: Text = msgspec.field(name="sourceIPAddress", default=_UNSET)
    user_agent: Text = _UNSET
    error_code: Text = _UNSET
    error_message: Text = _UNSET
    request_id: Text = msgspec.field(name="requestID", default=_UNSET)
    recipient_account_id: Text = _UNSET
    shared_event_id: Text = msgspec.field(name="sharedEventID", default=_UNSET)
    vpc_endpoint_id: Text = _UNSET
    vpc_endpoint_account_id: Text = _UNSET
    api_version: Text = _UNSET
    # Aggregated records and some Insight records spell these three their own way
    aggregated_id: Text = msgspec.field(name="eventId", default=_UNSET)
    aggregated_account_id: Text = msgspec.field(name="accountId", default=_UNSET)
    insight_shared_id: Text = msgspec.field(name="sharedEventId", default=_UNSET)


PARTS = Record.__struct_fields__[:10]
_PART_NAMES = dict(zip(Record.__struct_encode_fields__, PARTS, strict=False))
_decode = msgspec.json.Decoder(Record).decode
_decode_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_any = msgspec.json.Decoder().decode
_decode_text = msgspec.json.Decoder(str).decode
_encode = msgspec.json.Encoder().encode


def read_record(raw: msgspec.Raw) -> Record:
    """The record, sound but for what its parts hold (`read_part`). Raises UnsoundError.

    JSON has no shorter form of a text than the one msgspec writes, so of equal length means that nothing else is there:
    no key twice, none that `Record` lacks, no white space.
    """
    try:
        record = _decode(raw)
        is_plain = len(_encode(record)) == len(raw)
    except msgspec.ValidationError:
        record, is_plain = _lenient(raw), False
    except (msgspec.DecodeError, RecursionError) as error:
        examine(bytes(raw))
        raise UnsoundError(str(error)) from None
    if not _is_cloudtrail(record):
        raise UnsoundError(why_no_record(raw))
    if str(record.event_source).startswith("aws:"):
        raise UnsoundError(f"no CloudTrail record: a message of {record.event_source} to a Lambda function")
    if not is_plain:
        examine(bytes(raw))
    return record


def read_part(raw: bytes) -> tuple[Any, bool]:
    """A JSON part decoded, and whether it is plain; the record of one that is not must be examined."""
    try:
        value = _decode_any(raw)
        is_flat = len(raw) < 2 * MAX_DEPTH or raw.count(b"{") + raw.count(b"[") < MAX_DEPTH
        return value, is_flat and _encode(value) == raw
    except (ValueError, RecursionError):
        return None, False


def opened(name: str, part: bytes) -> bytes | None:
    """The object or null, on one line, that an export made the JSON text `part` of; None where the text holds neither."""
    try:
        text = _decode_text(part).encode().strip()
        is_part = text == _NULL or text.startswith(b"[" if name == "resources" else b"{")
        return msgspec.json.format(text, indent=-1) if is_part else None
    except (ValueError, RecursionError):
        return None


def _is_cloudtrail(record: Record) -> bool:
    return (
        (record.event_version is not _UNSET)
        + (record.event_id is not _UNSET or record.aggregated_id is not _UNSET)
        + (record.event_time is not _UNSET)
        + (record.event_source is not _UNSET)
        + (record.event_name is not _UNSET)
        + (record.event_type is not _UNSET)
        + (record.user_identity is not _UNSET)
    ) >= 2


def _lenient(raw: msgspec.Raw) -> Record:
    """A record whose fields are not of the type that AWS documents: what is no text is kept as JSON text."""
    try:
        fields = _decode_fields(raw)
    except msgspec.ValidationError as error:
        examine(bytes(raw))
        raise UnsoundError(str(error)) from None
    record = Record()
    for name, wire_name in zip(Record.__struct_fields__, Record.__struct_encode_fields__, strict=True):
        if wire_name in fields:
            value: Any = fields[wire_name]
            if name not in PARTS:
                text = bytes(value)
                value = json.loads(text) if text.startswith(b'"') else None if text == b"null" else text.decode()
            setattr(record, name, value)
    return record


def examine(raw: bytes) -> None:
    """Raises UnsoundError with the reason why `raw` can be no row, if there is one. Exact and slow."""
    record = _sound(raw)
    if not isinstance(record, dict):
        raise UnsoundError(f"not a JSON object but {_kind(raw)}")
    for part in _opened_parts(record).values():
        _sound(part)


def _sound(raw: bytes) -> Any:
    """What `raw` holds; raises as `examine` does."""
    try:
        value = json.loads(raw.decode(), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeDecodeError as error:
        raise UnsoundError(f"invalid UTF-8 at byte {error.start} of the record") from None
    except UnicodeEncodeError:
        raise UnsoundError("half of a surrogate pair (\\ud800-\\udfff) in a string") from None
    except json.JSONDecodeError as error:
        raise UnsoundError(f"broken JSON at character {error.pos} of the record: {error.msg}") from None
    except ValueError:  # Python's own limit
        raise UnsoundError("a number of more than 4,300 digits") from None
    except RecursionError:
        raise UnsoundError(f"nested deeper than {MAX_DEPTH} levels") from None
    if _depth(value) > MAX_DEPTH:
        raise UnsoundError(f"nested deeper than {MAX_DEPTH} levels")
    return value


def _opened_parts(record: dict[str, Any]) -> dict[str, bytes]:
    """What the parts of a record that are text hold, by the names in the record."""
    texts = {name: json.dumps(record[name]).encode() for name in _PART_NAMES if isinstance(record.get(name), str)}
    return {name: part for name, text in texts.items() if (part := opened(_PART_NAMES[name], text))}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnsoundError(f"the key {twice!r} occurs twice in one object")
    return value


def _finite(written: str) -> float:
    number = float(written)
    if math.isinf(number):
        raise UnsoundError(f"the number {written[:20]} is beyond the range of a double")
    return number


def _no_constant(name: str) -> None:
    raise UnsoundError(f"{name} is no JSON number")


def _kind(raw: bytes) -> str:
    kinds = {b"n": "null", b'"': "a string", b"t": "a boolean", b"f": "a boolean", b"[": "an array"}
    return kinds.get(raw[:1], "a number")


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level := [
        child
        for parent in level
        for child in (parent.values() if isinstance(parent, dict) else parent if isinstance(parent, list) else ())
    ]:
        depth += 1
    return depth


def canonical(raw: str | bytes) -> bytes:
    """The content of a record, equal for equal JSON: keys sorted, no white space, numbers as they are written.

    A part that is text counts as what it holds, so that an export's copy is no differing one.
    """
    value = _content(raw)
    if isinstance(value, dict):
        value |= {name: _content(part) for name, part in _opened_parts(value).items()}
    return repr(value).encode(errors="surrogatepass")


def _content(raw: str | bytes) -> Any:
    return json.loads(raw, object_pairs_hook=_in_order, parse_float=_Number, parse_int=_Number)


class _Number(str):
    """A number as written, which `repr` leaves without the quotes of a string."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def _in_order(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(sorted(pairs, key=itemgetter(0)))
