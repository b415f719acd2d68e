"""Bytes of one file -> the CloudTrail records in it, each an exact slice. Pure: no I/O.

The shape is told by content, never by a name: a delivered log file, a bare array, one record a line, objects one after
another, JSON texts of records, `lookup-events` output, rows of CloudTrail Lake, EventBridge envelopes, SNS, SQS, Kinesis
and Firehose messages, CloudWatch Logs in six forms, syslog lines, exports of Elasticsearch, Splunk, LogScale, Graylog,
Loki and Datadog, Fluent Bit, Wazuh, OCSF, CSV of them. What wraps a record is peeled off, its own bytes stay as they are.
Each record handed out is one well-formed JSON value in valid UTF-8; whether it is a CloudTrail record at all (an element
may be null) the record decoder says.

Source of the shapes: CloudTrail User Guide, "CloudTrail log file examples" and "Digest file structure";
CloudWatch Logs User Guide, "Subscription filters", "Export log data to Amazon S3"; EventBridge User Guide;
AWS CLI reference of `cloudtrail lookup-events` and `get-query-results`, `logs filter-log-events` and `get-query-results`;
Lambda Developer Guide, the events that services send; Firehose Developer Guide, "Data transformation"; GELF of Graylog;
Datadog documentation, "Log Archives".
"""

import codecs
import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain, takewhile
from typing import NamedTuple

import msgspec
import pyarrow as pa

from trailquery.cells import record_cells
from trailquery.inflate import GZIP_MAGIC, inflate
from trailquery.lost import NO_TEXT_ASKED, lost_record
from trailquery.stretches import stretches

MAX_INFLATED_BYTES = 512 << 20
REJECT_BYTES = 1 << 20  # of an unreadable stretch at most this much is kept
RECORD_KEYS = frozenset(
    ("eventVersion", "eventID", "eventId", "eventTime", "eventSource", "eventName", "eventType", "userIdentity")
)  # fmt: skip
_UTF16 = {  # how it begins, and what decodes it
    codecs.BOM_UTF16_LE: codecs.utf_16_decode, codecs.BOM_UTF16_BE: codecs.utf_16_decode,
    b"{\0": codecs.utf_16_le_decode, b"[\0": codecs.utf_16_le_decode,
    b"\0{": codecs.utf_16_be_decode, b"\0[": codecs.utf_16_be_decode,
}  # fmt: skip


class Reject(NamedTuple):
    position: int
    data: bytes
    reason: str


@dataclass(frozen=True, slots=True)
class Contents:
    """What one file holds. `records[i]` is its element `positions[i]`, from 0; rejects are elements too."""

    kind: str  # "log", "digest" (integrity, no records) or "companion" (trailquery's own file beside a log)
    records: list[msgspec.Raw]
    positions: list[int]
    rejects: list[Reject]
    inflated_sha256: str  # hex; "" when nothing could be inflated
    inflated_bytes: int
    problem: str | None  # why the file as a whole is not sound; None when it is


def cut(position: int, data: bytes | memoryview, reason: str) -> Reject:
    """A reject that holds at most REJECT_BYTES of `data`; the reason then tells the whole size."""
    if len(data) > REJECT_BYTES:
        reason = f"{reason}; {len(data)} bytes, of which the first {REJECT_BYTES} are kept"
    return Reject(position, bytes(data[:REJECT_BYTES]), reason)


def read_contents(data: bytes, max_inflated_bytes: int = MAX_INFLATED_BYTES) -> Contents:
    """The records and rejects of one file. Raises nothing: what is wrong is in `rejects` and `problem`."""
    is_gzip = data[:2] == GZIP_MAGIC
    text, problem = inflate(data, max_inflated_bytes) if is_gzip else (data, None)
    if is_gzip and len(text) > max_inflated_bytes:
        problem = f"the gzip inflates to more than {max_inflated_bytes} bytes and was not read"
        return Contents("log", [], [], [cut(0, data, problem)], "", 0, problem)
    return contents_of(data, text, problem)


def contents_of(data: bytes, text: bytes, problem: str | None) -> Contents:
    """The records and rejects of a file of `data` that inflates to `text`, `problem` being what is wrong with the gzip."""
    digest = hashlib.sha256(text).hexdigest() if text or problem is None else ""
    reading, body = _Reading(), text.removeprefix(codecs.BOM_UTF8)
    if text[:2] in _UTF16:  # PowerShell's `>` writes it; half a surrogate pair costs its record alone
        decoded, end = _UTF16[text[:2]](text, "surrogatepass", False)
        body = decoded.encode("utf-8", "surrogatepass")
        problem = problem or (None if end == len(text) else "UTF-16 text ends in the middle of a character")
    if not body or body.isspace():
        problem = problem or "empty file"
        reading.reject(data, problem)
    else:
        fault = _read_text(body, reading)
        problem = problem or fault
    kind = "log" if reading.records or reading.rejects else reading.kind
    return Contents(kind, reading.records, reading.positions(), reading.rejects, digest, len(text), problem)


