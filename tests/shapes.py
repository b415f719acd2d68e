"""Every shape in which CloudTrail records travel, made of records as bytes; and what was read of one."""

import gzip
import json
from base64 import b64encode

from trailquery.containers import Contents


def record(event_id: str, **fields: object) -> bytes:
    return json.dumps({"eventVersion": "1.08", "eventID": event_id} | fields, separators=(",", ":")).encode()


def delivery(*records: bytes) -> bytes:
    return b'{"Records":[' + b",".join(records) + b"]}"


def text_of(value: bytes) -> str:
    return json.dumps(value.decode())


def log_event(value: bytes, place: int = 0) -> str:
    return f'{{"id":"{place}","timestamp":1795140669000,"message":{text_of(value)}}}'


def envelope(value: bytes) -> bytes:
    head = b'{"version":"0","id":"6f87","detail-type":"AWS API Call via CloudTrail","source":"aws.iam",'
    return head + b'"account":"111122223333","resources":[],"detail":' + value + b"}"


def insights_row(value: bytes) -> str:
    return f'[{{"field":"@timestamp","value":"x"}},{{"field":"@message","value":{text_of(value)}}}]'


def joined(head: str, items: list[str], tail: str) -> bytes:
    return (head + ", ".join(items) + tail).encode()


def document(fields: str) -> str:
    return f'{{"_index":"trail","_source":{{"@timestamp":"2026-11-20T02:11:09.000Z",{fields}}}}}'


def splunk_row(record: bytes) -> str:
    return f'{{"_raw":{text_of(record)},"eventName":"ListUsers","eventSource":"iam.amazonaws.com"}}'


def packed(text: bytes) -> str:
    return b64encode(gzip.compress(text)).decode()


def kinesis_message(data: str) -> str:
    said = '"eventSource":"aws:kinesis","eventVersion":"1.0","eventID":"shardId-0:49","eventName":"aws:kinesis:record"'
    return f'{{"kinesis":{{"partitionKey":"1","data":"{data}"}},{said}}}'


def notification(message: bytes) -> bytes:
    return f'{{"Type":"Notification","Message":{text_of(message)}}}'.encode()


