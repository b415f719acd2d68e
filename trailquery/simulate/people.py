"""People: console sessions with many keys each, single sign-on, and long-term keys on laptops."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from typing import NamedTuple

from trailquery.simulate.console import CHANGES, HEALTH, HOME, PAGES
from trailquery.simulate.machines import CALLER_IDENTITY
from trailquery.simulate.organization import (
    ACCESS_LOGS,
    ARCHIVE,
    BROWSER,
    CLI,
    DEV,
    EXPORTS,
    LOGS,
    OFFICE_IP,
    OFFICE_IPV6,
    ORG_BUCKET,
    PAYROLL,
    PROD,
    PROD_BUCKET,
    VPN_IP,
    Organization,
)
from trailquery.simulate.record import Actor, Event, Template, json_text
from trailquery.simulate.services import S3_EXTRA

CONSOLE_S = 4 * 3600
CHANGE = 0.15  # how often a page is left with a change made
LOGIN_PAGE = (
    "https://console.aws.amazon.com/console/home?hashArgs=%23&isauthcode=true&nc2=h_si&src=header-signin"
    "&state=hashArgsFromTB_us-east-1_$hex16$"
)


def login(result: str, mfa: str, message: str = "", device: bool = False) -> Template:
    """A console sign-in that ends in `result`; a refusal has a message and no errorCode."""
    additional = {"LoginTo": LOGIN_PAGE, "MobileVersion": "No"}
    additional |= {"MFAIdentifier": "arn:aws:iam::$account$:mfa/$user$"} if device else {}
    return Template(
        "signin",
        "ConsoleLogin",
        response={"ConsoleLogin": result},
        error=("", message) if message else None,
        additional=additional | {"MFAUsed": mfa},
        request_id=None,
        kind="AwsConsoleSignIn",
        host="us-east-1.signin.aws.amazon.com",
    )


LOGIN, LOGIN_MFA = login("Success", "No"), login("Success", "Yes", device=True)
LOGIN_FAILED = login("Failure", "No", "Failed authentication")
LOGIN_UNKNOWN = login("Failure", "No", "No username found in supplied account")

BACKUP_STARTED = Template("backup", "StartBackupJob", request={"backupVaultName": "Default", "resourceArn": "arn:aws:dynamodb:$region$:$account$:table/orders", "iamRoleArn": "arn:aws:iam::$account$:role/service-role/AWSBackupDefaultServiceRole"}, response={"backupJobId": "$uuid$"})  # fmt: skip
LAPTOP_CALLS = (
    CALLER_IDENTITY,
    Template("s3", "ListBuckets", read=True, request={"Host": "s3.$region$.amazonaws.com"}, additional=S3_EXTRA, request_id="$s3_request$", host="s3.%s.amazonaws.com"),
    Template("rds", "DescribeDBSnapshots", read=True, request={"includeShared": False, "includePublic": False}),
    BACKUP_STARTED,
    Template("glue", "GetTables", version="1.08", read=True, request={"databaseName": "analytics"}),
    Template("athena", "StartQueryExecution", version="1.09", request={"queryString": "***OMITTED***", "workGroup": "primary", "clientRequestToken": "$uuid$"}, response={"queryExecutionId": "$uuid$"}),
    Template("ec2", "StartInstances", error=("Client.UnauthorizedOperation", "You are not authorized to perform this operation. User: $arn$ is not authorized to perform: ec2:StartInstances on resource: arn:aws:ec2:$region$:$account$:instance/i-04b7d2c96a8e51f30 because no identity-based policy allows the ec2:StartInstances action. Encoded authorization failure message: $token$"), request={"instancesSet": {"items": [{"instanceId": "i-04b7d2c96a8e51f30"}]}}),
    Template("ec2", "StopInstances", error=("Client.DryRunOperation", "Request would have succeeded, but DryRun flag is set."), request={"instancesSet": {"items": [{"instanceId": "i-0$hex16$"}]}, "force": False}),
    Template("kms", "Decrypt", version="1.10", read=True, error=("AccessDenied", "User: $arn$ is not authorized to perform: kms:Decrypt on the resource associated with this ciphertext because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"), request=None),
    Template("cur", "DescribeReportDefinitions", version="1.05", read=None, request={"maxResults": 5}),
    Template("discovery", "GetDiscoverySummary", version="1.06", read=True, error=("AccessDenied", "User: $arn$ is not authorized to perform: discovery:GetDiscoverySummary")),
    Template("elasticmapreduce", "ListClusters", version="1.07", read=True, request={"clusterStates": ["RUNNING"]}),
)  # fmt: skip


class Person(NamedTuple):
    name: str
    account: str
    ip: str
    mfa: bool
    permission_set: str = ""  # of a single sign-on user: the permission set's name


PEOPLE = (
    Person("alice", PROD, OFFICE_IP, True),
    Person("m.keller", PROD, OFFICE_IP, False),
    Person("bob", DEV, OFFICE_IPV6, False),
    Person("carol@example.com", DEV, VPN_IP, True, "AdministratorAccess"),
    Person("dave@example.com", LOGS, OFFICE_IP, True, "ReadOnlyAccess"),
)


BUCKETS = {PROD: (PROD_BUCKET, PAYROLL, ACCESS_LOGS, EXPORTS, ARCHIVE), DEV: (f"static-{DEV}",), LOGS: (ORG_BUCKET,)}


class ConsoleSession(NamedTuple):
    """One sign-in: AWS mints several keys for it, all with its time."""

    created: int
    actors: tuple[Actor, ...]
    internal: Actor


class People:
    """Calls by people. A console session begins with its sign-in, at the first call of the morning."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.sessions: dict[str, ConsoleSession] = {}
        self.laptops = (
            (org.user(LOGS, "backup-operator", VPN_IP, CLI + "backup.start-backup-job"), "us-east-1"),
            (org.user(DEV, "data.analyst", OFFICE_IP, CLI + "athena.start-query-execution"), "eu-west-1"),
            (org.user(PROD, "data.engineer", OFFICE_IPV6, CLI + "s3.ls"), "us-east-1"),
        )

    def console_used(self, time: int) -> tuple[Event, ...]:
        org, person = self.org, self.org.pick(PEOPLE)
        session = self.sessions.get(person.name)
        events: list[Event] = []
        if not session or time >= session.created + CONSOLE_S:
            created = time - 9
            session = self.sessions[person.name] = console_session(org, person, created)
            events.append(signed_in(org, person, created))
        random, region = org.random, org.region()
        bucket, instance = org.pick(BUCKETS[person.account]), org.pick(org.instances[person.account])
        page, at = org.pick(PAGES), float(time)
        calls = page if page is not HOME else (HEALTH, *page)
        for call in (*calls, org.pick(CHANGES)) if random.random() < CHANGE else calls:
            actor = session.internal if call is HEALTH else org.pick(session.actors)
            events.append(call.event(random, actor, int(at), region, bucket=bucket, instance=instance))
            at += random.random() * 1.5
        return tuple(events)

    def laptop_used(self, time: int) -> tuple[Event, ...]:
        actor, region = self.org.pick(self.laptops)
        return (self.org.pick(LAPTOP_CALLS).event(self.org.random, actor, time, region),)

    def login_refused(self, time: int) -> tuple[Event, ...]:
        """A mistyped password, or a mistyped name, which AWS hides."""
        org, person = self.org, self.org.pick(PEOPLE[:3])
        if org.random.random() < 0.6:
            return (signed_in(org, person, time, LOGIN_FAILED),)
        hidden = {"type": "IAMUser", "accountId": person.account, "accessKeyId": ""}
        identity = json_text(hidden | {"userName": "HIDDEN_DUE_TO_SECURITY_REASONS"})
        actor = Actor(person.account, identity, person.ip, BROWSER)
        return (LOGIN_UNKNOWN.event(org.random, actor, time, "us-east-1"),)


