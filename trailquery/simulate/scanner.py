"""A posture scanner: one account after another it reads the configuration of everything, in every region."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.bursts import burst
from trailquery.simulate.machines import CALLER_IDENTITY, assume_role
from trailquery.simulate.organization import (
    ACCESS_LOGS,
    ACCOUNTS,
    LOGS,
    OPT_IN,
    ORG_BUCKET,
    PROD,
    REGIONS,
    Organization,
    role_arn,
)
from trailquery.simulate.record import Actor, Event, Template
from trailquery.simulate.s3 import bucket_call
from trailquery.simulate.services import assumed_by, service
from trailquery.simulate.story import SCP

HOME_IP, EVERY_S = "203.0.113.120", 3600
AGENT = "Boto3/1.40.40 md/Botocore#1.40.40 ua/2.1 os/linux#5.10.245-241.978.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.11 md/pyimpl#CPython exec-env/AWS_ECS_FARGATE cfg/retry-mode#standard posture-scanner/4.2"
BUCKETS = {LOGS: ORG_BUCKET, PROD: ACCESS_LOGS}
GLOBAL = (
    CALLER_IDENTITY,
    Template("ec2", "DescribeRegions", read=True, request={"regionSet": {}, "allRegions": True}),
    Template("iam", "GetAccountSummary", read=True),
    Template("iam", "GetAccountPasswordPolicy", read=True, error=("NoSuchEntityException", "The Password Policy with domain name $account$ cannot be found.")),
    Template("iam", "GenerateCredentialReport", read=True, response={"state": "COMPLETE"}),
    Template("iam", "GetCredentialReport", read=True),
    Template("iam", "ListUsers", read=True, request={"maxItems": 1000}),
    Template("iam", "ListRoles", read=True, request={"maxItems": 1000}),
    Template("iam", "ListPolicies", read=True, request={"scope": "Local", "onlyAttached": True}),
    Template("iam", "ListVirtualMFADevices", read=True),
    Template("iam", "ListAccessKeys", read=True, request={"userName": "backup-operator"}),
    Template("iam", "ListMFADevices", read=True, request={"userName": "backup-operator"}),
    Template("s3", "ListBuckets", read=True, request={"Host": "s3.$region$.amazonaws.com"}, request_id="$s3_request$", host="s3.%s.amazonaws.com"),
    bucket_call("GetBucketPolicyStatus", {"policyStatus": ""}, read=True),
    bucket_call("GetBucketPublicAccessBlock", {"publicAccessBlock": ""}, read=True),
    bucket_call("GetBucketEncryption", {"encryption": ""}, read=True),
    bucket_call("GetBucketLogging", {"logging": ""}, read=True),
    bucket_call("GetBucketReplication", {"replication": ""}, read=True, error=("ReplicationConfigurationNotFoundError", "The replication configuration was not found")),
    Template("cloudtrail", "DescribeTrails", read=True, request={"trailNameList": [], "includeShadowTrails": True}),
    Template("cloudtrail", "GetTrailStatus", read=True, request={"name": f"arn:aws:cloudtrail:us-east-1:{LOGS}:trail/org-trail"}),
    Template("cloudtrail", "GetEventSelectors", read=True, request={"trailName": f"arn:aws:cloudtrail:us-east-1:{LOGS}:trail/org-trail"}),
)  # fmt: skip
REGIONAL = (
    Template("ec2", "DescribeInstances", read=True, request={"maxResults": 1000, "instancesSet": {}, "filterSet": {}}),
    Template("ec2", "DescribeSecurityGroups", read=True, request={"maxResults": 1000, "securityGroupSet": {}, "securityGroupIdSet": {}, "filterSet": {}}),
    Template("ec2", "DescribeSnapshots", read=True, request={"maxResults": 1000, "snapshotSet": {}, "ownersSet": {"items": [{"owner": "self"}]}, "sharedUsersSet": {}, "filterSet": {}}),
    Template("ec2", "GetEbsEncryptionByDefault", read=True, request={"GetEbsEncryptionByDefaultRequest": ""}),
    Template("rds", "DescribeDBInstances", read=True),
    Template("lambda", "ListFunctions20150331", read=True),
    Template("kms", "ListKeys", read=True),
    Template("secretsmanager", "ListSecrets", read=True, request={"maxResults": 100}),
    Template("guardduty", "ListDetectors", read=True),
    Template("securityhub", "DescribeHub", read=True, error=("InvalidAccessException", "Account $account$ is not subscribed to AWS Security Hub")),
    Template("config", "DescribeConfigurationRecorders", read=True),
    Template("dynamodb", "ListTables", version="1.09", read=True, request={}),
)  # fmt: skip
FORBIDDEN = (
    Template("ec2", "DescribeInstances", read=True, error=("Client.UnauthorizedOperation", f"You are not authorized to perform this operation. User: $arn$ is not authorized to perform: ec2:DescribeInstances {SCP}"), request={"maxResults": 1000, "instancesSet": {}, "filterSet": {}}),
    Template("rds", "DescribeDBInstances", read=True, error=("AccessDenied", f"User: $arn$ is not authorized to perform: rds:DescribeDBInstances on resource: arn:aws:rds:$region$:$account$:db:* {SCP}")),
    Template("lambda", "ListFunctions20150331", read=True, error=("AccessDeniedException", f"User: $arn$ is not authorized to perform: lambda:ListFunctions on resource: * {SCP}")),
    Template("kms", "ListKeys", read=True, error=("AccessDeniedException", f"User: $arn$ is not authorized to perform: kms:ListKeys {SCP}")),
    Template("guardduty", "ListDetectors", read=True, error=("AccessDeniedException", f"User: $arn$ is not authorized to perform: guardduty:ListDetectors on resource: arn:aws:guardduty:$region$:$account$:/detector {SCP}")),
)  # fmt: skip


class Scanner:
    """The scanner's task in the log archive, and the accounts it goes through, one a run."""

    def __init__(self, org: Organization) -> None:
        self.org, self.runs = org, 0
        self.task: tuple[int, Actor] | None = None

    def run(self, time: int) -> list[Event]:
        """One account: the global services, then each region; the one that nobody uses is refused to prod and dev."""
        org, account = self.org, tuple(ACCOUNTS)[self.runs % len(ACCOUNTS)]
        self.runs += 1
        task, events = self.running(time)
        actor, issued = assume_role(org, task, account, "security/posture-scanner", "posture-scan", time, AGENT)
        bucket = BUCKETS.get(account, f"static-{account}")
        events += [*issued, *burst(org, actor, GLOBAL, time + 1, "us-east-1", 1.5, bucket=bucket)]
        for n, region in enumerate(REGIONS):
            calls = FORBIDDEN if region == OPT_IN and account != LOGS else REGIONAL
            events += burst(org, actor, calls, time + 30 + 9 * n, region, 1.4)
        return events

    def running(self, time: int) -> tuple[Actor, list[Event]]:
        """The session of the task that scans; ECS opens a new one every hour."""
        if self.task and time < self.task[0] + EVERY_S:
            return self.task[1], []
        org, role, created = self.org, "scanner-task", time - 5
        session, key = org.digest(f"task {created}", 32), org.id("ASIA", f"scanner {created}")
        actor = org.role_session(LOGS, role, session, key, created, HOME_IP, AGENT)
        self.task = created, actor
        holes = {"role": role_arn(LOGS, role), "session": session, "key": key}
        return actor, [assumed_by(org, service(org, LOGS, "ecs-tasks"), created, "us-east-1", holes)]
