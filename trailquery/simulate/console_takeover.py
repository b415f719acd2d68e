"""The story console-takeover: bob's password is guessed, and his session makes itself at home."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from dataclasses import replace

from trailquery.simulate.machines import CALLER_IDENTITY, assume_role
from trailquery.simulate.organization import DEV, OFFICE_IPV6, PROD, Organization
from trailquery.simulate.people import LOGIN_FAILED, LOGIN_UNKNOWN, Person, console_session, signed_in
from trailquery.simulate.record import Actor, Event, Template, json_text, words_text
from trailquery.simulate.story import (
    FIREFOX,
    INSTANCES,
    LIST_USERS,
    PYTHON,
    ROLES,
    SECRET,
    SECRET_REFUSED,
    SECRETS,
    Story,
    at,
    clocks,
    event_id,
    key_of,
    refused,
)

GUESSER_IP, SECOND_IP, CLOUDSHELL_IP = "198.51.100.61", "198.51.100.62", "198.51.100.131"
CLOUDSHELL = "aws-cli/2.31.9 md/awscrt#0.27.6 ua/2.1 os/linux#6.1.150-174.273.amzn2023.x86_64 md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython exec-env/CloudShell cfg/retry-mode#standard md/installer#exe md/distrib#amzn.2023 md/prompt#off md/command#"
EVERYTHING = '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Effect": "Allow",\n      "Action": "*",\n      "Resource": "*"\n    }\n  ]\n}'
SUMMARY = Template("iam", "GetAccountSummary", read=True)
OWN_POLICIES = Template("iam", "ListAttachedUserPolicies", read=True, request={"userName": "$user$"})
NO_COSTS = Template("ce", "GetCostAndUsage", version="1.08", read=True, error=refused("ce:GetCostAndUsage", "arn:aws:ce:us-east-1:$account$:/GetCostAndUsage", code="AccessDeniedException"))  # fmt: skip
MFA_MADE = Template("iam", "CreateVirtualMFADevice", request={"path": "/", "virtualMFADeviceName": "$device$"}, response={"virtualMFADevice": {"serialNumber": "arn:aws:iam::$account$:mfa/$device$"}})  # fmt: skip
MFA_ENABLED = Template("iam", "EnableMFADevice", request={"userName": "$user$", "serialNumber": "arn:aws:iam::$account$:mfa/$device$"})  # fmt: skip
ATTACH_REFUSED = Template("iam", "AttachUserPolicy", error=refused("iam:AttachUserPolicy", "user $user$", "with an explicit deny in a permissions boundary"))  # fmt: skip
PASSWORD_SET = Template("iam", "CreateLoginProfile", request={"userName": "$user$", "passwordResetRequired": False}, response={"loginProfile": {"userName": "$user$", "createDate": "$created$", "passwordResetRequired": False}})  # fmt: skip
PUT_POLICY = Template("iam", "PutUserPolicy", request={"userName": "$user$", "policyName": "build-cache", "policyDocument": EVERYTHING})  # fmt: skip
SHELL_MADE = Template("cloudshell", "CreateEnvironment", version="1.08", request={}, response={"EnvironmentId": "$uuid$", "Status": "CREATING"})  # fmt: skip
SHELL_OPENED = Template("cloudshell", "CreateSession", version="1.08", request={"EnvironmentId": "$uuid$", "SessionType": "TMUX", "TabId": "$hex8$", "QCliDisabled": False}, response={"SessionId": "$session$", "TokenValue": "***", "StreamUrl": "wss://ssmmessages.$region$.amazonaws.com/v1/data-channel/$session$?role=publish_subscribe"})  # fmt: skip
SHELL_KEYS = Template("cloudshell", "PutCredentials", version="1.08", request={"EnvironmentId": "$uuid$", "KeyId": "$hex32$", "CreateDefaultProfile": True})  # fmt: skip


def console_takeover(org: Organization, until: int, _main_trail: str) -> Story:
    """bob's password is guessed; his session grants a build user everything, and its key reads secrets at night."""
    guest = Person("bob", DEV, GUESSER_IP, False)
    signed = at(until, "03:21:44")
    actors = [replace(actor, agent=FIREFOX) for actor in console_session(org, guest, signed).actors]
    made = org.id("AKIA", "build-bot")
    subjects = {"user": "bob", "ip": GUESSER_IP, "access_key_id": key_of(actors[0]), "created_access_key_id": made}
    story = Story(org, until, "console-takeover", "A guessed password becomes a key that outlives it", 2, subjects)
    before = Person("bob", DEV, OFFICE_IPV6, False)
    usual = signed_in(org, before, at(until, "00:31:12"))
    story.step(f"bob signs in as always, from {OFFICE_IPV6}", [usual], "console_logins", user="bob")
    story.step(
        f"passwords are tried from {GUESSER_IP}: of five users and of names that do not exist",
        guesses(story, guest),
        "console_guessing",
        decisive=True,
    )
    login = signed_in(org, guest, signed, agent=FIREFOX)
    story.step("bob's password is right; he has no second factor", [login], "console_logins", user="bob")
    looks = [(SUMMARY, "03:22:03", 0), (LIST_USERS, "03:22:04", 1), (ROLES, "03:23:31", 2), (INSTANCES, "03:25:10", 3)]
    looks += [(OWN_POLICIES, "03:26:44", 1), (NO_COSTS, "03:27:02", 4)]
    seen = [story.call(template, clock, actors[n], user="bob") for template, clock, n in looks]
    story.step("the session, with several keys, looks around", seen, "timeline_ip", ip=GUESSER_IP)
    own = [story.call(ATTACH_REFUSED, "03:36:21", actors[2], user="bob")]
    story.step("administrator rights for bob are refused", own, "self_granted", decisive=True)
    device = build_user_taken(story, actors)
    key_used_at_night(story, made)
    story.chain = [event_id(login), *story.chain]
    story.needle = {"question": "Whose second factor is pixel-7?", "find": "pixel-7", "event_id": event_id(device)}
    return story