def csv(names: str, rows: list[list[str]], mark: str = ",", end: str = "\r\n") -> bytes:
    lines = [mark.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    return end.join([names, *lines, ""]).encode()


SHAPES = {
    "delivered": lambda records: delivery(*records),
    "delivered with a byte order mark": lambda records: b"\xef\xbb\xbf" + delivery(*records),
    "delivered, written again by PowerShell": lambda records: delivery(*records).decode().encode("utf-16"),
    "other keys beside": lambda records: b'{"a": {"b": [{}]}, "Records" : [' + b" ,\n".join(records) + b'], "z": 1}',
    "bare array": lambda records: b" [ " + b" , ".join(records) + b" ]\n",
    "one a line": lambda records: b"\n".join(records) + b"\n",
    "lines of Windows with blank ones": lambda records: b"\r\n\r\n".join(records),
    "one after another": lambda records: b"".join(records),
    "delivered, one a line": lambda records: b"\n".join(delivery(value) for value in records),
    "lookup-events": lambda records: joined(
        '{"Events": [', [f'{{"EventId": "1", "CloudTrailEvent": {text_of(value)}}}' for value in records], "]}"
    ),
    "EventBridge array": lambda records: b"[" + b",".join(map(envelope, records)) + b"]",
    "EventBridge lines": lambda records: b"\n".join(map(envelope, records)),
    "subscription": lambda records: joined(
        '{"messageType":"DATA_MESSAGE","logGroup":"trail","logEvents":[', [*map(log_event, records)], "]}"
    ),
    "subscriptions in a Firehose object": lambda records: b"".join(
        joined('{"messageType":"DATA_MESSAGE","logEvents":[', [log_event(value)], "]}") for value in records
    ),
    "lookup-events, its texts alone": lambda records: joined("[", [*map(text_of, records)], "]"),
    "texts of jq": lambda records: "".join(text_of(value) + "\n" for value in records).encode(),
    "texts of the AWS CLI": lambda records: b"\t".join(records) + b"\n",
    "filter-log-events": lambda records: joined(
        '{"events": [', [*map(log_event, records)], '], "searchedLogStreams": []}'
    ),
    "export task": lambda records: b"".join(b"2026-11-20T02:11:09.000Z " + value + b"\n" for value in records),
    "Logs Insights": lambda records: joined('{"results":[', [*map(insights_row, records)], "]}"),
    "Logs Insights, saved by the console": lambda records: joined(
        "[", [f'{{"@timestamp":"x","@message":{value.decode()}}}' for value in records], "]"
    ),
    "Logs Insights, saved by the console as text": lambda records: joined(
        "[", [f'{{"@timestamp":"x","@message":{text_of(value)}}}' for value in records], "]"
    ),
    "OpenSearch documents of a log group": lambda records: joined(
        "[", [document(f'"eventID":"x","eventVersion":"x","@message":{text_of(value)}') for value in records], "]"
    ),
    "EventBridge in a log group": lambda records: joined(
        '{"events":[', [log_event(envelope(value)) for value in records], "]}"
    ),
    "Elasticsearch hits": lambda records: joined(
        '{"took":1,"hits":{"total":{"value":1},"hits":[', [document(f'"message":{text_of(r)}') for r in records], "]}}"
    ),
    "Elasticsearch documents": lambda records: b"\n".join(
        b'{"_index":"trail","_source":' + value + b"}" for value in records
    ),
    "Elasticsearch documents with the original": lambda records: joined(
        "[", [document(f'"message":"a login","event":{{"original":{text_of(value)}}}') for value in records], "]"
    ),
    "Elasticsearch documents of Filebeat": lambda records: joined(
        "[", [document(f'"event":{{"module":"aws"}},"message":{text_of(value)}') for value in records], "]"
    ),
    "Splunk export": lambda records: b"\n".join(
        f'{{"preview":false,"result":{splunk_row(value)}}}'.encode() for value in records
    ),
    "Splunk results": lambda records: joined('{"fields":[],"results":[', [*map(splunk_row, records)], "]}"),
    "Splunk event collector": lambda records: b"".join(
        b'{"sourcetype":"aws:cloudtrail","event":' + value + b"}" for value in records
    ),
    "SNS notifications": lambda records: b"".join(notification(envelope(value)) for value in records),
    "SQS messages of SNS": lambda records: joined(
        '{"Messages":[',
        [f'{{"MessageId":"1","Body":{text_of(notification(envelope(value)))}}}' for value in records],
        "]}",
    ),
    "SQS messages to a Lambda function": lambda records: joined(
        '{"Records":[',
        [f'{{"messageId":"1","eventSource":"aws:sqs","body":{text_of(envelope(value))}}}' for value in records],
        "]}",
    ),
    "SNS messages to a Lambda function": lambda records: joined(
        '{"Records":[', [f'{{"EventSource":"aws:sns","Sns":{notification(r).decode()}}}' for r in records], "]}"
    ),
    "Kinesis messages to a Lambda function": lambda records: joined(
        '{"Records":[', [kinesis_message(packed(SHAPES["subscription"]([value]))) for value in records], "]}"
    ),
    "plain Kinesis messages to a Lambda function": lambda records: joined(
        '{"Records":[', [kinesis_message(b64encode(value).decode()) for value in records], "]}"
    ),
    "what Firehose asks a Lambda function to change": lambda records: joined(
        '{"invocationId":"1","records":[',
        [f'{{"recordId":"1","data":"{b64encode(value).decode()}"}}' for value in records],
        "]}",
    ),
    "get-records of Kinesis": lambda records: joined(
        '{"Records":[',
        [f'{{"PartitionKey":"1","Data":"{packed(SHAPES["subscription"]([value]))}"}}' for value in records],
        "]}",
    ),
    "subscription of a Lambda function": lambda records: joined(
        '{"awslogs":{"data":"', [packed(SHAPES["subscription"](records))], '"}}'
    ),
    "alerts of Wazuh": lambda records: b"".join(
        b'{"agent":{"id":"0"},"data":{"integration":"aws","aws":' + value + b"}}" for value in records
    ),
    "archives of Wazuh": lambda records: b"".join(
        b'{"full_log":%s}' % text_of(b'{"integration":"aws","aws":' + value + b"}").encode() for value in records
    ),
    "GELF of Graylog": lambda records: b"\n".join(
        b'{"version":"1.1","host":"h","message":"a login","full_message":%s}' % text_of(value).encode()
        for value in records
    ),
    "messages of Graylog": lambda records: joined(
        '{"messages":[',
        [f'{{"index":"graylog_0","message":{{"message":{text_of(value)}}}}}' for value in records],
        "]}",
    ),
    "lines of LogScale": lambda records: b"\n".join(
        b'{"@rawstring":%s,"eventID":"x","eventVersion":"1"}' % text_of(value).encode() for value in records
    ),
    "lines of Loki": lambda records: b"\n".join(
        b'{"labels":{"job":"trail"},"line":%s,"timestamp":"x"}' % text_of(value).encode() for value in records
    ),
    "lines of Fluent Bit": lambda records: b"\n".join(f'{{"date":1.5,"log":{text_of(r)}}}'.encode() for r in records),
    "syslog lines": lambda records: b"".join(b"<13>Mar  1 10:00:00 host trail: " + r + b"\n" for r in records),
    "archive of Datadog": lambda records: b"\n".join(
        b'{"_id":"A1","source":"cloudtrail","message":"","attributes":' + value + b"}" for value in records
    ),
    "rows of CloudTrail Lake": lambda records: joined(
        '{"QueryStatus":"FINISHED","QueryResultRows":[',
        [f'[{{"eventTime":"2026-11-20 02:11:09.000"}},{{"eventJson":{text_of(value)}}}]' for value in records],
        "]}",
    ),
    "rows of a lake": lambda records: b"\n".join(
        b'{"event_source":"iam.amazonaws.com","raw":%s}' % text_of(value).encode() for value in records
    ),
    "OCSF with the original": lambda records: joined(
        "[", [f'{{"class_uid":6003,"raw_data":{text_of(value)}}}' for value in records], "]"
    ),
    "CSV of CloudTrail Lake": lambda records: csv(
        "eventTime,eventJson", [["2026-11-20 02:11:09.000", value.decode()] for value in records]
    ),
    "CSV of Logs Insights": lambda records: csv(
        "@timestamp,@message", [["x", value.decode()] for value in records], end="\n"
    ),
    "CSV of Splunk": lambda records: csv('"_raw","_time"', [[value.decode(), "x,\ny"] for value in records]),
    "CSV of Kibana": lambda records: csv(
        '"@timestamp","event.original",message', [["x", value.decode(), "a login"] for value in records]
    ),
    "CSV with a tab between": lambda records: csv(
        "source\tmessage", [["x\ty", value.decode()] for value in records], "\t"
    ),
    "CSV of Excel": lambda records: (
        b"\xef\xbb\xbf" + csv("Message;N", [[value.decode(), "1"] for value in records], ";")
    ),
    "gzip of several members": lambda records: b"".join(gzip.compress(value + b"\n") for value in records),
}


def held(contents: Contents) -> list[tuple[int, bytes]]:
    return [(place, bytes(raw)) for place, raw in zip(contents.positions, contents.records, strict=True)]


def numbered(*records: bytes) -> list[tuple[int, bytes]]:
    return list(enumerate(records))


def rejected(contents: Contents) -> list[tuple[int, bytes]]:
    return [(reject.position, reject.data) for reject in contents.rejects]
