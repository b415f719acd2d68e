"""The story leaked-key: a CI user's long-term key is used from elsewhere."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.machines import CALLER_IDENTITY, CI_CALLS, assume_role
from trailquery.simulate.organization import CI_AGENT, CI_IP, DEV, PAYROLL, PROD, Organization
from trailquery.simulate.record import Template
from trailquery.simulate.s3 import GET_OBJECT, LIST_OBJECTS
from trailquery.simulate.story import (
    INSTANCES,
    KALI,
    LIST_BUCKETS,
    SECRET_REFUSED,
    SECRETS,
    STOP_REFUSED,
    Story,
    at,
    event_id,
    key_of,
    refused,
)

THIEF_IP = "198.51.100.7"
USER = "arn:aws:iam::$account$:user/"
LIST_USERS_REFUSED = Template("iam", "ListUsers", read=True, error=refused("iam:ListUsers", USER))
CREATE_USER_REFUSED = Template("iam", "CreateUser", error=refused("iam:CreateUser", USER + "backup"))
ATTACH_REFUSED = Template("iam", "AttachUserPolicy", error=refused("iam:AttachUserPolicy", "user ci-deploy"))
MINING_TRIED = Template("ec2", "RunInstances", error=("Client.VcpuLimitExceeded", "You have requested more vCPU capacity than your current vCPU limit of 32 allows for the instance bucket that the specified instance type belongs to. Please visit http://aws.amazon.com/contact-us/ec2-request to request an adjustment to this limit."), request={"instancesSet": {"items": [{"imageId": "ami-0$hex16$", "minCount": 4, "maxCount": 4}]}, "instanceType": "g5.24xlarge", "blockDeviceMapping": {}, "monitoring": {"enabled": False}, "disableApiTermination": False, "disableApiStop": False})  # fmt: skip


def leaked_key(org: Organization, until: int, main_trail: str) -> Story:
    """A CI user's long-term key is used from elsewhere: refused, then a second key, a role, and payroll."""
    ci = org.user(PROD, "ci-deploy", CI_IP, CI_AGENT)
    thief = org.user(PROD, "ci-deploy", THIEF_IP, KALI + "sts.get-caller-identity")
    stolen, made = org.id("AKIA", "ci-deploy"), org.id("AKIA", "deploy2")
    subjects = {"access_key_id": stolen, "ip": THIEF_IP, "user": "ci-deploy", "created_access_key_id": made}
    title = "A CI key is used from elsewhere and ends in payroll"
    story = Story(org, until, "leaked-key", title, 1, subjects)
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
    story.step("a second key is made, for the user deploy2", [created], "keys_created", decisive=True)
    second_key_used(story, made, main_trail)
    return story


def second_key_used(story: Story, made: str, main_trail: str) -> None:
    """The rest of the leaked key: the key `made` of deploy2 takes a role in dev and reads payroll."""
    second = story.org.user(PROD, "deploy2", THIEF_IP, KALI + "s3.cp")
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
    calls = story.calls(session, *inside, named="dev/db")
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
    story.step("machines are ordered in vain", [ordered], "timeline_key", decisive=True, key=made)
    stop = story.call(STOP_REFUSED, "02:44:21", second, trail=main_trail)
    story.step("stopping the trail is refused", [stop], "trail_tampering", decisive=True)
    story.chain = [event_id(event) for event in (story.events[3], used[0], calls[0])]
    story.needle = {"question": "Who read 2026.csv?", "find": "2026.csv", "event_id": event_id(taken[1])}