def guesses(story: Story, guest: Person) -> list[Event]:
    """Refused sign-ins: names that AWS hides, four users of prod once each, bob three times."""
    org, until = story.org, story.until
    hidden = {"type": "IAMUser", "accountId": DEV, "accessKeyId": "", "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"}
    nobody = Actor(DEV, json_text(hidden), GUESSER_IP, FIREFOX)
    events = story.calls(nobody, (LOGIN_UNKNOWN, "03:04:02"), (LOGIN_UNKNOWN, "03:05:19"))
    tried = [Person(name, PROD, GUESSER_IP, True) for name in ("alice", "m.keller", "data.engineer", "ci-deploy")]
    for person, clock in zip([*tried, guest, guest, guest], clocks("03:06:40", 97, 7), strict=True):
        events.append(signed_in(org, person, at(until, clock), LOGIN_FAILED, FIREFOX))
    return events


def build_user_taken(story: Story, actors: list[Actor]) -> Event:
    """build-bot gets a password, every right, a second factor, which is returned, and from CloudShell a key."""
    made, user = key_of(story.org.user(DEV, "build-bot", "", "")), "build-bot"
    created = words_text(at(story.until, "03:41:09"), "")
    password = story.call(PASSWORD_SET, "03:41:09", actors[1], user=user, created=created)
    story.step("build-bot, which never signed in, gets a password", [password], "password_changes")
    policy = story.call(PUT_POLICY, "03:43:50", actors[1], user=user)
    story.step("build-bot is allowed everything", [policy], "admin_granted", decisive=True)
    device = story.calls(actors[1], (MFA_MADE, "03:44:17"), (MFA_ENABLED, "03:44:58"), user=user, device="pixel-7")
    story.step("and gets a second factor, the guesser's own", device, "mfa_changes")
    opened = [(SHELL_MADE, "03:47:12"), (SHELL_OPENED, "03:47:31"), (SHELL_KEYS, "03:47:33")]
    shell = story.calls(actors[5], *opened, session="1795146451813-0aa24bb2c4b6a1b1f")
    story.step("a CloudShell is opened", shell, "timeline_ip", ip=GUESSER_IP)
    inside = replace(actors[4], ip=CLOUDSHELL_IP, agent=CLOUDSHELL + "iam.create-access-key")
    asked = story.call(CALLER_IDENTITY, "03:49:26", inside)
    story.step("it asks who it is", [asked], "timeline_key", key=key_of(inside))
    key = story.key_made("03:50:14", inside, user, made)
    story.step("and makes a long-term key for build-bot", [key], "keys_created")
    return device[0]


def key_used_at_night(story: Story, made: str) -> None:
    """Nineteen hours later the key is used from a second address, and takes a role."""
    bot = story.org.user(DEV, "build-bot", SECOND_IP, PYTHON)
    first = story.calls(bot, (CALLER_IDENTITY, "22:58:07"), (SECRETS, "22:58:40"), region="eu-west-1")
    story.step(f"a day of silence later the key is used, from {SECOND_IP}", first, "timeline_key", key=made)
    names = (("dev/orders/database", "22:59:12"), ("dev/mail/smtp", "22:59:13"), ("dev/registry/token", "22:59:15"))
    read = [story.call(SECRET, clock, bot, "eu-west-1", named=name) for name, clock in names]
    read.append(story.call(SECRET_REFUSED, "22:59:19", bot, "eu-west-1", named="prod/web/database"))
    story.step("three secrets are read, and one of prod is refused", read, "secrets_read", actor=made)
    session, taken = assume_role(story.org, bot, DEV, "dev-admin", "build", at(story.until, "23:06:30"), PYTHON)
    story.step("the role dev-admin is taken", list(taken), "role_assumptions")
    last = story.calls(session, (INSTANCES, "23:07:02"), (LIST_USERS, "23:08:55"))
    story.step("and looks around", last, "timeline_key", key=key_of(session))
    story.chain = [event_id(first[0]), event_id(last[0])]
