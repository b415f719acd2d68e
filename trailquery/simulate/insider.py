"""The story insider: in the last week of notice, m.keller takes data along and leaves doors open."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.machines import CALLER_IDENTITY, TABLE, assume_role
from trailquery.simulate.organization import ARCHIVE, CLI, OFFICE_IP, PROD, Organization
from trailquery.simulate.people import Person, console_session, signed_in
from trailquery.simulate.record import Actor, Template, json_text, words_text
from trailquery.simulate.s3 import GET_OBJECT, LIST_OBJECTS, bucket_call
from trailquery.simulate.story import (
    INSTANCES,
    LIST_BUCKETS,
    SECRET,
    SECRET_REFUSED,
    SECRETS,
    Story,
    at,
    clocks,
    event_id,
    key_of,
)

SOFA_IP, HOME_IP, NEXT_EMPLOYER = "203.0.113.78", "198.51.100.215", "555566667777"
DATABASE, COPY, OUTSIDE, HEIR = "customers", "customers-2026-q4", "partner-readonly", "report-service"
TRUST = json_text({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{NEXT_EMPLOYER}:root"}, "Action": "sts:AssumeRole", "Condition": {}}]})  # fmt: skip
BUCKETS_SEEN = bucket_call("GetBucketTagging", {"tagging": ""}, read=True)
SCAN = Template("dynamodb", "Scan", category="Data", read=True, request={"tableName": "orders", "limit": 1000, "returnConsumedCapacity": "NONE"}, resources=TABLE)  # fmt: skip
QUERIED = Template("athena", "StartQueryExecution", version="1.09", request={"queryString": "***OMITTED***", "workGroup": "primary", "clientRequestToken": "$uuid$"}, response={"queryExecutionId": "$query$"})  # fmt: skip
ANSWERED = Template("athena", "GetQueryResults", version="1.09", read=True, request={"queryExecutionId": "$query$", "maxResults": 1000})  # fmt: skip
SNAPSHOT = {"dBSnapshotIdentifier": COPY, "dBInstanceIdentifier": DATABASE, "allocatedStorage": 200, "engine": "postgres", "engineVersion": "16.4", "status": "creating", "snapshotType": "manual", "percentProgress": 0, "storageType": "gp3", "encrypted": False, "dBSnapshotArn": f"arn:aws:rds:$region$:$account$:snapshot:{COPY}", "tagList": []}  # fmt: skip
SNAPSHOT_MADE = Template("rds", "CreateDBSnapshot", request={"dBSnapshotIdentifier": COPY, "dBInstanceIdentifier": DATABASE}, response=SNAPSHOT)  # fmt: skip
SNAPSHOT_SHARED = Template("rds", "ModifyDBSnapshotAttribute", request={"dBSnapshotIdentifier": COPY, "attributeName": "restore", "valuesToAdd": [NEXT_EMPLOYER]}, response={"dBSnapshotIdentifier": COPY, "dBSnapshotAttributes": [{"attributeName": "restore", "attributeValues": [NEXT_EMPLOYER]}]})  # fmt: skip
SNAPSHOT_GONE = Template("rds", "DeleteDBSnapshot", request={"dBSnapshotIdentifier": COPY}, response=SNAPSHOT | {"status": "deleted", "percentProgress": 100})  # fmt: skip
ROLE_MADE = Template("iam", "CreateRole", request={"path": "/", "roleName": OUTSIDE, "assumeRolePolicyDocument": TRUST, "description": "partner reporting", "maxSessionDuration": 43200}, response={"role": {"path": "/", "roleName": OUTSIDE, "roleId": "$role_id$", "arn": f"arn:aws:iam::$account$:role/{OUTSIDE}", "createDate": "$created$"}})  # fmt: skip
ATTACHED = Template("iam", "AttachRolePolicy", request={"roleName": OUTSIDE, "policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})  # fmt: skip


def insider(org: Organization, until: int, _main_trail: str) -> Story:
    """m.keller works by day; in the evening customers' data are read, a database is shared, a role is left open."""
    made = org.id("AKIA", HEIR)
    subjects = {"user": "m.keller", "ip": SOFA_IP, "account": NEXT_EMPLOYER, "created_access_key_id": made}
    story = Story(org, until, "insider", "What m.keller takes along, and what is left behind", 8, subjects)
    desk, home = Person("m.keller", PROD, OFFICE_IP, False), Person("m.keller", PROD, SOFA_IP, False)
    day, evening = at(until, "08:55:20"), at(until, "18:41:06")
    own = console_session(org, desk, day, keys=2).actors
    story.step("m.keller signs in at the office", [signed_in(org, desk, day)], "console_logins", user="m.keller")
    usual = story.calls(own[0], (INSTANCES, "08:57:03"), (BUCKETS_SEEN, "09:10:44"), bucket=ARCHIVE)
    story.step("and works as always", usual, "timeline_key", key=key_of(own[0]))
    late = signed_in(org, home, evening)
    story.step("in the evening m.keller signs in over the VPN", [late], "console_logins", user="m.keller")
    actors = console_session(org, home, evening).actors
    data_taken(story, actors)
    doors_left(story, actors)
    doors_used(story, made)
    story.chain = [event_id(late), *story.chain]
    return story


