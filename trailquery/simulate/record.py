"""One CloudTrail record as text: templates with holes, and what fills them.

A template is encoded to JSON once; a record is the template with its holes filled, so that making one costs
microseconds. `$name$` in a template is a hole inside a string, `"$#name$"` one for raw JSON. A hole that
nobody filled (an id, a key, a token) is made from the seeded generator, and keeps its value in that record.

Order of keys, what is null and what is absent, and which version brought a field: from genuine log files and
the AWS CloudTrail User Guide, "CloudTrail record contents".
"""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from random import Random
from typing import NamedTuple

import msgspec

HOLE = re.compile(r'"\$#(\w+)\$"|\$(\w+)\$')
BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
FOURS = [BASE32[i // 32 % 32] + BASE32[i * 7 % 32] + BASE32[i * 11 // 32 % 32] + BASE32[i % 32] for i in range(4096)]
DAY_S = 86_400
EPOCH = date(1970, 1, 1)
API_VERSIONS = {"elasticloadbalancing": "2015-12-01", "logs": "20140328"}  # of the services that record one
GLOBAL_SERVICES = {"iam", "cloudfront", "route53", "organizations", "signin", "sso-directory"}

TLS = {True: ("TLSv1.3", "TLS_AES_128_GCM_SHA256"), False: ("TLSv1.2", "ECDHE-RSA-AES128-GCM-SHA256")}


class Event(NamedTuple):
    """A record on its way to the trails. `copied`: a second trail of its account selects it, too."""

    time: int  # seconds since 1970, UTC
    account: str
    region: str
    folder: str  # CloudTrail, CloudTrail-Insight, CloudTrail-NetworkActivity
    copied: bool
    raw: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who calls: the account that records it, `userIdentity` as JSON text, and where the call comes from."""

    account: str
    identity: str
    ip: str
    agent: str
    arn: str = ""
    tls: bool = True  # a client of its own: AWS's own and forwarded calls carry no tlsDetails
    from_console: bool = False
    endpoint: str = ""  # id of the VPC endpoint the call goes through


@dataclass(eq=False)
class Template:
    """One API call, ready to be made many times.

    `request`, `response`, `additional`, `resources`, `details` are JSON values with holes; `error` is
    (errorCode, errorMessage), the code '' in sign-ins. `read` is readOnly, None where the service does not
    say it. `host` is the host name in tlsDetails, %s the region.
    """

    source: str
    name: str
    _: KW_ONLY
    version: str = "1.11"
    read: bool | None = False
    request: object = None
    response: object = None
    error: tuple[str, str] | None = None
    additional: Mapping[str, object] | None = None
    resources: list[dict[str, str]] | None = None
    details: Mapping[str, object] | None = None
    extra: Mapping[str, object] = field(default_factory=dict)
    shared: bool = False
    request_id: str | None = "$request_id$"
    host: str = ""
    kind: str = "AwsApiCall"
    category: str = "Management"

    def __post_init__(self) -> None:
        self.minor = int(self.version[2:])
        self.is_global = self.source in GLOBAL_SERVICES
        self.host = self.host or f"{self.source}.{'' if self.is_global else '%s.'}amazonaws.com"
        # A second trail of the account records management events without KMS.
        self.copied = self.category == "Management" and self.source != "kms"
        self.text = holed(self.body())[:-1]
        self.made = [(hole, make) for hole, make in MAKERS.items() if f"%({hole})s" in self.text]
        self.formats: dict[tuple[bool, bool, str, str], str] = {}

    def body(self) -> dict[str, object]:
        """The record up to what depends on the caller's way in, in the order of genuine records."""
        code, message = self.error or ("", "")
        body: dict[str, object] = {"eventVersion": self.version, "userIdentity": "$#identity$"}
        body |= {"eventTime": "$time$", "eventSource": f"{self.source}.amazonaws.com", "eventName": self.name}
        body |= {"awsRegion": "$region$", "sourceIPAddress": "$ip$", "userAgent": "$agent$"}
        body |= {"errorCode": code} if code else {}
        body |= {"errorMessage": message} if message else {}
        body |= {"requestParameters": self.request, "responseElements": self.response}
        body |= {"additionalEventData": self.additional} if self.additional else {}
        body |= {"requestID": self.request_id} if self.request_id else {}
        body |= {"eventID": "$event_id$"}
        body |= {"readOnly": self.read} if self.read is not None else {}
        body |= {"resources": self.resources} if self.resources else {}
        body |= {"eventType": self.kind}
        body |= {"apiVersion": API_VERSIONS[self.source]} if self.source in API_VERSIONS else {}
        body |= {"managementEvent": self.category == "Management"} if self.minor >= 6 else {}
        body |= {"recipientAccountId": "$account$"}
        body |= {"sharedEventID": "$shared_id$"} if self.shared else {}
        body |= {"serviceEventDetails": self.details} if self.details else {}
        return body | dict(self.extra)

    def event(self, random: Random, actor: Actor, time: int, region: str, **holes: str) -> Event:
        """The call made by `actor` at `time` (seconds UTC), recorded in `region` or where it is global."""
        if self.is_global:
            region = "us-east-1"
        agent = f"[{actor.agent}]" if self.source == "s3" and actor.tls else actor.agent
        fields = {
            "account": actor.account,
            "identity": actor.identity,
            "time": time_text(time),
            "region": region,
        }
        fields["ip"], fields["agent"], fields["arn"] = actor.ip, agent, actor.arn
        fields |= holes
        for hole, make in self.made:
            if hole not in holes:
                fields[hole] = make(random)
        way = actor.tls, actor.from_console, actor.endpoint, region
        form = self.formats.get(way)
        if form is None:
            form = self.formats[way] = self.text + self.tail(*way)
        return Event(time, fields["account"], region, "CloudTrail", self.copied, form % fields)

    def tail(self, tls: bool, from_console: bool, endpoint: str, region: str) -> str:
        """What follows from the caller's way in: endpoint, category, TLS, console; ends the record."""
        text = ""
        if endpoint:
            text = f',"vpcEndpointId":"{endpoint}"'
            text += ',"vpcEndpointAccountId":"%(account)s"' if self.minor >= 9 else ""
        if self.minor >= 7:
            text += f',"eventCategory":"{self.category}"'
        if tls and self.minor >= 8:
            version, cipher = TLS[self.minor >= 9]
            host = HOLE.sub(r"%(\2)s", self.host.replace("%s", region))
            text += f',"tlsDetails":{{"tlsVersion":"{version}","cipherSuite":"{cipher}",'
            text += f'"clientProvidedHostHeader":"{host}"}}'
        if from_console and self.minor >= 8:
            text += ',"sessionCredentialFromConsole":"true"'
        return text + "}"


def holed(body: Mapping[str, object]) -> str:
    """`body` as compact JSON and a %-format with the names of its holes."""
    text = msgspec.json.encode(body).decode().replace("%", "%%")
    return HOLE.sub(lambda hole: f"%({hole[1] or hole[2]})s", text)


def json_text(value: object) -> str:
    return msgspec.json.encode(value).decode()


def uuid(random: Random) -> str:
    """A version 4 UUID."""
    h = f"{random.getrandbits(128):032x}"
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-a{h[17:20]}-{h[20:]}"


def letters16(random: Random) -> str:
    """Sixteen of A-Z2-7, as in access keys and S3 request ids."""
    bits = random.getrandbits(48)
    fours = FOURS
    return fours[bits & 4095] + fours[bits >> 12 & 4095] + fours[bits >> 24 & 4095] + fours[bits >> 36]


def session_token(random: Random) -> str:
    """A session token's look: a fixed head and 288 random bytes in base64; it opens nothing."""
    return "IQoJb3JpZ2luX2VjE" + b64encode(random.randbytes(288)).decode()


def hex_id(length: int) -> Callable[[Random], str]:
    return lambda random: f"{random.getrandbits(4 * length):0{length}x}"


MAKERS: dict[str, Callable[[Random], str]] = {
    "event_id": uuid,
    "request_id": uuid,
    "shared_id": uuid,
    "uuid": uuid,
    "s3_request": letters16,
    "key": lambda random: "ASIA" + letters16(random),
    "token": session_token,
    "s3_id2": lambda random: b64encode(random.randbytes(56)).decode(),
    "hex8": hex_id(8),
    "hex16": hex_id(16),
    "hex32": hex_id(32),
    "size": lambda random: f"{random.getrandbits(8 + random.getrandbits(3) * 2)}.0",
    "small": lambda random: str(random.getrandbits(12)),
}


@lru_cache(maxsize=64)
def day_text(day: int) -> str:
    """The date of `day`, counted from 1970-01-01."""
    return (EPOCH + timedelta(days=day)).isoformat()


def time_text(time: int) -> str:
    """`time` (seconds UTC) as eventTime has it: 2026-11-20T02:11:09Z."""
    day, second = divmod(time, DAY_S)
    return f"{day_text(day)}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def words_text(time: int, comma: str = ",") -> str:
    """`time` as STS spells an expiration: Nov 20, 2026, 2:11:09 AM; IAM writes no second comma."""
    day, second = divmod(time, DAY_S)
    year, month, monthday = day_text(day).split("-")
    hour = second // 3600
    clock = f"{(hour + 11) % 12 + 1}:{second // 60 % 60:02}:{second % 60:02} {'PM' if hour >= 12 else 'AM'}"
    return f"{MONTHS[int(month) - 1]} {int(monthday)}, {year}{comma} {clock}"