class _Reading:
    """The elements of one file as they are met, in order."""

    def __init__(self) -> None:
        self.records: list[msgspec.Raw] = []
        self.rejects: list[Reject] = []
        self.kind = "log"
        self.room = MAX_INFLATED_BYTES  # for what lies packed in strings

    def reject(self, data: bytes | memoryview | msgspec.Raw, reason: str) -> None:
        self.rejects.append(cut(len(self.records) + len(self.rejects), memoryview(data), reason))

    def positions(self) -> list[int]:
        """Place of each record: the numbers from 0 that no reject has taken."""
        taken = {reject.position for reject in self.rejects}
        return [place for place in range(len(self.records) + len(taken)) if place not in taken]

    def reject_invalid_utf8(self) -> None:
        """Move the records that are not valid UTF-8 to the rejects; each keeps its position."""
        kept = []
        for position, record in zip(self.positions(), self.records, strict=True):
            try:
                str(record, "utf-8")
            except UnicodeDecodeError as error:
                reason = f"invalid UTF-8 at byte {error.start} of the record"
                self.rejects.append(cut(position, memoryview(record), reason))
            else:
                kept.append(record)
        self.records[:] = kept
        self.rejects.sort()


def _is_utf8(text: bytes) -> bool:
    pieces = (text[at : at + REJECT_BYTES] for at in range(0, len(text), REJECT_BYTES))
    try:
        return all(True for _ in codecs.iterdecode(pieces, "utf-8"))
    except UnicodeDecodeError:
        return False


class _Delivery(msgspec.Struct):
    Records: list[msgspec.Raw]


_DELIVERY = msgspec.json.Decoder(_Delivery)
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_STRING = msgspec.json.Decoder(str)
_VALUE = msgspec.json.Decoder(msgspec.Raw)
_LISTS = {"Events", "events", "logEvents", "records", "results", "hits", "Messages", "messages", "QueryResultRows"}
_TEXTS = ("_raw", "@rawstring", "@message", "eventJson")  # the record's own text, beside fields that were made of it
_WRAPPERS = (
    *("CloudTrailEvent", *_TEXTS, "_source", "hits", "result", "event", "original", "event.original", "message"),
    *("Message", "Body", "body", "Sns", "kinesis", "log", "raw_data", "data", "Data", "aws", "awslogs", "full_log"),
    *("full_message", "content", "attributes", "line", "raw"),
)
_BASE64 = re.compile(rb"H4sI|[eW][w-z\d+/]")  # how it begins: of a gzip, of { and [
_MOST_WRAPS = 6
_UNREADABLE = (ValueError, RecursionError)  # msgspec's errors and UnicodeDecodeError are ValueErrors
# The stamp of a log group's export, the head of a syslog line; no rest of a torn record looks so.
LINE_HEAD = re.compile(rb'^[\w<][^{}"\n]{0,255}(?<!,)[ :|\t](?=\{\s*+")', re.MULTILINE)


def _read_text(text: bytes, reading: _Reading) -> str | None:
    """Read every element of `text` into `reading`; what is wrong with the whole, None when nothing is."""
    problem = None
    if LINE_HEAD.match(text):
        text = LINE_HEAD.sub(b"", text)
    try:
        reading.records = _DELIVERY.decode(text).Records
        if _hides_records(text, reading.records):
            reading.records, problem = [], 'records stand outside the list "Records"; they were read as well'
            _salvage(text, reading)
        elif reading.records and not _is_record(reading.records[0]):  # messages, as a Lambda function is handed them
            messages, reading.records = reading.records, []
            _take_each(messages, reading)
    except _UNREADABLE:
        problem = _read_documents(text, reading)
    if not text.isascii() and not _is_utf8(text):
        reading.reject_invalid_utf8()
    return problem


def _hides_records(text: bytes, records: list[msgspec.Raw]) -> bool:
    """Whether records stand before or after the list: of two lists with one name, JSON readers see one."""
    start = end = 0
    if records:
        base = pa.py_buffer(text).address
        start = pa.py_buffer(records[0]).address - base
        end = pa.py_buffer(records[-1]).address - base + len(records[-1])
    if start + len(text) - end <= 64:
        return False
    around = (text[:start], text[end:])
    return any(found.raw for part in around for found in stretches(part, _RECORD_START, _is_record))


