"""The story role-chain: an analyst's key opens the trust of a role, and roles lead on into prod."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.machines import CALLER_IDENTITY, assume_role
from trailquery.simulate.organization import CLI, DEV, OFFICE_IP, PROD, Organization, role_arn
from trailquery.simulate.record import Actor, Event, Template, json_text, time_text
from trailquery.simulate.story import (
    INSTANCES,
    LIST_BUCKETS,
    PYTHON,
    ROLES,
    SECRET,
    SECRETS,
    STRANGER,
    Story,
    at,
    event_id,
    key_of,
    refused,
)

CLIMBER_IP, STRANGER_IP = "198.51.100.84", "198.51.100.85"
BATCH, OPS, DEPLOY = "analytics-batch", "ops-automation", "prod-deploy"
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
WANTED = ("OrganizationAccountAccessRole", "dev-admin", "terraform-apply", "security-audit", "break-glass", OPS)
TRUST = Template("iam", "GetRole", read=True, request={"roleName": "$name$"})
ASSUME_REFUSED = Template("sts", "AssumeRole", read=True, error=("AccessDenied", "User: $arn$ is not authorized to perform: sts:AssumeRole on resource: $role$"), host="sts.%s.amazonaws.com")  # fmt: skip
OPENED = json_text({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": [role_arn(DEV, BATCH), f"arn:aws:iam::{STRANGER}:root"]}, "Action": "sts:AssumeRole"}]})  # fmt: skip
TRUST_CHANGED = Template("iam", "UpdateAssumeRolePolicy", request={"roleName": "$name$", "policyDocument": OPENED})
ATTACH_REFUSED = Template("iam", "AttachRolePolicy", error=refused("iam:AttachRolePolicy", "role prod-deploy", "with an explicit deny in a permissions boundary"))  # fmt: skip
ATTACHED = Template("iam", "AttachRolePolicy", request={"roleName": "$name$", "policyArn": ADMIN})
PARAMETERS = Template("ssm", "GetParametersByPath", read=True, request={"path": "/prod/", "recursive": True, "withDecryption": True})  # fmt: skip
FUNCTION = Template("lambda", "CreateFunction20150331", request={"functionName": "metrics-relay", "runtime": "python3.12", "role": "arn:aws:iam::$account$:role/service-role/orders-intake-role", "handler": "app.handler", "code": {}, "timeout": 3, "memorySize": 128, "publish": False, "packageType": "Zip"}, response={"functionName": "metrics-relay", "functionArn": "arn:aws:lambda:$region$:$account$:function:metrics-relay", "runtime": "python3.12", "role": "arn:aws:iam::$account$:role/service-role/orders-intake-role", "handler": "app.handler", "codeSize": 1733, "description": "", "timeout": 3, "memorySize": 128, "lastModified": "$modified$", "version": "$LATEST", "state": "Pending", "packageType": "Zip", "architectures": ["x86_64"]})  # fmt: skip


def role_chain(org: Organization, until: int, _main_trail: str) -> Story:
    """An analyst's key tries every role, opens one to a stranger, and climbs over three roles into prod."""
    analyst = org.user(DEV, "data.analyst", OFFICE_IP, CLI + "athena.start-query-execution")
    climber = org.user(DEV, "data.analyst", CLIMBER_IP, PYTHON)
    key = key_of(climber)
    subjects = {"user": "data.analyst", "access_key_id": key, "ip": CLIMBER_IP, "account": STRANGER}
    story = Story(org, until, "role-chain", "Three roles lead from an analyst's key into prod", 3, subjects)
    usual = story.calls(analyst, (CALLER_IDENTITY, "08:02:51"), (LIST_BUCKETS, "08:05:20"), region="eu-west-1")
    story.step(f"data.analyst works as always, from {OFFICE_IP}", usual, "timeline_key", key=key)
    first = story.calls(climber, (CALLER_IDENTITY, "12:17:33"), (ROLES, "12:18:01"))
    story.step(f"the key is used from {CLIMBER_IP}, which lists the roles", first, "timeline_key", key=key)
    tried = [
        story.call(ASSUME_REFUSED, f"12:19:{14 + 3 * n}", climber, role=role_arn(DEV, role))
        for n, role in enumerate(WANTED)
    ]
    story.step("six roles are tried, all refused", tried, "assume_role_sweeps")
    batch, hop = assume_role(org, climber, DEV, BATCH, "analytics", at(until, "12:21:47"), PYTHON)
    story.step(f"the seventh, {BATCH}, opens", list(hop), "role_assumptions")
    read = story.calls(batch, (CALLER_IDENTITY, "12:22:10"), (TRUST, "12:23:36"), name=OPS)
    story.step(f"its session reads the trust of {OPS}", read, "timeline_key", key=key_of(batch))
    opened = story.call(TRUST_CHANGED, "12:26:52", batch, name=OPS)
    story.step(
        f"and opens it to itself and to the account {STRANGER}",
        [opened],
        "trust_opened",
        decisive=True,
    )
    ops, hop = assume_role(org, batch, DEV, OPS, "i-0d1f44a8be0c29e73", at(until, "12:29:05"), PYTHON)
    story.step(f"{OPS} is taken, by a name that looks like an instance", list(hop), "timeline_key", key=key_of(batch))
    into_prod(story, ops, [first[0], read[0]])
    stranger_enters(story)
    return story