def data_taken(story: Story, actors: tuple[Actor, ...]) -> None:
    """Secrets, a table, a query, the archive, a database: none of it ever touched before."""
    names = ("prod/web/database", "prod/crm/api", "prod/payments/signing", "prod/mail/smtp", "prod/partner/sftp")
    secrets = [story.call(SECRETS, "18:44:12", actors[1])]
    secrets += [story.call(SECRET, clock, actors[1], named=name) for clock, name in zip(clocks("18:45:02", 21, 5), names, strict=True)]  # fmt: skip
    secrets.append(story.call(SECRET_REFUSED, "18:47:30", actors[1], named="prod/root/recovery"))
    story.step("five secrets are read, and one is refused", secrets, "timeline_session", session=key_of(actors[1]))
    tables = [story.call(SCAN, clock, actors[2]) for clock in clocks("18:52:10", 6, 8)]
    tables += story.calls(actors[2], (QUERIED, "18:58:31"), (ANSWERED, "18:58:52"), query="5f0f3e0b-2c1d-47a6-8a4e-93b7a1d25c10")  # fmt: skip
    story.step("the table orders is read whole, and a query asked", tables, "timeline_ip", ip=SOFA_IP)
    files = [story.call(LIST_OBJECTS, "19:05:16", actors[3], bucket=ARCHIVE)]
    files += [
        story.call(
            GET_OBJECT, clock, actors[3], bucket=ARCHIVE, object=f"customers/{2019 + n}.tar.zst", size="118000000.0"
        )
        for n, clock in enumerate(clocks("19:06:02", 44, 7))
    ]
    story.step(
        "seven years of customers are downloaded", files, "timeline_resource", resource=ARCHIVE, writes_only=False
    )
    story.needle = {"question": "Who read customers/2024.tar.zst?", "find": "customers/2024.tar.zst", "event_id": event_id(files[6])}  # fmt: skip


def doors_left(story: Story, actors: tuple[Actor, ...]) -> None:
    """A shared snapshot, a role for another company, a key of a service user."""
    org = story.org
    copy = story.call(SNAPSHOT_MADE, "19:20:37", actors[4])
    story.step("the customers' database is copied", [copy], "timeline_ip", ip=SOFA_IP)
    shared = story.call(SNAPSHOT_SHARED, "19:31:12", actors[4])
    story.step(f"and shared with the account {NEXT_EMPLOYER}", [shared], "snapshots_shared_out", decisive=True)
    created = words_text(at(story.until, "19:36:45"), "")
    role = story.call(ROLE_MADE, "19:36:45", actors[0], role_id=org.id("AROA", f"{PROD}/{OUTSIDE}"), created=created)
    story.step(f"a role is made that {NEXT_EMPLOYER} may take", [role], "trust_opened", decisive=True)
    attached = story.call(ATTACHED, "19:37:20", actors[0])
    story.step("it may read everything", [attached], "timeline_ip", ip=SOFA_IP)
    key = story.key_made("19:44:09", actors[1], HEIR, org.id("AKIA", HEIR))
    story.step(f"a key is made for {HEIR}, whom nobody off-boards", [key], "keys_created")
    gone = story.call(SNAPSHOT_GONE, "21:15:28", actors[4])
    story.step("two hours later the copied database is deleted", [gone], "timeline_ip", ip=SOFA_IP)


def doors_used(story: Story, made: str) -> None:
    """From home the key is tried, and the other company takes its role."""
    heir = story.org.user(PROD, HEIR, HOME_IP, CLI + "s3.ls")
    tried = story.calls(heir, (CALLER_IDENTITY, "22:40:13"), (LIST_BUCKETS, "22:40:50"))
    story.step(f"at night the key is tried, from {HOME_IP}", tried, "timeline_key", key=made)
    identity = json_text({"type": "AWSAccount", "principalId": "AIDA2QKXH7T3NVR6OUYEB", "accountId": NEXT_EMPLOYER})
    partner, time = Actor(PROD, identity, HOME_IP, CLI + "sts.assume-role"), at(story.until, "22:52:05")
    session, halves = assume_role(story.org, partner, PROD, OUTSIDE, "test", time, CLI + "s3.ls")
    looks = story.calls(session, (CALLER_IDENTITY, "22:52:31"), (LIST_BUCKETS, "22:53:02"))
    story.step("and the role is taken from outside", [*halves, *looks], "timeline_ip", ip=HOME_IP)
    story.chain = [event_id(tried[0])]
