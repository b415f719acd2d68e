"""Incidents with their truth: which records show each step, and which question finds them."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import msgspec

from trailquery.simulate.machines import CALLER_IDENTITY, CI_CALLS, GET_OBJECT, assume_role
from trailquery.simulate.organization import (
    CI_AGENT,
    CI_IP,
    DEV,
    LOGS,
    PAYROLL,
    PROD,
    PROD_BUCKET,
    Organization,
)
from trailquery.simulate.people import PEOPLE, Person, console_session, signed_in
from trailquery.simulate.record import Actor, Event, Template, words_text
from trailquery.simulate.services import S3_EXTRA

EVENT_ID = re.compile(r'"eventID":"([0-9a-f-]{36})"')
THIEF_IP, THIEF_AGENT = (
    "198.51.100.7",
    (
        "aws-cli/2.27.50 md/awscrt#0.26.1 ua/2.1 os/linux#6.12.25-kali-amd64 md/arch#x86_64 lang/python#3.13.3 "
        "md/pyimpl#CPython m/Z,b,E cfg/retry-mode#standard md/installer#source md/prompt#off md/command#"
    ),
)
INTRUDER_IP = "198.51.100.23"
OWN_TRAIL = f"arn:aws:cloudtrail:us-east-1:{PROD}:trail/prod-trail"
STEALTH = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def refused(action: str, resource: str, reason: str = "", code: str = "AccessDenied") -> tuple[str, str]:
    """errorCode and errorMessage of a call that policy refused, as AWS writes them since 2021."""
    reason = reason or f"because no identity-based policy allows the {action} action"
    return code, f"User: $arn$ is not authorized to perform: {action} on resource: {resource} {reason}"


USER = "arn:aws:iam::$account$:user/"
BUCKET = [{"accountId": "$account$", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::$bucket$"}]
SCP = "with an explicit deny in a service control policy"
LIST_USERS_REFUSED = Template("iam", "ListUsers", read=True, error=refused("iam:ListUsers", USER))
CREATE_USER_REFUSED = Template("iam", "CreateUser", error=refused("iam:CreateUser", USER + "backup"))
ATTACH_REFUSED = Template("iam", "AttachUserPolicy", error=refused("iam:AttachUserPolicy", "user ci-deploy"))
CREATE_KEY = Template("iam", "CreateAccessKey", request={"userName": "$user$"}, response={"accessKey": {"accessKeyId": "$key$", "status": "Active", "userName": "$user$", "createDate": "$created$"}})  # fmt: skip
LIST_BUCKETS = Template("s3", "ListBuckets", read=True, request={"Host": "s3.us-east-1.amazonaws.com"}, additional=S3_EXTRA, request_id="$s3_request$", host="s3.us-east-1.amazonaws.com")  # fmt: skip
LIST_OBJECTS = Template("s3", "ListObjects", category="Data", read=True, request={"list-type": "2", "bucketName": "$bucket$", "Host": "$bucket$.s3.$region$.amazonaws.com", "encoding-type": "url", "prefix": ""}, additional=S3_EXTRA, resources=[{"type": "AWS::S3::Object", "ARNPrefix": "arn:aws:s3:::$bucket$/"}, *BUCKET], request_id="$s3_request$", host="$bucket$.s3.%s.amazonaws.com")  # fmt: skip
INSTANCES = Template(
    "ec2", "DescribeInstances", read=True, request={"maxResults": 1000, "instancesSet": {}, "filterSet": {}}
)
SECRETS = Template("secretsmanager", "ListSecrets", read=True, request={"maxResults": 100})
SECRET_REFUSED = Template("secretsmanager", "GetSecretValue", read=True, error=refused("secretsmanager:GetSecretValue", "dev/db", code="AccessDeniedException"))  # fmt: skip
MINING_TRIED = Template("ec2", "RunInstances", error=("Client.VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."), request={"instancesSet": {"items": [{"imageId": "ami-0$hex16$", "minCount": 4, "maxCount": 4}]}, "instanceType": "g5.24xlarge", "blockDeviceMapping": {}, "monitoring": {"enabled": False}, "disableApiTermination": False, "disableApiStop": False})  # fmt: skip
TRAILS = Template("cloudtrail", "DescribeTrails", read=True, request={"trailNameList": [], "includeShadowTrails": True})
TRAIL_STATUS = Template("cloudtrail", "GetTrailStatus", read=True, request={"name": "$trail$"})
LIST_USERS = Template("iam", "ListUsers", read=True, request={"maxItems": 1000})
STOP_REFUSED = Template("cloudtrail", "StopLogging", error=refused("cloudtrail:StopLogging", "$trail$", SCP, "AccessDeniedException"))  # fmt: skip
DELETE_REFUSED = Template("cloudtrail", "DeleteTrail", error=refused("cloudtrail:DeleteTrail", "$trail$", SCP, "AccessDeniedException"))  # fmt: skip
STOP = Template("cloudtrail", "StopLogging", request={"name": "$trail$"})
START = Template("cloudtrail", "StartLogging", request={"name": "$trail$"})
SELECTORS = [{"readWriteType": "WriteOnly", "includeManagementEvents": True, "dataResources": [], "excludeManagementEventSources": ["kms.amazonaws.com"]}]  # fmt: skip
PUT_SELECTORS = Template("cloudtrail", "PutEventSelectors", request={"trailName": "$trail$", "eventSelectors": SELECTORS}, response={"trailARN": "$trail$", "eventSelectors": SELECTORS})  # fmt: skip
LIFECYCLE = Template("s3", "PutBucketLifecycle", request={"lifecycle": "", "bucketName": "$bucket$", "LifecycleConfiguration": {"xmlns": "http://s3.amazonaws.com/doc/2006-03-01/", "Rule": {"Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}, "ID": "cleanup"}}, "Host": "$bucket$.s3.us-east-1.amazonaws.com"}, additional=S3_EXTRA, resources=BUCKET, request_id="$s3_request$", host="$bucket$.s3.us-east-1.amazonaws.com")  # fmt: skip


@dataclass
class Story:
    """One incident: its records, and for each step the sentence, the records and the question that shows them."""

    org: Organization
    until: int  # the end of its day, seconds UTC
    name: str
    title: str
    subjects: dict[str, str]
    steps: list[dict[str, object]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    needle: dict[str, str] = field(default_factory=dict)
    trail_off: tuple[int, int] | None = None  # while prod's own trail is stopped, seconds UTC

    def call(self, template: Template, clock: str, actor: Actor, **holes: str) -> Event:
        """A call by `actor` at `clock` (HH:MM:SS) of the story's day, in us-east-1."""
        return template.event(self.org.random, actor, at(self.until, clock), "us-east-1", **holes)

    def key_made(self, clock: str, actor: Actor, user: str, key: str) -> Event:
        """`actor` makes the access key `key` for `user`."""
        created = words_text(at(self.until, clock), "")
        return self.call(CREATE_KEY, clock, actor, user=user, key=key, created=created)

    def step(self, sentence: str, events: list[Event], query: str, **parameters: str | bool) -> None:
        """Add a step whose `events` are among the rows of the curated query with these parameters."""
        ids = [event_id(event) for event in events]
        self.steps.append({"step": sentence, "event_ids": ids, "query": query, "parameters": parameters})
        self.events += events

    def truth(self) -> dict[str, object]:
        """The answer key as story.json holds it."""
        text = {"trailquery": "story", "story": self.name, "title": self.title, "subjects": self.subjects}
        return text | {"steps": self.steps, "needle": self.needle}


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
    return until - 86_400 + hour * 3600 + minute * 60 + second


