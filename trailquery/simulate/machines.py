"""Machines of the organisation: instances, functions, CI and Terraform, with the sessions they live in."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from trailquery.simulate.organization import (
    CI_AGENT,
    CI_IP,
    DEV,
    LOGS,
    PROD,
    SSM_AGENT,
    TERRAFORM,
    Organization,
    role_arn,
)
from trailquery.simulate.record import (
    Actor,
    Event,
    Template,
    json_text,
    session_token,
    time_text,
    uuid,
    words_text,
)
from trailquery.simulate.s3 import GET_OBJECT
from trailquery.simulate.services import CREDENTIALS, S3_EXTRA, assumed_by, service

SESSION_S = 6 * 3600
INSTANCE_ROLES = {PROD: "web-server-role", DEV: "dev-worker-role", LOGS: "log-indexer-role"}
FUNCTIONS = {PROD: ("orders-intake", "invoice-render"), DEV: ("image-resize",), LOGS: ("log-indexer",)}
HOME = {PROD: "us-east-1", DEV: "eu-west-1", LOGS: "us-east-1"}

INSTANCE_CALLS = (
    Template("ssm", "UpdateInstanceInformation", request={"instanceId": "$instance$", "agentVersion": "3.3.3050.0", "agentStatus": "Active", "platformType": "Linux", "platformName": "Amazon Linux", "platformVersion": "2023", "iPAddress": "10.20.3.17", "computerName": "ip-10-20-3-17.ec2.internal", "agentName": "amazon-ssm-agent", "availabilityZone": "$region$a", "availabilityZoneId": "use1-az1"}),
    Template("ssm", "ListInstanceAssociations", read=True, request={"instanceId": "$instance$", "maxResults": 20}, resources=[{"accountId": "$account$", "ARN": "arn:aws:ec2:$region$:$account$:instance/$instance$"}]),
    Template("secretsmanager", "GetSecretValue", read=True, request={"secretId": "prod/web/database"}),
    Template("ssm", "GetParameter", read=True, request={"name": "/web/feature-flags", "withDecryption": True}, resources=[{"accountId": "$account$", "ARN": "arn:aws:ssm:$region$:$account$:parameter/web/feature-flags"}]),
)  # fmt: skip
INVOKE = Template(
    "lambda",
    "Invoke",
    category="Data",
    request={"functionName": "arn:aws:lambda:$region$:$account$:function:$function$", "invocationType": "RequestResponse"},
    additional={"functionVersion": "arn:aws:lambda:$region$:$account$:function:$function$:$LATEST"},
    resources=[{"accountId": "$account$", "type": "AWS::Lambda::Function", "ARN": "arn:aws:lambda:$region$:$account$:function:$function$"}],
)  # fmt: skip
TABLE = [
    {
        "accountId": "$account$",
        "type": "AWS::DynamoDB::Table",
        "ARN": "arn:aws:dynamodb:$region$:$account$:table/orders",
    }
]
FUNCTION_CALLS = (
    Template("logs", "CreateLogStream", version="1.08", request={"logGroupName": "/aws/lambda/$function$", "logStreamName": "$log_date$/[$LATEST]$hex32$"}),
    Template("dynamodb", "PutItem", category="Data", request={"tableName": "orders", "key": {"orderId": "HIDDEN_DUE_TO_SECURITY_REASONS"}, "items": ["orderId", "placedAt"]}, resources=TABLE),
    Template("dynamodb", "GetItem", category="Data", read=True, request={"tableName": "orders", "key": {"orderId": "HIDDEN_DUE_TO_SECURITY_REASONS"}}, resources=TABLE),
    Template("dynamodb", "DescribeTable", read=True, request={"tableName": "orders"}, resources=TABLE),
)  # fmt: skip
CALLER_IDENTITY = Template("sts", "GetCallerIdentity", read=True, host="sts.%s.amazonaws.com")
CI_CALLS = (
    CALLER_IDENTITY,
    Template("ecr", "GetAuthorizationToken", version="1.08", read=True, request={}, host="api.ecr.%s.amazonaws.com"),
    Template("ecr", "PutImage", version="1.08", request={"repositoryName": "web", "registryId": "$account$", "imageTag": "$hex8$"}, resources=[{"accountId": "$account$", "ARN": "arn:aws:ecr:$region$:$account$:repository/web"}], host="api.ecr.%s.amazonaws.com"),
    Template("lambda", "UpdateFunctionCode20150331v2", request={"functionName": "orders-intake", "s3Bucket": "deploy-artifacts-111122223333", "s3Key": "orders-intake/$hex8$.zip", "publish": True, "dryRun": False}, response={"functionName": "orders-intake", "functionArn": "arn:aws:lambda:$region$:$account$:function:orders-intake", "runtime": "python3.12", "role": "arn:aws:iam::$account$:role/service-role/orders-intake-role", "handler": "app.handler", "timeout": 30, "memorySize": 512}),
    Template("ecs", "UpdateService", request={"service": "web", "cluster": "prod", "forceNewDeployment": True}),
    Template("ecs", "DescribeServices", read=True, request={"cluster": "prod", "services": ["web"]}),
    Template("cloudformation", "DescribeStacks", version="1.08", read=True, request={"stackName": "web"}),
    Template("s3", "GetBucketLocation", read=True, request={"bucketName": "deploy-artifacts-111122223333", "Host": "deploy-artifacts-111122223333.s3.$region$.amazonaws.com", "location": ""}, additional=S3_EXTRA, resources=[{"accountId": "$account$", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::deploy-artifacts-111122223333"}], request_id="$s3_request$", host="deploy-artifacts-111122223333.s3.%s.amazonaws.com"),
)  # fmt: skip
FORWARDED = Template("ec2", "DescribeSecurityGroups", read=True, request={"securityGroupSet": {}, "securityGroupIdSet": {"items": [{"groupId": "sg-04cfb7a4712d75b00"}]}, "filterSet": {}})  # fmt: skip
ASSUME_ROLE = Template(
    "sts",
    "AssumeRole",
    read=True,
    request={"roleArn": "$role$", "roleSessionName": "$session$", "durationSeconds": 3600},
    response={
        "credentials": CREDENTIALS,
        "assumedRoleUser": {"assumedRoleId": "$role_id$:$session$", "arn": "$session_arn$"},
    },
    resources=[{"accountId": "$owner$", "type": "AWS::IAM::Role", "ARN": "$role$"}],
    shared=True,
    host="sts.%s.amazonaws.com",
)


class Machines:
    """Calls by machines. A session begins with the record that issued its key, at its first use."""

    def __init__(self, org: Organization) -> None:
        self.org = org
        self.sessions: dict[str, tuple[int, Actor]] = {}
        self.ci = org.user(PROD, "ci-deploy", CI_IP, CI_AGENT)

    def instance_called(self, time: int) -> tuple[Event, ...]:
        org, account = self.org, self.org.account()
        instance = org.pick(org.instances[account])
        actor, issued = self.instance_session(account, instance, time)
        if account == PROD and org.random.random() < 0.25:
            call = GET_OBJECT.event(
                org.random,
                actor,
                time,
                HOME[account],
                bucket=f"access-logs-{PROD}",
                object=f"reports/{time_text(time)[:10]}.html",
            )
            return (*issued, call)
        return (
            *issued,
            org.pick(INSTANCE_CALLS).event(org.random, actor, time, HOME[account], instance=instance),
        )

    def instance_session(self, account: str, instance: str, time: int) -> tuple[Actor, Sequence[Event]]:
        """The instance's session; EC2 opens a new one every six hours."""
        held = self.sessions.get(instance)
        if held and time < held[0] + SESSION_S:
            return held[1], ()
        org, role = self.org, INSTANCE_ROLES[account]
        created, key = time - 4, org.id("ASIA", f"{instance} {time}")
        actor = org.role_session(
            account,
            role,
            instance,
            key,
            created,
            f"203.0.113.{160 + int(instance[-2:], 16) % 64}",
            SSM_AGENT,
            imds="2.0",
        )
        self.sessions[instance] = created, actor
        holes = {"role": role_arn(account, role), "session": instance, "key": key}
        return actor, (assumed_by(org, service(org, account, "ec2"), created, HOME[account], holes),)

    def function_called(self, time: int) -> tuple[Event, ...]:
        org, account = self.org, self.org.account()
        function, region = org.pick(FUNCTIONS[account]), HOME[account]
        actor, issued = self.function_session(account, function, time)
        if org.random.random() < 0.3:
            call = INVOKE.event(org.random, service(org, account, "events"), time, region, function=function)
        else:
            holes = {"function": function, "log_date": time_text(time)[:10].replace("-", "/")}
            call = org.pick(FUNCTION_CALLS).event(org.random, actor, time, region, **holes)
        return (*issued, call)

    def function_session(self, account: str, function: str, time: int) -> tuple[Actor, Sequence[Event]]:
        held = self.sessions.get(account + function)
        if held and time < held[0] + SESSION_S:
            return held[1], ()
        org, role = self.org, f"service-role/{function}-role"
        created, key = time - 2, org.id("ASIA", f"{account} {function} {time}")
        agent = f"Boto3/1.40.4 md/Botocore#1.40.4 ua/2.1 os/linux#5.10.244-276.987.amzn2.x86_64 md/arch#x86_64 lang/python#3.12.11 exec-env/AWS_Lambda_python3.12 {function}"
        actor = org.role_session(account, role, function, key, created, "203.0.113.201", agent)
        self.sessions[account + function] = created, actor
        holes = {"role": role_arn(account, role), "session": function, "key": key}
        return actor, (assumed_by(org, service(org, account, "lambda"), created, HOME[account], holes),)

    def ci_called(self, time: int) -> tuple[Event, ...]:
        """The CI user with its long-term key, always from one address; or CloudFormation on its behalf."""
        org = self.org
        if org.random.random() < 0.2:
            actor = forwarded_ci(org, time // 3600)
            return (FORWARDED.event(org.random, actor, time, "us-east-1"),)
        return (org.pick(CI_CALLS).event(org.random, self.ci, time, "us-east-1"),)

    def terraform_session(self, time: int) -> tuple[Actor, Sequence[Event]]:
        """The session in which Terraform runs at `time`; the CI user opens a new one every hour."""
        held = self.sessions.get("terraform")
        if held and time < held[0] + 3000:
            return held[1], ()
        actor, issued = assume_role(self.org, self.ci, DEV, "terraform-apply", "terraform", time - 3, TERRAFORM)
        self.sessions["terraform"] = time - 3, actor
        return actor, issued


@lru_cache(maxsize=16)
def forwarded_ci(org: Organization, hour: int) -> Actor:
    """CloudFormation with credentials it derived from the CI user's, new each hour."""
    key, session = org.id("ASIA", f"cloudformation {hour}"), (hour * 3600 - 19, False)
    return org.user(PROD, "ci-deploy", "", "", key=key, session=session, invoked_by="cloudformation.amazonaws.com")


def assume_role(
    org: Organization,
    caller: Actor,
    owner: str,
    role: str,
    session: str,
    time: int,
    agent: str,
    region: str = "us-east-1",
) -> tuple[Actor, tuple[Event, ...]]:
    """`caller` takes a role of the account `owner`: the session, and a record in each account it concerns."""
    key = org.id("ASIA", f"{owner} {role} {session} {time}")
    actor = org.role_session(owner, role, session, key, time, caller.ip, agent)
    holes = {"role": role_arn(owner, role), "role_id": org.id("AROA", f"{owner}/{role}"), "session": session}
    holes |= {"session_arn": actor.arn, "owner": owner, "key": key, "expiration": words_text(time + 3600)}
    holes |= {
        "shared_id": uuid(org.random),
        "request_id": uuid(org.random),
        "token": session_token(org.random),
    }
    events = [ASSUME_ROLE.event(org.random, caller, time, region, **holes)]
    if owner != caller.account:
        seen = Actor(owner, foreign_identity(caller), caller.ip, caller.agent)
        events.append(ASSUME_ROLE.event(org.random, seen, time, region, **holes))
    return actor, tuple(events)


def foreign_identity(caller: Actor) -> str:
    """`caller` as another account sees it: an account and an id, no name, no key."""
    identity = msgspec.json.decode(caller.identity)
    shown = {"type": "AWSAccount", "principalId": identity["principalId"], "accountId": identity["accountId"]}
    return json_text(shown)