def _read_documents(text: bytes, reading: _Reading) -> str | None:
    try:
        documents = _VALUE.decode_lines(text)
    except _UNREADABLE:
        rows = record_cells(text)
        if rows is None:
            return _read_broken(text, reading)
        for row, cells in rows:
            if not any(_take_text(cell, reading) for cell in cells):
                reading.reject(row, "no CloudTrail record in the row")
    else:
        for document in documents:
            _take_document(document, reading)
    return reading.rejects[0].reason if reading.rejects and not reading.records else None


def _take_document(document: msgspec.Raw, reading: _Reading) -> None:
    if not _take(document, reading):
        reading.reject(document, why_no_record(document))


def why_no_record(value: msgspec.Raw) -> str:
    """Why a JSON value is no CloudTrail record: what it is, and what to read instead where that is known."""
    start = bytes(memoryview(value)[:20]).decode("ascii", "backslashreplace")
    keys = ", ".join(sorted(_members(value))[:5])[:80]
    unlike = f"an object of {keys!a}" if start[0] == "{" else f"not a JSON object but {start}"
    return f"no CloudTrail record: {lost_record(bytes(value)) or unlike}"


def _members(value: msgspec.Raw) -> dict[str, msgspec.Raw]:
    try:
        return _OBJECT.decode(value)
    except _UNREADABLE:
        return {}


def _elements(value: msgspec.Raw) -> list[msgspec.Raw] | None:
    try:
        return _LIST.decode(value)
    except _UNREADABLE:
        return None


def _is_record(value: msgspec.Raw) -> bool:
    return _names_a_record(_members(value))


def _names_a_record(members: dict[str, msgspec.Raw]) -> bool:
    """Whether an object has the members of a record.

    So have what Splunk or OpenSearch made of a record, beside its text, and what S3, Kinesis or SQS hand a Lambda function.
    """
    is_message = bytes(members.get("eventSource", b"")).startswith(b'"aws:')
    return len(RECORD_KEYS & members.keys()) >= 2 and members.keys().isdisjoint(_TEXTS) and not is_message


def _take(value: msgspec.Raw, reading: _Reading, wraps: int = _MOST_WRAPS) -> bool:
    """Read the records of one JSON value into `reading`; False when it is no record and no known wrapper.

    `wraps` bounds how deep wrappers nest: the original text of an event in a document of a list of hits is five.
    """
    members = _members(value)
    if _names_a_record(members):
        reading.records.append(value)
    elif wraps == 0:
        return False
    elif _repeats_a_name(value, members):
        reading.reject(value, "two members of the object have the same name")
    elif "Records" in members and (records := _elements(members["Records"])) is not None:
        _take_each(records, reading, wraps)
    elif members.get("messageType") == msgspec.Raw(b'"CONTROL_MESSAGE"'):
        pass  # CloudWatch Logs asks whether the destination is there
    elif any(name in _LISTS and _elements(members[name]) is not None for name in members):
        lists = [_elements(members[name]) or [] for name in members if name in _LISTS]
        _take_each(chain.from_iterable(lists), reading, wraps)
    elif "detail" in members and "detail-type" in members:
        _take_each([members["detail"]], reading, wraps)
    elif any(_take_inner(inner, reading, wraps) for inner in map(members.get, _WRAPPERS) if inner):
        pass
    elif message := members.get("CloudTrailEvent") or members.get("message") or _message_of(value):
        _take_message(value, message, reading, wraps)
    elif {"digestStartTime", "logFiles"} <= members.keys():
        reading.kind = "digest"
    elif "trailquery" in members:
        reading.kind = "companion"
    elif (values := _elements(value)) is None:
        return bytes(memoryview(value)[:1]) == b'"' and _take_inner(value, reading, wraps)
    elif len(values) > 1 and all(map(_is_cell, map(_members, values))):
        reading.reject(value, f"no CloudTrail record: {NO_TEXT_ASKED}")
    else:
        _take_each(values, reading, wraps)
    return True


def _repeats_a_name(value: msgspec.Raw, members: dict[str, msgspec.Raw]) -> bool:
    """Whether an object holds more than its members, their names, punctuation and white space."""
    parts = [*members.values(), *(name.encode() for name in members)]
    return bool(members) and _ink(value) - sum(map(_ink, parts)) > 4 * len(members) + 32


