"""Terraform: plans that only read, and runs that make a service's resources, or take them away again."""

# A template is one line, as the record is that it makes.
# ruff: noqa: E501

from collections.abc import Callable, Sequence

from trailquery.simulate.bursts import burst
from trailquery.simulate.machines import CALLER_IDENTITY
from trailquery.simulate.organization import DEV, Organization
from trailquery.simulate.record import Actor, Event, Template, json_text, words_text
from trailquery.simulate.s3 import XMLNS, bucket_call

REGION, STACKS = "eu-west-1", 3
TRUST = '{\n  "Version": "2012-10-17",\n  "Statement": [\n    {\n      "Action": "sts:AssumeRole",\n      "Effect": "Allow",\n      "Principal": {\n        "Service": "ec2.amazonaws.com"\n      }\n    }\n  ]\n}'
ALLOWED = json_text({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::$bucket$", "arn:aws:s3:::$bucket$/*"]}, {"Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": "arn:aws:sqs:$region$:$account$:$stack$"}]})  # fmt: skip
TLS_ONLY = {"Version": "2012-10-17", "Statement": [{"Sid": "TlsOnly", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::$bucket$", "arn:aws:s3:::$bucket$/*"], "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}  # fmt: skip
TAGS = [{"key": "ManagedBy", "value": "terraform"}, {"key": "Name", "value": "$stack$"}]
DONE = {"requestId": "$request_id$", "_return": True}
POLICY_ARN, GROUP_ID = "arn:aws:iam::$account$:policy/$stack$", {"groupId": "$group$"}
MADE = {"path": "/", "createDate": "$created$", "tags": TAGS}
RULE = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "groups": {}, "ipRanges": {"items": [{"cidrIp": "203.0.113.0/24", "description": "office"}]}, "ipv6Ranges": {}, "prefixListIds": {}}  # fmt: skip
ANY_EGRESS = {"ipProtocol": "-1", "groups": {}, "ipRanges": {"items": [{"cidrIp": "0.0.0.0/0"}]}, "ipv6Ranges": {}, "prefixListIds": {}}  # fmt: skip
RULE_MADE = {"groupOwnerId": "$account$", "groupId": "$group$", "securityGroupRuleId": "sgr-0$hex16$", "description": "office", "isEgress": False, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443, "cidrIpv4": "203.0.113.0/24"}  # fmt: skip


def missing(name: str, part: str, code: str, message: str) -> Template:
    """A question for a part of a bucket's configuration that it does not have: every plan asks them all."""
    return bucket_call(name, {part: ""}, read=True, error=(code, message))


NETWORK = (
    Template("ec2", "DescribeAccountAttributes", read=True, request={"accountAttributeNameSet": {"items": [{"attributeName": "default-vpc"}]}, "filterSet": {}}),
    Template("ec2", "DescribeVpcs", read=True, request={"vpcSet": {"items": [{"vpcId": "vpc-0c7de0a3fe4b19d26"}]}, "filterSet": {}}),
    Template("ec2", "DescribeVpcAttribute", read=True, request={"vpcId": "vpc-0c7de0a3fe4b19d26", "attribute": "enableDnsSupport"}),
    Template("ec2", "DescribeRouteTables", read=True, request={"routeTableIdSet": {"items": [{"routeTableId": "rtb-0$hex16$"}]}, "filterSet": {}}),
    Template("ec2", "DescribeSubnets", read=True, request={"subnetSet": {"items": [{"subnetId": "subnet-0$hex16$"}]}, "filterSet": {}}),
    Template("ec2", "DescribeVpcs", read=True, error=("Client.RequestLimitExceeded", "Request limit exceeded."), request={"vpcSet": {}, "filterSet": {}}),
    Template("dynamodb", "DescribeTable", read=True, error=("ResourceNotFoundException", "Requested resource not found: Table: locks not found"), request={"tableName": "locks"}),
)  # fmt: skip
SEEN = (
    Template("iam", "GetRole", read=True, request={"roleName": "$stack$"}),
    Template("iam", "ListRolePolicies", read=True, request={"roleName": "$stack$"}),
    Template("iam", "ListAttachedRolePolicies", read=True, request={"roleName": "$stack$"}),
    Template("iam", "GetPolicy", read=True, request={"policyArn": POLICY_ARN}),
    Template("iam", "GetPolicyVersion", read=True, request={"policyArn": POLICY_ARN, "versionId": "v1"}),
    Template("iam", "GetInstanceProfile", read=True, request={"instanceProfileName": "$stack$"}),
    Template("ec2", "DescribeSecurityGroups", read=True, request={"securityGroupSet": {}, "securityGroupIdSet": {"items": [GROUP_ID]}, "filterSet": {}}),
    Template("ec2", "DescribeKeyPairs", read=True, request={"keySet": {"items": [{"keyName": "$stack$"}]}, "filterSet": {}}),
    Template("logs", "DescribeLogGroups", version="1.08", read=True, request={"logGroupNamePrefix": "/$stack$"}),
    bucket_call("GetBucketPolicy", {"policy": ""}, read=True),
    bucket_call("GetBucketAcl", {"acl": ""}, read=True),
    missing("GetBucketCors", "cors", "NoSuchCORSConfiguration", "The CORS configuration does not exist"),
    missing("GetBucketWebsite", "website", "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration"),
    bucket_call("GetBucketVersioning", {"versioning": ""}, read=True),
    missing("GetBucketLifecycle", "lifecycle", "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"),
    missing("GetBucketReplication", "replication", "ReplicationConfigurationNotFoundError", "The replication configuration was not found"),
    bucket_call("GetBucketEncryption", {"encryption": ""}, read=True),
    bucket_call("GetBucketPublicAccessBlock", {"publicAccessBlock": ""}, read=True),
    bucket_call("GetBucketTagging", {"tagging": ""}, read=True),
)  # fmt: skip
CREATED = (
    Template("iam", "CreateRole", request={"path": "/", "roleName": "$stack$", "assumeRolePolicyDocument": TRUST, "maxSessionDuration": 3600, "tags": TAGS}, response={"role": {"roleName": "$stack$", "roleId": "$role_id$", "arn": "arn:aws:iam::$account$:role/$stack$"} | MADE}),
    Template("iam", "CreatePolicy", request={"path": "/", "policyName": "$stack$", "policyDocument": ALLOWED, "description": "", "tags": TAGS}, response={"policy": {"policyName": "$stack$", "policyId": "$policy_id$", "arn": POLICY_ARN, "defaultVersionId": "v1", "attachmentCount": 0, "permissionsBoundaryUsageCount": 0, "isAttachable": True, "updateDate": "$created$"} | MADE}),
    Template("iam", "AttachRolePolicy", request={"roleName": "$stack$", "policyArn": POLICY_ARN}),
    Template("iam", "PutRolePolicy", request={"roleName": "$stack$", "policyName": "metrics", "policyDocument": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["cloudwatch:PutMetricData"],"Resource":"*"}]}'}),
    Template("iam", "CreateInstanceProfile", request={"path": "/", "instanceProfileName": "$stack$", "tags": TAGS}, response={"instanceProfile": {"instanceProfileName": "$stack$", "instanceProfileId": "$profile_id$", "arn": "arn:aws:iam::$account$:instance-profile/$stack$", "roles": []} | MADE}),
    Template("iam", "AddRoleToInstanceProfile", request={"instanceProfileName": "$stack$", "roleName": "$stack$"}),
    Template("ec2", "CreateSecurityGroup", request={"groupName": "$stack$", "groupDescription": "Managed by Terraform", "vpcId": "vpc-0c7de0a3fe4b19d26", "tagSpecificationSet": {"items": [{"resourceType": "security-group", "tags": TAGS}]}}, response=DONE | GROUP_ID),
    Template("ec2", "RevokeSecurityGroupEgress", request=GROUP_ID | {"ipPermissions": {"items": [ANY_EGRESS]}}, response=DONE),
    Template("ec2", "AuthorizeSecurityGroupIngress", request=GROUP_ID | {"ipPermissions": {"items": [RULE]}}, response=DONE | {"securityGroupRuleSet": {"items": [RULE_MADE]}}),
    Template("ec2", "ImportKeyPair", request={"keyName": "$stack$", "publicKeyMaterial": "c3NoLWVkMjU1MTkgQUFBQUMz", "tagSpecificationSet": {"items": [{"resourceType": "key-pair", "tags": TAGS}]}}, response={"requestId": "$request_id$", "keyName": "$stack$", "keyFingerprint": "b7:2c:91:0e:4d:6f:a8:13:55:c0:9e:27:3b:d4:81:fa", "keyPairId": "key-0$hex16$"}),
    Template("logs", "CreateLogGroup", version="1.08", request={"logGroupName": "/$stack$", "tags": {"ManagedBy": "terraform"}}),
    Template("logs", "PutRetentionPolicy", version="1.08", request={"logGroupName": "/$stack$", "retentionInDays": 30}),
    bucket_call("CreateBucket", {"CreateBucketConfiguration": {"xmlns": XMLNS, "LocationConstraint": "$region$"}, "x-amz-acl": "private"}),
    bucket_call("PutBucketTagging", {"tagging": "", "Tagging": {"xmlns": XMLNS, "TagSet": {"Tag": {"Key": "ManagedBy", "Value": "terraform"}}}}),
    bucket_call("PutBucketPublicAccessBlock", {"publicAccessBlock": "", "PublicAccessBlockConfiguration": {"xmlns": XMLNS, "BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}}),
    bucket_call("PutBucketEncryption", {"encryption": "", "ServerSideEncryptionConfiguration": {"xmlns": XMLNS, "Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}, "BucketKeyEnabled": True}}}),
    bucket_call("PutBucketVersioning", {"versioning": "", "VersioningConfiguration": {"xmlns": XMLNS, "Status": "Enabled"}}),
    bucket_call("PutBucketPolicy", {"policy": "", "bucketPolicy": TLS_ONLY}),
)  # fmt: skip
DESTROYED = (
    bucket_call("DeleteBucketPolicy", {"policy": ""}),
    bucket_call("DeleteBucketPublicAccessBlock", {"publicAccessBlock": ""}),
    bucket_call("DeleteBucket"),
    Template("logs", "DeleteLogGroup", version="1.08", request={"logGroupName": "/$stack$"}),
    Template("ec2", "DeleteKeyPair", request={"keyName": "$stack$"}, response=DONE),
    Template("ec2", "RevokeSecurityGroupIngress", request=GROUP_ID | {"ipPermissions": {"items": [RULE]}}, response=DONE),
    Template("ec2", "DeleteSecurityGroup", request=GROUP_ID, error=("Client.DependencyViolation", "resource $group$ has a dependent object")),
    Template("ec2", "DeleteSecurityGroup", request=GROUP_ID, response=DONE),
    Template("iam", "DetachRolePolicy", request={"roleName": "$stack$", "policyArn": POLICY_ARN}),
    Template("iam", "ListPolicyVersions", read=True, request={"policyArn": POLICY_ARN}),
    Template("iam", "DeletePolicy", request={"policyArn": POLICY_ARN}),
    Template("iam", "DeleteRolePolicy", request={"roleName": "$stack$", "policyName": "metrics"}),
    Template("iam", "RemoveRoleFromInstanceProfile", request={"instanceProfileName": "$stack$", "roleName": "$stack$"}),
    Template("iam", "DeleteInstanceProfile", request={"instanceProfileName": "$stack$"}),
    Template("iam", "ListInstanceProfilesForRole", read=True, request={"roleName": "$stack$"}),
    Template("iam", "DeleteRole", request={"roleName": "$stack$"}),
)  # fmt: skip


class Terraform:
    """One workspace in dev: most runs are plans, some make a stack, and after a while it goes again."""

    def __init__(self, org: Organization, assume: Callable[[int], tuple[Actor, Sequence[Event]]]) -> None:
        self.org, self.assume = org, assume  # `assume`: the session that runs at that second, and how it was opened
        self.stacks: list[dict[str, str]] = []
        self.made = 0

    def run(self, time: int) -> list[Event]:
        actor, issued = self.assume(time)
        draw = self.org.random.random()
        calls: tuple[Template, ...] = (CALLER_IDENTITY, *NETWORK[: 3 + int(draw * 5)])
        if draw < 0.3 and len(self.stacks) < STACKS:
            stack = self.stack(time)
            self.stacks.append(stack)
            calls += CREATED
        elif draw > 0.75 and self.stacks:
            stack = self.stacks.pop(0)
            calls += SEEN + DESTROYED
        else:
            stack = self.org.pick(self.stacks) if self.stacks else {}
            calls += SEEN if stack else ()
        return [*issued, *burst(self.org, actor, calls, time, REGION, 4, **stack)]

    def stack(self, time: int) -> dict[str, str]:
        """The names of what the next stack is made of."""
        self.made += 1
        name = f"preview-{self.org.digest(f'stack {self.made}', 6)}"
        ids = {"role_id": "AROA", "policy_id": "ANPA", "profile_id": "AIPA"}
        names = {hole: self.org.id(prefix, name) for hole, prefix in ids.items()}
        names |= {"stack": name, "bucket": f"{name}-{DEV}", "group": f"sg-0{self.org.digest(name, 16)}"}
        return names | {"created": words_text(time, "")}