def leaked_key(org: Organization, until: int, main_trail: str) -> Story:
    """A CI user's long-term key is used from elsewhere: refused, then a second key, a role, and payroll."""
    ci = org.user(PROD, "ci-deploy", CI_IP, CI_AGENT)
    thief = org.user(PROD, "ci-deploy", THIEF_IP, THIEF_AGENT + "sts.get-caller-identity")
    stolen, made = org.id("AKIA", "ci-deploy"), org.id("AKIA", "deploy2")
    subjects = {"access_key_id": stolen, "ip": THIEF_IP, "user": "ci-deploy", "created_access_key_id": made}
    title = "A CI key is used from elsewhere and ends in payroll"
    story = Story(org, until, "leaked-key", title, subjects)
    usual = [(CI_CALLS[0], "00:40:13"), (CI_CALLS[2], "00:42:15"), (CI_CALLS[5], "01:45:18")]
    story.step(
        f"ci-deploy works as always, from {CI_IP}",
        [story.call(template, clock, ci) for template, clock in usual],
        "timeline_key",
        key=stolen,
    )
    first = [story.call(CALLER_IDENTITY, "02:11:09", thief)]
    story.step(f"the key is first used from {THIEF_IP}, which asks who it is", first, "timeline_key", key=stolen)
    denied = [
        (LIST_USERS_REFUSED, "02:12:26"),
        (CREATE_USER_REFUSED, "02:13:40"),
        (ATTACH_REFUSED, "02:13:51"),
    ]
    story.step(
        "listing users, creating one and attaching a policy are refused",
        [story.call(template, clock, thief) for template, clock in denied],
        "access_denied",
    )
    created = story.key_made("02:14:02", thief, "deploy2", made)
    story.step("a second key is made, for the user deploy2", [created], "keys_created")
    second_key_used(story, made, main_trail)
    return story


