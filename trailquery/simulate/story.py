"""The form of an incident: its records, and what is true of them; and calls that several incidents make."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

import re
from dataclasses import dataclass, field

import msgspec

from trailquery.simulate.organization import Organization
from trailquery.simulate.record import DAY_S, Actor, Event, Template, time_text, words_text
from trailquery.simulate.services import S3_EXTRA

EVENT_ID = re.compile(r'"eventID":"([0-9a-f-]{36})"')
KALI = (
    "aws-cli/2.27.50 md/awscrt#0.26.1 ua/2.1 os/linux#6.12.25-kali-amd64 md/arch#x86_64 lang/python#3.13.3 "
    "md/pyimpl#CPython m/Z,b,E cfg/retry-mode#standard md/installer#source md/prompt#off md/command#"
)
PYTHON = "Boto3/1.38.27 md/Botocore#1.38.27 ua/2.1 os/windows#10 md/arch#amd64 lang/python#3.11.9 md/pyimpl#CPython"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
STRANGER = "999988887777"  # an account that is not the organisation's


def refused(action: str, resource: str, reason: str = "", code: str = "AccessDenied") -> tuple[str, str]:
    """errorCode and errorMessage of a call that policy refused, as AWS writes them since 2021."""
    reason = reason or f"because no identity-based policy allows the {action} action"
    return code, f"User: $arn$ is not authorized to perform: {action} on resource: {resource} {reason}"


SCP = "with an explicit deny in a service control policy"
CREATE_KEY = Template("iam", "CreateAccessKey", request={"userName": "$user$"}, response={"accessKey": {"accessKeyId": "$key$", "status": "Active", "userName": "$user$", "createDate": "$created$"}})  # fmt: skip
LIST_BUCKETS = Template("s3", "ListBuckets", read=True, request={"Host": "s3.us-east-1.amazonaws.com"}, additional=S3_EXTRA, request_id="$s3_request$", host="s3.us-east-1.amazonaws.com")  # fmt: skip
INSTANCES = Template("ec2", "DescribeInstances", read=True, request={"maxResults": 1000, "instancesSet": {}, "filterSet": {}})  # fmt: skip
SECRETS = Template("secretsmanager", "ListSecrets", read=True, request={"maxResults": 100})
SECRET = Template("secretsmanager", "GetSecretValue", read=True, request={"secretId": "$named$"})
SECRET_REFUSED = Template("secretsmanager", "GetSecretValue", read=True, error=refused("secretsmanager:GetSecretValue", "$named$", code="AccessDeniedException"))  # fmt: skip
ROLES = Template("iam", "ListRoles", read=True, request={"maxItems": 1000})
LIST_USERS = Template("iam", "ListUsers", read=True, request={"maxItems": 1000})
STOP_REFUSED = Template("cloudtrail", "StopLogging", error=refused("cloudtrail:StopLogging", "$trail$", SCP, "AccessDeniedException"))  # fmt: skip


@dataclass
class Story:
    """One incident: its records, and for each step the sentence, the records and the question that shows them.

    `chain` names one record of each credential, from the first to the last, each of which the one before it got;
    none, where only one is used.
    """

    org: Organization
    until: int  # the end of its day, seconds UTC
    name: str
    title: str
    investigation: int
    subjects: dict[str, str]
    steps: list[dict[str, object]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    chain: list[str] = field(default_factory=list)
    needle: dict[str, str] = field(default_factory=dict)
    trail_off: tuple[int, int] | None = None  # while prod's own trail is stopped, seconds UTC

    def call(self, template: Template, clock: str, actor: Actor, region: str = "us-east-1", **holes: str) -> Event:
        """A call by `actor` at `clock` (HH:MM:SS) of the story's day."""
        return template.event(self.org.random, actor, at(self.until, clock), region, **holes)

    def calls(self, actor: Actor, *told: tuple[Template, str], region: str = "us-east-1", **holes: str) -> list[Event]:
        """Several calls by `actor`, each a template and its clock, with the same holes filled."""
        return [self.call(template, clock, actor, region, **holes) for template, clock in told]

    def key_made(self, clock: str, actor: Actor, user: str, key: str) -> Event:
        """`actor` makes the access key `key` for `user`."""
        created = words_text(at(self.until, clock), "")
        return self.call(CREATE_KEY, clock, actor, user=user, key=key, created=created)

    def step(
        self, sentence: str, events: list[Event], query: str, *, decisive: bool = False, **parameters: str | bool
    ) -> None:
        """Add a step whose `events` are among the rows of the curated query with these parameters.

        `decisive`: each of its events wakes a person; `hunt` must show it.
        """
        told: dict[str, object] = {"step": sentence, "event_ids": [event_id(event) for event in events]}
        self.steps.append(told | {"query": query, "parameters": parameters, "decisive": decisive})
        self.events += events

    def truth(self) -> dict[str, object]:
        """The answer key as story.json holds it."""
        text = {"trailquery": "story", "story": self.name, "title": self.title, "investigation": self.investigation}
        return text | {"subjects": self.subjects, "steps": self.steps, "chain": self.chain, "needle": self.needle}


def event_id(event: Event) -> str:
    """The id of a record made by a template, where only `eventID` itself can match."""
    ids = EVENT_ID.findall(event.raw)
    return str(ids[-1])


def key_of(actor: Actor) -> str:
    """The access key that `actor` signs with."""
    return str(msgspec.json.decode(actor.identity)["accessKeyId"])


def at(until: int, clock: str) -> int:
    """`clock` (HH:MM:SS) on the last day before `until`, seconds UTC."""
    hour, minute, second = map(int, clock.split(":"))
    return until - DAY_S + hour * 3600 + minute * 60 + second


def clocks(first: str, apart: int, count: int) -> list[str]:
    """`count` clocks from `first` on, `apart` seconds each from the last."""
    start = at(DAY_S, first)
    return [time_text(start + n * apart)[11:19] for n in range(count)]
