"""Deployments from a hosted pipeline: a web identity's role pushes an image, and services and functions follow."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from trailquery.simulate.bursts import burst
from trailquery.simulate.machines import CALLER_IDENTITY, CI_CALLS
from trailquery.simulate.organization import PROD, Organization, role_arn
from trailquery.simulate.record import Actor, Event, Template, json_text, words_text
from trailquery.simulate.services import CREDENTIALS

ROLE, REGION = "github-deploy", "us-east-1"
AGENT = "aws-sdk-js/3.896.0 ua/2.1 os/linux#6.11.0-1018-azure lang/js md/nodejs#20.19.5 api/sts#3.896.0 configure-aws-credentials-for-github-actions"
TOKENS, SUBJECT = "token.actions.githubusercontent.com", "repo:example/$app$:ref:refs/heads/main"
WITH_WEB = Template("sts", "AssumeRoleWithWebIdentity", read=True, request={"roleArn": "$role$", "roleSessionName": "$session$", "durationSeconds": 3600}, response={"credentials": CREDENTIALS, "subjectFromWebIdentityToken": SUBJECT, "assumedRoleUser": {"assumedRoleId": "$role_id$:$session$", "arn": "$session_arn$"}, "provider": f"arn:aws:iam::$account$:oidc-provider/{TOKENS}", "audience": "sts.amazonaws.com"}, resources=[{"accountId": "$account$", "type": "AWS::IAM::Role", "ARN": "$role$"}], host="sts.%s.amazonaws.com")  # fmt: skip
REPOSITORY = [{"accountId": "$account$", "ARN": "arn:aws:ecr:$region$:$account$:repository/$app$"}]
IMAGE = {"repositoryName": "$app$", "registryId": "$account$"}


def registry(name: str, request: dict[str, object], *, read: bool = False) -> Template:
    """A call on the image registry."""
    return Template("ecr", name, version="1.08", read=read, request=IMAGE | request, resources=REPOSITORY, host="api.ecr.%s.amazonaws.com")  # fmt: skip


LAYERS = (
    registry("BatchCheckLayerAvailability", {"layerDigests": ["sha256:$hex32$$hex32$"]}, read=True),
    registry("InitiateLayerUpload", {}),
    registry("UploadLayerPart", {"uploadId": "$uuid$", "partFirstByte": 0, "partLastByte": 10485759}),
    registry("CompleteLayerUpload", {"uploadId": "$uuid$", "layerDigests": ["sha256:$hex32$$hex32$"]}),
)
SERVICE = (
    Template("ecs", "DescribeTaskDefinition", read=True, request={"taskDefinition": "$app$"}),
    Template("ecs", "RegisterTaskDefinition", request={"family": "$app$", "taskRoleArn": "arn:aws:iam::$account$:role/$app$-task", "executionRoleArn": "arn:aws:iam::$account$:role/ecsTaskExecutionRole", "networkMode": "awsvpc", "requiresCompatibilities": ["FARGATE"], "cpu": "512", "memory": "1024", "containerDefinitions": [{"name": "$app$", "image": "$account$.dkr.ecr.$region$.amazonaws.com/$app$:$hex8$", "essential": True, "environment": "HIDDEN_DUE_TO_SECURITY_REASONS"}]}, response={"taskDefinition": {"taskDefinitionArn": "arn:aws:ecs:$region$:$account$:task-definition/$app$:$revision$", "family": "$app$", "revision": "$#revision$", "status": "ACTIVE"}}),
    Template("ecs", "UpdateService", request={"service": "$app$", "cluster": "prod", "taskDefinition": "arn:aws:ecs:$region$:$account$:task-definition/$app$:$revision$"}),
    *[Template("ecs", "DescribeServices", read=True, request={"cluster": "prod", "services": ["$app$"]})] * 5,
)  # fmt: skip
FUNCTION = (
    Template("lambda", "GetFunction20150331v2", read=True, request={"functionName": "$app$"}),
    Template("lambda", "UpdateFunctionCode20150331v2", request={"functionName": "$app$", "s3Bucket": "deploy-artifacts-111122223333", "s3Key": "$app$/$hex8$.zip", "publish": True, "dryRun": False}, response={"functionName": "$app$", "functionArn": "arn:aws:lambda:$region$:$account$:function:$app$", "runtime": "python3.12", "role": "arn:aws:iam::$account$:role/service-role/$app$-role", "handler": "app.handler", "timeout": 30, "memorySize": 512, "version": "$revision$"}),
    Template("lambda", "GetFunctionConfiguration20150331v2", read=True, request={"functionName": "$app$"}),
    Template("lambda", "UpdateAlias20150331", request={"functionName": "$app$", "name": "live", "functionVersion": "$revision$"}, response={"name": "live", "functionVersion": "$revision$", "aliasArn": "arn:aws:lambda:$region$:$account$:function:$app$:live"}),
)  # fmt: skip
APPS = (("web", SERVICE), ("checkout", SERVICE), ("orders-intake", FUNCTION), ("invoice-render", FUNCTION))


class Deploys:
    """A run of the pipeline for each commit; its runners are rented machines with addresses of a pool."""

    def __init__(self, org: Organization) -> None:
        self.org, self.runs = org, 0

    def run(self, time: int) -> list[Event]:
        org, (app, steps) = self.org, self.org.pick(APPS)
        self.runs += 1
        ip, session = f"198.51.100.{224 + int(org.random.random() * 16)}", "GitHubActions"
        key = org.id("ASIA", f"{session} {self.runs}")
        actor = org.role_session(PROD, ROLE, session, key, time, ip, AGENT)
        identity = {"type": "WebIdentityUser", "principalId": f"arn:aws:iam::{PROD}:oidc-provider/{TOKENS}:sts.amazonaws.com:repo:example/{app}:ref:refs/heads/main", "userName": f"repo:example/{app}:ref:refs/heads/main", "identityProvider": f"arn:aws:iam::{PROD}:oidc-provider/{TOKENS}"}  # fmt: skip
        holes = {"role": role_arn(PROD, ROLE), "role_id": org.id("AROA", f"{PROD}/{ROLE}"), "session": session}
        holes |= {"session_arn": actor.arn, "key": key, "expiration": words_text(time + 3600), "app": app}
        issued = WITH_WEB.event(org.random, Actor(PROD, json_text(identity), ip, AGENT), time, REGION, **holes)
        calls = (
            (CALLER_IDENTITY, CI_CALLS[1], *LAYERS, *LAYERS[:1], CI_CALLS[2], *steps)
            if steps is SERVICE
            else (CALLER_IDENTITY, *steps)
        )
        return [issued, *burst(org, actor, calls, time + 1, REGION, 6, app=app, revision=str(self.runs + 40))]