def into_prod(story: Story, ops: Actor, before: list[Event]) -> None:
    """The third role is one of prod: both accounts record its taking."""
    deploy, halves = assume_role(story.org, ops, PROD, DEPLOY, "alice", at(story.until, "12:34:18"), PYTHON)
    story.step(
        f"{DEPLOY} in prod is taken in alice's name, seen from both accounts",
        list(halves),
        "timeline_ip",
        ip=CLIMBER_IP,
    )
    inside = story.calls(deploy, (CALLER_IDENTITY, "12:34:51"), (INSTANCES, "12:36:09"), (SECRETS, "12:37:00"))
    inside += story.calls(deploy, (SECRET, "12:37:42"), (PARAMETERS, "12:38:15"), named="prod/web/database")
    story.step("secrets and parameters of prod are read", inside, "timeline_key", key=key_of(deploy))
    grab = story.call(ATTACH_REFUSED, "12:40:03", deploy)
    story.step("a policy for itself is refused", [grab], "self_granted", decisive=True)
    modified = time_text(at(story.until, "12:41:30"))[:-1] + ".000+0000"
    function = story.call(FUNCTION, "12:41:30", deploy, modified=modified)
    story.step("a function is left behind, with another role", [function], "lambda_changes")
    story.chain = [event_id(event) for event in (*before, halves[0], grab)]
    story.needle = {"question": "Who made metrics-relay?", "find": "metrics-relay", "event_id": event_id(function)}


def stranger_enters(story: Story) -> None:
    """Hours later a caller of the stranger's account comes in by the door that was opened."""
    identity = json_text({"type": "AWSAccount", "principalId": "AIDAQ3EGQX5LXXRQYMW5J", "accountId": STRANGER})
    caller, time = Actor(DEV, identity, STRANGER_IP, PYTHON), at(story.until, "19:52:40")
    session, halves = assume_role(story.org, caller, DEV, OPS, "ops", time, PYTHON)
    story.step(
        f"seven hours later the account {STRANGER} takes {OPS}",
        list(halves),
        "timeline_ip",
        ip=STRANGER_IP,
    )
    last = story.calls(session, (CALLER_IDENTITY, "19:53:02"), (LIST_BUCKETS, "19:53:31"))
    last.append(story.call(ATTACHED, "19:55:17", session, name=OPS))
    story.step("looks around", last[:2], "timeline_ip", ip=STRANGER_IP)
    story.step(f"and gives {OPS} administrator rights", last[2:], "admin_granted", decisive=True)