def sso_role(org: Organization, permission_set: str) -> str:
    """The role, with its path, that Identity Center made for a permission set."""
    suffix = org.digest(permission_set, 16)
    return f"aws-reserved/sso.amazonaws.com/AWSReservedSSO_{permission_set}_{suffix}"


def console_session(org: Organization, person: Person, created: int, keys: int = 6) -> ConsoleSession:
    """The keys of one sign-in at `created`, and the same session as seen through AWS's own calls."""
    made = [org.id("ASIA", f"{person.name} {created} {n}") for n in range(keys)]
    actors = []
    for key in made:
        if person.permission_set:
            role = sso_role(org, person.permission_set)
            actor = org.role_session(
                person.account, role, person.name, key, created, person.ip, BROWSER, from_console=True
            )
        else:
            actor = org.user(
                person.account,
                person.name,
                person.ip,
                BROWSER,
                key=key,
                session=(created, person.mfa),
                from_console=True,
            )
        actors.append(actor)
    first = actors[0]
    internal = Actor(first.account, first.identity, first.ip, "AWS Internal", first.arn, tls=False, from_console=True)
    return ConsoleSession(created, tuple(actors), internal)


def signed_in(
    org: Organization, person: Person, time: int, outcome: Template | None = None, agent: str = BROWSER
) -> Event:
    """The sign-in record of `person`: no key, and at single sign-on a role session without MFA."""
    if person.permission_set:
        role = sso_role(org, person.permission_set)
        actor = org.role_session(person.account, role, person.name, "", time, person.ip, agent)
        template = outcome or LOGIN
    else:
        arn = f"arn:aws:iam::{person.account}:user/{person.name}"
        identity: dict[str, object] = {"type": "IAMUser"}
        identity |= {"principalId": org.id("AIDA", f"{person.account}/{person.name}")}
        identity |= {"arn": arn} if outcome is not LOGIN_FAILED else {}
        identity |= {"accountId": person.account} | ({"accessKeyId": ""} if outcome is LOGIN_FAILED else {})
        identity |= {"userName": person.name}
        template = outcome or (LOGIN_MFA if person.mfa else LOGIN)
        actor = Actor(person.account, json_text(identity), person.ip, agent, arn)
    return template.event(org.random, actor, time, "us-east-1", user=person.name)
