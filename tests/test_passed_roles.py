"""Roles handed to services: which role, in every shape in which services record it, and who is left out."""

from collections.abc import Callable
from typing import Any

from trailquery import Lake

LakeOf = Callable[[list[dict[str, Any]]], Lake]

ROLE = "arn:aws:iam::111122223333:role/service/Admin"
PROFILE = "arn:aws:iam::111122223333:instance-profile/web"
BY_AWS = {"userIdentity": {"type": "AWSService", "invokedBy": "cloudformation.amazonaws.com"}}
PIPELINE = [{"id": "Default", "fields": [{"key": "role", "stringValue": "Pipes"}]}]


def call(service: str, name: str, /, *, reads: bool = False, **request: Any) -> dict[str, Any]:
    source = {"eventSource": f"{service}.amazonaws.com", "eventName": name, "readOnly": reads}
    return source | {"requestParameters": request}


def refused(service: str, name: str, on: str) -> dict[str, Any]:
    refusal = f"User: arn:aws:iam::111122223333:user/alice is not authorized to perform: iam:PassRole on resource: {on}"
    return call(service, name) | {"errorCode": "AccessDenied", "errorMessage": refusal}


PASSED = {
    "function": (call("lambda", "CreateFunction20150331", functionName="x", role=ROLE), (ROLE, "Admin")),
    "stack": (call("cloudformation", "CreateStack", stackName="s", roleARN=ROLE), (ROLE, "Admin")),
    "machine": (call("ec2", "RunInstances", iamInstanceProfile={"name": "web"}), ("web", "web")),
    "machine-by-arn": (call("ec2", "RunInstances", iamInstanceProfile={"arn": PROFILE}), (PROFILE, "web")),
    "profile-set": (
        call("ec2", "AssociateIamInstanceProfile", Asked={"IamInstanceProfile": {"Name": "web"}}),
        ("web", "web"),
    ),
    "template": (
        call("ec2", "CreateLaunchTemplate", Asked={"LaunchTemplateData": {"IamInstanceProfile": {"Name": "web"}}}),
        ("web", "web"),
    ),
    "delivery-of-logs": (call("ec2", "CreateFlowLogs", Asked={"DeliverLogsPermissionArn": ROLE}), (ROLE, "Admin")),
    "machines-elsewhere": (call("ssm", "CreateActivation", iamRole="Hybrid"), ("Hybrid", "Hybrid")),
    "machines-to-come": (call("autoscaling", "CreateLaunchConfiguration", iamInstanceProfile="web"), ("web", "web")),
    "cluster": (call("elasticmapreduce", "RunJobFlow", name="c", jobFlowRole="EMR_EC2"), ("EMR_EC2", "EMR_EC2")),
    "job": (call("glue", "CreateJob", name="j", role="Glue"), ("Glue", "Glue")),
    "pipeline": (call("datapipeline", "PutPipelineDefinition", pipelineObjects=PIPELINE), ("Pipes", "Pipes")),
    "refused": (refused("lambda", "CreateFunction20150331", ROLE), (ROLE, "Admin")),
}
OTHERS = {
    "by-aws": call("lambda", "CreateFunction20150331", functionName="x", role=ROLE) | BY_AWS,
    "asked-about": call("cloudformation", "DescribeStacks", reads=True, roleARN=ROLE),
    "taken": call("sts", "AssumeRole", roleArn=ROLE, roleSessionName="x"),
    "put-into-a-profile": call("iam", "AddRoleToInstanceProfile", roleName="Admin", instanceProfileName="web"),
    "taken-away": call("rds", "RemoveRoleFromDBInstance", dBInstanceIdentifier="db", roleArn=ROLE),
    "of-a-backup-plan": call("backup", "CreateBackupSelection", iamRoleArn=ROLE),
    "key-for-the-role": call("kms", "CreateGrant", granteePrincipal=ROLE),
    "refused-another-thing": refused(
        "lambda", "CreateFunction20150331", "arn:aws:lambda:us-east-1:111122223333:function:x"
    ),
    "role-of-another-service": call("ds", "CreateConditionalForwarder", role="Glue"),
    "without": call("ec2", "RunInstances", instanceType="t3.micro"),
}


def test_each_call_that_hands_over_a_role_tells_it_as_its_service_writes_it(lake_of: LakeOf) -> None:
    told = {name: record for name, (record, _) in PASSED.items()} | OTHERS
    lake = lake_of([record | {"eventID": name} for name, record in told.items()])
    rows = lake.sql("SELECT event_id, passed_role, passed_role_name FROM passed_roles").rows()
    assert {row.pop("event_id"): tuple(row.values()) for row in rows} == {
        name: is_ for name, (_, is_) in PASSED.items()
    }