def _ink(text: bytes | msgspec.Raw) -> int:
    return len(bytes(text).translate(None, b" \t\r\n"))


def _take_each(values: Iterable[msgspec.Raw], reading: _Reading, wraps: int = _MOST_WRAPS) -> None:
    for value in values:
        if not _take(value, reading, wraps - 1):
            reading.records.append(value)


def _message_of(row: msgspec.Raw) -> msgspec.Raw | None:
    """The record's text in a row of a query: {"field": name, "value": text} of Logs Insights, {name: text} of Lake."""
    for cell in takewhile(lambda cell: "field" in cell or len(cell) == 1, map(_members, _elements(row) or [])):
        if cell.get("field") == msgspec.Raw(b'"@message"'):
            return cell.get("value")
        if next(iter(cell)).lower() == "eventjson":
            return next(iter(cell.values()))
    return None


def _is_cell(members: dict[str, msgspec.Raw]) -> bool:
    """Whether an object is such a cell, of a text that may hold no more."""
    is_named = len(members) == 1 and members.keys().isdisjoint(_WRAPPERS)
    return members.keys() == {"field", "value"} or (is_named and bytes(*members.values()).startswith(b'"'))


def _take_inner(inner: msgspec.Raw, reading: _Reading, wraps: int) -> bool:
    """Read the records of a JSON object, or of the one that a JSON string holds; False when there are none."""
    if bytes(memoryview(inner)[:1]) == b"{":
        return _take(inner, reading, wraps - 1)
    try:
        text = _STRING.decode(inner).encode()
    except _UNREADABLE:
        return False
    return _take_text(text, reading, wraps)


def _take_text(text: bytes, reading: _Reading, wraps: int = _MOST_WRAPS) -> bool:
    """Read the records of a JSON text, or of one in base64; False when there are none."""
    try:
        if _BASE64.match(text):
            text = b64decode(text)
        if text.startswith(GZIP_MAGIC):
            text, problem = inflate(text, reading.room)
            reading.room = max(0, reading.room - len(text))
            text = b"" if problem else text
        return _take(_VALUE.decode(text), reading, wraps - 1)
    except _UNREADABLE:
        return False


def _take_message(wrapper: msgspec.Raw, message: msgspec.Raw, reading: _Reading, wraps: int) -> None:
    """Read what a JSON string holds; it becomes a reject when that is no JSON."""
    try:
        inner = _VALUE.decode(_STRING.decode(message).encode())
    except _UNREADABLE as error:
        lost = lost_record(bytes(wrapper))
        reading.reject(wrapper, f"no CloudTrail record: {lost}" if lost else f"the text in it is no JSON: {error}")
    else:
        _take_each([inner], reading, wraps)


_DOCUMENT_START = re.compile(rb'\n(?:[{\[]|"(?=\{))')
_RECORD_START = re.compile(rb"(?<=[,\[\n])[ \t\r]*+\{")
# What may stand between two records without being evidence: the end of one list, the start of the next.
_BETWEEN = re.compile(rb'[\s\]}]*+,?\s*+(?:\{?\s*+"Records"\s*+:)?+\s*+\[?[\s\]}]*+')


def _read_broken(text: bytes, reading: _Reading) -> str:
    """Read what can be read of a text that is not sound JSON; the first thing that is wrong with it."""
    problem = ""
    for stretch in stretches(text, _DOCUMENT_START, lambda _: True):
        if stretch.raw is None:
            problem = problem or stretch.reason
            _salvage(text[stretch.start : stretch.end], reading, stretch.start, stretch.reason)
        else:
            _take_document(stretch.raw, reading)
    if not reading.records and (lost := lost_record(text[: text.find(b"\n")])):
        problem = f"no CloudTrail record: {lost}"
        reading.rejects.clear()
    if not reading.records and not reading.rejects:  # of a known form, or brackets alone
        reading.reject(text, problem)
    return problem


def _salvage(text: bytes, reading: _Reading, offset: int = 0, reason: str = "") -> None:
    """Read each whole record of `text`, which lies at byte `offset`; reject the rest, all of it for `reason`."""
    for stretch in stretches(text, _RECORD_START, _is_record, offset):
        if stretch.raw is not None:
            reading.records.append(stretch.raw)
        elif not _BETWEEN.fullmatch(text, stretch.start, stretch.end):
            whole = stretch.end - stretch.start == len(text)
            lost = text if whole else _BETWEEN.sub(b"", text[stretch.start : stretch.end], count=1)
            reading.reject(lost.strip(b", \t\r\n"), reason if whole else stretch.reason)