def second_key_used(story: Story, made: str, main_trail: str) -> None:
    """The rest of the leaked key: the key `made` of deploy2 takes a role in dev and reads payroll."""
    second = story.org.user(PROD, "deploy2", THIEF_IP, THIEF_AGENT + "s3.cp")
    used = [story.call(CALLER_IDENTITY, "02:16:31", second), story.call(LIST_BUCKETS, "02:17:08", second)]
    story.step("the new key is tried at once, from the same address", used, "timeline_key", key=made)
    name, time = "botocore-session-1795141187", at(story.until, "02:19:47")
    session, halves = assume_role(story.org, second, DEV, "dev-admin", name, time, second.agent)
    story.step(
        "a role in the account dev is taken, seen from both accounts",
        list(halves),
        "timeline_ip",
        ip=THIEF_IP,
    )
    inside = [(INSTANCES, "02:21:15"), (SECRETS, "02:22:43"), (SECRET_REFUSED, "02:22:58")]
    calls = [story.call(template, clock, session) for template, clock in inside]
    story.step("the role's session looks around in dev", calls, "timeline_key", key=key_of(session))
    taken = [story.call(LIST_OBJECTS, "02:30:12", second, bucket=PAYROLL)]
    for name, clock in (
        ("2026.csv", "02:31:55"),
        ("2025.csv", "02:32:03"),
        ("bank-accounts.xlsx", "02:32:19"),
    ):
        taken.append(story.call(GET_OBJECT, clock, second, bucket=PAYROLL, object=name))
    story.step(
        "payroll is listed and three files are read", taken, "timeline_resource", resource=PAYROLL, writes_only=False
    )
    ordered = story.call(MINING_TRIED, "02:40:37", second)
    story.step("machines are ordered in vain", [ordered], "timeline_key", key=made)
    stop = story.call(STOP_REFUSED, "02:44:21", second, trail=main_trail)
    story.step("stopping the trail is refused", [stop], "trail_tampering")
    story.needle = {"question": "Who read 2026.csv?", "find": "2026.csv", "event_id": event_id(taken[1])}


