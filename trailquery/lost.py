"""Exports of which no record can be read -> what they are and what to read instead. Pure: no I/O.

Most keep some of its values under names of their own: columns made of those would look whole and not be.

Source of the names: Athena User Guide, "Create a table for CloudTrail logs"; Azure Monitor, table AWSCloudTrail;
CloudTrail User Guide, "Downloading recent events"; Elastic integration "AWS CloudTrail"; OCSF, class API Activity; Graylog's
CloudTrail input.
"""

import re

NO_TEXT_ASKED = "a row of a query that left it out; ask for eventJson in CloudTrail Lake, for @message in a log group"
_READ_BYTES = 16 << 10
_LOG_FILES = "read the trail's log files instead"
_FORMS = {  # a name in it, and what is told of it
    rb"useridentity|eventversion|eventsource": 'a row of Athena; SELECT DISTINCT "$path" names the log files to read instead',
    rb"UserIdentityArn|UserIdentityType|AwsEventId": f"a row of Microsoft Sentinel; {_LOG_FILES}",
    rb"Event name|Event source": "a row of the event history; save that as JSON, or run trailquery ingest event-history",
    rb'aws\.cloudtrail\.\w+|cloudtrail"\s*+:\s*+\{': f"fields of Elastic without event.original; {_LOG_FILES}",
    rb"class_uid": f"OCSF without raw_data; {_LOG_FILES}",
    rb"(?:Events|events)(?=:\r?$)": "YAML of the AWS CLI; save it with --output json",
    rb"event_source|event_name|EVENTVERSION|USERIDENTITY": f"fields that were made of a record; {_LOG_FILES}",
}
_NAME = re.compile(rb"(?<![\w.\\])(?:" + b"|".join(b"(%b)" % names for names in _FORMS) + rb")(?![\w\\])")


def lost_record(text: bytes) -> str | None:
    """What a text that holds no record is, and what to read instead; None for one of no known form."""
    found = _NAME.search(text, 0, _READ_BYTES)
    return [*_FORMS.values()][found.lastindex - 1] if found and found.lastindex else None