def trail_tampering(org: Organization, until: int, main_trail: str) -> Story:
    """Somebody signs in as m.keller without MFA and blinds the account's own trail; another one still sees it."""
    keller = Person("m.keller", PROD, INTRUDER_IP, False)
    signed = at(until, "19:42:31")
    session = console_session(org, keller, signed, keys=5)
    actors = [replace(actor, agent=STEALTH) for actor in session.actors]
    subjects = {"access_key_id": key_of(actors[3]), "ip": INTRUDER_IP, "user": "m.keller"}
    title = "A sign-in without MFA switches off the account's own trail"
    story = Story(org, until, "trail-tampering", title, subjects)
    login = signed_in(org, keller, signed, agent=STEALTH)
    story.step(f"m.keller signs in without MFA, from {INTRUDER_IP}", [login], "console_logins")
    looks = [
        story.call(LIST_USERS, "19:43:02", actors[0]),
        story.call(TRAILS, "19:44:37", actors[1]),
        story.call(TRAIL_STATUS, "19:44:39", actors[2], trail=OWN_TRAIL),
    ]
    story.step("the session, with several keys, looks at users and trails", looks, "timeline_ip", ip=INTRUDER_IP)
    clocks = ("19:47:13", "19:47:29", "19:48:54")
    stops = [story.call(STOP_REFUSED, clock, actors[3], trail=main_trail) for clock in clocks]
    story.step("stopping the main trail is refused three times", stops, "trail_tampering")
    trail_stopped(story, actors, main_trail)
    return story


def trail_stopped(story: Story, actors: list[Actor], main_trail: str) -> None:
    """The rest of the tampering: prod-trail is stopped, and started again two hours later."""
    stopped = story.call(STOP, "19:51:18", actors[3], trail=OWN_TRAIL)
    story.step("prod-trail is stopped: it delivers nothing more", [stopped], "trail_tampering")
    narrowed = story.call(PUT_SELECTORS, "19:54:46", actors[3], trail=OWN_TRAIL)
    story.step("prod-trail is told to record writes only", [narrowed], "trail_tampering")
    expiring = story.call(LIFECYCLE, "19:58:07", actors[4], bucket=PROD_BUCKET)
    story.step(
        "its bucket is told to delete log files after a day",
        [expiring],
        "timeline_resource",
        resource=PROD_BUCKET,
    )
    deleted = story.call(DELETE_REFUSED, "20:03:32", actors[3], trail=main_trail)
    story.step("deleting the main trail is refused", [deleted], "trail_tampering")
    made = story.org.id("AKIA", "m.keller second")
    created = story.key_made("20:12:41", actors[0], "m.keller", made)
    story.step("unseen by prod-trail, a long-term key is made", [created], "keys_created")
    taken = [story.call(GET_OBJECT, "20:15:09", actors[4], bucket=PAYROLL, object="2026.csv")]
    story.step("and payroll is read", taken, "timeline_resource", resource=PAYROLL, writes_only=False)
    alice = console_session(story.org, PEOPLE[0], at(story.until, "22:05:50"), keys=1).actors[0]
    started = story.call(START, "22:17:46", alice, trail=OWN_TRAIL)
    story.step("alice starts prod-trail again", [started], "timeline_resource", resource=OWN_TRAIL)
    story.trail_off = stopped.time, started.time
    story.needle = {
        "question": "Which key outlives the session?",
        "find": made,
        "event_id": event_id(created),
    }


TELLERS: dict[str, Callable[[Organization, int, str], Story]] = {
    "leaked-key": leaked_key,
    "trail-tampering": trail_tampering,
}
STORIES = tuple(TELLERS)


def tell(org: Organization, name: str, until: int, layout: str) -> Story:
    """The story `name`, one of STORIES, on the last day before `until` (seconds UTC)."""
    owner, trail = (LOGS, "org-trail") if layout == "organization" else (PROD, "prod-events")
    return TELLERS[name](org, until, f"arn:aws:cloudtrail:us-east-1:{owner}:trail/{trail}")
